"""Java regexes in Python: what was tried on OpenJDK 17."""

from __future__ import annotations

import re

import pytest

from polars_jslner.errors import OptionError
from polars_jslner.sparknlp import javaregex


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\w+", "caf\u00e9 9\u0663", ["caf", "9"]),
        (r"\s+", "a\u00a0b \x1cc", [" "]),
        (r".+", "a\u0085b\u2028c", ["a", "b", "c"]),
        (r"(?s).+", "a\u0085b", ["a\u0085b"]),
        (r"a$", "a\r\n", ["a"]),
        (r"a\Z", "a\u2029", ["a"]),
        (r"a\z", "a\n", []),
        (r"(?m)^b", "a\r\nb\rb", ["b", "b"]),
        (r"(?i)k", "kK\u212a", ["k", "K"]),
        (r"a(?i)b|c", "abAB aB C", ["ab", "aB", "C"]),
        (r"(?i:a)a", "Aa AA", ["Aa"]),
        (r"[a-z&&[^aeiou]]+", "hello", ["h", "ll"]),
        (r"[a-c[x-z]]+", "bxdz", ["bx", "z"]),
        (r"[^\p{L}\d]+", "a1-\u00e9_", ["-", "_"]),
        (r"[\Q.]-\E]+", "a.]-b", [".]-"]),
        (r"\Qa.b\E+", "a.bbb a.b", ["a.bbb", "a.b"]),
        (r"\p{Lu}\P{Lu}", "AbC\u00c9x", ["Ab", "\u00c9x"]),
        (r"\p{Punct}", "a!\u2019", ["!"]),
        (r"\p{IsL}+", "\u00e9a1", ["\u00e9a"]),
        (r"\b\w", "\u00e9a b", ["b"]),
        (r"\x41\u0042\x{43}\0104\cA", "ABCD\x01", ["ABCD\x01"]),
        (r"\h\v\R", "\u00a0\x0b\r\n", ["\u00a0\x0b\r\n"]),
        (r"a++b", "aab", ["aab"]),
        (r"(?>a|ab)c", "abc", []),
        (r"(?<n>a)\k<n>", "aa", ["aa"]),
        (r"(a)(b)?\1", "aa", ["aa"]),
        ("\U0001d4b3", "x\U0001d4b3", ["\U0001d4b3"]),
        (r"[]a]", "]a", ["]", "a"]),
    ],
)
def test_finds_what_java_finds(pattern: str, text: str, found: list[str]) -> None:
    matches = javaregex.compile_java(pattern).finditer(text)
    assert [match.group() for match in matches] == found


@pytest.mark.parametrize(
    ("pattern", "text", "parts"),
    [
        ("-", "a-b", ["a", "b"]),
        ("-", "-a--", ["", "a"]),
        ("-", "--", []),
        ("-", "ab", ["ab"]),
        ("-", "", [""]),
        ("", "ab", ["a", "b"]),
        ("(?=b)", "abab", ["a", "ba", "b"]),
        ("(?=a)", "ab", ["ab"]),
        (r"\s*", "a b", ["a", "", "b"]),
        ("b*", "abab", ["a", "", "a"]),
        (r"\b", "a b.c", ["a", " ", "b", ".", "c"]),
    ],
)
def test_splits_as_java_splits(pattern: str, text: str, parts: list[str]) -> None:
    spans = javaregex.split(javaregex.compile_java(pattern), text)
    assert [text[a:b] for a, b in spans] == parts


@pytest.mark.parametrize(
    "pattern",
    [r"(?<=a+)b", r"\G", r"\X", "(?u)a", "(", ")", "[a", "*a", r"\y", "a{2", r"(?x) a"],
)
def test_refuses_what_python_cannot_do(pattern: str) -> None:
    with pytest.raises(OptionError, match=re.escape(repr(pattern))):
        javaregex.compile_java(pattern)
