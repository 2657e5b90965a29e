"""Kernels: spans from sentences to documents, code points to bytes, bytes to text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray


def gather_bytes(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Copy byte ranges one after another.

    Parameters
    ----------
    data
        uint8[n_bytes].
    starts, ends
        int64[n], half-open ranges in ``data``.

    Returns
    -------
    gathered
        uint8[...], the bytes of all ranges.
    offsets
        int64[n + 1], first byte of each range in ``gathered``.
    """
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(ends - starts, out=offsets[1:])
    gathered = np.empty(offsets[-1], np.uint8)
    _gather_bytes(data, starts, offsets, gathered)
    return gathered, offsets


@jit
def _gather_bytes(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    offsets: NDArray[np.int64],
    gathered: NDArray[np.uint8],
) -> None:
    for i in range(len(starts)):
        shift = starts[i] - offsets[i]
        for at in range(offsets[i], offsets[i + 1]):
            gathered[at] = data[at + shift]


def char_to_byte(
    data: NDArray[np.uint8],
    text_starts: NDArray[np.int64],
    text_ends: NDArray[np.int64],
    span_offsets: NDArray[np.int64],
    chars: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Turn code-point positions in texts into byte positions in ``data``.

    Linear in the bytes of the texts as long as the positions of a text ascend; a
    position before its predecessor starts again at the beginning of its text.

    Parameters
    ----------
    data
        uint8[n_bytes], UTF-8.
    text_starts, text_ends
        int64[n_texts], half-open byte range of each text.
    span_offsets
        int64[n_texts + 1], first position of each text.
    chars
        int64[n_positions], code points from the start of the text.

    Returns
    -------
    int64[n_positions]
        Positions in ``data``; -1 where the text has fewer code points.
    """
    positions = np.empty(len(chars), np.int64)
    _char_to_byte(data, text_starts, text_ends, span_offsets, chars, positions)
    return positions


@jit
def _char_to_byte(
    data: NDArray[np.uint8],
    text_starts: NDArray[np.int64],
    text_ends: NDArray[np.int64],
    span_offsets: NDArray[np.int64],
    chars: NDArray[np.int64],
    positions: NDArray[np.int64],
) -> None:
    for text in range(len(text_starts)):
        byte, char, end = text_starts[text], 0, text_ends[text]
        for i in range(span_offsets[text], span_offsets[text + 1]):
            if chars[i] < char:
                byte, char = text_starts[text], 0
            while char < chars[i] and byte < end:
                byte += 1
                while byte < end and data[byte] & 0xC0 == 0x80:
                    byte += 1
                char += 1
            positions[i] = byte if char == chars[i] else -1


def repeat_spans(
    span_offsets: NDArray[np.int64], texts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give every occurrence of a distinct text the spans of that text.

    Parameters
    ----------
    span_offsets
        int64[n_distinct + 1], first span of each distinct text.
    texts
        int64[n_occurrences], which distinct text stands there.

    Returns
    -------
    offsets
        int64[n_occurrences + 1], first span of each occurrence.
    spans
        int64[...], index of the span of the distinct text.
    """
    firsts = span_offsets[texts]
    counts = span_offsets[texts + 1] - firsts
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    spans = np.arange(offsets[-1]) + np.repeat(firsts - offsets[:-1], counts)
    return offsets, spans
