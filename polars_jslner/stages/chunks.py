"""Stage: labelled pieces to words, words to chunks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels import chunks as kernels
from polars_jslner.models.tags import Role, parse_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polars_jslner.stages.engine import Predictions
    from polars_jslner.stages.tokens import Pieces

_HOW = {"first": kernels.FIRST, "average": kernels.AVERAGE, "max": kernels.MAX}


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Labelled spans of sentences: words with their tags, or chunks with their labels.

    Parameters
    ----------
    offsets
        int64[n_sentences + 1], first span of each sentence.
    starts, ends
        int64[n_spans], half-open, code points from the start of the sentence.
    labels
        int32[n_spans], index of the tag or label.
    scores
        float32[n_spans], in [0, 1].
    """

    offsets: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    labels: NDArray[np.int32]
    scores: NDArray[np.float32]

    def keep(self, kept: NDArray[np.bool_]) -> Spans:
        """Return the spans where ``kept``, bool[n_spans], is True."""
        before = np.zeros(len(kept) + 1, np.int64)
        np.cumsum(kept, out=before[1:])
        return Spans(
            before[self.offsets],
            self.starts[kept],
            self.ends[kept],
            self.labels[kept],
            self.scores[kept],
        )


def tag_words(
    pieces: Pieces,
    predictions: Predictions,
    aggregation: str,
    valid_tags: Sequence[str] | None = None,
) -> Spans:
    """Give each word its tag, as the same aggregation of transformers 5 does.

    ``simple`` leaves every piece on its own; ``first`` takes the tag of a word's first
    piece, ``max`` of its surest one, ``average`` the tag with the highest mean
    probability. For that, and where ``valid_tags`` are given, the predictions must hold
    the probabilities of all tags: then the tags of a sentence are its most probable
    ones, of these, that are valid IOB2, and not each word's most probable.
    """
    if valid_tags is not None:
        return _tag_validly(pieces, predictions, aggregation, valid_tags)
    if aggregation == "simple":
        return Spans(
            pieces.offsets,
            pieces.starts,
            pieces.ends,
            predictions.tags,
            predictions.scores,
        )
    offsets, word_pieces = kernels.find_words(pieces.offsets, pieces.continues)
    tags, scores = kernels.label_words(
        word_pieces,
        predictions.tags,
        predictions.scores,
        predictions.details,
        _HOW[aggregation],
    )
    starts, ends = pieces.starts[word_pieces[:-1]], pieces.ends[word_pieces[1:] - 1]
    return Spans(offsets, starts, ends, tags, scores)


def _tag_validly(
    pieces: Pieces, predictions: Predictions, aggregation: str, names: Sequence[str]
) -> Spans:
    if aggregation == "simple":
        offsets, word_pieces = pieces.offsets, np.arange(len(pieces.ids) + 1)
        how = kernels.FIRST
    else:
        offsets, word_pieces = kernels.find_words(pieces.offsets, pieces.continues)
        how = _HOW[aggregation]
    probabilities = kernels.word_probabilities(
        word_pieces, predictions.scores, predictions.details, how
    )
    tags = kernels.best_valid(offsets, probabilities, _befores(tuple(names)))
    starts, ends = pieces.starts[word_pieces[:-1]], pieces.ends[word_pieces[1:] - 1]
    scores = probabilities[np.arange(len(tags)), tags]
    return Spans(offsets, starts, ends, tags, scores)


@lru_cache(maxsize=32)
def _befores(names: tuple[str, ...]) -> NDArray[np.int32]:
    """Return int32[n_tags, 2], the tags that may stand before each; -1 for any."""
    befores = np.full((len(names), 2), -1, np.int32)
    index = {parse_tag(name): i for i, name in enumerate(names)}
    for i, name in enumerate(names):
        role, label = parse_tag(name)
        if role == Role.INSIDE:
            befores[i] = index.get((Role.BEGIN, label), i), i
    return befores


def join_words(words: Spans, tags: Sequence[str], labels: Sequence[str]) -> Spans:
    """Join tagged words to chunks, labelled by their index in ``labels``.

    The score of a chunk is the mean over its words.
    """
    roles, types = _roles(tuple(tags), tuple(labels))
    offsets, firsts, lasts, chunk_labels, scores = kernels.decode(
        words.offsets, words.labels, words.scores, roles, types
    )
    starts, ends = words.starts[firsts], words.ends[lasts - 1]
    return Spans(offsets, starts, ends, chunk_labels, scores)


@lru_cache(maxsize=32)
def _roles(
    tags: tuple[str, ...], labels: tuple[str, ...]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the `Role` and the label of each tag, int32[n_tags]; -1 for none."""
    parsed = [parse_tag(tag) for tag in tags]
    index = {label: i for i, label in enumerate(labels)}
    return (
        np.array([role for role, _ in parsed], np.int32),
        np.array([index.get(label, -1) for _, label in parsed], np.int32),
    )


def filter_chunks(
    chunks: Spans, labels: Sequence[str], kept: Sequence[str], min_score: float
) -> Spans:
    """Keep chunks with text whose label is in ``kept`` and score at least min_score."""
    allowed = np.array([label in kept for label in labels], np.bool_)
    good = (chunks.ends > chunks.starts) & allowed[chunks.labels]
    # float32 on both sides: 0.9 keeps a score that prints as 0.9
    return chunks.keep(good & (chunks.scores >= np.float32(min_score)))
