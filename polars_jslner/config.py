"""Settings of the whole process: threads, batch size, execution providers."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polars_jslner.errors import OptionError

if TYPE_CHECKING:
    Provider = str | tuple[str, dict[str, Any]]

# Padded tokens a batch. Measured on length-sorted clinical sentences with one thread a
# worker: 256 to 512 differ by 4 % (384 leads with int8, 512 with fp32 by 1 %),
# from 768 on the activations leave the cache.
BATCH_TOKENS = 384

MEMO_MB = 64

MOST = 2**31 - 1  # of any number that is set

# ONNX Runtime keeps an identifier and events in the home folder from its import on, and
# complains where it cannot, unless it is told not to before.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# With these ONNX Runtime runs one batch at a time whatever the number of threads.
GPU_PROVIDERS = (
    "CoreMLExecutionProvider",
    "CUDAExecutionProvider",
    "DmlExecutionProvider",
    "MIGraphXExecutionProvider",
    "NvTensorRTRTXExecutionProvider",
    "ROCMExecutionProvider",
    "TensorrtExecutionProvider",
    "WebGpuExecutionProvider",
)


@dataclass(frozen=True, slots=True)
class Config:
    """What `configure` sets; None stands for a default found out at run time."""

    threads: int | None = None
    batch_tokens: int = BATCH_TOKENS
    memo_mb: int = MEMO_MB
    providers: tuple[Provider, ...] = ("CPUExecutionProvider",)


_lock = threading.Lock()
_current = Config()
_listeners: list[Callable[[], None]] = []


def current() -> Config:
    """Return the settings in force."""
    return _current


def configure(
    *,
    threads: int | None = None,
    batch_tokens: int | None = None,
    memo_mb: int | None = None,
    providers: Sequence[Provider] | None = None,
) -> None:
    """Change settings of the whole process; what is not given stays as it is.

    Parameters
    ----------
    threads
        Workers that run the model, shared by all callers. Without it: the environment
        variable POLARS_JSLNER_THREADS, else the CPUs that this process may use
        (affinity, cgroup quota and POLARS_MAX_THREADS, whichever is least).
    batch_tokens
        Padded tokens of one batch, 384 at first. Results do not depend on it.
    memo_mb
        Megabytes (10^6 bytes) of results that are kept for sentences that come again,
        64 at first; 0 keeps none. What is beyond a lower number is forgotten at once.
    providers
        ONNX Runtime execution providers in order of preference, each a name or a
        (name, options) pair. Models in use are loaded anew with them; one that then
        does not start is an OptionError, too.

    Raises
    ------
    OptionError
        A number is too small or too large, or a provider is not part of the installed
        ONNX Runtime.
    """
    global _current
    changes: dict[str, Any] = {}
    if threads is not None:
        changes["threads"] = check_threads(threads)
    if batch_tokens is not None:
        changes["batch_tokens"] = whole_number("batch_tokens", batch_tokens, 1)
    if memo_mb is not None:
        changes["memo_mb"] = whole_number("memo_mb", memo_mb, 0)
    if providers is not None:
        if isinstance(providers, str) or not isinstance(providers, Sequence):
            msg = f"providers={providers!r} is not a list of execution providers."
            raise OptionError(msg)
        changes["providers"] = _available(tuple(providers))
    with _lock:
        _current = replace(_current, **changes)
    for adapt in _listeners:
        adapt()


def on_change(adapt: Callable[[], None]) -> Callable[[], None]:
    """Have ``adapt`` called whenever settings have changed; a decorator."""
    _listeners.append(adapt)
    return adapt


def check_threads(threads: int) -> int:
    """Return a number of threads, or raise an OptionError if it is none."""
    return whole_number("threads", threads, 1)


def whole_number(name: str, value: object, least: int) -> int:
    """Return a number, or raise an OptionError if it is no whole one from ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        msg = f"{name}={value!r} is not a whole number of at least {least}."
        raise OptionError(msg)
    if value > MOST:
        msg = f"{name}={value!r} is too large; {MOST} is the most."
        raise OptionError(msg)
    return value


def _available(providers: tuple[Provider, ...]) -> tuple[Provider, ...]:
    import onnxruntime

    known = onnxruntime.get_available_providers()
    if not providers or not all(map(_is_provider, providers)):
        msg = (
            f"providers={list(providers)!r}: one or more are needed, each a name or a "
            f"(name, options) pair."
        )
        raise OptionError(msg)
    names = [p if isinstance(p, str) else p[0] for p in providers]
    if len(set(names)) < len(names):
        msg = f"providers={list(names)!r} names one of them twice."
        raise OptionError(msg)
    absent = [name for name in names if name not in known]
    if absent:
        msg = (
            f"providers={list(names)!r}: {absent!r} not in this ONNX Runtime, "
            f"which has {known!r}. Install the onnxruntime build that brings it "
            f"(onnxruntime-gpu for CUDA and TensorRT)."
        )
        raise OptionError(msg)
    return providers


def _is_provider(given: object) -> bool:
    match given:
        case str() | (str(), dict()):
            return True
        case _:
            return False


def n_threads() -> int:
    """Return the number of workers: configured, else what this process may use."""
    configured = _current.threads
    if configured is not None:
        return configured
    given = os.environ.get("POLARS_JSLNER_THREADS")
    if given:
        return whole_number("POLARS_JSLNER_THREADS", _number(given), 1)
    limits = [_affinity(), _quota()]
    polars_threads = _number(os.environ.get("POLARS_MAX_THREADS", ""))
    if isinstance(polars_threads, int) and polars_threads > 0:
        limits.append(polars_threads)
    return max(1, min(limits))


def n_workers() -> int:
    """Return the threads that run the model: one where a GPU does the work."""
    first = _current.providers[0]
    name = first if isinstance(first, str) else first[0]
    return 1 if name in GPU_PROVIDERS else n_threads()


def _number(text: str) -> int | str:
    return int(text) if text.strip().isdecimal() else text


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _quota() -> int:
    """Return the CPUs that the cgroup (v2, else v1) grants, at least 1.

    Asked for once: every call needs it, and a file is slow beside a small call.
    """
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()[:2]
    except (OSError, ValueError):
        folder = Path("/sys/fs/cgroup/cpu")
        try:
            quota = (folder / "cpu.cfs_quota_us").read_text("ascii").strip()
            period = (folder / "cpu.cfs_period_us").read_text("ascii").strip()
        except OSError:
            return os.cpu_count() or 1
    if quota in ("max", "-1"):
        return os.cpu_count() or 1
    return max(1, math.ceil(int(quota) / int(period)))
