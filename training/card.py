"""The bundle as its users meet it: scores through the library, and the model card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

import polars_jslner as jslner
from training.data import EXAMPLE
from training.evaluate import MACRO_SUPPORT, Report, score
from training.labels import TYPE_INDEX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.data import Document

ROWS: Final = (
    ("HISTORY:", "Header"),
    ("30-year-old", "Age"),
    ("female", "Demographics"),
    ("mammography", "Test"),
    ("soft tissue lump", "Symptom"),
    ("shoulder", "Body_Part"),
    ("breast cancer", "Oncological"),
    ("her mother", "Demographics"),
    ("age 58", "Age"),
    ("breast cancer", "Oncological"),
)
EXCLUSION: Final = {
    "document": (
        "A document that shares eight words in a row with the development set, the\n"
        "test set or the published example was left out of training altogether."
    ),
    "sentence": (
        "A sentence that shares eight words in a row with the development set, the\n"
        "test set or the published example was left out of training; the other\n"
        "sentences of its document were not. Where neighbouring sentences are read\n"
        "together, they share no such run across their ends either."
    ),
}
TEMPLATE: Final = Path(__file__).with_name("card.md")


def find(folder: Path, texts: Sequence[str]) -> list[list[tuple[int, int, str]]]:
    """Return (start, end, label) of the entities of each text, by the library."""
    frame = pl.DataFrame({"text": list(texts)})
    found = frame.select(jslner.entities("text", model=str(folder))).to_series()
    return [[(e["start"], e["end"], e["label"]) for e in row] for row in found]


def check_library(folder: Path, documents: Sequence[Document]) -> Report:
    """Score the bundle in ``folder`` on annotated documents."""
    found = find(folder, [document.text for document in documents])
    return score(
        documents,
        [
            (index, start, end, TYPE_INDEX[label])
            for index, row in enumerate(found)
            for start, end, label in row
        ],
    )


def example_rows(folder: Path) -> tuple[tuple[str, str], ...]:
    """Return (text, label) of what the bundle finds in the example."""
    return tuple(
        (EXAMPLE[start:end], label) for start, end, label in find(folder, [EXAMPLE])[0]
    )


def write_card(
    folder: Path,
    report: Report,
    twins: Mapping[str, Report],
    n_documents: int,
    exclude: str,
) -> None:
    """Write the model card: the text beside this module, and the figures.

    Parameters
    ----------
    folder
        The bundle's.
    report
        Its scores through the library.
    twins
        The scores of all bundles of these weights, by their names.
    n_documents
        How many documents they are of.
    exclude
        What was left out of training, ``document`` or ``sentence``.
    """
    micro = report.micro
    summary = (
        f"Through the library on {n_documents} documents of the development set, exact "
        f"spans:\nmicro-F1 **{micro.f1:.3f}** (precision {micro.precision:.3f}, recall "
        f"{micro.recall:.3f}), macro-F1 **{report.macro:.3f}**\nover the types marked "
        f"{MACRO_SUPPORT} times or more."
    )
    figures = [
        summary,
        "",
        "| type | precision | recall | F1 | support |",
        "|---|---|---|---|---|",
    ]
    figures += [
        f"| {name} | {s.precision:.2f} | {s.recall:.2f} | {s.f1:.2f} | {s.support} |"
        for name, s in sorted(report.types.items())
    ]
    text = TEMPLATE.read_text(encoding="utf-8")
    card = text.replace("<!-- figures -->", "\n".join(figures))
    card = card.replace("<!-- exclusion -->", EXCLUSION[exclude])
    table = ["| bundle | micro-F1 | macro-F1 |", "|---|---|---|"]
    table += [
        f"| `{name}` | {each.micro.f1:.4f} | {each.macro:.4f} |"
        for name, each in twins.items()
    ]
    card = card.replace("<!-- twins -->", "\n".join(table))
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def write_twin_card(folder: Path, report: Report, of: str) -> None:
    """Write the short card of a bundle that is another in other arithmetic.

    Parameters
    ----------
    folder
        The bundle's.
    report
        Its scores through the library.
    of
        Name of the bundle whose weights it has.
    """
    micro = report.micro
    text = (
        f"# {folder.name}\n\nThe weights of `{of}` in fp32 arithmetic, to compare: on "
        f"the development set micro-F1\n**{micro.f1:.3f}** (precision "
        f"{micro.precision:.3f}, recall {micro.recall:.3f}), macro-F1 "
        f"**{report.macro:.3f}**. The model card of\n`{of}` says all the rest.\n"
    )
    (folder / "MODEL_CARD.md").write_text(text, encoding="utf-8")
