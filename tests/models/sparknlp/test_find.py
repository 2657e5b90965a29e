"""Models by name, language and version in Spark NLP's cache, and by URI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import polars_jslner
from polars_jslner.errors import ModelFormatError, ModelNotFoundError
from polars_jslner.models import sparknlp
from polars_jslner.models.sparknlp import remote
from tests.sparknlp_models import pack

SMALL = "ner_converter_default"


@pytest.fixture
def cache(spark_models, tmp_path, monkeypatch):
    """Return a cache with several versions, in a home folder of its own."""
    folder = tmp_path / "cache_pretrained"
    folder.mkdir()
    for number, entry in enumerate(
        [
            "ner_jsl_en_5.9.1_3.0_1700000000003",
            "ner_jsl_en_5.10.0_3.0_1700000000001",
            "ner_jsl_en_5.10.0_3.0_1700000000002",
            "ner_jsl_en_4.0.0_2.4_1700000000009",
            "ner_jsl_slim_en_9.0.0_3.0_1700000000009",
            "ner_jsl_xx_9.9.9_3.0_1700000000009",
            "ner_jsl_2_de_1.0.0_2.4_1600000000000",
        ]
    ):
        name = "ner_converter_default" if number % 2 else "ner_converter_whitelist"
        if number == 2:
            pack(spark_models / name, folder / f"{entry}.zip")
        else:
            (folder / entry).parent.mkdir(exist_ok=True)
            copy_tree(spark_models / name, folder / entry)
    (folder / "notes.txt").write_text("no model")
    (folder / "ner_jsl_en_broken").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return folder


def copy_tree(source, target):
    for path in source.rglob("*"):
        if path.is_file():
            to = target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())


def test_newest_version_is_found(cache):
    found = sparknlp.find("ner_jsl")
    assert found.source == str(cache / "ner_jsl_en_5.10.0_3.0_1700000000002.zip")
    assert isinstance(sparknlp.read("ner_jsl"), sparknlp.NerConverterParams)


def test_language_and_whole_name(cache):
    other = sparknlp.find("ner_jsl", language="xx")
    assert other.source == str(cache / "ner_jsl_xx_9.9.9_3.0_1700000000009")
    other = sparknlp.find("ner_jsl_2", language="de")
    assert other.source == str(cache / "ner_jsl_2_de_1.0.0_2.4_1600000000000")
    for whole in ("ner_jsl_en_4.0.0_2.4_1700000000009", other.source.split("/")[-1]):
        assert sparknlp.find(whole).source == str(cache / whole)


def test_folder_goes_before_the_zip_it_came_from(cache, spark_models):
    name = "ner_jsl_en_5.10.0_3.0_1700000000002"
    copy_tree(spark_models / SMALL, cache / name)
    assert sparknlp.find("ner_jsl").source == str(cache / name)


def test_another_cache_and_remote_location(cache, spark_models, tmp_path):
    other = tmp_path / "other"
    entry = "ner_jsl_en_6.0.0_3.0_1"
    copy_tree(spark_models / SMALL, other / "clinical" / "models" / entry)
    found = sparknlp.find("ner_jsl", remote_loc="clinical/models", cache=other)
    assert found.source == str(other / "clinical" / "models" / entry)
    found = sparknlp.find("ner_jsl", remote_loc=str(other / "clinical/models"))
    assert found.source == str(other / "clinical" / "models" / entry)
    with pytest.raises(ModelNotFoundError, match="holds no models"):
        sparknlp.find("ner_jsl", cache=other)
    # Spark NLP keeps models of every location in one folder.
    found = sparknlp.find("ner_jsl", remote_loc="clinical/models")
    assert found.source.startswith(str(cache))
    with pytest.raises(ModelNotFoundError, match="out of the cache"):
        sparknlp.find("ner_jsl", remote_loc="../other/clinical/models", cache=cache)


def test_missing_name_gives_a_hint(cache):
    with pytest.raises(ModelNotFoundError, match="Did you mean 'ner_jsl_slim'"):
        sparknlp.find("ner_jsl_slimm")
    with pytest.raises(ModelNotFoundError, match=r"It is there in de: give the lang"):
        sparknlp.find("ner_jsl_2")
    with pytest.raises(ModelNotFoundError):
        sparknlp.find("ner_jsl_en")


def test_a_path_goes_before_the_cache(cache, spark_models, tmp_path):
    copy_tree(spark_models / "tokenizer_default", tmp_path / "ner_jsl")
    assert isinstance(sparknlp.read("ner_jsl"), sparknlp.TokenizerParams)
    assert isinstance(sparknlp.read("~/ner_jsl"), sparknlp.TokenizerParams)
    uri = (tmp_path / "ner_jsl").as_uri()
    assert isinstance(sparknlp.read(uri), sparknlp.TokenizerParams)


@pytest.mark.parametrize(
    "source",
    ["", "a\0b", "no/such/model", "file://elsewhere/model", "~nobody/x", "no.zip"],
)
def test_nothing_there(source, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ModelNotFoundError):
        sparknlp.read(source)


def test_no_saved_model(tmp_path):
    (tmp_path / "readme.md").write_text("x")
    with pytest.raises(ModelFormatError, match=r"metadata/part-00000.*readme\.md"):
        sparknlp.read(tmp_path)
    with pytest.raises(ModelFormatError, match="no zip|not a zip|damaged"):
        sparknlp.read(tmp_path / "readme.md")


@pytest.fixture
def bucket(spark_models, tmp_path, monkeypatch):
    """Serve a folder as the filesystem of ``mem://``."""
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    root = tmp_path / "bucket"
    (root / "models").mkdir(parents=True)
    filesystem = SubTreeFileSystem(str(root), LocalFileSystem())

    def resolve(uri):
        return filesystem, uri.removeprefix("mem://").rstrip("/")

    monkeypatch.setattr(remote, "_resolve", resolve)
    return root / "models"


