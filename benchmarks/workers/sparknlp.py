"""The JVM Spark NLP: documents, sentences, words, BERT tags, chunks.

Its default settings, or others: ``conf`` of the session, ``batch_size`` of the
classifier, ``partitions`` of the frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.workers.serve import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.workers.serve import Entity, Note


def start(jars: str, threads: int, **conf: str) -> Any:
    """Return a local Spark session with the jars of a folder."""
    from pyspark.sql import SparkSession

    builder = (
        SparkSession.builder.appName("benchmark")
        .master(f"local[{threads}]")
        .config("spark.driver.memory", "4g")
        .config("spark.driver.extraClassPath", f"{jars}/*")
        .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
        .config("spark.kryoserializer.buffer.max", "1g")
        .config("spark.ui.enabled", "false")
    )
    for name, value in conf.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


class SparkNlp:
    """The classifier that `benchmarks.setup` imported and saved in ``model``."""

    def __init__(
        self,
        model: str,
        jars: str,
        threads: int,
        conf: dict[str, str] | None = None,
        batch_size: int | None = None,
        partitions: int | None = None,
    ) -> None:
        self._spark = start(jars, threads, **(conf or {}))
        from pyspark.ml import Pipeline
        from sparknlp.annotator import (
            BertForTokenClassification,
            NerConverter,
            SentenceDetector,
            Tokenizer,
        )
        from sparknlp.base import DocumentAssembler

        classifier: Any = BertForTokenClassification.load(model)
        classifier.setInputCols(["sentence", "token"]).setOutputCol("ner")
        if batch_size is not None:
            classifier.setBatchSize(batch_size)
        self._partitions = partitions
        self._frame: Any = None
        empty = self._spark.createDataFrame([[""]], ["text"])
        self._pipeline = Pipeline(
            stages=[
                DocumentAssembler().setInputCol("text").setOutputCol("document"),
                SentenceDetector().setInputCols(["document"]).setOutputCol("sentence"),
                Tokenizer().setInputCols(["sentence"]).setOutputCol("token"),
                classifier,
                NerConverter()
                .setInputCols(["sentence", "token", "ner"])
                .setOutputCol("chunk"),
            ]
        ).fit(empty)

    def prepare(self, notes: Sequence[Note]) -> Any:
        """Return a frame that Spark holds in memory."""
        rows = [(index, note.text) for index, note in enumerate(notes)]
        frame = self._spark.createDataFrame(rows, ["row", "text"])
        if self._partitions is not None:
            frame = frame.repartition(self._partitions)
        if self._frame is not None:
            self._frame.unpersist()
        self._frame = frame.cache()
        self._frame.count()
        return self._frame

    def run(self, prepared: Any) -> Any:
        """Annotate every row and drop the result, as a sink that costs nothing."""
        result = self._pipeline.transform(prepared).select("row", "text", "chunk")
        result.write.format("noop").mode("overwrite").save()
        return result

    def entities(self, prepared: Any, result: Any) -> list[list[Entity]]:
        """Collect the chunks, in code points."""
        del prepared
        found: list[list[Entity]] = []
        for row in sorted(result.collect(), key=lambda row: row["row"]):
            place = _code_points(row["text"])
            found.append(
                [
                    (place[c["begin"]], place[c["end"] + 1], c["metadata"]["entity"])
                    for c in row["chunk"]
                ]
            )
        return found


def _code_points(text: str) -> list[int]:
    """Return how many code points stand before each UTF-16 unit, and before the end."""
    before = [i for i, c in enumerate(text) for _ in range(1 + (ord(c) > 0xFFFF))]
    return [*before, len(text)]


if __name__ == "__main__":
    serve(SparkNlp, "spark-nlp", "pyspark")
