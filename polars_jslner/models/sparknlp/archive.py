"""Zips that are read in place and trusted in nothing.

Names, counts and sizes are checked before anything is read, and sizes are held against
the bytes that an entry really takes, so that a small file cannot become a large one.
"""

from __future__ import annotations

import stat
import zipfile
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from polars_jslner.errors import ModelFormatError
from polars_jslner.models.sparknlp.storage import (
    CHUNK,
    MAX_DEPTH,
    MAX_FILES,
    Entry,
    Files,
    damage,
)

if TYPE_CHECKING:
    from collections.abc import Generator

_MAX_NAME = 512
_MAX_INNER = 4 << 30
# Vocabularies shrink to a tenth; a bomb to a thousandth.
_MAX_EXPANSION = 25
_ALWAYS_ALLOWED = 8 << 20
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def zip_files(file: BinaryIO, origin: str, stored: int | None = None) -> Files:
    """List the entries of a zip.

    Parameters
    ----------
    file
        The zip. It must stay open while the entries are read; the caller closes it.
    origin
        Where it lies, for messages.
    stored
        The bytes that the zip itself takes where it is stored, when it lies in
        another zip; its own size otherwise.

    Raises
    ------
    ModelFormatError
        It is no zip, or holds names, links, methods or sizes that no saved model has.
    """
    with damage(origin, "the zip's directory"):
        opened = zipfile.ZipFile(cast("BinaryIO", _Guard(file)))
        size = file.seek(0, 2)
    infos = opened.infolist()
    if len(infos) > MAX_FILES:
        msg = f"{origin!r} has {len(infos)} entries, at most {MAX_FILES} are read."
        raise ModelFormatError(msg)
    budget = max(_ALWAYS_ALLOWED, _MAX_EXPANSION * (size if stored is None else stored))
    entries: dict[str, Entry] = {}
    known: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.orig_filename
        wrong = _objection(info)
        budget -= info.file_size
        if budget < 0:
            wrong = "grows beyond what its stored bytes can hold"
        if name in known:
            wrong = "is there twice"
        if wrong:
            msg = f"{origin!r} is not read: the entry {name[:80]!r} {wrong}."
            raise ModelFormatError(msg)
        known[name] = info
        if not name.endswith("/"):
            packed = info.compress_size if stored is None else stored
            entries[name] = Entry(info.file_size, packed, info.CRC)
    return Files(
        origin, entries, lambda name: cast("BinaryIO", opened.open(known[name]))
    )


@contextmanager
def open_zip(files: Files, name: str) -> Generator[Files]:
    """Open the zip that is a file of a model, itself perhaps in a zip.

    A zip in a zip is read into memory, for the outer one cannot be read backwards.

    Raises
    ------
    ModelFormatError
        It is missing, or see `zip_files`.
    """
    origin = f"{files.origin}/{name}"
    entry = files.entries.get(name)
    if entry is None or entry.stored == entry.size:
        with files.opened(name) as file:
            yield zip_files(file, origin, entry and entry.stored)
    else:
        yield zip_files(BytesIO(files.read(name, _MAX_INNER)), origin, entry.stored)


def _objection(info: zipfile.ZipInfo) -> str:
    """Return why an entry is refused; empty when it is not."""
    name = info.orig_filename
    parts = name.removesuffix("/").split("/")
    if len(name) > _MAX_NAME or len(parts) > MAX_DEPTH:
        return "has a name too long or too deep"
    if any(p in ("", ".", "..") for p in parts) or any(c in name for c in "\\:\0"):
        return "has a name that could lead out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in _METHODS:
        return f"is packed by method {info.compress_type}, not stored or deflated"
    largest = max(_ALWAYS_ALLOWED, _MAX_EXPANSION * info.compress_size)
    if info.file_size > largest:
        return f"grows from {info.compress_size} to {info.file_size} bytes"
    return ""


class _Guard:
    """Keeps `zipfile` from taking a directory of any size into memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(CHUNK + 1 if size < 0 else min(size, CHUNK + 1))
        if len(data) > CHUNK:
            msg = f"its directory is longer than {CHUNK} bytes"
            raise ValueError(msg)
        return data
