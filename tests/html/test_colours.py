from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import polars_jslner as jn
from polars_jslner.html import colours

STYLE = (Path(colours.__file__).parent / "style.css").read_text()


def page(name):
    """Return a colour of the page, (light, dark), as the style sheet has it."""
    pattern = rf"--{name}: light-dark\((#\w{{6}}), (#\w{{6}})\)"
    return re.search(pattern, STYLE).groups()


def test_contrast_is_that_of_wcag():
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)
    assert colours.contrast("#123456", "#123456") == 1


@pytest.mark.parametrize("swatch", colours.swatches(), ids=lambda s: s.name)
def test_text_and_label_can_be_read_on_every_tint(swatch):
    (text, dark_text), (paper, dark_paper) = page("text"), page("paper")
    pairs = [
        (swatch.light_ink, swatch.light_tint),
        (swatch.dark_ink, swatch.dark_tint),
        (swatch.light_ink, paper),
        (swatch.dark_ink, dark_paper),
        (text, swatch.light_tint),
        (dark_text, swatch.dark_tint),
    ]
    assert min(colours.contrast(*pair) for pair in pairs) >= 4.5


@pytest.mark.parametrize("name", ["text", "quiet", "focus"])
@pytest.mark.parametrize("behind", ["paper", "soft"])
def test_the_page_can_be_read(name, behind):
    for ink, paper in zip(page(name), page(behind), strict=True):
        assert colours.contrast(ink, paper) >= 4.5


def test_colours_are_in_the_space_of_a_screen():
    for swatch in colours.swatches():
        for colour in (swatch.light_tint, swatch.dark_tint, swatch.light_ink):
            assert re.fullmatch("#[0-9a-f]{6}", colour)


def test_the_labels_of_the_bundled_model_have_a_colour_each():
    labels = jn.load_model("clinical_slim").labels
    assert len({colours.swatch(label) for label in labels}) == len(labels) == 24


def test_any_other_process_gives_a_label_the_same_colour():
    labels = ["Drug", "Unknown_Label", "ünïcode", "x" * 500]
    code = (
        "import sys; from polars_jslner.html.colours import swatch\n"
        "print(*(swatch(label).name for label in sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *labels],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [colours.swatch(label).name for label in labels]


def test_spelling_does_not_matter():
    assert colours.swatch("DRUG") == colours.swatch("drug")
    assert colours.swatch("Test_Result") == colours.swatch("test-result")
    assert colours.swatch("Test_Result") != colours.swatch("Test")
