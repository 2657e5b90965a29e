"""Stage: windows over long sentences, and batches of windows of like length."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapreplace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels.windows import cut_batches, cut_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray


# What a call of a session costs beside its tokens, in tokens: 4 to 10 on a CPU (small
# models to large ones), and what is around it.
CALL_TOKENS = 8
LEAST_TOKENS = 32  # of a batch; below, the calls are what costs
PADDING = 1 / 24  # of a full batch; more than that cuts a batch
LEVELLED = 16  # batches a worker; with more, it hardly shows when workers end
LIMITS = 8  # of a batch that are tried, from full ones down to the least


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
        Threads that share the batches: where these are few, they are made smaller if
        that lets all threads end earlier.

    Returns
    -------
    list of int64[...]
        Window indices of each batch.
    """
    order = np.argsort(-lengths, kind="stable")
    lengths = lengths[order]
    padding = int(PADDING * batch_tokens)
    bounds = cut_batches(lengths, batch_tokens, padding)
    if n_workers > 1 and 1 < len(bounds) <= LEVELLED * n_workers:
        least = min(LEAST_TOKENS, batch_tokens)
        limits = np.linspace(batch_tokens, least, LIMITS).astype(int)
        smaller = np.unique(limits[limits < batch_tokens])[::-1].tolist()
        tried = [bounds, *(cut_batches(lengths, n, padding) for n in smaller)]
        bounds = min(tried, key=lambda each: _end(lengths, each, n_workers))
    return [order[a:b] for a, b in pairwise(bounds)]


def _end(lengths: NDArray[np.int64], bounds: NDArray[np.int64], n_workers: int) -> int:
    """Return when workers that take one batch after the other are done, in tokens."""
    costs = np.diff(bounds) * lengths[bounds[:-1]] + CALL_TOKENS
    ends = [0] * n_workers
    for cost in costs.tolist():
        heapreplace(ends, ends[0] + cost)
    return max(ends)
