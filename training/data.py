"""Documents as the library reads them: sentences, pieces, case classes, labels."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from polars_jslner.stages.documents import read_documents
from polars_jslner.stages.sentences import split
from polars_jslner.stages.tokens import case_types
from training.labels import TYPE_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from polars_jslner.stages.tokens import TextTokenizer

IGNORED: Final = -1  # the tag of a piece that no word's label is read from
EXAMPLE: Final = (  # what the bundle is shown with, so never trained on
    "HISTORY: 30-year-old female presents for digital bilateral mammography secondary "
    "to a soft tissue lump palpated by the patient in the upper right shoulder. The "
    "patient has a family history of breast cancer within her mother at age 58. "
    "Patient denies personal history of breast cancer."
)
NGRAM: Final = 8  # words in a row that no training text may share with held-out text
LONGEST: Final = 254  # pieces of one training sequence, special ones not counted


@dataclass(frozen=True, slots=True)
class Document:
    """A text and what is marked in it.

    Parameters
    ----------
    text
        The text.
    spans
        (start, end, label), half-open, code points, in order.
    """

    text: str
    spans: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """The sentences of documents as the model sees them, without special pieces.

    Parameters
    ----------
    offsets
        int64[n_sentences + 1], first piece of each sentence.
    ids, cases
        int64[n_pieces], vocabulary index and case class.
    tags
        int64[n_pieces], tag of the word whose first piece this is, else IGNORED.
    documents
        int64[n_sentences], which document each sentence is of.
    joins
        bool[n_sentences], whether it may be read together with the sentence before it.
    starts, ends
        int64[n_pieces], half-open, code points from the start of the document; those
        of a first piece are the word's.
    """

    offsets: NDArray[np.int64]
    ids: NDArray[np.int64]
    cases: NDArray[np.int64]
    tags: NDArray[np.int64]
    documents: NDArray[np.int64]
    joins: NDArray[np.bool_]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64[n_sentences], pieces of each sentence."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.documents)


def read_jsonl(path: Path) -> list[Document]:
    """Read a corpus file, annotated (``entities`` or ``spans``) or not."""
    documents = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            spans = [tuple(span) for span in row.get("spans", ())]
            spans += [
                (entity["start"], entity["end"], entity["label"])
                for entity in row.get("entities", ())
            ]
            documents.append(Document(row["text"], sorted(spans)))
    return documents


def read_passages(path: Path) -> list[Document]:
    """Read texts, one a line, with their entities marked ``[[text|Label]]``."""
    documents: list[Document] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text, spans = "", []
        for part in re.split(r"(\[\[.*?\]\])", line):
            inside, _, label = (
                part.removeprefix("[[").removesuffix("]]").rpartition("|")
            )
            if part.startswith("[["):
                spans.append((len(text), len(text) + len(inside), label))
                text += inside
            else:
                text += part
        documents.append(Document(text, spans))
    return documents


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case and without punctuation."""
    return re.findall(r"[a-z0-9]+", text.lower())


def ngrams(words: Sequence[str]) -> Iterator[str]:
    """Yield every run of NGRAM words."""
    for first in range(len(words) - NGRAM + 1):
        yield " ".join(words[first : first + NGRAM])


def word_ngrams(text: str) -> Iterator[str]:
    """Yield every run of NGRAM words of a text."""
    return ngrams(words_of(text))


def ngrams_of(texts: Iterable[str]) -> frozenset[str]:
    """Return all runs of NGRAM words of the texts."""
    return frozenset(ngram for text in texts for ngram in word_ngrams(text))


def without(documents: Sequence[Document], held_out: frozenset[str]) -> list[Document]:
    """Return the documents that share no run of NGRAM words with held-out text."""
    return [d for d in documents if held_out.isdisjoint(word_ngrams(d.text))]


def encode(
    documents: Sequence[Document],
    tokenizer: TextTokenizer,
    held_out: frozenset[str] = frozenset(),
) -> Corpus:
    """Cut documents into sentences and pieces with the library's own stages.

    Parameters
    ----------
    documents
        What to encode.
    tokenizer
        The model's.
    held_out
        Runs of NGRAM words; sentences that have one of them are left out, and those
        that have one together with what is before them are not joined to it.
    """
    column = read_documents(pl.Series("text", [d.text for d in documents], pl.String))
    spans = split(column, "clinical")
    data = column.data.tobytes()
    texts = [
        data[start:end].decode()
        for start, end in zip(spans.starts, spans.ends, strict=True)
    ]
    kept = np.array([held_out.isdisjoint(word_ngrams(t)) for t in texts], np.bool_)
    texts = [text for text, keep in zip(texts, kept, strict=True) if keep]
    owners = np.repeat(np.arange(len(documents)), np.diff(spans.offsets))[kept]
    pieces = tokenizer.encode(texts)
    counts = np.diff(pieces.offsets)
    cases = case_types(texts, pieces)
    origins = np.repeat(spans.chars[kept], counts)
    starts, ends = pieces.starts + origins, pieces.ends + origins
    first = ~pieces.continues
    first[pieces.offsets[:-1][counts > 0]] = True
    heads = np.flatnonzero(first)
    tails = np.append(heads[1:], len(first)) - 1
    ends[heads] = ends[tails]
    tags = np.full(len(first), IGNORED)
    tags[heads] = _word_tags(
        documents, np.repeat(owners, counts)[heads], starts[heads], ends[heads]
    )
    joins = _joins(texts, owners, held_out)
    return Corpus(pieces.offsets, pieces.ids, cases, tags, owners, joins, starts, ends)


