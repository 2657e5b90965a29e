"""Kernel: how words are written, for models whose vocabulary knows no capitals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The classes of a word, by the ASCII letters and digits of its original text.
OTHER = 0  # neither letter nor digit; special pieces and padding too
LOWER = 1  # letters, no capital
TITLE = 2  # the first letter is a capital, a later one is small
UPPER = 3  # two capitals or more, no small letter
INITIAL = 4  # one capital and no other letter
MIXED = 5  # the first letter is small, a later one a capital
DIGIT = 6  # any digit
N_CASES = 7


def word_cases(
    text: NDArray[np.uint32],
    text_offsets: NDArray[np.int64],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    continues: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Give every piece the case class of its word.

    Linear in the code points of the words. Characters beyond ASCII do not count.

    Parameters
    ----------
    text
        uint32[n_chars], the code points of all sentences.
    text_offsets
        int64[n_sentences + 1], first code point of each sentence.
    offsets
        int64[n_sentences + 1], first piece of each sentence.
    starts, ends
        int64[n_pieces], half-open, code points from the start of the sentence.
    continues
        bool[n_pieces], True where a piece goes on with the word of the piece before;
        without effect on the first piece of a sentence.

    Returns
    -------
    int64[n_pieces]
        OTHER, LOWER, TITLE, UPPER, INITIAL, MIXED or DIGIT.
    """
    cases = np.empty(len(starts), np.int64)
    _word_cases(text, text_offsets, offsets, starts, ends, continues, cases)
    return cases


@jit
def _word_cases(
    text: NDArray[np.uint32],
    text_offsets: NDArray[np.int64],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    continues: NDArray[np.bool_],
    cases: NDArray[np.int64],
) -> None:
    for sentence in range(len(offsets) - 1):
        origin = text_offsets[sentence]
        first = offsets[sentence]
        while first < offsets[sentence + 1]:
            last = first + 1
            while last < offsets[sentence + 1] and continues[last]:
                last += 1
            n_upper, n_lower, n_digits = 0, 0, 0
            starts_upper = False
            for at in range(origin + starts[first], origin + ends[last - 1]):
                char = text[at]
                if 65 <= char <= 90:
                    starts_upper |= n_upper + n_lower == 0
                    n_upper += 1
                elif 97 <= char <= 122:
                    n_lower += 1
                elif 48 <= char <= 57:
                    n_digits += 1
            if n_digits > 0:
                case = DIGIT
            elif n_upper == 0:
                case = LOWER if n_lower > 0 else OTHER
            elif n_lower == 0:
                case = UPPER if n_upper > 1 else INITIAL
            else:
                case = TITLE if starts_upper else MIXED
            for piece in range(first, last):
                cases[piece] = case
            first = last
