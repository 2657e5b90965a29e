"""The one way kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])


# Nobody calls a kernel from C, and none divides by zero: without a wrapper for the one
# and checks for the other, compiling takes a third less time.
_OPTIONS = {"nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy"}


def jit(function: _Function) -> _Function:
    """Compile ``function`` with Numba: no Python objects, no GIL, cached on disk.

    Numba refuses to cache, already at decoration, where neither the package's folder
    nor a cache folder of the user can be written (a read-only container without HOME:
    numba issue 4908). There the kernel is compiled anew in each process instead.
    Never ``parallel=True``: its threading layer aborts when two threads enter.
    """
    try:
        compiled = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:
        compiled = numba.njit(**_OPTIONS)(function)
    return cast("_Function", compiled)
