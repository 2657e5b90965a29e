"""The stages in order for the ``spark-nlp`` profile, as Spark NLP's pipeline has them.

document -> sentence -> token -> ner -> chunk; the text processing is in `sparknlp`, the
network runs in the same engine as every other. Positions are UTF-16 code units inside
and code points of the original text outside, but in annotations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from polars_jslner import schema
from polars_jslner.config import current, n_workers
from polars_jslner.errors import InputTypeError, ModelFormatError, OptionError
from polars_jslner.kernels.spans import char_to_byte
from polars_jslner.models.sparknlp.layout import SavedDetector, load_detector
from polars_jslner.models.sparknlp.stages import SentenceDetectorDL
from polars_jslner.sparknlp import (
    annotation,
    bytebpe,
    cleanup,
    pragmatic,
    sentence_dl,
    tokenizer,
    wordpiece,
)
from polars_jslner.sparknlp.converter import convert, word_tags
from polars_jslner.sparknlp.grouping import group
from polars_jslner.sparknlp.javafloat import softmax
from polars_jslner.sparknlp.params import (
    NerConverterParams,
    SentenceDetectorDLParams,
    SentenceDetectorParams,
    TokenizerParams,
)
from polars_jslner.sparknlp.positions import Positions
from polars_jslner.sparknlp.sentences import Sentences, slices, whole
from polars_jslner.sparknlp.tags import Labels, tag
from polars_jslner.sparknlp.units import Units, first_of_each
from polars_jslner.stages import memo
from polars_jslner.stages import sentences as stage
from polars_jslner.stages.assemble import (
    label_array,
    list_column,
    null_where,
)
from polars_jslner.stages.documents import Documents, byte_arrays, text_array
from polars_jslner.stages.engine import Frame, classify, count_classes
from polars_jslner.stages.slices import by_slices
from polars_jslner.stages.windows import Windows, batch, cut

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from polars_jslner.models import Model
    from polars_jslner.models.sparknlp.layout import Detector, SparkStages
    from polars_jslner.options import EntityOptions, SentenceWay, TokenOptions
    from polars_jslner.sparknlp.converter import Chunks
    from polars_jslner.sparknlp.grouping import Groups
    from polars_jslner.sparknlp.pieces import PieceEncoder, Pieces
    from polars_jslner.sparknlp.tags import Tags
    from polars_jslner.sparknlp.tokenizer import Tokens
    from polars_jslner.stages.sentences import Given

# Smaller than in the other profile: the probabilities of all tags are kept here.
SLICE_BYTES = 500_000

_SPECIAL = {
    "bert": ("[CLS]", "[SEP]", "[PAD]"),
    "distilbert": ("[CLS]", "[SEP]", "[PAD]"),
    "roberta": ("<s>", "</s>", "<pad>"),
}


def find_entities(
    text: pl.Series, spans: pl.Series | None, options: EntityOptions
) -> pl.Series:
    """Return the chunks of each text as `schema.ENTITIES`."""

    def annotate(documents: Documents, given: Given | None, row: int) -> pa.Array:
        cleaned = _Cleaned(documents, options.tokens.model.spark)
        read = _read(cleaned, given, row, options.tokens)
        chunks = _chunks(read, options)
        n = np.diff(chunks.offsets)
        document = np.repeat(np.arange(len(n)), n)
        groups = read.groups
        sentence = groups.sentences[groups.offsets[document] + chunks.groups]
        spans = _Spans(chunks.offsets, chunks.begins, chunks.ends, sentence)
        names = label_array(chunks.names, chunks.labels.astype(np.int32))
        scores = chunks.confidences
        return spans.column(cleaned, read.sentences, names, scores)

    key = ("entities", options)
    return by_slices(text, spans, SLICE_BYTES, annotate, schema.ENTITIES, key)


def find_tokens(
    text: pl.Series, spans: pl.Series | None, options: TokenOptions
) -> pl.Series:
    """Return the words of each text that got a tag as `schema.TOKENS`."""

    def annotate(documents: Documents, given: Given | None, row: int) -> pa.Array:
        cleaned = _Cleaned(documents, options.model.spark)
        read = _read(cleaned, given, row, options)
        tags, groups = read.tags, read.groups
        token = groups.tokens[tags.words]
        of_word = np.repeat(np.arange(len(groups)), np.diff(groups.token_offsets))
        sentence = groups.sentences[of_word[tags.words]]
        begins, ends = read.tokens.begins[token], read.tokens.lasts[token]
        spans = _Spans(tags.offsets, begins, ends, sentence)
        names = label_array(read.labels.tags, tags.labels.astype(np.int32))
        return spans.column(cleaned, read.sentences, names, tags.scores)

    key = ("tokens", options)
    return by_slices(text, spans, SLICE_BYTES, annotate, schema.TOKENS, key)


def find_annotations(
    text: pl.Series, spans: pl.Series | None, options: EntityOptions, stage: str
) -> pl.Series:
    """Return the annotations of a stage as `schema.ANNOTATIONS`."""

    def annotate(documents: Documents, given: Given | None, row: int) -> pa.Array:
        cleaned = _Cleaned(documents, options.tokens.model.spark)
        column = _annotations(cleaned, given, row, options, stage)
        if options.tokens.exact:
            return column  # Spark NLP reads null as an empty text
        return null_where(column, ~documents.valid)

    key = ("annotations", options, stage)
    return by_slices(text, spans, SLICE_BYTES, annotate, schema.ANNOTATIONS, key)


def split_by_detector(documents: Documents, method: SentenceWay) -> stage.Sentences:
    """Find sentences with ``pragmatic`` rules or a saved detector.

    A sentence that the detector altered beyond finding it in the text is left out.
    """
    detector = None if isinstance(method, str) else _detector(method)
    positions = Positions(documents)
    found = _detect(documents, positions.units, detector, exact=False)
    counts = np.diff(found.offsets)
    size = np.repeat(np.diff(positions.units.offsets), counts)
    good = (found.begins >= 0) & (found.ends < size) & (found.begins <= found.ends)
    first = np.repeat(positions.units.offsets[:-1], counts)[good]
    starts = positions.byte_of_unit(first + found.begins[good])
    ends = positions.byte_of_unit(first + found.ends[good] + 1)
    document = np.repeat(np.arange(len(counts)), counts)[good]
    return stage.Sentences(
        first_of_each(np.bincount(document, minlength=len(counts))),
        starts + positions.base,
        ends + positions.base,
        positions.chars_before[starts]
        - positions.chars_before[documents.offsets[:-1][document] - positions.base],
    )


class _Cleaned:
    """Documents as DocumentAssembler leaves them, and where they come from."""

    def __init__(self, original: Documents, spark: SparkStages | None) -> None:
        assembler = None if spark is None else spark.assembler
        mode = "disabled" if assembler is None else assembler.cleanup_mode
        self.original = original
        self.origins: list[NDArray[np.int64]] | None = None
        self.documents = original
        if mode != "disabled":
            texts = _texts(original)
            cleaned = [cleanup.clean_with_origins(text, mode) for text in texts]
            column = pa.array([text for text, _ in cleaned], pa.large_string())
            self.documents = Documents(
                *byte_arrays(column), np.ones(len(texts), np.bool_)
            )
            self.origins = [origins for _, origins in cleaned]

    @cached_property
    def positions(self) -> Positions:
        """The cleaned documents in their three ways to count."""
        return Positions(self.documents)

    def chars(
        self, document: NDArray[np.int64], begins: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Turn code units in cleaned documents into their code points there."""
        positions = self.positions
        byte = positions.byte_of_unit(positions.units.offsets[document] + begins)
        first = self.documents.offsets[document] - positions.base
        return positions.chars_before[byte] - positions.chars_before[first]


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Spans of cleaned documents, in code units, the end inclusive.

    ``offsets``: first span of each document; ``sentences``: which sentence each is in.
    """

    offsets: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    sentences: NDArray[np.int64]

    def column(
        self,
        cleaned: _Cleaned,
        sentences: Sentences,
        labels: object,
        scores: NDArray[np.float32],
    ) -> pa.Array:
        """Return lists of spans with the characters of the original text.

        A span whose sentence was altered beyond finding it in the text is left out.
        """
        counts = np.diff(self.offsets)
        document = np.repeat(np.arange(len(counts)), counts)
        size = np.diff(cleaned.positions.units.offsets)[document]
        good = (self.begins >= 0) & (self.ends < size) & (self.begins <= self.ends)
        document = document[good]
        starts = cleaned.chars(document, self.begins[good])
        ends = cleaned.chars(document, self.ends[good] + 1)
        if cleaned.origins is not None:
            for i, d in enumerate(document.tolist()):
                origins = cleaned.origins[d]
                ends[i] = origins[ends[i] - 1] + 1
                starts[i] = origins[starts[i]]
        original = cleaned.original
        offsets = first_of_each(np.bincount(document, minlength=len(counts)))
        texts = original.offsets[:-1], original.offsets[1:], offsets
        number = self.sentences[good] - sentences.offsets[document]
        fields = {
            "text": text_array(
                original.data,
                char_to_byte(original.data, *texts, starts),
                char_to_byte(original.data, *texts, ends),
            ),
            "label": pa.array(labels).filter(pa.array(good)),
            "start": starts.astype(np.uint32),
            "end": ends.astype(np.uint32),
            "score": scores[good],
            "sentence": number.astype(np.uint32),
        }
        return list_column(offsets, original.valid, fields)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What the stages up to the tags found."""

    sentences: Sentences
    tokens: Tokens
    groups: Groups
    tags: Tags
    labels: Labels


