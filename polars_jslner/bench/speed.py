"""Ours beside the ceiling, on the same texts, round by round."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polars_jslner import config
from polars_jslner.bench.ceiling import Ceiling
from polars_jslner.functions import entities
from polars_jslner.stages import memo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from polars_jslner.models import Model


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of each round, and what was read in them.

    Parameters
    ----------
    notes, words, pieces
        How many there were; pieces are those of distinct sentences.
    ours
        From the column of texts to the column of entities.
    ceiling
        Forward passes over the distinct sentences, by padded pieces a batch.
    """

    notes: int
    words: int
    pieces: int
    ours: list[float]
    ceiling: dict[int, list[float]]

    @property
    def best_budget(self) -> int:
        """The padded pieces a batch at which ONNX Runtime was fastest."""
        return min(self.ceiling, key=lambda b: statistics.median(self.ceiling[b]))

    @property
    def share(self) -> float:
        """Our speed as a share of the ceiling's, by medians."""
        limit = statistics.median(self.ceiling[self.best_budget])
        return limit / statistics.median(self.ours)


def measure(
    texts: pl.Series,
    model: Model,
    *,
    rounds: int,
    budgets: Sequence[int],
    threads: int | None = None,
) -> Speed:
    """Annotate ``texts`` in rounds, by the library and by ONNX Runtime alone.

    Sentences kept from earlier calls are forgotten before each round.
    """
    if threads is not None:
        config.configure(threads=threads)
    ceiling = Ceiling(model, config.n_threads())
    rows = ceiling.tokenize(texts)
    prepared = {budget: ceiling.prepare(rows, budget) for budget in budgets}
    frame = texts.to_frame("text")
    expression = entities("text", model)
    frame.head(1).select(expression)  # what is done once in a process
    for batches in prepared.values():
        ceiling.run(batches[-1:])
    ours: list[float] = []
    limits: dict[int, list[float]] = {budget: [] for budget in budgets}
    for _ in range(rounds):
        memo.clear()
        began = time.perf_counter()
        frame.select(expression)
        ours.append(time.perf_counter() - began)
        for budget, batches in prepared.items():
            limits[budget].append(ceiling.run(batches))
    return Speed(
        len(texts),
        int(count_words(texts)),
        sum(map(len, rows)) - 2 * len(rows),
        ours,
        limits,
    )


def count_words(texts: pl.Series) -> int:
    """Return how many runs of characters that are not blank the texts have."""
    return int(texts.str.count_matches(r"\S+").sum())
