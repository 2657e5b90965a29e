"""Kernels: pieces to labelled words, words to chunks, offsets of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How a tag stands in its chunk.
OUTSIDE, BEGIN, INSIDE, END, SINGLE = 0, 1, 2, 3, 4

# How a word gets its tag from its pieces.
FIRST, AVERAGE, MAX = 0, 1, 2


@jit
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
    word_offsets = np.empty(len(offsets), np.int64)
    word_pieces = np.empty(len(continues) + 1, np.int64)
    n_words = 0
    for sentence in range(len(offsets) - 1):
        word_offsets[sentence] = n_words
        for piece in range(offsets[sentence], offsets[sentence + 1]):
            if piece == offsets[sentence] or not continues[piece]:
                word_pieces[n_words] = piece
                n_words += 1
    word_offsets[len(offsets) - 1] = n_words
    word_pieces[n_words] = len(continues)
    return word_offsets, word_pieces[: n_words + 1].copy()


@jit
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
    n_words = len(word_pieces) - 1
    word_tags = np.empty(n_words, np.int32)
    word_scores = np.empty(n_words, np.float32)
    n_tags = probabilities.shape[1]
    for word in range(n_words):
        first, last = word_pieces[word], word_pieces[word + 1]
        if how == AVERAGE:
            best = 0
            top = -1.0
            for tag in range(n_tags):
                total = 0.0
                for piece in range(first, last):
                    total += probabilities[piece, tag]
                if total > top:
                    best, top = tag, total
            word_tags[word] = best
            word_scores[word] = top / (last - first)
        else:
            chosen = first
            if how == MAX:
                for piece in range(first + 1, last):
                    if scores[piece] > scores[chosen]:
                        chosen = piece
            word_tags[word] = tags[chosen]
            word_scores[word] = scores[chosen]
    return word_tags, word_scores


@jit
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
    n_words, n_tags = len(word_pieces) - 1, probabilities.shape[1]
    words = np.empty((n_words, n_tags), np.float32)
    for word in range(n_words):
        first, last = word_pieces[word], word_pieces[word + 1]
        chosen = first
        if how == MAX:
            for piece in range(first + 1, last):
                if scores[piece] > scores[chosen]:
                    chosen = piece
        for tag in range(n_tags):
            if how == AVERAGE:
                total = 0.0
                for piece in range(first, last):
                    total += probabilities[piece, tag]
                words[word, tag] = total / (last - first)
            else:
                words[word, tag] = probabilities[chosen, tag]
    return words


@jit
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
    n_tags = probabilities.shape[1]
    tags = np.empty(len(probabilities), np.int32)
    total = np.empty(n_tags, np.float64)
    latest = np.empty(n_tags, np.float64)
    longest = 0
    for sentence in range(len(word_offsets) - 1):
        longest = max(longest, word_offsets[sentence + 1] - word_offsets[sentence])
    came_from = np.empty((longest, n_tags), np.int32)
    for sentence in range(len(word_offsets) - 1):
        first, last = word_offsets[sentence], word_offsets[sentence + 1]
        if first == last:
            continue
        for word in range(first, last):
            best = 0
            for tag in range(1, n_tags):
                if word > first and total[tag] > total[best]:
                    best = tag
            for tag in range(n_tags):
                one, other = befores[tag, 0], befores[tag, 1]
                before = best
                if one >= 0:
                    before = one if total[one] >= total[other] else other
                gain = np.log(max(probabilities[word, tag], np.float32(1e-30)))
                if word == first:
                    latest[tag] = gain if one < 0 else -np.inf
                else:
                    latest[tag] = total[before] + gain
                came_from[word - first, tag] = before
            total[:] = latest
        at = 0
        for tag in range(1, n_tags):
            if total[tag] > total[at]:
                at = tag
        for word in range(last - 1, first - 1, -1):
            tags[word] = at
            at = came_from[word - first, at]
    return tags


@jit
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
    return (
        chunk_offsets,
        firsts[:n_chunks].copy(),
        lasts[:n_chunks].copy(),
        labels[:n_chunks].copy(),
        chunk_scores[:n_chunks].copy(),
    )
