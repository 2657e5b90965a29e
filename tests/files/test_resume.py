"""A job that is killed and started again ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import polars_jslner as jn
from tests.files import jobs


@pytest.fixture
def whole(source, tmp_path):
    """Return the output of a run that nothing disturbed."""
    jobs.run_quick(source, tmp_path / "whole")
    return tmp_path / "whole"


def check_final_names(destination, whole):
    """Check that what has a final name is whole, whatever else there is."""
    for path in Path(destination).rglob("*.parquet"):
        expected = whole / path.relative_to(destination)
        assert path.read_bytes() == expected.read_bytes()


def kill_at_random_times(source, whole, tmp_path, n_kills, seed):
    """Kill runs until so many were killed, each job once or twice, and finish each."""
    rng = random.Random(seed)
    seconds = min(time_of_a_run(source, tmp_path / f"timed{i}") for i in range(3))
    killed = job = 0
    while killed < n_kills:
        assert job < 4 * n_kills
        destination = tmp_path / f"out{job}"
        job += 1
        for _ in range(2):  # the second is killed while it goes on
            process = jobs.start(source, destination)
            time.sleep(rng.random() * seconds)
            process.kill()
            process.join()
            killed += process.exitcode == -9
            check_final_names(destination, whole)
        jobs.run_quick(source, destination)
        jobs.assert_same(destination, whole)


def time_of_a_run(source, destination):
    began = time.monotonic()
    jobs.start(source, destination).join()
    return time.monotonic() - began


def kill_at_lines(source, whole, tmp_path, lines):
    for line in lines:
        destination = tmp_path / f"line{line}"
        process = jobs.start(source, destination, line)
        process.join()
        assert process.exitcode == -9
        check_final_names(destination, whole)
        jobs.run_quick(source, destination)
        jobs.assert_same(destination, whole)


def test_killed_at_random_times(source, whole, tmp_path):
    kill_at_random_times(source, whole, tmp_path, 8, seed=0)


def test_killed_at_random_lines(source, whole, tmp_path):
    n_lines = jobs.count_lines(source, tmp_path / "counted")
    assert n_lines > 300
    lines = random.Random(1).sample(range(1, n_lines + 1), 12)
    kill_at_lines(source, whole, tmp_path, lines)


@pytest.mark.slow
def test_killed_200_times(source, whole, tmp_path):
    kill_at_random_times(source, whole, tmp_path, 200, seed=2)


@pytest.mark.slow
def test_killed_before_every_line(source, whole, tmp_path):
    """Every line of planning, writing, renaming and cleaning up, one run each."""
    n_lines = jobs.count_lines(source, tmp_path / "counted")
    kill_at_lines(source, whole, tmp_path, range(1, n_lines + 1))


def test_real_model_killed_in_the_middle_of_a_file(tmp_path, tiny, passages):
    notes = pl.DataFrame({"id": range(210), "text": [t + " x" for t in passages * 2]})
    source, destination = tmp_path / "a.parquet", tmp_path / "out"
    notes.write_parquet(source, row_group_size=30)
    code = f"""
import polars_jslner as jn
jn.annotate_files({str(source)!r}, {str(destination)!r}, model={tiny!r})
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    while process.poll() is None and not list(destination.rglob("*60.part")):
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert list(destination.rglob("*60.part"))
    assert not (destination / "a.parquet").exists()
    before = {p: p.stat().st_mtime_ns for p in destination.rglob("*.part")}
    assert before
    jn.annotate_files(source, destination, model=tiny, progress=False)
    assert jobs.everything(destination) == ["a.parquet"]
    found = pl.read_parquet(destination / "a.parquet")
    expected = notes.with_columns(jn.entities("text", tiny))
    flat = [
        f.drop("text").explode("entities").unnest("entities") for f in (found, expected)
    ]
    assert_frame_equal(*flat, abs_tol=1e-4)


def test_finished_parts_are_not_done_again(source, tmp_path, quick_model, monkeypatch):
    from polars_jslner.files.writer import Output

    whole, begun = Output.write_part, []

    def stop(self, annotated, record):
        begun.append(record.first_row)
        if len(begun) == 4:
            raise KeyboardInterrupt
        whole(self, annotated, record)

    monkeypatch.setattr(Output, "write_part", stop)
    options = {"model": quick_model, "progress": False}
    file = source / "large.parquet"
    with pytest.raises(KeyboardInterrupt):
        jn.annotate_files(file, tmp_path / "out", **options)
    jn.annotate_files(file, tmp_path / "out", **options)
    assert begun == [0, 7, 14, 16, 16, 23, 30, 32, 39, 46, 48, 55]
    assert len(pl.read_parquet(tmp_path / "out" / "large.parquet")) == 60


