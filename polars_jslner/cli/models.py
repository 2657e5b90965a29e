"""``polars-jslner models``: which there are, what they are, whether they are whole."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from polars_jslner.cli import display

if TYPE_CHECKING:
    from polars_jslner.models import Model


@click.group(invoke_without_command=True, short_help="List, describe, verify models.")
@click.pass_context
def models(ctx: click.Context) -> None:
    """Show the models that are bundled or in a cache of this machine."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models)


@models.command("list")
def list_models() -> None:
    """List what --model takes here without fetching anything."""
    rows = [*_bundled(), *_spark(), *_hub()]
    click.echo(
        display.table(
            ("model", "where", "MB"),
            rows,
            right=("MB",),
            limit=display.width(),
            colour=display.coloured(),
        ),
        color=display.coloured(),
    )


@models.command()
@click.argument("model", required=False, type=click.Path())
def describe(model: str | None) -> None:
    """Say what MODEL is: labels, window, licence."""
    from polars_jslner.models import load_model

    click.echo(load_model(model).describe())


@models.command()
@click.argument("model", required=False, type=click.Path())
def verify(model: str | None) -> None:
    """Compare the files of MODEL with their checksums and run it once."""
    from polars_jslner.models import load_model

    loaded = load_model(model)
    checked = _check_files(loaded)
    try_out(loaded)
    sums = f"{checked} checksums agree" if checked else "it has no checksums to compare"
    click.echo(f"{loaded.name}: {sums}, and the model runs.")


def try_out(model: Model) -> None:
    """Run a model once."""
    import polars as pl

    from polars_jslner.functions import entities

    pl.select(entities(pl.lit("Chest pain."), model))


def _check_files(model: Model) -> int:
    """Return how many files agree with the checksums in ``bundle.json``."""
    from polars_jslner.models.files import read_json

    if not isinstance(model.onnx, str):
        return 0
    folder = Path(model.onnx).parent
    if not (folder / "bundle.json").is_file():
        return 0
    sums: dict[str, Any] = read_json(folder / "bundle.json").get("sha256", {})
    for name, expected in sums.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                msg = f"{str(folder / name)!r} is damaged: its sha256 is another one."
                raise click.ClickException(msg)
    return len(sums)


def _bundled() -> list[tuple[str, str, str]]:
    import polars_jslner.models as package

    here = Path(package.__file__).parent
    return [
        (name, "bundled", _megabytes(here / name)) for name in package.bundled_models()
    ]


def _spark() -> list[tuple[str, str, str]]:
    """Return what Spark NLP keeps in ``~/cache_pretrained``."""
    cache = Path("~/cache_pretrained").expanduser()
    if not cache.is_dir():
        return []
    return [
        (path.name, "~/cache_pretrained", _megabytes(path))
        for path in sorted(cache.iterdir())
        if (path / "metadata").is_dir()
    ]


def _hub() -> list[tuple[str, str, str]]:
    """Return the ONNX models in the Hugging Face hub's cache."""
    import huggingface_hub
    from huggingface_hub.errors import CacheNotFound

    try:
        cached = huggingface_hub.scan_cache_dir()
    except CacheNotFound:
        return []
    found: list[tuple[str, str, str]] = []
    for repo in sorted(cached.repos, key=lambda repo: repo.repo_id):
        names = {f.file_name for rev in repo.revisions for f in rev.files}
        whole = "tokenizer.json" in names and any(n.endswith(".onnx") for n in names)
        if repo.repo_type == "model" and whole:
            size = f"{repo.size_on_disk / 1e6:,.0f}"
            found.append((f"hf://{repo.repo_id}", "Hugging Face cache", size))
    return found


def _megabytes(folder: Path) -> str:
    return f"{folder_bytes(folder) / 1e6:,.0f}"


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
