"""NerConverter and NerConverterInternal: tagged words to chunks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from polars_jslner.errors import InferenceError
from polars_jslner.kernels import sparknlp_chunks as kernels
from polars_jslner.sparknlp.tags import tags_of_words
from polars_jslner.sparknlp.units import strings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polars_jslner.sparknlp.grouping import Groups
    from polars_jslner.sparknlp.params import NerConverterParams
    from polars_jslner.sparknlp.sentences import Sentences
    from polars_jslner.sparknlp.tags import Labels, Tags
    from polars_jslner.sparknlp.tokenizer import Tokens

OUTSIDE = "O"
_BEGIN = "B-"
_PREFIX = len(_BEGIN)


@dataclass(frozen=True, slots=True, eq=False)
class WordTags:
    """The tag and the score of each word.

    Parameters
    ----------
    names
        The tags; the last one is ``O``, for words without any.
    tags
        int64[n_words], index in ``names``.
    scores
        float32[n_words].
    states
        uint8[n_words]: MISSING, KNOWN or UNREADABLE of `kernels.sparknlp_chunks`.
    """

    names: tuple[str, ...]
    tags: NDArray[np.int64]
    scores: NDArray[np.float32]
    states: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Chunks:
    """The chunks of documents.

    Parameters
    ----------
    offsets
        int64[n_documents + 1], first chunk of each document.
    begins, ends
        int64[n_chunks], place in the document, inclusive.
    texts
        The text of each chunk.
    names
        The labels.
    labels
        int64[n_chunks], index in ``names``.
    confidences
        float32[n_chunks].
    known
        bool[n_chunks], False where the confidence is not known.
    groups
        int64[n_chunks], position of the sentence among those that have tokens.
    """

    offsets: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    texts: pa.LargeStringArray
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    confidences: NDArray[np.float32]
    known: NDArray[np.bool_]
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.begins)


def word_tags(groups: Groups, tags: Tags, labels: Labels) -> WordTags:
    """Return the tags of all words; those that got none are outside."""
    which = tags_of_words(groups, tags)
    tagged = which >= 0
    outside = len(labels.tags)
    word_labels = np.full(len(which), outside, np.int64)
    word_labels[tagged] = tags.labels[which[tagged]]
    scores = np.zeros(len(which), np.float32)
    scores[tagged] = tags.scores[which[tagged]]
    states = np.where(tagged, kernels.KNOWN, kernels.MISSING).astype(np.uint8)
    return WordTags((*labels.tags, OUTSIDE), word_labels, scores, states)


def convert(
    sentences: Sentences,
    tokens: Tokens,
    groups: Groups,
    words: WordTags,
    params: NerConverterParams,
) -> Chunks:
    """Join tagged words to chunks.

    Raises
    ------
    InferenceError
        A chunk does not lie inside the text of its sentence.
    """
    closes, opens, names = _rules(words.names, no_schema=params.ner_has_no_schema)
    firsts, lasts, labels = kernels.join_words(
        groups.token_offsets, words.tags, closes, opens, params.greedy_mode
    )
    means, known = kernels.mean_scores(firsts, lasts, words.scores, words.states)
    group = np.searchsorted(groups.token_offsets, firsts, side="right") - 1
    texts = _texts(sentences, tokens, groups, group, firsts, lasts, params)
    found = _Found(firsts, lasts, labels, means, known, group, texts)
    if params.ignore_stop_words:
        found = _merge(found, tokens, groups, words, params)
    found = found.keep(_kept(found, names, params))
    renamed = dict(params.replace_labels)
    document = np.searchsorted(groups.offsets, found.groups, side="right") - 1
    offsets = np.searchsorted(document, np.arange(len(groups.offsets)))
    word_tokens = groups.tokens
    return Chunks(
        offsets,
        tokens.begins[word_tokens[found.firsts]],
        tokens.lasts[word_tokens[found.lasts]],
        found.texts,
        tuple(renamed.get(name, name) for name in names),
        found.labels,
        found.means,
        found.known,
        groups.numbers[found.groups],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Chunks while they are still runs of words; see `Chunks`."""

    firsts: NDArray[np.int64]
    lasts: NDArray[np.int64]
    labels: NDArray[np.int64]
    means: NDArray[np.float32]
    known: NDArray[np.bool_]
    groups: NDArray[np.int64]
    texts: pa.LargeStringArray

    def keep(self, kept: NDArray[np.bool_]) -> _Found:
        """Return the chunks where ``kept``, bool[n_chunks], is True."""
        if kept.all():
            return self
        return _Found(
            self.firsts[kept],
            self.lasts[kept],
            self.labels[kept],
            self.means[kept],
            self.known[kept],
            self.groups[kept],
            self.texts.filter(pa.array(kept)),
        )


