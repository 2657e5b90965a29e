"""Exact-span scores of a tagger on annotated documents."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from training.labels import TYPE_INDEX, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training.data import Document

MACRO_SUPPORT: Final = 5  # types marked less often do not count in the macro average


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 with their counts."""

    hits: int
    predicted: int
    support: int

    @property
    def precision(self) -> float:
        """Hits among the predicted spans."""
        return self.hits / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Hits among the annotated spans."""
        return self.hits / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        total = self.predicted + self.support
        return 2 * self.hits / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Scores over all types and of each."""

    micro: Score
    types: dict[str, Score]

    @property
    def macro(self) -> float:
        """Mean F1 of the types with enough support."""
        scores = [s.f1 for s in self.types.values() if s.support >= MACRO_SUPPORT]
        return sum(scores) / len(scores) if scores else 0.0


def score(
    documents: Sequence[Document], predicted: Iterable[tuple[int, int, int, int]]
) -> Report:
    """Compare (document, start, end, type) spans with the annotation."""
    gold = {
        (index, start, end, TYPE_INDEX[label])
        for index, document in enumerate(documents)
        for start, end, label in document.spans
    }
    found = set(predicted)
    hits = Counter(span[3] for span in gold & found)
    n_found = Counter(span[3] for span in found)
    n_gold = Counter(span[3] for span in gold)
    return Report(
        Score(len(gold & found), len(found), len(gold)),
        {
            name: Score(hits[index], n_found[index], n_gold[index])
            for index, name in enumerate(TYPES)
        },
    )
