"""The pipeline as a function of DuckDB."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Unpack

from polars_jslner import extras
from polars_jslner.arrow import Find, Options, arrow_column
from polars_jslner.errors import OptionError

if TYPE_CHECKING:
    from polars_jslner.options import ModelSource

__all__ = ["register"]


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
        as long as it is open. A function of that name from an earlier call is replaced.
    name
        Name of the function. None stands for ``jslner_`` and ``find``.
    model, find, **options
        As in `polars_jslner.arrow.annotate`. Sentences cannot be an expression here.

    Raises
    ------
    MissingExtraError
        DuckDB is not installed.
    OptionError, ModelNotFoundError, ModelFormatError
        As `entities`.

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

    column = arrow_column("text", model, None, find, None, options)
    if column.expression.meta.root_names() != ["text"]:
        msg = "sentences: a function of DuckDB has one text, no column of spans."
        raise OptionError(msg)

    def found(texts: Any) -> Any:
        return column.find(pa.table({"text": texts}))

    given = f"jslner_{find}" if name is None else name
    # DuckDB knows best which of its types the Arrow type is.
    example = pa.table({"found": pa.array([], column.type)})
    returned = connection.from_arrow(example).types[0]
    with contextlib.suppress(duckdb.InvalidInputException):  # if there is none
        connection.remove_function(given)
    connection.create_function(
        given,
        found,
        ["VARCHAR"],
        returned,
        type="arrow",
        null_handling="special",
    )
