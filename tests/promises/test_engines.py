"""Promises 4, 5 and 6: one answer, however and wherever the expression runs."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from polars.testing import assert_series_equal

import polars_jslner as jn
from polars_jslner import config, pipeline


@pytest.fixture(scope="module")
def frame(passages):
    texts = [*passages, None, "", *passages[::-1]]
    return pl.DataFrame({"id": range(len(texts)), "text": texts})


@pytest.fixture(scope="module")
def expected(frame, tiny):
    found = frame.select(jn.entities("text", tiny)).to_series()
    assert found.explode().drop_nulls().len() > 500
    return found


@pytest.fixture(autouse=True)
def no_memo(monkeypatch):
    """Make every call run the model, and undo what a test configures."""
    monkeypatch.setattr(config, "_current", config.Config(memo_mb=0))


def check(found: pl.Series, expected: pl.Series) -> None:
    assert_series_equal(found, expected, abs_tol=1e-4, rel_tol=0)


@pytest.mark.parametrize("batch_tokens", [1, 7, 64, 5000])
@pytest.mark.parametrize("threads", [1, 2])
def test_batch_size_and_threads(frame, expected, tiny, batch_tokens, threads):
    jn.configure(batch_tokens=batch_tokens, threads=threads)
    check(frame.select(jn.entities("text", tiny)).to_series(), expected)


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_rows_a_call(frame, expected, tiny, rows):
    parts = [part["text"].jslner.entities(tiny) for part in frame.iter_slices(rows)]
    check(pl.concat(parts), expected)


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("morsel", [1, 100_000])
def test_engine_and_morsel(frame, expected, tiny, engine, morsel):
    with pl.Config() as settings:
        settings.set_streaming_chunk_size(morsel)
        lazy = frame.lazy().with_columns(jn.entities("text", tiny))
        check(lazy.collect(engine=engine)["entities"], expected)


def test_slices_of_a_column(frame, expected, tiny, monkeypatch):
    monkeypatch.setattr(pipeline, "SLICE_BYTES", 100)
    check(frame.select(jn.entities("text", tiny)).to_series(), expected)


def test_over_and_group_by(frame, expected, tiny):
    over = frame.select(jn.entities("text", tiny).over(pl.col("id") % 3)).to_series()
    check(over, expected)
    grouped = (
        frame.group_by(pl.col("id") // 10, maintain_order=True)
        .agg(jn.entities("text", tiny))["entities"]
        .explode()
    )
    check(grouped, expected)


def test_parquet_round_trip_while_streaming(frame, expected, tiny, tmp_path):
    frame.write_parquet(tmp_path / "notes.parquet", row_group_size=20)
    lazy = pl.scan_parquet(tmp_path / "notes.parquet")
    lazy = lazy.with_columns(jn.entities("text", tiny))
    lazy.sink_parquet(tmp_path / "found.parquet")
    found = pl.read_parquet(tmp_path / "found.parquet")
    assert found["id"].equals(frame["id"])
    check(found["entities"], expected)


def test_32_threads_at_once(frame, expected, tiny):
    def call(_):
        return frame["text"].jslner.entities(tiny)

    with ThreadPoolExecutor(32) as pool:
        for found in pool.map(call, range(32)):
            check(found, expected)


@pytest.fixture
def rows_scored(monkeypatch):
    """Count the rows that reach the pipeline, without changing what it does."""
    scored = []
    real = pipeline.find_entities

    def counting(text, spans, options):
        scored.append(len(text))
        return real(text, spans, options)

    monkeypatch.setattr(pipeline, "find_entities", counting)
    return scored


def test_head_and_filter_are_pushed_below(frame, tiny, rows_scored, tmp_path):
    frame.write_parquet(tmp_path / "notes.parquet", row_group_size=20)
    for lazy in (frame.lazy(), pl.scan_parquet(tmp_path / "notes.parquet")):
        annotated = lazy.with_columns(jn.entities("text", tiny))
        for few in (
            annotated.head(3),
            annotated.filter(pl.col("id").is_in([5, 50, 100])),
        ):
            rows_scored.clear()
            assert few.collect().height == 3
            assert sum(rows_scored) == 3
        rows_scored.clear()
        annotated.select("id").collect()
        assert sum(rows_scored) == 0


def test_schema_is_known_without_a_call(frame, tiny, rows_scored):
    lazy = frame.lazy().with_columns(jn.entities("text", tiny))
    lazy = lazy.explode("entities").unnest("entities", separator=".")
    names = lazy.collect_schema().names()
    assert names[2:5] == ["entities.text", "entities.label", "entities.start"]
    assert rows_scored == []


def collect(plan: bytes) -> list:
    return pickle.loads(plan).collect()["entities"].to_list()


def test_plan_is_pickled_and_runs_in_a_spawned_process(frame, tiny):
    few = frame.slice(50, 5)
    plan = pickle.dumps(few.lazy().select(jn.entities("text", tiny, labels="Drug")))
    assert len(plan) < 20_000  # no session and no weights in there
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(collect, (plan,))
    here = few.select(jn.entities("text", tiny, labels="Drug"))["entities"].to_list()
    assert [[e["text"] for e in row] for row in found] == [
        [e["text"] for e in row] for row in here
    ]


def test_model_pickles_as_its_source(tiny):
    model = jn.load_model(tiny)
    again = pickle.loads(pickle.dumps(model))
    assert again == model
    assert hash(again) == hash(model)
    assert len(pickle.dumps(model)) < 500


@pytest.mark.parametrize("threads", ["1", "8"])
def test_polars_max_threads(frame, expected, tiny, threads, tmp_path):
    frame.write_parquet(tmp_path / "in.parquet")
    code = f"""
