"""SentenceDetectorDLModel: a character network decides whether a sentence ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.errors import ModelFormatError
from polars_jslner.kernels import sparknlp_sentences as kernels
from polars_jslner.sparknlp import javaregex
from polars_jslner.sparknlp.params import MAX_INT
from polars_jslner.sparknlp.sentences import (
    Sentence,
    Sentences,
    pack,
    slices,
    split_at_spaces,
)
from polars_jslner.sparknlp.units import Units, first_of_each, texts_of, units_of_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from polars_jslner.sparknlp.params import SentenceDetectorDLParams

_METACHARACTERS = re.compile(r"[\\\[\](){}.*+?^$|]")
_LINE_END = re.compile("[\n\r\x85\u2028\u2029]")
_SKIPPED = " \n"
_BOUNDARY = 0.5
_SCORED_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class SentenceNetwork:
    """The vocabulary and the weights of a SentenceDetectorDLModel.

    Parameters
    ----------
    characters
        Index of each character; any other character has index 0.
    embeddings
        float32[n_ids, n_dims].
    kernel, bias
        float32[width, n_dims, n_filters], float32[n_filters]: the convolution.
    hidden, hidden_bias
        float32[n_filters, n_hidden], float32[n_hidden].
    output, output_bias
        float32[n_hidden, 1], float32[1].

    Raises
    ------
    ModelFormatError
        The shapes do not fit together, or an index is outside the embeddings.
    """

    characters: Mapping[str, int]
    embeddings: NDArray[np.float32]
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    hidden: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    output: NDArray[np.float32]
    output_bias: NDArray[np.float32]

    def __post_init__(self) -> None:
        n_ids, n_dims = self.embeddings.shape
        width, _, n_filters = self.kernel.shape
        n_hidden = len(self.hidden_bias)
        fits = (
            n_ids > 0
            and 0 < width <= kernels.WIDTH
            and self.kernel.shape[1] == n_dims
            and self.bias.shape == (n_filters,)
            and self.hidden.shape == (n_filters, n_hidden)
            and self.output.shape == (n_hidden, 1)
            and self.output_bias.shape == (1,)
        )
        if not fits:
            shapes = [
                array.shape
                for array in (
                    self.embeddings,
                    self.kernel,
                    self.bias,
                    self.hidden,
                    self.hidden_bias,
                    self.output,
                    self.output_bias,
                )
            ]
            msg = f"the sentence detector's weights of shapes {shapes} do not fit."
            raise ModelFormatError(msg)
        if any(not 0 <= index < n_ids for index in self.characters.values()):
            msg = f"the sentence detector's vocabulary has an index outside 0..{n_ids}."
            raise ModelFormatError(msg)

    @cached_property
    def character_ids(self) -> NDArray[np.int64]:
        """int64[65537], the index of each UTF-16 code unit, and of none."""
        ids = np.zeros(kernels.NOTHING + 1, np.int64)
        for character, index in self.characters.items():
            ids[units_of_texts([character]).data[:1]] = index
        return ids

    @cached_property
    def taps(self) -> NDArray[np.float32]:
        """float32[width, n_ids, n_filters], the embeddings through each tap."""
        taps = self.embeddings.astype(np.float64) @ self.kernel.astype(np.float64)
        return np.asarray(taps, np.float32)

    def score(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the probability, float32[n], that a sentence ends.

        Parameters
        ----------
        ids
            int64[n, WIDTH], characters around each candidate.

        Notes
        -----
        Sums go candidate by candidate in a fixed order (no matrix product does), so
        that a result does not depend on what else is in the batch.
        """
        parts = [
            self._score(ids[first : first + _SCORED_AT_ONCE])
            for first in range(0, len(ids), _SCORED_AT_ONCE)
        ]
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def _score(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        width = len(self.taps)
        pooled = np.zeros((len(ids), len(self.bias)), np.float32)
        for at in range(ids.shape[1] - width + 1):
            convolved = self.bias + sum(
                self.taps[k, ids[:, at + k]] for k in range(width)
            )
            np.maximum(pooled, convolved, out=pooled)
        hidden = np.repeat(self.hidden_bias[None], len(ids), axis=0)
        for f in range(len(self.bias)):
            hidden += pooled[:, f : f + 1] * self.hidden[f]
        np.maximum(hidden, 0, out=hidden)
        logits = (hidden * self.output[:, 0]).sum(axis=1) + self.output_bias[0]
        with np.errstate(over="ignore"):
            scores = 1 / (1 + np.exp(-logits))
        return np.asarray(scores, np.float32)


def split(
    documents: Units, params: SentenceDetectorDLParams, network: SentenceNetwork
) -> Sentences:
    """Find the sentences of each document.

    Raises
    ------
    OptionError
        A custom bound cannot be translated from Java.
    """
    segment_offsets, starts, ends = _segments(documents, params.custom_bounds)
    if params.use_custom_bounds_only:
        bound_offsets = np.zeros(len(starts) + 1, np.int64)
        bounds = np.zeros(0, np.int64)
    else:
        texts, bounds = _boundaries(
            documents.data, starts, ends, params.impossible_penultimates, network
        )
        bound_offsets = np.searchsorted(texts, np.arange(len(starts) + 1))
    offsets, starts, ends = kernels.cut_at(
        documents.data, starts, ends, bound_offsets, bounds
    )
    offsets = offsets[segment_offsets]
    if params.split_length < MAX_INT:
        return _split_long(documents, offsets, starts, ends, params)
    return _keep_lengths(
        documents, *_with_whole(documents, offsets, starts, ends), params
    )


def _boundaries(
    units: NDArray[np.uint16],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    penultimates: tuple[str, ...],
    network: SentenceNetwork,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which segment ends a sentence where, int64[n_boundaries] each."""
    positions = np.flatnonzero(_may_end()[units])
    segments = np.searchsorted(starts, positions, side="right") - 1
    inside = (segments >= 0) & (positions < np.append(ends, 0)[segments])
    positions, segments = positions[inside], segments[inside]
    short = units_of_texts([p for p in penultimates if len(p) <= kernels.SIDE])
    seen, possible = kernels.gather_contexts(
        units, positions, starts[segments], ends[segments], short.data, short.offsets
    )
    scores = network.score(network.character_ids[seen[possible]])
    ending = np.flatnonzero(possible)[scores > _BOUNDARY]
    return segments[ending], positions[ending]


@lru_cache(maxsize=1)
def _may_end() -> NDArray[np.bool_]:
    """Return bool[65536]: the code units with which a sentence may end."""
    table = np.zeros(65536, np.bool_)
    table[[ord(character) for character in ".:?!;\n"]] = True
    return table


def _with_whole(
    documents: Units,
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Add documents of two units or more in which no sentence was found, whole."""
    bare = (np.diff(offsets) == 0) & (np.diff(documents.offsets) > 1)
    if not bare.any():
        return offsets, starts, ends
    at = offsets[:-1][bare]
    starts = np.insert(starts, at, documents.offsets[:-1][bare])
    ends = np.insert(ends, at, documents.offsets[1:][bare])
    return first_of_each(np.diff(offsets) + bare), starts, ends


def _keep_lengths(
    documents: Units,
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    params: SentenceDetectorDLParams,
) -> Sentences:
    """Return the sentences of an allowed length; the others keep their numbers."""
    lengths = ends - starts
    kept = (lengths >= params.min_length) & (lengths <= params.max_length)
    numbers = np.arange(len(starts)) - np.repeat(offsets[:-1], np.diff(offsets))
    offsets = first_of_each(kept.astype(np.int64))[offsets]
    return slices(documents, offsets, starts[kept], ends[kept], numbers[kept])


def _split_long(
    documents: Units,
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    params: SentenceDetectorDLParams,
) -> Sentences:
    """Cut pieces at spaces; where a later cut begins does not count the space."""
    texts = texts_of(documents)
    found: list[list[Sentence]] = []
    pieces = _piece_texts(documents, starts, ends)
    for document, text in enumerate(texts):
        first = int(documents.offsets[document])
        size = int(documents.offsets[document + 1]) - first
        sentences: list[Sentence] = []
        for piece in range(offsets[document], offsets[document + 1]):
            begin = int(starts[piece]) - first
            for part in split_at_spaces(pieces[piece], params.split_length):
                n_units = len(part.encode("utf-16-le")) // 2
                number = len(sentences)
                sentences.append((part, begin, begin + n_units - 1, number))
                begin += n_units
        if not sentences and size > 1:
            sentences.append((text, 0, size - 1, 0))
        found.append(
            [
                sentence
                for sentence in sentences
                if params.min_length
                <= sentence[2] - sentence[1] + 1
                <= params.max_length
            ]
        )
    return pack(found)


def _piece_texts(
    documents: Units, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> list[str]:
    lengths = first_of_each(ends - starts)
    at = np.arange(lengths[-1]) + np.repeat(starts - lengths[:-1], ends - starts)
    return texts_of(Units(documents.data[at], lengths))


def _segments(
    documents: Units, bounds: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut documents after custom bounds.

    Returns
    -------
    offsets
        int64[n_documents + 1], first segment of each document.
    starts, ends
        int64[n_segments], half-open, in ``documents.data``. Spaces and newlines before
        a segment are dropped.
    """
    firsts: list[int] = []
    lasts: list[int] = []
    counts = np.empty(len(documents), np.int64)
    texts = texts_of(documents) if bounds else [""] * len(documents)
    tests = [_bound(bound) for bound in bounds]
    for document, text in enumerate(texts):
        first = int(documents.offsets[document])
        last = int(documents.offsets[document + 1])
        if not tests:
            while first < last and documents.data[first] in (0x20, 0x0A):
                first += 1
            spans = [(first, last)] if first < last else []
        else:
            wide = units_before(text)
            spans = [(first + wide[a], first + wide[b]) for a, b in _cut(text, tests)]
        counts[document] = len(spans)
        firsts += [a for a, _ in spans]
        lasts += [b for _, b in spans]
    starts = np.array(firsts, np.int64)
    return first_of_each(counts), starts, np.array(lasts, np.int64)


def units_before(text: str) -> list[int]:
    """Return the number of code units before each character, and of all."""
    counts = [0]
    for character in text:
        counts.append(counts[-1] + (2 if character > "\uffff" else 1))
    return counts


class _Literal:
    """A custom bound without any regex syntax."""

    def __init__(self, bound: str) -> None:
        self.bound = bound

    def ends(self, text: str, start: int, end: int) -> bool:
        """Whether the bound ends the segment, on one line with its beginning."""
        at = end - len(self.bound)
        if at < start or not text.startswith(self.bound, at):
            return False
        return _LINE_END.search(text, start, at) is None


class _Regex:
    """A custom bound that is a regex: ``.*bound$`` must match the whole segment."""

    def __init__(self, bound: str) -> None:
        self.pattern = javaregex.compile_java(f".*{bound}$")

    def ends(self, text: str, start: int, end: int) -> bool:
        """Whether the bound ends the segment, on one line with its beginning."""
        return self.pattern.fullmatch(text[start:end]) is not None


@lru_cache(maxsize=64)
def _bound(bound: str) -> _Literal | _Regex:
    return _Regex(bound) if _METACHARACTERS.search(bound) else _Literal(bound)


def _cut(text: str, tests: list[_Literal | _Regex]) -> list[tuple[int, int]]:
    """Return the half-open ranges of segments, in characters."""
    spans: list[tuple[int, int]] = []
    start = 0
    for i, character in enumerate(text):
        if i > start and any(test.ends(text, start, i) for test in tests):
            spans.append((start, i))
            start = i
        if i == start and character in _SKIPPED:
            start = i + 1
    if start < len(text):
        spans.append((start, len(text)))
    return spans
