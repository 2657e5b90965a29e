"""The public function: `annotate_files`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from polars_jslner.files.summary import Summary
    from polars_jslner.options import ModelSource


def annotate_files(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    text: str = "text",
    model: ModelSource | None = None,
    columns: Sequence[str] | None = None,
    output: str = "entities",
    explode: bool = False,
    resume: bool = True,
    shard: tuple[int, int] = (0, 1),
    on_error: Literal["skip", "raise"] = "skip",
    progress: bool = True,
    **options: Any,
) -> Summary:
    """Find the entities in every file of a folder, and go on where a run was cut off.

    One Parquet file is written for each source file, under the same path within the
    destination. It appears under its name when it is whole, never before.

    Parameters
    ----------
    source
        A file, a folder (with its folders), a glob such as ``notes/**/*.parquet``, or
        one of these as a URI: ``s3://``, ``gs://``, or anything fsspec knows. Parquet
        (``.parquet``, ``.pq``), CSV (``.csv``), newline-delimited JSON (``.ndjson``,
        ``.jsonl``) and Arrow IPC (``.arrow``, ``.ipc``, ``.feather``) are read; in a
        folder, other files and names that begin with ``.`` or ``_`` are passed over.
    destination
        Folder or URI of a folder; it is made if it is not there.
    text
        Column with the texts; String, a dictionary of strings, or null.
    model
        As in `entities`.
    columns
        Columns that are written beside the entities, in this order. None: all; with
        ``explode``, all but the text.
    output
        Name of the new column. Not used with ``explode``.
    explode
        Write one row for each entity: the columns, then ``text``, ``label``, ``start``,
        ``end``, ``score`` and ``sentence``. Rows without entities are left out.
    resume
        Keep what an earlier run wrote and do what is missing, from the middle of a file
        on. A source whose size or time of change is another is done again. False: do
        all anew.
    shard
        (i, n): do the i-th of n parts of the files, from 0. Which part a file is in
        depends on its path alone, so that n machines divide the work between them.
    on_error
        What to do with a file that cannot be read or written: ``skip`` it and report it
        in the end, or ``raise``.
    progress
        Show a bar on standard error, if that is a terminal.
    **options
        Any option of `entities`: ``labels``, ``exclude``, ``min_score``, ``rename``,
        ``sentences`` and so on.

    Returns
    -------
    Summary
        ``files`` with a report each, ``failed`` with those that failed, ``rows``,
        ``entities``, ``seconds``; as a string, a line for people.

    Raises
    ------
    OptionError
        An option cannot be used, there are no source files, an output would replace a
        file that this function did not write, or ``resume`` finds files that were made
        by another model, version or options; the message names the difference.
    ModelNotFoundError, ModelFormatError
        The model cannot be read.
    FileError
        The destination cannot be written; with ``on_error="raise"``, any file cannot
        be read or written.
    InputTypeError
        With ``on_error="raise"``: a column is missing or has another dtype.

    Notes
    -----
    Rows keep their order, other columns their values and types, and the schema its
    metadata; its key ``polars_jslner`` holds, as JSON, the model with a checksum, the
    version, the options, the source's size and time of change, and the counts. That is
    also the journal from which a later run learns what is done. Row groups of more than
    about 4 MB are written as several. Work in hand is in folders ``.polars_jslner-...``
    within the destination, which are gone when the file is done.

    Examples
    --------
    >>> import polars_jslner as jn
    >>> summary = jn.annotate_files("notes/", "annotated/")  # doctest: +SKIP
    >>> print(summary)  # doctest: +SKIP
    12 files: 12 done, 0 done before, 0 failed; 24,000 rows, 310,512 entities, 801.3 s
    """
    from polars_jslner.files.job import run
    from polars_jslner.files.settings import read_settings

    settings = read_settings(
        text=text,
        model=model,
        columns=columns,
        output=output,
        explode=explode,
        options=options,
    )
    return run(
        source,
        destination,
        settings,
        resume=resume,
        shard=shard,
        on_error=on_error,
        progress=progress,
    )
