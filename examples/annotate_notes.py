"""Annotate the example notes with the bundled model and print what was found."""

from pathlib import Path

import polars as pl

import polars_jslner as jn

NOTES = Path(__file__).parent / "notes.parquet"


def main() -> None:
    """Print the entities of a few notes and the number of each label."""
    annotated = pl.read_parquet(NOTES).with_columns(jn.entities("text"))
    found = (
        annotated.select("note_id", "kind", "entities")
        .explode("entities")
        .drop_nulls("entities")
        .unnest("entities")
    )
    with pl.Config(
        tbl_rows=30,
        tbl_width_chars=100,
        tbl_hide_dataframe_shape=True,
        float_precision=2,
    ):
        print("First entities of the first notes:")
        print(
            found.group_by("note_id", maintain_order=True)
            .head(8)
            .head(24)
            .select("note_id", "kind", "text", "label", "start", "end", "score")
        )
        print(f"{len(found)} entities in {len(annotated)} notes:")
        print(
            found.group_by("label")
            .agg(
                pl.len().alias("n"),
                pl.col("text").mode().sort().first().alias("most often"),
            )
            .sort("n", descending=True)
        )


if __name__ == "__main__":
    main()
