r"""DocumentAssembler's cleanup modes.

Blanks are the six of Java's ``\s``; an escape is a backslash followed by a letter,
written out in the text. The modes ending in ``full`` mind escapes too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from polars_jslner.sparknlp.params import CleanupMode

_BLANK = re.compile(r"\s", re.ASCII)
_BLANKS = re.compile(r"\s+", re.ASCII)
_ESCAPE = re.compile(r"\\r\\n|\\[nt]")
_ESCAPES = re.compile(r"(?:\\r\\n|\\[nt])+")
_PAIR = re.compile(r"\s[\n\t]", re.ASCII)
_PAIR_FULL = re.compile(r"\s(?:[\n\t]|\\r\\n|\\[nt])", re.ASCII)

# What Java's String.trim takes off both ends.
_TRIMMED = "".join(map(chr, range(0x21)))


def trim(text: str) -> str:
    """Return ``text`` without characters up to U+0020 at both ends, as Java trims."""
    return text.strip(_TRIMMED)


# What each mode does, in order: whether it trims first, then patterns and what stands
# in their place.
_STEPS: dict[CleanupMode, tuple[bool, tuple[tuple[re.Pattern[str], str], ...]]] = {
    "disabled": (False, ()),
    "inplace": (False, ((_BLANK, " "),)),
    "inplace_full": (False, ((_BLANK, " "), (_ESCAPE, " "))),
    "shrink": (True, ((_BLANKS, " "),)),
    "shrink_full": (True, ((_BLANKS, " "), (_ESCAPES, " "))),
    "each": (False, ((_PAIR, " "),)),
    "each_full": (False, ((_PAIR_FULL, " "),)),
    "delete_full": (True, ((_ESCAPE, ""),)),
}


def clean(texts: Iterable[str | None], mode: CleanupMode) -> list[str]:
    """Clean texts; null is an empty text."""
    return [_clean(text, mode) if text else "" for text in texts]


def _clean(text: str, mode: CleanupMode) -> str:
    trims, steps = _STEPS[mode]
    if trims:
        text = trim(text)
    for pattern, replacement in steps:
        text = pattern.sub(replacement, text)
    return text


def clean_with_origins(text: str, mode: CleanupMode) -> tuple[str, NDArray[np.int64]]:
    """Clean a text and say where it comes from.

    Returns
    -------
    cleaned, origins
        The clean text and int64[n_characters], the character of ``text`` that each of
        its characters was, or the first of those that it replaces.
    """
    trims, steps = _STEPS[mode]
    origins = np.arange(len(text))
    if trims:
        start = len(text) - len(text.lstrip(_TRIMMED))
        text = trim(text)
        origins = origins[start : start + len(text)]
    for pattern, replacement in steps:
        places: list[NDArray[np.int64]] = []
        at = 0
        for match in pattern.finditer(text):
            begin = match.start()
            places += [origins[at:begin], origins[begin : begin + len(replacement)]]
            at = match.end()
        origins = np.concatenate([*places, origins[at:]])
        text = pattern.sub(replacement, text)
    return text, origins
