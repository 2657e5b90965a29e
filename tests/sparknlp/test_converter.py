"""What only the licensed NerConverterInternal does, after its documentation."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from polars_jslner import schema
from polars_jslner.sparknlp import annotation
from polars_jslner.sparknlp.params import NerConverterParams
from polars_jslner.sparknlp.units import units_of_texts
from tests.sparknlp.recordings import chunks_of, long_form


def chunks(tagged: str, **params: Any) -> list[tuple[Any, ...]]:
    """Convert ``word/tag/score ...`` and return (text, label, confidence, begin)."""
    items = [item.split("/") for item in tagged.split()]
    text = " ".join(word for word, *_ in items)
    tokens, ner, at = [], [], 0
    for word, name, *score in items:
        span = at, at + len(word) - 1
        tokens.append(["token", *span, word, {"sentence": "0"}])
        ner.append(
            ["named_entity", *span, name, {name: score[0]} if score else {}],
        )
        at += len(word) + 1
    sentence = ["document", 0, len(text) - 1, text, {"sentence": "0"}]
    row = {"sentence": [sentence], "token": tokens, "ner": ner}
    found = annotation.chunk_annotations(chunks_of(row, NerConverterParams(**params)))
    return [
        (result, data["entity"], data.get("confidence"), begin)
        for _, begin, _, result, data in long_form(found)[0]
    ]


def test_greedy_mode_joins_neighbours_of_one_label() -> None:
    tagged = "a/B-X/0.5 b/B-X/1.0 c/B-Y/0.5 d/O e/B-Y/0.5"
    assert chunks(tagged) == [
        ("a", "X", "0.5", 0),
        ("b", "X", "1.0", 2),
        ("c", "Y", "0.5", 4),
        ("e", "Y", "0.5", 8),
    ]
    assert chunks(tagged, greedy_mode=True) == [
        ("a b", "X", "0.75", 0),
        ("c", "Y", "0.5", 4),
        ("e", "Y", "0.5", 8),
    ]


def test_black_list_replacement_and_numbering() -> None:
    tagged = "a/B-X/0.5 b/B-Y/0.5 c/B-Z/0.5"
    given = {"black_list": ("X",), "replace_labels": (("Y", "X"), ("Q", "R"))}
    assert chunks(tagged, **given) == [("b", "X", "0.5", 2), ("c", "Z", "0.5", 4)]


def test_threshold_drops_the_unsure_and_the_unknown() -> None:
    tagged = "a/B-X/0.9 b/B-X/0.89 c/B-X d/B-X/abc"
    assert chunks(tagged, threshold=0.9) == [("a", "X", "0.9", 0)]
    assert [chunk[2] for chunk in chunks(tagged)] == ["0.9", "0.89", None, None]


def test_stop_words_between_two_chunks_are_bridged_and_dropped() -> None:
    tagged = "R/B-L/0.5 House/I-L/0.5 ,/O/0.9 of/O/0.9 Walbhat/B-L/1.0 ,/O x/B-M/0.5"
    given = {"ignore_stop_words": (",", "of")}
    assert chunks(tagged, **given) == [
        ("R House Walbhat", "L", "0.6666667", 0),
        ("x", "M", "0.5", 23),
    ]


def test_no_chunks_give_empty_lists_of_the_annotation_type() -> None:
    empty = {"sentence": [], "token": [], "ner": []}
    found = annotation.chunk_annotations(chunks_of(empty, NerConverterParams()))
    column = pl.Series(found)
    assert column.dtype == schema.ANNOTATIONS
    assert column.to_list() == [[]]
    documents = pl.Series(annotation.document_annotations(units_of_texts(["", "😀"])))
    assert [row[0]["end"] for row in documents.to_list()] == [-1, 1]
    assert documents.dtype == schema.ANNOTATIONS


@pytest.mark.parametrize("greedy", [False, True])
def test_short_tags_open_nothing(*, greedy: bool) -> None:
    assert chunks("a/X b/B-X/0.5 c/Y", greedy_mode=greedy) == [("b c", "X", "0.5", 2)]
