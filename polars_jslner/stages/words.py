"""Stage: the runs of characters between blanks, each distinct one once.

Notes say the same few thousand words again and again, and where a tokenizer looks at
nothing beyond blanks, what it makes of a run depends on the run alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from polars_jslner.stages.documents import byte_arrays, text_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BLANK = np.zeros(256, np.bool_)
_BLANK[[ord(blank) for blank in "\t\n\r "]] = True


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The runs of sentences.

    Parameters
    ----------
    offsets
        int64[n_sentences + 1], first run of each sentence.
    starts
        int64[n_runs], code points from the start of the sentence.
    distinct
        The distinct runs.
    which
        int64[n_runs], which of them each run is.
    """

    offsets: NDArray[np.int64]
    starts: NDArray[np.int64]
    distinct: list[str]
    which: NDArray[np.int64]


def find_runs(sentences: Sequence[str]) -> Runs:
    """Cut sentences at tabs, line ends and spaces."""
    data, ends_of_sentences = byte_arrays(pa.array(sentences, pa.large_string()))
    filled = ~_BLANK[data]
    begins = filled.copy()
    begins[1:] &= ~filled[:-1]
    firsts = ends_of_sentences[:-1]
    firsts = firsts[firsts < len(data)]
    begins[firsts] = filled[firsts]  # whatever the sentence before ends with
    stops = filled.copy()
    stops[:-1] &= ~filled[1:] | begins[1:]
    starts, ends = np.flatnonzero(begins), np.flatnonzero(stops) + 1
    offsets = np.searchsorted(starts, ends_of_sentences)
    # Code points before each byte.
    chars = np.zeros(len(data) + 1, np.int64)
    np.cumsum((data & 0xC0) != 0x80, out=chars[1:])
    first_chars = np.repeat(chars[ends_of_sentences[:-1]], np.diff(offsets))
    encoded = text_array(data, starts, ends).dictionary_encode()
    return Runs(
        offsets,
        chars[starts] - first_chars,
        encoded.dictionary.to_pylist(),
        encoded.indices.to_numpy().astype(np.int64),
    )
