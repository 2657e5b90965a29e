"""Training with the int8 arithmetic simulated, so that the fast form is what learns.

The scheme is the one that is exported and that ONNX Runtime computes: activations as
unsigned 8-bit integers with a fixed scale and zero point, weights as signed integers of
7 bits (-64 to 64) with one scale per output channel. Seven bits keep the products of
machines without VNNI from saturating, so that all machines give the same integers.
Fixed scales keep a sentence from depending on its batch. Scales of activations are
learned beside the weights (learned step size quantisation, Esser et al. 2020).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training.model import Tagger
    from training.train import Batch

TOP: Final = 255  # largest activation
LARGEST: Final = 64  # largest weight
CALIBRATION: Final = 1e-5  # share of the values beyond each end of the first range


class _Steps(torch.autograd.Function):
    """Values to the nearest steps of a scale, with the gradients of LSQ."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
        exact = value / scale
        steps = exact.round().clamp_(-zero, TOP - zero)
        ctx.save_for_backward(exact, steps)
        ctx.zero = zero
        return steps * scale

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        exact, steps = ctx.saved_tensors
        (grad,) = grads
        inside = (exact >= -ctx.zero) & (exact <= TOP - ctx.zero)
        off = torch.where(inside, steps - exact, steps)
        of_scale = (grad * off).sum() / math.sqrt(exact.numel() * TOP)
        return grad * inside, of_scale, None


class Int8Linear(nn.Linear):
    """A linear map whose input and weights are on the steps of their integers.

    ``scale`` and ``zero`` are of the input; they are set by `calibrate`, and until then
    it is an ordinary linear map that notes what it meets.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out)
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.zero: Tensor
        self.register_buffer("zero", torch.tensor(-1.0))
        self.met: list[Tensor] | None = None

    @property
    def scale(self) -> Tensor:
        """float32[], width of a step of the input."""
        return self.log_scale.exp()

    def steps(self) -> tuple[Tensor, Tensor]:
        """Return the weights as int8[n_out, n_in], and float32[n_out, 1] scales."""
        weight = self.weight.detach()
        scale = weight.abs().amax(1, keepdim=True) / LARGEST
        scale = torch.where(scale == 0, 1.0, scale)
        return (weight / scale).round().to(torch.int8), scale

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Map float32[..., n_in] to float32[..., n_out]."""
        if self.met is not None:
            values = input.detach().flatten()
            n_beyond = max(1, int(values.numel() * CALIBRATION))
            low = values.topk(n_beyond, largest=False).values[-1]
            self.met.append(torch.stack([low, values.topk(n_beyond).values[-1]]))
        if self.zero < 0:
            return super().forward(input)
        steps, scale = self.steps()
        weight = self.weight + (steps * scale - self.weight).detach()
        stepped: Tensor = _Steps.apply(input, self.scale, self.zero)  # type: ignore[no-untyped-call]
        return functional.linear(stepped, weight, self.bias)


def simulated(model: Tagger) -> list[Int8Linear]:
    """Return the maps of ``model`` that are computed in int8, after replacing them."""
    maps = []
    for layer in model.layers:
        for name in ("qkv", "out", "up", "down"):
            old = getattr(layer, name)
            if not isinstance(old, Int8Linear):
                new = Int8Linear(old.in_features, old.out_features)
                new.load_state_dict(old.state_dict(), strict=False)
                setattr(layer, name, new)
            maps.append(getattr(layer, name))
    return maps


def calibrate(model: Tagger, batches: Iterable[Batch]) -> None:
    """Set the first scales from what the model meets in ``batches``."""
    maps = simulated(model)
    model.eval()
    for each in maps:
        each.met = []
    with torch.inference_mode():
        for batch in batches:
            model(batch.ids, batch.cases, batch.lengths)
    for each in maps:
        ends = torch.stack(each.met or [])
        low, high = min(0.0, ends[:, 0].mean().item()), ends[:, 1].mean().item()
        scale = (high - low) / TOP
        each.met = None
        with torch.no_grad():
            each.log_scale.fill_(math.log(scale))
            each.zero.fill_(round(-low / scale))
