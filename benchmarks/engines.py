"""What Spark and Ray cost over local Polars on the same cores.

    python benchmarks/engines.py --data FOLDER [--cores 2] [--rounds 3] [--notes N]
        [--model NAME]

FOLDER, which may also stand in POLARS_JSLNER_DATA, has ``train.jsonl`` and
``unlabelled.jsonl`` (``text``). Each engine reads Parquet, adds the entities and writes
Parquet, in a process of its own that may use ``--cores`` CPUs. Start-up is excluded:
before the clock starts, every process has made its session, compiled its kernels and
annotated some notes. Each round has notes of its own, the same for all engines, since
sentences are remembered. Spark has an executor process of one core for each core, Ray
an actor for each, Polars a thread for each. Polars runs first and last, which shows how
far the machine itself drifts. Java takes ``JDK_JAVA_OPTIONS`` from the environment:
what Spark costs in a short job depends on them. Needs ``pip install --group engines``,
Java 17 and Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from polars.testing import assert_series_equal

import polars_jslner as jn
from polars_jslner.ray import BATCH_SIZE, Entities

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = ("train.jsonl", "unlabelled.jsonl")
PARTS = 4  # files and partitions for each core
PACKAGES = ("polars", "pyarrow", "onnxruntime", "pyspark", "ray")
TARGET = 10  # per cent
WARM = "warm"


def by_polars(
    folder: Path, names: list[str], cores: int, model: str
) -> Iterator[float]:
    jn.configure(threads=cores)
    for name in names:
        started = time.time()
        notes = pl.scan_parquet(folder / name / "*.parquet")
        target = folder / "polars" / name
        target.mkdir(parents=True, exist_ok=True)
        notes.with_columns(jn.entities("text", model)).sink_parquet(
            target / "0.parquet"
        )
        yield time.time() - started


def by_spark(folder: Path, names: list[str], cores: int, model: str) -> Iterator[float]:
    from pyspark.sql import SparkSession

    from polars_jslner.spark import entities

    session = (
        SparkSession.builder.master(f"local-cluster[{cores},1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    for name in names:
        started = time.time()
        notes = session.read.parquet(str(folder / name)).repartition(cores * PARTS)
        entities(notes, model=model).write.parquet(str(folder / "spark" / name))
        yield time.time() - started
    session.stop()


def by_ray(folder: Path, names: list[str], cores: int, model: str) -> Iterator[float]:
    import ray

    # One more slot, so that reading and writing do not wait for the actors to end.
    ray.init(
        num_cpus=cores + 1,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    for name in names:
        ready = folder / "ray" / f"{name}.ready"
        ready.mkdir(parents=True)
        # Read as they are, small files become one block, which one actor then gets.
        notes = ray.data.read_parquet(str(folder / name)).repartition(cores * PARTS)
        notes.map_batches(
            Ready,
            fn_constructor_args=(str(folder / WARM), str(ready), cores, model),
            batch_format="pyarrow",
            batch_size=BATCH_SIZE,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=cores),
        ).write_parquet(str(folder / "ray" / name))
        ended = time.time()
        yield ended - max(float(path.read_text()) for path in ready.iterdir())
    ray.shutdown()


class Ready(Entities):
    """Actors that are warm, and wait for one another before their first batch."""

    def __init__(self, warm: str, ready: str, actors: int, model: str) -> None:
        super().__init__(threads=1, model=model)
        self(pl.read_parquet(f"{warm}/*.parquet").to_arrow())
        folder = Path(ready)
        (folder / str(os.getpid())).write_text(str(time.time()))
        while len(list(folder.iterdir())) < actors:
            time.sleep(0.01)


ENGINES = {"polars": by_polars, "spark": by_spark, "ray": by_ray}


def main() -> None:
    """Measure all engines, each in its own process, and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    folder = os.environ.get("POLARS_JSLNER_DATA")
    parser.add_argument("--data", type=Path, default=folder, required=folder is None)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--notes", type=int, default=None, help="all rounds together")
    parser.add_argument("--model", default=jn.load_model().name)
    arguments = parser.parse_args()
    given = sorted(os.sched_getaffinity(0))[: arguments.cores]
    os.sched_setaffinity(0, given)  # for the processes to come, too
    cores = len(given)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        rounds = [f"round{i}" for i in range(arguments.rounds)]
        texts = read_texts(Path(arguments.data), arguments.notes)
        sizes = write_rounds(texts, work, rounds, cores)
        print(describe(cores, arguments.model))
        print(f"rounds of {', '.join(f'{n:,}' for n in sizes)} notes\n")
        task = work, rounds, cores, arguments.model
        first = measure("polars", *task)
        seconds = {name: measure(name, *task) for name in ENGINES}
        compare(work, rounds)
    again = seconds.pop("polars")
    base = [(one + two) / 2 for one, two in zip(first, again, strict=True)]
    table = {"polars": first, **seconds, "polars again": again}
    print(f"{'engine':<14}{'notes/s':>9}   overhead (least to most)")
    for name, taken in table.items():
        speed = sum(sizes) / sum(taken)
        over = [100 * (t / b - 1) for t, b in zip(taken, base, strict=True)]
        middle = statistics.median(over)
        spread = f"({min(over):+.1f} to {max(over):+.1f})"
        said = "" if name not in seconds else verdict(middle)
        print(f"{name:<14}{speed:>9.1f}   {middle:+.1f} % {spread}{said}")


