"""Tables of the library alone: rows, threads, morsels, repetition, start, memory."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks import corpora
from benchmarks.environments import ROOT
from benchmarks.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable

STREAMED_DISTINCT = 5_000  # different texts among those that are streamed
SMALL_STREAM = 10_000
LONG_BYTES = 2_000_000


@dataclass(frozen=True)
class Setting:
    """What the experiments need: texts, a place, and how much is to be done."""

    data: Path
    folder: Path
    models: dict[str, str]  # by what they are called; one is not there without set-up
    rounds: int
    most_rows: int
    streamed_rows: int
    threads: int


@dataclass(frozen=True)
class Table:
    """What is printed, and kept in the record with the raw figures."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    raw: Any


def scaling(setting: Setting) -> Table:
    """Rows from 1,000 up, with one thread and with all, the bundled model."""
    sizes: list[int] = []
    size = 1_000
    while size <= setting.most_rows:
        sizes.append(size)
        size *= 10
    lines = corpora.distinct_lines(setting.data, sizes[-1])
    counts = sorted({1, setting.threads})
    raw: dict[str, dict[str, list[float]]] = {}
    shown: list[list[str]] = []
    with contextlib.ExitStack() as stack:
        workers: dict[int, Process] = {}
        for n in counts:
            log = setting.folder / "logs" / f"scaling-{n}.log"
            options = {"model": None, "threads": n}
            workers[n] = stack.enter_context(ours(options, log))
            workers[n].wait_until_loaded(write(setting, "first", lines[:1]))
        for size in sizes:
            path = write(setting, f"rows-{size}", lines[:size])
            rounds = setting.rounds if size <= 1_000 else 1
            seconds: dict[str, list[float]] = {str(n): [] for n in counts}
            for _ in range(rounds):
                for n, worker in workers.items():
                    seconds[str(n)].append(worker.run(path))
            raw[str(size)] = seconds
            middles = [statistics.median(seconds[str(n)]) for n in counts]
            rates = [f"{size / middle:.0f}" for middle in middles]
            gain = f"{middles[0] / middles[-1]:.2f}"
            shown.append([f"{size:,}", str(rounds), *rates, gain])
    return Table(
        "One-line texts, each a different one, bundled model",
        ("rows", "rounds", *(f"rows/s, threads {n}" for n in counts), "gain"),
        shown,
        raw,
    )


def morsels(setting: Setting) -> Table:
    """1,000 rows in one call and in many."""
    lines = corpora.distinct_lines(setting.data, 1_000)
    path = parquet(setting, "calls", lines)
    raw: dict[str, Any] = {}
    shown: dict[str, list[str]] = {}
    for called, model in setting.models.items():
        found = raw[called] = probe("calls", str(path), model, str(setting.rounds))
        whole = statistics.median(found["seconds"]["one call"])
        for name, seconds in found["seconds"].items():
            middle = statistics.median(seconds)
            cells = [f"{middle:.3f}", f"{middle / whole:.2f}"]
            shown.setdefault(name, [name]).extend(cells)
    names = [f"{called}, {what}" for called in raw for what in ("seconds", "of one")]
    return Table("1,000 one-line texts", ("", *names), list(shown.values()), raw)


def repetition(setting: Setting) -> Table:
    """Half-repeated notes, and the same words with no sentence twice.

    The second is what the first costs without the memo and the distinct step.
    """
    repeated = corpora.read(setting.data, 6_000)["half repeated"]
    changed = corpora.without_repetition(repeated)
    files = {
        "half repeated": repeated.write(setting.folder / "repeated.jsonl"),
        "no sentence twice": changed.write(setting.folder / "changed.jsonl"),
    }
    seconds: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        workers: dict[int, Process] = {}
        for memo_mb in (64, 0):
            options = {"model": None, "threads": setting.threads, "memo_mb": memo_mb}
            log = setting.folder / "logs" / f"repetition-{memo_mb}.log"
            workers[memo_mb] = stack.enter_context(ours(options, log))
            workers[memo_mb].wait_until_loaded(files["half repeated"])
        for _ in range(setting.rounds):
            for memo_mb, worker in workers.items():
                for name, path in files.items():
                    key = f"{name}, memo {memo_mb} MB"
                    seconds.setdefault(key, []).append(worker.run(path))
    slow = statistics.median(seconds["no sentence twice, memo 0 MB"])
    shown = [
        [name, f"{statistics.median(s):.3f}", f"{slow / statistics.median(s):.2f}"]
        for name, s in seconds.items()
    ]
    title = (
        f"{len(repeated.texts)} notes, {repeated.words} words, "
        f"{repeated.repeated():.0%} of them in sentences that come again"
    )
    return Table(title, ("", "seconds", "times as fast"), shown, seconds)


