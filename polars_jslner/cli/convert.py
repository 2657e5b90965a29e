"""``polars-jslner convert``: a model of another layout, or of any, to a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from polars_jslner.cli.models import folder_bytes, try_out

if TYPE_CHECKING:
    from polars_jslner.models.storage import Storage


@click.command(short_help="Write a model as a bundle.")
@click.argument("source", type=click.Path())
@click.argument("destination", type=click.Path())
@click.option(
    "--storage",
    type=click.Choice(["int8", "fp16", "fp32"]),
    default="int8",
    show_default=True,
    help="Bytes a weight: 1, 2 or 4. Arithmetic is fp32 with all; fp32 also keeps "
    "every score as it is. The others need the extra [convert].",
)
def convert(source: str, destination: str, storage: Storage) -> None:
    """Write the model SOURCE to the new folder DESTINATION, as a bundle.

    SOURCE is a folder or zip that transformers or optimum exported or Spark NLP saved,
    or anything else that --model takes. The bundle has all that is to be known of the
    model, and checksums; "polars-jslner models verify" compares them.
    """
    from polars_jslner.models.convert import convert as write

    model = write(source, destination, storage=storage)
    try_out(model)
    size = folder_bytes(Path(model.source)) / 1e6
    click.echo(f"{model.source}: {model.name}, {storage}, {size:,.1f} MB, and it runs.")
