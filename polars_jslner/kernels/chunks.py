"""Kernels: pieces to labelled words, words to chunks, offsets of both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How a tag stands in its chunk.
OUTSIDE, BEGIN, INSIDE, END, SINGLE = 0, 1, 2, 3, 4

# How a word gets its tag from its pieces.
FIRST, AVERAGE, MAX = 0, 1, 2


def find_words(
    offsets: NDArray[np.int64], continues: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group pieces into words.

    Parameters
    ----------
    offsets
        int64[n_sentences + 1], first piece of each sentence.
    continues
        bool[n_pieces], True where a piece goes on with the word of the piece before;
        without effect on the first piece of a sentence.

    Returns
    -------
    word_offsets
        int64[n_sentences + 1], first word of each sentence.
    word_pieces
        int64[n_words + 1], first piece of each word.
    """
    begins = np.append(~continues, True)
    begins[offsets] = True
    word_pieces = np.flatnonzero(begins)
    return word_pieces.searchsorted(offsets), word_pieces


def label_words(
    word_pieces: NDArray[np.int64],
    tags: NDArray[np.int32],
    scores: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    how: int,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Give each word the tag of its first piece, of its surest piece, or on average.

    Parameters
    ----------
    word_pieces
        int64[n_words + 1], first piece of each word.
    tags, scores
        int32[n_pieces], float32[n_pieces], the best tag of each piece.
    probabilities
        float32[n_pieces, n_tags] for AVERAGE, no rows otherwise.
    how
        FIRST, AVERAGE or MAX.

    Returns
    -------
    tags, scores
        int32[n_words], float32[n_words].
    """
    if how != AVERAGE:
        chosen = _chosen_pieces(word_pieces, scores, how)
        return tags[chosen], scores[chosen]
    n_words = len(word_pieces) - 1
    word_tags, word_scores = np.empty(n_words, np.int32), np.empty(n_words, np.float32)
    _label_on_average(word_pieces, probabilities, word_tags, word_scores)
    return word_tags, word_scores


@jit
def _label_on_average(
    word_pieces: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    word_tags: NDArray[np.int32],
    word_scores: NDArray[np.float32],
) -> None:
    for word in range(len(word_tags)):
        first, last = word_pieces[word], word_pieces[word + 1]
        best = 0
        top = -1.0
        for tag in range(probabilities.shape[1]):
            total = 0.0
            for piece in range(first, last):
                total += probabilities[piece, tag]
            if total > top:
                best, top = tag, total
        word_tags[word] = best
        word_scores[word] = top / (last - first)


def word_probabilities(
    word_pieces: NDArray[np.int64],
    scores: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    how: int,
) -> NDArray[np.float32]:
    """Give each word the probabilities of its first or surest piece, or their mean.

    Parameters
    ----------
    word_pieces
        int64[n_words + 1], first piece of each word.
    scores
        float32[n_pieces], the highest probability of each piece.
    probabilities
        float32[n_pieces, n_tags].
    how
        FIRST, AVERAGE or MAX.

    Returns
    -------
    float32[n_words, n_tags]
    """
    if how != AVERAGE:
        return probabilities[_chosen_pieces(word_pieces, scores, how)]
    words = np.empty((len(word_pieces) - 1, probabilities.shape[1]), np.float32)
    _average(word_pieces, probabilities, words)
    return words


@jit
def _average(
    word_pieces: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    words: NDArray[np.float32],
) -> None:
    for word in range(len(words)):
        first, last = word_pieces[word], word_pieces[word + 1]
        for tag in range(probabilities.shape[1]):
            total = 0.0
            for piece in range(first, last):
                total += probabilities[piece, tag]
            words[word, tag] = total / (last - first)


def _chosen_pieces(
    word_pieces: NDArray[np.int64], scores: NDArray[np.float32], how: int
) -> NDArray[np.int64]:
    """Return int64[n_words], the first piece of each word or its first surest one."""
    firsts = word_pieces[:-1]
    if how == FIRST:
        return firsts
    surest = firsts.copy()
    _find_surest(word_pieces, scores, surest)
    return surest


@jit
def _find_surest(
    word_pieces: NDArray[np.int64],
    scores: NDArray[np.float32],
    surest: NDArray[np.int64],
) -> None:
    for word in range(len(surest)):
        chosen = word_pieces[word]
        for piece in range(word_pieces[word] + 1, word_pieces[word + 1]):
            if scores[piece] > scores[chosen]:
                chosen = piece
        surest[word] = chosen


def best_valid(
    word_offsets: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    befores: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Find the most probable tags of each sentence that are valid IOB2 (Viterbi).

    Linear in words and tags: only what may stand before an inside tag is restricted.

    Parameters
    ----------
    word_offsets
        int64[n_sentences + 1], first word of each sentence.
    probabilities
        float32[n_words, n_tags].
    befores
        int32[n_tags, 2], the two tags that may stand before an inside tag, its begin
        and itself; -1 in both for a tag that may stand anywhere.

    Returns
    -------
    int32[n_words]
        The tag of each word; of paths as probable, the one with the lower tags.
    """
    tags = np.empty(len(probabilities), np.int32)
    longest = (word_offsets[1:] - word_offsets[:-1]).max(initial=0)
    shape = longest, probabilities.shape[1]
    totals, came_from = np.empty(shape, np.float64), np.empty(shape, np.int32)
    _best_valid(word_offsets, probabilities, befores, totals, came_from, tags)
    return tags


@jit
def _best_valid(
    word_offsets: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    befores: NDArray[np.int32],
    totals: NDArray[np.float64],
    came_from: NDArray[np.int32],
    tags: NDArray[np.int32],
) -> None:
    least = np.float32(1e-30)
    for sentence in range(len(word_offsets) - 1):
        first = word_offsets[sentence]
        n_words = word_offsets[sentence + 1] - first
        best = 0
        for word in range(n_words):
            best_before = best
            best = 0
            for tag in range(len(befores)):
                one, other = befores[tag, 0], befores[tag, 1]
                total = math.log(max(probabilities[first + word, tag], least))
                before = best_before
                if word > 0:
                    if one >= 0:
                        likelier = totals[word - 1, one] >= totals[word - 1, other]
                        before = one if likelier else other
                    total += totals[word - 1, before]
                elif one >= 0:
                    total = -math.inf
                totals[word, tag] = total
                came_from[word, tag] = before
                if total > totals[word, best]:
                    best = tag
        for word in range(n_words - 1, -1, -1):
            tags[first + word] = best
            best = came_from[word, best]


def decode(
    word_offsets: NDArray[np.int64],
    tags: NDArray[np.int32],
    scores: NDArray[np.float32],
    roles: NDArray[np.int32],
    types: NDArray[np.int32],
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.float32],
]:
    """Join tagged words to chunks.

    A word goes on with the chunk of the word before it when both have one type, the
    word's tag does not begin a chunk (B, S) and the tag before did not end one (E, S).
    That reads IOB2, IOB1 and IOBES alike, and is what the token-classification
    pipeline of transformers 5 does with the first two.

    Parameters
    ----------
    word_offsets
        int64[n_sentences + 1], first word of each sentence; no chunk crosses one.
    tags, scores
        int32[n_words], float32[n_words].
    roles, types
        int32[n_tags], role of each tag (OUTSIDE, BEGIN ...) and its label.

    Returns
    -------
    chunk_offsets
        int64[n_sentences + 1], first chunk of each sentence.
    firsts, lasts
        int64[n_chunks], first word and one past the last word.
    labels
        int32[n_chunks].
    scores
        float32[n_chunks], mean over the words.
    """
    n_words = len(tags)
    chunk_offsets = np.empty(len(word_offsets), np.int64)
    firsts = np.empty(n_words, np.int64)
    lasts = np.empty(n_words, np.int64)
    labels = np.empty(n_words, np.int32)
    chunk_scores = np.empty(n_words, np.float32)
    n_chunks = _decode(
        word_offsets,
        tags,
        scores,
        roles,
        types,
        chunk_offsets,
        firsts,
        lasts,
        labels,
        chunk_scores,
    )
    return (
        chunk_offsets,
        firsts[:n_chunks].copy(),
        lasts[:n_chunks].copy(),
        labels[:n_chunks].copy(),
        chunk_scores[:n_chunks].copy(),
    )


