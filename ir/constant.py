"""Constants: arrays that can be hashed and compared by content, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from cats.ir.spaces import Ground, Value, ground, native


class Constant:
    """A read-only array; equal to another when dtype, shape and bits agree (0.0 is not -0.0).

    >>> Constant(0.0) == Constant(-0.0), Constant(1.0) == Constant(1), Constant(2.0)
    (False, False, Constant(2.0))
    """

    __slots__ = ("_hash", "_number", "array")

    array: np.ndarray[Any, Any]
    _number: Value

    def __init__(self, value: Value) -> None:
        array = native(np.array(value, copy=True, order="C"))
        array.flags.writeable = False
        self.array = array
        self._hash = hash((array.dtype.str, array.shape, self._bits()))

    def _bits(self) -> object:
        return tuple(self.array.ravel()) if self.array.dtype == object else self.array.tobytes()

    @property
    def space(self) -> Ground:
        """The ground space the array lies in."""
        return ground(self.array.shape, self.array.dtype)

    @property
    def value(self) -> Value:
        """The array itself, or the NumPy scalar when it has no axes."""
        return self.array[()]

    @property
    def number(self) -> Value:
        """The NumPy scalar that every entry is, to the last bit; None where entries differ.

        >>> Constant([2.0, 2.0]).number, Constant([0.0, -0.0]).number
        (np.float64(2.0), None)
        """
        if not hasattr(self, "_number"):
            flat = self.array.reshape(-1)
            alike = flat.size and self.array.dtype != object
            alike = alike and flat[:1].tobytes() * flat.size == self.array.tobytes()
            self._number = flat[0] if alike else None
        return self._number

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Constant)
            and self._hash == other._hash
            and self.array.dtype == other.array.dtype
            and self.array.shape == other.array.shape
            and self._bits() == other._bits()
        )

    def __repr__(self) -> str:
        array = self.array
        if array.ndim == 0 and array.dtype in (np.float64, np.int64, np.bool_):
            return f"Constant({array.item()!r})"
        if array.dtype in (np.float64, np.int64, np.bool_) and array.size:
            return f"Constant({array.tolist()!r})"
        return f"Constant(np.array({array.tolist()!r}, {array.dtype.str!r}).reshape({array.shape}))"

    def __str__(self) -> str:
        if self.array.size > 8:
            return f"<{'x'.join(map(str, self.array.shape))} {self.array.dtype}>"
        return repr(self.array.tolist())

    def __reduce__(self) -> tuple[object, ...]:
        return (Constant, (self.array,))


def read_only(value: Value) -> Value:
    """The same value, of which an array cannot be written into.

    >>> read_only(np.ones(2)).flags.writeable
    False
    """
    if not isinstance(value, np.ndarray):
        return value
    seen = value.view()
    seen.flags.writeable = False
    return seen
