"""Import the six-layer model into Spark NLP and save it, as its users do once.

Run by `benchmarks.setup` in the environment of Spark NLP. ``--model`` has
``model.onnx`` and, in ``assets``, a line for each piece and for each tag.
"""

from __future__ import annotations

import argparse
from typing import Any

from benchmarks.workers.sparknlp import start


def main() -> None:
    """Import and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "jars", "out"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    spark = start(arguments.jars, threads=2)
    from sparknlp.annotator import BertForTokenClassification

    model: Any = BertForTokenClassification.loadSavedModel(arguments.model, spark)
    model.setCaseSensitive(False).setMaxSentenceLength(128)
    model.write().overwrite().save(arguments.out)
    spark.stop()


if __name__ == "__main__":
    main()
