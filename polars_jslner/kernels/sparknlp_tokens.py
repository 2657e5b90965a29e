"""Kernel: Spark NLP's default tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@jit
def split_words(
    units: NDArray[np.uint16],
    offsets: NDArray[np.int64],
    separators: NDArray[np.bool_],
    context: NDArray[np.bool_],
    min_length: int,
    max_length: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut sentences at separators, and context characters off both ends of a word.

    A run of context characters is one token, and so is a word of nothing else.

    Parameters
    ----------
    units
        uint16[n_units].
    offsets
        int64[n_sentences + 1], first unit of each sentence.
    separators, context
        bool[65536], what code units are.
    min_length, max_length
        Tokens of another length are left out; both count as allowed.

    Returns
    -------
    offsets
        int64[n_sentences + 1], first token of each sentence.
    starts, ends
        int64[n_tokens], half-open, in ``units``.
    """
    token_offsets = np.empty(len(offsets), np.int64)
    starts = np.empty(len(units), np.int64)
    ends = np.empty(len(units), np.int64)
    cuts = np.empty(4, np.int64)
    n = 0
    for sentence in range(len(offsets) - 1):
        token_offsets[sentence] = n
        last = offsets[sentence + 1]
        at = offsets[sentence]
        while at < last:
            if separators[units[at]]:
                at += 1
                continue
            end = at
            while end < last and not separators[units[end]]:
                end += 1
            cuts[0], cuts[3] = at, end
            while at < end and context[units[at]]:
                at += 1
            cuts[1] = cuts[2] = at
            if at < end:
                cuts[2] = end
                while context[units[cuts[2] - 1]]:
                    cuts[2] -= 1
            for part in range(3):
                length = cuts[part + 1] - cuts[part]
                if length > 0 and min_length <= length <= max_length:
                    starts[n], ends[n] = cuts[part], cuts[part + 1]
                    n += 1
            at = end
    token_offsets[len(offsets) - 1] = n
    return token_offsets, starts[:n].copy(), ends[:n].copy()
