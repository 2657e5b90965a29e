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

ENTITIES = pl.List(ENTITY)
TOKENS = pl.List(TOKEN)
SENTENCES = pl.List(SENTENCE)
