"""What the tests of batch jobs share."""

from __future__ import annotations

import pytest

from tests.files import jobs


@pytest.fixture
def quick_model():
    """Replace the model by one that finds words in capitals, and make parts small."""
    model, parts = jobs.quick()
    with model, parts:
        yield jobs.MODEL


@pytest.fixture
def source(tmp_path):
    """Return a folder with two files, one of them in four row groups."""
    folder = tmp_path / "notes"
    (folder / "year=2024").mkdir(parents=True)
    jobs.notes(60).write_parquet(folder / "large.parquet", row_group_size=16)
    jobs.notes(5, 1).write_parquet(folder / "year=2024" / "small.parquet")
    return folder
