"""The folder that the library loads: ``bundle.json``, ``tokenizer.json``, the graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal

import onnx

from polars_jslner.models import bundle
from training.export import to_onnx
from training.labels import TAGS

if TYPE_CHECKING:
    from pathlib import Path

    from training.model import Tagger

VERSION: Final = "1.1.0"
DESCRIPTION: Final = (
    "24 clinical entity types in English notes; trained on openly licensed text with "
    "careful silver annotation. Not for clinical decisions."
)
DETAILS: Final = {
    "int8": "Arithmetic in int8 with fixed scales.",
    "fp32": "The same weights in fp32 arithmetic: slower, no more exact.",
}


def write_bundle(
    model: Tagger,
    tokenizer: Path,
    folder: Path,
    arithmetic: Literal["int8", "fp32"] = "fp32",
) -> None:
    """Write everything but the model card.

    Parameters
    ----------
    model
        The trained model.
    tokenizer
        ``tokenizer.json`` of its base.
    folder
        Where to write, named as the model is; files of the same names are replaced.
    arithmetic
        Of the graph.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rules = json.loads(tokenizer.read_text(encoding="utf-8"))
    onnx.save(to_onnx(model, arithmetic), str(folder / bundle.GRAPH))
    rules["truncation"] = rules["padding"] = None
    (folder / bundle.TOKENIZER).write_text(
        json.dumps(rules, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    facts = {
        "name": folder.name,
        "version": VERSION,
        "description": f"{DESCRIPTION} {DETAILS[arithmetic]}",
        "licence": "Apache-2.0",
        "tags": TAGS,
        "profile": "transformers",
        "aggregation": "first",
        "max_tokens": model.shape.positions,
        "decoding": "valid",
        "token_types": "case" if model.shape.case else "zero",
    }
    bundle.write(folder, facts)
