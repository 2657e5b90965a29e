"""A saved Spark NLP model or pipeline, read into plain data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from polars_jslner.errors import ModelFormatError, ModelNotFoundError
from polars_jslner.models.sparknlp.cache import find_cached
from polars_jslner.models.sparknlp.metadata import read_metadata
from polars_jslner.models.sparknlp.readers import READERS
from polars_jslner.models.sparknlp.stages import Pipeline, Stage
from polars_jslner.models.sparknlp.storage import Location, locate

if TYPE_CHECKING:
    from polars_jslner.models.sparknlp.metadata import Metadata
    from polars_jslner.models.sparknlp.storage import Files

_PIPELINE = "PipelineModel"
_MAX_STAGES = 100
SUPPORTED = (*READERS, _PIPELINE)

_SENTENCE_PIECE = ("XlmRoBerta", "CamemBert", "Albert", "DeBerta", "Xlnet")
_UNFITTED = ("Pipeline", "Tokenizer", "SentenceDetectorDLApproach")


def find(
    source: str | os.PathLike[str],
    *,
    language: str = "en",
    remote_loc: str | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> Location:
    """Find a saved model by its path, its URI or its name in Spark NLP's cache.

    Parameters
    ----------
    source
        A folder or zip: a path, a URI that ``pyarrow.fs`` knows (``s3://...``), or the
        bare name of a model that Spark NLP has downloaded.
    language, remote_loc, cache
        How a bare name is looked up, see `find_cached`.

    Raises
    ------
    ModelNotFoundError
        There is nothing at ``source``, nor of this name.
    ModelFormatError
        There is something, but no saved model.
    """
    name = os.fspath(source)
    bare = bool(name) and not any(char in name for char in "/\\~\0")
    if bare and isinstance(source, str) and not _exists(name):
        return locate(find_cached(name, language, remote_loc, cache=cache))
    return locate(source)


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError as error:  # a name that is too long, say
        msg = f"there is no model at {name[:100]!r}: {error.strerror}"
        raise ModelNotFoundError(msg) from error


def read(
    source: str | os.PathLike[str] | Location,
    *,
    language: str = "en",
    remote_loc: str | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> Stage | Pipeline:
    """Read what was saved: one stage, or a pipeline of them.

    Parameters
    ----------
    source, language, remote_loc, cache
        Where it is, see `find`; or a `Location`.

    Returns
    -------
    Stage or Pipeline
        The dataclass for the class that the metadata names. Of an ONNX graph only the
        place is read.

    Raises
    ------
    ModelNotFoundError
        There is nothing at ``source``.
    ModelFormatError
        It is damaged, or of a class that cannot be read; the message names both.
    """
    if isinstance(source, Location):
        location = source
    else:
        location = find(source, language=language, remote_loc=remote_loc, cache=cache)
    with location.open() as files:
        metadata = read_metadata(files)
        if metadata.kind == _PIPELINE:
            return _read_pipeline(files, location, metadata)
        return _read_stage(files, location, metadata)


def _read_pipeline(files: Files, location: Location, metadata: Metadata) -> Pipeline:
    uids = metadata.texts("stageUids") or ()
    if not 0 < len(uids) <= _MAX_STAGES:
        metadata.wrong("stageUids", f"the ids of 1 to {_MAX_STAGES} stages")
    folders = files.within("stages").folders()
    stages: list[Stage] = []
    for index, uid in enumerate(uids):
        # Spark pads the number with zeros in a pipeline of ten stages and more.
        width = len(str(len(uids)))
        name = f"{index:0{width}}_{uid}"
        if name not in folders:
            msg = f"{files.origin!r} has no stage {name!r}, found {folders[:20]!r}."
            raise ModelFormatError(msg)
        inside = f"stages/{name}"
        stage = files.within(inside)
        stages.append(_read_stage(stage, location.under(inside), read_metadata(stage)))
    return Pipeline(uid=metadata.uid, stages=tuple(stages))


def _read_stage(files: Files, location: Location, metadata: Metadata) -> Stage:
    kind = metadata.kind
    if kind in READERS:
        return READERS[kind](files, location, metadata)
    why = "is not supported"
    if kind.startswith(_SENTENCE_PIECE):
        why = "is not supported, its SentencePiece tokenizer cannot be read"
    elif kind in _UNFITTED:
        why = "was saved before it was fitted; save what fit() returns"
    msg = (
        f"{metadata.origin!r}: {metadata.class_name[:200]!r} {why}. These can be read: "
        f"{', '.join(SUPPORTED)}."
    )
    raise ModelFormatError(msg)
