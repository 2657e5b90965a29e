"""Every saved model, read and held against what it was made of."""

from __future__ import annotations

import dataclasses
import json
import pickle
import re
from contextlib import nullcontext

import numpy as np
import pytest

from polars_jslner.errors import ModelFormatError
from polars_jslner.models import sparknlp
from polars_jslner.models.sparknlp.fields import by_id, read_ids, read_merges
from polars_jslner.models.sparknlp.pairs import read_id_pairs, read_merge_pairs
from polars_jslner.models.sparknlp.sequencefile import records
from tests.sparknlp_models import GOLDEN, MODELS, pack

CLASSIFIERS = {
    "bert_cased": "bert-cased",
    "bert_cased_16": "bert-cased",
    "bert_uncased": "bert-uncased",
    "distilbert": "distilbert",
    "medical_bert_rewritten": "bert-cased",
    "roberta": "roberta",
}
KINDS = {
    "sentence_detector_dl": sparknlp.SentenceDetectorDL,
    "sentence_detector_": sparknlp.SentenceDetectorParams,
    "tokenizer_": sparknlp.TokenizerParams,
    "ner_converter_": sparknlp.NerConverterParams,
    "pipeline_": sparknlp.Pipeline,
    "": sparknlp.TokenClassifier,
}
VARIANTS = json.loads(
    (GOLDEN / "sparknlp" / "models" / "variants.json").read_text(encoding="utf-8")
)
LOADABLE = [name for name in MODELS if name != "fields_only_large_vocabulary"]


def snake(name):
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)


def frozen(value):
    return tuple(value) if isinstance(value, list) else value


def plain(stage):
    """Return a stage's fields without what depends on the place of its files."""
    fields = {f.name: getattr(stage, f.name) for f in dataclasses.fields(stage)}
    if "onnx" in fields:
        fields["onnx"] = fields["onnx"].read()
    if "weights" in fields:
        arrays = vars(fields["weights"]).items()
        fields["weights"] = {
            name: a if isinstance(a, int) else (a.shape, a.tobytes())
            for name, a in arrays
        }
    return fields


def variants(kind, prefix):
    return [(f"{prefix}{name}", given) for name, given in VARIANTS[kind].items()]


def test_there_are_forty_models():
    assert len(MODELS) == 40


@pytest.mark.parametrize("name", LOADABLE)
def test_kind_is_recognised_and_pickles(spark_models, name):
    saved = sparknlp.read(spark_models / name)
    kind = next(kind for prefix, kind in KINDS.items() if name.startswith(prefix))
    assert type(saved) is kind
    stages = saved.stages if isinstance(saved, sparknlp.Pipeline) else [saved]
    for stage in stages:
        assert stage.unread == ()
        copy = pickle.loads(pickle.dumps(stage))  # noqa: S301
        assert copy == stage
        assert hash(copy) == hash(stage)
        assert plain(copy) == plain(stage)
        with pytest.raises(dataclasses.FrozenInstanceError):
            stage.uid = "other"


@pytest.mark.parametrize(("name", "imported"), CLASSIFIERS.items())
def test_classifier_is_what_was_imported(spark_models, name, imported):
    folder = GOLDEN / "transformers" / imported
    model = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]
    config = json.loads((folder / "config.json").read_text("utf-8"))
    saved = sparknlp.read(spark_models / name)
    assert dict(enumerate(saved.vocabulary)) == {
        index: piece for piece, index in model["vocab"].items()
    }
    assert list(saved.labels) == [config["id2label"][str(i)] for i in range(49)]
    assert saved.family == imported.partition("-")[0]
    assert saved.case_sensitive == (imported in ("bert-cased", "roberta"))
    assert saved.max_sentence_length == (16 if name.endswith("_16") else 128)
    assert saved.batch_size == 8
    assert saved.input_cols == ("sentence", "token")
    assert saved.output_col == "ner"
    assert saved.onnx.read() == (folder / "model.onnx").read_bytes()
    merges = [
        tuple(m) if isinstance(m, list) else tuple(m.split(" "))
        for m in model.get("merges", [])
    ]
    # The first line of merges.txt was imported as a pair, too.
    assert list(saved.merges) == ([("#version:", "0.2"), *merges] if merges else [])


