"""``polars-jslner report``: annotated files as one page for people."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Describe annotated files on a page.")
@click.argument("source")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="The page to write, FILE.html, or - for standard output.",
)
@click.option("-t", "--text", metavar="NAME", help="Column with the texts.")
@click.option("--column", metavar="NAME", help="Column with their entities.")
@click.option(
    "-m",
    "--model",
    metavar="MODEL",
    help="The model that was used, to count its windows, if it is not a bundled one.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Show N texts with their entities: text of notes.",
)
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="List the N most frequent entities of each label: text of notes.",
)
@click.option(
    "--min-texts",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Texts in which an entity must stand at least that --top lists.",
)
def report(
    source: str,
    output: str,
    text: str | None,
    column: str | None,
    model: str | None,
    examples: int,
    top: int,
    min_texts: int,
) -> None:
    """Count what is in annotated Parquet files, on a page that needs nothing else.

    SOURCE is a file, folder, glob or URI that `polars-jslner annotate` wrote; other
    files with a column of texts and one of entities will do. Without --examples and
    --top the page holds no text of notes.
    """
    from polars_jslner.html.report import report as describe

    if output != "-" and not output.lower().endswith((".html", ".htm")):
        msg = f"--output {output!r} is no page; give a name that ends in .html, or -."
        raise click.UsageError(msg)
    page = describe(
        source,
        text=text,
        column=column,
        model=model,
        examples=examples,
        top=top,
        min_texts=min_texts,
    )
    if output == "-":
        click.echo(page, nl=False)
        return
    try:
        Path(output).write_text(page, encoding="utf-8")
    except OSError as error:
        msg = f"{output!r} cannot be written: {error.strerror}"
        raise click.ClickException(msg) from error
