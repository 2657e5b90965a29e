"""DuckDB gives the local result; NULL in, NULL out."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest

import polars_jslner as jn
from polars_jslner.duckdb import register


@pytest.fixture
def con(tiny):
    with duckdb.connect() as connection:
        register(connection, model=tiny)
        yield connection


@pytest.mark.parametrize("rows", [3, 1000])
def test_same_as_local(con, notes, check, rows):
    parts = " union all ".join(
        f"select * from (from notes limit {rows} offset {first})"
        for first in range(0, len(notes), rows)[:50]
    )
    if rows == 1000:
        parts = "from notes"
    found = con.sql(f"select id, jslner_entities(text) entities from ({parts})").pl()
    if rows == 1000:
        check(found)
    else:
        assert len(found) == 150


def test_type_and_null(con):
    query = (
        "select jslner_entities(t) e from (values (null), (''), ('chest pain')) v(t)"
    )
    relation = con.sql(query)
    assert str(relation.types[0]) == (
        'STRUCT("text" VARCHAR, "label" VARCHAR, "start" UINTEGER, "end" UINTEGER, '
        "score FLOAT, sentence UINTEGER)[]"
    )
    rows = [row[0] for row in relation.fetchall()]
    assert rows[:2] == [None, []]
    assert con.sql("select jslner_entities(null)").fetchall() == [(None,)]


def test_sql_over_entities(con, notes, expected):
    found = con.sql(
        "select e.label, count(*) from (select unnest(jslner_entities(text)) e "
        "from notes) group by 1"
    ).fetchall()
    counts = expected.explode().drop_nulls().struct.field("label").value_counts()
    assert dict(found) == dict(counts.iter_rows())


def test_options_names_and_functions(con, tiny):
    register(con, model=tiny, labels=["Drug"])  # in place of the other
    register(con, name="words", model=tiny, find="tokens")
    register(con, find="sentences")
    register(con, model=tiny, find="annotations")
    row = con.sql(
        "select jslner_entities(t), words(t), jslner_sentences(t), "
        "jslner_annotations(t) from (select 'Takes aspirin. No pain.' t)"
    ).fetchall()[0]
    text = pl.Series(["Takes aspirin. No pain."])
    here = (
        text.jslner.entities(tiny, labels=["Drug"]),
        text.jslner.tokens(tiny),
        text.jslner.sentences(),
        text.jslner.annotations(tiny),
    )
    assert [len(found) for found in row] == [len(found[0]) for found in here]
    assert [s["text"] for s in row[2]] == ["Takes aspirin.", "No pain."]
    assert row[3] == here[3].to_list()[0]


def test_a_cursor_of_another_thread_knows_it(con):
    assert con.cursor().sql("select jslner_entities('')").fetchall() == [([],)]


def test_replaced_in_a_transaction_that_is_rolled_back(con, tiny):
    query = "select jslner_entities('Takes aspirin. No pain.')"
    before = con.sql(query).fetchall()
    assert before != [([],)]
    con.begin()
    register(con, model=tiny, labels=[])
    assert con.sql(query).fetchall() == [([],)]
    con.rollback()
    assert con.sql(query).fetchall() == before
    register(con, model=tiny, labels=[])
    assert con.sql(query).fetchall() == [([],)]


def test_registered_in_a_transaction_that_is_rolled_back(con, tiny):
    for name in ("fresh", "fresh"):
        con.begin()
        register(con, name=name, model=tiny)
        con.rollback()
    register(con, name="fresh", model=tiny)
    assert con.sql("select fresh('')").fetchall() == [([],)]
    register(con, name="fresh", model=tiny)


def test_a_function_of_others_is_not_replaced(con, tiny):
    for connection, name in ((con.cursor(), "jslner_entities"), (con, "lower")):
        with pytest.raises(jn.OptionError, match="did not register"):
            register(connection, name=name, model=tiny)
    assert con.sql("select jslner_entities('')").fetchall() == [([],)]


def test_mistakes(con, tiny):
    for nothing in (None, "notes.db", con.sql("select 1")):
        with pytest.raises(jn.InputTypeError, match=r"duckdb\.connect\(\)"):
            register(nothing, model=tiny)
    for name in ("", 5):
        with pytest.raises(jn.OptionError, match="no name of a function"):
            register(con, model=tiny, name=name)
    with pytest.raises(jn.OptionError, match="Did you mean 'labels'"):
        register(con, model=tiny, lables=["Drug"])
    with pytest.raises(jn.OptionError, match="no column of spans"):
        register(con, model=tiny, sentences=pl.col("spans"))
    with pytest.raises(duckdb.BinderException):
        con.sql("select jslner_entities(text, text) from (select 'a' as text)")
