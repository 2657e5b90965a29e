"""What an ONNX graph says of itself, without a session.

Reads the few fields of the protocol-buffer message ``ModelProto`` that are needed
(numbers from the ONNX specification, onnx/onnx.proto) and skips the weights, so that a
model can be checked when an expression is built.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polars_jslner.errors import ModelFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TYPES = {1: "float32", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# What exports of BERT and its kin call the table with a row for each position.
_POSITIONS = re.compile(r"(?:.*[./])?position_embeddings\.weight")


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output.

    ``shape`` has an int for a fixed size and a str (maybe empty) for a free one; None
    when the graph does not say.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...] | None


@dataclass(frozen=True, slots=True)
class Graph:
    """What is read of a graph.

    Attributes
    ----------
    inputs, outputs
        Its ports; weights are no inputs.
    external
        Names of the files beside it that hold weights, sorted.
    positions
        Rows of the table of positions, None where no table has the usual name.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    external: tuple[str, ...]
    positions: int | None


def read_graph(path: Path) -> Graph:
    """Read the graph in a file.

    Raises
    ------
    ModelFormatError
        The file is not an ONNX model.
    """
    try:
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as view,
        ):
            return parse_graph(view)
    except (ValueError, IndexError, OSError) as error:
        msg = f"{str(path)!r} is not an ONNX model: {error}"
        raise ModelFormatError(msg) from error


def parse_graph(view: memoryview) -> Graph:
    """Read the graph in memory.

    Raises
    ------
    ValueError
        It is not an ONNX model.
    """
    graphs = list(_messages(view, 0, len(view), 7))
    if not graphs:
        msg = "it holds no graph"
        raise ValueError(msg)
    start, end = graphs[-1]
    inputs: list[Port] = []
    outputs: list[Port] = []
    weights: set[str] = set()
    external: set[str] = set()
    positions: int | None = None
    for number, first, last in _fields(view, start, end):
        if number == 5:  # initializer
            name, rows, files = _weight(view, first, last)
            weights.add(name)
            external.update(files)
            if _POSITIONS.fullmatch(name):
                positions = rows
        elif number == 11:
            inputs.append(_port(view, first, last))
        elif number == 12:
            outputs.append(_port(view, first, last))
    ports = tuple(port for port in inputs if port.name not in weights)
    return Graph(ports, tuple(outputs), tuple(sorted(external)), positions)


def _weight(
    view: memoryview, start: int, end: int
) -> tuple[str, int | None, list[str]]:
    """Return name, first dimension and files of a TensorProto.

    Its fields: dims 1, name 8, external_data 13 (pairs of key 1 and value 2).
    """
    name = ""
    rows: int | None = None
    files: list[str] = []
    for number, first, last in _fields(view, start, end):
        if number == 1 and rows is None:  # one number, or several packed
            rows = first if last < 0 else _varint(view, first, last)[0]
        elif number == 8:
            name = bytes(view[first:last]).decode("utf-8", "replace")
        elif number == 13 and "location" in _texts(view, first, last, 1):
            files.extend(_texts(view, first, last, 2))
    return name, rows, files


def _port(view: memoryview, start: int, end: int) -> Port:
    """Read a ValueInfoProto: name 1, type 2 (tensor_type 1: elem_type 1, shape 2)."""
    name = "".join(_texts(view, start, end, 1))
    dtype = "unknown"
    shape: list[int | str] | None = None
    for a, b in _messages(view, start, end, 2):
        for c, d in _messages(view, a, b, 1):
            for number, first, last in _fields(view, c, d):
                if number == 1:
                    dtype = _TYPES.get(first, f"element type {first}")
                elif number == 2:
                    dims = _messages(view, first, last, 1)
                    shape = [_dimension(view, e, f) for e, f in dims]
    return Port(name, dtype, None if shape is None else tuple(shape))


def _dimension(view: memoryview, start: int, end: int) -> int | str:
    """Read a Dimension: dim_value 1 or dim_param 2."""
    for number, first, last in _fields(view, start, end):
        if number == 1:
            return first
        if number == 2:
            return bytes(view[first:last]).decode("utf-8", "replace")
    return ""


def _messages(
    view: memoryview, start: int, end: int, wanted: int
) -> Iterator[tuple[int, int]]:
    for number, first, last in _fields(view, start, end):
        if number == wanted:
            yield first, last


def _texts(view: memoryview, start: int, end: int, wanted: int) -> Iterator[str]:
    for first, last in _messages(view, start, end, wanted):
        yield bytes(view[first:last]).decode("utf-8", "replace")


def _fields(view: memoryview, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (field number, first byte, end); of a whole number (number, value, -1)."""
    at = start
    while at < end:
        key, at = _varint(view, at, end)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(view, at, end)
            yield number, value, -1
            continue
        if kind == _BYTES:
            length, at = _varint(view, at, end)
        elif kind == _FIXED64:
            length = 8
        elif kind == _FIXED32:
            length = 4
        else:
            msg = f"wire type {kind} at byte {at}"
            raise ValueError(msg)
        if at + length > end:
            msg = f"it ends within a field at byte {at}"
            raise ValueError(msg)
        yield number, at, at + length
        at += length


def _varint(view: memoryview, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    msg = f"it ends within a number at byte {at}"
    raise ValueError(msg)
