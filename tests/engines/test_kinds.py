"""The kinds of tables that other libraries have come out as they went in."""

from __future__ import annotations

import duckdb
import nanoarrow
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from arro3 import core as arro3

import polars_jslner as jn
from polars_jslner import arrow


@pytest.fixture(scope="module")
def table(notes):
    return notes.to_arrow(compat_level=pl.CompatLevel.oldest())


@pytest.mark.parametrize(
    "kind",
    [
        nanoarrow.Array,
        nanoarrow.ArrayStream,
        arro3.Table.from_arrow,
        arro3.RecordBatchReader.from_arrow,
    ],
)
def test_streams(table, tiny, check, kind):
    data = kind(table)
    found = arrow.annotate(data, model=tiny)
    assert type(found) is type(data)
    check(pl.DataFrame(pa.RecordBatchReader.from_stream(found).read_all()))


def test_arro3_batch(table, tiny, check):
    batch = arro3.RecordBatch.from_arrow(table.combine_chunks().to_batches()[0])
    found = arrow.annotate(batch, model=tiny)
    assert type(found) is arro3.RecordBatch
    check(pl.DataFrame(pa.table(pa.record_batch(found))))


@pytest.mark.parametrize("dtype", ["str", "object", "string[pyarrow]", "category"])
def test_pandas(table, tiny, check, dtype):
    frame = table.to_pandas().astype({"text": dtype})
    frame["anything"] = [object()] * len(frame)  # what Arrow cannot hold stays as it is
    frame.index = frame.index[::-1] + 5
    frame.attrs["source"] = "ward 7"
    found = arrow.annotate(frame, model=tiny)
    pd.testing.assert_frame_equal(found.drop(columns="entities"), frame)
    assert found.attrs == {"source": "ward 7"}
    assert list(frame.columns) == ["id", "text", "anything"]
    part = pa.table({"id": found["id"].array, "entities": pa.array(found["entities"])})
    check(pl.DataFrame(part))


def test_pandas_slices_and_empty(table, tiny):
    frame = table.to_pandas()
    assert list(arrow.annotate(frame[0:0], model=tiny).columns)[-1] == "entities"
    part = arrow.annotate(frame[5:50:3], model=tiny)
    assert list(part.index) == list(range(5, 50, 3))
    assert str(
        arrow.annotate(frame[:3], model=tiny, compat="spark").dtypes.iloc[-1]
    ) == (
        "list<item: struct<text: string, label: string, start: int32, end: int32, "
        "score: float, sentence: int32>>[pyarrow]"
    )


def test_pandas_with_something_else_is_not_quoted(tiny):
    for odd in (1.5, 7, b"\xff", ["secret"], "secret \ud800"):
        frame = pd.DataFrame({"text": pd.Series(["secret", odd], dtype=object)})
        with pytest.raises(jn.InputTypeError, match="column 'text'") as caught:
            arrow.annotate(frame, model=tiny)
        assert "secret" not in str(caught.value)
        assert caught.value.__context__ is None  # Unicode's error has the whole text
    with pytest.raises(jn.InputTypeError, match="no table"):
        arrow.annotate(pd.Series(["secret"]), model=tiny)


def test_pandas_without_any_text(tiny):
    frame = pd.DataFrame({"text": [float("nan")] * 2})  # as read_csv gives it
    assert arrow.annotate(frame, model=tiny)["entities"].isna().all()


def test_nanoarrow_structures(table, tiny, check):
    given = nanoarrow.c_array_stream(table)
    found = arrow.annotate(given, model=tiny)
    assert isinstance(found, pa.Table)
    check(pl.DataFrame(found))


def test_duckdb_relation_whose_connection_is_locked(table, tiny):
    with duckdb.connect() as con:
        con.from_arrow(table).create("notes")
        con.execute("set python_enable_replacements=false")
        with pytest.raises(jn.InputTypeError, match="python_enable_replacements"):
            arrow.annotate(con.sql("from notes"), model=tiny)


def test_duckdb_names_are_the_same_in_capitals(tiny):
    with duckdb.connect() as con:
        relation = con.sql("select 'aspirin' as text, 1 as Entities")
        with pytest.raises(jn.InputTypeError, match="a column 'Entities' already"):
            arrow.annotate(relation, model=tiny)


def test_duckdb_relation(table, tiny, check):
    with duckdb.connect() as con:
        con.from_arrow(table).create("notes")
        found = arrow.annotate(con.sql("from notes"), model=tiny)
        assert isinstance(found, duckdb.DuckDBPyRelation)
        again = con.sql("select n.id, entities from found join notes n using (id)")
        check(again.pl())
