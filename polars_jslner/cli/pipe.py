"""JSON lines in, JSON lines out: the texts of some lines at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Bytes of lines that are annotated together.
_BLOCK_BYTES = 500_000


def annotate_lines(
    lines: Iterable[bytes],
    *,
    text: str,
    columns: Sequence[str] | None,
    output: str,
    explode: bool,
    model: str | None,
    options: dict[str, Any],
) -> Iterator[str]:
    """Yield each JSON object with its entities, or ``explode`` it to one for each.

    Raises
    ------
    ClickException
        A line is no JSON object or has no text; the message has its number only.
    OptionError, ModelNotFoundError, ModelFormatError
        As `entities`.
    """
    import polars as pl

    from polars_jslner.functions import entities

    expression = entities(text, model, **options)
    for rows in _blocks(lines, text):
        texts = pl.Series(text, [row[text] for row in rows], pl.String)
        found = texts.to_frame().select(expression).to_series().to_list()
        for row, here in zip(rows, found, strict=True):
            for entity in here or ():
                entity["score"] = round(entity["score"], 6)
            kept = row if columns is None else {n: row.get(n) for n in columns}
            if not explode:
                yield _line({**kept, output: here})
                continue
            if columns is None:
                kept = {name: value for name, value in row.items() if name != text}
            for entity in here or ():
                yield _line({**kept, **entity})


def _blocks(lines: Iterable[bytes], text: str) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    n_bytes = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(_row(line, number, text))
        except click.ClickException:
            if rows:  # what stands before it is good
                yield rows
            raise
        n_bytes += len(line)
        if n_bytes >= _BLOCK_BYTES:
            yield rows
            rows, n_bytes = [], 0
    if rows:
        yield rows


def _row(line: bytes, number: int, text: str) -> dict[str, Any]:
    try:
        row: object = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        msg = f"line {number} of standard input is no JSON object."
        raise click.ClickException(msg)
    if not isinstance(row.get(text, 0), str | None):
        what = "no string" if text in row else "not there"
        msg = f"line {number} of standard input: {text!r} is {what}; see --text."
        raise click.ClickException(msg)
    return row


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
