"""Stage: a text column as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from polars_jslner.errors import InputTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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

    def cuts(self, n_bytes: int) -> Iterator[tuple[int, int]]:
        """Yield (first, last) of runs of documents of ``n_bytes`` or one document."""
        first = 0
        while first < len(self):
            limit = self.offsets[first] + n_bytes
            last = int(np.searchsorted(self.offsets, limit, side="right")) - 1
            last = min(max(last, first + 1), len(self))
            yield first, last
            first = last


def by_slices(
    text: pl.Series,
    spans: pl.Series | None,
    n_bytes: int,
    annotate: Callable[[Documents, pl.Series | None, int], pl.Series],
    dtype: pl.List,
) -> pl.Series:
    """Annotate a column slice by slice, so that memory does not grow with its rows.

    Parameters
    ----------
    text
        The texts.
    spans
        Sentence spans of each text, if the caller found them; where they are null the
        text counts as null.
    n_bytes
        Bytes of text that are annotated together, or one document.
    annotate
        Gets documents, their spans and the row of the first, and returns a series.
    dtype
        Of the result.

    Raises
    ------
    InputTypeError
        The text has another dtype, or there are not as many spans as texts.
    """
    documents = read_documents(text)
    if spans is not None and len(spans) != len(text):
        msg = (
            f"sentences: the column has {len(spans)} rows and the text {len(text)}; "
            f"one list of spans a text is needed."
        )
        raise InputTypeError(msg)
    parts: list[pl.Series] = []
    for first, last in documents.cuts(n_bytes):
        part, given = documents.part(first, last), None
        if spans is not None:
            given = spans.slice(first, last - first)
            part = part.mask(given.is_not_null().to_numpy())
        parts.append(annotate(part, given, first))
    if not parts:
        return pl.Series(text.name, [], dtype)
    return pl.concat(parts, rechunk=False).alias(text.name)


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
