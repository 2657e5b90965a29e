"""Models that Spark NLP has saved, read without Spark and without a JVM.

`read` turns a folder, zip, URI or name in Spark NLP's cache into frozen plain data, a
dataclass for each kind of stage. Nothing is unpacked, executed or unpickled; sizes,
names, counts and depths are bounded; whatever is wrong with the files is told as a
ModelFormatError.
"""

from __future__ import annotations

from polars_jslner.models.sparknlp.cache import find_cached
from polars_jslner.models.sparknlp.network import NetworkWeights
from polars_jslner.models.sparknlp.reader import SUPPORTED, find, read
from polars_jslner.models.sparknlp.stages import (
    DocumentAssemblerParams,
    NerConverterParams,
    OnnxFile,
    Pipeline,
    SentenceDetectorDL,
    SentenceDetectorParams,
    Stage,
    TokenClassifier,
    TokenizerParams,
)
from polars_jslner.models.sparknlp.storage import Location, locate

__all__ = [
    "SUPPORTED",
    "DocumentAssemblerParams",
    "Location",
    "NerConverterParams",
    "NetworkWeights",
    "OnnxFile",
    "Pipeline",
    "SentenceDetectorDL",
    "SentenceDetectorParams",
    "Stage",
    "TokenClassifier",
    "TokenizerParams",
    "find",
    "find_cached",
    "locate",
    "read",
]
