"""The token-classification pipeline of transformers, on torch or, by optimum, on ONNX.

``unit`` "notes" gives it whole notes, which it reads in windows that overlap by
``stride`` pieces; "sentences" gives it sentences, found beforehand and sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.workers.serve import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workers.serve import Entity, Note


@dataclass(frozen=True)
class Texts:
    """What the pipeline gets: texts, and the note and the place where each begins."""

    texts: list[str]
    places: list[tuple[int, int]]
    n_notes: int
    batch_size: int


class Pipeline:
    """The pipeline over the model in a folder, on ``runtime`` torch or onnx."""

    def __init__(
        self,
        model: str,
        threads: int,
        unit: Literal["notes", "sentences"],
        stride: int = 64,
        runtime: Literal["torch", "onnx"] = "torch",
    ) -> None:
        from transformers import AutoTokenizer, pipeline

        loaded: Any
        if runtime == "torch":
            import torch
            from transformers import AutoModelForTokenClassification

            torch.set_num_threads(threads)
            loaded = AutoModelForTokenClassification.from_pretrained(model)
        else:
            import onnxruntime
            from optimum.onnxruntime import ORTModelForTokenClassification

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            loaded = ORTModelForTokenClassification.from_pretrained(
                model, file_name="model.onnx", session_options=options
            )
        self._unit = unit
        self._pipeline: Any = pipeline(
            "token-classification",
            model=loaded,
            tokenizer=AutoTokenizer.from_pretrained(model),
            aggregation_strategy="first",
            device="cpu",
            **({"stride": stride} if unit == "notes" else {}),
        )

    def prepare(self, notes: Sequence[Note], batch_size: int = 8) -> Texts:
        """Return the notes or their sentences."""
        if self._unit == "notes":
            texts = [note.text for note in notes]
            places = [(index, 0) for index in range(len(notes))]
            return Texts(texts, places, len(notes), batch_size)
        found = [
            (note.text[start:end], (index, start))
            for index, note in enumerate(notes)
            for start, end in note.sentences
        ]
        found.sort(key=lambda pair: len(pair[0]))
        sentences, places = map(list, zip(*found, strict=True))
        return Texts(sentences, places, len(notes), batch_size)

    def run(self, prepared: Texts) -> list[list[dict[str, Any]]]:
        """Call the pipeline."""
        return self._pipeline(prepared.texts, batch_size=prepared.batch_size)

    def entities(
        self, prepared: Texts, result: list[list[dict[str, Any]]]
    ) -> list[list[Entity]]:
        """Return them by note."""
        found: list[list[Entity]] = [[] for _ in range(prepared.n_notes)]
        for (note, first), entities in zip(prepared.places, result, strict=True):
            found[note] += [
                (first + e["start"], first + e["end"], e["entity_group"])
                for e in entities
            ]
        return found


if __name__ == "__main__":
    serve(Pipeline, "transformers", "torch", "tokenizers")
