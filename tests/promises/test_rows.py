"""Promises 1 and 7: one row out for each row in, and errors of our own."""

from __future__ import annotations

import polars as pl
import pytest

import polars_jslner as jn
from polars_jslner import schema

FUNCTIONS = {
    "entities": schema.ENTITIES,
    "tokens": schema.TOKENS,
    "sentences": schema.SENTENCES,
}
SECRET = "Xylophone"


def call(name: str, text: str | pl.Expr, model: str, **options) -> pl.Expr:
    if name != "sentences":
        options["model"] = model
    return getattr(jn, name)(text, **options)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_null_gives_null_and_blank_gives_nothing(name, tiny):
    frame = pl.DataFrame({"text": [None, "", " \n\t ", "He has pain.", None]})
    found = frame.with_columns(call(name, "text", tiny))
    assert found["text"].to_list() == frame["text"].to_list()
    assert found.schema[name] == FUNCTIONS[name]
    rows = found[name].to_list()
    assert rows[:3] == [None, [], []]
    assert len(rows[3]) > 0
    assert rows[4] is None


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("values", [[], [None] * 3, [""] * 3])
@pytest.mark.parametrize("dtype", [pl.String, pl.Null, pl.Categorical])
def test_columns_without_text_need_no_model(name, values, dtype, tiny, monkeypatch):
    if dtype == pl.Null and "" in values:
        values = [None, None, None]
    from polars_jslner.stages import engine

    monkeypatch.setattr(engine, "load_session", None)
    frame = pl.DataFrame({"text": pl.Series(values, dtype=dtype)})
    found = frame.select(call(name, "text", tiny))
    assert found.schema[name] == FUNCTIONS[name]
    expected = [None if value is None else [] for value in values]
    assert found[name].to_list() == expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_series_method_equals_the_expression(name, tiny, passages):
    frame = pl.DataFrame({"note": passages[50:70]})
    expected = frame.select(call(name, "note", tiny)).to_series()
    method = getattr(frame["note"].jslner, name)
    found = method() if name == "sentences" else method(tiny)
    assert found.equals(expected)
    assert found.name == name


def test_text_may_be_any_string_expression(tiny):
    frame = pl.DataFrame({"a": ["He has", None], "b": ["chest pain", "fever"]})
    whole = pl.concat_str("a", "b", separator=" ")
    found = frame.select(jn.entities(whole, tiny))["entities"]
    texts = frame.select(whole.alias("text"))
    assert found.equals(texts.select(jn.entities("text", tiny))["entities"])


def test_default_name_gives_way_to_the_caller(tiny):
    frame = pl.DataFrame({"a": ["chest pain"], "b": ["fever"]})
    both = pl.col("a", "b").jslner.entities(tiny)
    names = frame.with_columns(
        jn.entities("a", tiny).alias("mine"),
        jn.entities("a", tiny).name.suffix("_a"),
        both.name.keep(),
    ).columns
    assert names == ["a", "b", "mine", "entities_a"]


def test_wrong_dtype_is_named_with_the_fix(tiny):
    frame = pl.DataFrame({"text": [1, 2]})
    with pytest.raises(jn.InputTypeError, match=r"Int64.*cast\(pl.String\)"):
        frame.select(jn.entities("text", tiny))
    with pytest.raises(jn.InputTypeError, match="Int64"):
        frame.lazy().select(jn.entities("text", tiny)).collect(engine="streaming")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["Durg"]}, "labels: 'Durg' .*Did you mean 'Drug'"),
        ({"labels": "symptom"}, "Did you mean 'Symptom'"),
        ({"exclude": ["Allergen"]}, "exclude: 'Allergen' .*Did you mean 'Alergen'"),
        ({"rename": {"Drugs": "x"}}, "rename: 'Drugs' .*Did you mean 'Drug'"),
        ({"rename": ["Drug"]}, "mapping"),
        ({"rename": {"Drug": 1}}, "new name of 'Drug' is 1"),
        ({"min_score": 1.5}, "min_score=1.5 .*0 to 1"),
        ({"min_score": "high"}, "min_score='high'"),
        ({"min_score": float("nan")}, "min_score=nan"),
        ({"aggregation": "frist"}, "'frist' .*Did you mean 'first'"),
        ({"sentences": "clinicla"}, "Did you mean 'clinical'"),
        ({"max_tokens": 100_000}, "max_tokens=100000 .*8 and 512"),
        ({"max_tokens": 7}, "max_tokens=7"),
        ({"max_tokens": 2.5}, "whole number"),
        ({"overlap": -1}, "overlap=-1"),
        ({"overlap": 255}, "overlap=255"),
        ({"labels": 5}, "labels=5 is not a list of strings"),
        ({"labels": [5]}, r"labels=\[5\]"),
        ({"sentences": 5}, "sentences is a int"),
        ({"sentences": [(0, 5)]}, "sentences is a list"),
        ({"exact": "no"}, "exact"),
    ],
)
def test_bad_options_fail_when_the_expression_is_built(options, message, tiny):
    with pytest.raises(jn.OptionError, match=message):
        jn.entities("text", tiny, **options)
    with pytest.raises(jn.OptionError, match=message):
        pl.col("text").jslner.entities(tiny, **options)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_text_must_be_a_column(name, tiny):
    with pytest.raises(jn.InputTypeError, match=rf"list.*series.jslner.{name}\(\)"):
        call(name, ["chest pain"], tiny)


