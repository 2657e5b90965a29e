"""The stages of a pipeline as JSON and arrays, the form in which our bundle has them.

An object with ``assembler``, ``detector``, ``tokenizer``, ``classifier`` and
``converter``, each null or an object with its ``kind`` and the fields of its dataclass
in `stages`. Left out are the graph and the network of a SentenceDetectorDL, which are
files of their own.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import fields
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal

from polars_jslner.errors import ModelFormatError
from polars_jslner.models.sparknlp import stages
from polars_jslner.models.sparknlp.layout import SparkStages
from polars_jslner.models.sparknlp.network import NetworkWeights, check_shapes
from polars_jslner.models.sparknlp.storage import damage
from polars_jslner.sparknlp.params import BoundsStrategy, CleanupMode

if TYPE_CHECKING:
    from pathlib import Path


_KINDS: dict[str, dict[str, type[stages.Stage]]] = {
    "assembler": {"DocumentAssembler": stages.DocumentAssemblerParams},
    "detector": {
        "SentenceDetector": stages.SentenceDetectorParams,
        "SentenceDetectorDL": stages.SentenceDetectorDL,
    },
    "tokenizer": {"Tokenizer": stages.TokenizerParams},
    "classifier": {"TokenClassifier": stages.TokenClassifier},
    "converter": {"NerConverter": stages.NerConverterParams},
}
_NAMES = {kind: name for kinds in _KINDS.values() for name, kind in kinds.items()}

# Fields that are files of their own.
_APART = ("onnx", "weights")


def write_plain(spark: SparkStages) -> dict[str, Any]:
    """Return the stages as what JSON can hold."""
    return {place: _write(getattr(spark, place)) for place in _KINDS}


def read_plain(
    value: Mapping[str, Any], origin: str, graph: str, weights: NetworkWeights | None
) -> SparkStages:
    """Read what `write_plain` gave.

    Parameters
    ----------
    value
        An object of JSON.
    origin
        Where it was read, for messages.
    graph
        Path of the classifier's graph.
    weights
        The network of the detector, if there is one.

    Raises
    ------
    ModelFormatError
        Something is missing or of another type.
    """
    apart = {"onnx": graph, "weights": weights}
    read: dict[str, Any] = {}
    for place, kinds in _KINDS.items():
        item = value.get(place)
        if item is None:
            read[place] = None
            continue
        kind = item.get("kind") if isinstance(item, dict) else None
        if kind not in kinds:
            msg = f"{origin!r}: {place} is not a {' or '.join(kinds)}."
            raise ModelFormatError(msg)
        read[place] = _read(kinds[kind], item, f"{origin!r}: {place}", apart)
    if read["classifier"] is None:
        msg = f"{origin!r} has no classifier."
        raise ModelFormatError(msg)
    return SparkStages(**read)


def arrays_of(spark: SparkStages) -> dict[str, Any]:
    """Return the arrays of the detector's network by name; none if it has no network.

    `load_arrays` reads them from an ``.npz``.
    """
    import numpy as np

    if not isinstance(spark.detector, stages.SentenceDetectorDL):
        return {}
    weights = spark.detector.weights
    return {f.name: np.asarray(getattr(weights, f.name)) for f in fields(weights)}


def load_arrays(path: Path) -> NetworkWeights:
    """Read the arrays of a detector's network.

    Raises
    ------
    ModelFormatError
        The file is damaged, or its arrays are not those of a network.
    """
    import numpy as np

    with damage(str(path.parent), path.name):
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = {field.name: saved[field.name] for field in fields(NetworkWeights)}
        window = arrays.pop("window")
        if window.shape != () or any(a.dtype != np.float32 for a in arrays.values()):
            msg = "arrays that are not float32, or no window"
            raise ValueError(msg)
        for array in arrays.values():
            array.flags.writeable = False
        weights = NetworkWeights(window=int(window), **arrays)
        check_shapes(weights)
    return weights


def _write(stage: stages.Stage | None) -> dict[str, Any] | None:
    if stage is None:
        return None
    values = {
        field.name: getattr(stage, field.name)
        for field in fields(stage)
        if field.name not in _APART
    }
    plain = {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
    }
    return {"kind": _NAMES[type(stage)], **plain}


def _read(
    kind: type[stages.Stage],
    item: Mapping[str, Any],
    where: str,
    apart: Mapping[str, object],
) -> stages.Stage:
    names: dict[str, Any] = {
        "Mapping": Mapping,
        "NetworkWeights": NetworkWeights,
        "BoundsStrategy": BoundsStrategy,
        "CleanupMode": CleanupMode,
    }
    hints = typing.get_type_hints(kind, localns=names)
    given: dict[str, Any] = {}
    for field in fields(kind):
        name = field.name
        if name in _APART:
            if apart[name] is None:
                msg = f"{where} has no {name} beside it."
                raise ModelFormatError(msg)
            given[name] = apart[name]
            continue
        try:
            given[name] = _typed(hints[name], item[name])
        except (KeyError, TypeError) as error:
            shown = repr(item.get(name))[:80]
            msg = f"{where}: {name} is {shown}, not {hints[name]}."
            raise ModelFormatError(msg) from error
    return kind(**given)


def _typed(hint: Any, value: Any) -> Any:
    """Return a value of JSON as the type of ``hint``; TypeError if it is none."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (UnionType, typing.Union):
        if value is None and NoneType in inner:
            return None
        return _typed(next(one for one in inner if one is not NoneType), value)
    if origin is Literal and value in inner:
        return value
    if origin is tuple and isinstance(value, list):
        if inner[1:] == (...,):
            return tuple(_typed(inner[0], item) for item in value)
        if len(value) == len(inner):
            return tuple(map(_typed, inner, value))
    if origin is Mapping and isinstance(value, dict):
        return {key: _typed(inner[1], item) for key, item in value.items()}
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise TypeError
