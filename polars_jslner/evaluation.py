"""Scores of predicted entities against annotated ones."""

from __future__ import annotations

import polars as pl

from polars_jslner.config import whole_number
from polars_jslner.errors import InputTypeError

MICRO, MACRO = "micro average", "macro average"

_PLACE = ("start", "end")
_KEY = ["row", "label", *_PLACE]


def evaluate(
    gold: pl.Series, predicted: pl.Series, *, min_support: int = 0
) -> pl.DataFrame:
    """Score predicted entities against annotated ones.

    Parameters
    ----------
    gold, predicted
        Entities of each text, List(Struct) with ``label``, ``start`` and ``end`` at
        least, as `entities` gives them. A row whose gold is null is not annotated and
        left out; a null prediction counts as no entities. An entity that stands twice
        in a row counts once.
    min_support
        The macro average is taken over labels with at least so many gold entities;
        0 takes in every label that occurs in either column.

    Returns
    -------
    DataFrame
        A row for each label in alphabetic order, then ``micro average`` and ``macro
        average``: ``label``; ``support`` and ``predicted``, the number of entities;
        ``precision``, ``recall`` and ``f1`` of exact matches (same label, start and
        end), as CoNLL 2003 and seqeval count them; ``overlap_precision``,
        ``overlap_recall`` and ``overlap_f1``, where an entity is right as soon as one
        of the same label shares a character with it. Scores are in [0, 1], Float64, and
        0 where nothing could be counted.

    Raises
    ------
    InputTypeError
        One is no series or has another dtype, the two have different lengths, or an
        entity's label, start or end is null.
    OptionError
        ``min_support`` is no whole number from 0 up.

    Examples
    --------
    >>> import polars as pl
    >>> import polars_jslner as jn
    >>> span = {"label": "Drug", "start": 0, "end": 7}
    >>> longer = {"label": "Drug", "start": 0, "end": 13}
    >>> scores = jn.evaluate(pl.Series([[span], [span]]), pl.Series([[span], [longer]]))
    >>> scores.select("label", "f1", "overlap_f1").row(0)
    ('Drug', 0.5, 1.0)
    """
    whole_number("min_support", min_support, 0)
    for name, series in (("gold", gold), ("predicted", predicted)):
        _check(name, series)
    if len(gold) != len(predicted):
        msg = (
            f"gold has {len(gold)} rows and predicted {len(predicted)}; they must be "
            f"the entities of the same texts in the same order."
        )
        raise InputTypeError(msg)
    annotated = gold.is_not_null()
    wanted = _entities("gold", gold.filter(annotated))
    found = _entities("predicted", predicted.filter(annotated))
    exact = wanted.join(found, on=_KEY, how="semi")
    counts = (
        pl.concat([wanted["label"], found["label"]])
        .unique()
        .sort()
        .to_frame()
        .pipe(_count, wanted, "support")
        .pipe(_count, found, "predicted")
        .pipe(_count, exact, "exact")
        .pipe(_count, _overlapping(found, wanted), "found_overlapping")
        .pipe(_count, _overlapping(wanted, found), "gold_overlapping")
    )
    numbers = pl.exclude("label")
    micro = counts.select(pl.lit(MICRO).alias("label"), numbers.sum())
    scores = _scores(pl.concat([counts, micro]))
    supported = scores.filter(
        pl.col("label") != MICRO, pl.col("support") >= min_support
    )
    macro = supported.select(
        pl.lit(MACRO).alias("label"),
        pl.col("support", "predicted").sum(),
        pl.exclude("label", "support", "predicted").mean().fill_null(0.0),
    )
    return pl.concat([scores, macro])


def _check(name: str, series: object) -> None:
    """Raise an InputTypeError unless ``series`` holds entities, or nothing."""
    if not isinstance(series, pl.Series):
        msg = (
            f"{name} is a {type(series).__name__}; a Polars Series of entities is "
            f"needed, such as df['entities']."
        )
        raise InputTypeError(msg)
    if _is_empty(series):
        return
    inner = series.dtype.inner if isinstance(series.dtype, pl.List) else None
    fields = dict(inner) if isinstance(inner, pl.Struct) else {}
    labels = (pl.String, pl.Categorical, pl.Enum)
    if not (
        isinstance(fields.get("label"), labels)
        and all(place in fields and fields[place].is_integer() for place in _PLACE)
    ):
        msg = (
            f"{name} is {series.dtype}; List(Struct) with the string 'label' and the "
            f"whole numbers 'start' and 'end' is needed, as jslner.entities() gives."
        )
        raise InputTypeError(msg)


def _is_empty(series: pl.Series) -> bool:
    """Return whether a series has a dtype without entities."""
    return series.dtype in (pl.Null, pl.List(pl.Null))


def _entities(name: str, series: pl.Series) -> pl.DataFrame:
    """Return the distinct entities of a column, with the row that each stands in."""
    if _is_empty(series):
        return pl.DataFrame(
            schema={
                "row": pl.UInt32,
                "label": pl.String,
                "start": pl.Int64,
                "end": pl.Int64,
            }
        )
    found = (
        pl.DataFrame({"entity": series})
        .with_row_index("row")
        .explode("entity")
        .drop_nulls("entity")
        .select(
            pl.col("row").cast(pl.UInt32),
            pl.col("entity").struct.field("label").cast(pl.String),
            pl.col("entity").struct.field(*_PLACE).cast(pl.Int64),
        )
        .unique()
    )
    n_nulls = found.filter(pl.any_horizontal(pl.all().is_null())).height
    if n_nulls:
        msg = f"{name} has {n_nulls} entities whose label, start or end is null."
        raise InputTypeError(msg)
    return found


def _overlapping(spans: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return the spans that share a character with another of the same label."""
    pairs = spans.join(others, on=["row", "label"])
    shared = (pl.col("start") < pl.col("end_right")) & (
        pl.col("start_right") < pl.col("end")
    )
    return pairs.filter(shared).unique(_KEY)


def _count(labels: pl.DataFrame, spans: pl.DataFrame, name: str) -> pl.DataFrame:
    counted = spans.group_by("label").agg(pl.len().cast(pl.Int64).alias(name))
    joined = labels.join(counted, on="label", how="left", maintain_order="left")
    return joined.with_columns(pl.col(name).fill_null(0))


def _scores(counts: pl.DataFrame) -> pl.DataFrame:
    def ratio(part: str, whole: str) -> pl.Expr:
        share = pl.col(part) / pl.col(whole)
        return pl.when(pl.col(whole) > 0).then(share).otherwise(0.0)

    def f1(precision: str, recall: str) -> pl.Expr:
        p, r = pl.col(precision), pl.col(recall)
        return pl.when(p + r > 0).then(2 * p * r / (p + r)).otherwise(0.0)

    return counts.select(
        "label",
        "support",
        "predicted",
        ratio("exact", "predicted").alias("precision"),
        ratio("exact", "support").alias("recall"),
        ratio("found_overlapping", "predicted").alias("overlap_precision"),
        ratio("gold_overlapping", "support").alias("overlap_recall"),
    ).select(
        "label",
        "support",
        "predicted",
        "precision",
        "recall",
        f1("precision", "recall").alias("f1"),
        "overlap_precision",
        "overlap_recall",
        f1("overlap_precision", "overlap_recall").alias("overlap_f1"),
    )
