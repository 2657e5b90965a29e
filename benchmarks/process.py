"""A system of the table, running in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from benchmarks.environments import ROOT

if TYPE_CHECKING:
    from types import TracebackType

Entities = list[list[tuple[int, int, str]]]


class WorkerError(RuntimeError):
    """A system failed; the message is its own."""


class Process:
    """Start a module of `benchmarks.workers`; as a context manager it ends with it.

    Parameters
    ----------
    python
        Interpreter of the environment.
    module
        Name of the module.
    options
        Of the system.
    log
        Where what it prints goes.
    """

    def __init__(
        self, python: Path, module: str, options: dict[str, Any], log: Path
    ) -> None:
        self._began = time.perf_counter()
        self._log: IO[bytes] = log.open("wb")
        command = [str(python), "-m", f"benchmarks.workers.{module}"]
        self._process = subprocess.Popen(
            [*command, json.dumps(options)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # so that its own children end with it
        )
        self.versions: dict[str, str] = {}
        self.first_result = float("nan")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def wait_until_loaded(self, first: Path) -> None:
        """Wait for it, run the texts of ``first``, and note how long all that took."""
        self.versions = self._answer()["versions"]
        self.run(first)
        self.first_result = time.perf_counter() - self._began

    def run(self, texts: Path, options: dict[str, Any] | None = None) -> float:
        """Return the seconds that the texts of a file took."""
        return float(self._ask(texts, options, entities=False)["seconds"])

    def entities(self, texts: Path, options: dict[str, Any]) -> Entities | None:
        """Return the entities of each text of a file; None if it finds none."""
        found = self._ask(texts, options, entities=True)["entities"]
        if found is None:
            return None
        return [[(start, end, label) for start, end, label in row] for row in found]

    def peak_mb(self) -> float:
        """Return the largest resident size so far, with its children (Linux only)."""
        return sum(map(_peak_kib, _tree(self._process.pid))) * 1024 / 1e6

    def close(self) -> None:
        """End it and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _ask(
        self, texts: Path, options: dict[str, Any] | None, *, entities: bool
    ) -> dict[str, Any]:
        asked = {"texts": str(texts), "options": options or {}, "entities": entities}
        if self._process.stdin is None:
            raise WorkerError
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            msg = f"it ended; see {self._log.name}"
            raise WorkerError(msg)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer


def _tree(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, task.read_text("ascii").split())
    return found


def _peak_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0