@jit
def _decode(
    word_offsets: NDArray[np.int64],
    tags: NDArray[np.int32],
    scores: NDArray[np.float32],
    roles: NDArray[np.int32],
    types: NDArray[np.int32],
    chunk_offsets: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    labels: NDArray[np.int32],
    chunk_scores: NDArray[np.float32],
) -> int:
    n_chunks = 0
    for sentence in range(len(word_offsets) - 1):
        chunk_offsets[sentence] = n_chunks
        open_type = np.int32(-1)  # of the chunk that the next word may go on with
        total = 0.0
        for word in range(word_offsets[sentence], word_offsets[sentence + 1]):
            role = roles[tags[word]]
            label = types[tags[word]]
            if role == OUTSIDE:
                open_type = np.int32(-1)
                continue
            if role == BEGIN or role == SINGLE or label != open_type:
                firsts[n_chunks] = word
                labels[n_chunks] = label
                total = 0.0
                n_chunks += 1
            total += scores[word]
            lasts[n_chunks - 1] = word + 1
            chunk_scores[n_chunks - 1] = total / (word + 1 - firsts[n_chunks - 1])
            ends = role == END or role == SINGLE
            open_type = np.int32(-1) if ends else label
    chunk_offsets[len(word_offsets) - 1] = n_chunks
    return n_chunks
