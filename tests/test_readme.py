"""The README's code runs and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

README = Path(__file__).parent.parent / "README.md"


def test_code_blocks_run_and_print_what_is_shown(tmp_path, monkeypatch, capsys):
    text = README.read_text("utf-8")
    blocks = re.findall(
        r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", text, re.DOTALL
    )
    assert len(blocks) == 3
    (tmp_path / "notes").mkdir()
    pl.DataFrame({"text": ["Takes aspirin."]}).write_parquet(
        tmp_path / "notes" / "a.parquet"
    )
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code, printed in blocks:
        exec(compile(code, str(README), "exec"), names)
        assert capsys.readouterr().out == printed
    assert pl.read_parquet("entities.parquet")["entities"].list.len().to_list() == [1]
