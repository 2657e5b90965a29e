"""Kernels: windows and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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


def cut_batches(
    lengths: NDArray[np.int64], batch_tokens: int, padding: int
) -> NDArray[np.int64]:
    """Return int64[n_batches + 1], bounds of batches over descending ``lengths``.

    A batch has one row, or as many as stay within ``batch_tokens``, rows times the
    longest of them, and within ``padding`` of these tokens that are filled up.
    """
    before = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=before[1:])
    bounds = [0]
    while bounds[-1] < len(lengths):
        first = bounds[-1]
        longest = int(lengths[first])
        last = min(first + max(batch_tokens // longest, 1), len(lengths))
        n_rows = np.arange(1, last - first + 1)
        padded = n_rows * longest - (before[first + 1 : last + 1] - before[first])
        bounds.append(first + int(np.searchsorted(padded, padding, side="right")))
    return np.array(bounds)
