"""The models that a real Spark NLP saved, put together as it saved them.

`tests/golden/sparknlp/models` keeps what differs between them once: part files, the
weights of the sentence detector, and in ``zips.json`` what the zips of weights hold.
The ONNX graphs are those of `tests/golden/transformers`. `assemble` writes folders that
equal the saved ones byte for byte, Hadoop's hidden checksums included.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from functools import cache
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
_MODELS = GOLDEN / "sparknlp" / "models"
_FILES = _MODELS / "files"

MODELS = tuple(
    sorted(path.name for path in _FILES.iterdir()) if _FILES.is_dir() else ()
)
# Not written by Spark.
_OURS = ("imported_labels.txt", "imported_vocab.txt")
_CHECKED_BYTES = 512
_STORED_BLOCK = 32_768


@pytest.fixture(scope="session")
def spark_models(tmp_path_factory) -> Path:
    """Return a folder with all 40 models, as saved. Not to be changed."""
    folder = tmp_path_factory.mktemp("sparknlp") / "models"
    assemble(folder)
    return folder


def assemble(folder: Path, *names: str) -> None:
    """Write the models of these names, or all, into ``folder``."""
    wanted = names or MODELS
    for name in wanted:
        root = folder / name
        for path in sorted((_FILES / name).rglob("*")):
            if path.is_file():
                _write(root / path.relative_to(_FILES / name), path.read_bytes())
    for first, others in _read_json("repeated.json").items():
        for other in others:
            if other.partition("/")[0] in wanted:
                _write(folder / other, (_FILES / first).read_bytes())
    for path in _read_json("zips.json"):
        if path.partition("/")[0] in wanted:
            _write(folder / path, _weights(path))
    for name in wanted:
        for path in sorted((folder / name).rglob("part-00000")):
            _write(path.parent / "_SUCCESS", b"")


def pack(folder: Path, path: Path, top: str = "") -> Path:
    """Zip a saved model as Spark NLP's downloads are, below a folder ``top`` if any."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for item in sorted(folder.rglob("*")):
            packed.write(item, f"{top}{item.relative_to(folder).as_posix()}")
    return path


def pack_entries(entries: list[tuple[str, bytes, str]]) -> bytes:
    """Return a zip as Java writes it: deflate at level 0, sizes behind the data.

    Parameters
    ----------
    entries
        Name, content and time (``2026-11-25 12:35:00``) of each.
    """
    out = bytearray()
    directory = bytearray()
    for name, content, time in entries:
        day, clock = (
            map(int, part.replace("-", ":").split(":")) for part in time.split()
        )
        year, month, date = day
        hour, minute, second = clock
        dos_date = (year - 1980) << 9 | month << 5 | date
        dos_time = hour << 11 | minute << 5 | second // 2
        raw = name.encode()
        packed = _stored(content)
        start = len(out)
        head = (20, 0x0808, zipfile.ZIP_DEFLATED, dos_time, dos_date)
        sizes = (zlib.crc32(content), len(packed), len(content))
        out += struct.pack("<4s5H3I2H", b"PK\3\4", *head, 0, 0, 0, len(raw), 0)
        out += raw + packed + struct.pack("<4s3I", b"PK\7\x08", *sizes)
        directory += struct.pack("<4sH", b"PK\1\2", 20)
        directory += struct.pack("<5H3I", *head, *sizes)
        directory += struct.pack("<5H2I", len(raw), 0, 0, 0, 0, 0, start) + raw
    n = len(entries)
    end = (b"PK\5\6", 0, 0, n, n, len(directory), len(out), 0)
    return bytes(out + directory + struct.pack("<4s4H2IH", *end))


def _stored(content: bytes) -> bytes:
    """Return deflate's stored blocks as Java's Deflater cuts them at level 0."""
    out = bytearray()
    for start in range(0, len(content), _STORED_BLOCK):
        block = content[start : start + _STORED_BLOCK]
        last = start + _STORED_BLOCK >= len(content)
        out += struct.pack("<B2H", last, len(block), len(block) ^ 0xFFFF) + block
    return bytes(out)


@cache
def _weights(path: str) -> bytes:
    return pack_entries(
        [
            (entry["name"], (GOLDEN / entry["bytes"]).read_bytes(), entry["time"])
            for entry in _read_json("zips.json")[path]
        ]
    )


@cache
def _read_json(name: str) -> dict:
    return json.loads((_MODELS / name).read_text(encoding="utf-8"))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if path.name not in _OURS:
        sums = [
            zlib.crc32(content[start : start + _CHECKED_BYTES])
            for start in range(0, len(content), _CHECKED_BYTES)
        ]
        checksums = struct.pack(f">4sI{len(sums)}I", b"crc\0", _CHECKED_BYTES, *sums)
        (path.parent / f".{path.name}.crc").write_bytes(checksums)