def test_what_is_done_is_kept(source, tmp_path):
    jobs.run_quick(source, tmp_path / "out")
    times = [p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.parquet")]
    summary = jobs.run_quick(source, tmp_path / "out")
    assert [file.status for file in summary.files] == ["kept", "kept"]
    assert summary.rows == 65
    assert [
        p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.parquet")
    ] == times


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": ["Word"]}, r'labels was the default and is \["Word"\]'),
        ({"min_score": 0.5}, "min_score was the default and is 0.5"),
        ({"output": "found"}, 'output was "entities" and is "found"'),
        ({"columns": ["id"]}, "columns was the default"),
        ({"explode": True}, "explode was false and is true"),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_other_options_are_refused(source, tmp_path, options, said, begun):
    jobs.run_quick(source, tmp_path / "out")
    if begun:
        stopped_copy(source, tmp_path)
    before = jobs.everything(tmp_path / "out")
    with pytest.raises(jn.OptionError, match=said):
        jobs.run_quick(source, tmp_path / "out", **options)
    assert jobs.everything(tmp_path / "out") == before
    jobs.run_quick(source, tmp_path / "out", resume=False, **options)
    jobs.run_quick(source, tmp_path / "new", **options)
    jobs.assert_same(tmp_path / "out", tmp_path / "new")


def test_the_order_of_labels_changes_nothing(source, tmp_path):
    jobs.run_quick(source, tmp_path / "out", labels=["Word", "Line"])
    again = jobs.run_quick(source, tmp_path / "out", labels=["Line", "Word", "Line"])
    assert {file.status for file in again.files} == {"kept"}
    with pytest.raises(jn.OptionError) as error:
        jobs.run_quick(source, tmp_path / "out", labels=["Line", "Word"], explode=True)
    assert "explode was false and is true" in str(error.value)
    assert "output" not in str(error.value)


def parts_in(folder):
    """Return the names of parts; folders may come and go meanwhile, unlike in rglob."""
    walked = os.walk(folder)
    return [n for _, _, names in walked for n in names if n.endswith(".part")]


def stopped_copy(source, tmp_path):
    """Leave a job that was killed with some parts of its first file."""
    import shutil

    shutil.rmtree(tmp_path / "out")
    process = jobs.start(source, tmp_path / "out")
    while process.is_alive() and not parts_in(tmp_path / "out"):
        time.sleep(0.001)
    process.kill()
    process.join()
    assert list((tmp_path / "out").rglob("*.part"))
    assert not list((tmp_path / "out").glob("*.parquet"))


def test_other_model_is_refused(source, tmp_path):
    jobs.run_quick(source, tmp_path / "out")
    other = str(Path(jobs.MODEL).parent / "bert-uncased")
    with pytest.raises(jn.OptionError, match='model was "bert-cased" and is "bert-unc'):
        jobs.run_quick(source, tmp_path / "out", model=other)


def test_the_same_model_elsewhere_is_the_same(source, tmp_path):
    import shutil

    jobs.run_quick(source, tmp_path / "out")
    shutil.copytree(jobs.MODEL, tmp_path / "bert-cased")
    moved = jobs.run_quick(source, tmp_path / "out", model=tmp_path / "bert-cased")
    assert {file.status for file in moved.files} == {"kept"}


def test_other_version_is_refused(source, tmp_path, monkeypatch):
    jobs.run_quick(source, tmp_path / "out")
    monkeypatch.setattr(jn, "__version__", "99")
    with pytest.raises(jn.OptionError, match='polars_jslner was "0'):
        jobs.run_quick(source, tmp_path / "out")


def test_changed_source_is_done_again(source, tmp_path):
    jobs.run_quick(source, tmp_path / "out")
    jobs.notes(50, 7).write_parquet(source / "large.parquet")
    summary = jobs.run_quick(source, tmp_path / "out")
    assert [file.status for file in summary.files] == ["done", "kept"]
    jobs.run_quick(source, tmp_path / "new")
    jobs.assert_same(tmp_path / "out", tmp_path / "new")


def test_source_that_changed_after_a_kill_is_done_again(source, tmp_path):
    (tmp_path / "out").mkdir()
    stopped_copy(source, tmp_path)
    jobs.notes(60, 7).write_parquet(source / "large.parquet", row_group_size=16)
    jobs.run_quick(source, tmp_path / "out")
    jobs.run_quick(source, tmp_path / "new")
    jobs.assert_same(tmp_path / "out", tmp_path / "new")


def test_source_that_changes_while_it_is_read_fails(source, tmp_path, monkeypatch):
    from polars_jslner.files.settings import Settings

    annotate = Settings.annotate

    def touch(self, *args):
        path = source / "large.parquet"
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
        return annotate(self, *args)

    monkeypatch.setattr(Settings, "annotate", touch)
    summary = jobs.run_quick(source, tmp_path / "out")
    assert [file.status for file in summary.files] == ["failed", "done"]
    assert "changed while it was read" in summary.files[0].error
    assert not (tmp_path / "out" / "large.parquet").exists()
    monkeypatch.undo()
    assert not jobs.run_quick(source, tmp_path / "out").failed
    jobs.run_quick(source, tmp_path / "new")
    jobs.assert_same(tmp_path / "out", tmp_path / "new")


def test_damaged_part_is_done_again(source, tmp_path):
    jobs.run_quick(source, tmp_path / "whole")
    (tmp_path / "out").mkdir()
    stopped_copy(source, tmp_path)
    part = min((tmp_path / "out").rglob("*.part"))
    part.write_bytes(b"PAR1" + bytes(50))
    jobs.run_quick(source, tmp_path / "out")
    jobs.assert_same(tmp_path / "out", tmp_path / "whole")


def test_two_processes_do_not_write_the_same_file(source, tmp_path):
    from polars_jslner.files.filesystem import locate
    from polars_jslner.files.writer import Output

    with Output.within(locate(tmp_path / "out"), "large.parquet").claim():
        summary = jobs.run_quick(source, tmp_path / "out")
    assert [file.status for file in summary.files] == ["failed", "done"]
    assert "another process" in summary.files[0].error
    assert not jobs.run_quick(source, tmp_path / "out").failed
    assert not list((tmp_path / "out").glob(".*"))


def test_record_reads_back():
    from polars_jslner.files.record import Record

    record = Record("1", {"name": "m"}, {"labels": ["a"]}, {"size": 1}, rows=3)
    import pyarrow as pa

    marked = record.mark(pa.schema([("a", pa.int8())], metadata={"k": "v"}))
    assert marked.metadata[b"k"] == b"v"
    assert Record(**json.loads(marked.metadata[b"polars_jslner"])) == record
