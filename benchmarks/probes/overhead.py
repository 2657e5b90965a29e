"""How much of a call is spent inside ONNX Runtime.

    python -m benchmarks.probes.overhead FILE MODEL THREADS ROUNDS

FILE is a Parquet file with the column ``text``. Time inside is that between entering
and leaving ``run`` of a session, added up over the workers and divided by their number.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import onnxruntime
import polars as pl

import polars_jslner as jn
from polars_jslner.stages import memo

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
    """Print the seconds of each round, all and inside."""
    frame, threads = pl.read_parquet(sys.argv[1]), int(sys.argv[3])
    jn.configure(threads=threads)
    expression = jn.entities("text", sys.argv[2])
    frame.select(expression)  # what is done once
    inside = Inside()
    rounds: list[dict[str, float]] = []
    for _ in range(int(sys.argv[4])):
        memo.clear()
        inside.seconds = 0.0
        began = time.perf_counter()
        frame.select(expression)
        wall = time.perf_counter() - began
        rounds.append({"wall": wall, "inside": inside.seconds / threads})
    print(json.dumps({"threads": threads, "rounds": rounds}))


if __name__ == "__main__":
    main()
