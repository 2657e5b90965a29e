"""SentenceDetector: rules mark a text, then it is cut at the marks.

The rules are tried one after another on the whole text. They replace a full stop that
ends nothing by a stand-in, put a mark where a sentence ends, and enclose what must stay
whole; only at the end the stand-ins become what they stood for. The marks are those of
Spark NLP, for a text may hold such characters itself and then reads as Spark NLP does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.sparknlp import javaregex
from polars_jslner.sparknlp.cleanup import trim
from polars_jslner.sparknlp.sentences import (
    Sentence,
    Sentences,
    pack,
    slices,
    split_at_spaces,
)
from polars_jslner.sparknlp.units import first_of_each, length

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polars_jslner.sparknlp.params import BoundsStrategy, SentenceDetectorParams
    from polars_jslner.sparknlp.units import Units

# Private-use characters: a break, two stand-ins that break, two brackets.
_BREAK = "\uf050"
_DOT, _SEMICOLON = "\uf051", "\uf053"
_OPEN, _CLOSE = "\uf056", "\uf057"

# Stand-ins that do not break; they are box-drawing characters.
_OF_ABBREVIATION, _OF_NUMBER, _OF_WORD = "\u255e", "\u255f", "\u2554"
_QUESTION, _EXCLAMATION, _ELLIPSIS = "\u2564", "\u2565", "\u2566"

_MEANT = {
    _DOT: ".",
    _SEMICOLON: ";",
    "\uf054": "?",
    "\uf055": "!",
    _OPEN: "",
    _CLOSE: "",
    _OF_ABBREVIATION: ".",
    _OF_NUMBER: ".",
    _OF_WORD: ".",
    _QUESTION: "?",
    _EXCLAMATION: "!",
    _ELLIPSIS: "...",
}
_RECOVERED = str.maketrans({_BREAK: "", **_MEANT})
_MARKS = re.compile(f"[{_BREAK}{_OPEN}{_CLOSE}]")

_TITLES = ("dr", "mr", "ms", "prof", "mt", "st")
_BEFORE_NUMBERS = ("no", "p", "px")
_LISTED_WORDS = (
    "adj bros btw co col corp cpl dec aug del dept dist dr e.g etc exp feb fy hr i.e "
    "id inc jan jr jul jun lt ltd mar may min mr mrs ms no nov oct ok p px plz prof "
    "rep sec sep sept sr st u.s ver vs"
)
_ABBREVIATIONS = tuple(_LISTED_WORDS.split())

_Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Replace every match of a pattern."""

    pattern: re.Pattern[str]
    replacement: _Replacement

    def apply(self, text: str) -> str:
        return self.pattern.sub(self.replacement, text)


def _rule(pattern: str, replacement: _Replacement) -> _Rule:
    return _Rule(re.compile(pattern, re.ASCII), replacement)


def _protect(match: re.Match[str]) -> str:
    """Enclose a match; Java takes a backslash in it for an escape and drops it."""
    inner = match.group()
    if "\\" in inner:
        # one at the end escapes the bracket that follows, which changes nothing
        inner = re.sub(r"\\(.?)", r"\1", inner, flags=re.DOTALL)
    return _OPEN + inner + _CLOSE


def _break_and_protect(match: re.Match[str]) -> str:
    return _BREAK + _protect(match)


def _after(words: Sequence[str], following: str, at_start: str | None = None) -> str:
    """Return the pattern of a full stop after one of the words, in any case.

    The word follows a blank or begins the text; ``following`` is looked for after the
    stop, or ``at_start`` when the word begins the text.
    """
    widths = sorted({len(word) for word in words})
    # the dot inside e.g is a regex dot in Spark NLP, so another character will do
    any_case = {
        n: "|".join(
            word.replace(".", "[^\n\r\x85\u2028\u2029]")
            for word in words
            if len(word) == n
        )
        for n in widths
    }
    inside = "|".join(rf"(?<=\s(?i:{any_case[n]})\.)" for n in widths)
    first = "|".join(rf"(?<=^(?i:{any_case[n]})\.)" for n in widths)
    at_start = following if at_start is None else at_start
    return rf"\.(?:(?={following})(?:{inside})|(?={at_start})(?:{first}))"


# One sentence starts before a list's number or letter, which is kept whole.
_LISTS = (
    _rule(r"\([a-z]+\)|^[a-z]+\)", _break_and_protect),
    _rule(
        r"\s\d{1,2}\.\s|^\d{1,2}\.\s|\s\d{1,2}\.\)|^\d{1,2}\.\)|\s-\d{1,2}\.\s"
        r"|^-\d{1,2}\.\s|s-\d{1,2}\.\)|^-\d{1,2}[^\n\r\x85\u2028\u2029]\)",
        _break_and_protect,
    ),
)

