"""The pipeline on Arrow data, whatever library holds it.

`annotate` takes a table of pyarrow, Polars, pandas, DuckDB, nanoarrow, arro3 or any
other library with the Arrow PyCapsule interface, `annotate_batches` a stream of record
batches. Spark, Ray and DuckDB reach the pipeline through this module.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import polars as pl
import pyarrow as pa

from polars_jslner import extras, functions, schema
from polars_jslner.errors import InputTypeError, OptionError, hint
from polars_jslner.options import choice, option_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polars_jslner.functions import Aggregation, AnnotationStage, SentenceMethod
    from polars_jslner.options import ModelSource
    from polars_jslner.schema import Compat

__all__ = ["ArrowColumn", "Find", "Options", "annotate", "annotate_batches"]

Find = Literal["entities", "tokens", "sentences", "annotations"]

_DTYPES: dict[Find, pl.List] = {
    "entities": schema.ENTITIES,
    "tokens": schema.TOKENS,
    "sentences": schema.SENTENCES,
    "annotations": schema.ANNOTATIONS,
}

# Bytes of text that are read together, if batches are smaller: enough to fill the
# model's batches with sentences of one length.
GROUP_BYTES = 500_000

_DUCKDB = ("duckdb", "_duckdb")  # modules of its relations


class Options(TypedDict, total=False):
    """The options of `entities`, `tokens`, `sentences` and `annotations`."""

    stage: AnnotationStage
    labels: str | Iterable[str] | None
    exclude: str | Iterable[str] | None
    min_score: float
    rename: Mapping[str, str] | None
    aggregation: Aggregation | None
    sentences: SentenceMethod | pl.Expr | None
    max_tokens: int | None
    overlap: int | None
    exact: bool
    greedy: bool
    ignore_stop_words: Iterable[str]
    preserve_position: bool


@overload
def annotate(
    data: pl.DataFrame,
    *,
    text: str = "text",
    model: ModelSource | None = None,
    output: str | None = None,
    find: Find = "entities",
    compat: Compat | None = None,
    **options: Unpack[Options],
) -> pl.DataFrame: ...


@overload
def annotate(
    data: Any,
    *,
    text: str = "text",
    model: ModelSource | None = None,
    output: str | None = None,
    find: Find = "entities",
    compat: Compat | None = None,
    **options: Unpack[Options],
) -> Any: ...


def annotate(
    data: Any,
    *,
    text: str = "text",
    model: ModelSource | None = None,
    output: str | None = None,
    find: Find = "entities",
    compat: Compat | None = None,
    **options: Unpack[Options],
) -> Any:
    """Add what is found in a text column to a table of any library.

    Parameters
    ----------
    data
        An object with the Arrow PyCapsule interface (``__arrow_c_stream__`` or
        ``__arrow_c_array__``) whose values are rows with columns.
    text
        Column with the texts: string, large_string, string_view, a dictionary of one of
        these, or null.
    model
        As in `entities`. Not used for ``sentences``.
    output
        Name of the new column. None stands for ``find``.
    find
        Which function is applied: ``entities``, ``tokens``, ``sentences`` or
        ``annotations``.
    compat
        Type of the new column: None for large_list, struct, large_string, uint32 and
        float32; ``spark`` for list, struct, string, int32 and float32, and a map for
        the metadata of annotations. Polars has types of its own and turns either into
        List(Struct).
    **options
        Those of the function.

    Returns
    -------
    Any
        The same kind of object with one more column:

        - pyarrow: Table, RecordBatch, and a RecordBatchReader, which is read as its
          result is;
        - Polars and pandas: DataFrame; in pandas the new column is an Arrow one and
          index and other columns are the same;
        - DuckDB: a relation on the same connection;
        - nanoarrow, arro3, and any class with ``from_arrow``: an object of that class;
        - anything else: a `pyarrow.Table`.

        Other columns and the metadata of the schema are as they were.

    Raises
    ------
    OptionError, ModelNotFoundError, ModelFormatError
        As the function.
    InputTypeError
        The object is no table, the text column is missing or holds something else,
        there is a column ``output`` already, or a DuckDB connection is set to read no
        table of Python.
    InferenceError
        The model failed.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from polars_jslner import arrow
    >>> notes = pa.table({"id": [1, 2], "text": ["Takes aspirin 81 mg.", None]})
    >>> found = arrow.annotate(notes)
    >>> found.column_names
    ['id', 'text', 'entities']
    >>> [[e["text"] for e in row or []] for row in found["entities"].to_pylist()]
    [['aspirin'], []]
    """
    column = arrow_column(text, model, output, find, compat, options)
    if isinstance(data, pl.DataFrame):
        table = pa.table(data.select(column.needed(data.columns)))
        return data.with_columns(pl.Series(column.output, column.find(table)))
    if _library(data) == "pandas":
        return _annotate_pandas(data, column)
    if _library(data) in _DUCKDB and hasattr(data, "columns"):
        column.needed(data.columns, any_case=True)
        _relation(data, pa.table({"nothing": pa.nulls(0)}))  # if it cannot, say so now
    reader = _reader(data)
    found = pa.RecordBatchReader.from_batches(
        column.schema(reader.schema), column.batches(reader)
    )
    return _rebuild(data, found)


def annotate_batches(
    batches: Iterable[Any],
    *,
    text: str = "text",
    model: ModelSource | None = None,
    output: str | None = None,
    find: Find = "entities",
    compat: Compat | None = None,
    **options: Unpack[Options],
) -> Iterator[pa.RecordBatch]:
    """Add what is found in a text column to each of a stream of record batches.

    Parameters
    ----------
    batches
        `pyarrow.RecordBatch` or objects with ``__arrow_c_array__``, or an object with
        ``__arrow_c_stream__``. They are read as the result is; small ones up to half a
        megabyte of text ahead.
    text, model, output, find, compat, **options
        As in `annotate`.

    Returns
    -------
    Iterator
        One `pyarrow.RecordBatch` for each, with the same rows and one more column.

    Raises
    ------
    OptionError, ModelNotFoundError, ModelFormatError
        At once: as the function.
    InputTypeError, InferenceError
        As the batches are read: see `annotate`.
    """
    column = arrow_column(text, model, output, find, compat, options)
    stream = hasattr(batches, "__arrow_c_stream__")
    if not stream and not isinstance(batches, Iterable):
        raise _no_table(batches)
    return column.batches(_reader(batches) if stream else batches)


@dataclass(frozen=True, slots=True, eq=False)
class ArrowColumn:
    """A column that is found in a text column. It pickles, without a session.

    Parameters
    ----------
    text
        Name of the text column.
    output
        Name of the new column.
    expression
        Finds it.
    type
        `pyarrow.DataType` of the new column.
    """

    text: str
    output: str
    expression: pl.Expr
    type: Any

    def needed(self, names: list[str], *, any_case: bool = False) -> list[str]:
        """Return the names of the columns that are read.

        Parameters
        ----------
        names
            Of the columns that are there.
        any_case
            Names are the same in capitals, as to SQL.

        Raises
        ------
        InputTypeError
            One of them is not in ``names`` or more than once, or the new one is.
        """
        read = list(dict.fromkeys((self.text, *self.expression.meta.root_names())))
        check_columns(names, read)
        taken = [self.output] if self.output in names else []
        if any_case:
            taken = [n for n in names if n.casefold() == self.output.casefold()]
        if taken:
            msg = f"there is a column {taken[0]!r} already; give another output=."
            raise InputTypeError(msg)
        return read

    def schema(self, given: pa.Schema) -> pa.Schema:
        """Return the schema of the result.

        Raises
        ------
        InputTypeError
            As `annotate`.
        """
        self.needed(given.names)
        check_text(self.text, given.field(self.text).type)
        return given.append(pa.field(self.output, self.type))

    def batches(self, batches: Iterable[Any]) -> Iterator[pa.RecordBatch]:
        """Yield each batch with the new column."""
        for group in self._groups(batches):
            read = self.needed(group[0].schema.names)
            found = self.find(pa.Table.from_batches([b.select(read) for b in group]))
            first = 0
            for batch in group:
                part = found.slice(first, len(batch))
                first += len(batch)
                columns, whole = [*batch.columns, part], self.schema(batch.schema)
                yield pa.RecordBatch.from_arrays(columns, schema=whole)

    def table(self, table: pa.Table) -> pa.Table:
        """Return a table with the new column.

        Raises
        ------
        InputTypeError
            It is no `pyarrow.Table`, or as `annotate`.
        """
        if not isinstance(table, pa.Table):
            kind = type(table)
            msg = (
                f"a pyarrow.Table is needed, here is a {kind.__module__}."
                f"{kind.__name__}; with Ray give batch_format='pyarrow'."
            )
            raise InputTypeError(msg)
        batches = list(self.batches(table.to_batches()))
        return pa.Table.from_batches(batches, self.schema(table.schema))

    def find(self, table: pa.Table) -> pa.Array:
        """Return the new column for a table with the needed ones."""
        index = table.schema.get_field_index(self.text)
        text = _plain_text(self.text, table.column(index))
        frame = pl.DataFrame(table.set_column(index, self.text, text))
        series = frame.select(self.expression).to_series().rechunk()
        return _converted(
            series.to_arrow(compat_level=pl.CompatLevel.oldest()), self.type
        )

    def _groups(self, batches: Iterable[Any]) -> Iterator[list[pa.RecordBatch]]:
        """Yield runs of batches whose texts are worth a call."""
        group: list[pa.RecordBatch] = []
        n_bytes = 0
        for given in batches:
            batch = given if isinstance(given, pa.RecordBatch) else _batch(given)
            self.schema(batch.schema)
            if group and not batch.schema.equals(group[0].schema):
                yield group
                group, n_bytes = [], 0
            group.append(batch)
            n_bytes += batch.column(self.text).nbytes
            if n_bytes >= GROUP_BYTES:
                yield group
                group, n_bytes = [], 0
        if group:
            yield group


def arrow_column(
    text: str,
    model: ModelSource | None,
    output: str | None,
    find: Find,
    compat: Compat | None,
    options: Mapping[str, Any],
) -> ArrowColumn:
    """Check what `annotate` takes beside the data.

    Raises
    ------
    OptionError, ModelNotFoundError, ModelFormatError
        As `annotate`.
    """
    choice("find", find, tuple(_DTYPES))
    if compat is not None:
        choice("compat", compat, ("spark",))
    output = find if output is None else output
    for name, value in (("text", text), ("output", output)):
        if not isinstance(value, str) or not value:
            msg = f"{name}={value!r} is not the name of a column."
            raise OptionError(msg)
    function = getattr(functions, find)
    known = inspect.signature(function).parameters
    option_names(options, [name for name in known if name not in ("text", "model")])
    given = dict(options) if find == "sentences" else {"model": model, **options}
    expression = function(text, **given).alias(output)
    return ArrowColumn(
        text, output, expression, schema.arrow_type(_DTYPES[find], compat)
    )


def check_columns(names: list[str], wanted: Iterable[str]) -> None:
    """Raise an InputTypeError unless each ``wanted`` column is there once."""
    for name in wanted:
        if names.count(name) != 1:
            if name in names:
                msg = f"more than one column {name!r} among {names!r}."
            else:
                near = hint(name, map(str, names))
                msg = f"no column {name!r} among {names!r}.{near}"
            raise InputTypeError(msg)


def check_text(name: str, kind: pa.DataType) -> None:
    """Raise an InputTypeError unless an Arrow type is one of text."""
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (
        pa.types.is_string(values)
        or pa.types.is_large_string(values)
        or pa.types.is_string_view(values)
        or pa.types.is_null(values)
    ):
        msg = f"column {name!r} is {kind}; strings are needed."
        raise InputTypeError(msg)


def _plain_text(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts without dictionary, whose bytes are known to be UTF-8.

    Foreign memory is not trusted: the kernels rely on it.
    """
    check_text(name, column.type)
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        msg = f"column {name!r} holds bytes that are not valid UTF-8 strings."
        raise InputTypeError(msg) from None
    if not pa.types.is_dictionary(column.type):
        return column
    strings = pa.large_string()
    decoded = [c.dictionary.cast(strings).take(c.indices) for c in column.chunks]
    return pa.chunked_array(decoded, strings)


