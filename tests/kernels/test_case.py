from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.kernels import case

CLASSES = [
    (case.DIGIT, r".*[0-9].*"),
    (case.OTHER, r"[^A-Za-z]*"),
    (case.LOWER, r"[^A-Z]*"),
    (case.INITIAL, r"[^A-Za-z]*[A-Z][^A-Za-z]*"),
    (case.UPPER, r"[^a-z]*"),
    (case.TITLE, r"[^A-Za-z]*[A-Z].*"),
    (case.MIXED, r".*"),
]


def reference(word: str) -> int:
    return next(c for c, rule in CLASSES if re.fullmatch(rule, word, re.DOTALL))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("pain", case.LOWER),
        ("Pain", case.TITLE),
        ("McBurney", case.TITLE),
        ("CBC", case.UPPER),
        ("B-", case.INITIAL),
        ("pH", case.MIXED),
        ("T2", case.DIGIT),
        ("é", case.OTHER),
        (",", case.OTHER),
    ],
)
def test_reference_classes(word, expected):
    assert reference(word) == expected


words = st.text(st.sampled_from("aZb9é,😀"), min_size=1, max_size=6)


@given(st.lists(st.lists(words, max_size=4), max_size=4), st.data())
def test_word_cases_equals_the_plain_reference(sentences, data):
    text, text_offsets, offsets = "", [0], [0]
    starts, ends, continues, expected = [], [], [], []
    for sentence in sentences:
        for i, word in enumerate(sentence):
            at = len(text) - text_offsets[-1]
            cuts = data.draw(st.sets(st.integers(1, len(word)), max_size=2))
            bounds = sorted({0, len(word), *cuts})
            for first, last in zip(bounds[:-1], bounds[1:], strict=True):
                starts.append(at + first)
                ends.append(at + last)
                continues.append(first > 0)
                expected.append(reference(word))
            text += word + " " * (i < len(sentence) - 1)
        text_offsets.append(len(text))
        offsets.append(len(starts))
    found = case.word_cases(
        np.frombuffer(text.encode("utf-32-le") + bytes(4), np.uint32),
        np.array(text_offsets),
        np.array(offsets),
        np.array(starts, np.int64),
        np.array(ends, np.int64),
        np.array(continues, np.bool_),
    )
    assert found.tolist() == expected
    assert len(CLASSES) == case.N_CASES
