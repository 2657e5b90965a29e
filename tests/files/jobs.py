"""Jobs for the tests: a model that costs nothing, and processes that can be killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
from pathlib import Path
from unittest import mock

import polars as pl

from polars_jslner import annotate_files, schema
from polars_jslner.files import readers, settings

MODEL = str(Path(__file__).parent.parent / "golden" / "transformers" / "bert-cased")

# Children are copies of a process that has imported this, so each takes milliseconds.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.files.jobs"])


def capitals(text, model=None, *, labels=None, min_score=0.0, sentences=None):
    """Return an expression of the dtype of `entities`: each word in capitals."""
    word = pl.element()
    entity = pl.struct(
        word.alias("text"),
        pl.lit("Word").alias("label"),
        pl.lit(0).alias("start"),
        word.str.len_chars().alias("end"),
        pl.lit(1.0).alias("score"),
        pl.lit(0).alias("sentence"),
    )
    words = pl.col(text).cast(pl.String).str.extract_all(r"\b[A-Z]+\b")
    return words.list.eval(entity).cast(schema.ENTITIES)


def quick(rows_per_part=7):
    """Replace the model, and make parts small."""
    stack = mock.patch.multiple(settings, entities=capitals, _STEP_BYTES=100)
    return stack, mock.patch.object(readers, "TABLE_ROWS", rows_per_part)


def notes(n_rows, seed=0):
    rng = random.Random(seed)
    words = ["ECG", "chest", "MRI", "pain", "of", "the", "knee", "BP"]
    texts = [" ".join(rng.choices(words, k=rng.randrange(12))) for _ in range(n_rows)]
    texts[::5] = [None] * len(texts[::5])
    return pl.DataFrame({"id": range(n_rows), "text": texts, "n": [seed] * n_rows})


def run_quick(source, destination, **options):
    model, parts = quick()
    with model, parts:
        options = {"model": MODEL, "progress": False, **options}
        return annotate_files(source, destination, **options)


def start(source, destination, kill_at_line=None, counted=None):
    """Start a job in another process, which kills itself before a line it executes."""
    process = PROCESSES.Process(
        target=_child, args=(str(source), str(destination), kill_at_line, counted)
    )
    process.start()
    return process


def count_lines(source, destination):
    """Return how many lines of the package's writing a whole job executes."""
    counted = PROCESSES.Value("i", 0)
    process = start(source, destination, 0, counted)
    process.join()
    assert process.exitcode == 0
    return counted.value


def _child(source, destination, kill_at_line, counted):
    if kill_at_line is None:
        run_quick(source, destination)
        return
    lines = 0

    def on_line(frame, event, _):
        nonlocal lines
        if event == "line":
            lines += 1
            if lines == kill_at_line:
                os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    def on_call(frame, event, _):
        folder, _, name = frame.f_code.co_filename.rpartition("/")
        traced = name in ("writer.py", "filesystem.py", "job.py")
        return on_line if traced and folder.endswith("/files") else None

    sys.settrace(on_call)
    run_quick(source, destination)
    sys.settrace(None)
    if counted is not None:
        counted.value = lines


def everything(folder):
    """Return the paths of all files and folders, relative."""
    folder = Path(folder)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def assert_same(folder, expected):
    """Check that two folders have the same files with the same bytes."""
    assert everything(folder) == everything(expected)
    for path in everything(folder):
        one, other = Path(folder) / path, Path(expected) / path
        assert one.is_dir() or one.read_bytes() == other.read_bytes()
