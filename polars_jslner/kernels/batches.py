"""Kernels: what goes into a batch and what is kept of its logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fill_batch(
    values: NDArray[np.int64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    rows: NDArray[np.int64],
    prefix: NDArray[np.int64],
    suffix: NDArray[np.int64],
    pad: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lay windows side by side, padded on the right.

    Parameters
    ----------
    values
        int64[n_pieces], one value a piece.
    starts, lengths
        int64[n_windows], first piece and number of pieces of all windows.
    rows
        int64[n_rows], the windows of this batch, the longest first.
    prefix, suffix
        int64[...], values around each window.
    pad
        Value after the end of a window.

    Returns
    -------
    batch, mask
        int64[n_rows, longest + specials]; the mask is 1 up to the window's end.
    """
    width = int(lengths[rows[0]]) + len(prefix) + len(suffix)
    batch = np.full((len(rows), width), pad, np.int64)
    mask = np.zeros((len(rows), width), np.int64)
    _fill_batch(values, starts, lengths, rows, prefix, suffix, batch, mask)
    return batch, mask


@jit
def _fill_batch(
    values: NDArray[np.int64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    rows: NDArray[np.int64],
    prefix: NDArray[np.int64],
    suffix: NDArray[np.int64],
    batch: NDArray[np.int64],
    mask: NDArray[np.int64],
) -> None:
    n_prefix, n_suffix = len(prefix), len(suffix)
    for row in range(len(rows)):
        start, length = starts[rows[row]], lengths[rows[row]]
        for at in range(n_prefix + length + n_suffix):
            piece = at - n_prefix
            if piece < 0:
                batch[row, at] = prefix[at]
            elif piece < length:
                batch[row, at] = values[start + piece]
            else:
                batch[row, at] = suffix[piece - length]
            mask[row, at] = 1


@jit
def keep_best(
    logits: NDArray[np.float32],
    starts: NDArray[np.int64],
    owned_starts: NDArray[np.int64],
    owned_ends: NDArray[np.int64],
    rows: NDArray[np.int64],
    n_prefix: int,
    tags: NDArray[np.int32],
    scores: NDArray[np.float32],
    details: NDArray[np.float32],
    raw: bool,  # noqa: FBT001  (kernels take no keywords)
) -> bool:
    """Write the softmax winner of each owned piece, and what is kept of all tags.

    Parameters
    ----------
    logits
        float32[n_rows, width, n_tags].
    starts, owned_starts, owned_ends
        int64[n_windows] of all windows, in pieces.
    rows
        int64[n_rows], the windows of this batch.
    n_prefix
        Special tokens before the first piece of a row.
    tags, scores
        int32[n_pieces], float32[n_pieces], written here: the first of the largest
        probabilities, as argmax gives it.
    details
        float32[n_pieces, n_tags], written here unless it has no rows.
    raw
        Whether they are the logits, not the probabilities.

    Returns
    -------
    bool
        False where a logit was not a finite number.
    """
    n_tags = logits.shape[2]
    finite = True
    for row in range(len(rows)):
        window = rows[row]
        for piece in range(owned_starts[window], owned_ends[window]):
            at = n_prefix + piece - starts[window]
            best = 0
            top = logits[row, at, 0]
            for tag in range(1, n_tags):
                if logits[row, at, tag] > top:
                    best, top = tag, logits[row, at, tag]
            total = np.float32(0.0)
            for tag in range(n_tags):
                total += np.exp(logits[row, at, tag] - top)
            if not np.isfinite(total):
                finite = False
            tags[piece] = best
            scores[piece] = np.float32(1.0) / total
            if len(details) > 0:
                for tag in range(n_tags):
                    value = logits[row, at, tag]
                    details[piece, tag] = value if raw else np.exp(value - top) / total
    return finite
