"""TokenizerModel: sentences to tokens.

The rules that a Tokenizer has by default are a kernel; any other rules, exceptions and
split patterns are Java regexes and take the slow path, sentence by sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels.sparknlp_tokens import split_words
from polars_jslner.sparknlp import charsets, javaregex
from polars_jslner.sparknlp.params import TokenizerParams, default_rule
from polars_jslner.sparknlp.units import (
    first_of_each,
    int64s,
    length,
    texts_of,
    units_of_texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polars_jslner.sparknlp.sentences import Sentences

# What Spark NLP puts in the place of a separator, and of one inside an exception. The
# first separates wherever it comes from, the second never does.
_BREAK, _KEEP = "\u2187", "\u2188"

_CONTEXT = re.compile(r"\\A\(\[\\Q(.*?)\\E\]\*\)", re.DOTALL)
_LINE_ENDS = frozenset("\n\r\x85\u2028\u2029")


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """The tokens of sentences.

    Parameters
    ----------
    offsets
        int64[n_sentences + 1], first token of each sentence.
    units
        uint16[n_units], where the text of tokens stands.
    starts, ends
        int64[n_tokens], half-open, in ``units``.
    begins, lasts
        int64[n_tokens], place in the document, inclusive.
    """

    offsets: NDArray[np.int64]
    units: NDArray[np.uint16]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    begins: NDArray[np.int64]
    lasts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)


def tokenize(sentences: Sentences, params: TokenizerParams) -> Tokens:
    """Cut sentences into tokens.

    Raises
    ------
    OptionError
        A pattern cannot be translated from Java.
    """
    table = _fast(params)
    if table is None:
        return tokenize_by_regex(sentences, params)
    offsets, starts, ends = split_words(
        sentences.units.data,
        sentences.units.offsets,
        _separators(),
        table,
        params.min_length,
        params.max_length,
    )
    moved = sentences.begins - sentences.units.offsets[:-1]
    begins = starts + np.repeat(moved, np.diff(offsets))
    lasts = begins + (ends - starts) - 1
    return Tokens(offsets, sentences.units.data, starts, ends, begins, lasts)


def check(params: TokenizerParams) -> None:
    """Raise an OptionError unless every pattern can be translated from Java."""
    if _fast(params) is None:
        _Splitter(params)


@lru_cache(maxsize=1)
def _separators() -> NDArray[np.bool_]:
    table = np.zeros(65536, np.bool_)
    table[[ord(character) for character in " \t\n\x0b\f\r" + _BREAK]] = True
    return table


@lru_cache(maxsize=32)
def _fast(params: TokenizerParams) -> NDArray[np.bool_] | None:
    """Return the context characters, bool[65536], if the kernel can do it all."""
    plain = params.target_pattern == r"\S+" and not (
        params.exceptions or params.split_chars or params.split_pattern is not None
    )
    found = _CONTEXT.match(params.rules[0]) if len(params.rules) == 1 else None
    if not plain or found is None:
        return None
    context = found.group(1)
    if default_rule((context,)) != params.rules[0] or not context:
        return None
    if _LINE_ENDS & set(context) or max(context) > "\uffff":
        return None
    table = np.zeros(65536, np.bool_)
    table[[ord(character) for character in context]] = True
    return table


def tokenize_by_regex(sentences: Sentences, params: TokenizerParams) -> Tokens:
    """Cut sentences into tokens, any parameters, slowly; see `tokenize`."""
    splitter = _Splitter(params)
    texts: list[str] = []
    begins: list[int] = []
    counts: list[int] = []
    for text, first in zip(
        texts_of(sentences.units), sentences.begins.tolist(), strict=True
    ):
        before = len(texts)
        for token, begin in splitter.split(text):
            if token and params.min_length <= length(token) <= params.max_length:
                texts.append(token)
                begins.append(first + begin)
        counts.append(len(texts) - before)
    units = units_of_texts(texts)
    starts, ends = units.offsets[:-1], units.offsets[1:]
    at = int64s(begins)
    offsets = first_of_each(int64s(counts))
    return Tokens(offsets, units.data, starts, ends, at, at + (ends - starts) - 1)


class _Splitter:
    """The patterns of a tokenizer, compiled."""

    def __init__(self, params: TokenizerParams) -> None:
        inner = f"^(?:{params.target_pattern}){_KEEP}"
        separators = charsets.pattern_of(javaregex.char_class(inner))
        self._separator = re.compile(separators)
        self._rules = [javaregex.compile_java(rule) for rule in params.rules]
        self._exception = None
        if params.exceptions:
            flag = "" if params.case_sensitive_exceptions else "(?i)"
            whole = "|".join(flag + exception for exception in params.exceptions)
            self._exception = javaregex.compile_java(whole)
        self._split_pattern = None
        if params.split_pattern is not None:
            self._split_pattern = javaregex.compile_java(params.split_pattern)
        self._split_chars = None
        self._delimiters: list[str] = []
        if params.split_chars:
            self._split_chars = javaregex.compile_java("|".join(params.split_chars))
            self._delimiters = [chars[-1] for chars in params.split_chars if chars]

    def split(self, text: str) -> Iterator[tuple[str, int]]:
        """Yield tokens and where they begin in ``text``, in code units.

        A character of two units that separates is replaced by one unit; what follows
        begins too early then, as in Spark NLP.
        """
        marked = text
        if self._exception is not None:
            marked = self._exception.sub(self._keep, marked)
        marked = self._separator.sub(_BREAK, marked)
        wide = length(text) != len(text)
        begin = 0
        for candidate in marked.split(_BREAK):
            if candidate:
                if self._is_exception(candidate):
                    yield _slice(text, begin, length(candidate), wide=wide), begin
                else:
                    for token, place in self._tokens(candidate):
                        yield token, begin + place
            begin += length(candidate) + 1

    def _keep(self, match: re.Match[str]) -> str:
        return self._separator.sub(_KEEP, match.group())

    def _is_exception(self, candidate: str) -> bool:
        if self._exception is None:
            return False
        return _KEEP in candidate or self._exception.fullmatch(candidate) is not None

    def _tokens(self, candidate: str) -> Iterator[tuple[str, int]]:
        """Apply the first rule that matches, then split its groups."""
        match = next(
            (found for rule in self._rules if (found := rule.search(candidate))), None
        )
        if match is None:
            yield candidate, 0
            return
        at = length(candidate[: match.start()])
        for group in range(1, (match.re.groups or 0) + 1):
            target = match.group(group) or ""
            parts = self._parts(target)
            if parts is None:
                yield target, at
                at += length(target)
                continue
            if parts:
                at = length(candidate[: match.start(group)]) - 1
            for part in parts:
                yield part, at + 1
                at += length(part) + 1

    def _parts(self, target: str) -> list[str] | None:
        """Split a group; None if nothing in it asks for that."""
        if not target:
            return None
        if self._split_pattern is not None:
            spans = javaregex.split(self._split_pattern, target)
            if len(spans) > 1:
                return [target[a:b] for a, b in spans]
        if self._split_chars is not None and any(d in target for d in self._delimiters):
            spans = javaregex.split(self._split_chars, target)
            return [target[a:b] for a, b in spans]
        return None


def _slice(text: str, begin: int, size: int, *, wide: bool) -> str:
    """Return ``size`` code units of a text from ``begin`` on."""
    if not wide:
        return text[begin : begin + size]
    data = text.encode("utf-16-le", "surrogatepass")[2 * begin : 2 * (begin + size)]
    return data.decode("utf-16-le", "surrogatepass")
