"""The bar on standard error: how far, how fast."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_FORMAT = "{percentage:3.0f}% |{bar}| {desc} [{elapsed}<{remaining}]"


class Progress:
    """Counts bytes of source files, and shows rates of rows and words.

    Parameters
    ----------
    n_files
        Number of files.
    n_bytes
        Their size together.
    shown
        Whether there is a bar, if standard error is a terminal.
    """

    def __init__(self, n_files: int, n_bytes: int, *, shown: bool) -> None:
        from tqdm import tqdm

        self._bar: Any = tqdm(
            total=n_bytes,
            disable=None if shown else True,
            bar_format=_FORMAT,
            dynamic_ncols=True,
            leave=False,
        )
        self._n_files = n_files
        self._files = self._rows = self._words = 0
        self._size = self._done = 0  # bytes of the file in hand
        self._began = time.monotonic()
        self._show()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()

    def start(self, n_bytes: int) -> None:
        """Begin a file of that size."""
        self._size, self._done = n_bytes, 0

    def move(self, share: float) -> None:
        """Be so far in the file, in [0, 1]."""
        done = int(self._size * min(share, 1.0))
        self._bar.update(max(0, done - self._done))
        self._done = max(done, self._done)

    def count(self, rows: int, words: int) -> None:
        """Add what was read."""
        self._rows += rows
        self._words += words
        self._show()

    def finish(self) -> None:
        """Be done with a file."""
        self._files += 1
        self.move(1.0)
        self._show()

    def _show(self) -> None:
        seconds = max(time.monotonic() - self._began, 1e-9)
        text = f"{self._files}/{self._n_files} files"
        if self._rows:
            rows, words = self._rows / seconds, self._words / seconds
            text += f" {self._rows:,} rows {rows:,.0f} rows/s {words:,.0f} words/s"
        self._bar.set_description_str(text)