_NUMBERS = (
    _rule(r"\.(?=\d)(?<=\d\.)", _OF_NUMBER),
    _rule(r"\.(?=\d)", _OF_NUMBER),
    _rule(r"\.(?=\S)(?<=\d\.)", _OF_NUMBER),
    _rule(r"\.(?=\s\S|\))(?<=^\d\.)", _OF_NUMBER),
    _rule(r"\.(?=\s\S|\))(?<=^\d\d\.)", _OF_NUMBER),
)

_SINGLE_DOTS = (
    _rule(r"\.(?='s(?:\s|\$|\Z))", _OF_ABBREVIATION),
    _rule(r"\.(?=\sKG)(?<=Co\.)", _OF_ABBREVIATION),
    _rule(r"\.(?=\s)(?<=^[A-Z]\.)", _OF_ABBREVIATION),
    _rule(r"\.(?=\s)(?<=\s[A-Z]\.)", _OF_ABBREVIATION),
)

_LOWER_NEXT = r"\s(?:[a-z]|I\s|I'm|I'll|\d)"
_LISTED = (
    _rule(_after(_TITLES, r"\s"), _OF_ABBREVIATION),
    _rule(_after(_TITLES, r":\d+"), _OF_ABBREVIATION),
    _rule(_after(_BEFORE_NUMBERS, r"\s\d"), _OF_ABBREVIATION),
    _rule(_after(_BEFORE_NUMBERS, r"\s+\("), _OF_ABBREVIATION),
    _rule(
        _after(_ABBREVIATIONS, rf"[.:?-]|{_LOWER_NEXT}", rf"[.:?]|{_LOWER_NEXT}"),
        _OF_ABBREVIATION,
    ),
    _rule(_after(_ABBREVIATIONS, ","), _OF_ABBREVIATION),
)

_BREAKS = (
    _rule(r"(?<=\S)[!?]+(?=\s|\Z|\$)", rf"\g<0>{_BREAK}"),
    _rule(r"\.(?=\w)(?<=\w\.)", _OF_WORD),
    _rule(r"\.(?=\s*\d+)(?<=[a-zA-z]°\.)", _OF_WORD),
    _rule(r"\.\.\.(?=\s+[A-Z])", _ELLIPSIS + _BREAK),
    _rule(r"\.{3}(?=\.\s[A-Z])(?<=\S\.{3})", _ELLIPSIS + _BREAK),
    _rule(r"'(?:(?<=\s')|(?<=^'))[\w\s?!.,|']+'\W", _protect),
    _rule(r'"[\w\s?!.,]+"', _protect),
    _rule(r"\[[\w\s?!.,]+\]", _protect),
    _rule(r"\([\w\s?!.,]+\)", _protect),
    _rule(r"\?(?=['\"])", _QUESTION),
    _rule(r"!(?=['\"])", _EXCLAMATION),
    _rule(r"!(?=,\s[a-z])", _EXCLAMATION),
    _rule(r"!(?=\s[a-z])", _EXCLAMATION),
    _rule(r"\.", _DOT + _BREAK),
    _rule(r";", _SEMICOLON + _BREAK),
)


@dataclass(frozen=True, slots=True)
class _DottedLetters:
    """Enclose ``e.g.`` and its like where a word begins to Java."""

    pattern: re.Pattern[str]

    def apply(self, text: str) -> str:
        parts: list[str] = []
        done = at = 0
        while match := self.pattern.search(text, at):
            if _is_word(text, match.start() - 1):
                at = match.start() + 1
                continue
            parts += (text[done : match.start()], _protect(match))
            done = at = match.end()
        return "".join((*parts, text[done:])) if parts else text


def _is_word(text: str, at: int) -> bool:
    """Whether the character at ``at`` is part of a word to Java.

    Letters, decimal digits, the underscore, and marks on a letter or digit.
    """
    if at < 0:
        return False
    if text[at] == "_":
        return True
    category = unicodedata.category(text[at])
    while category == "Mn" and at > 0:
        at -= 1
        category = unicodedata.category(text[at])
    return category[0] == "L" or category == "Nd"


_PROTECTED = (
    _DottedLetters(
        re.compile(r"(?<!\w)[a-zA-Z](?:\.[a-zA-Z])+(?:\.(?!\s[A-Z]))*", re.ASCII)
    ),
    _rule(r"(?i:p\.m)\.*", _protect),
    _rule(r"(?i:a\.m)\.*", _protect),
)


@lru_cache(maxsize=64)
def _bound_rules(
    bounds: tuple[str, ...], strategy: BoundsStrategy
) -> tuple[_Rule, ...]:
    replacement = {
        "none": _BREAK,
        "prepend": rf"{_BREAK}\g<0>",
        "append": rf"\g<0>{_BREAK}",
    }[strategy]
    return tuple(_Rule(javaregex.compile_java(b), replacement) for b in bounds)


# What the rules stumble over wherever it stands in a text: their own marks and escapes.
_MARKS_IN_TEXT = re.compile(f"[{_BREAK}{''.join(_MEANT)}\\\\]")


