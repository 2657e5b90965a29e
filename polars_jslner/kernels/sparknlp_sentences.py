"""Kernels: the character network of Spark NLP's SentenceDetectorDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 5  # characters of context on either side of a candidate
SEEN = 15  # characters gathered for them, before runs of spaces become one
WIDTH = 2 * SIDE + 1
NOTHING = 65536  # stands where there is no code unit

_SPACE, _NEWLINE = 0x20, 0x0A


@jit
def _context(
    units: NDArray[np.uint16],
    at: int,
    last: int,
    step: int,
    context: NDArray[np.uint16],
) -> int:
    """Gather the characters next to a candidate, nearest first; return their number.

    From ``at`` on in direction ``step`` up to but not including ``last``: blanks next
    to the candidate are passed over, of the first SEEN characters after them newlines
    become spaces and runs of spaces one, and SIDE of what is left are kept.
    """
    n_seen, n_kept = 0, 0
    while at != last and n_seen < SEEN and n_kept < SIDE:
        unit = units[at]
        at += step
        blank = unit == _SPACE or unit == _NEWLINE
        if blank and n_seen == 0:
            continue
        n_seen += 1
        if not blank:
            context[n_kept] = unit
            n_kept += 1
        elif context[n_kept - 1] != _SPACE:
            context[n_kept] = _SPACE
            n_kept += 1
    return n_kept


@jit
def _ends_with(
    context: NDArray[np.uint16],
    n_context: int,
    penultimates: NDArray[np.uint16],
    penultimate_offsets: NDArray[np.int64],
) -> bool:
    """Whether the text before a candidate, nearest first, ends with one of a list."""
    for i in range(len(penultimate_offsets) - 1):
        first, last = penultimate_offsets[i], penultimate_offsets[i + 1]
        if last - first > n_context:
            continue
        same = True
        for j in range(last - first):
            if context[j] != penultimates[last - 1 - j]:
                same = False
                break
        if same:
            return True
    return False


@jit
def gather_contexts(
    units: NDArray[np.uint16],
    positions: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    penultimates: NDArray[np.uint16],
    penultimate_offsets: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Gather what the network sees of each place where a sentence may end.

    Parameters
    ----------
    units
        uint16[n_units].
    positions
        int64[n_candidates], places in ``units``.
    firsts, lasts
        int64[n_candidates], half-open range of the text around each.
    penultimates, penultimate_offsets
        uint16[...], int64[n_penultimates + 1]: texts after which nothing ends.

    Returns
    -------
    seen
        int64[n_candidates, WIDTH], code units; NOTHING behind the last one.
    possible
        bool[n_candidates], False after one of the penultimates.
    """
    seen = np.full((len(positions), WIDTH), NOTHING)
    possible = np.empty(len(positions), np.bool_)
    side = np.empty(SIDE, np.uint16)
    for i in range(len(positions)):
        at = positions[i]
        # the first character of a text is never looked at from the right
        n = 0
        if at > firsts[i]:
            n = _context(units, at - 1, firsts[i], -1, side)
        possible[i] = not _ends_with(side, n, penultimates, penultimate_offsets)
        for j in range(n):
            seen[i, j] = side[n - 1 - j]
        seen[i, n] = units[at]
        n_right = _context(units, at + 1, lasts[i], 1, side)
        for j in range(n_right):
            seen[i, n + 1 + j] = side[j]
    return seen, possible


@jit
def cut_at(
    units: NDArray[np.uint16],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    offsets: NDArray[np.int64],
    boundaries: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut texts after their boundaries.

    Parameters
    ----------
    units, starts, ends
        uint16[n_units], int64[n_texts], int64[n_texts]: half-open ranges of units.
    offsets
        int64[n_texts + 1], first boundary of each text.
    boundaries
        int64[n_boundaries], place in ``units`` of the last character of a sentence.

    Returns
    -------
    offsets
        int64[n_texts + 1], first piece of each text.
    starts, ends
        int64[n_pieces], half-open, in ``units``. Spaces and newlines are dropped before
        a piece, though not before the last one, and so are a newline that is the
        boundary and spaces at the end.
        Pieces of nothing but characters up to U+0020 are left out.
    """
    n_most = len(boundaries) + len(starts)
    piece_offsets = np.empty(len(starts) + 1, np.int64)
    piece_starts = np.empty(n_most, np.int64)
    piece_ends = np.empty(n_most, np.int64)
    n = 0
    for text in range(len(starts)):
        piece_offsets[text] = n
        start = starts[text]
        for b in range(offsets[text], offsets[text + 1] + 1):
            if b < offsets[text + 1]:
                at = boundaries[b]
                while start < at and (
                    units[start] == _SPACE or units[start] == _NEWLINE
                ):
                    start += 1
                end = at if units[at] == _NEWLINE else at + 1
                after = at + 1
            else:
                end = ends[text]
                after = end
            while end > start and units[end - 1] == _SPACE:
                end -= 1
            for i in range(start, end):
                if units[i] > _SPACE:
                    piece_starts[n], piece_ends[n] = start, end
                    n += 1
                    break
            start = after
    piece_offsets[len(starts)] = n
    return piece_offsets, piece_starts[:n].copy(), piece_ends[:n].copy()
