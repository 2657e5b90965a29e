from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.errors import InputTypeError
from polars_jslner.stages.documents import read_documents

VALUES = ["", "naïve", None, "x" * 300, "😀 pain", None, "a\r\nb"]


def back(documents) -> list[str | None]:
    data = documents.data.tobytes()
    return [
        data[a:b].decode() if valid else None
        for a, b, valid in zip(
            documents.offsets[:-1], documents.offsets[1:], documents.valid, strict=True
        )
    ]


@pytest.mark.parametrize(
    "dtype", [pl.String, pl.Categorical, pl.Enum([v for v in VALUES if v is not None])]
)
def test_text_dtypes_are_read(dtype):
    documents = read_documents(pl.Series(VALUES, dtype=dtype))
    assert back(documents) == VALUES
    assert documents.offsets.dtype == np.int64
    assert documents.data.dtype == np.uint8


def test_null_column_is_read():
    assert back(read_documents(pl.Series([None, None]))) == [None, None]
    assert back(read_documents(pl.Series([], dtype=pl.Null))) == []


@given(st.lists(st.one_of(st.none(), st.text()), max_size=9), st.data())
def test_sliced_and_chunked_input_is_read(values, data):
    cut = data.draw(st.integers(0, len(values)))
    first = data.draw(st.integers(0, len(values)))
    parts = [pl.Series(v, dtype=pl.String) for v in (values[:cut], values[cut:])]
    series = pl.concat(parts, rechunk=False)[first:]
    assert back(read_documents(series)) == values[first:]


@pytest.mark.parametrize(
    "series",
    [pl.Series("note", [1]), pl.Series("note", [["a"]]), pl.Series("note", [b"a"])],
)
def test_other_dtypes_are_refused_with_the_fix(series):
    with pytest.raises(InputTypeError, match=r"'note' is .*Cast it first.*'note'"):
        read_documents(series)
