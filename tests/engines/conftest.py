"""Notes, and the engines that annotate them: two executors, two actors."""

from __future__ import annotations

import os
import random
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_series_equal

import polars_jslner as jn

N_NOTES = 1000

# `make test-engines` installs these; other runs are not to stumble over them.
collect_ignore = [] if find_spec("ray") else ["test_ray.py"]
if not find_spec("pyspark"):
    collect_ignore.append("test_spark.py")

# Java starts sooner with its simple compiler and collector.
JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


@pytest.fixture(scope="session")
def notes(passages):
    """Return 1,000 notes of a few passages each, with nulls, emoji and empty texts."""
    rng = random.Random(7)
    texts = [" ".join(rng.choices(passages, k=3)) for _ in range(N_NOTES)]
    texts[::9] = [None] * len(texts[::9])
    texts[1::10] = [""] * len(texts[1::10])
    texts[2::11] = ["👩🏽‍⚕️ takes aspirin 😀 for chest pain"] * len(texts[2::11])
    return pl.DataFrame({"id": range(N_NOTES), "text": texts})


@pytest.fixture(scope="session")
def expected(notes, tiny):
    """Return what Polars finds here."""
    found = notes.select(jn.entities("text", tiny)).to_series()
    assert found.null_count() == notes["text"].null_count() > 80
    assert found.list.len().sum() > 10_000
    return found


@pytest.fixture(scope="session")
def check(expected):
    """Return a function that compares a frame with `id` and `entities`."""

    def compare(found):
        assert found["id"].sort().to_list() == list(range(N_NOTES))
        column = found.sort("id")["entities"].cast(expected.dtype)
        assert_series_equal(column, expected, abs_tol=1e-4, rel_tol=0)

    return compare


def printed(session):
    """Return the folder with what the executors of a session print."""
    import pyspark

    home = Path(os.environ.get("SPARK_HOME", Path(pyspark.__file__).parent))
    return home / "work" / session.sparkContext.applicationId


@pytest.fixture(scope="session")
def spark_logs(spark):
    return printed(spark)


@pytest.fixture(scope="session")
def spark():
    """Return a session with two executor processes of one core each."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.executorEnv.PYTHONPATH", str(Path(jn.__file__).parents[1]))
        .config("spark.driver.extraJavaOptions", JAVA)
        .config("spark.executor.extraJavaOptions", JAVA)
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    logs = printed(session)
    yield session
    session.stop()
    shutil.rmtree(logs, ignore_errors=True)


@pytest.fixture(scope="session")
def spark_notes(spark, notes, tmp_path_factory):
    path = tmp_path_factory.mktemp("notes") / "notes.parquet"
    notes.write_parquet(path)
    return spark.read.parquet(str(path))
