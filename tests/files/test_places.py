"""Paths, globs and URIs."""

from __future__ import annotations

import datetime as dt
import re

import polars as pl
import pytest

import polars_jslner as jn
from polars_jslner.files.filesystem import _regex, listing, locate
from tests.files import jobs


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.parquet", ["a.parquet"], ["b/a.parquet", "a.csv"]),
        ("**/*.parquet", ["a.parquet", "b/c/a.parquet"], ["a.csv"]),
        ("**", ["a", "b/a"], []),
        ("year=*/[ab]?.csv", ["year=1/ax.csv"], ["year=1/cx.csv", "year=1/a/x.csv"]),
        ("[!a].csv", ["b.csv"], ["a.csv"]),
        ("a+(1).csv", ["a+(1).csv"], ["aa1.csv"]),
    ],
)
def test_glob(pattern, yes, no):
    wanted = re.compile(_regex(pattern))
    assert all(wanted.fullmatch(name) for name in yes)
    assert not any(wanted.fullmatch(name) for name in no)


def test_listing(tmp_path, monkeypatch):
    for name in ("b.pq", "a.pq", "d/c.pq", "_d/e.pq", ".x.pq", "odd[1].pq", "é b.pq"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    shown = ["a.pq", "b.pq", "d/c.pq", "odd[1].pq", "é b.pq"]
    assert [f.relative for f in listing(tmp_path)] == shown
    assert [f.relative for f in listing(f"file://{tmp_path}")] == shown
    assert [f.relative for f in listing(f"{tmp_path}/?.pq")] == ["a.pq", "b.pq"]
    assert [f.relative for f in listing(tmp_path / "odd[1].pq")] == ["odd[1].pq"]
    assert [f.relative for f in listing(f"{tmp_path}/*/c.pq")] == ["d/c.pq"]
    monkeypatch.chdir(tmp_path)
    assert [f.relative for f in listing("[ab].pq")] == ["a.pq", "b.pq"]
    assert [f.relative for f in listing("d/c.pq")] == ["c.pq"]


def test_unknown_scheme():
    with pytest.raises(jn.OptionError, match="no filesystem for 'nope://host'"):
        locate("nope://user:secret@host/x")


@pytest.mark.parametrize(
    ("query", "seconds"), [("", 60), ("?retry_limit_seconds=5", 5)]
)
def test_google_is_not_asked_for_a_quarter_of_an_hour(query, seconds):
    _, (options,) = locate(f"gs://bucket/notes{query}").filesystem.__reduce__()
    assert options["retry_time_limit"] == dt.timedelta(seconds=seconds)


def test_fsspec_filesystem(source, quick_model):
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.put(str(source), "/notes", recursive=True)
    options = {"model": quick_model, "progress": False}
    summary = jn.annotate_files("memory://notes", "memory://out", **options)
    assert summary.rows == 65
    assert not summary.failed
    assert jn.annotate_files("memory://notes", "memory://out", **options).rows == 65
    names = [name.removeprefix("/out/") for name in memory.find("/out")]
    assert names == ["large.parquet", "year=2024/small.parquet"]
    with memory.open("/out/large.parquet", "rb") as file:
        assert pl.read_parquet(file).columns == ["id", "text", "n", "entities"]
    memory.rm("/notes", recursive=True)
    memory.rm("/out", recursive=True)


@pytest.fixture(scope="module")
def s3():
    """Return the options that lead to a local S3 server with a bucket, and a client."""
    server_module = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        server = server_module.ThreadedMotoServer("127.0.0.1", port=0)
        server.start()
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
        client.create_bucket(Bucket="ward")
        query = f"?endpoint_override={host}:{port}&scheme=http&region=us-east-1"
        yield query, client
        server.stop()


def test_s3_read_and_write(s3, source, tmp_path, quick_model):
    query, client = s3
    for path in source.rglob("*.parquet"):
        client.upload_file(str(path), "ward", f"in/{path.relative_to(source)}")
    options = {"model": quick_model, "progress": False}
    summary = jn.annotate_files(
        f"s3://ward/in{query}", f"s3://ward/out{query}", **options
    )
    assert summary.failed == ()
    assert summary.rows == 65
    listed = client.list_objects_v2(Bucket="ward", Prefix="out/")["Contents"]
    names = [item["Key"] for item in listed if item["Key"] != "out/"]  # the folder
    assert names == ["out/large.parquet", "out/year=2024/small.parquet"]
    jobs.run_quick(source, tmp_path / "local")
    for name in ("large.parquet", "year=2024/small.parquet"):
        client.download_file("ward", f"out/{name}", str(tmp_path / "a.parquet"))
        found = pl.read_parquet(tmp_path / "a.parquet", hive_partitioning=False)
        local = tmp_path / "local" / name
        assert found.equals(pl.read_parquet(local, hive_partitioning=False))
    again = jn.annotate_files(
        f"s3://ward/in{query}", f"s3://ward/out{query}", **options
    )
    assert {file.status for file in again.files} == {"kept"}
    single = f"s3://ward/in/*.parquet{query}"
    some = jn.annotate_files(single, tmp_path / "some", **options)
    assert [file.source for file in some.files] == ["s3://ward/in/large.parquet"]


def test_s3_goes_on_within_a_file(s3, source, tmp_path, quick_model, monkeypatch):
    from polars_jslner.files.writer import Output

    query, client = s3
    whole, calls = Output.write_part, []

    def stop_at_third(self, annotated, record):
        calls.append(record.first_row)
        if len(calls) == 3:
            raise KeyboardInterrupt
        whole(self, annotated, record)

    options = {"model": quick_model, "progress": False}
    destination = f"s3://ward/again{query}"
    monkeypatch.setattr(Output, "write_part", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        jn.annotate_files(source / "large.parquet", destination, **options)
    summary = jn.annotate_files(source / "large.parquet", destination, **options)
    assert summary.rows == 60
    assert calls[2:4] == [14, 14]
    listed = client.list_objects_v2(Bucket="ward", Prefix="again/")["Contents"]
    names = [item["Key"] for item in listed if item["Key"] != "again/"]
    assert names == ["again/large.parquet"]
    client.download_file("ward", "again/large.parquet", str(tmp_path / "a.parquet"))
    jobs.run_quick(source / "large.parquet", tmp_path / "local")
    found = (tmp_path / "a.parquet").read_bytes()
    assert found == (tmp_path / "local" / "large.parquet").read_bytes()
