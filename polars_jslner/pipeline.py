"""The stages in order: text column -> sentences -> pieces -> labels -> chunks -> lists.

Each function here takes a text series (and, where the caller found the sentences, a
series of spans) and returns a series of the same length. They are safe to call from
many threads at once.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow.compute as pc

from polars_jslner import schema
from polars_jslner import sparknlp_pipeline as sparknlp
from polars_jslner.config import current, n_workers
from polars_jslner.kernels.spans import char_to_byte, repeat_spans
from polars_jslner.stages.annotate import Annotator
from polars_jslner.stages.assemble import (
    label_array,
    list_column,
    null_where,
)
from polars_jslner.stages.chunks import Spans, filter_chunks, join_words, tag_words
from polars_jslner.stages.documents import (
    Documents,
    byte_arrays,
    read_documents,
    text_array,
)
from polars_jslner.stages.engine import Frame, classify, load_session
from polars_jslner.stages.memo import count, recall
from polars_jslner.stages.sentences import (
    METHODS,
    Given,
    Sentences,
    read_sentences,
    split,
)
from polars_jslner.stages.slices import by_slices
from polars_jslner.stages.tokens import case_types, load_tokenizer
from polars_jslner.stages.windows import batch, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from polars_jslner.models.model import Model
    from polars_jslner.options import EntityOptions, SentenceWay, TokenOptions

# Bytes of text that go through the stages together: enough to sort by length, and a
# bound on the memory that one call needs whatever its number of rows.
SLICE_BYTES = 1_000_000


def find_sentences(text: pl.Series, method: SentenceWay) -> pl.Series:
    """Return the sentences of each text as `schema.SENTENCES`."""

    def annotate(documents: Documents, _: Given | None, row: int) -> pa.Array:
        sentences = _split(documents, None, row, method)
        texts = text_array(documents.data, sentences.starts, sentences.ends)
        n_chars = pc.call_function("utf8_length", [texts]).to_numpy()
        fields = {
            "text": texts,
            "start": sentences.chars.astype(np.uint32),
            "end": (sentences.chars + n_chars).astype(np.uint32),
        }
        valid = documents.valid
        return list_column(sentences.offsets, valid, fields)

    key = ("sentences", method)
    return by_slices(text, None, SLICE_BYTES, annotate, schema.SENTENCES, key)


def find_tokens(
    text: pl.Series, spans: pl.Series | None, options: TokenOptions
) -> pl.Series:
    """Return the tagged words of each text as `schema.TOKENS`."""
    if options.model.profile == "spark-nlp":
        return sparknlp.find_tokens(text, spans, options)

    def annotate(documents: Documents, given: Given | None, row: int) -> pa.Array:
        sentences = _split(documents, given, row, options.sentences)
        distinct, words = _tag_distinct(documents, sentences, options)
        words = words.keep(words.ends > words.starts)
        tags = options.model.tags
        return _column(documents, sentences, distinct, words, tags)

    key = ("tokens", options)
    return by_slices(text, spans, SLICE_BYTES, annotate, schema.TOKENS, key)


def find_entities(
    text: pl.Series, spans: pl.Series | None, options: EntityOptions
) -> pl.Series:
    """Return the entities of each text as `schema.ENTITIES`."""
    model = options.tokens.model
    if model.profile == "spark-nlp":
        return sparknlp.find_entities(text, spans, options)
    rename = dict(options.rename)
    names = [rename.get(label, label) for label in model.labels]

    def annotate(documents: Documents, given: Given | None, row: int) -> pa.Array:
        sentences = _split(documents, given, row, options.tokens.sentences)
        distinct, words = _tag_distinct(documents, sentences, options.tokens)
        chunks = _join(words, options)
        return _column(documents, sentences, distinct, chunks, names)

    key = ("entities", options)
    return by_slices(text, spans, SLICE_BYTES, annotate, schema.ENTITIES, key)


def find_annotations(
    text: pl.Series, spans: pl.Series | None, options: EntityOptions, stage: str
) -> pl.Series:
    """Return what a stage found in each text as `schema.ANNOTATIONS`."""
    model = options.tokens.model
    if model.profile == "spark-nlp":
        return sparknlp.find_annotations(text, spans, options, stage)
    rename = dict(options.rename)
    names = [rename.get(label, label) for label in model.labels]

    def annotate(documents: Documents, given: Given | None, row: int) -> pa.Array:
        sentences = _split(documents, given, row, options.tokens.sentences)
        annotator = Annotator(documents, sentences)
        if stage == "document":
            column = annotator.documents()
        elif stage == "sentence":
            column = annotator.sentences()
        else:
            distinct, words = _tag_distinct(documents, sentences, options.tokens)
            words = words.keep(words.ends > words.starts)
            of_sentence = distinct.of_sentence
            if stage == "token":
                column = annotator.tokens(words, of_sentence)
            elif stage == "ner":
                column = annotator.ner(words, of_sentence, model.tags)
            else:
                chunks = _join(words, options)
                column = annotator.chunks(chunks, words, of_sentence, names)
        return null_where(column, ~documents.valid)

    key = ("annotations", options, stage)
    return by_slices(text, spans, SLICE_BYTES, annotate, schema.ANNOTATIONS, key)


def count_windows(text: pl.Series, options: TokenOptions) -> pl.DataFrame:
    """Return what the model has to read for each text, without running it.

    Not for Spark NLP models.

    Returns
    -------
    DataFrame
        A row for each text, UInt32: ``sentences``; ``tokens``, special ones not
        counted; ``windows``, one for a sentence that the model reads at once.
    """
    model = options.model
    tokenizer = load_tokenizer(model.tokenizer, model.stamp)
    capacity = options.max_tokens - len(tokenizer.prefix) - len(tokenizer.suffix)
    documents = read_documents(text)
    sentences = _split(documents, None, 0, options.sentences)
    texts = text_array(documents.data, sentences.starts, sentences.ends)
    pieces = tokenizer.encode(texts.to_pylist())
    windows = cut(pieces.offsets, capacity, options.overlap)
    first_windows = np.searchsorted(windows.starts, pieces.offsets)
    counts = {
        "sentences": np.diff(sentences.offsets),
        "tokens": np.diff(pieces.offsets[sentences.offsets]),
        "windows": np.diff(first_windows[sentences.offsets]),
    }
    return pl.DataFrame(counts).cast(pl.UInt32)


def _join(words: Spans, options: EntityOptions) -> Spans:
    """Join tagged words to the chunks that the caller wants."""
    model = options.tokens.model
    chunks = join_words(words, model.tags, model.labels)
    return filter_chunks(chunks, model.labels, options.kept, options.min_score)


def _split(
    documents: Documents, given: Given | None, row: int, method: SentenceWay | None
) -> Sentences:
    if given is not None:
        return read_sentences(documents, given, row)
    if isinstance(method, str) and method in METHODS:
        return split(documents, method)
    return sparknlp.split_by_detector(documents, method or "pragmatic")


@dataclass(frozen=True, slots=True, eq=False)
class _Distinct:
    """Sentences without repetition: a sentence's result depends on nothing else.

    ``texts``: the distinct sentences; ``data`` and ``offsets``, uint8[...] and
    int64[n_distinct + 1]: their bytes; ``of_sentence``, int64[n_sentences]: which of
    them each sentence is.
    """

    texts: list[str]
    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    of_sentence: NDArray[np.int64]


def _distinct(documents: Documents, sentences: Sentences) -> _Distinct:
    count(len(sentences))
    array = text_array(documents.data, sentences.starts, sentences.ends)
    encoded = array.dictionary_encode()
    texts = encoded.dictionary
    of_sentence = encoded.indices.to_numpy().astype(np.int64)
    return _Distinct(texts.to_pylist(), *byte_arrays(texts), of_sentence)


def _tag_distinct(
    documents: Documents, sentences: Sentences, options: TokenOptions
) -> tuple[_Distinct, Spans]:
    """Return the distinct sentences and their tagged words."""
    if len(sentences):
        _load_early(options.model)
    distinct = _distinct(documents, sentences)
    return distinct, _tag(distinct.texts, options)


@lru_cache(maxsize=8)
def _load_early(model: Model) -> None:
    """Begin to make the session while Numba compiles the first kernels, or loads them.

    `classify` waits for it, and finds the errors.
    """
    ThreadPoolExecutor(1, "polars-jslner-load").submit(load_session, model)


def _tag(texts: Sequence[str], options: TokenOptions) -> Spans:
    """Return the tagged words of distinct sentences, by the model or from the memo."""
    key = (options.model, options.aggregation, options.max_tokens, options.overlap)
    return recall(texts, key, lambda unknown: _read(unknown, options))


def _read(texts: Sequence[str], options: TokenOptions) -> Spans:
    """Tokenize sentences, run the model over them and tag their words."""
    model = options.model
    tokenizer = load_tokenizer(model.tokenizer, model.stamp)
    pieces = tokenizer.encode(texts)
    n_special = len(tokenizer.prefix) + len(tokenizer.suffix)
    windows = cut(pieces.offsets, options.max_tokens - n_special, options.overlap)
    lengths = windows.lengths + n_special
    batches = batch(lengths, current().batch_tokens, n_workers())
    valid = model.decoding == "valid"
    types = case_types(texts, pieces) if model.token_types == "case" else None
    predictions = classify(
        model,
        pieces.ids,
        types,
        Frame(tokenizer.prefix, tokenizer.suffix, tokenizer.pad_id),
        windows,
        batches,
        details="probabilities" if valid or options.aggregation == "average" else None,
    )
    tags = model.tags if valid else None
    return tag_words(pieces, predictions, options.aggregation, tags)


def _column(
    documents: Documents,
    sentences: Sentences,
    distinct: _Distinct,
    spans: Spans,
    names: Sequence[str],
) -> pa.Array:
    """Put the spans of distinct sentences back where the sentences stand."""
    texts = distinct.offsets[:-1], distinct.offsets[1:]
    starts = char_to_byte(distinct.data, *texts, spans.offsets, spans.starts)
    ends = char_to_byte(distinct.data, *texts, spans.offsets, spans.ends)
    strings = text_array(distinct.data, starts, ends)
    offsets, repeated = repeat_spans(spans.offsets, distinct.of_sentence)
    counts = np.diff(offsets)
    first_chars = np.repeat(sentences.chars, counts)
    numbers = np.arange(len(sentences)) - np.repeat(
        sentences.offsets[:-1], np.diff(sentences.offsets)
    )
    fields = {
        "text": strings.take(repeated),
        "label": label_array(names, spans.labels[repeated]),
        "start": (first_chars + spans.starts[repeated]).astype(np.uint32),
        "end": (first_chars + spans.ends[repeated]).astype(np.uint32),
        "score": spans.scores[repeated],
        "sentence": np.repeat(numbers, counts).astype(np.uint32),
    }
    return list_column(offsets[sentences.offsets], documents.valid, fields)
