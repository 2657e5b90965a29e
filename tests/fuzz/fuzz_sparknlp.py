"""Fuzz the reader of saved Spark NLP models with atheris.

    python tests/fuzz/fuzz_sparknlp.py [SECONDS] [libFuzzer options]

60 seconds unless told otherwise; not part of the pytest run. The first byte of an input
says which kind of file the rest is. Anything but our own errors, a second of CPU time
or 400 MB in all is a crash; libFuzzer then writes the input to a file, and run with
that file as its argument it repeats the crash.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["polars_jslner.models.sparknlp", "zipfile"]):
    from polars_jslner.models import sparknlp
    from polars_jslner.models.sparknlp import network, protobuf, tfbundle
    from polars_jslner.models.sparknlp.archive import zip_files
    from polars_jslner.models.sparknlp.fields import read_ids, read_merges, read_rules
    from polars_jslner.models.sparknlp.metadata import read_metadata
    from polars_jslner.models.sparknlp.readers import READERS
    from polars_jslner.models.sparknlp.storage import Entry, Files, damage

from polars_jslner.errors import JslNerError, ModelFormatError
from tests.sparknlp_models import GOLDEN, pack_entries

FILES = GOLDEN / "sparknlp" / "models" / "files"
WEIGHTS = GOLDEN / "sparknlp" / "models" / "weights"
RULES = "fields/rules/part-00000"
METADATA = "metadata/part-00000"
SECONDS = 1.0


def in_memory(contents: dict[str, bytes]) -> Files:
    entries = {name: Entry(len(c), len(c), 0) for name, c in contents.items()}
    return Files("memory", entries, lambda name: BytesIO(contents[name]))


def read_stage(files: Files) -> None:
    metadata = read_metadata(files)
    if metadata.kind not in READERS:
        raise ModelFormatError(metadata.kind)
    READERS[metadata.kind](files, sparknlp.Location("memory"), metadata)


def metadata(data: bytes) -> None:
    rules = (FILES / "tokenizer_default" / "fields/rules/part-00001").read_bytes()
    read_stage(in_memory({METADATA: data, RULES: rules}))


def rules(data: bytes) -> None:
    read_rules(in_memory({RULES: data}))


def labels(data: bytes) -> None:
    read_ids(in_memory({"fields/labels/part-00000": data}), "labels", 1000)


def merges(data: bytes) -> None:
    read_merges(in_memory({"fields/merges/part-00000": data}))


def index(data: bytes) -> None:
    with damage("memory", "index"):
        tfbundle.TensorBundle(data, bytes(100_000)).float32("dense/bias", 1)


def graph(data: bytes) -> None:
    with damage("memory", "graph"):
        network._check_graph(network._nodes(data))  # noqa: SLF001


def archive(data: bytes) -> None:
    read_stage(zip_files(BytesIO(data), "memory"))


TARGETS = (metadata, rules, labels, merges, index, graph, archive)


def one_input(data: bytes) -> None:
    target = TARGETS[data[0] % len(TARGETS) if data else 0]
    start = time.process_time()
    with contextlib.suppress(JslNerError):
        target(data[1:])
    seconds = time.process_time() - start
    if seconds > SECONDS:
        msg = f"{target.__name__} took {seconds:.1f} s"
        raise TimeoutError(msg)


def forward_nodes(whole: bytes) -> bytes:
    """Return a graph without the nodes of its training."""
    parts: list[bytes] = []
    for node in protobuf.messages(whole, 1):
        if b"optimizer" not in node and b"gradients" not in node:
            size = [len(node) & 0x7F | 0x80, len(node) >> 7]  # a varint of two bytes
            parts.append(bytes([0x0A, *size]) + node)
    return b"".join(parts)


def examples() -> list[tuple[int, bytes]]:
    """Return targets and sound inputs for them."""
    found = [(0, path.read_bytes()) for path in sorted(FILES.glob(f"*/{METADATA}"))]
    found += [
        (1, path.read_bytes()) for path in sorted(FILES.glob("*/fields/rules/*1"))
    ]
    found.append((2, (FILES / "roberta/fields/labels/part-00000").read_bytes()))
    found.append((3, (FILES / "roberta/fields/merges/part-00000").read_bytes()[:2647]))
    found.append((4, (WEIGHTS / "0-variables.index").read_bytes()))
    found.append((5, forward_nodes((WEIGHTS / "0-saved_model.pb").read_bytes())))
    for name in ("ner_converter_whitelist", "tokenizer_default"):
        root = FILES / name
        paths = [path for path in sorted(root.rglob("part-*")) if path.is_file()]
        entries = [
            (path.relative_to(root).as_posix(), path.read_bytes(), "2026-1-1 0:0:0")
            for path in paths
        ]
        found.append((6, pack_entries(entries)))
    return found


def main() -> None:
    seconds = sys.argv[1] if sys.argv[1:2] and sys.argv[1].isdigit() else "60"
    options = [argument for argument in sys.argv[1:] if argument != seconds]
    with tempfile.TemporaryDirectory() as folder:
        for number, (target, data) in enumerate(examples()):
            (Path(folder) / str(number)).write_bytes(bytes([target]) + data)
        limits = [f"-max_total_time={seconds}", "-rss_limit_mb=400", "-timeout=10"]
        limits += ["-max_len=20000", "-len_control=0"]
        # A single input that is to be repeated comes alone.
        corpus = [] if any(Path(option).is_file() for option in options) else [folder]
        atheris.Setup([sys.argv[0], *limits, *options, *corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
