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


def test_example_of_the_jsl_model_card_gives_its_ten_rows():
    found = pl.Series([EXAMPLE]).jslner.entities().to_list()[0]
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


def test_files_are_those_of_the_bundle_and_small():
    model = jn.load_model()
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


@pytest.mark.parametrize("batch_tokens", [1, 2000])
def test_tags_do_not_depend_on_the_batch(batch_tokens, monkeypatch):
    notes = pl.read_parquet(Path(__file__).parents[2] / "examples" / "notes.parquet")
    monkeypatch.setattr(config, "_current", config.Config(memo_mb=0))
    fields = ("text", "label", "start", "end", "sentence")

    def tags():
        tokens = notes.select(jn.tokens("text").explode()).drop_nulls().to_series()
        return tokens.struct.unnest().select(fields)

    expected = tags()
    assert expected.height > 10_000
    jn.configure(batch_tokens=batch_tokens)
    assert tags().equals(expected)
