"""The folder that the library loads: ``bundle.json``, ``tokenizer.json``, the graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import onnx

from polars_jslner.models import bundle
from training.export import to_onnx
from training.labels import TAGS

if TYPE_CHECKING:
    from pathlib import Path

    from training.model import Tagger

NAME: Final = "clinical_slim"
VERSION: Final = "1.0.0"
DESCRIPTION: Final = (
    "24 clinical entity types in English notes; trained on openly licensed text with "
    "careful silver annotation. Not for clinical decisions."
)


def write_bundle(model: Tagger, tokenizer: Path, folder: Path) -> None:
    """Write everything but the model card.

    Parameters
    ----------
    model
        The trained model.
    tokenizer
        ``tokenizer.json`` of its base.
    folder
        Where to write; files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rules = json.loads(tokenizer.read_text(encoding="utf-8"))
    onnx.save(to_onnx(model), str(folder / bundle.GRAPH))
    rules["truncation"] = rules["padding"] = None
    (folder / bundle.TOKENIZER).write_text(
        json.dumps(rules, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    facts = {
        "name": NAME,
        "version": VERSION,
        "description": DESCRIPTION,
        "licence": "Apache-2.0",
        "tags": TAGS,
        "profile": "transformers",
        "aggregation": "first",
        "max_tokens": model.shape.positions,
        "decoding": "valid",
        "token_types": "case" if model.shape.case else "zero",
    }
    bundle.write(folder, facts)
