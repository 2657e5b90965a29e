"""The report of annotated files: one page that needs nothing else.

No text of a note is in it unless it is asked for; entities are such text too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from polars_jslner.config import whole_number
from polars_jslner.errors import InputTypeError, JslNerError, OptionError, hint
from polars_jslner.html.report_page import page
from polars_jslner.html.statistics import Examples, Facts, Top, Windows
from polars_jslner.models import Model

if TYPE_CHECKING:
    import os

    from polars_jslner.files.filesystem import Found
    from polars_jslner.files.record import Record
    from polars_jslner.html.markup import Html
    from polars_jslner.options import ModelSource

PARQUET = (".parquet", ".pq")
MIN_TEXTS = 5  # in which an entity stands that is listed
_READ = ("aggregation", "sentences", "max_tokens", "overlap", "exact")


@dataclass(frozen=True, slots=True)
class _Columns:
    text: str | None
    entities: str


def report(
    source: str | os.PathLike[str],
    *,
    text: str | None = None,
    column: str | None = None,
    model: ModelSource | None = None,
    examples: int = 0,
    top: int = 0,
    min_texts: int = MIN_TEXTS,
) -> Html:
    """Describe annotated Parquet files on a page.

    Parameters
    ----------
    source
        A file, a folder, a glob or a URI of one, as `annotate_files` takes; of a folder
        the Parquet files.
    text, column
        Columns with the texts and with their entities. None: what the files say of
        themselves, else ``text`` and ``entities``.
    model
        The model with which they were annotated, to count its windows. None: a bundled
        one, if the files name it.
    examples
        Texts that are shown, spread over the rows.
    top
        Most frequent entities of each label that are listed.
    min_texts
        Texts in which an entity stands at least that is listed.

    Raises
    ------
    OptionError
        A number is no whole one from 0 up, or there are no Parquet files.
    InputTypeError
        A column is missing or holds something else.
    FileError
        A file cannot be read.
    ModelNotFoundError, ModelFormatError
        The model cannot be read.
    """
    from polars_jslner.files.filesystem import listing
    from polars_jslner.files.readers import open_reader
    from polars_jslner.files.record import read_record

    for name, value in (("examples", examples), ("top", top), ("min_texts", min_texts)):
        whole_number(name, value, 0)
    files = [f for f in listing(source) if f.relative.lower().endswith(PARQUET)]
    if not files:
        msg = f"source: {str(source)!r} has no Parquet files."
        raise OptionError(msg)
    records = [read_record(file.place) for file in files]
    columns = [
        _columns(file, record, text, column)
        for file, record in zip(files, records, strict=True)
    ]
    n_rows = 0
    for file in files:
        with open_reader(file.place, "") as reader:
            n_rows += reader.n_rows or 0
    has_texts = all(chosen.text for chosen in columns)
    windows, why_not = _windows(records, model, n_rows)
    facts = Facts(
        files=[file.place.name for file in files],
        records=records,
        has_texts=has_texts,
        windows=windows if has_texts else None,
        why_no_windows=why_not if has_texts else "the texts are not in the file",
        top=Top(top, min_texts) if top else None,
        examples=Examples(examples, n_rows) if examples else None,
    )
    for file, chosen in zip(files, columns, strict=True):
        names = [chosen.entities, *([chosen.text] if chosen.text else [])]
        with open_reader(file.place, chosen.entities) as reader:
            for table in reader.tables(names, 0):
                frame = pl.DataFrame(table)
                texts = None
                if has_texts and chosen.text:
                    texts = frame[chosen.text].cast(pl.String)
                facts.add(texts, frame[chosen.entities])
    return page(facts)


def _columns(
    file: Found, record: Record | None, text: str | None, column: str | None
) -> _Columns:
    """Return the columns of a file that are read; the texts need not be there."""
    from polars_jslner.files.readers import open_reader

    options = {} if record is None else record.options
    entities = column or options.get("output", "entities")
    wanted = text or options.get("text", "text")
    with open_reader(file.place, "") as reader:
        names: list[str] = reader.schema.names
    for name in [entities] + [wanted] * (text is not None):
        if name in names:
            continue
        where = file.place.name
        if options.get("explode"):
            msg = f"{where!r} has a row for each entity; a row for each text is needed."
        else:
            msg = f"no column {name!r} among {names!r} of {where!r}.{hint(name, names)}"
        raise InputTypeError(msg)
    return _Columns(wanted if wanted in names else None, entities)


def _windows(
    records: list[Record | None], model: ModelSource | None, n_rows: int
) -> tuple[Windows | None, str]:
    """Return what counts windows; or None, and why."""
    from polars_jslner.files.settings import checksum
    from polars_jslner.models import bundled_models, load_model
    from polars_jslner.options import token_options

    record = records[0]
    if record is None:
        return None, "the file does not say how it was made"
    if any(r is None or r.differences(record) for r in records):
        return None, "the files were not all made in the same way"
    name = record.model.get("name", "")
    if model is None and name not in bundled_models():
        return None, "the model is not a bundled one; name it with --model"
    loaded = model if isinstance(model, Model) else load_model(model or name)
    if checksum(loaded) != record.model.get("sha256"):
        if model is not None:
            msg = f"model={model!r} is not the model with which the files were made."
            raise OptionError(msg)
        return None, "the bundled model of that name is another one now"
    if loaded.profile == "spark-nlp":
        return None, "they are not counted with models of Spark NLP"
    options = {key: record.options[key] for key in _READ if key in record.options}
    try:
        return Windows(token_options(loaded, **options), n_rows), ""
    except JslNerError:  # sentences came from an expression, or a detector is not here
        return None, "its way to find sentences is not known here"
