from __future__ import annotations

import itertools
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.kernels import chunks
from polars_jslner.models.tags import Role, parse_tag
from polars_jslner.stages.chunks import _befores

TAGS = ["O", "PAD", "NAME"] + [
    f"{prefix}-{label}" for prefix in "BIESLUM" for label in ("Drug", "Test")
]
PARSED = [parse_tag(tag) for tag in TAGS]
LABELS = sorted({label for _, label in PARSED})
ROLES = np.array([role for role, _ in PARSED], np.int32)
TYPES = np.array([LABELS.index(label) for _, label in PARSED], np.int32)


def reference_decode(tags: list[str]) -> list[tuple[str, int, int]]:
    """Chunks of one sentence: (label, first word, one past the last)."""
    found: list[list] = []
    goes_on = None
    for i, tag in enumerate(tags):
        role, label = parse_tag(tag)
        if role == Role.OUTSIDE:
            goes_on = None
            continue
        if goes_on == label and role in (Role.INSIDE, Role.END):
            found[-1][2] = i + 1
        else:
            found.append([label, i, i + 1])
        goes_on = label if role in (Role.BEGIN, Role.INSIDE) else None
    return [tuple(chunk) for chunk in found]


def run_decode(sentences):
    flat = [tag for sentence in sentences for tag in sentence]
    offsets = np.cumsum([0, *map(len, sentences)])
    tags = np.array([TAGS.index(tag) for tag in flat], np.int32)
    scores = np.linspace(0.1, 1, len(flat), dtype=np.float32)
    result = chunks.decode(offsets, tags, scores, ROLES, TYPES)
    return offsets, scores, result


sentence_lists = st.lists(st.lists(st.sampled_from(TAGS), max_size=12), max_size=6)


@given(sentence_lists)
def test_decode_equals_the_plain_reference(sentences):
    offsets, scores, result = run_decode(sentences)
    chunk_offsets, firsts, lasts, labels, chunk_scores = result
    assert len(chunk_offsets) == len(sentences) + 1
    for i, sentence in enumerate(sentences):
        here = slice(chunk_offsets[i], chunk_offsets[i + 1])
        expected = reference_decode(sentence)
        assert [
            (LABELS[label], a - offsets[i], b - offsets[i])
            for label, a, b in zip(labels[here], firsts[here], lasts[here], strict=True)
        ] == expected
        means = [scores[offsets[i] + a : offsets[i] + b].mean() for _, a, b in expected]
        assert chunk_scores[here] == pytest.approx(means, abs=1e-6)


@given(sentence_lists)
def test_decode_compiled_equals_interpreted(sentences):
    _, _, compiled = run_decode(sentences)
    with patch.object(chunks, "_decode", chunks._decode.py_func):
        _, _, interpreted = run_decode(sentences)
    for a, b in zip(compiled, interpreted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-Drug I-Drug O", [("Drug", 0, 2)]),
        ("B-Drug B-Drug", [("Drug", 0, 1), ("Drug", 1, 2)]),  # IOB2
        ("I-Drug I-Drug B-Drug", [("Drug", 0, 2), ("Drug", 2, 3)]),  # IOB1
        ("B-Drug I-Test", [("Drug", 0, 1), ("Test", 1, 2)]),
        ("B-Drug I-Drug E-Drug E-Drug", [("Drug", 0, 3), ("Drug", 3, 4)]),  # IOBES
        ("S-Drug S-Drug I-Drug", [("Drug", 0, 1), ("Drug", 1, 2), ("Drug", 2, 3)]),
        ("B-Drug L-Drug U-Test", [("Drug", 0, 2), ("Test", 2, 3)]),  # BILOU
        ("NAME NAME O NAME", [("NAME", 0, 2), ("NAME", 3, 4)]),  # IO
        ("B-Drug PAD I-Drug", [("Drug", 0, 1), ("Drug", 2, 3)]),
    ],
)
def test_decode_reads_every_scheme(tags, expected):
    assert reference_decode(tags.split()) == expected
    _, _, (_, firsts, lasts, labels, _) = run_decode([tags.split()])
    found = zip(labels, firsts, lasts, strict=True)
    assert [(LABELS[label], a, b) for label, a, b in found] == expected


