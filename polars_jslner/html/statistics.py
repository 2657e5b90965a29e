"""What a report counts: sums over tables, so that files of any size fit into memory.

Only `Top` and `Examples` hold text of notes; they are made if they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from polars_jslner.errors import InputTypeError

if TYPE_CHECKING:
    from polars_jslner.files.record import Record
    from polars_jslner.options import TokenOptions

BINS = 20  # of a score, which is in [0, 1]
_SHOWN_ROWS = 20  # numbers of rows without entities that are listed
_SAMPLE = 2000  # texts whose windows are counted

_ENTITY = {"row": pl.UInt32, "label": pl.String, "score": pl.Float64, "text": pl.String}


class Labels:
    """Entities by label: how many, in how many texts, with which scores."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(self, entities: pl.DataFrame) -> None:
        """Count the entities of a table: ``row``, ``label``, ``score``, ``text``."""
        score_bin = (pl.col("score") * BINS).floor().clip(0, BINS - 1)
        self._parts.append(
            entities.group_by("label").agg(
                n=pl.len().cast(pl.Int64),
                texts=pl.col("row").n_unique().cast(pl.Int64),
                scored=pl.col("score").count().cast(pl.Int64),
                total=pl.col("score").sum(),
                **{
                    f"bin{i}": (score_bin == i).sum().cast(pl.Int64)
                    for i in range(BINS)
                },
            )
        )

    def table(self) -> pl.DataFrame:
        """Return ``label``, ``n``, ``texts``, ``mean`` (score) and ``bins``, by count.

        ``bins`` are the numbers of entities with a score in each of `BINS` parts of
        [0, 1].
        """
        schema = {"label": pl.String, "n": pl.Int64, "texts": pl.Int64}
        if not self._parts:
            return pl.DataFrame(
                schema={**schema, "mean": pl.Float64, "bins": pl.List(pl.Int64)}
            )
        return (
            pl.concat(self._parts)
            .group_by("label")
            .agg(pl.all().sum())
            .select(
                "label",
                "n",
                "texts",
                pl.when(pl.col("scored") > 0)
                .then(pl.col("total") / pl.col("scored"))
                .alias("mean"),
                pl.concat_list(f"bin{i}" for i in range(BINS)).alias("bins"),
            )
            .sort("n", "label", descending=[True, False])
        )


class Texts:
    """Texts: their lengths, and those in which nothing was found.

    Attributes
    ----------
    n_rows
        Of all tables.
    n_null, n_blank
        Texts without a word. Where the texts are not in the file, null entities count
        as null texts.
    n_not_annotated
        Texts whose entities are null.
    rows_without
        Some rows with text and without entities, from 0.
    """

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self.n_rows = 0
        self.n_null = 0
        self.n_blank = 0
        self.n_not_annotated = 0
        self.rows_without: list[int] = []

    def add(self, texts: pl.Series | None, entities: pl.Series) -> None:
        """Count the texts of a table, if they are there, with their entities."""
        if entities.dtype == pl.Null:
            entities = entities.cast(pl.List(pl.Null))
        frame = pl.DataFrame({"n": entities.list.len().cast(pl.Int64)})
        if texts is None:
            chars = pl.when(pl.col("n").is_not_null()).then(pl.lit(1, pl.Int64))
            frame = frame.with_columns(chars.alias("chars"), blank=pl.lit(value=False))
        else:
            frame = frame.with_columns(
                texts.str.len_chars().cast(pl.Int64).alias("chars"),
                (texts.str.strip_chars() == "").alias("blank"),
            )
        frame = frame.with_row_index("row", self.n_rows)
        self.n_rows += len(frame)
        self.n_null += frame["chars"].null_count()
        frame = frame.drop_nulls("chars")
        self.n_blank += int(frame["blank"].sum())
        frame = frame.filter(~pl.col("blank"))
        self.n_not_annotated += frame["n"].null_count()
        nothing = frame.filter(pl.col("n") == 0)["row"]
        self.rows_without.extend(nothing.head(_SHOWN_ROWS - len(self.rows_without)))
        self._parts.append(frame.select("chars", "n"))

    def lengths(self) -> pl.DataFrame:
        """Return ``chars`` and ``n`` entities of each text that is not blank."""
        if not self._parts:
            return pl.DataFrame(schema={"chars": pl.Int64, "n": pl.Int64})
        return pl.concat(self._parts)


