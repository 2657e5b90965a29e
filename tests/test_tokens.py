"""Pieces of runs put together are the pieces of the whole sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

import polars_jslner as jn
from polars_jslner.stages import tokens
from polars_jslner.stages.tokens import TextTokenizer

MODEL = Path(jn.load_model().tokenizer)

# Blanks of all kinds, accents that join what stands before them, ideographs, special
# tokens, controls that are left out, letters that grow when they become small.
ODD = (
    *" \t\n\r\v\f\0\x1c\x85",
    *"\xa0\u2009\u3000\ufeff\ufffd\u200d\u0301\u0323\u0345\u1ab0",
    *"İßſΣς漢字아é\u00e9ﬁ😀\U0001d400\U000e0001",
    *"-.,'/#@",
    *("[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "##ing", "[", "]"),
    *("Metoprolol", "tartrate", "5mg", "y" * 101, "a" * 100),
)
SENTENCE = st.lists(
    st.sampled_from(ODD) | st.text(st.characters(codec="utf-8"), max_size=8)
).map("".join)


def whole(tokenizer: tokenizers.Tokenizer, sentence: str) -> list[tuple[int, int, int]]:
    found = tokenizer.encode(sentence, add_special_tokens=False)
    return [
        (index, start, end)
        for index, (start, end) in zip(found.ids, found.offsets, strict=True)
    ]


@pytest.fixture(scope="module")
def plain() -> tokenizers.Tokenizer:
    tokenizer = tokenizers.Tokenizer.from_file(str(MODEL))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@given(sentences=st.lists(SENTENCE, max_size=6))
def test_pieces_of_runs_are_those_of_the_sentence(
    plain: tokenizers.Tokenizer, sentences: list[str]
) -> None:
    tokenizer = TextTokenizer(str(MODEL))
    for _ in range(2):  # from the tokenizer, then from memory
        pieces = tokenizer.encode(sentences)
        found = list(
            zip(
                pieces.ids.tolist(),
                pieces.starts.tolist(),
                pieces.ends.tolist(),
                strict=True,
            )
        )
        bounds = pieces.offsets.tolist()
        assert len(bounds) == len(sentences) + 1
        for sentence, first, last in zip(
            sentences, bounds[:-1], bounds[1:], strict=True
        ):
            assert found[first:last] == whole(plain, sentence)


def changed(folder: Path, part: str, value: object) -> TextTokenizer:
    parsed = json.loads(MODEL.read_text(encoding="utf-8"))
    parsed[part] = value
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(parsed), encoding="utf-8")
    return TextTokenizer(str(path))


def test_a_tokenizer_that_looks_beyond_blanks_gets_whole_sentences(
    tmp_path: Path,
) -> None:
    # A token with a blank in it, and one that takes the blanks around it.
    token = {
        "id": 30522,
        "content": "left ventricle",
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": False,
    }
    tokenizer = changed(tmp_path, "added_tokens", [token])
    assert tokenizer.encode(["the left ventricle"]).ids[-1] == 30522
    greedy = {**token, "content": "ventricle", "lstrip": True}
    tokenizer = changed(tmp_path, "added_tokens", [greedy])
    assert tokenizer.encode(["left  ventricle"]).starts[-1] == 4
    # A divider that keeps words with the blank before them.
    divider = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}
    tokenizer = changed(tmp_path, "pre_tokenizer", divider)
    assert tokenizer.encode(["a b"]).ids.tolist() == [
        index for index, *_ in whole(tokenizer._tokenizer, "a b")
    ]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MEMO_RUNS", 3)
    tokenizer = TextTokenizer(str(MODEL))
    expected = tokenizer.encode(["one two three four five"])
    tokenizer.encode(["six seven", "x" * 100])
    assert list(tokenizer._memo) == ["six", "seven"]
    again = tokenizer.encode(["one two three four five"])
    np.testing.assert_array_equal(again.ids, expected.ids)
    np.testing.assert_array_equal(again.starts, expected.starts)
