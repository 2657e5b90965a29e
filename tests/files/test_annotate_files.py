"""What comes out of a job that nothing disturbs."""

from __future__ import annotations

import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

import polars_jslner as jn
from polars_jslner.files import readers
from tests.files import jobs


def run(source, destination, model=jobs.MODEL, **options):
    return jn.annotate_files(
        source, destination, model=model, progress=False, **options
    )


def test_real_model_gives_what_the_expression_gives(tmp_path, tiny, passages):
    notes = pl.DataFrame({"id": range(len(passages)), "text": passages})
    notes.write_parquet(tmp_path / "a.parquet", row_group_size=40)
    summary = run(tmp_path / "a.parquet", tmp_path / "out", tiny, min_score=0.3)
    found = pl.read_parquet(tmp_path / "out" / "a.parquet")
    expected = notes.with_columns(jn.entities("text", tiny, min_score=0.3))
    assert found.drop("entities").equals(notes)
    flat = [
        f.drop("text").explode("entities").unnest("entities") for f in (found, expected)
    ]
    assert_frame_equal(*flat, abs_tol=1e-4)
    assert summary.rows == len(notes)
    assert summary.entities == expected["entities"].list.len().sum()
    assert pq.ParquetFile(tmp_path / "out" / "a.parquet").num_row_groups == 3


def test_folders_order_and_columns_are_kept(source, tmp_path, quick_model):
    summary = run(source, tmp_path / "out")
    files = ["large.parquet", "year=2024", "year=2024/small.parquet"]
    assert jobs.everything(tmp_path / "out") == files
    assert [file.status for file in summary.files] == ["done", "done"]
    for name in ("large.parquet", "year=2024/small.parquet"):
        options = {"hive_partitioning": False}
        before = pl.read_parquet(source / name, **options)
        after = pl.read_parquet(tmp_path / "out" / name, **options)
        assert after.equals(
            before.with_columns(jobs.capitals("text").alias("entities"))
        )


def test_result_can_be_scanned_as_a_folder(source, tmp_path, quick_model):
    run(source, tmp_path / "out")
    (tmp_path / "out" / "large.parquet").unlink()
    assert len(pl.scan_parquet(tmp_path / "out").collect()) == 5


def test_types_and_metadata_that_polars_does_not_know_are_kept(tmp_path, quick_model):
    schema = pa.schema(
        [
            pa.field("text", pa.string(), metadata={"a": "b"}),
            pa.field("kind", pa.dictionary(pa.int8(), pa.string())),
            pa.field("price", pa.decimal128(9, 2), nullable=False),
            pa.field("map", pa.map_(pa.string(), pa.int32())),
        ],
        metadata={"owner": "ward 3"},
    )
    rows = [{"text": "ECG", "kind": "x", "price": 1, "map": [("k", 1)]}]
    table = pa.Table.from_pylist(rows, schema)
    pq.write_table(table, tmp_path / "a.parquet")
    run(tmp_path / "a.parquet", tmp_path / "out")
    found = pq.read_table(tmp_path / "out" / "a.parquet")
    assert found.drop_columns("entities").equals(pq.read_table(tmp_path / "a.parquet"))
    for field in schema:
        assert found.schema.field(field.name).equals(field, check_metadata=False)
    assert found.schema.field("text").metadata[b"a"] == b"b"
    assert found.schema.metadata[b"owner"] == b"ward 3"


def test_metadata_says_how_the_file_was_made(source, tmp_path, quick_model):
    run(source, tmp_path / "out", labels=["Word"])
    schema = pq.read_schema(tmp_path / "out" / "large.parquet")
    record = json.loads(schema.metadata[b"polars_jslner"])
    assert record["version"] == jn.__version__
    assert record["model"]["name"] == "bert-cased"
    assert len(record["model"]["sha256"]) == 64
    assert record["options"] == {
        "text": "text",
        "explode": False,
        "output": "entities",
        "labels": ["Word"],
    }
    assert record["source"]["size"] == (source / "large.parquet").stat().st_size
    assert record["rows"] == 60


def test_chosen_columns_and_output_name(source, tmp_path, quick_model):
    file = source / "large.parquet"
    run(file, tmp_path / "out", columns=["n", "id"], output="found")
    found = pl.read_parquet(tmp_path / "out" / "large.parquet")
    assert found.columns == ["n", "id", "found"]


def test_no_other_column(source, tmp_path, quick_model):
    run(source / "large.parquet", tmp_path / "out", columns=[])
    found = pl.read_parquet(tmp_path / "out" / "large.parquet")
    assert found.columns == ["entities"]
    assert len(found) == len(pl.read_parquet(source / "large.parquet"))


