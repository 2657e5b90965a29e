"""Where the benchmark keeps its models and the environments of other systems."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Work:
    """A folder outside of git.

    Parameters
    ----------
    folder
        ``work/bench`` of the checkout, unless the caller or POLARS_JSLNER_BENCH says
        otherwise.
    """

    folder: Path

    @property
    def model(self) -> Path:
        """The six-layer model, as transformers keeps it, with ``model.onnx``."""
        return self.folder / "six"

    @property
    def spark_model(self) -> Path:
        """The same, as Spark NLP saved it."""
        return self.folder / "spark" / "six"

    @property
    def jars(self) -> Path:
        """Spark NLP's jar and those it needs."""
        return self.folder / "spark" / "jars"

    def environment(self, name: str) -> Path:
        """Return the folder of a virtual environment."""
        return self.folder / "envs" / name

    def python(self, name: str) -> Path:
        """Return the interpreter of an environment, or this one for no name."""
        if not name:
            return Path(sys.executable)
        return self.environment(name) / "bin" / "python"


def work_folder(given: Path | None) -> Work:
    """Return the folder in use."""
    chosen = given or os.environ.get("POLARS_JSLNER_BENCH") or ROOT / "work" / "bench"
    return Work(Path(chosen).absolute())
