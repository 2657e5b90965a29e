"""Options that several commands share: the model, and which entities are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from polars_jslner.errors import OptionError

Command = TypeVar("Command", bound=Callable[..., Any])


def entity_flags(command: Command) -> Command:
    """Add the options of `entities`; `entity_options` reads them."""
    flags = (
        click.option(
            "-m",
            "--model",
            type=click.Path(),  # for completion; it may be no path
            metavar="MODEL",
            help="A folder, zip, hf://org/name or bundled name. "
            "[default: $POLARS_JSLNER_MODEL, else clinical_slim]",
        ),
        click.option(
            "-l",
            "--label",
            "labels",
            multiple=True,
            metavar="LABEL",
            help="Keep this label only; may be repeated.",
        ),
        click.option(
            "--exclude",
            multiple=True,
            metavar="LABEL",
            help="Drop this label; may be repeated.",
        ),
        click.option(
            "--min-score",
            type=float,
            default=0.0,
            metavar="SCORE",
            help="Drop entities that score less, in [0, 1].",
        ),
        click.option(
            "--rename",
            multiple=True,
            metavar="OLD=NEW",
            help="Give a label another name; may be repeated.",
        ),
        click.option(
            "--sentences",
            metavar="WAY",
            help="clinical, pragmatic, none, or the place of a saved detector.",
        ),
        click.option(
            "--threads",
            type=click.IntRange(min=1),
            metavar="N",
            help="Workers that run the model. [default: all CPUs]",
        ),
    )
    for flag in reversed(flags):
        command = flag(command)
    return command


def entity_options(
    *,
    labels: tuple[str, ...],
    exclude: tuple[str, ...],
    min_score: float,
    rename: tuple[str, ...],
    sentences: str | None,
    threads: int | None,
) -> dict[str, Any]:
    """Return what `entities` takes, and set the number of threads.

    Raises
    ------
    OptionError
        A new name is not written as OLD=NEW.
    """
    from polars_jslner.config import configure

    if threads is not None:
        configure(threads=threads)
    options: dict[str, Any] = {"min_score": min_score}
    if labels:
        options["labels"] = labels
    if exclude:
        options["exclude"] = exclude
    if sentences is not None:
        options["sentences"] = sentences
    names: dict[str, str] = {}
    for pair in rename:
        old, equals, new = pair.partition("=")
        if not equals:
            msg = f"--rename {pair!r} is not written as OLD=NEW."
            raise OptionError(msg)
        names[old] = new
    if names:
        options["rename"] = names
    return options
