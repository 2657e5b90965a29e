"""The pages in a real browser: `make test-browser`; needs Chromium."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import polars_jslner as jn
from polars_jslner.html.report import report
from tests.html import chromium

pytestmark = pytest.mark.browser

NOTES = Path(__file__).parents[2] / "examples" / "notes.parquet"
ATTACK = '<script>document.title = "attacked"</script><img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    path = chromium.find()
    assert path is not None, "Chromium is needed: apt-get install chromium"
    opened = chromium.Chromium(path, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def show(browser, tmp_path):
    def show(html, name="page.html", **options):
        path = tmp_path / name
        path.write_text(html, encoding="utf-8")
        browser.open(path, **options)
        assert browser.complaints() == []
        assert browser.requests() == [path.as_uri()]
        return browser

    return show


def entity(text, words, label, score=0.9):
    start = text.index(words)
    return {"start": start, "end": start + len(words), "label": label, "score": score}


def annotated(attack):
    text = f"Takes aspirin. {attack}"
    return pl.DataFrame(
        {
            "text": [text, None, f"{attack} " * 200],
            "entities": [
                [entity(text, "aspirin", attack), entity(text, attack[:10], "Drug")],
                None,
                [],
            ],
        }
    )


def test_a_script_in_a_note_or_label_stays_text(show):
    frame = annotated(ATTACK)
    page = show(jn.render(frame["text"][0], frame["entities"][0]))
    assert page.evaluate("document.title") == "Entities"
    assert page.evaluate("document.scripts.length + document.images.length") == 0
    assert ATTACK[10:] in page.evaluate("document.querySelector('.text').textContent")
    label = page.evaluate("document.querySelector('mark .label').textContent")
    assert label.strip() == ATTACK
    page = show(frame["text"].jslner.render(frame["entities"]))
    assert page.evaluate("document.scripts.length + document.images.length") == 0


def test_a_script_in_a_file_name_stays_text(show, tmp_path):
    attack = "<script>document.title = 1<&sol;script><b>"  # no slash in a name
    file = tmp_path / f"{attack}.parquet"
    annotated(ATTACK).write_parquet(file)
    page = show(report(file, examples=3, top=5, min_texts=1))
    assert page.evaluate("document.scripts.length + document.images.length") == 0
    heading = page.evaluate("document.querySelector('h1').textContent")
    assert heading == f"Entities in {file.name}"
    assert page.evaluate("document.title") == f"Entities in {file.name}"
    names = "[...document.querySelectorAll('.labels .name')].map(e => e.textContent)"
    assert set(page.evaluate(names)) == {ATTACK, "Drug"}


def test_even_a_script_that_got_in_would_not_run(show, browser, tmp_path):
    page = jn.render("a", []).replace("</body>", f"{ATTACK}</body>")
    path = tmp_path / "injected.html"
    path.write_text(page, encoding="utf-8")
    browser.open(path)
    assert browser.evaluate("document.scripts.length") == 1
    assert browser.evaluate("document.title") == "Entities"


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_fit_and_have_contrast(show, tmp_path, tiny, width, dark):
    notes = pl.read_parquet(NOTES).head(4)
    frame = notes.with_columns(jn.entities("text", tiny))
    frame.write_parquet(tmp_path / "a.parquet")
    for html in (
        frame["text"].jslner.render(frame["entities"]),
        report(tmp_path / "a.parquet", examples=3, top=3, min_texts=1),
    ):
        page = show(html, width=width, dark=dark)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        worst = page.evaluate(LEAST_CONTRAST)
        assert worst["n"] > 100
        assert worst["ratio"] >= 4.5, worst


# The least contrast of any text that is seen with what lies behind it, as WCAG has it.
LEAST_CONTRAST = """
(() => {
  const canvas = document.createElement('canvas').getContext('2d');
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [r, g, b] = rgb(colour).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (rgb(colour)[3] === 255) return colour;
    }
    return 'white';
  };
  let worst = { ratio: 99, n: 0 };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (['STYLE', 'TITLE'].includes(element.tagName.toUpperCase())) continue;
    if (parseFloat(style.fontSize) === 0) continue;
    const ink = element.closest('svg') ? style.fill : style.color;
    const [a, b] = [luminance(ink), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    worst.n += 1;
    if (ratio < worst.ratio) {
      worst = { n: worst.n, ratio, ink, behind: behind(element) };
    }
  }
  return worst;
})()
"""


def test_dark_and_light_follow_the_reader(show):
    paper = "getComputedStyle(document.querySelector('.jslner')).backgroundColor"
    html = jn.render("a", [])
    assert show(html).evaluate(paper) == "rgb(255, 255, 255)"
    assert show(html, dark=True).evaluate(paper) == "rgb(22, 24, 27)"


@pytest.mark.parametrize("width", [1280, 900, 400])
def test_scores_appear_with_the_focus_and_within_the_window(show, width):
    text = "aspirin and paracetamol " * 40
    found = [
        {"start": i, "end": i + 7, "label": "A_Rather_Long_Name", "score": 0.5}
        for i in range(0, len(text), 24)
    ]
    page = show(jn.render(text, found), width=width)
    seen = page.evaluate(
        """[...document.querySelectorAll('mark')].filter((mark) => {
             mark.focus();
             const tips = [...document.querySelectorAll('.tip')]
               .filter((tip) => tip.checkVisibility());
             const box = tips[0].getBoundingClientRect();
             return tips.length === 1 && mark.contains(tips[0])
               && box.left >= 0 && box.right <= innerWidth
               && tips[0].textContent.includes('score 0.50');
           }).length"""
    )
    assert seen == len(found) == 40


def test_a_label_that_is_ticked_off_is_not_marked(show):
    text = "aspirin fever"
    found = [entity(text, "aspirin", "Drug"), entity(text, "fever", "Symptom")]
    page = show(jn.render(text, found))
    labels = (
        "[...document.querySelectorAll('mark .label')]"
        ".filter((e) => e.checkVisibility()).map((e) => e.textContent.trim())"
    )
    assert page.evaluate(labels) == ["Drug", "Symptom"]
    page.evaluate("document.querySelector('.legend input').click()")
    assert page.evaluate(labels) == ["Symptom"]


def test_200_nested_entities_and_right_to_left(show):
    text = "שלום עולם 😀 " * 100
    found = [
        {"start": i, "end": len(text) - i, "label": f"L{i % 30}", "score": 1.0}
        for i in range(200)
    ]
    page = show(jn.render(text, found))
    assert page.evaluate("document.querySelectorAll('mark').length") == 200
    shown = "[...document.querySelectorAll('.text')].map((e) => e.innerText).join('')"
    assert "שלום עולם 😀" in page.evaluate(shown)


def test_folded_sections_are_printed(show):
    text = "\n\n".join(f"SECTION {c}:\nword{c} " + "text " * 150 for c in "ABCDEFGH")
    page = show(jn.render(text, []))
    seen = (
        "[...document.querySelectorAll('details .text')]"
        ".filter((e) => e.checkVisibility({contentVisibilityAuto: true})).length"
    )
    assert page.evaluate(seen) < 8
    page.call("Emulation.setEmulatedMedia", media="print", features=[])
    assert page.evaluate(seen) == 8
