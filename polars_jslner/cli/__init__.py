"""The console script ``polars-jslner``: `main` and its commands, one module each."""

from __future__ import annotations

from typing import Any

import click

from polars_jslner.cli.annotate import annotate
from polars_jslner.cli.bench import bench
from polars_jslner.cli.convert import convert
from polars_jslner.cli.evaluate import evaluate
from polars_jslner.cli.models import models
from polars_jslner.cli.report import report
from polars_jslner.cli.text import text
from polars_jslner.errors import JslNerError, ModelNotFoundError, OptionError

__all__ = ["main"]


class _Commands(click.Group):
    """Commands whose errors are told in a line: 2 for how it was called, else 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (OptionError, ModelNotFoundError) as error:
            raise click.UsageError(str(error)) from error
        except JslNerError as error:
            raise click.ClickException(str(error)) from error


def _print_versions(ctx: click.Context, _: click.Parameter, value: object) -> None:
    if not value or ctx.resilient_parsing:
        return
    import platform
    from importlib.metadata import version

    import polars_jslner

    names = ("polars", "onnxruntime", "tokenizers", "pyarrow")
    others = ", ".join(f"{name} {version(name)}" for name in names)
    click.echo(f"polars-jslner {polars_jslner.__version__}")
    click.echo(f"{others}, Python {platform.python_version()}")
    ctx.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nShell completion (or zsh_source, fish_source):\n"
    '  eval "$(_POLARS_JSLNER_COMPLETE=bash_source polars-jslner)"',
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_versions,
    help="Show the version, and those of what it is built on.",
)
def _cli() -> None:
    """Find clinical entities in texts and files of texts."""


for _command in (annotate, text, models, convert, evaluate, report, bench):
    _cli.add_command(_command)


def main() -> None:
    """Run the command line."""
    _cli(prog_name="polars-jslner")
