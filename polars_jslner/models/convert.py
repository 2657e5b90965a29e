"""Any model that can be loaded as a bundle of ours."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polars_jslner import extras
from polars_jslner.errors import (
    JslNerError,
    ModelFormatError,
    OptionError,
    hint,
)
from polars_jslner.models import bundle, load_model
from polars_jslner.models.sparknlp.archive import zip_files
from polars_jslner.models.sparknlp.plain import arrays_of, write_plain
from polars_jslner.models.storage import STORAGES, shrink

if TYPE_CHECKING:
    from collections.abc import Generator

    import onnx

    from polars_jslner.models.model import Model
    from polars_jslner.models.sparknlp.storage import Files
    from polars_jslner.models.storage import Storage

_MAX_GRAPH = 2_000_000_000  # a protocol buffer cannot have more than 2 GiB


def convert(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    storage: Storage = "int8",
) -> Model:
    """Write a model as a bundle.

    Parameters
    ----------
    source
        Anything that `load_model` takes, or a zip of an export or a bundle.
    destination
        The bundle's folder. It must not be there yet, or be empty, and is there when it
        is whole.
    storage
        How the matrices of the graph are stored; all arithmetic is float32. ``int8``:
        one byte a value, scores change in the third decimal; ``fp16``: two, scores
        change in the fourth or so; ``fp32``: four, nothing changes.

    Returns
    -------
    Model
        The bundle, loaded.

    Raises
    ------
    OptionError
        ``storage`` is unknown, something is at ``destination``, or it cannot be
        written.
    MissingExtraError
        The package ``onnx`` is not installed, which all but ``fp32`` need.
    ModelNotFoundError, ModelFormatError
        The model cannot be read.
    """
    if storage not in STORAGES:
        listed = ", ".join(map(repr, STORAGES))
        msg = f"storage={storage!r} is not one of {listed}.{hint(storage, STORAGES)}"
        raise OptionError(msg)
    if storage != "fp32":
        extras.load("onnx", "convert")
    target = Path(destination).expanduser().absolute()
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            msg = f"{str(target)!r} is there already. Give another destination."
            raise OptionError(msg)
        with _loaded(source) as model:
            target.parent.mkdir(parents=True, exist_ok=True)
            prefix = f".{target.name}-"
            with tempfile.TemporaryDirectory(prefix=prefix, dir=target.parent) as work:
                folder = Path(work) / target.name
                folder.mkdir()
                _fill(folder, model, storage)
                load_model(folder)
                if target.exists():
                    target.rmdir()
                folder.rename(target)
    except OSError as error:
        if isinstance(error, JslNerError):
            raise
        msg = f"{str(target)!r} cannot be written: {error.strerror or error}."
        raise OptionError(msg) from error
    return load_model(target)


@contextmanager
def _loaded(source: str | os.PathLike[str]) -> Generator[Model]:
    """Load a model, out of a zip if it is in one that `load_model` does not read."""
    path = Path(source)
    try:
        path = path.expanduser()
        there = path.is_file()
    except (OSError, RuntimeError):
        there = False  # load_model says why
    if not there:
        yield load_model(source)
        return
    with path.open("rb") as file:
        files = zip_files(file, str(path))
        inside = _root(files)
        if inside is None:  # of Spark NLP
            yield load_model(source)
            return
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / path.stem
            _unpack(inside, root)
            yield load_model(root)


def _root(files: Files) -> Files | None:
    """Return the files of a bundle or an export: at the root or in the only folder."""
    folders = [name for name in files.folders() if name != "__MACOSX"]
    places = [files, *(files.within(name) for name in folders if len(folders) == 1)]
    for place in places:
        if "bundle.json" in place.entries or "config.json" in place.entries:
            return place
    return None


def _unpack(files: Files, root: Path) -> None:
    for name in files.entries:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.opened(name) as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file)


def _fill(folder: Path, model: Model, storage: Storage) -> None:
    facts: dict[str, Any] = {
        "name": model.name.removesuffix(".zip"),
        "version": model.version,
        "description": model.description,
        "licence": model.licence,
        "profile": model.profile,
        "aggregation": model.aggregation,
        "token_types": model.token_types,
        "decoding": model.decoding,
    }
    if model.spark is None:
        facts |= {"tags": model.tags, "max_tokens": model.max_tokens}
        shutil.copyfile(model.tokenizer, folder / bundle.TOKENIZER)
    else:
        import numpy as np

        text = json.dumps(write_plain(model.spark), separators=(",", ":"))
        (folder / bundle.STAGES).write_text(text, encoding="utf-8")
        arrays = arrays_of(model.spark)
        if arrays:
            np.savez(folder / bundle.DETECTOR, **arrays)
    if storage == "fp32":
        _copy_graph(folder, model)
    else:
        _shrink_graph(folder, model, storage)
    bundle.write(folder, facts)


def _copy_graph(folder: Path, model: Model) -> None:
    graph = model.read_graph()
    if isinstance(graph, bytes):
        (folder / bundle.GRAPH).write_bytes(graph)
        return
    shutil.copyfile(graph, folder / bundle.GRAPH)
    for weights in model.weights:
        name = os.path.relpath(weights, Path(graph).parent)
        if name.startswith(".."):
            msg = f"{graph!r} keeps weights in {name!r}, outside of its folder."
            raise ModelFormatError(msg)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(weights, folder / name)


def _shrink_graph(folder: Path, model: Model, storage: Storage) -> None:
    import onnx

    graph = model.read_graph()
    if isinstance(graph, str):
        proto = onnx.load(graph)
    else:
        proto = onnx.load_model_from_string(graph)
    shrink(proto, storage)
    apart = _n_bytes(proto) > _MAX_GRAPH
    onnx.save(
        proto,
        folder / bundle.GRAPH,
        save_as_external_data=apart,
        location=bundle.WEIGHTS if apart else None,
    )


def _n_bytes(proto: onnx.ModelProto) -> int:
    return sum(len(weight.raw_data) for weight in proto.graph.initializer)
