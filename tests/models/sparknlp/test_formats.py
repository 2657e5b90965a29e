"""The binary formats, byte by byte."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polars_jslner.models.sparknlp import protobuf
from polars_jslner.models.sparknlp.javastream import (
    JavaObject,
    decode,
    objects_of,
    parse,
)
from polars_jslner.models.sparknlp.network import _check_graph, _nodes
from polars_jslner.models.sparknlp.sequencefile import records
from polars_jslner.models.sparknlp.tfbundle import TensorBundle
from tests.sparknlp_models import GOLDEN

WEIGHTS = GOLDEN / "sparknlp" / "models" / "weights"
HEADER = (
    b"SEQ\6\x21org.apache.hadoop.io.NullWritable\x22org.apache.hadoop.io.BytesWritable"
    b"\0\0\0\0\0\0" + b"s" * 16
)
START = b"\xac\xed\0\5"


def record(value):
    return struct.pack(">3i", len(value) + 4, 0, len(value)) + value


@given(st.lists(st.one_of(st.none(), st.binary(max_size=50)), max_size=8))
def test_sequence_file(values):
    sync = b"\xff\xff\xff\xff" + b"s" * 16
    body = b"".join(sync if value is None else record(value) for value in values)
    assert list(records(HEADER + body)) == [v for v in values if v is not None]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PAR1" + b"x" * 50, "Parquet"),
        (b"SEQ\5" + HEADER[4:], "version 6"),
        (HEADER.replace(b"BytesWritable", b"LongsWritable"), "other classes"),
        (HEADER.replace(b"\0\0\0\0\0\0", b"\1\0\0\0\0\0"), "compressed"),
        (HEADER.replace(b"\0\0\0\0\0\0", b"\0\0\0\0\0\1"), "metadata"),
        (HEADER[:-1], "sync mark"),
        (HEADER + b"\xff\xff\xff\xff" + b"t" * 16, "another sync mark"),
        (HEADER + record(b"abc")[:-1], "damaged record"),
        (HEADER + b"\0\0\0", "middle of a record"),
        (HEADER + struct.pack(">3i", 7, 1, 3) + b"abc", "damaged record"),
        (HEADER + struct.pack(">3i", 7, 0, 4) + b"abc", "damaged record"),
        (HEADER + struct.pack(">3i", -7, 0, -11) + b"abc", "damaged record"),
        (HEADER + struct.pack(">3i", 2**31 - 1, 0, 2**31 - 5), "damaged record"),
    ],
)
def test_other_sequence_files_are_refused(data, reason):
    with pytest.raises(ValueError, match=reason):
        list(records(data))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_modified_utf8(text):
    units = text.encode("utf-16-le")
    raw = b"".join(
        b"\xc0\x80" if unit == (0,) else chr(unit[0]).encode("utf-8", "surrogatepass")
        for unit in struct.iter_unpack("<H", units)
    )
    assert decode(raw) == text


@pytest.mark.parametrize("raw", [b"\xed\xa0\xbd", b"\xed\xb8\x80", b"\xff", b"\xc3"])
def test_no_unicode_is_refused(raw):
    with pytest.raises(ValueError, match="codec"):
        decode(raw)


def utf(text):
    return struct.pack(">H", len(text)) + text.encode()


def class_desc(name, *fields, flags=2, above=b"p"):
    """Return a class description; a field is a type code and a name."""
    body = b"".join(
        code.encode() + utf(field) + (b"t" + utf("Lx;") if code in "[L" else b"")
        for code, field in fields
    )
    head = b"r" + utf(name) + bytes(8) + bytes([flags])
    return head + struct.pack(">H", len(fields)) + body + b"x" + above


def test_values_of_a_stream():
    assert parse(START + b"p") is None
    assert parse(START + b"t" + utf("abc")) == "abc"
    assert parse(START + b"|" + struct.pack(">Q", 3) + b"abc") == "abc"
    assert parse(START + b"w\2ab") == b"ab"
    number = class_desc("java.lang.Number")
    integer = class_desc("java.lang.Integer", ("I", "value"), above=number)
    assert parse(START + b"s" + integer + struct.pack(">i", -5)) == -5
    ints = START + b"u" + class_desc("[I") + struct.pack(">3i", 2, 7, -8)
    assert parse(ints) == [7, -8]
    mixed = class_desc(
        "a.B", *zip("BCDFIJSZ", "bcdfijsz", strict=True), ("L", "o"), flags=3
    )
    values = struct.pack(">bHdfiqh?", -1, 65, 0.5, 0.25, -2, -3, -4, 1)
    made = parse(START + b"s" + mixed + values + b"t" + utf("o") + b"w\1zx")
    assert isinstance(made, JavaObject)
    assert list(made.fields.values()) == [-1, 65, 0.5, 0.25, -2, -3, -4, True, "o"]
    assert made.extra == [b"z"]


def test_references_and_cycles():
    handle = struct.pack(">I", 0x7E0000 + 2)
    # The object is handle 2: its class is 0, the name of its field's type 1.
    me = parse(START + b"s" + class_desc("a.Me", ("L", "me")) + b"q" + handle)
    assert me.fields["me"] is me
    assert objects_of(me, "a.Me") == [me]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"", "no Java stream"),
        (START, "middle of a value"),
        (START + b"pp", "bytes after its end"),
        (START + b"y", "unexpected type code 0x79"),
        (START + b"{", "unexpected type code 0x7B"),
        (START + b"q" + struct.pack(">I", 0x7E0000), "reference to nothing"),
        (START + b"q" + struct.pack(">I", 0), "reference to nothing"),
        (START + b"|" + b"\xff" * 8, "middle of a value"),
        (START + b"st" + utf("x"), "else than a class"),
        (START + b"s" + class_desc("a.B", flags=0), "not serializable"),
        (START + b"s" + class_desc("a.B", flags=12), "not serializable"),
        (START + b"s" + class_desc("a.B", ("Q", "x")), "unknown type 'Q'"),
        (START + b"s" + class_desc("a.B", above=b"t" + utf("x")), "no class"),
        (START + b"s" + class_desc("java.lang.Integer"), "without a value"),
        (START + b"u" + class_desc("x") + bytes(4), "unknown type"),
        (START + b"u" + class_desc("[I") + b"\x7f\xff\xff\xff", "middle of a value"),
        (
            START + b"u" + class_desc("[[I") * 1 + struct.pack(">I", 9) + b"p" * 8,
            "middle",
        ),
        (START + b"r" + utf("a") + bytes(8) + b"\2\xff\xff", "65535 fields"),
        (START + b"v" * 5_000, "deeper than 40"),
        (START + b"sr" * 5_000, "middle|deeper"),
        (START + b"t" + utf("x" * 60_000) + bytes(1 << 20), "no Java stream"),
    ],
)
def test_other_streams_are_refused(stream, reason):
    with pytest.raises(ValueError, match=reason):
        parse(stream)


def test_own_superclass_is_refused():
    # The class says that the class above it is itself.
    loop = class_desc("a.B", above=b"q" + struct.pack(">I", 0x7E0000))
    with pytest.raises(ValueError, match="superclasses"):
        parse(START + b"s" + loop)


def test_protocol_buffer():
    data = (
        b"\x08\x96\x01" + b"\x12\x02hi" + b"\x1d\1\0\0\0" + b"\x21" + b"\2" + bytes(7)
    )
    assert list(protobuf.fields(data)) == [(1, 150), (2, b"hi"), (3, 1), (4, 2)]
    minus_one = b"\x08" + b"\xff" * 9 + b"\x01"
    assert protobuf.numbers(minus_one + b"\x12\x00") == {1: -1, 2: -1}
    for bad in (b"\x08", b"\x08" + b"\xff" * 11, b"\x12\x05ab", b"\x0b", b"\x1d\0"):
        with pytest.raises(ValueError, match="number|cut short|unknown kind"):
            list(protobuf.fields(bad))


def bundle():
    index = (WEIGHTS / "0-variables.index").read_bytes()
    return index, (WEIGHTS / "0-variables.data-00000-of-00001").read_bytes()


def test_tensor_bundle():
    index, data = bundle()
    tensors = TensorBundle(index, data)
    assert tensors.float32("dense/kernel", 2).shape == (6, 250)
    assert tensors.float32("beta1_power", 0).shape == ()
    for name, rank, reason in (("dense", 2, "no tensor"), ("dense/bias", 2, "2 axes")):
        with pytest.raises(ValueError, match=reason):
            tensors.float32(name, rank)
    with pytest.raises(ValueError, match="in 100 bytes"):
        TensorBundle(index, data[:100]).float32("embedding/embeddings", 2)
    nan = TensorBundle(index, b"\xff" * len(data))
    with pytest.raises(ValueError, match="not finite"):
        nan.float32("dense/bias", 1)


def test_other_tables_are_refused():
    index, data = bundle()
    for bad in (b"", index[:-1], index[:-1] + b"x", bytes(40) + index[-48:]):
        with pytest.raises(ValueError, match="table|block|number"):
            TensorBundle(bad, data)
    # One data file more in the header.
    more = index.replace(b"\x08\x01\x1a\x02\x08\x01", b"\x08\x02\x1a\x02\x08\x01", 1)
    with pytest.raises(ValueError, match="several files"):
        TensorBundle(more, data)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"\x12\x05VALID", b"\x12\x05XALID", "strides, dilations or padding"),
        (b"\x07Sigmoid", b"\x07Sigmojd", "the operations"),
        (b"\x12\x03Max", b"\x12\x03Min", "the operations"),
        (b"\x07outputs\x12", b"\x07outputz\x12", "the operations"),
        (b"\x12\x02\x08\x0b", b"\x12\x02\x08\x00", "no input"),
    ],
)
def test_other_networks_are_refused(old, new, reason):
    graph = (WEIGHTS / "0-saved_model.pb").read_bytes()
    assert _check_graph(_nodes(graph)) == 11
    assert old in graph
    with pytest.raises(ValueError, match=reason):
        _check_graph(_nodes(graph.replace(old, new)))