def test_remote_folder_and_zip(bucket, spark_models):
    name = "pipeline_pragmatic_bert_uncased"
    copy_tree(spark_models / name, bucket / "p")
    pack(spark_models / name, bucket / "p.zip", "top/")
    here = sparknlp.read(spark_models / name)
    for uri in ("mem://models/p", "mem://models/p/", "mem://models/p.zip"):
        there = sparknlp.read(uri)
        assert [s.uid for s in there.stages] == [s.uid for s in here.stages]
        assert there.stages[3].labels == here.stages[3].labels
        assert there.stages[3].onnx.read() == here.stages[3].onnx.read()


def test_remote_location_of_a_name(bucket, spark_models, tmp_path):
    pack(spark_models / SMALL, bucket / "ner_x_en_1.0.0_3.0_1.zip")
    pack(spark_models / SMALL, bucket / "ner_x_en_1.0.0_3.0_12.zip")
    found = sparknlp.find("ner_x", remote_loc="mem://models", cache=tmp_path)
    assert found.source == "mem://models/ner_x_en_1.0.0_3.0_12.zip"
    assert sparknlp.read(found).output_col == "ner_chunk"


def test_nothing_remote(bucket, spark_models):
    with pytest.raises(ModelNotFoundError, match="no model at 'mem://models/no'"):
        sparknlp.read("mem://models/no")
    copy_tree(spark_models / SMALL, bucket / "a" / "x")
    copy_tree(spark_models / SMALL, bucket / "b" / "x")
    with pytest.raises(ModelFormatError, match="metadata/part-00000"):
        sparknlp.read("mem://models")


@pytest.mark.parametrize("uri", ["nosuchscheme://bucket/model", "nosuchscheme://"])
def test_unknown_filesystem(uri):
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        sparknlp.read(uri)


def test_local_models_need_nothing_heavy(spark_models):
    heavy = (
        "onnxruntime",
        "numba",
        "tokenizers",
        "pyarrow",
        "polars",
        "huggingface_hub",
    )
    code = f"""
import sys, types
root = types.ModuleType("polars_jslner")
root.__path__ = [{str(Path(polars_jslner.__file__).parent)!r}]
sys.modules["polars_jslner"] = root
models = types.ModuleType("polars_jslner.models")
models.__path__ = [root.__path__[0] + "/models"]
sys.modules["polars_jslner.models"] = models
from polars_jslner.models import sparknlp
sparknlp.read({str(spark_models / "pipeline_sddl_bert_cased")!r})
print([name for name in {heavy!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
