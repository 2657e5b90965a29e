"""The saved models for the tests in this folder."""

from __future__ import annotations

from tests.sparknlp_models import spark_models

__all__ = ["spark_models"]
