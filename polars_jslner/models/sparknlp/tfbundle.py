"""TensorFlow's tensor bundle: the named weights of a checkpoint, without TensorFlow.

``variables.index`` is a sorted table in LevelDB's format, from the name of a tensor to
its dtype, shape and place; ``variables.data-00000-of-00001`` holds the bytes. Tables
with compressed blocks and bundles of several data files are refused. Checksums are left
to the zip around both files, which has its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polars_jslner.models.sparknlp.protobuf import messages, numbers, varint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_FOOTER_BYTES = 48
_TABLE_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_TRAILER_BYTES = 5
_MAX_TENSORS = 1_000
_MAX_RANK = 8
_MAX_KEY = 1_000
_FLOAT32 = 1


class _Place(NamedTuple):
    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


class TensorBundle:
    """The tensors of a bundle, by name.

    Parameters
    ----------
    index, data
        The bytes of ``variables.index`` and of the one data file.

    Raises
    ------
    ValueError
        The index is damaged or of a kind that cannot be read.
    """

    def __init__(self, index: bytes, data: bytes) -> None:
        self._data = data
        self._places: dict[str, _Place] = {}
        for key, value in _table(index):
            header = numbers(value)
            if not key and (header.get(1, 1) != 1 or header.get(2, 0) != 0):
                msg = "a bundle of several files or in big-endian order"
                raise ValueError(msg)
            if key:
                self._places[key.decode("utf-8")] = _place(value)
            if len(self._places) > _MAX_TENSORS:
                msg = f"more than {_MAX_TENSORS} tensors"
                raise ValueError(msg)

    def float32(self, name: str, rank: int) -> NDArray[np.float32]:
        """Return a read-only copy of a float32 tensor.

        Raises
        ------
        ValueError
            It is missing, of another dtype or number of axes, outside the data, or not
            finite.
        """
        place = self._places.get(name)
        if place is None:
            msg = f"no tensor {name!r}, there are {sorted(self._places)[:20]!r}"
            raise ValueError(msg)
        end = place.offset + place.size
        if (
            (place.dtype, place.shard) != (_FLOAT32, 0)
            or len(place.shape) != rank
            or min(0, place.offset, *place.shape) < 0
            or place.size != 4 * math.prod(place.shape)
            or end > len(self._data)
        ):
            msg = (
                f"the tensor {name!r} of {place} in {len(self._data)} bytes; float32 "
                f"(1) with {rank} axes is needed"
            )
            raise ValueError(msg)
        array = np.frombuffer(self._data[place.offset : end], dtype="<f4")
        if not np.isfinite(array).all():
            msg = f"the tensor {name!r} with weights that are not finite"
            raise ValueError(msg)
        return array.reshape(place.shape)


def read_shape(value: bytes) -> tuple[int, ...]:
    """Return the sizes in a TensorShapeProto; -1 for one that is not known.

    Raises
    ------
    ValueError
        It is damaged or has more than 8 axes.
    """
    sizes = tuple(numbers(dim).get(1, 0) for dim in messages(value, 2))
    if len(sizes) > _MAX_RANK:
        msg = f"a shape of more than {_MAX_RANK} axes"
        raise ValueError(msg)
    return sizes


def _place(value: bytes) -> _Place:
    """Read a BundleEntryProto."""
    number = numbers(value)
    shape = read_shape((messages(value, 2) or [b""])[0])
    dtype, shard, offset, size = (number.get(field, 0) for field in (1, 3, 4, 5))
    return _Place(dtype, shape, shard, offset, size)


def _table(index: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Iterate over the keys and values of the table."""
    footer = index[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or not footer.endswith(_TABLE_MAGIC):
        msg = "an index that is no sorted table, or cut short"
        raise ValueError(msg)
    position = 0
    for _ in range(2):  # skips the handle of the metaindex
        _, position = varint(footer, position)
    offset, position = varint(footer, position)
    size, _ = varint(footer, position)
    # Blocks follow one another, so that none is read twice.
    end = 0
    for _, handle in _block(index, offset, size):
        start, position = varint(handle, 0)
        length, _ = varint(handle, position)
        if start < end:
            msg = "an index whose blocks lie over one another"
            raise ValueError(msg)
        end = start + length
        yield from _block(index, start, length)


def _block(index: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    end = offset + size
    if size < 4 or end + _TRAILER_BYTES > len(index) or index[end] != 0:
        msg = f"an index block at bytes {offset} to {end}, compressed or cut short"
        raise ValueError(msg)
    n_restarts = int.from_bytes(index[end - 4 : end], "little")
    last = end - 4 - 4 * n_restarts
    position = offset
    key = b""
    while position < last:
        shared, position = varint(index, position)
        n_own, position = varint(index, position)
        n_value, position = varint(index, position)
        value_start = position + n_own
        value_end = value_start + n_value
        if shared > len(key) or value_end > last or len(key) > _MAX_KEY:
            msg = f"an index entry that is cut short at byte {position}"
            raise ValueError(msg)
        key = key[:shared] + index[position:value_start]
        yield key, index[value_start:value_end]
        position = value_end
