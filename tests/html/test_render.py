"""What `render` gives, read by a parser of HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polars_jslner as jn

NOTES = Path(__file__).parents[2] / "examples" / "notes.parquet"
VOID = {"meta", "input", "wbr"}


class Page(HTMLParser):
    """The tags of a page, which must match, and its texts by class."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.attributes = [], [], []
        self.texts = {"text": "", "label": [], "tip": [], "quiet": [], "heading": ""}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, (dict(attrs).get("class") or "").split()))
            for name in ("label", "tip", "quiet"):
                if name in self.open[-1][1]:
                    self.texts[name].append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        classes = [name for _, names in self.open for name in names]
        for name in ("apart", "tip", "label", "quiet", "heading", "text"):
            if name in classes and name != "apart":
                if isinstance(self.texts[name], list):
                    self.texts[name][-1] += data
                else:
                    self.texts[name] += data
            if name in classes:
                return


def entity(text, words, label, score=None, **more):
    start = text.index(words)
    return {
        "start": start,
        "end": start + len(words),
        "label": label,
        "score": score,
        **more,
    }


NASTY = [
    "<script>alert(1)</script>",
    "</style><script>",
    "\"'>&amp;&lt;",
    "<!--",
    "]]>",
    "\x00\x1b[31m",
    "\N{RIGHT-TO-LEFT OVERRIDE}abc",
    "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}e\N{COMBINING ACUTE ACCENT}",
    "\u05e9\u05dc\u05d5\u05dd",
    "\r\n",
    "  ",
    "aspirin",
]


@given(st.data())
def test_the_text_is_shown_whole_whatever_it_holds(data):
    text = "".join(data.draw(st.lists(st.sampled_from(NASTY), max_size=12)))
    spans = st.tuples(st.integers(0, 60), st.integers(1, 20), st.sampled_from(NASTY))
    found = [
        {"start": s, "end": min(s + n, len(text)), "label": label}
        for s, n, label in data.draw(st.lists(spans, max_size=8))
        if s < len(text)
    ]
    # A carriage return between two entities would be a line break of its own.
    text = text.replace("\r\n", "\n ")
    page = Page(jn.render(text, found, fold=None))
    assert "script" not in page.tags
    if text.strip():
        shown = text.replace("\x00", "\u2400").replace("\x1b", "\u241b")
        assert page.texts["text"] == shown
    assert (
        sorted(page.texts["label"])
        == sorted(
            e["label"]
            .replace("\r\n", "\n")
            .replace("\x00", "\u2400")
            .replace("\x1b", "\u241b")
            for e in found
        )
        or not text.strip()
    )


def test_labels_scores_and_offsets():
    text = "Takes aspirin 81 mg."
    found = [entity(text, "aspirin", "Drug", 0.934), entity(text, "81 mg", "Strength")]
    page = Page(jn.render(text, found))
    assert page.texts["label"] == ["Drug", "Strength"]
    assert page.texts["tip"] == [
        "Drug, score 0.93, characters 6\N{EN DASH}13",
        "Strength, characters 14\N{EN DASH}19",
    ]


def test_every_entity_can_have_the_focus_and_is_described():
    text = "a b c"
    found = [entity(text, "a b", "X", 0.5), entity(text, "b c", "Y", 0.5)]  # they cross
    page = Page(jn.render(text, found))
    marks = [a for tag, a in page.attributes if tag == "mark" and "tabindex" in a]
    tips = {
        a["id"] for _, a in page.attributes if a.get("role") == "tooltip" and "id" in a
    }
    assert len(marks) == 2
    assert {mark["aria-describedby"] for mark in marks} == tips


def test_the_page_needs_nothing_and_forbids_the_rest():
    page = Page(jn.render("aspirin", []))
    assert "default-src 'none'" in next(
        a["content"] for tag, a in page.attributes if "http-equiv" in a
    )
    assert not {"link", "script", "img", "iframe", "base"} & set(page.tags)
    assert not any({"src", "href"} & set(a) for _, a in page.attributes)
    assert "url(" not in jn.render("aspirin", [])


