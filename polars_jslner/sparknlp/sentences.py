"""The sentences of documents, as annotations of type ``document``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.sparknlp.units import Units, first_of_each, int64s, units_of_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """Sentences with their own text: it may differ from what stands at their place.

    Parameters
    ----------
    offsets
        int64[n_documents + 1], first sentence of each document.
    units
        The text of each sentence.
    begins, ends
        int64[n_sentences], place in the document, the end inclusive. A text that the
        detector altered beyond recognition begins at -1.
    numbers
        int64[n_sentences], the ``sentence`` metadata.
    """

    offsets: NDArray[np.int64]
    units: Units
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.begins)


# One sentence: its text, begin, end (inclusive) and number.
Sentence = tuple[str, int, int, int]


def pack(documents: Sequence[Sequence[Sentence]]) -> Sentences:
    """Return the sentences found in each document as flat arrays."""
    flat = [sentence for document in documents for sentence in document]
    counts = np.fromiter(map(len, documents), np.int64, len(documents))
    return Sentences(
        first_of_each(counts),
        units_of_texts([sentence[0] for sentence in flat]),
        int64s(sentence[1] for sentence in flat),
        int64s(sentence[2] for sentence in flat),
        int64s(sentence[3] for sentence in flat),
    )


def slices(
    documents: Units,
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    numbers: NDArray[np.int64] | None = None,
) -> Sentences:
    """Return sentences whose text is that of their place.

    Parameters
    ----------
    documents
        The texts.
    offsets
        int64[n_documents + 1], first sentence of each document.
    starts, ends
        int64[n_sentences], half-open, in units of ``documents.data``.
    numbers
        int64[n_sentences], the ``sentence`` metadata; counted in each document when
        it is None.
    """
    counts = np.diff(offsets)
    if numbers is None:
        numbers = np.arange(len(starts)) - np.repeat(offsets[:-1], counts)
    lengths = first_of_each(ends - starts)
    at = np.arange(lengths[-1]) + np.repeat(starts - lengths[:-1], ends - starts)
    first = np.repeat(documents.offsets[:-1], counts)
    text = Units(documents.data[at], lengths)
    return Sentences(offsets, text, starts - first, ends - first - 1, numbers)


def whole(documents: Units) -> Sentences:
    """Return each document that is not empty as its one sentence."""
    filled = np.diff(documents.offsets) > 0
    starts, ends = documents.offsets[:-1][filled], documents.offsets[1:][filled]
    return slices(documents, first_of_each(filled.astype(np.int64)), starts, ends)


def split_at_spaces(text: str, limit: int) -> list[str]:
    """Cut a text into pieces of words, as ``splitLength`` does.

    A piece ends before the word with which it would pass ``limit`` code units; each
    word counts one more for its space. A first word that is too long leaves an empty
    piece before it, and spaces at the end of the text go.
    """
    words = text.split(" ")
    while len(words) > 1 and not words[-1]:
        words.pop()
    if text and not any(words):
        return []  # nothing but spaces
    pieces: list[str] = []
    current: list[str] = []
    used = 0
    for word in words:
        size = len(word) + sum(character > "\uffff" for character in word)
        if used + size > limit:
            pieces.append(" ".join(current))
            current, used = [], 0
        used += size + 1
        current.append(word)
    pieces.append(" ".join(current))
    return pieces
