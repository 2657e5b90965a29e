"""A job: which files, in which order, what is done already, what went wrong."""

from __future__ import annotations

import contextlib
import errno
import os
import time
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from polars_jslner.errors import (
    FileError,
    InputTypeError,
    JslNerError,
    ModelFormatError,
    ModelNotFoundError,
    OptionError,
)
from polars_jslner.files.filesystem import Found, fingerprint, listing, locate
from polars_jslner.files.progress import Progress
from polars_jslner.files.readers import FORMATS, open_reader, suffix
from polars_jslner.files.record import Record, read_record
from polars_jslner.files.summary import FileReport, Summary
from polars_jslner.files.writer import WORK, Output, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from polars_jslner.files.filesystem import Place
    from polars_jslner.files.settings import Annotated, Settings
    from polars_jslner.files.writer import Parts


_FAILURES = (JslNerError, OSError, pa.ArrowException, pl.exceptions.PolarsError)


@dataclass(frozen=True, slots=True)
class _Task:
    """A source file, its output, and the record that the output is to have."""

    source: Found
    output: Output
    record: Record


def run(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    settings: Settings,
    *,
    resume: bool,
    shard: tuple[int, int],
    on_error: str,
    progress: bool,
) -> Summary:
    """Do what `annotate_files` promises."""
    _check_path("source", source)
    _check_path("destination", destination)
    index, n_shards = _check_shard(shard)
    if on_error not in ("skip", "raise"):
        msg = f"on_error={on_error!r} is not one of 'skip', 'raise'."
        raise OptionError(msg)
    began = time.monotonic()
    target = _reach(destination)
    tasks = [
        task
        for task in _tasks(listing(source), target, settings)
        if zlib.crc32(task.source.relative.encode()) % n_shards == index
    ]
    earlier = [_earlier(task, resume=resume) for task in tasks]
    _prepare(target)
    reports: list[FileReport] = []
    n_bytes = sum(task.source.size for task in tasks)
    with Progress(len(tasks), n_bytes, shown=progress) as bar:
        for task, kept in zip(tasks, earlier, strict=True):
            bar.start(task.source.size)
            started = time.monotonic()
            report = FileReport(str(task.source.place), str(task.output.place), "kept")
            try:
                if kept:
                    record = kept
                    task.output.clear()
                else:
                    record = _annotate(task, settings, bar, resume=resume)
                    report = replace(report, status="done")
                report = replace(
                    report,
                    rows=record.rows,
                    words=record.words,
                    entities=record.entities,
                )
            except (ModelFormatError, ModelNotFoundError):
                raise  # no file's fault
            except _FAILURES as error:
                failure = _failure(task, error)
                if on_error == "raise":
                    raise failure from None
                report = replace(report, status="failed", error=str(failure))
            reports.append(replace(report, seconds=time.monotonic() - started))
            bar.finish()
    return Summary(tuple(reports), time.monotonic() - began)


def _annotate(
    task: _Task, settings: Settings, bar: Progress, *, resume: bool
) -> Record:
    """Do one file, from where an earlier run came to, and return its record."""
    output = task.output
    with output.claim():
        if not resume:
            output.discard()
        parts = output.parts(task.record)
        row = total(parts, task.record).rows
        with open_reader(task.source.place, settings.text) as reader:
            plan = settings.plan(reader.schema)
            n_rows = reader.n_rows
            for table in reader.tables(plan.read, row):
                count = _counter(bar, row, n_rows)
                annotated = settings.annotate(table, plan, count)
                record = replace(
                    task.record,
                    first_row=row,
                    rows=table.num_rows,
                    words=annotated.words,
                    entities=annotated.entities,
                )
                if not row and table.num_rows == n_rows:
                    return _publish(task, annotated, record)
                output.write_part(annotated, record)
                row += table.num_rows
                del table, annotated  # before the next is read
            if not row:
                return _publish(task, settings.empty(reader.schema, plan), task.record)
        parts = output.parts(task.record)
        record = total(parts, task.record)
        if record.rows != row:
            msg = "its parts in the work folder were changed by something else."
            raise FileError(msg)
        return _publish(task, parts, record)


def _publish(task: _Task, content: Annotated | Parts, record: Record) -> Record:
    """Write the output, unless the source became another one meanwhile."""
    now = fingerprint(task.source.place)
    if now != (task.source.size, task.source.mtime_ns):
        msg = "it changed while it was read; run again."
        raise FileError(msg)
    task.output.write(content, record)
    task.output.clear()
    return record


