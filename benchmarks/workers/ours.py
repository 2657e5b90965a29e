"""The library: a Polars column of notes to the column of entities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

import polars_jslner as jn
from benchmarks.workers.serve import serve
from polars_jslner.stages import memo
from polars_jslner.stages.tokens import load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workers.serve import Entity, Note


class Ours:
    """Entities of ``model``, the bundled one if None, by ``threads`` workers."""

    def __init__(self, model: str | None, threads: int, **settings: int) -> None:
        jn.configure(threads=threads, **settings)
        loaded = jn.load_model(model)
        self._tokenizer = load_tokenizer(loaded.tokenizer, loaded.stamp)
        self._entities = jn.entities("text", loaded)

    def prepare(self, notes: Sequence[Note]) -> pl.DataFrame:
        """Return a frame, with no sentence or word kept from an earlier round."""
        memo.clear()
        self._tokenizer.forget()
        return pl.DataFrame({"text": [note.text for note in notes]})

    def run(self, prepared: pl.DataFrame) -> pl.Series:
        """Annotate."""
        return prepared.select(self._entities).to_series()

    def entities(self, prepared: pl.DataFrame, result: pl.Series) -> list[list[Entity]]:
        """Return them as tuples."""
        del prepared
        return [[(e["start"], e["end"], e["label"]) for e in row] for row in result]


if __name__ == "__main__":
    serve(Ours, "polars", "onnxruntime", "tokenizers")
