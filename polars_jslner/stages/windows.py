"""Stage: windows over long sentences, and batches of windows of like length."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels.windows import cut_batches, cut_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray


LEAST_TOKENS = 64  # of a batch; with fewer, a session's fixed cost shows


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Runs of pieces that the model reads at once.

    Parameters
    ----------
    starts, lengths
        int64[n_windows], first piece and number of pieces.
    owned_starts, owned_ends
        int64[n_windows], half-open range of the pieces whose prediction is taken from
        this window. The ranges of all windows cover every piece exactly once.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    owned_starts: NDArray[np.int64]
    owned_ends: NDArray[np.int64]


def cut(offsets: NDArray[np.int64], capacity: int, overlap: int) -> Windows:
    """Cut every sentence into windows of at most ``capacity`` pieces.

    A sentence that fits is one window. A longer one is read in windows that share at
    least ``overlap`` pieces with their neighbour, and each piece belongs to the window
    in which it stands farthest from an edge that is not an edge of the sentence (the
    best-context rule); of two as good, to the earlier one.

    Parameters
    ----------
    offsets
        int64[n_sentences + 1], first piece of each sentence.
    capacity
        Pieces that one window can hold, without special tokens.
    overlap
        Pieces shared by neighbouring windows, less than ``capacity``.
    """
    return Windows(*cut_windows(offsets, capacity, overlap))


def batch(
    lengths: NDArray[np.int64], batch_tokens: int, n_workers: int = 1
) -> list[NDArray[np.int64]]:
    """Group windows by length, longest first.

    Parameters
    ----------
    lengths
        int64[n_windows], sequence lengths, special tokens included.
    batch_tokens
        Upper limit for rows times longest length of a batch; a single longer window is
        a batch of its own.
    n_workers
        Threads that share the batches: where there is little to read, batches are
        smaller so that each has its part.

    Returns
    -------
    list of int64[...]
        Window indices of each batch.
    """
    order = np.argsort(-lengths, kind="stable")
    if n_workers > 1:
        share = -(-int(lengths.sum()) // n_workers)
        batch_tokens = min(batch_tokens, max(share, LEAST_TOKENS))
    bounds = cut_batches(lengths[order], batch_tokens)
    return [order[a:b] for a, b in pairwise(bounds)]
