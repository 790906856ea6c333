"""np.interp: straight lines between knots.

At a knot the derivative is the mean of both one-sided ones, as it is at every kink; before the
first and after the last knot, where the value is constant, it is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims import searching, sorting
from cats.ir.prims.sorting import along
from cats.ir.spaces import Value
from cats.surface.elementwise import where
from cats.surface.indexing import getitem
from cats.surface.joining import concatenate
from cats.surface.values import lifted, recorder_of, require, with_dtype
from cats.traced import Traced


def interp(
    x: Value,
    xp: Value,
    fp: Value,
    left: Value = None,
    right: Value = None,
    period: Value = None,
) -> Value:
    """np.interp."""
    recorder = recorder_of(x, xp, fp, left, right, period)
    at, knots, values = (with_dtype(lifted(recorder, v), np.float64) for v in (x, xp, fp))
    if knots.ndim != 1 or values.ndim != 1:
        raise ValueError("Data points must be 1-D sequences")
    if knots.shape != values.shape:
        raise ValueError("fp and xp are not of the same length.")
    if not knots.size:
        raise ValueError("array of sample points is empty")
    if period is not None:
        at, knots, values = _wrapped(at, knots, values, period)
        left = right = None
    found = searching.interp(at, knots, values, lead=0)
    if left is not None:
        found = where(at < knots[0], left, found)
    return found if right is None else where(at > knots[-1], right, found)


def _wrapped(at: Traced, knots: Traced, values: Traced, period: Value) -> tuple[Traced, ...]:
    """The same within one period, whose first and last knot are repeated beyond its ends."""
    require(period != 0, ValueError("period must be a non-zero value"))
    period = np.abs(period)
    at, knots = at % period, knots % period
    order = sorting.stable(knots, 0)
    knots, values = along(knots, order, 0), along(values, order, 0)
    first, last = slice(None, 1), slice(-1, None)
    knots = concatenate([getitem(knots, last) - period, knots, getitem(knots, first) + period])
    return at, knots, concatenate([getitem(values, last), values, getitem(values, first)])


NAMES: dict[Any, Callable[..., Value]] = {np.interp: interp}