def test_licensed_class_reads_as_its_open_twin(spark_models):
    ours, licensed = (
        plain(sparknlp.read(spark_models / name))
        for name in ("bert_cased", "medical_bert_rewritten")
    )
    assert licensed.pop("class_name").endswith(".MedicalBertForTokenClassifier")
    assert ours.pop("class_name").endswith(".BertForTokenClassification")
    assert ours == licensed


def test_large_vocabulary_with_odd_entries(spark_models):
    folder = spark_models / "fields_only_large_vocabulary"
    lines = (folder / "imported_vocab.txt").read_bytes().decode().split("\n")
    with sparknlp.locate(folder).open() as files:
        vocabulary = read_ids(files, "vocabulary", 1_000_000)
        labels = read_ids(files, "labels", 1_000)
    assert len(vocabulary) == 12_000
    by_line = {line: i for i, line in enumerate(lines[:12_000])}
    assert vocabulary == by_line
    assert {"😀", "##😷", "𝒳"} <= vocabulary.keys()
    imported = (folder / "imported_labels.txt").read_text("utf-8").split("\n")[:-1]
    # Of a label that was listed twice the last index stays; the other has no label.
    assert labels == {label: i for i, label in enumerate(imported)}
    assert by_id(labels) == ("O", None, "I-X", "B-X", "naïve-😀", " blanks ", "", "PAD")
    with pytest.raises(ModelFormatError, match="bert_classification_onnx"):
        sparknlp.read(folder)


@pytest.mark.parametrize(
    "name", ["bert_cased", "fields_only_large_vocabulary", "roberta"]
)
def test_fast_readers_agree_with_the_general_parser(spark_models, name, monkeypatch):
    with sparknlp.locate(spark_models / name).open() as files:
        fast = read_ids(files, "vocabulary", 1_000_000)
        big = len(fast) > 10_000
        merges = read_merges(files) if name == "roberta" else ()
        for fast_reader in (read_id_pairs, read_merge_pairs):
            monkeypatch.setattr(
                f"polars_jslner.models.sparknlp.fields.{fast_reader.__name__}",
                NoFastReader(1 if fast_reader is read_id_pairs else 2),
            )
        with (
            pytest.raises(ModelFormatError, match="not laid out")
            if big
            else nullcontext()
        ):
            assert read_ids(files, "vocabulary", 1_000_000) == fast
        assert name != "roberta" or read_merges(files) == merges


def test_fast_readers_take_other_versions_of_the_classes(spark_models):
    part = spark_models / "roberta" / "fields" / "labels" / "part-00000"
    record = next(records(part.read_bytes()))
    for name in (b"[Lscala.Tuple2;", b"\x0cscala.Tuple2", b"java.lang.Integer"):
        end = record.index(name) + len(name)
        other = record[:end] + b"\n" * 8 + record[end + 8 :]
        assert read_id_pairs(other) == read_id_pairs(record) is not None
    assert read_id_pairs(record + b"x") is None
    assert read_id_pairs(record[:-1]) is None
    assert read_merge_pairs(record) is None


class NoFastReader:
    def __init__(self, n_strings):
        self.n_strings = n_strings

    def __call__(self, record):
        return None


@pytest.mark.parametrize(("name", "given"), variants("token", "tokenizer_"))
def test_tokenizer_has_its_parameters(spark_models, name, given):
    saved = sparknlp.read(spark_models / name)
    expected = {
        "exceptions": None,
        "case_sensitive_exceptions": True,
        "target_pattern": r"\S+",
        "split_chars": None,
        "split_pattern": None,
        "min_length": 0,
        "max_length": 99_999,
    }
    given = {snake(key): frozen(value) for key, value in given.items()}
    own = {key: given.pop(key) for key in list(given) if key in expected}
    assert {key: getattr(saved, key) for key in expected} == expected | own
    chars = "".join(given.pop("context_chars", ".,;:!?*-()\"'"))
    ctx, other = rf"[\Q{chars}\E]", rf"[^\Q{chars}\E]"
    prefix = given.pop("prefix_pattern", rf"\A({ctx}*)")
    suffix = given.pop("suffix_pattern", rf"({ctx}*)\z")
    infixes = given.pop("infix_patterns", (rf"({other}(?:.*{other})*)",))
    assert given == {}
    assert saved.rules == tuple(f"{prefix}{infix}{suffix}" for infix in infixes)
    by_default = name not in {
        f"tokenizer_{n}" for n in ("infix", "prefix_suffix", "custom")
    }
    assert saved.context_chars == (chars if by_default else None)


