"""Stage: sentence spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from polars_jslner.errors import InputTypeError, OptionError
from polars_jslner.kernels.sentences import clinical
from polars_jslner.kernels.spans import char_to_byte

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polars_jslner.stages.documents import Documents


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """The sentences of documents, in order.

    Parameters
    ----------
    offsets
        int64[n_documents + 1], first sentence of each document.
    starts, ends
        int64[n_sentences], half-open byte range in ``Documents.data``.
    chars
        int64[n_sentences], code points of the document before the sentence.
    """

    offsets: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    chars: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)


METHODS = ("clinical", "none")


def split(documents: Documents, method: str | None) -> Sentences:
    """Find the sentences of each document.

    Parameters
    ----------
    documents
        Texts; nulls have no sentences.
    method
        ``clinical``: rules for clinical notes, trimmed of blanks; ``none``: each text
        that is not empty is one sentence.
    """
    if method == "clinical":
        return Sentences(*clinical(documents.data, documents.offsets))
    lengths = np.diff(documents.offsets)
    filled = lengths > 0
    return Sentences(
        _first_of_each(filled.astype(np.int64)),
        documents.offsets[:-1][filled],
        documents.offsets[1:][filled],
        np.zeros(int(filled.sum()), np.int64),
    )


def read_sentences(documents: Documents, spans: pl.Series, first_row: int) -> Sentences:
    """Take the sentences that the caller found.

    Parameters
    ----------
    documents
        Texts.
    spans
        List(Struct) with whole numbers ``start`` and ``end`` for each document, code
        points, half-open. The caller makes texts null whose list is null.
    first_row
        Row of the first document, for messages.

    Raises
    ------
    InputTypeError
        ``spans`` has another dtype.
    OptionError
        A span is not inside its text; the message says in which row.
    """
    check_span_dtype(spans.dtype)
    counts = spans.list.len().fill_null(0).cast(pl.Int64).to_numpy()
    counts = np.where(documents.valid, counts, 0)
    offsets = _first_of_each(counts)
    structs = spans.filter(pl.Series(counts > 0)).explode()
    columns: list[NDArray[np.int64]] = []
    for name in ("start", "end"):
        column = structs.struct.field(name)
        if column.null_count():
            row = _row_of(offsets, int(column.is_null().arg_max() or 0)) + first_row
            msg = f"sentences: row {row} has a span whose {name!r} is null."
            raise OptionError(msg)
        # writable as all other positions are, or Numba would compile a kernel twice
        columns.append(column.cast(pl.Int64).to_numpy(writable=True))
    starts, ends = columns
    texts = (documents.offsets[:-1], documents.offsets[1:], offsets)
    first_bytes = char_to_byte(documents.data, *texts, starts)
    last_bytes = char_to_byte(documents.data, *texts, ends)
    wrong = (first_bytes < 0) | (last_bytes < 0) | (starts < 0) | (starts > ends)
    if wrong.any():
        at = int(wrong.argmax())
        row = _row_of(offsets, at) + first_row
        msg = (
            f"sentences: row {row} has the span {starts[at]} to {ends[at]}, which is "
            f"not inside its text. Spans are half-open code-point offsets."
        )
        raise OptionError(msg)
    return Sentences(offsets, first_bytes, last_bytes, starts)


def _first_of_each(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def _row_of(offsets: NDArray[np.int64], item: int) -> int:
    return int(np.searchsorted(offsets, item, side="right")) - 1


def check_span_dtype(dtype: pl.DataType) -> None:
    """Raise an InputTypeError unless ``dtype`` is a list of structs with spans."""
    inner = dtype.inner if isinstance(dtype, pl.List) else None
    fields = dict(inner) if isinstance(inner, pl.Struct) else {}
    names = ("start", "end")
    if not all(name in fields and fields[name].is_integer() for name in names):
        msg = (
            f"sentences: the column is {dtype}; List(Struct) with the whole numbers "
            f"'start' and 'end' is needed, as jslner.sentences() gives."
        )
        raise InputTypeError(msg)
