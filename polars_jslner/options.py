"""The settings of one call: checked when it is built, frozen, picklable."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from polars_jslner.errors import ModelNotFoundError, OptionError, hint
from polars_jslner.models import Model, load_model
from polars_jslner.models.model import AGGREGATIONS, MIN_TOKENS, Aggregation

if TYPE_CHECKING:
    from polars_jslner.models.sparknlp.layout import SavedDetector

    SentenceWay = str | SavedDetector

ModelSource = str | os.PathLike[str] | Model
AnnotationStage = Literal["document", "sentence", "token", "ner", "chunk"]

# Ways to find sentences that need no model; anything else is a saved detector's place.
SENTENCE_METHODS = ("clinical", "pragmatic", "none")
ANNOTATION_STAGES: tuple[AnnotationStage, ...] = (
    "document",
    "sentence",
    "token",
    "ner",
    "chunk",
)


@dataclass(frozen=True, slots=True)
class TokenOptions:
    """How text becomes tagged words.

    ``sentences`` None stands for spans that come as a second column, ``"model"`` for
    the detector that the model brings.
    """

    model: Model
    aggregation: Aggregation
    sentences: SentenceWay | None
    max_tokens: int
    overlap: int
    exact: bool


@dataclass(frozen=True, slots=True)
class EntityOptions:
    """How text becomes entities.

    ``labels`` None keeps all, or what a saved converter keeps; ``exclude`` and
    ``rename`` likewise where they are empty. The rest is for Spark NLP models only.
    """

    tokens: TokenOptions
    labels: tuple[str, ...] | None
    exclude: tuple[str, ...]
    min_score: float
    rename: tuple[tuple[str, str], ...]
    greedy: bool = False
    ignore_stop_words: tuple[str, ...] = ()
    preserve_position: bool = True

    @property
    def kept(self) -> tuple[str, ...]:
        """The labels of the model that are kept."""
        kept = self.tokens.model.labels if self.labels is None else self.labels
        return tuple(label for label in kept if label not in self.exclude)


def token_options(
    model: ModelSource | None = None,
    *,
    aggregation: str | None = None,
    sentences: object = None,
    max_tokens: int | None = None,
    overlap: int | None = None,
    exact: bool = False,
) -> TokenOptions:
    """Check what every call with a model takes.

    ``sentences`` is None for the model's own way, a name, a place, or an expression
    for spans that come as a second column.

    Raises
    ------
    OptionError
        A value cannot be used.
    ModelNotFoundError, ModelFormatError
        The model or the detector cannot be read.
    """
    if aggregation is not None:
        choice("aggregation", aggregation, AGGREGATIONS)
    loaded = model if isinstance(model, Model) else load_model(model)
    if loaded.profile != "spark-nlp":
        _only_spark(loaded, exact=exact)
    elif aggregation not in (None, loaded.aggregation):
        msg = (
            f"aggregation={aggregation!r}: a Spark NLP model tags a word by its first "
            f"piece, leave the option out."
        )
        raise OptionError(msg)
    window = loaded.max_tokens
    if max_tokens is not None:
        window = _whole("max_tokens", max_tokens, MIN_TOKENS, loaded.max_tokens)
    # A quarter on either side is what a piece sees at least, in the middle of a text.
    shared = window // 4
    if overlap is not None:
        shared = _whole("overlap", overlap, 0, window // 2 - 2)
    if exact and (max_tokens is not None or overlap is not None):
        msg = "exact=True cuts sentences as Spark NLP does: no max_tokens, no overlap."
        raise OptionError(msg)
    return TokenOptions(
        model=loaded,
        aggregation=aggregation or loaded.aggregation,  # type: ignore[arg-type]
        sentences=_sentences(loaded, sentences),
        max_tokens=window,
        overlap=shared,
        exact=_flag("exact", exact),
    )


def entity_options(
    tokens: TokenOptions,
    *,
    labels: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    min_score: float = 0.0,
    rename: Mapping[str, str] | None = None,
    greedy: bool = False,
    ignore_stop_words: Iterable[str] = (),
    preserve_position: bool = True,
) -> EntityOptions:
    """Check which entities are kept and how they are named.

    Raises
    ------
    OptionError
        A label is not one of the model's, or a value cannot be used.
    """
    model = tokens.model
    known = model.labels
    kept = None if labels is None else _labels("labels", labels, known)
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
    stop_words = _texts("ignore_stop_words", ignore_stop_words)
    if model.profile != "spark-nlp":
        _only_spark(
            model,
            greedy=greedy,
            ignore_stop_words=stop_words,
            preserve_position=not preserve_position,
        )
    return EntityOptions(
        tokens=tokens,
        labels=kept,
        exclude=dropped,
        min_score=float(min_score),
        rename=tuple(names.items()),
        greedy=_flag("greedy", greedy),
        ignore_stop_words=stop_words,
        preserve_position=_flag("preserve_position", preserve_position),
    )


def choice(name: str, value: object, known: tuple[str, ...]) -> None:
    """Raise an OptionError unless ``value`` is one of ``known``."""
    if value not in known:
        listed = ", ".join(repr(item) for item in known)
        msg = f"{name}={value!r} is not one of {listed}.{hint(str(value), known)}"
        raise OptionError(msg)


def option_names(given: Iterable[str], known: Collection[str]) -> None:
    """Raise an OptionError unless all names ``given`` are ``known``."""
    for name in given:
        if name not in known:
            msg = f"there is no option {name!r}.{hint(name, known)}"
            raise OptionError(msg)


def sentence_method(given: object) -> SentenceWay:
    """Check a way to find sentences: a name, or where a saved detector is.

    Raises
    ------
    OptionError
        It is neither.
    ModelFormatError
        There is something, but no detector that can be read.
    """
    if not isinstance(given, str | os.PathLike):
        listed = ", ".join(repr(item) for item in SENTENCE_METHODS)
        msg = (
            f"sentences is a {type(given).__name__}; one of {listed}, the place of a "
            f"saved detector or, where a model reads the text, an expression with "
            f"List(Struct{{start, end}}) is needed."
        )
        raise OptionError(msg)
    name = os.fspath(given)
    if name in SENTENCE_METHODS:
        return name
    from polars_jslner.models.sparknlp.layout import find_detector

    try:
        return find_detector(name)
    except ModelNotFoundError as error:
        listed = ", ".join(repr(item) for item in SENTENCE_METHODS)
        msg = (
            f"sentences={name[:100]!r} is not one of {listed} and not the place of a "
            f"saved sentence detector.{hint(name, SENTENCE_METHODS)}"
        )
        raise OptionError(msg) from error


def _sentences(model: Model, given: object) -> SentenceWay | None:
    if isinstance(given, pl.Expr):
        return None
    if given is not None:
        return sentence_method(given)
    if model.spark is None:
        return "clinical"
    return "pragmatic" if model.spark.detector is None else "model"


def _only_spark(model: Model, **given: object) -> None:
    """Raise an OptionError if an option is set that only Spark NLP models have."""
    for name, value in given.items():
        if value:
            msg = (
                f"{name} is for Spark NLP models only, and {model.name!r} follows the "
                f"{model.profile} profile."
            )
            raise OptionError(msg)


def _texts(name: str, given: object) -> tuple[str, ...]:
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        texts = tuple(given)
        if all(isinstance(text, str) for text in texts):
            return texts
    msg = f"{name}={given!r} is not a list of strings."
    raise OptionError(msg)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        msg = f"{name}={value!r} is not True or False."
        raise OptionError(msg)
    return value


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
    labels = (given,) if isinstance(given, str) else _texts(name, given)
    for label in labels:
        if label not in known:
            msg = (
                f"{name}: {label!r} is not a label of the model."
                f"{hint(str(label), known)} Its labels: {', '.join(known)}."
            )
            raise OptionError(msg)
    return labels


def plain(value: Any) -> Any:
    """Return a value that can be used twice and written as JSON."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, pl.Expr | str):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return tuple(value)
    return value
