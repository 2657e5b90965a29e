"""A system as a process that takes JSON lines on standard input and answers on output.

    {"texts": FILE, "options": {...}, "entities": true}
    -> {"seconds": 1.9, "entities": [[[start, end, label], ...], ...]}

FILE has a JSON object a line with ``text`` and ``sentences``, [start, end] of each; all
offsets are code points, half-open. The first answer comes when the system is loaded and
has its ``versions``; a failure is ``{"error": "..."}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Entity = tuple[int, int, str]


@dataclass(frozen=True)
class Note:
    """A text and its sentences."""

    text: str
    sentences: list[tuple[int, int]]


class System(Protocol):
    """What is measured."""

    def prepare(self, notes: Sequence[Note], **options: Any) -> Any:
        """Return the texts in the form in which users of the system have them."""

    def run(self, prepared: Any) -> Any:
        """Do what is timed."""

    def entities(self, prepared: Any, result: Any) -> list[list[Entity]] | None:
        """Return what `run` found in each note; None if it finds none by nature."""


def serve(make: Callable[..., System], *libraries: str) -> None:
    """Load the system with the options of the command line and answer until the end.

    Parameters
    ----------
    make
        Gets the options, a JSON object in the first argument.
    libraries
        Whose versions are told.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the system prints is no answer

    def answer(**values: Any) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    try:
        system = make(**json.loads(sys.argv[1]))
        answer(versions={name: version(name) for name in libraries})
        for line in sys.stdin:
            asked = json.loads(line)
            with open(asked["texts"], encoding="utf-8") as lines:
                notes = [Note(**json.loads(row)) for row in lines]
            prepared = system.prepare(notes, **asked.get("options", {}))
            began = time.perf_counter()
            result = system.run(prepared)
            seconds = time.perf_counter() - began
            found = system.entities(prepared, result) if asked["entities"] else None
            answer(seconds=seconds, entities=found)
    except Exception as error:  # noqa: BLE001  (whatever it is, the caller is told)
        traceback.print_exc()
        answer(error=f"{type(error).__name__}: {error}"[:300])