def test_explode_gives_a_row_for_each_entity(source, tmp_path, quick_model):
    run(source, tmp_path / "out", explode=True)
    found = pl.read_parquet(tmp_path / "out" / "large.parquet")
    expected = (
        jobs.notes(60)
        .select("id", "n", jobs.capitals("text").alias("entity"))
        .explode("entity")
        .drop_nulls("entity")
        .unnest("entity")
    )
    assert found.equals(expected)
    assert len(found) > 20


def test_explode_of_a_file_that_has_the_text_only(tmp_path, quick_model):
    notes = jobs.notes(20).select("text")
    notes.write_parquet(tmp_path / "a.pq")
    run(tmp_path / "a.pq", tmp_path / "out", explode=True)
    found = pl.read_parquet(tmp_path / "out" / "a.parquet")
    expected = notes.select(jobs.capitals("text").explode()).to_series().drop_nulls()
    assert found.equals(expected.struct.unnest())
    assert len(found) > 5


def test_explode_without_any_entity(tmp_path, quick_model):
    pl.DataFrame({"id": [1, 2], "text": ["none", None]}).write_parquet(
        tmp_path / "a.pq"
    )
    run(tmp_path / "a.pq", tmp_path / "out", explode=True)
    found = pl.read_parquet(tmp_path / "out" / "a.parquet")
    assert found.shape == (0, 7)


@pytest.mark.parametrize("n_rows", [0, 1])
@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Null])
def test_small_files_of_every_text_dtype(tmp_path, quick_model, n_rows, dtype):
    notes = pl.DataFrame({"text": pl.Series([None] * n_rows, dtype=dtype)})
    notes.write_parquet(tmp_path / "a.parquet")
    assert run(tmp_path, tmp_path / "out").rows == n_rows
    found = pl.read_parquet(tmp_path / "out" / "a.parquet")
    assert found.schema["entities"] == jn.schema.ENTITIES
    assert found["entities"].to_list() == [None] * n_rows


@pytest.mark.parametrize("kind", ["csv", "ndjson", "jsonl", "arrow", "feather", "ipc"])
def test_other_formats(tmp_path, quick_model, kind):
    texts = ['He said "MRI",\nthen ECG', "", None, "é 👩‍⚕️ BP"]
    notes = pl.DataFrame({"id": [1, 2, 3, None], "text": texts})
    path = tmp_path / f"a.{kind}"
    writers = {"csv": notes.write_csv, "ndjson": notes.write_ndjson}
    writers["jsonl"] = notes.write_ndjson
    writers["ipc"] = notes.write_ipc_stream
    writers.get(kind, notes.write_ipc)(path)
    run(path, tmp_path / "out")
    found = pl.read_parquet(tmp_path / "out" / "a.parquet")
    assert found.columns == ["id", "text", "entities"]
    assert found["text"].to_list() == texts
    assert found["id"].to_list() == notes["id"].to_list()
    counts = found["entities"].list.len().to_list()
    assert counts == [2, 0, None, 1]


def test_json_is_read_as_it_is_written(tmp_path, quick_model):
    row = {"zip": "02139", "day": "2023-01-05", "text": "2023-01-05", "n": 1}
    nested = {"at": "2023-01-05T10:00:00Z", "all": ["2023-01-05"]}
    line = json.dumps({**row, "visit": nested})
    (tmp_path / "a.ndjson").write_text(line + "\n" + line + "\n")
    run(tmp_path / "a.ndjson", tmp_path / "out")
    found = pl.read_parquet(tmp_path / "out" / "a.parquet")
    assert found.columns == [*row, "visit", "entities"]
    assert found.drop("entities").to_dicts() == [{**row, "visit": nested}] * 2


@pytest.mark.parametrize("kind", ["csv", "ndjson", "arrow"])
def test_other_formats_in_several_parts(tmp_path, quick_model, kind, monkeypatch):
    notes = jobs.notes(500)
    path = tmp_path / f"a.{kind}"
    getattr(notes, {"arrow": "write_ipc"}.get(kind, f"write_{kind}"))(path)
    monkeypatch.setattr(readers, "TABLE_BYTES", 2_000)
    run(path, tmp_path / "out")
    file = pq.ParquetFile(tmp_path / "out" / "a.parquet")
    assert file.num_row_groups > 3
    assert pl.from_arrow(file.read()).select("id", "text", "n").equals(notes)


