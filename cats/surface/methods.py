"""The methods of universal functions: reduce, accumulate, reduceat, outer.

What they take, and in which dtype they compute, NumPy itself says: it is asked on an array of ones.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from cats.ir.prims import folds, layout
from cats.ir.prims.choice import isnan, not_equal, select
from cats.ir.prims.folds import running, running_max, running_min
from cats.ir.prims.indexing import accumulate as scatter
from cats.ir.prims.indexing import gather, index
from cats.ir.prims.layout import reshape
from cats.ir.prims.layout import transpose as move
from cats.ir.spaces import Real, Value
from cats.surface.indexing import getitem
from cats.surface.joining import concatenate
from cats.surface.products import tensordot
from cats.surface.promotion import refuse_strange
from cats.surface.reductions import CUMPROD, CUMSUM, MAX, MIN, PROD, SUM, Run, added_in
from cats.surface.shapes import moveaxis
from cats.surface.ufuncs import apply
from cats.surface.values import (
    expand,
    fixed,
    lifted,
    normal_axes,
    normal_axis,
    recorder_of,
    with_dtype,
)
from cats.traced import Traced

NONE = np._NoValue
Axes = tuple[int, ...]
Total = Callable[[Traced, Axes], Traced]


def _ones(x: Traced) -> np.ndarray[Any, Any]:
    """Ones in the shape and dtype of x, to ask NumPy about."""
    return np.broadcast_to(np.ones((), x.dtype), x.shape)


def _entering(of: np.ufunc, x: Traced, dtype: np.dtype[Any]) -> Traced:
    """The array in the dtype in which the function computes."""
    refuse_strange(f"np.{of.__name__}", [dtype])
    return with_dtype(x, dtype)


# All entries along axes in one step


def _some(x: Traced, axes: Axes) -> Traced:
    return not_equal(_count(x, axes), 0)  # type: ignore[no-any-return]


def _every(x: Traced, axes: Axes) -> Traced:
    return apply(np.logical_not, _some(apply(np.logical_not, x), axes))  # type: ignore[no-any-return]


def _odd(x: Traced, axes: Axes) -> Traced:
    return not_equal(apply(np.remainder, _count(x, axes), 2), 0)  # type: ignore[no-any-return]


def _count(x: Traced, axes: Axes) -> Traced:
    return layout.sum(with_dtype(x, np.int64), axes=axes)  # type: ignore[no-any-return]


def _passing_nan(extreme: Total, otherwise: float) -> Total:
    """The extreme of what is not nan; nan where there is nothing else."""

    def total(x: Traced, axes: Axes) -> Traced:
        if not isinstance(x.space, Real):
            return extreme(x, axes)
        found = extreme(select(isnan(x), otherwise, x), axes)
        return select(_every(isnan(x), axes), np.nan, found)  # type: ignore[no-any-return]

    return total


def _along(op: Callable[..., Traced]) -> Total:
    return lambda x, axes: op(x, axes=axes)


TOTALS: dict[np.ufunc, Total] = {
    np.add: SUM.reduce,
    np.multiply: PROD.reduce,
    np.maximum: MAX.reduce,
    np.minimum: MIN.reduce,
    np.fmax: _passing_nan(MAX.reduce, -np.inf),
    np.fmin: _passing_nan(MIN.reduce, np.inf),
    np.logaddexp: _along(folds.logaddexp_reduce),
    np.logaddexp2: _along(folds.logaddexp2_reduce),
    np.hypot: _along(folds.hypot_reduce),
    np.logical_and: _every,
    np.logical_or: _some,
    np.logical_xor: _odd,
}
"""Universal functions that have a step of their own; the others run along the axis."""

# reduce

_RIGHT: dict[np.ufunc, int] = {
    np.subtract: 0,
    np.divide: 1,
    np.power: 1,
    np.float_power: 1,
    np.lcm: 1,
    np.left_shift: 0,
    np.right_shift: 0,
}
"""What changes nothing as the second argument, where it is no identity."""


def _neutral(of: np.ufunc, dtype: np.dtype[Any]) -> Any:
    """What changes nothing as the second argument; None if there is no such number."""
    if of in (np.maximum, np.fmax):
        return MAX.neutral(dtype)
    if of in (np.minimum, np.fmin):
        return MIN.neutral(dtype)
    return _RIGHT.get(of) if of.identity is None else of.identity


def reduce(
    of: np.ufunc,
    array: Value,
    axis: Any = 0,
    dtype: Any = None,
    keepdims: Any = False,
    initial: Value = NONE,
    where: Value = True,
    *,
    into: Any = None,
) -> Value:
    """ufunc.reduce: the entries along axes, from the first on."""
    recorder = recorder_of(array, initial, where)
    x = lifted(recorder, array)
    dtype = added_in(x, dtype, into, of)
    mask = None if where is True else with_dtype(lifted(recorder, where), np.bool_)
    begun = initial is not NONE and initial is not None
    asked: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": bool(keepdims)}
    if mask is not None:
        asked["where"] = _ones(mask)
    if initial is not NONE:
        asked["initial"] = 1 if begun else None
    found = of.reduce(_ones(x), **asked)
    x = _entering(of, x, found.dtype)
    if mask is not None:
        x = _without(of, x, expand(mask, x.shape))
    start = with_dtype(lifted(recorder, initial), x.dtype) if begun else None
    result = _reduced(of, x, normal_axes(axis, x.ndim) if x.ndim else (), start)
    return result if result.shape == found.shape else reshape(result, shape=found.shape)


def _without(of: np.ufunc, x: Traced, mask: Traced) -> Traced:
    """x with what changes nothing where the mask is false."""
    other = _neutral(of, x.dtype)
    if other is None:
        x.recorder.refuse(
            f"np.{of.__name__}.reduce with where=",
            "no number leaves every other as it is",
            "Choose the entries with x[mask] first.",
        )
    return select(mask, x, _number(x, other, x.shape))  # type: ignore[no-any-return]


def _number(x: Traced, value: Any, shape: tuple[int, ...]) -> Traced:
    return expand(lifted(x.recorder, np.asarray(value).astype(x.dtype)), shape)


def _reduced(of: np.ufunc, x: Traced, axes: Axes, start: Traced | None) -> Traced:
    """The entries along axes, after the number to begin with."""
    rest = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    empty = not all(x.shape[a] for a in axes)
    if start is None and of.identity is not None and (empty or not axes):
        start = _number(x, of.identity, ())
    if start is not None and (empty or not axes or of in TOTALS):
        begin = expand(start, rest)
        return begin if empty else apply(of, begin, TOTALS[of](x, axes) if axes else x)
    if of in TOTALS or not axes:
        return TOTALS[of](x, axes) if axes else x
    line = _in_line(x, axes)
    if start is not None:
        line = concatenate([expand(start, (1, *rest)), line], 0)
    return index(running(line, axis=0, of=of.__name__), key=(-1,))  # type: ignore[no-any-return]


def _in_line(x: Traced, axes: Axes) -> Traced:
    """The axes as one, which comes first."""
    order = (*axes, *[i for i in range(x.ndim) if i not in axes])
    moved = x if order == tuple(range(x.ndim)) else move(x, axes=order)
    length = int(np.prod([x.shape[a] for a in axes]))
    return reshape(moved, shape=(length, *moved.shape[len(axes) :]))  # type: ignore[no-any-return]


# accumulate


def accumulate(
    of: np.ufunc, array: Value, axis: Any = 0, dtype: Any = None, *, into: Any = None
) -> Value:
    """ufunc.accumulate: at each place what comes of the entries up to there."""
    x = lifted(recorder_of(array), array)
    dtype = added_in(x, dtype, into, of)
    x = _entering(of, x, of.accumulate(_ones(x), axis, dtype).dtype)
    place = normal_axis(axis, x.ndim)
    if of in _RUNS:
        return _RUNS[of].along(x, place)
    if of in _EXTREMES and isinstance(x.space, Real):
        return _running_extreme(of, x, place)
    return running(x, axis=place, of=of.__name__)


_RUNS: dict[np.ufunc, Run] = {np.add: CUMSUM, np.multiply: CUMPROD}

_EXTREMES: dict[np.ufunc, tuple[Any, float | None]] = {
    np.maximum: (running_max, None),
    np.minimum: (running_min, None),
    np.fmax: (running_max, -np.inf),
    np.fmin: (running_min, np.inf),
}
"""How extremes run, and what stands for nan where that is passed over."""


def _running_extreme(of: np.ufunc, x: Traced, axis: int) -> Traced:
    run, otherwise = _EXTREMES[of]
    if otherwise is None:
        return run(x, axis=axis)  # type: ignore[no-any-return]
    nothing = running(isnan(x), axis=axis, of="logical_and")
    return select(nothing, np.nan, run(select(isnan(x), otherwise, x), axis=axis))  # type: ignore[no-any-return]


# reduceat


def reduceat(
    of: np.ufunc,
    array: Value,
    indices: Value,
    axis: Any = 0,
    dtype: Any = None,
    *,
    into: Any = None,
) -> Value:
    """ufunc.reduceat: from each index to the next, or that entry alone if the next is no later."""
    x = lifted(recorder_of(array, indices), array)
    dtype = added_in(x, dtype, into, of)
    places = fixed(indices)
    found = of.reduceat(_ones(x), places, axis, dtype)
    x = _entering(of, moveaxis(x, axis, 0), found.dtype)
    starts = [int(i) for i in np.ravel(places)]
    pieces = [(i, max(i + 1, j)) for i, j in pairwise(starts)]
    pieces += [(starts[-1], x.shape[0])] if starts else []
    if of is np.add and isinstance(x.space, Real):
        return moveaxis(_sums(x, pieces), 0, axis)
    each = [getitem(x, slice(i, j)) for i, j in pieces]
    parts = [p if len(p) == 1 else _reduced(of, p, (0,), None)[None] for p in each]
    return moveaxis(concatenate(parts, 0) if parts else getitem(x, slice(0)), 0, axis)


def _sums(x: Traced, pieces: list[tuple[int, int]]) -> Traced:
    """The sum of each piece of the first axis, all in one step."""
    sources = np.concatenate([np.arange(i, j) for i, j in pieces] or [np.arange(0)])
    targets = np.repeat(np.arange(len(pieces)), [j - i for i, j in pieces])
    shape = (len(pieces), *x.shape[1:])
    taken = gather(x, sources)
    return scatter(taken, targets, shape=shape, dtype=x.space.dtype, targets=(1,))  # type: ignore[no-any-return]


# outer


def outer(of: np.ufunc, a: Value, b: Value, /, **options: Any) -> Value:
    """ufunc.outer: of each entry of a with each of b."""
    if of.nin != 2 or of.signature is not None:
        raise ValueError("it is there for functions of two numbers only")
    recorder = recorder_of(a, b)
    if options.get("where", True) is not True:
        recorder.refuse(
            f"np.{of.__name__}.outer with where=",
            "it leaves entries as they happen to be",
            "Call the function itself on x[:, None], y with where= and out=.",
        )
    if of is np.multiply and not options:
        return tensordot(a, b, 0)
    first, second = lifted(recorder, a), lifted(recorder, b)
    wide = reshape(first, shape=first.shape + (1,) * second.ndim)
    return apply(of, wide, second, **options)


NAMES: dict[Any, Callable[..., Value]] = {
    f"numpy.ufunc.{f.__name__}": f for f in (reduce, accumulate, reduceat, outer)
}
"""The methods, by title; the universal function is their first argument."""
