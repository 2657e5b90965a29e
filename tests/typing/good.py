"""What users write, which strict type checkers must accept. Nobody runs it."""

# pyright: strict
from __future__ import annotations

from pathlib import Path
from typing import assert_type

import polars as pl

import polars_jslner as jn


def expressions(model: jn.Model, spans: pl.Expr) -> list[pl.Expr]:
    return [
        jn.entities("text"),
        jn.entities(pl.col("text").str.strip_chars(), "clinical_slim"),
        jn.entities("text", model, labels="Drug", exclude={"Header"}),
        jn.entities("text", Path("model"), labels=["Drug"], rename={"Drug": "Med"}),
        jn.entities("text", aggregation="average", sentences="none", min_score=1),
        jn.entities("text", sentences=spans, max_tokens=64, overlap=16),
        jn.entities("text", Path("m"), exact=True, ignore_stop_words=("of",)),
        jn.tokens("text", aggregation="simple"),
        jn.sentences("text", sentences=Path("detector")),
        jn.annotations("text", stage="ner", preserve_position=False),
    ]


def frames(frame: pl.DataFrame, lazy: pl.LazyFrame) -> None:
    assert_type(frame.with_columns(jn.entities("text")), pl.DataFrame)
    assert_type(lazy.select(found=jn.entities("text").list.len()), pl.LazyFrame)
    assert_type(jn.entities("text").alias("found"), pl.Expr)


def models() -> tuple[str, ...]:
    model = jn.load_model("name", language="de", remote_loc="clinical/models")
    assert_type(model, jn.Model)
    assert_type(model.describe(), str)
    assert_type(model.max_tokens, int)
    return model.labels


def jobs() -> int:
    summary = jn.annotate_files(
        Path("notes"), "s3://bucket/out", columns=["id"], shard=(0, 2), labels=["Drug"]
    )
    assert_type(summary, jn.Summary)
    assert_type(summary.failed, tuple[jn.FileReport, ...])
    return summary.rows + sum(file.entities for file in summary.files)


def scores(gold: pl.Series, found: pl.Series) -> float:
    table = jn.evaluate(gold, found, min_support=20)
    assert_type(table, pl.DataFrame)
    return float(table["f1"][-1])


def settings() -> None:
    jn.configure(threads=2, memo_mb=0)
    jn.configure(providers=["CPUExecutionProvider"])
    jn.configure(providers=[("CUDAExecutionProvider", {"device_id": 0})])


def errors() -> str:
    try:
        jn.entities("text", labels=["Durg"])
    except (jn.OptionError, jn.ModelNotFoundError) as error:
        assert_type(error, jn.OptionError | jn.ModelNotFoundError)
        return str(error)
    except jn.JslNerError:
        return ""
    return "no error"


def namespace(frame: pl.DataFrame) -> pl.DataFrame:
    # Registered namespaces are unknown to type checkers, and to them only.
    return frame.select(pl.col("text").jslner.entities())  # type: ignore[attr-defined]
