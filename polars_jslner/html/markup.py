"""HTML text: a type that says what is markup, so that nothing else is taken for it."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

# Nothing is fetched and nothing runs, whatever a note holds: no script, no network.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_VOID: Final = frozenset({"meta", "input", "wbr"})
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """A page that also shows itself in a notebook.

    As a string it is a whole document, to be written to a file as UTF-8. `fragment` is
    what a notebook shows, and what can be put into a page of your own.
    """

    __slots__ = ("fragment",)

    fragment: str

    @classmethod
    def page(cls, title: str, fragment: Markup) -> Html:
        """Return the document whose body is the fragment, in English, without script.

        Parameters
        ----------
        title
            Text.
        fragment
            Markup.
        """
        head = (
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name="referrer", content="no-referrer"),
            element("title", title),
            element("style", Markup("html{color-scheme:light dark}body{margin:0}")),
        )
        document = element(
            "html",
            element("head", *head),
            element("body", fragment, class_="jslner-page"),
            lang="en",
        )
        html = cls(f"<!doctype html>\n{document}\n")
        html.fragment = str(fragment)
        return html

    def _repr_html_(self) -> str:
        return self.fragment


class Markup(str):
    """Text that is HTML already; any other string is escaped by `element`."""

    __slots__ = ()


def element(
    tag: str, *children: str | None, **attributes: str | float | None
) -> Markup:
    """Return an element; None among children or attributes is left out.

    Children that are no `Markup` are text. ``class_`` and ``http_equiv`` stand for the
    attributes that Python cannot name.
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{given}>")
    inner = join(*(child for child in children if child is not None))
    return Markup(f"<{tag}{given}>{inner}</{tag}>")


def join(*children: str) -> Markup:
    """Return markup and escaped text, one after another."""
    return Markup("".join(c if isinstance(c, Markup) else text(c) for c in children))


def text(given: str) -> Markup:
    """Escape text; characters that a page cannot hold are shown by a sign for them.

    Line breaks of any system become line feeds, as a browser reads them.
    """
    given = given.replace("\r\n", "\n").replace("\r", "\n")
    return Markup(escape(_UNSEEN.sub(_sign, given)))


def _sign(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


@cache
def style(name: str) -> Markup:
    """Return a style sheet of this package as a ``style`` element."""
    css = (files("polars_jslner.html") / name).read_text(encoding="utf-8")
    compact = re.sub(r"/\*.*?\*/|\s+", " ", css, flags=re.DOTALL)
    return element("style", Markup(compact))
