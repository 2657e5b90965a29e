"""Stage: columns in slices, those of all callers a few at a time.

A column is cut into slices of some bytes of text, so that memory does not grow with its
rows. Slices wait in line by what is to be done with them, and a few threads of the
process serve them: while the model reads one slice, the next is tokenized and the one
before is put together. What waits in one line is taken up to the size of a slice at
once, so that many small calls cost what one call would.

The callers may be all the threads that Polars has, and they wait here. So what is done
with a slice must not need those threads: its input and output are NumPy and Arrow, and
Polars is used on the caller's side only.
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
import pyarrow as pa

from polars_jslner import config
from polars_jslner.stages.documents import concatenate, read_documents
from polars_jslner.stages.sentences import join, read_spans
from polars_jslner.stopping import STOP

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from polars_jslner.stages.documents import Documents
    from polars_jslner.stages.sentences import Given

    Annotate = Callable[[Documents, Given | None, int], pa.Array]

INTERRUPT_SECONDS = 0.1  # between two looks for a Ctrl-C

_NOTHING = pl.DataFrame({"nothing": [0]})


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
        Gets documents, their spans and the row of the first, and returns an array. It
        must not call Polars (see above).
    dtype
        Of the result.
    key
        Calls of the same key do the same, so that their rows may go together.

    Raises
    ------
    InputTypeError
        The text has another dtype, or there are not as many spans as texts.
    OptionError
        A span is not inside its text, or has no start or end.
    ModelFormatError, InferenceError
        As `annotate` raises them.
    """
    documents, given = read_documents(text), None
    if spans is not None:
        given = read_spans(spans, documents.valid)
        documents = documents.mask(given.valid)
    if len(documents) == 0:
        return pl.Series(text.name, [], dtype)
    slices = [
        _Slice(
            documents.part(first, last),
            None if given is None else given.part(first, last),
            first,
            annotate,
        )
        for first, last in cuts(documents.offsets, n_bytes)
    ]
    _line((key, n_bytes, given is None)).put(slices, n_bytes)
    try:
        parts = [_wait(each.result) for each in slices]
    finally:
        with _lock:  # nobody is to begin with one while the others are called off
            for each in slices:
                each.leave()
    return pl.Series(text.name, pa.chunked_array(parts), dtype)


def _wait(result: Future[pa.Array]) -> pa.Array:
    """Return the result, or raise KeyboardInterrupt soon after it was asked for.

    While a query runs Polars handles the signal. It restarts a wait that the signal
    meets, so the main thread sees it between waits only; other threads learn of it from
    Polars, by any query.
    """
    while True:
        try:
            return result.result(INTERRUPT_SECONDS)
        except TimeoutError:
            if result.done():
                raise  # it is the result's own
            if threading.current_thread() is not threading.main_thread():
                _NOTHING.select("nothing")


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

    documents: Documents
    given: Given | None
    row: int
    annotate: Annotate
    result: Future[pa.Array] = field(default_factory=Future)
    companions: _Companions | None = None

    def leave(self) -> None:
        """Say that nobody waits for the result (any more)."""
        if not self.result.cancel() and self.companions is not None:
            self.companions.leave()

    @property
    def n_bytes(self) -> int:
        """Bytes of its text."""
        return int(self.documents.offsets[-1] - self.documents.offsets[0])

    def run(self) -> pa.Array:
        """Annotate these rows alone."""
        return self.annotate(self.documents, self.given, self.row)


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

    def _take(self, n_bytes: int) -> tuple[list[_Slice], threading.Event]:
        """Return the slices at the head that go together, none if all are served.

        The event is set when nobody waits for any of them.
        """
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
        return taken, companions.stop

    def _serve(self, n_bytes: int) -> None:
        """Serve what is at the head, unless others served it with theirs."""
        taken, stop = self._take(n_bytes)
        if not taken:
            return
        token = STOP.set(stop)
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
    documents = concatenate([each.documents for each in slices])
    givens = [each.given for each in slices if each.given is not None]
    try:
        found = slices[0].annotate(documents, join(givens) if givens else None, 0)
    except Exception:  # noqa: BLE001  (each alone finds out whose it is)
        return False
    bounds = np.cumsum([0, *(len(each.documents) for each in slices)])
    for each, (first, last) in zip(slices, pairwise(bounds.tolist()), strict=True):
        each.result.set_result(found.slice(first, last - first))
    return True


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
