"""How far a result is from the exact one: in ulps, and in ulps of what rounding must cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cats.ir.spaces import Value
from tests.oracles.numbers import CONTEXT, Array, each, exact, mpf, number
from tests.oracles.reference import NOISE, Quantity, Reference, Values, largest

INFINITE = float("inf")


def ulp(size: Any, dtype: Any) -> Any:
    """The distance from a number to the next of the dtype, away from zero.

    >>> float(ulp(mpf(1), "float64")) == 2.0**-52, float(ulp(mpf(0), "float64"))
    (True, 5e-324)
    """
    limits = np.finfo(dtype)
    bounded = min(abs(size), mpf(float(limits.max)))
    least = mpf(float(limits.smallest_subnormal))
    if not bounded:
        return least
    return max(least, CONTEXT.ldexp(1, CONTEXT.frexp(bounded)[1] - 1 - limits.nmant))


def ulps(found: Value, true: Value, scale: Value | None = None, dtype: str | None = None) -> Array:
    """The error of each entry in ulps of its `scale`: without one, of the largest true entry.

    dtype   whose ulps they are, if not those of the result

    What is not finite where the truth is, is infinitely wrong; beyond the largest number of the
    dtype the infinity of the right sign is right.

    >>> ulps(np.array([1.0, 3.0 + 2**-50]), [mpf(1), mpf(3)])
    array([0., 2.])
    """
    array, truth = np.asarray(found), exact(np.asarray(true, object))
    if array.shape != truth.shape:
        raise ValueError(f"a result of shape {array.shape} beside one of shape {truth.shape}")
    scales = np.asarray(largest(truth) if scale is None else scale, object)
    unit = dtype or ("float64" if array.dtype == object else array.dtype)
    limit = mpf(float(np.finfo(unit).max))

    def error(x: Any, t: Any, size: Any) -> float:
        if not CONTEXT.isfinite(x):
            return 0.0 if abs(t) > limit and (x > 0) == (t > 0) else INFINITE
        return float(abs(number(x) - t) / ulp(size, unit))

    sizes = np.broadcast_to(scales, array.shape)
    with np.errstate(invalid="ignore"):
        return np.asarray(each(error, array.astype(object), truth, sizes), float)


def worst(
    found: Sequence[Value], true: Sequence[Value], scale: Any = None, dtype: str | None = None
) -> float:
    """The largest error of several results, in ulps of the scale: of their largest entry."""
    size = largest(*true) if scale is None else scale
    errors = [ulps(f, t, size, dtype) for f, t in zip(found, true, strict=True)]
    return float(max([np.max(e, initial=0.0) for e in errors], default=0.0))


def spread(
    here: Reference, quantity: Quantity, seeds: Sequence[int] = (0, 1), true: Values | None = None
) -> Values:
    """For each entry of a quantity its size, and what it moves by if every step errs by one part.

    The quantity is computed with noise at every argument and result of a step, and once without;
    the difference, over the size of the noise, is what errors of the steps grow to. One ulp of
    the spread is an error that no way of computing can be blamed for. It is never less than what
    the reference itself can tell from zero.

    true   the quantity, if it is known
    """
    true = quantity(here) if true is None else true
    moved = [each(lambda t: mpf(0), t) for t in true]
    for seed in seeds:
        other = quantity(here.disturbed(seed))
        moved = [each(_further, m, t, o) for m, t, o in zip(moved, true, other, strict=True)]
    least = here.resolution
    return [
        each(lambda t, m: abs(t) + m / mpf(NOISE) + least, t, m)
        for t, m in zip(true, moved, strict=True)
    ]


def _further(moved: Any, true: Any, other: Any) -> Any:
    return max(moved, abs(true - other))
