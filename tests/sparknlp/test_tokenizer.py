"""The tokenizer's kernel against its regexes, and what Java does with odd patterns."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.errors import OptionError
from polars_jslner.sparknlp.params import TokenizerParams, default_rule
from polars_jslner.sparknlp.sentences import whole
from polars_jslner.sparknlp.tokenizer import Tokens, check, tokenize, tokenize_by_regex
from polars_jslner.sparknlp.units import strings, units_of_texts

SPECIAL = " \t\n\r\x0b\x0c\x1c\x85\xa0.,;:!?*-()\"'[]%\u2187\u2188\u2028\u2003é😀𝒳aB0"
texts = st.lists(
    st.text(st.sampled_from(SPECIAL) | st.characters(exclude_categories=["Cs"]))
)


def listed(tokens: Tokens) -> list[tuple[Any, ...]]:
    found = strings(tokens.units, tokens.starts, tokens.ends).to_pylist()
    return list(zip(found, tokens.begins.tolist(), tokens.lasts.tolist(), strict=True))


def tokens_of(text: str, **params: Any) -> list[tuple[Any, ...]]:
    sentences = whole(units_of_texts([text]))
    return listed(tokenize(sentences, TokenizerParams(**params)))


@given(
    texts=texts,
    context=st.sampled_from([None, (".", ","), ("[", "]", "\\", "^"), ("a", "😀")]),
    limits=st.sampled_from([(0, 99999), (2, 12), (1, 1)]),
)
def test_kernel_equals_regexes(
    texts: list[str], context: tuple[str, ...] | None, limits: tuple[int, int]
) -> None:
    rule = default_rule() if context is None else default_rule(context)
    params = TokenizerParams(rules=(rule,), min_length=limits[0], max_length=limits[1])
    sentences = whole(units_of_texts(texts))
    fast, slow = tokenize(sentences, params), tokenize_by_regex(sentences, params)
    assert listed(fast) == listed(slow)
    np.testing.assert_array_equal(fast.offsets, slow.offsets)


@given(texts)
def test_tokens_are_where_they_say(texts: list[str]) -> None:
    documents = units_of_texts(texts)
    sentences = whole(documents)
    tokens = tokenize(sentences, TokenizerParams())
    lengths = tokens.lasts - tokens.begins + 1
    np.testing.assert_array_equal(lengths, tokens.ends - tokens.starts)
    first = np.repeat(sentences.units.offsets[:-1], np.diff(tokens.offsets))
    np.testing.assert_array_equal(tokens.starts - first, tokens.begins)


def test_runs_of_context_characters_stay_whole() -> None:
    found = [token for token, _, _ in tokens_of('("BP"), 5.5mg -5 q.2h. ...')]
    assert found == ['("', "BP", '"),', "5.5mg", "-", "5", "q.2h", ".", "..."]


def test_splitting_leaves_positions_as_spark_nlp_does() -> None:
    assert tokens_of("a-b", split_chars=("-",)) == [("a", 0, 0), ("b", 2, 2)]
    # a group of delimiters only vanishes, and what follows begins too early
    assert tokens_of("->", split_chars=("-",)) == [(">", 0, 0)]
    # a separator of two code units counts one
    assert tokens_of("\U0001f600 chest", target_pattern=r"\w+") == [("chest", 2, 6)]


@pytest.mark.parametrize(
    ("params", "part"),
    [
        ({"rules": (r"\A(?<=a+)(b)\z",)}, "look-behind"),
        ({"split_pattern": r"\G-"}, r"\G"),
        ({"exceptions": ("(",)}, "too early"),
        ({"target_pattern": r"\p{NoSuch}"}, "NoSuch"),
    ],
)
def test_patterns_that_cannot_be_translated_are_refused(
    params: dict[str, Any], part: str
) -> None:
    with pytest.raises(OptionError) as caught:
        check(TokenizerParams(**params))
    assert part in str(caught.value)


def test_params_pickle_and_hash() -> None:
    params = TokenizerParams(exceptions=("p.o.",))
    assert pickle.loads(pickle.dumps(params)) == params  # noqa: S301
    assert len({params, TokenizerParams()}) == 2