import polars as pl, polars_jslner as jn
lazy = pl.scan_parquet({str(tmp_path / "in.parquet")!r})
lazy.with_columns(jn.entities("text", {tiny!r})).collect().write_parquet(
    {str(tmp_path / "out.parquet")!r})
assert jn.config.n_threads() <= {threads}
"""
    environment = {**os.environ, "POLARS_MAX_THREADS": threads}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    check(pl.read_parquet(tmp_path / "out.parquet")["entities"], expected)


INTERRUPTED = """
import sys
import polars as pl
import polars_jslner as jn

jn.configure(memo_mb=0)
model, texts, query = sys.argv[1], sys.argv[2].split("|"), sys.argv[3]
text = pl.Series("text", [f"Case {n}: {text}" for n in range(20_000) for text in texts])
found, words = jn.entities("text", model), jn.tokens("text", model)
queries = {
    "eager": lambda frame: frame.with_columns(found),
    "series": lambda frame: frame["text"].jslner.entities(model),
    "two expressions": lambda frame: frame.lazy().select(found, words).collect(),
    "streaming": lambda frame: frame.lazy().select(found).collect(engine="streaming"),
}
queries[query](text[:1].to_frame())
print("go", flush=True)
queries[query](text.to_frame())
"""


@pytest.mark.parametrize("query", ["eager", "series", "two expressions", "streaming"])
def test_ctrl_c_ends_the_work_soon(query, tiny, passages):
    texts = "|".join([text for text in passages if text.isprintable()][:20])
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, tiny, texts, query],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "go\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert time.monotonic() - began < 10  # the whole takes minutes


INTERRUPTED_IMPORT = """
import os, signal, sys
import polars as pl, polars_jslner as jn

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "numba.core.config":
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
            sum(range(1_000_000))  # time for the signal to arrive

sys.meta_path.insert(0, Interrupt())
text = pl.Series(["Takes aspirin."])
try:
    text.jslner.sentences()
    raise SystemExit("not interrupted")
except KeyboardInterrupt:
    print(len(text.jslner.sentences()))
"""


def test_ctrl_c_in_the_first_call_leaves_a_process_that_works():
    run = [sys.executable, "-c", INTERRUPTED_IMPORT]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1\n"


def test_nothing_is_written_into_the_home_folder(tmp_path):
    cache = tmp_path / "numba"
    home = tmp_path / "home"
    home.mkdir()
    variables = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    run = [sys.executable, "-c", FIRST_CALL]
    subprocess.run(
        run,
        env=variables | {"HOME": str(home), "NUMBA_CACHE_DIR": str(cache)},
        check=True,
    )
    assert list(home.rglob("*")) == []
    assert cache.exists()


FIRST_CALL = """
import polars as pl, polars_jslner
pl.Series(["Takes aspirin."]).jslner.entities()
"""
