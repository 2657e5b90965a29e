"""Kernels: spans from sentences to documents, code points to bytes, bytes to text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@jit
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
    offsets = np.empty(len(starts) + 1, np.int64)
    offsets[0] = 0
    for i in range(len(starts)):
        offsets[i + 1] = offsets[i] + ends[i] - starts[i]
    gathered = np.empty(offsets[-1], np.uint8)
    for i in range(len(starts)):
        at = offsets[i]
        for j in range(ends[i] - starts[i]):
            gathered[at + j] = data[starts[i] + j]
    return gathered, offsets


@jit
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
    return positions


@jit
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
    offsets = np.empty(len(texts) + 1, np.int64)
    offsets[0] = 0
    for i in range(len(texts)):
        n_spans = span_offsets[texts[i] + 1] - span_offsets[texts[i]]
        offsets[i + 1] = offsets[i] + n_spans
    spans = np.empty(offsets[-1], np.int64)
    for i in range(len(texts)):
        first = span_offsets[texts[i]]
        for j in range(offsets[i + 1] - offsets[i]):
            spans[offsets[i] + j] = first + j
    return offsets, spans
