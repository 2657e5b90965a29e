"""The limit: ONNX Runtime alone on length-sorted batches, forward passes only."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import tokenizers

from polars_jslner.functions import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from polars_jslner.models import Model

BUDGETS = (128, 256, 384, 512, 768, 1024, 2048)


class Ceiling:
    """The distinct sentences of texts, tokenized, and a session to run them.

    Everything that can be done before the clock starts is done here or in `prepare`;
    what is timed is ``session.run`` on ready arrays. It shares no code with the stages
    that it is the measure of.

    Parameters
    ----------
    model
        With a graph in a file of its own (any but Spark NLP's).
    threads
        Workers, each running its own batches with one thread of ONNX Runtime.
    """

    def __init__(self, model: Model, threads: int) -> None:
        if not isinstance(model.onnx, str):
            msg = f"{model.source!r}: its graph is not a file of its own."
            raise TypeError(msg)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            model.onnx, options, ["CPUExecutionProvider"]
        )
        self._dtypes = dict(model.inputs)
        self._output = model.output
        self._max_tokens = model.max_tokens
        self._tokenizer = tokenizers.Tokenizer.from_file(model.tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._pool = ThreadPoolExecutor(threads)

    def tokenize(self, texts: pl.Series, *, distinct: bool = True) -> list[list[int]]:
        """Return the piece ids of each sentence, special ones included.

        Sentences beyond the window are cut into windows without overlap. With
        ``distinct``, sentences that come again are left out.
        """
        found = texts.to_frame("text").select(sentences("text").explode())
        column = found.to_series().struct.field("text").drop_nulls()
        if distinct:
            column = column.unique(maintain_order=True)
        rows: list[list[int]] = []
        for encoding in self._tokenizer.encode_batch(column.to_list()):
            ids: list[int] = encoding.ids
            first, *inner, last = ids
            step = self._max_tokens - 2
            cuts = range(0, max(1, len(inner)), step)
            rows += ([first, *inner[at : at + step], last] for at in cuts)
        return rows

    def prepare(
        self, rows: Sequence[Sequence[int]], budget: int
    ) -> list[dict[str, Any]]:
        """Return batches of at most ``budget`` padded pieces, the longest first."""
        ordered = sorted(rows, key=len, reverse=True)
        batches: list[dict[str, Any]] = []
        at = 0
        while at < len(ordered):
            width = len(ordered[at])
            batch = ordered[at : at + max(1, budget // width)]
            at += len(batch)
            ids = np.zeros((len(batch), width), np.int64)
            mask = np.zeros((len(batch), width), np.int64)
            for i, row in enumerate(batch):
                ids[i, : len(row)] = row
                mask[i, : len(row)] = 1
            arrays = {
                "input_ids": ids,
                "attention_mask": mask,
                "token_type_ids": np.zeros_like(ids),
            }
            batches.append({k: arrays[k].astype(d) for k, d in self._dtypes.items()})
        return batches

    def run(self, batches: Sequence[dict[str, Any]]) -> float:
        """Run the batches on the workers and return the seconds it took."""
        began = time.perf_counter()
        for _ in self._pool.map(self._forward, batches):
            pass
        return time.perf_counter() - began

    def _forward(self, batch: dict[str, Any]) -> None:
        self._session.run([self._output], batch)
