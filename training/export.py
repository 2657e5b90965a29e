"""The graph of a tagger for ONNX Runtime: int8 storage, int8 or fp32 arithmetic.

Every matrix is stored as int8 with one scale per output channel (per row in the
embeddings). In fp32 arithmetic it stands behind Cast and Mul, which ONNX Runtime folds
when it makes a session. In int8 arithmetic the maps of `quantize.Int8Linear` are
integer products, whose inputs have fixed scales. The operators are those of ONNX
Runtime's own transformer optimiser (``com.microsoft``), so nothing is left to fuse, and
none of them lets one sequence see another of its batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from polars_jslner.models.storage import quantize
from training.labels import N_TAGS
from training.quantize import Int8Linear

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from training.model import Tagger

OPSET: Final = 17
FUSED: Final = "com.microsoft"
EPSILON: Final = 1e-12


class _Graph:
    """Nodes and weights in the making."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

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
        return self.scaled(*quantize(value, axis), name)

    def scaled(
        self, steps: NDArray[np.int8], scale: NDArray[np.float32], name: str
    ) -> str:
        """Add the matrix ``steps * scale``, which is multiplied out in the session."""
        self.constant(steps, f"{name}.int8")
        self.constant(scale.astype(np.float32), f"{name}.scale")
        cast = self.node("Cast", [f"{name}.int8"], f"{name}.cast", to=TensorProto.FLOAT)
        return self.node("Mul", [cast, f"{name}.scale"], name)

    def integers(self, value: str, linear: Int8Linear, name: str) -> _Product:
        """Add an input's integers, and the weights that they are multiplied by."""
        steps, scale = linear.steps()
        one = self.constant(np.float32(linear.scale.item()), f"{name}.input_scale")
        zero = self.constant(np.uint8(linear.zero.item()), f"{name}.input_zero")
        rounded = self.node("QuantizeLinear", [value, one, zero], f"{name}.input")
        return _Product(
            rounded,
            self.constant(steps.numpy().T, f"{name}.weight.int8"),
            self.constant(linear.bias.detach().numpy(), f"{name}.bias"),
            one,
            self.constant(scale.numpy()[:, 0], f"{name}.weight.scale"),
            zero,
            self.constant(np.zeros(len(scale), np.int8), f"{name}.weight.zero"),
        )

    def product(self, value: str, linear: Int8Linear, name: str) -> str:
        """Add an integer product with its bias, the result as float32."""
        own = self.integers(value, linear, name)
        names = [own.value, own.weight, own.value_scale, own.weight_scale]
        names += [own.value_zero, own.weight_zero, own.bias]
        return self.node("MatMulIntegerToFloat", names, f"{name}.result")


class _Product(NamedTuple):
    """The names of what an integer product needs."""

    value: str
    weight: str
    bias: str
    value_scale: str
    weight_scale: str
    value_zero: str
    weight_zero: str


_FUSED_KINDS: Final = frozenset(
    {
        "Attention",
        "BiasGelu",
        "EmbedLayerNormalization",
        "Gelu",
        "MatMulIntegerToFloat",
        "QAttention",
        "SkipLayerNormalization",
    }
)


def to_onnx(
    model: Tagger, arithmetic: Literal["int8", "fp32"] = "fp32"
) -> onnx.ModelProto:
    """Return the graph.

    From ``input_ids``, ``attention_mask`` and ``token_type_ids``, int64[batch,
    sequence], to ``logits``, float32[batch, sequence, N_TAGS].

    Parameters
    ----------
    model
        The trained model.
    arithmetic
        Of the layers' products; ``int8`` needs a model with `quantize.Int8Linear`.
    """
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    graph = _Graph()
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

    def linear(module: nn.Linear, name: str) -> str:
        if isinstance(module, Int8Linear):
            steps, scale = (part.numpy().T for part in module.steps())
            return graph.scaled(steps, scale, f"{name}.weight")
        # PyTorch keeps [out, in], ONNX wants [in, out]
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

    def add_norm(value: str, skip: str, norm: str, *bias: str) -> str:
        scale, shift = vector(f"{norm}.weight"), vector(f"{norm}.bias")
        return graph.node(
            "SkipLayerNormalization",
            [value, skip, scale, shift, *bias],
            f"{norm}.result",
            epsilon=EPSILON,
        )

    for index, layer in enumerate(model.layers):
        at = f"layers.{index}"
        heads = layer.heads
        if arithmetic == "int8":
            own = graph.integers(hidden, layer.qkv, f"{at}.qkv")
            mixed = graph.node(
                "QAttention",
                [*own[:5], mask, own.value_zero, own.weight_zero],
                f"{at}.mixed",
                num_heads=heads,
            )
            mixed = graph.product(mixed, layer.out, f"{at}.out")
            hidden = add_norm(mixed, hidden, f"{at}.norm1")
            inner = graph.product(hidden, layer.up, f"{at}.up")
            inner = graph.node("Gelu", [inner], f"{at}.gelu")
            inner = graph.product(inner, layer.down, f"{at}.down")
            hidden = add_norm(inner, hidden, f"{at}.norm2")
            continue
        bias = [vector(f"{at}.{name}.bias") for name in ("qkv", "out", "up", "down")]
        qkv = linear(layer.qkv, f"{at}.qkv")
        mixed = graph.node(
            "Attention", [hidden, qkv, bias[0], mask], f"{at}.mixed", num_heads=heads
        )
        out = linear(layer.out, f"{at}.out")
        mixed = graph.node("MatMul", [mixed, out], f"{at}.out")
        hidden = add_norm(mixed, hidden, f"{at}.norm1", bias[1])
        up = linear(layer.up, f"{at}.up")
        inner = graph.node("MatMul", [hidden, up], f"{at}.up")
        inner = graph.node("BiasGelu", [inner, bias[2]], f"{at}.gelu")
        down = linear(layer.down, f"{at}.down")
        inner = graph.node("MatMul", [inner, down], f"{at}.down")
        hidden = add_norm(inner, hidden, f"{at}.norm2", bias[3])
    scores = graph.node("MatMul", [hidden, linear(model.head, "head")], "head")
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
