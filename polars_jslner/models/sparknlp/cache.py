"""Models that Spark NLP has downloaded, found by name in ``~/cache_pretrained``.

A model's folder or zip is called ``name_language_version_sparkversion_time``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from polars_jslner.errors import ModelFormatError, ModelNotFoundError, hint
from polars_jslner.models.sparknlp.storage import is_remote

_FOLDER = "cache_pretrained"
_MAX_LISTED = 100_000
_ENTRY = re.compile(
    r"(?P<name>.+)_(?P<language>[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?)"
    r"_(?P<version>\d+(?:\.\d+)*)_(?P<spark>\d+(?:\.\d+)*)_(?P<time>\d+)",
    re.ASCII | re.DOTALL,
)


def find_cached(
    name: str,
    language: str = "en",
    remote_loc: str | None = None,
    *,
    cache: str | os.PathLike[str] | None = None,
) -> str:
    """Return the newest version of a model in Spark NLP's cache.

    Parameters
    ----------
    name, language
        As in ``pretrained(name, lang, remote_loc)``; or the whole name of a folder or
        zip in the cache.
    remote_loc
        As there, ``clinical/models`` say. Spark NLP puts models of all locations into
        one folder, so this is looked into only where it is a folder inside the cache,
        or a folder or URI that holds such zips itself.
    cache
        The cache; ``cache_pretrained`` in the home folder unless given.

    Returns
    -------
    str
        Path or URI of its folder or zip: the highest version of Spark NLP, then of
        Spark, then the latest time; the folder where there is the zip, too.

    Raises
    ------
    ModelNotFoundError
        There is none; the message says what there is.
    """
    root = default_cache() if cache is None else os.fspath(cache)
    found: dict[tuple[str, str], list[tuple[tuple[object, ...], str]]] = {}
    for shelf in _shelves(root, remote_loc):
        for entry in _listed(shelf):
            whole = entry.removesuffix(".zip")
            match = _ENTRY.fullmatch(whole)
            if match is None:
                continue
            folder, mark, query = shelf.partition("?" if is_remote(shelf) else "\0")
            place = f"{folder.rstrip('/')}/{entry}{mark}{query}"
            if name in (entry, whole):
                return place
            rank = (
                *(_numbers(match["version"]), _numbers(match["spark"])),
                *(_numbers(match["time"]), entry == whole),
            )
            key = (match["name"], match["language"])
            found.setdefault(key, []).append((rank, place))
    if (name, language) in found:
        return max(found[name, language])[1]
    raise _not_found(name, language, root, list(found))


def default_cache() -> str:
    """Return ``cache_pretrained`` in the home folder.

    Raises
    ------
    ModelNotFoundError
        There is no home folder.
    """
    try:
        return str(Path.home() / _FOLDER)
    except RuntimeError as error:
        msg = f"there is no home folder in which {_FOLDER} could be: {error}"
        raise ModelNotFoundError(msg) from error


def _shelves(root: str, remote_loc: str | None) -> list[str]:
    """Return the folders that may hold the model."""
    if not remote_loc:
        return [root]
    if is_remote(remote_loc) or Path(remote_loc).is_absolute():
        return [root, remote_loc]
    if ".." in Path(remote_loc).parts:
        msg = f"remote_loc {remote_loc!r} leads out of the cache."
        raise ModelNotFoundError(msg)
    return [root, f"{root}/{remote_loc}"]


def _listed(shelf: str) -> list[str]:
    if is_remote(shelf):
        from polars_jslner.models.sparknlp.remote import list_folder

        return list_folder(shelf)
    try:
        entries = [path.name for path in Path(shelf).expanduser().iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, RuntimeError) as error:
        msg = f"{shelf!r} cannot be listed: {error}"
        raise ModelNotFoundError(msg) from error
    if len(entries) > _MAX_LISTED:
        msg = f"{shelf!r} has more than {_MAX_LISTED} entries."
        raise ModelFormatError(msg)
    return entries


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part[:30]) for part in version.split("."))


def _not_found(
    name: str, language: str, root: str, known: list[tuple[str, str]]
) -> ModelNotFoundError:
    languages = sorted({other for found, other in known if found == name})
    if languages:
        rest = f"It is there in {', '.join(languages)}: give the language."
    else:
        names = sorted({found for found, _ in known})
        rest = f"It holds {', '.join(names[:10]) or 'no models'}.{hint(name, names)}"
    msg = f"no model {name!r} in language {language!r} in {root!r}. {rest}"
    return ModelNotFoundError(msg)
