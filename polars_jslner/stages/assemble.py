"""Stage: flat arrays to a List(Struct) column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def label_array(names: Sequence[str], labels: NDArray[np.int32]) -> pa.Array:
    """Return the name of each label as an Arrow array."""
    return pa.array(names, pa.large_string()).take(pa.array(labels))


def list_column(
    offsets: NDArray[np.int64],
    valid: NDArray[np.bool_],
    fields: dict[str, pa.Array | NDArray[np.generic]],
) -> pa.LargeListArray:
    """Return lists of structs.

    Parameters
    ----------
    offsets
        int64[n_rows + 1], first struct of each row.
    valid
        bool[n_rows], False where the row is null.
    fields
        Values of each field, by name, one a struct.
    """
    arrays = [
        f if isinstance(f, pa.Array) else pa.array(np.ascontiguousarray(f))
        for f in fields.values()
    ]
    structs = pa.StructArray.from_arrays(arrays, list(fields))
    nulls = None if valid.all() else pa.array(~valid)
    return pa.LargeListArray.from_arrays(pa.array(offsets), structs, mask=nulls)


def null_where(column: pa.Array, null: NDArray[np.bool_]) -> pa.Array:
    """Return ``column`` with null in the rows where ``null``, bool[n_rows]."""
    if not null.any():
        return column
    return pc.call_function(
        "if_else", [pa.array(null), pa.scalar(None, column.type), column]
    )
