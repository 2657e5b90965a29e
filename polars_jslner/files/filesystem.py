"""Files by path or URI: listing, reading, and writing whole or not at all.

Local paths, and whatever Arrow's or fsspec's filesystems reach.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.fs as pafs

from polars_jslner.errors import FileError, OptionError

if TYPE_CHECKING:
    from collections.abc import Generator

_GLOB = re.compile(r"[*?\[]")

# Where a file appears when it has been sent completely, and cannot be renamed cheaply.
_OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "gcsfs", "abfs", "abfss", "az")

_CHUNK = 1 << 20  # bytes, of a copy

# Arrow asks Google for a quarter of an hour before it says that it is not there.
_GOOGLE = ("gs", "gcs")
_RETRY = "retry_limit_seconds"
_RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder on a filesystem.

    Parameters
    ----------
    filesystem
        A `pyarrow.fs.FileSystem`.
    path
        Of the file on it.
    scheme
        Of the URI it was given by; empty for a local path. Never with credentials.
    """

    filesystem: Any
    path: str
    scheme: str = ""

    def __str__(self) -> str:
        """Return the path or URI, without options and credentials."""
        return f"{self.scheme}://{self.path.lstrip('/')}" if self.scheme else self.path

    def __truediv__(self, name: str) -> Place:
        """Return the place ``name`` in this folder."""
        path = f"{self.path.rstrip('/')}/{name}" if name else self.path
        return Place(self.filesystem, path, self.scheme)

    @property
    def local(self) -> bool:
        """Whether it is on a disk that can rename."""
        return not self.scheme

    @property
    def parent(self) -> Place:
        """The folder it is in."""
        return Place(self.filesystem, self.path.rpartition("/")[0], self.scheme)

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rstrip("/").rpartition("/")[2]

    def info(self) -> Any:
        """Return Arrow's `FileInfo`."""
        return self.filesystem.get_file_info(self.path)

    def exists(self) -> bool:
        """Whether there is anything."""
        return bool(self.info().type != pafs.FileType.NotFound)

    def open(self) -> Any:
        """Open it for reading, with random access."""
        return self.filesystem.open_input_file(self.path)

    def make_folder(self) -> None:
        """Make the folder where folders exist."""
        if self.scheme not in _OBJECT_STORES:
            self.filesystem.create_dir(self.path, recursive=True)

    def remove(self) -> None:
        """Remove the file."""
        self.filesystem.delete_file(self.path)

    def remove_folder(self) -> None:
        """Remove the folder and all in it, if it is there."""
        if self.local:
            shutil.rmtree(self.path, ignore_errors=True)
        elif self.exists():
            self.filesystem.delete_dir(self.path)


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a listing: where, its path within what was listed, size, time (ns)."""

    place: Place
    relative: str
    size: int
    mtime_ns: int


def locate(given: str | os.PathLike[str]) -> Place:
    """Return the place that a path or URI names.

    Raises
    ------
    OptionError
        No filesystem knows the URI.
    """
    name = os.fspath(given)
    scheme, separator, rest = name.partition("://")
    if not separator:
        return Place(pafs.LocalFileSystem(), str(Path(name).expanduser().absolute()))
    if scheme == "file":
        return Place(pafs.LocalFileSystem(), rest)
    address, _, query = rest.partition("?")
    host, _, path = address.partition("/")
    bare = f"{scheme}://{host.rpartition('@')[2]}"  # a password may stand before the @
    if scheme in _GOOGLE and f"{_RETRY}=" not in query:
        query = "&".join(filter(None, (query, f"{_RETRY}={_RETRY_SECONDS}")))
    root = f"{scheme}://{host}" + (f"?{query}" if query else "")
    # Where it is no scheme of Arrow's, a package of fsspec may know it.
    with contextlib.suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
        try:
            filesystem, base = pafs.FileSystem.from_uri(root)
        except OSError as error:
            msg = f"{bare!r} cannot be reached: {error}"
            raise FileError(msg) from error
        return Place(filesystem, f"{base.rstrip('/')}/{path}".rstrip("/"), scheme)
    try:
        from fsspec.core import url_to_fs

        found, base = url_to_fs(f"{scheme}://{address}")
    except (ImportError, ValueError) as error:
        msg = (
            f"no filesystem for {bare!r}: {error}. Those of Arrow (s3, gs, abfs, hdfs) "
            f"and of installed fsspec packages can be used."
        )
        raise OptionError(msg) from error
    return Place(pafs.PyFileSystem(pafs.FSSpecHandler(found)), base, scheme)


def listing(given: str | os.PathLike[str]) -> list[Found]:
    """Return the files that a path, URI or glob names, sorted by relative path.

    In folders, names that begin with ``.`` or ``_`` are left out.

    Raises
    ------
    OptionError
        There is nothing.
    FileError
        The folder cannot be listed.
    """
    name = os.fspath(given)
    scheme, separator, rest = name.partition("://")
    address, _, query = rest.partition("?") if separator else (name, "", "")
    parts = address.split("/")
    first = next((i for i, part in enumerate(parts) if _GLOB.search(part)), len(parts))
    try:
        exists = not separator and Path(name).expanduser().exists()
    except OSError as error:  # a name that is too long, say
        msg = f"source: {name[:100]!r} cannot be found: {error.strerror}"
        raise FileError(msg) from error
    is_glob = first < len(parts) and not exists
    if is_glob:
        address, pattern = "/".join(parts[:first]), "/".join(parts[first:])
        if not separator:
            address = address or ("/" if name.startswith("/") else ".")
    else:
        pattern = "**"
    whole = f"{scheme}://{address}" + (f"?{query}" if query else "")
    base = locate(whole if separator else address)
    try:
        info = base.info()
        if info.type == pafs.FileType.File and not is_glob:
            return [_found(base, base.name, info)]
        selector = pafs.FileSelector(base.path, recursive=True, allow_not_found=True)
        infos = base.filesystem.get_file_info(selector)
    except OSError as error:
        msg = f"{str(base)!r} cannot be listed: {error}"
        raise FileError(msg) from error
    wanted = re.compile(_regex(pattern))
    found: list[Found] = []
    for info in infos:
        relative = _relative(info.path, base.path)
        visible = not any(part[:1] in ("", ".", "_") for part in relative.split("/"))
        if info.type == pafs.FileType.File and visible and wanted.fullmatch(relative):
            found.append(_found(base / relative, relative, info))
    if not found:
        where = base / pattern if is_glob else base
        msg = f"source: there are no files at {str(where)!r}."
        raise OptionError(msg)
    return sorted(found, key=lambda file: file.relative)


def fingerprint(place: Place) -> tuple[int, int]:
    """Return size and time of change (ns) of a file as they are now."""
    info = place.info()
    return int(info.size or 0), int(info.mtime_ns or 0)


@contextmanager
def replacing(target: Place, staging: Place) -> Generator[Path]:
    """Give a local path to write to, which becomes ``target`` when all went well.

    A reader sees what was there before or the whole new file, whenever the process or
    the machine stops. Nothing is left behind if the block raises.

    Parameters
    ----------
    target
        What is to be written.
    staging
        A folder on the same filesystem, for what is not whole yet.
    """
    if target.local:
        partial = Path(staging.path) / f"{target.name}.{os.getpid()}.partial"
        try:
            yield partial
            _sync(partial)
            partial.replace(target.path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        if os.name != "nt":  # where folders cannot be opened
            _sync(Path(target.path).parent)
        return
    with tempfile.TemporaryDirectory(prefix="polars_jslner-") as folder:
        partial = Path(folder) / "partial"
        yield partial
        direct = target.scheme in _OBJECT_STORES
        sent = target if direct else staging / f"{target.name}.partial"
        with (
            partial.open("rb") as file,
            target.filesystem.open_output_stream(sent.path) as stream,
        ):
            shutil.copyfileobj(file, stream, _CHUNK)
        if not direct:
            target.filesystem.move(sent.path, target.path)


def _sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _found(place: Place, relative: str, info: Any) -> Found:
    return Found(place, relative, int(info.size or 0), int(info.mtime_ns or 0))


def _relative(path: str, base: str) -> str:
    return path.lstrip("/").removeprefix(base.strip("/")).lstrip("/")


def _regex(pattern: str) -> str:
    """Return the regular expression of a glob; ``**`` stands for any folders."""
    parts: list[str] = []
    at = 0
    for match in re.finditer(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]", pattern):
        parts.append(re.escape(pattern[at : match.start()]))
        at = match.end()
        token = match.group()
        named = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        parts.append(named.get(token) or token.replace("[!", "[^", 1))
    parts.append(re.escape(pattern[at:]))
    return "".join(parts)
