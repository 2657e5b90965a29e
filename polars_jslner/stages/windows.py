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


CALL_TOKENS = 8  # what a call of a session costs beside its tokens, in tokens (below)
LEAST_TOKENS = 32  # of a batch; below, the calls are what costs
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
    """Group windows by length, longest first, so that they cost least.

    A batch costs its padded tokens and ``CALL_TOKENS``. Measured on a CPU, a call costs
    what 1 to 5 (the bundled model) or 8 to 10 tokens (six layers in fp32, whose 43 MB
    of weights it reads) do, and what is around it comes on top.

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
    bounds = cut_batches(lengths, batch_tokens, CALL_TOKENS)
    if n_workers > 1 and 1 < len(bounds) <= LEVELLED * n_workers:
        share = int(lengths.sum()) // n_workers + int(lengths[0])
        limits = np.linspace(
            min(share, batch_tokens), min(LEAST_TOKENS, batch_tokens), LIMITS
        )
        tried = [
            cut_batches(lengths, limit, CALL_TOKENS)
            for limit in dict.fromkeys(limits.astype(int).tolist())
        ]
        bounds = min((bounds, *tried), key=lambda b: _end(lengths, b, n_workers))
    return [order[a:b] for a, b in pairwise(bounds.tolist())]


def _end(lengths: NDArray[np.int64], bounds: NDArray[np.int64], n_workers: int) -> int:
    """Return when workers that take one batch after the other are done, in tokens."""
    costs = np.diff(bounds) * lengths[bounds[:-1]] + CALL_TOKENS
    ends = [0] * n_workers
    for cost in costs.tolist():
        heapreplace(ends, ends[0] + cost)
    return max(ends)
