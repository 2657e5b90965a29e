"""mypy and pyright, strict, accept what is right and find what is wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="group lint is not installed")

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GOOD, MISUSE = HERE / "good.py", HERE / "misuse.py"

_EXPECTED = re.compile(r"# expect: ([a-z-]+) (\w+)$")


def run(*command: str | Path) -> str:
    """Return what a checker prints of both files."""
    done = subprocess.run(
        [sys.executable, "-m", *command, GOOD, MISUSE],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def expected(checker: int) -> list[tuple[str, int, str]]:
    lines = MISUSE.read_text("utf-8").splitlines()
    found = [(i, _EXPECTED.search(line)) for i, line in enumerate(lines, 1)]
    return [(MISUSE.name, i, match[checker]) for i, match in found if match]


def test_mypy_finds_what_is_wrong_and_nothing_else(tmp_path):
    printed = run("mypy", "--output=json", f"--cache-dir={tmp_path}")
    found = [json.loads(line) for line in printed.splitlines() if line[:1] == "{"]
    errors = [
        (Path(each["file"]).name, each["line"], each["code"])
        for each in found
        if each["severity"] == "error"
    ]
    assert errors == expected(1)


def test_pyright_finds_what_is_wrong_and_nothing_else():
    printed = run("pyright", "--outputjson", "--pythonpath", sys.executable)
    errors = [
        (
            Path(each["file"]).name,
            each["range"]["start"]["line"] + 1,
            each.get("rule", each["message"]),
        )
        for each in json.loads(printed)["generalDiagnostics"]
    ]
    # What a wrong name stands for is unknown, which pyright tells of as well.
    told = [
        error
        for error in errors
        if error[0] != MISUSE.name or not error[2].startswith("reportUnknown")
    ]
    assert told == expected(2)


def test_every_misuse_says_what_is_expected():
    code = MISUSE.read_text("utf-8").split("def misuse")[1].splitlines()[1:]
    assert len(code) > 20
    assert all(_EXPECTED.search(line) for line in code)
