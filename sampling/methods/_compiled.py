"""Loops that numba compiles where it is installed (extra `fast`); the same loops run uncompiled in tests."""

import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Final, TypeVar, cast

__all__ = ["FEW", "SWITCH", "compiled", "wanted"]

F = TypeVar("F", bound=Callable[..., Any])

SWITCH: Final = "HYOHON_COMPILED"
"""Environment variable: 0 never, 1 always (plain Python where numba is missing: slow, for tests)."""
FEW: Final = 5000
"""Units from which the compiled loops are taken: loading numba takes half a second, once in a process."""


@cache
def _numba() -> Any:
    """Return the numba module, or None where it is missing or does not fit the numpy that is installed."""
    try:
        return import_module("numba")
    except ImportError:
        return None


def wanted(units: int) -> bool:
    """Whether a method runs its compiled loop: both ways draw the same sample from the same generator.

    Parameters
    ----------
    units : int
        Population size.

    Returns
    -------
    bool
    """
    setting = os.environ.get(SWITCH, "")
    if setting in ("0", "1"):
        return setting == "1"
    return units >= FEW and _numba() is not None


def compiled(function: F) -> F:
    """Compile a loop on arrays; without numba it stays what it is.

    The machine code is kept beside the module (or in the user's cache folder) for the next process; where no
    folder can be written, it is made anew in each.

    Parameters
    ----------
    function : callable
        A function of arrays and numbers, calling only functions compiled like it.

    Returns
    -------
    callable
    """
    numba = _numba()
    if numba is None:
        return function
    try:
        return cast(F, numba.njit(cache=True, error_model="numpy", forceinline=True)(function))
    except RuntimeError:  # no folder for the machine code
        return cast(F, numba.njit(error_model="numpy")(function))
