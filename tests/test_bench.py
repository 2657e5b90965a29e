"""What `polars-jslner bench` measures: the same pieces, whole batches, all of it."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import polars_jslner as jn
from polars_jslner.bench import machine
from polars_jslner.bench.ceiling import Ceiling
from polars_jslner.bench.notes import make_notes
from polars_jslner.bench.speed import measure
from polars_jslner.cli import _cli
from polars_jslner.stages.tokens import load_tokenizer


@pytest.fixture
def texts():
    return pl.Series("text", make_notes(3))


def test_notes_are_the_same_for_a_seed():
    assert make_notes(3) == make_notes(3)
    assert make_notes(3, seed=1) != make_notes(3)
    assert not any("{" in note for note in make_notes(20))


def test_the_ceiling_runs_every_piece_of_distinct_sentences(tiny, texts):
    model = jn.load_model(tiny)
    ceiling = Ceiling(model, threads=2)
    twice = pl.concat([texts, texts])
    rows = ceiling.tokenize(twice)
    sentences = texts.to_frame().select(jn.sentences("text")).to_series()
    distinct = dict.fromkeys(s["text"] for row in sentences for s in row)
    pieces = load_tokenizer(model.tokenizer, model.stamp).encode(list(distinct))
    assert sum(len(row) - 2 for row in rows) == len(pieces.ids)
    assert len(ceiling.tokenize(twice, distinct=False)) >= 2 * len(rows)
    for budget in (32, 256):
        batches = ceiling.prepare(rows, budget)
        sizes = [batch["input_ids"].shape for batch in batches]
        assert all(n * width <= budget or n == 1 for n, width in sizes)
        assert sum(n for n, _ in sizes) == len(rows)
        mask = np.concatenate([b["attention_mask"].ravel() for b in batches])
        assert mask.sum() == sum(map(len, rows))
        assert ceiling.run(batches) > 0


def test_long_sentences_are_cut_to_the_window(tiny):
    model = jn.load_model(tiny)
    text = "word " * 2000
    rows = Ceiling(model, threads=1).tokenize(pl.Series([text]))
    pieces = load_tokenizer(model.tokenizer, model.stamp).encode([text])
    assert sum(len(row) - 2 for row in rows) == len(pieces.ids)
    assert max(map(len, rows)) == model.max_tokens


def test_measure(tiny, texts):
    speed = measure(texts, jn.load_model(tiny), rounds=2, budgets=(64, 512))
    assert len(speed.ours) == 2
    assert {b: len(s) for b, s in speed.ceiling.items()} == {64: 2, 512: 2}
    assert speed.best_budget in (64, 512)
    assert speed.share > 0
    assert speed.notes == 3
    assert speed.words == sum(len(text.split()) for text in texts)


def test_the_machine_says_whether_it_is_quiet():
    found = machine.describe()
    assert found["cpus"] >= 1
    assert found["versions"]["polars_jslner"] == jn.__version__
    assert "WARNING" in machine.summary(found | {"load": 9.0 * found["cpus"]})
    assert "WARNING" not in machine.summary(found | {"load": 0.0})


def test_command(tiny, texts, tmp_path):
    source = tmp_path / "notes.parquet"
    pl.DataFrame({"note": [*texts, None]}).write_parquet(source)
    arguments = ["bench", str(source), "-c", "note", "-m", tiny, "--rounds", "1"]
    done = CliRunner().invoke(_cli, arguments)
    assert done.exit_code == 0, done.output
    assert "Ours is" in done.stdout
    assert texts[0].splitlines()[0] not in done.output
    told = CliRunner().invoke(_cli, [*arguments, "--quick", "--json"])
    found = json.loads(told.stdout)
    assert found["notes"] == 3
    assert set(found["ceiling"]) == {"256", "512", "1024"}


def test_command_tells_mistakes(tiny, tmp_path):
    source = tmp_path / "notes.parquet"
    pl.DataFrame({"text": [1, 2]}).write_parquet(source)
    for arguments, said in [
        ([str(source), "-c", "txt"], "Did you mean 'text'"),
        ([str(source)], "has no texts"),
        ([str(tmp_path / "none.parquet")], "cannot be read"),
    ]:
        done = CliRunner().invoke(_cli, ["bench", *arguments])
        assert done.exit_code != 0
        assert said in done.stderr
        assert "Traceback" not in done.output