def _annotations(
    cleaned: _Cleaned,
    given: Given | None,
    row: int,
    options: EntityOptions,
    stage: str,
) -> pa.Array:
    tokens = options.tokens
    if stage == "document":
        return annotation.document_annotations(cleaned.positions.units)
    if stage in ("sentence", "token"):
        sentences = _sentences(cleaned, given, row, tokens)
        if stage == "sentence":
            return annotation.sentence_annotations(sentences)
        found = tokenizer.tokenize(sentences, _tokenizer_params(tokens.model))
        return annotation.token_annotations(sentences, found)
    read = _read(cleaned, given, row, tokens)
    if stage == "ner":
        return annotation.ner_annotations(
            read.tokens, read.groups, read.tags, read.labels
        )
    return annotation.chunk_annotations(_chunks(read, options))


def _sentences(
    cleaned: _Cleaned, given: Given | None, row: int, options: TokenOptions
) -> Sentences:
    positions = cleaned.positions
    if given is not None:
        if cleaned.origins is not None:
            msg = (
                "sentences: the model's DocumentAssembler changes the text before "
                "sentences are found, so own spans cannot be used with it."
            )
            raise OptionError(msg)
        return _in_units(stage.read_sentences(cleaned.documents, given, row), positions)
    method = options.sentences
    if isinstance(method, str) and method == "clinical":
        return _in_units(stage.split(cleaned.documents, method), positions)
    if method == "none":
        return whole(positions.units)
    detector: Detector | None = None
    if method == "model" and options.model.spark is not None:
        detector = options.model.spark.detector
    elif isinstance(method, SavedDetector):
        detector = _detector(method)
    return _detect(cleaned.documents, positions.units, detector, exact=options.exact)


