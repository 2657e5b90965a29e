"""What a run is asked for: the labels, or its teachers' beliefs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.data import IGNORED
from training.labels import N_TAGS
from training.train import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.data import Corpus

Loss = Callable[[Tensor, Batch], Tensor]
HARD: Final = 0.3  # share of the annotation in what a student learns


def tag_loss(smoothing: float) -> Loss:
    """Return the cross entropy of the words' tags."""

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        return functional.cross_entropy(
            logits.flatten(0, 1),
            batch.tags.flatten(),
            ignore_index=IGNORED,
            label_smoothing=smoothing,
        )

    return loss


def belief_loss(beliefs: NDArray[np.float16]) -> Loss:
    """Return the cross entropy against float16[n_pieces, N_TAGS] probabilities."""
    table = torch.from_numpy(beliefs)

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        words = batch.tags != IGNORED
        wanted = table[batch.pieces[words]].float()
        return -(wanted * torch.log_softmax(logits[words], -1)).sum(-1).mean()

    return loss


def beliefs_of(
    logits: Sequence[NDArray[np.float32]], labelled: Corpus
) -> NDArray[np.float16]:
    """Average the teachers' probabilities, and mix the annotation in where it is.

    Parameters
    ----------
    logits
        float32[n_pieces, N_TAGS] of each teacher.
    labelled
        The annotated corpus, which the first pieces are of.
    """
    mean = np.zeros_like(logits[0])
    for one in logits:
        mean += torch.from_numpy(one).softmax(-1).numpy() / len(logits)
    words = np.flatnonzero(labelled.tags != IGNORED)
    mean[words] *= 1 - HARD
    mean[words] += HARD * np.eye(N_TAGS, dtype=np.float32)[labelled.tags[words]]
    return mean.astype(np.float16)
