"""The pipeline on Spark: columns of a DataFrame, found by ``mapInArrow``.

    from polars_jslner.spark import entities

    entities(df, "note").write.parquet("annotated/")

The package must be installed where the executors run.
"""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import pyarrow as pa

from polars_jslner import extras
from polars_jslner.arrow import ArrowColumn, Find, Options, arrow_column
from polars_jslner.config import check_threads, configure
from polars_jslner.errors import InputTypeError, OptionError
from polars_jslner.files.settings import checksum
from polars_jslner.models import Model, load_model
from polars_jslner.options import ModelSource, plain

# This module defines a function named `annotations`, so it cannot have the import from
# `__future__` of that name.
if TYPE_CHECKING:
    from pyspark.sql import (  # pyright: ignore[reportMissingImports]
        DataFrame,
    )


__all__ = ["annotations", "entities"]

# What Spark NLP's stages look for in the metadata of a column.
_ANNOTATOR_TYPES = {
    "document": "document",
    "sentence": "document",
    "token": "token",
    "ner": "named_entity",
    "chunk": "chunk",
}


def entities(
    df: "DataFrame",
    text: str = "text",
    *,
    model: ModelSource | None = None,
    output: str = "entities",
    ship: bool = False,
    threads: int | None = None,
    **options: Unpack[Options],
) -> "DataFrame":
    """Add the entities of a text column to a Spark DataFrame.

    Parameters
    ----------
    df
        Any DataFrame whose columns Spark can give to Arrow.
    text
        Name of a string column.
    model
        As in `polars_jslner.entities`. Its place is read on the driver and, unless it
        is shipped, on the executors: the name of a bundled model, a path that all of
        them have, ``hf://`` or another URI.
    output
        Name of the new column.
    ship
        Send the model's files to the executors with ``SparkContext.addArchive`` (a zip
        with ``addFile``).
    threads
        Workers of the model in each Python process. None stands for
        ``spark.task.cpus``.
    **options
        Those of `polars_jslner.entities`.

    Returns
    -------
    DataFrame
        The same rows with one more column, ``array<struct<text: string, label: string,
        start: int, end: int, score: float, sentence: int>>``: the schema ``spark`` of
        `polars_jslner.arrow.annotate`. A null text gives null.

    Raises
    ------
    MissingExtraError
        pyspark is not installed.
    OptionError, ModelNotFoundError, ModelFormatError
        As `polars_jslner.entities`; or ``ship`` and a model that is not on this
        machine.
    InputTypeError
        There is no such column, it is no string, or ``output`` is there already.

    Notes
    -----
    Nothing runs before Spark's own action. Each Python process of an executor makes one
    session, at its first text, and keeps it for later tasks. What fails on an executor
    is in Spark's error with the message of ours, without text of a note.
    """
    return _add(df, text, "entities", model, output, options, None, ship, threads)


def annotations(
    df: "DataFrame",
    text: str = "text",
    *,
    model: ModelSource | None = None,
    output: str = "ner_chunk",
    ship: bool = False,
    threads: int | None = None,
    **options: Unpack[Options],
) -> "DataFrame":
    """Add a column that stands in for one of a Spark NLP pipeline.

    Parameters
    ----------
    df, text, model, ship, threads
        As in `entities`.
    output
        Name of the new column.
    **options
        Those of `polars_jslner.annotations`, ``stage`` first of all: ``document``,
        ``sentence``, ``token``, ``ner`` or ``chunk``, the default.

    Returns
    -------
    DataFrame
        The same rows with one more column of Spark NLP's type, ``array<struct<
        annotatorType: string, begin: int, end: int, result: string, metadata:
        map<string, string>, embeddings: array<float>>>``, whose metadata names the
        ``annotatorType``, so that stages of Spark NLP take it as an input.

    Raises
    ------
    MissingExtraError, OptionError, ModelNotFoundError, ModelFormatError, InputTypeError
        As `entities`.
    """
    kind = _ANNOTATOR_TYPES.get(str(options.get("stage", "chunk")), "")
    metadata = {"annotatorType": kind}
    return _add(
        df, text, "annotations", model, output, options, metadata, ship, threads
    )


