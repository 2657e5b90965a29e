"""Kernel: sentences of clinical text.

A sentence ends at a full stop, at a line break, before a list item, or never before
its time: abbreviations, decimals, initials and wrapped lines go on. All tests look at
a bounded neighbourhood of the place in question, so that time is linear in the bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPACE, _UPPER, _LOWER, _DIGIT, _STOP, _CLOSER, _OPENER, _BULLET = (
    1 << bit for bit in range(8)
)


def _kinds() -> NDArray[np.uint8]:
    """Return uint8[256], what each ASCII byte is; other bytes are 0."""
    kinds = np.zeros(256, np.uint8)
    # The whitespace of str.isspace, which also counts the separators 0x1c to 0x1f.
    for kind, characters in (
        (_SPACE, "\t\n\v\f\r\x1c\x1d\x1e\x1f "),
        (_UPPER, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (_LOWER, "abcdefghijklmnopqrstuvwxyz"),
        (_DIGIT, "0123456789"),
        (_STOP, ".?!"),
        (_CLOSER, ")]}\"'"),
        (_OPENER, "([{\"'<"),
        (_BULLET, "-*"),
    ):
        for character in characters:
            kinds[ord(character)] |= kind
    return kinds


def _words(text: str) -> NDArray[np.int64]:
    """Return int64[n_words], the words of at most eight letters, packed big-endian."""
    packed = [int.from_bytes(word.encode("ascii"), "big") for word in text.split()]
    return np.array(packed, np.int64)


_KINDS = _kinds()

# Their full stop never ends a sentence.
_TITLES = _words("dr drs mr mrs ms prof st vs gen approx fig cf eg ie")
# Their full stop does not end a sentence before a lower-case word or a number.
_ABBREVIATIONS = _words(
    "dr drs mr mrs ms prof st vs gen approx fig cf eg ie no nos etc al ca pt pts rt lt"
    " cm mm mg mcg ml dl kg gm cc oz lb lbs hr hrs min mins sec wk wks mo mos yr yrs"
    " tab tabs cap caps inj susp subq est max incl excl esp dept ext vol"
)
# After an abbreviation in capitals or an initial, these begin a sentence.
_STARTERS = _words(
    "a after again all also an and any are as at both but by denies during each "
    "exam family follow for from had has he her his history hospital however i if in "
    "is it its last my next no none not now of on once our patient per plan please pt "
    "repeat review she since so status the their then there these they this to today "
    "was we were when while will with you your"
)
# Not initials: "hepatitis C. Patient", "Weber B. Medial".
_GRADED = _words(
    "category class factor fragile grade group hep level phase size stage type "
    "vitamin weber"
)
# A line that ends with one of these goes on.
_UNFINISHED = _words(
    "a an and are as at be been but by due for from had has have her his in into is "
    "its my no not of on or our per since than that the their then these this to was "
    "were which who will with without would"
)
# A line that begins with one of these, in lower case, goes on from the last.
_CONTINUING = _words(
    "and are as at be been but by due for from had has have in into is of on or per "
    "since than that the then to was were when which while who will with without would"
)
_ROMAN = _words("ii iii iv v vi vii viii ix x xi xii")

_LONG_LINE = 50  # bytes; a shorter line that lacks its full stop is a list's, not prose


@jit
def _kind(data: NDArray[np.uint8], i: int, end: int) -> int:
    """Return what the character at byte ``i`` is; 0 is none of the kinds."""
    lead = data[i]
    if lead < 0x80:
        return _KINDS[lead]
    if i + 1 >= end:
        return 0
    second = data[i + 1]
    if lead == 0xC3:  # Latin-1 letters, but for the signs of multiplication, division
        if second == 0x97 or second == 0xB7:
            return 0
        return _UPPER if second < 0x9F else _LOWER
    if lead == 0xC2:
        if second == 0x85 or second == 0xA0:
            return _SPACE
        return _OPENER if second == 0xAB else _CLOSER if second == 0xBB else 0
    if i + 2 >= end:
        return 0
    third = data[i + 2]
    if lead == 0xE2 and second == 0x80:
        if third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF:
            return _SPACE
        if third == 0x99 or third == 0x9D:
            return _CLOSER
        if third == 0x98 or third == 0x9A or third == 0x9C or third == 0x9E:
            return _OPENER
        if third == 0xA6:
            return _STOP
        if third == 0xA2 or third == 0xA3 or third == 0x93 or third == 0x94:
            return _BULLET
    elif lead == 0xE2:
        if second == 0x81 and third == 0x9F:
            return _SPACE
        if second == 0x96 or second == 0x97 or second == 0x9E:  # shapes, arrows
            return _BULLET
    elif (lead == 0xE3 and second == 0x80 and third == 0x80) or (
        lead == 0xE1 and second == 0x9A and third == 0x80
    ):
        return _SPACE
    return 0


@jit
def _length(lead: int) -> int:
    """Return how many bytes the character has that begins with ``lead``."""
    return 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4


@jit
def _gap(data: NDArray[np.uint8], i: int, end: int) -> tuple[int, int]:
    """Return where the whitespace at ``i`` ends and how many line breaks it has."""
    lines = 0
    while i < end and _kind(data, i, end) & _SPACE:
        byte = data[i]
        if byte == 0x0D:
            lines += i + 1 >= end or data[i + 1] != 0x0A
        elif 0x0A <= byte < 0x0D or (byte == 0xC2 and data[i + 1] == 0x85) or (byte == 0xE2 and (data[i + 2] == 0xA8 or data[i + 2] == 0xA9)):
            lines += 1
        i += _length(byte)
    return i, lines


@jit
def _trim(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Return ``end`` before the whitespace that stands there."""
    while end > start:
        n = 1
        while n < 3 and end - n > start and data[end - n] & 0xC0 == 0x80:
            n += 1
        if not _kind(data, end - n, end) & _SPACE:
            break
        end -= n
    return end