def _counter(bar: Progress, row: int, n_rows: int | None) -> Callable[[int, int], None]:
    """Return what tells the bar of rows and words that were read after ``row``."""
    done = row

    def count(rows: int, words: int) -> None:
        nonlocal done
        done += rows
        if n_rows:
            bar.move(done / n_rows)
        bar.count(rows, words)

    return count


def _failure(task: _Task, error: Exception) -> JslNerError:
    """Return an error that names the file and has none of its content."""
    name = str(task.source.place)
    if isinstance(error, pl.exceptions.PolarsError):  # it may quote values
        text = f"{type(error).__name__} in Polars"
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        text = f"for its output {str(task.output.place)!r}: No space left on device"
    elif isinstance(error, OSError) and error.strerror:
        path = f": {error.filename}" if error.filename else ""
        text = f"{error.strerror}{path}"
    else:
        text = str(error)
    text = text if name in text else f"{name!r}: {text}"
    return type(error)(text) if type(error) is InputTypeError else FileError(text)


def _check_path(name: str, given: object) -> None:
    path = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(path, str) or not path:
        msg = f"{name}={given!r} is not a path or a URI, a string with something in it."
        raise OptionError(msg)


def _check_shard(shard: tuple[int, int]) -> tuple[int, int]:
    try:
        index, n_shards = shard
        good = 0 <= int(index) < int(n_shards)
    except (TypeError, ValueError):
        good = False
    if not good:
        msg = f"shard={shard!r} is not (i, n) with 0 <= i < n, such as (0, 2)."
        raise OptionError(msg)
    return int(shard[0]), int(shard[1])


def _tasks(found: list[Found], target: Place, settings: Settings) -> list[_Task]:
    """Return what is to be done, all shards together."""
    single = len(found) == 1 and found[0].relative == found[0].place.name
    if single and not suffix(found[0].relative):
        msg = (
            f"source: {str(found[0].place)!r} has no suffix that names its format. "
            f"Known are {', '.join(FORMATS)}."
        )
        raise OptionError(msg)
    inside = f"{str(target).rstrip('/')}/"
    sources: dict[str, Found] = {}
    for file in found:
        kind = suffix(file.relative)
        relative = f"{file.relative[: len(file.relative) - len(kind)]}.parquet"
        itself = str(file.place) == str(target / relative)
        if not kind or (str(file.place).startswith(inside) and not itself):
            continue
        if relative in sources:
            msg = (
                f"{str(sources[relative].place)!r} and {str(file.place)!r} would both "
                f"be written to {relative!r}. Do them one by one."
            )
            raise OptionError(msg)
        sources[relative] = file
    if not sources:
        msg = (
            f"source: none of its {len(found)} files has a known suffix "
            f"({', '.join(FORMATS)}) and is outside of the destination."
        )
        raise OptionError(msg)
    return [
        _Task(file, Output.within(target, relative), _record(file, settings))
        for relative, file in sources.items()
    ]


def _record(file: Found, settings: Settings) -> Record:
    state = {"name": file.relative, "size": file.size, "mtime_ns": file.mtime_ns}
    return replace(settings.record, source=state)


def _earlier(task: _Task, *, resume: bool) -> Record | None:
    """Return the record of the output, if it is what this job would write.

    Raises
    ------
    OptionError
        What is there was not made by this job, or not by this library at all.
    """
    place = task.output.place
    there = read_record(place)
    if there is None and place.exists():
        msg = (
            f"{str(place)!r} was not written by annotate_files and would be replaced. "
            f"Give another destination."
        )
        raise OptionError(msg)
    if not resume:
        return None
    begun = there or task.output.begun()
    differences = begun.differences(task.record) if begun else []
    if differences:
        msg = (
            f"{str(place)!r} was made or begun by another job: "
            f"{'; '.join(differences)}. To go on give the same; to do all anew give "
            f"resume=False or another destination."
        )
        raise OptionError(msg)
    return there if there and there.source == task.record.source else None


def _reach(destination: str | os.PathLike[str]) -> Place:
    """Return the destination, if it can be asked for, be there something or not."""
    target = locate(destination)
    try:
        target.exists()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)[:200]
        msg = f"the destination {str(target)[:100]!r} cannot be reached: {reason}"
        raise FileError(msg) from error
    return target


def _prepare(target: Place) -> None:
    """Make the destination, and find out now whether it can be written."""
    try:
        target.make_folder()
        if target.local:
            check = Path(target.path) / f"{WORK}check"
            check.mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # by another shard
                check.rmdir()
    except OSError as error:
        reason = error.strerror or str(error)
        msg = f"the destination {str(target)!r} cannot be written: {reason}"
        raise FileError(msg) from error