def _joins(
    texts: Sequence[str], owners: NDArray[np.int64], held_out: frozenset[str]
) -> NDArray[np.bool_]:
    """Return bool[n_sentences]: of the document of the one before, and free with it."""
    joins = np.zeros(len(texts), np.bool_)
    document, tail = -1, list[str]()
    for sentence, (text, owner) in enumerate(zip(texts, owners, strict=True)):
        words = words_of(text)
        if owner == document:
            joins[sentence] = held_out.isdisjoint(ngrams([*tail, *words]))
        if not joins[sentence]:
            document, tail = int(owner), []
        tail = [*tail, *words][-(NGRAM - 1) :]
    return joins


def cut(
    corpus: Corpus, longest: int = LONGEST, *, context: bool = False
) -> NDArray[np.int64]:
    """Return int64[n, 2]: first and last piece of sequences that fit the model.

    With ``context``, neighbouring sentences of a document share a sequence.
    """
    runs: list[tuple[int, int]] = []
    spans = zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)
    for joins, (first, end) in zip(corpus.joins, spans, strict=True):
        if context and joins and end - runs[-1][0] <= longest:
            runs[-1] = runs[-1][0], end
            continue
        runs += [
            (low, min(low + longest, end)) for low in range(first, end, longest)
        ] or [(first, end)]
    return np.array([run for run in runs if run[0] < run[1]], np.int64).reshape(-1, 2)


def concatenate(corpora: Sequence[Corpus]) -> Corpus:
    """Put corpora one after another, as documents of one corpus."""
    firsts = np.cumsum([0, *(len(corpus.ids) for corpus in corpora)])
    n_documents = np.cumsum([0, *(int(c.documents.max()) + 1 for c in corpora)])
    return Corpus(
        np.concatenate(
            [[0], *(c.offsets[1:] + n for c, n in zip(corpora, firsts, strict=False))]
        ),
        np.concatenate([c.ids for c in corpora]),
        np.concatenate([c.cases for c in corpora]),
        np.concatenate([c.tags for c in corpora]),
        np.concatenate(
            [c.documents + n for c, n in zip(corpora, n_documents, strict=False)]
        ),
        np.concatenate([c.joins for c in corpora]),
        np.concatenate([c.starts for c in corpora]),
        np.concatenate([c.ends for c in corpora]),
    )


def _word_tags(
    documents: Sequence[Document],
    owners: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return int64[n_words]: the tag of each word under its document's spans."""
    tags = np.zeros(len(starts), np.int64)
    bounds = np.searchsorted(owners, np.arange(len(documents) + 1))
    for document, (low, high) in zip(documents, pairwise(bounds), strict=True):
        for start, end, label in document.spans:
            if label not in TYPE_INDEX:
                continue
            word = low + int(np.searchsorted(ends[low:high], start, side="right"))
            begin = 1 + 2 * TYPE_INDEX[label]
            while word < high and starts[word] < end:
                if tags[word] == 0:
                    tags[word] = begin
                begin += begin % 2  # I- of the same type from the second word on
                word += 1
    return tags


def tag_spans(
    corpus: Corpus, tags: NDArray[np.int64]
) -> list[tuple[int, int, int, int]]:
    """Join tags to (document, start, end, type): ``I-Y`` after ``X`` begins anew.

    Parameters
    ----------
    corpus
        The sentences.
    tags
        int64[n_pieces], read where a word begins.
    """
    spans: list[tuple[int, int, int, int]] = []
    for sentence, (low, high) in enumerate(pairwise(corpus.offsets)):
        document = int(corpus.documents[sentence])
        open_type = -1
        for piece in range(low, high):
            if corpus.tags[piece] == IGNORED:
                continue
            tag = int(tags[piece])
            kind = (tag - 1) // 2 if tag else -1
            if kind >= 0:
                start, end = int(corpus.starts[piece]), int(corpus.ends[piece])
                if kind == open_type and tag % 2 == 0:
                    start = spans.pop()[1]
                spans.append((document, start, end, kind))
            open_type = kind
    return spans
