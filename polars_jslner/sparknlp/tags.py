"""The tags of words, as annotations of type ``named_entity``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels.sparknlp_chunks import tag_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polars_jslner.sparknlp.grouping import Groups
    from polars_jslner.sparknlp.pieces import Pieces

UNNAMED = "NA"  # the tag of an index without a label


@dataclass(frozen=True)
class Labels:
    """The tags of a model, at their index; None where an index has none.

    All indices without a tag share one key in the metadata, and the last of them has
    it: its probability is what a word tagged ``NA`` scores.
    """

    names: tuple[str | None, ...]

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tag of each index."""
        return tuple(UNNAMED if name is None else name for name in self.names)

    @cached_property
    def columns(self) -> dict[str, int]:
        """The index whose probability stands under a tag."""
        return {tag: index for index, tag in enumerate(self.tags)}

    @cached_property
    def scored_by(self) -> NDArray[np.int64]:
        """int64[n_labels], the index whose probability is the score of each index."""
        return np.array([self.columns[tag] for tag in self.tags], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Tags:
    """The tags that pieces gave to words, in the order of the pieces.

    Parameters
    ----------
    offsets
        int64[n_documents + 1], first tag of each document.
    words
        int64[n_tags], word of `Groups`; a word may have two tags.
    labels
        int64[n_tags], index in the model's labels.
    scores
        float32[n_tags], probability.
    probabilities
        float32[n_tags, n_labels], or without rows where nobody needs them.
    """

    offsets: NDArray[np.int64]
    words: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.words)


def tag(
    groups: Groups,
    pieces: Pieces,
    probabilities: NDArray[np.float32],
    labels: Labels,
    scored: NDArray[np.bool_] | None = None,
) -> Tags:
    """Tag words by the probabilities of their pieces.

    Parameters
    ----------
    groups, pieces
        The words and their pieces.
    probabilities
        float32[n_pieces, n_labels].
    labels
        The model's tags; as many as there are columns.
    scored
        bool[n_pieces], False for pieces that the model did not read.
    """
    kept = pieces.words >= 0
    if scored is not None:
        kept &= scored
    rows = np.ascontiguousarray(probabilities[kept], np.float32)
    best = rows.argmax(axis=1) if rows.size else np.zeros(len(rows), np.int64)
    scores = rows[np.arange(len(rows)), labels.scored_by[best]]
    return Tags(_offsets(groups, pieces, kept), pieces.words[kept], best, scores, rows)


def _offsets(
    groups: Groups, pieces: Pieces, kept: NDArray[np.bool_]
) -> NDArray[np.int64]:
    before = np.zeros(len(kept) + 1, np.int64)
    np.cumsum(kept, out=before[1:])
    return before[pieces.offsets[groups.offsets]]


def tags_of_words(groups: Groups, tags: Tags) -> NDArray[np.int64]:
    """Return int64[n_words]: which of ``tags`` each word has, -1 for none."""
    begins = groups.begins[tags.words]
    document = np.repeat(np.arange(len(tags.offsets) - 1), np.diff(tags.offsets))
    order = np.lexsort((begins, document))
    word_offsets = groups.token_offsets[groups.offsets]
    found = tag_words(tags.offsets, begins[order], word_offsets, groups.begins)
    which = np.full(len(found), -1, np.int64)
    which[found >= 0] = order[found[found >= 0]]
    return which
