from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polars_jslner as jn
from polars_jslner import config, pipeline
from polars_jslner.stages import memo
from polars_jslner.stages.chunks import Spans
from tests.sparknlp_models import spark_models

__all__ = ["spark_models"]


@pytest.fixture(autouse=True)
def fresh_memo(monkeypatch):
    monkeypatch.setattr(config, "_current", config.Config())
    memo.clear()
    yield
    memo.clear()


def spans_of(texts) -> Spans:
    """A span for every letter, its label and score made from the letter."""
    letters = [(i, ord(letter)) for text in texts for i, letter in enumerate(text)]
    starts = np.array([i for i, _ in letters], np.int64)
    codes = np.array([code for _, code in letters], np.int32)
    offsets = np.cumsum([0, *map(len, texts)])
    return Spans(offsets, starts, starts + 1, codes, codes.astype(np.float32) / 7)


def equal(a: Spans, b: Spans) -> bool:
    pairs = [(getattr(a, n), getattr(b, n)) for n in Spans.__slots__]
    return all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in pairs)


@given(st.lists(st.lists(st.text(max_size=4), max_size=5, unique=True), max_size=5))
def test_recall_equals_reading(calls):
    memo.clear()
    for texts in calls:
        assert equal(memo.recall(texts, "key", spans_of), spans_of(texts))


def test_known_sentences_are_not_read_again():
    asked: list[list[str]] = []

    def read(texts):
        asked.append(list(texts))
        return spans_of(texts)

    memo.recall(["a", "b"], 1, read)
    memo.recall(["b", "c"], 1, read)
    memo.recall(["c", "a"], 1, read)
    memo.recall(["a"], 2, read)
    assert asked == [["a", "b"], ["c"], ["a"]]


def test_what_was_asked_for_longest_ago_is_forgotten_first():
    jn.configure(memo_mb=1)
    memo.recall(["old"], 1, spans_of)
    long = ["x" * 40_000 + str(i) for i in range(2)]
    for text in ["kept", *long, "kept"]:
        memo.recall([text], 1, spans_of)
        assert memo.n_bytes() <= 1_000_000
    asked: list[str] = []

    def read(texts):
        asked.extend(texts)
        return spans_of(texts)

    memo.recall(["old", "kept"], 1, read)
    assert asked == ["old"]


def test_a_smaller_memo_forgets_at_once():
    jn.configure(memo_mb=2)
    memo.recall(["z" * 20_000 + str(i) for i in range(5)], 1, spans_of)
    kept = memo.n_bytes()
    assert 1_000_000 < kept < 2_000_000
    jn.configure(threads=1)
    assert memo.n_bytes() == kept
    jn.configure(memo_mb=1)
    assert 0 < memo.n_bytes() <= 1_000_000
    jn.configure(memo_mb=0)
    assert memo.n_bytes() == 0
    memo.recall(["a"], 1, spans_of)
    assert memo.n_bytes() == 0


def test_what_is_read_while_the_memo_is_turned_off_is_not_kept():
    def read(texts):
        jn.configure(memo_mb=0)
        return spans_of(texts)

    assert equal(memo.recall(["a", "b"], 1, read), spans_of(["a", "b"]))
    assert memo.n_bytes() == 0


def counted(text, *arguments, **options) -> tuple[int, int]:
    before = memo.counts()
    text.jslner.entities(*arguments, **options)
    return tuple(now - then for now, then in zip(memo.counts(), before, strict=True))


def test_sentences_seen_and_scored_are_counted(tiny):
    text = pl.Series(["He has pain. No fever.", "No fever. He has pain.", None, ""])
    assert counted(text, tiny) == (4, 2)
    assert counted(text, tiny) == (4, 0)
    assert counted(text, tiny, sentences="none") == (2, 2)
    jn.configure(memo_mb=0)
    assert counted(text, tiny) == (4, 2)


def test_sentences_of_spark_nlp_are_all_scored(spark_models):
    text = pl.Series(["He has pain. No fever.", "No fever. He has pain."])
    assert counted(text, spark_models / "bert_cased") == (4, 4)


def test_counts_are_right_from_many_threads():
    before = memo.counts()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [memo.count(2, 1) for _ in range(500)], range(8)))
    assert memo.counts() == (before[0] + 8000, before[1] + 4000)


def test_a_result_larger_than_the_memo_is_given_and_not_kept():
    jn.configure(memo_mb=1)
    text = "y" * 100_000
    assert equal(memo.recall([text], 1, spans_of), spans_of([text]))
    assert memo.n_bytes() == 0


def test_repeated_sentences_are_scored_once(tiny, monkeypatch):
    scored: list[str] = []
    real = pipeline._read

    def counting(texts, options):
        scored.extend(texts)
        return real(texts, options)

    monkeypatch.setattr(pipeline, "_read", counting)
    text = pl.Series(["He has pain. No fever.", "No fever. He has pain.", "No fever."])
    first = text.jslner.entities(tiny)
    assert sorted(scored) == ["He has pain.", "No fever."]
    again = text.jslner.entities(tiny, labels=["Symptom"])
    assert len(scored) == 2
    assert first.list.len().sum() >= again.list.len().sum() > 0
    text.jslner.entities(tiny, aggregation="max")
    assert len(scored) == 4
    jn.configure(memo_mb=0)
    assert text.jslner.entities(tiny).equals(first)
    assert len(scored) == 6
