"""Text and tables for a terminal: width, colour, nothing that could control it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Piece = tuple[str, str | None]  # characters and their colour

_PLAIN = ("cyan", "green", "yellow", "magenta", "blue", "red")
_COLOURS = (*_PLAIN, *(f"bright_{name}" for name in _PLAIN))
_GAP = "  "


def coloured() -> bool:
    """Say whether standard output is a terminal that is to have colours."""
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def width() -> int | None:
    """Return the columns of the terminal; None if standard output is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def palette(labels: Sequence[str]) -> dict[str, str]:
    """Return a colour for each label, the same whenever the labels are the same."""
    return {label: _COLOURS[i % len(_COLOURS)] for i, label in enumerate(labels)}


def printable(text: str) -> str:
    """Return text in which control characters are visible, but for line breaks."""

    def visible(match: re.Match[str]) -> str:
        code = ord(match.group())
        return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"

    text = text.replace("\r\n", "\n").replace("\t", " ")
    return re.sub(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", visible, text
    )


def columns_of(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def wrap(pieces: Sequence[Piece], limit: int | None, *, colour: bool) -> str:
    """Return coloured pieces of text as lines of at most ``limit`` columns.

    Lines break at blanks, and within a word only if it is longer than a line. Colours
    end with the line.
    """
    lines: list[list[Piece]] = [[]]
    used = 0
    for word in _words(pieces, limit):
        size = sum(columns_of(text) for text, _ in word)
        blank, broken = word[0][0].isspace(), word[0][0] == "\n"
        full = limit is not None and used + size > limit
        if full or broken:
            lines.append([])
            used = 0
        if not broken and not (full and blank):
            lines[-1].extend(word)
            used += size
    return "\n".join(_paint(line, colour=colour).rstrip() for line in lines)


def _words(pieces: Sequence[Piece], limit: int | None) -> Iterator[list[Piece]]:
    """Yield line breaks, blanks and words, none longer than a line.

    A word may be of several pieces, as where a full stop follows an entity.
    """
    word: list[Piece] = []
    for text, style in pieces:
        for part in re.findall(r"\n|[^\S\n]+|\S+", text):
            if not part.isspace():
                word.append((part, style))
                continue
            yield from _cut(word, limit)
            word = []
            yield [(part, style)]
    yield from _cut(word, limit)


def _cut(word: list[Piece], limit: int | None) -> Iterator[list[Piece]]:
    if limit is None or sum(columns_of(text) for text, _ in word) <= limit:
        if word:
            yield word
        return
    most = max(1, limit // 2)  # characters; some take two columns
    for text, style in word:
        yield from ([(text[i : i + most], style)] for i in range(0, len(text), most))


def _paint(line: Sequence[Piece], *, colour: bool) -> str:
    parts: list[str] = []
    i = 0
    while i < len(line):
        style = line[i][1]
        end = i
        while end < len(line) and line[end][1] == style:
            end += 1
        text = "".join(word for word, _ in line[i:end])
        painted = colour and style is not None
        parts.append(click.style(text, fg=style) if painted else text)
        i = end
    return "".join(parts)


def table(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    colours: Sequence[str | None] = (),
    limit: int | None = None,
    colour: bool = False,
) -> str:
    """Return rows of texts under their names.

    Parameters
    ----------
    names, rows
        Header and cells.
    right
        Names of the columns that are aligned to the right.
    colours
        Colour of each row's first cell.
    limit
        Columns of the terminal; the first column is shortened to fit into them.
    colour
        Whether to use colours.
    """
    cells = [[printable(c).replace("\n", " ") for c in row] for row in rows]
    widths = [
        max(map(columns_of, [name, *(row[i] for row in cells)]))
        for i, name in enumerate(names)
    ]
    if limit is not None:
        spare = limit - sum(widths) - len(_GAP) * (len(widths) - 1)
        widths[0] = max(len(names[0]), 8, widths[0] + min(0, spare))
    lines: list[str] = []
    for number, row in enumerate([list(names), *cells]):
        padded: list[str] = []
        for i, cell in enumerate(row):
            shown = _shorten(cell, widths[i])
            blanks = " " * (widths[i] - columns_of(shown))
            text = blanks + shown if names[i] in right else shown + blanks
            if colour and number == 0:
                text = click.style(text, bold=True)
            elif colour and i == 0 and colours and colours[number - 1]:
                text = click.style(text, fg=colours[number - 1])
            padded.append(text)
        lines.append(_GAP.join(padded).rstrip())
    return "\n".join(lines)


def _shorten(text: str, limit: int) -> str:
    if columns_of(text) <= limit:
        return text
    while columns_of(text) >= limit:
        text = text[:-1]
    return f"{text}…"
