"""Files that cannot be read or written: named, and the others go on."""

from __future__ import annotations

import os
import shutil
import subprocess

import polars as pl
import pyarrow.parquet as pq
import pytest

import polars_jslner as jn
from polars_jslner.files import readers
from tests.files import jobs


@pytest.fixture
def many(tmp_path):
    """Return a folder of three files of which the second is to be spoilt."""
    folder = tmp_path / "many"
    folder.mkdir()
    for name in "abc":
        notes = jobs.notes(60, ord(name))
        notes.write_parquet(folder / f"{name}.parquet", row_group_size=16)
    return folder


def check(folder, tmp_path, said, error=jn.FileError):
    """Check that b fails, named, and that nothing half-written has a final name."""
    summary = jobs.run_quick(folder, tmp_path / "out")
    assert [file.status for file in summary.files] == ["done", "failed", "done"]
    message = summary.files[1].error
    assert str(folder / "b") in message
    assert said in message
    assert str(summary).endswith(f"failed: {message}")
    names = [path.name for path in (tmp_path / "out").glob("*.parquet")]
    assert sorted(names) == ["a.parquet", "c.parquet"]
    with pytest.raises(error, match="many/b"):
        jobs.run_quick(folder, tmp_path / "strict", on_error="raise")
    return message


def test_truncated(many, tmp_path):
    path = many / "b.parquet"
    path.write_bytes(path.read_bytes()[:1500])
    check(many, tmp_path, "cannot be read as parquet")


def test_truncated_within_a_row_group(many, tmp_path):
    """Its footer is whole, and the third row group is not."""
    path = many / "b.parquet"
    group = pq.ParquetFile(path).metadata.row_group(2).column(1)
    data = bytearray(path.read_bytes())
    at = group.dictionary_page_offset or group.data_page_offset
    data[at : at + 40] = bytes(40)
    path.write_bytes(data)
    check(many, tmp_path, "")
    # Mended, it goes on as any source that changed.
    jobs.notes(60, 9).write_parquet(path, row_group_size=16)
    summary = jobs.run_quick(many, tmp_path / "out")
    assert [file.status for file in summary.files] == ["kept", "done", "kept"]
    assert jobs.everything(tmp_path / "out") == ["a.parquet", "b.parquet", "c.parquet"]


def test_empty_file(many, tmp_path):
    (many / "b.parquet").write_bytes(b"")
    check(many, tmp_path, "cannot be read")


def test_missing_column(many, tmp_path):
    jobs.notes(3).rename({"text": "texts"}).write_parquet(many / "b.parquet")
    said = check(many, tmp_path, "no column 'text'", jn.InputTypeError)
    assert "Did you mean 'texts'" in said


def test_missing_other_column(many, tmp_path):
    jobs.notes(3).drop("n").write_parquet(many / "b.parquet")
    summary = jobs.run_quick(many, tmp_path / "out", columns=["id", "n"])
    assert [file.status for file in summary.files] == ["done", "failed", "done"]


def test_wrong_dtype(many, tmp_path):
    jobs.notes(3).with_columns(text="id").write_parquet(many / "b.parquet")
    check(many, tmp_path, "column 'text' is int64", jn.InputTypeError)


def test_column_of_the_output_is_there(many, tmp_path):
    notes = jobs.notes(3).with_columns(entities="id")
    notes.write_parquet(many / "b.parquet")
    check(many, tmp_path, "another output=", jn.InputTypeError)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.csv", "id,text\n1,secret\n2,secret,secret\n"),
        ("b.csv", "text,id\n" + "x,1\n" * 100 + "secret,secret\n"),
        ("b.ndjson", '{"text":"x","id":1}\n{"text":"secret","id":"secret"}\n'),
        ("b.ndjson", '{"text":"secret"\n{"secret":\n'),
    ],
)
def test_lines_that_cannot_be_parsed_are_not_quoted(
    many, tmp_path, name, content, monkeypatch
):
    monkeypatch.setattr(readers, "TABLE_BYTES", 300)
    (many / "b.parquet").unlink()
    (many / name).write_text(content)
    said = check(many, tmp_path, "cannot be read as")
    assert "secret" not in said
    assert len(said) < 300


