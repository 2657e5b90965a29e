"""How work is told that nobody waits for it any more."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event

# Set around a piece of work; whoever does it looks between two steps.
STOP: ContextVar[Event | None] = ContextVar("STOP", default=None)


class Stopped(Exception):  # noqa: N818  (it is no error)
    """Nobody waits for this work any more."""


def go_on(stop: Event | None) -> None:
    """Raise Stopped if nobody waits for the work any more.

    ``stop`` is what STOP holds where the work began; threads that help do not see it.
    """
    if stop is not None and stop.is_set():
        raise Stopped
