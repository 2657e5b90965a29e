"""The pipeline as a function of DuckDB."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Unpack

from polars_jslner import extras
from polars_jslner.arrow import Find, Options, arrow_column
from polars_jslner.errors import InputTypeError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from polars_jslner.options import ModelSource

__all__ = ["register"]

# What was ever registered. DuckDB lets a function go when it is removed, but calls it
# again when the transaction in which it was removed is rolled back.
_REGISTERED: list[Callable[[Any], Any]] = []


def register(
    connection: Any,
    *,
    name: str | None = None,
    model: ModelSource | None = None,
    find: Find = "entities",
    **options: Unpack[Options],
) -> None:
    """Make ``jslner_entities(text)`` known to a connection.

    Parameters
    ----------
    connection
        A `duckdb.DuckDBPyConnection`; the function is known to it and its cursors, for
        as long as it is open. A function of that name that an earlier call with this
        very object registered is replaced.
    name
        Name of the function. None stands for ``jslner_`` and ``find``.
    model, find, **options
        As in `polars_jslner.arrow.annotate`. Sentences cannot be an expression here.

    Raises
    ------
    MissingExtraError
        DuckDB is not installed.
    InputTypeError
        ``connection`` is none.
    OptionError, ModelNotFoundError, ModelFormatError
        ``name`` is no name, or that of a function of DuckDB's own or one that another
        cursor registered; or as `entities`.

    Notes
    -----
    The function takes VARCHAR and returns a list of structs, for entities
    ``STRUCT("text" VARCHAR, "label" VARCHAR, "start" UINTEGER, "end" UINTEGER, score
    FLOAT, sentence UINTEGER)[]``. NULL gives NULL. DuckDB calls it with up to 2,048
    texts, from one thread at a time; the model runs on as many threads as
    `configure` says.
    """
    duckdb = extras.load("duckdb", "duckdb")
    import pyarrow as pa

    if not hasattr(connection, "create_function"):
        kind = type(connection)
        msg = (
            f"connection is a {kind.__module__}.{kind.__name__}; one of DuckDB is "
            f"needed, such as duckdb.connect() gives."
        )
        raise InputTypeError(msg)
    given = f"jslner_{find}" if name is None else name
    if not isinstance(given, str) or not given:
        msg = f"name={name!r} is no name of a function; give a string such as 'ner'."
        raise OptionError(msg)
    column = arrow_column("text", model, None, find, None, options)
    if column.expression.meta.root_names() != ["text"]:
        msg = "sentences: a function of DuckDB has one text, no column of spans."
        raise OptionError(msg)

    def found(texts: Any) -> Any:
        return column.find(pa.table({"text": texts}))

    # DuckDB knows best which of its types the Arrow type is.
    example = pa.table({"found": pa.array([], column.type)})
    returned = connection.from_arrow(example).types[0]
    maker = connection
    try:
        with contextlib.suppress(duckdb.InvalidInputException):  # if there is none
            connection.remove_function(given)
    except duckdb.CatalogException:
        # Rolled back: it is gone, but the connection's own books still have it.
        maker = connection.cursor()
    _REGISTERED.append(found)
    try:
        maker.create_function(
            given,
            found,
            ["VARCHAR"],
            returned,
            type="arrow",
            null_handling="special",
        )
    except duckdb.CatalogException as error:
        msg = (
            f"name={given!r}: DuckDB has a function of that name which this connection "
            f"did not register. Give another, or register it where the first was."
        )
        raise OptionError(msg) from error
