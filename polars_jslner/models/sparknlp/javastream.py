"""Java serialisation streams, read as plain data.

Nothing is made of what a stream says but strings, numbers, lists and `JavaObject`, a
class name with fields: no class is looked up and no code runs. The grammar is that of
the Java Object Serialization Specification, chapter 6.4, without what the features of a
saved model never hold (enums, exceptions, resets, proxies, externalizable classes).
Size and depth are bounded, and every step consumes bytes, so that time is, too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_MAGIC = b"\xac\xed\x00\x05"
_FIRST_HANDLE = 0x7E0000
# One record of a feature is ten pairs or one object of some kilobytes.
_MAX_BYTES = 1 << 20
_MAX_DEPTH = 40
_MAX_FIELDS = 100
_MAX_SUPERCLASSES = 10

_NULL, _REFERENCE, _CLASS_DESC, _OBJECT = 0x70, 0x71, 0x72, 0x73
_STRING, _ARRAY, _CLASS, _BLOCK, _END, _LONG_STRING = 0x74, 0x75, 0x76, 0x77, 0x78, 0x7C

_WRITE_METHOD, _SERIALIZABLE = 1, 2

_PRIMITIVES = {
    code: struct.Struct(f">{layout}")
    for code, layout in zip("BCDFIJSZ", "bHdfiqh?", strict=True)
}


@dataclass(slots=True, eq=False)
class JavaObject:
    """An object as it stands in the stream.

    Attributes
    ----------
    name
        Its class, ``scala.Tuple2`` say.
    fields
        Value by field name, those of superclasses included.
    extra
        What its class wrote besides the fields (the elements of a list, say).
    """

    name: str
    fields: dict[str, Value] = field(default_factory=dict[str, "Value"])
    extra: list[Value] = field(default_factory=list["Value"])


@dataclass(slots=True, eq=False)
class _ClassDesc:
    name: str
    flags: int
    fields: list[tuple[str, str]]
    above: _ClassDesc | None


Value = (
    None | bool | int | float | str | bytes | list["Value"] | JavaObject | _ClassDesc
)


def parse(data: bytes) -> Value:
    """Return the one value that a stream holds, of at most 1 MiB.

    Integers come as int, strings as str, arrays as lists, block data as bytes and any
    other object as `JavaObject`.

    Raises
    ------
    ValueError
        It is damaged, cut short, too large or nested too deep.
    """
    if not data.startswith(_MAGIC) or len(data) > _MAX_BYTES:
        msg = f"no Java stream of at most {_MAX_BYTES} bytes, but {len(data)} bytes"
        raise ValueError(msg)
    stream = _Stream(data)
    value = stream.value(0)
    if stream.position != len(data):
        stream.fail("bytes after its end")
    return value


def objects_of(value: Value, class_name: str) -> list[JavaObject]:
    """Return the objects of a class below ``value``, in stream order, each once."""
    found: list[JavaObject] = []
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, JavaObject | list) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, list):
            waiting.extend(reversed(item))
            continue
        if item.name == class_name:
            found.append(item)
        waiting.extend(reversed([*item.fields.values(), *item.extra]))
    return found


def decode(raw: bytes) -> str:
    """Return the string of Java's "modified UTF-8".

    NUL stands as two bytes and a code point above U+FFFF as its two surrogates, three
    bytes each.

    Raises
    ------
    ValueError
        It is not Unicode; half of a surrogate pair is not, either.
    """
    if raw.isascii():
        return raw.decode("ascii")
    units = raw.replace(b"\xc0\x80", b"\0").decode("utf-8", "surrogatepass")
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


class _Stream:
    """A position in a stream and the handles given so far."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = len(_MAGIC)
        self._handles: list[Value] = []
        self._readers: dict[int, Callable[[int], Value]] = {
            _REFERENCE: self._reference,
            _CLASS_DESC: self._new_class_desc,
            _OBJECT: self._object,
            _STRING: lambda _depth: self._string(2),
            _LONG_STRING: lambda _depth: self._string(8),
            _ARRAY: self._array,
            _CLASS: self._class,
            _BLOCK: lambda _depth: self._take(self._unsigned(1)),
        }

    def fail(self, what: str) -> NoReturn:
        """Say what is wrong at the position.

        Raises
        ------
        ValueError
            Always.
        """
        msg = f"a Java stream with {what} at byte {self.position}"
        raise ValueError(msg)

    def value(self, depth: int) -> Value:
        """Read the next value."""
        if depth > _MAX_DEPTH:
            self.fail(f"values nested deeper than {_MAX_DEPTH}")
        code = self._unsigned(1)
        if code == _NULL:
            return None
        reader = self._readers.get(code)
        if reader is None:
            self.fail(f"the unexpected type code 0x{code:02X}")
        return reader(depth + 1)

    def _take(self, n_bytes: int) -> bytes:
        start = self.position
        end = start + n_bytes
        if end > len(self._data):
            self.fail("an end in the middle of a value")
        self.position = end
        return self._data[start:end]

    def _unsigned(self, n_bytes: int) -> int:
        return int.from_bytes(self._take(n_bytes), "big")

    def _reference(self, _depth: int) -> Value:
        handle = self._unsigned(4) - _FIRST_HANDLE
        if not 0 <= handle < len(self._handles):
            self.fail("a reference to nothing")
        return self._handles[handle]

    def _text(self, n_length: int = 2) -> str:
        return decode(self._take(self._unsigned(n_length)))

    def _string(self, n_length: int) -> str:
        text = self._text(n_length)
        self._handles.append(text)
        return text

    def _class(self, depth: int) -> Value:
        description = self._class_desc(depth)
        self._handles.append(description)
        return description

    def _class_desc(self, depth: int) -> _ClassDesc:
        value = self.value(depth)
        if not isinstance(value, _ClassDesc):
            self.fail("something else than a class")
        return value

    def _new_class_desc(self, depth: int) -> _ClassDesc:
        name = self._text()
        self._take(8)  # serialVersionUID: nothing is loaded, so it says nothing
        description = _ClassDesc(name, 0, [], None)
        self._handles.append(description)
        description.flags = self._unsigned(1)
        n_fields = self._unsigned(2)
        if n_fields > _MAX_FIELDS:
            self.fail(f"a class with {n_fields} fields")
        for _ in range(n_fields):
            code = chr(self._unsigned(1))
            field_name = self._text()
            if code in "[L":
                self.value(depth)  # the name of the field's class
            elif code not in _PRIMITIVES:
                self.fail(f"a field of the unknown type {code!r}")
            description.fields.append((code, field_name))
        self._annotations(depth)
        above = self.value(depth)
        if above is not None:
            if not isinstance(above, _ClassDesc):
                self.fail("a superclass that is no class")
            description.above = above
        return description

    def _annotations(self, depth: int) -> list[Value]:
        found: list[Value] = []
        while self._data[self.position : self.position + 1] != bytes([_END]):
            found.append(self.value(depth))
        self.position += 1
        return found

    def _object(self, depth: int) -> Value:
        description = self._class_desc(depth)
        made = JavaObject(description.name)
        handle = len(self._handles)
        self._handles.append(made)
        for level in self._levels(description):
            if not level.flags & _SERIALIZABLE:
                self.fail("a class that is not serializable")
            for code, field_name in level.fields:
                made.fields[field_name] = self._field(code, depth)
            if level.flags & _WRITE_METHOD:
                made.extra.extend(self._annotations(depth))
        if description.name != "java.lang.Integer":
            return made
        value = made.fields.get("value")
        if not isinstance(value, int):
            self.fail("a java.lang.Integer without a value")
        self._handles[handle] = value
        return value

    def _levels(self, description: _ClassDesc) -> list[_ClassDesc]:
        """Return a class and those above it, topmost first."""
        levels: list[_ClassDesc] = []
        level: _ClassDesc | None = description
        while level is not None:
            levels.append(level)
            if len(levels) > _MAX_SUPERCLASSES:
                self.fail(f"more than {_MAX_SUPERCLASSES} superclasses")
            level = level.above
        return levels[::-1]

    def _field(self, code: str, depth: int) -> Value:
        primitive = _PRIMITIVES.get(code)
        if primitive is None:
            return self.value(depth)
        value: int | float | bool = primitive.unpack(self._take(primitive.size))[0]
        return value

    def _array(self, depth: int) -> Value:
        description = self._class_desc(depth)
        made: list[Value] = []
        self._handles.append(made)
        n_items = self._unsigned(4)
        code = description.name[1:2]
        if description.name[:1] != "[" or code not in {*_PRIMITIVES, "[", "L"}:
            self.fail("an array of an unknown type")
        # Each item takes a byte at least, so a length that is too large soon ends.
        made.extend(self._field(code, depth) for _ in range(n_items))
        return made