def _in_units(found: stage.Sentences, positions: Positions) -> Sentences:
    starts = positions.units_before[found.starts - positions.base]
    ends = positions.units_before[found.ends - positions.base]
    return slices(positions.units, found.offsets, starts, ends)


def _detect(
    documents: Documents, units: Units, detector: Detector | None, *, exact: bool
) -> Sentences:
    if not isinstance(detector, SentenceDetectorDL):
        texts, rules = _texts(documents), _pragmatic_params(detector)
        if exact:
            return pragmatic.split(texts, rules)
        return pragmatic.split_unaltered(texts, units, rules)
    params = SentenceDetectorDLParams(
        impossible_penultimates=detector.impossible_penultimates,
        use_custom_bounds_only=detector.use_custom_bounds_only,
        custom_bounds=detector.custom_bounds,
        min_length=detector.min_length,
        max_length=detector.max_length,
        split_length=detector.split_length,
    )
    return sentence_dl.split(units, params, _network(detector))


def _pragmatic_params(detector: Detector | None) -> SentenceDetectorParams:
    if detector is None or isinstance(detector, SentenceDetectorDL):
        return SentenceDetectorParams()
    return SentenceDetectorParams(
        use_abbreviations=detector.use_abbreviations,
        detect_lists=detector.detect_lists,
        use_custom_bounds_only=detector.use_custom_bounds_only,
        custom_bounds=detector.custom_bounds,
        custom_bounds_strategy=detector.custom_bounds_strategy,
        min_length=detector.min_length,
        max_length=detector.max_length,
        split_length=detector.split_length,
    )


