"""Arrow data in, the same kind of thing out, and the local result in it."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_series_equal

import polars_jslner as jn
from polars_jslner import arrow, schema

TYPES = [
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.dictionary(pa.int16(), pa.string()),
    pa.dictionary(pa.int32(), pa.large_string()),
    pa.dictionary(pa.uint32(), pa.string_view()),
]
FUNCTIONS = ("entities", "tokens", "sentences", "annotations")


@pytest.fixture(scope="module")
def texts(passages):
    return [*passages, None, "", "😀 chest pain 👩🏽‍⚕️", None, *passages[:9]]


@pytest.fixture(scope="module")
def table(texts):
    table = pa.table({"id": range(len(texts)), "text": texts})
    return table.replace_schema_metadata({"source": "ward 7"})


def local(table, tiny, find="entities", **options):
    frame = pl.DataFrame({"text": table["text"].to_pylist()}, {"text": pl.String})
    given = options if find == "sentences" else {"model": tiny, **options}
    return frame.select(getattr(jn, find)("text", **given)).to_series()


def check(found, table, tiny, find="entities", **options):
    """Check a pyarrow object against the local result."""
    found.validate(full=True)
    assert found.schema.names == [*table.schema.names, find]
    for name in table.schema.names:
        assert found[name].equals(table[name])
    expected = local(table, tiny, find, **options)
    column = pl.Series(find, found[find])
    assert_series_equal(column, expected, abs_tol=1e-4, rel_tol=0)


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_every_type_of_text(table, tiny, kind):
    column = table["text"].combine_chunks()
    if pa.types.is_dictionary(kind):
        encoded = column.dictionary_encode()
        column = pa.DictionaryArray.from_arrays(
            encoded.indices.cast(kind.index_type),
            encoded.dictionary.cast(kind.value_type),
        )
    else:
        column = column.cast(kind)
    table = table.set_column(1, "text", column)
    found = arrow.annotate(table, model=tiny)
    assert isinstance(found, pa.Table)
    check(found, table, tiny)
    assert found.schema.field("text").type == kind
    assert found.schema.metadata == {b"source": b"ward 7"}


def test_nulls_without_a_type(tiny):
    found = arrow.annotate(pa.table({"text": pa.nulls(3)}), model=tiny)
    assert found["entities"].to_pylist() == [None] * 3


@pytest.mark.parametrize("find", FUNCTIONS)
def test_every_function(table, tiny, find):
    check(arrow.annotate(table, model=tiny, find=find), table, tiny, find)


def test_options_are_those_of_the_function(table, tiny):
    options = {"labels": ["Drug", "Symptom"], "rename": {"Drug": "Med"}}
    found = arrow.annotate(table, model=tiny, min_score=0.1, **options)
    check(found, table, tiny, min_score=0.1, **options)


def test_sentences_from_a_column(table, tiny):
    spans = local(table, tiny, "sentences")
    table = table.append_column("spans", pa.array(spans.to_arrow()))
    found = arrow.annotate(table, model=tiny, sentences=pl.col("spans"))
    frame = pl.DataFrame(table)
    expected = frame.select(jn.entities("text", tiny, sentences=pl.col("spans")))
    column = pl.Series("entities", found["entities"])
    assert_series_equal(column, expected.to_series(), abs_tol=1e-4, rel_tol=0)


@pytest.mark.parametrize("cut", [slice(3, 40), slice(0, 0), slice(105, None)])
def test_slices(table, tiny, cut):
    part = table[cut]
    check(arrow.annotate(part, model=tiny), part, tiny)


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_batches_keep_their_boundaries(table, tiny, rows):
    batches = table.to_batches(rows)
    batches.insert(1, batches[0].slice(0, 0))
    found = list(arrow.annotate_batches(iter(batches), model=tiny))
    assert [len(batch) for batch in found] == [len(batch) for batch in batches]
    check(pa.Table.from_batches(found), table, tiny)


def test_batches_of_different_schemas(table, tiny):
    first, *_ = table.to_batches()
    other = first.append_column("n", pa.array(range(len(first))))
    found = list(arrow.annotate_batches([first, other, first], model=tiny))
    assert [b.num_columns for b in found] == [3, 4, 3]
    assert found[0].equals(found[2])


def test_batches_of_a_table(table, tiny):
    found = list(arrow.annotate_batches(table, model=tiny))
    assert pa.Table.from_batches(found).equals(arrow.annotate(table, model=tiny))


def test_no_batches_at_all(tiny):
    assert list(arrow.annotate_batches([], model=tiny)) == []
    empty = pa.table({"text": pa.array([], pa.string())})
    found = arrow.annotate(pa.table(empty.to_reader()), model=tiny)
    assert found.schema.names == ["text", "entities"]


def test_batches_are_read_as_the_result_is(table, tiny, monkeypatch):
    monkeypatch.setattr(arrow, "GROUP_BYTES", 500)
    read = []

    def batches():
        for batch in table.to_batches(2):
            read.append(batch)
            yield batch

    found = arrow.annotate_batches(batches(), model=tiny)
    assert read == []
    next(found)
    assert 0 < sum(batch["text"].nbytes for batch in read[:-1]) < 500
    assert len(list(found)) == len(read) - 1


def test_record_batch(table, tiny):
    batch = table.combine_chunks().to_batches()[0]
    found = arrow.annotate(batch, model=tiny)
    assert isinstance(found, pa.RecordBatch)
    check(pa.table(found), table, tiny)
    assert len(arrow.annotate(batch.slice(0, 0), model=tiny)) == 0


def test_reader_is_read_as_its_result_is(table, tiny):
    found = arrow.annotate(table.to_reader(10), model=tiny)
    assert isinstance(found, pa.RecordBatchReader)
    check(found.read_all(), table, tiny)


def test_polars_frame(table, tiny):
    categories = pl.col("text").cast(pl.Categorical).alias("again")
    frame = pl.DataFrame(table).with_columns(categories)
    for text in ("text", "again"):
        found = arrow.annotate(frame, text=text, model=tiny)
        expected = frame.with_columns(jn.entities(text, tiny))
        assert found.schema == expected.schema
        assert_series_equal(
            found["entities"], expected["entities"], abs_tol=1e-4, rel_tol=0
        )
        assert found.drop("entities").equals(frame)


class Stream:
    """What a library that we do not know has."""

    def __init__(self, data):
        self._data = data

    def __arrow_c_stream__(self, requested_schema=None):
        return self._data.__arrow_c_stream__(requested_schema)


class Array:
    def __init__(self, data):
        self._data = data

    def __arrow_c_array__(self, requested_schema=None):
        return self._data.__arrow_c_array__(requested_schema)


class Rebuilt(Stream):
    @classmethod
    def from_arrow(cls, data):
        return cls(pa.table(data))


def test_other_libraries(table, tiny):
    batch = table.combine_chunks().to_batches()[0]
    for data in (Stream(table), Array(batch)):
        found = arrow.annotate(data, model=tiny)
        assert type(found) is pa.Table
        check(found, table, tiny)
    rebuilt = arrow.annotate(Rebuilt(table), model=tiny)
    assert type(rebuilt) is Rebuilt
    check(pa.table(rebuilt), table, tiny)
    found = list(arrow.annotate_batches([Array(batch)], model=tiny))
    check(pa.Table.from_batches(found), table, tiny)


def nested(kind):
    """Return the names of all types within a type."""
    names = [str(kind).partition("<")[0]]
    for i in range(kind.num_fields):
        names += nested(kind.field(i).type)
    return names


@pytest.mark.parametrize("find", FUNCTIONS)
def test_types_that_spark_can_hold(table, tiny, find):
    found = arrow.annotate(table, model=tiny, find=find, compat="spark")
    found.validate(full=True)
    kind = found.schema.field(find).type
    assert set(nested(kind)) <= {"list", "struct", "string", "int32", "float", "map"}
    expected = local(table, tiny, find).to_list()
    rows = found[find].to_pylist(maps_as_pydicts="strict")
    assert [row is None for row in rows] == [row is None for row in expected]
    for row, other in zip(rows, expected, strict=True):
        for value, wanted in zip(row or [], other or [], strict=True):
            if find == "annotations":
                pairs = wanted.pop("metadata")
                metadata = value.pop("metadata")
                sure = float(metadata.pop("confidence"))
                pairs = {pair["key"]: pair["value"] for pair in pairs}
                assert sure == pytest.approx(float(pairs.pop("confidence")), abs=1e-4)
                assert metadata == pairs
            score = value.pop("score", None)
            assert score == pytest.approx(wanted.pop("score", None), abs=1e-4)
            assert value == wanted


def test_spark_schema_is_the_documented_one():
    entity = "text: string, label: string, start: int32, end: int32, score: float"
    assert str(schema.arrow_type(schema.ENTITIES, "spark")).startswith(
        f"list<item: struct<{entity}, sentence: int32>"
    )
    assert str(schema.arrow_type(schema.ANNOTATIONS, "spark")) == (
        "list<item: struct<annotatorType: string, begin: int32 not null, "
        "end: int32 not null, result: string, metadata: map<string, string>, "
        "embeddings: list<item: float not null>>>"
    )


def test_it_pickles(table, tiny):
    column = arrow.arrow_column("text", tiny, None, "entities", "spark", {})
    again = pickle.loads(pickle.dumps(column))
    assert again.find(table).equals(column.find(table))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"text": "tekst"}, jn.InputTypeError, "no column 'tekst'.*Did you mean 'te"),
        ({"text": "id"}, jn.InputTypeError, "'id' is int64; strings"),
        ({"output": "id"}, jn.InputTypeError, "column 'id' already"),
        ({"output": ""}, jn.OptionError, "output='' is not the name"),
        ({"find": "entity"}, jn.OptionError, "Did you mean 'entities'"),
        ({"compat": "hive"}, jn.OptionError, "compat='hive'"),
        ({"lables": []}, jn.OptionError, "no option 'lables'. Did you mean 'labels'"),
        ({"stage": "ner"}, jn.OptionError, "no option 'stage'"),
        ({"labels": ["Durg"]}, jn.OptionError, "Did you mean 'Drug'"),
        ({"model": "nowhere"}, jn.ModelNotFoundError, "nowhere"),
    ],
)
def test_mistakes_in_a_call(table, tiny, options, error, message):
    with pytest.raises(error, match=message):
        arrow.annotate(table, **{"model": tiny, **options})
    if error is not jn.InputTypeError:  # before any batch is read
        with pytest.raises(error, match=message):
            arrow.annotate_batches(iter([]), **{"model": tiny, **options})


@pytest.mark.parametrize(
    "data",
    [["chest pain"], pl.LazyFrame(), pl.Series(["a"]), pa.array(["a"]), None],
    ids=["list", "LazyFrame", "Series", "Array", "None"],
)
def test_what_is_no_table(data, tiny):
    with pytest.raises(jn.InputTypeError, match="no table"):
        arrow.annotate(data, model=tiny)


def test_what_holds_no_batches_is_told_at_once(tiny):
    with pytest.raises(jn.InputTypeError, match="NoneType is no table"):
        arrow.annotate_batches(None, model=tiny)


def test_two_columns_of_a_name(table, tiny):
    twice = pa.Table.from_arrays([table["text"]] * 2, ["text", "text"])
    with pytest.raises(jn.InputTypeError, match="more than one column 'text'"):
        arrow.annotate(twice, model=tiny)


def test_bytes_that_are_no_text_are_refused_and_not_quoted(tiny):
    offsets = pa.array([0, 6, 8], pa.int32()).buffers()[1]
    data = pa.py_buffer(b"secret\xff\xfe")
    broken = pa.StringArray.from_buffers(2, offsets, data)
    with pytest.raises(jn.InputTypeError, match="not valid UTF-8") as caught:
        arrow.annotate(pa.table({"text": broken}), model=tiny)
    assert "secret" not in str(caught.value)


def test_options_are_typed_as_those_of_the_functions():
    known = set()
    for name in FUNCTIONS:
        known |= set(inspect.signature(getattr(jn, name)).parameters)
    assert known - {"text", "model"} == set(arrow.Options.__annotations__)


ENGINES = ("pyspark", "ray", "duckdb", "pandas", "nanoarrow", "onnxruntime", "numba")
IMPORT = """
import sys
import polars_jslner.arrow, polars_jslner.spark, polars_jslner.ray, polars_jslner.duckdb
print([m for m in {engines!r} if m in sys.modules])
"""


def test_engines_are_imported_when_they_are_used():
    code = IMPORT.format(engines=ENGINES)
    run = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("package", "extra", "call"),
    [
        ("pyspark", "spark", "from polars_jslner.spark import entities; entities(1)"),
        ("ray", "ray", "from polars_jslner.ray import Entities; Entities()"),
        ("duckdb", "duckdb", "from polars_jslner.duckdb import register; register(1)"),
    ],
)
def test_a_missing_engine_names_its_extra(package, extra, call):
    code = f"import sys; sys.modules[{package!r}] = None; {call}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        f"polars_jslner.errors.MissingExtraError: {package} is not installed. "
        f"Install it with `pip install 'polars-jslner[{extra}]'`."
    )
