"""Which tokens a sentence has: those that lie inside it, wherever they were cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.sparknlp.units import first_of_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polars_jslner.sparknlp.sentences import Sentences
    from polars_jslner.sparknlp.tokenizer import Tokens


_SHIFT = 40


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The sentences that have tokens, with their tokens ("words").

    Parameters
    ----------
    offsets
        int64[n_documents + 1], first group of each document.
    sentences
        int64[n_groups], which sentence it is.
    token_offsets
        int64[n_groups + 1], first word of each group.
    tokens
        int64[n_words], which token it is; a token may be a word of two sentences.
    begins
        int64[n_words], where the token begins in the document.
    """

    offsets: NDArray[np.int64]
    sentences: NDArray[np.int64]
    token_offsets: NDArray[np.int64]
    tokens: NDArray[np.int64]
    begins: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sentences)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """int64[n_groups], position among the groups of the document."""
        return np.arange(len(self)) - np.repeat(
            self.offsets[:-1], np.diff(self.offsets)
        )


def group(sentences: Sentences, tokens: Tokens) -> Groups:
    """Give each sentence its tokens; sentences without any are left out.

    Linear where sentences follow one another and hold the tokens cut from them, which
    is the rule; quadratic in a document where they do not.
    """
    counts = np.diff(tokens.offsets)
    words = np.arange(len(tokens))
    disorderly = _disorderly(sentences, tokens, counts)
    if len(disorderly):
        own = np.split(words, tokens.offsets[1:-1])
        for document in disorderly:
            first, last = sentences.offsets[document : document + 2]
            every = words[tokens.offsets[first] : tokens.offsets[last]]
            for s in range(first, last):
                inside = tokens.begins[every] >= sentences.begins[s]
                inside &= tokens.lasts[every] <= sentences.ends[s]
                own[s] = every[inside]
        counts = np.array([len(part) for part in own], np.int64)
        words = np.concatenate([words[:0], *own])
    filled = counts > 0
    offsets = first_of_each(filled.astype(np.int64))[sentences.offsets]
    token_offsets = first_of_each(counts[filled])
    kept = np.flatnonzero(filled)
    return Groups(offsets, kept, token_offsets, words, tokens.begins[words])


def _disorderly(
    sentences: Sentences, tokens: Tokens, counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the documents that have a sentence over another or a token outside."""
    outside = tokens.begins < np.repeat(sentences.begins, counts)
    outside |= tokens.lasts > np.repeat(sentences.ends, counts)
    wrong = np.repeat(np.arange(len(counts)), counts)[outside]
    document = np.repeat(
        np.arange(len(sentences.offsets) - 1), np.diff(sentences.offsets)
    )
    over = sentences.begins[1:] <= sentences.ends[:-1]
    over &= document[1:] == document[:-1]
    return np.union1d(document[wrong], document[1:][over])


def find_begins(
    groups: Groups, of_query: NDArray[np.int64], begins: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Find the first word of a group that begins at a given place.

    Parameters
    ----------
    groups
        The words.
    of_query
        int64[n], which group to look in.
    begins
        int64[n], place in the document.

    Returns
    -------
    int64[n]
        The word, -1 where none begins there.
    """
    if not len(groups.begins):
        return np.full(len(begins), -1, np.int64)
    # one number for both: begins are from -1 on, and a text is shorter than 2 ** 40
    of_word = np.repeat(np.arange(len(groups)), np.diff(groups.token_offsets))
    keys = (of_word << _SHIFT) + groups.begins
    queries = (of_query << _SHIFT) + begins
    order = None
    if (keys[1:] < keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
    found = np.minimum(np.searchsorted(keys, queries), len(keys) - 1)
    hit = keys[found] == queries
    return np.where(hit, found if order is None else order[found], -1)