@lru_cache(maxsize=8)
def _network(detector: SentenceDetectorDL) -> sentence_dl.SentenceNetwork:
    weights = detector.weights
    return sentence_dl.SentenceNetwork(
        characters=detector.encoder,
        embeddings=weights.embedding,
        kernel=weights.conv_kernel,
        bias=weights.conv_bias,
        hidden=weights.dense_kernel,
        hidden_bias=weights.dense_bias,
        output=weights.out_kernel,
        output_bias=weights.out_bias,
    )


@lru_cache(maxsize=8)
def _detector(saved: SavedDetector) -> Detector:
    return load_detector(saved.source)


def _tokenizer_params(model: Model) -> TokenizerParams:
    saved = None if model.spark is None else model.spark.tokenizer
    if saved is None:
        return TokenizerParams()
    return TokenizerParams(
        rules=saved.rules,
        target_pattern=saved.target_pattern,
        exceptions=saved.exceptions,
        case_sensitive_exceptions=saved.case_sensitive_exceptions,
        split_chars=saved.split_chars,
        split_pattern=saved.split_pattern,
        min_length=saved.min_length,
        max_length=saved.max_length,
    )


def _read(
    cleaned: _Cleaned, given: Given | None, row: int, options: TokenOptions
) -> _Read:
    """Run the stages up to the tags."""
    model = options.model
    sentences = _sentences(cleaned, given, row, options)
    tokens = tokenizer.tokenize(sentences, _tokenizer_params(model))
    groups = group(sentences, tokens)
    memo.count(len(groups), len(groups))
    encoder, frame = _encoder(model)
    pieces = encoder.encode(tokens, groups)
    capacity = options.max_tokens - len(frame.prefix) - len(frame.suffix)
    if options.exact:
        windows, batches, scored = _as_spark_nlp(model, groups, pieces, capacity)
    else:
        frame = replace(frame, masks_zero=False)
        windows = cut(pieces.offsets, capacity, options.overlap)
        lengths = windows.lengths + options.max_tokens - capacity
        batches = batch(lengths, current().batch_tokens, n_workers())
        scored = np.ones(len(pieces), np.bool_)
    result = classify(
        model, pieces.ids, None, frame, windows, batches, details="logits"
    )
    n_classes = count_classes(model) if len(pieces) else len(model.tags)
    names = _spark(model).classifier.labels
    labels = Labels((*names, *[None] * (n_classes - len(names))))
    tags = tag(groups, pieces, softmax(result.details), labels, scored)
    return _Read(sentences, tokens, groups, tags, labels)


