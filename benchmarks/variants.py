"""The forms of the bundled model side by side: quality, size, speed, exactness.

    python benchmarks/variants.py --data FOLDER --work FOLDER

Needs the dependency group ``train`` and the work folder of ``python -m training``, for
the six-layer teacher in fp32 that speeds are compared with. All forms read the same
sentences of dev.jsonl in one interleaved run, through the library with its memo off.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import polars as pl

import polars_jslner as jn
from polars_jslner.bench.machine import describe, summary
from training.__main__ import Run
from training.bundle import write_bundle
from training.card import check_library
from training.data import cut
from training.train import make_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.data import Corpus

BASELINE = "six layers, fp32"


def main() -> None:
    """Print a row for each form."""
    parser = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("POLARS_JSLNER_DATA")
    parser.add_argument("--data", type=Path, default=data, required=data is None)
    parser.add_argument("--work", type=Path, default=Path("work/training"))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    run = Run(options.data, options.work, "sentence")
    documents, corpus = run.corpus("dev")
    bundled = Path(jn.__file__).parent / "models"
    with tempfile.TemporaryDirectory() as folder:
        six = Path(folder) / "six"
        write_bundle(run.load("teacher"), run.base / "tokenizer.json", six, "fp32")
        forms = {
            BASELINE: six,
            "clinical_slim_fp32": bundled / "clinical_slim_fp32",
            "clinical_slim": bundled / "clinical_slim",
        }
        seconds = speed(forms, [each.text for each in documents], options.rounds)
        print(summary(describe()))
        rows = []
        for name, each in forms.items():
            report = check_library(each, documents)
            changed, off = exactness(each / "model.onnx", corpus)
            rows.append(
                {
                    "form": name,
                    "micro-F1": report.micro.f1,
                    "macro-F1": report.macro,
                    "MB": (each / "model.onnx").stat().st_size / 1e6,
                    "pieces/s": len(corpus.ids) / seconds[name],
                    "times": seconds[BASELINE] / seconds[name],
                    "tags changed": changed,
                    "score off": off,
                }
            )
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=140, float_precision=3):
        print(pl.DataFrame(rows))


def speed(
    forms: dict[str, Path], texts: Sequence[str], rounds: int
) -> dict[str, float]:
    """Return the median seconds of each form, which take turns."""
    jn.configure(memo_mb=0)
    frame = pl.DataFrame({"text": texts})
    seconds: dict[str, list[float]] = {name: [] for name in forms}
    for turn in range(rounds + 1):
        for name, folder in forms.items():
            began = time.perf_counter()
            frame.select(jn.entities("text", str(folder)))
            if turn:  # the first loads and compiles
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in seconds.items()}


def exactness(graph: Path, corpus: Corpus) -> tuple[int, float]:
    """Say how much the company of a sentence changes.

    Returns
    -------
    changed, off
        Pieces whose best tag differs between batches of one, 32 of like length and 32
        at random, and the largest difference of a probability.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(graph), options)
    runs = cut(corpus)
    n_groups = -(-len(runs) // 32)
    order = np.argsort(runs[:, 1] - runs[:, 0], kind="stable")
    mixed = np.random.default_rng(1).permutation(len(runs))
    alone = probabilities(session, corpus, np.array_split(runs, len(runs)))
    changed, off = 0, 0.0
    for arrangement in (order, mixed):
        groups = np.array_split(runs[arrangement], n_groups)
        other = probabilities(session, corpus, groups)
        changed += int((alone.argmax(1) != other.argmax(1)).sum())
        off = max(off, float(np.abs(alone - other).max()))
    return changed, off


def probabilities(
    session: onnxruntime.InferenceSession,
    corpus: Corpus,
    groups: Sequence[NDArray[np.int64]],
) -> NDArray[np.float32]:
    """Return float32[n_pieces, n_tags] for sequences in batches."""
    found: NDArray[np.float32] | None = None
    for group in groups:
        batch = make_batch(corpus, group)
        ids = batch.ids.numpy()
        feed = {
            "input_ids": ids,
            "token_type_ids": batch.cases.numpy(),
            "attention_mask": (
                np.arange(ids.shape[1]) < batch.lengths.numpy()[:, None]
            ).astype(np.int64),
        }
        (logits,) = session.run(["logits"], feed)
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        if found is None:
            found = np.zeros((len(corpus.ids), logits.shape[-1]), np.float32)
        inside = batch.pieces.numpy() >= 0
        found[batch.pieces.numpy()[inside]] = (powers / powers.sum(-1, keepdims=True))[
            inside
        ]
    assert found is not None  # noqa: S101  (there is text)
    return found


if __name__ == "__main__":
    main()
