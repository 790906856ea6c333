"""NumPy's entrywise functions that are not universal ones: where, clip, round and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.primitive import Primitive
from cats.ir.prims import choice, smooth
from cats.ir.prims.algebra import div, mul, neg, sub
from cats.ir.spaces import Real, Value
from cats.recorder import Recorder
from cats.surface.promotion import entrywise as entrywise
from cats.surface.ufuncs import power as power
from cats.surface.values import (
    common_shape,
    expand,
    is_number,
    lifted,
    real,
    recorder_of,
    refuse_options,
    weak_type,
    with_dtype,
)
from cats.traced import Traced


def sinc(x: Traced) -> Value:
    """np.sinc, of real numbers."""
    return smooth.sinc(real(lifted(recorder_of(x), x)))


def where(condition: Value, *sides: Value) -> Value:
    """np.where with three arguments: a choice by mask, entry by entry."""
    x, y = sides
    recorder = recorder_of(condition, x, y)
    mask = with_dtype(lifted(recorder, condition), np.bool_)
    dtype = np.result_type(*[_sample(recorder, v) for v in (x, y)])
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
    np.sinc: sinc,
    np.where: where,
    np.clip: clip,
    np.round: round_,
}
