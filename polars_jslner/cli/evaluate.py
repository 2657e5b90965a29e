"""``polars-jslner evaluate``: scores of one file's entities against another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polars_jslner.cli import display
from polars_jslner.errors import InputTypeError, OptionError, hint

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


@click.command(short_help="Score predicted entities against annotated ones.")
@click.argument("gold", type=click.Path())
@click.argument("predicted", type=click.Path())
@click.option(
    "--column", default="entities", show_default=True, help="Column in both files."
)
@click.option("--gold-column", help="Column in GOLD, if it has another name there.")
@click.option(
    "--key", help="Column that says which rows belong together. [default: their order]"
)
@click.option(
    "--min-support",
    type=int,
    default=0,
    show_default=True,
    help="Least gold entities of a label that the macro average takes in.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each label.")
def evaluate(
    gold: str,
    predicted: str,
    column: str,
    gold_column: str | None,
    key: str | None,
    min_support: int,
    *,
    as_json: bool,
) -> None:
    """Score the entities in PREDICTED against those in GOLD.

    Both are Parquet, Arrow IPC or NDJSON files with a row for each text. Scores count
    exact matches; the overlap ones, entities that share a character.
    """
    import polars as pl

    from polars_jslner.evaluation import evaluate as score

    wanted, found = _read(gold), _read(predicted)
    wanted_name = gold_column or column
    _need(wanted, gold, wanted_name, key)
    _need(found, predicted, column, key)
    if key is not None:
        found = found.select(key, pl.col(column).alias("__predicted"))
        if found[key].is_duplicated().any():
            msg = f"--key {key!r} has a value more than once in {predicted!r}."
            raise OptionError(msg)
        joined = wanted.join(found, on=key, how="left", maintain_order="left")
        scores = score(
            joined[wanted_name], joined["__predicted"], min_support=min_support
        )
    else:
        scores = score(wanted[wanted_name], found[column], min_support=min_support)
    if as_json:
        click.echo(scores.write_ndjson(), nl=False)
        return
    names = [name.replace("overlap_", "~") for name in scores.columns]
    rows = [
        [f"{v:.4f}" if isinstance(v, float) else str(v) for v in row]
        for row in scores.iter_rows()
    ]
    colour = display.coloured()
    shown = display.table(
        names, rows, right=names[1:], limit=display.width(), colour=colour
    )
    click.echo(shown, color=colour)
    click.echo("\n~ counts an entity as right if it shares a character with one.")


def _read(name: str) -> pl.DataFrame:
    import polars as pl

    from polars_jslner.errors import FileError

    readers: dict[str, Callable[[str], pl.DataFrame]] = {
        "parquet": pl.read_parquet,
        "pq": pl.read_parquet,
        "arrow": pl.read_ipc,
        "ipc": pl.read_ipc,
        "ndjson": pl.read_ndjson,
        "jsonl": pl.read_ndjson,
    }
    kind = name.rpartition(".")[2].lower()
    if kind not in readers:
        msg = f"{name!r} has none of the suffixes {', '.join(readers)}."
        raise OptionError(msg)
    try:
        return readers[kind](name)
    except FileNotFoundError as error:
        msg = f"{name!r} does not exist."
        raise OptionError(msg) from error
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"{name!r} cannot be read as {kind}."
        raise FileError(msg) from error


def _need(frame: pl.DataFrame, file: str, *names: str | None) -> None:
    for name in names:
        if name is not None and name not in frame.columns:
            msg = f"{file!r} has no column {name!r}.{hint(name, frame.columns)}"
            raise InputTypeError(msg)
