"""Resident memory while files are annotated, and of one very long text.

    python -m benchmarks.probes.memory stream SOURCE TARGET SMALL LARGE
    python -m benchmarks.probes.memory text FILE

``stream`` annotates the first SMALL rows of a Parquet file into another, then LARGE
ones. ``text`` annotates the content of a file as one text, after one short note.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import polars as pl

import polars_jslner as jn


def resident_mb() -> float:
    """Return what is resident now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def peak_mb() -> float:
    """Return the most that ever was."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # KiB


def stream(source: str, target: str, *sizes: int) -> dict[str, object]:
    """Annotate so many rows from file to file, and more."""
    found: list[dict[str, float]] = []
    for n_rows in sizes:
        began = time.perf_counter()
        rows = pl.scan_parquet(source).head(n_rows)
        rows.with_columns(jn.entities("text")).sink_parquet(target)
        seconds = time.perf_counter() - began
        found.append(
            {"rows": n_rows, "seconds": seconds, "mb": resident_mb(), "peak": peak_mb()}
        )
    return {"steps": found}


def text(path: str) -> dict[str, object]:
    """Annotate one text."""
    content = Path(path).read_text("utf-8")
    expression = jn.entities("text")
    pl.DataFrame({"text": ["Chest pain."]}).select(expression)
    before = resident_mb()
    began = time.perf_counter()
    pl.DataFrame({"text": [content]}).select(expression)
    return {
        "bytes": len(content.encode()),
        "seconds": time.perf_counter() - began,
        "before_mb": before,
        "peak_mb": peak_mb(),
    }


def main() -> None:
    """Print what was measured."""
    what, *arguments = sys.argv[1:]
    if what == "stream":
        found = stream(*arguments[:2], *map(int, arguments[2:]))
    else:
        found = text(arguments[0])
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
