"""Promises 2 and 3: nothing is dropped, and offsets are exact, whatever the text."""

from __future__ import annotations

import time
import warnings

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polars_jslner as jn
from tests.conftest import GOLDEN, TINY_MODELS

CLINICAL = st.sampled_from(
    [
        "HISTORY:",
        "chest pain",
        "😀",
        "e\u0301",
        "👩\u200d⚕️",
        "\r\n",
        "\xa0",
        " ",
        "p.o.",
        "5.5 mg",
    ]
    + [
        "שלום",
        "السلام",
        "患者",
        "\u202e",
        "\x00",
        ". ",
        "\n- ",
        "fever",
        "he",
        "T2N1M0",
        "İ",
    ]
)
TEXTS = st.lists(
    st.one_of(st.none(), st.text(), st.lists(CLINICAL, max_size=15).map("".join)),
    max_size=4,
)
SHORT = [str(GOLDEN / "transformers" / name) for name in TINY_MODELS]


@pytest.mark.parametrize("model", SHORT, ids=TINY_MODELS)
@settings(max_examples=40)
@given(texts=TEXTS)
def test_every_span_slices_back_to_its_text(model, texts):
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    found = frame.select(
        "text",
        jn.entities("text", model),
        jn.tokens("text", model),
        jn.sentences("text"),
    )
    for name in ("entities", "tokens", "sentences"):
        for text, spans in zip(found["text"], found[name].to_list(), strict=True):
            assert (spans is None) == (text is None)
            for span in spans or []:
                assert span["text"] == text[span["start"] : span["end"]]
                assert span["start"] < span["end"]
    # the documented way to cut an entity out of its text
    cut = pl.col("text").str.slice(pl.col("start"), pl.col("end") - pl.col("start"))
    flat = found.select("text", pl.col("entities").list.eval(pl.element()))
    flat = flat.explode("entities").drop_nulls("entities")
    again = flat.select(
        "text",
        part=pl.col("entities").struct.field("text"),
        start=pl.col("entities").struct.field("start"),
        end=pl.col("entities").struct.field("end"),
    ).filter(cut != pl.col("part"))
    assert again.height == 0


@given(texts=TEXTS)
def test_sentences_hold_every_character_that_is_not_blank(texts):
    series = pl.Series("text", texts, dtype=pl.String)
    for text, spans in zip(texts, series.jslner.sentences().to_list(), strict=True):
        at = 0
        for span in spans or []:
            assert text[at : span["start"]].strip() == ""
            assert span["start"] >= at
            at = span["end"]
        assert (text or "")[at:].strip() == ""


@pytest.mark.parametrize("model", SHORT[:3], ids=TINY_MODELS[:3])
@given(text=st.lists(CLINICAL, max_size=60).map("".join))
def test_tokens_hold_every_ascii_letter_and_digit(model, text):
    series = pl.Series("text", [text])
    for sentences in ("clinical", "none"):
        tokens = series.jslner.tokens(model, sentences=sentences, max_tokens=16)
        covered = set()
        for token in tokens.to_list()[0]:
            covered.update(range(token["start"], token["end"]))
        missing = [
            i
            for i, char in enumerate(text)
            if i not in covered and char.isascii() and char.isalnum()
        ]
        assert missing == []


@pytest.mark.parametrize("model", SHORT, ids=TINY_MODELS)
def test_long_sentence_is_read_to_its_end(model):
    words = [f"fever{i} pain" for i in range(900)]
    text = " ".join(words)
    tokens = pl.Series([text]).jslner.tokens(model, sentences="none").to_list()[0]
    assert tokens[-1]["end"] == len(text)
    gaps = [
        text[a["end"] : b["start"]]
        for a, b in zip(tokens, tokens[1:], strict=False)
        if b["start"] > a["end"]
    ]
    assert set(gaps) <= {" "}
    assert {token["sentence"] for token in tokens} == {0}


def test_window_far_from_the_edges_gives_what_the_whole_gives(tiny):
    # In windows of 512 with 250 shared, the first third is read with nothing missing.
    text = " ".join(["He has chest pain and takes aspirin."] * 100)
    long = pl.Series([text]).jslner.tokens(tiny, sentences="none", overlap=250)
    short = pl.Series([text[:1500]]).jslner.tokens(tiny, sentences="none")
    same = [(t["text"], t["label"]) for t in short.to_list()[0][:200]]
    assert [(t["text"], t["label"]) for t in long.to_list()[0][:200]] == same


@pytest.mark.parametrize("model", SHORT, ids=TINY_MODELS)
@pytest.mark.parametrize("sentences", ["clinical", "none"])
def test_word_of_100_000_characters(model, sentences):
    text = "He has chest pain. " + "x" * 100_000 + " No fever."
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokens = pl.Series([text]).jslner.tokens(model, sentences=sentences)
    rows = tokens.to_list()[0]
    assert rows[0]["text"] == "He"
    assert rows[-1]["end"] == len(text)
    assert sum(token["end"] - token["start"] for token in rows) >= 100_000


def test_text_of_two_megabytes(tiny):
    line = "HISTORY: The patient denies chest pain, takes aspirin 81 mg p.o. daily.\n"
    text = line * (2_000_000 // len(line))
    found = pl.Series([text, line]).jslner.entities(tiny).to_list()
    once = [(e["text"], e["label"]) for e in found[1]]
    assert [(e["text"], e["label"]) for e in found[0]] == once * text.count("\n")
    assert found[0][-1]["sentence"] + 1 == text.count("\n") * (
        found[1][-1]["sentence"] + 1
    )


def test_one_sentence_of_half_a_megabyte(tiny):
    text = "he has chest pain and fever and takes aspirin and " * 10_000
    found = pl.Series([text]).jslner.entities(tiny, sentences="none").to_list()[0]
    last = found[-1]
    assert len(found) > 10_000
    assert last["end"] > len(text) - 100
    assert text[last["start"] : last["end"]] == last["text"]


@pytest.mark.parametrize("value", ["", None, "   "])
def test_100_000_rows_without_text_are_quick(value, tiny):
    series = pl.Series("text", [value] * 100_000, dtype=pl.String)
    series.jslner.entities(tiny)
    start = time.perf_counter()
    found = series.jslner.entities(tiny)
    assert time.perf_counter() - start < 5
    assert len(found) == 100_000
    assert found.explode().drop_nulls().len() == 0
    assert found.null_count() == (100_000 if value is None else 0)
