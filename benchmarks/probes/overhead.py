"""How much of a call is spent inside ONNX Runtime, and where the rest goes.

    python -m benchmarks.probes.overhead FILE THREADS ROUNDS

FILE is a Parquet file with the column ``text``. Time inside is that between entering
and leaving ``run`` of a session, added up over the workers and divided by their number.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import threading
import time
from pathlib import Path
from typing import Any

import onnxruntime
import polars as pl

import polars_jslner as jn
from polars_jslner.stages import memo

ENTRIES = 14  # of the profile
METHODS = ("run", "run_with_iobinding", "run_with_ort_values")


class Inside:
    """Adds up the seconds that threads spend in sessions, from now on."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()
        for name in METHODS:
            method = getattr(onnxruntime.InferenceSession, name)
            setattr(onnxruntime.InferenceSession, name, self._timed(method))

    def _timed(self, method: Any) -> Any:
        def timed(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return method(*arguments, **options)
            finally:
                with self._lock:
                    self.seconds += time.perf_counter() - began

        return timed


def main() -> None:
    """Print the shares of each round, and the profile of the calling thread."""
    frame, threads = pl.read_parquet(sys.argv[1]), int(sys.argv[2])
    jn.configure(threads=threads)
    expression = jn.entities("text")
    frame.head(1).select(expression)
    inside = Inside()
    rounds: list[dict[str, float]] = []
    for _ in range(int(sys.argv[3])):
        memo.clear()
        inside.seconds = 0.0
        began = time.perf_counter()
        frame.select(expression)
        wall = time.perf_counter() - began
        rounds.append({"wall": wall, "inside": inside.seconds / threads})
    memo.clear()
    profile = cProfile.Profile()
    profile.runcall(frame.select, expression)
    found: Any = pstats.Stats(profile)
    entries = sorted(found.stats.items(), key=lambda item: -item[1][2])[:ENTRIES]
    listed = [
        {"function": f"{Path(file).name}:{name}", "calls": calls[0], "own": calls[2]}
        for (file, _, name), calls in entries
    ]
    print(json.dumps({"threads": threads, "rounds": rounds, "profile": listed}))


if __name__ == "__main__":
    main()
