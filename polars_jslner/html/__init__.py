"""Entities for people to read: a note as a page, and the report of a whole file.

    view -> note -> sections, spans, colours -> markup
    report -> statistics, charts, note -> markup

Importing it loads nothing but Polars.
"""

from __future__ import annotations

from polars_jslner.html.markup import Html
from polars_jslner.html.view import render

__all__ = ["Html", "render"]
