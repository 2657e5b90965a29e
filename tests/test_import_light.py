"""Importing the package and building expressions must stay cheap."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("onnxruntime", "numba", "tokenizers", "pyarrow", "huggingface_hub")

BUILD = """
import polars as pl, polars_jslner as jn
lf = pl.LazyFrame({"text": ["chest pain"]})
lf = lf.with_columns(pl.col("text").jslner.entities(labels=["Drug"]), jn.tokens("text"))
lf = lf.with_columns(jn.sentences("text"))
assert lf.collect_schema()["entities"] == pl.List(jn.schema.ENTITY)
assert lf.collect_schema()["tokens"] == pl.List(jn.schema.TOKEN)
assert lf.collect_schema()["sentences"] == pl.List(jn.schema.SENTENCE)
"""


@pytest.mark.parametrize("code", ["import polars_jslner", BUILD])
def test_nothing_heavy_is_loaded(code):
    check = f"{code}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    run = [sys.executable, "-W", "error", "-c", check]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
