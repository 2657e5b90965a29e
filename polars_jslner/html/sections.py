"""Sections of a note, by the headings that clinicians write, for folding long notes."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A line that is a heading, or begins with one: capitals ("PLAN:", "DISCHARGE SUMMARY"),
# "Past Medical History:" alone on its line, or "## Plan".
_HEADING = re.compile(
    r"""^[ \t]*(?:
        [A-Z][A-Z0-9 /&,'()\-]{2,60}(?::[ \t]*|[ \t]*$)
      | [A-Z][A-Za-z0-9 /&,'()\-]{2,60}:[ \t]*$
      | \#{1,6}[ \t]+\S[^\n]{0,60}$
    )""",
    re.MULTILINE | re.VERBOSE,
)
_PARAGRAPH = 1500  # characters, where there are no headings


@dataclass(frozen=True, slots=True)
class Section:
    """Code points ``start`` to ``end`` of a text; up to ``body`` they are a heading."""

    start: int
    body: int
    end: int


def sections(text: str, covered: Sequence[tuple[int, int]]) -> list[Section]:
    """Cut a text into sections that cover it, in order.

    Parameters
    ----------
    text
        Of a note. Headings behind a blank line count; if there are fewer than two of
        those, all do; if there are fewer than two at all, parts of some paragraphs are
        sections without a heading.
    covered
        Ranges that must not be cut, by start, without overlap: those with entities.
    """
    text = text.replace("\r\n", " \n").replace("\r", "\n")
    found = [(m.start(), m.end()) for m in _HEADING.finditer(text)]
    headings = [h for h in found if _behind_blank_line(text, h[0])]
    if len(headings) < 2:
        headings = found
    if len(headings) < 2:
        headings = [(at, at) for at in _paragraphs(text)]
    headings = [h for h in headings if not _inside(h[0], covered)]
    if not headings or headings[0][0] > 0:
        headings.insert(0, (0, 0))
    ends = [start for start, _ in headings[1:]] + [len(text)]
    return [
        Section(start, start if _inside(body, covered) else body, end)
        for (start, body), end in zip(headings, ends, strict=True)
    ]


def _behind_blank_line(text: str, at: int) -> bool:
    before = text[max(0, at - 200) : at]
    return not before.strip() or re.search(r"\n[ \t]*\n$", before) is not None


def _paragraphs(text: str) -> list[int]:
    """Return where parts of about ``_PARAGRAPH`` characters begin, each on a line."""
    starts = [0]
    for match in re.finditer(r"\n+", text):
        if match.end() - starts[-1] >= _PARAGRAPH and match.end() < len(text):
            starts.append(match.end())
    return starts


def _inside(at: int, covered: Sequence[tuple[int, int]]) -> bool:
    i = bisect_right(covered, at, key=lambda run: run[0]) - 1
    return i >= 0 and covered[i][0] < at < covered[i][1]
