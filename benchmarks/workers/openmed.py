"""OpenMed's ONNX path: `OnnxModel.predict_batch` with the fp32 graph by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.workers.serve import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workers.serve import Entity, Note

MOST_WINDOWS = 4000  # a request with more than 4096 is refused


@dataclass(frozen=True)
class Texts:
    """Texts, the note and the place where each begins, and how they are read."""

    texts: list[str]
    places: list[tuple[int, int]]
    n_notes: int
    options: dict[str, int]


class OpenMed:
    """A model folder; ``unit`` says whether it gets notes or sentences."""

    def __init__(self, model: str, unit: Literal["notes", "sentences"]) -> None:
        from openmed.onnx.inference import OnnxModel

        # "auto" would take an int8 graph if one lay beside it.
        self._model: Any = OnnxModel.from_pretrained(model, variant="fp32")
        self._unit = unit

    def prepare(self, notes: Sequence[Note], **options: int) -> Texts:
        """Return the notes or their sentences; ``options`` go to `predict_batch`."""
        if self._unit == "notes":
            texts = [note.text for note in notes]
            places = [(index, 0) for index in range(len(notes))]
            return Texts(texts, places, len(notes), options)
        spans = [
            (index, start, end)
            for index, note in enumerate(notes)
            for start, end in note.sentences
        ]
        texts = [notes[index].text[start:end] for index, start, end in spans]
        places = [(index, start) for index, start, _ in spans]
        return Texts(texts, places, len(notes), options)

    def run(self, prepared: Texts) -> list[list[Any]]:
        """Annotate, in as few requests as it takes."""
        per_text = 1 if self._unit == "sentences" else 16  # windows of a text, at most
        step = max(1, MOST_WINDOWS // per_text)
        found: list[list[Any]] = []
        for at in range(0, len(prepared.texts), step):
            part = prepared.texts[at : at + step]
            found += self._model.predict_batch(part, **prepared.options)
        return found

    def entities(self, prepared: Texts, result: list[list[Any]]) -> list[list[Entity]]:
        """Return them by note."""
        found: list[list[Entity]] = [[] for _ in range(prepared.n_notes)]
        for (note, first), entities in zip(prepared.places, result, strict=True):
            found[note] += [(first + e.start, first + e.end, e.label) for e in entities]
        return found


if __name__ == "__main__":
    serve(OpenMed, "openmed", "onnxruntime", "tokenizers")
