"""NumPy's universal functions, each in terms of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.calls import called
from cats.ir.primitive import Primitive
from cats.ir.prims import algebra, choice, pairs, smooth, universal
from cats.ir.prims.algebra import ipow, mul, neg
from cats.ir.prims.choice import isnan, select
from cats.ir.prims.universal import discrete, fraction, ldexp
from cats.ir.spaces import Real, Value
from cats.surface.promotion import Loop, Said, entrywise, loop, one, promoted, ufunc
from cats.surface.values import is_number, lifted, recorder_of, with_dtype
from cats.traced import Traced

ONE: dict[np.ufunc, Primitive] = {
    np.add: algebra.add,
    np.subtract: algebra.sub,
    np.multiply: algebra.mul,
    np.divide: algebra.div,
    np.negative: algebra.neg,
    np.less: choice.less,
    np.less_equal: choice.less_equal,
    np.greater: choice.greater,
    np.greater_equal: choice.greater_equal,
    np.equal: choice.equal,
    np.not_equal: choice.not_equal,
    np.isfinite: choice.isfinite,
    np.isnan: choice.isnan,
    np.logical_and: choice.logical_and,
    np.logical_or: choice.logical_or,
    np.logical_not: choice.logical_not,
    np.logical_xor: choice.not_equal,
    np.maximum: choice.maximum,
    np.minimum: choice.minimum,
    np.sign: choice.sign,
    np.floor: choice.floor,
    np.ceil: choice.ceil,
    np.rint: choice.rint,
    np.trunc: choice.trunc,
    np.floor_divide: choice.floor_divide,
    np.absolute: choice.abs,
    np.fabs: choice.abs,
    np.copysign: choice.copysign,
    np.remainder: choice.remainder,
    np.fmod: choice.fmod,
    np.exp: smooth.exp,
    np.exp2: smooth.exp2,
    np.expm1: smooth.expm1,
    np.log: smooth.log,
    np.log2: smooth.log2,
    np.log10: smooth.log10,
    np.log1p: smooth.log1p,
    np.sqrt: smooth.sqrt,
    np.cbrt: smooth.cbrt,
    np.sin: smooth.sin,
    np.cos: smooth.cos,
    np.tan: smooth.tan,
    np.arcsin: smooth.arcsin,
    np.arccos: smooth.arccos,
    np.arctan: smooth.arctan,
    np.sinh: smooth.sinh,
    np.cosh: smooth.cosh,
    np.tanh: smooth.tanh,
    np.arcsinh: smooth.arcsinh,
    np.arccosh: smooth.arccosh,
    np.arctanh: smooth.arctanh,
    np.reciprocal: smooth.reciprocal,
    np.deg2rad: smooth.deg2rad,
    np.radians: smooth.deg2rad,
    np.rad2deg: smooth.rad2deg,
    np.degrees: smooth.rad2deg,
    np.hypot: pairs.hypot,
    np.arctan2: pairs.arctan2,
    np.logaddexp: pairs.logaddexp,
    np.logaddexp2: pairs.logaddexp2,
    np.float_power: pairs.power,
    np.heaviside: universal.heaviside,
    np.ldexp: universal.ldexp,
    np.spacing: universal.spacing,
    np.nextafter: universal.nextafter,
}
"""Universal functions that are one primitive each."""

DISCRETE = (np.isinf, np.signbit, np.gcd, np.lcm, np.left_shift, np.right_shift, np.bitwise_count)
"""Those that give whole numbers or truth values, and that nothing else needs to know."""

_BITS = {
    np.bitwise_and: choice.logical_and,
    np.bitwise_or: choice.logical_or,
    np.bitwise_xor: choice.not_equal,
    np.invert: choice.logical_not,
}
"""Those that of truth values are logic."""


def _of_bits(logic: Primitive) -> Said:
    def said(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
        def op(*xs: Value) -> Value:
            truths = any(isinstance(x, Traced) and x.dtype == np.bool_ for x in xs)
            return logic(*xs) if truths else discrete(*xs, of=of.__name__)

        return entrywise(of, op, *args, options=options)

    return said


def _discrete(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    return discrete(*promoted(of, discrete, args, options), of=of.__name__)


# Those of more than one step


def _square(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    """np.square: x * x."""
    (x,) = promoted(of, mul, args, options)
    return mul(x, x)


def _itself(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    """np.positive, np.conjugate: x."""
    (x,) = promoted(of, neg, args, options)
    return x


def _divmod(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    """np.divmod: the quotient and the remainder."""
    x, y = promoted(of, choice.floor_divide, args, options)
    return choice.floor_divide(x, y), choice.remainder(x, y)


def _modf(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    """np.modf: the fraction, which varies as x does, and the whole number."""
    (x,) = promoted(of, fraction, args, options)
    return fraction(x), choice.trunc(x)


def _frexp(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    """np.frexp: x = m 2**n with 1/2 <= |m| < 1."""
    (x,) = promoted(of, fraction, args, options)
    n = discrete(x, of="frexp")
    return ldexp(x, discrete(n, of="negative")), n


def _power(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    """x ** y: a whole static exponent is an integer power."""
    x, y = args
    if not is_number(y) and not isinstance(y, np.integer | np.floating):
        return entrywise(of, pairs.power, x, y, options=options)
    fixed = float(y)
    given = lifted(recorder_of(x), x)
    if options.where is not True or not (fixed == 0.5 or fixed.is_integer()) or abs(fixed) >= 2**31:
        return entrywise(of, pairs.power, x, y, options=options)
    base = with_dtype(given, loop(of, (given, y), options)[0])
    if not isinstance(base.space, Real):
        return entrywise(of, pairs.power, x, y, options=options)
    if fixed == 0.5:
        return smooth.sqrt(base)
    return mul(base, base) if fixed == 2 else ipow(base, n=int(fixed))


def _passing_nan(extreme: Primitive) -> Said:
    """np.fmax, np.fmin: the larger or the smaller one, or that which is not nan."""

    def said(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
        recorder, given = recorder_of(*args), promoted(of, extreme, args, options)
        like = next(v for v in given if isinstance(v, Traced))
        if not isinstance(like.space, Real):
            return extreme(*given)
        x, y = [recorder.lift(v, like.space) for v in given]
        return extreme(select(isnan(x), y, x), select(isnan(y), x, y))

    return said


MORE: dict[np.ufunc, Said] = {
    **{of: _of_bits(logic) for of, logic in _BITS.items()},
    **dict.fromkeys(DISCRETE, _discrete),
    np.fmax: _passing_nan(choice.maximum),
    np.fmin: _passing_nan(choice.minimum),
    np.square: _square,
    np.positive: _itself,
    np.conjugate: _itself,
    np.divmod: _divmod,
    np.modf: _modf,
    np.frexp: _frexp,
    np.power: _power,
}
"""Universal functions of more than one step."""

SAID: dict[np.ufunc, Said] = {**{of: one(op) for of, op in ONE.items()}, **MORE}

NAMES: dict[Any, Callable[..., Value]] = {
    **{of: ufunc(of, said) for of, said in SAID.items()},
    "**": ufunc(np.power, _power),
}

power = NAMES[np.power]


def apply(of: np.ufunc, *args: Value, **options: Any) -> Value:
    """A universal function by its NumPy name, on traced values and others."""
    said = NAMES.get(of)
    return called(recorder_of(*args), of, args, options) if said is None else said(*args, **options)
