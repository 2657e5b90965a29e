"""Tags of sequence labelling: IOB1, IOB2, IOBES (BILOU) and bare labels."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """How a tag stands in its chunk; the numbers that the decoding kernel knows."""

    OUTSIDE = 0
    BEGIN = 1
    INSIDE = 2
    END = 3
    SINGLE = 4


_PREFIXES = {
    "B": Role.BEGIN,
    "I": Role.INSIDE,
    "M": Role.INSIDE,
    "E": Role.END,
    "L": Role.END,
    "S": Role.SINGLE,
    "U": Role.SINGLE,
}

# "PAD" is the filler class of John Snow Labs' models.
_OUTSIDE = frozenset({"O", "PAD", "[PAD]", "<PAD>"})


def parse_tag(tag: str) -> tuple[Role, str]:
    """Return a tag's role and label; a bare label is inside, as in IO tagging."""
    if tag in _OUTSIDE:
        return Role.OUTSIDE, ""
    prefix, dash, label = tag.partition("-")
    if dash and label and prefix in _PREFIXES:
        return _PREFIXES[prefix], label
    return Role.INSIDE, tag
