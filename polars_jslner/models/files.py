"""Reading a model's files, with errors that name the file and the fix."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from polars_jslner.errors import ModelFormatError
from polars_jslner.models.onnxgraph import Port, read_graph

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in ``path``.

    Raises
    ------
    ModelFormatError
        It is missing or not a JSON object.
    """
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{str(path.parent)!r} has no {path.name}."
        raise ModelFormatError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"{str(path)!r} is not readable JSON: {error}"
        raise ModelFormatError(msg) from error
    if not isinstance(value, dict):
        msg = f"{str(path)!r} holds a JSON {type(value).__name__}, not an object."
        raise ModelFormatError(msg)
    return value


def find_file(folder: Path, *names: str) -> Path:
    """Return the first of ``names`` that is a file in ``folder``.

    Raises
    ------
    ModelFormatError
        There is none; the message lists the names.
    """
    for name in names:
        path = folder / name
        if path.is_file():
            return path
    msg = f"{str(folder)!r} has no {' or '.join(names)}."
    raise ModelFormatError(msg)


def stamp(*paths: Path) -> tuple[int, ...]:
    """Return size and time of change (ns) of each file."""
    stats = [path.stat() for path in paths]
    return tuple(n for stat in stats for n in (stat.st_size, stat.st_mtime_ns))


class Classifier(NamedTuple):
    """A graph that classifies tokens.

    ``inputs``: dtype by name; ``output``: name of the logits; ``external``: the files
    beside it that hold weights.
    """

    inputs: dict[str, str]
    output: str
    external: tuple[Path, ...]


def check_graph(
    path: Path, n_tags: int, max_tokens: int, *, more_classes: bool = False
) -> Classifier:
    """Check that a graph classifies tokens.

    Parameters
    ----------
    path
        The graph.
    n_tags
        Classes that it is to have.
    max_tokens
        Length of the sequences that it is to read.
    more_classes
        Whether it may have more.

    Raises
    ------
    ModelFormatError
        Inputs, output or shapes are not those of a token classifier, or a file with
        weights is missing.
    """
    graph = read_graph(path)
    dtypes = {port.name: port.dtype for port in graph.inputs}
    unknown = [name for name in dtypes if name not in _INPUTS]
    if unknown or "input_ids" not in dtypes:
        msg = (
            f"{str(path)!r} has the inputs {list(dtypes)!r}; input_ids is needed, and "
            f"attention_mask and token_type_ids may stand beside it."
        )
        raise ModelFormatError(msg)
    wrong = {n: d for n, d in dtypes.items() if d not in ("int32", "int64")}
    if wrong:
        msg = f"{str(path)!r}: inputs must be int32 or int64, found {wrong!r}."
        raise ModelFormatError(msg)
    for port in graph.inputs:
        if port.shape is not None and len(port.shape) != 2:
            msg = (
                f"{str(path)!r}: input {port.name!r} has shape {port.shape}, "
                f"(batch, sequence) is needed."
            )
            raise ModelFormatError(msg)
        if port.shape is not None and any(isinstance(n, int) for n in port.shape):
            msg = (
                f"{str(path)!r}: input {port.name!r} has the fixed shape {port.shape}. "
                f"Export it with dynamic axes for batch and sequence."
            )
            raise ModelFormatError(msg)
    check_positions(str(path), graph.positions, max_tokens)
    files = tuple(path.parent / name for name in graph.external)
    absent = [file.name for file in files if not file.is_file()]
    if absent:
        msg = f"{str(path)!r} keeps weights in {absent[0]!r}, which is not beside it."
        raise ModelFormatError(msg)
    logits = _logits(path, graph.outputs, n_tags, more=more_classes)
    return Classifier(dtypes, logits, files)


def check_positions(origin: str, positions: int | None, max_tokens: int) -> None:
    """Check that a table of positions reaches as far as the model is to read.

    Raises
    ------
    ModelFormatError
        It does not; the message has both numbers.
    """
    if positions is not None and max_tokens > positions:
        msg = (
            f"{origin!r} is to read up to {max_tokens} tokens, and its graph has "
            f"positions for {positions}."
        )
        raise ModelFormatError(msg)


def _logits(path: Path, outputs: Sequence[Port], n_tags: int, *, more: bool) -> str:
    named = [port for port in outputs if port.name == "logits"]
    port = (named or outputs or [Port("", "unknown", ())])[0]
    shape = port.shape
    n_classes = shape[2] if shape is not None and len(shape) == 3 else None
    fits = (
        shape is None
        or n_classes == n_tags
        or isinstance(n_classes, str)
        or (more and n_classes is not None and n_classes > n_tags)
    )
    if port.dtype not in ("float32", "float16", "float64") or not fits:
        found = [(p.name, p.dtype, p.shape) for p in outputs]
        msg = (
            f"{str(path)!r} has the outputs {found!r}; float logits of shape (batch, "
            f"sequence, {n_tags}) are needed, one class for each of the {n_tags} tags."
        )
        raise ModelFormatError(msg)
    return port.name
