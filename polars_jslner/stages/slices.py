"""Stage: columns in slices, those of all callers a few at a time.

A column is cut into slices of some bytes of text, so that memory does not grow with its
rows. Slices wait in line by what is to be done with them, and a few threads of the
process serve them: while the model reads one slice, the next is tokenized and the one
before is put together. What waits in one line is taken up to the size of a slice at
once, so that many small calls cost what one call would.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from polars_jslner import config
from polars_jslner.errors import InputTypeError
from polars_jslner.stages.documents import Documents, read_documents, strings
from polars_jslner.stopping import STOP

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    Annotate = Callable[[Documents, pl.Series | None, int], pl.Series]


def by_slices(
    text: pl.Series,
    spans: pl.Series | None,
    n_bytes: int,
    annotate: Annotate,
    dtype: pl.List,
    key: Hashable,
) -> pl.Series:
    """Annotate a column slice by slice.

    Parameters
    ----------
    text
        The texts.
    spans
        Sentence spans of each text, if the caller found them; where they are null the
        text counts as null.
    n_bytes
        Bytes of text that are annotated together, or one document.
    annotate
        Gets documents, their spans and the row of the first, and returns a series.
    dtype
        Of the result.
    key
        Calls of the same key do the same, so that their rows may go together.

    Raises
    ------
    InputTypeError
        The text has another dtype, or there are not as many spans as texts.
    """
    texts = strings(text)
    if spans is not None and len(spans) != len(text):
        msg = (
            f"sentences: the column has {len(spans)} rows and the text {len(text)}; "
            f"one list of spans a text is needed."
        )
        raise InputTypeError(msg)
    if len(texts) == 0:
        return pl.Series(text.name, [], dtype)
    ends = texts.str.len_bytes().fill_null(0).cast(pl.Int64).cum_sum().to_numpy()
    line = _line((key, n_bytes, None if spans is None else spans.dtype))
    slices = [
        _Slice(
            texts.slice(first, last - first),
            None if spans is None else spans.slice(first, last - first),
            first,
            int(ends[last - 1] - (ends[first - 1] if first else 0)),
            annotate,
        )
        for first, last in cuts(np.concatenate([[0], ends]), n_bytes)
    ]
    line.put(slices, n_bytes)
    try:
        parts = [each.result.result() for each in slices]
    finally:
        for each in slices:
            each.leave()
    return pl.concat(parts, rechunk=False).alias(text.name)


def cuts(offsets: NDArray[np.int64], n_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of runs of texts of ``n_bytes``, or of one text.

    Parameters
    ----------
    offsets
        int64[n_texts + 1], first byte of each text.
    n_bytes
        Most bytes of a run.
    """
    first, n_texts = 0, len(offsets) - 1
    while first < n_texts:
        limit = offsets[first] + n_bytes
        last = int(np.searchsorted(offsets, limit, side="right")) - 1
        last = min(max(last, first + 1), n_texts)
        yield first, last
        first = last


@dataclass(slots=True, eq=False)
class _Slice:
    """Some rows of a call, and what will come of them."""

    text: pl.Series
    spans: pl.Series | None
    row: int
    n_bytes: int
    annotate: Annotate
    result: Future[pl.Series] = field(default_factory=Future)
    companions: _Companions | None = None

    def leave(self) -> None:
        """Say that nobody waits for the result (any more)."""
        with _lock:
            if not self.result.cancel() and self.companions is not None:
                self.companions.leave()

    def run(self) -> pl.Series:
        """Annotate these rows alone."""
        return _annotate(self.annotate, self.text, self.spans, self.row)


@dataclass(slots=True, eq=False)
class _Companions:
    """Slices that are served together, until nobody waits for any of them."""

    waiting: int
    stop: threading.Event = field(default_factory=threading.Event)

    def leave(self) -> None:
        self.waiting -= 1
        if self.waiting == 0:
            self.stop.set()


class _Line:
    """Slices that wait for the same to be done with them."""

    def __init__(self, key: Hashable) -> None:
        self._key = key
        self._waiting: deque[_Slice] = deque()

    def put(self, slices: Sequence[_Slice], n_bytes: int) -> None:
        """Let slices wait, and call for someone to serve each of them."""
        with _lock:
            self._waiting.extend(slices)
        for _ in slices:
            _servers().submit(self._serve, n_bytes)

    def _take(self, n_bytes: int) -> list[_Slice]:
        """Return the slices at the head that go together, none if all are served."""
        taken: list[_Slice] = []
        size = 0
        with _lock:
            while self._waiting:
                if taken and size + self._waiting[0].n_bytes > n_bytes:
                    break
                each = self._waiting.popleft()
                if each.result.set_running_or_notify_cancel():
                    taken.append(each)
                    size += each.n_bytes
            if not self._waiting:
                _lines.pop(self._key, None)
            companions = _Companions(len(taken))
            for each in taken:
                each.companions = companions
        return taken

    def _serve(self, n_bytes: int) -> None:
        taken = self._take(n_bytes)
        if not taken:
            return
        companions = taken[0].companions
        token = STOP.set(companions.stop if companions else None)
        try:
            if len(taken) > 1 and _together(taken):
                return
            for each in taken:
                try:
                    each.result.set_result(each.run())
                except BaseException as error:  # noqa: BLE001  (the caller raises it)
                    each.result.set_exception(error)
        finally:
            STOP.reset(token)


def _together(slices: Sequence[_Slice]) -> bool:
    """Serve slices as one, or say that one of them cannot be served."""
    text = pl.concat([each.text.alias("") for each in slices])
    spans = [each.spans.alias("") for each in slices if each.spans is not None]
    try:
        found = _annotate(
            slices[0].annotate, text, pl.concat(spans) if spans else None, 0
        )
    except Exception:  # noqa: BLE001  (each alone finds out whose it is)
        return False
    bounds = np.cumsum([0, *(len(each.text) for each in slices)])
    for each, (first, last) in zip(slices, pairwise(bounds.tolist()), strict=True):
        each.result.set_result(found.slice(first, last - first))
    return True


def _annotate(
    annotate: Annotate, text: pl.Series, spans: pl.Series | None, row: int
) -> pl.Series:
    documents = read_documents(text)
    if spans is not None:
        documents = documents.mask(spans.is_not_null().to_numpy())
    return annotate(documents, spans, row)


_lock = threading.Lock()
_lines: dict[Hashable, _Line] = {}
_pools: dict[int, ThreadPoolExecutor] = {}


def _line(key: Hashable) -> _Line:
    with _lock:
        return _lines.setdefault(key, _Line(key))


def _servers() -> ThreadPoolExecutor:
    """Return the threads that serve slices: two, more where many run the model."""
    n_servers = 1 + math.ceil(config.n_threads() / 4)
    with _lock:
        if n_servers not in _pools:
            _pools[n_servers] = ThreadPoolExecutor(n_servers, "polars-jslner-slices")
        return _pools[n_servers]