class Windows:
    """What the model had to read, in every so many-th text."""

    def __init__(self, options: TokenOptions, n_rows: int) -> None:
        self.options = options
        self.step = max(1, -(-n_rows // _SAMPLE))
        self._row = 0
        self._parts: list[pl.DataFrame] = []

    def add(self, texts: pl.Series) -> None:
        """Count the windows of the texts of a table that are in the sample."""
        from polars_jslner.pipeline import count_windows

        chosen = texts.gather_every(self.step, -self._row % self.step).drop_nulls()
        self._row += len(texts)
        counts = count_windows(chosen, self.options)
        chars = chosen.str.len_chars().cast(pl.Int64).alias("chars")
        self._parts.append(counts.with_columns(chars).filter(chars > 0))

    def table(self) -> pl.DataFrame:
        """Return ``sentences``, ``tokens``, ``windows`` and ``chars`` of each text."""
        return pl.concat(self._parts)


class Top:
    """The most frequent entities of each label: text of notes.

    Parameters
    ----------
    n
        Entities of a label.
    min_texts
        Texts in which an entity must stand at least.
    """

    def __init__(self, n: int, min_texts: int) -> None:
        self.n = n
        self.min_texts = min_texts
        self._parts: list[pl.DataFrame] = []

    def add(self, entities: pl.DataFrame) -> None:
        """Count the entities of a table, without regard to case and line breaks."""
        plain = pl.col("text").str.to_lowercase().str.replace_all(r"\s+", " ")
        counted = entities.group_by("label", plain.alias("text")).agg(
            n=pl.len().cast(pl.Int64),
            texts=pl.col("row").n_unique().cast(pl.Int64),
        )
        self._parts.append(counted)

    def table(self) -> pl.DataFrame:
        """Return ``label``, ``text``, ``n`` and ``texts``, the most frequent first."""
        if not self._parts:
            return pl.DataFrame(schema={"label": pl.String, "text": pl.String})
        return (
            pl.concat(self._parts)
            .group_by("label", "text")
            .agg(pl.all().sum())
            .filter(pl.col("texts") >= self.min_texts)
            .sort("n", "text", descending=[True, False])
            .group_by("label", maintain_order=True)
            .head(self.n)
        )


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its entities; ``row`` counts from 0 over all files."""

    row: int
    text: str
    entities: pl.Series | None


class Examples:
    """Some texts, spread evenly over the rows.

    Parameters
    ----------
    n
        How many.
    n_rows
        That there are.
    """

    def __init__(self, n: int, n_rows: int) -> None:
        self._due = [i * n_rows // n for i in range(n)] if n else []
        self._row = 0
        self.found: list[Example] = []

    def add(self, texts: pl.Series, entities: pl.Series) -> None:
        """Take the examples of a table: from each on, the next that is not blank."""
        end, at = self._row + len(texts), 0
        if self._due and self._due[0] < end:
            usable = (texts.str.strip_chars() != "").fill_null(value=False).arg_true()
            while self._due and self._due[0] < end:
                at = max(at, self._due[0] - self._row)
                later = usable.filter(usable >= at)
                if later.is_empty():
                    break
                at = int(later[0])
                example = Example(self._row + at, texts[at], entities[at])
                self.found.append(example)
                self._due.pop(0)
                at += 1
        self._row = end


@dataclass(slots=True, eq=False)
class Facts:
    """All that a report tells.

    Attributes
    ----------
    files, records
        Names of the files, and what each says of itself.
    has_texts
        Whether all files hold the texts.
    windows
        None where they cannot be counted, for the reason ``why_no_windows``.
    top, examples
        Text of notes; None where it is not wanted.
    """

    files: list[str]
    records: list[Record | None]
    has_texts: bool
    windows: Windows | None
    why_no_windows: str
    top: Top | None
    examples: Examples | None
    labels: Labels = field(default_factory=Labels)
    texts: Texts = field(default_factory=Texts)

    def add(self, texts: pl.Series | None, entities: pl.Series) -> None:
        """Count a table of texts and their entities.

        Raises
        ------
        InputTypeError
            The entities are none.
        """
        found = _explode(entities)
        self.labels.add(found)
        self.texts.add(texts, entities)
        if self.top is not None:
            self.top.add(found)
        if texts is None:
            return
        if self.windows is not None:
            self.windows.add(texts)
        if self.examples is not None:
            self.examples.add(texts, entities)


def _explode(entities: pl.Series) -> pl.DataFrame:
    """Return the entities of a column: ``row``, ``label``, ``score``, ``text``."""
    dtype = entities.dtype
    inner = dtype.inner if isinstance(dtype, pl.List) else None
    if dtype == pl.Null or inner == pl.Null:
        return pl.DataFrame(schema=_ENTITY)
    names = [f.name for f in inner.fields] if isinstance(inner, pl.Struct) else []
    if "label" not in names:
        msg = (
            f"column {entities.name!r} is {dtype}; List(Struct) with a 'label' is "
            f"needed, as jslner.entities() gives."
        )
        raise InputTypeError(msg)
    scored = inner.to_schema().get("score") if isinstance(inner, pl.Struct) else None
    if scored is not None and not (scored.is_numeric() or scored == pl.Null):
        msg = f"column {entities.name!r}: 'score' is {scored}; a number is needed."
        raise InputTypeError(msg)
    frame = pl.DataFrame({"entity": entities}).with_row_index("row")
    frame = frame.explode("entity").drop_nulls("entity").unnest("entity")
    found = frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None))
        .cast(dtype)
        .alias(name)
        for name, dtype in _ENTITY.items()
    )
    # Files of other systems: no label is shown as in the view, no number is no score.
    return found.with_columns(
        pl.col("label").fill_null("None"), pl.col("score").fill_nan(None)
    )
