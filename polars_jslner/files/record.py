"""What a written file says of itself: the journal of a job.

Every output, and every part of one, holds a record in its Parquet metadata. So what is
done cannot disagree with what is there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from polars_jslner.files.filesystem import Place

KEY = b"polars_jslner"


@dataclass(frozen=True, slots=True)
class Record:
    """How a file was made.

    Parameters
    ----------
    version
        Of this library.
    model
        Name, version and sha256 of the model.
    options
        All that the output depends on, as JSON values.
    source
        Name, size and time of change (ns) of the source file.
    first_row
        Row of the source with which the file begins.
    rows, words, entities
        Rows and words of the source that it covers, and what was found in them.
    """

    version: str
    model: dict[str, str]
    options: dict[str, Any]
    source: dict[str, Any]
    first_row: int = 0
    rows: int = 0
    words: int = 0
    entities: int = 0

    def mark(self, schema: Any) -> Any:
        """Return the schema with this record in its metadata."""
        text = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return schema.with_metadata({**(schema.metadata or {}), KEY: text.encode()})

    def differences(self, now: Record) -> list[str]:
        """Return how the job differs that made this file, one short text each."""
        then, here = _flat(self), _flat(now)
        names = sorted({*then, *here})
        if then.get("explode") != here.get("explode"):
            # Of the two, only one has this option.
            names = [name for name in names if name != "output"]
        return [
            f"{name} was {_shown(then, name)} and is {_shown(here, name)}"
            for name in names
            if then.get(name) != here.get(name)
        ]


def read_record(place: Place) -> Record | None:
    """Return the record of a file; None if it has none or is no Parquet file."""
    try:
        with place.open() as file:
            metadata = pq.read_schema(file).metadata or {}
        return Record(**json.loads(metadata[KEY]))
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError):
        return None


def _flat(record: Record) -> dict[str, object]:
    model = {"model": record.model.get("name"), **record.model}
    model.pop("name", None)
    named = {f"model {key}" if key != "model" else key: v for key, v in model.items()}
    return {"polars_jslner": record.version, **named, **record.options}


def _shown(values: dict[str, object], name: str) -> str:
    if name not in values:
        return "the default"
    value = values[name]
    if name == "model sha256":
        return f"{value!s:.12}..."
    return json.dumps(value, ensure_ascii=False)
