"""The public expressions: typed functions over a text column.

The namespace ``jslner`` on Expr and Series repeats them. Nothing is loaded but the
description of the model when an expression is built; the session is made when the
first text is to be read.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import polars as pl

from polars_jslner import schema
from polars_jslner.errors import InputTypeError
from polars_jslner.options import (
    ANNOTATION_STAGES,
    EntityOptions,
    ModelSource,
    TokenOptions,
    choice,
    entity_options,
    sentence_method,
    token_options,
)

if TYPE_CHECKING:
    from polars_jslner.options import SentenceWay

# This module defines a function named `annotations`, so it cannot have the import from
# `__future__` of that name.
Aggregation = Literal["simple", "first", "average", "max"]
AnnotationStage = Literal["document", "sentence", "token", "ner", "chunk"]
# "clinical", "pragmatic", "none" or the place of a saved detector.
SentenceMethod = str | os.PathLike[str]


def entities(
    text: str | pl.Expr,
    model: ModelSource | None = None,
    *,
    labels: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    min_score: float = 0.0,
    rename: Mapping[str, str] | None = None,
    aggregation: Aggregation | None = None,
    sentences: SentenceMethod | pl.Expr | None = None,
    max_tokens: int | None = None,
    overlap: int | None = None,
    exact: bool = False,
    greedy: bool = False,
    ignore_stop_words: Iterable[str] = (),
) -> pl.Expr:
    """Find the entities in each text.

    Parameters
    ----------
    text
        Column name or expression; String, Categorical, Enum or Null. Null gives null,
        a text without entities an empty list.
    model
        Anything that `load_model` takes: a folder, ``hf://org/name[@revision]``, a
        model that Spark NLP saved, a bundled model's name; or a `Model`. None stands
        for $POLARS_JSLNER_MODEL, else the bundled ``clinical_slim``.
    labels
        Keep these labels only, in the model's spelling. None keeps all.
    exclude
        Drop these labels.
    min_score
        Drop entities with a lower score, in [0, 1].
    rename
        New names of labels; ``labels`` and ``exclude`` mean the old ones.
    aggregation
        How a word gets its tag from its pieces: from the ``first`` piece, the surest
        one (``max``), the ``average`` of the probabilities, or not at all: ``simple``
        leaves pieces on their own.
        The meaning is that of the same strategy in Hugging Face transformers. None
        stands for the model's own.
    sentences
        What the model reads at once: ``clinical`` sentences, ``pragmatic`` ones (Spark
        NLP's rules), ``none`` (the whole text), those of a detector that Spark NLP
        saved (its folder, zip, URI or name), or of an expression with
        List(Struct{start, end}) spans of each text, in code points, half-open (a null
        list gives null). None stands for ``clinical``; with a Spark NLP model for the
        detector that it brings,
        else ``pragmatic``.
    max_tokens
        Longest window in tokens; None stands for the model's limit. Longer sentences
        are read in overlapping windows, nothing is cut.
    overlap
        Tokens shared by neighbouring windows, at most half a window; None stands for a
        quarter.
    exact
        Spark NLP models only: find what Spark NLP finds, also where it cuts sentences
        at the model's limit.
    greedy
        Spark NLP models only: a B- tag behind an entity of its label goes on with it.
    ignore_stop_words
        Spark NLP models only: entities of one label with nothing but these words
        between them are one.

    Returns
    -------
    Expr
        Column ``entities``, List(Struct{text: String, label: String, start: UInt32,
        end: UInt32, score: Float32, sentence: UInt32}). Offsets are code points,
        ``end`` exclusive, so that ``text.str.slice(start, end - start)`` is the
        entity; ``score`` is the mean over its words; ``sentence`` counts from 0 in
        each text.

    Raises
    ------
    OptionError
        An option has a value that cannot be used.
    ModelNotFoundError, ModelFormatError
        The model cannot be read.
    InputTypeError
        When the data is there: a column has a dtype that cannot be read.
    InferenceError
        When the model runs: it failed.

    Notes
    -----
    Row by row: safe in the streaming engine, under ``filter`` and ``head``. Windows,
    merged by best context, follow OpenMed and EDS-NLP; chunks the token-classification
    pipeline of transformers 5.

    Examples
    --------
    >>> import polars as pl
    >>> import polars_jslner as jn
    >>> df = pl.DataFrame({"text": ["Denies chest pain. Takes aspirin 81 mg."]})
    >>> df.select(jn.entities("text").list.eval(pl.element().struct.field("text")))
    shape: (1, 1)
    ┌───────────────────────────┐
    │ entities                  │
    │ ---                       │
    │ list[str]                 │
    ╞═══════════════════════════╡
    │ ["chest pain", "aspirin"] │
    └───────────────────────────┘
    """
    base = token_options(
        model,
        aggregation=aggregation,
        sentences=sentences,
        max_tokens=max_tokens,
        overlap=overlap,
        exact=exact,
    )
    options = entity_options(
        base,
        labels=labels,
        exclude=exclude,
        min_score=min_score,
        rename=rename,
        greedy=greedy,
        ignore_stop_words=ignore_stop_words,
    )
    return _map(text, sentences, _Entities(options), schema.ENTITIES, "entities")


def tokens(
    text: str | pl.Expr,
    model: ModelSource | None = None,
    *,
    aggregation: Aggregation | None = None,
    sentences: SentenceMethod | pl.Expr | None = None,
    max_tokens: int | None = None,
    overlap: int | None = None,
    exact: bool = False,
) -> pl.Expr:
    """Find the words of each text with the tag that the model gives them.

    Parameters
    ----------
    text
        Column name or expression, as in `entities`.
    model, aggregation, sentences, max_tokens, overlap, exact
        As in `entities`; with ``aggregation="simple"`` the pieces of words are given.

    Returns
    -------
    Expr
        Column ``tokens``, List(Struct{text: String, label: String, start: UInt32,
        end: UInt32, score: Float32, sentence: UInt32}); the label is the tag, such as
        ``B-Drug``, ``I-Drug`` or ``O``.

    Raises
    ------
    OptionError, ModelNotFoundError, ModelFormatError, InputTypeError, InferenceError
        As `entities`.
    """
    options = token_options(
        model,
        aggregation=aggregation,
        sentences=sentences,
        max_tokens=max_tokens,
        overlap=overlap,
        exact=exact,
    )
    return _map(text, sentences, _Tokens(options), schema.TOKENS, "tokens")


def sentences(
    text: str | pl.Expr, *, sentences: SentenceMethod = "clinical"
) -> pl.Expr:
    """Find the sentences of each text.

    Parameters
    ----------
    text
        Column name or expression, as in `entities`.
    sentences
        ``clinical``: rules for clinical notes (section headers, list items, line breaks
        within sentences, abbreviations), without a model; ``pragmatic``: Spark NLP's
        rules; ``none``: the whole text; or a detector that Spark NLP saved.

    Returns
    -------
    Expr
        Column ``sentences``, List(Struct{text: String, start: UInt32, end: UInt32}),
        code points, ``end`` exclusive. Every character that is not blank is in one
        (with ``clinical`` and ``none``).

    Raises
    ------
    OptionError
        ``sentences`` is something else.
    InputTypeError
        When the data is there: the column has a dtype that cannot be read.
    """
    method = sentence_method(sentences)
    return _map(text, None, _Sentences(method), schema.SENTENCES, "sentences")


def annotations(
    text: str | pl.Expr,
    model: ModelSource | None = None,
    *,
    stage: AnnotationStage = "chunk",
    labels: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    min_score: float = 0.0,
    rename: Mapping[str, str] | None = None,
    sentences: SentenceMethod | pl.Expr | None = None,
    max_tokens: int | None = None,
    overlap: int | None = None,
    exact: bool = False,
    greedy: bool = False,
    ignore_stop_words: Iterable[str] = (),
    preserve_position: bool = True,
) -> pl.Expr:
    """Give what a stage of the pipeline found in Spark NLP's Annotation schema.

    Parameters
    ----------
    text
        Column name or expression, as in `entities`.
    model
        As in `entities`; any model, whatever its layout.
    stage
        ``document``, ``sentence``, ``token``, ``ner`` (tags; all probabilities with
        a Spark NLP model, else the ``confidence`` of the tag) or ``chunk``.
    labels, exclude, min_score, rename, greedy, ignore_stop_words
        As in `entities`; they count for ``chunk``.
    sentences, max_tokens, overlap
        As in `entities`.
    exact
        Find what Spark NLP finds, also where it cuts sentences at the model's limit,
        and read null as an empty text.
    preserve_position
        False: the result of a chunk is its first token only, as NerConverter has it.

    Returns
    -------
    Expr
        Column ``annotations``, List(Struct{annotatorType: String, begin: Int32,
        end: Int32, result: String, metadata: List(Struct{key: String,
        value: String}), embeddings: List(Float32)}); ``begin`` and ``end`` are UTF-16
        code units of the document, the end inclusive.

    Raises
    ------
    OptionError, ModelNotFoundError, ModelFormatError, InputTypeError, InferenceError
        As `entities`.

    Notes
    -----
    Metadata keys and number formats are those that Spark NLP 5.5.3 writes.
    """
    choice("stage", stage, ANNOTATION_STAGES)
    base = token_options(
        model, sentences=sentences, max_tokens=max_tokens, overlap=overlap, exact=exact
    )
    options = entity_options(
        base,
        labels=labels,
        exclude=exclude,
        min_score=min_score,
        rename=rename,
        greedy=greedy,
        ignore_stop_words=ignore_stop_words,
        preserve_position=preserve_position,
    )
    function = _Annotations(options, stage)
    return _map(text, sentences, function, schema.ANNOTATIONS, "annotations")


@dataclass(frozen=True, slots=True)
class _Entities:
    options: EntityOptions

    def __call__(self, columns: Sequence[pl.Series]) -> pl.Series:
        _import_pipeline()
        from polars_jslner.pipeline import find_entities

        return find_entities(*_two(columns), self.options)


@dataclass(frozen=True, slots=True)
class _Tokens:
    options: TokenOptions

    def __call__(self, columns: Sequence[pl.Series]) -> pl.Series:
        _import_pipeline()
        from polars_jslner.pipeline import find_tokens

        return find_tokens(*_two(columns), self.options)


@dataclass(frozen=True, slots=True)
class _Annotations:
    options: EntityOptions
    stage: str

    def __call__(self, columns: Sequence[pl.Series]) -> pl.Series:
        _import_pipeline()
        from polars_jslner.pipeline import find_annotations

        return find_annotations(*_two(columns), self.options, self.stage)


@dataclass(frozen=True, slots=True)
class _Sentences:
    method: "SentenceWay"

    def __call__(self, columns: Sequence[pl.Series]) -> pl.Series:
        _import_pipeline()
        from polars_jslner.pipeline import find_sentences

        return find_sentences(columns[0], self.method)


@cache
def _import_pipeline() -> None:
    """Import the pipeline in a thread, which a Ctrl-C does not reach.

    An import that is broken off leaves Numba half imported until the process ends.
    """
    importer = ThreadPoolExecutor(1, "polars-jslner-import")
    imported = importer.submit(import_module, "polars_jslner.pipeline")
    importer.shutdown(wait=False)
    imported.result()


def _two(columns: Sequence[pl.Series]) -> tuple[pl.Series, pl.Series | None]:
    """Return the text and, where sentences come as a column, their spans."""
    if len(columns) > 2:
        msg = (
            f"sentences given as an expression go with one text column, here are "
            f"{len(columns)} columns. Call once for each text column."
        )
        raise InputTypeError(msg)
    return columns[0], columns[1] if len(columns) == 2 else None


def _map(
    text: str | pl.Expr,
    spans: object,
    function: _Entities | _Tokens | _Annotations | _Sentences,
    dtype: pl.List,
    name: str,
) -> pl.Expr:
    """Return the elementwise expression that runs ``function`` over its columns."""
    if isinstance(text, str):
        text = pl.col(text)
    elif not isinstance(text, pl.Expr):
        msg = (
            f"text is a {type(text).__name__}; a column name or a Polars expression is "
            f"needed. For a Series use series.jslner.{name}()."
        )
        raise InputTypeError(msg)
    columns = [text, spans] if isinstance(spans, pl.Expr) else [text]
    result = pl.map_batches(columns, function, dtype, is_elementwise=True)
    return result.alias(name)
