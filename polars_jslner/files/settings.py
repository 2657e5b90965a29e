"""What a job does with a table: checked once, before any file is opened."""

from __future__ import annotations

import hashlib
import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

import polars_jslner
from polars_jslner import schema as dtypes
from polars_jslner.arrow import check_columns, check_text
from polars_jslner.errors import InputTypeError, OptionError
from polars_jslner.files.record import Record
from polars_jslner.functions import entities
from polars_jslner.models import Model, load_model
from polars_jslner.options import option_names, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from polars_jslner.models.sparknlp.layout import SparkStages
    from polars_jslner.options import ModelSource

# Bytes of text between two steps of the progress bar: some seconds with a small model.
_STEP_BYTES = 200_000

_FIELDS = tuple(field.name for field in dtypes.ENTITY.fields)


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns of one file: those that are read and those that are written."""

    read: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Annotated:
    """A `pyarrow.Table` with its entities, and the numbers of words and entities."""

    table: Any
    words: int
    entities: int


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What is done with every file.

    Parameters
    ----------
    text, columns, output, explode
        As in `annotate_files`.
    expression
        Gives the entities.
    record
        Identity of the job, for no source.
    """

    text: str
    columns: tuple[str, ...] | None
    output: str
    explode: bool
    expression: pl.Expr
    record: Record

    def plan(self, schema: Any) -> Plan:
        """Return which columns of a file are read and written.

        Raises
        ------
        InputTypeError
            A column is missing, stands twice, has the wrong dtype, or has the name of a
            new one.
        """
        names: list[str] = schema.names
        kept = self.columns
        if kept is None:
            kept = tuple(n for n in names if not self.explode or n != self.text)
        wanted = (self.text, *kept, *self.expression.meta.root_names())
        check_columns(names, wanted)
        check_text(self.text, schema.field(self.text).type)
        new = _FIELDS if self.explode else (self.output,)
        taken = [name for name in new if name in kept]
        if taken:
            fix = "columns= without it" if self.explode else "another output="
            msg = f"there is a column {taken[0]!r} already; give {fix}."
            raise InputTypeError(msg)
        return Plan(tuple(dict.fromkeys(wanted)), tuple(kept))

    def annotate(
        self, table: Any, plan: Plan, advance: Callable[[int, int], object]
    ) -> Annotated:
        """Return a table with what was found in it.

        Parameters
        ----------
        table
            `pyarrow.Table` with the columns that the plan reads.
        plan
            Of its file.
        advance
            Called every few seconds with the rows and words that were read.
        """
        roots = list(dict.fromkeys((self.text, *self.expression.meta.root_names())))
        frame = pl.DataFrame(table.select(roots))
        n_bytes = table.column(self.text).nbytes
        step = max(1, _STEP_BYTES * len(frame) // max(1, n_bytes))
        found: list[pl.Series] = []
        n_words = 0
        for part in frame.iter_slices(step) if len(frame) else [frame]:
            found.append(part.select(self.expression).to_series())
            words = _count_words(part[self.text])
            n_words += words
            advance(len(part), words)
        column = pl.concat(found, rechunk=False)
        lengths = column.list.len().fill_null(0).to_numpy()
        kept = table.select(list(plan.kept))
        if len(plan.kept) < len(table.schema):
            # It describes the columns to pandas, some of which are no longer there.
            metadata = dict(kept.schema.metadata or {})
            metadata.pop(b"pandas", None)
            kept = kept.replace_schema_metadata(metadata)
        if self.explode:
            kept = kept.take(pa.array(np.repeat(np.arange(len(lengths)), lengths)))
            rows = column.filter(pl.Series(lengths > 0)).explode()
            values = [_arrow(rows.struct.field(name)) for name in _FIELDS]
            fields = list(map(pa.field, _FIELDS, (each.type for each in values)))
        else:
            values = [_arrow(column)]
            fields = [pa.field(self.output, values[0].type)]
        kept = pa.Table.from_arrays(  # there may be no other column
            [*kept.columns, *values],
            schema=pa.schema([*kept.schema, *fields], kept.schema.metadata),
        )
        return Annotated(kept, n_words, int(lengths.sum()))

    def empty(self, schema: Any, plan: Plan) -> Annotated:
        """Return the table that a file without rows gives."""
        nothing = schema.empty_table().select(list(plan.read))
        return self.annotate(nothing, plan, lambda _rows, _words: None)


def read_settings(
    *,
    text: str,
    model: ModelSource | None,
    columns: Sequence[str] | None,
    output: str,
    explode: bool,
    options: Mapping[str, Any],
) -> Settings:
    """Check what does not depend on files.

    Raises
    ------
    OptionError
        An option cannot be used.
    ModelNotFoundError, ModelFormatError
        The model cannot be read.
    """
    for name, value in (("text", text), ("output", output)):
        if not isinstance(value, str) or not value:
            msg = f"{name}={value!r} is not the name of a column."
            raise OptionError(msg)
    if isinstance(columns, str) or (
        columns is not None and not all(isinstance(name, str) for name in columns)
    ):
        msg = f"columns={columns!r} is not a list of column names."
        raise OptionError(msg)
    known = inspect.signature(entities).parameters
    option_names(options, known)
    given = {name: plain(value) for name, value in options.items()}
    loaded = model if isinstance(model, Model) else load_model(model)
    expression = entities(text, loaded, **given).alias(output)
    said: dict[str, Any] = {"text": text, "explode": bool(explode)}
    if not explode:
        said["output"] = output
    if columns is not None:
        said["columns"] = list(columns)
    for name, value in given.items():
        if isinstance(value, pl.Expr):
            said[name] = str(value)
        elif value != known[name].default:
            said[name] = _as_set(value) if name in ("labels", "exclude") else value
    identity = {
        "name": loaded.name,
        "version": loaded.version,
        "sha256": checksum(loaded),
    }
    said = json.loads(json.dumps(said))  # as a later run reads it
    record = Record(polars_jslner.__version__, identity, said, {})
    kept = None if columns is None else tuple(dict.fromkeys(columns))
    return Settings(text, kept, output, bool(explode), expression, record)


def checksum(model: Model) -> str:
    """Return the sha256 of all that the answers of a model depend on."""
    facts = [model.tags, model.max_tokens, model.profile, model.aggregation]
    facts += [model.token_types, model.decoding]
    digest = hashlib.sha256(json.dumps(facts).encode())
    if model.spark is not None:
        digest.update(_stages(model.spark))
    if isinstance(model.onnx, str):
        tokenizer = [model.tokenizer] if model.tokenizer else []
        for path in (*tokenizer, model.onnx, *model.weights):
            with Path(path).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    else:
        digest.update(model.onnx.read())
    return digest.hexdigest()


def _stages(spark: SparkStages) -> bytes:
    """Return what the stages of Spark NLP depend on, as bytes."""
    from polars_jslner.models.sparknlp.plain import arrays_of, write_plain

    plain = json.dumps(write_plain(spark)).encode()
    return b"".join((plain, *(a.tobytes() for a in arrays_of(spark).values())))


def _as_set(labels: str | Iterable[str]) -> list[str]:
    """Return labels in an order of their own: theirs changes nothing."""
    return sorted({labels} if isinstance(labels, str) else set(labels))


def _count_words(text: pl.Series) -> int:
    if text.dtype != pl.String:
        text = text.cast(pl.String)
    return int(text.str.count_matches(r"\S+").sum())


def _arrow(series: pl.Series) -> Any:
    return series.to_arrow(compat_level=pl.CompatLevel.oldest())
