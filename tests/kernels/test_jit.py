from __future__ import annotations

import numba
import pytest

from polars_jslner.kernels._jit import jit


def test_kernel_without_a_place_for_its_cache_still_compiles():
    # What Numba meets in a read-only install without HOME, made by a nameless file.
    names: dict = {}
    exec(compile("def add(a, b):\n    return a + b\n", "<nowhere>", "exec"), names)
    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(names["add"])
    assert jit(names["add"])(2, 3) == 5
