"""Word pieces and byte pairs, word by word."""

from __future__ import annotations

import numpy as np
import pytest

from polars_jslner.errors import ModelFormatError
from polars_jslner.sparknlp import bytebpe, pieces, wordpiece
from polars_jslner.sparknlp.grouping import group
from polars_jslner.sparknlp.params import TokenizerParams
from polars_jslner.sparknlp.sentences import Sentences, pack, whole
from polars_jslner.sparknlp.tokenizer import tokenize
from polars_jslner.sparknlp.units import units_of_texts


@pytest.mark.parametrize(
    ("word", "basic"),
    [
        ("30-year-old", "30"),
        ("mother's", "mother"),
        ("5.5mg", "5"),
        ("+5", "+"),
        ("[BP]", "["),
        ("...", "."),
        ("\u201cquoted\u201d", "\u201cquoted\u201d"),
        ("it\u2019s", "it\u2019s"),
        ("caf\u00e9", "cafe"),
        ("\u0301\u4e2d", "\u4e2d"),
        ("\u4e2d\u6587", "\u4e2d"),
        ("\U00020000x", "\U00020000x"),
        ("\u2008a", "\u2008"),
        ("\u3000a", "a"),
        ("\u00a0a", "\u00a0a"),
        ("a\u0000b", "a"),
        ("\x01\x02", ""),
        ("\u0301", ""),
        ("\u200b", "\u200b"),
        ("\uac01", "\u1100\u1161\u11a8"),
    ],
)
def test_first_basic_token(word: str, basic: str) -> None:
    assert wordpiece.first_basic(word, case_sensitive=True) == basic


def test_case_is_folded_on_request() -> None:
    assert wordpiece.first_basic("\u00c9COLE", case_sensitive=False) == "ecole"
    assert wordpiece.first_basic("\u00c9COLE", case_sensitive=True) == "ECOLE"


VOCABULARY = {
    "[UNK]": 9,
    "aa": 1,
    "a": 2,
    "##a": 3,
    "##b": 4,
    "\U0001f600": 5,
    "##c": 6,
}


@pytest.mark.parametrize(
    ("word", "cut"),
    [
        ("aaab", ((1, 3, 4), (0, 2, 3))),
        ("ax", ((9,), (0,))),
        ("\U0001f600c", ((5, 6), (0, 2))),
        ("a" * 200, ((1, *[3] * 198), (0, *range(2, 200)))),
        ("a" * 201, ((9,), (0,))),
        ("", ((), ())),
        (" ", ((), ())),
    ],
)
def test_word_pieces(word: str, cut: pieces.Cut) -> None:
    cutter = wordpiece.WordPieceCutter(VOCABULARY, case_sensitive=True)
    assert cutter.cut(word) == cut


def test_vocabulary_without_unknown_is_refused() -> None:
    with pytest.raises(ModelFormatError, match="UNK"):
        wordpiece.word_pieces({"a": 0}, case_sensitive=True)
    with pytest.raises(ModelFormatError, match="unk"):
        bytebpe.byte_pairs({"a": 0}, [], case_sensitive=True)


BYTES = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "ab": 5, "c": 6}
BYTES |= {"\u00c3\u00a9": 7, "\u0120a": 8}
MERGES = [("#version:", "0.2"), ("a", "b"), ("\u00c3", "\u00a9")]


@pytest.mark.parametrize(
    ("word", "cut"),
    [
        ("abc", ((5, 6), (0, 2))),
        ("ab-c", ((5,), (0,))),
        ("abab", ((5, 5), (0, 2))),
        ("\u00e9c", ((7, 6), (0, 2))),  # a letter of two bytes
        ("'sx", ((3, 3), (0, 1))),
        ("12a", ((3, 3), (0, 1))),
        ("\x01", ((3,), (pieces.AT_ORIGIN,))),
        ("<mask>", ((4,), (0,))),
        ("<mask>c", ((6,), (6,))),
        ("c</s>", ((6,), (0,))),
        ("", ((), ())),
    ],
)
def test_byte_pairs(word: str, cut: pieces.Cut) -> None:
    cutter = bytebpe.BytePairCutter(BYTES, MERGES, case_sensitive=True)
    assert cutter.cut(word) == cut


def encode(sentences: Sentences, encoder: pieces.PieceEncoder) -> pieces.Pieces:
    tokens = tokenize(sentences, TokenizerParams())
    return encoder.encode(tokens, group(sentences, tokens))


def test_a_later_piece_may_tag_another_word() -> None:
    encoder = bytebpe.byte_pairs(BYTES, MERGES, case_sensitive=True)
    found = encode(whole(units_of_texts(["\u00e9\u00e9c c"])), encoder)
    assert found.words.tolist() == [0, -1, 1, 1]


def test_pieces_do_not_depend_on_the_memo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MEMO_WORDS", 2)
    encoder = wordpiece.word_pieces(VOCABULARY, case_sensitive=True)
    sentences = whole(units_of_texts(["a aa aaa b", "", "aaa \u4e2d a x"]))
    first, again = encode(sentences, encoder), encode(sentences, encoder)
    np.testing.assert_array_equal(first.ids, again.ids)
    assert first.ids.tolist() == [2, 1, 1, 3, 9, 1, 3, 9, 2, 9]
    assert first.offsets.tolist() == [0, 5, 10]


def test_no_words_no_pieces() -> None:
    encoder = wordpiece.word_pieces(VOCABULARY, case_sensitive=True)
    assert len(encode(whole(units_of_texts(["", "  "])), encoder)) == 0
    assert len(encode(whole(units_of_texts([])), encoder)) == 0


def test_sentences_over_one_another_share_tokens() -> None:
    sentences = pack(
        [
            [("a b", 0, 2, 0), ("c", 4, 4, 1)],
            [("a b", -1, 1, 0), ("a b c", 0, 4, 1), ("", 5, 4, 2)],
            [],
        ]
    )
    tokens = tokenize(sentences, TokenizerParams())
    groups = group(sentences, tokens)
    assert groups.offsets.tolist() == [0, 2, 4, 4]
    assert groups.sentences.tolist() == [0, 1, 2, 3]
    assert groups.token_offsets.tolist() == [0, 2, 3, 6, 10]
    assert groups.tokens.tolist() == [0, 1, 2, 3, 4, 5, 4, 5, 6, 7]
    assert groups.numbers.tolist() == [0, 1, 0, 1]