def _rules(
    tags: Sequence[str], *, no_schema: bool
) -> tuple[NDArray[np.bool_], NDArray[np.int64], tuple[str, ...]]:
    """Return what each tag closes and opens, and the labels that can be opened.

    The label is the tag without its first two characters, whatever they are; a shorter
    tag opens nothing.
    """
    index: dict[str, int] = {}
    closes = np.array([t == OUTSIDE or t.startswith(_BEGIN) for t in tags], np.bool_)
    opens = np.full(len(tags), -1, np.int64)
    for i, tag in enumerate(tags):
        if tag != OUTSIDE and (no_schema or len(tag) >= _PREFIX):
            label = tag if no_schema else tag[_PREFIX:]
            opens[i] = index.setdefault(label, len(index))
    return closes, opens, tuple(index)


def _texts(
    sentences: Sentences,
    tokens: Tokens,
    groups: Groups,
    group: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    params: NerConverterParams,
) -> pa.LargeStringArray:
    """Cut the text of each chunk out of its sentence, or take its first token's."""
    first, last = groups.tokens[firsts], groups.tokens[lasts]
    sentence = groups.sentences[group]
    starts = tokens.begins[first] - sentences.begins[sentence]
    ends = tokens.lasts[last] - sentences.begins[sentence] + 1
    at = sentences.units.offsets[sentence]
    wrong = (
        (starts >= ends)
        | (starts < 0)
        | (at + ends > sentences.units.offsets[sentence + 1])
    )
    if wrong.any():
        i = int(wrong.argmax())
        size = int(sentences.units.offsets[sentence[i] + 1] - at[i])
        msg = (
            f"a chunk from {starts[i]} to {ends[i]} does not lie inside its sentence "
            f"of {size} code units; Spark NLP fails on it too. Tokens and sentences "
            f"must come from the same text."
        )
        raise InferenceError(msg)
    if not params.preserve_position:
        return strings(tokens.units, tokens.starts[first], tokens.ends[first])
    return strings(sentences.units.data, at + starts, at + ends)


def _kept(
    found: _Found, names: Sequence[str], params: NerConverterParams
) -> NDArray[np.bool_]:
    allowed = np.array(
        [
            (params.white_list is None or name in params.white_list)
            and name not in (params.black_list or ())
            for name in names
        ],
        np.bool_,
    )
    kept = allowed[found.labels] if len(names) else np.zeros(0, np.bool_)
    if params.threshold is not None:
        sure = found.means >= np.float32(params.threshold)
        kept = kept & found.known & sure
    return kept


def _merge(
    found: _Found,
    tokens: Tokens,
    groups: Groups,
    words: WordTags,
    params: NerConverterParams,
) -> _Found:
    """Make one of neighbouring chunks with nothing but stop words between them."""
    ignored = frozenset(params.ignore_stop_words)
    of_word = groups.tokens
    word_texts: list[str] = strings(
        tokens.units, tokens.starts[of_word], tokens.ends[of_word]
    ).to_pylist()
    firsts = found.firsts.tolist()
    lasts = found.lasts.tolist()
    runs: list[list[int]] = []
    for chunk in range(len(firsts)):
        if runs:
            before = runs[-1][-1]
            between = word_texts[lasts[before] + 1 : firsts[chunk]]
            if (
                between
                and found.groups[before] == found.groups[chunk]
                and found.labels[before] == found.labels[chunk]
                and all(word in ignored for word in between)
            ):
                runs[-1].append(chunk)
                continue
        runs.append([chunk])
    heads = np.array([run[0] for run in runs], np.int64)
    tails = np.array([run[-1] for run in runs], np.int64)
    texts: list[str] = found.texts.take(pa.array(heads)).to_pylist()
    states = words.states.copy()
    for i, run in enumerate(runs):
        if len(run) > 1:
            whole = range(firsts[run[0]], lasts[run[-1]] + 1)
            texts[i] = " ".join(
                word_texts[w] for w in whole if word_texts[w] not in ignored
            )
            for one, other in pairwise(run):
                states[lasts[one] + 1 : firsts[other]] = kernels.MISSING
    merged_firsts, merged_lasts = found.firsts[heads], found.lasts[tails]
    means, known = kernels.mean_scores(
        merged_firsts, merged_lasts, words.scores, states
    )
    return _Found(
        merged_firsts,
        merged_lasts,
        found.labels[heads],
        means,
        known,
        found.groups[heads],
        pa.array(texts, pa.large_string()),
    )
