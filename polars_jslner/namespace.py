"""The ``jslner`` namespace on Expr and Series: `functions` as methods.

Importing this module registers both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from polars_jslner import functions
from polars_jslner.html.note import FOLD
from polars_jslner.html.view import LIMIT, render_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polars_jslner.functions import Aggregation, AnnotationStage, SentenceMethod
    from polars_jslner.html import Html
    from polars_jslner.options import ModelSource


@pl.api.register_expr_namespace("jslner")
class JslNerExpr:
    """Clinical entities of a text expression."""

    def __init__(self, expr: pl.Expr) -> None:
        self._expr = expr

    def entities(
        self,
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
        """Find the entities in each text: see `polars_jslner.entities`."""
        return functions.entities(
            self._expr,
            model,
            labels=labels,
            exclude=exclude,
            min_score=min_score,
            rename=rename,
            aggregation=aggregation,
            sentences=sentences,
            max_tokens=max_tokens,
            overlap=overlap,
            exact=exact,
            greedy=greedy,
            ignore_stop_words=ignore_stop_words,
        )

    def tokens(
        self,
        model: ModelSource | None = None,
        *,
        aggregation: Aggregation | None = None,
        sentences: SentenceMethod | pl.Expr | None = None,
        max_tokens: int | None = None,
        overlap: int | None = None,
        exact: bool = False,
    ) -> pl.Expr:
        """Find the tagged words of each text: see `polars_jslner.tokens`."""
        return functions.tokens(
            self._expr,
            model,
            aggregation=aggregation,
            sentences=sentences,
            max_tokens=max_tokens,
            overlap=overlap,
            exact=exact,
        )

    def sentences(self, *, sentences: SentenceMethod = "clinical") -> pl.Expr:
        """Find the sentences of each text: see `polars_jslner.sentences`."""
        return functions.sentences(self._expr, sentences=sentences)

    def annotations(
        self,
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
        """Give what a stage found as Spark NLP does: `polars_jslner.annotations`."""
        return functions.annotations(
            self._expr,
            model,
            stage=stage,
            labels=labels,
            exclude=exclude,
            min_score=min_score,
            rename=rename,
            sentences=sentences,
            max_tokens=max_tokens,
            overlap=overlap,
            exact=exact,
            greedy=greedy,
            ignore_stop_words=ignore_stop_words,
            preserve_position=preserve_position,
        )


@pl.api.register_series_namespace("jslner")
class JslNerSeries:
    """Clinical entities of a text series."""

    def __init__(self, series: pl.Series) -> None:
        self._series = series

    def entities(
        self,
        model: ModelSource | None = None,
        *,
        labels: str | Iterable[str] | None = None,
        exclude: str | Iterable[str] | None = None,
        min_score: float = 0.0,
        rename: Mapping[str, str] | None = None,
        aggregation: Aggregation | None = None,
        sentences: SentenceMethod | pl.Series | None = None,
        max_tokens: int | None = None,
        overlap: int | None = None,
        exact: bool = False,
        greedy: bool = False,
        ignore_stop_words: Iterable[str] = (),
    ) -> pl.Series:
        """Find the entities in each text: see `polars_jslner.entities`."""
        expr = functions.entities(
            _TEXT,
            model,
            labels=labels,
            exclude=exclude,
            min_score=min_score,
            rename=rename,
            aggregation=aggregation,
            sentences=_spans(sentences),
            max_tokens=max_tokens,
            overlap=overlap,
            exact=exact,
            greedy=greedy,
            ignore_stop_words=ignore_stop_words,
        )
        return _evaluate(self._series, sentences, expr)

    def tokens(
        self,
        model: ModelSource | None = None,
        *,
        aggregation: Aggregation | None = None,
        sentences: SentenceMethod | pl.Series | None = None,
        max_tokens: int | None = None,
        overlap: int | None = None,
        exact: bool = False,
    ) -> pl.Series:
        """Find the tagged words of each text: see `polars_jslner.tokens`."""
        expr = functions.tokens(
            _TEXT,
            model,
            aggregation=aggregation,
            sentences=_spans(sentences),
            max_tokens=max_tokens,
            overlap=overlap,
            exact=exact,
        )
        return _evaluate(self._series, sentences, expr)

    def sentences(self, *, sentences: SentenceMethod = "clinical") -> pl.Series:
        """Find the sentences of each text: see `polars_jslner.sentences`."""
        expr = functions.sentences(_TEXT, sentences=sentences)
        return _evaluate(self._series, sentences, expr)

    def annotations(
        self,
        model: ModelSource | None = None,
        *,
        stage: AnnotationStage = "chunk",
        labels: str | Iterable[str] | None = None,
        exclude: str | Iterable[str] | None = None,
        min_score: float = 0.0,
        rename: Mapping[str, str] | None = None,
        sentences: SentenceMethod | pl.Series | None = None,
        max_tokens: int | None = None,
        overlap: int | None = None,
        exact: bool = False,
        greedy: bool = False,
        ignore_stop_words: Iterable[str] = (),
        preserve_position: bool = True,
    ) -> pl.Series:
        """Give what a stage found as Spark NLP does: `polars_jslner.annotations`."""
        expr = functions.annotations(
            _TEXT,
            model,
            stage=stage,
            labels=labels,
            exclude=exclude,
            min_score=min_score,
            rename=rename,
            sentences=_spans(sentences),
            max_tokens=max_tokens,
            overlap=overlap,
            exact=exact,
            greedy=greedy,
            ignore_stop_words=ignore_stop_words,
            preserve_position=preserve_position,
        )
        return _evaluate(self._series, sentences, expr)

    def render(
        self,
        entities: pl.Series | None = None,
        *,
        limit: int | None = LIMIT,
        fold: int | None = FOLD,
    ) -> Html:
        """Show the texts with their entities as a page for people to read.

        ``df["text"].jslner.render(df["entities"])`` shows what is in a column. Without
        entities, the default model finds them. The first ``limit`` texts are shown;
        see `polars_jslner.render`.
        """
        return render_rows(self._series, entities, limit=limit, fold=fold)


_TEXT, _SPANS = pl.first(), pl.last()


def _spans(
    sentences: SentenceMethod | pl.Series | None,
) -> SentenceMethod | pl.Expr | None:
    return _SPANS if isinstance(sentences, pl.Series) else sentences


def _evaluate(
    series: pl.Series, sentences: SentenceMethod | pl.Series | None, expr: pl.Expr
) -> pl.Series:
    columns = [series]
    if isinstance(sentences, pl.Series):
        columns.append(sentences.alias(f"{series.name}_sentences"))
    return pl.DataFrame(columns).select(expr).to_series()
