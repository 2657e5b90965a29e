"""Models: where they come from and what is read of them. Knows files, no sessions."""

from __future__ import annotations

import os
from pathlib import Path

from polars_jslner.errors import (
    InputTypeError,
    ModelFormatError,
    ModelNotFoundError,
    hint,
)
from polars_jslner.models import bundle, huggingface
from polars_jslner.models.model import Model

__all__ = ["DEFAULT_MODEL", "Model", "load_model"]

DEFAULT_MODEL = "clinical_slim"


def load_model(
    source: str | os.PathLike[str] | None = None,
    *,
    language: str = "en",
    remote_loc: str | None = None,
) -> Model:
    """Read what is to be known of a model, without making a session.

    Parameters
    ----------
    source
        A folder; a zip or filesystem URI (``s3://...``) of a model that Spark NLP
        saved, or its name in ``~/cache_pretrained``; ``hf://org/name[@revision]`` on
        the Hugging Face hub; or the name of a bundled model. None stands for the
        environment variable POLARS_JSLNER_MODEL, else the bundled ``clinical_slim``.
        The layout is recognised by the files: our own bundle, an export of
        transformers or optimum, or a saved Spark NLP model or pipeline.
    language, remote_loc
        For a name in Spark NLP's cache, as in ``pretrained(name, lang, remote_loc)``.

    Returns
    -------
    Model
        Its labels, tags, window, profile and where its files are.

    Raises
    ------
    ModelNotFoundError
        There is nothing at ``source``.
    ModelFormatError
        The files do not make a token classifier; the message says what was found and
        what is needed.
    """
    if not isinstance(source, str | os.PathLike | None):
        msg = f"model is a {type(source).__name__}; a name, a place or None is needed."
        raise InputTypeError(msg)
    given = os.environ.get("POLARS_JSLNER_MODEL") if source is None else source
    name = os.fspath(given or DEFAULT_MODEL)
    if name.startswith("hf://"):
        return _load_folder(_download(name), name)
    if name in bundled_models():
        return _load_folder(Path(__file__).parent / name, name)
    try:
        folder = Path(name).expanduser().absolute()
        ours = folder.is_dir() and not (folder / "metadata").is_dir()
    except (OSError, RuntimeError) as error:  # too long, no permission, no such home
        reason = getattr(error, "strerror", None) or error
        msg = f"there is no model at {name[:100]!r}: {reason}"
        raise ModelNotFoundError(msg) from error
    if ours:
        return _load_folder(folder, str(folder))
    return _load_spark(name, language, remote_loc)


def bundled_models() -> list[str]:
    """Return the names of the models that are part of the installation."""
    here = Path(__file__).parent
    return sorted(path.parent.name for path in here.glob("*/bundle.json"))


def _load_folder(folder: Path, source: str) -> Model:
    if bundle.matches(folder):
        return bundle.load(folder, source)
    if huggingface.matches(folder):
        return huggingface.load(folder, source)
    found = sorted(path.name for path in folder.iterdir())[:10]
    msg = (
        f"{str(folder)!r} is no model of a known layout: bundle.json (our own), "
        f"config.json (transformers, optimum) or metadata (Spark NLP) is needed, found "
        f"{found!r}."
    )
    raise ModelFormatError(msg)


def _load_spark(source: str, language: str, remote_loc: str | None) -> Model:
    from polars_jslner.models.sparknlp.layout import load

    try:
        return load(source, language=language, remote_loc=remote_loc)
    except ModelNotFoundError as error:
        bundled = ", ".join(bundled_models())
        msg = (
            f"{error} A folder, a zip, hf://org/name, a name in Spark NLP's cache or a "
            f"bundled model ({bundled}) can be given.{hint(source, bundled_models())}"
        )
        raise ModelNotFoundError(msg) from error


def _download(source: str) -> Path:
    """Fetch an ``hf://`` model into the hub's cache and return its folder there."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, _, revision = source.removeprefix("hf://").partition("@")
    if repository.count("/") != 1 or not all(repository.split("/")):
        msg = f"{source!r} does not have the form hf://org/name or hf://org/name@rev."
        raise ModelNotFoundError(msg)
    try:
        folder = huggingface_hub.snapshot_download(
            repository,
            revision=revision or None,
            allow_patterns=[*bundle.FILES, *huggingface.FILES],
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        msg = f"{source!r} cannot be fetched from the Hugging Face hub: {error}"
        raise ModelNotFoundError(msg) from error
    return Path(folder)
