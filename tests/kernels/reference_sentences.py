"""The rules of `polars_jslner.kernels.sentences`, one place after the other.

Slow and plain, over the code points of one text: what the kernel is tested against.
"""

from __future__ import annotations

import re

from polars_jslner.kernels import sentences as kernel

EDGE = "\n" * 12  # so that no rule looks over the ends of the text
LETTERS = "A-Za-zÀà"
LINE_BREAKS = "\n\v\f\r\x85\u2028\u2029"
ALIKE = str.maketrans(
    {
        **dict.fromkeys("•‣\u2043▪▫●○■□◆◇◦➢➤✓✔❖", "•"),
        **dict.fromkeys("\u2018\u201c\u201e\xab\u2039", "["),
        **dict.fromkeys("\u201d\xbb\u203a", "]"),
        **dict.fromkeys("\u2013\u2014", "-"),
        "\u2019": "'",
        "\xb7": "*",
        "…": "…",
    }
)


def spell(cases: str, words: str) -> set[str]:
    ways = {"s": str.lower, "t": str.capitalize, "c": str.upper}
    return {ways[case](word)[-8:] for case in cases for word in words.split()}


def words_that_are(role: int) -> set[str]:
    spelled = (spell(c, words) for r, c, words in kernel._VOCABULARY if r == role)
    return set().union(*spelled)


SHORT = words_that_are(kernel._SHORT)
NAMING = words_that_are(kernel._NAMING)
TITLE = words_that_are(kernel._TITLE)
STARTER = words_that_are(kernel._STARTER)
JOINING = words_that_are(kernel._JOINING)
GRADED = words_that_are(kernel._GRADED)
INTRODUCING = words_that_are(kernel._INTRODUCING)
ROMAN = words_that_are(kernel._ROMAN)


def fold(text: str) -> str:
    """Write every character as an ASCII one that behaves alike, if there is one."""

    def one(character: str) -> str:
        if character in LINE_BREAKS:
            return "\n"
        if character.isspace():
            return " "
        if ord(character) in ALIKE:
            return character.translate(ALIKE)
        if character.isascii():
            return character if character.isprintable() else "\0"
        if ord(character) < 0x3001 and character.isupper():
            return "À"
        if ord(character) < 0x3001 and character.islower():
            return "à"
        return "\0"

    return "".join(map(one, re.sub("\r(?=\n)", " ", text)))


def known_reach(word: str) -> int:
    for strength, words in ((3, TITLE), (2, NAMING), (1, SHORT)):
        if word in words:
            return strength
    return 0


def abbreviation(before: str) -> int:
    """Return how far the full stop behind ``before`` reaches, 0 to 3."""
    letters = re.search(rf"[{LETTERS}]*\Z", before)[0]
    token = re.search(rf"[{LETTERS}0-9./-]*\Z", before)[0][-8:]
    known = max(known_reach(letters[-8:]), known_reach(token))
    if not letters:
        return known
    capital = re.match("[A-ZÀ]", token) is not None
    dotted = len(letters) <= 8 and before[-len(letters) - 1] == "."
    if dotted and capital:
        return max(known, 2)
    named = re.search(r"([^ \n]+)[ \n][^ \n]\Z", before)
    if len(token) == 1 and capital and token not in "IXYZ" and named:
        name = named[1]
        last = re.search(rf"[{LETTERS}]*\Z", name)[0][-8:]
        if last in INTRODUCING or (
            re.match("[A-ZÀ](?![A-ZÀ])", name)
            and re.search(rf"[{LETTERS}./-]\Z", name)
            and last not in GRADED
        ):
            return max(known, 2)
    return max(known, 1) if dotted or len(letters) == 1 else known


def marker(behind: str) -> tuple[int, int, bool]:
    """Return length and number of a list marker, and whether it is in digits."""
    if re.match(r"[-*•](?!\d)", behind):
        return 1, 0, False
    digits = re.match(rf"([0-9]{{1,2}})[.)](?=[ {LETTERS}])", behind)
    if digits:
        return digits.end(), int(digits[1]), True
    letters = re.match(rf"([{LETTERS}]+)[.)] ", behind)
    if letters and (len(letters[1]) == 1 or letters[1] in ROMAN):
        return letters.end() - 1, int(letters[1] in ("a", "A")), False
    return 0, 0, False


def is_lower(behind: str) -> bool:
    return re.match("[a-zà](?![A-ZÀ])", behind) is not None


