from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polars_jslner as jn
from polars_jslner.html.spans import Entity, covered, nest, read_entities


@st.composite
def entities(draw):
    size = draw(st.integers(1, 30))
    spans = st.tuples(st.integers(0, size - 1), st.integers(1, 12))
    drawn = draw(st.lists(spans, max_size=12))
    found = [Entity(s, min(s + n, size), "L", None) for s, n in drawn]
    return sorted(found, key=lambda e: (e.start, -e.end))


@given(entities())
def test_fragments_make_up_each_entity(found):
    fragments = list(nest(found))
    for number, entity in enumerate(found):
        own = [f for f in fragments if f.number == number]
        assert [f.first for f in own] == [True] + [False] * (len(own) - 1)
        assert [f.last for f in own] == [False] * (len(own) - 1) + [True]
        assert own[0].start == entity.start
        assert own[-1].end == entity.end
        for one, other in zip(own, own[1:], strict=False):
            assert one.end == other.start


@given(entities())
def test_fragments_nest_and_are_in_order(found):
    fragments = list(nest(found))
    for i, one in enumerate(fragments):
        for other in fragments[i + 1 :]:
            assert other.start >= one.start
            assert other.start >= one.end or other.end <= one.end


@given(entities())
def test_entities_that_nest_are_not_cut(found):
    crossing = any(a.start < b.start < a.end < b.end for a in found for b in found)
    assert (len(list(nest(found))) == len(found)) is not crossing


@given(entities())
def test_covered_ranges(found):
    inside = {i for e in found for i in range(e.start, e.end)}
    runs = covered(found)
    assert {i for a, b in runs for i in range(a, b)} == inside
    assert all(a[1] <= b[0] for a, b in zip(runs, runs[1:], strict=False))
    # A range ends only where no entity goes on.
    for _, end in runs:
        assert not any(e.start < end < e.end for e in found)


def test_ten_thousand_in_one_another():
    found = [Entity(i, 20_001 - i, "L", None) for i in range(10_000)]
    assert len(list(nest(found))) == 10_000
    text = "x" * 20_001
    page = jn.render(
        text, [{"start": i, "end": 20_001 - i, "label": "L"} for i in range(3000)]
    )
    assert page.count("<mark") == page.count("</mark>") == 3000


def test_every_form_of_entities_is_read():
    rows = [
        {"text": "b", "label": "B", "start": 1, "end": 2, "score": 0.5},
        {"text": "ab", "label": "A", "start": 0, "end": 2, "score": 1.0},
    ]
    wanted = [Entity(0, 2, "A", 1.0), Entity(1, 2, "B", 0.5)]
    for given_ in (rows, iter(rows), pl.Series(rows), pl.DataFrame(rows)):
        assert read_entities("abc", given_) == wanted
    assert read_entities("abc", [{"label": "X", "start": 0, "end": 1}]) == [
        Entity(0, 1, "X", None)
    ]
    assert read_entities("abc", pl.Series([], dtype=jn.schema.ENTITY)) == []


SECRET = "Winstanley"


@pytest.mark.parametrize(
    ("entity", "said"),
    [
        ({"start": 0, "end": 11, "label": "A"}, "start=0 and end=11"),
        ({"start": -1, "end": 2, "label": "A"}, "start=-1"),
        ({"start": 2, "end": 2, "label": "A"}, "start=2 and end=2"),
        ({"start": 0, "end": 3, "label": "A", "text": "Wins"}, "is not what stands"),
    ],
)
def test_entities_of_another_text_are_told_without_text(entity, said):
    with pytest.raises(jn.OptionError, match="entities\\[0\\]") as caught:
        read_entities(SECRET, [entity])
    assert said in str(caught.value)
    assert "Win" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        ["Winstanley"],
        "Winstanley",
        [None],
        [{"start": 0, "end": 1}],
        [{"start": 0.5, "end": 1, "label": "a"}],
        [{"start": 0, "end": 1, "label": "a", "score": "Winstanley"}],
        [{"start": 0, "end": 1, "label": "a", "score": ["Winstanley"]}],
        5,
    ],
)
def test_what_is_no_entity_is_told(wrong):
    with pytest.raises(jn.InputTypeError, match="whole numbers") as caught:
        read_entities(SECRET, wrong)
    assert "Win" not in str(caught.value)


def test_a_column_is_no_row():
    column = pl.Series([[{"start": 0, "end": 1, "label": "A"}]])
    with pytest.raises(jn.InputTypeError, match="one row: entities"):
        read_entities(SECRET, column)