@jit
def _word_before(data: NDArray[np.uint8], start: int, i: int) -> tuple[int, int]:
    """Return the ASCII word that ends at ``i``, packed, and its length, at most 9."""
    word, n = 0, 0
    while n < 9 and i - n > start and _KINDS[data[i - n - 1]] & (_UPPER | _LOWER):
        if n < 8:
            word |= (np.int64(data[i - n - 1]) | 0x20) << (8 * n)
        n += 1
    return word if n < 9 else 0, n


@jit
def _word_after(data: NDArray[np.uint8], i: int, end: int) -> tuple[int, int]:
    """Return the ASCII word that begins at ``i``, packed, and its length, at most 9."""
    word, n = 0, 0
    while n < 9 and i + n < end and _KINDS[data[i + n]] & (_UPPER | _LOWER):
        if n < 8:
            word = word << 8 | np.int64(data[i + n]) | 0x20
        n += 1
    return word if n < 9 else 0, n


@jit
def _among(word: int, words: NDArray[np.int64]) -> bool:
    """Return whether the packed word is one of ``words``."""
    for other in words:
        if word == other:
            return True
    return False


@jit
def _marker(data: NDArray[np.uint8], i: int, end: int) -> tuple[int, int]:
    """Return where the list marker at ``i`` ends and its number.

    Without a marker: ``i`` and 0. Bullets and letters have number 0, but a letter "A"
    counts as 1, since it may open a list behind a colon.
    """
    number, at = 0, i
    while at < end and at < i + 2 and _KINDS[data[at]] & _DIGIT:
        number = number * 10 + data[at] - 0x30
        at += 1
    letter = at == i
    if letter:
        word, n = _word_after(data, i, end)
        if n == 1 or _among(word, _ROMAN):
            at += n
            number = 1 if word == 0x61 else 0
        elif _kind(data, i, end) & _BULLET:
            at += _length(data[i])
            if at < end and not _kind(data, at, end) & _DIGIT:
                return at, 0
            return i, 0
    if at > i and at < end and (data[at] == 0x2E or data[at] == 0x29):
        kind = _SPACE if at + 1 == end else _kind(data, at + 1, end)
        if kind & _SPACE or (not letter and kind & (_UPPER | _LOWER)):
            return at + 1, number
    return i, 0


@jit
def _lower(data: NDArray[np.uint8], i: int, end: int) -> bool:
    """Return whether a lower-case word begins at ``i``; "pH" and "iPhone" are not."""
    if not _kind(data, i, end) & _LOWER:
        return False
    after = i + _length(data[i])
    return after >= end or not _kind(data, after, end) & _UPPER


