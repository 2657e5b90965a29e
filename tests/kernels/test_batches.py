from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.kernels.batches import fill_batch, keep_best


@given(st.lists(st.integers(1, 9), min_size=1, max_size=7))
def test_fill_batch_lays_windows_side_by_side(lengths):
    lengths = sorted(lengths, reverse=True)
    ids = np.arange(100, 100 + sum(lengths))
    starts = np.cumsum([0, *lengths[:-1]])
    prefix, suffix = np.array([1, 2]), np.array([3])
    rows = np.arange(len(lengths))
    batch, mask = fill_batch(ids, starts, np.array(lengths), rows, prefix, suffix, 7)
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        own = [1, 2, *ids[start : start + length], 3]
        padding = batch.shape[1] - len(own)
        assert batch[row].tolist() == own + [7] * padding
        assert mask[row].tolist() == [1] * len(own) + [0] * padding


@pytest.mark.parametrize("keep", [False, True])
def test_keep_best_is_softmax_and_argmax_of_owned_pieces(keep):
    generator = np.random.default_rng(5)
    logits = generator.normal(size=(2, 6, 4)).astype(np.float32) * 9
    starts, owned_starts, owned_ends = map(np.array, ([0, 4], [0, 5], [3, 8]))
    tags, scores = np.full(9, -1, np.int32), np.full(9, -1, np.float32)
    probabilities = np.full((9 if keep else 0, 4), -1, np.float32)
    rows = np.array([0, 1])
    raw = False
    arguments = (starts, owned_starts, owned_ends, rows, 1, tags, scores)
    assert keep_best(logits, *arguments, probabilities, raw)
    exponentials = np.exp(logits.astype(np.float64))
    softmax = exponentials / exponentials.sum(-1, keepdims=True)
    for window, first, last in ((0, 0, 3), (1, 5, 8)):
        for piece in range(first, last):
            expected = softmax[window, 1 + piece - starts[window]]
            assert tags[piece] == expected.argmax()
            assert scores[piece] == pytest.approx(expected.max(), abs=1e-6)
            if keep:
                assert probabilities[piece] == pytest.approx(expected, abs=1e-6)
    assert tags[[3, 4, 8]].tolist() == [-1, -1, -1]  # owned by nobody here


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("tag", [0, 2])
def test_keep_best_reports_what_is_not_finite(value, tag):
    logits = np.zeros((1, 3, 3), np.float32)
    logits[0, 1, tag] = value
    one = np.array([1], np.int64)
    zero = one - 1
    tags, scores = np.zeros(1, np.int32), np.zeros(1, np.float32)
    none, raw = np.zeros((0, 3), np.float32), False
    assert not keep_best(logits, zero, zero, one, zero, 1, tags, scores, none, raw)
