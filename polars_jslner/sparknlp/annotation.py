"""Columns of annotations, with the metadata keys and number formats of Spark NLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from polars_jslner import schema
from polars_jslner.sparknlp.javafloat import float_strings
from polars_jslner.sparknlp.units import first_of_each, strings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polars_jslner.sparknlp.converter import Chunks
    from polars_jslner.sparknlp.grouping import Groups
    from polars_jslner.sparknlp.sentences import Sentences
    from polars_jslner.sparknlp.tags import Labels, Tags
    from polars_jslner.sparknlp.tokenizer import Tokens
    from polars_jslner.sparknlp.units import Units

_TEXT = pa.large_string()


def document_annotations(documents: Units) -> pa.LargeListArray:
    """Return the stage ``document``: one annotation a text, the empty one included."""
    n = len(documents)
    sizes = np.diff(documents.offsets)
    texts = strings(documents.data, documents.offsets[:-1], documents.offsets[1:])
    numbers = _repeated("0", n)
    return _column(
        np.arange(n + 1),
        "document",
        np.zeros(n, np.int64),
        sizes - 1,
        texts,
        ["sentence"],
        [numbers],
    )


def sentence_annotations(sentences: Sentences) -> pa.LargeListArray:
    """Return the stage ``sentence``."""
    units = sentences.units
    texts = strings(units.data, units.offsets[:-1], units.offsets[1:])
    return _column(
        sentences.offsets,
        "document",
        sentences.begins,
        sentences.ends,
        texts,
        ["sentence"],
        [_whole(sentences.numbers)],
    )


def token_annotations(sentences: Sentences, tokens: Tokens) -> pa.LargeListArray:
    """Return the stage ``token``."""
    numbers = np.repeat(sentences.numbers, np.diff(tokens.offsets))
    return _column(
        tokens.offsets[sentences.offsets],
        "token",
        tokens.begins,
        tokens.lasts,
        strings(tokens.units, tokens.starts, tokens.ends),
        ["sentence"],
        [_whole(numbers)],
    )


def ner_annotations(
    tokens: Tokens, groups: Groups, tags: Tags, labels: Labels
) -> pa.LargeListArray:
    """Return the stage ``ner``: the tag of each word and all its probabilities.

    A label called ``sentence`` or ``word`` takes the place of what else has that key.
    Where the probabilities were not kept, ``confidence`` is that of the tag.
    """
    token = groups.tokens[tags.words]
    group = np.searchsorted(groups.token_offsets, tags.words, side="right") - 1
    n = len(tags)
    with_all = len(tags.probabilities) == n
    columns = labels.columns if with_all else {}
    own: dict[str, pa.Array] = {
        "sentence": _whole(groups.numbers[group]),
        "word": strings(tokens.units, tokens.starts[token], tokens.ends[token]),
    }
    if not with_all:
        own["confidence"] = float_strings(tags.scores)
    keys = [*(key for key in own if key not in columns), *columns]
    picked = tags.probabilities[:, list(columns.values())]
    written = float_strings(picked.T.reshape(-1))
    values = [own[key] for key in own if key not in columns]
    values += [written.slice(i * n, n) for i in range(len(columns))]
    return _column(
        tags.offsets,
        "named_entity",
        tokens.begins[token],
        tokens.lasts[token],
        _names(labels.tags, tags.labels),
        keys,
        values,
    )


def chunk_annotations(chunks: Chunks) -> pa.LargeListArray:
    """Return the stage ``chunk``."""
    counts = np.diff(chunks.offsets)
    numbers = np.arange(len(chunks)) - np.repeat(chunks.offsets[:-1], counts)
    confidences = float_strings(chunks.confidences)
    present = pa.array(np.arange(len(chunks)), mask=~chunks.known)
    return _column(
        chunks.offsets,
        "chunk",
        chunks.begins,
        chunks.ends,
        chunks.texts,
        ["chunk", "confidence", "entity", "sentence"],
        [
            _whole(numbers),
            confidences.take(present),
            _names(chunks.names, chunks.labels),
            _whole(chunks.groups),
        ],
    )


def _whole(numbers: NDArray[np.int64]) -> pa.Array:
    return pa.array(numbers).cast(_TEXT)


def _repeated(text: str, n: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, _TEXT), n)


def _names(names: Sequence[str], which: NDArray[np.int64]) -> pa.Array:
    return pa.array(names, _TEXT).take(pa.array(which))


def _column(
    offsets: NDArray[np.int64],
    annotator_type: str,
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    results: pa.Array,
    keys: Sequence[str],
    values: Sequence[pa.Array],
) -> pa.LargeListArray:
    """Return a column of annotations.

    Parameters
    ----------
    offsets
        int64[n_rows + 1], first annotation of each row.
    annotator_type
        The same for all.
    begins, ends
        int64[n_annotations], code units, inclusive.
    results
        Text[n_annotations].
    keys, values
        The metadata: text[n_annotations] for each key; a key whose value is null is
        left out of that annotation.
    """
    n = len(begins)
    structs = pa.StructArray.from_arrays(
        [
            _repeated(annotator_type, n),
            pa.array(begins.astype(np.int32)),
            pa.array(ends.astype(np.int32)),
            results,
            _metadata(n, keys, values),
            pa.LargeListArray.from_arrays(
                pa.array(np.zeros(n + 1, np.int64)), pa.array([], pa.float32())
            ),
        ],
        [field.name for field in schema.ANNOTATION.fields],
    )
    return pa.LargeListArray.from_arrays(pa.array(offsets), structs)


def _metadata(n: int, keys: Sequence[str], values: Sequence[pa.Array]) -> pa.Array:
    """Interleave the metadata of annotations."""
    n_keys = len(keys)
    by_key = pa.concat_arrays([value.cast(_TEXT) for value in values])
    at = np.arange(n)[:, None] + n * np.arange(n_keys)
    order = at.reshape(-1)
    flat_values = by_key.take(pa.array(order))
    flat_keys = pa.array(keys, _TEXT).take(pa.array(np.tile(np.arange(n_keys), n)))
    counts = np.full(n, n_keys)
    if flat_values.null_count:
        present = np.asarray(flat_values.is_valid())
        counts = present.reshape(n, n_keys).sum(axis=1)
        flat_values = flat_values.filter(pa.array(present))
        flat_keys = flat_keys.filter(pa.array(present))
    pairs = pa.StructArray.from_arrays([flat_keys, flat_values], ["key", "value"])
    return pa.LargeListArray.from_arrays(pa.array(first_of_each(counts)), pairs)
