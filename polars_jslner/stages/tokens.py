"""Stage: words and word pieces, by Hugging Face ``tokenizers``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import tokenizers

from polars_jslner.errors import ModelFormatError
from polars_jslner.kernels.case import word_cases
from polars_jslner.kernels.spans import repeat_spans
from polars_jslner.stages.words import find_runs
from polars_jslner.stopping import STOP, go_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polars_jslner.stages.words import Runs

ENCODE_BATCH = 2048  # texts per call: bounds the memory of Encoding objects

# Runs of characters that are remembered before all are forgotten, and their greatest
# length: some 25 MB at most.
MEMO_RUNS = 50_000
MEMO_LENGTH = 64

# Of a run: ids, starts, ends, continues, as in `Pieces`.
_Cut = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[bool, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """The word pieces of sentences, without special tokens.

    Parameters
    ----------
    offsets
        int64[n_sentences + 1], first piece of each sentence.
    ids
        int64[n_pieces], index in the vocabulary.
    starts, ends
        int64[n_pieces], half-open, code points from the start of the sentence.
    continues
        bool[n_pieces], True where the piece goes on with the word of the piece before.
    """

    offsets: NDArray[np.int64]
    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    continues: NDArray[np.bool_]


class TextTokenizer:
    """A ``tokenizer.json`` with what the stages need to know of it.

    Parameters
    ----------
    path
        The file.

    Attributes
    ----------
    prefix, suffix
        int64[...], special token ids around one sequence ([CLS] and [SEP], say).
    pad_id
        Id that fills a batch up to its longest sequence.

    Raises
    ------
    ModelFormatError
        The file cannot be read by ``tokenizers``.
    """

    def __init__(self, path: str) -> None:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self._tokenizer = tokenizers.Tokenizer.from_str(text)
            parsed: dict[str, Any] = json.loads(text)
        except Exception as error:  # tokenizers raises bare Exception
            msg = f"{path!r} is not a tokenizer.json that tokenizers can read: {error}"
            raise ModelFormatError(msg) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        model: dict[str, Any] = parsed["model"]
        self._word_pieces = bool(model.get("continuing_subword_prefix"))
        self._unknown = self._unknown_id(model)
        self._by_runs = _divides_at_blanks(parsed)
        self._memo: dict[str, _Cut] = {}
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=True)
        self.n_ids = max(vocabulary.values(), default=-1) + 1
        self._lengths = np.zeros(self.n_ids, np.int64)
        for token, index in vocabulary.items():
            self._lengths[index] = len(token)
        self.prefix, self.suffix = self._special_ids()
        self.pad_id = self._pad_id(parsed, vocabulary)

    def _unknown_id(self, model: dict[str, Any]) -> int:
        token = model.get("unk_token")
        index = None if token is None else self._tokenizer.token_to_id(token)
        return -1 if index is None else index

    def _special_ids(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        encoding = self._tokenizer.encode("a", add_special_tokens=True)
        ids = np.array(encoding.ids, np.int64)
        inner = np.flatnonzero(np.array(encoding.special_tokens_mask) == 0)
        if len(inner) == 0:  # "a" itself is nothing to this tokenizer
            half = (len(ids) + 1) // 2
            return ids[:half], ids[half:]
        return ids[: inner[0]], ids[inner[-1] + 1 :]

    def _pad_id(self, parsed: dict[str, Any], vocabulary: dict[str, int]) -> int:
        padding: dict[str, Any] = parsed.get("padding") or {}
        if "pad_id" in padding:
            return int(padding["pad_id"])
        return next((vocabulary[t] for t in ("[PAD]", "<pad>") if t in vocabulary), 0)

    def encode(self, sentences: Sequence[str]) -> Pieces:
        """Tokenize ``sentences``, nothing cut and no special tokens added.

        Words are those of the token-classification pipeline of transformers 5: with a
        word-piece vocabulary a piece continues a word when its name in the vocabulary
        is not as long as its text (``##ing``) and it is not the unknown token; with any
        other vocabulary when no space stands before it.
        """
        if self._by_runs:
            return self._encode_runs(find_runs(sentences))
        return self._encode(sentences)

    def forget(self) -> None:
        """Forget the pieces of the runs that were seen."""
        self._memo = {}

    def _encode_runs(self, runs: Runs) -> Pieces:
        """Put the pieces of runs where the runs stand."""
        cuts = self._cut(runs.distinct)
        counts = np.fromiter((len(ids) for ids, *_ in cuts), np.int64, len(cuts))
        n_pieces = int(counts.sum())
        ids, starts, ends = (
            np.fromiter(chain.from_iterable(c[i] for c in cuts), np.int64, n_pieces)
            for i in range(3)
        )
        flags = chain.from_iterable(cut[3] for cut in cuts)
        continues = np.fromiter(flags, np.bool_, n_pieces)
        offsets, repeated = repeat_spans(_offsets(counts), runs.which)
        shift = np.repeat(runs.starts, np.diff(offsets))
        return Pieces(
            offsets[runs.offsets],
            ids[repeated],
            starts[repeated] + shift,
            ends[repeated] + shift,
            continues[repeated],
        )

    def _cut(self, runs: Sequence[str]) -> list[_Cut]:
        """Return the pieces of distinct runs, from memory if they are there.

        Several threads may be here: at worst a run is cut twice.
        """
        memo = self._memo
        if len(memo) > MEMO_RUNS:
            self._memo = memo = {}
        cuts = [memo.get(run) for run in runs]
        unknown = [i for i, cut in enumerate(cuts) if cut is None]
        if unknown:
            found = self._encode([runs[i] for i in unknown])
            columns = found.ids, found.starts, found.ends, found.continues
            lists = [column.tolist() for column in columns]
            bounds = pairwise(found.offsets.tolist())
            for i, (first, last) in zip(unknown, bounds, strict=True):
                ids, starts, ends, flags = (tuple(each[first:last]) for each in lists)
                cuts[i] = ids, starts, ends, flags
                if len(runs[i]) <= MEMO_LENGTH:
                    memo[runs[i]] = ids, starts, ends, flags
        return [cut for cut in cuts if cut is not None]

    def _encode(self, texts: Sequence[str]) -> Pieces:
        parts = [
            self._encode_batch(texts[first : first + ENCODE_BATCH])
            for first in range(0, len(texts), ENCODE_BATCH)
        ]
        if len(parts) == 1:
            return parts[0]
        counts = [np.diff(part.offsets) for part in parts]
        return Pieces(
            _offsets(np.concatenate([np.zeros(0, np.int64), *counts])),
            np.concatenate([np.zeros(0, np.int64), *(p.ids for p in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(p.starts for p in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(p.ends for p in parts)]),
            np.concatenate([np.zeros(0, np.bool_), *(p.continues for p in parts)]),
        )

    def _encode_batch(self, texts: Sequence[str]) -> Pieces:
        go_on(STOP.get())
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        all_ids = [encoding.ids for encoding in encodings]
        offsets = _offsets(np.fromiter(map(len, all_ids), np.int64, len(all_ids)))
        n_pieces = int(offsets[-1])
        ids = np.fromiter(chain.from_iterable(all_ids), np.int64, n_pieces)
        pairs = chain.from_iterable(encoding.offsets for encoding in encodings)
        spans = np.fromiter(chain.from_iterable(pairs), np.int64, 2 * n_pieces)
        starts, ends = spans[0::2].copy(), spans[1::2].copy()
        if self._word_pieces:
            continues = self._lengths[ids] != ends - starts
            continues &= ids != self._unknown
        else:
            continues = _no_space_before(texts, offsets, starts)
        return Pieces(offsets, ids, starts, ends, continues)


def _divides_at_blanks(parsed: dict[str, Any]) -> bool:
    """Return whether a ``tokenizer.json`` gives each run between blanks its pieces.

    BERT's way does: characters are normalized one by one (accents go with the letter
    before them), blanks divide, and pieces are those of what lies between. Other ways
    are not looked into.
    """
    kinds = [(parsed.get(part) or {}).get("type") for part in ("normalizer", "model")]
    divider = (parsed.get("pre_tokenizer") or {}).get("type")
    return (
        kinds == ["BertNormalizer", "WordPiece"]
        and divider == "BertPreTokenizer"
        and not any(
            token.get("lstrip")
            or token.get("rstrip")
            or len(token["content"].split()) != 1
            for token in parsed.get("added_tokens") or []
        )
    )


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def _code_points(
    sentences: Sequence[str],
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the code points of all sentences, a 0 behind, and the first of each."""
    lengths = np.fromiter(map(len, sentences), np.int64, len(sentences))
    text = "".join(sentences).encode("utf-32-le") + bytes(4)
    return np.frombuffer(text, np.uint32), _offsets(lengths)


def _no_space_before(
    sentences: Sequence[str], offsets: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return bool[n_pieces]: no U+0020 at the piece's first code point or before it."""
    text, text_offsets = _code_points(sentences)
    counts = np.diff(offsets)
    at = np.repeat(text_offsets[:-1], counts) + starts
    inside = at < np.repeat(text_offsets[1:], counts)
    spaces = text == ord(" ")
    result: NDArray[np.bool_] = (starts > 0) & ~spaces[at - 1]
    result &= ~(spaces[at] & inside)
    return result


def case_types(sentences: Sequence[str], pieces: Pieces) -> NDArray[np.int64]:
    """Return int64[n_pieces], the case class of each piece's word.

    It tells a model whose vocabulary is lower-cased how the word was written.
    """
    text, text_offsets = _code_points(sentences)
    return word_cases(
        text, text_offsets, pieces.offsets, pieces.starts, pieces.ends, pieces.continues
    )


@lru_cache(maxsize=8)
def load_tokenizer(path: str, stamp: object) -> TextTokenizer:
    """Return the tokenizer of ``path``; a new ``stamp`` says that the file changed."""
    del stamp
    return TextTokenizer(path)
