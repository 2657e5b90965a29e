"""What a measurement was made on, and whether the machine was quiet."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd")
LIBRARIES = ("polars", "onnxruntime", "tokenizers", "numba", "pyarrow", "numpy")

# Runnable processes per CPU at the start, above which timings mean little.
QUIET = 0.25


def describe() -> dict[str, Any]:
    """Return the machine and the versions, for a record.

    Returns
    -------
    dict
        ``processor``, ``instructions``, ``cpus`` (that this process may use),
        ``memory_gb``, ``load`` (mean number of runnable processes in the last minute,
        None where the system does not say), ``system``, ``python`` and ``versions``.
    """
    from polars_jslner import __version__

    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    name = re.search(r"model name\s*: (.*)", text)
    flags = re.search(r"(?:flags|Features)\s*: (.*)", text)
    known = flags[1].split() if flags else []
    return {
        "processor": name[1] if name else platform.processor() or platform.machine(),
        "instructions": [flag for flag in INSTRUCTIONS if flag in known],
        "cpus": _cpus(),
        "memory_gb": _memory_gb(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {"polars_jslner": __version__, **versions(LIBRARIES)},
    }


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Return the installed versions of those libraries that are installed."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def summary(machine: dict[str, Any]) -> str:
    """Return what `describe` found in two lines, with a warning if it was busy."""
    sets = ", ".join(machine["instructions"]) or "unknown instruction sets"
    libraries = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    lines = [
        (
            f"{machine['processor']}, {machine['cpus']} CPUs, {sets}, load "
            f"{machine['load']}"
        ),
        f"Python {machine['python']}, {libraries}",
    ]
    if not quiet(machine):
        lines.append("WARNING: other work is running; these times mean little.")
    return "\n".join(lines)


def quiet(machine: dict[str, Any]) -> bool:
    """Say whether little else ran when the machine was described."""
    load = machine["load"]
    return load is None or load <= QUIET * machine["cpus"]


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gb() -> float | None:
    if sys.platform == "linux":
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return round(pages / 1e9, 1)
    return None
