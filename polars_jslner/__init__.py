"""Clinical entities from Polars text columns.

    df.with_columns(pl.col("text").jslner.entities())

Importing the package registers the ``jslner`` namespace on Expr and Series and loads
neither ONNX Runtime nor Numba nor tokenizers.
"""

from polars_jslner import namespace as _namespace  # registers `jslner`
from polars_jslner.config import configure
from polars_jslner.errors import (
    FileError,
    InferenceError,
    InputTypeError,
    JslNerError,
    JslNerWarning,
    ModelFormatError,
    ModelNotFoundError,
    OptionError,
)
from polars_jslner.evaluation import evaluate
from polars_jslner.files import FileReport, Summary, annotate_files
from polars_jslner.functions import annotations, entities, sentences, tokens
from polars_jslner.html import Html, render
from polars_jslner.models import Model, load_model

__version__ = "0.1.0"

__all__ = [
    "FileError",
    "FileReport",
    "Html",
    "InferenceError",
    "InputTypeError",
    "JslNerError",
    "JslNerWarning",
    "Model",
    "ModelFormatError",
    "ModelNotFoundError",
    "OptionError",
    "Summary",
    "annotate_files",
    "annotations",
    "configure",
    "entities",
    "evaluate",
    "load_model",
    "render",
    "sentences",
    "tokens",
]

del _namespace