def _add(
    df: "DataFrame",
    text: str,
    find: Find,
    model: ModelSource | None,
    output: str,
    options: Options,
    metadata: dict[str, str] | None,
    ship: bool,  # noqa: FBT001 - not public
    threads: int | None,
) -> "DataFrame":
    types = extras.load("pyspark.sql.types", "spark")
    if not hasattr(df, "mapInArrow"):
        msg = f"df is a {type(df).__module__}.{type(df).__name__}, no Spark DataFrame."
        raise InputTypeError(msg)
    if threads is not None:
        check_threads(threads)
    # Read here and once more on each executor.
    given = {name: plain(value) for name, value in options.items()}
    loaded = model if isinstance(model, Model) else load_model(model)
    column = arrow_column(text, loaded, output, find, "spark", given)
    _check(df, column, types.StringType)
    shipped = _ship(df, loaded) if ship else None
    settings = (text, None if shipped else loaded, output, find, "spark", given)
    kind = _spark_type(column.type, types)
    field = types.StructField(column.output, kind, metadata=metadata)
    run = functools.partial(_run, settings=settings, shipped=shipped, threads=threads)

    def annotate(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return run(batches)  # Spark wants a function, a partial has no signature

    return df.mapInArrow(annotate, types.StructType([*df.schema.fields, field]))


def _check(df: "DataFrame", column: ArrowColumn, string: type) -> None:
    column.needed(df.columns, any_case=True)
    kind = df.schema[column.text].dataType
    if not isinstance(kind, string):
        msg = f"column {column.text!r} is {kind.simpleString()}; strings are needed."
        raise InputTypeError(msg)


def _spark_type(kind: pa.DataType, types: Any) -> Any:
    """Return the Spark type of an Arrow type of the schema ``spark``."""
    if pa.types.is_map(kind):
        return types.MapType(types.StringType(), types.StringType())
    if pa.types.is_list(kind):
        item = _spark_type(kind.value_type, types)
        return types.ArrayType(item, kind.value_field.nullable)
    if pa.types.is_struct(kind):
        return types.StructType(
            [
                types.StructField(
                    field.name, _spark_type(field.type, types), field.nullable
                )
                for field in kind.fields
            ]
        )
    plain = {
        pa.string(): types.StringType,
        pa.int32(): types.IntegerType,
        pa.float32(): types.FloatType,
    }
    return plain[kind]()


def _ship(df: "DataFrame", model: Model) -> str:
    """Send a model's files to the executors and return the name they have there."""
    place = Path(model.tokenizer).parent if model.tokenizer else Path(model.source)
    if not place.exists():
        msg = (
            f"ship=True: {model.source!r} is not on this machine. Leave ship out, the "
            f"executors read the model from there."
        )
        raise OptionError(msg)
    try:
        context = df.sparkSession.sparkContext
    except Exception as error:  # pyspark's errors differ from version to version
        msg = "ship=True needs a SparkContext, which Spark Connect does not have."
        raise OptionError(msg) from error
    name = f"polars-jslner-{checksum(model)[:16]}"
    archive = f"{name}.zip"
    if any(
        uri.endswith(archive) for uri in (*context.listArchives, *context.listFiles)
    ):
        return archive
    # Executors may fetch it at any time, those that replace a lost one included.
    folder = Path(tempfile.mkdtemp(prefix="polars-jslner-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if place.is_dir():
        shutil.make_archive(str(folder / name), "zip", place)
        context.addArchive(str(folder / archive))
    else:
        shutil.copyfile(place, folder / archive)
        context.addFile(str(folder / archive))
    return archive


def _run(
    batches: Iterable[pa.RecordBatch],
    settings: tuple[Any, ...],
    shipped: str | None,
    threads: int | None,
) -> Iterator[pa.RecordBatch]:
    """Annotate the batches of a partition, in a Python process of an executor."""
    from pyspark import (  # pyright: ignore[reportMissingImports]
        SparkFiles,
        TaskContext,
    )

    task = TaskContext.get()
    configure(threads=threads or (task.cpus() if task else 1))
    if shipped:
        text, _, *rest = settings
        settings = (text, SparkFiles.get(shipped), *rest)
    return arrow_column(*settings).batches(batches)
