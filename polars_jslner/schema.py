"""Every output dtype, in one place."""

from __future__ import annotations

import polars as pl

SENTENCE = pl.Struct({"text": pl.String, "start": pl.UInt32, "end": pl.UInt32})

ENTITY = pl.Struct(
    {
        "text": pl.String,
        "label": pl.String,
        "start": pl.UInt32,
        "end": pl.UInt32,
        "score": pl.Float32,
        "sentence": pl.UInt32,
    }
)

TOKEN = ENTITY  # the label is a tag there

# Spark NLP's own: begin and end in UTF-16 code units, the end inclusive.
ANNOTATION = pl.Struct(
    {
        "annotatorType": pl.String,
        "begin": pl.Int32,
        "end": pl.Int32,
        "result": pl.String,
        "metadata": pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
        "embeddings": pl.List(pl.Float32),
    }
)

ENTITIES = pl.List(ENTITY)
TOKENS = pl.List(TOKEN)
SENTENCES = pl.List(SENTENCE)
ANNOTATIONS = pl.List(ANNOTATION)
