"""Batches, the loss and the training loop."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from training.data import IGNORED, Corpus, cut, tag_spans
from training.evaluate import Report, score
from training.labels import N_TAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from training.data import Document
    from training.model import Tagger

CLS: Final = 101
SEP: Final = 102
MASK: Final = 103
SCALE_RATE: Final = 10  # learning rate of int8 scales, in times of the others'
N_CALIBRATED: Final = 24  # batches
CALIBRATED: Final = 1536  # padded pieces of each
BUCKET: Final = 64  # batches' worth of sequences that are sorted by length together


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is trained.

    Parameters
    ----------
    epochs
        Times each sentence is seen.
    rate
        Peak of the learning rate; linear warm-up before, linear decay after it.
    batch
        Padded pieces of a batch.
    smoothing
        Share of the label's probability that is spread over all tags.
    masking
        Share of the pieces that are replaced by [MASK].
    decay
        Weight decay.
    warmup
        Share of the steps in which the learning rate rises.
    context
        Whether sentences are read together with their neighbours.
    int8
        Whether the int8 arithmetic is simulated.
    seed
        Of the order, of dropout and of the masking.
    """

    epochs: float = 5.0
    rate: float = 4e-4
    batch: int = 1536
    smoothing: float = 0.1
    masking: float = 0.0
    decay: float = 0.01
    warmup: float = 0.06
    context: bool = False
    int8: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Padded sequences.

    Parameters
    ----------
    ids, cases, tags
        int64[batch, pieces] with [CLS] and [SEP]; tags are IGNORED there.
    lengths
        int64[batch].
    pieces
        int64[batch, pieces], index in the corpus, -1 for special pieces and padding.
    """

    ids: Tensor
    cases: Tensor
    tags: Tensor
    lengths: Tensor
    pieces: Tensor


def make_batch(corpus: Corpus, runs: NDArray[np.int64]) -> Batch:
    """Pad the runs of pieces to one length."""
    lengths = runs[:, 1] - runs[:, 0] + 2
    width = int(lengths.max())
    order = np.arange(width)
    pieces = runs[:, :1] + order - 1
    pieces[(order == 0) | (order >= lengths[:, None] - 1)] = -1
    inside = pieces >= 0
    ids = np.where(inside, corpus.ids[pieces], 0)
    ids[:, 0] = CLS
    ids[np.arange(len(runs)), lengths - 1] = SEP
    cases = np.where(inside, corpus.cases[pieces], 0)
    tags = np.where(inside, corpus.tags[pieces], IGNORED)
    return Batch(*map(torch.from_numpy, (ids, cases, tags, lengths, pieces)))


def batches(
    runs: NDArray[np.int64], size: int, random: np.random.Generator | None
) -> Iterator[NDArray[np.int64]]:
    """Group runs of like length into batches of at most ``size`` padded pieces."""
    lengths = runs[:, 1] - runs[:, 0] + 2
    if random is None:
        buckets = [np.argsort(lengths, kind="stable")]
    else:
        order = random.permutation(len(runs))
        ends = np.cumsum(lengths[order])
        n_buckets = max(1, int(ends[-1]) // (BUCKET * size)) if len(ends) else 1
        cuts = np.searchsorted(ends, ends[-1] / n_buckets * np.arange(1, n_buckets))
        buckets = [b[np.argsort(lengths[b])] for b in np.split(order, cuts)]
    groups: list[NDArray[np.int64]] = []
    for bucket in buckets:
        first = 0
        for last in range(1, len(bucket) + 1):
            full = last == len(bucket)
            if full or (last + 1 - first) * lengths[bucket[last]] > size:
                groups.append(bucket[first:last])
                first = last
    if random is not None:
        groups = [groups[i] for i in random.permutation(len(groups))]
    for group in groups:
        yield runs[group]


def calibration(corpus: Corpus) -> Iterator[Batch]:
    """Yield the batches whose activations set the first int8 scales."""
    random = np.random.default_rng(0)
    for group in islice(batches(cut(corpus), CALIBRATED, random), N_CALIBRATED):
        yield make_batch(corpus, group)


def predict(
    model: Tagger, corpus: Corpus, size: int = 4096, *, context: bool = False
) -> NDArray[np.float32]:
    """Return float32[n_pieces, N_TAGS]: the logits of every piece."""
    logits = np.zeros((len(corpus.ids), N_TAGS), np.float32)
    model.eval()
    with torch.inference_mode():
        for group in batches(cut(corpus, context=context), size, None):
            batch = make_batch(corpus, group)
            out = model(batch.ids, batch.cases, batch.lengths)
            inside = batch.pieces >= 0
            logits[batch.pieces[inside].numpy()] = out[inside].numpy()
    return logits


def evaluate(
    model: Tagger,
    documents: Sequence[Document],
    corpus: Corpus,
    *,
    context: bool = False,
) -> Report:
    """Score the model on annotated documents, the best tag of each word alone."""
    tags = predict(model, corpus, context=context).argmax(1)
    return score(documents, tag_spans(corpus, tags))


def fit(
    model: Tagger,
    corpus: Corpus,
    settings: Settings,
    loss: Callable[[Tensor, Batch], Tensor],
    after_epoch: Callable[[dict[str, Any]], None],
) -> None:
    """Train ``model`` in place."""
    torch.manual_seed(settings.seed)
    random = np.random.default_rng(settings.seed)
    runs = cut(corpus, context=settings.context)
    steps_per_epoch = sum(1 for _ in batches(runs, settings.batch, random))
    total = math.ceil(steps_per_epoch * settings.epochs)
    warmup = max(1, int(total * settings.warmup))
    words = model.words.weight  # its gradient is sparse: most words are not in a batch
    parameters = [p for p in model.parameters() if p is not words]
    sparse = torch.optim.SparseAdam([words], lr=settings.rate)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.dim() > 1]},
        {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
        {  # scales of the int8 simulation: few, logarithms, and behind in their units
            "params": [p for p in parameters if p.dim() == 0],
            "weight_decay": 0.0,
            "times": SCALE_RATE,
        },
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=settings.rate, weight_decay=settings.decay, fused=True
    )
    step, epoch = 0, 0
    while step < total:
        model.train()
        began, losses = time.perf_counter(), []
        for group in batches(runs, settings.batch, random):
            if step >= total:
                break
            done = (step - warmup) / max(1, total - warmup)
            share = (step + 1) / warmup if step < warmup else 1 - done
            for parameter_group in (*optimizer.param_groups, *sparse.param_groups):
                times = parameter_group.get("times", 1)
                parameter_group["lr"] = settings.rate * share * times
            batch = make_batch(corpus, group)
            ids = batch.ids
            if settings.masking:
                masked = torch.rand(ids.shape) < settings.masking
                ids = torch.where(masked & (batch.pieces >= 0), MASK, ids)
            value = loss(model(ids, batch.cases, batch.lengths), batch)
            value.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            sparse.step()  # type: ignore[no-untyped-call]
            model.zero_grad()
            losses.append(value.item())
            step += 1
        epoch += 1
        after_epoch(
            {
                "epoch": epoch,
                "step": step,
                "loss": round(float(np.mean(losses)), 4),
                "seconds": round(time.perf_counter() - began, 1),
            }
        )
