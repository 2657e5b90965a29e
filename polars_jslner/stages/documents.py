"""Stage: a text column as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from polars_jslner.errors import InputTypeError
from polars_jslner.kernels.spans import gather_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """The texts of a column.

    Parameters
    ----------
    data
        uint8[n_bytes], the UTF-8 bytes of all texts.
    offsets
        int64[n_documents + 1], first byte of each text; a null has no bytes.
    valid
        bool[n_documents], False where the text is null.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    valid: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.valid)

    def part(self, first: int, last: int) -> Documents:
        """Return documents ``first`` to ``last``, exclusive, without copying."""
        offsets = self.offsets[first : last + 1]
        return Documents(self.data, offsets, self.valid[first:last])

    def mask(self, kept: NDArray[np.bool_]) -> Documents:
        """Return the documents with those not in ``kept``, bool[n], made null."""
        return Documents(self.data, self.offsets, self.valid & kept)


def read_documents(text: pl.Series) -> Documents:
    """Read a String, Categorical, Enum or Null series, whatever its chunks.

    Raises
    ------
    InputTypeError
        The series has another dtype.
    """
    dtype = text.dtype
    if dtype == pl.Null or isinstance(dtype, pl.Categorical | pl.Enum):
        text = text.cast(pl.String)
    elif dtype != pl.String:
        msg = (
            f"column {text.name!r} is {dtype}; String, Categorical, Enum or Null is "
            f"needed. Cast it first, for example pl.col({text.name!r}).cast(pl.String)."
        )
        raise InputTypeError(msg)
    array = text.rechunk().to_arrow()
    if not array.null_count:
        return Documents(*byte_arrays(array), np.ones(len(array), np.bool_))
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    return Documents(*byte_arrays(array.fill_null("")), valid)


def byte_arrays(
    texts: pa.LargeStringArray,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of all texts, and int64[n_texts + 1], the first of each."""
    _, offsets_buffer, data_buffer = texts.buffers()
    if offsets_buffer is None:
        offsets = np.zeros(1, np.int64)
    else:
        whole = np.frombuffer(offsets_buffer, np.int64)
        offsets = whole[texts.offset : texts.offset + len(texts) + 1]
    if data_buffer is None:
        return np.zeros(0, np.uint8), offsets
    return np.frombuffer(data_buffer, np.uint8), offsets


def text_array(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> pa.LargeStringArray:
    """Return the texts in half-open byte ranges of ``data`` as an Arrow array."""
    gathered, offsets = gather_bytes(data, starts, ends)
    buffers = pa.py_buffer(offsets), pa.py_buffer(gathered)
    return pa.LargeStringArray.from_buffers(len(starts), *buffers)


def concatenate(parts: Sequence[Documents]) -> Documents:
    """Return documents one after the other."""
    bounds = [(part.offsets[0], part.offsets[-1]) for part in parts]
    data = [part.data[a:b] for part, (a, b) in zip(parts, bounds, strict=True)]
    counts = [np.diff(part.offsets) for part in parts]
    return Documents(
        np.concatenate(data),
        np.concatenate([[0], np.cumsum(np.concatenate(counts))]),
        np.concatenate([part.valid for part in parts]),
    )
