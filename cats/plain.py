"""Plain arrays of numbers: what a trace takes for a constant, and what it refuses as one."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.spaces import Value

PLAIN = (np.ndarray, np.memmap)
"""The classes of arrays that compute as an array does."""


def as_array(value: Any) -> Any:
    """What an object of the traced code says it is as an array; anything else itself."""
    method = getattr(type(value), "__array__", None)
    if method is None or type(getattr(method, "__globals__", {})) is dict:
        return value
    return value if hasattr(type(value), "__array_ufunc__") else value.__array__()


def has_space(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of a dtype lie in a space: truth values, whole and real numbers."""
    return dtype.kind in "bui" or (dtype.kind == "f" and dtype.itemsize in (4, 8))


def plain_numbers(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array; one of fractions and other objects that are real numbers as one of floats."""
    if array.dtype != object:
        return array
    plain = np.array(array.tolist())
    return plain if plain.dtype != object else array.astype(np.float64)


def not_plain(kind: type) -> TraceError:
    """The error for an array of a class of its own."""
    return TraceError(
        f"a {kind.__name__} does not compute as an array does",
        remedy="Convert it with np.asarray, and a mask to np.where.",
    )


def refuse_strangers(value: Value) -> None:
    """Raises TraceError for a constant that is not a plain array of numbers."""
    if isinstance(value, np.ndarray) and type(value) not in PLAIN:
        raise not_plain(type(value))
    array = np.asarray(value)
    if array.dtype != object:
        return
    for entry in array.flat:
        if not isinstance(entry, numbers.Real):
            raise TraceError(
                f"{entry!r} of type {type(entry).__name__} is not a number",
                remedy="Use arrays, numbers, and lists of those.",
            )