def spans_column(*rows):
    dtype = pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64}))
    spans = [
        None if row is None else [{"start": a, "end": b} for a, b in row]
        for row in rows
    ]
    return pl.Series("spans", spans, dtype=dtype)


@pytest.mark.parametrize(
    "wrong", [(0, 99), (-1, 3), (3, 2), (None, 3), (0, None), (99, 100)]
)
def test_sentence_outside_its_text_is_reported_by_row(wrong, tiny):
    text = pl.Series("text", ["ok", SECRET, SECRET])
    spans = spans_column([(0, 2)], [(0, 3)], [(0, 3), wrong])
    frame = pl.DataFrame([text, spans])
    with pytest.raises(jn.OptionError, match="row 2") as caught:
        frame.select(jn.entities("text", tiny, sentences=pl.col("spans")))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "dtype",
    [
        pl.String,
        pl.List(pl.Int64),
        pl.List(pl.Struct({"start": pl.Int64})),
        pl.List(pl.Struct({"start": pl.Float64, "end": pl.Float64})),
    ],
)
def test_sentences_of_another_dtype_are_refused(dtype, tiny):
    frame = pl.DataFrame(
        {"text": pl.Series([SECRET]), "spans": pl.Series([None], dtype=dtype)}
    )
    with pytest.raises(jn.InputTypeError, match="'start' and 'end'"):
        frame.select(jn.entities("text", tiny, sentences=pl.col("spans")))


def test_own_sentences_are_used_as_given(tiny, passages):
    frame = pl.DataFrame({"text": [*passages, None, "pain"]})
    own = frame.with_columns(jn.sentences("text"))
    own = own.with_columns(pl.col("sentences").fill_null([]))
    found = own.select(
        ours=jn.tokens("text", tiny),
        given=jn.tokens("text", tiny, sentences=pl.col("sentences")),
        series=frame["text"].jslner.tokens(tiny, sentences=own["sentences"]),
    )
    assert found["given"].equals(found["ours"])
    assert found["series"].equals(found["ours"])


def test_null_sentences_give_null_and_empty_ones_count(tiny):
    text = pl.Series("text", ["He has pain.", "He has pain.", None])
    spans = spans_column(None, [(0, 0), (7, 12)], [(0, 5)])
    found = text.jslner.tokens(tiny, sentences=spans).to_list()
    assert found[0] is None
    assert found[2] is None
    assert {token["sentence"] for token in found[1]} == {1}
    assert "".join(token["text"] for token in found[1]) == "pain."


def test_labels_exclude_min_score_and_rename(tiny, passages):
    frame = pl.DataFrame({"text": passages})

    def found(**options):
        rows = frame.select(jn.entities("text", tiny, **options)).to_series()
        return rows.explode().drop_nulls().struct.unnest()

    everything = found()
    assert everything.height > 200
    drugs = everything.filter(pl.col("label") == "Drug")
    assert 0 < drugs.height < everything.height
    assert found(labels="Drug").equals(drugs)
    assert found(labels=["Drug", "Test"], exclude="Test").equals(drugs)
    assert found(exclude=["Drug"]).equals(everything.filter(pl.col("label") != "Drug"))
    sure = everything.filter(pl.col("score") >= pl.lit(0.9, pl.Float32))
    assert 0 < sure.height < everything.height
    assert found(min_score=0.9).equals(sure)
    renamed = found(rename={"Drug": "Medication", "Test": "Medication"})
    medication = pl.col("label").replace({"Drug": "Medication", "Test": "Medication"})
    assert renamed.equals(everything.with_columns(medication))
    assert found(labels=[]).height == 0
