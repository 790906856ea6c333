"""np.pad: an array with entries before and after it, along one axis after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.calls import called
from cats.ir.prims.layout import reshape
from cats.ir.prims.updates import put
from cats.ir.spaces import Value
from cats.surface.joining import concatenate
from cats.surface.moving import along
from cats.surface.ranges import linspace
from cats.surface.shapes import flip, moveaxis, part, squeeze
from cats.surface.values import expand, lifted, recorder_of, shadow, static, with_dtype
from cats.traced import Traced

Pair = tuple[int, int]
"""How much is added before and after."""

Around = Callable[[Traced, int, Pair], Traced]
"""The array with entries around it along one axis."""

_OPTIONS: dict[str, set[str]] = {
    "constant": {"constant_values"},
    "edge": set(),
    "empty": set(),
    "linear_ramp": {"end_values"},
    "maximum": {"stat_length"},
    "mean": {"stat_length"},
    "median": {"stat_length"},
    "minimum": {"stat_length"},
    "reflect": {"reflect_type"},
    "symmetric": {"reflect_type"},
    "wrap": set(),
}
_STATISTICS = {"maximum": np.max, "mean": np.mean, "median": np.median, "minimum": np.min}


def pad(x: Value, pad_width: Any, mode: Any = "constant", **options: Any) -> Value:
    """np.pad, in every mode; what "empty" leaves undefined is 0."""
    array = lifted(recorder_of(x, pad_width, options), x)
    pairs = _widths(static(pad_width), array.ndim)
    if callable(mode):
        return _by_function(array, pairs, mode, options)
    if mode not in _OPTIONS or not set(options) <= _OPTIONS[mode]:
        raise ValueError(f"mode={mode!r} with {', '.join(options) or 'no options'} is no padding")
    if mode in ("constant", "empty"):
        return _constant(array, pairs, options.get("constant_values", 0))
    around = _around(array, mode, options)
    for axis, pair in enumerate(pairs):
        if any(pair) and not array.shape[axis]:
            raise ValueError(f"axis {axis} has no entries to pad with")
        array = around(array, axis, pair) if any(pair) else array
    return array


def _widths(given: Any, rank: int) -> list[Pair]:
    """How much is added to each axis."""
    if isinstance(given, dict):
        rows = [(0, 0)] * rank
        for axis, width in given.items():
            rows[axis] = (width, width) if np.ndim(width) == 0 else width
        given = rows
    whole = np.asarray(given)
    if whole.dtype.kind != "i":
        raise TypeError("how much is added is told by whole numbers")
    if np.any(whole < 0):
        raise ValueError("how much is added is not negative")
    return [(int(a), int(b)) for a, b in np.broadcast_to(whole, (rank, 2))]


def _spread(x: Traced, axis: int, width: int, edge: Traced) -> Traced:
    """The edge, of length 1 along the axis or a number, repeated beside x."""
    return expand(edge, (*x.shape[:axis], width, *x.shape[axis + 1 :]))


def _of_pairs(x: Traced, values: Value) -> Traced:
    """A number for each side of each axis, in the dtype of x."""
    given = lifted(recorder_of(x, values), values)
    shape = (x.ndim, 2)
    np.broadcast_to(shadow(given), shape)
    return with_dtype(expand(given, shape), x.dtype)


# Constants


def _constant(x: Traced, pairs: list[Pair], values: Value) -> Traced:
    """One number all around is put there before x is; else each axis gets its own two."""
    given = lifted(recorder_of(x, values), values)
    if given.size == 1:
        shape = tuple(a + n + b for n, (a, b) in zip(x.shape, pairs, strict=True))
        whole = expand(with_dtype(reshape(given, shape=()), x.dtype), shape)
        key = tuple((a, a + n, None) for n, (a, _) in zip(x.shape, pairs, strict=True))
        return put(whole, x, target=key) if key else x
    sides = _of_pairs(x, given)
    for axis, pair in enumerate(pairs):
        before, after = (_spread(x, axis, n, sides[axis, i]) for i, n in enumerate(pair))
        x = concatenate([before, x, after], axis)
    return x


# Other modes


def _around(x: Traced, mode: str, options: dict[str, Any]) -> Around:
    if mode == "linear_ramp":
        return _ramps(_of_pairs(x, options.get("end_values", 0)))
    if mode in _STATISTICS:
        return _statistics(mode, x.ndim, static(options.get("stat_length")))
    if options.get("reflect_type") == "odd":
        return _odd(mode)
    return lambda x, axis, pair: along(x, np.pad(np.arange(x.shape[axis]), pair, mode), axis)  # type: ignore[call-overload]


def _ramps(ends: Traced) -> Around:
    """Straight lines from the end values to the edges."""

    def around(x: Traced, axis: int, pair: Pair) -> Traced:
        n = x.shape[axis]
        edges = (part(x, axis, 0, 1), part(x, axis, n - 1, n))
        before, after = (
            linspace(ends[axis, i], squeeze(edge, axis), width, False, dtype=x.dtype, axis=axis)
            for i, (edge, width) in enumerate(zip(edges, pair, strict=True))
        )
        return concatenate([before, x, flip(after, axis)], axis)  # type: ignore[no-any-return]

    return around


def _statistics(mode: str, rank: int, lengths: Any) -> Around:
    """A statistic of so many entries from each side, or of all."""
    rows = [(None, None)] * rank if lengths is None else _widths(np.asarray(lengths), rank)

    def around(x: Traced, axis: int, pair: Pair) -> Traced:
        n = x.shape[axis]
        a, b = (n if m is None else min(m, n) for m in rows[axis])
        if mode in ("maximum", "minimum") and not (a and b):
            raise ValueError("stat_length=0 leaves no entry to pad with")
        before = _statistic(x, axis, mode, 0, a)
        after = before if a == b == n else _statistic(x, axis, mode, n - b, n)
        sides = [_spread(x, axis, n, side) for n, side in zip(pair, (before, after), strict=True)]
        return concatenate([sides[0], x, sides[1]], axis)  # type: ignore[no-any-return]

    return around


def _statistic(x: Traced, axis: int, mode: str, start: int, stop: int) -> Traced:
    chunk = part(x, axis, start, stop)
    found = called(x.recorder, _STATISTICS[mode], (chunk,), {"axis": axis, "keepdims": True})
    whole = x.dtype.kind in "iu"
    return with_dtype(called(x.recorder, np.round, (found,), {}) if whole else found, x.dtype)


def _odd(mode: str) -> Around:
    """The array mirrored at a point: twice the edge less what is on the other side of it."""

    def around(x: Traced, axis: int, pair: Pair) -> Traced:
        period = x.shape[axis]
        if period == 1:
            return along(x, np.pad(np.arange(1), pair, "edge"), axis)
        left, right = pair
        while left or right:
            reach, skip = _reach(x.shape[axis], period, mode)
            a, b = min(reach, left), min(reach, right)
            x = _mirrored(x, axis, a, b, skip)
            left, right = left - a, right - b
        return x

    return around


def _reach(length: int, period: int, mode: str) -> tuple[int, int]:
    """How many entries can be mirrored at once, and whether the edge itself is not."""
    if mode == "symmetric":
        return length // period * period, 0
    return (length - 1) // (period - 1) * (period - 1), 1


def _mirrored(x: Traced, axis: int, before: int, after: int, skip: int) -> Traced:
    n = x.shape[axis]
    first, last = part(x, axis, 0, 1), part(x, axis, n - 1, n)
    left = 2 * first - flip(part(x, axis, skip, skip + before), axis)
    right = 2 * last - flip(part(x, axis, n - skip - after, n - skip), axis)
    return concatenate([with_dtype(left, x.dtype), x, with_dtype(right, x.dtype)], axis)  # type: ignore[no-any-return]


def _by_function(
    x: Traced, pairs: list[Pair], fill: Callable[..., Any], options: dict[str, Any]
) -> Traced:
    """Zeros around x, which the function fills in, line by line."""
    padded: Any = x.recorder.fresh(_constant(x, pairs, 0))
    for axis, pair in enumerate(pairs):
        lines = moveaxis(padded, axis, -1)
        for place in np.ndindex(lines.shape[:-1]):
            fill(lines[(*place, ...)], pair, axis, options)
    return padded  # type: ignore[no-any-return]


NAMES: dict[Any, Callable[..., Value]] = {np.pad: pad}
