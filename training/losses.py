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
# Share of the annotation in what a student learns from each text; the rest is belief.
ANNOTATION: Final = {"train": 0.3, "unlabelled": 0.0, "passages": 1.0}


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
    logits: Sequence[NDArray[np.float32]],
    corpus: Corpus,
    shares: NDArray[np.float32],
) -> NDArray[np.float16]:
    """Average the teachers' probabilities, and mix the annotation in where it is.

    Parameters
    ----------
    logits
        float32[n_pieces, N_TAGS] of each teacher.
    corpus
        What they were asked about.
    shares
        float32[n_pieces], share of the annotation in what is to be learned.
    """
    mean = np.zeros_like(logits[0])
    for one in logits:
        mean += torch.from_numpy(one).softmax(-1).numpy() / len(logits)
    words = np.flatnonzero(corpus.tags != IGNORED)
    share = shares[words, None]
    mean[words] *= 1 - share
    mean[words] += share * np.eye(N_TAGS, dtype=np.float32)[corpus.tags[words]]
    return mean.astype(np.float16)
