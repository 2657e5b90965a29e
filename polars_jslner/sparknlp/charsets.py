"""Sets of code points, as Java's regexes name them."""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache
from typing import TypeAlias

# Inclusive ranges in order that neither touch nor overlap.
CharSet: TypeAlias = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
EVERYTHING: CharSet = ((0, LAST),)
SPACE: CharSet = ((9, 13), (32, 32))  # \s
DIGIT: CharSet = ((48, 57),)  # \d
WORD: CharSet = ((48, 57), (65, 90), (95, 95), (97, 122))  # \w
VERTICAL: CharSet = ((10, 13), (0x85, 0x85), (0x2028, 0x2029))  # \v
TERMINATORS: CharSet = ((10, 10), (13, 13), (0x85, 0x85), (0x2028, 0x2029))
HORIZONTAL: CharSet = (  # \h
    (9, 9),
    (32, 32),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x180E, 0x180E),
    (0x2000, 0x200A),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)

_POSIX: dict[str, CharSet] = {
    "Lower": ((97, 122),),
    "Upper": ((65, 90),),
    "ASCII": ((0, 127),),
    "Alpha": ((65, 90), (97, 122)),
    "Digit": DIGIT,
    "Alnum": ((48, 57), (65, 90), (97, 122)),
    "Punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "Graph": ((33, 126),),
    "Print": ((32, 126),),
    "Blank": ((9, 9), (32, 32)),
    "Cntrl": ((0, 31), (127, 127)),
    "XDigit": ((48, 57), (65, 70), (97, 102)),
    "Space": SPACE,
}


def union(*sets: CharSet) -> CharSet:
    """Return what is in one of the sets."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(r for ranges in sets for r in ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def complement(chars: CharSet) -> CharSet:
    """Return what is not in the set."""
    gaps: list[tuple[int, int]] = []
    at = 0
    for first, last in chars:
        if first > at:
            gaps.append((at, first - 1))
        at = last + 1
    if at <= LAST:
        gaps.append((at, LAST))
    return tuple(gaps)


def intersection(one: CharSet, other: CharSet) -> CharSet:
    """Return what is in both sets."""
    return complement(union(complement(one), complement(other)))


def both_cases(chars: CharSet) -> CharSet:
    """Return the set with each ASCII letter in both cases."""
    lower = intersection(chars, _POSIX["Lower"])
    upper = intersection(chars, _POSIX["Upper"])
    swapped = [(a - 32, b - 32) for a, b in lower] + [
        (a + 32, b + 32) for a, b in upper
    ]
    return union(chars, tuple(swapped))


@lru_cache(maxsize=64)
def named(name: str) -> CharSet | None:
    r"""Return the set that Java calls ``\p{name}``; None for a name not known here.

    POSIX names, general categories with one or two letters (``Is`` may stand before
    them, as may ``general_category=`` and ``gc=``), and a few binary properties.
    """
    if name in _POSIX:
        return _POSIX[name]
    for prefix in ("general_category=", "gc=", "Is"):
        name = name.removeprefix(prefix)
    if name in ("Alphabetic", "javaLetter"):
        return named("L")
    if name == "L1":
        return ((0, 255),)
    if name in ("LC", "L&"):
        return union(*(named(c) or () for c in ("Lu", "Ll", "Lt")))
    if not re.fullmatch(r"[CLMNPSZ][a-z]?", name):
        return None
    return _categories().get(name)


@lru_cache(maxsize=1)
def _categories() -> dict[str, CharSet]:
    """Return the code points of each general category, in one pass over all."""
    of_code = list(map(unicodedata.category, map(chr, range(LAST + 1))))
    ranges: dict[str, list[tuple[int, int]]] = {}
    start = 0
    for category, run in itertools.groupby(of_code):
        end = start + sum(1 for _ in run)
        ranges.setdefault(category, []).append((start, end - 1))
        start = end
    sets: dict[str, CharSet] = {name: tuple(found) for name, found in ranges.items()}
    for letter in "CLMNPSZ":
        sets[letter] = union(*(sets[name] for name in ranges if name[0] == letter))
    return sets


@lru_cache(maxsize=1)
def word_parts() -> CharSet:
    r"""Return what is part of a word to ``\b`` in Java 17.

    Letters, decimal digits, the underscore, and marks, which Java counts only behind a
    letter or digit.
    """
    return union(*(named(name) or () for name in ("L", "Nd", "Mn")), ((95, 95),))


def pattern_of(chars: CharSet) -> str:
    """Return the set as a regex of Python's `re`."""
    if not chars:
        return "(?!)"
    parts: list[str] = []
    for first, last in chars:
        parts.append(_escape(first))
        if last > first:
            parts.append("-" + _escape(last))
    return f"[{''.join(parts)}]"


def _escape(code: int) -> str:
    char = chr(code)
    if code < 128 and char.isalnum():
        return char
    return f"\\U{code:08x}"
