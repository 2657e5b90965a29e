"""The one way kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])


def jit(function: _Function) -> _Function:
    """Compile ``function`` with Numba: no Python objects, no GIL, cached on disk.

    Numba refuses to cache, already at decoration, where neither the package's folder
    nor a cache folder of the user can be written (a read-only container without HOME:
    numba issue 4908). There the kernel is compiled anew in each process instead.
    Never ``parallel=True``: its threading layer aborts when two threads enter.
    """
    # Nobody calls a kernel from C, and none divides by zero: without a wrapper for the
    # one and checks for the other, compiling takes a third less time.
    options: dict[str, Any] = {"no_cfunc_wrapper": True, "error_model": "numpy"}
    try:
        compiled = numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:
        compiled = numba.njit(nogil=True, **options)(function)
    return cast("_Function", compiled)
