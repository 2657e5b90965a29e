"""Source files as tables of bounded size: Parquet, CSV, NDJSON, Arrow IPC.

Each reader yields the same rows in the same order from any row on, so that a job can
begin in the middle of a file.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.json as pajson
import pyarrow.parquet as pq

from polars_jslner.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from polars_jslner.files.filesystem import Place

# What is read, annotated and made durable together. It bounds the memory, and what a
# killed run has to do again: some minutes with a small model on two cores.
TABLE_BYTES = 4_000_000
TABLE_ROWS = 50_000

READ_BYTES = 1 << 20  # bytes of a column that are fetched at once


class Reader(Protocol):
    """A source file.

    Attributes
    ----------
    schema
        `pyarrow.Schema` of all columns.
    n_rows
        Number of rows, where the file says it.
    """

    schema: Any
    n_rows: int | None

    def tables(self, columns: Sequence[str], first_row: int) -> Iterator[Any]:
        """Yield `pyarrow.Table`s of the columns from a row on, none of them empty."""
        ...


class _Parquet:
    """Reads by row group, and only what is needed."""

    def __init__(self, file: Any, _: str) -> None:
        self._file = pq.ParquetFile(file, pre_buffer=False, buffer_size=READ_BYTES)
        self.schema = self._file.schema_arrow
        self.n_rows: int | None = self._file.metadata.num_rows

    def tables(self, columns: Sequence[str], first_row: int) -> Iterator[Any]:
        for i in range(self._file.num_row_groups):
            group = self._file.metadata.row_group(i)
            if first_row >= group.num_rows:
                first_row -= group.num_rows
                continue
            batches = self._file.iter_batches(
                batch_size=_step(group.total_byte_size, group.num_rows),
                row_groups=[i],
                columns=list(columns),
            )
            yield from _from_row(batches, columns, first_row)
            first_row = 0


class _Batches:
    """Reads from the beginning, whatever is needed."""

    def __init__(self, schema: Any, batches: Iterable[Any]) -> None:
        self.schema = schema
        self.n_rows: int | None = None
        self._batches = batches

    def tables(self, columns: Sequence[str], first_row: int) -> Iterator[Any]:
        yield from _from_row(self._batches, columns, first_row)


def _ipc(file: Any, _: str) -> _Batches:
    try:
        reader = pa.ipc.open_file(file)
    except pa.ArrowInvalid:  # the stream format has the same suffixes
        file.seek(0)
        stream = pa.ipc.open_stream(file)
        return _Batches(stream.schema, stream)
    batches = map(reader.get_batch, range(reader.num_record_batches))
    return _Batches(reader.schema, batches)


def _csv(file: Any, text: str) -> _Batches:
    reader = pacsv.open_csv(
        file,
        read_options=pacsv.ReadOptions(block_size=TABLE_BYTES),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types={text: pa.large_string()},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return _Batches(reader.schema, reader)


def _json(file: Any, text: str) -> _Batches:
    options = pajson.ReadOptions(block_size=TABLE_BYTES)
    found = pajson.open_json(file, read_options=options).schema
    file.seek(0)
    known = pa.schema([field.with_type(_without_times(field.type)) for field in found])
    if text in known.names:
        index = known.get_field_index(text)
        known = known.set(index, pa.field(text, pa.large_string()))
    parse = pajson.ParseOptions(explicit_schema=known)
    reader = pajson.open_json(file, read_options=options, parse_options=parse)
    return _Batches(reader.schema, reader)


def _without_times(kind: Any) -> Any:
    """Return a type read from JSON, which has no times, as JSON has it."""
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_without_times(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct(
            [field.with_type(_without_times(field.type)) for field in kind.fields]
        )
    return kind


_READERS: dict[str, Callable[[Any, str], Reader]] = {
    ".parquet": _Parquet,
    ".pq": _Parquet,
    ".csv": _csv,
    ".ndjson": _json,
    ".jsonl": _json,
    ".arrow": _ipc,
    ".ipc": _ipc,
    ".feather": _ipc,
}

FORMATS = tuple(_READERS)


def suffix(name: str) -> str:
    """Return the suffix in ``name`` by which a reader is chosen, or an empty string."""
    dot = name.rfind(".")
    found = name[dot:].lower() if dot > 0 else ""
    return found if found in _READERS else ""


@contextmanager
def open_reader(place: Place, text: str) -> Generator[Reader]:
    """Open a source file and, until the end of the block, tell its errors as ours.

    Raises
    ------
    FileError
        It cannot be read. The message has no content of the file.
    """
    kind = suffix(place.name)
    try:
        with place.open() as file:
            yield _READERS[kind](file, text)
    except (pa.ArrowException, pa.ArrowInvalid) as error:
        msg = f"{str(place)!r} cannot be read as {kind[1:]}: {_reason(kind, error)}"
        raise FileError(msg) from None if kind in _QUOTING else error
    except UnicodeDecodeError:
        msg = f"{str(place)!r} cannot be read as {kind[1:]}: it is not UTF-8."
        raise FileError(msg) from None


# Parsers of these formats quote the line that they cannot read.
_QUOTING = (".csv", ".ndjson", ".jsonl")
_HARMLESS = re.compile(
    r"In CSV column #\d+: CSV conversion error to \w+"
    r"|Row #\d+"
    r"|Expected \d+ columns, got \d+"
    r"|Empty CSV file"
    r"|changed from \w+ to \w+"
    r"|unexpected field"
    r"|in row \d+"
)


def _reason(kind: str, error: Exception) -> str:
    if kind not in _QUOTING:
        return str(error)
    parts = _HARMLESS.findall(str(error))
    return (", ".join(parts) or "its lines do not have that form") + "."


def _step(n_bytes: int, n_rows: int) -> int:
    """Return how many rows of that size make a table."""
    return min(max(1, TABLE_BYTES * n_rows // max(1, n_bytes)), TABLE_ROWS)


def _from_row(
    batches: Iterable[Any], columns: Sequence[str], first_row: int
) -> Iterator[Any]:
    """Yield batches as tables, without the first rows, and cut if they are large."""
    for batch in batches:
        n_rows = batch.num_rows
        if first_row >= n_rows:
            first_row -= n_rows
            continue
        table = pa.Table.from_batches([batch]).select(list(columns))
        step = _step(table.nbytes, n_rows)
        if 2 * step > n_rows:  # sizes on disk and in memory differ a little
            step = n_rows
        for at in range(first_row - first_row % step, n_rows, step):
            start = max(at, first_row)
            yield table.slice(start, min(at + step, n_rows) - start)
        first_row = 0
