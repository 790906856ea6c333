"""Differences and sums along an axis: diff, ediff1d, gradient, trapezoid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.spaces import Value
from cats.surface.joining import concatenate
from cats.surface.shapes import part, ravel
from cats.surface.values import (
    expand,
    lifted,
    normal_axis,
    rank_of,
    real,
    recorder_of,
    with_dtype,
)
from cats.traced import Traced


def diff(
    a: Value, n: int = 1, axis: int = -1, prepend: Value = None, append: Value = None
) -> Value:
    """np.diff, n times; of truth values, where they change."""
    array = lifted(recorder_of(a, prepend, append), a)
    place = normal_axis(axis, array.ndim)
    if n < 0:
        raise ValueError(f"differences are taken {n} times: not a number of times")
    if n == 0:
        return array
    ends = [_end(array, end, place) for end in (prepend, append)]
    parts = [p for p in (ends[0], array, ends[1]) if p is not None]
    array = concatenate(parts, place) if len(parts) > 1 else array
    for _ in range(n):
        ahead, behind = part(array, place, 1, None), part(array, place, None, -1)
        array = ahead != behind if array.dtype == np.bool_ else ahead - behind
    return array


def _end(x: Traced, end: Value, axis: int) -> Traced | None:
    """What is put before or after x: a number stands for one more entry in every line."""
    if end is None or end is np._NoValue:
        return None
    found = lifted(x.recorder, end)
    return found if found.ndim else expand(found, (*x.shape[:axis], 1, *x.shape[axis + 1 :]))


def ediff1d(ary: Value, to_end: Value = None, to_begin: Value = None) -> Value:
    """np.ediff1d: differences of all entries in one line, between those at the ends."""
    recorder = recorder_of(ary, to_end, to_begin)
    line = ravel(lifted(recorder, ary))
    parts = [part(line, 0, 1, None) - part(line, 0, None, -1)]
    for end, place in ((to_begin, 0), (to_end, len(parts) + 1)):
        if end is not None:
            found = lifted(recorder, end)
            if not np.can_cast(found.dtype, line.dtype, "same_kind"):
                raise TypeError(f"cannot cast {found.dtype} to {line.dtype}")
            parts.insert(place, ravel(with_dtype(found, line.dtype)))
    return concatenate(parts) if len(parts) > 1 else parts[0]


def trapezoid(y: Value, x: Value = None, dx: Value = 1.0, axis: int = -1) -> Value:
    """np.trapezoid."""
    recorder = recorder_of(y, x, dx)
    array = lifted(recorder, y)
    place = normal_axis(axis, array.ndim)
    step = dx
    if x is not None:
        places = lifted(recorder, x)
        line = places.ndim == 1
        step = diff(places, axis=0 if line else axis)
        step = step.reshape(-1, *(1,) * (array.ndim - 1 - place)) if line else step
    sums = part(array, place, 1, None) + part(array, place, None, -1)
    return (step * sums / 2.0).sum(axis)


# Gradient


def gradient(f: Value, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Value:
    """np.gradient: central differences, one-sided ones at the edges.

    The derivative in places that arguments have a part in is that of the formula for uneven steps,
    also where they happen to be even.
    """
    array = real(lifted(recorder_of(f, varargs), f))
    rank = array.ndim
    given = range(rank) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    axes = [normal_axis(a, rank) for a in given]
    if edge_order not in (1, 2):
        raise ValueError(f"edge_order={edge_order} is neither 1 nor 2")
    steps = _steps(array, axes, varargs)
    found = [_gradient(array, a, s, edge_order) for a, s in zip(axes, steps, strict=True)]
    return found[0] if len(axes) == 1 else tuple(found)


def _steps(f: Traced, axes: list[int], given: tuple[Any, ...]) -> list[Any]:
    """What lies between the entries along each axis: a number, or numbers for an axis of f."""
    if not given:
        return [1.0] * len(axes)
    if len(given) == 1 and rank_of(given[0]) == 0:
        return list(given) * len(axes)
    if len(given) != len(axes):
        raise TypeError(f"{len(given)} spacings for {len(axes)} axes")
    return [_uneven(f, a, s) if rank_of(s) else s for a, s in zip(axes, given, strict=True)]


def _uneven(f: Traced, axis: int, places: Value) -> Any:
    """The steps between places; one number where all are known and the same."""
    found = lifted(f.recorder, places)
    if found.ndim != 1 or found.size != f.shape[axis]:
        raise ValueError("spacings are numbers, or vectors as long as their axis")
    steps = diff(real(found))
    known = steps.known
    if known is not None and np.all(known == known[:1]):
        return known[0]
    return steps.reshape(-1, *(1,) * (f.ndim - 1 - axis))


def _gradient(f: Traced, axis: int, step: Any, order: int) -> Traced:
    n = f.shape[axis]
    if n < order + 1:
        raise ValueError(f"an axis of length {n} is too short for edge_order={order}")
    rows = [_inner(f, axis, step), *(_edge(f, axis, step, order, back) for back in (False, True))]
    inner, first, last = (with_dtype(row, f.dtype) for row in rows)
    return concatenate([first, inner, last], axis)  # type: ignore[no-any-return]


def _inner(f: Traced, axis: int, step: Any) -> Traced:
    ahead, behind = part(f, axis, 2, None), part(f, axis, None, -2)
    if np.ndim(step) == 0:
        return (ahead - behind) / (2.0 * step)  # type: ignore[no-any-return]
    one, two = step[:-1], step[1:]
    a = -two / (one * (one + two))
    b = (two - one) / (one * two)
    c = one / (two * (one + two))
    return a * behind + b * part(f, axis, 1, -1) + c * ahead  # type: ignore[no-any-return]


def _edge(f: Traced, axis: int, step: Any, order: int, back: bool) -> Traced:
    """The derivative at the first entry, or at the last: of a line, or of a parabola."""
    start = f.shape[axis] - order - 1 if back else 0
    near = [part(f, axis, start + i, start + i + 1) for i in range(order + 1)]
    even = np.ndim(step) == 0
    if order == 1:
        one = step if even else step[-1:] if back else step[:1]
        return (near[1] - near[0]) / one  # type: ignore[no-any-return]
    steps = (step, step) if even else (step[-2:-1], step[-1:]) if back else (step[:1], step[1:2])
    a, b, c = (_even_parabola if even else _parabola)(*steps, back)
    return a * near[0] + b * near[1] + c * near[2]  # type: ignore[no-any-return]


def _even_parabola(step: Any, same: Any, back: bool) -> tuple[Any, Any, Any]:
    """The weights of three entries in the slope of their parabola at the first, or at the last."""
    weights = (0.5, -2.0, 1.5) if back else (-1.5, 2.0, -0.5)
    return tuple(w / step for w in weights)


def _parabola(one: Any, two: Any, back: bool) -> tuple[Any, Any, Any]:
    """The same, where the steps between the entries differ."""
    if back:
        a, b = two / (one * (one + two)), -(two + one) / (one * two)
        return a, b, (2.0 * two + one) / (two * (one + two))
    a, b = -(2.0 * one + two) / (one * (one + two)), (one + two) / (one * two)
    return a, b, -one / (two * (one + two))


NAMES: dict[Any, Callable[..., Value]] = {
    np.diff: diff,
    np.ediff1d: ediff1d,
    np.gradient: gradient,
    np.trapezoid: trapezoid,
}
