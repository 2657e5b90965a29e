"""What several test modules need."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest

collect_ignore = ["fuzz", "golden"]  # they need atheris and torch

GOLDEN = Path(__file__).parent / "golden"
TINY_MODELS = ("bert-cased", "bert-uncased", "distilbert", "roberta", "xlm-roberta")
RECORDED_MODELS = (*TINY_MODELS, "deberta")

# Shared machines make single examples slow now and then: no deadline, fewer examples.
hypothesis.settings.register_profile(
    "default", deadline=None, max_examples=60, derandomize=True
)
hypothesis.settings.load_profile("default")


@cache
def recorded(name: str) -> list[dict[str, Any]]:
    """Return what the real pipeline of transformers gave for a tiny model."""
    path = GOLDEN / "transformers" / name / "recorded.jsonl"
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope="session")
def tiny() -> str:
    """Return the folder of a two-layer model that knows the 24 labels, quick to run."""
    return str(GOLDEN / "transformers" / "bert-cased")


@pytest.fixture(scope="session")
def passages() -> list[str]:
    """Return some clinical passages and many hostile texts, 105 in all."""
    return [row["text"] for row in recorded("bert-cased")]
