"""The same rows in one call and in many small ones, round by round.

    python -m benchmarks.probes.calls FILE MODEL ROUNDS

FILE is a Parquet file with the column ``text``.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl

import polars_jslner as jn
from polars_jslner.stages import memo

if TYPE_CHECKING:
    from collections.abc import Callable

MORSEL = 10
CALLERS = 8


def main() -> None:
    """Print the seconds of every round."""
    frame = pl.read_parquet(sys.argv[1])
    rounds = int(sys.argv[3])
    expression = jn.entities("text", sys.argv[2])
    morsels = list(frame.iter_slices(MORSEL))
    parts = list(frame.iter_slices(-(-frame.height // CALLERS)))
    callers = ThreadPoolExecutor(CALLERS)

    def annotate(part: pl.DataFrame) -> pl.DataFrame:
        return part.select(expression)

    def streamed() -> None:
        with pl.Config() as settings:
            settings.set_streaming_chunk_size(MORSEL)
            frame.lazy().select(expression).collect(engine="streaming")

    ways: dict[str, Callable[[], object]] = {
        "one call": lambda: annotate(frame),
        f"morsels of {MORSEL}, one caller": lambda: list(map(annotate, morsels)),
        f"morsels of {MORSEL}, {CALLERS} threads": lambda: list(
            callers.map(annotate, morsels)
        ),
        f"{CALLERS} threads, a part each": lambda: list(callers.map(annotate, parts)),
        f"Polars streaming, morsels of {MORSEL}": streamed,
    }
    annotate(morsels[0])  # what is done once
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            memo.clear()
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    print(json.dumps({"rows": frame.height, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
