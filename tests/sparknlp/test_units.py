"""UTF-16 and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.sparknlp.sentences import split_at_spaces, whole
from polars_jslner.sparknlp.units import (
    length,
    strings,
    texts_of,
    units_of_bytes,
    units_of_texts,
)

texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("a😀é"))
)


@given(texts)
def test_texts_come_back(texts: list[str]) -> None:
    units = units_of_texts(texts)
    assert texts_of(units) == texts
    assert np.diff(units.offsets).tolist() == [length(text) for text in texts]
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)])
    same = units_of_bytes(np.frombuffer(b"".join(encoded), np.uint8), offsets)
    np.testing.assert_array_equal(same.data, units.data)
    np.testing.assert_array_equal(same.offsets, units.offsets)


def test_half_a_pair_is_a_question_mark() -> None:
    units = units_of_texts(["😀"])
    assert (
        strings(units.data, np.array([0, 1]), np.array([1, 2])).to_pylist() == ["?"] * 2
    )


def test_whole_leaves_out_empty_texts() -> None:
    sentences = whole(units_of_texts(["", "a b", ""]))
    assert sentences.offsets.tolist() == [0, 0, 1, 1]
    assert (sentences.begins.tolist(), sentences.ends.tolist()) == ([0], [2])


def test_split_at_spaces_leaves_an_empty_piece_before_a_long_word() -> None:
    assert split_at_spaces("abcdef gh", 4) == ["", "abcdef", "gh"]
    assert split_at_spaces(" a  b  ", 99) == [" a  b"]
    assert split_at_spaces("   ", 99) == []
