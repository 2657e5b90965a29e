from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import polars as pl
import pytest
from onnx import TensorProto, helper

import polars_jslner as jn
from tests.conftest import GOLDEN, RECORDED_MODELS

TEXT = "He has chest pain and takes aspirin 81 mg."


@pytest.fixture
def copy(tiny, tmp_path) -> Path:
    """Return a copy of the tiny model that a test may damage."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in (
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.onnx",
    ):
        shutil.copy(Path(tiny) / name, folder)
    return folder


def rewrite(path: Path, **changes) -> None:
    value = json.loads(path.read_text("utf-8"))
    value.update(changes)
    path.write_text(json.dumps({k: v for k, v in value.items() if v is not None}))


def found(model) -> list:
    return pl.Series([TEXT]).jslner.entities(model).to_list()


@pytest.mark.parametrize("name", RECORDED_MODELS)
def test_every_family_loads(name):
    model = jn.load_model(GOLDEN / "transformers" / name)
    assert model.layout == "huggingface"
    assert model.max_tokens == 512
    assert len(model.tags) == 49
    assert len(model.labels) == 24
    assert ("token_type_ids" in model.inputs) == (name.startswith("bert"))
    assert "Alergen" in model.describe()


def test_optimum_keeps_the_graph_in_a_folder(copy, tiny):
    (copy / "onnx").mkdir()
    (copy / "model.onnx").rename(copy / "onnx" / "model.onnx")
    assert found(copy) == found(tiny)


def test_model_object_and_environment_variable(tiny, monkeypatch):
    expected = found(tiny)
    assert found(jn.load_model(tiny)) == expected
    monkeypatch.setenv("POLARS_JSLNER_MODEL", tiny)
    assert found(None) == expected


def test_relative_path_is_kept_absolute(tiny, monkeypatch):
    monkeypatch.chdir(GOLDEN)
    model = jn.load_model("transformers/bert-cased")
    assert model.source == str(GOLDEN / "transformers" / "bert-cased")


def test_changed_model_is_read_again(copy):
    before = found(copy)
    id2label = json.loads((copy / "config.json").read_text("utf-8"))["id2label"]
    swapped = {k: v.replace("Symptom", "Complaint") for k, v in id2label.items()}
    rewrite(copy / "config.json", id2label=swapped)
    after = found(copy)
    assert "Symptom" in {entity["label"] for entity in before[0]}
    assert "Complaint" in {entity["label"] for entity in after[0]}


def test_int32_inputs(copy, tiny):
    graph = onnx.load(copy / "model.onnx")
    casts = []
    for port in graph.graph.input:
        port.type.tensor_type.elem_type = TensorProto.INT32
        name = port.name
        for node in graph.graph.node:
            node.input[:] = [f"{name}_64" if i == name else i for i in node.input]
        casts.append(
            helper.make_node("Cast", [name], [f"{name}_64"], to=TensorProto.INT64)
        )
    for cast in reversed(casts):
        graph.graph.node.insert(0, cast)
    onnx.save(graph, copy / "model.onnx")
    assert set(jn.load_model(copy).inputs.values()) == {"int32"}
    assert found(copy) == found(tiny)


def test_logits_need_not_be_the_first_output(copy, tiny):
    graph = onnx.load(copy / "model.onnx")
    hidden = helper.make_tensor_value_info(
        "hidden", TensorProto.FLOAT, ["batch", "sequence", 7]
    )
    rows = helper.make_tensor("rows", TensorProto.INT64, [7], list(range(7)))
    graph.graph.initializer.append(rows)
    gather = helper.make_node("Gather", ["logits", "rows"], ["hidden"], axis=2)
    graph.graph.node.append(gather)
    graph.graph.output.insert(0, hidden)
    onnx.save(graph, copy / "model.onnx")
    assert found(copy) == found(tiny)


@pytest.mark.parametrize("limit", [0, 1, 7])
def test_window_without_room_is_refused(copy, limit):
    rewrite(copy / "config.json", max_position_embeddings=limit or 5)
    with pytest.raises(jn.ModelFormatError, match="at least 8"):
        jn.load_model(copy)


def test_hub_address_is_read_from_the_cache(tiny, tmp_path):
    # The layout of the hub's own cache, as a download leaves it.
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--clinic--tiny"
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for name in (
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.onnx",
    ):
        shutil.copy(Path(tiny) / name, snapshot)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    code = f"""
import polars as pl, polars_jslner as jn
text = pl.Series([{TEXT!r}])
expected = text.jslner.entities({tiny!r}).to_list()
assert text.jslner.entities("hf://clinic/tiny").to_list() == expected
assert text.jslner.entities("hf://clinic/tiny@{commit}").to_list() == expected
try:
    jn.entities("text", "hf://clinic/absent")