def _as_spark_nlp(
    model: Model, groups: Groups, pieces: Pieces, capacity: int
) -> tuple[Windows, list[NDArray[np.int64]], NDArray[np.bool_]]:
    """Cut sentences as Spark NLP does, and batch those of one text together.

    The model reads the first ``capacity`` pieces; one more piece is scored, by what the
    model says of the [SEP] behind them, and the rest gets no tag.
    """
    counts = np.diff(pieces.offsets)
    starts = pieces.offsets[:-1]
    lengths = np.minimum(counts, capacity)
    scored_counts = np.minimum(counts, capacity + 1)
    windows = Windows(starts, lengths, starts, starts + scored_counts)
    place = np.arange(len(pieces)) - np.repeat(starts, counts)
    size = _spark(model).classifier.batch_size
    batches: list[NDArray[np.int64]] = []
    for first, last in zip(groups.offsets[:-1], groups.offsets[1:], strict=True):
        for at in range(int(first), int(last), size):
            rows = np.arange(at, min(at + size, int(last)))
            batches.append(rows[np.argsort(-lengths[rows], kind="stable")])
    return windows, batches, place <= capacity


def _chunks(read: _Read, options: EntityOptions) -> Chunks:
    words = word_tags(read.groups, read.tags, read.labels)
    params = _converter_params(options)
    return convert(read.sentences, read.tokens, read.groups, words, params)


def _converter_params(options: EntityOptions) -> NerConverterParams:
    """Return the saved converter's parameters, or what the caller wants instead."""
    saved = _spark(options.tokens.model).converter
    params = NerConverterParams()
    if saved is not None:
        params = NerConverterParams(
            white_list=saved.white_list,
            preserve_position=saved.preserve_position,
            ner_has_no_schema=saved.ner_has_no_schema,
            black_list=saved.black_list or (),
            threshold=saved.threshold,
            greedy_mode=saved.greedy_mode,
            replace_labels=tuple(saved.replace_labels.items()),
            ignore_stop_words=saved.ignore_stop_words,
        )
    if options.labels is not None:
        params = replace(params, white_list=options.labels)
    if options.exclude:
        params = replace(params, black_list=options.exclude)
    if options.min_score:
        params = replace(params, threshold=options.min_score)
    if options.rename:
        params = replace(params, replace_labels=options.rename)
    if options.greedy:
        params = replace(params, greedy_mode=True)
    if options.ignore_stop_words:
        params = replace(params, ignore_stop_words=options.ignore_stop_words)
    if not options.preserve_position:
        params = replace(params, preserve_position=False)
    return params


@lru_cache(maxsize=8)
def _encoder(model: Model) -> tuple[PieceEncoder, Frame]:
    """Return what cuts words into pieces, and the special tokens around them."""
    classifier = _spark(model).classifier
    listed = enumerate(classifier.vocabulary)
    vocabulary = {piece: index for index, piece in listed if piece is not None}
    absent = [t for t in _SPECIAL[classifier.family] if t not in vocabulary]
    if absent:
        msg = f"{model.source!r}: its vocabulary has no {', '.join(absent)}."
        raise ModelFormatError(msg)
    first, last, pad = (vocabulary[t] for t in _SPECIAL[classifier.family])
    cased = classifier.case_sensitive
    if classifier.family == "roberta":
        merges = list(classifier.merges)
        encoder = bytebpe.byte_pairs(vocabulary, merges, case_sensitive=cased)
    else:
        encoder = wordpiece.word_pieces(vocabulary, case_sensitive=cased)
    frame = Frame(np.array([first]), np.array([last]), pad, masks_zero=True)
    return encoder, frame


def _spark(model: Model) -> SparkStages:
    if model.spark is None:
        msg = f"{model.name!r} was not saved by Spark NLP."
        raise InputTypeError(msg)
    return model.spark


def _texts(documents: Documents) -> list[str]:
    texts: list[str] = text_array(
        documents.data, documents.offsets[:-1], documents.offsets[1:]
    ).to_pylist()
    return texts
