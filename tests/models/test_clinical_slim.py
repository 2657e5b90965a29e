"""The bundled model: its files, its card's example, and that batches change nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

import polars_jslner as jn
from polars_jslner import config
from tests.conftest import recorded

EXAMPLE = (
    "HISTORY: 30-year-old female presents for digital bilateral mammography secondary "
    "to a soft tissue lump palpated by the patient in the upper right shoulder. The "
    "patient has a family history of breast cancer within her mother at age 58. "
    "Patient denies personal history of breast cancer."
)


BUNDLES = ("clinical_slim", "clinical_slim_fp32")


@pytest.mark.parametrize("name", BUNDLES)
def test_example_of_the_jsl_model_card_gives_its_ten_rows(name):
    found = pl.Series([EXAMPLE]).jslner.entities(name).to_list()[0]
    assert [(entity["text"], entity["label"]) for entity in found] == [
        ("HISTORY:", "Header"),
        ("30-year-old", "Age"),
        ("female", "Demographics"),
        ("mammography", "Test"),
        ("soft tissue lump", "Symptom"),
        ("shoulder", "Body_Part"),
        ("breast cancer", "Oncological"),
        ("her mother", "Demographics"),
        ("age 58", "Age"),
        ("breast cancer", "Oncological"),
    ]


def test_the_int8_form_is_the_default():
    assert jn.load_model() == jn.load_model("clinical_slim")
    graph = Path(jn.load_model().onnx).read_bytes()
    assert b"MatMulIntegerToFloat" in graph
    assert b"MatMulIntegerToFloat" not in (
        Path(jn.load_model("clinical_slim_fp32").onnx).read_bytes()
    )


@pytest.mark.parametrize("name", BUNDLES)
def test_files_are_those_of_the_bundle_and_small(name):
    model = jn.load_model(name)
    folder = Path(model.onnx).parent
    sums = json.loads((folder / "bundle.json").read_text("utf-8"))["sha256"]
    assert set(sums) == {"model.onnx", "tokenizer.json"}
    for name, expected in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
    assert Path(model.onnx).stat().st_size < 25_000_000
    assert (folder / "MODEL_CARD.md").is_file()


def test_it_knows_the_24_labels():
    known = {tag[2:] for tag in jn.load_model("clinical_slim").tags if tag != "O"}
    theirs = {row["entity_group"] for r in recorded("roberta") for row in r["first"]}
    assert theirs <= known
    assert len(jn.load_model().labels) == 24


@pytest.mark.parametrize("name", BUNDLES)
@pytest.mark.parametrize("batch_tokens", [1, 2000])
def test_nothing_depends_on_the_batch(name, batch_tokens, monkeypatch):
    notes = pl.read_parquet(Path(__file__).parents[2] / "examples" / "notes.parquet")
    monkeypatch.setattr(config, "_current", config.Config(memo_mb=0))

    def tokens():
        return notes.select(jn.tokens("text", name).explode()).drop_nulls().to_series()

    expected = tokens()
    assert len(expected) > 10_000
    jn.configure(batch_tokens=batch_tokens)
    found = tokens()
    fields = ("text", "label", "start", "end", "sentence")
    one, other = expected.struct.unnest(), found.struct.unnest()
    assert one.select(fields).equals(other.select(fields))
    assert (one["score"] - other["score"]).abs().max() < 1e-4
