"""Words to byte pairs as RoBERTa models of Spark NLP see them.

Not what their Hugging Face twins see: a word is first split as GPT-2 does, only the
first part is looked at, and never with a space before it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from polars_jslner.errors import ModelFormatError
from polars_jslner.sparknlp import javaregex
from polars_jslner.sparknlp.cleanup import trim
from polars_jslner.sparknlp.pieces import AT_ORIGIN, Cut, PieceEncoder
from polars_jslner.sparknlp.units import length

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

START, END, UNKNOWN, MASK, PAD = "<s>", "</s>", "<unk>", "<mask>", "<pad>"
SPECIAL = (START, END, UNKNOWN, MASK, PAD)


@lru_cache(maxsize=1)
def _parts() -> re.Pattern[str]:
    return javaregex.compile_java(
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    )


@lru_cache(maxsize=1)
def byte_alphabet() -> tuple[str, ...]:
    """Return the printable character that stands for each byte, as GPT-2 has it."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    letters |= {byte: chr(0x100 + i) for i, byte in enumerate(others)}
    return tuple(letters[byte] for byte in range(0x100))


class BytePairCutter:
    """Byte pairs of the first part of a word.

    Parameters
    ----------
    vocabulary
        Id of each piece.
    merges
        Pairs, the first to be merged first.
    case_sensitive
        Whether words keep their case.

    Raises
    ------
    ModelFormatError
        The vocabulary has no ``<unk>``.
    """

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        merges: Sequence[tuple[str, str]],
        *,
        case_sensitive: bool,
    ) -> None:
        if UNKNOWN not in vocabulary:
            msg = f"the vocabulary has {len(vocabulary)} pieces but no {UNKNOWN!r}."
            raise ModelFormatError(msg)
        self._vocabulary = dict(vocabulary)
        self._unknown = vocabulary[UNKNOWN]
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._case_sensitive = case_sensitive

    def cut(self, word: str) -> Cut:
        """Return the pieces of a word."""
        if word in ("", " "):
            return (), ()
        if not self._case_sensitive:
            word = word.lower()
        found = _first_part(word)
        if found is None:
            return (self._vocabulary.get("", self._unknown),), (AT_ORIGIN,)
        part, place = found
        if part in SPECIAL:
            return (self._vocabulary.get(part, self._unknown),), (place,)
        ids: list[int] = []
        places: list[int] = []
        for piece in self._merge([byte_alphabet()[b] for b in _utf8(part)]):
            ids.append(self._vocabulary.get(piece, self._unknown))
            places.append(place)
            place += len(piece)
        return tuple(ids), tuple(places)

    def _merge(self, pieces: list[str]) -> list[str]:
        """Merge the pair of lowest rank, wherever it stands, until none is left."""
        none = len(self._ranks)
        while len(pieces) > 1:
            pairs = list(pairwise(pieces))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, none))
            if best not in self._ranks:
                break
            merged: list[str] = []
            i = 0
            while i < len(pieces):
                if i + 1 < len(pieces) and (pieces[i], pieces[i + 1]) == best:
                    merged.append(pieces[i] + pieces[i + 1])
                    i += 2
                else:
                    merged.append(pieces[i])
                    i += 1
            pieces = merged
        return pieces


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _first_part(word: str) -> tuple[str, int] | None:
    """Return the first part of a word and where it begins, None if there is none.

    Special tokens written out in the text are parts of their own.
    """
    if not trim(word):
        return None
    parts = [word]
    for special in SPECIAL:
        parts = [
            piece
            for part in parts
            for piece in ([part] if part in SPECIAL else _around(part, special))
        ]
    if not parts:
        return None
    first = parts[0]
    place = length(word[: word.find(first)])
    if first in SPECIAL:
        return first, place
    match = _parts().search(first)
    return None if match is None else (match.group(), place + match.start())


def _around(text: str, special: str) -> list[str]:
    """Split at a special token; one at either end is lost, as in Spark NLP."""
    inner = [part for part in text.split(special) if part]
    pieces: list[str] = []
    for i, part in enumerate(inner):
        last = i == len(inner) - 1
        # a mask takes the space before it away
        kept = part.removesuffix(" ") if special == MASK and not last else part
        if kept:
            pieces.append(kept)
        if not last or (i == 0 and not kept):
            pieces.append(special)
    return pieces


def byte_pairs(
    vocabulary: Mapping[str, int],
    merges: Sequence[tuple[str, str]],
    *,
    case_sensitive: bool,
) -> PieceEncoder:
    """Return an encoder for a vocabulary of byte pairs."""
    cutter = BytePairCutter(vocabulary, merges, case_sensitive=case_sensitive)
    return PieceEncoder(cutter)