def test_huge_row_group_is_read_in_slices(tmp_path, quick_model, monkeypatch):
    notes = jobs.notes(500)
    notes.write_parquet(tmp_path / "a.parquet", row_group_size=500)
    monkeypatch.setattr(readers, "TABLE_ROWS", 90)
    run(tmp_path / "a.parquet", tmp_path / "out")
    file = pq.ParquetFile(tmp_path / "out" / "a.parquet")
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert sizes == [90] * 5 + [50]
    assert pl.from_arrow(file.read()).select("id", "text", "n").equals(notes)


@pytest.mark.parametrize("first", [0, 1, 15, 16, 17, 59, 60])
def test_reader_begins_at_any_row(source, first):
    from polars_jslner.files.filesystem import locate

    with readers.open_reader(locate(source / "large.parquet"), "text") as reader:
        tables = list(reader.tables(["id"], first))
    assert [i for t in tables for i in t["id"].to_pylist()] == list(range(first, 60))


def test_two_shards_give_the_whole(tmp_path, quick_model):
    (tmp_path / "notes").mkdir()
    for i in range(20):
        jobs.notes(9, i).write_parquet(tmp_path / "notes" / f"{i}.parquet")
    whole = run(tmp_path / "notes", tmp_path / "whole")
    halves = [PART.join() or PART.exitcode for PART in _shards(tmp_path)]
    assert halves == [0, 0]
    jobs.assert_same(tmp_path / "out", tmp_path / "whole")
    counts = [
        len(run(tmp_path / "notes", tmp_path / "out", shard=(i, 2)).files)
        for i in (0, 1)
    ]
    assert sum(counts) == len(whole.files) == 20
    assert min(counts) > 2


def _shards(tmp_path):
    processes = [
        jobs.PROCESSES.Process(
            target=jobs.run_quick,
            args=(tmp_path / "notes", tmp_path / "out"),
            kwargs={"shard": (i, 2)},
        )
        for i in (0, 1)
    ]
    for process in processes:
        process.start()
    return processes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shard": (2, 2)}, r"shard=\(2, 2\)"),
        ({"shard": "0/2"}, "shard='0/2'"),
        ({"on_error": "ignore"}, "'skip', 'raise'"),
        ({"columns": "id"}, "columns='id'"),
        ({"output": ""}, "output=''"),
        ({"lables": ["Drug"]}, "Did you mean 'labels'"),
        ({"labels": ["Drugs"]}, "Did you mean 'Drug'"),
        ({"min_score": 2.0}, "min_score"),
    ],
)
def test_options_are_checked_before_any_work(source, tmp_path, options, said):
    with pytest.raises(jn.OptionError, match=said):
        run(source, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("given", ["", None, 5, ["a.parquet"], b"a.parquet"])
def test_what_is_no_path(source, tmp_path, given, monkeypatch):
    monkeypatch.chdir(source)
    with pytest.raises(jn.OptionError, match="source="):
        run(given, tmp_path / "out")
    with pytest.raises(jn.OptionError, match="destination="):
        run(source, given)


@pytest.mark.parametrize("given", ["nothing", "nothing/*.parquet", "notes/*.csv"])
def test_no_source(source, tmp_path, given, quick_model):
    with pytest.raises(jn.OptionError, match="no files"):
        run(tmp_path / given, tmp_path / "out")


def test_unknown_suffix(tmp_path, quick_model):
    (tmp_path / "a.txt").write_text("ECG")
    with pytest.raises(jn.OptionError, match="suffix"):
        run(tmp_path / "a.txt", tmp_path / "out")


def test_two_sources_of_one_output(tmp_path, quick_model):
    jobs.notes(3).write_parquet(tmp_path / "a.parquet")
    jobs.notes(3).write_csv(tmp_path / "a.csv")
    with pytest.raises(jn.OptionError, match=r"a\.csv.*a\.parquet"):
        run(tmp_path, tmp_path / "out")


def test_destination_within_the_source_is_no_source(source, quick_model):
    run(source, source / "out")
    assert len(run(source, source / "out").files) == 2


@pytest.mark.parametrize("resume", [True, False])
def test_files_of_others_are_not_replaced(source, tmp_path, quick_model, resume):
    before = (source / "large.parquet").read_bytes()
    with pytest.raises(jn.OptionError, match="was not written by annotate_files"):
        run(source, source, resume=resume)
    assert (source / "large.parquet").read_bytes() == before


def test_bar_tells_rates_and_no_text(source, tmp_path, quick_model, monkeypatch):
    import io
    import sys

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    jn.annotate_files(source, tmp_path / "out", model=jobs.MODEL)
    shown = terminal.getvalue()
    assert "0/2 files, starting" in shown
    assert "2/2 files, " in shown
    assert "rows/s" in shown
    assert "words/s" in shown
    assert "ECG" not in shown
