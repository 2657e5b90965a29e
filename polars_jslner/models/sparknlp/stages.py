"""What is read of each stage: frozen plain data that pickles, no sessions.

Parameters have Spark NLP's names in snake case, and its defaults where the saved model
says nothing. Patterns and bounds are regular expressions of Java; lengths are counted
in UTF-16 units; a parameter that is not set is None where that means something else
than any value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from polars_jslner.models.sparknlp.archive import open_zip
from polars_jslner.models.sparknlp.storage import Location, damage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polars_jslner.models.sparknlp.network import NetworkWeights
    from polars_jslner.sparknlp.params import BoundsStrategy, CleanupMode

Family = Literal["bert", "distilbert", "roberta"]

_MAX_ONNX = 4 << 30


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What every stage has.

    Attributes
    ----------
    class_name
        Full name of its Scala class.
    uid
        Its unique id.
    input_cols, output_col
        The columns it reads and writes.
    unread
        Names of parameters that were set and are not among the fields: what they ask
        for is not known here.
    """

    class_name: str
    uid: str
    input_cols: tuple[str, ...]
    output_col: str
    unread: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DocumentAssemblerParams(Stage):
    """DocumentAssembler; the id and metadata columns are None where not set."""

    cleanup_mode: CleanupMode
    id_col: str | None
    metadata_col: str | None


@dataclass(frozen=True, kw_only=True)
class SentenceDetectorParams(Stage):
    """SentenceDetector, by rules ("pragmatic").

    Attributes
    ----------
    custom_bounds_strategy
        What becomes of a bound: ``none`` removes it, ``prepend`` leaves it to the next
        sentence, ``append`` to the one before.
    split_length
        None where sentences are not split.
    """

    use_abbreviations: bool
    detect_lists: bool
    use_custom_bounds_only: bool
    custom_bounds: tuple[str, ...]
    custom_bounds_strategy: BoundsStrategy
    explode_sentences: bool
    min_length: int
    max_length: int
    split_length: int | None


@dataclass(frozen=True, kw_only=True)
class SentenceDetectorDL(Stage):
    """SentenceDetectorDLModel, a network over characters.

    Attributes
    ----------
    encoder
        Id of each character; a character is one UTF-16 unit, possibly half of a
        surrogate pair. Unknown characters and padding have the id 0, as has one
        character that is known.
    weights
        The network.
    impossible_penultimates
        Words after which a stop ends no sentence.
    """

    encoder: Mapping[str, int] = field(repr=False, hash=False)
    weights: NetworkWeights = field(repr=False, compare=False)
    impossible_penultimates: tuple[str, ...] = field(repr=False)
    use_custom_bounds_only: bool
    custom_bounds: tuple[str, ...]
    explode_sentences: bool
    min_length: int
    max_length: int
    split_length: int


@dataclass(frozen=True, kw_only=True)
class TokenizerParams(Stage):
    r"""TokenizerModel.

    Attributes
    ----------
    rules
        Patterns over a whole candidate, in order: the first that matches gives a token
        for each of its groups. Each is the tokenizer's prefix, one of its infixes and
        its suffix, written one behind the other.
    context_chars
        The characters of the default rule ``\A([ctx]*)([^ctx](?:.*[^ctx])*)([ctx]*)\z``
        where the only rule is that one, else None.
    exceptions
        Patterns that stay one token; None where never set.
    target_pattern
        What a candidate is made of; Spark NLP reads it as a set of characters.
    split_chars, split_pattern
        What splits a token; the pattern has precedence.
    """

    rules: tuple[str, ...]
    context_chars: str | None
    exceptions: tuple[str, ...] | None
    case_sensitive_exceptions: bool
    target_pattern: str
    split_chars: tuple[str, ...] | None
    split_pattern: str | None
    min_length: int
    max_length: int


@dataclass(frozen=True)
class OnnxFile:
    """The ONNX graph of a saved model, in a zip of its own.

    Attributes
    ----------
    location
        The saved model.
    name
        Name of the zip in it, ``bert_classification_onnx`` say.
    stamp
        Its bytes, and its time of change or checksum: a changed model is another one.
    """

    location: Location
    name: str
    stamp: tuple[int, int]

    def read(self) -> bytes:
        """Return the graph.

        Raises
        ------
        ModelNotFoundError
            The model is no longer there.
        ModelFormatError
            The zip is damaged or does not hold one graph.
        """
        with self.location.open() as files, open_zip(files, self.name) as inner:
            # The entry has another name in every save.
            names = list(inner.entries)
            graphs = [name for name in names if name.endswith(".onnx")] or names
            with damage(inner.origin, "its graph"):
                if len(graphs) != 1:
                    msg = f"one ONNX graph is needed, found {names[:10]!r}"
                    raise ValueError(msg)
            return inner.read(graphs[0], _MAX_ONNX)


@dataclass(frozen=True, kw_only=True)
class TokenClassifier(Stage):
    """A transformer that tags tokens, ``BertForTokenClassification`` say.

    Attributes
    ----------
    family
        ``bert`` and ``distilbert`` cut words into word pieces, ``roberta`` into byte
        pairs.
    vocabulary
        Pieces at their ids; None where an id has no piece.
    merges
        Byte pairs by rank; empty but for ``roberta``.
    labels
        Tags at their ids; None where an id has no tag. A tag that was listed twice has
        the later id. The graph may have more classes than this.
    case_sensitive
        Whether words keep their case.
    max_sentence_length
        Longest sequence of pieces, the two special ones included.
    batch_size
        Sentences of one row that Spark NLP runs together.
    onnx
        Where the graph is; ``onnx.read()`` gives its bytes. In a bundle of ours, its
        path.
    """

    family: Family
    vocabulary: tuple[str | None, ...] = field(repr=False)
    merges: tuple[tuple[str, str], ...] = field(repr=False)
    labels: tuple[str | None, ...]
    case_sensitive: bool
    max_sentence_length: int
    batch_size: int
    onnx: OnnxFile | str


@dataclass(frozen=True, kw_only=True)
class NerConverterParams(Stage):
    """NerConverter, or the licensed NerConverterInternalModel.

    Attributes
    ----------
    internal
        Whether it is the licensed class; only that has ``threshold`` and what follows.
    preserve_position
        Whether a chunk's text is cut from the sentence.
    ner_has_no_schema
        Whether tags have no ``B-`` and ``I-``.
    threshold
        Least confidence of a chunk.
    greedy_mode
        Whether neighbouring chunks of one label are joined.
    replace_labels
        New label by old label.
    ignore_stop_words
        Tokens that may stand between two parts of a chunk.
    """

    internal: bool
    white_list: tuple[str, ...] | None
    black_list: tuple[str, ...] | None
    preserve_position: bool
    ner_has_no_schema: bool
    threshold: float | None
    greedy_mode: bool
    replace_labels: Mapping[str, str] = field(hash=False)
    ignore_stop_words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A saved PipelineModel: its unique id, and its stages in their order."""

    uid: str
    stages: tuple[Stage, ...]
