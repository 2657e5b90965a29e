"""The site is built without a warning and fetches nothing; its links hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

import polars_jslner as jn
from tests.docs import pages

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mkdocs", reason="group docs is not installed")


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what it fetches to be shown."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.text = path.read_text("utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values.get("id") or "", values.get("name") or ""} - {""}
        if "src" in values:
            self.fetched.add(values["src"] or "")
        if "href" in values:
            linked = self.links if tag in ("a", "area") else self.fetched
            linked.add(values["href"] or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=pages.ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def built(site) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_page_is_built(site, built):
    for page in pages.PAGES[1:]:
        path = site / page.relative_to(pages.DOCS).with_suffix(".html")
        assert path in built


def test_nothing_is_fetched_from_elsewhere(site, built):
    fetched = defaultdict(set)
    for path, page in built.items():
        for place in page.fetched:
            fetched[place].add(path.name)
    elsewhere = {place for place in fetched if urlsplit(place).netloc}
    assert elsewhere == set()
    for path in site.rglob("*.css"):
        sheet = path.read_text("utf-8")
        assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//", sheet) == []


def test_links_and_anchors_lead_somewhere(site, built):
    broken = []
    for path, page in built.items():
        for link in page.links | page.fetched:
            parts = urlsplit(link)
            if parts.scheme or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve()
            target = path if not parts.path else target
            if target.is_dir():
                target /= "index.html"
            known = target.is_file()
            if known and parts.fragment and target in built:
                known = unquote(parts.fragment) in built[target].anchors
            if not known:
                broken.append((path.relative_to(site).as_posix(), link))
    assert broken == []


def test_every_public_name_is_in_the_reference(site):
    reference = "".join(
        path.read_text("utf-8") for path in (site / "reference").glob("*.html")
    )
    absent = [
        name
        for name in jn.__all__
        if f'id="polars_jslner.{name}"' not in reference
        and f"<td><code>{name}</code></td>" not in reference
    ]
    assert absent == []


def test_every_expression_says_where_it_runs(site):
    html = (site / "reference" / "expressions.html").read_text("utf-8")
    for name in ("entities", "tokens", "sentences", "annotations"):
        section = html.split(f'id="polars_jslner.{name}"')[1].split("<h2")[0]
        assert "<strong>Runs</strong> in memory, streaming, on Spark" in section
