"""The settings of one call: checked when it is built, frozen, picklable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from polars_jslner.errors import OptionError, hint
from polars_jslner.models import Model, load_model
from polars_jslner.models.model import AGGREGATIONS, Aggregation

ModelSource = str | os.PathLike[str] | Model
SentenceMethod = Literal["clinical", "none"]

SENTENCE_METHODS: tuple[SentenceMethod, ...] = ("clinical", "none")

MIN_WINDOW = 8  # tokens; room for special tokens and some text around a piece


@dataclass(frozen=True, slots=True)
class TokenOptions:
    """How text becomes tagged words.

    ``sentences`` None stands for spans that come as a second column.
    """

    model: Model
    aggregation: Aggregation
    sentences: SentenceMethod | None
    max_tokens: int
    overlap: int


@dataclass(frozen=True, slots=True)
class EntityOptions:
    """How text becomes entities; ``labels`` are those kept, in the model's spelling."""

    tokens: TokenOptions
    labels: tuple[str, ...]
    min_score: float
    rename: tuple[tuple[str, str], ...]


def token_options(
    model: ModelSource | None,
    aggregation: str | None,
    sentences: str | None,
    max_tokens: int | None,
    overlap: int | None,
) -> TokenOptions:
    """Check what every call with a model takes.

    Raises
    ------
    OptionError
        A value cannot be used.
    ModelNotFoundError, ModelFormatError
        The model cannot be read.
    """
    if aggregation is not None:
        choice("aggregation", aggregation, AGGREGATIONS)
    if sentences is not None:
        choice("sentences", sentences, SENTENCE_METHODS)
    loaded = model if isinstance(model, Model) else load_model(model)
    window = loaded.max_tokens
    if max_tokens is not None:
        window = _whole("max_tokens", max_tokens, MIN_WINDOW, loaded.max_tokens)
    # A quarter on either side is what a piece sees at least, in the middle of a text.
    shared = window // 4
    if overlap is not None:
        shared = _whole("overlap", overlap, 0, window // 2 - 2)
    return TokenOptions(
        model=loaded,
        aggregation=aggregation or loaded.aggregation,  # type: ignore[arg-type]
        sentences=sentences,  # type: ignore[arg-type]
        max_tokens=window,
        overlap=shared,
    )


def entity_options(
    tokens: TokenOptions,
    labels: str | Iterable[str] | None,
    exclude: str | Iterable[str] | None,
    min_score: float,
    rename: Mapping[str, str] | None,
) -> EntityOptions:
    """Check which entities are kept and how they are named.

    Raises
    ------
    OptionError
        A label is not one of the model's, or a value cannot be used.
    """
    known = tokens.model.labels
    kept = known if labels is None else _labels("labels", labels, known)
    dropped = () if exclude is None else _labels("exclude", exclude, known)
    names: dict[str, str] = {}
    if rename is not None:
        if not isinstance(rename, Mapping):
            msg = f"rename={rename!r} is not a mapping from label to new name."
            raise OptionError(msg)
        _labels("rename", rename, known)
        names = dict(rename)
        for label, name in names.items():
            if not isinstance(name, str) or not name:
                msg = f"rename: the new name of {label!r} is {name!r}, not a name."
                raise OptionError(msg)
    number = isinstance(min_score, int | float) and not isinstance(min_score, bool)
    if not number or not 0.0 <= min_score <= 1.0:
        msg = f"min_score={min_score!r} is not a number from 0 to 1."
        raise OptionError(msg)
    return EntityOptions(
        tokens=tokens,
        labels=tuple(label for label in kept if label not in dropped),
        min_score=float(min_score),
        rename=tuple(names.items()),
    )


def choice(name: str, value: object, known: tuple[str, ...]) -> None:
    """Raise an OptionError unless ``value`` is one of ``known``."""
    if value not in known:
        listed = ", ".join(repr(item) for item in known)
        msg = f"{name}={value!r} is not one of {listed}.{hint(str(value), known)}"
        raise OptionError(msg)


def _whole(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        msg = f"{name}={value!r} is not a whole number."
        raise OptionError(msg)
    if not least <= value <= most:
        msg = f"{name}={value} is not between {least} and {most} tokens."
        raise OptionError(msg)
    return value


def _labels(
    name: str, given: str | Iterable[str], known: tuple[str, ...]
) -> tuple[str, ...]:
    labels = (given,) if isinstance(given, str) else tuple(given)
    for label in labels:
        if label not in known:
            msg = (
                f"{name}: {label!r} is not a label of the model."
                f"{hint(str(label), known)} Its labels: {', '.join(known)}."
            )
            raise OptionError(msg)
    return labels