def _converted(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return lists of structs as another type with the same values."""
    if array.type.equals(kind):
        return array
    if pa.types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        children = [_converted(array.field(f.name), f.type) for f in fields]
        return pa.StructArray.from_arrays(children, fields=fields)
    if not pa.types.is_nested(kind):
        return array.cast(kind)
    mask = array.is_null() if array.null_count else None
    offsets, values = array.offsets.cast(pa.int32()), array.values
    if pa.types.is_map(kind):
        keys, items = (_converted(values.field(i), pa.string()) for i in (0, 1))
        return pa.MapArray.from_arrays(offsets, keys, items, mask=mask)
    values = _converted(values, kind.value_type)
    return pa.ListArray.from_arrays(offsets, values, type=kind, mask=mask)


def _library(data: object) -> str:
    return type(data).__module__.partition(".")[0]


def _reader(data: Any) -> pa.RecordBatchReader:
    """Return the batches of any Arrow object."""
    if isinstance(data, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(data.schema, [data])
    if not hasattr(data, "__arrow_c_stream__"):
        batch = _batch(data)
        return pa.RecordBatchReader.from_batches(batch.schema, [batch])
    try:
        return pa.RecordBatchReader.from_stream(data)
    except pa.ArrowInvalid as error:
        raise _no_table(data) from error


def _batch(data: Any) -> pa.RecordBatch:
    if not hasattr(data, "__arrow_c_array__"):
        raise _no_table(data)
    try:
        return pa.record_batch(data)
    except pa.ArrowInvalid as error:
        raise _no_table(data) from error


def _no_table(data: object) -> InputTypeError:
    msg = (
        f"{type(data).__module__}.{type(data).__name__} is no table with the Arrow "
        f"PyCapsule interface. Tables of pyarrow, Polars, pandas, DuckDB, nanoarrow "
        f"and arro3 can be given; for a Polars LazyFrame use the expressions."
    )
    return InputTypeError(msg)


def _annotate_pandas(frame: Any, column: ArrowColumn) -> Any:
    """Annotate a `pandas.DataFrame`, of which only the needed columns are read."""
    pd: Any = import_module("pandas")  # without its types, which are not complete

    if not isinstance(frame, pd.DataFrame):
        raise _no_table(frame)
    needed = frame[column.needed(list(frame.columns))]
    text = needed[column.text]
    if pd.api.types.is_float_dtype(text) and text.isna().all():
        needed = needed.assign(**{column.text: None})  # what no text is to pandas
    table = None
    with contextlib.suppress(pa.ArrowInvalid, pa.ArrowTypeError, UnicodeError):
        table = pa.Table.from_pandas(needed, preserve_index=False)
    if table is None:  # these errors hold text, so ours is not to hold them
        msg = f"column {column.text!r} holds something else than strings and nulls."
        raise InputTypeError(msg)
    found = pd.arrays.ArrowExtensionArray(column.find(table))
    return frame.assign(**{column.output: pd.Series(found, index=frame.index)})


def _rebuild(data: Any, found: pa.RecordBatchReader) -> Any:
    """Return the batches as an object of the kind that ``data`` is."""
    kind = type(data)
    if isinstance(data, pa.RecordBatchReader):
        return found
    if isinstance(data, pa.RecordBatch):
        return found.read_next_batch()
    if isinstance(data, pa.Table):
        return found.read_all()
    if _library(data) == "nanoarrow" and kind.__name__ in ("Array", "ArrayStream"):
        return kind(found)
    if _library(data) in _DUCKDB:
        return _relation(data, found.read_all())
    if hasattr(kind, "from_arrow"):
        return kind.from_arrow(found)
    return found.read_all()


def _relation(data: Any, _polars_jslner_found: pa.Table) -> Any:
    """Return a table as a relation on the connection of another DuckDB relation.

    DuckDB reads the variable of the name in the query, if its settings allow it.
    """
    duckdb = extras.load("duckdb", "duckdb")
    try:
        return data.query("_polars_jslner", "FROM _polars_jslner_found")
    except duckdb.CatalogException as error:
        msg = (
            "this DuckDB connection does not let queries read variables of Python (see "
            "python_enable_replacements). Give relation.to_arrow_table() and the "
            "result to con.from_arrow()."
        )
        raise InputTypeError(msg) from error
