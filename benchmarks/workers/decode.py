"""Tags of words to entities, in plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.workers.serve import Entity


def join(words: Iterable[tuple[int, int, str]]) -> list[Entity]:
    """Join (start, end, tag) of words to entities: B starts one, I goes on with it."""
    found: list[Entity] = []
    last = "O"
    for start, end, tag in words:
        label = tag[2:]
        if tag != "O":
            if tag.startswith("I-") and last[2:] == label:
                found[-1] = (found[-1][0], end, label)
            else:
                found.append((start, end, label))
        last = tag
    return found
