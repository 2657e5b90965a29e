"""``polars-jslner bench``: how fast this machine annotates, beside its limit."""

from __future__ import annotations

import dataclasses
import json
import statistics
from typing import TYPE_CHECKING

import click

from polars_jslner.cli import display

if TYPE_CHECKING:
    import polars as pl

    from polars_jslner.bench.speed import Speed

_NOTES, _ROUNDS = 100, 5
_QUICK_NOTES, _QUICK_ROUNDS, _QUICK_BUDGETS = 24, 3, (256, 512, 1024)


@click.command(short_help="Measure how fast this machine annotates.")
@click.argument("source", required=False)
@click.option(
    "-c", "--column", default="text", show_default=True, help="Column of the texts."
)
@click.option("-m", "--model", metavar="MODEL", help="As for annotate.")
@click.option("--quick", is_flag=True, help="Fewer notes and rounds: under a minute.")
@click.option("--rounds", type=click.IntRange(min=1), metavar="N", help="Repetitions.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="Workers that run the model. [default: all CPUs]",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead.")
def bench(
    source: str | None,
    column: str,
    model: str | None,
    rounds: int | None,
    threads: int | None,
    *,
    quick: bool,
    as_json: bool,
) -> None:
    """Annotate the texts of SOURCE, a Parquet file, or made-up notes, and time it.

    The ceiling is ONNX Runtime alone on batches sorted by length, with nothing before
    or after it: no library that runs the same model on it is faster.
    """
    import polars as pl

    from polars_jslner.bench import machine
    from polars_jslner.bench.ceiling import BUDGETS
    from polars_jslner.bench.notes import make_notes
    from polars_jslner.bench.speed import measure
    from polars_jslner.models import load_model

    if source is None:
        texts = pl.Series(make_notes(_QUICK_NOTES if quick else _NOTES))
    else:
        texts = _read(source, column)
    loaded = load_model(model)
    before = machine.describe()
    speed = measure(
        texts,
        loaded,
        rounds=rounds or (_QUICK_ROUNDS if quick else _ROUNDS),
        budgets=_QUICK_BUDGETS if quick else BUDGETS,
        threads=threads,
    )
    if as_json:
        found = {"model": loaded.name, "machine": before, **dataclasses.asdict(speed)}
        click.echo(json.dumps(found | {"share_of_ceiling": speed.share}))
        return
    click.echo(machine.summary(before))
    click.echo(
        f"{loaded.name}, {speed.notes} notes, {speed.words} words, {speed.pieces} "
        f"pieces in distinct sentences, medians of {len(speed.ours)} rounds\n"
    )
    click.echo(_table(speed))
    click.echo(f"\nOurs is {speed.share:.3f} of the ceiling.")


def _read(source: str, column: str) -> pl.Series:
    import polars as pl

    from polars_jslner.errors import FileError, InputTypeError, hint

    try:
        names = pl.read_parquet_schema(source)
        if column not in names:
            msg = f"{source!r} has no column {column!r}.{hint(column, list(names))}"
            raise InputTypeError(msg)
        texts = pl.read_parquet(source, columns=[column]).to_series().drop_nulls()
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"{source!r} cannot be read as parquet."
        raise FileError(msg) from error
    if texts.dtype != pl.String or texts.is_empty():
        msg = f"{source!r}: column {column!r} has no texts ({texts.dtype})."
        raise InputTypeError(msg)
    return texts


def _table(speed: Speed) -> str:
    names = ("", "notes/s", "words/s", "pieces/s", "seconds", "slowest")
    best = speed.best_budget
    timed = {"ours, column to entities": speed.ours}
    for budget, seconds in speed.ceiling.items():
        mark = " (best)" if budget == best else ""
        timed[f"ceiling, {budget} pieces a batch{mark}"] = seconds
    rows: list[list[str]] = []
    for name, seconds in timed.items():
        middle = statistics.median(seconds)
        rates = (speed.notes / middle, speed.words / middle, speed.pieces / middle)
        shown = [f"{rates[0]:.1f}", f"{rates[1]:.0f}", f"{rates[2]:.0f}"]
        rows.append([name, *shown, f"{middle:.3f}", f"{max(seconds):.3f}"])
    return display.table(names, rows, right=names[1:], limit=display.width())