def test_a_notebook_gets_the_fragment():
    page = jn.render("aspirin", [])
    assert isinstance(page, str)
    assert page._repr_html_() == page.fragment
    assert page.fragment in page
    assert "<html" not in page.fragment
    assert "<body" not in page.fragment


def test_ids_of_different_notes_differ():
    one, other = (
        jn.render(text, [entity(text, "aspirin", "Drug")])
        for text in ("aspirin", "aspirin 81 mg")
    )
    ids = [
        {a["id"] for _, a in Page(html).attributes if "id" in a}
        for html in (one, other)
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_what_is_not_there_is_said():
    assert Page(jn.render(None, None)).texts["quiet"] == ["No text (null)."]
    assert Page(jn.render("x", None)).texts["quiet"] == ["Not annotated (null)."]
    assert Page(jn.render("x", [])).texts["quiet"] == ["No entities."]
    assert "Empty text." in Page(jn.render(" \n", [])).texts["quiet"]


def test_a_long_note_is_folded_and_none_of_it_is_lost():
    notes = pl.read_parquet(NOTES).with_columns(n=pl.col("text").str.len_chars())
    text = notes.sort("n", nulls_last=False)["text"][-1]
    found = [
        entity(text, w, "X") for w in ("BRIEF HISTORY", "hyperkalemia", "vomiting")
    ]
    page = Page(jn.render(text, found))
    assert page.tags.count("summary") > 5
    shown = page.texts["heading"] + page.texts["text"]
    # In order within headings and within bodies; blanks between them may go.
    assert sorted("".join(shown.split())) == sorted("".join(text.split()))
    opened = [a for tag, a in page.attributes if tag == "details" and "open" in a]
    assert 1 <= len(opened) < page.tags.count("details")
    assert "details" not in Page(jn.render(text, [], fold=None)).tags


def test_a_series_shows_its_first_rows():
    texts = pl.Series("text", ["Takes aspirin.", None, "x", "y"])
    found = pl.Series(
        [[entity("Takes aspirin.", "aspirin", "Drug", 0.5)], None, [], None]
    )
    page = texts.jslner.render(found, limit=3)
    assert Page(page).tags.count("article") == 3
    assert Page(page).texts["quiet"] == [
        "No text (null).",
        "No entities.",
        "1 more rows. limit=None shows all.",
    ]
    assert Page(texts.jslner.render(found, limit=None)).tags.count("article") == 4
    categories = texts.cast(pl.Categorical).jslner.render(found)
    assert Page(categories).tags.count("article") == 4
    assert "No rows." in texts.head(0).jslner.render(found.head(0))


def test_a_series_finds_its_entities(tiny, monkeypatch):
    monkeypatch.setenv("POLARS_JSLNER_MODEL", tiny)
    texts = pl.Series("text", ["Chest pain since May.", None])
    assert texts.jslner.render() == texts.jslner.render(texts.jslner.entities())


def test_entities_of_another_column_are_told():
    texts = pl.Series("text", ["a", "b"])
    with pytest.raises(jn.InputTypeError, match="2 texts and entities of 1"):
        texts.jslner.render(pl.Series([[]]))
    with pytest.raises(jn.InputTypeError, match="List\\(Struct\\)"):
        texts.jslner.render(pl.Series(["a", "b"]))
    with pytest.raises(jn.InputTypeError, match="the series of their entities"):
        texts.jslner.render([[], []])
    with pytest.raises(jn.OptionError, match="limit=-1"):
        texts.jslner.render(limit=-1)


def test_wrong_arguments_are_told():
    with pytest.raises(jn.OptionError, match="fold=-1"):
        jn.render("a", [], fold=-1)
    with pytest.raises(jn.OptionError, match="fold='a'"):
        jn.render("a", [], fold="a")
    with pytest.raises(jn.InputTypeError, match="text is a Series"):
        jn.render(pl.Series(["a"]), [])
