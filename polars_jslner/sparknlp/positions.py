"""Places in texts, counted in bytes, code points and UTF-16 code units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.sparknlp.units import first_of_each, units_of_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polars_jslner.stages.documents import Documents


class Positions:
    """One text column counted in bytes, code points and UTF-16 code units.

    ``units``: the texts in code units; ``base``: byte where the first text begins;
    ``chars_before`` and ``units_before``, int64[n_bytes + 1]: how many code points and
    units begin before each byte, from ``base`` on.
    """

    def __init__(self, documents: Documents) -> None:
        self.base = int(documents.offsets[0])
        data = documents.data[self.base : documents.offsets[-1]]
        begins = (data & 0xC0) != 0x80
        self.chars_before = first_of_each(begins.astype(np.int64))
        self.units_before = first_of_each(begins + (data >= 0xF0).astype(np.int64))
        offsets = documents.offsets - self.base
        self._firsts = offsets[:-1]
        self.units = units_of_bytes(np.ascontiguousarray(data), offsets)

    def byte_of_unit(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the byte, from ``base`` on, where the character of a unit begins."""
        return self.units_before.searchsorted(units, side="right") - 1

    def unit_of_char(
        self, document: NDArray[np.int64], chars: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the unit, of all units, where a code point of a document begins."""
        at = self.chars_before[self._firsts[document]] + chars
        return self.units_before[self.chars_before.searchsorted(at, side="right") - 1]
