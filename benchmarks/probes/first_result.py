"""Annotate one note and say so: the caller takes the time since it started this."""

from __future__ import annotations

import polars as pl

import polars_jslner as jn

NOTE = "58-year-old man with chest pain. ECG normal. Takes aspirin 81 mg p.o. daily."

if __name__ == "__main__":
    found = pl.DataFrame({"text": [NOTE]}).select(jn.entities("text")).to_series()
    print(len(found[0]), flush=True)
