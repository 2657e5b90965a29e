"""Held-out text must not be in the training data."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from polars_jslner.models import load_model
from polars_jslner.stages.tokens import TextTokenizer
from training.data import (
    EXAMPLE,
    Document,
    cut,
    encode,
    ngrams_of,
    read_jsonl,
    read_passages,
)

PASSAGES = Path(__file__).parents[2] / "training" / "passages.txt"
DATA = os.environ.get("POLARS_JSLNER_DATA")


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(load_model("clinical_slim").tokenizer)


def sequences(documents, tokenizer, held_out=frozenset(), *, context=False):
    """Return what a model reads at once, sentences with a blank between them."""
    corpus = encode(documents, tokenizer, held_out)
    texts = []
    for low, high in cut(corpus, len(corpus.ids), context=context):
        ends = corpus.offsets[(corpus.offsets > low) & (corpus.offsets <= high)]
        text = documents[
            corpus.documents[np.searchsorted(corpus.offsets, ends[0]) - 1]
        ].text
        bounds = pairwise([low, *ends])
        texts.append(
            " ".join(text[corpus.starts[a] : corpus.ends[b - 1]] for a, b in bounds)
        )
    return texts


def test_sentences_that_share_eight_words_are_left_out(tokenizer):
    held_out = ngrams_of(
        ["He tolerated the procedure well, and went home the same day."]
    )
    text = (
        "No pain. He tolerated the procedure WELL and went home late. "
        "He tolerated the procedure well. Walks with a cane."
    )
    document = Document(text, [(3, 7, "Symptom"), (108, 112, "Medical_Device")])
    everything = sequences([document], tokenizer)
    kept = sequences([document], tokenizer, held_out)
    assert len(everything) == 4
    assert kept == [everything[0], everything[2], everything[3]]


def test_neighbours_that_share_eight_words_are_not_read_together(tokenizer):
    held_out = ngrams_of(["Walks well. No pain. No fever. Eats well. Sleeps."])
    text = "Comes late. Walks well. No pain. No fever. Eats well. Lives alone. Old."
    read = sequences([Document(text)], tokenizer, held_out, context=True)
    assert read == [
        "Comes late. Walks well. No pain. No fever.",
        "Eats well. Lives alone. Old.",
    ]
    assert sequences([Document(text)], tokenizer, context=True) == [text]
    two = sequences(
        [Document("A cough."), Document("A cold.")], tokenizer, context=True
    )
    assert two == ["A cough.", "A cold."]


def test_labels_stay_with_their_words_when_sentences_are_left_out(tokenizer):
    text = "One two three four five six seven eight. He has a cane."
    start = text.index("cane")
    document = Document(text, [(start, start + 4, "Medical_Device")])
    held_out = ngrams_of([text[:40]])
    for corpus in (
        encode([document], tokenizer),
        encode([document], tokenizer, held_out),
    ):
        tagged = np.flatnonzero(corpus.tags > 0)
        assert [text[corpus.starts[i] : corpus.ends[i]] for i in tagged] == ["cane"]


@pytest.mark.skipif(DATA is None, reason="POLARS_JSLNER_DATA does not name the corpora")
def test_training_sentences_share_nothing_with_held_out_text(tokenizer):
    folder = Path(DATA or "")
    held_out = ngrams_of(
        [
            EXAMPLE,
            *(
                document.text
                for name in ("dev", "test_text")
                for document in read_jsonl(folder / f"{name}.jsonl")
            ),
        ]
    )
    for name in ("train", "unlabelled"):
        documents = read_jsonl(folder / f"{name}.jsonl")
        kept = sequences(documents, tokenizer, held_out)
        assert len(kept) > 0.9 * len(sequences(documents, tokenizer))
        assert held_out.isdisjoint(ngrams_of(kept))
        together = sequences(documents, tokenizer, held_out, context=True)
        assert len(together) < len(kept) / 2
        assert held_out.isdisjoint(ngrams_of(together))
    passages = read_passages(PASSAGES)
    assert held_out.isdisjoint(ngrams_of(passage.text for passage in passages))


def test_passages_of_ours_do_not_quote_the_example():
    passages = read_passages(PASSAGES)
    assert len(passages) > 10
    assert ngrams_of([EXAMPLE]).isdisjoint(ngrams_of(p.text for p in passages))
    for passage in passages:
        assert "[[" not in passage.text
        assert passage.spans
