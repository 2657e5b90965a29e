"""The worked example prints and draws what its page shows.

After a change, draw anew and put what it prints into docs/how-to/drug-table.md:

    python examples/drug_table.py examples/notes.parquet docs/images/doses.svg
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.docs import pages

if TYPE_CHECKING:
    from pathlib import Path

PAGE = pages.DOCS / "how-to" / "drug-table.md"


def drawn(chart: Path) -> list[str]:
    """Return what the chart says to a screen reader: points, axes and titles."""
    return sorted(re.findall(r'aria-label="([^"]*)"', html.unescape(chart.read_text())))


def test_page_shows_what_the_script_gives(tmp_path):
    script = pages.ROOT / "examples" / "drug_table.py"
    notes = pages.ROOT / "examples" / "notes.parquet"
    done = subprocess.run(
        [sys.executable, "-W", "error", script, notes, "doses.svg"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = [block for block in pages.blocks(PAGE) if block.language == "text"]
    assert [block.text for block in shown] == [done.stdout]
    assert drawn(tmp_path / "doses.svg") == drawn(pages.DOCS / "images" / "doses.svg")
    assert len(drawn(tmp_path / "doses.svg")) > 20
