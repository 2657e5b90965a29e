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
    from collections.abc import Sequence

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


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Sentence spans that the caller found.

    Parameters
    ----------
    offsets
        int64[n_documents + 1], first span of each document.
    starts, ends
        int64[n_spans], code points of the document, half-open.
    valid
        bool[n_documents], False where there is null for the spans.
    """

    offsets: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    valid: NDArray[np.bool_]

    def part(self, first: int, last: int) -> Given:
        """Return the spans of documents ``first`` to ``last``, exclusive."""
        offsets = self.offsets[first : last + 1]
        inside = slice(int(offsets[0]), int(offsets[-1]))
        return Given(
            offsets - offsets[0],
            self.starts[inside],
            self.ends[inside],
            self.valid[first:last],
        )


def join(parts: Sequence[Given]) -> Given:
    """Return the spans of documents one after the other."""
    return Given(
        _first_of_each(np.concatenate([np.diff(part.offsets) for part in parts])),
        np.concatenate([part.starts for part in parts]),
        np.concatenate([part.ends for part in parts]),
        np.concatenate([part.valid for part in parts]),
    )


def read_spans(spans: pl.Series, valid: NDArray[np.bool_]) -> Given:
    """Read a column of sentence spans.

    Parameters
    ----------
    spans
        List(Struct) with whole numbers ``start`` and ``end`` for each document, code
        points, half-open.
    valid
        bool[n_documents], False where the text is null: its spans do not count.

    Raises
    ------
    InputTypeError
        ``spans`` has another dtype, or there are not as many as texts.
    OptionError
        A start or end is null; the message says in which row.
    """
    check_span_dtype(spans.dtype)
    if len(spans) != len(valid):
        msg = (
            f"sentences: the column has {len(spans)} rows and the text {len(valid)}; "
            f"one list of spans a text is needed."
        )
        raise InputTypeError(msg)
    counts = spans.list.len().fill_null(0).cast(pl.Int64).to_numpy()
    counts = np.where(valid, counts, 0)
    offsets = _first_of_each(counts)
    structs = spans.filter(pl.Series(counts > 0)).explode()
    columns: list[NDArray[np.int64]] = []
    for name in ("start", "end"):
        column = structs.struct.field(name)
        if column.null_count():
            row = _row_of(offsets, int(column.is_null().arg_max() or 0))
            msg = f"sentences: row {row} has a span whose {name!r} is null."
            raise OptionError(msg)
        # writable as all other positions are, or Numba would compile a kernel twice
        columns.append(column.cast(pl.Int64).to_numpy(writable=True))
    starts, ends = columns
    return Given(offsets, starts, ends, spans.is_not_null().to_numpy())


def read_sentences(documents: Documents, given: Given, first_row: int) -> Sentences:
    """Take the sentences that the caller found.

    Parameters
    ----------
    documents
        Texts.
    given
        Their spans.
    first_row
        Row of the first document, for messages.

    Raises
    ------
    OptionError
        A span is not inside its text; the message says in which row.
    """
    offsets, starts, ends = given.offsets, given.starts, given.ends
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
