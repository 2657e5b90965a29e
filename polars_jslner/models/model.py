"""What every layout of model files is read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from polars_jslner.errors import ModelFormatError
from polars_jslner.models.tags import Role, parse_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polars_jslner.models.sparknlp.layout import SparkStages
    from polars_jslner.models.sparknlp.stages import OnnxFile

Aggregation = Literal["simple", "first", "average", "max"]
Profile = Literal["transformers", "spark-nlp"]

MIN_TOKENS = 8  # of a window: special tokens and some text around a piece
ROBERTA_OFFSET = 2  # its first positions, those of padding, are never used

AGGREGATIONS: tuple[Aggregation, ...] = ("simple", "first", "average", "max")


@dataclass(frozen=True)
class Model:
    """A token-classification model: where its files are and how they are to be used.

    It holds no session and pickles as its source alone, from which it is read again.
    Made by `load_model`.

    Attributes
    ----------
    source
        Where it was loaded from, absolute.
    name
        Short name, for people.
    layout
        Which of the known arrangements of files it is.
    tags
        The tag of each output class, ``B-Drug`` say.
    max_tokens
        Longest sequence it reads, special tokens included.
    profile
        The system whose details it follows.
    aggregation
        How a word gets its tag from its pieces unless the caller says otherwise.
    token_types
        What its ``token_type_ids`` mean: ``zero`` (nothing) or ``case``, the case class
        of the piece's word.
    decoding
        Whether each word gets its most probable tag by itself (``independent``), or a
        sentence its most probable tags that are ``valid`` IOB2.
    description, licence, version
        For people; may be empty.
    spark
        The stages that Spark NLP saved, if it did.
    tokenizer
        Path of ``tokenizer.json``; empty with Spark NLP.
    onnx
        Path of the graph, or where Spark NLP keeps it.
    inputs
        Names of the graph's inputs among ``input_ids``, ``attention_mask`` and
        ``token_type_ids``, and the integer dtype of each.
    output
        Name of the logits, float[batch, sequence, tags].
    stamp
        Size and time of the files, so that a changed model is another model.
    weights
        Paths of the files beside the graph that hold its weights; most have none.
    """

    source: str
    name: str
    layout: str
    tags: tuple[str, ...]
    max_tokens: int
    profile: Profile
    aggregation: Aggregation
    token_types: Literal["zero", "case"]
    decoding: Literal["independent", "valid"]
    tokenizer: str
    onnx: str | OnnxFile
    inputs: Mapping[str, str] = field(hash=False)
    output: str
    stamp: tuple[int, ...]
    description: str = ""
    licence: str = ""
    version: str = ""
    spark: SparkStages | None = None
    weights: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[object, tuple[str]]:
        from polars_jslner.models import load_model

        return load_model, (self.source,)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The entity labels, in the order of their first tag.

        With Spark NLP a label is the tag without its first two characters.
        """
        if self.profile == "spark-nlp":
            cut = (tag[2:] for tag in self.tags if tag not in ("O", "PAD", "NA"))
            return tuple(dict.fromkeys(label for label in cut if label))
        parsed = (parse_tag(tag) for tag in self.tags)
        inside = (label for role, label in parsed if role != Role.OUTSIDE)
        return tuple(dict.fromkeys(inside))

    def read_graph(self) -> str | bytes:
        """Return what a session is made of: the graph's path, or its bytes.

        Raises
        ------
        ModelNotFoundError
            What Spark NLP saved is no longer there.
        ModelFormatError
            It is damaged, or reads longer sequences than its graph has positions for.
        """
        if isinstance(self.onnx, str):
            return self.onnx
        from polars_jslner.models.files import check_positions
        from polars_jslner.models.onnxgraph import parse_graph

        data = self.onnx.read()
        try:
            positions = parse_graph(memoryview(data)).positions
        except (ValueError, IndexError) as error:
            msg = f"{self.source!r}: its graph is not an ONNX model: {error}"
            raise ModelFormatError(msg) from error
        roberta = self.spark is not None and self.spark.classifier.family == "roberta"
        if positions is not None and roberta:
            positions -= ROBERTA_OFFSET
        check_positions(self.source, positions, self.max_tokens)
        return data

    def describe(self) -> str:
        """Return the model in a few lines, for people."""
        version = f" {self.version}" if self.version else ""
        lines = [
            f"{self.name}{version} ({self.layout} layout)",
            *([self.description] if self.description else []),
            f"source       {self.source}",
            *([f"licence      {self.licence}"] if self.licence else []),
            f"profile      {self.profile}, aggregation {self.aggregation!r}",
            f"window       {self.max_tokens} tokens",
            f"{len(self.labels):<3} labels   {', '.join(self.labels)}",
        ]
        return "\n".join(lines)


def check_tags(source: str, tags: list[str]) -> tuple[str, ...]:
    """Return ``tags`` if they can be decoded to chunks.

    Raises
    ------
    ModelFormatError
        No tag names an entity, or one is empty.
    """
    if not all(tags):
        msg = f"{source}: tag {tags.index('')} is empty."
        raise ModelFormatError(msg)
    if all(parse_tag(tag)[0] == Role.OUTSIDE for tag in tags):
        msg = (
            f"{source}: none of its {len(tags)} tags names an entity. Tags such as "
            f"B-Drug, I-Drug and O are needed: id2label in config.json holds them."
        )
        raise ModelFormatError(msg)
    return tuple(tags)
