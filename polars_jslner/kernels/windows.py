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


def cut_batches(lengths: NDArray[np.int64], batch_tokens: int) -> NDArray[np.int64]:
    """Return int64[n_batches + 1], bounds of batches over descending ``lengths``."""
    bounds = [0]
    while bounds[-1] < len(lengths):
        first = bounds[-1]
        n_rows = max(batch_tokens // int(lengths[first]), 1)
        bounds.append(min(first + n_rows, len(lengths)))
    return np.array(bounds)
