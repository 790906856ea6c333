"""Functions of Python's `math` that are no function of NumPy, by title."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.primitive import Primitive
from cats.ir.prims import math_functions
from cats.ir.spaces import Value
from cats.surface.shapes import ravel
from cats.surface.values import lifted, recorder_of, with_dtype


def _of_doubles(op: Primitive) -> Callable[..., Value]:
    """A function of numbers, which `math` computes in double precision."""

    def call(*args: Value) -> Value:
        recorder = recorder_of(*args)
        return op(*[with_dtype(lifted(recorder, a), np.float64) for a in args])

    return call


def _of_lines(op: Primitive) -> Callable[..., Value]:
    """A function of sequences of numbers."""

    def call(*lines: Value) -> Value:
        recorder = recorder_of(*lines)
        listed = [v if isinstance(v, list) or hasattr(v, "ndim") else list(v) for v in lines]
        return op(*[with_dtype(ravel(lifted(recorder, v)), np.float64) for v in listed])

    return call


_SAID = {
    "erf": _of_doubles(math_functions.math_erf),
    "erfc": _of_doubles(math_functions.math_erfc),
    "gamma": _of_doubles(math_functions.math_gamma),
    "lgamma": _of_doubles(math_functions.math_lgamma),
    "fma": _of_doubles(math_functions.fma),
    "fsum": _of_lines(math_functions.fsum),
    "sumprod": _of_lines(math_functions.sumprod),
}

NAMES: dict[Any, Callable[..., Value]] = {
    f"math.{name}": said for name, said in _SAID.items() if hasattr(math, name)
}
"""Those that the `math` of this Python has."""
