"""Damaged and hostile files: only our own errors, quickly and in little memory."""

from __future__ import annotations

import io
import os
import random
import stat
import struct
import time
import tracemalloc
import warnings
import zipfile
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polars_jslner.errors import JslNerError, ModelFormatError
from polars_jslner.models import sparknlp
from polars_jslner.models.sparknlp.fields import read_ids, read_merges, read_rules
from polars_jslner.models.sparknlp.metadata import read_metadata
from polars_jslner.models.sparknlp.readers import READERS
from polars_jslner.models.sparknlp.storage import Entry, Files
from tests.sparknlp_models import GOLDEN, pack, pack_entries

FILES = GOLDEN / "sparknlp" / "models" / "files"
TENSORFLOW = ("variables.index", "saved_model.pb", "variables.data-00000-of-00001")
SECONDS = 1.0
BYTES = 200 << 20


@contextmanager
def bounded(*, trace=True):
    """Fail when the body takes more than a second or 200 MB."""
    if trace:
        tracemalloc.start()
    start = time.process_time()
    try:
        yield
        seconds = time.process_time() - start
        peak = tracemalloc.get_traced_memory()[1] if trace else 0
    finally:
        tracemalloc.stop()
    assert seconds < SECONDS
    assert peak < BYTES


def in_memory(contents):
    """Return the files of a model that stands in memory."""
    entries = {name: Entry(len(c), len(c), 0) for name, c in contents.items()}
    return Files("memory", entries, lambda name: io.BytesIO(contents[name]))


def read_contents(contents):
    """Read a stage of which the files stand in memory."""
    files = in_memory(contents)
    metadata = read_metadata(files)
    if metadata.kind not in READERS:
        msg = "another class"
        raise ModelFormatError(msg)
    return READERS[metadata.kind](files, sparknlp.Location("memory"), metadata)


def refused(contents):
    """Say whether a stage is refused; anything but our own error is raised."""
    try:
        read_contents(contents)
    except JslNerError:
        return True
    return False


def contents_of(name):
    return {
        path.relative_to(FILES / name).as_posix(): path.read_bytes()
        for path in (FILES / name).rglob("*")
        if path.is_file()
    }


def classifier():
    return contents_of("roberta") | {"roberta_classification_onnx": b"not read here"}


def detector():
    weights = GOLDEN / "sparknlp" / "models" / "weights"
    packed = [
        (name, (weights / f"0-{name}").read_bytes(), "2026-1-1 0:0:0")
        for name in TENSORFLOW
    ]
    return contents_of("sentence_detector_dl"), packed


def write_zip(path, entries):
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z,
    ):
        warnings.simplefilter("ignore")  # of names that are there twice
        for info, content in entries:
            z.writestr(info, content)
    return path


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


SMALL = contents_of("ner_converter_default")


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([("../evil", b"x")], "lead out"),
        ([("a/../../evil", b"x")], "lead out"),
        ([("/etc/evil", b"x")], "lead out"),
        ([("C:/evil", b"x")], "lead out"),
        ([("a\\..\\evil", b"x")], "lead out"),
        ([("a//evil", b"x")], "lead out"),
        ([("./evil", b"x")], "lead out"),
        ([(link("fields"), b"/etc")], "symbolic link"),
        ([("x" * 600, b"x")], "too long or too deep"),
        ([("/".join("x" * 30), b"x")], "too long or too deep"),
        ([("a", b"x"), ("a", b"y")], "twice"),
        ([("bomb", bytes(50 << 20))], "grows beyond"),
        (
            [("noise", random.Random(0).randbytes(3 << 20)), ("bomb", bytes(50 << 20))],
            "grows from",
        ),
        ([(f"bomb{i}", bytes(7 << 20)) for i in range(5)], "beyond"),
    ],
)
def test_hostile_zip_is_refused(tmp_path, entries, reason):
    path = write_zip(tmp_path / "m.zip", [*SMALL.items(), *entries])
    del entries
    with bounded(), pytest.raises(ModelFormatError, match=reason):
        sparknlp.read(path)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["m.zip"]


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [(8, 0x0801, "encrypted"), (10, 12, "method 12"), (10, 99, "method 99")],
)
def test_unreadable_entry_is_refused(tmp_path, offset, value, reason):
    data = bytearray(pack_entries([("metadata/part-00000", b"{}", "2026-1-1 0:0:0")]))
    struct.pack_into("<H", data, data.index(b"PK\1\2") + offset, value)
    (tmp_path / "m.zip").write_bytes(data)
    with pytest.raises(ModelFormatError, match=reason):
        sparknlp.read(tmp_path / "m.zip")


