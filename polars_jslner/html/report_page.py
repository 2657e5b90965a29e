"""The page of a report: what was counted, as tables and charts."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

import polars_jslner
from polars_jslner.html import charts
from polars_jslner.html.colours import swatch
from polars_jslner.html.markup import Html, Markup, element, style, text
from polars_jslner.html.note import note, whole
from polars_jslner.html.statistics import BINS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polars_jslner.html.statistics import Examples, Facts, Top, Windows

_BARS = 24  # of a histogram of lengths
_GRID = 40, 24  # cells in which texts are one circle
_NAMES_SHOWN = 20  # files


def page(facts: Facts) -> Html:
    """Return the report."""
    several = len(facts.files) > 1
    name = f"{len(facts.files):,} files" if several else facts.files[0]
    holds = facts.top is not None or facts.examples is not None
    parts = [
        element(
            "header",
            element("h1", "Entities in ", element("bdi", name)),
            _notice(holds=holds),
        ),
        _section("Overview", _overview(facts)),
        _section("Labels", *_labels(facts)),
        *([_section("Most frequent entities", *_top(facts.top))] if facts.top else []),
        _section("Texts without entities", *_without(facts)),
        _section("Length of the texts", *_lengths(facts)),
        _section("Windows of the model", *_windows(facts.windows, facts)),
        *([_section("Examples", *_examples(facts.examples))] if facts.examples else []),
        _section("How it was made", *_made(facts)),
    ]
    fragment = whole(style("report.css"), element("main", *parts, class_="report"))
    return Html.page(f"Entities in {name}", fragment)


def _notice(*, holds: bool) -> Markup:
    if holds:
        said = "This page holds text of notes. Treat it as patient data."
        return element("p", said, class_="notice holds")
    said = "This page holds no text of notes: counts, scores and lengths only."
    return element("p", said, class_="notice")


def _section(title: str, *children: str) -> Markup:
    return element("section", element("h2", title), *children)


def _overview(facts: Facts) -> Markup:
    texts, lengths = facts.texts, facts.texts.lengths()
    n_entities = int(facts.labels.table()["n"].sum())
    n_with = int((lengths["n"] > 0).sum())
    tiles = [
        ("rows", f"{texts.n_rows:,}"),
        ("texts with entities", f"{n_with:,}"),
        ("entities", f"{n_entities:,}"),
        ("labels", f"{len(facts.labels.table()):,}"),
        ("entities a text", f"{n_entities / max(len(lengths), 1):,.1f}"),
    ]
    n_words = sum(0 if record is None else record.words for record in facts.records)
    if n_words and None not in facts.records:
        tiles.append(("words", f"{n_words:,}"))
    items = [
        element("div", element("dt", name), element("dd", number))
        for name, number in tiles
    ]
    return element("dl", *items, class_="tiles")


def _labels(facts: Facts) -> Iterable[Markup]:
    table = facts.labels.table()
    if table.is_empty():
        yield _said("No entities.")
        return
    most = table["n"].max()
    n_texts = max(len(facts.texts.lengths()), 1)
    scored = table["mean"].null_count() < len(table)
    names = ["Label", "Entities", "Texts"] + ["Mean score", "Scores, 0 to 1"] * scored
    rows: list[list[str]] = []
    for label, n, texts, mean, bins in table.iter_rows():
        colour = swatch(label).name
        bar = element(
            "span", style=f"width:{100 * n / most:.1f}%", class_=f"bar {colour}"
        )
        row = [
            _name(label),
            element(
                "div",
                element("span", f"{n:,}", class_="count"),
                element("span", bar, class_="rail"),
                class_="track",
            ),
            f"{100 * texts / n_texts:.0f} %",
        ]
        if scored:
            row.append("" if mean is None else f"{mean:.2f}")
            row.append(
                element(
                    "div", charts.sparkline(bins, _spread(label, bins)), class_=colour
                )
            )
        rows.append(row)
    yield _table(names, rows, "Entities of each label", class_="labels")
    if scored:
        ten = [
            [label, *(f"{a + b:,}" for a, b in zip(bins[::2], bins[1::2], strict=True))]
            for label, _, _, _, bins in table.iter_rows()
        ]
        heads = [
            "Label",
            *(f"{i / 10:.1f}\N{EN DASH}{(i + 1) / 10:.1f}" for i in range(10)),
        ]
        yield _more("Scores as numbers", _table(heads, ten, "Entities by score"))


def _name(label: str) -> Markup:
    """Return a label that may be broken after ``_``."""
    parts = label.replace("_", "_\0").split("\0")
    inner = element("wbr").join(text(part) for part in parts)
    return element("span", Markup(inner), class_=f"name {swatch(label).name}")


def _spread(label: str, bins: Sequence[int]) -> str:
    total = max(sum(bins), 1)
    low, high = sum(bins[: BINS // 2]) / total, sum(bins[-BINS // 10 :]) / total
    return (
        f"Scores of {label}: {100 * low:.0f} % below 0.5, "
        f"{100 * high:.0f} % from 0.9 up."
    )


def _top(top: Top) -> Iterable[Markup]:
    table = top.table()
    least = "1 text" if top.min_texts < 2 else f"{top.min_texts:,} texts"
    yield _said(
        f"At most {top.n:,} of each label, those that stand in at least {least}; case "
        f"does not matter."
    )
    cards = [
        element(
            "div",
            element("h3", _name(label)),
            element(
                "ol",
                *(
                    element("li", element("bdi", found), " ", element("b", f"{n:,}"))
                    for found, n in part.select("text", "n").iter_rows()
                ),
            ),
        )
        for (label,), part in table.group_by("label", maintain_order=True)
    ]
    if cards:
        yield element("div", *cards, class_="cards")
    else:
        yield _said("There are none.")


def _without(facts: Facts) -> Iterable[Markup]:
    texts, lengths = facts.texts, facts.texts.lengths()
    n_nothing = int((lengths["n"] == 0).sum())
    null = "Null" if facts.has_texts else "Entities are null"
    counts = [
        ("Text, but nothing was found", n_nothing),
        ("Text, but not annotated (entities are null)", texts.n_not_annotated),
        ("Empty or blank", texts.n_blank),
        (null, texts.n_null),
    ]
    rows = [
        [name, f"{n:,}", f"{100 * n / max(texts.n_rows, 1):.1f} %"]
        for name, n in counts
        if n or name == counts[0][0]
    ]
    yield _table(["Why", "Rows", "Share"], rows, "Rows without entities")
    if texts.rows_without:
        listed = ", ".join(f"{row:,}" for row in texts.rows_without)
        more = ", ..." if n_nothing > len(texts.rows_without) else ""
        yield _said(f"Nothing was found in rows (from 0): {listed}{more}")


def _lengths(facts: Facts) -> Iterable[Markup]:
    lengths = facts.texts.lengths()
    if not facts.has_texts:
        yield _said("Not known: the texts are not in the file.")
        return
    if lengths.is_empty():
        yield _said("No texts.")
        return
    chars = lengths["chars"]
    longest = int(chars.sort()[-1])
    step = max(1, charts.ticks(longest, _BARS)[1])
    n_bars = longest // step + 1
    stacks = [[0, 0] for _ in range(n_bars)]
    counted = lengths.group_by(pl.col("chars") // step, pl.col("n") > 0).len()
    for at, found, n in counted.iter_rows():
        stacks[at][0 if found else 1] += n
    edges = [i * step for i in range(n_bars + 1)]
    median = chars.quantile(0.5, "linear") or 0
    yield _said(
        f"Half of the texts have {median:,.0f} characters or fewer; the longest has "
        f"{longest:,}."
    )
    if any(without for _, without in stacks):
        key = [
            element("span", element("i", class_=f"part{i}"), name)
            for i, name in enumerate(("with entities", "without"))
        ]
        yield element("p", *key, class_="key")
    said = f"Histogram of the lengths of {len(lengths):,} texts; the numbers follow."
    yield charts.histogram(stacks, edges, "characters", said)
    rows = [
        [f"{edges[i]:,}\N{EN DASH}{edges[i + 1] - 1:,}", f"{a:,}", f"{b:,}"]
        for i, (a, b) in enumerate(stacks)
        if a or b
    ]
    names = ["Characters", "With entities", "Without"]
    yield _more("Lengths as numbers", _table(names, rows, "Texts by length"))


def _windows(windows: Windows | None, facts: Facts) -> Iterable[Markup]:
    if windows is None:
        yield _said(f"Not counted: {facts.why_no_windows}.")
        return
    table = windows.table()
    if table.is_empty():
        yield _said("No texts.")
        return
    totals = table.sum().row(0, named=True)
    longer = int((table["windows"] > table["sentences"]).sum())
    chosen = (
        "" if windows.step == 1 else f" in a sample of one text in {windows.step:,}"
    )
    yield _said(
        f"{totals['windows']:,} windows for {totals['sentences']:,} sentences{chosen}: "
        f"the model reads a sentence at once, up to {windows.options.max_tokens:,} "
        f"tokens. {longer:,} of {len(table):,} texts have a longer sentence, which is "
        f"read in several windows; nothing is cut off."
    )
    n_x, n_y = _GRID
    step_x = max(1, -(-int(table["chars"].sort()[-1]) // n_x))
    step_y = max(1, -(-int(table["windows"].sort()[-1]) // n_y))
    points = (
        table.group_by(
            (pl.col("chars") // step_x * step_x + step_x // 2).alias("x"),
            (pl.col("windows").cast(pl.Int64) // step_y * step_y + step_y // 2).alias(
                "y"
            ),
        )
        .len()
        .sort("x", "y")
    )
    said = f"Windows against length of {len(table):,} texts; the numbers follow."
    yield charts.bubbles(list(points.iter_rows()), "characters", "windows", said)
    step = max(1, charts.ticks(int(table["chars"].sort()[-1]), 10)[1])
    grouped = (
        table.group_by(pl.col("chars") // step * step)
        .agg(
            pl.len().alias("n"),
            pl.col("windows").min().alias("least"),
            pl.col("windows").median().alias("median"),
            pl.col("windows").max().alias("most"),
            pl.col("tokens").max().alias("tokens"),
        )
        .sort("chars")
    )
    rows = [
        [
            f"{a:,}\N{EN DASH}{a + step - 1:,}",
            f"{n:,}",
            f"{least:,}",
            f"{median:,.0f}",
            f"{most:,}",
            f"{tokens:,}",
        ]
        for a, n, least, median, most, tokens in grouped.iter_rows()
    ]
    names = ["Characters", "Texts", "Fewest", "Median", "Most windows", "Most tokens"]
    yield _more("Windows as numbers", _table(names, rows, "Windows by length"))


def _examples(examples: Examples) -> Iterable[Markup]:
    if not examples.found:
        yield _said("There are no texts.")
    for i, example in enumerate(examples.found):
        title = element("h3", f"Row {example.row:,}")
        yield element("article", title, note(example.text, example.entities, number=i))


def _made(facts: Facts) -> Iterable[Markup]:
    kinds = Counter(
        None
        if r is None
        else json.dumps(
            {"polars_jslner": r.version, "model": r.model, "options": r.options},
            ensure_ascii=False,
        )
        for r in facts.records
    )
    for kind, n in kinds.items():
        if len(kinds) > 1:
            yield element("h3", f"{n:,} of {len(facts.files):,} files")
        if kind is None:
            yield _said("The file does not say how it was made.")
            continue
        made = json.loads(kind)
        model = made["model"]
        options = (f"{k}={json.dumps(v)}" for k, v in made["options"].items())
        pairs = [
            ("Model", f"{model.get('name', '')} {model.get('version', '')}".strip()),
            ("SHA-256 of the model", model.get("sha256", "")),
            ("Options", ", ".join(options)),
            ("polars-jslner", made["polars_jslner"]),
        ]
        yield _pairs(pairs)
    names = facts.files[:_NAMES_SHOWN]
    rest = len(facts.files) - len(names)
    listed = ", ".join([*names, *([f"and {rest:,} more"] if rest else [])])
    yield element(
        "p",
        "Made from ",
        element("bdi", listed),
        f" by polars-jslner {polars_jslner.__version__}.",
        class_="from-files",
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> Markup:
    rows = [
        element(
            "tr", element("th", name, scope="row"), element("td", element("bdi", v))
        )
        for name, v in pairs
    ]
    return element("table", element("tbody", *rows), class_="pairs")


def _said(sentence: str) -> Markup:
    return element("p", sentence)


def _more(title: str, content: Markup) -> Markup:
    return element("details", element("summary", title), content, class_="more")


def _table(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    caption: str,
    class_: str = "numbers",
) -> Markup:
    head = element("tr", *(element("th", name, scope="col") for name in names))
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell) for cell in row[1:]),
        )
        for row in rows
    ]
    table = element(
        "table",
        element("caption", caption),
        element("thead", head),
        element("tbody", *body),
        class_=class_,
    )
    return element(
        "div", table, class_="wide", tabindex=0, role="region", aria_label=caption
    )
