"""EDS-NLP: `eds.ner_crf` over `eds.transformer`, the same encoder and head.

Its head scores O, I, B, L and U for each label by itself. It gets the rows of ours: I
also for L, B also for U, and O for every label; tags are independent (window 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.workers.serve import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workers.serve import Entity, Note


@dataclass(frozen=True)
class Texts:
    """Texts and how the stream is set."""

    texts: list[str]
    settings: dict[str, Any]


class EdsNlp:
    """The model in a folder with safetensors."""

    def __init__(self, model: str, threads: int) -> None:
        import edsnlp
        import edsnlp.pipes as eds
        import torch
        from transformers import AutoModelForTokenClassification

        torch.set_num_threads(threads)
        head = AutoModelForTokenClassification.from_pretrained(model)
        tag_ids: dict[str, int] = head.config.label2id
        labels = list(dict.fromkeys(tag[2:] for tag in tag_ids if tag != "O"))
        self._edsnlp = edsnlp
        self._nlp: Any = edsnlp.blank("eds")
        self._nlp.add_pipe(
            eds.ner_crf(
                embedding=eds.transformer(model=model),
                mode="independent",
                labels=labels,
                target_span_getter="gold",
                span_setter="ents",
                window=1,
            ),
            name="ner",
        )
        linear = self._nlp.pipes.ner.linear
        rows = [
            tag_ids[tag]
            for label in labels
            for tag in ("O", f"I-{label}", f"B-{label}", f"I-{label}", f"B-{label}")
        ]
        with torch.no_grad():
            linear.weight.copy_(head.classifier.weight[rows])
            linear.bias.copy_(head.classifier.bias[rows])

    def prepare(self, notes: Sequence[Note], **settings: Any) -> Texts:
        """Return the texts; ``settings`` go to `set_processing`."""
        return Texts([note.text for note in notes], settings)

    def run(self, prepared: Texts) -> list[Any]:
        """Annotate through a stream."""
        stream = self._edsnlp.data.from_iterable(prepared.texts)
        stream = stream.map_pipeline(self._nlp)
        if prepared.settings:
            stream = stream.set_processing(**prepared.settings)
        return list(stream)

    def entities(self, prepared: Texts, result: list[Any]) -> list[list[Entity]]:
        """Return ``doc.ents``."""
        del prepared
        return [
            [(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in result
        ]


if __name__ == "__main__":
    serve(EdsNlp, "edsnlp", "torch", "transformers")
