"""Packages that are not base dependencies."""

from __future__ import annotations

import importlib
from typing import Any

from polars_jslner.errors import MissingExtraError


def load(module: str, extra: str) -> Any:
    """Import ``module``, or say which extra of ours brings it.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    package = module.partition(".")[0]
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise  # it is installed, and lacks something itself
        msg = (
            f"{package} is not installed. Install it with "
            f"`pip install 'polars-jslner[{extra}]'`."
        )
        raise MissingExtraError(msg, name=package) from error
    return importlib.import_module(module)
