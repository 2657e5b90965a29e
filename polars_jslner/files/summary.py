"""What a job did, file by file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["done", "kept", "failed"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one source file.

    Attributes
    ----------
    source, output
        Where it was read and written.
    status
        ``done`` in this run, ``kept`` from an earlier one, or ``failed``.
    rows, words, entities
        Of the whole file, runs before this one included; 0 if it failed.
    seconds
        Time that this run spent on it.
    error
        Why it failed, without any text of the file; else None.
    """

    source: str
    output: str
    status: Status
    rows: int = 0
    words: int = 0
    entities: int = 0
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a job did.

    Attributes
    ----------
    files
        One report for each source file of this shard, in order.
    seconds
        Time of the whole run.
    """

    files: tuple[FileReport, ...]
    seconds: float

    @property
    def failed(self) -> tuple[FileReport, ...]:
        """The files that failed."""
        return tuple(file for file in self.files if file.status == "failed")

    @property
    def rows(self) -> int:
        """Rows of the files that are done or kept."""
        return sum(file.rows for file in self.files)

    @property
    def entities(self) -> int:
        """Entities in the files that are done or kept."""
        return sum(file.entities for file in self.files)

    def __str__(self) -> str:
        """Return the numbers in a line, then a line for each failure."""
        counts = {"done": 0, "kept": 0, "failed": 0}
        for file in self.files:
            counts[file.status] += 1
        total = len(self.files)
        first = (
            f"{total} file{'' if total == 1 else 's'}: {counts['done']} done, "
            f"{counts['kept']} done before, {counts['failed']} failed; "
            f"{self.rows:,} rows, {self.entities:,} entities, {self.seconds:.1f} s"
        )
        return "\n".join([first, *(f"failed: {file.error}" for file in self.failed)])
