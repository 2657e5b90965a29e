"""Our own layout: ``bundle.json``, ``tokenizer.json``, ``model.onnx``.

``bundle.json`` says what the other files do not: format (1), name, version,
description, licence, tags, profile, aggregation, max_tokens, token_types and decoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polars_jslner.errors import ModelFormatError, hint
from polars_jslner.models.files import check_graph, find_file, read_json, stamp
from polars_jslner.models.model import AGGREGATIONS, MIN_TOKENS, Model, check_tags

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
FILES = ("bundle.json", "tokenizer.json", "model.onnx")


def matches(folder: Path) -> bool:
    """Say whether ``folder`` looks like this layout."""
    return (folder / "bundle.json").is_file()


def load(folder: Path, source: str) -> Model:
    """Read the model in ``folder``.

    Raises
    ------
    ModelFormatError
        A file is missing or they do not fit together.
    """
    path = folder / "bundle.json"
    bundle = read_json(path)
    if bundle.get("format") != FORMAT:
        msg = (
            f"{str(path)!r} has format {bundle.get('format')!r}, this version reads "
            f"{FORMAT}. A newer polars_jslner may be needed."
        )
        raise ModelFormatError(msg)
    tags = bundle.get("tags")
    if not isinstance(tags, list):
        msg = f"{str(path)!r} has no list of tags."
        raise ModelFormatError(msg)
    max_tokens = bundle.get("max_tokens")
    if not isinstance(max_tokens, int) or max_tokens < MIN_TOKENS:
        msg = (
            f"{str(path)!r}: max_tokens is {max_tokens!r}, at least {MIN_TOKENS} is "
            f"needed."
        )
        raise ModelFormatError(msg)
    checked = check_tags(source, [str(tag) for tag in tags])
    onnx = find_file(folder, "model.onnx")
    tokenizer = find_file(folder, "tokenizer.json")
    inputs, output = check_graph(onnx, len(checked))
    return Model(
        source=source,
        name=str(bundle.get("name", folder.name)),
        layout="bundle",
        tags=checked,
        max_tokens=max_tokens,
        profile=_choice(path, bundle, "profile", ("transformers",)),
        aggregation=_choice(path, bundle, "aggregation", AGGREGATIONS),
        token_types=_choice(path, bundle, "token_types", ("zero", "case")),
        decoding=_choice(path, bundle, "decoding", ("independent", "valid")),
        tokenizer=str(tokenizer),
        onnx=str(onnx),
        inputs=inputs,
        output=output,
        stamp=stamp(tokenizer, onnx),
        description=str(bundle.get("description", "")),
        licence=str(bundle.get("licence", "")),
        version=str(bundle.get("version", "")),
    )


def _choice(
    path: Path, bundle: dict[str, Any], key: str, known: tuple[str, ...]
) -> Any:
    value = bundle.get(key)
    if value not in known:
        msg = (
            f"{str(path)!r}: {key} is {value!r}, one of {', '.join(known)} is needed."
            f"{hint(str(value), known)}"
        )
        raise ModelFormatError(msg)
    return value
