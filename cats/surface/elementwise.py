"""NumPy's entrywise functions, with NumPy's own promotion of dtypes and shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.primitive import Primitive
from cats.ir.prims import algebra, choice, pairs, smooth
from cats.ir.prims.algebra import div, ipow, mul, neg, sub
from cats.ir.spaces import Real, Value
from cats.places import users_place
from cats.surface.values import (
    common_shape,
    expand,
    is_number,
    kind_of,
    lifted,
    real,
    recorder_of,
    refuse_options,
    weak_type,
    with_dtype,
)
from cats.traced import Traced

_SAME = {
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
    np.bitwise_and: choice.logical_and,
    np.bitwise_or: choice.logical_or,
    np.invert: choice.logical_not,
    np.bitwise_xor: choice.not_equal,
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
}
"""Universal functions that are one primitive each."""

_TRUTH_ONLY = {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert}
_TRUTH = {np.logical_and, np.logical_or, np.logical_not, np.logical_xor}


def _loop(ufunc: np.ufunc, args: tuple[Value, ...]) -> tuple[np.dtype[Any], ...]:
    """The dtypes NumPy itself would compute in. Raises TraceError where NumPy would refuse."""
    given = [
        weak_type(a) or (a.dtype if hasattr(a, "dtype") else np.asarray(a).dtype) for a in args
    ]
    if all(isinstance(g, type) for g in given):
        given = list(map(np.dtype, given))
    try:
        return ufunc.resolve_dtypes((*given, *(None,) * ufunc.nout))[: len(args)]
    except TypeError as error:
        raise TraceError(
            f"np.{ufunc.__name__} does not take {', '.join(map(str, given))}: {error}",
            where=users_place(),
        ) from None


def entrywise(ufunc: np.ufunc, op: Primitive, *args: Value) -> Value:
    """The primitive on arguments promoted and broadcast as the ufunc would."""
    if _alike(args) and ufunc not in _TRUTH and ufunc not in _TRUTH_ONLY:
        return op(*args)
    recorder = recorder_of(*args)
    args = tuple(a if is_number(a) else lifted(recorder, a) for a in args)
    dtypes = _truth(len(args)) if ufunc in _TRUTH else _loop(ufunc, args)
    if ufunc in _TRUTH_ONLY and any(d != np.bool_ for d in dtypes):
        raise TraceError(
            f"np.{ufunc.__name__} of integers is not known to cats",
            where=users_place(),
            remedy="Use it on truth values, or compute the integers before tracing.",
        )
    arrays = [with_dtype(a, d) for a, d in zip(args, dtypes, strict=True) if isinstance(a, Traced)]
    shape = common_shape(arrays)
    rest = iter(arrays)
    weak = next((a.space.dtype for a in arrays if a.shape == shape), None)
    return op(
        *[
            expand(next(rest), shape)
            if isinstance(a, Traced)
            else a
            if d.name == weak
            else expand(lifted(recorder, np.asarray(a, d)), shape)
            for a, d in zip(args, dtypes, strict=True)
        ]
    )


def _alike(args: tuple[Value, ...]) -> bool:
    """Whether all lie in one space of float64, so that nothing is promoted or broadcast."""
    first = args[0]
    if type(first) is not Traced or type(first.space) is not Real:
        return False
    space = first.space
    return space.dtype == "float64" and all(type(a) is Traced and a.space == space for a in args)


def _truth(count: int) -> tuple[np.dtype[Any], ...]:
    return (np.dtype(np.bool_),) * count


def _ufunc(ufunc: np.ufunc, op: Primitive) -> Callable[..., Value]:
    def call(*args: Value, **options: Any) -> Value:
        refuse_options(f"np.{ufunc.__name__}", {k: v for k, v in options.items() if v is not True})
        return entrywise(ufunc, op, *args)

    return call


def square(x: Traced, **options: Any) -> Value:
    """np.square: x * x."""
    refuse_options("np.square", options)
    return entrywise(np.multiply, mul, x, x)


def positive(x: Traced) -> Value:
    """+x."""
    return x


def power(x: Value, y: Value, **options: Any) -> Value:
    """x ** y: a whole static exponent is an integer power."""
    refuse_options("np.power", options)
    if is_number(y) or (isinstance(y, np.integer | np.floating)):
        traced = lifted(recorder_of(x), x)
        if isinstance(traced.space, Real) and float(y).is_integer() and abs(y) < 2**31:
            if isinstance(y, np.generic):
                traced = with_dtype(traced, np.result_type(traced.dtype, y.dtype))
            return mul(traced, traced) if y == 2 else ipow(traced, n=int(y))
        if isinstance(traced.space, Real) and float(y) == 0.5:
            return entrywise(np.sqrt, smooth.sqrt, traced)
    return entrywise(np.power, pairs.power, x, y)


def sinc(x: Traced) -> Value:
    """np.sinc, of real numbers."""
    return smooth.sinc(real(lifted(recorder_of(x), x)))


def where(condition: Value, *sides: Value) -> Value:
    """np.where with three arguments: a choice by mask, entry by entry."""
    x, y = sides
    recorder = recorder_of(condition, x, y)
    mask = with_dtype(lifted(recorder, condition), np.bool_)
    dtype = np.result_type(*[kind_of(v) for v in (x, y)])
    values = [
        lifted(recorder, np.asarray(v, dtype))
        if is_number(v)
        else with_dtype(lifted(recorder, v), dtype)
        for v in (x, y)
    ]
    shape = common_shape([mask, *values])
    return choice.select(*[expand(v, shape) for v in (mask, *values)])


def clip(x: Value, a_min: Value = None, a_max: Value = None, **options: Any) -> Value:
    """np.clip: the middle one; at a bound both share the derivative."""
    low = options.pop("min", None) if a_min is None else a_min
    high = options.pop("max", None) if a_max is None else a_max
    refuse_options("np.clip", options)
    if low is not None:
        x = entrywise(np.maximum, choice.maximum, x, low)
    if high is not None:
        x = entrywise(np.minimum, choice.minimum, x, high)
    return x


def round_(x: Traced, decimals: int = 0, **options: Any) -> Value:
    """np.round: derivative 0."""
    refuse_options("np.round", options)
    if not isinstance(x.space, Real) and decimals >= 0:
        return x
    if decimals == 0:
        return entrywise(np.rint, choice.rint, x)
    factor = 10.0**decimals
    return div(choice.rint(mul(lifted(recorder_of(x), x), factor)), factor)


def subtract(x: Value, y: Value) -> Value:
    """x - y, promoted and broadcast."""
    return entrywise(np.subtract, sub, x, y)


def negative(x: Value) -> Value:
    """-x, promoted."""
    return entrywise(np.negative, neg, x)


def alike(x: Value, y: Value) -> Value:
    """x == y; what is no number equals none."""
    return _compared(np.equal, choice.equal, x, y, False)


def unlike(x: Value, y: Value) -> Value:
    """x != y; what is no number differs from all."""
    return _compared(np.not_equal, choice.not_equal, x, y, True)


def _compared(ufunc: np.ufunc, op: Primitive, x: Value, y: Value, otherwise: bool) -> Value:
    for value in (x, y):
        if value is None or isinstance(value, str | bytes | dict | set | type):
            other = y if value is x else x
            return np.full(np.shape(other), otherwise)[()]
    return entrywise(ufunc, op, x, y)


NAMES: dict[Any, Callable[..., Value]] = {
    "==": alike,
    "!=": unlike,
    **{ufunc: _ufunc(ufunc, op) for ufunc, op in _SAME.items()},
    np.square: square,
    np.positive: positive,
    np.conjugate: positive,
    np.power: power,
    "**": power,
    np.sinc: sinc,
    np.where: where,
    np.clip: clip,
    np.round: round_,
}
