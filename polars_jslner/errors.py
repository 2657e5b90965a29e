"""What can go wrong, as exceptions and warnings of our own.

    JslNerError
    |- ModelNotFoundError   (FileNotFoundError)  no model at the given source
    |- ModelFormatError     (ValueError)         files that do not fit together
    |- OptionError          (ValueError)         an option that cannot be used
    |- InputTypeError       (TypeError)          a dtype that cannot be read
    |- InferenceError       (RuntimeError)       the model failed
    |- FileError            (OSError)            a source or an output, in a batch job
    |- MissingExtraError    (ImportError)        an engine that is not installed
    JslNerWarning           (UserWarning)

No message ever holds text of a note: row index, length and counts only.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class JslNerError(Exception):
    """Root of all errors raised by polars_jslner."""


class ModelNotFoundError(JslNerError, FileNotFoundError):
    """There is no model where the source points."""


class ModelFormatError(JslNerError, ValueError):
    """The files of a model are damaged, missing or do not fit together."""


class OptionError(JslNerError, ValueError):
    """An option has a value that cannot be used."""


class InputTypeError(JslNerError, TypeError):
    """A column or argument has a type that cannot be read."""


class InferenceError(JslNerError, RuntimeError):
    """The model failed while it ran."""


class FileError(JslNerError, OSError):
    """A file of a batch job cannot be read or written."""


class MissingExtraError(JslNerError, ImportError):
    """An optional dependency is not installed."""


class JslNerWarning(UserWarning):
    """Root of all warnings issued by polars_jslner."""


def hint(given: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the closest known name, or an empty string."""
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.casefold(), name)
    close = difflib.get_close_matches(given.casefold(), folded, n=1, cutoff=0.6)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""