@pytest.mark.parametrize("resume", [True, False])
def test_crash_between_write_and_rename_leaves_the_old_file(
    many, tmp_path, monkeypatch, resume
):
    jobs.run_quick(many, tmp_path / "out")
    jobs.notes(60, 8).write_parquet(many / "b.parquet")
    old = (tmp_path / "out" / "b.parquet").read_bytes()

    def fail(self, target):
        raise OSError(5, "Input/output error", str(self))

    monkeypatch.setattr("pathlib.Path.replace", fail)
    summary = jobs.run_quick(many, tmp_path / "out", resume=resume)
    assert summary.files[1].status == "failed"
    assert "Input/output error" in summary.files[1].error
    assert (tmp_path / "out" / "b.parquet").read_bytes() == old
    assert not list((tmp_path / "out").rglob("*.partial"))


@pytest.fixture
def mounted(tmp_path):
    """Return a function that mounts a small tmpfs, where this user may."""
    places = []

    def mount(size, *options):
        place = tmp_path / "mounted"
        place.mkdir(exist_ok=True)
        tool = shutil.which("mount")
        command = [tool, "-t", "tmpfs", "-o", ",".join([f"size={size}", *options])]
        done = tool and subprocess.run(
            [*command, "tmpfs", str(place)], capture_output=True, check=False
        )
        if not done or done.returncode:
            pytest.skip("a tmpfs cannot be mounted here (needs root)")
        places.append(place)
        return place

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", str(place)], check=True)


def test_full_disk(tmp_path, mounted):
    folder = tmp_path / "many"
    folder.mkdir()
    noise = [os.urandom(2_000).hex() for _ in range(300)]  # 0.6 MB after compression
    large = pl.DataFrame({"text": noise})
    large.write_parquet(folder / "b.parquet", row_group_size=100)
    for name in "ac":
        jobs.notes(60).write_parquet(folder / f"{name}.parquet", row_group_size=16)
    out = mounted("400k")
    summary = jobs.run_quick(folder, out)
    assert [file.status for file in summary.files][:2] == ["done", "failed"]
    for failed in summary.failed:  # parts of b may leave no space for c
        assert "No space left on device" in failed.error
        assert failed.source in failed.error
        assert failed.output in failed.error
    assert [p.name for p in out.glob("*.parquet")] == [
        file.output.rpartition("/")[2] for file in summary.files if not file.error
    ]
    assert not list(out.rglob("*.partial"))
    subprocess.run(["mount", "-o", "remount,size=4m", str(out)], check=True)
    again = jobs.run_quick(folder, out)
    assert not again.failed
    assert jobs.everything(out) == ["a.parquet", "b.parquet", "c.parquet"]
    assert pl.read_parquet(out / "b.parquet")["text"].equals(large["text"])


def test_destination_that_cannot_be_written(many, mounted):
    out = mounted("1m", "ro")
    with pytest.raises(
        jn.FileError, match=r"mounted' cannot be written: .*[Rr]ead-only"
    ):
        jobs.run_quick(many, out)


def test_destination_that_is_a_file(many, tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(jn.FileError, match="cannot be written"):
        jobs.run_quick(many, tmp_path / "out")


def test_model_that_fails_is_no_fault_of_a_file(many, tmp_path):
    shutil.copytree(jobs.MODEL, tmp_path / "model")
    for path in many.glob("[bc].parquet"):
        path.unlink()
    options = {"model": str(tmp_path / "model"), "progress": False}
    from polars_jslner.models import load_model

    model = load_model(tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").write_text("{}")
    with pytest.raises(jn.ModelFormatError):
        jn.annotate_files(many, tmp_path / "out", **{**options, "model": model})


@pytest.mark.parametrize("place", ["x" * 5000, f"a/{'x' * 5000}", "a/" * 5000])
def test_names_that_no_file_can_have(place, tmp_path):
    with pytest.raises(jn.FileError, match="source"):
        jn.annotate_files(place, tmp_path / "out")
    pl.DataFrame({"text": ["a"]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(jn.FileError, match="destination"):
        jn.annotate_files(tmp_path / "a.parquet", tmp_path / place)
