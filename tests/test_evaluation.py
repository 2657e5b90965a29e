from __future__ import annotations

import polars as pl
import pytest
import seqeval.metrics
from hypothesis import given
from hypothesis import strategies as st

import polars_jslner as jn

TAGS = ["O", "B-Drug", "I-Drug", "B-Test", "I-Test", "B-Age"]


def spans(tags: list[str]) -> list[dict]:
    """Entities of valid IOB2 tags, one character a word."""
    found: list[dict] = []
    for i, tag in enumerate(tags):
        if tag.startswith("B-"):
            found.append({"label": tag[2:], "start": i, "end": i + 1})
        elif tag.startswith("I-"):
            found[-1]["end"] = i + 1
    return found


def valid(tags: list[str]) -> list[str]:
    """Make an I- tag that continues nothing begin its entity."""
    fixed: list[str] = []
    for tag in tags:
        before = fixed[-1][2:] if fixed else ""
        fixed.append("B-" + tag[2:] if tag[0] == "I" and before != tag[2:] else tag)
    return fixed


pairs = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from(TAGS), min_size=n, max_size=n).map(valid),
        st.lists(st.sampled_from(TAGS), min_size=n, max_size=n).map(valid),
    )
)
DTYPE = pl.List(pl.Struct({"label": pl.String, "start": pl.UInt32, "end": pl.UInt32}))


def column(rows) -> pl.Series:
    return pl.Series(rows, dtype=DTYPE)


# what seqeval and the NumPy below it say where there is nothing to average
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@given(st.lists(pairs, min_size=1, max_size=5))
def test_exact_scores_equal_seqeval(documents):
    documents = [*documents, (["B-Age"], ["O"])]  # seqeval's mean of nothing is nan
    gold, predicted = map(list, zip(*documents, strict=True))
    scores = jn.evaluate(column(map(spans, gold)), column(map(spans, predicted)))
    report = seqeval.metrics.classification_report(
        gold, predicted, output_dict=True, zero_division=0
    )
    rename = {"micro average": "micro avg", "macro average": "macro avg"}
    for row in scores.iter_rows(named=True):
        label = rename.get(row["label"], row["label"])
        if label not in report:  # seqeval leaves out averages of nothing
            assert row["f1"] == 0
            continue
        theirs = report.pop(label)
        assert row["support"] == theirs["support"]
        assert row["precision"] == pytest.approx(theirs["precision"])
        assert row["recall"] == pytest.approx(theirs["recall"])
        assert row["f1"] == pytest.approx(theirs["f1-score"])
    assert set(report) <= {"weighted avg"}


@given(st.lists(pairs, min_size=1, max_size=4))
def test_overlap_scores_equal_the_plain_reference(documents):
    gold = [spans(tags) for tags, _ in documents]
    predicted = [spans(tags) for _, tags in documents]

    def hits(these, others):
        return sum(
            any(
                a["label"] == b["label"]
                and a["start"] < b["end"]
                and b["start"] < a["end"]
                for b in other
            )
            for this, other in zip(these, others, strict=True)
            for a in this
        )

    scores = jn.evaluate(column(gold), column(predicted))
    micro = scores.row(by_predicate=pl.col("label") == "micro average", named=True)
    n_gold, n_predicted = sum(map(len, gold)), sum(map(len, predicted))
    assert micro["overlap_recall"] == pytest.approx(
        hits(gold, predicted) / max(n_gold, 1)
    )
    assert micro["overlap_precision"] == pytest.approx(
        hits(predicted, gold) / max(n_predicted, 1)
    )


def test_rows_without_gold_are_left_out_and_macro_has_a_floor():
    drug = {"label": "Drug", "start": 0, "end": 4}
    age = {"label": "Age", "start": 5, "end": 6}
    gold = column([None, [drug, drug, age], [drug], []])
    predicted = column([[drug], [drug], None, []])
    scores = jn.evaluate(gold, predicted, min_support=2)
    assert scores["label"].to_list() == [
        "Age",
        "Drug",
        "micro average",
        "macro average",
    ]
    assert scores["support"].to_list() == [1, 2, 3, 2]
    assert scores["recall"].to_list() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert scores["precision"].to_list() == [0, 1, 1, 1]


@pytest.mark.parametrize("dtype", [pl.Null, pl.List(pl.Null), DTYPE])
def test_nothing_gives_zero(dtype):
    nothing = pl.Series([[], []] if dtype != pl.Null else [None, None], dtype=dtype)
    scores = jn.evaluate(nothing, nothing)
    assert scores["label"].to_list() == ["micro average", "macro average"]
    assert scores["f1"].to_list() == [0, 0]


def test_misuse_is_explained():
    with pytest.raises(jn.InputTypeError, match="gold has 1 rows and predicted 2"):
        jn.evaluate(column([[]]), column([[], []]))
    with pytest.raises(jn.InputTypeError, match="predicted is .*'label'"):
        jn.evaluate(column([[]]), pl.Series([["Drug"]]))
    for name in ("label", "start", "end"):
        span = {"label": "Drug", "start": 0, "end": 4}
        with pytest.raises(jn.InputTypeError, match="gold has 1 entities whose"):
            jn.evaluate(column([[span | {name: None}, span]]), column([[]]))
    span = {"label": "Drug", "start": 0.5, "end": 4.0}
    with pytest.raises(jn.InputTypeError, match="gold is .*whole numbers"):
        jn.evaluate(pl.Series([[span]]), column([[]]))
    with pytest.raises(jn.InputTypeError, match="predicted is a list"):
        jn.evaluate(column([[]]), [[]])
    with pytest.raises(jn.OptionError, match="min_support='5'"):
        jn.evaluate(column([[]]), column([[]]), min_support="5")
    with pytest.raises(jn.OptionError, match="min_support=-1 is not a whole"):
        jn.evaluate(column([[]]), column([[]]), min_support=-1)
