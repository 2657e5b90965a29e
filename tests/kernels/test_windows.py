from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.stages.windows import CALL_TOKENS, LEAST_TOKENS, batch, cut


def context(piece: int, start: int, end: int, n: int) -> float:
    """Pieces between ``piece`` and the nearest edge that cuts the sentence."""
    left = math.inf if start == 0 else piece - start
    right = math.inf if end == n else end - 1 - piece
    return min(left, right)


@given(
    st.lists(st.integers(0, 90), max_size=6),
    st.integers(4, 30).flatmap(
        lambda capacity: st.tuples(st.just(capacity), st.integers(0, capacity // 2))
    ),
)
def test_each_piece_belongs_to_the_window_of_best_context(lengths, sizes):
    capacity, overlap = sizes
    offsets = np.cumsum([0, *lengths])
    windows = cut(offsets, capacity, overlap)
    owner = np.full(offsets[-1], -1)
    for w, (a, b) in enumerate(
        zip(windows.owned_starts, windows.owned_ends, strict=True)
    ):
        assert (owner[a:b] == -1).all()
        owner[a:b] = w
    assert (owner >= 0).all()
    assert (windows.lengths <= capacity).all()
    assert (windows.lengths > 0).all()
    ends = windows.starts + windows.lengths
    for first, n in zip(offsets[:-1], lengths, strict=True):
        inside = [w for w in range(len(ends)) if first <= windows.starts[w] < first + n]
        assert len(inside) == min(n, 1) or n > capacity
        for piece in range(n):
            holding = [
                w for w in inside if windows.starts[w] <= first + piece < ends[w]
            ]
            best = max(
                holding,
                key=lambda w: context(
                    piece, windows.starts[w] - first, ends[w] - first, n
                ),
            )
            assert owner[first + piece] == best


@given(
    st.lists(st.integers(0, 90), max_size=6),
    st.integers(8, 30).flatmap(
        lambda capacity: st.tuples(st.just(capacity), st.integers(0, capacity // 2))
    ),
)
def test_neighbours_share_at_least_the_overlap(lengths, sizes):
    capacity, overlap = sizes
    offsets = np.cumsum([0, *lengths])
    windows = cut(offsets, capacity, overlap)
    ends = windows.starts + windows.lengths
    for w in range(1, len(ends)):
        if windows.starts[w] not in offsets[:-1]:
            assert ends[w - 1] - windows.starts[w] >= overlap


@given(st.lists(st.integers(3, 60), max_size=50), st.integers(1, 200))
def test_batches_hold_every_window_once_within_the_budget(lengths, budget):
    array = np.array(lengths, np.int64)
    batches = batch(array, budget)
    assert sorted(i for rows in batches for i in rows) == list(range(len(lengths)))
    previous = math.inf
    for rows in batches:
        longest = array[rows].max()
        assert array[rows[0]] == longest <= previous
        assert len(rows) == 1 or len(rows) * longest <= budget
        previous = array[rows].min()


@given(st.lists(st.integers(3, 60), max_size=9), st.integers(1, 300))
def test_no_other_batches_cost_less(lengths, budget):
    def least(rest: list[int]) -> int:
        """Return the cost of the best way to cut descending lengths."""
        return min(
            (
                n * rest[0] + CALL_TOKENS + least(rest[n:])
                for n in range(1, len(rest) + 1)
                if n == 1 or n * rest[0] <= budget
            ),
            default=0,
        )

    array = np.array(lengths, np.int64)
    costs = [
        len(rows) * int(array[rows].max()) + CALL_TOKENS
        for rows in batch(array, budget)
    ]
    assert sum(costs) == least(sorted(lengths, reverse=True))


@given(
    st.lists(st.integers(3, 60), max_size=50),
    st.integers(1, 5000),
    st.integers(2, 9),
)
def test_every_worker_has_its_part(lengths, budget, n_workers):
    array = np.array(lengths, np.int64)
    batches = batch(array, budget, n_workers)
    assert sorted(i for rows in batches for i in rows) == list(range(len(lengths)))
    for rows in batches:
        assert len(rows) == 1 or len(rows) * array[rows].max() <= budget
    share = sum(lengths) / n_workers
    if share >= max(LEAST_TOKENS, *lengths, 60):
        assert len(batches) >= n_workers


@given(st.lists(st.integers(3, 60), min_size=1, max_size=200), st.integers(2, 9))
def test_workers_end_no_later_than_with_full_batches(lengths, n_workers):
    array = np.array(lengths, np.int64)

    def end(batches):
        until = [0] * n_workers
        for rows in batches:
            first = until.index(min(until))
            until[first] += int(array[rows].max()) * len(rows) + CALL_TOKENS
        return max(until)

    assert end(batch(array, 384, n_workers)) <= end(batch(array, 384))
