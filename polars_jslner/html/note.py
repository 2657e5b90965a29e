"""One note as markup: its legend, its text with the entities marked, their table."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from polars_jslner.config import whole_number
from polars_jslner.errors import InputTypeError
from polars_jslner.html.colours import swatch, swatches
from polars_jslner.html.markup import Markup, element, join, style
from polars_jslner.html.sections import sections
from polars_jslner.html.spans import covered, nest, read_entities

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polars_jslner.html.sections import Section
    from polars_jslner.html.spans import Entities, Entity, Fragment

FOLD = 3000  # code points of a note that is shown whole
_OPEN = 1500  # of a folded one, what is open at first
_CHIPS = 4  # labels that the heading of a folded section counts


def whole(*children: str) -> Markup:
    """Return the fragment that brings its own style."""
    colours = "".join(f".jslner .{s.name}{{{s.css}}}" for s in swatches())
    sheets = style("style.css"), element("style", Markup(colours))
    return element("div", *sheets, *children, class_="jslner")


def note(
    text: str | None,
    entities: Entities | None,
    *,
    fold: int | None = FOLD,
    number: int = 0,
) -> Markup:
    """Return the markup of one text; what it takes and raises: see `render`.

    ``number`` tells the notes of a page apart.
    """
    if fold is not None:
        whole_number("fold", fold, 0)
    if text is None:
        return element("div", remark("No text (null)."), class_="note")
    if not isinstance(text, str):
        msg = (
            f"text is a {type(text).__name__}; a str is needed. For a Series use "
            f"texts.jslner.render(entities)."
        )
        raise InputTypeError(msg)
    found = [] if entities is None else read_entities(text, entities)
    counts = Counter(entity.label for entity in found)
    labels = sorted(counts, key=lambda label: (-counts[label], label))
    writer = _Writer(text, found, labels, _key(text, found, number))
    if not text.strip():
        body = remark("Empty text.")
    elif fold is not None and len(text) > fold:
        body = join(*_folded(writer, text, found))
    else:
        body = _block(writer.write(0, len(text)))
    if found:
        head, table = _legend(labels, counts), _table(text, found)
    else:
        said = "Not annotated (null)." if entities is None else "No entities."
        head, table = remark(said), None
    return element("div", head, body, table, class_="note")


class _Writer:
    """Writes ranges of a text, one after another, with the marks of its entities."""

    def __init__(
        self, text: str, entities: Sequence[Entity], labels: Sequence[str], key: str
    ) -> None:
        self._text = text
        self._entities = entities
        self._place = {label: i for i, label in enumerate(labels)}
        self._key = key
        self._fragments = list(nest(entities))
        self._next = 0

    def write(self, start: int, end: int, *, focus: bool = True) -> Markup:
        """Return code points ``start`` to ``end``; no entity reaches over them.

        ``focus`` says whether entities can have the focus.
        """
        parts: list[str] = []
        inside: list[Fragment] = []  # fragments that are open, outer ones first
        at = start
        while True:
            more = self._next < len(self._fragments)
            fragment = self._fragments[self._next] if more else None
            here = fragment is not None and fragment.start < end
            limit = fragment.start if fragment is not None and here else end
            while inside and inside[-1].end <= limit:
                done = inside.pop()
                parts += self._text[at : done.end], self._closing(done, focus=focus)
                at = done.end
            touching = at == limit and bool(parts) and not inside
            parts.append(self._text[at:limit])
            at = limit
            if fragment is None or not here:
                return join(*parts)
            if touching:  # a line may break there, not within a label
                parts.append(element("wbr"))
            parts.append(self._opening(fragment, focus=focus))
            inside.append(fragment)
            self._next += 1

    def _opening(self, fragment: Fragment, *, focus: bool) -> Markup:
        label = self._entities[fragment.number].label
        names = ["e", f"e{self._place[label]}", swatch(label).name]
        names += ["from"] * (not fragment.first) + ["to"] * (not fragment.last)
        reached = ""
        if fragment.first and focus:
            reached = f' tabindex="0" aria-describedby="{self._id(fragment)}"'
        return Markup(f'<mark class="{" ".join(names)}"{reached}>')

    def _closing(self, fragment: Fragment, *, focus: bool) -> Markup:
        entity = self._entities[fragment.number]
        reached = self._id(fragment) if fragment.first and focus else None
        tip = element("span", _said(entity), class_="tip", role="tooltip", id=reached)
        if not fragment.last:
            return join(tip, Markup("</mark>"))
        # Not seen, but heard: the text and the label are two words, on one line.
        apart = element("span", "\N{NO-BREAK SPACE}", class_="apart")
        label = element("span", apart, entity.label, class_="label")
        return join(label, tip, Markup("</mark>"))

    def _id(self, fragment: Fragment) -> str:
        return f"{self._key}-{fragment.number}"


def _key(text: str, entities: Sequence[Entity], number: int) -> str:
    """Return what begins the ids of a note, so that pages can be put together."""
    facts = repr((text, entities, number)).encode("utf-8", "replace")
    return f"j{hashlib.sha256(facts).hexdigest()[:8]}"


def _said(entity: Entity) -> str:
    offsets = f"characters {entity.start}\N{EN DASH}{entity.end}"
    if entity.score is None:
        return f"{entity.label}, {offsets}"
    return f"{entity.label}, score {entity.score:.2f}, {offsets}"


def _folded(writer: _Writer, text: str, found: Sequence[Entity]) -> Iterator[Markup]:
    """Yield the sections of a text, the first of them open."""
    runs = covered(found)
    for part in sections(text, runs):
        heading = writer.write(part.start, part.body, focus=False)
        body = writer.write(*_trimmed(text, part, runs))
        if not text[part.start : part.body].strip():
            line = text.count("\n", 0, part.start) + 1
            heading = join(f"From line {line}")
        if part.start == 0 == part.body:
            yield _block(body)
        elif not text[part.body : part.end].strip():
            yield _block(heading)
        else:
            inside = Counter(e.label for e in found if part.body <= e.start < part.end)
            summary = element(
                "summary",
                element("span", heading, class_="heading"),
                *_chips(inside),
            )
            opened = "" if part.start < _OPEN else None
            yield element("details", summary, _block(body), open=opened, class_="part")


def _trimmed(
    text: str, part: Section, runs: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Return the body of a section without line breaks at its ends.

    What an entity covers stays.
    """
    inside = [run for run in runs if part.body <= run[0] < part.end]
    first = inside[0][0] if inside else part.end
    last = inside[-1][1] if inside else part.body
    body = text[part.body : part.end]
    start = part.body + len(body) - len(body.lstrip("\r\n"))
    end = part.body + len(body.rstrip())
    return min(start, first), max(end, last)


