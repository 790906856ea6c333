"""Values as Python writes them, `np` being NumPy: what stands in code text for a parameter."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from cats.ir.constant import Constant
from cats.ir.errors import BackendError


def literal(value: Any) -> str:
    r"""The value as Python text, which evaluates to it. Raises BackendError for other things.

    >>> literal((1, float("nan"))), literal("a'b"), literal(Constant(np.float32(2)))
    ('(1, np.nan)', '"a\'b"', 'np.float32(2.0)')
    """
    match value:
        case Constant():
            return _array(value.array)
        case tuple():
            return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
        case np.generic():
            return literal(value.item())
        case float() if value != value:
            return "np.nan"
        case float() if value in (np.inf, -np.inf):
            return "np.inf" if value > 0 else "-np.inf"
        case None | bool() | int() | float() | str() | Fraction():
            return repr(value)
        case _:
            raise BackendError(
                f"{value!r} is a parameter, and cannot be written as Python text",
                remedy="Parameters are numbers, text, None, constants and tuples of these.",
            )


def _array(array: np.ndarray[Any, Any]) -> str:
    if array.ndim == 0:
        text = literal(array[()])
        usual = array.dtype in (np.float64, np.int64, np.bool_)
        return text if usual else f"np.{array.dtype}({text})"
    entries = ", ".join([literal(entry) for entry in array.ravel()])
    flat = f"np.array([{entries}], dtype=np.{array.dtype})"
    return flat if array.ndim == 1 else f"{flat}.reshape({array.shape})"
