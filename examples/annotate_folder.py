"""Annotate every file of a folder, and go on where an earlier run was stopped.

    python examples/annotate_folder.py [SOURCE [DESTINATION]]

Stop it whenever you like and start it again. With several machines, give each its
shard: shard=(0, 2) on the one, shard=(1, 2) on the other.
"""

import sys
from pathlib import Path

import polars_jslner as jn

NOTES = Path(__file__).parent / "notes.parquet"


def main(source: str = str(NOTES), destination: str = "annotated") -> int:
    """Write the files of ``source`` with their entities to ``destination``."""
    summary = jn.annotate_files(source, destination, text="text", min_score=0.5)
    print(summary)
    return 1 if summary.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
