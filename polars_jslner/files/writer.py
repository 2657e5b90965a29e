"""One output file: durable parts first, then the whole of them under its name.

Every step leaves either what was there before or something whole, so a run may stop
between any two of them. Parts are in a work folder of the file, which goes when the
output is there.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from polars_jslner.errors import FileError
from polars_jslner.files.filesystem import replacing
from polars_jslner.files.readers import READ_BYTES
from polars_jslner.files.record import Record, read_record

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from polars_jslner.files.filesystem import Place
    from polars_jslner.files.settings import Annotated

    Parts = list[tuple[Place, Record]]

WORK = ".polars_jslner-"  # work folders begin with it
_COMPRESSION = "zstd"
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Output:
    """An output file and its work folder."""

    place: Place
    work: Place

    @classmethod
    def within(cls, destination: Place, relative: str) -> Output:
        """Return the output of that relative path in a destination."""
        short = hashlib.sha256(relative.encode()).hexdigest()[:12]
        name = relative.rpartition("/")[2].encode()[:120].decode("utf-8", "ignore")
        return cls(destination / relative, destination / f"{WORK}{name}-{short}")

    @contextmanager
    def claim(self) -> Generator[None]:
        """Make the folders and keep other processes of this machine away.

        Raises
        ------
        FileError
            Another process is writing this output.
        """
        self.work.make_folder()
        self.place.parent.make_folder()
        if not self.work.local:
            yield
            return
        with _lock(self.work):
            for partial in Path(self.work.path).glob("*.partial"):
                partial.unlink(missing_ok=True)
            yield

    def begun(self) -> Record | None:
        """Return the record of a part, if there is one."""
        names = self._parts()
        return read_record(self.work / names[0]) if names else None

    def parts(self, record: Record) -> Parts:
        """Return the parts that are there, from the first row on without a gap.

        Those of another job or another state of the source are removed.
        """
        there = [(name, read_record(self.work / name)) for name in self._parts()]
        usable: Parts = []
        row = 0
        for name, part in there:
            if part is None or part.source != record.source or part.differences(record):
                self.discard()
                return []
            if part.first_row == row:
                usable.append((self.work / name, part))
                row += part.rows
        return usable

    def discard(self) -> None:
        """Remove all parts."""
        for name in self._parts():
            (self.work / name).remove()

    def write_part(self, annotated: Annotated, record: Record) -> None:
        """Write a part, durably."""
        target = self.work / f"{record.first_row:015d}{_PART}"
        _write(target, self.work, annotated.table.schema, [annotated.table], record)

    def write(self, content: Annotated | Parts, record: Record) -> None:
        """Write the output from one table, or from its parts with a row group each."""
        if isinstance(content, list):
            places = [place for place, _ in content]
            with places[0].open() as file:
                schema = pq.read_schema(file)
            _write(self.place, self.work, schema, _tables(places), record)
        else:
            table = content.table
            _write(self.place, self.work, table.schema, [table], record)

    def clear(self) -> None:
        """Remove the work folder."""
        self.work.remove_folder()

    def _parts(self) -> list[str]:
        selector = pafs.FileSelector(self.work.path, allow_not_found=True)
        infos = self.work.filesystem.get_file_info(selector)
        return sorted(i.base_name for i in infos if i.base_name.endswith(_PART))


def total(parts: Parts, record: Record) -> Record:
    """Return the record of all parts together."""
    records = [part for _, part in parts]
    return replace(
        record,
        first_row=0,
        rows=sum(part.rows for part in records),
        words=sum(part.words for part in records),
        entities=sum(part.entities for part in records),
    )


def _write(
    target: Place, work: Place, schema: Any, tables: Iterable[Any], record: Record
) -> None:
    with (
        replacing(target, work) as path,
        pq.ParquetWriter(path, record.mark(schema), compression=_COMPRESSION) as writer,
    ):
        for table in tables:
            if table.num_rows:
                writer.write_table(table, row_group_size=table.num_rows)
            del table  # before the next is read
            pa.default_memory_pool().release_unused()  # or it grows for hours


def _tables(places: list[Place]) -> Iterator[Any]:
    for place in places:
        with place.open() as file:
            # One column at a time, in small reads: half the memory.
            part = pq.ParquetFile(file, pre_buffer=False, buffer_size=READ_BYTES)
            yield part.read(use_threads=False)


@contextmanager
def _lock(folder: Place) -> Generator[None]:
    """Hold a lock that ends with the process, where there are such locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    descriptor = os.open(folder.path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = "another process is writing its output."
            raise FileError(msg) from None
        yield
    finally:
        os.close(descriptor)
