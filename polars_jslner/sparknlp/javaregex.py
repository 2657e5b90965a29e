r"""Java's regexes, written anew for Python's `re`.

Flags ``i`` and ``s`` and ``m`` are worked into the pattern; classes become plain
ranges, so that ``\s``, ``\d`` and ``\w`` are ASCII, nested classes and intersections
work, and ``.`` and ``$`` know Java's line terminators. What cannot be said in Python
(other flags, ``\G``, ``\X``, lookbehinds of several lengths) raises an OptionError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from polars_jslner.errors import OptionError
from polars_jslner.sparknlp import charsets

if TYPE_CHECKING:
    from polars_jslner.sparknlp.charsets import CharSet

_CLASS_ESCAPES: dict[str, CharSet] = {
    "s": charsets.SPACE,
    "d": charsets.DIGIT,
    "w": charsets.WORD,
    "h": charsets.HORIZONTAL,
    "v": charsets.VERTICAL,
}
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_TERMINATOR = r"(?:\r\n|[\n\r\u0085\u2028\u2029])"
_WHOLE: dict[str, str] = {
    "A": r"\A",
    "z": r"\Z",
    "Z": rf"(?={_TERMINATOR}?\Z)",
    "R": r"(?:\r\n|[\n-\r\u0085\u2028\u2029])",
}


@dataclass(frozen=True, slots=True)
class _Flags:
    fold: bool = False
    dotall: bool = False
    multiline: bool = False


class _UntranslatableError(Exception):
    """The part of a pattern that Python cannot say; its text is the reason."""


@lru_cache(maxsize=256)
def compile_java(pattern: str, *, fold: bool = False) -> re.Pattern[str]:
    """Compile a Java regex for strings with one character a code point.

    Parameters
    ----------
    pattern
        As `java.util.regex.Pattern` takes it.
    fold
        Whether ASCII letters match in both cases, as behind ``(?i)``.

    Raises
    ------
    OptionError
        Python cannot match what it matches; the message says which part.
    """
    try:
        translated = _Translator(pattern).translate(_Flags(fold=fold))
        return re.compile(translated)
    except (_UntranslatableError, re.error, RecursionError, OverflowError) as error:
        msg = (
            f"the pattern {pattern!r} cannot be translated from Java's regexes to "
            f"Python's: {error}. Write it without that part."
        )
        raise OptionError(msg) from error


def char_class(body: str) -> CharSet:
    """Return the characters that the Java class ``[body]`` matches.

    Raises
    ------
    OptionError
        It is no class, or one that cannot be translated.
    """
    try:
        chars = _Translator(body + "]").whole_class()
    except (_UntranslatableError, RecursionError) as error:
        msg = f"[{body}] is not a class of characters that can be read: {error}."
        raise OptionError(msg) from error
    return chars


def split(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    """Split as Java's `String.split`; return the half-open ranges of the parts.

    There are no empty parts at the end, nor one before a match of nothing at the start.
    """
    parts: list[tuple[int, int]] = []
    start = 0
    for match in pattern.finditer(text):
        if match.end() > 0:
            parts.append((start, match.start()))
            start = match.end()
    if not parts:
        return [(0, len(text))]
    parts.append((start, len(text)))
    while parts and parts[-1][0] == parts[-1][1]:
        parts.pop()
    return parts


@dataclass(slots=True)
class _Translator:
    """Reads a pattern once, from left to right."""

    pattern: str
    at: int = 0
    names: list[str] = field(default_factory=list[str])

    def translate(self, flags: _Flags) -> str:
        result = self._alternatives(flags)
        if self.at < len(self.pattern):
            msg = f"')' at {self.at} closes nothing"
            raise _UntranslatableError(msg)
        return result

    def whole_class(self) -> CharSet:
        """Read the inside of a class and the bracket that ends the pattern."""
        chars = self.read_class(_Flags())
        if self.at != len(self.pattern):
            msg = "the class ends before its end"
            raise _UntranslatableError(msg)
        return chars

    def _peek(self, n: int = 1) -> str:
        return self.pattern[self.at : self.at + n]

    def _take(self, n: int = 1) -> str:
        taken = self._peek(n)
        if len(taken) < n:
            msg = "it ends too early"
            raise _UntranslatableError(msg)
        self.at += n
        return taken

    def _until(self, end: str) -> str:
        stop = self.pattern.find(end, self.at)
        if stop < 0:
            msg = f"{end!r} is missing"
            raise _UntranslatableError(msg)
        inner = self.pattern[self.at : stop]
        self.at = stop + len(end)
        return inner

    def _alternatives(self, flags: _Flags) -> str:
        parts: list[str] = []
        while self.at < len(self.pattern) and self._peek() != ")":
            if self._peek(2) == r"\Q":
                self.at += 2
                parts += [self._literal(c, flags) for c in self._quoted()]
                parts.append(self._quantifier())
                continue
            char = self._take()
            if char == "|":
                parts.append("|")
            elif char == "(":
                atom, flags = self._group(flags)
                parts.append(atom)
                parts.append(self._quantifier() if atom else "")
            else:
                parts.append(self._atom(char, flags))
                parts.append(self._quantifier())
        return "".join(parts)

    def _quoted(self) -> str:
        if self.pattern.find(r"\E", self.at) >= 0:
            return self._until(r"\E")
        rest = self.pattern[self.at :]
        self.at = len(self.pattern)
        return rest

    def _atom(self, char: str, flags: _Flags) -> str:
        if char == "[":
            return charsets.pattern_of(self.read_class(flags))
        if char == ".":
            every = charsets.EVERYTHING
            other = charsets.complement(charsets.TERMINATORS)
            return charsets.pattern_of(every if flags.dotall else other)
        if char == "^":
            after = r"(?:(?<=[\n\u0085\u2028\u2029])|(?<=\r)(?!\n))(?!\Z)"
            return rf"(?:\A|{after})" if flags.multiline else r"\A"
        if char == "$":
            inside_pair = r"(?:(?<!\r)|(?!\n))"
            at_end = rf"(?:{inside_pair}(?={_TERMINATOR}?\Z))"
            before = rf"(?:{inside_pair}(?={_TERMINATOR}|\Z))"
            return before if flags.multiline else at_end
        if char == "\\":
            return self._escape(flags)
        if char in "*+?":
            msg = f"{char!r} repeats nothing"
            raise _UntranslatableError(msg)
        return self._literal(char, flags)

    def _quantifier(self) -> str:
        char = self._peek()
        if char in ("*", "+", "?"):
            found = self._take()
        elif char == "{":
            self.at += 1
            inner = self._until("}")
            if not re.fullmatch(r"\d+(?:,\d*)?", inner, re.ASCII):
                msg = f"{{{inner}}} is no number of times"
                raise _UntranslatableError(msg)
            found = f"{{{inner}}}"
        else:
            return ""
        if self._peek() in ("?", "+"):
            found += self._take()
        return found

    @staticmethod
    def _literal(char: str, flags: _Flags) -> str:
        code = ord(char)
        if flags.fold and char.isascii() and char.isalpha():
            return charsets.pattern_of(charsets.both_cases(((code, code),)))
        return re.escape(char)

    def _escape(self, flags: _Flags) -> str:
        char = self._peek()
        if char in _WHOLE:
            self.at += 1
            return _WHOLE[char]
        if char in ("b", "B"):
            self.at += 1
            word = charsets.pattern_of(charsets.word_parts())
            edge = f"(?<={word})(?!{word})|(?<!{word})(?={word})"
            return f"(?:{edge})" if char == "b" else f"(?!{edge})"
        if char.isdigit() and char != "0":
            self.at += 1
            if flags.fold:
                msg = "a back reference without regard to case"
                raise _UntranslatableError(msg)
            return rf"(?:\{char})"
        if char == "k":
            self.at += 1
            self._take()
            return f"(?P={self._until('>')})"
        chars = self._escaped_set()
        if chars is None:
            return self._literal(self._escaped_char(), flags)
        return charsets.pattern_of(charsets.both_cases(chars) if flags.fold else chars)

    def _escaped_set(self) -> CharSet | None:
        r"""Read what follows a backslash if it is a class such as ``s`` or ``p{L}``."""
        char = self._peek()
        if char.lower() in _CLASS_ESCAPES and char:
            self.at += 1
            chars = _CLASS_ESCAPES[char.lower()]
            return charsets.complement(chars) if char.isupper() else chars
        if char not in ("p", "P"):
            return None
        self.at += 1
        name = self._take()
        if name == "{":
            name = self._until("}")
        chars_named = charsets.named(name)
        if chars_named is None:
            msg = rf"\p{{{name}}} is not known here"
            raise _UntranslatableError(msg)
        return charsets.complement(chars_named) if char == "P" else chars_named

    def _escaped_char(self) -> str:
        char = self._take()
        if char in _CONTROL:
            return _CONTROL[char]
        if char == "c":
            return chr(ord(self._take()) ^ 64)
        if char == "0":
            digits = re.compile(r"[0-3]?[0-7]{1,2}").match(self.pattern, self.at)
            if digits is None:
                msg = r"\0 without octal digits"
                raise _UntranslatableError(msg)
            self.at = digits.end()
            return chr(int(digits[0], 8))
        if char == "x" and self._peek() == "{":
            self.at += 1
            return self._hex(self._until("}"))
        if char == "x":
            return self._hex(self._take(2))
        if char == "u":
            return self._hex(self._take(4))
        if char.isascii() and char.isalnum():
            msg = rf"\{char} is not known here"
            raise _UntranslatableError(msg)
        return char

    @staticmethod
    def _hex(digits: str) -> str:
        if not re.fullmatch(r"[0-9A-Fa-f]{1,6}", digits) or int(digits, 16) > 0x10FFFF:
            msg = f"{digits!r} is no code point"
            raise _UntranslatableError(msg)
        return chr(int(digits, 16))

    def _group(self, flags: _Flags) -> tuple[str, _Flags]:
        """Read a group behind its ``(``; return it and the flags from there on."""
        opening, inner = "(", flags
        if self._peek() == "?":
            self.at += 1
            named = re.compile(r"<([A-Za-z]\w*)>", re.ASCII).match(
                self.pattern, self.at
            )
            kind = next(
                (
                    k
                    for k in (":", "=", "!", "<=", "<!", ">")
                    if self._peek(len(k)) == k
                ),
                None,
            )
            if kind is not None:
                self.at += len(kind)
                opening = "(?" + kind
            elif named is not None:
                self.at = named.end()
                opening = f"(?P<{named[1]}>"
            else:
                inner = self._flags(flags)
                if self._take() == ")":
                    return "", inner
                opening = "(?:"
        body = self._alternatives(inner)
        if self._take() != ")":
            msg = "')' is missing"
            raise _UntranslatableError(msg)
        return f"{opening}{body})", flags

    def _flags(self, flags: _Flags) -> _Flags:
        """Read flags up to the ``)`` or ``:`` behind them."""
        values = {"i": flags.fold, "s": flags.dotall, "m": flags.multiline}
        on = True
        while self._peek() not in (")", ":"):
            letter = self._take()
            if letter == "-":
                on = False
            elif letter in values:
                values[letter] = on
            else:
                msg = f"(?{letter}) is not known here"
                raise _UntranslatableError(msg)
        return _Flags(values["i"], values["s"], values["m"])

    def read_class(self, flags: _Flags) -> CharSet:
        """Read a class behind its ``[``, up to and with its ``]``."""
        negated = self._peek() == "^"
        self.at += negated
        result: CharSet | None = None  # what stands left of "&&"
        chars: CharSet = ()
        first = True
        while first or self._peek() != "]":
            if self._peek(2) == "&&":
                self.at += 2
                result = self._both(result, chars, flags)
                chars = ()
                if self._peek() == "]":
                    chars = charsets.EVERYTHING
            elif self._peek(2) == r"\Q":
                self.at += 2
                quoted = self._quoted()
                chars = charsets.union(chars, *(((ord(c), ord(c)),) for c in quoted))
            else:
                chars = charsets.union(chars, self._class_item(flags))
            first = False
        self.at += 1
        result = self._both(result, chars, flags)
        return charsets.complement(result) if negated else result

    @staticmethod
    def _both(left: CharSet | None, right: CharSet, flags: _Flags) -> CharSet:
        right = charsets.both_cases(right) if flags.fold else right
        return right if left is None else charsets.intersection(left, right)

    def _class_item(self, flags: _Flags) -> CharSet:
        char = self._take()
        if char == "[":
            return self.read_class(flags)
        if char == "\\":
            chars = self._escaped_set()
            if chars is not None:
                return chars
            char = self._escaped_char()
        low = high = ord(char)
        if self._peek() == "-" and self._peek(2)[1:] not in ("]", "[", ""):
            self.at += 1
            last = self._take()
            if last == "\\":
                if self._peek().lower() in ("s", "d", "w", "h", "v", "p"):
                    msg = "a range that ends with a class"
                    raise _UntranslatableError(msg)
                last = self._escaped_char()
            high = ord(last)
            if high < low:
                msg = f"the range {char!r} to {last!r} is empty"
                raise _UntranslatableError(msg)
        return ((low, high),)
