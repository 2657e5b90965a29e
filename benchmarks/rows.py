"""The rows of the speed table: which system, with which settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.environments import Work


@dataclass(frozen=True)
class Row:
    """A system with settings.

    Parameters
    ----------
    name
        What the table calls it.
    module
        Of `benchmarks.workers`.
    environment
        Its virtual environment; empty: the one that runs the benchmark.
    load
        Options with which it is loaded.
    candidates
        Options of a run. If there are several, each is tried once on part of the
        texts and the fastest is timed.
    reads
        In which way what the model reads is not what ours reads; empty: it is.
    corpora
        The corpora for which it runs; empty: all.
    sweep
        Whether every candidate is timed in every round, on ordinary notes.
    same_weights
        Whether its model is the six-layer one.
    quick
        Whether it is part of a quick run.
    """

    name: str
    module: str
    environment: str
    load: dict[str, Any]
    candidates: tuple[dict[str, Any], ...] = ({},)
    reads: str = ""
    corpora: tuple[str, ...] = ()
    sweep: bool = False
    same_weights: bool = True
    quick: bool = False


OURS = "ours"
CEILING = "ONNX Runtime alone (the ceiling)"
BUNDLED = "bundled default, its own weights"
BUNDLED_CEILING = "bundled default, ceiling"
BUDGETS = (128, 256, 384, 512, 768, 1024, 2048)
ORDINARY = ("ordinary",)


def by(name: str, *values: Any) -> tuple[dict[str, Any], ...]:
    """Return a candidate for each value of an option."""
    return tuple({name: value} for value in values)


def all_rows(work: Work, threads: int) -> list[Row]:
    """Return the rows over the six-layer model, and the bundled default."""
    six = {"model": str(work.model)}
    both = six | {"threads": threads}
    spark = {
        "model": str(work.spark_model),
        "jars": str(work.jars),
        "threads": threads,
    }
    whole = "whole notes, windows of 512 pieces that overlap"
    sizes = by("batch_size", 1, 8, 32)
    return [
        Row(
            CEILING,
            "ceiling",
            "",
            both,
            by("budget", *BUDGETS),
            sweep=True,
            quick=True,
        ),
        Row(OURS, "ours", "", both, quick=True),
        Row("ours, one thread", "ours", "", six | {"threads": 1}, corpora=ORDINARY),
        Row(
            BUNDLED,
            "ours",
            "",
            {"model": None, "threads": threads},
            reads="another model",
            same_weights=False,
            quick=True,
        ),
        Row(
            BUNDLED_CEILING,
            "ceiling",
            "",
            {"model": "clinical_slim", "threads": threads},
            by("budget", *BUDGETS),
            corpora=ORDINARY,
            sweep=True,
            same_weights=False,
            quick=True,
        ),
        Row(
            "clinical_slim_fp32, its own weights",
            "ours",
            "",
            {"model": "clinical_slim_fp32", "threads": threads},
            reads="another model",
            corpora=ORDINARY,
            same_weights=False,
        ),
        Row(
            "naive map_elements",
            "map_elements",
            "",
            six,
            reads="whole notes, cut every 510 pieces",
            quick=True,
        ),
        *(
            Row(
                f"{system}, {unit}",
                "huggingface",
                environment,
                both | {"unit": unit, "runtime": runtime},
                sizes,
                reads=whole if unit == "notes" else "",
                corpora=() if unit == "sentences" else ORDINARY,
                quick=unit == "sentences",
            )
            for system, environment, runtime in (
                ("Hugging Face", "huggingface", "torch"),
                ("optimum-onnx", "optimum", "onnx"),
            )
            for unit in ("notes", "sentences")
        ),
        Row(
            "OpenMed, notes",
            "openmed",
            "openmed",
            six | {"unit": "notes"},
            reads=f"{whole}; its own decoding, piece by piece",
            quick=True,
        ),
        Row(
            "OpenMed, best setting",
            "openmed",
            "openmed",
            six | {"unit": "notes"},
            (
                {"max_length": 128},
                {"max_length": 128, "batch_size": 4},
                {"max_length": 64},
                {"max_length": 64, "batch_size": 16},
            ),
            reads="windows of 64 or 128 pieces; its own decoding, piece by piece",
            corpora=ORDINARY,
        ),
        Row(
            "OpenMed, sentences",
            "openmed",
            "openmed",
            six | {"unit": "sentences"},
            by("batch_size", 8, 16, 32),
            reads="its own decoding, piece by piece",
            corpora=ORDINARY,
        ),
        Row(
            "EDS-NLP, fp32",
            "edsnlp",
            "edsnlp",
            both,
            (
                {"autocast": False, "batch_size": "8 docs"},
                {"autocast": False, "batch_size": "2048 words"},
                {
                    "autocast": False,
                    "batch_size": "4096 padded_words",
                    "sort_chunks": True,
                },
            ),
            reads="windows of 128 pieces every 96; a head of five tags for each label",
        ),
        Row(
            "EDS-NLP, as it comes (batch 1, bfloat16)",
            "edsnlp",
            "edsnlp",
            both,
            reads="as above, in bfloat16",
            corpora=ORDINARY,
        ),
        Row(
            "Spark NLP, best setting",
            "sparknlp",
            "sparknlp",
            spark
            | {
                "conf": {"spark.jsl.settings.onnx.intraOpNumThreads": "1"},
                "batch_size": 8,
                "partitions": 2,
            },
            reads="its own sentences, cut at 128 pieces; its own words",
        ),
        Row(
            "Spark NLP, defaults",
            "sparknlp",
            "sparknlp",
            spark,
            reads="as above",
            corpora=ORDINARY,
        ),
    ]