def test_zip_that_lies_about_sizes(tmp_path):
    data = bytearray(
        pack_entries([("metadata/part-00000", b"{}" * 9, "2026-1-1 0:0:0")])
    )
    for claimed in (1, 17, 10**6, 2**32 - 2):
        struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, claimed)
        (tmp_path / "m.zip").write_bytes(data)
        with bounded(), pytest.raises(ModelFormatError):
            sparknlp.read(tmp_path / "m.zip")


def test_too_many_entries(tmp_path):
    entries = [(f"{i}", b"", "2026-1-1 0:0:0") for i in range(20_001)]
    (tmp_path / "m.zip").write_bytes(pack_entries(entries))
    with bounded(trace=False), pytest.raises(ModelFormatError, match="at most 20000"):
        sparknlp.read(tmp_path / "m.zip")


def test_directory_of_any_size_is_not_read(tmp_path):
    size = 64 << 20
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, size, 0, 0)
    with (tmp_path / "m.zip").open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(end)
    with bounded(), pytest.raises(ModelFormatError, match="directory is longer"):
        sparknlp.read(tmp_path / "m.zip")


def test_bomb_in_the_inner_zip(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("model.onnx", bytes(100 << 20))
    contents = contents_of("bert_cased") | {
        "bert_classification_onnx": inner.getvalue()
    }
    del inner
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "m.zip", "w", compression) as packed:
            for name, content in contents.items():
                packed.writestr(name, content)
        saved = sparknlp.read(tmp_path / "m.zip")
        with bounded(), pytest.raises(ModelFormatError, match="grows beyond"):
            saved.onnx.read()


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [("a.onnx", b"\x08", "2026-1-1 0:0:0"), ("b.onnx", b"\x08", "2026-1-1 0:0:0")],
        [("a", b"\x08", "2026-1-1 0:0:0"), ("b", b"\x08", "2026-1-1 0:0:0")],
    ],
)
def test_not_one_graph(tmp_path, entries):
    contents = contents_of("bert_cased") | {
        "bert_classification_onnx": pack_entries(entries)
    }
    saved = sparknlp.read(write_zip(tmp_path / "m.zip", contents.items()))
    with pytest.raises(ModelFormatError, match="one ONNX graph is needed"):
        saved.onnx.read()


def write_folder(folder, contents):
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_links_in_a_folder_are_refused(tmp_path):
    secret = tmp_path / "secret"
    write_folder(secret, contents_of("tokenizer_default"))
    for name in ("fields", "fields/rules/part-00000", "metadata/part-00000"):
        folder = write_folder(tmp_path / name.replace("/", "_"), SMALL)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(secret / name)
        with pytest.raises(ModelFormatError, match="is a link"):
            sparknlp.read(folder)


def test_link_to_a_model_is_followed(tmp_path):
    write_folder(tmp_path / "real", SMALL)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert sparknlp.find(tmp_path / "link").source == str(tmp_path / "real")


def test_special_files_are_no_parts(tmp_path):
    folder = write_folder(tmp_path / "m", {"x": b""})
    (folder / "metadata").mkdir()
    os.mkfifo(folder / "metadata" / "part-00000")
    with pytest.raises(ModelFormatError, match="metadata/part-00000 is needed"):
        sparknlp.read(folder)
    with pytest.raises(ModelFormatError, match="neither a folder nor a zip"):
        sparknlp.read(folder / "metadata" / "part-00000")


def test_deep_and_wide_folders_are_refused(tmp_path):
    (tmp_path / "deep").joinpath(*"abcdefghijklm").mkdir(parents=True)
    with pytest.raises(ModelFormatError, match="levels"):
        sparknlp.read(tmp_path / "deep")
    with bounded(), pytest.raises(ModelFormatError):
        sparknlp.read("/")


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"class": 1, "uid": "x"}',
        b'{"class": "a.NerConverter", "uid": "x", "paramMap": []}',
        b'{"class": "a.PipelineModel", "uid": "x", "paramMap": {"stageUids": []}}',
        b'{"class": "PipelineModel", "uid": "x", "paramMap": {"stageUids": ["../x"]}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'"' + b"\\u0041" * 100_000,
        b"9" * 1_000_000,
    ],
)
def test_damaged_metadata(tmp_path, metadata):
    write_folder(tmp_path, {"metadata/part-00000": metadata})
    with bounded(), pytest.raises(ModelFormatError):
        sparknlp.read(tmp_path)


def test_huge_metadata_is_not_read(tmp_path):
    write_folder(tmp_path, {"metadata/part-00000": b" " * (5 << 20)})
    with pytest.raises(ModelFormatError, match="at most"):
        sparknlp.read(tmp_path)


