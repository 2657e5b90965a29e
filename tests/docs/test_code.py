"""The code of every page runs and prints what the page says."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys

import pytest

from tests.docs import pages

LANGUAGES = {"python", "py", "text", "sh", "toml", "json", "sql"}
WHOLE_FILE = re.compile(r'{\.python title="(.*)"}')


def parameters():
    for page in pages.PAGES:
        mark = pages.marker(page)
        marks = [getattr(pytest.mark, mark)] if mark else []
        yield pytest.param(page, id=pages.name(page), marks=marks)


@pytest.mark.parametrize("page", list(parameters()))
def test_code_prints_what_is_shown(page):
    if not pages.marker(page):
        pages.check(page)
        return
    # Spark and Ray have one session each in a process.
    command = [sys.executable, "-m", "tests.docs.pages", "--check", page]
    done = subprocess.run(
        command,
        cwd=pages.ROOT,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name)
def test_fences_are_closed_and_named(page):
    fences = [
        line for line in page.read_text("utf-8").splitlines() if "```" in line.lstrip()
    ]
    blocks = pages.blocks(page)
    assert len(fences) == 2 * len(blocks)
    for block in blocks:
        if whole := WHOLE_FILE.fullmatch(block.language):
            assert block.text == f'--8<-- "{whole[1]}"\n'
        else:
            assert block.language in LANGUAGES


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name)
def test_code_that_is_not_run_is_python_all_the_same(page):
    for block in pages.blocks(page):
        if block.language == "py":
            ast.parse(block.text)


def test_code_is_run_at_all():
    counts = {
        pages.name(page): sum(b.language == "python" for b in pages.blocks(page))
        for page in pages.PAGES
    }
    assert counts["README.md"] > 0
    assert counts["docs/how-to/etl.md"] > 0
    assert sum(counts.values()) > 20
