"""Saved Spark NLP models through the public functions, wherever they lie.

That every recorded case is equal is tested in `tests.sparknlp.test_recordings`.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import polars_jslner as jn
from tests.files.test_places import s3
from tests.sparknlp.recordings import long_form, rows
from tests.sparknlp_models import pack, spark_models

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["s3", "spark_models"]

NAME = "bert_token_classifier_ner_jsl_slim_onnx"
CACHED = f"{NAME}_en_6.1.1_3.0_1757558295426"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [row["text"] for row in rows("pipeline_sddl_bert_cased")]


def chunks(texts: list[str | None], model: Any, **options: Any) -> list[Any]:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    found = frame.select(jn.annotations("text", model, **options))
    return long_form(found.to_series())


def test_pipeline_single_model_and_zip_give_the_same(texts, spark_models, tmp_path):
    pipeline = spark_models / "pipeline_sddl_bert_cased"
    detector = spark_models / "sentence_detector_dl"
    single = spark_models / "bert_cased"
    expected = chunks(texts, pipeline, exact=True)
    assert sum(map(len, expected)) > 1000
    options = {"sentences": str(detector), "exact": True}
    assert chunks(texts, single, **options) == expected
    zipped = pack(single, tmp_path / "single.zip")
    assert chunks(texts, zipped, **options) == expected
    below = pack(pipeline, tmp_path / "pipeline.zip", top="pipeline/")
    assert chunks(texts, below, exact=True) == expected
    uri = f"file://{single}"
    assert chunks(texts, uri, **options) == expected
    licensed = spark_models / "medical_bert_rewritten"
    assert chunks(texts, licensed, **options) == expected


def test_folder_and_zip_on_s3(texts, spark_models, tmp_path, s3):
    query, client = s3
    single = spark_models / "bert_cased"
    expected = chunks(texts[60:75], single)
    for path in single.rglob("*"):
        if path.is_file():
            client.upload_file(str(path), "ward", f"m/{path.relative_to(single)}")
    zipped = pack(single, tmp_path / "single.zip")
    client.upload_file(str(zipped), "ward", "single.zip")
    assert chunks(texts[60:75], f"s3://ward/m{query}") == expected
    assert chunks(texts[60:75], f"s3://ward/single.zip{query}") == expected


def set_parameter(stage: Path, name: str, value: Any) -> None:
    """Change a parameter of a saved stage."""
    part = stage / "metadata" / "part-00000"
    metadata = json.loads(part.read_text("utf-8"))
    metadata["paramMap"][name] = value
    part.write_text(json.dumps(metadata), "utf-8")
    (stage / "metadata" / ".part-00000.crc").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("name", "limit"), [("bert_cased", 512), ("distilbert", 512), ("roberta", 512)]
)
def test_longer_sentences_than_positions_are_refused(
    name, limit, spark_models, tmp_path
):
    folder = tmp_path / "model"
    shutil.copytree(spark_models / name, folder)
    set_parameter(folder, "maxSentenceLength", limit)
    assert pl.Series(["No pain."]).jslner.entities(folder).dtype == jn.schema.ENTITIES
    set_parameter(folder, "maxSentenceLength", limit + 1)
    with pytest.raises(jn.ModelFormatError, match="513 tokens.*positions for 512"):
        pl.Series(["No pain."]).jslner.entities(folder)


def test_a_changed_detector_is_read_again(spark_models, tmp_path):
    name = "sentence_detector_dl"
    folder = tmp_path / "detector"
    shutil.copytree(spark_models / name, folder)
    text = pl.Series(["He has pain; no fever. He sleeps."])

    def split() -> list[str]:
        found = text.jslner.sentences(sentences=folder)
        return [sentence["text"] for sentence in found[0]]

    assert split() == ["He has pain; no fever.", "He sleeps."]
    set_parameter(folder, "customBounds", [";"])
    set_parameter(folder, "useCustomBoundsOnly", value=True)
    assert split() == ["He has pain;", "no fever. He sleeps."]


def test_name_in_the_cache(texts, spark_models, tmp_path, monkeypatch):
    few = texts[60:75]
    expected = chunks(few, spark_models / "bert_cased")
    monkeypatch.setenv("HOME", str(tmp_path))
    cache = tmp_path / "cache_pretrained"
    shutil.copytree(spark_models / "bert_cased", cache / CACHED)
    assert chunks(few, NAME) == expected
    shutil.copytree(
        spark_models / "bert_uncased", cache / CACHED.replace("6.1.1", "5.9.9")
    )
    assert chunks(few, NAME) == expected
    shutil.copytree(
        spark_models / "distilbert", cache / "models" / CACHED.replace("_en_", "_de_")
    )
    german = jn.load_model(NAME, language="de", remote_loc="models")
    assert german.description.startswith("DistilBert")
    assert chunks(few, german) != expected
    with pytest.raises(jn.ModelNotFoundError, match="'de'"):
        jn.load_model(NAME, language="de")
    with pytest.raises(jn.ModelNotFoundError, match=f"Did you mean '{NAME}'"):
        jn.load_model(NAME.replace("slim", "slm"))


def test_offsets_are_code_points_of_the_original_text(texts, spark_models):
    frame = pl.DataFrame({"text": [*texts, None, ""]})
    for name in ("pipeline_sddl_bert_cased", "pipeline_pragmatic_bert_uncased"):
        model = spark_models / name  # the second one shrinks blanks
        found = frame.select(
            "text", jn.entities("text", model), jn.tokens("text", model)
        )
        assert found["entities"][-2] is None
        assert found["entities"].to_list()[-1] == []
        n_spans = 0
        for text, entities, tokens in found.iter_rows():
            for span in [*(entities or []), *(tokens or [])]:
                assert span["text"] == text[span["start"] : span["end"]]
                n_spans += 1
        assert n_spans > 5000


def test_entities_are_the_chunks(texts, spark_models):
    frame = pl.DataFrame({"text": texts})
    model = spark_models / "pipeline_sddl_bert_cased"
    entities = frame.select(jn.entities("text", model, exact=True)).to_series()
    for text, ours, theirs in zip(
        texts, entities.to_list(), chunks(texts, model, exact=True), strict=True
    ):
        if any(char > "\uffff" for char in text):
            continue  # there the two count differently
        assert [(e["text"], e["label"], e["start"], e["end"]) for e in ours] == [
            (text, data["entity"], begin, end + 1)
            for _, begin, end, text, data in theirs
        ]
        assert [e["score"] for e in ours] == pytest.approx(
            [float(data["confidence"]) for *_, data in theirs]
        )


def test_nothing_is_cut_unless_exact(spark_models):
    text = " ".join(["pain"] * 300)  # a piece each
    series = pl.Series([text])
    model = spark_models / "bert_cased"
    all_tokens = series.jslner.tokens(model).to_list()[0]
    cut = series.jslner.tokens(model, exact=True).to_list()[0]
    assert len(all_tokens) == 300
    assert len(cut) == 127  # 126 pieces fit, and the [SEP] behind speaks for one more
    assert all_tokens[-1]["end"] == len(text)


def test_null_is_an_empty_document_only_where_exact(spark_models):
    model = spark_models / "bert_cased"
    series = pl.Series([None, "No fever."], dtype=pl.String)
    document = series.jslner.annotations(model, stage="document", exact=True)
    assert long_form(document)[0] == [["document", 0, -1, "", {"sentence": "0"}]]
    assert series.jslner.annotations(model, stage="document").to_list()[0] is None
    assert series.jslner.annotations(model).to_list()[0] is None
    assert series.jslner.annotations(model, exact=True).to_list()[0] == []


def test_converter_options(texts, spark_models):
    model = spark_models / "bert_cased"
    everything = chunks(texts, model)

    def expected(keep) -> list[Any]:
        return [
            [chunk[:4] + [chunk[4]["entity"]] for chunk in row if keep(chunk)]
            for row in everything
        ]

    def short(rows: list[Any]) -> list[Any]:
        return [[chunk[:4] + [chunk[4]["entity"]] for chunk in row] for row in rows]

    assert short(chunks(texts, model, labels="Drug")) == expected(
        lambda c: c[4]["entity"] == "Drug"
    )
    assert short(chunks(texts, model, exclude=["Drug"])) == expected(
        lambda c: c[4]["entity"] != "Drug"
    )
    assert short(chunks(texts, model, min_score=0.7)) == expected(
        lambda c: float(c[4]["confidence"]) >= 0.7
    )
    renamed = chunks(texts, model, rename={"Drug": "Medication"})
    assert {c[4]["entity"] for row in renamed for c in row} >= {"Medication", "Symptom"}
    greedy = chunks(texts, model, greedy=True)
    assert sum(map(len, greedy)) < sum(map(len, everything))
    first = chunks(texts, model, preserve_position=False)
    assert all(" " not in chunk[3] for row in first for chunk in row)


def test_saved_detector_with_the_bundled_model(texts, spark_models):
    detector = spark_models / "sentence_detector_dl"
    series = pl.Series("text", texts)
    recorded = chunks(
        texts, spark_models / "pipeline_sddl_bert_cased", stage="sentence"
    )
    found = series.jslner.sentences(sentences=detector)
    for ours, theirs in zip(found.to_list(), recorded, strict=True):
        assert [span["text"] for span in ours] == [sentence[3] for sentence in theirs]
    tokens = series.jslner.tokens(sentences=detector)
    for text, row in zip(texts, tokens.to_list(), strict=True):
        for token in row:
            assert token["text"] == text[token["start"] : token["end"]]
    pragmatic = series.jslner.sentences(sentences="pragmatic")
    assert pragmatic.list.len().sum() > len(texts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exact": True}, "exact is for Spark NLP models only"),
        ({"greedy": True}, "greedy is for Spark NLP models only"),
        ({"ignore_stop_words": ["of"]}, "ignore_stop_words is for"),
        ({"sentences": "/nowhere/detector"}, "'/nowhere/detector' is not one of"),
    ],
)
def test_options_of_spark_nlp_need_its_models(options, message, tiny):
    with pytest.raises(jn.OptionError, match=message):
        jn.annotations("text", tiny, **options)


def test_misuse_is_explained(spark_models):
    model = spark_models / "bert_cased"
    with pytest.raises(jn.OptionError, match="aggregation='max'.*first piece"):
        jn.entities("text", model, aggregation="max")
    with pytest.raises(jn.OptionError, match="exact=True cuts"):
        jn.entities("text", model, exact=True, overlap=3)
    with pytest.raises(jn.OptionError, match="Did you mean 'chunk'"):
        jn.annotations("text", model, stage="chunks")
    with pytest.raises(jn.ModelFormatError, match="holds no sentence detector"):
        jn.sentences("text", sentences=str(model))
    with pytest.raises(jn.ModelFormatError, match="no token classifier"):
        jn.load_model(spark_models / "sentence_detector_dl")
    shrunk = spark_models / "pipeline_pragmatic_bert_uncased"
    frame = pl.DataFrame({"text": ["No  fever."]}).with_columns(jn.sentences("text"))
    with pytest.raises(jn.OptionError, match="changes the text"):
        frame.select(jn.entities("text", shrunk, sentences=pl.col("sentences")))


@pytest.mark.parametrize("stage", ["document", "sentence", "token", "ner", "chunk"])
def test_annotations_of_other_models_agree_with_entities(stage, tiny):
    texts = ["😀 He has chest pain. Takes aspirin 😷 daily.", None, "", "No fever."]
    series = pl.Series("text", texts)
    rows = series.jslner.annotations(tiny, stage=stage).to_list()
    assert [row is None for row in rows] == [False, True, False, False]
    units = [(text or "").encode("utf-16-le") for text in texts]
    for row, text in zip(rows, units, strict=True):
        for item in row or []:
            part = text[2 * item["begin"] : 2 * item["end"] + 2].decode("utf-16-le")
            if stage != "ner":
                assert part == item["result"]
    if stage == "chunk":
        entities = series.jslner.entities(tiny).to_list()
        assert [[c["result"] for c in row or []] for row in rows] == [
            [e["text"] for e in row or []] for row in entities
        ]
    if stage == "ner":
        tokens = series.jslner.tokens(tiny).to_list()
        assert [[tag["result"] for tag in row or []] for row in rows] == [
            [token["label"] for token in row or []] for row in tokens
        ]


ALTERED = [
    "He said 'no chest pain'\\ and fever. Takes aspirin 81 mg daily.",
    "\u2554\u2550\u2564\u2550\u2557 Chest pain and fever. Takes aspirin 81 mg.",
    "History of \uf056 chest pain and fever. Takes aspirin 81 mg.",
    "No pain. No pain. He said 'no pain'\\ again. No pain.",
]


@pytest.mark.parametrize("text", ALTERED)
def test_sentences_that_the_rules_alter_lose_and_shift_nothing(
    text, spark_models, tiny
):
    series = pl.Series([text])
    words = [w.strip(".,'\\") for w in text.split()]
    expected = [word for word in words if word.isalnum()]
    for model, options in (
        (spark_models / "bert_cased", {}),
        (tiny, {"sentences": "pragmatic"}),
    ):
        tokens = series.jslner.tokens(model, **options).to_list()[0]
        found = [token["text"].strip(".,'\\") for token in tokens]
        assert [word for word in found if word.isalnum()] == expected
        entities = series.jslner.entities(model, **options).to_list()[0]
        assert {e["text"] for e in entities} <= {
            text[a["start"] : b["end"]] for a in tokens for b in tokens
        }
    spans = series.jslner.sentences(sentences="pragmatic").to_list()[0]
    assert sum(span["text"].count("pain") for span in spans) == text.count("pain")


def test_pragmatic_sentences_take_linear_time_with_wide_characters():
    text = "\U0001f600 " + "The patient denies pain. " * 8_000
    found = pl.Series([text]).jslner.sentences(sentences="pragmatic")
    assert found.list.len().to_list() == [8_000]