@pytest.mark.parametrize(
    ("name", "given"), variants("sentence_pragmatic", "sentence_detector_")
)
def test_detector_has_its_parameters(spark_models, name, given):
    expected = {
        "use_abbreviations": True,
        "detect_lists": True,
        "use_custom_bounds_only": False,
        "custom_bounds": (),
        "custom_bounds_strategy": "none",
        "explode_sentences": False,
        "min_length": 0,
        "max_length": 99_999,
        "split_length": None,
    }
    expected |= {snake(key): frozen(value) for key, value in given.items()}
    saved = sparknlp.read(spark_models / name)
    assert {key: getattr(saved, key) for key in expected} == expected


@pytest.mark.parametrize(("name", "given"), variants("ner_converter", "ner_converter_"))
def test_converter_has_its_parameters(spark_models, name, given):
    expected = {
        "internal": False,
        "white_list": None,
        "black_list": None,
        "preserve_position": True,
        "ner_has_no_schema": False,
        "threshold": None,
        "greedy_mode": False,
        "replace_labels": {},
        "ignore_stop_words": (),
        "input_cols": ("sentence", "token", "ner"),
        "output_col": "ner_chunk",
    }
    expected |= {snake(key): frozen(value) for key, value in given.items()}
    saved = sparknlp.read(spark_models / name)
    assert {key: getattr(saved, key) for key in expected} == expected


def test_network_detector(spark_models):
    saved = sparknlp.read(spark_models / "sentence_detector_dl")
    shapes = {
        name: array.shape
        for name, array in vars(saved.weights).items()
        if name != "window"
    }
    assert saved.weights.window == 11
    assert shapes == {
        "embedding": (300, 128),
        "conv_kernel": (8, 128, 6),
        "conv_bias": (6,),
        "dense_kernel": (6, 250),
        "dense_bias": (250,),
        "out_kernel": (250, 1),
        "out_bias": (1,),
    }
    assert all(
        array.dtype == np.float32 and not array.flags.writeable
        for name, array in vars(saved.weights).items()
        if name != "window"
    )
    assert sorted(saved.encoder.values()) == list(range(57))
    assert saved.encoder["e"] == 0
    assert "\n" in saved.encoder
    assert len(saved.impossible_penultimates) == 46
    assert saved.min_length == 0
    assert saved.max_length == saved.split_length == 2**31 - 1


@pytest.mark.parametrize(
    ("name", "singles"),
    [
        ("pipeline_sddl_bert_cased", {1: "sentence_detector_dl", 3: "bert_cased"}),
        ("pipeline_pragmatic_bert_uncased", {3: "bert_uncased"}),
    ],
)
def test_pipeline_has_the_stages_of_single_models(spark_models, name, singles):
    pipeline = sparknlp.read(spark_models / name)
    kinds = [stage.class_name.rpartition(".")[2] for stage in pipeline.stages]
    detector = "SentenceDetectorDLModel" if 1 in singles else "SentenceDetector"
    assert kinds == [
        *("DocumentAssembler", detector, "TokenizerModel"),
        *("BertForTokenClassification", "NerConverter"),
    ]
    columns = ["text"]
    for stage in pipeline.stages:
        assert set(stage.input_cols) <= set(columns)
        columns.append(stage.output_col)
    assert columns[-1] == "ner_chunk"
    for index, single in singles.items():
        alone = plain(sparknlp.read(spark_models / single))
        assert plain(pipeline.stages[index]) == alone
    tokenizer = sparknlp.read(spark_models / "tokenizer_default")
    uid = pipeline.stages[2].uid
    assert pipeline.stages[2] == dataclasses.replace(tokenizer, uid=uid)


