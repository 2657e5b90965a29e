"""Words to word pieces as BERT and DistilBERT models of Spark NLP see them.

Not what their Hugging Face twins see: a word is first cut by a basic tokenizer, and
only the first of the pieces that it gives is looked at (``30-year-old`` is ``30``).
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from polars_jslner.errors import ModelFormatError
from polars_jslner.sparknlp.pieces import Cut, PieceEncoder
from polars_jslner.sparknlp.units import length

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "[UNK]"
MAX_UNITS = 200  # of a word; a longer one is unknown
CONTINUES = "##"

_NOTHING: Cut = ((), ())


def _points(*ranges: tuple[int, int]) -> frozenset[str]:
    return frozenset(chr(c) for first, last in ranges for c in range(first, last + 1))


# What Character.isWhitespace of Java 17 says; no NBSP, U+2007, U+202F, U+0085.
_WHITESPACE = _points(
    (0x09, 0x0D),
    (0x1C, 0x20),
    (0x1680, 0x1680),
    (0x2000, 0x2006),
    (0x2008, 0x200A),
    (0x2028, 0x2029),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)

# Left out of words: controls but for tab and line ends, and U+FFFD.
_DROPPED = _points((0x00, 0x1F), (0x7F, 0x9F), (0xFFFD, 0xFFFD)) - set("\t\n\r")

# ASCII punctuation, and characters whose Unicode name says PUNCTUATION: no curly
# quotes, no dashes.
_PUNCTUATION = _points(
    (0x21, 0x2F),
    (0x3A, 0x40),
    (0x5B, 0x60),
    (0x7B, 0x7E),
    (0x05BE, 0x05BE),
    (0x05C0, 0x05C0),
    (0x05C3, 0x05C3),
    (0x05C6, 0x05C6),
    (0x05F3, 0x05F4),
    (0x061E, 0x061E),
    (0x0830, 0x0835),
    (0x0837, 0x083E),
    (0x085E, 0x085E),
    (0x0DF4, 0x0DF4),
    (0x16EB, 0x16ED),
    (0x1735, 0x1736),
    (0x1C3B, 0x1C3F),
    (0x1C7E, 0x1C7F),
    (0x1CC0, 0x1CC7),
    (0x2008, 0x2008),
    (0x2055, 0x2056),
    (0x2058, 0x205A),
    (0x2E2A, 0x2E2C),
    (0xA4FE, 0xA4FF),
    (0xAA5C, 0xAA5F),
)

# Ideographs that are words of their own; Java tests UTF-16 units, so none beyond them.
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))

_ALONE = _PUNCTUATION | _points(*_IDEOGRAPHS)
_BETWEEN = _WHITESPACE | _DROPPED
_ENDS = _ALONE | _BETWEEN
_ACCENTS = dict.fromkeys(range(0x300, 0x370))


def first_basic(word: str, *, case_sensitive: bool) -> str:
    """Return the first basic token of a word, empty if it has none.

    Accents are taken off whether or not case matters; what is left is decomposed.
    """
    if not case_sensitive:
        word = word.lower()
    start = 0
    while start < len(word):
        character = word[start]
        if character in _ALONE:
            end = start + 1
        elif character in _BETWEEN:
            start += 1
            continue
        else:
            end = start
            while end < len(word) and word[end] not in _ENDS:
                end += 1
        basic = word[start:end]
        if not basic.isascii():
            basic = unicodedata.normalize("NFD", basic).translate(_ACCENTS)
            if not case_sensitive:
                basic = basic.lower()
        if basic:
            return basic
        start = end
    return ""


class WordPieceCutter:
    """Greedy longest-match word pieces of the first basic token of a word.

    Parameters
    ----------
    vocabulary
        Id of each piece.
    case_sensitive
        Whether words keep their case.

    Raises
    ------
    ModelFormatError
        The vocabulary has no ``[UNK]``.
    """

    def __init__(self, vocabulary: Mapping[str, int], *, case_sensitive: bool) -> None:
        if UNKNOWN not in vocabulary:
            msg = f"the vocabulary has {len(vocabulary)} pieces but no {UNKNOWN!r}."
            raise ModelFormatError(msg)
        self._case_sensitive = case_sensitive
        self._unknown: Cut = ((vocabulary[UNKNOWN],), (0,))
        self._first = dict(vocabulary)
        n = len(CONTINUES)
        self._later = {
            piece[n:]: index
            for piece, index in vocabulary.items()
            if piece.startswith(CONTINUES)
        }
        self._longest = max(map(len, vocabulary))

    def cut(self, word: str) -> Cut:
        """Return the pieces of a word."""
        if word in ("", " "):
            return _NOTHING
        basic = first_basic(word, case_sensitive=self._case_sensitive)
        if not basic:
            return _NOTHING
        if length(basic) > MAX_UNITS:
            return self._unknown
        ids: list[int] = []
        places: list[int] = []
        pieces = self._first
        index: int | None = None
        start = place = 0
        while start < len(basic):
            end = min(len(basic), start + self._longest)
            while end > start and (index := pieces.get(basic[start:end])) is None:
                end -= 1
            if index is None:
                return self._unknown
            ids.append(index)
            places.append(place)
            place += length(basic[start:end])
            start, pieces = end, self._later
        return tuple(ids), tuple(places)


def word_pieces(vocabulary: Mapping[str, int], *, case_sensitive: bool) -> PieceEncoder:
    """Return an encoder for a vocabulary of word pieces."""
    return PieceEncoder(WordPieceCutter(vocabulary, case_sensitive=case_sensitive))
