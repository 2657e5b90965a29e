"""The layout that transformers and optimum export.

``config.json`` with ``id2label``, ``tokenizer.json``, ``model.onnx`` or
``onnx/model.onnx``, and ``tokenizer_config.json`` where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polars_jslner.errors import ModelFormatError
from polars_jslner.models.files import check_graph, find_file, read_json, stamp
from polars_jslner.models.model import MIN_TOKENS, Model, check_tags

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.onnx",
    "model.onnx_data",
    "onnx/model.onnx",
    "onnx/model.onnx_data",
)

# These count positions from the padding id + 1, so some are never used.
_OFFSET_POSITIONS = frozenset(
    {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "longformer", "mpnet"}
    | {"data2vec-text", "ibert", "xmod", "roberta-prelayernorm", "esm"}
)

# "No limit" in tokenizer_config.json is written as 1e30.
_NO_LIMIT = 1_000_000
_DEFAULT_MAX_TOKENS = 512


def matches(folder: Path) -> bool:
    """Say whether ``folder`` looks like this layout."""
    return (folder / "config.json").is_file()


def load(folder: Path, source: str) -> Model:
    """Read the model in ``folder``.

    Raises
    ------
    ModelFormatError
        A file is missing or they do not fit together.
    """
    config = read_json(folder / "config.json")
    tags = check_tags(source, _tags(folder / "config.json", config))
    try:
        tokenizer = find_file(folder, "tokenizer.json")
    except ModelFormatError as error:
        msg = (
            f"{error} A fast tokenizer is needed: load it once with "
            f"transformers.AutoTokenizer and save_pretrained() it into the folder."
        )
        raise ModelFormatError(msg) from error
    onnx = find_file(folder, "model.onnx", "onnx/model.onnx")
    max_tokens = _max_tokens(folder, config)
    graph = check_graph(onnx, len(tags), max_tokens)
    return Model(
        source=source,
        name=folder.name,
        layout="huggingface",
        tags=tags,
        max_tokens=max_tokens,
        profile="transformers",
        aggregation="first",
        token_types="zero",
        decoding="independent",
        tokenizer=str(tokenizer),
        onnx=str(onnx),
        inputs=graph.inputs,
        output=graph.output,
        stamp=stamp(tokenizer, onnx, *graph.external),
        weights=tuple(map(str, graph.external)),
        description=f"{config.get('model_type', 'unknown')} token classifier",
    )


def _tags(path: Path, config: dict[str, Any]) -> list[str]:
    id2label = config.get("id2label")
    if not isinstance(id2label, dict) or not id2label:
        msg = f"{str(path)!r} has no id2label, which names the tag of each class."
        raise ModelFormatError(msg)
    try:
        by_id = {int(index): str(tag) for index, tag in id2label.items()}
    except ValueError as error:
        msg = f"{str(path)!r}: the keys of id2label are not whole numbers."
        raise ModelFormatError(msg) from error
    absent = [index for index in range(len(by_id)) if index not in by_id]
    if absent:
        msg = (
            f"{str(path)!r}: id2label has {len(by_id)} tags, but none for class "
            f"{absent[0]}; 0 to {len(by_id) - 1} are needed."
        )
        raise ModelFormatError(msg)
    return [by_id[index] for index in range(len(by_id))]


def _max_tokens(folder: Path, config: dict[str, Any]) -> int:
    limits: list[int] = []
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and positions > 0:
        if config.get("model_type") in _OFFSET_POSITIONS:
            positions -= int(config.get("pad_token_id") or 0) + 1
        limits.append(positions)
    path = folder / "tokenizer_config.json"
    if path.is_file():
        limit = read_json(path).get("model_max_length")
        if isinstance(limit, int | float) and 0 < limit < _NO_LIMIT:
            limits.append(int(limit))
    limit = min(limits, default=_DEFAULT_MAX_TOKENS)
    if limit < MIN_TOKENS:
        msg = (
            f"{str(folder)!r}: max_position_embeddings or model_max_length allow "
            f"{limit} tokens; at least {MIN_TOKENS} are needed."
        )
        raise ModelFormatError(msg)
    return limit
