"""Kernels: text in UTF-16 code units, as the JVM counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@jit
def to_utf16(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Turn texts from UTF-8 to UTF-16.

    Parameters
    ----------
    data
        uint8[n_bytes], valid UTF-8.
    offsets
        int64[n_texts + 1], first byte of each text.

    Returns
    -------
    units
        uint16[...].
    offsets
        int64[n_texts + 1], first unit of each text.
    """
    units = np.empty(offsets[-1] - offsets[0], np.uint16)
    firsts = np.empty(len(offsets), np.int64)
    n = 0
    for text in range(len(offsets) - 1):
        firsts[text] = n
        i = offsets[text]
        while i < offsets[text + 1]:
            lead = np.uint32(data[i])
            if lead < 0x80:
                units[n] = lead
                i += 1
            elif lead < 0xE0:
                units[n] = (lead & 0x1F) << 6 | data[i + 1] & 0x3F
                i += 2
            elif lead < 0xF0:
                units[n] = (
                    (lead & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | data[i + 2] & 0x3F
                )
                i += 3
            else:
                point = (
                    np.uint32(lead & 0x07) << 18 | np.uint32(data[i + 1] & 0x3F) << 12
                )
                point |= np.uint32(data[i + 2] & 0x3F) << 6 | np.uint32(
                    data[i + 3] & 0x3F
                )
                point -= np.uint32(0x10000)
                units[n] = 0xD800 | point >> 10
                n += 1
                units[n] = 0xDC00 | point & 0x3FF
                i += 4
            n += 1
    firsts[len(offsets) - 1] = n
    return units[:n].copy(), firsts


@jit
def to_utf8(
    units: NDArray[np.uint16], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Turn ranges of UTF-16 into UTF-8, one after another.

    Parameters
    ----------
    units
        uint16[n_units].
    starts, ends
        int64[n], half-open ranges.

    Returns
    -------
    data
        uint8[...]; half of a surrogate pair is a question mark, as Spark writes it.
    offsets
        int64[n + 1], first byte of each range.
    """
    total = 0
    for i in range(len(starts)):
        total += ends[i] - starts[i]
    data = np.empty(3 * total, np.uint8)
    offsets = np.empty(len(starts) + 1, np.int64)
    n = 0
    for i in range(len(starts)):
        offsets[i] = n
        at, end = starts[i], ends[i]
        while at < end:
            unit = np.uint32(units[at])
            at += 1
            if unit < 0x80:
                data[n] = unit
                n += 1
            elif unit < 0x800:
                data[n] = 0xC0 | unit >> 6
                data[n + 1] = 0x80 | unit & 0x3F
                n += 2
            elif unit & 0xF800 != 0xD800:
                data[n] = 0xE0 | unit >> 12
                data[n + 1] = 0x80 | unit >> 6 & 0x3F
                data[n + 2] = 0x80 | unit & 0x3F
                n += 3
            elif unit < 0xDC00 and at < end and units[at] & 0xFC00 == 0xDC00:
                point = np.uint32(0x10000) + ((unit & 0x3FF) << 10 | units[at] & 0x3FF)
                at += 1
                data[n] = 0xF0 | point >> 18
                data[n + 1] = 0x80 | point >> 12 & 0x3F
                data[n + 2] = 0x80 | point >> 6 & 0x3F
                data[n + 3] = 0x80 | point & 0x3F
                n += 4
            else:
                data[n] = 0x3F
                n += 1
    offsets[len(starts)] = n
    return data[:n].copy(), offsets
