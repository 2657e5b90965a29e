"""Models of other layouts as bundles: the same answers, or nearly, and nothing lost."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnx import helper, numpy_helper

import polars_jslner as jn
from polars_jslner.files.settings import checksum
from polars_jslner.models import bundle
from polars_jslner.models import convert as converting
from polars_jslner.models.convert import convert
from polars_jslner.models.sparknlp.layout import load as load_spark
from polars_jslner.models.sparknlp.plain import arrays_of, read_plain, write_plain
from polars_jslner.models.storage import quantize, shrink
from tests.conftest import GOLDEN
from tests.sparknlp_models import MODELS, pack, spark_models

__all__ = ["spark_models"]

CLASSIFIERS = [
    name
    for name in MODELS
    if name.startswith(("bert", "distil", "medical", "pipeline"))
] + ["roberta"]


def everything(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def edit_json(path: Path, **changes) -> None:
    value = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**value, **changes}), "utf-8")


@pytest.fixture
def export(tiny, tmp_path) -> Path:
    """Return a copy of an export that a test may change."""
    folder = tmp_path / "export"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(Path(tiny) / name, folder)
    (folder / "onnx").mkdir()
    shutil.copy(Path(tiny) / "model.onnx", folder / "onnx")
    return folder


@pytest.mark.parametrize("name", ["bert-cased", "xlm-roberta"])
def test_fp32_finds_the_same(name, passages, tmp_path):
    source = GOLDEN / "transformers" / name
    made = convert(source, tmp_path / "made", storage="fp32")
    assert made.layout == "bundle"
    read = jn.load_model(source)
    for field in ("tags", "max_tokens", "profile", "aggregation", "decoding", "inputs"):
        assert getattr(made, field) == getattr(read, field)
    text = pl.Series(passages)
    assert text.jslner.tokens(made).equals(text.jslner.tokens(source))
    assert everything(tmp_path) == {"made"}


@pytest.mark.parametrize(
    ("storage", "size", "off"), [("int8", 3, 0.02), ("fp16", 1.8, 0.001)]
)
def test_smaller_storage_finds_nearly_the_same(
    storage, size, off, tiny, passages, tmp_path
):
    made = convert(tiny, tmp_path / "made", storage=storage)
    graph = Path(tiny) / "model.onnx"
    assert Path(made.onnx).stat().st_size < graph.stat().st_size / size
    text = pl.Series(passages)
    before = text.jslner.tokens(tiny).explode().drop_nulls().struct.unnest()
    after = text.jslner.tokens(made).explode().drop_nulls().struct.unnest()
    same = before["label"] == after["label"]
    assert same.mean() > 0.99
    difference = (before["score"] - after["score"]).abs().filter(same)
    assert 0 < difference.max() < off


def test_the_bundled_model_stays_what_it_is(tmp_path):
    slim = jn.load_model("clinical_slim")
    made = convert("clinical_slim", tmp_path / "made")
    kept = [f.name for f in dataclasses.fields(made)]
    for name in ("source", "tokenizer", "onnx", "stamp"):
        kept.remove(name)
    assert all(getattr(made, name) == getattr(slim, name) for name in kept)
    text = pl.Series(["He has chest pain and takes aspirin 81 mg."])
    assert text.jslner.entities(made).equals(text.jslner.entities())
    sums = json.loads((tmp_path / "made" / "bundle.json").read_text("utf-8"))["sha256"]
    assert set(sums) == {"model.onnx", "tokenizer.json"}


def same_stages(a, b) -> None:
    """Compare all but where the graph is."""
    plain = write_plain(a), write_plain(b)
    assert plain[0] == plain[1]
    first, second = arrays_of(a), arrays_of(b)
    assert first.keys() == second.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_stages_survive_json(name, spark_models):
    spark = load_spark(spark_models / name).spark
    text = json.dumps(write_plain(spark))
    weights = getattr(spark.detector, "weights", None)
    again = read_plain(json.loads(text), "x", spark.classifier.onnx, weights)
    assert again == spark
    same_stages(again, spark)


@pytest.mark.parametrize(
    "name", ["pipeline_sddl_bert_cased", "bert_uncased", "roberta"]
)
def test_spark_nlp_finds_the_same(name, spark_models, passages, tmp_path):
    source = spark_models / name
    made = convert(source, tmp_path / "made", storage="fp32")
    read = jn.load_model(source)
    assert (made.layout, made.profile) == ("bundle", "spark-nlp")
    assert made.tags == read.tags
    assert made.max_tokens == read.max_tokens
    assert made.labels == read.labels
    same_stages(made.spark, read.spark)
    frame = pl.DataFrame({"text": passages})
    for exact in (False, True):
        for stage in ("token", "chunk"):
            ours, theirs = (
                frame.select(jn.annotations("text", m, stage=stage, exact=exact))
                for m in (made, source)
            )
            assert ours.equals(theirs)
    assert frame.select(jn.entities("text", made)).equals(
        frame.select(jn.entities("text", source))
    )


def test_spark_nlp_in_int8_and_out_of_a_zip(spark_models, tmp_path):
    source = pack(spark_models / "pipeline_sddl_bert_cased", tmp_path / "saved.zip")
    made = convert(source, tmp_path / "made")
    assert made.name == "saved"
    names = {"bundle.json", "model.onnx", "stages.json", "sentence_detector.npz"}
    assert everything(tmp_path / "made") == names
    text = pl.Series(["He has chest pain. He takes aspirin 81 mg."])
    before = text.jslner.tokens(source).explode().struct.unnest()
    after = text.jslner.tokens(made).explode().struct.unnest()
    scores = ["score"]
    assert before.drop(scores).equals(after.drop(scores))
    assert (before["score"] - after["score"]).abs().max() < 0.02


def test_all_of_a_saved_model_is_in_its_checksum(spark_models, tmp_path):
    made = convert(
        spark_models / "pipeline_sddl_bert_cased", tmp_path / "made", storage="fp32"
    )
    before = checksum(made)
    stages = tmp_path / "made" / "stages.json"
    saved = json.loads(stages.read_text("utf-8"))
    saved["detector"]["custom_bounds"] = [";"]
    stages.write_text(json.dumps(saved), "utf-8")
    again = jn.load_model(tmp_path / "made")
    assert again.spark.detector.custom_bounds == (";",)
    assert again != made
    assert checksum(again) != before


@pytest.mark.parametrize("top", ["", "tiny/"])
def test_export_in_a_zip(top, tiny, tmp_path):
    made = convert(pack(Path(tiny), tmp_path / "tiny.zip", top), tmp_path / "made")
    assert made.tags == jn.load_model(tiny).tags
    assert made.name == "tiny"


def apart(export: Path) -> None:
    """Move the weights of an export into files of their own."""
    path = export / "onnx" / "model.onnx"
    onnx.save(
        onnx.load(path),
        path,
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location="model.onnx_data",
        size_threshold=1000,
    )


@pytest.mark.parametrize("storage", ["fp32", "int8"])
def test_weights_in_a_file_of_their_own(storage, export, tiny, tmp_path):
    apart(export)
    made = convert(export, tmp_path / "made", storage=storage)
    data = tmp_path / "made" / "model.onnx_data"
    assert data.is_file() == (storage == "fp32")
    assert made.weights == ((str(data),) if storage == "fp32" else ())
    if storage == "fp32":
        text = pl.Series(["He has chest pain."])
        assert text.jslner.entities(made).equals(text.jslner.entities(tiny))
        sums = json.loads((tmp_path / "made" / "bundle.json").read_text("utf-8"))
        assert "model.onnx_data" in sums["sha256"]


def test_large_graphs_keep_their_weights_apart(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(converting, "_MAX_GRAPH", 100_000)
    made = convert(tiny, tmp_path / "made")
    assert made.weights == (str(tmp_path / "made" / "model.onnx_data"),)
    assert Path(made.onnx).stat().st_size < 200_000
    assert pl.Series(["He has chest pain."]).jslner.entities(made).list.len()[0]


def test_what_is_there_is_not_replaced(tiny, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(jn.OptionError, match="there already"):
        convert(tiny, tmp_path)
    with pytest.raises(jn.OptionError, match="there already"):
        convert(tiny, tmp_path / "file")
    with pytest.raises(jn.OptionError, match="cannot be written"):
        convert(tiny, tmp_path / "file" / "made")
    (tmp_path / "empty").mkdir()
    assert convert(tiny, tmp_path / "empty").layout == "bundle"


def test_failure_leaves_nothing(export, tmp_path, monkeypatch):
    with pytest.raises(jn.ModelNotFoundError):
        convert(tmp_path / "absent", tmp_path / "made")
    with pytest.raises(jn.OptionError, match="Did you mean 'int8'"):
        convert(export, tmp_path / "made", storage="int9")

    def fail(*_):
        raise jn.ModelFormatError

    monkeypatch.setattr(bundle, "write", fail)  # the last step
    with pytest.raises(jn.ModelFormatError):
        convert(export, tmp_path / "made")
    assert everything(tmp_path) == {"export"}


def test_without_onnx_the_extra_is_named(export, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(jn.MissingExtraError, match=r"polars-jslner\[convert\]"):
        convert(export, tmp_path / "made")
    assert convert(export, tmp_path / "made", storage="fp32").tags


@pytest.mark.parametrize(
    ("place", "change", "said"),
    [
        ("classifier", {"max_sentence_length": "512"}, "max_sentence_length is '512'"),
        ("classifier", {"family": "gpt"}, "family is 'gpt'"),
        ("classifier", {"vocabulary": [1]}, r"vocabulary is \[1\]"),
        ("classifier", {"kind": "Tokenizer"}, "classifier is not a TokenClassifier"),
        ("tokenizer", {"rules": None}, "rules is None"),
        ("detector", {"encoder": {"a": None}}, "encoder is"),
        ("converter", {"threshold": "0.5"}, "threshold is '0.5'"),
        ("converter", {"greedy_mode": 1}, "greedy_mode is 1"),
    ],
)
def test_damaged_stages_are_named(place, change, said, spark_models, tmp_path):
    folder = tmp_path / "made"
    convert(spark_models / "pipeline_sddl_bert_cased", folder, storage="fp32")
    value = json.loads((folder / "stages.json").read_text("utf-8"))
    if value[place] is None:
        pytest.fail(f"the pipeline has no {place}")
    value[place].update(change)
    (folder / "stages.json").write_text(json.dumps(value))
    with pytest.raises(jn.ModelFormatError, match=said):
        jn.load_model(folder)


@pytest.mark.parametrize("cut", [0, 100, 50_000])
def test_damaged_network_is_named(cut, spark_models, tmp_path):
    folder = tmp_path / "made"
    convert(spark_models / "pipeline_sddl_bert_cased", folder, storage="fp32")
    file = folder / "sentence_detector.npz"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(jn.ModelFormatError, match="sentence_detector.npz"):
        jn.load_model(folder)
    file.unlink()
    with pytest.raises(jn.ModelFormatError, match="no weights"):
        jn.load_model(folder)


matrices = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    elements=st.floats(-1000, 1000, width=32),
)


@given(matrices, st.integers(0, 1))
def test_quantize_is_off_by_half_a_step_at_most(value, axis):
    stored, scale = quantize(value, axis)
    assert stored.dtype == np.int8
    assert scale.shape[axis] == 1
    off = np.abs(stored * scale.astype(np.float64) - value)
    assert (off <= 0.501 * scale).all()
    assert np.abs(stored.astype(int)).max() <= 127


@pytest.mark.parametrize("storage", ["int8", "fp16"])
def test_sessions_compute_as_before(storage, tiny, tmp_path):
    """Nothing that was added is left in the graph that ONNX Runtime runs."""
    model = onnx.load(Path(tiny) / "model.onnx")
    shrink(model, storage)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "run.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(model.SerializeToString(), options)
    run = onnx.load(tmp_path / "run.onnx")
    produced = {name for node in run.graph.node for name in node.output}
    large = [w for w in run.graph.initializer if np.prod(w.dims) > 2000]
    assert {w.data_type for w in large} == {onnx.TensorProto.FLOAT}
    added = {n.output[0] for n in model.graph.node if n.op_type == "Mul"}
    assert not [n for n in produced & added if n.endswith((".cast", ".weight"))]


def test_columns_and_rows_have_their_own_scales():
    """A table by row, what is multiplied by column; what cannot be stored stays."""
    rng = np.random.default_rng(8)
    table = rng.normal(size=(64, 32)).astype(np.float32)
    table[5] *= 1000
    matrix = rng.normal(size=(32, 64)).astype(np.float32)
    matrix[:, 7] *= 1000
    broken = np.full((32, 64), np.nan, np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("MatMul", ["rows", "matrix"], ["a"]),
        helper.make_node("MatMul", ["rows", "broken"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["out"]),
    ]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "g",
        [info("ids", 7, ["n"]), info("table", 1, [64, 32])],
        [info("out", 1, ["n", 64])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(matrix, "matrix"),
            numpy_helper.from_array(broken, "broken"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    shrink(model, "int8")
    weights = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
    assert [port.name for port in model.graph.input] == ["ids"]
    assert weights["table.scale"].shape == (64, 1)
    assert weights["matrix.scale"].shape == (1, 64)
    assert weights["broken"].dtype == np.float32
    back = weights["matrix.int8"] * weights["matrix.scale"]
    np.testing.assert_allclose(back[:, :7], matrix[:, :7], atol=0.02)
