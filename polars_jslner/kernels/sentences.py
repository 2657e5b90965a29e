"""Kernel: sentences of clinical text.

A sentence may end at a gap (a run of whitespace) and at a full stop that lacks its gap.
What stands right before and right behind decides, so all such places are judged at
once, by NumPy over flat arrays: linear in the bytes. Numba would run these many small
rules faster still, but needs ten seconds to compile them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    _Ints: TypeAlias = NDArray[np.int64]
    _Flags: TypeAlias = NDArray[np.bool_]
    _Bytes: TypeAlias = NDArray[np.uint8]

# Each character is folded to one byte: itself in ASCII, else one that behaves alike,
# of which these are not ASCII.
_DOTS, _BULLET, _CAPITAL, _SMALL, _OTHER = b"\x85\x95\xc0\xe0\xff"
_LINE, _BLANK, _DOT, _COMMA, _COLON, _ASK, _AT = b"\n .,:?@"

# What a folded character can be.
_UPPER, _LOWER, _DIGIT, _INNER, _STOP, _OPENER, _CLOSER, _DANGLING, _ITEM = (
    1 << bit for bit in range(9)
)
_MARKING, _PROMISE, _PLACEHOLDER = (1 << bit for bit in range(9, 12))
_LETTER = _UPPER | _LOWER

# What a word can be. First, how far the full stop of an abbreviation reaches: it ends
# no sentence before a lower-case word or a number; nor before a name; never.
_SHORT, _NAMING, _TITLE = 1, 2, 3
_STRENGTH = 3
_STARTER, _JOINING, _GRADED, _ROMAN, _INTRODUCING = (1 << bit for bit in range(2, 7))

_REACH = 8  # characters of a word that are looked at
_MARGIN = 2 * _REACH  # line breaks between documents, so that no rule sees two of them
_LONG_LINE = 50  # characters; a shorter line that lacks its full stop is a list's


def _folds() -> _Bytes:
    """Return uint8[0x3002], the byte for each code point, the last for all others."""
    folds = np.full(0x3002, _OTHER, np.uint8)
    for code in range(len(folds) - 1):
        character = chr(code)
        if character.isspace():
            folds[code] = _BLANK
        elif 0x20 < code < 0x7F:
            folds[code] = code
        elif character.isupper():
            folds[code] = _CAPITAL
        elif character.islower():
            folds[code] = _SMALL
    for byte, characters in {
        _LINE: "\n\v\f\r\x85\u2028\u2029",
        _DOTS: "…",
        _BULLET: "•‣\u2043▪▫●○■□◆◇◦➢➤✓✔❖",
        ord("["): "\u2018\u201c\u201e\xab\u2039",
        ord("]"): "\u201d\xbb\u203a",
        ord("'"): "\u2019",
        ord("-"): "\u2013\u2014",
        ord("*"): "\xb7",
    }.items():
        folds[[ord(character) for character in characters]] = byte
    return folds


def _kinds() -> NDArray[np.uint16]:
    """Return uint16[256], what each folded character is."""
    kinds = np.zeros(256, np.uint16)
    for kind, characters in {
        _UPPER: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\xc0",
        _LOWER: b"abcdefghijklmnopqrstuvwxyz\xe0",
        _DIGIT: b"0123456789",
        _INNER: b".-/",
        _STOP: b".?!\x85",
        _OPENER: b"([{\"'<",
        _CLOSER: b")]}\"'",
        _DANGLING: b",(/&",
        _ITEM: b"-*\x95",
        _MARKING: b".)",
        _PROMISE: b":",
        _PLACEHOLDER: b"IXYZ",
    }.items():
        kinds[list(characters)] |= kind
    return kinds


# What it is, in which cases (small, Title, CAPITALS), the words.
_VOCABULARY = (
    (
        _SHORT,
        "stc",
        """
        al cap caps cc cm dept dl esp est etc excl ext gm hr hrs incl inj kg lb lbs lt
        max mcg mg min mins ml mm mo mos no nos oz pt pts rt sec subq susp tab tabs vol
        wk wks yr yrs
        """,
    ),
    (_SHORT, "s", "ca"),
    (_NAMING, "stc", "i.m i.v p.o y.o"),
    (_NAMING, "st", "st"),
    (_TITLE, "stc", "dr drs e.g fig i.e mr mrs vs"),
    (_TITLE, "st", "approx cf eg gen ie prof"),
    (_TITLE, "t", "ms"),
    # Begins a sentence even behind an initial or "p.o.".
    (
        _STARTER,
        "tc",
        """
        a after again all also an and any are as at both but by denies during each exam
        family follow for from had has he her his history hospital however i if in is it
        its last my next no none not now of on once our patient per plan please pt
        repeat review she since so status the their then there these they this to today
        was we were when while will with you your
        """,
    ),
    # A line that ends or begins with one goes on.
    (
        _JOINING,
        "s",
        """
        a an and are as at be been but by due for from had has have her his in into is
        its my of on or our per since than that the their then these this to was were
        when which while who will with without would
        """,
    ),
    # The number or letter behind it is its own: "Hepatitis C. Patient".
    (
        _GRADED,
        "st",
        """
        category class factor fragile grade group hepatitis level phase score size stage
        type vitamin weber
        """,
    ),
    # An initial may stand behind it: "seen by J. Smith".
    (_INTRODUCING, "s", "and by from with"),
    (_ROMAN, "sc", "ii iii iv v vi vii viii ix x xi xii"),
)


def _lexicon() -> tuple[NDArray[np.uint64], _Bytes]:
    """Return the words of the vocabulary, uint64[n_words], ascending, and their roles.

    A word is the big-endian number that its last eight letters make.
    """
    roles: dict[int, int] = {}
    for role, cases, words in _VOCABULARY:
        for word in words.split():
            spelled = {"s": word, "t": word.capitalize(), "c": word.upper()}
            for case in cases:
                packed = int.from_bytes(spelled[case].encode()[-_REACH:], "big")
                roles[packed] = roles.get(packed, 0) | role
    ordered = sorted(roles)
    return (
        np.array(ordered, np.uint64),
        np.array([roles[packed] for packed in ordered], np.uint8),
    )


_FOLDS = _folds()
_KINDS = _kinds()
_WORDS, _ROLES = _lexicon()


@dataclass(frozen=True, slots=True, eq=False)
class _Text:
    """Folded documents between line breaks.

    ``chars``, uint8[n], the characters; ``kinds``, uint16[n], what they are; ``runs``,
    uint8[n - 7, 8], the eight from each on. In the methods ``at``, int64[m], are places
    in ``chars``.
    """

    chars: _Bytes
    kinds: NDArray[np.uint16]
    runs: _Bytes

    def has(self, kind: int, at: _Ints) -> _Flags:
        """Return bool[m], whether the characters at ``at`` are of a kind."""
        found: _Flags = self.kinds[at] & kind != 0
        return found

    def word_before(self, at: _Ints, kind: int) -> tuple[_Bytes, _Ints]:
        """Return roles and lengths of the words of a kind that end at ``at``."""
        return self._word(at - _REACH, kind, -1)

    def word_after(self, at: _Ints) -> tuple[_Bytes, _Ints]:
        """Return roles and lengths of the words of letters that begin at ``at``."""
        return self._word(at, _LETTER, 1)

    def _word(self, at: _Ints, kind: int, step: int) -> tuple[_Bytes, _Ints]:
        run = self.runs[at]
        inside = (_KINDS[run] & kind != 0)[:, ::step]
        length = np.where(inside.all(axis=1), _REACH, inside.argmin(axis=1))
        spare = (8 * (_REACH - length)).astype(np.uint64)
        packed = run.view(">u8")[:, 0].astype(np.uint64)
        packed = (packed << spare if step < 0 else packed) >> spare
        found = np.minimum(_WORDS.searchsorted(packed), len(_WORDS) - 1)
        return np.where(_WORDS[found] == packed, _ROLES[found], np.uint8(0)), length


@dataclass(frozen=True, slots=True, eq=False)
class _Gaps:
    """Where a sentence may end and the next begin, all int64[n_gaps].

    ``begin`` and ``onset``: the gap lies between them; ``lines``: line breaks in it;
    ``next_end``: where the word behind it ends; ``name_start`` and ``name_end``: the
    last word but one before it.
    """

    begin: _Ints
    onset: _Ints
    lines: _Ints
    next_end: _Ints
    name_start: _Ints
    name_end: _Ints


def _fold(data: _Bytes) -> tuple[_Bytes, _Ints]:
    """Return the folded characters of UTF-8, uint8[n_chars], and their first bytes.

    The latter, int64[n_chars + 1], end with the number of bytes.
    """
    begins = np.ones(len(data) + 1, np.bool_)
    np.greater(data.view(np.int8), -65, out=begins[:-1])  # not 0x80 to 0xbf
    places = np.flatnonzero(begins)
    lead = data[places[:-1]]
    chars = _FOLDS[lead]
    wide = np.flatnonzero(lead >= 0x80)
    first, place = lead[wide], places[wide]
    code = (first & 0x1F).astype(np.int64) << 6 | data[place + 1] & 0x3F
    longer = code << 6 | data.take(place + 2, mode="clip") & 0x3F
    code = np.where(first < 0xE0, code, longer)
    code[(first >= 0xF0) | (code >= len(_FOLDS))] = len(_FOLDS) - 1
    chars[wide] = _FOLDS[code]
    chars[:-1][(lead[:-1] == ord("\r")) & (lead[1:] == ord("\n"))] = _BLANK
    return chars, places


def _gaps(text: _Text) -> _Gaps:
    """Find the gaps, except plain blanks between words, which end nothing."""
    blank = text.chars <= _BLANK
    edges = np.flatnonzero(blank[1:] != blank[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    begin = np.concatenate(([0], ends))
    onset = np.concatenate((starts, [len(text.chars) - _MARGIN]))
    breaks = np.flatnonzero(text.chars == _LINE)
    lines = np.bincount(begin.searchsorted(breaks, "right") - 1, minlength=len(begin))
    judged = (lines > 0) | text.has(_STOP | _CLOSER | _PROMISE, begin - 1)
    judged |= text.has(_DIGIT, onset) & text.has(_MARKING | _DIGIT, onset + 1)
    judged |= text.chars[onset] == _BULLET
    at = np.flatnonzero(judged)
    return _Gaps(
        begin[at],
        onset[at],
        lines[at],
        begin[np.minimum(at + 1, len(begin) - 1)],
        onset[np.maximum(at - 2, 0)],
        begin[np.maximum(at - 1, 0)],
    )


def _strength(
    text: _Text, gaps: _Gaps, end: _Ints, role: _Bytes, length: _Ints
) -> _Bytes:
    """Return uint8[n_gaps], how far a full stop at ``end`` would reach, 0 nowhere.

    ``role`` and ``length`` are those of the word of letters before it.
    """
    token, token_length = text.word_before(end, _LETTER | _DIGIT | _INNER)
    capital = text.has(_UPPER, end - token_length)
    dotted = (length > 0) & (text.chars[end - length - 1] == _DOT)
    # "Walter P. Carter", "by J. Smith", but not "hepatitis C. Patient" and, since
    # de-identified notes abound in it, not "Dr. X. Meticulous".
    at = np.flatnonzero(
        (token_length == 1)
        & capital
        & ~text.has(_PLACEHOLDER, end - 1)
        & (gaps.name_end == end - 2)
    )
    start, name_end = gaps.name_start[at], gaps.name_end[at]
    name, _ = text.word_before(name_end, _LETTER)
    initial = text.has(_UPPER, start) & ~text.has(_UPPER, start + 1)
    initial &= text.has(_LETTER | _INNER, name_end - 1) & (name & _GRADED == 0)
    initial |= name & _INTRODUCING > 0

    strength: _Bytes = np.maximum(role & _STRENGTH, token & _STRENGTH)
    np.maximum(strength, _SHORT, out=strength, where=dotted | (length == 1))
    dotted &= capital
    dotted[at] |= initial
    np.maximum(strength, _NAMING, out=strength, where=dotted)
    return strength


def _items(
    text: _Text, start: _Ints, role: _Bytes, length: _Ints
) -> tuple[_Ints, _Ints]:
    """Return where the list markers at ``start`` end, and their numbers.

    A marker ends at ``start`` where there is none, and its number may be 0. A letter A
    counts as 1. ``role`` and ``length`` are those of the word at ``start``.
    """
    chars = text.chars
    digit = text.has(_DIGIT, start)
    two = digit & text.has(_DIGIT, start + 1)
    ones, tens = chars[start + two] - 0x30, chars[start] - 0x30
    number = np.where(digit, ones + two * 10 * tens, chars[start] | 0x20 == ord("a"))
    end = start + np.where(digit, 1 + two, length)
    lettered = (length == 1) | (role & _ROMAN > 0)
    marked = text.has(_MARKING, end) & (digit | lettered)
    marked &= (chars[end + 1] == _BLANK) | (digit & text.has(_LETTER, end + 1))
    bullet = text.has(_ITEM, start) & ~text.has(_DIGIT, start + 1)
    end = np.where(bullet, start, end)
    return np.where(marked | bullet, end + 1, start), number * marked


def _count_on(number: _Ints, opens: _Flags, bound: _Flags, document: _Ints) -> _Flags:
    """Return which numbered items follow, in steps of one, from one that opens a list.

    All have shape [n_items]; ``bound`` are numbers that belong to the word before.
    """
    step = ~bound
    step[:1] = False
    step[1:] &= (np.diff(number) == 1) & (np.diff(document) == 0)
    order = np.arange(len(number))
    first = np.maximum.accumulate(np.where(step, 0, order))
    opened = np.maximum.accumulate(np.where(opens, order, -1))
    step[1:] &= opened[:-1] >= first[1:]
    return step


def _ends(text: _Text, gaps: _Gaps, firsts: _Ints) -> tuple[_Flags, _Ints]:
    """Return which gaps end a sentence, bool[n_gaps], and where items' numbers end.

    ``firsts``, int64[n_documents]: where each document begins.
    """
    chars, begin, onset = text.chars, gaps.begin, gaps.onset

    # Before the gap: a stop within closing marks, a word.
    stop = begin - 1
    for _ in range(3):
        stop = stop - text.has(_CLOSER, stop)
    last, previous = chars[stop], chars[stop - 1]
    stopped = text.has(_STOP, stop)
    single = (last == _DOT) & ~text.has(_STOP, stop - 1)
    dots = (last == _DOTS) | ((last == _DOT) & (previous == _DOT))
    asks = (last == _ASK) & (chars[stop - 1 - (previous == _ASK)] <= _BLANK)
    word_end = np.where(stopped, stop, begin)
    role, length = text.word_before(word_end, _LETTER)
    strength = _strength(text, gaps, word_end, role, length)

    # Behind it: a word, an item of a list.
    start = onset
    for _ in range(2):
        start = start + text.has(_OPENER, start)
    next_role, next_length = text.word_after(start)
    lower = text.has(_LOWER, onset) & ~text.has(_UPPER, onset + 1)
    item_end, number = _items(text, onset, next_role, next_length)
    item = item_end > onset
    numbered = item & text.has(_DIGIT, onset)
    needed = 1 + text.has(_UPPER, start) * (1 + (next_role & _STARTER > 0))
    needed[numbered] = _TITLE

    at_stop = stopped & ~asks & (~single | (strength < needed))
    at_stop &= ~(lower & (dots | (stop < begin - 1)))
    colon = chars[begin - 1] == _COLON
    opens = at_stop | (gaps.lines > 0) | (colon & (number == 1))
    at = np.flatnonzero(numbered)
    counted = np.zeros(len(begin), np.bool_)
    counted[at] = _count_on(
        number[at],
        opens[at],
        role[at] & (_GRADED | _JOINING) > 0,
        firsts.searchsorted(onset[at], "right"),
    )

    # Between lines, if it has any.
    at = np.flatnonzero(gaps.lines)
    length = begin[at] - np.roll(onset[at], 1)
    next_last = np.roll(begin[at], -1) - 1
    unfinished = np.where(stopped, strength == _TITLE, role & _JOINING > 0)
    unfinished |= text.has(_DANGLING, begin - 1)
    capitals = text.has(_UPPER, begin[at] - 1) & text.has(_UPPER, begin[at] - 2)
    header = chars[gaps.next_end - 1] == _COLON
    header[at] |= (
        text.has(_UPPER, onset[at])
        & text.has(_UPPER, onset[at] + 1)
        & text.has(_UPPER, next_last)
    )
    wrapped = lower & (next_role & _JOINING > 0)
    wrapped[at] |= (
        lower[at] & ~capitals & ((length >= _LONG_LINE) | (chars[next_last] == _DOT))
    )
    at_line = (gaps.lines > 0) & (colon | item | ~(unfinished & ~header | wrapped))

    ends = at_stop | at_line | counted | (chars[onset] == _BULLET)
    # The full stop of an item's number or letter ends nothing.
    item &= opens | counted
    ends[1:] &= ~(item[:-1] & (begin[1:] == item_end[:-1]))
    return ends | (gaps.lines > 1), item_end[item]


def _glued(text: _Text) -> _Ints:
    """Return where a sentence begins right behind a full stop: "normal.The patient"."""
    chars = text.chars
    stop = np.flatnonzero((chars[:-1] == _DOT) & (chars[1:] > _BLANK))
    start = stop + 1
    start = start + text.has(_CLOSER, start)
    comma = chars[start] == _COMMA
    start = start + comma
    at = np.flatnonzero(text.has(_LETTER, start))
    stop, start, comma = stop[at], start[at], comma[at]
    role, length = text.word_before(stop, _LETTER)
    _, next_length = text.word_after(start)
    before, after = chars[stop - length - 1], chars[start + next_length]
    web = (before == _DOT) | (before == _AT) | (after == _DOT) | (after == _AT)
    lone = (length == 0) & (before <= _BLANK)
    capital = (length > 1) | ((length == 0) & (next_length > 1))
    small = (length > 2) & (next_length > 4)
    begins = np.where(text.has(_UPPER, start), capital, small)
    begins = np.where(comma, length > 2, begins)
    found: _Ints = start[begins & ~web & ~lone & (role & _STRENGTH == 0)]
    return found


def clinical(data: _Bytes, offsets: _Ints) -> tuple[_Ints, _Ints, _Ints, _Ints]:
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
    n_documents = len(offsets) - 1
    base = offsets[0]
    chars, places = _fold(data[base : offsets[-1]])
    cuts = places.searchsorted(offsets - base)
    chars = np.insert(chars, np.repeat(cuts, _MARGIN), _LINE)
    text = _Text(chars, _KINDS[chars], sliding_window_view(chars, _REACH))
    firsts = cuts[:-1] + _MARGIN * np.arange(1, n_documents + 1)

    gaps = _gaps(text)
    ends, numbers = _ends(text, gaps, firsts)
    glued = np.setdiff1d(_glued(text), numbers, assume_unique=True)
    begin = np.sort(np.concatenate((gaps.begin[ends], glued)))[1:]
    onset = np.sort(np.concatenate((gaps.onset[ends], glued)))[:-1]
    document = firsts.searchsorted(onset, "right") - 1
    margin = _MARGIN * (document + 1)
    return (
        document.searchsorted(np.arange(n_documents + 1)),
        places[onset - margin] + base,
        places[begin - margin] + base,
        onset - margin - cuts[document],
    )
