"""Stage: sentences, words and chunks as annotations, in Spark NLP's schema.

For models of the transformers profile; those of Spark NLP have stages of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels.spans import repeat_spans
from polars_jslner.sparknlp import annotation
from polars_jslner.sparknlp.converter import Chunks
from polars_jslner.sparknlp.grouping import Groups, group
from polars_jslner.sparknlp.positions import Positions
from polars_jslner.sparknlp.sentences import slices
from polars_jslner.sparknlp.tags import Labels, Tags
from polars_jslner.sparknlp.tokenizer import Tokens
from polars_jslner.sparknlp.units import strings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from polars_jslner.stages.chunks import Spans
    from polars_jslner.stages.documents import Documents
    from polars_jslner.stages.sentences import Sentences


class Annotator:
    """Writes what was found in documents as annotations.

    Parameters
    ----------
    documents
        The texts.
    sentences
        Their sentences.
    """

    def __init__(self, documents: Documents, sentences: Sentences) -> None:
        self._positions = Positions(documents)
        base, before = self._positions.base, self._positions.units_before
        starts, ends = before[sentences.starts - base], before[sentences.ends - base]
        self._units = self._positions.units
        self._found = sentences
        self._sentences = slices(self._units, sentences.offsets, starts, ends)

    def documents(self) -> pa.LargeListArray:
        """Return the stage ``document``."""
        return annotation.document_annotations(self._units)

    def sentences(self) -> pa.LargeListArray:
        """Return the stage ``sentence``."""
        return annotation.sentence_annotations(self._sentences)

    def tokens(self, words: Spans, of_sentence: NDArray[np.int64]) -> pa.LargeListArray:
        """Return the stage ``token`` from the words of distinct sentences.

        ``of_sentence``, int64[n_sentences], says which distinct sentence each one is.
        """
        placed = self._place(words, of_sentence)
        return annotation.token_annotations(self._sentences, placed.tokens)

    def ner(
        self, words: Spans, of_sentence: NDArray[np.int64], tags: Sequence[str]
    ) -> pa.LargeListArray:
        """Return the stage ``ner``: the tag of each word and its ``confidence``."""
        placed = self._place(words, of_sentence)
        groups = group(self._sentences, placed.tokens)
        found = Tags(
            placed.tokens.offsets[self._found.offsets],
            np.arange(len(placed.spans)),
            words.labels[placed.spans].astype(np.int64),
            words.scores[placed.spans],
            np.zeros((0, len(tags)), np.float32),
        )
        labels = Labels(tuple(tags))
        return annotation.ner_annotations(placed.tokens, groups, found, labels)

    def chunks(
        self,
        chunks: Spans,
        words: Spans,
        of_sentence: NDArray[np.int64],
        names: Sequence[str],
    ) -> pa.LargeListArray:
        """Return the stage ``chunk``; ``names`` are those of the chunks' labels."""
        groups = group(self._sentences, self._place(words, of_sentence).tokens)
        placed = self._place(chunks, of_sentence)
        tokens = placed.tokens
        sentence = np.repeat(
            np.arange(len(tokens.offsets) - 1), np.diff(tokens.offsets)
        )
        found = Chunks(
            tokens.offsets[self._found.offsets],
            tokens.begins,
            tokens.lasts,
            strings(tokens.units, tokens.starts, tokens.ends),
            tuple(names),
            chunks.labels[placed.spans].astype(np.int64),
            chunks.scores[placed.spans],
            np.ones(len(placed.spans), np.bool_),
            _number(groups, sentence),
        )
        return annotation.chunk_annotations(found)

    def _place(self, spans: Spans, of_sentence: NDArray[np.int64]) -> _Placed:
        """Put the spans of distinct sentences where the sentences stand."""
        offsets, repeated = repeat_spans(spans.offsets, of_sentence)
        counts = np.diff(offsets)
        documents = np.repeat(
            np.arange(len(self._found.offsets) - 1), np.diff(self._found.offsets)
        )
        document = np.repeat(documents, counts)
        chars = np.repeat(self._found.chars, counts)
        starts = self._positions.unit_of_char(document, chars + spans.starts[repeated])
        ends = self._positions.unit_of_char(document, chars + spans.ends[repeated])
        first = self._units.offsets[document]
        tokens = Tokens(
            offsets, self._units.data, starts, ends, starts - first, ends - first - 1
        )
        return _Placed(tokens, repeated)


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Spans in documents, and int64[n], which of the distinct spans each one is."""

    tokens: Tokens
    spans: NDArray[np.int64]


def _number(groups: Groups, sentence: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of sentences, among those of the document that have words."""
    return groups.numbers[np.searchsorted(groups.sentences, sentence)]
