"""What can go wrong with a file."""

from __future__ import annotations

from polars_jslner.errors import JslNerError


class FileError(JslNerError, OSError):
    """A file cannot be read or written."""
