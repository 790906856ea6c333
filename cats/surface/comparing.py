"""Whether arrays are equal, or nearly: truth values, which do not vary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.choice import logical_not
from cats.ir.prims.layout import sum
from cats.ir.spaces import Real, Value
from cats.surface.ufuncs import apply
from cats.surface.values import lifted, recorder_of, with_dtype
from cats.traced import Traced


def isclose(
    a: Value, b: Value, rtol: Value = 1e-05, atol: Value = 1e-08, equal_nan: bool = False
) -> Value:
    """np.isclose: |a - b| <= atol + rtol |b|, infinities only of one sign."""
    recorder = recorder_of(a, b, rtol, atol)
    x, y = (_number(lifted(recorder, v)) for v in (a, b))
    away = apply(np.absolute, apply(np.subtract, x, y))
    allowed = apply(np.add, atol, apply(np.multiply, rtol, apply(np.absolute, y)))
    near = apply(np.logical_and, apply(np.less_equal, away, allowed), apply(np.isfinite, y))
    found = apply(np.logical_or, near, apply(np.equal, x, y))
    if not equal_nan:
        return found
    return apply(np.logical_or, found, apply(np.logical_and, _nan(x), _nan(y)))


def _number(x: Traced) -> Traced:
    """x as what can be subtracted."""
    return with_dtype(x, np.int64) if x.dtype == np.bool_ else x


def _nan(x: Traced) -> Value:
    return apply(np.isnan, x)


def _everywhere(flags: Traced) -> Traced:
    """Whether all are true, as Python's truth value."""
    wrong = with_dtype(logical_not(flags), np.int64)
    found = apply(np.equal, sum(wrong, axes=tuple(range(flags.ndim))), 0)
    found.weak = True
    return found  # type: ignore[no-any-return]


def allclose(
    a: Value, b: Value, rtol: Value = 1e-05, atol: Value = 1e-08, equal_nan: bool = False
) -> Value:
    """np.allclose: whether all entries are close."""
    return _everywhere(isclose(a, b, rtol, atol, equal_nan))


def _equal(x: Traced, y: Traced, equal_nan: bool) -> Traced:
    same = apply(np.equal, x, y)
    if equal_nan and isinstance(x.space, Real) and isinstance(y.space, Real):
        same = apply(np.logical_or, same, apply(np.logical_and, _nan(x), _nan(y)))
    return _everywhere(same)


def array_equal(a1: Value, a2: Value, equal_nan: bool = False) -> Value:
    """np.array_equal: one shape, and all entries equal."""
    recorder = recorder_of(a1, a2)
    x, y = lifted(recorder, a1), lifted(recorder, a2)
    return _equal(x, y, equal_nan) if x.shape == y.shape else False


def array_equiv(a1: Value, a2: Value) -> Value:
    """np.array_equiv: all entries equal when one is broadcast to the other."""
    recorder = recorder_of(a1, a2)
    x, y = lifted(recorder, a1), lifted(recorder, a2)
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return _equal(x, y, False)


def _infinite(sign: int) -> Callable[..., Value]:
    return lambda x: apply(np.equal, lifted(recorder_of(x), x), sign * np.inf)


NAMES: dict[Any, Callable[..., Value]] = {
    np.isclose: isclose,
    np.allclose: allclose,
    np.array_equal: array_equal,
    np.array_equiv: array_equiv,
    np.isposinf: _infinite(1),
    np.isneginf: _infinite(-1),
}
