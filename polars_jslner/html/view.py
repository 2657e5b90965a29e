"""The public functions: a note, or some of a column, for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from polars_jslner import functions
from polars_jslner.config import whole_number
from polars_jslner.errors import InputTypeError
from polars_jslner.html.markup import Html, element
from polars_jslner.html.note import FOLD, note, remark, whole

if TYPE_CHECKING:
    from polars_jslner.html.spans import Entities

LIMIT = 10  # texts of a series that are shown


def render(
    text: str | None, entities: Entities | None, *, fold: int | None = FOLD
) -> Html:
    """Show a text with its entities as a page for people to read.

    Each entity has the colour of its label, always the same for a label, and its name;
    its score and offsets appear when it is pointed at or has the focus. A legend counts
    the labels and hides those that are ticked off, a table lists all entities. The page
    needs no other file, no network and no script, follows the light or dark mode of the
    reader, and can be printed. Whatever the text holds is shown as text.

    Parameters
    ----------
    text
        The text that was annotated; None is shown as such.
    entities
        Its entities: a row of the column that `entities` gives (``df["entities"][0]``),
        or a DataFrame or dictionaries with ``label``, ``start`` and ``end`` (code
        points, the end exclusive) and, if known, ``score`` and ``text``. They may nest,
        touch and cross. None: the text was not annotated.
    fold
        A text with more code points than this is folded by its sections, of which the
        first are open. None: none is folded.

    Returns
    -------
    Html
        A string: a whole page, to be written to a file as UTF-8. A notebook shows it;
        its ``fragment`` can be put into a page of your own.

    Raises
    ------
    InputTypeError
        ``text`` is no string, or ``entities`` holds something else.
    OptionError
        An entity reaches out of the text, or its ``text`` is not what stands there; or
        ``fold`` is no whole number from 0 up.

    Examples
    --------
    >>> import polars as pl
    >>> import polars_jslner as jn
    >>> df = pl.DataFrame({"text": ["Takes aspirin 81 mg."]})
    >>> df = df.with_columns(jn.entities("text"))
    >>> page = jn.render(df["text"][0], df["entities"][0])
    >>> "aspirin" in page
    True
    """
    return Html.page("Entities", whole(note(text, entities, fold=fold)))


def render_rows(
    texts: pl.Series,
    entities: pl.Series | None,
    *,
    limit: int | None = LIMIT,
    fold: int | None = FOLD,
) -> Html:
    """Show the first texts of a series with their entities, one under another.

    Parameters
    ----------
    texts
        The texts; null is shown as such.
    entities
        The entities of each text, as `entities` gives them. None: they are found with
        the default model, in the texts that are shown.
    limit
        Texts that are shown at most; None: all.
    fold
        As in `render`.

    Returns
    -------
    Html
        As from `render`.

    Raises
    ------
    InputTypeError
        A series has another dtype, or the two have different lengths.
    OptionError
        ``limit`` is no whole number from 0 up; or as in `render`.
    """
    if limit is not None:
        whole_number("limit", limit, 0)
    if entities is not None:
        _check(texts, entities)
    head = texts if limit is None else texts.head(limit)
    if entities is None:
        expression = functions.entities(pl.first())
        entities = head.to_frame().select(expression).to_series()
    pairs = zip(head.cast(pl.String), entities.head(len(head)), strict=True)
    shown: list[str] = [
        element("article", element("h3", f"Row {i}"), note(*pair, fold=fold, number=i))
        for i, pair in enumerate(pairs)
    ]
    rest = len(texts) - len(head)
    if rest:
        shown.append(remark(f"{rest:,} more rows. limit=None shows all."))
    elif not shown:
        shown.append(remark("No rows."))
    return Html.page("Entities", whole(*shown))


def _check(texts: pl.Series, entities: pl.Series) -> None:
    if not isinstance(entities, pl.Series):
        msg = (
            f"entities is a {type(entities).__name__}; the series of their entities is "
            f"needed, such as df['entities']. For one text use polars_jslner.render."
        )
        raise InputTypeError(msg)
    if len(entities) != len(texts):
        msg = (
            f"there are {len(texts)} texts and entities of {len(entities)}; they must "
            f"be those of the same texts in the same order."
        )
        raise InputTypeError(msg)
    dtype = entities.dtype
    inner = dtype.inner if isinstance(dtype, pl.List) else None
    if dtype != pl.Null and inner != pl.Null and not isinstance(inner, pl.Struct):
        msg = (
            f"entities is {dtype}; List(Struct) with 'label', 'start' and 'end' is "
            f"needed, as jslner.entities() gives."
        )
        raise InputTypeError(msg)
