"""``metadata/part-00000``: the class of a stage and its parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, TypeGuard, cast

from polars_jslner.errors import ModelFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polars_jslner.models.sparknlp.storage import Files

# The vocabulary of the multilingual sentence detector is in it.
_MAX_BYTES = 4 << 20
_HUGE = 1e300


@dataclass(frozen=True)
class Metadata:
    """What a stage says of itself.

    Attributes
    ----------
    origin
        Where it lies, for messages.
    class_name, kind
        Name of its Scala class, with and without the package.
    uid
        Its unique id, part of the names of a pipeline's folders.
    params
        Its parameters: those set, over the defaults it was saved with.
    given
        Names of the parameters that were set.
    """

    origin: str
    class_name: str
    uid: str
    params: Mapping[str, object] = field(repr=False)
    given: frozenset[str] = field(repr=False)
    _asked: set[str] = field(repr=False, default_factory=set[str])

    @property
    def kind(self) -> str:
        """The class name without its package."""
        return self.class_name.rpartition(".")[2]

    def text(self, name: str, default: str) -> str:
        """Return a string parameter."""
        value = self.value(name, default)
        return value if isinstance(value, str) else self.wrong(name, "a string")

    def optional_text(self, name: str) -> str | None:
        """Return a string parameter, None where it is not set."""
        return None if self.value(name) is None else self.text(name, "")

    def boolean(self, name: str, *, default: bool) -> bool:
        """Return a Boolean parameter."""
        value = self.value(name, default)
        return value if isinstance(value, bool) else self.wrong(name, "true or false")

    def integer(self, name: str, default: int, least: int, most: int) -> int:
        """Return an integer parameter in [``least``, ``most``]."""
        value = self.value(name, default)
        if not _is_integer(value) or not least <= value <= most:
            return self.wrong(name, f"an integer from {least} to {most}")
        return value

    def number(self, name: str) -> float | None:
        """Return a parameter that is a finite number, None where it is not set."""
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self.wrong(name, "a number")
        return float(value) if abs(value) < _HUGE else self.wrong(name, "finite")

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return a parameter that is a list of strings, None where it is not set."""
        value = self.value(name)
        if value is None:
            return None
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        strings = tuple(item for item in items if isinstance(item, str))
        return strings if len(strings) == len(items) else self.wrong(name, "strings")

    def value(self, name: str, default: object = None) -> object:
        """Return a parameter as JSON gives it; whoever asks has read it."""
        self._asked.add(name)
        return self.params.get(name, default)

    def unread(self) -> tuple[str, ...]:
        """Return the names of the parameters that were set and not asked for yet."""
        return tuple(sorted(self.given - self._asked))

    def wrong(self, name: str, needed: str) -> NoReturn:
        """Refuse the value of a parameter.

        Raises
        ------
        ModelFormatError
            Always; it names the parameter, its value and what is needed.
        """
        shown = repr(self.params.get(name))[:80]
        msg = f"{self.origin!r}: the parameter {name!r} is {shown}, not {needed}."
        raise ModelFormatError(msg)


def read_metadata(files: Files) -> Metadata:
    """Read the metadata of the model or stage in ``files``.

    Raises
    ------
    ModelFormatError
        It is missing or no JSON of the form that Spark ML writes.
    """
    parts = files.parts("metadata")
    data = b"".join(files.read(part, _MAX_BYTES) for part in parts[:2])
    where = f"{files.origin!r}: metadata/part-00000"
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        msg = f"{where} is missing or no JSON: {type(error).__name__}."
        raise ModelFormatError(msg) from error
    if _is_object(value):
        class_name, uid = value.get("class"), value.get("uid")
        given, defaults = value.get("paramMap", {}), value.get("defaultParamMap", {})
        if (
            isinstance(class_name, str)
            and isinstance(uid, str)
            and _is_object(given)
            and _is_object(defaults)
        ):
            return Metadata(
                origin=files.origin,
                class_name=class_name,
                uid=uid,
                params={**defaults, **given},
                given=frozenset(given),
            )
    msg = f"{where} does not have class, uid, paramMap and defaultParamMap."
    raise ModelFormatError(msg)


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    # The keys of a JSON object are always strings.
    return isinstance(value, dict)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
