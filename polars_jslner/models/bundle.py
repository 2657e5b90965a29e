"""Our own layout: a folder with ``bundle.json`` and the files that it is about.

``bundle.json`` is an object:

- ``format``: 1.
- ``name``, ``version``, ``description``, ``licence``: for people.
- ``profile``: ``transformers`` or ``spark-nlp``, the system whose details it follows.
- ``aggregation``, ``token_types``, ``decoding``: as the attributes of `Model`.
- ``tags``: the tag of each class; ``max_tokens``: the longest sequence it reads. Not
  with ``spark-nlp``, where the stages say so.
- ``sha256``: the checksum of every other file of the model by its name.

The graph is ``model.onnx``, with the files beside it that it keeps weights in, if any.
With ``transformers`` there is a ``tokenizer.json``. With ``spark-nlp`` there is a
``stages.json``, the stages of the pipeline in their order and with their parameters
(see `polars_jslner.models.sparknlp.plain`), and, if one of them is a
SentenceDetectorDLModel, ``sentence_detector.npz``, the arrays of its network.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from polars_jslner.errors import ModelFormatError, hint
from polars_jslner.models.files import check_graph, find_file, read_json, stamp
from polars_jslner.models.model import (
    AGGREGATIONS,
    MIN_TOKENS,
    ROBERTA_OFFSET,
    Model,
    check_tags,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from polars_jslner.models.sparknlp.layout import SparkStages

FORMAT = 1
GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
STAGES = "stages.json"
DETECTOR = "sentence_detector.npz"
WEIGHTS = "model.onnx_data"
FILES = ("bundle.json", GRAPH, WEIGHTS, TOKENIZER, STAGES, DETECTOR)


def matches(folder: Path) -> bool:
    """Say whether ``folder`` looks like this layout."""
    return (folder / "bundle.json").is_file()


def write(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write ``bundle.json``, when all other files of the model are in ``folder``.

    Parameters
    ----------
    folder
        Where they are. Texts for people (``*.md``) get no checksum.
    facts
        All but ``format`` and ``sha256``.
    """
    sums: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != "bundle.json" and path.suffix != ".md":
            with path.open("rb") as file:
                sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
    bundle = {"format": FORMAT, **facts, "sha256": sums}
    text = json.dumps(bundle, indent=2, ensure_ascii=False)
    (folder / "bundle.json").write_text(f"{text}\n", encoding="utf-8")


def load(folder: Path, source: str) -> Model:
    """Read the model in ``folder``.

    Raises
    ------
    ModelFormatError
        A file is missing or they do not fit together.
    """
    path = folder / "bundle.json"
    bundle = read_json(path)
    if bundle.get("format") != FORMAT:
        msg = (
            f"{str(path)!r} has format {bundle.get('format')!r}, this version reads "
            f"{FORMAT}. A newer polars_jslner may be needed."
        )
        raise ModelFormatError(msg)
    profile = _choice(path, bundle, "profile", ("transformers", "spark-nlp"))
    onnx = find_file(folder, GRAPH)
    if profile == "spark-nlp":
        from polars_jslner.models.sparknlp.layout import tags_of

        spark, files = _stages(folder)
        tags, max_tokens = tags_of(spark), spark.classifier.max_sentence_length
        roberta = spark.classifier.family == "roberta"
        needed = max_tokens + ROBERTA_OFFSET * roberta
    else:
        spark, files = None, [find_file(folder, TOKENIZER)]
        tags, max_tokens = _tags(path, bundle, source), _max_tokens(path, bundle)
        needed = max_tokens
    more = profile == "spark-nlp"
    graph = check_graph(onnx, len(tags), needed, more_classes=more)
    return Model(
        source=source,
        name=str(bundle.get("name", folder.name)),
        layout="bundle",
        tags=tags,
        max_tokens=max_tokens,
        profile=profile,
        aggregation=_choice(path, bundle, "aggregation", AGGREGATIONS),
        token_types=_choice(path, bundle, "token_types", ("zero", "case")),
        decoding=_choice(path, bundle, "decoding", ("independent", "valid")),
        tokenizer="" if spark else str(files[0]),
        onnx=str(onnx),
        inputs=graph.inputs,
        output=graph.output,
        stamp=stamp(*files, onnx, *graph.external),
        description=str(bundle.get("description", "")),
        licence=str(bundle.get("licence", "")),
        version=str(bundle.get("version", "")),
        spark=spark,
        weights=tuple(map(str, graph.external)),
    )


def _tags(path: Path, bundle: dict[str, Any], source: str) -> tuple[str, ...]:
    tags = bundle.get("tags")
    if not isinstance(tags, list):
        msg = f"{str(path)!r} has no list of tags."
        raise ModelFormatError(msg)
    return check_tags(source, [str(tag) for tag in tags])


def _max_tokens(path: Path, bundle: dict[str, Any]) -> int:
    max_tokens = bundle.get("max_tokens")
    if not isinstance(max_tokens, int) or max_tokens < MIN_TOKENS:
        msg = (
            f"{str(path)!r}: max_tokens is {max_tokens!r}, at least {MIN_TOKENS} is "
            f"needed."
        )
        raise ModelFormatError(msg)
    return max_tokens


def _stages(folder: Path) -> tuple[SparkStages, list[Path]]:
    """Return the stages that Spark NLP saved, and the files they are read from."""
    from polars_jslner.models.sparknlp.plain import load_arrays, read_plain

    stages = find_file(folder, STAGES)
    detector = folder / DETECTOR
    files = [stages, *([detector] if detector.is_file() else [])]
    arrays = load_arrays(detector) if detector.is_file() else None
    graph = str(folder / GRAPH)
    return read_plain(read_json(stages), str(stages), graph, arrays), files


def _choice(
    path: Path, bundle: dict[str, Any], key: str, known: tuple[str, ...]
) -> Any:
    value = bundle.get(key)
    if value not in known:
        msg = (
            f"{str(path)!r}: {key} is {value!r}, one of {', '.join(known)} is needed."
            f"{hint(str(value), known)}"
        )
        raise ModelFormatError(msg)
    return value
