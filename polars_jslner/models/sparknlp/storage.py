"""Read-only access to the files of a saved model, wherever they lie.

A folder, a zip that is read in place, or a folder or zip on a filesystem that
``pyarrow.fs`` knows by its URI: each becomes a `Files`, names and sizes and a way to
open one. Names are relative, with ``/``; nothing is ever written.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

from polars_jslner.errors import JslNerError, ModelFormatError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

# 200 parts with hidden .crc companions in each of a pipeline's features are ordinary.
MAX_FILES = 20_000
MAX_DEPTH = 10
CHUNK = 2 << 20

_DAMAGE = (
    *(OSError, EOFError, ValueError, LookupError, RuntimeError, OverflowError),
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
)


class Entry(NamedTuple):
    """A file: its bytes, those it takes where it is stored, and what tells changes."""

    size: int
    stored: int
    stamp: int


class Files:
    """The files of a model.

    Parameters
    ----------
    origin
        Where they lie, for messages.
    entries
        The files by name.
    opener
        Opens one of them; the reader can seek.
    """

    def __init__(
        self,
        origin: str,
        entries: Mapping[str, Entry],
        opener: Callable[[str], BinaryIO],
    ) -> None:
        self.origin = origin
        self.entries = entries
        self._opener = opener

    def within(self, folder: str) -> Files:
        """Return the files in a folder, by their names there."""
        start = f"{folder}/"
        inside = {
            name.removeprefix(start): entry
            for name, entry in self.entries.items()
            if name.startswith(start)
        }
        opener = self._opener
        return Files(f"{self.origin}/{folder}", inside, lambda n: opener(start + n))

    def folders(self) -> list[str]:
        """Return the names of the folders at the root, sorted."""
        return sorted({n.partition("/")[0] for n in self.entries if "/" in n})

    def parts(self, folder: str) -> list[str]:
        """Return the part files in ``folder`` in their order.

        Hadoop's hidden checksums and ``_SUCCESS`` are no parts.
        """
        start = f"{folder}/part-"
        names = (name for name in self.entries if name.startswith(start))
        return sorted(name for name in names if "/" not in name[len(start) :])

    @contextmanager
    def opened(self, name: str) -> Generator[BinaryIO]:
        """Open a file.

        Raises
        ------
        ModelFormatError
            It is missing or cannot be opened.
        """
        if name not in self.entries:
            msg = f"{self.origin!r} has no file {name!r}."
            raise ModelFormatError(msg)
        with damage(self.origin, name):
            file = self._opener(name)
        with file:
            yield file

    def read(self, name: str, limit: int) -> bytes:
        """Return the bytes of a file.

        Raises
        ------
        ModelFormatError
            It is missing, damaged or larger than ``limit`` bytes.
        """
        with self.opened(name) as file:
            size = self.entries[name].size
            if size > limit:
                msg = (
                    f"{self.origin!r}: {name!r} has {size} bytes, at most {limit} can "
                    f"be read of such a file."
                )
                raise ModelFormatError(msg)
            with damage(self.origin, name):
                data = _read_all(file, size)
        if len(data) != size:
            msg = f"{self.origin!r}: {name!r} does not have its {size} bytes."
            raise ModelFormatError(msg)
        return data


@dataclass(frozen=True)
class Location:
    """Where a saved model is; plain data that pickles, and opens anywhere.

    Attributes
    ----------
    source
        Absolute path or URI of the folder or zip.
    folder
        The model's folder inside it; empty for the root.
    """

    source: str
    folder: str = ""

    def under(self, folder: str) -> Location:
        """Return the location of a folder inside this one."""
        inside = f"{self.folder}/{folder}" if self.folder else folder
        return Location(self.source, inside)

    @contextmanager
    def open(self) -> Generator[Files]:
        """Open its files for reading.

        Raises
        ------
        ModelNotFoundError
            There is nothing any more, or it cannot be reached.
        ModelFormatError
            It is neither a folder nor a sound zip.
        """
        with _open_source(self.source) as files:
            yield files.within(self.folder) if self.folder else files


def locate(source: str | os.PathLike[str]) -> Location:
    """Find the saved model at ``source``: there, or in the one folder there.

    Parameters
    ----------
    source
        A folder or zip: a path (``~`` is the home folder), or a URI such as
        ``s3://bucket/model.zip``, ``gs://...`` or ``file://...``.

    Raises
    ------
    ModelNotFoundError
        There is nothing at ``source``, or it cannot be reached.
    ModelFormatError
        There is something, but no saved model.
    """
    given = os.fspath(source)
    location = Location(given if is_remote(given) else str(_local(given)))
    with location.open() as files:
        if files.parts("metadata"):
            return location
        # Archives made on a Mac carry a second folder of resource forks.
        inner = [name for name in files.folders() if name != "__MACOSX"]
        if len(inner) == 1 and files.parts(f"{inner[0]}/metadata"):
            return location.under(inner[0])
        found = sorted({name.partition("/")[0] for name in files.entries})[:10]
    msg = (
        f"{given!r} is no model saved by Spark NLP: metadata/part-00000 is needed at "
        f"its root or in its only folder, found {found!r}."
    )
    raise ModelFormatError(msg)


def is_remote(source: str) -> bool:
    """Say whether ``source`` is a URI of another filesystem than this machine's."""
    scheme, colon, _ = source.partition("://")
    return bool(colon) and len(scheme) > 1 and scheme.isalnum() and scheme != "file"


