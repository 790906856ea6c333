"""Exact numbers for NumPy: integers modulo a prime, and a NumPy whose real dtypes hold objects."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from cats.ir.spaces import Shape, Value

Number = Callable[[Fraction], Any]
"""A field: what makes one of its numbers from a fraction."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Residue:
    """An integer modulo a prime.

    >>> Residue(3, 101) / Residue(2, 101)
    52 mod 101
    """

    value: int
    prime: int

    def _with(self, value: int) -> Residue:
        return Residue(value % self.prime, self.prime)

    def __add__(self, other: Residue | int) -> Residue:
        return self._with(self.value + int(other))

    def __sub__(self, other: Residue | int) -> Residue:
        return self._with(self.value - int(other))

    def __mul__(self, other: Residue | int) -> Residue:
        return self._with(self.value * int(other))

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Residue) -> Residue:
        return self * other**-1

    def __neg__(self) -> Residue:
        return self._with(-self.value)

    def __pow__(self, n: int) -> Residue:
        if n < 0 and self.value == 0:
            raise ZeroDivisionError(f"0 mod {self.prime} has no inverse")
        return Residue(pow(self.value, n, self.prime), self.prime)

    def __int__(self) -> int:
        return self.value

    def __bool__(self) -> bool:
        return self.value != 0

    def __repr__(self) -> str:
        return f"{self.value} mod {self.prime}"


@dataclass(frozen=True)
class Modulo:
    """The field of integers modulo a prime, as `OnField` takes it."""

    prime: int

    def __call__(self, x: Fraction) -> Residue:
        return Residue(x.numerator * pow(x.denominator, -1, self.prime) % self.prime, self.prime)


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


def _between(at: Any, xp: Array, fp: Array) -> Any:
    """The interpolated value at one place."""
    after = int(np.searchsorted(xp, at, "right"))
    if after in (0, len(xp)):
        return fp[max(after - 1, 0)]
    slope = (fp[after] - fp[after - 1]) / (xp[after] - xp[after - 1])
    return fp[after - 1] + slope * (at - xp[after - 1])


class Objects:
    """np.float64 where reals are objects: a dtype, and the conversion to it.

    >>> Objects()(np.array([True, False])), np.zeros(1, Objects()).dtype
    (array([True, False], dtype=object), dtype('O'))
    """

    dtype = np.dtype(object)

    def __call__(self, x: Value) -> Value:
        return np.asarray(x).astype(object)[()]


class ExactNumpy:
    """NumPy, as code text sees it when reals are objects: what NumPy does by floats is replaced.

    >>> ExactNumpy(Fraction).rint(np.array([Fraction(5, 2)], object))
    array([2], dtype=object)
    """

    float32 = float64 = Objects()

    def __init__(self, number: Number) -> None:
        self.number = number
        self.linalg = ExactLinalg(number)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def zeros(self, shape: Shape, dtype: Any) -> Array:
        """Zeros of the field where NumPy would write floats."""
        return self.full_like(np.zeros(shape, dtype), 0)

    def full_like(self, x: Array, fill: float) -> Array:
        """An array of one number of the field."""
        if x.dtype != object:
            return np.full_like(x, fill)
        return np.full(x.shape, self.number(Fraction(fill)), object)

    def isfinite(self, x: Array) -> Value:
        """Always: there is no infinity."""
        return np.ones(x.shape, bool)

    def isnan(self, x: Array) -> Value:
        """Never."""
        return np.zeros(x.shape, bool)

    def interp(self, x: Value, xp: Array, fp: Array) -> Array:
        """The straight line between two knots; beyond the last of either end its value."""
        return mapped(lambda at: _between(at, xp, fp), x)

    def reciprocal(self, x: Array) -> Array:
        """1 / x."""
        one = self.number(Fraction(1))
        return mapped(lambda a: one / a, x)

    def rint(self, x: Array) -> Array:
        """The nearest integer, the even one at a tie."""
        return mapped(round, x)

    def fmod(self, x: Array, y: Array) -> Array:
        """What is left of x after division by y, with the sign of x."""
        return mapped(lambda a, b: a - math.trunc(a / b) * b, x, y)

    def copysign(self, x: Array, y: Array) -> Array:
        """x with the sign of y; zero counts as positive."""
        return mapped(lambda a, b: abs(a) if b >= 0 else -abs(a), x, y)
