"""ONNX Runtime alone on length-sorted batches: forward passes and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks.workers.serve import serve
from polars_jslner import load_model
from polars_jslner.bench.ceiling import Ceiling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workers.serve import Note

    Batches = list[dict[str, Any]]


class Limit:
    """The distinct sentences of the notes, with ``threads`` workers."""

    def __init__(self, model: str | None, threads: int) -> None:
        self._ceiling = Ceiling(load_model(model), threads)

    def prepare(self, notes: Sequence[Note], budget: int = 512) -> Batches:
        """Return batches of ``budget`` padded pieces."""
        texts = pl.Series([note.text for note in notes])
        return self._ceiling.prepare(self._ceiling.tokenize(texts), budget)

    def run(self, prepared: Batches) -> float:
        """Run them."""
        return self._ceiling.run(prepared)

    def entities(self, prepared: Batches, result: float) -> None:
        """Return None: logits are not read."""
        del prepared, result


if __name__ == "__main__":
    serve(Limit, "onnxruntime", "tokenizers")
