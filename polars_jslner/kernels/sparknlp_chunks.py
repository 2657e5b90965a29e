"""Kernels: tags to words and words to chunks, as Spark NLP's NerConverter does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What is known of a word's score.
MISSING, KNOWN, UNREADABLE = 0, 1, 2


@jit
def tag_words(
    tag_offsets: NDArray[np.int64],
    tag_begins: NDArray[np.int64],
    word_offsets: NDArray[np.int64],
    word_begins: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Give each word the first tag that begins where the word begins.

    Tags are gone through once, in the order of the words; a word that begins before the
    word ahead of it may find its tag passed by.

    Parameters
    ----------
    tag_offsets, tag_begins
        int64[n_documents + 1], int64[n_tags]: ascending in each document.
    word_offsets, word_begins
        int64[n_documents + 1], int64[n_words].

    Returns
    -------
    int64[n_words]
        Which tag, -1 for none.
    """
    found = np.empty(len(word_begins), np.int64)
    for document in range(len(word_offsets) - 1):
        at, last = tag_offsets[document], tag_offsets[document + 1]
        for word in range(word_offsets[document], word_offsets[document + 1]):
            # the last tag of the document is never left behind
            while at + 1 < last and tag_begins[at] < word_begins[word]:
                at += 1
            hit = at < last and tag_begins[at] == word_begins[word]
            found[word] = at if hit else -1
    return found


@jit
def join_words(
    offsets: NDArray[np.int64],
    tags: NDArray[np.int64],
    closes: NDArray[np.bool_],
    opens: NDArray[np.int64],
    greedy: bool,  # noqa: FBT001 - a kernel takes what is there by place
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Join the words of each sentence to chunks.

    Parameters
    ----------
    offsets
        int64[n_groups + 1], first word of each sentence.
    tags
        int64[n_words], index of the tag.
    closes
        bool[n_tags], whether the tag ends the chunk before it.
    opens
        int64[n_tags], label of the chunk that the tag begins where none is open; -1 if
        it begins none.
    greedy
        Whether a tag leaves a chunk of its own label open all the same.

    Returns
    -------
    firsts, lasts
        int64[n_chunks], words, inclusive.
    labels
        int64[n_chunks].
    """
    firsts = np.empty(len(tags), np.int64)
    lasts = np.empty(len(tags), np.int64)
    labels = np.empty(len(tags), np.int64)
    n = 0
    for group in range(len(offsets) - 1):
        label = np.int64(-1)
        for word in range(offsets[group], offsets[group + 1]):
            tag = tags[word]
            if label >= 0 and closes[tag] and not (greedy and opens[tag] == label):
                lasts[n] = word - 1
                n += 1
                label = np.int64(-1)
            if label < 0 and opens[tag] >= 0:
                label = opens[tag]
                firsts[n], labels[n] = word, label
        if label >= 0:
            lasts[n] = offsets[group + 1] - 1
            n += 1
    return firsts[:n].copy(), lasts[:n].copy(), labels[:n].copy()


@jit
def mean_scores(
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    scores: NDArray[np.float32],
    states: NDArray[np.uint8],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Average the known scores of each chunk's words, in float32 from left to right.

    Parameters
    ----------
    firsts, lasts
        int64[n_chunks], words, inclusive.
    scores
        float32[n_words].
    states
        uint8[n_words]: MISSING, KNOWN or UNREADABLE.

    Returns
    -------
    means
        float32[n_chunks].
    known
        bool[n_chunks], False where no word has a score or one has an unreadable one.
    """
    means = np.zeros(len(firsts), np.float32)
    known = np.zeros(len(firsts), np.bool_)
    for chunk in range(len(firsts)):
        total, n = np.float32(0.0), 0
        readable = True
        for word in range(firsts[chunk], lasts[chunk] + 1):
            if states[word] == UNREADABLE:
                readable = False
            elif states[word] == KNOWN:
                total = np.float32(total + scores[word])
                n += 1
        if readable and n > 0:
            means[chunk] = np.float32(total / np.float32(n))
            known[chunk] = True
    return means, known
