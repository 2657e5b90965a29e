"""Spark with two executor processes gives the local result, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import polars_jslner as jn
from polars_jslner.spark import annotations, entities

pytestmark = [
    pytest.mark.engines,
    pytest.mark.filterwarnings(
        "ignore:PySpark does not yet fully support pandas >= 3:FutureWarning"
    ),
]

# What `org.johnsnowlabs.nlp.Annotation.arrayType` of Spark NLP is.
ANNOTATION = (
    "array<struct<annotatorType:string,begin:int,end:int,result:string,"
    "metadata:map<string,string>,embeddings:array<float>>>"
)


def collect(df):
    return pl.DataFrame(pa.Table.from_batches(df.toArrow().to_batches()))


@pytest.mark.parametrize("partitions", [1, 3, 16])
def test_any_partitioning(spark_notes, tiny, check, partitions):
    df = entities(spark_notes.repartition(partitions), model=tiny)
    assert df.schema["entities"].dataType.simpleString() == (
        "array<struct<text:string,label:string,start:int,end:int,score:float,"
        "sentence:int>>"
    )
    check(collect(df.select("id", "entities")))


def test_small_batches(spark, spark_notes, tiny, check):
    name = "spark.sql.execution.arrow.maxRecordsPerBatch"
    before = spark.conf.get(name)
    spark.conf.set(name, "7")
    try:
        check(collect(entities(spark_notes.repartition(2), model=tiny)))
    finally:
        spark.conf.set(name, before)


def test_options_and_other_columns(spark_notes, notes, tiny):
    df = spark_notes.withColumnRenamed("text", "note")
    found = entities(df, "note", model=tiny, labels=["Drug"], output="drugs")
    assert found.columns == ["id", "note", "drugs"]
    rows = collect(found.where("size(drugs) > 0").orderBy("id"))
    here = notes.with_columns(jn.entities("text", tiny, labels=["Drug"]))
    here = here.filter(pl.col("entities").list.len() > 0)
    assert rows["id"].to_list() == here["id"].to_list()
    assert rows["note"].to_list() == here["text"].to_list()


def test_one_session_a_process_and_the_threads_of_a_task(spark, spark_notes, tiny):
    source = jn.load_model(tiny).source  # other tests use others

    def ask(batches):
        from polars_jslner import config
        from polars_jslner.stages import engine

        for _ in batches:
            pass
        time.sleep(0.3)  # so that one process does not do all
        daemon = Path(f"/proc/{os.getppid()}/status").read_text()
        executor = daemon.partition("PPid:")[2].split()[0]
        sessions = sum(model.source == source for model, _ in engine._sessions)
        threads = config.current().threads
        row = {"executor": executor, "sessions": sessions, "threads": threads}
        yield pa.RecordBatch.from_pylist([row])

    schema = "executor string, sessions long, threads long"
    for threads in (None, 2):
        entities(spark_notes.repartition(8), model=tiny, threads=threads).collect()
        rows = spark_notes.repartition(8).mapInArrow(ask, schema).collect()
        assert len({row["executor"] for row in rows}) == 2
        assert {row["sessions"] for row in rows} == {1}
        assert {row["threads"] for row in rows} == {threads or 1}


def test_annotations_stand_in_for_those_of_spark_nlp(spark_notes, notes, tiny):
    df = annotations(spark_notes, model=tiny)
    field = df.schema["ner_chunk"]
    assert field.dataType.simpleString() == ANNOTATION
    assert field.metadata == {"annotatorType": "chunk"}
    item = json.loads(field.dataType.json())["elementType"]["fields"]
    assert [f["nullable"] for f in item] == [True, False, False, True, True, True]
    assert item[5]["type"]["containsNull"] is False
    query = "transform(ner_chunk, c -> struct(c.begin, c.end, c.result, "
    query += "c.metadata['entity'] entity))"
    rows = collect(df.selectExpr("id", f"{query} as chunks")).sort("id")
    here = notes.select(jn.annotations("text", tiny)).to_series().to_list()
    for row, wanted in zip(rows["chunks"].to_list(), here, strict=True):
        assert (row is None) == (wanted is None)
        for chunk, other in zip(row or [], wanted or [], strict=True):
            pairs = {pair["key"]: pair["value"] for pair in other["metadata"]}
            assert chunk == {
                "begin": other["begin"],
                "end": other["end"],
                "result": other["result"],
                "entity": pairs["entity"],
            }


def test_a_model_is_shipped(spark, spark_notes, tiny, check, tmp_path):
    shutil.copytree(tiny, tmp_path / "model")
    for _ in range(2):  # it is sent once
        df = entities(spark_notes, model=str(tmp_path / "model"), ship=True)
    assert sum("polars-jslner" in a for a in spark.sparkContext.listArchives) == 1
    shutil.rmtree(tmp_path / "model")
    check(collect(df))


def test_a_failure_tells_what_and_no_text(spark, spark_logs, tiny, tmp_path):
    # A vocabulary larger than the embedding table: the model fails on this word.
    secret = "xylophonist"
    shutil.copytree(tiny, tmp_path / "model")
    path = tmp_path / "model" / "tokenizer.json"
    value = json.loads(path.read_text("utf-8"))
    value["model"]["vocab"][secret] = 500_000
    path.write_text(json.dumps(value))
    notes = pl.DataFrame({"text": ["chest pain", f"Works as {secret}, smokes."]})
    notes.write_parquet(tmp_path / "notes.parquet")
    df = entities(
        spark.read.parquet(str(tmp_path / "notes.parquet")),
        model=str(tmp_path / "model"),
    )
    with pytest.raises(Exception, match="InferenceError: ONNX Runtime") as caught:
        df.collect()
    assert secret not in str(caught.value)
    printed = [path.read_text("utf-8") for path in spark_logs.rglob("std*")]
    assert any("InferenceError" in text for text in printed)
    assert not any(secret in text for text in printed)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"text": "Text"}, jn.InputTypeError, "no column 'Text'.*Did you mean 'text'"),
        ({"text": "id"}, jn.InputTypeError, "'id' is bigint; strings are needed"),
        ({"output": "ID"}, jn.InputTypeError, "a column 'id' already"),
        ({"lables": "Drug"}, jn.OptionError, "Did you mean 'labels'"),
        ({"labels": "Durg"}, jn.OptionError, "Did you mean 'Drug'"),
        ({"model": "nowhere"}, jn.ModelNotFoundError, "nowhere"),
        ({"threads": -1}, jn.OptionError, "threads=-1"),
        ({"threads": 0}, jn.OptionError, "threads=0"),
    ],
)
def test_mistakes_are_told_before_the_job(spark_notes, tiny, options, error, message):
    with pytest.raises(error, match=message):
        entities(spark_notes, **{"model": tiny, **options})


def test_other_frames_are_no_spark_frames(notes, tiny):
    with pytest.raises(jn.InputTypeError, match="DataFrame, no Spark DataFrame"):
        entities(notes, model=tiny)


def test_options_that_can_be_read_once(spark_notes, notes, tiny):
    found = entities(spark_notes, model=tiny, labels=iter(["Drug"]))
    rows = collect(found.orderBy("id"))
    here = notes.sort("id").with_columns(jn.entities("text", tiny, labels=["Drug"]))
    counts = [rows["entities"].list.len(), here["entities"].list.len()]
    assert counts[0].to_list() == counts[1].to_list()
    assert counts[0].sum()


def executors(spark):
    """Return the process ids of this application's executors."""
    application = spark.sparkContext.applicationId
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text("utf-8", "replace").split("\0")
        except OSError:
            continue  # it has ended
        if "java" in words[0] and application in words:
            found.append(int(folder.name))
    return found


def test_an_executor_killed_in_the_middle(spark, spark_notes, tiny, check):
    tasks = 40
    df = entities(spark_notes.repartition(tasks), model=tiny)
    tracker = spark.sparkContext.statusTracker()
    before = executors(spark)
    assert len(before) == 2

    def done():
        stages = map(tracker.getStageInfo, tracker.getActiveStageIds())
        counts = [s.numCompletedTasks for s in stages if s and s.numTasks == tasks]
        return max(counts, default=0)

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(collect, df)
        while done() < 3:
            assert not job.done()
            time.sleep(0.02)
        os.kill(before[0], signal.SIGKILL)
        assert not job.done()
        check(job.result(timeout=300))
    assert before[0] not in executors(spark)
