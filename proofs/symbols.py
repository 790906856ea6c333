"""Symbols: what a primitive computes when it is given formulas, and linear maps as their slopes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from cats.functor import BIPRODUCTS
from cats.ir.linear import Leaf, Params
from cats.ir.primitive import Primitive
from cats.ir.spaces import BOOL, Ground, R, Space, Value, size

CONSTANTS = (
    *(f for n in (2, 10) for f in (sp.log(n), 1 / sp.log(n))),
    *(sp.pi / 180, 180 / sp.pi, sp.sqrt(sp.pi), 2 / sp.sqrt(sp.pi)),
    *(sp.pi, sp.pi / 2, 2 * sp.pi, sp.sqrt(sp.pi) / 2, sp.sqrt(2 * sp.pi), 1 / sp.sqrt(2)),
    *(sp.sqrt(2), sp.sqrt(2 / sp.pi), 1 / sp.sqrt(sp.pi)),
    *(1 / sp.sqrt(2 * sp.pi), 1 / sp.sqrt(8 * sp.pi)),
)
"""Numbers a rule may write as the nearest float."""


SMALL = 12
"""The largest denominator of a ratio that a rule may write so."""


@dataclass(frozen=True)
class Symbol:
    """A formula where a number would be; primitives called on it substitute into `meaning`."""

    formula: Any

    @property
    def space(self) -> Ground:
        boolean = isinstance(self.formula, sp.logic.boolalg.Boolean)
        return BOOL if boolean and not isinstance(self.formula, sp.Symbol) else R

    @property
    def recorder(self) -> Symbol:
        return self

    @property
    def stamp(self) -> int:
        return 0

    def emit(self, op: Primitive, args: tuple[Value, ...], params: Params) -> Symbol:
        if not op.meaning:
            raise TypeError(f"{op.name} has no formula")
        return Symbol(meaning(op, [formula(a) for a in args], params))


@dataclass(frozen=True)
class Truth(Symbol):
    """A formula that is true or false."""

    @property
    def space(self) -> Ground:
        return BOOL


def formula(value: Value) -> Any:
    """The formula of an argument; a float is the constant, or the small ratio, it is nearest to."""
    if isinstance(value, Symbol):
        return value.formula
    if np.asarray(value).dtype == bool:
        return sp.sympify(bool(value))
    for constant in CONSTANTS:
        if abs(float(value)) == float(constant):
            return constant if value > 0 else -constant
    exact = Fraction(float(value))
    small = exact.limit_denominator(SMALL)
    ratio = small if float(small) == float(value) else exact
    return sp.Rational(ratio.numerator, ratio.denominator)


def meaning(op: Primitive, args: list[Any], params: Params) -> Any:
    """The formula of the operation at these arguments."""
    names = [sp.Symbol(name) for name in "xyzuvw"[: len(args)]]
    fixed = {name: formula(v) if isinstance(v, float) else v for name, v in params}
    known = {**{str(n): n for n in names}, **fixed, "pi": sp.pi}
    whole = sp.sympify(op.meaning, locals=known)
    return sp.sympify(whole).xreplace(dict(zip(names, args, strict=True)))


class Slopes:
    """A -o B between products of numbers, as the matrix of its slopes, which are formulas."""

    keeps = BIPRODUCTS

    def identity(self, a: Space, /) -> Any:
        return sp.eye(width(a))

    def zero(self, a: Space, b: Space, /) -> Any:
        return sp.zeros(width(b), width(a))

    def then(self, f: Any, g: Any, /) -> Any:
        return g * f

    def fork(self, fs: tuple[Any, ...], /) -> Any:
        return sp.Matrix.vstack(*fs)

    def join(self, fs: tuple[Any, ...], /) -> Any:
        return sp.Matrix.hstack(*fs)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Any:
        start = sum(map(width, spaces[:i]))
        total = sum(map(width, spaces))
        return sp.eye(total)[start : start + width(spaces[i]), :]

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Any:
        return self.proj(spaces, i).T

    def scale(self, a: Space, by: Value, /) -> Any:
        return formula(by) * sp.eye(width(a))

    def leaf(self, leaf: Leaf, /) -> Any:
        """A linear function is its value at one."""
        slope = leaf.op.apply(leaf, Symbol(sp.Integer(1)))
        return sp.Matrix([[formula(slope)]])


def width(space: Space) -> int:
    """How many numbers a tangent of the space holds."""
    return size(space)