def split_unaltered(
    texts: Sequence[str], units: Units, params: SentenceDetectorParams
) -> Sentences:
    """Find the sentences of each text, every one of them as it stands there.

    As `split`, but for texts in which the rules would alter a sentence so that it
    cannot be found any more: there the characters that they stumble over count as
    blanks, and where that does not help the text is one sentence.

    Parameters
    ----------
    texts, units
        The texts, and the same in code units.
    params
        Of the detector.
    """
    found = split(texts, params)
    lost = _lost(found)
    if not lost:
        return found
    plain = list(texts)
    for document in lost:
        plain[document] = _MARKS_IN_TEXT.sub(" ", plain[document])
    found = split(plain, params)
    lost = _lost(found)
    sentence_units = units.offsets[:-1]
    counts = np.diff(found.offsets)
    starts = found.begins + np.repeat(sentence_units, counts)
    ends = found.ends + 1 + np.repeat(sentence_units, counts)
    kept = np.ones(len(found), np.bool_)
    for document in lost:
        first, last = found.offsets[document : document + 2]
        kept[first + 1 : last] = False
        starts[first], ends[first] = units.offsets[document : document + 2]
    before = first_of_each(kept.astype(np.int64))
    return slices(units, before[found.offsets], starts[kept], ends[kept])


def _lost(found: Sentences) -> list[int]:
    """Return the documents with a sentence that does not stand in their text."""
    at = np.flatnonzero(found.begins < 0)
    owners = np.searchsorted(found.offsets, at, side="right") - 1
    return [int(document) for document in np.unique(owners)]


def _rules(params: SentenceDetectorParams) -> Iterator[_Rule | _DottedLetters]:
    """Yield the rules in their order; custom bounds change it."""
    bounds = _bound_rules(params.custom_bounds, params.custom_bounds_strategy)
    yield from bounds
    if bounds and params.use_custom_bounds_only:
        return
    if params.detect_lists:
        yield from _LISTS
    if not bounds:
        yield from _NUMBERS
    yield from _PROTECTED
    yield from _SINGLE_DOTS
    if params.use_abbreviations:
        yield from _LISTED
    if bounds:
        yield from _NUMBERS
    yield from _BREAKS


def split(texts: Sequence[str], params: SentenceDetectorParams) -> Sentences:
    """Find the sentences of each text.

    Raises
    ------
    OptionError
        A custom bound cannot be translated from Java.
    """
    rules = tuple(_rules(params))
    return pack([_split(text, rules, params) if text else [] for text in texts])


def _split(
    text: str,
    rules: tuple[_Rule | _DottedLetters, ...],
    params: SentenceDetectorParams,
) -> list[Sentence]:
    marked = text
    for rule in rules:
        marked = rule.apply(marked)
    found: list[tuple[str, int, int]] = []
    for content, first in _locate(text, _pieces(marked)):
        parts = [content]
        if params.split_length is not None:
            parts = split_at_spaces(content, params.split_length)
        begin = first
        for part in parts:
            size = length(part)
            if size and params.min_length <= size <= params.max_length:
                found.append((part, begin, begin + size - 1))
            begin += size + 1  # and the space
    found.sort(key=lambda sentence: sentence[1])
    return [(*sentence, number) for number, sentence in enumerate(found)]


def _pieces(marked: str) -> Iterator[str]:
    """Cut at the breaks that are not enclosed and put back what was meant.

    A break counts as enclosed when a closing bracket comes after it before an opening
    one, whether or not an opening one came before.
    """
    cuts: list[int] = []
    enclosed = False
    for match in reversed(list(_MARKS.finditer(marked))):
        if match.group() == _BREAK:
            if not enclosed:
                cuts.append(match.start())
        else:
            enclosed = match.group() == _CLOSE
    start = 0
    for cut in reversed(cuts):
        yield marked[start:cut].translate(_RECOVERED)
        start = cut + 1
    yield marked[start:].translate(_RECOVERED)


def _locate(text: str, pieces: Iterator[str]) -> Iterator[tuple[str, int]]:
    """Find where each piece, trimmed, begins, in code units.

    The search goes on behind the piece before. A piece that is not found, because a
    rule changed it, begins at -1.
    """
    at = units = 0  # how far the search is, in characters and in code units
    for piece in pieces:
        content = trim(piece)
        if not content:
            continue
        found = text.find(content, at)
        if found < 0:
            yield content, -1
            at, units = _skip(text, length(content) - 1)
            continue
        first = units + length(text[at:found])
        yield content, first
        at, units = found + len(content), first + length(content)


def _skip(text: str, least: int) -> tuple[int, int]:
    """Return the first place of so many code units, in characters and in units."""
    at = units = 0
    while units < least and at < len(text):
        units += 2 if text[at] > "\uffff" else 1
        at += 1
    return at, units
