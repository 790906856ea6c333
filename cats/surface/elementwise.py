"""NumPy's entrywise functions that are not universal ones: where, clip, round and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.calls import called
from cats.ir.primitive import Primitive
from cats.ir.prims import choice, smooth
from cats.ir.prims.algebra import div, mul, neg, sub
from cats.ir.prims.layout import stop
from cats.ir.prims.math_functions import bessel_i
from cats.ir.spaces import Real, Value
from cats.recorder import Recorder
from cats.surface.creation import boxed
from cats.surface.promotion import entrywise, refuse_strange
from cats.surface.ufuncs import apply
from cats.surface.values import (
    common_shape,
    expand,
    is_number,
    kind_of,
    lifted,
    real,
    recorder_of,
    weak_type,
    with_dtype,
)
from cats.traced import Traced

NONE = np._NoValue


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


def _sample(recorder: Recorder, value: Value) -> Any:
    """What a value counts as when dtypes are promoted: itself, or a dtype."""
    kind = weak_type(value)
    return lifted(recorder, value).dtype if kind is None else kind(0)


def clip(
    a: Value,
    a_min: Value = NONE,
    a_max: Value = NONE,
    *,
    min: Value = NONE,
    max: Value = NONE,
    **options: Any,
) -> Value:
    """np.clip: the middle one; at a bound both share the derivative.

    Of two that are equal, as 0.0 and -0.0, the second is taken: NumPy keeps a between two numbers,
    and takes the bounds of arrays.
    """
    low, high = _bound(a_min, min), _bound(a_max, max)
    keeps = all([_one_number(bound, a) for bound in (low, high)])
    for extreme, bound in ((np.maximum, low), (np.minimum, high)):
        if bound is not None:
            a = apply(extreme, *((bound, a) if keeps else (a, bound)), **options)
    return a if low is not None or high is not None else apply(np.positive, a, **options)


def _one_number(bound: Value, a: Value) -> bool:
    """Whether there is a bound, and it is one number for all entries."""
    return bound is not None and np.size(bound) == 1 and (not np.ndim(bound) or np.size(a) > 1)


def _bound(one: Value, other: Value) -> Value:
    """A bound under either name, None if there is none; raises TypeError if it has both."""
    if one is not NONE and other is not NONE:
        raise TypeError("a bound is given twice, as a_min or a_max and as min or max")
    found = other if one is NONE else one
    return None if found is NONE else found


def round_(a: Value, decimals: int = 0) -> Value:
    """np.round: derivative 0."""
    x = lifted(recorder_of(a), a)
    if x.dtype == np.bool_:
        refuse_strange("np.round", [np.dtype(np.float16)])
    if decimals >= 0 and not isinstance(x.space, Real):
        return x
    if decimals == 0:
        return choice.rint(x)
    by = 10.0 ** abs(decimals)
    if decimals > 0:
        return div(choice.rint(mul(x, by)), by)
    return with_dtype(mul(choice.rint(div(real(x), by)), by), x.dtype)


def nan_to_num(
    x: Value, copy: bool = True, nan: Value = 0.0, posinf: Value = None, neginf: Value = None
) -> Value:
    """np.nan_to_num: numbers in place of nan and of infinities, which do not vary there."""
    array = lifted(recorder_of(x, nan, posinf, neginf), x)
    if not isinstance(array.space, Real):
        return array
    ends = np.finfo(array.dtype)
    high, low = (e if g is None else g for e, g in ((ends.max, posinf), (ends.min, neginf)))
    found: Value = array
    for test, value in (
        (choice.isnan(array), nan),
        (choice.equal(array, np.inf), high),
        (choice.equal(array, -np.inf), low),
    ):
        found = choice.select(test, _filling(array, value), found)
    if copy:
        return found
    if not (isinstance(x, Traced) and x.is_array):
        raise ValueError("there is no array to write into, which copy=False asks for")
    return called(array.recorder, "write", (x, found), {})


def _filling(x: Traced, value: Value) -> Value:
    """A value spread over the shape of x."""
    if not isinstance(value, Traced):
        value = np.asarray(value, x.dtype)
    return expand(with_dtype(lifted(x.recorder, value), x.dtype), x.shape)


def angle(z: Value, deg: bool = False) -> Value:
    """np.angle of real numbers: pi where negative, else 0, nan where nan."""
    x = real(lifted(recorder_of(z), z))
    turned = apply(np.arctan2, np.zeros(x.shape, x.dtype), stop(x))
    return apply(np.rad2deg, turned) if deg else turned


def i0(x: Value) -> Value:
    """np.i0: the modified Bessel function of order 0."""
    return boxed(bessel_i(real(lifted(recorder_of(x), x)), n=0))


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
    np.sinc: sinc,
    np.clip: clip,
    np.round: round_,
    np.around: round_,
    np.fix: lambda x: apply(np.trunc, x),
    np.nan_to_num: nan_to_num,
    np.angle: angle,
    np.i0: i0,
    np.imag: lambda val: np.zeros(np.shape(val), val.dtype),
    np.real_if_close: lambda a, tol=100: lifted(recorder_of(a), a),
}
