"""Stage: ONNX Runtime sessions and the workers that all callers of a process share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import onnxruntime

from polars_jslner import config
from polars_jslner.errors import InferenceError, ModelFormatError, OptionError
from polars_jslner.kernels.batches import fill_batch, keep_best
from polars_jslner.stopping import STOP, go_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polars_jslner.models.model import Model
    from polars_jslner.stages.windows import Windows

Details = Literal["probabilities", "logits"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What stands around and between the pieces of a sequence.

    Parameters
    ----------
    prefix, suffix
        int64[...], special token ids before and after the pieces.
    pad_id
        Id that fills a batch up to its longest sequence.
    masks_zero
        Whether the model is not to look at ids of 0, whatever they are, and at nothing
        else; otherwise it does not look beyond the end of a sequence.
    """

    prefix: NDArray[np.int64]
    suffix: NDArray[np.int64]
    pad_id: int
    masks_zero: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What the model says of each piece.

    Parameters
    ----------
    tags
        int32[n_pieces], index of the most probable tag.
    scores
        float32[n_pieces], its probability.
    details
        float32[n_pieces, n_tags], the probabilities or the logits of all tags; no rows
        unless they were asked for.
    """

    tags: NDArray[np.int32]
    scores: NDArray[np.float32]
    details: NDArray[np.float32]


def classify(
    model: Model,
    ids: NDArray[np.int64],
    types: NDArray[np.int64] | None,
    frame: Frame,
    windows: Windows,
    batches: Sequence[NDArray[np.int64]],
    *,
    details: Details | None = None,
) -> Predictions:
    """Run ``batches`` on the shared workers and keep what each piece needs.

    Parameters
    ----------
    model
        Whose session runs; it is made at the first call and shared from then on.
    ids
        int64[n_pieces], vocabulary ids.
    types
        int64[n_pieces], token types, or None for zeros.
    frame
        Special tokens of this model.
    windows
        Windows over the pieces.
    batches
        int64[...] each, window indices, the longest first.
    details
        What to keep of all tags: ``probabilities``, ``logits`` or nothing.

    Raises
    ------
    ModelFormatError
        ONNX Runtime cannot load the model, or its output has the wrong shape.
    InferenceError
        The model failed, or gave something that is not a number.
    """
    n_pieces = len(ids)
    n_tags = count_classes(model) if batches else len(model.tags)
    result = Predictions(
        np.zeros(n_pieces, np.int32),
        np.zeros(n_pieces, np.float32),
        np.zeros((n_pieces if details else 0, n_tags), np.float32),
    )
    if not batches:
        return result
    session = load_session(model)
    raw = details == "logits"

    stop = STOP.get()

    def run(rows: NDArray[np.int64]) -> None:
        go_on(stop)
        _run_batch(session, model, ids, types, frame, windows, rows, result, raw=raw)

    futures = [_workers().submit(run, rows) for rows in batches]
    try:
        for future in futures:
            future.result()
    finally:
        for future in futures:
            future.cancel()
    return result


def _run_batch(
    session: onnxruntime.InferenceSession,
    model: Model,
    ids: NDArray[np.int64],
    types: NDArray[np.int64] | None,
    frame: Frame,
    windows: Windows,
    rows: NDArray[np.int64],
    result: Predictions,
    *,
    raw: bool,
) -> None:
    starts, lengths = windows.starts, windows.lengths
    batch, mask = fill_batch(
        ids, starts, lengths, rows, frame.prefix, frame.suffix, frame.pad_id
    )
    if frame.masks_zero:
        mask = (batch != 0).astype(np.int64)
    feed: dict[str, NDArray[np.int64]] = {"input_ids": batch, "attention_mask": mask}
    if "token_type_ids" in model.inputs:
        if types is None:
            feed["token_type_ids"] = np.zeros_like(batch)
        else:
            feed["token_type_ids"], _ = fill_batch(
                types, starts, lengths, rows, frame.prefix * 0, frame.suffix * 0, 0
            )
    inputs = {name: feed[name].astype(d) for name, d in model.inputs.items()}
    try:
        output: Any = session.run([model.output], inputs)
    except Exception as error:  # ONNX Runtime has no public exception type
        msg = (
            f"ONNX Runtime failed on a batch of {batch.shape[0]} sequences of "
            f"{batch.shape[1]} tokens ({type(error).__name__})."
        )
        raise InferenceError(msg) from error
    logits = output[0]
    expected = (*batch.shape, result.details.shape[1])
    if logits.shape != expected:
        msg = (
            f"{model.source}: output {model.output!r} has shape {logits.shape}, "
            f"{expected} (batch, sequence, tags) is needed."
        )
        raise ModelFormatError(msg)
    finite = keep_best(
        np.ascontiguousarray(logits, np.float32),
        starts,
        windows.owned_starts,
        windows.owned_ends,
        rows,
        len(frame.prefix),
        result.tags,
        result.scores,
        result.details,
        raw,
    )
    if not finite:
        msg = f"{model.source}: the model gave values that are not finite numbers."
        raise InferenceError(msg)


_lock = threading.Lock()
_sessions: dict[tuple[Model, str], onnxruntime.InferenceSession] = {}
_pools: dict[int, ThreadPoolExecutor] = {}


def count_classes(model: Model) -> int:
    """Return the number of the graph's classes; Spark NLP may have named fewer.

    Raises
    ------
    ModelFormatError
        ONNX Runtime cannot load the model.
    """
    outputs = load_session(model).get_outputs()
    shape = next(port.shape for port in outputs if port.name == model.output)
    fixed = shape[-1] if shape else None
    return fixed if isinstance(fixed, int) else len(model.tags)


def load_session(model: Model) -> onnxruntime.InferenceSession:
    """Return the session of ``model``, made once in a process and shared by all.

    One intra-op thread (the workers are the parallelism), no spinning, an arena that
    grows by what is asked for only, and no plan of memory kept for each shape of batch:
    there is no end of shapes.
    """
    providers = config.current().providers
    key = (model, repr(providers))
    with _lock:
        if key not in _sessions:
            for other in [other for other in _sessions if other[1] != key[1]]:
                del _sessions[other]
            _sessions[key] = _make_session(model, list(providers))
        return _sessions[key]


def _make_session(model: Model, providers: list[Any]) -> onnxruntime.InferenceSession:
    onnxruntime.disable_telemetry_events()  # if it was imported before our settings
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_mem_pattern = False
    options.log_severity_level = 3  # warnings of the graph optimiser help nobody here
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if providers == ["CPUExecutionProvider"]:
        arena = {"arena_extend_strategy": "kSameAsRequested"}
        providers = [("CPUExecutionProvider", arena)]
    graph = model.read_graph()
    try:
        # No falling back to the CPU where a provider does not start.
        session = onnxruntime.InferenceSession(
            graph, options, providers, enable_fallback=0
        )
    except Exception as error:  # ONNX Runtime has no public exception type
        msg = (
            f"{model.source!r}: ONNX Runtime cannot load its graph with "
            f"providers={providers!r}: {error}"
        )
        raise ModelFormatError(msg) from error
    check_started(session, providers)
    inputs = [port.name for port in session.get_inputs()]
    outputs = [port.name for port in session.get_outputs()]
    if set(inputs) != set(model.inputs) or model.output not in outputs:
        msg = (
            f"{model.source!r}: its graph has the inputs {inputs} and the outputs "
            f"{outputs}; {list(model.inputs)} and {model.output!r} are needed."
        )
        raise ModelFormatError(msg)
    return session


def check_started(session: onnxruntime.InferenceSession, providers: list[Any]) -> None:
    """Raise an OptionError if a session runs without a provider that was asked for.

    ONNX Runtime goes on with the CPU where a GPU's libraries are not found.
    """
    names = [each if isinstance(each, str) else each[0] for each in providers]
    missing = [name for name in names if name not in session.get_providers()]
    if missing:
        msg = (
            f"ONNX Runtime did not start {', '.join(map(repr, missing))} (its own "
            f"message says why: often a driver or library that is not there). Mend "
            f"that, or leave it out of configure(providers=...)."
        )
        raise OptionError(msg)


def _workers() -> ThreadPoolExecutor:
    n_threads = config.n_workers()
    with _lock:
        if n_threads not in _pools:
            _pools[n_threads] = ThreadPoolExecutor(n_threads, "polars-jslner")
        return _pools[n_threads]
