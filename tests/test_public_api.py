from __future__ import annotations

import inspect
import pkgutil

import polars as pl
import pytest

import polars_jslner as jn
from polars_jslner import errors

FUNCTIONS = ("entities", "tokens", "sentences", "annotations")


def test_all_lists_every_public_name():
    submodules = {module.name for module in pkgutil.iter_modules(jn.__path__)}
    public = {
        name
        for name, value in vars(jn).items()
        if not name.startswith("_") and name not in submodules
    }
    assert public == set(jn.__all__)


def test_no_submodule_hides_a_function():
    submodules = {module.name for module in pkgutil.iter_modules(jn.__path__)}
    assert not submodules & set(jn.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "holder", [pl.col("a").jslner, pl.Series(["a"]).jslner], ids=["expr", "series"]
)
def test_methods_have_the_signature_of_the_function(name, holder):
    function = inspect.signature(getattr(jn, name)).parameters
    method = inspect.signature(getattr(holder, name)).parameters
    assert [(p.name, p.kind, p.default) for p in method.values()] == [
        (p.name, p.kind, p.default) for p in function.values() if p.name != "text"
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_documented(name):
    function = getattr(jn, name)
    doc = inspect.getdoc(function)
    for parameter in inspect.signature(function).parameters:
        assert parameter in doc.split("Returns\n")[0].replace(",", " ").split()


def test_every_error_is_ours_and_a_builtin():
    tree = {
        jn.ModelNotFoundError: FileNotFoundError,
        jn.ModelFormatError: ValueError,
        jn.OptionError: ValueError,
        jn.InputTypeError: TypeError,
        jn.InferenceError: RuntimeError,
        jn.FileError: OSError,
        jn.MissingExtraError: ImportError,
    }
    for ours, builtin in tree.items():
        assert issubclass(ours, jn.JslNerError)
        assert issubclass(ours, builtin)
        assert ours.__name__ in (errors.__doc__ or "")
