"""Every output dtype, Polars and Arrow, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa
    from polars.datatypes import DataType, DataTypeClass

    PolarsDataType = DataType | DataTypeClass

Compat = Literal["spark"]

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


def arrow_type(dtype: PolarsDataType, compat: Compat | None = None) -> pa.DataType:
    """Return the Arrow type in which an output of ours is given away.

    Parameters
    ----------
    dtype
        One of this module's.
    compat
        None: large_list, struct, large_string, uint32, int32 and float32. ``spark``:
        what Spark can hold, list, string and int32 for large_list, large_string and
        uint32, and a map for the metadata of annotations, so that they have the very
        type of Spark NLP's.
    """
    import pyarrow as pa

    spark = compat == "spark"
    if isinstance(dtype, pl.List):
        item = arrow_type(dtype.inner, compat)
        if not spark:
            return pa.large_list(item)
        # Lists of numbers cannot hold a null there, nor can begin and end below.
        return pa.list_(pa.field("item", item, nullable=not pa.types.is_floating(item)))
    if isinstance(dtype, pl.Struct):
        fields: list[pa.Field] = []
        for field in dtype.fields:
            kind, nullable = arrow_type(field.dtype, compat), True
            if spark and dtype == ANNOTATION:
                if field.name == "metadata":
                    kind = pa.map_(pa.string(), pa.string())
                nullable = field.dtype != pl.Int32
            fields.append(pa.field(field.name, kind, nullable))
        return pa.struct(fields)
    plain: dict[Any, pa.DataType] = {
        pl.String: pa.string() if spark else pa.large_string(),
        pl.UInt32: pa.int32() if spark else pa.uint32(),
        pl.Int32: pa.int32(),
        pl.Float32: pa.float32(),
    }
    return plain[dtype.base_type()]
