"""The pieces of words that a model reads.

What a word is cut into depends on its text alone. So each distinct word is cut once,
a bounded memo keeps what was cut before, and the rest is gathering arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol

import numpy as np

from polars_jslner.kernels.spans import repeat_spans
from polars_jslner.sparknlp.grouping import find_begins
from polars_jslner.sparknlp.units import first_of_each, strings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polars_jslner.sparknlp.grouping import Groups
    from polars_jslner.sparknlp.tokenizer import Tokens

# Words that a memo holds before it starts again, and their length: some 50 MB at most.
MEMO_WORDS = 200_000
MEMO_LENGTH = 64

# Place of a piece of a word that is nothing to the model: it begins the document.
AT_ORIGIN = -1

# Ids of a word's pieces, and where each begins, in code units from the word's begin.
Cut = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """The pieces of grouped words, without special tokens.

    Parameters
    ----------
    offsets
        int64[n_groups + 1], first piece of each group.
    ids
        int64[n_pieces], index in the vocabulary.
    words
        int64[n_pieces], the word (of `Groups`) that gets its tag from the piece, -1 if
        none does. It is the first word that begins where the piece begins, which is
        not always the word that the piece was cut from.
    """

    offsets: NDArray[np.int64]
    ids: NDArray[np.int64]
    words: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


class Cutter(Protocol):
    """Cuts one word into pieces."""

    def cut(self, word: str) -> Cut:
        """Return the pieces of a word."""
        ...


class PieceEncoder:
    """Cuts grouped words with a cutter and remembers what it cut.

    Safe to call from several threads.
    """

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._memo: dict[str, Cut] = {}

    def encode(self, tokens: Tokens, groups: Groups) -> Pieces:
        """Cut every word of every group."""
        words = groups.tokens
        texts = strings(tokens.units, tokens.starts[words], tokens.ends[words])
        encoded = texts.dictionary_encode()
        cuts = self._cut(encoded.dictionary.to_pylist())
        distinct = first_of_each(
            np.fromiter((len(ids) for ids, _ in cuts), np.int64, len(cuts))
        )
        n = int(distinct[-1])
        ids = np.fromiter(chain.from_iterable(c[0] for c in cuts), np.int64, n)
        places = np.fromiter(chain.from_iterable(c[1] for c in cuts), np.int64, n)
        which = encoded.indices.to_numpy().astype(np.int64)
        word_pieces, repeated = repeat_spans(distinct, which)
        begins = np.repeat(groups.begins, np.diff(word_pieces))
        place = places[repeated]
        begins = np.where(place == AT_ORIGIN, 0, begins + place)
        offsets = word_pieces[groups.token_offsets]
        of_piece = np.repeat(np.arange(len(groups)), np.diff(offsets))
        found = find_begins(groups, of_piece, begins)
        return Pieces(offsets, ids[repeated], found)

    def _cut(self, words: list[str]) -> list[Cut]:
        memo = self._memo
        if len(memo) > MEMO_WORDS:
            self._memo = memo = {}
        cuts: list[Cut] = []
        for word in words:
            cut = memo.get(word)
            if cut is None:
                cut = self._cutter.cut(word)
                if len(word) <= MEMO_LENGTH:
                    memo[word] = cut
            cuts.append(cut)
        return cuts
