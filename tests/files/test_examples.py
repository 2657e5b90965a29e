"""The batch scripts in examples/ run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture
def few_notes(tmp_path):
    notes = pl.read_parquet(EXAMPLES / "notes.parquet").head(5)
    notes.write_parquet(tmp_path / "few.parquet")
    return notes


def run(name, tmp_path, tiny):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), "few.parquet"],
        cwd=tmp_path,
        env={**os.environ, "POLARS_JSLNER_MODEL": tiny},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_scan_to_sink(tmp_path, tiny, few_notes):
    printed = run("scan_to_sink.py", tmp_path, tiny)
    found = pl.read_parquet(tmp_path / "entities.parquet")
    assert set(found["label"]) == {"Drug", "Test"}
    assert printed == f"{len(found)} drugs and tests are in entities.parquet\n"


def test_annotate_folder(tmp_path, tiny, few_notes):
    assert run("annotate_folder.py", tmp_path, tiny).startswith("1 file: 1 done")
    assert run("annotate_folder.py", tmp_path, tiny).startswith("1 file: 0 done, 1 ")
    found = pl.read_parquet(tmp_path / "annotated" / "few.parquet")
    assert found.drop("entities").equals(few_notes)
