"""A saved Spark NLP model or pipeline as a `Model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    import os

Detector = SentenceDetectorParams | SentenceDetectorDL

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
    tags = [UNNAMED if tag is None else tag for tag in classifier.labels]
    return Model(
        source=location.source,
        name=location.source.rstrip("/").rpartition("/")[2],
        layout="spark-nlp",
        tags=tuple(tags),
        max_tokens=classifier.max_sentence_length,
        profile="spark-nlp",
        aggregation="first",
        token_types="zero",
        decoding="independent",
        tokenizer="",
        onnx=classifier.onnx,
        inputs=dict.fromkeys(_INPUTS[classifier.family], "int64"),
        output="logits",
        stamp=classifier.onnx.stamp,
        description=f"{classifier.class_name.rpartition('.')[2]} of Spark NLP",
        spark=spark,
    )


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