@jit
def _ends_at_stop(
    data: NDArray[np.uint8], start: int, stop: int, after: int, onset: int, end: int
) -> bool:
    """Return whether the sentence ends with the stop at ``stop``.

    ``after`` is behind its closing marks, ``onset`` where the text goes on behind the
    whitespace.
    """
    lower = _lower(data, onset, end)
    before = data[stop - 1] if stop > start else np.uint8(0x20)
    if data[stop] != 0x2E:
        # "? stroke" asks; '"Why?" he asked' and "well… not" go on.
        asks = data[stop] == 0x3F and _KINDS[before] & _SPACE
        goes_on = lower and (data[stop] >= 0x80 or _KINDS[data[after - 1]] & _CLOSER)
        return not asks and not goes_on
    if stop + 1 < after and data[stop + 1] == 0x2E:
        return not lower
    word, n = _word_before(data, start, stop)
    if n == 0 or n == 9:
        return True
    first = stop - n
    inner = first  # "b.i.d." and "q.4-6h." have a full stop within
    while inner > start and (
        _KINDS[data[inner - 1]] & _DIGIT or data[inner - 1] == 0x2D
    ):
        inner -= 1
    dotted = inner > start and data[inner - 1] == 0x2E
    every = inner < first and data[inner - 1 if inner > start else inner] | 0x20 == 0x71
    if lower:
        return not (n == 1 or dotted or every or _among(word, _ABBREVIATIONS))
    if _among(word, _TITLES):
        starter, m = _word_after(data, onset, end)
        return word == 0x7374 and _among(starter, _STARTERS)  # "Main St. She"
    at = onset
    while at < end and _kind(data, at, end) & _OPENER:
        at += _length(data[at])
    kind = _kind(data, at, end) if at < end else 0
    item, _ = _marker(data, onset, end)
    if item > onset:
        return True
    if not kind & _UPPER:
        return not (n == 1 or dotted or _among(word, _ABBREVIATIONS))
    starter, m = _word_after(data, onset, end)
    if _among(starter, _STARTERS):
        return not (dotted and (word == 0x67 or word == 0x65))  # "e.g.", "i.e."
    capital = _KINDS[data[first]] & _UPPER != 0
    if dotted:
        route = (
            n == 1
            and first - 2 >= start
            and (
                (word == 0x6F and (data[first - 2] | 0x20 == 0x70))
                or (word == 0x6F and (data[first - 2] | 0x20 == 0x79))
                or (word == 0x76 and (data[first - 2] | 0x20 == 0x69))
                or (word == 0x6D and (data[first - 2] | 0x20 == 0x69))
                or (word == 0x67 and (data[first - 2] | 0x20 == 0x65))
                or (word == 0x65 and (data[first - 2] | 0x20 == 0x69))
            )
        )
        return not (route or capital)
    if n > 1 or not capital or m < 2:
        return True
    # An initial, or the end: "Walter P. Carter", but "hepatitis C. Patient" and, since
    # de-identified notes abound in it, "Dr. X. Meticulous".
    back = _trim(data, start, first)
    if back == start:
        return False
    title = data[back - 1] == 0x2E
    name, k = _word_before(data, start, back - 1 if title else back)
    if k == 0:
        return True
    if title:
        return not ((_among(name, _TITLES) or k == 1) and not 0x78 <= word <= 0x7A)
    named = _KINDS[data[back - k]] & _UPPER != 0 and k > 2 and not _among(name, _GRADED)
    return not (named and _KINDS[data[back - 1]] & _LOWER) or word == 0x69


@jit
def _runs_on(
    data: NDArray[np.uint8], start: int, stop: int, after: int, end: int
) -> bool:
    """Return whether a sentence begins at ``after``, only its space is missing."""
    if data[stop] != 0x2E or after >= end:
        return False
    word, n = _word_before(data, start, stop)
    first = stop - n
    if _among(word, _ABBREVIATIONS) or (
        first > start and (data[first - 1] == 0x2E or data[first - 1] == 0x40)
    ):
        return False
    if data[after - 1] == 0x2C:  # "in good condition.,cardiology"
        return n > 2
    m = _word_after(data, after, end)[1]
    following = data[after + m] if after + m < end else np.uint8(0x20)
    if _kind(data, after, end) & _UPPER:
        if following == 0x2E or following == 0x40:
            return False
        return n > 1 or (stop > start and n == 0 and m > 1)
    # "in good condition.surgery, hernia" but not "heart.org", "first.last@x"
    return n > 2 and m > 3 and (following == 0x2C or following == 0x20)


@jit
def _heads(data: NDArray[np.uint8], i: int, end: int) -> bool:
    """Return whether a section header begins the line at ``i``."""
    if not _kind(data, i, end) & (_UPPER | _DIGIT):
        return False
    lower = False
    for at in range(i, min(i + 60, end)):
        byte = data[at]
        if byte == 0x3A:
            return at + 1 >= end or _kind(data, at + 1, end) & _SPACE != 0
        if byte == 0x0A or byte == 0x0D:
            break
        if byte == 0x2E or byte == 0x2C or byte == 0x3B:
            return False
        lower |= _kind(data, at, end) & _LOWER != 0
    return not lower