@pytest.mark.parametrize(
    "name",
    ["roberta", "sentence_detector_dl", "tokenizer_infix", "pipeline_sddl_bert_cased"],
)
@pytest.mark.parametrize("top", ["", "model/"])
def test_zip_equals_folder(spark_models, tmp_path, name, top):
    packed = sparknlp.read(pack(spark_models / name, tmp_path / f"{name}.zip", top))
    folder = sparknlp.read(spark_models / name)
    if isinstance(folder, sparknlp.Pipeline):
        assert packed.uid == folder.uid
        assert [plain(s) for s in packed.stages] == [plain(s) for s in folder.stages]
    else:
        assert plain(packed) == plain(folder)
    assert pickle.loads(pickle.dumps(packed)) == packed  # noqa: S301


def rewritten(folder, spark_models, name, **changes):
    """Copy a model of parameters only, with other metadata."""
    metadata = json.loads(
        (spark_models / name / "metadata" / "part-00000").read_bytes()
    )
    metadata["class"] = changes.pop("class_name", metadata["class"])
    metadata["paramMap"] |= changes
    (folder / "metadata").mkdir(parents=True)
    (folder / "metadata" / "part-00000").write_text(json.dumps(metadata))
    return folder


def test_licensed_converter(spark_models, tmp_path):
    given = {
        "blackList": ["Age"],
        "threshold": 0.5,
        "greedyMode": True,
        "replaceLabels": {"Drug_BrandName": "Drug"},
        "ignoreStopWords": [",", "and"],
        "mergeOverlapping": True,
        "lazyAnnotator": False,
    }
    for kind in ("NerConverterInternal", "NerConverterInternalModel"):
        folder = rewritten(
            tmp_path / kind,
            spark_models,
            "ner_converter_default",
            class_name=f"com.johnsnowlabs.nlp.annotators.ner.{kind}",
            **given,
        )
        saved = sparknlp.read(folder)
        assert saved.internal
        assert saved.black_list == ("Age",)
        assert saved.threshold == 0.5
        assert saved.greedy_mode
        assert saved.replace_labels == {"Drug_BrandName": "Drug"}
        assert saved.ignore_stop_words == (",", "and")
        assert saved.unread == ("mergeOverlapping",)
        assert hash(saved)


@pytest.mark.parametrize(
    ("class_name", "reason"),
    [
        ("com.johnsnowlabs.nlp.annotators.ner.dl.NerDLModel", "not supported"),
        ("a.b.XlmRoBertaForTokenClassification", "SentencePiece"),
        ("a.b.CamemBertForTokenClassification", "SentencePiece"),
        ("com.johnsnowlabs.nlp.annotators.Tokenizer", "before it was fitted"),
        ("org.apache.spark.ml.Pipeline", "before it was fitted"),
    ],
)
def test_other_classes_are_named(spark_models, tmp_path, class_name, reason):
    folder = rewritten(
        tmp_path / "m", spark_models, "ner_converter_default", class_name=class_name
    )
    with pytest.raises(ModelFormatError, match=reason) as error:
        sparknlp.read(folder)
    assert class_name in str(error.value)
    assert all(name in str(error.value) for name in sparknlp.SUPPORTED)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("sentence_detector_default", {"minLength": "3"}),
        ("sentence_detector_default", {"minLength": True}),
        ("sentence_detector_default", {"maxLength": -1}),
        ("sentence_detector_default", {"customBounds": "x"}),
        ("sentence_detector_default", {"customBounds": [1]}),
        ("sentence_detector_default", {"customBoundsStrategy": "both"}),
        ("sentence_detector_default", {"detectLists": 1}),
        ("ner_converter_default", {"threshold": "high"}),
        ("ner_converter_default", {"threshold": 10**400}),
        ("ner_converter_default", {"replaceLabels": ["a"]}),
        ("ner_converter_default", {"replaceLabels": {"a": 1}}),
        ("ner_converter_default", {"outputCol": 5}),
    ],
)
def test_wrong_parameter_is_named(spark_models, tmp_path, name, changes):
    folder = rewritten(tmp_path / "m", spark_models, name, **changes)
    with pytest.raises(ModelFormatError, match=next(iter(changes))):
        sparknlp.read(folder)


def test_other_engine_is_named(spark_models, tmp_path):
    folder = rewritten(tmp_path / "m", spark_models, "bert_cased", engine="tensorflow")
    with pytest.raises(ModelFormatError, match=r"'engine' is 'tensorflow', not 'onnx'"):
        sparknlp.read(folder)
