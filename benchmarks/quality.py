"""How well a model's entities agree with annotated ones, through the public API.

    python benchmarks/quality.py --data FOLDER [--file dev.jsonl] [--model MODEL]

The file has a JSON object a line with ``text`` and ``entities`` (label, start, end in
code points, half-open). FOLDER may also stand in POLARS_JSLNER_DATA.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import polars as pl

import polars_jslner as jn

MIN_SUPPORT = 5  # of a label that counts in the macro average


def main() -> None:
    """Print precision, recall and F1 by label, exact and by overlap."""
    parser = argparse.ArgumentParser(description=__doc__)
    folder = os.environ.get("POLARS_JSLNER_DATA")
    parser.add_argument("--data", type=Path, default=folder, required=folder is None)
    parser.add_argument("--file", default="dev.jsonl")
    parser.add_argument("--model", default=None)
    arguments = parser.parse_args()
    gold = pl.read_ndjson(Path(arguments.data) / arguments.file)
    found = gold.select(jn.entities("text", arguments.model)).to_series()
    scores = jn.evaluate(gold["entities"], found, min_support=MIN_SUPPORT)
    n_words = gold["text"].str.split(" ").list.len().sum()
    print(jn.load_model(arguments.model).describe())
    print(f"{arguments.file}: {gold.height} documents, about {n_words} words")
    print(f"macro average over labels with at least {MIN_SUPPORT} entities")
    with pl.Config(
        tbl_rows=-1, tbl_cols=-1, tbl_width_chars=140, float_precision=3
    ) as settings:
        settings.set_tbl_hide_dataframe_shape(active=True)
        settings.set_tbl_hide_column_data_types(active=True)
        print(scores)


if __name__ == "__main__":
    main()
