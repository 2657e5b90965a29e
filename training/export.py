"""The graph of a tagger for ONNX Runtime: int8 storage, fp32 arithmetic.

Every matrix is stored as int8 with one scale per output channel (per row in the
embeddings) behind Cast and Mul, which ONNX Runtime folds when it makes a session. The
operators are those of its own transformer optimiser (``com.microsoft``), so nothing is
left to fuse, and none of them lets one sequence see another of its batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from polars_jslner.models.storage import quantize
from training.labels import N_TAGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.model import Tagger

OPSET: Final = 17
FUSED: Final = "com.microsoft"
EPSILON: Final = 1e-12


class _Graph:
    """Nodes and weights in the making."""

    def __init__(self, *, int8: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._int8 = int8

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add an operator with one result, ``name``."""
        domain = FUSED if kind in _FUSED_KINDS else ""
        self.nodes.append(
            helper.make_node(kind, inputs, [name], name, domain=domain, **attributes)
        )
        return name

    def constant(self, value: NDArray[np.generic], name: str) -> str:
        """Add a weight as it is."""
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def matrix(self, value: NDArray[np.float32], name: str, axis: int) -> str:
        """Add a matrix as int8; the largest value along ``axis`` sets each scale."""
        if not self._int8:
            return self.constant(value, name)
        stored, scale = quantize(value, axis)
        self.constant(stored, f"{name}.int8")
        self.constant(scale, f"{name}.scale")
        cast = self.node("Cast", [f"{name}.int8"], f"{name}.cast", to=TensorProto.FLOAT)
        return self.node("Mul", [cast, f"{name}.scale"], name)


_FUSED_KINDS: Final = frozenset(
    {"Attention", "BiasGelu", "EmbedLayerNormalization", "SkipLayerNormalization"}
)


def to_onnx(model: Tagger, *, int8: bool = True) -> onnx.ModelProto:
    """Return the graph.

    From ``input_ids``, ``attention_mask`` and ``token_type_ids``, int64[batch,
    sequence], to ``logits``, float32[batch, sequence, N_TAGS].

    Parameters
    ----------
    model
        The trained model.
    int8
        Whether matrices are stored as int8, or as they are.
    """
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    graph = _Graph(int8=int8)
    sequence = ["batch", "sequence"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, sequence)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    ids, mask, types = (
        graph.node("Cast", [i.name], f"{i.name}.int32", to=TensorProto.INT32)
        for i in inputs
    )

    def vector(name: str) -> str:
        return graph.constant(weights[name], name)

    def linear(name: str) -> str:  # PyTorch keeps [out, in], ONNX wants [in, out]
        return graph.matrix(weights[f"{name}.weight"].T, f"{name}.weight", axis=0)

    tables = [
        graph.matrix(weights[f"{name}.weight"], f"{name}.weight", axis=1)
        for name in ("words", "positions", "cases")
    ]
    norm = [vector("norm.weight"), vector("norm.bias")]
    hidden = "embedded"
    graph.nodes.append(
        helper.make_node(
            "EmbedLayerNormalization",
            [ids, types, *tables, *norm],
            [hidden, "unused_mask_index"],
            hidden,
            domain=FUSED,
            epsilon=EPSILON,
        )
    )
    for index, layer in enumerate(model.layers):
        at = f"layers.{index}"

        def add_norm(value: str, skip: str, bias: str, norm: str) -> str:
            scale, shift = vector(f"{norm}.weight"), vector(f"{norm}.bias")
            return graph.node(
                "SkipLayerNormalization",
                [value, skip, scale, shift, vector(bias)],
                f"{norm}.result",
                epsilon=EPSILON,
            )

        mixed = graph.node(
            "Attention",
            [hidden, linear(f"{at}.qkv"), vector(f"{at}.qkv.bias"), mask],
            f"{at}.mixed",
            num_heads=layer.heads,
        )
        mixed = graph.node("MatMul", [mixed, linear(f"{at}.out")], f"{at}.out")
        hidden = add_norm(mixed, hidden, f"{at}.out.bias", f"{at}.norm1")
        inner = graph.node("MatMul", [hidden, linear(f"{at}.up")], f"{at}.up")
        inner = graph.node("BiasGelu", [inner, vector(f"{at}.up.bias")], f"{at}.gelu")
        inner = graph.node("MatMul", [inner, linear(f"{at}.down")], f"{at}.down")
        hidden = add_norm(inner, hidden, f"{at}.down.bias", f"{at}.norm2")
    scores = graph.node("MatMul", [hidden, linear("head")], "head")
    graph.node("Add", [scores, vector("head.bias")], "logits")
    logits = helper.make_tensor_value_info(
        "logits", TensorProto.FLOAT, [*sequence, N_TAGS]
    )
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "tagger", inputs, [logits], graph.weights),
        producer_name="polars_jslner.training",
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)],
        ir_version=8,
    )
    onnx.checker.check_model(proto)
    return proto