def ends_at_stop(before: str, behind: str) -> bool:
    bare = before
    for _ in range(3):
        bare = bare[:-1] if bare[-1] in ")]}\"'" else bare
    if bare[-1] not in ".?!…":
        return False
    if re.search(r"[ \n]\?\??\Z", bare):
        return False
    dots = bare[-1] == "…" or bare.endswith("..")
    if is_lower(behind) and (dots or bare != before):
        return False
    if re.search(r"[^.]\Z|[.?!…]\.\Z", bare):
        return True
    strength = abbreviation(bare[:-1])
    if marker(behind)[2]:
        return strength < 3
    following = re.match(f"[(\\[{{\"'<]{{0,2}}([{LETTERS}]*)", behind)[1]
    if not re.match("[A-ZÀ]", following):
        return strength < 1
    return strength < (3 if following[:8] in STARTER else 2)


def ends_at_line(before: str, behind: str) -> bool:
    if before[-1] == ":" or marker(behind)[0]:
        return True
    line, next_line = before[before.rindex("\n") + 1 :], behind.split("\n")[0].rstrip()
    line = line.lstrip(" ")
    bare = before
    for _ in range(3):
        bare = bare[:-1] if bare[-1] in ")]}\"'" else bare
    if bare[-1] in ".?!…":
        unfinished = abbreviation(bare[:-1]) == 3
    else:
        unfinished = re.search(rf"[{LETTERS}]*\Z", before)[0][-8:] in JOINING
    if unfinished or before[-1] in ",(/&":
        header = re.split("[ \n]", behind)[0].endswith(":")
        if not header and not re.fullmatch(r"[A-ZÀ]{2}(.*[A-ZÀ])?", next_line):
            return False
    if not is_lower(behind):
        return True
    if re.match(f"[{LETTERS}]*", behind)[0][:8] in JOINING:
        return False
    if re.search(r"[A-ZÀ]{2}\Z", before):
        return True
    return len(line) < 50 and next_line[-1] != "."


def begins_glued(before: str, behind: str) -> bool:
    """Return whether a sentence begins at ``behind``: "normal.The patient"."""
    glued = re.search(r"""\.[)\]}"']?(,?)\Z""", before)
    following = re.match(f"[{LETTERS}]+", behind)
    if not glued or not following:
        return False
    letters = re.search(rf"[{LETTERS}]*\Z", before[: glued.start()])[0]
    previous = (before[: glued.start()][-len(letters[-8:]) - 1], letters[-8:])
    n_next = min(len(following[0]), 8)
    if previous[0] in ".@" or behind[n_next] in ".@" or known_reach(previous[1]):
        return False
    if not letters and previous[0] in " \n":
        return False
    if glued[1]:
        return len(letters) > 2
    if re.match("[A-ZÀ]", behind):
        return len(letters) > 1 or (not letters and n_next > 1)
    return len(letters) > 2 and n_next > 4


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the half-open spans of the sentences of one text."""
    folded = EDGE + fold(text) + EDGE
    places: list[tuple[int, int]] = []
    item_ends: set[int] = set()
    number, listed, item_end = -9, False, -1
    for gap in re.finditer("[ \n]+", folded[: -len(EDGE)] + "\n"):
        before, behind = folded[: gap.start()] or EDGE, folded[gap.end() :]
        if not behind.strip("\n"):
            break
        n_lines = gap[0].count("\n")
        length, value, in_digits = marker(behind)
        at_stop = ends_at_stop(before, behind)
        opens = at_stop or n_lines > 0 or (before[-1] == ":" and value == 1)
        counted = False
        if in_digits:
            word = before
            if re.search(r"[.?!…][)\]}\"']{0,3}\Z", before):
                word = re.sub(r"[.?!…][)\]}\"']{0,3}\Z", "", before)
            word = re.search(rf"[{LETTERS}]*\Z", word)[0][-8:]
            step = value == number + 1 and word not in GRADED | JOINING
            counted = step and listed
            number, listed = value, (step and listed) or opens
        ends = at_stop or counted or behind[0] == "•"
        ends = ends or (n_lines > 0 and ends_at_line(before, behind))
        ends = ends and gap.start() != item_end
        item_end = gap.end() + length if length and (opens or counted) else -1
        item_ends.add(item_end)
        if ends or n_lines > 1:
            places.append(gap.span())
    for at in range(len(EDGE), len(folded) - len(EDGE)):
        if at not in item_ends and begins_glued(folded[:at], folded[at:]):
            places.append((at, at))
    places = [*sorted(places), (len(EDGE) + len(text.rstrip()),) * 2]
    spans = zip(places, places[1:], strict=False)
    return [(a[1] - len(EDGE), b[0] - len(EDGE)) for a, b in spans]
