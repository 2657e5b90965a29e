"""The parameters of Spark NLP's annotators, by their own names in snake_case.

Frozen and picklable; the defaults are those that Spark NLP 5.5 saves. A parameter that
Spark NLP leaves unset is None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from polars_jslner.errors import OptionError, hint

CleanupMode = Literal[
    "disabled",
    "inplace",
    "inplace_full",
    "shrink",
    "shrink_full",
    "each",
    "each_full",
    "delete_full",
]
BoundsStrategy = Literal["none", "prepend", "append"]

CLEANUP_MODES: tuple[CleanupMode, ...] = get_args(CleanupMode)
BOUNDS_STRATEGIES: tuple[BoundsStrategy, ...] = get_args(BoundsStrategy)

MAX_INT = 2**31 - 1

CONTEXT_CHARS = (".", ",", ";", ":", "!", "?", "*", "-", "(", ")", '"', "'")


def default_rule(context_chars: tuple[str, ...] = CONTEXT_CHARS) -> str:
    r"""Return the regex that a Tokenizer without patterns of its own is fitted with.

    >>> default_rule((".", ","))
    '\\A([\\Q.,\\E]*)([^\\Q.,\\E](?:.*[^\\Q.,\\E])*)([\\Q.,\\E]*)\\z'
    """
    listed = "\\Q" + "".join(context_chars) + "\\E"
    infix = f"([^{listed}](?:.*[^{listed}])*)"
    return f"\\A([{listed}]*){infix}([{listed}]*)\\z"


@dataclass(frozen=True, slots=True)
class DocumentAssemblerParams:
    """How DocumentAssembler cleans a text.

    Raises
    ------
    OptionError
        ``cleanup_mode`` is none that the transform knows. (Spark NLP's setter takes
        other spellings too, but its transform then fails.)
    """

    cleanup_mode: CleanupMode = "disabled"

    def __post_init__(self) -> None:
        _choice("cleanupMode", self.cleanup_mode, CLEANUP_MODES)


@dataclass(frozen=True, slots=True)
class SentenceDetectorParams:
    """The rule-based SentenceDetector.

    ``custom_bounds`` are Java regexes; lengths are UTF-16 code units.

    Raises
    ------
    OptionError
        ``custom_bounds_strategy`` is unknown.
    """

    use_abbreviations: bool = True
    detect_lists: bool = True
    use_custom_bounds_only: bool = False
    custom_bounds: tuple[str, ...] = ()
    custom_bounds_strategy: BoundsStrategy = "none"
    min_length: int = 0
    max_length: int = 99999
    split_length: int | None = None

    def __post_init__(self) -> None:
        name = "customBoundsStrategy"
        _choice(name, self.custom_bounds_strategy, BOUNDS_STRATEGIES)


@dataclass(frozen=True, slots=True)
class SentenceDetectorDLParams:
    """SentenceDetectorDLModel, without its vocabulary and weights."""

    impossible_penultimates: tuple[str, ...] = ()
    use_custom_bounds_only: bool = False
    custom_bounds: tuple[str, ...] = ()
    min_length: int = 0
    max_length: int = MAX_INT
    split_length: int = MAX_INT


@dataclass(frozen=True, slots=True)
class TokenizerParams:
    """A fitted TokenizerModel.

    Parameters
    ----------
    rules
        Java regexes of ``fields/rules``, in order: prefix, infix and suffix in one.
    target_pattern
        Java regex, used as a set of characters.
    exceptions
        Java regexes of what is never cut.
    case_sensitive_exceptions
        Whether they are matched with their case.
    split_chars, split_pattern
        Java regexes at which a token is cut further.
    min_length, max_length
        Tokens of another length are dropped; UTF-16 code units.
    """

    rules: tuple[str, ...] = field(default_factory=lambda: (default_rule(),))
    target_pattern: str = "\\S+"
    exceptions: tuple[str, ...] | None = None
    case_sensitive_exceptions: bool = True
    split_chars: tuple[str, ...] | None = None
    split_pattern: str | None = None
    min_length: int = 0
    max_length: int = 99999


@dataclass(frozen=True, slots=True)
class TokenClassifierParams:
    """Any ...ForTokenClassification model, without its vocabulary and weights."""

    case_sensitive: bool = True
    max_sentence_length: int = 128
    batch_size: int = 8


@dataclass(frozen=True, slots=True)
class NerConverterParams:
    """NerConverter and, from ``black_list`` on, NerConverterInternal.

    Parameters
    ----------
    white_list
        Labels to keep, as they stand in the tags without ``B-`` or ``I-``.
    preserve_position
        False: a chunk's text is that of its first token only.
    ner_has_no_schema
        The whole tag is the label.
    black_list
        Labels to drop.
    threshold
        Drop chunks whose confidence is below it or unknown.
    greedy_mode
        A ``B-`` right after a chunk of the same label goes on with it.
    replace_labels
        Pairs of label and new label; applied after the lists above.
    ignore_stop_words
        Chunks of one label with only these words between them are one; its text is
        the other words with a space between them.
    """

    white_list: tuple[str, ...] | None = None
    preserve_position: bool = True
    ner_has_no_schema: bool = False
    black_list: tuple[str, ...] | None = None
    threshold: float | None = None
    greedy_mode: bool = False
    replace_labels: tuple[tuple[str, str], ...] = ()
    ignore_stop_words: tuple[str, ...] = ()


def _choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        listed = ", ".join(repr(item) for item in known)
        msg = f"{name} {value!r} is not one of {listed}.{hint(value, known)}"
        raise OptionError(msg)
