from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.kernels.spans import char_to_byte, gather_bytes, repeat_spans

texts = st.lists(st.text(), max_size=6)


@given(texts, st.data())
def test_char_to_byte_equals_encoding_the_prefix(texts, data):
    encoded = [text.encode() for text in texts]
    starts = np.cumsum([0, *map(len, encoded)])
    positions, expected, offsets = [], [], [0]
    for start, text in zip(starts, texts, strict=False):
        chars = data.draw(st.lists(st.integers(-1, len(text) + 2), max_size=5))
        positions += chars
        for char in chars:
            inside = 0 <= char <= len(text)
            expected.append(start + len(text[:char].encode()) if inside else -1)
        offsets.append(len(positions))
    found = char_to_byte(
        np.frombuffer(b"".join(encoded) + b"\0", np.uint8),
        starts[:-1],
        starts[1:],
        np.array(offsets),
        np.array(positions, np.int64),
    )
    assert found.tolist() == expected


@given(st.binary(max_size=40), st.data())
def test_gather_bytes_equals_slicing(data, draw):
    pairs = st.tuples(st.integers(0, len(data)), st.integers(0, len(data)))
    ranges = [sorted(pair) for pair in draw.draw(st.lists(pairs, max_size=6))]
    starts = np.array([a for a, _ in ranges], np.int64)
    ends = np.array([b for _, b in ranges], np.int64)
    gathered, offsets = gather_bytes(np.frombuffer(data, np.uint8), starts, ends)
    pieces = [data[a:b] for a, b in ranges]
    assert gathered.tobytes() == b"".join(pieces)
    assert offsets.tolist() == np.cumsum([0, *map(len, pieces)]).tolist()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.data())
def test_repeat_spans_gives_every_occurrence_its_spans(counts, data):
    first = np.cumsum([0, *counts])
    occurrences = data.draw(st.lists(st.integers(0, len(counts) - 1), max_size=9))
    offsets, spans = repeat_spans(first, np.array(occurrences, np.int64))
    expected = [list(range(first[t], first[t + 1])) for t in occurrences]
    assert spans.tolist() == sum(expected, [])
    assert offsets.tolist() == np.cumsum([0, *map(len, expected)]).tolist()
