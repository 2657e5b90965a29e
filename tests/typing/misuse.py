"""What users get wrong, which type checkers must find. Nobody runs it.

Behind each wrong line stands what mypy and pyright say of it.
"""

# pyright: strict
from __future__ import annotations

import polars as pl

import polars_jslner as jn


def misuse(frame: pl.DataFrame) -> None:
    jn.entities(frame["text"])  # expect: arg-type reportArgumentType
    jn.entities("text", 1)  # expect: arg-type reportArgumentType
    jn.entities("text", label="Drug")  # expect: call-arg reportCallIssue
    jn.entities("text", None, ["Drug"])  # expect: call-arg reportCallIssue
    jn.entities("text", labels=1)  # expect: arg-type reportArgumentType
    jn.entities("text", min_score="0.5")  # expect: arg-type reportArgumentType
    jn.entities("text", rename=[("Drug", "Med")])  # expect: arg-type reportArgumentType
    jn.entities("text", aggregation="mean")  # expect: arg-type reportArgumentType
    jn.entities("text", max_tokens=64.0)  # expect: arg-type reportArgumentType
    jn.entities("text", exact=None)  # expect: arg-type reportArgumentType
    jn.entities()  # expect: call-arg reportCallIssue
    jn.tokens("text", labels=["Drug"])  # expect: call-arg reportCallIssue
    jn.sentences("text", sentences=pl.col("a"))  # expect: arg-type reportArgumentType
    jn.annotations("text", stage="entity")  # expect: arg-type reportArgumentType
    jn.annotations("text", aggregation="first")  # expect: call-arg reportCallIssue
    jn.load_model(frame)  # expect: arg-type reportArgumentType
    jn.load_model("a", "de")  # expect: call-arg reportCallIssue
    jn.load_model("a").label.upper()  # expect: attr-defined reportAttributeAccessIssue
    jn.evaluate(frame, frame["text"])  # expect: arg-type reportArgumentType
    jn.configure(threads="2")  # expect: arg-type reportArgumentType
    jn.configure(2)  # expect: call-arg reportCallIssue
    jn.annotate_files("a", "b", shard=1)  # expect: arg-type reportArgumentType
    jn.annotate_files("a", "b", on_error="stop")  # expect: arg-type reportArgumentType
    jn.annotate_files("a")  # expect: call-arg reportCallIssue
    jn.annotate_files("a", "b").entities()  # expect: operator reportCallIssue
    jn.entity("text")  # expect: attr-defined reportAttributeAccessIssue