@jit
def _ends_at_line(
    data: NDArray[np.uint8], start: int, i: int, onset: int, end: int
) -> bool:
    """Return whether the sentence ends with its line at ``i``.

    ``onset`` is where the next line begins behind its indent.
    """
    last = data[i - 1]
    if last == 0x3A or _marker(data, onset, end)[0] > onset:
        return True
    word, n = _word_before(data, start, i - (last == 0x2E))
    if last == 0x2E:
        unfinished = _among(word, _TITLES)
    else:
        unfinished = _among(word, _UNFINISHED)
        unfinished |= last == 0x2C or last == 0x28 or last == 0x2F or last == 0x26
        unfinished |= last == 0x2D and n == 0 and i - 2 > start and (
            _KINDS[data[i - 2]] & (_UPPER | _LOWER) != 0
        )
    if not _lower(data, onset, end):
        return not unfinished or _heads(data, onset, end)
    if unfinished or _among(_word_after(data, onset, end)[0], _CONTINUING):
        return False
    line, capitals = i, True
    while line > start and i - line < _LONG_LINE and data[line - 1] != 0x0A:
        line -= 1
        capitals &= _KINDS[data[line]] & _LOWER == 0
    if capitals:
        return True
    if i - line == _LONG_LINE:
        return False
    at = onset
    while at < end and data[at] != 0x0A and data[at] != 0x0D:
        at += 1
    return data[_trim(data, onset, at) - 1] != 0x2E


@jit
def _end(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Return where the sentence that begins at ``start`` ends."""
    i, number = _marker(data, start, end)
    while i < end:
        kind = _kind(data, i, end)
        if kind & _STOP:
            after = i
            while after < end and _kind(data, after, end) & _STOP:
                after += _length(data[after])
            while after < end and _kind(data, after, end) & _CLOSER:
                after += _length(data[after])
            if after < end and data[after] == 0x2C:
                after += 1
            onset, lines = _gap(data, after, end)
            if onset == end or lines > 1:
                return after
            if onset == after:
                if _runs_on(data, start, i, after, end):
                    return after
            elif (data[after - 1] != 0x2C and _ends_at_stop(
                data, start, i, after, onset, end
            )) or (lines == 1 and _ends_at_line(data, start, after, onset, end)):
                return after
            i = onset
        elif kind & _SPACE:
            onset, lines = _gap(data, i, end)
            if onset == end or lines > 1:
                return i
            if lines == 1 and _ends_at_line(data, start, i, onset, end):
                return i
            if _kind(data, onset, end) & _BULLET and data[onset] == 0xE2 and (
                data[onset + 1] != 0x80 or data[onset + 2] == 0xA2
            ):
                return i
            if number > 0 and _KINDS[data[onset]] & _DIGIT:
                behind, follows = _marker(data, onset, end)
                if follows == number + 1 and data[i - 1] != 0x2C:
                    return i
            if data[i - 1] == 0x3A and number == 0:
                behind, first = _marker(data, onset, end)
                if first == 1:
                    number, onset = 1, behind
            i = onset
        else:
            i += _length(data[i])
    return end


@jit
def _clinical(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[
    NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]
]:
    n_documents = len(offsets) - 1
    sentence_offsets = np.zeros(n_documents + 1, np.int64)
    capacity = n_documents + 64 + (offsets[-1] - offsets[0]) // 64
    spans = np.empty((3, capacity), np.int64)
    n = 0
    for document in range(n_documents):
        counted, end = offsets[document], offsets[document + 1]
        char = 0
        start, _ = _gap(data, counted, end)
        while start < end:
            cut = _end(data, start, end)
            if n == capacity:
                bigger = np.empty((3, 2 * capacity), np.int64)
                for row in range(3):
                    for i in range(n):
                        bigger[row, i] = spans[row, i]
                spans, capacity = bigger, 2 * capacity
            while counted < start:
                char += data[counted] & 0xC0 != 0x80
                counted += 1
            spans[0, n] = start
            spans[1, n] = _trim(data, start, cut)
            spans[2, n] = char
            n += 1
            start, _ = _gap(data, cut, end)
        sentence_offsets[document + 1] = n
    return (
        sentence_offsets,
        spans[0, :n].copy(),
        spans[1, :n].copy(),
        spans[2, :n].copy(),
    )


def clinical(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[
    NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]
]:
    """Find the sentences of clinical documents.

    Sentences stand in order, do not overlap, begin and end with a character that is
    not whitespace, and leave out nothing but whitespace. Linear in the bytes.

    Parameters
    ----------
    data
        uint8[n_bytes], UTF-8.
    offsets
        int64[n_documents + 1], first byte of each document in ``data``.

    Returns
    -------
    sentence_offsets
        int64[n_documents + 1], first sentence of each document.
    starts, ends
        int64[n_sentences], half-open byte ranges in ``data``.
    chars
        int64[n_sentences], code points of the document before the sentence.
    """
    # Arrow buffers are read-only: seeing all arrays so spares a second compilation.
    data, offsets = data.view(), offsets.view()
    data.flags.writeable = False
    offsets.flags.writeable = False
    return _clinical(data, offsets)