def cold_start(setting: Setting) -> Table:
    """From starting Python to the first entities of one note, bundled model."""
    raw: dict[str, list[float]] = {}
    for _ in range(setting.rounds):
        raw.setdefault("Numba's cache warm", []).append(first_result({}))
    for _ in range(min(setting.rounds, 3)):
        with tempfile.TemporaryDirectory() as empty:
            seconds = first_result({"NUMBA_CACHE_DIR": empty})
        raw.setdefault("Numba's cache empty", []).append(seconds)
    shown = [
        [name, f"{statistics.median(s):.2f}", f"{max(s):.2f}"]
        for name, s in raw.items()
    ]
    columns = ("", "seconds", "slowest")
    return Table("Process start to first result", columns, shown, raw)


def overhead(setting: Setting) -> Table:
    """Time outside ``session.run`` on ordinary notes."""
    notes = corpora.read(setting.data, 8_000)["ordinary"]
    path = parquet(setting, "overhead", notes.texts)
    raw: dict[str, list[Any]] = {}
    shown: list[list[str]] = []
    for called, model in setting.models.items():
        for threads in sorted({1, setting.threads}):
            counts = str(threads), str(setting.rounds)
            found = probe("overhead", str(path), model, *counts)
            raw.setdefault(called, []).append(found)
            wall = statistics.median(r["wall"] for r in found["rounds"])
            shares = [1 - r["inside"] / r["wall"] for r in found["rounds"]]
            outside = f"{statistics.median(shares):.1%}"
            shown.append([f"{called}, threads {threads}", f"{wall:.3f}", outside])
    return Table(
        "Outside session.run (a worker's share of the wall time)",
        ("", "seconds", "outside"),
        shown,
        raw,
    )


def memory(setting: Setting) -> Table:
    """Resident memory of streaming Parquet to Parquet, and of one 2 MB text."""
    distinct = corpora.distinct_lines(setting.data, STREAMED_DISTINCT)
    n_rows = setting.streamed_rows
    lines = pl.Series("text", distinct)
    source = setting.folder / "stream.parquet"
    repeats = -(-n_rows // len(lines))
    pl.concat([lines] * repeats).head(n_rows).to_frame().write_parquet(
        source, row_group_size=50_000
    )
    target = str(setting.folder / "streamed.parquet")
    sizes = [str(n) for n in dict.fromkeys((min(SMALL_STREAM, n_rows), n_rows))]
    streamed = probe("memory", "stream", str(source), target, *sizes)
    long_text = setting.folder / "long.txt"
    long_text.write_text(corpora.long_text(setting.data, LONG_BYTES), encoding="utf-8")
    text = probe("memory", "text", str(long_text))
    shown = [
        [
            f"{step['rows']:,} rows streamed",
            f"{step['mb']:.0f}",
            f"{step['peak']:.0f}",
            f"{step['seconds']:.1f}",
        ]
        for step in streamed["steps"]
    ]
    shown += [
        ["one short note", f"{text['before_mb']:.0f}", "", ""],
        [
            f"one text of {text['bytes'] / 1e6:.1f} MB",
            "",
            f"{text['peak_mb']:.0f}",
            f"{text['seconds']:.1f}",
        ],
    ]
    return Table(
        "Resident memory, bundled model",
        ("", "MB after", "MB at most", "seconds"),
        shown,
        {"stream": streamed, "text": text},
    )


EXPERIMENTS: dict[str, Callable[[Setting], Table]] = {
    "scaling": scaling,
    "morsels": morsels,
    "repetition": repetition,
    "cold": cold_start,
    "overhead": overhead,
    "memory": memory,
}


def ours(options: dict[str, Any], log: Path) -> Process:
    """Start a worker with the library."""
    return Process(Path(sys.executable), "ours", options, log)


def write(setting: Setting, name: str, texts: list[str]) -> Path:
    """Write texts as workers read them; ours needs no sentences."""
    path = setting.folder / f"{name}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for text in texts:
            file.write(json.dumps({"text": text, "sentences": []}) + "\n")
    return path


def parquet(setting: Setting, name: str, texts: list[str]) -> Path:
    """Write texts as a Parquet file with one column."""
    path = setting.folder / f"{name}.parquet"
    pl.DataFrame({"text": texts}).write_parquet(path)
    return path


def probe(module: str, *arguments: str) -> Any:
    """Run a module of `benchmarks.probes` and return what it prints."""
    command = [sys.executable, "-m", f"benchmarks.probes.{module}", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def first_result(variables: dict[str, str]) -> float:
    """Return the seconds from starting a process to its first result."""
    command = [sys.executable, "-m", "benchmarks.probes.first_result"]
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.PIPE
    ) as process:
        line = process.stdout.readline() if process.stdout else b""
        seconds = time.perf_counter() - began
    if not line:
        msg = "the process for the first result failed."
        raise RuntimeError(msg)
    return seconds
