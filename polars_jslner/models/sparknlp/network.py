"""The network of a SentenceDetectorDLModel, read from its TensorFlow checkpoint.

``generic_classifier_tensorflow`` is a zip of a GraphDef and a tensor bundle. The graph
is not run: it is checked to be the one published network (embedding, one convolution,
maximum over positions, two dense layers), whose weights are then all there is to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from polars_jslner.models.sparknlp.archive import open_zip
from polars_jslner.models.sparknlp.protobuf import messages
from polars_jslner.models.sparknlp.storage import damage
from polars_jslner.models.sparknlp.tfbundle import TensorBundle, read_shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from polars_jslner.models.sparknlp.storage import Files

_FILE = "generic_classifier_tensorflow"
_GRAPH = "saved_model.pb"
_INDEX = "variables.index"
_DATA = "variables.data-00000-of-00001"
_MAX_GRAPH = 1 << 20
_MAX_INDEX = 1 << 18
_MAX_DATA = 64 << 20
_MAX_WINDOW = 1_000

# The operations on the way from ``outputs`` back to ``inputs``, first inputs only.
# Scaling by 1 (dropout that is off) and copies lie between and change nothing.
_PATH = (
    *("Sigmoid", "BiasAdd", "MatMul", "Relu", "BiasAdd", "MatMul", "Max", "Relu"),
    *("BiasAdd", "Squeeze", "Conv2D", "ExpandDims", "ResourceGather"),
)
_PASSED = frozenset({"Mul", "Identity"})


@dataclass(frozen=True, eq=False)
class NetworkWeights:
    """The weights of the sentence detector's network, read-only float32.

    Attributes
    ----------
    window
        Width of the input: characters that the network sees, padding included.
    embedding
        float32[n_ids, n_dims], a row by character id.
    conv_kernel, conv_bias
        float32[width, n_dims, n_filters] and float32[n_filters].
    dense_kernel, dense_bias
        float32[n_filters, n_hidden] and float32[n_hidden].
    out_kernel, out_bias
        float32[n_hidden, 1] and float32[1].
    """

    window: int
    embedding: NDArray[np.float32]
    conv_kernel: NDArray[np.float32]
    conv_bias: NDArray[np.float32]
    dense_kernel: NDArray[np.float32]
    dense_bias: NDArray[np.float32]
    out_kernel: NDArray[np.float32]
    out_bias: NDArray[np.float32]


class _Node(NamedTuple):
    operation: str
    inputs: list[str]
    attributes: dict[str, bytes]


def read_network(files: Files) -> NetworkWeights:
    """Read the network of the saved detector in ``files``.

    Raises
    ------
    ModelFormatError
        Files are missing or damaged, or the network is another one.
    """
    with open_zip(files, _FILE) as inner:
        graph = inner.read(_GRAPH, _MAX_GRAPH)
        index = inner.read(_INDEX, _MAX_INDEX)
        data = inner.read(_DATA, _MAX_DATA)
    with damage(inner.origin, "its network"):
        window = _check_graph(_nodes(graph))
        bundle = TensorBundle(index, data)
        weights = NetworkWeights(
            window=window,
            embedding=bundle.float32("embedding/embeddings", 2),
            conv_kernel=bundle.float32("conv1d/kernel", 3),
            conv_bias=bundle.float32("conv1d/bias", 1),
            dense_kernel=bundle.float32("dense/kernel", 2),
            dense_bias=bundle.float32("dense/bias", 1),
            out_kernel=bundle.float32("dense_1/kernel", 2),
            out_bias=bundle.float32("dense_1/bias", 1),
        )
        check_shapes(weights)
    return weights


def check_shapes(weights: NetworkWeights) -> None:
    """Check that arrays fit together.

    Raises
    ------
    ValueError
        They do not.
    """
    n_ids, n_dims = weights.embedding.shape
    width, _, n_filters = weights.conv_kernel.shape
    n_hidden = len(weights.dense_bias)
    expected = {
        "conv_kernel": (width, n_dims, n_filters),
        "conv_bias": (n_filters,),
        "dense_kernel": (n_filters, n_hidden),
        "out_kernel": (n_hidden, 1),
        "out_bias": (1,),
    }
    shapes = {name: getattr(weights, name).shape for name in expected}
    if shapes != expected or 0 in (n_ids, n_dims, n_filters, n_hidden, width):
        msg = f"shapes {shapes!r} that do not fit together, {expected!r} would"
        raise ValueError(msg)
    if width > weights.window:
        msg = f"a convolution over {width} characters of {weights.window}"
        raise ValueError(msg)


def _check_graph(nodes: dict[str, _Node]) -> int:
    """Check that the graph is the published one; return the width of its input."""
    path: list[str] = []
    name = "outputs"
    for _ in range(len(nodes)):
        node = nodes.get(name) or _Node("nothing", [], {})
        if node.operation not in _PASSED:
            path.append(node.operation)
        if node.operation == "Conv2D" and not _is_plain(node):
            msg = "a convolution with strides, dilations or padding"
            raise ValueError(msg)
        if path == list(_PATH):
            return _window(nodes, node)
        if path != list(_PATH[: len(path)]) or not node.inputs:
            break
        name = node.inputs[0]
    msg = f"the operations {path!r}; the network of the detector has {_PATH!r}"
    raise ValueError(msg)


def _window(nodes: dict[str, _Node], gather: _Node) -> int:
    """Return the width of the placeholder from which ids are gathered."""
    cast = nodes.get((gather.inputs[1:] or [""])[0])
    source = nodes.get(cast.inputs[0]) if cast and cast.inputs else None
    if source and source.operation == "Placeholder":
        # AttrValue.shape is field 7.
        for value in messages(source.attributes.get("shape", b""), 7):
            shape = read_shape(value)
            if len(shape) == 2 and 0 < shape[1] <= _MAX_WINDOW:
                return shape[1]
    msg = f"no input of 1 to {_MAX_WINDOW} characters that is looked up"
    raise ValueError(msg)


def _is_plain(convolution: _Node) -> bool:
    """Say whether a convolution has no padding, and strides and dilations of 1."""
    ones = b"\x0a\x06\x1a\x04\x01\x01\x01\x01"
    attributes = convolution.attributes
    return (
        messages(attributes.get("padding", b""), 2) == [b"VALID"]
        and attributes.get("strides") == ones
        and attributes.get("dilations", ones) == ones
    )


def _nodes(graph: bytes) -> dict[str, _Node]:
    """Return the nodes of a GraphDef by name."""
    nodes: dict[str, _Node] = {}
    for node in messages(graph, 1):
        name, operation = (b"".join(messages(node, n)).decode() for n in (1, 2))
        inputs = [value.decode() for value in messages(node, 3)]
        attributes: dict[str, bytes] = {}
        for entry in messages(node, 5):
            key = b"".join(messages(entry, 1)).decode()
            attributes[key] = b"".join(messages(entry, 2))
        nodes[name] = _Node(operation, inputs, attributes)
    return nodes
