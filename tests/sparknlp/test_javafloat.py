"""Numbers against a table that Java 17 wrote, and Java's way to read them."""

from __future__ import annotations

import gzip
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.kernels import sparknlp_floats
from polars_jslner.sparknlp import javafloat
from tests.conftest import GOLDEN


def table() -> tuple[np.ndarray, list[str]]:
    path = GOLDEN / "sparknlp" / "java_floats.tsv.gz"
    with gzip.open(path, "rt", encoding="ascii") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    bits = np.array([int(bits, 16) for bits, _ in rows], np.uint32)
    return bits.view(np.float32), [text for _, text in rows]


def test_every_float_of_the_table_is_written_as_java_wrote_it() -> None:
    values, texts = table()
    assert len(texts) > 5000
    assert javafloat.float_strings(values).to_pylist() == texts


def test_the_kernel_and_the_whole_numbers_agree() -> None:
    values, _ = table()
    which, *fractions = javafloat._fractions(values)
    text, lengths = sparknlp_floats.write_fractions(*fractions)
    assert len(which) > 3000
    for line, n, i in list(
        zip(text.reshape(len(which), -1), lengths, which, strict=True)
    )[::7]:
        assert line[:n].tobytes() == javafloat._float_string(values[i]).encode()


@given(st.lists(st.floats(width=32)))
def test_what_is_written_reads_back_as_the_same_float(values: list[float]) -> None:
    array = np.array(values, np.float32)
    for value, text in zip(
        array, javafloat.float_strings(array).to_pylist(), strict=True
    ):
        back = javafloat.parse_float(text)
        assert back is not None
        if math.isnan(value):
            assert text == "NaN"
        elif abs(value) < 1e25:  # beyond, Java's digits come from an overflow
            assert np.float32(back) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NaN", float("nan")),
        ("+NaN", float("nan")),
        ("Infinity", float("inf")),
        ("-Infinity", float("-inf")),
        ("0.5f", 0.5),
        ("0.5D", 0.5),
        ("0x1p-2", 0.25),
        (" 0.5\t", 0.5),
        ("1", 1.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("abc", None),
        ("", None),
        ("0,9", None),
        ("+-1", None),
        ("--NaN", None),
        ("nan", None),
        ("inf", None),
        ("1_0", None),
        ("0x1", None),
        ("٣", None),
        (".", None),
    ],
)
def test_numbers_are_read_as_java_reads_them(text: str, value: float | None) -> None:
    found = javafloat.parse_float(text)
    if value is None or math.isnan(value):
        assert found is None if value is None else math.isnan(found or 0.0)
    else:
        assert found == value


def test_softmax_is_in_double_precision_and_not_shifted() -> None:
    logits = np.array([[0.0, 1.0, -100.0], [700.0, 699.0, 0.0]], np.float32)
    powers = np.exp(logits.astype(np.float64))
    shares = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(javafloat.softmax(logits), shares.astype(np.float32))
    assert np.isnan(javafloat.softmax(np.array([[800.0, 0.0]], np.float32))[0, 0])
    assert javafloat.softmax(np.zeros((0, 5), np.float32)).shape == (0, 5)
