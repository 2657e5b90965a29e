"""Hadoop SequenceFiles as Spark's object files are written.

Version 6, keys NullWritable, values BytesWritable, neither records nor blocks
compressed, sync marks between records. Other kinds are named and refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = b"SEQ\x06"
_SYNC_BYTES = 16
_SYNC_ESCAPE = -1


def _class_name(name: str) -> bytes:
    # A length up to 127 is one byte, and both names are that short.
    return bytes([len(name)]) + name.encode()


_CLASSES = _class_name("org.apache.hadoop.io.NullWritable") + _class_name(
    "org.apache.hadoop.io.BytesWritable"
)
_NOT_COMPRESSED = b"\0\0"
_NO_METADATA = b"\0\0\0\0"


def records(data: bytes) -> Iterator[bytes]:
    """Iterate over the values of a SequenceFile, in order.

    Raises
    ------
    ValueError
        It is damaged, cut short or of another kind.
    """
    position, sync = _header(data)
    while position < len(data):
        length = _int32(data, position)
        position += 4
        if length == _SYNC_ESCAPE:
            if data[position : position + _SYNC_BYTES] != sync:
                msg = f"another sync mark at byte {position}"
                raise ValueError(msg)
            position += _SYNC_BYTES
            continue
        start, end = position + 8, position + 4 + length
        key_length, size = _int32(data, position), _int32(data, position + 4)
        if key_length != 0 or size != length - 4 or not start <= end <= len(data):
            msg = f"a damaged record at byte {position}"
            raise ValueError(msg)
        yield data[start:end]
        position = end


def _header(data: bytes) -> tuple[int, bytes]:
    """Check the header; return where the records begin, and the sync mark."""
    if data.startswith(b"PAR1"):
        msg = (
            "features saved as Parquet; save the model again with "
            "spark.jsl.settings.annotatorSerializationFormat set to 'object'"
        )
        raise ValueError(msg)
    position = 0
    for expected, what in (
        (_MAGIC, "no Hadoop SequenceFile of version 6"),
        (_CLASSES, "other classes than NullWritable and BytesWritable"),
        (_NOT_COMPRESSED, "compressed records; only plain ones can be read"),
        (_NO_METADATA, "metadata in its header"),
    ):
        if not data.startswith(expected, position):
            raise ValueError(what)
        position += len(expected)
    sync = data[position : position + _SYNC_BYTES]
    if len(sync) != _SYNC_BYTES:
        msg = "no sync mark in its header"
        raise ValueError(msg)
    return position + _SYNC_BYTES, sync


def _int32(data: bytes, position: int) -> int:
    if position + 4 > len(data):
        msg = f"an end in the middle of a record at byte {position}"
        raise ValueError(msg)
    return int.from_bytes(data[position : position + 4], "big", signed=True)
