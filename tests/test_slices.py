from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner import config
from polars_jslner.stages import slices
from polars_jslner.stages.slices import by_slices, cuts
from polars_jslner.stopping import STOP

DTYPE = pl.List(pl.Int64)


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 30))
def test_cuts_cover_all_texts_within_the_limit(lengths, n_bytes):
    found = list(cuts(np.cumsum([0, *lengths]), n_bytes))
    assert [i for a, b in found for i in range(a, b)] == list(range(len(lengths)))
    for first, last in found:
        assert last - first == 1 or sum(lengths[first:last]) <= n_bytes


class Stage:
    """Gives each text's length as a list; keeps what it was asked, waits if told to."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.go_on = threading.Event()
        self.began = threading.Event()
        self.stopped = threading.Event()

    def __call__(self, documents, spans, row):
        self.asked.append(len(documents))
        if not self.go_on.wait(20):
            raise TimeoutError
        stop = STOP.get()
        if documents.data[documents.offsets[0] :].tobytes().startswith(b"slow"):
            self.began.set()
            if stop.wait(20):
                self.stopped.set()
        if documents.data[documents.offsets[0] :].tobytes().startswith(b"bad"):
            self.began.wait(20)
            raise ValueError
        lengths = np.diff(documents.offsets)
        if (lengths == 13).any():
            msg = f"row {row + int(np.argmax(lengths == 13))}"
            raise ValueError(msg)
        return pa.array([[int(n)] for n in lengths], pa.large_list(pa.int64()))

    def run(self, texts, n_bytes=1000):
        series = pl.Series("note", texts, dtype=pl.String)
        return by_slices(series, None, n_bytes, self, DTYPE, self).to_list()


@pytest.fixture
def stage(monkeypatch):
    monkeypatch.setattr(config, "_current", config.Config(threads=2))
    return Stage()


def keep_busy(stage, pool):
    """Give each of the two threads that serve slices something to do."""
    busy = []
    for n in (1, 2):
        busy.append(pool.submit(stage.run, ["first"]))
        while len(stage.asked) < n:
            time.sleep(0.005)
    return busy


def waiting(stage, n):
    """Wait until ``n`` slices of the stage are in line."""
    for _ in range(2000):
        line = slices._lines.get((stage, 1000, True))
        if line is not None and len(line._waiting) >= n:
            return
        time.sleep(0.005)
    raise TimeoutError


def test_calls_that_wait_are_served_together(stage):
    texts = [["x" * (10 * i + j) for j in range(i + 1)] for i in range(8)]
    with ThreadPoolExecutor(10) as pool:
        busy = keep_busy(stage, pool)
        calls = [pool.submit(stage.run, each) for each in texts]
        waiting(stage, 8)
        stage.go_on.set()
        for call, each in zip(calls, texts, strict=True):
            assert call.result() == [[len(text)] for text in each]
        assert all(call.result() == [[5]] for call in busy)
    assert sum(stage.asked) == 2 + sum(map(len, texts))
    assert len(stage.asked) <= 6  # 1,000 bytes at a time, not ten calls
    assert (stage, 1000, True) not in slices._lines


def test_an_error_reaches_its_caller_with_its_row_and_no_other(stage):
    with ThreadPoolExecutor(10) as pool:
        busy = keep_busy(stage, pool)
        good = [pool.submit(stage.run, ["good"]) for _ in range(3)]
        bad = pool.submit(stage.run, ["", "x" * 13])
        waiting(stage, 4)
        stage.go_on.set()
        assert [call.result() for call in good] == [[[4]]] * 3
        with pytest.raises(ValueError, match="row 1"):
            bad.result()
        assert all(call.result() == [[5]] for call in busy)


def test_work_that_nobody_waits_for_is_stopped(stage):
    stage.go_on.set()
    with pytest.raises(ValueError):
        stage.run(["bad", *["slow"] * 500], n_bytes=4)
    assert stage.stopped.wait(20)
    assert len(stage.asked) < 6


def test_rows_of_a_long_column_keep_their_order(stage):
    stage.go_on.set()
    texts = ["x" * (n % 11) for n in range(1000)]
    assert stage.run(texts, n_bytes=50) == [[n % 11] for n in range(1000)]
