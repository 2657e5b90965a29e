"""The code of the how-to pages runs in order and prints what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engines

PAGES = Path(__file__).parents[2] / "docs" / "how-to"


def lines(text):
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("page", ["arrow", "duckdb", "ray", "spark"])
def test_page(page, tmp_path):
    text = (PAGES / f"{page}.md").read_text("utf-8")
    blocks = re.findall(r"```(python|text)\n(.*?)```", text, re.DOTALL)
    code = "\n".join(block for kind, block in blocks if kind == "python")
    (tmp_path / "page.py").write_text(code, "utf-8")
    # A process of its own: Spark and Ray have one session each in a process.
    run = [sys.executable, str(tmp_path / "page.py")]
    paths = {"PYTHONPATH": str(PAGES.parents[1]), "PYSPARK_PYTHON": sys.executable}
    environment = {**os.environ, **paths}
    done = subprocess.run(
        run, capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr
    printed = "\n".join(block for kind, block in blocks if kind == "text")
    assert lines(done.stdout) == lines(printed)
