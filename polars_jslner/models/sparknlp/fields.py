"""The features of a saved model: ``fields/<name>/part-*``.

A map is saved as a sequence of pairs, ten a record, in as many part files as the saving
machine had threads. Their order means nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from polars_jslner.errors import ModelFormatError
from polars_jslner.models.sparknlp.javastream import JavaObject, objects_of, parse
from polars_jslner.models.sparknlp.pairs import read_id_pairs, read_merge_pairs
from polars_jslner.models.sparknlp.sequencefile import records

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from polars_jslner.models.sparknlp.javastream import Value
    from polars_jslner.models.sparknlp.storage import Files

    _FastReader: TypeAlias = Callable[[bytes], list[tuple[list[str], int]] | None]

# Multilingual BERT has 119,547 word pieces, of some 50 bytes each in these files.
_MAX_BYTES = 24 << 20
_MAX_PAIRS = 300_000
_MAX_RULES = 1_000
# What goes through the general parser, which reads about 1.5 MB/s.
_MAX_SLOW = 1 << 19

_TUPLE = "scala.Tuple2"
_RULE = "com.johnsnowlabs.nlp.util.regex.RegexRule"
_PATTERN = "java.util.regex.Pattern"


def read_ids(files: Files, name: str, most: int) -> dict[str, int]:
    """Return a map of strings to ids, ``vocabulary`` or ``labels``.

    Raises
    ------
    ModelFormatError
        It is missing, empty or damaged, an id is not in [0, ``most``), or two strings
        share one.
    """
    with _told(files, name):
        ids = {text: index for (text,), index in _numbered(files, name, read_id_pairs)}
        _check_numbers(list(ids.values()), most)
    return ids


def read_merges(files: Files) -> tuple[tuple[str, str], ...]:
    """Return the byte-pair ``merges`` in the order of their ranks.

    Raises
    ------
    ModelFormatError
        They are missing or damaged, or two share a rank.
    """
    with _told(files, "merges"):
        ranks = {
            (left, right): rank
            for (left, right), rank in _numbered(files, "merges", read_merge_pairs)
        }
        _check_numbers(list(ranks.values()), 2 * _MAX_PAIRS)
    return tuple(sorted(ranks, key=ranks.__getitem__))


def read_texts(files: Files, name: str) -> dict[str, str]:
    """Return a map of strings to strings.

    Raises
    ------
    ModelFormatError
        It is missing or damaged.
    """
    with _told(files, name):
        pairs = [_tuple(v) for record in _records(files, name) for v in _array(record)]
        texts = {k: v for k, v in pairs if isinstance(k, str) and isinstance(v, str)}
        if len(texts) != len(pairs):
            msg = "pairs that are not (string, string), or one key twice"
            raise ValueError(msg)
    return texts


def read_rules(files: Files) -> tuple[str, ...]:
    """Return the regular expressions of a tokenizer's ``rules``, in their order.

    Raises
    ------
    ModelFormatError
        They are missing or damaged, or a pattern was compiled with flags.
    """
    with _told(files, "rules"):
        factories = [v for record in _records(files, "rules") for v in _array(record)]
        if len(factories) != 1 or not isinstance(factories[0], JavaObject):
            msg = f"{len(factories)} values, not one RuleFactory"
            raise ValueError(msg)
        rules = objects_of(factories[0].fields.get("rules"), _RULE)
        if not 0 < len(rules) <= _MAX_RULES:
            msg = f"{len(rules)} rules"
            raise ValueError(msg)
        return tuple(_source(rule) for rule in rules)


def _source(rule: JavaObject) -> str:
    patterns = objects_of(rule.fields.get("regex"), _PATTERN)
    source = patterns[0].fields.get("pattern") if len(patterns) == 1 else None
    if not isinstance(source, str) or patterns[0].fields.get("flags") != 0:
        msg = "a rule without a pattern, or with flags"
        raise ValueError(msg)
    return source


def by_id(ids: dict[str, int]) -> tuple[str | None, ...]:
    """Return the strings at their ids; None where an id has no string."""
    strings: list[str | None] = [None] * (max(ids.values(), default=-1) + 1)
    for text, index in ids.items():
        strings[index] = text
    return tuple(strings)


def _check_numbers(numbers: list[int], most: int) -> None:
    if not numbers or min(numbers) < 0 or max(numbers) >= most:
        msg = f"no pairs, or a number that is not in 0 to {most - 1}"
        raise ValueError(msg)
    if len(set(numbers)) != len(numbers):
        msg = "a number that two pairs share"
        raise ValueError(msg)


def _numbered(
    files: Files, name: str, fast: _FastReader
) -> Iterator[tuple[list[str], int]]:
    """Iterate over the keys, as lists of strings, and numbers of a map."""
    n_strings = 1 if fast is read_id_pairs else 2
    n_pairs = n_slow = 0
    for record in _records(files, name):
        pairs = fast(record)
        if pairs is None:
            n_slow += len(record)
            if n_slow > _MAX_SLOW:
                msg = "records that are not laid out as Spark NLP does"
                raise ValueError(msg)
            pairs = [_pair(value, n_strings) for value in _array(record)]
        n_pairs += len(pairs)
        if n_pairs > _MAX_PAIRS:
            msg = f"more than {_MAX_PAIRS} pairs"
            raise ValueError(msg)
        yield from pairs


def _pair(value: Value, n_strings: int) -> tuple[list[str], int]:
    key, number = _tuple(value)
    parts = [key] if n_strings == 1 else list(_tuple(key))
    strings = [part for part in parts if isinstance(part, str)]
    if len(strings) != n_strings or not isinstance(number, int):
        msg = "a pair of other types than string and integer"
        raise ValueError(msg)
    return strings, number


def _tuple(value: Value) -> tuple[Value, Value]:
    if not isinstance(value, JavaObject) or value.name != _TUPLE:
        msg = "an element that is no pair"
        raise ValueError(msg)
    return value.fields.get("_1"), value.fields.get("_2")


def _array(record: bytes) -> list[Value]:
    value = parse(record)
    if not isinstance(value, list):
        msg = "a record that is no array"
        raise ValueError(msg)  # noqa: TRY004 - of the file, not of an argument
    return value


def _records(files: Files, name: str) -> Iterator[bytes]:
    """Iterate over the records of a feature."""
    parts = files.parts(f"fields/{name}")
    if not parts:
        msg = "no part-00000"
        raise ValueError(msg)
    left = _MAX_BYTES
    for part in parts:
        data = files.read(part, left)
        left -= len(data)
        yield from records(data)


@contextmanager
def _told(files: Files, name: str) -> Generator[None]:
    """Tell a ValueError of the parsers with the place of the feature."""
    try:
        yield
    except ModelFormatError:
        raise
    except ValueError as error:
        msg = f"{files.origin!r}: fields/{name} cannot be read, it has {error}."
        raise ModelFormatError(msg) from error
