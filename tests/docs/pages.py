"""The README and the pages of docs/ as code that runs.

Blocks fenced ```python run in order, with one namespace for each page, in a folder made
by `furnish`; what one prints stands in the ```text block right behind it. Blocks fenced
```py are not run. A page for which something has to be installed names the pytest
marker of its tests in its first lines, and runs in a process of its own:

    ---
    marker: engines
    ---

To write what the code prints into a page, after a change, or to check it:

    python -m tests.docs.pages docs/how-to/etl.md
    python -m tests.docs.pages --check docs/how-to/etl.md
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tests.sparknlp_models import GOLDEN, assemble

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARKER = re.compile(r"\A---\nmarker: (\w+)\n---\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and where the text stands in the page."""

    language: str
    text: str
    start: int
    end: int


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def marker(page: Path) -> str | None:
    found = _MARKER.match(page.read_text("utf-8"))
    return found[1] if found else None


def blocks(page: Path) -> list[Block]:
    return [
        Block(found[1], found[2], found.start(2), found.end(2))
        for found in _FENCE.finditer(page.read_text("utf-8"))
    ]


def furnish(folder: Path) -> None:
    """Put into ``folder`` what the pages speak of.

    ``notes/``: two Parquet files with the first of examples/notes.parquet;
    ``my_model/``: a tiny model as transformers exports it; ``saved_pipeline/``: a tiny
    pipeline as Spark NLP saved it. The tiny ones know little.
    """
    notes = pl.read_parquet(ROOT / "examples" / "notes.parquet")
    (folder / "notes").mkdir()
    notes.head(3).write_parquet(folder / "notes" / "2023-q1.parquet")
    notes.slice(3, 3).write_parquet(folder / "notes" / "2023-q2.parquet")
    shutil.copytree(
        GOLDEN / "transformers" / "bert-cased",
        folder / "my_model",
        ignore=shutil.ignore_patterns("recorded.jsonl"),
    )
    assemble(folder, "pipeline_sddl_bert_cased")
    (folder / "pipeline_sddl_bert_cased").rename(folder / "saved_pipeline")


def run(page: Path) -> Iterator[tuple[Block, str, Block | None]]:
    """Run a page in the current folder.

    Yields each ```python block with what it printed, and the ```text block that says
    what it prints, if there is one.
    """
    text = page.read_text("utf-8")
    found = blocks(page)
    names: dict[str, object] = {"__name__": "__main__"}
    with pl.Config(tbl_width_chars=100):
        for block, following in zip_longest(found, found[1:]):
            if block.language != "python":
                continue
            lines_before = "\n" * text.count("\n", 0, block.start)
            code = compile(lines_before + block.text, str(page), "exec")
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(code, names)
            shown = following
            if following and (
                following.language != "text"
                or text[block.end : following.start].split() != ["```", "```text"]
            ):
                shown = None
            yield block, printed.getvalue(), shown


def check(page: Path) -> None:
    """Raise an AssertionError where a page prints something else than it says."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        furnish(Path(folder))
        for block, printed, shown in run(page):
            expected = shown.text if shown else ""
            assert alike(printed, expected), f"{block.text}prints\n{printed}"


def alike(printed: str, expected: str) -> bool:
    """Compare what was printed, scores to 0.02: processors round differently."""
    score = re.compile(r"\b[01]\.\d+ *")

    def blank(found: re.Match[str]) -> str:
        return "#" * len(found[0])

    if score.sub(blank, printed) != score.sub(blank, expected):
        return False
    pairs = zip(score.findall(printed), score.findall(expected), strict=True)
    return all(abs(float(one) - float(other)) <= 0.02 for one, other in pairs)


def write_printed(page: Path) -> None:
    """Write what a page prints into its ```text blocks."""
    text = page.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        furnish(Path(folder))
        for _, printed, shown in reversed(list(run(page))):
            if shown:
                text = text[: shown.start] + printed + text[shown.end :]
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    *flags, path = sys.argv[1:]
    action = check if flags == ["--check"] else write_printed
    action(Path(path).resolve())