def _chips(counts: Counter[str]) -> Iterator[Markup]:
    for label, n in counts.most_common(_CHIPS):
        yield element("span", f"{label} {n}", class_=f"chip {swatch(label).name}")
    rest = len(counts) - _CHIPS
    if rest > 0:
        yield element("span", f"+{rest} more", class_="chip")


def _block(markup: Markup) -> Markup:
    return element("div", markup, class_="text", dir="auto")


def remark(said: str) -> Markup:
    """Return a line in place of a text."""
    return element("p", said, class_="quiet")


def _legend(labels: Sequence[str], counts: Counter[str]) -> Markup:
    """Return the labels with their counts; a label that is ticked off is not shown."""
    off = ",".join(
        f".jslner .note:has(.t{i}:not(:checked)) .e{i}" for i in range(len(labels))
    )
    rule = f"{off}{{background:none;box-shadow:none;padding:0;--label:none}}"
    items: list[Markup] = []
    for i, label in enumerate(labels):
        box = element("input", type="checkbox", checked="", class_=f"t{i}")
        name, count = element("span", label), element("b", str(counts[label]))
        item = element("label", box, name, " ", count, class_=swatch(label).name)
        items.append(element("li", item))
    return join(
        element("style", Markup(rule)),
        element("ul", *items, class_="legend", aria_label="Labels that are marked"),
    )


def _table(text: str, found: Sequence[Entity]) -> Markup:
    names = ("Text", "Label", "Score", "Start", "End")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    rows = [
        element(
            "tr",
            element("td", element("bdi", text[e.start : e.end])),
            element("td", element("span", e.label, class_=swatch(e.label).name)),
            element("td", "" if e.score is None else f"{e.score:.2f}"),
            element("td", str(e.start)),
            element("td", str(e.end)),
        )
        for e in found
    ]
    what = "1 entity" if len(found) == 1 else f"{len(found):,} entities"
    table = element("table", element("thead", head), element("tbody", *rows))
    return element(
        "details",
        element("summary", f"Table of {what}"),
        element(
            "div",
            table,
            class_="scroll",
            tabindex=0,
            role="region",
            aria_label=f"Table of {what}",
        ),
        class_="list",
    )
