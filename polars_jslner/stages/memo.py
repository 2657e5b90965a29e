"""Stage: what was found in sentences that were read before.

Clinical notes repeat themselves, and what is found in a sentence depends on nothing but
the sentence, the model and a few options. So results are kept, up to a number of bytes,
and the sentences asked for longest ago are forgotten first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner import config
from polars_jslner.stages.chunks import Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

_ROW_BYTES = 16  # start, end, label and score of a span, 4 bytes each
_ENTRY_BYTES = 250  # measured: two objects, the key's tuple and a place in the table

_lock = threading.Lock()
_kept: OrderedDict[tuple[Hashable, str], bytes] = OrderedDict()
_n_bytes = 0
_n_seen = _n_scored = 0


def recall(
    texts: Sequence[str], key: Hashable, read: Callable[[Sequence[str]], Spans]
) -> Spans:
    """Return the spans of ``texts``, reading those only that are not known yet.

    Parameters
    ----------
    texts
        Distinct sentences.
    key
        All that the result depends on beside the sentence.
    read
        Finds the spans of sentences.
    """
    if _limit() == 0:
        count(0, len(texts))
        return read(texts)
    with _lock:
        known = [_look_up((key, text)) for text in texts]
    unknown = [i for i, packed in enumerate(known) if packed is None]
    if unknown:
        fresh = _pack(read([texts[i] for i in unknown]))
        count(0, len(unknown))
        for i, packed in zip(unknown, fresh, strict=True):
            known[i] = packed
        with _lock:
            for i, packed in zip(unknown, fresh, strict=True):
                _keep((key, texts[i]), packed)
            _forget()
    return _unpack([packed for packed in known if packed is not None])


def clear() -> None:
    """Forget everything."""
    global _n_bytes
    with _lock:
        _kept.clear()
        _n_bytes = 0


def count(n_seen: int, n_scored: int = 0) -> None:
    """Count sentences that are asked for, and those that a model reads.

    `recall` counts what it reads itself.
    """
    global _n_seen, _n_scored
    with _lock:
        _n_seen += n_seen
        _n_scored += n_scored


def counts() -> tuple[int, int]:
    """Return how many sentences this process has seen, and sent through a model."""
    with _lock:
        return _n_seen, _n_scored


def n_bytes() -> int:
    """Return the bytes that are kept, about."""
    return _n_bytes


def _look_up(key: tuple[Hashable, str]) -> bytes | None:
    packed = _kept.get(key)
    if packed is not None:
        _kept.move_to_end(key)
    return packed


def _keep(key: tuple[Hashable, str], packed: bytes) -> None:
    global _n_bytes
    if key not in _kept:
        _kept[key] = packed
        _n_bytes += _size(key, packed)


def _limit() -> int:
    return config.current().memo_mb * 1_000_000


def _forget() -> None:
    global _n_bytes
    limit = _limit()
    while _n_bytes > limit:
        key, packed = _kept.popitem(last=False)
        _n_bytes -= _size(key, packed)


@config.on_change
def _shrink() -> None:
    with _lock:
        _forget()


def _size(key: tuple[Hashable, str], packed: bytes) -> int:
    return len(key[1]) + len(packed) + _ENTRY_BYTES


def _pack(spans: Spans) -> list[bytes]:
    """Return the spans of each sentence as bytes, int32[n_spans, 4]."""
    table = np.empty((len(spans.starts), 4), np.int32)
    table[:, 0] = spans.starts
    table[:, 1] = spans.ends
    table[:, 2] = spans.labels
    table[:, 3] = spans.scores.view(np.int32)
    packed = table.tobytes()
    bounds = (spans.offsets * _ROW_BYTES).tolist()
    return [packed[a:b] for a, b in pairwise(bounds)]


def _unpack(packed: list[bytes]) -> Spans:
    offsets = np.zeros(len(packed) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, packed), np.int64, len(packed)), out=offsets[1:])
    table = np.frombuffer(b"".join(packed), np.int32).reshape(-1, 4)
    return Spans(
        offsets // _ROW_BYTES,
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.int64),
        np.ascontiguousarray(table[:, 2]),
        np.ascontiguousarray(table[:, 3]).view(np.float32),
    )
