"""A saved Spark NLP model or pipeline as a `Model`."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from polars_jslner.errors import ModelFormatError
from polars_jslner.models.model import Model
from polars_jslner.models.sparknlp.reader import find, read
from polars_jslner.models.sparknlp.stages import (
    DocumentAssemblerParams,
    NerConverterParams,
    Pipeline,
    SentenceDetectorDL,
    SentenceDetectorParams,
    Stage,
    TokenClassifier,
    TokenizerParams,
)

Detector = SentenceDetectorParams | SentenceDetectorDL


@dataclass(frozen=True, slots=True)
class SavedDetector:
    """Where a sentence detector is saved.

    Attributes
    ----------
    source
        Path, absolute; or URI, or name in Spark NLP's cache.
    stamp
        Checksum of its files' names, sizes and times: a changed one is another one.
    """

    source: str
    stamp: int


UNNAMED = "NA"  # the tag of an index without a label

_INPUTS = {
    "bert": ("input_ids", "attention_mask", "token_type_ids"),
    "distilbert": ("input_ids", "attention_mask"),
    "roberta": ("input_ids", "attention_mask"),
}


@dataclass(frozen=True)
class SparkStages:
    """The stages of a pipeline in their order; None where the saved model has none."""

    assembler: DocumentAssemblerParams | None
    detector: Detector | None
    tokenizer: TokenizerParams | None
    classifier: TokenClassifier
    converter: NerConverterParams | None


_ORDER: tuple[type[Stage] | tuple[type[Stage], ...], ...] = (
    DocumentAssemblerParams,
    (SentenceDetectorParams, SentenceDetectorDL),
    TokenizerParams,
    TokenClassifier,
    NerConverterParams,
)


def load(
    source: str | os.PathLike[str],
    *,
    language: str = "en",
    remote_loc: str | None = None,
) -> Model:
    """Read a saved token classifier, alone or in a pipeline.

    Parameters
    ----------
    source
        A folder or zip (path or URI), or a name in Spark NLP's cache.
    language, remote_loc
        How a name is looked up there.

    Raises
    ------
    ModelNotFoundError
        There is nothing at ``source``, nor of this name.
    ModelFormatError
        The files are damaged, or hold no token classifier that can be read.
    """
    location = find(source, language=language, remote_loc=remote_loc)
    saved = read(location)
    stages = saved.stages if isinstance(saved, Pipeline) else (saved,)
    spark = _in_order(location.source, stages)
    classifier = spark.classifier
    return Model(
        source=location.source,
        name=location.source.rstrip("/").rpartition("/")[2],
        layout="spark-nlp",
        tags=tags_of(spark),
        max_tokens=classifier.max_sentence_length,
        profile="spark-nlp",
        aggregation="first",
        token_types="zero",
        decoding="independent",
        tokenizer="",
        onnx=classifier.onnx,
        inputs=dict.fromkeys(_INPUTS[classifier.family], "int64"),
        output="logits",
        stamp=() if isinstance(classifier.onnx, str) else classifier.onnx.stamp,
        description=f"{classifier.class_name.rpartition('.')[2]} of Spark NLP",
        spark=spark,
    )


def tags_of(spark: SparkStages) -> tuple[str, ...]:
    """Return the tag of each class that has one."""
    labels = spark.classifier.labels
    return tuple(UNNAMED if label is None else label for label in labels)


def find_detector(source: str | os.PathLike[str]) -> SavedDetector:
    """Find a saved sentence detector and check that it can be read.

    Raises
    ------
    ModelNotFoundError, ModelFormatError
        As `load`.
    """
    load_detector(source)
    place = os.fspath(source)
    with find(place).open() as files:
        stamp = zlib.crc32(repr(sorted(files.entries.items())).encode())
    path = Path(place).expanduser()
    known = "://" not in place and path.exists()
    return SavedDetector(str(path.absolute()) if known else place, stamp)


def load_detector(source: str | os.PathLike[str]) -> Detector:
    """Read a saved sentence detector, alone or the one of a pipeline.

    Raises
    ------
    ModelNotFoundError, ModelFormatError
        As `load`.
    """
    location = find(source)
    saved = read(location)
    stages = saved.stages if isinstance(saved, Pipeline) else (saved,)
    for stage in stages:
        if isinstance(stage, SentenceDetectorParams | SentenceDetectorDL):
            return stage
    found = ", ".join(type(stage).__name__ for stage in stages)
    msg = f"{location.source!r} holds no sentence detector, but {found}."
    raise ModelFormatError(msg)


def _in_order(source: str, stages: tuple[Stage, ...]) -> SparkStages:
    found: list[Stage | None] = [None] * len(_ORDER)
    place = -1
    for stage in stages:
        at = next(i for i, kinds in enumerate(_ORDER) if isinstance(stage, kinds))
        if at <= place:
            names = ", ".join(stage.class_name.rpartition(".")[2] for stage in stages)
            msg = (
                f"{source!r} has the stages {names}; at most one each of "
                f"DocumentAssembler, a sentence detector, Tokenizer, a token "
                f"classifier and NerConverter, in this order, can be read."
            )
            raise ModelFormatError(msg)
        found[at] = stage
        place = at
    assembler, detector, tokenizer, classifier, converter = found
    if not isinstance(classifier, TokenClassifier):
        names = ", ".join(stage.class_name.rpartition(".")[2] for stage in stages)
        msg = (
            f"{source!r} holds {names} and no token classifier. A detector's path goes "
            f"into sentences=."
        )
        raise ModelFormatError(msg)
    return SparkStages(
        assembler if isinstance(assembler, DocumentAssemblerParams) else None,
        detector
        if isinstance(detector, SentenceDetectorParams | SentenceDetectorDL)
        else None,
        tokenizer if isinstance(tokenizer, TokenizerParams) else None,
        classifier,
        converter if isinstance(converter, NerConverterParams) else None,
    )
