"""Texts in UTF-16 code units, the JVM's way to count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from polars_jslner.kernels.sparknlp_text import to_utf8, to_utf16

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Texts, one after another.

    Parameters
    ----------
    data
        uint16[n_units].
    offsets
        int64[n_texts + 1], first unit of each text.
    """

    data: NDArray[np.uint16]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1


def units_of_bytes(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Units:
    """Return texts of UTF-8 bytes, uint8[n_bytes] and int64[n_texts + 1], as units."""
    return Units(*to_utf16(data, offsets))


def units_of_texts(texts: Sequence[str]) -> Units:
    """Return Python strings as units; half of a surrogate pair stays what it is."""
    parts = [text.encode("utf-16-le", "surrogatepass") for text in texts]
    sizes = np.fromiter(map(len, parts), np.int64, len(parts))
    return Units(np.frombuffer(b"".join(parts), np.uint16), first_of_each(sizes // 2))


def strings(
    data: NDArray[np.uint16], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> pa.LargeStringArray:
    """Return half-open ranges of units as an Arrow array of strings."""
    utf8, offsets = to_utf8(data, starts, ends)
    buffers = pa.py_buffer(offsets), pa.py_buffer(utf8)
    return pa.LargeStringArray.from_buffers(len(starts), *buffers)


def texts_of(units: Units) -> list[str]:
    """Return units as Python strings."""
    texts: list[str] = strings(
        units.data, units.offsets[:-1], units.offsets[1:]
    ).to_pylist()
    return texts


def length(text: str) -> int:
    """Return the number of code units of a text."""
    if text.isascii():
        return len(text)
    return len(text) + sum(character > "\uffff" for character in text)


def first_of_each(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn counts, int64[n], into offsets, int64[n + 1]."""
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def int64s(values: Iterable[int]) -> NDArray[np.int64]:
    """Return whole numbers as an array."""
    return np.fromiter(values, np.int64)
