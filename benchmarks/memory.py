"""Memory of `annotate_files` over a large file, with the bundled model.

    python benchmarks/memory.py [--megabytes 2000] [--distinct-rows 5000] [--work DIR]

Two files are made (seeded) from the sentences of ``examples/notes.parquet`` with some
of their words exchanged, and each is annotated in a process of its own whose resident
memory is read twice a second:

- *repeated*: a Parquet file of that many megabytes. Its notes are drawn from a pool of
  10,000 sentences, each of which the model reads once: that all sentences of 2 GB go
  through it would take days on two cores. All else is done for every note: reading,
  finding sentences, looking them up, putting entities together, writing parts and the
  whole.
- *distinct*: that many notes, of whose sentences hardly one comes twice, so that
  everything goes through the model and the memo is always full.

The run is divided into ten parts by time, from the first written part (or, in a file
that is too small for parts, the first tenth of the time) on. Memory is flat when the
highest value of no part is more than 50 MB above that of the first. Exit code 1 if not.
Linux only, for /proc.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import polars_jslner as jn

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTES = Path(__file__).parent.parent / "examples" / "notes.parquet"
SEED = 8
POOL = 10_000
EXCHANGED = 0.3  # of the words of a sentence
SENTENCES = (5, 40)  # of a note
GROUP_BYTES = 64_000_000
FLAT_MB = 50
TENTHS = 10

_RUN = """
import sys
import polars_jslner as jn
print(jn.annotate_files(sys.argv[1], sys.argv[2], progress=False, on_error="raise"))
"""


class Sample(NamedTuple):
    """Resident memory, and how many parts were written, after some seconds."""

    seconds: float
    megabytes: float
    parts: int


class Sentences:
    """Sentences like those of the example notes, without end."""

    def __init__(self) -> None:
        found = pl.read_parquet(NOTES).select(jn.sentences("text")).drop_nulls()
        texts = found.explode("sentences").unnest("sentences")["text"].drop_nulls()
        self._texts = [text.split() for text in texts if len(text.split()) > 2]
        self._words = [word for text in self._texts for word in text]
        self._random = random.Random(SEED)  # noqa: S311 - no secret

    def __next__(self) -> str:
        choice = self._random.choice
        text = " ".join(
            choice(self._words) if self._random.random() < EXCHANGED else word
            for word in choice(self._texts)
        )
        return f"{text.rstrip('.:;,!?')}."

    def __iter__(self) -> Iterator[str]:
        return self


def notes(sentences: Iterator[str]) -> Iterator[str]:
    """Yield notes without end."""
    rng = random.Random(SEED)  # noqa: S311
    while True:
        # Paragraphs, so that sentences end where they are to.
        yield "\n\n".join(next(sentences) for _ in range(rng.randint(*SENTENCES)))


def pooled() -> Iterator[str]:
    """Yield sentences of a pool without end."""
    fresh = Sentences()
    pool = [next(fresh) for _ in range(POOL)]
    rng = random.Random(SEED)  # noqa: S311
    while True:
        yield rng.choice(pool)


def write(path: Path, texts: Iterator[str], n_bytes: int, n_rows: int) -> int:
    """Write notes until the file has so many bytes or rows; return its bytes.

    Without compression or dictionary, so that the text is as large as the file.
    """
    schema = pa.schema([("id", pa.int64()), ("text", pa.large_string())])
    row = 0
    with pq.ParquetWriter(
        path, schema, compression="none", use_dictionary=False
    ) as writer:
        size = 0
        while size < n_bytes and row < n_rows:
            group: list[str] = []
            group_bytes = 0
            limit = min(GROUP_BYTES, n_bytes - size)
            while group_bytes < limit and row + len(group) < n_rows:
                group.append(next(texts))
                group_bytes += len(group[-1].encode())
            ids = pa.array(range(row, row + len(group)))
            writer.write_table(pa.table([ids, pa.array(group, schema[1].type)], schema))
            row += len(group)
            size += group_bytes
    return path.stat().st_size


def watch(source: Path, destination: Path) -> list[Sample]:
    """Annotate a file in a process of its own and return what memory it had."""
    samples: list[Sample] = []
    began = time.monotonic()
    command = [sys.executable, "-c", _RUN, str(source), str(destination)]
    with subprocess.Popen(command) as process:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            rss = [s for s in status.read_text().splitlines() if s.startswith("VmRSS")]
            if rss:
                parts = len(list(destination.glob(".polars_jslner-*/*.part*")))
                now = time.monotonic() - began
                samples.append(Sample(now, int(rss[0].split()[1]) * 1024 / 1e6, parts))
            time.sleep(0.5)
    if process.returncode:
        sys.exit(process.returncode)
    return samples


def report(name: str, n_bytes: int, samples: list[Sample]) -> bool:
    """Print memory over time, and say whether it is flat."""
    last = samples[-1].seconds
    first = next((s.seconds for s in samples if s.parts), last / TENTHS)
    print(
        f"\n{name}: {n_bytes / 1e6:,.0f} MB, {last:,.0f} s, first part at {first:.0f} s"
    )
    print("  seconds     parts  MB median  MB highest")
    highest: list[float] = []
    for tenth in range(TENTHS):
        begin, end = (first + (last - first) * (tenth + i) / TENTHS for i in (0, 1))
        inside = [s for s in samples if begin <= s.seconds <= end]
        if not inside:
            continue
        sizes = sorted(s.megabytes for s in inside)
        highest.append(sizes[-1])
        print(
            f"  {begin:7,.0f}   {inside[-1].parts:7}   {sizes[len(sizes) // 2]:8.0f}"
            f"    {sizes[-1]:8.0f}"
        )
    growth = max(highest) - highest[0]
    flat = growth <= FLAT_MB
    print(
        f"  highest {max(highest):.0f} MB, {growth:.0f} MB above the first part: "
        f"{'flat' if flat else 'NOT flat'} within {FLAT_MB} MB"
    )
    return flat


def main() -> None:
    """Make both files, annotate them and print the memory that it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--distinct-rows", type=int, default=5_000)
    parser.add_argument("--work", type=Path, help="folder for the files [temporary]")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        work = Path(folder)
        flat: list[bool] = []
        for name, sentences, n_bytes, n_rows in (
            ("repeated", pooled(), arguments.megabytes * 1_000_000, sys.maxsize),
            ("distinct", Sentences(), sys.maxsize, arguments.distinct_rows),
        ):
            if not (n_bytes and n_rows):
                continue
            source = work / f"{name}.parquet"
            size = write(source, notes(iter(sentences)), n_bytes, n_rows)
            samples = watch(source, work / f"{name}-annotated")
            flat.append(report(name, size, samples))
            source.unlink()
    sys.exit(0 if all(flat) else 1)


if __name__ == "__main__":
    main()