except jn.ModelNotFoundError as error:
    print("absent" in str(error))
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    run = [sys.executable, "-c", code]
    done = subprocess.run(
        run, check=True, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize("source", ["hf://", "hf://name", "hf://a/b/c", "hf:///b"])
def test_malformed_hub_address_is_refused(source):
    with pytest.raises(jn.ModelNotFoundError, match=r"hf://org/name"):
        jn.load_model(source)


def test_absent_and_misspelt_models(tmp_path):
    with pytest.raises(jn.ModelNotFoundError, match="no model at"):
        jn.entities("text", tmp_path / "absent")
    with pytest.raises(jn.ModelNotFoundError, match="Did you mean 'clinical_slim'"):
        jn.entities("text", "clinical_slm")
    (tmp_path / "file").touch()
    with pytest.raises(jn.ModelFormatError, match="not a zip file"):
        jn.load_model(tmp_path / "file")
    (tmp_path / "file").unlink()
    (tmp_path / "note.txt").touch()
    with pytest.raises(jn.InputTypeError, match="model is a int"):
        jn.load_model(5)
    with pytest.raises(
        jn.ModelFormatError, match=r"bundle.json.*config.json.*'note.txt'"
    ):
        jn.load_model(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["x" * 5000, f"a/{'x' * 5000}", "a/" * 5000, f"hf://a/{'x' * 5000}"]
    + [f"{'x' * 5000}.zip", f"s3://{'x' * 5000}", "~nobody-of-this-name/model", "a\0b"],
)
def test_names_that_no_file_can_have(name, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(jn.ModelNotFoundError):
        jn.load_model(name)
    if not name.startswith("hf://"):
        with pytest.raises(jn.OptionError, match="sentences="):
            jn.sentences("text", sentences=name)


def keep_weights_apart(folder: Path) -> Path:
    graph = folder / "model.onnx"
    onnx.save(
        onnx.load(graph),
        graph,
        save_as_external_data=True,
        location="model.onnx_data",
        size_threshold=1000,
    )
    return folder / "model.onnx_data"


def test_changed_weights_in_a_file_of_their_own_are_noticed(copy, tiny):
    data = keep_weights_apart(copy)
    model = jn.load_model(copy)
    assert model.weights == (str(data),)
    before = found(copy)
    assert before == found(tiny)
    content = data.read_bytes()
    data.write_bytes(bytes(len(content)))
    assert jn.load_model(copy) != model
    assert found(copy) != before
    data.unlink()
    with pytest.raises(jn.ModelFormatError, match="'model.onnx_data'.*not beside it"):
        jn.load_model(copy)


def test_more_tokens_than_positions_are_refused(copy):
    rewrite(copy / "config.json", max_position_embeddings=600)
    rewrite(copy / "tokenizer_config.json", model_max_length=600)
    with pytest.raises(jn.ModelFormatError, match="600 tokens.*positions for 512"):
        jn.load_model(copy)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("tokenizer.json", "no tokenizer.json.*AutoTokenizer"),
        ("model.onnx", "no model.onnx or onnx/model.onnx"),
    ],
)
def test_missing_file_is_named(copy, file, message):
    (copy / file).unlink()
    with pytest.raises(jn.ModelFormatError, match=message):
        jn.load_model(copy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id2label": None}, "no id2label"),
        ({"id2label": {}}, "no id2label"),
        ({"id2label": {"0": "O", "2": "B-Drug"}}, "none for class 1"),
        ({"id2label": {"a": "O"}}, "not whole numbers"),
        ({"id2label": {"0": "O", "1": "B-Drug"}}, r"\(batch, sequence, 2\)"),
        ({"id2label": {str(i): "O" for i in range(49)}}, "names an entity"),
        ({"id2label": {str(i): "" for i in range(49)}}, "tag 0 is empty"),
    ],
)
def test_label_map_is_checked(copy, changes, message):
    rewrite(copy / "config.json", **changes)
    with pytest.raises(jn.ModelFormatError, match=message):
        jn.load_model(copy)


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00", '"text"'])
def test_damaged_config_is_reported(copy, content):
    (copy / "config.json").write_text(content)
    with pytest.raises(jn.ModelFormatError, match="config.json"):
        jn.load_model(copy)


def test_damaged_tokenizer_is_reported(copy):
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(jn.ModelFormatError, match="tokenizer.json"):
        found(copy)


@pytest.mark.parametrize("cut", [0, 1, 10, 1000, 100_000])
def test_truncated_graph_is_reported(copy, cut):
    content = (copy / "model.onnx").read_bytes()
    (copy / "model.onnx").write_bytes(content[:cut])
    with pytest.raises(jn.ModelFormatError, match="model.onnx"):
        jn.load_model(copy)


def edit_graph(folder: Path, change) -> None:
    model = onnx.load(folder / "model.onnx")
    change(model.graph)
    onnx.save(model, folder / "model.onnx")


def rename_input(graph):
    graph.input[0].name = "tokens"


def float_input(graph):
    graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def fixed_batch(graph):
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def integer_output(graph):
    graph.output[0].type.tensor_type.elem_type = TensorProto.INT64


def flat_output(graph):
    del graph.output[0].type.tensor_type.shape.dim[2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename_input, r"'tokens'.*input_ids is needed"),
        (float_input, "int32 or int64, found {'input_ids': 'float32'}"),
        (fixed_batch, "fixed shape.*dynamic axes"),
        (integer_output, "'int64'.*float logits"),
        (flat_output, r"\(batch, sequence, 49\)"),
    ],
)
def test_graph_is_checked_before_it_runs(copy, change, message):
    edit_graph(copy, change)
    with pytest.raises(jn.ModelFormatError, match=message):
        jn.entities("text", copy)


def test_failure_while_running_tells_sizes_and_no_text(copy):
    # A vocabulary larger than the embedding table: the ids of some words are not in it.
    value = json.loads((copy / "tokenizer.json").read_text("utf-8"))
    secret = "xylophonist"
    value["model"]["vocab"][secret] = 500_000
    (copy / "tokenizer.json").write_text(json.dumps(value))
    with pytest.raises(jn.InferenceError, match="1 sequences of 3 tokens") as caught:
        pl.Series([secret]).jslner.entities(copy)
    for error in (caught.value, caught.value.__cause__):
        assert secret not in str(error)


def test_logits_that_are_not_numbers_are_reported(copy):
    model = onnx.load(copy / "model.onnx")
    for tensor in model.graph.initializer:
        if tensor.dims == [49]:
            tensor.CopyFrom(
                helper.make_tensor(tensor.name, 1, [49], [float("nan")] * 49)
            )
    onnx.save(model, copy / "model.onnx")
    with pytest.raises(jn.InferenceError, match="not finite"):
        found(copy)
