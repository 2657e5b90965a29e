"""Kernels: windows and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cut_windows(
    offsets: NDArray[np.int64], capacity: int, overlap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return (starts, lengths, owned_starts, owned_ends), each int64[n_windows].

    Linear in sentences and windows. Sentences without pieces get no window. The last
    window of a long sentence is as full as the others, so that its pieces see as much.
    """
    first, last = offsets[:-1], offsets[1:]
    filled = last > first
    first, last = first[filled], last[filled]
    lengths = last - first
    if not (lengths > capacity).any():
        return first, lengths, first, last
    step = capacity - overlap
    counts = 1 + np.maximum(lengths - capacity + step - 1, 0) // step
    offsets = counts.cumsum() - counts  # the first window of each sentence
    number = np.arange(counts.sum()) - offsets.repeat(counts)
    first, last = first.repeat(counts), last.repeat(counts)
    starts = np.minimum(first + number * step, np.maximum(last - capacity, first))
    ends = np.minimum(starts + capacity, last)
    # What two windows of a sentence share is parted in the middle.
    middles = (starts[1:] + ends[:-1] + 1) // 2
    parted = number[1:] > 0
    owned_starts, owned_ends = first, last
    owned_starts[1:][parted] = owned_ends[:-1][parted] = middles[parted]
    return starts, ends - starts, owned_starts, owned_ends


@jit
def cut_batches(
    lengths: NDArray[np.int64], limit: int, call_tokens: int
) -> NDArray[np.int64]:
    """Return the bounds of the batches that cost least together.

    Linear in rows times the most rows of a batch.

    Parameters
    ----------
    lengths
        int64[n_rows], descending, each at least 1.
    limit
        Most tokens of a batch, rows times the longest of them; one row may have more.
    call_tokens
        What a batch costs beside its tokens.

    Returns
    -------
    int64[n_batches + 1]
        First row of each batch; at the end, the number of rows.
    """
    n_rows = len(lengths)
    costs = np.zeros(n_rows + 1, np.int64)  # of the batches up to each row
    firsts = np.zeros(n_rows + 1, np.int64)  # where the last of these begins
    for end in range(1, n_rows + 1):
        least = np.iinfo(np.int64).max
        for first in range(end - 1, -1, -1):
            tokens = (end - first) * lengths[first]
            if tokens > limit and first < end - 1:
                break  # and so have all that begin earlier
            cost = costs[first] + tokens + call_tokens
            if cost <= least:
                least, firsts[end] = cost, first
        costs[end] = least
    n_batches = 0
    end = n_rows
    while end > 0:
        end = firsts[end]
        n_batches += 1
    bounds = np.empty(n_batches + 1, np.int64)
    end = n_rows
    for at in range(n_batches, -1, -1):
        bounds[at] = end
        end = firsts[end]
    return bounds
