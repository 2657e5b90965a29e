"""``polars-jslner annotate``: files to files, or a pipe."""

from __future__ import annotations

import sys
from typing import Any

import click

from polars_jslner.cli.options import entity_flags, entity_options

_INTERRUPTED = 130  # what shells give for a process that was interrupted


def _shard(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    index, slash, n_shards = value.partition("/")
    if not (slash and index.isdecimal() and n_shards.isdecimal()):
        msg = f"{value!r} is not written as I/N, such as 0/2."
        raise click.BadParameter(msg, ctx, param)
    return int(index), int(n_shards)


@click.command(short_help="Annotate files, or lines of a pipe.")
@click.argument("source", type=click.Path())
@click.argument("destination", type=click.Path())
@click.option(
    "-t", "--text", default="text", show_default=True, help="Column with the texts."
)
@click.option(
    "-c",
    "--column",
    "columns",
    multiple=True,
    metavar="NAME",
    help="Column to write beside the entities; may be repeated. [default: all]",
)
@click.option(
    "-o",
    "--output",
    default="entities",
    show_default=True,
    metavar="NAME",
    help="Name of the new column.",
)
@click.option("--explode", is_flag=True, help="Write one row for each entity.")
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Keep what an earlier run did, or do all anew.",
)
@click.option(
    "--shard",
    callback=_shard,
    default="0/1",
    metavar="I/N",
    help="Do the I-th of N parts of the files, from 0: one on each machine.",
)
@click.option(
    "--on-error",
    type=click.Choice(["skip", "raise"]),
    default="skip",
    show_default=True,
    help="Go on with the other files, or stop.",
)
@click.option("--progress/--no-progress", default=True, help="Show a bar.")
@entity_flags
def annotate(
    source: str,
    destination: str,
    text: str,
    columns: tuple[str, ...],
    output: str,
    model: str | None,
    shard: tuple[int, int],
    on_error: str,
    *,
    explode: bool,
    resume: bool,
    progress: bool,
    **flags: Any,
) -> None:
    """Find the entities in every file of SOURCE and write them to DESTINATION.

    SOURCE is a file, folder, glob or URI (s3://, gs://, ...) of Parquet, CSV, NDJSON or
    Arrow IPC files; DESTINATION is a folder or its URI, and gets a Parquet file for
    each. A run that was stopped goes on when it is started again.

    With - for both, JSON lines are read from standard input and written to standard
    output.

    Exit code: 0, 1 if a file failed, 2 for a mistake in the call.
    """
    from polars_jslner.files import annotate_files

    options = entity_options(**flags)
    if "-" in (source, destination):
        if source != destination:
            msg = (
                "- goes with -: a pipe is read from standard input to standard output."
            )
            raise click.UsageError(msg)
        from polars_jslner.cli.pipe import annotate_lines

        lines = annotate_lines(
            sys.stdin.buffer,
            text=text,
            columns=columns or None,
            output=output,
            explode=explode,
            model=model,
            options=options,
        )
        for line in lines:
            click.echo(line)
        return
    try:
        summary = annotate_files(
            source,
            destination,
            text=text,
            model=model,
            columns=columns or None,
            output=output,
            explode=explode,
            resume=resume,
            shard=shard,
            on_error="raise" if on_error == "raise" else "skip",
            progress=progress,
            **options,
        )
    except KeyboardInterrupt:
        click.echo("Interrupted. The same command goes on from here.", err=True)
        sys.exit(_INTERRUPTED)
    click.echo(str(summary), err=True)
    if summary.failed:
        sys.exit(1)
