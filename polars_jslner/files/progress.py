"""The bar on standard error: how far, how fast, how much of it known already."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from polars_jslner.stages import memo

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# What is cut off where the terminal is narrow comes last.
_FORMAT = "{percentage:3.0f}% |{bar}| {elapsed}<{remaining} {desc}"


class Progress:
    """Counts bytes of source files, and shows rates of rows and words.

    Also the share of sentences that need no model, since they repeat another one of
    this process.

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
        self._before = memo.counts()
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

    def text(self) -> str:
        """Return what stands beside the bar, short enough for 80 columns."""
        parts = [f"{self._files}/{self._n_files} files"]
        if self._rows:
            seconds = max(time.monotonic() - self._began, 1e-9)
            parts.append(f"{_short(self._rows / seconds)} rows/s")
            parts.append(f"{_short(self._words / seconds)} words/s")
        elif not self._files:
            parts.append("starting")  # compiling and loading take some seconds
        seen, scored = (
            now - then for now, then in zip(memo.counts(), self._before, strict=True)
        )
        if seen:
            parts.append(f"{1 - scored / seen:.0%} repeated")
        return ", ".join(parts)

    def _show(self) -> None:
        self._bar.set_description_str(self.text())


def _short(number: float) -> str:
    """Return a number in three digits or so: 5.4, 85, 1.23k."""
    if number < 999.5:
        return f"{number:.1f}" if number < 9.95 else f"{number:.0f}"
    number, unit = (number / 1e3, "k") if number < 999_500 else (number / 1e6, "M")
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{digits}f}{unit}"
