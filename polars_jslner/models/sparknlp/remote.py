"""Saved models on filesystems that ``pyarrow.fs`` reaches by a URI.

Only what is asked for is downloaded: the parts of a folder, or the ranges of a zip.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from polars_jslner.errors import JslNerError, ModelFormatError, ModelNotFoundError
from polars_jslner.models.sparknlp.archive import zip_files
from polars_jslner.models.sparknlp.storage import MAX_DEPTH, MAX_FILES, Entry, Files

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def open_remote(uri: str) -> Generator[Files]:
    """Open the folder or zip at ``uri``.

    Raises
    ------
    ModelNotFoundError
        It does not exist or cannot be reached.
    ModelFormatError
        It is a file, but no sound zip, or a folder far too large.
    """
    from pyarrow.fs import FileType

    filesystem, path = _resolve(uri)
    with _failures(uri):
        info: Any = filesystem.get_file_info(path)
    if info.type == FileType.Directory:
        with _failures(uri):
            entries = _listing(filesystem, path, uri)
        yield Files(
            _shown(uri), entries, lambda name: _open(filesystem, f"{path}/{name}")
        )
    elif info.type == FileType.File:
        with _failures(uri):
            file = _open(filesystem, path)
        with file:
            yield zip_files(file, _shown(uri))
    else:
        msg = f"there is no model at {_shown(uri)!r}."
        raise ModelNotFoundError(msg)


def list_folder(uri: str) -> list[str]:
    """Return the names of the files and folders at ``uri``; none if it is missing.

    Raises
    ------
    ModelNotFoundError
        It cannot be reached.
    """
    from pyarrow.fs import FileSelector

    filesystem, path = _resolve(uri)
    with _failures(uri):
        found: Any = filesystem.get_file_info(FileSelector(path, allow_not_found=True))
    return sorted(str(info.base_name) for info in found)


def _listing(filesystem: Any, path: str, uri: str) -> dict[str, Entry]:
    from pyarrow.fs import FileSelector, FileType

    # A bucket given by mistake is not listed to its end.
    top: Any = filesystem.get_file_info(FileSelector(path))
    folders = [info for info in top if info.type == FileType.Directory]
    found: Any = top
    if len(folders) == 1 or any(info.base_name == "metadata" for info in folders):
        selector = FileSelector(path, recursive=True)
        found = filesystem.get_file_info(selector)
    entries: dict[str, Entry] = {}
    for info in found:
        if info.type == FileType.File:
            size, name = int(info.size), str(info.path)[len(path) :].lstrip("/")
            entries[name] = Entry(size, size, int(info.mtime_ns or 0))
    if len(entries) > MAX_FILES or any(n.count("/") >= MAX_DEPTH for n in entries):
        msg = (
            f"{_shown(uri)!r} holds more than {MAX_FILES} files or {MAX_DEPTH} levels."
        )
        raise ModelFormatError(msg)
    return entries


def _open(filesystem: Any, path: str) -> BinaryIO:
    return cast("BinaryIO", filesystem.open_input_file(path))


def _resolve(uri: str) -> tuple[Any, str]:
    """Return the filesystem of ``uri`` and the path on it."""
    from pyarrow.fs import FileSystem

    with _failures(uri):
        filesystem, path = FileSystem.from_uri(uri)
    return filesystem, str(path).rstrip("/")


def _shown(uri: str) -> str:
    """Return ``uri`` without keys, which can stand before an @ and after a ?."""
    scheme, mark, rest = uri.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


@contextmanager
def _failures(uri: str) -> Generator[None]:
    """Tell what pyarrow says of a filesystem as a ModelNotFoundError."""
    try:
        yield
    except JslNerError:
        raise
    except (OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
        # All that pyarrow raises derives from these.
        msg = f"{_shown(uri)!r} cannot be read: {error}"
        raise ModelNotFoundError(msg) from error