@contextmanager
def damage(origin: str, name: str) -> Generator[None]:
    """Tell what is said of damaged or unreadable bytes as a ModelFormatError."""
    try:
        yield
    except JslNerError:
        raise
    except _DAMAGE as error:
        msg = f"{origin!r}: {name!r} is damaged or cannot be read: {error}"
        raise ModelFormatError(msg) from error


def _read_all(file: BinaryIO, limit: int) -> bytes:
    """Read to the end, but hardly more than ``limit`` bytes."""
    buffer = BytesIO()
    while buffer.tell() <= limit:
        chunk = file.read(min(CHUNK, limit + 1 - buffer.tell()))
        if not chunk:
            break
        buffer.write(chunk)
    return buffer.getvalue()


def _local(given: str) -> Path:
    path = given
    try:
        if given.startswith("file://"):
            parts = urlsplit(given)
            path = unquote(parts.path) if parts.netloc in ("", "localhost") else ""
            path = path.lstrip("/") if os.name == "nt" else path
        if path:
            return Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        msg = f"{given!r} is not a path that can be resolved: {error}"
        raise ModelNotFoundError(msg) from error
    msg = f"{given!r} is not the path of a model on this machine."
    raise ModelNotFoundError(msg)


@contextmanager
def _open_source(source: str) -> Generator[Files]:
    if is_remote(source):
        from polars_jslner.models.sparknlp.remote import open_remote

        with open_remote(source) as files:
            yield files
        return
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        msg = f"there is no model at {source!r}: {error}"
        raise ModelNotFoundError(msg) from error
    if stat.S_ISDIR(mode):
        with damage(source, "."):
            files = _folder(path)
        yield files
    elif stat.S_ISREG(mode):
        from polars_jslner.models.sparknlp.archive import zip_files

        with damage(source, path.name):
            file = path.open("rb")
        with file:
            yield zip_files(file, source)
    else:
        msg = f"{source!r} is neither a folder nor a zip."
        raise ModelFormatError(msg)


def _folder(root: Path) -> Files:
    """List a folder of this machine. Links inside it are not followed but refused."""
    entries: dict[str, Entry] = {}
    waiting = [""]
    n_seen = 0
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as items:
            for item in items:
                name = f"{folder}{item.name}"
                n_seen += 1
                if n_seen > MAX_FILES or name.count("/") >= MAX_DEPTH:
                    msg = (
                        f"{str(root)!r} holds more than {MAX_FILES} files or "
                        f"{MAX_DEPTH} levels; no saved model does."
                    )
                    raise ModelFormatError(msg)
                if item.is_symlink():
                    msg = f"{str(root)!r}: {name!r} is a link; a saved model has none."
                    raise ModelFormatError(msg)
                if item.is_dir(follow_symlinks=False):
                    waiting.append(f"{name}/")
                elif item.is_file(follow_symlinks=False):
                    about = item.stat(follow_symlinks=False)
                    size = about.st_size
                    entries[name] = Entry(size, size, about.st_mtime_ns)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return Files(
        str(root), entries, lambda name: os.fdopen(os.open(root / name, flags), "rb")
    )
