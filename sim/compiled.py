"""Functions compiled to machine code when they are first called, and kept on disk for the next process.

What they compute is the same on every processor: they round as IEEE 754 says (neither fast-math nor fused
multiplication and addition), and call nothing whose last digit is left to a library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
"""Division by 0 gives infinity, as in NumPy; other threads run meanwhile."""

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function of numbers and arrays, once for each combination of their types."""
    try:
        return cast(F, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:
        # No folder can be written to, neither beside the module nor at home: then each process compiles for itself.
        return cast(F, numba.njit(**_OPTIONS)(function))
