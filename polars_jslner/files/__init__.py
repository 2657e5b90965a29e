"""Batch jobs over many files: resumable, whole or not at all.

    annotate -> job -> readers, writer -> filesystem

Importing it loads neither pyarrow nor tqdm.
"""

from __future__ import annotations

from polars_jslner.files.annotate import annotate_files
from polars_jslner.files.summary import FileReport, Summary

__all__ = ["FileReport", "Summary", "annotate_files"]
