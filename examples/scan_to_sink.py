"""Stream Parquet files through the expression: lazy scan, entities, sink.

    python examples/scan_to_sink.py [SOURCE [DESTINATION]]

For a job of minutes, in one go. One that may be stopped and goes on later is in
annotate_folder.py.
"""

import sys
from pathlib import Path

import polars as pl

import polars_jslner as jn

NOTES = Path(__file__).parent / "notes.parquet"


def main(source: str = str(NOTES), destination: str = "entities.parquet") -> None:
    """Write one row for each drug or test of the notes."""
    notes = pl.scan_parquet(source)
    found = (
        notes.filter(pl.col("text").is_not_null())
        .select("note_id", entity=jn.entities("text", labels=["Drug", "Test"]))
        .explode("entity")
        .drop_nulls("entity")
        .unnest("entity")
    )
    found.sink_parquet(destination)
    n_rows = pl.scan_parquet(destination).select(pl.len()).collect().item()
    print(f"{n_rows} drugs and tests are in {destination}")


if __name__ == "__main__":
    main(*sys.argv[1:])
