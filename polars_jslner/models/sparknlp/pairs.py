"""The two commonest records of a feature, read without the general parser.

Vocabulary, labels and merges are arrays of (string, int) and ((string, string), int),
and Scala always writes them as the same bytes around the strings and numbers. A record
of exactly these bytes is read here, some ten times faster than by `javastream.parse`,
with the same result; of any other record nothing is said.
"""

from __future__ import annotations

import re

from polars_jslner.models.sparknlp.javastream import decode


def _class(name: bytes, rest: bytes) -> bytes:
    """Return the pattern of a class description: name, any version, and the rest."""
    return re.escape(b"r" + len(name).to_bytes(2, "big") + name) + b".{8}" + rest


_ARRAY = re.compile(
    re.escape(b"\xac\xed\x00\x05u") + _class(b"[Lscala.Tuple2;", b"\x02\x00\x00xp"),
    re.DOTALL,
)
_TUPLE_FIELDS = (
    b"\x02\x00\x02L\x00\x02_1t\x00\x12Ljava/lang/Object;L\x00\x02_2q\x00~\x00\x03xp"
)
_NEW_TUPLE = b"s" + _class(b"scala.Tuple2", re.escape(_TUPLE_FIELDS))
_NEW_INTEGER = (
    b"s"
    + _class(b"java.lang.Integer", b"\x02\x00\x01I\x00\x05valuex")
    + _class(b"java.lang.Number", b"\x02\x00\x00xp")
)
_NEXT_TUPLE = re.escape(b"sq\x00~\x00\x02")

_Layout = tuple[tuple["re.Pattern[bytes]", ...], "re.Pattern[bytes]"]


def _layout(number: bytes, *strings: bytes) -> _Layout:
    """Return the patterns of what stands before each string and the number."""
    befores = tuple(re.compile(before + b"t", re.DOTALL) for before in strings)
    return befores, re.compile(number, re.DOTALL)


# The first pair describes the classes, the later ones refer to them.
_IDS = (
    _layout(_NEW_INTEGER, _NEW_TUPLE),
    _layout(re.escape(b"sq\x00~\x00\x06"), _NEXT_TUPLE),
)
_MERGES = (
    _layout(_NEW_INTEGER, _NEW_TUPLE + _NEXT_TUPLE, b""),
    _layout(re.escape(b"sq\x00~\x00\x08"), _NEXT_TUPLE * 2, b""),
)


def read_id_pairs(record: bytes) -> list[tuple[list[str], int]] | None:
    """Return ([string], id) of each pair of a vocabulary's record, or None."""
    return _read(record, *_IDS)


def read_merge_pairs(record: bytes) -> list[tuple[list[str], int]] | None:
    """Return ([left, right], rank) of each pair of a record of merges, or None."""
    return _read(record, *_MERGES)


def _read(
    record: bytes, first: _Layout, later: _Layout
) -> list[tuple[list[str], int]] | None:
    match = _ARRAY.match(record)
    if match is None:
        return None
    position = match.end() + 4
    n_pairs = int.from_bytes(record[match.end() : position], "big")
    pairs: list[tuple[list[str], int]] = []
    before_strings, before_number = first
    while position < len(record):
        strings: list[str] = []
        for before in before_strings:
            match = before.match(record, position)
            if match is None:
                return None
            start = match.end() + 2
            position = start + int.from_bytes(record[start - 2 : start], "big")
            try:
                strings.append(decode(record[start:position]))
            except UnicodeDecodeError:
                return None
        match = before_number.match(record, position)
        if match is None:
            return None
        position = match.end() + 4
        number = int.from_bytes(record[match.end() : position], "big", signed=True)
        pairs.append((strings, number))
        before_strings, before_number = later
    if position != len(record) or len(pairs) != n_pairs:
        return None
    return pairs
