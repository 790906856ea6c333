"""Exact numbers for NumPy: integers modulo a prime, and a NumPy for the numbers of a field."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from cats.ir.objects import Array, ObjectNumpy, mapped
from cats.ir.spaces import Value


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


def _between(at: Any, xp: Array, fp: Array) -> Any:
    """The interpolated value at one place."""
    after = int(np.searchsorted(xp, at, "right"))
    if after in (0, len(xp)):
        return fp[max(after - 1, 0)]
    slope = (fp[after] - fp[after - 1]) / (xp[after] - xp[after - 1])
    return fp[after - 1] + slope * (at - xp[after - 1])


class ExactNumpy(ObjectNumpy):
    """The same for the numbers of a field: what NumPy does by floats is replaced.

    >>> ExactNumpy(Fraction).rint(np.array([Fraction(5, 2)], object))
    array([2], dtype=object)
    """

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