@given(st.lists(st.lists(st.booleans(), max_size=9), max_size=5))
def test_find_words_equals_the_plain_reference(sentences):
    flat = np.array([flag for sentence in sentences for flag in sentence], np.bool_)
    offsets = np.cumsum([0, *map(len, sentences)])
    word_offsets, word_pieces = chunks.find_words(offsets, flat)
    words, first_words, at = [], [0], 0
    for sentence in sentences:
        for i, goes_on in enumerate(sentence):
            if i == 0 or not goes_on:
                words.append(at)
            at += 1
        first_words.append(len(words))
    assert word_offsets.tolist() == first_words
    assert word_pieces.tolist() == [*words, len(flat)]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_label_words_equals_the_plain_reference(sizes, seed):
    generator = np.random.default_rng(seed)
    word_pieces = np.cumsum([0, *sizes])
    probabilities = generator.dirichlet(np.ones(5), word_pieces[-1]).astype(np.float32)
    tags = probabilities.argmax(1).astype(np.int32)
    scores = probabilities.max(1)
    none = probabilities[:0]
    for how, given_probabilities in (
        (chunks.FIRST, none),
        (chunks.MAX, none),
        (chunks.AVERAGE, probabilities),
    ):
        word_tags, word_scores = chunks.label_words(
            word_pieces, tags, scores, given_probabilities, how
        )
        for i, (a, b) in enumerate(zip(word_pieces[:-1], word_pieces[1:], strict=True)):
            if how == chunks.FIRST:
                vector = probabilities[a]
            elif how == chunks.MAX:
                vector = max(probabilities[a:b], key=lambda row: row.max())
            else:
                vector = probabilities[a:b].astype(np.float64).mean(0)
            assert word_tags[i] == vector.argmax()
            assert word_scores[i] == pytest.approx(vector.max(), abs=1e-6)


IOB2 = ["O", "B-Drug", "I-Drug", "B-Test", "I-Test"]
BEFORES = np.array([[-1, -1], [-1, -1], [1, 2], [-1, -1], [3, 4]], np.int32)


def is_valid(tags) -> bool:
    names = [IOB2[tag] for tag in tags]
    return all(
        tag[0] != "I" or before[1:] == tag[1:]
        for before, tag in zip(["O", *names], names, strict=False)
    )


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_best_valid_equals_trying_every_path(lengths, seed):
    generator = np.random.default_rng(seed)
    offsets = np.cumsum([0, *lengths])
    probabilities = generator.dirichlet(np.ones(5), offsets[-1]).astype(np.float32)
    found = chunks.best_valid(offsets, probabilities, BEFORES)
    with patch.object(chunks, "_best_valid", chunks._best_valid.py_func):
        interpreted = chunks.best_valid(offsets, probabilities, BEFORES)
    assert found.tolist() == interpreted.tolist()
    for first, last in zip(offsets[:-1], offsets[1:], strict=True):
        logs = np.log(probabilities[first:last].astype(np.float64))
        paths = [
            path
            for path in itertools.product(range(5), repeat=last - first)
            if is_valid(path)
        ]
        best = max(paths, key=lambda p: sum(logs[i, tag] for i, tag in enumerate(p)))
        assert found[first:last].tolist() == list(best)


def test_valid_decoding_keeps_probable_tags_that_are_valid():
    names = ["O", "B-Drug", "I-Drug", "B-Test", "I-Test"]
    assert _befores(tuple(names)).tolist() == BEFORES.tolist()
    sure = np.eye(5, dtype=np.float32)[[1, 2, 0, 3, 4, 4]] * 0.96 + 0.008
    assert chunks.best_valid(np.array([0, 6]), sure, BEFORES).tolist() == [
        *[1, 2, 0, 3, 4, 4]
    ]
