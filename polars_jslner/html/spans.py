"""Entities as fragments that nest: what markup needs and any entities can be cut to."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Any

import polars as pl

from polars_jslner.errors import InputTypeError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Entities = pl.Series | pl.DataFrame | Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Entity:
    """A label on code points ``start`` to ``end``, exclusive; it may lack a score."""

    start: int
    end: int
    label: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of an entity that nests with all others.

    ``number`` is that of the entity; ``first`` and ``last`` say whether the entity
    begins and ends with this part.
    """

    start: int
    end: int
    number: int
    first: bool
    last: bool


def read_entities(text: str, given: Entities) -> list[Entity]:
    """Check entities and return them in the order in which they are read.

    Raises
    ------
    InputTypeError
        What is given are no entities.
    OptionError
        They are not those of this text. The message holds offsets, no text.
    """
    if isinstance(given, pl.Series) and isinstance(given.dtype, pl.List):
        msg = (
            f"entities is a series of lists, those of {len(given)} texts; render shows "
            f"one text. Use texts.jslner.render(entities), or one row: entities[0]."
        )
        raise InputTypeError(msg)
    rows: Iterable[Any] = [given]  # what cannot be read fails as a row
    if isinstance(given, pl.DataFrame):
        rows = given.iter_rows(named=True)
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        rows = given
    found: list[Entity] = []
    for i, row in enumerate(rows):
        try:
            start, end = index(row["start"]), index(row["end"])
            label, written, score = row["label"], row.get("text"), row.get("score")
            score = None if score is None else float(score)
        except (TypeError, KeyError, AttributeError, ValueError):
            msg = (
                f"entities[{i}] has no 'label', no whole numbers 'start' and 'end', or "
                f"a 'score' that is no number; a struct series, a DataFrame or "
                f"dictionaries with these are needed, as jslner.entities() gives."
            )
            raise InputTypeError(msg) from None  # it may quote a text
        if not 0 <= start < end <= len(text):
            msg = (
                f"entities[{i}] has start={start} and end={end}; 0 <= start < end <= "
                f"{len(text)}, the length of the text in code points, is needed."
            )
            raise OptionError(msg)
        if written is not None and text[start:end] != written:
            msg = (
                f"entities[{i}] (start={start}, end={end}): its text is not what "
                f"stands there. Offsets count code points of the text that was "
                f"annotated. If you changed the entity's text, leave that field out."
            )
            raise OptionError(msg)
        found.append(Entity(start, end, str(label), score))
    return sorted(found, key=lambda e: (e.start, -e.end))


def nest(entities: Sequence[Entity]) -> Iterator[Fragment]:
    """Yield fragments by start, outer ones first; entities that cross are cut.

    Where an entity reaches over the end of one that began before it, it is cut there,
    and its rest stands behind that end.
    """
    # (start, -end, index): what comes first, and of those the longest
    waiting = [(e.start, -e.end, i) for i, e in enumerate(entities)]
    heapq.heapify(waiting)
    open_ends: list[int] = []
    while waiting:
        start, minus_end, number = heapq.heappop(waiting)
        end = -minus_end
        while open_ends and open_ends[-1] <= start:
            open_ends.pop()
        limit = min(end, open_ends[-1]) if open_ends else end
        if limit < end:
            heapq.heappush(waiting, (limit, -end, number))
        entity = entities[number]
        yield Fragment(start, limit, number, start == entity.start, limit == entity.end)
        open_ends.append(limit)


def covered(entities: Sequence[Entity]) -> list[tuple[int, int]]:
    """Return runs of text that entities cover without a gap, as (start, end)."""
    runs: list[tuple[int, int]] = []
    for entity in entities:
        if runs and entity.start < runs[-1][1]:
            runs[-1] = (runs[-1][0], max(runs[-1][1], entity.end))
        else:
            runs.append((entity.start, entity.end))
    return runs
