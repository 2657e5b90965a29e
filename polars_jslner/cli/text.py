"""``polars-jslner text``: one text, for people (or JSON lines, for programs)."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from polars_jslner.cli import display
from polars_jslner.cli.options import entity_flags, entity_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@click.command(short_help="Annotate one text and show it.")
@click.argument("text", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each entity.")
@entity_flags
def text(text: str | None, model: str | None, *, as_json: bool, **flags: Any) -> None:
    """Find the entities of TEXT, or of standard input if it is - or left out.

    Prints the text with its entities marked, then a table of them.
    """
    import polars as pl

    from polars_jslner.functions import entities

    if text is None and sys.stdin.isatty():
        msg = "give a text, or pipe one in."
        raise click.UsageError(msg)
    if text is None or text == "-":
        note = sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\r\n")
    else:
        note = text
    expression = entities("text", model, **entity_options(**flags))
    frame = pl.DataFrame({"text": [note]})
    found: list[dict[str, Any]] = frame.select(expression).to_series().to_list()[0]
    if as_json:
        for entity in found:
            entity["score"] = round(entity["score"], 6)
            click.echo(json.dumps(entity, ensure_ascii=False))
        return
    colour, limit = display.coloured(), display.width()
    labels = list(dict.fromkeys(entity["label"] for entity in found))
    colours = display.palette(sorted(labels))
    pieces = _pieces(note, found, colours, colour=colour)
    click.echo(display.wrap(pieces, limit, colour=colour), color=colour)
    click.echo()
    if not found:
        click.echo("No entities.")
        return
    listed = display.table(
        ("text", "label", "start", "end", "score"),
        [
            (e["text"], e["label"], str(e["start"]), str(e["end"]), f"{e['score']:.2f}")
            for e in found
        ],
        right=("start", "end", "score"),
        colours=[colours[e["label"]] for e in found],
        limit=limit,
        colour=colour,
    )
    click.echo(listed, color=colour)


def _pieces(
    text: str,
    found: Sequence[Mapping[str, Any]],
    colours: Mapping[str, str],
    *,
    colour: bool,
) -> list[display.Piece]:
    """Return the text in pieces; without colours, entities are in brackets."""
    pieces: list[display.Piece] = []
    at = 0
    for entity in found:
        style = colours[entity["label"]]
        inside = display.printable(text[entity["start"] : entity["end"]])
        pieces.append((display.printable(text[at : entity["start"]]), None))
        shown = inside if colour else f"[{inside}|{entity['label']}]"
        pieces.append((shown, style))
        at = entity["end"]
    pieces.append((display.printable(text[at:]), None))
    return pieces
