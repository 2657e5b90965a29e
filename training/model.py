"""The encoder: BERT with fewer layers, and case classes as its token types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from polars_jslner.kernels.case import N_CASES
from training.labels import N_TAGS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Shape:
    """What the weights need to know of a model.

    Parameters
    ----------
    layers
        Which layers of the base model are kept, bottom first.
    width, heads, inner
        Size of the hidden state, attention heads, size of the feed-forward layer.
    vocabulary, positions
        Rows of the two embeddings.
    case
        Whether it reads the case class of each piece's word.
    """

    layers: tuple[int, ...]
    width: int = 384
    heads: int = 12
    inner: int = 1536
    vocabulary: int = 30522
    positions: int = 512
    case: bool = True


class Layer(nn.Module):
    """Self-attention and feed-forward, each followed by its LayerNorm."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.norm1 = nn.LayerNorm(shape.width, eps=1e-12)
        self.up = nn.Linear(shape.width, shape.inner)
        self.down = nn.Linear(shape.inner, shape.width)
        self.norm2 = nn.LayerNorm(shape.width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Map float32[batch, pieces, width] to its like; ``mask`` hides padding."""
        batch, pieces, width = hidden.shape
        qkv = self.qkv(hidden).view(batch, pieces, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask
        )
        mixed = mixed.transpose(1, 2).reshape(batch, pieces, width)
        hidden = self.norm1(hidden + self.dropout(self.out(mixed)))
        inner = self.down(functional.gelu(self.up(hidden)))
        result: Tensor = self.norm2(hidden + self.dropout(inner))
        return result


class Tagger(nn.Module):
    """Pieces and their case classes to one logit per tag."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.width, sparse=True)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.cases = nn.Embedding(N_CASES, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in shape.layers)
        self.head = nn.Linear(shape.width, N_TAGS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, cases: Tensor, lengths: Tensor) -> Tensor:
        """Return float32[batch, pieces, N_TAGS].

        Parameters
        ----------
        ids, cases
            int64[batch, pieces], padded at the end.
        lengths
            int64[batch], pieces of each sequence.
        """
        if not self.shape.case:
            cases = torch.zeros_like(cases)
        order = torch.arange(ids.shape[1])
        mask = (order < lengths[:, None])[:, None, None, :]
        hidden = self.words(ids) + self.positions(order) + self.cases(cases)
        hidden = self.dropout(self.norm(hidden))
        for layer in self.layers:
            hidden = layer(hidden, mask)
        logits: Tensor = self.head(self.dropout(hidden))
        return logits


def from_base(weights: Path, shape: Shape, dropout: float = 0.1) -> Tagger:
    """Make a tagger of a BERT checkpoint (safetensors): some of its layers, a new head.

    Parameters
    ----------
    weights
        ``model.safetensors`` with the names of Hugging Face's ``BertModel``.
    shape
        The layers to keep.
    dropout
        Of hidden states, while training.
    """
    model = Tagger(shape, dropout)
    base = load_file(weights)
    state = {
        "words.weight": base["embeddings.word_embeddings.weight"],
        "positions.weight": base["embeddings.position_embeddings.weight"],
        "cases.weight": base["embeddings.token_type_embeddings.weight"][:1].expand(
            N_CASES, -1
        ),
        "norm.weight": base["embeddings.LayerNorm.weight"],
        "norm.bias": base["embeddings.LayerNorm.bias"],
    }
    for new, old in enumerate(shape.layers):
        source, target = f"encoder.layer.{old}.", f"layers.{new}."
        for kind in ("weight", "bias"):
            state[f"{target}qkv.{kind}"] = torch.cat(
                [
                    base[f"{source}attention.self.{part}.{kind}"]
                    for part in ("query", "key", "value")
                ]
            )
            for ours, theirs in (
                ("out", "attention.output.dense"),
                ("norm1", "attention.output.LayerNorm"),
                ("up", "intermediate.dense"),
                ("down", "output.dense"),
                ("norm2", "output.LayerNorm"),
            ):
                state[f"{target}{ours}.{kind}"] = base[f"{source}{theirs}.{kind}"]
    nn.init.normal_(model.head.weight, std=0.02)
    nn.init.zeros_(model.head.bias)
    state["head.weight"], state["head.bias"] = model.head.weight, model.head.bias
    model.load_state_dict(state)
    with torch.no_grad():
        model.cases.weight += torch.randn_like(model.cases.weight) * 0.01
    return model