def test_pipeline_in_a_pipeline_is_named(tmp_path, spark_models):
    outer = (
        b'{"class": "x.PipelineModel", "uid": "o", "paramMap": {"stageUids": ["o"]}}'
    )
    write_folder(tmp_path, {"metadata/part-00000": outer})
    write_folder(tmp_path / "stages" / "0_o", {"metadata/part-00000": outer})
    with pytest.raises(ModelFormatError, match=r"'x\.PipelineModel' is not supported"):
        sparknlp.read(tmp_path)


@pytest.mark.parametrize(
    "name", ["bert_cased", "tokenizer_infix", "sentence_detector_dl"]
)
def test_truncated_zip(spark_models, tmp_path, name):
    whole = pack(spark_models / name, tmp_path / "whole.zip").read_bytes()
    rng = random.Random(1)
    for n_bytes in (
        0,
        1,
        21,
        22,
        len(whole) - 1,
        *(rng.randrange(len(whole)) for _ in range(30)),
    ):
        (tmp_path / "m.zip").write_bytes(whole[:n_bytes])
        with bounded(trace=False), pytest.raises(ModelFormatError):
            sparknlp.read(tmp_path / "m.zip")


@pytest.mark.parametrize(
    ("name", "feature", "read"),
    [
        ("tokenizer_infix", "rules", read_rules),
        ("roberta", "labels", lambda files: read_ids(files, "labels", 100)),
        ("roberta", "vocabulary", lambda files: read_ids(files, "vocabulary", 10_000)),
        ("roberta", "merges", read_merges),
    ],
)
def test_truncated_feature(name, feature, read):
    contents = contents_of(name)
    assert read(in_memory(contents))
    rng = random.Random(2)
    part = f"fields/{feature}/part-00001"
    whole = contents[part]
    ends = {0, 3, 4, 90, 95, 99, 103, 107, len(whole) - 1}
    ends |= {rng.randrange(len(whole)) for _ in range(40)}
    n_refused = 0
    for n_bytes in sorted(ends):
        with bounded(trace=False):
            try:
                read(in_memory(contents | {part: whole[:n_bytes]}))
            except ModelFormatError:
                n_refused += 1
    # A cut between two records leaves a sound file with fewer pairs.
    assert n_refused >= len(ends) - 5


def test_truncated_network():
    contents, packed = detector()
    assert not refused(
        contents | {"generic_classifier_tensorflow": pack_entries(packed)}
    )
    rng = random.Random(3)
    for index, (name, whole, clock) in enumerate(packed):
        for n_bytes in (
            0,
            1,
            len(whole) - 1,
            *(rng.randrange(len(whole)) for _ in range(8)),
        ):
            entries = [*packed]
            entries[index] = (name, whole[:n_bytes], clock)
            with bounded(trace=False):
                refused(
                    contents | {"generic_classifier_tensorflow": pack_entries(entries)}
                )


positions = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)),
    min_size=1,
    max_size=6,
)


def mutated(data, changes):
    changed = bytearray(data)
    for place, byte in changes:
        changed[int(place * len(changed))] = byte
    return bytes(changed)


@settings(max_examples=60)
@given(st.data(), positions)
def test_mutated_files(data, changes):
    make = data.draw(
        st.sampled_from([classifier, lambda: contents_of("tokenizer_infix")])
    )
    contents = make()
    name = data.draw(st.sampled_from(sorted(contents)))
    with bounded(trace=False):
        refused(contents | {name: mutated(contents[name], changes)})


@settings(max_examples=150)
@given(positions)
def test_mutated_rules(changes):
    contents = contents_of("tokenizer_infix")
    name = "fields/rules/part-00001"
    with bounded(trace=False):
        refused(contents | {name: mutated(contents[name], changes)})


@settings(max_examples=40)
@given(st.sampled_from([0, 1]), positions)
def test_mutated_network(index, changes):
    contents, packed = detector()
    name, content, clock = packed[index]
    packed[index] = (name, mutated(content, changes), clock)
    with bounded(trace=False):
        refused(contents | {"generic_classifier_tensorflow": pack_entries(packed)})


@settings(max_examples=100)
@given(changes=positions)
def test_mutated_zip(spark_models, tmp_path_factory, changes):
    folder = tmp_path_factory.getbasetemp()
    whole = folder / "whole.zip"
    if not whole.exists():
        pack(spark_models / "tokenizer_custom", whole)
    (folder / "mutated.zip").write_bytes(mutated(whole.read_bytes(), changes))
    with bounded(trace=False), suppress(JslNerError):
        sparknlp.read(folder / "mutated.zip")


@settings(max_examples=100)
@given(st.binary(max_size=400))
def test_arbitrary_bytes(data):
    for name in ("fields/rules/part-00001", "metadata/part-00000"):
        with bounded(trace=False):
            refused(contents_of("tokenizer_default") | {name: data})
