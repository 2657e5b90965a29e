"""Weights of a graph stored in fewer bytes, arithmetic as before.

A stored weight stands behind nodes that give it back as float32. They are Cast and Mul
and not DequantizeLinear, because ONNX Runtime folds them when it makes a session (it
keeps DequantizeLinear for operators that compute in integers), so that a session is as
fast as with the weights as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx
    from numpy.typing import NDArray

Storage = Literal["int8", "fp16", "fp32"]
STORAGES: tuple[Storage, ...] = ("int8", "fp16", "fp32")

# Fewer values are not worth two nodes.
_MIN_SIZE = 1024

_MAX_HALF = float(np.finfo(np.float16).max)

# Operators that take rows of a table; others multiply by columns.
_TABLES = frozenset({"Gather", "EmbedLayerNormalization"})


def quantize(
    value: NDArray[np.float32], axis: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return integers and the scales that make them nearly ``value`` again.

    Parameters
    ----------
    value
        float32[...], a matrix.
    axis
        Along it values share a scale, set by the largest.

    Returns
    -------
    stored, scale
        int8 of the same shape; float32 of size 1 along ``axis``. ``stored * scale`` is
        off by half of ``scale`` at most.
    """
    scale = np.abs(value).max(axis=axis, keepdims=True) / np.float32(127)
    scale[scale == 0] = 1
    return np.rint(value / scale).astype(np.int8), scale.astype(np.float32)


def shrink(model: onnx.ModelProto, storage: Storage) -> None:
    """Store the float32 matrices of a model as ``storage``, in place.

    Parameters
    ----------
    model
        With its weights in it, none in other files.
    storage
        ``int8``: with one scale for each row of a table, and for each column of what is
        multiplied by. ``fp16``: as they are, but for matrices with values beyond its
        range. ``fp32``: nothing is done.
    """
    from onnx import TensorProto, helper, numpy_helper

    if storage == "fp32":
        return
    graph = model.graph
    kinds = _consumers(graph)
    nodes: list[Any] = []
    kept: list[Any] = []
    for weight in graph.initializer:
        shape = tuple(weight.dims)
        matrix = len(shape) > 1 and min(shape) > 1 and np.prod(shape) >= _MIN_SIZE
        value = None
        if matrix and weight.data_type == TensorProto.FLOAT:
            value = numpy_helper.to_array(weight)
            sound = bool(np.isfinite(value).all())
            if not sound or (storage == "fp16" and np.abs(value).max() > _MAX_HALF):
                value = None
        if value is None:
            kept.append(weight)
            continue
        name = weight.name
        stored = f"{name}.{storage}"
        if storage == "fp16":
            kept.append(numpy_helper.from_array(value.astype(np.float16), stored))
            nodes.append(
                helper.make_node("Cast", [stored], [name], name, to=TensorProto.FLOAT)
            )
            continue
        table = kinds.get(name, set()) & _TABLES
        integers, scale = quantize(value, len(shape) - 1 if table else len(shape) - 2)
        kept.append(numpy_helper.from_array(integers, stored))
        kept.append(numpy_helper.from_array(scale, f"{name}.scale"))
        cast = f"{name}.cast"
        nodes.append(
            helper.make_node("Cast", [stored], [cast], cast, to=TensorProto.FLOAT)
        )
        nodes.append(helper.make_node("Mul", [cast, f"{name}.scale"], [name], name))
    changed = {node.output[0] for node in nodes}
    # Old graphs list their weights among the inputs, too.
    ports = [port for port in graph.input if port.name not in changed]
    old = list(graph.node)
    del graph.initializer[:], graph.input[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.input.extend(ports)
    graph.node.extend([*nodes, *old])


def _consumers(graph: onnx.GraphProto) -> dict[str, set[str]]:
    """Return the kinds of the operators that take each value."""
    kinds: dict[str, set[str]] = {}
    for node in _nodes(graph):
        for name in node.input:
            kinds.setdefault(name, set()).add(node.op_type)
    return kinds


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):  # the branch of an If
                yield from _nodes(attribute.g)
