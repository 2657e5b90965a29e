"""What one writes first: ``map_elements`` with a function of one note.

One call of ONNX Runtime, with its default settings, for each note (a longer one in
parts of the model's window), and Python over its words.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import polars as pl
from tokenizers import Tokenizer

from benchmarks.workers.decode import join
from benchmarks.workers.serve import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workers.serve import Entity, Note

WINDOW = 510
FIELDS = {"start": pl.Int64, "end": pl.Int64, "label": pl.String}
DTYPE = pl.List(pl.Struct(FIELDS))


class MapElements:
    """A Hugging Face model folder with ``model.onnx``."""

    def __init__(self, model: str) -> None:
        folder = Path(model)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._session = onnxruntime.InferenceSession(folder / "model.onnx")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._tags = {int(index): tag for index, tag in config["id2label"].items()}

    def prepare(self, notes: Sequence[Note]) -> pl.DataFrame:
        """Return a frame."""
        return pl.DataFrame({"text": [note.text for note in notes]})

    def run(self, prepared: pl.DataFrame) -> pl.Series:
        """Annotate note by note."""
        column = pl.col("text").map_elements(self._annotate, return_dtype=DTYPE)
        return prepared.select(column).to_series()

    def _annotate(self, text: str) -> list[dict[str, Any]]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        tags: list[str] = []
        for at in range(0, len(encoding.ids), WINDOW):
            ids = np.array([[101, *encoding.ids[at : at + WINDOW], 102]])
            feed = {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            }
            names = [port.name for port in self._session.get_inputs()]
            output: Any = self._session.run(None, {n: feed[n] for n in names})
            best = output[0][0, 1:-1].argmax(-1)
            tags += [self._tags[int(index)] for index in best]
        words: list[tuple[int, int, str]] = []
        pieces = zip(encoding.tokens, encoding.offsets, tags, strict=True)
        for piece, (start, end), tag in pieces:
            if piece.startswith("##"):
                words[-1] = (words[-1][0], end, words[-1][2])
            else:
                words.append((start, end, tag))
        return [dict(zip(FIELDS, entity, strict=True)) for entity in join(words)]

    def entities(self, prepared: pl.DataFrame, result: pl.Series) -> list[list[Entity]]:
        """Return them as tuples."""
        del prepared
        return [[(e["start"], e["end"], e["label"]) for e in row] for row in result]


if __name__ == "__main__":
    serve(MapElements, "polars", "onnxruntime", "tokenizers")
