from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.html.sections import sections

NOTES = Path(__file__).parents[2] / "examples" / "notes.parquet"

LINES = st.sampled_from(
    [
        "PLAN:",
        "Plan:",
        "## Plan",
        "text of a note, " * 9,
        "",
        " ",
        "A: b",
        "HISTORY",
        "\r",
    ]
)


@given(st.lists(LINES, max_size=40), st.lists(st.integers(0, 500), max_size=6))
def test_sections_cover_the_text_and_cut_no_entity(lines, bounds):
    text = "\n".join(lines)
    bounds = sorted({min(b, len(text)) for b in bounds})
    runs = list(zip(bounds[::2], bounds[1::2], strict=False))
    found = sections(text, runs)
    assert found[0].start == 0
    assert found[-1].end == len(text)
    assert all(a.end == b.start for a, b in zip(found, found[1:], strict=False))
    for part in found:
        assert part.start <= part.body <= part.end
        for at in (part.start, part.body):
            assert not any(a < at < b for a, b in runs)


def headings(text):
    return [text[part.start : part.body].strip() for part in sections(text, [])]


def test_headings_of_a_real_note():
    note = pl.read_parquet(NOTES)["text"][0]
    assert headings(note)[:7] == [
        "HISTORY AND PHYSICAL",
        "PATIENT:",
        "CHIEF COMPLAINT:",
        "HISTORY OF PRESENT ILLNESS:",
        "PAST MEDICAL HISTORY:",
        "PAST SURGICAL HISTORY:",
        "MEDICATIONS:",
    ]
    assert headings(note.replace("\n", "\r\n")) == headings(note)


def test_without_blank_lines_every_heading_counts():
    assert headings("PLAN: rest\nALLERGIES:\nnone\nPlan of care:\nx") == [
        "PLAN:",
        "ALLERGIES:",
        "Plan of care:",
    ]


@pytest.mark.parametrize("text", ["BP: 120/80", "He said: go", "", "no heading"])
def test_a_short_text_is_one_section(text):
    assert len(sections(text, [])) == 1


def test_a_text_without_headings_is_cut_at_lines():
    text = "The patient is well and has no complaints today.\n" * 200
    found = sections(text, [])
    assert len(found) > 4
    assert all(text[part.start - 1] == "\n" for part in found[1:])
