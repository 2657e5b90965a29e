"""Stage: a text column as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from polars_jslner.errors import InputTypeError

if TYPE_CHECKING:
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

    def mask(self, kept: NDArray[np.bool_]) -> Documents:
        """Return the documents with those not in ``kept``, bool[n], made null."""
        return Documents(self.data, self.offsets, self.valid & kept)


def strings(text: pl.Series) -> pl.Series:
    """Return a String, Categorical, Enum or Null series as String.

    Raises
    ------
    InputTypeError
        The series has another dtype.
    """
    dtype = text.dtype
    if dtype == pl.Null or isinstance(dtype, pl.Categorical | pl.Enum):
        return text.cast(pl.String)
    if dtype != pl.String:
        msg = (
            f"column {text.name!r} is {dtype}; String, Categorical, Enum or Null is "
            f"needed. Cast it first, for example pl.col({text.name!r}).cast(pl.String)."
        )
        raise InputTypeError(msg)
    return text


def read_documents(text: pl.Series) -> Documents:
    """Read a String, Categorical, Enum or Null series, whatever its chunks.

    Raises
    ------
    InputTypeError
        The series has another dtype.
    """
    text = strings(text)
    valid = text.is_not_null().to_numpy()
    array = text.fill_null("").rechunk().to_arrow()  # large_string, a single chunk
    _, offsets_buffer, data_buffer = array.buffers()
    if offsets_buffer is None:
        offsets = np.zeros(1, np.int64)
    else:
        whole = np.frombuffer(offsets_buffer, np.int64)
        offsets = whole[array.offset : array.offset + len(array) + 1]
    if data_buffer is None:
        data = np.zeros(0, np.uint8)
    else:
        data = np.frombuffer(data_buffer, np.uint8)
    return Documents(data, offsets, valid)
