"""Sentence splitters on clinical notes: agreement with annotated spans, and speed.

    python benchmarks/sentences.py --data FOLDER

FOLDER, which may also stand in POLARS_JSLNER_DATA, has ``test_text.jsonl`` (``id``,
``text``) and ``sentences_gold.jsonl`` (``id``, ``sentences`` with start and end in code
points, half-open). Agreement is over the annotated notes, speed over all texts. The
others come with ``pip install --group bench``.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pysbd
import sentencex

import polars_jslner as jn
from polars_jslner.bench import machine

if TYPE_CHECKING:
    from collections.abc import Callable

Span = tuple[int, int]
ROUNDS = 3  # the fastest counts


def ours(texts: pl.Series) -> pl.Series:
    return texts.to_frame().select(jn.sentences(texts.name)).to_series()


def by_pysbd(texts: pl.Series) -> list[list[Span]]:
    segmenter = pysbd.Segmenter(language="en", clean=False, char_span=True)
    return [[(s.start, s.end) for s in segmenter.segment(text)] for text in texts]


def by_sentencex(texts: pl.Series) -> list[list[Span]]:
    return [pieces(text, 0) for text in texts]


def by_sentencex_lines(texts: pl.Series) -> list[list[Span]]:
    return [
        [
            span
            for line in re.finditer(r"[^\n]+", text)
            for span in pieces(line[0], line.start())
        ]
        for text in texts
    ]


SPLITTERS: dict[str, Callable[[pl.Series], Any]] = {
    "polars_jslner": ours,
    "pysbd": by_pysbd,
    "sentencex, line by line": by_sentencex_lines,
    "sentencex": by_sentencex,
}


def pieces(text: str, start: int) -> list[Span]:
    lengths = [len(piece) for piece in sentencex.segment("en", text)]
    return list(itertools.pairwise(itertools.accumulate(lengths, initial=start)))


def spans(texts: pl.Series, found: pl.Series | list[list[Span]]) -> list[list[Span]]:
    """Return the spans of each text, without whitespace at their ends."""
    if isinstance(found, pl.Series):
        found = [[(span["start"], span["end"]) for span in row] for row in found]
    return [trimmed(*pair) for pair in zip(texts, found, strict=True)]


def trimmed(text: str, spans: list[Span]) -> list[Span]:
    """Leave out whitespace around spans, as the annotation does, and empty ones."""
    found = []
    for start, end in spans:
        sentence = text[start:end]
        left = start + len(sentence) - len(sentence.lstrip())
        right = start + len(sentence.rstrip())
        if left < right:
            found.append((left, right))
    return found


def agreement(gold: list[list[Span]], found: list[list[Span]]) -> dict[str, float]:
    both = sum(len(set(a) & set(b)) for a, b in zip(gold, found, strict=True))
    precision = both / sum(map(len, found))
    recall = both / sum(map(len, gold))
    f1 = 2 * precision * recall / (precision + recall) if both else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def speed(split: Callable[[pl.Series], Any], texts: pl.Series) -> float:
    """Return megabytes of UTF-8 a second."""
    split(texts[:1])  # what is done once
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        split(texts)
        seconds.append(time.perf_counter() - start)
    return int(texts.str.len_bytes().sum()) / 1e6 / min(seconds)


def main() -> None:
    """Print one row for each splitter."""
    parser = argparse.ArgumentParser(description=__doc__)
    folder = os.environ.get("POLARS_JSLNER_DATA")
    parser.add_argument("--data", type=Path, default=folder, required=folder is None)
    data = Path(parser.parse_args().data)
    notes = pl.read_ndjson(data / "test_text.jsonl").select("id", "text")
    annotated = pl.read_ndjson(data / "sentences_gold.jsonl").join(notes, on="id")
    gold = [[(s["start"], s["end"]) for s in row] for row in annotated["sentences"]]
    texts = annotated["text"]
    rows = [
        {
            "splitter": name,
            **agreement(gold, spans(texts, split(texts))),
            "MB/s": speed(split, notes["text"]),
        }
        for name, split in SPLITTERS.items()
    ]
    found = machine.describe()
    found["versions"] |= machine.versions(("pysbd", "sentencex"))
    print(machine.summary(found))
    print(f"{len(texts)} notes with {sum(map(len, gold))} sentences, exact spans")
    with pl.Config(tbl_cols=-1, tbl_width_chars=100, float_precision=3) as settings:
        settings.set_tbl_hide_dataframe_shape(active=True)
        settings.set_tbl_hide_column_data_types(active=True)
        print(pl.DataFrame(rows))


if __name__ == "__main__":
    main()
