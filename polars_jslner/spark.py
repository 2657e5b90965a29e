"""The pipeline on Spark: a column for a DataFrame, found by ``mapInArrow``."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from polars_jslner import extras
from polars_jslner.arrow import Options, arrow_column
from polars_jslner.config import configure
from polars_jslner.errors import InputTypeError, OptionError
from polars_jslner.models import Model, load_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from pyspark.sql import (  # pyright: ignore[reportMissingImports]
        DataFrame,
    )

    from polars_jslner.arrow import Find
    from polars_jslner.functions import AnnotationStage
    from polars_jslner.options import ModelSource
