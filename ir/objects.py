"""NumPy where reals are objects, Fractions for one: what its floats would round, is kept exact.

The code text of an operation is read in it when arguments hold objects.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from cats.ir.spaces import Shape, Value

Number = Callable[[Fraction], Any]
"""A field: what makes one of its numbers from a fraction."""

Array = np.ndarray[Any, Any]


def mapped(f: Callable[..., Any], *arrays: Array) -> Array:
    """f on every entry, as an object array of the same shape, also without axes.

    >>> mapped(lambda x: x + 1, np.array([Fraction(1, 2)]))
    array([Fraction(3, 2)], dtype=object)
    """
    return np.asarray(np.frompyfunc(f, len(arrays), 1)(*arrays), object)


class ExactLinalg:
    """np.linalg on objects: Gaussian elimination with the numbers of a field.

    >>> a = np.array([[Fraction(0), Fraction(2)], [Fraction(1), Fraction(1)]])
    >>> ExactLinalg(Fraction).det(a)
    Fraction(-2, 1)
    """

    def __init__(self, number: Number) -> None:
        self.number = number

    def solve(self, a: Array, b: Array) -> Array:
        """x with a x = b. Raises LinAlgError where a is singular."""
        x, y = self._entered(a), self._entered(b)
        found = [_substituted(_eliminated(x[i], y[i])[0], y[i]) for i in np.ndindex(a.shape[:-2])]
        return np.array(found, object).reshape(b.shape)

    def inv(self, a: Array) -> Array:
        """x with a x = 1."""
        one = np.eye(a.shape[-1], dtype=int).astype(object)
        return self.solve(a, np.broadcast_to(one, a.shape))

    def det(self, a: Array) -> Value:
        """The product of the pivots, with the sign of the exchanges."""
        x, found = self._entered(a), []
        for i in np.ndindex(a.shape[:-2]):
            rows, sign = _eliminated(x[i], x[i])
            found.append(math.prod(np.diag(rows), start=self.number(Fraction(sign))))
        return np.array(found, object).reshape(a.shape[:-2])[()]

    def _entered(self, a: Array) -> Array:
        """Integers as numbers of the field, so that they divide exactly."""
        return mapped(lambda x: self.number(Fraction(x)) if isinstance(x, int) else x, a)


def _eliminated(a: Array, b: Array) -> tuple[Array, int]:
    """[a | b] with nothing below the diagonal of a, and the sign of the exchanges of rows."""
    n, sign = len(a), 1
    rows = np.concatenate([a, b.reshape(n, -1) if n else a], 1)
    for p in range(n):
        pivot = next((i for i in range(p, n) if rows[i, p]), p)
        if pivot != p:
            rows[[p, pivot]], sign = rows[[pivot, p]], -sign
        for i in range(p + 1, n) if rows[p, p] else ():
            rows[i, p + 1 :] = rows[i, p + 1 :] - rows[p, p + 1 :] * (rows[i, p] / rows[p, p])
    return rows, sign


def _substituted(rows: Array, b: Array) -> Array:
    """x with a x = b, for the eliminated rows of [a | b]."""
    n = len(rows)
    x = rows[:, n:].copy()
    for p in reversed(range(n)):
        if not rows[p, p]:
            raise np.linalg.LinAlgError("Singular matrix")
        for j in range(p + 1, n):
            x[p] = x[p] - x[j] * rows[p, j]
        x[p] = x[p] / rows[p, p]
    return x.reshape(b.shape)


class Objects:
    """np.float64 where reals are objects: a dtype, and the conversion to it.

    >>> Objects()(np.array([True, False])), np.zeros(1, Objects()).dtype
    (array([True, False], dtype=object), dtype('O'))
    """

    dtype = np.dtype(object)

    def __call__(self, x: Value) -> Value:
        return np.asarray(x).astype(object)[()]


class ObjectNumpy:
    """NumPy, as code text sees it: its real dtypes hold objects, and so do its zeros.

    number  makes the numbers it writes itself

    >>> ObjectNumpy().zeros((2,), ObjectNumpy.float64)
    array([Fraction(0, 1), Fraction(0, 1)], dtype=object)
    """

    float32 = float64 = Objects()

    def __init__(self, number: Number = Fraction) -> None:
        self.number = number
        self.linalg = ExactLinalg(number)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def zeros(self, shape: Shape, dtype: Any) -> Array:
        """Zeros of the field where NumPy would write floats."""
        return self.full_like(np.zeros(shape, dtype), 0)

    def full_like(self, x: Value, fill: float) -> Array:
        """An array of one number of the field."""
        given = np.asarray(x)
        if given.dtype != object:
            return np.full_like(given, fill)
        return np.full(given.shape, self.number(Fraction(fill)), object)


def holds_objects(value: Value) -> bool:
    """Whether it is a number, or an array of numbers, that is no number of NumPy's.

    >>> holds_objects(Fraction(1, 2)), holds_objects(np.ones(2)), holds_objects(1.0)
    (True, False, False)
    """
    if isinstance(value, np.ndarray):
        return bool(value.dtype.hasobject)
    return not isinstance(value, float | int | np.generic | list | tuple)
