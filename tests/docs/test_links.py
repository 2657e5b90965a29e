"""Links of the Markdown files lead somewhere, here or (in form, at least) elsewhere.

Links within docs/ are checked once more on the built pages, in `test_site`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs import pages

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = ["CONTRIBUTING.md", "CHANGELOG.md", "training/README.md"]
CARD = pages.ROOT / "polars_jslner" / "models" / "clinical_slim" / "MODEL_CARD.md"
FILES = [*pages.PAGES, CARD, *(pages.ROOT / name for name in OTHERS)]

_LINK = re.compile(r"(?<!\\)\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#+ (.*?)(?: \{ #(\S+) \})?$", re.MULTILINE)


def prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    return {
        given or re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip())
        for title, given in _HEADING.findall(prose(page))
    }


def links(page: Path) -> list[str]:
    return _LINK.findall(_CODE.sub("``", prose(page)))


@pytest.mark.parametrize("page", FILES, ids=pages.name)
def test_links_lead_somewhere(page):
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https", link
            assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", parts.netloc), link
            continue
        target = page.parent / unquote(parts.path) if parts.path else page
        assert target.exists(), link
        assert pages.ROOT in target.resolve().parents, link
        if parts.fragment:
            assert parts.fragment in anchors(target), link


def test_there_are_links():
    assert len(links(pages.ROOT / "README.md")) > 8
    assert sum(len(links(page)) for page in FILES) > 30
