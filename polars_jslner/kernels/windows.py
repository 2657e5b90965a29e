"""Kernels: windows and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@jit
def cut_windows(
    offsets: NDArray[np.int64], capacity: int, overlap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return (starts, lengths, owned_starts, owned_ends), each int64[n_windows].

    Linear in sentences and windows. Sentences without pieces get no window. The last
    window of a long sentence is as full as the others, so that its pieces see as much.
    """
    step = capacity - overlap
    n_windows = 0
    for sentence in range(len(offsets) - 1):
        n = offsets[sentence + 1] - offsets[sentence]
        if n > 0:
            n_windows += 1
        if n > capacity:
            n_windows += (n - capacity + step - 1) // step
    starts = np.empty(n_windows, np.int64)
    lengths = np.empty(n_windows, np.int64)
    owned_starts = np.empty(n_windows, np.int64)
    owned_ends = np.empty(n_windows, np.int64)
    at = 0
    for sentence in range(len(offsets) - 1):
        first, last = offsets[sentence], offsets[sentence + 1]
        if first == last:
            continue
        start = first
        owned = first
        while True:
            end = min(start + capacity, last)
            starts[at], lengths[at] = start, end - start
            owned_starts[at] = owned
            if end == last:
                owned_ends[at] = last
                at += 1
                break
            start = min(start + step, last - capacity)
            owned = (start + end + 1) // 2  # the middle of what the two share
            owned_ends[at] = owned
            at += 1
    return starts, lengths, owned_starts, owned_ends


@jit
def cut_batches(lengths: NDArray[np.int64], batch_tokens: int) -> NDArray[np.int64]:
    """Return int64[n_batches + 1], bounds of batches over descending ``lengths``."""
    bounds = np.empty(len(lengths) + 1, np.int64)
    bounds[0] = 0
    n_batches = 0
    first = 0
    for window in range(len(lengths)):
        rows = window - first + 1
        if window > first and rows * lengths[first] > batch_tokens:
            n_batches += 1
            bounds[n_batches] = window
            first = window
    if len(lengths) > 0:
        n_batches += 1
        bounds[n_batches] = len(lengths)
    return bounds[: n_batches + 1]