def verdict(overhead: float) -> str:
    return f"  target {TARGET} %: {'met' if overhead <= TARGET else 'missed'}"


def read_texts(folder: Path, n_notes: int | None) -> pl.Series:
    frames = [pl.read_ndjson(folder / name).select("text") for name in FILES]
    notes = pl.concat(frames).unique(maintain_order=True)
    return notes.sample(fraction=1, shuffle=True, seed=1).head(n_notes or len(notes))[
        "text"
    ]


def write_rounds(
    texts: pl.Series, folder: Path, rounds: list[str], cores: int
) -> list[int]:
    """Write a tenth of the notes to warm up with and the rest in equal rounds."""
    n_warm = max(cores * PARTS, len(texts) // 10)
    size = (len(texts) - n_warm) // len(rounds)
    cuts = [(WARM, 0, n_warm)]
    cuts += [(name, n_warm + i * size, size) for i, name in enumerate(rounds)]
    for name, first, n_notes in cuts:
        (folder / name).mkdir()
        notes = pl.DataFrame({"id": range(n_notes), "text": texts[first:][:n_notes]})
        rows = -(-n_notes // (cores * PARTS))
        for i, part in enumerate(notes.iter_slices(rows)):
            part.write_parquet(folder / name / f"{i}.parquet")
    return [size] * len(rounds)


def measure(
    engine: str, folder: Path, rounds: list[str], cores: int, model: str
) -> list[float]:
    """Return the seconds of each round, measured in a new process."""
    arguments = [engine, str(folder), str(cores), model, *rounds]
    # Executors and actors have this Python, and find the package where it is here.
    changes = {
        "POLARS_MAX_THREADS": str(cores),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(Path(jn.__file__).parents[1]),
    }
    process = subprocess.run(
        [sys.executable, __file__, "--measure", *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, **changes},
        check=True,
    )
    seconds: list[float] = json.loads(process.stdout.splitlines()[-1])
    return seconds


def measure_here(
    engine: str, folder: str, cores: str, model: str, *rounds: str
) -> None:
    _, *seconds = ENGINES[engine](Path(folder), [WARM, *rounds], int(cores), model)
    print(json.dumps(seconds))


def compare(folder: Path, rounds: list[str]) -> None:
    """Raise an AssertionError unless all engines gave the same."""
    for name in rounds:
        found = {engine: result(folder / engine / name) for engine in ENGINES}
        expected = found.pop("polars")
        for column in found.values():
            same = column.cast(expected.dtype)
            assert_series_equal(same, expected, abs_tol=1e-4, rel_tol=0)


def result(folder: Path) -> pl.Series:
    return pl.read_parquet(folder / "*.parquet").sort("id")["entities"]


def describe(cores: int, model: str) -> str:
    cpu = ""
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{cpu or platform.machine()}, {cores} of {os.cpu_count()} CPUs, "
        f"{platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}\n"
        f"polars-jslner {jn.__version__}, {packages}\n"
        f"model {model}, Java options {os.environ.get('JDK_JAVA_OPTIONS') or 'none'}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure_here(*sys.argv[2:])
    else:
        main()
