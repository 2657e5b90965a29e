"""The wire format of protocol buffers, as far as TensorFlow's files need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def varint(data: bytes, position: int) -> tuple[int, int]:
    """Return the number at ``position``, without sign, and the position behind it.

    Raises
    ------
    ValueError
        It is longer than 64 bits or cut short.
    """
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, position
    msg = f"no whole number at byte {position}"
    raise ValueError(msg)


def numbers(data: bytes) -> dict[int, int]:
    """Return the numbers in a message by their field; -1 where a field is no number.

    Raises
    ------
    ValueError
        It is damaged.
    """
    return {n: v if isinstance(v, int) else -1 for n, v in fields(data)}


def messages(data: bytes, wanted: int) -> list[bytes]:
    """Return the messages, strings or bytes that stand in a field.

    Raises
    ------
    ValueError
        It is damaged.
    """
    return [v for n, v in fields(data) if n == wanted and isinstance(v, bytes)]


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Iterate over the fields of a message: number and value.

    A number comes as a signed 64-bit integer, anything with a length as bytes.

    Raises
    ------
    ValueError
        It is damaged.
    """
    position = 0
    while position < len(data):
        tag, position = varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, position = varint(data, position)
            yield number, value - (1 << 64) if value >> 63 else value
            continue
        if wire == _BYTES:
            size, position = varint(data, position)
        elif wire in (_FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
        else:
            msg = f"a field of the unknown kind {wire} at byte {position}"
            raise ValueError(msg)
        raw = data[position : position + size]
        if len(raw) != size:
            msg = f"a field that is cut short at byte {position}"
            raise ValueError(msg)
        position += size
        yield number, raw if wire == _BYTES else int.from_bytes(raw, "little")
