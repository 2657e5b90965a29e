"""The texts of the speed table, from a folder of notes.

| corpus | what |
|---|---|
| ordinary | ACI-Bench notes of ``unlabelled.jsonl``, then of ``train.jsonl`` |
| half repeated | half of those notes, each followed by its own sentences shuffled |
| one line | one sentence a row, each a different one |
| very long | two texts, each of many notes joined |
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

import polars_jslner as jn
from polars_jslner.bench.speed import count_words

if TYPE_CHECKING:
    from pathlib import Path

SEED = 3


@dataclass(frozen=True)
class Corpus:
    """Texts with their sentences, [start, end] in code points, half-open."""

    name: str
    texts: list[str]
    sentences: list[list[tuple[int, int]]]

    @property
    def words(self) -> int:
        """How many there are."""
        return count_words(pl.Series(self.texts))

    def repeated(self) -> float:
        """Return the share of words in sentences that stood there before."""
        seen: set[str] = set()
        n_words = n_repeated = 0
        for text, spans in zip(self.texts, self.sentences, strict=True):
            for start, end in spans:
                sentence = text[start:end]
                size = len(sentence.split())
                n_words += size
                n_repeated += size if sentence in seen else 0
                seen.add(sentence)
        return n_repeated / n_words

    def write(self, path: Path) -> Path:
        """Write the file that workers read."""
        with path.open("w", encoding="utf-8") as file:
            for text, sentences in zip(self.texts, self.sentences, strict=True):
                row = {"text": text, "sentences": sentences}
                file.write(json.dumps(row) + "\n")
        return path


def make(name: str, texts: list[str]) -> Corpus:
    """Return a corpus with the sentences that the library finds."""
    found = pl.DataFrame({"text": texts}).select(jn.sentences("text")).to_series()
    spans = [[(s["start"], s["end"]) for s in row] for row in found]
    return Corpus(name, texts, spans)


def read(data: Path, words: int) -> dict[str, Corpus]:
    """Return the four corpora, of about ``words`` words each."""
    notes = _aci_notes(data)
    source = make("", notes)
    distinct = list(
        dict.fromkeys(
            text[start:end]
            for text, spans in zip(source.texts, source.sentences, strict=True)
            for start, end in spans
        )
    )
    random.Random(SEED).shuffle(distinct)  # noqa: S311
    ordinary = _take(notes, words)
    corpora = [
        make("ordinary", ordinary),
        make("half repeated", _half_repeated(ordinary)),
        make("one line", _take(distinct, words)),
        make("very long", _joined(notes, words)),
    ]
    return {corpus.name: corpus for corpus in corpora}


def distinct_lines(data: Path, n_rows: int) -> list[str]:
    """Return ``n_rows`` different one-line texts; beyond those there are, numbered."""
    texts = [
        row["text"]
        for file in ("unlabelled.jsonl", "train.jsonl")
        for row in _rows(data / file)
    ]
    corpus = make("", texts)
    found = list(
        dict.fromkeys(
            text[start:end].replace("\n", " ")
            for text, spans in zip(corpus.texts, corpus.sentences, strict=True)
            for start, end in spans
        )
    )
    random.Random(SEED).shuffle(found)  # noqa: S311
    return [
        found[i] if i < len(found) else f"{found[i % len(found)]} {i // len(found)}"
        for i in range(n_rows)
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _aci_notes(data: Path) -> list[str]:
    return [
        row["text"]
        for file in ("unlabelled.jsonl", "train.jsonl")
        for row in _rows(data / file)
        if row["source"].startswith("ACI-Bench")
    ]


def _take(texts: list[str], words: int) -> list[str]:
    taken: list[str] = []
    n_words = 0
    for text in texts:
        if n_words >= words:
            break
        taken.append(text)
        n_words += len(text.split())
    return taken


def _half_repeated(notes: list[str]) -> list[str]:
    """Return the first half of the notes, each followed by its sentences shuffled."""
    half = notes[: len(notes) // 2]
    return [text for note in half for text in (note, _shuffled(note))]


def _shuffled(note: str) -> str:
    """Return a note of the same sentences in another order, one a line."""
    spans = make("", [note]).sentences[0]
    lines = [note[start:end] for start, end in spans]
    random.Random(SEED).shuffle(lines)  # noqa: S311
    return "\n".join(lines)


def _joined(notes: list[str], words: int) -> list[str]:
    """Return two texts of half of the words each."""
    half = _take(notes, words // 2)
    rest = _take(notes[len(half) :], words // 2)
    return ["\n\n".join(half), "\n\n".join(rest)]


def without_repetition(corpus: Corpus) -> Corpus:
    """Return the same words, those of sentences that come again turned round."""
    seen: set[str] = set()
    texts: list[str] = []
    for text, spans in zip(corpus.texts, corpus.sentences, strict=True):
        lines: list[str] = []
        for start, end in spans:
            sentence = text[start:end]
            words = sentence.split()
            while sentence in seen and len(words) > 1:
                words = [*words[1:], words[0]]
                sentence = " ".join(words)
                if words == text[start:end].split():
                    break
            seen.add(sentence)
            lines.append(sentence)
        texts.append("\n".join(lines))
    return make("no sentence twice", texts)


def long_text(data: Path, n_bytes: int) -> str:
    """Return one text of about so many bytes, all notes one after the other."""
    notes = [
        row["text"]
        for file in ("unlabelled.jsonl", "train.jsonl")
        for row in _rows(data / file)
    ]
    text = "\n\n".join(notes)
    text = "\n\n".join([text] * (n_bytes // len(text) + 1))
    return text.encode()[:n_bytes].decode(errors="ignore")
