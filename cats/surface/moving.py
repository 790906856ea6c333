"""Entries moved along an axis to places known beforehand: roll, repeat, tile, insert, delete.

Where entries go is asked of NumPy's own function, applied to their numbers. Runs of equal steps
are slices, which are joined; only where there are many of them are entries read one by one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.indexing import index
from cats.ir.prims.layout import broadcast, reshape
from cats.ir.spaces import Value
from cats.surface.indexing import take
from cats.surface.joining import concatenate
from cats.surface.shapes import in_line, leading, moveaxis, part, ravel
from cats.surface.values import (
    expand,
    lengths,
    lifted,
    listed,
    normal_axis,
    recorder_of,
    shadow,
    static,
    with_dtype,
)
from cats.traced import Traced

Places = np.ndarray[Any, Any]

FEW = 8
"""So many slices are joined rather than entries read one by one."""


def along(x: Traced, places: Places, axis: int) -> Traced:
    """The entries of x at known places along an axis."""
    runs = _runs(places)
    if len(runs) > FEW or not runs:
        return take(x, places, axis)  # type: ignore[no-any-return]
    parts = [_run(x, *run, axis) for run in runs]
    return concatenate(parts, axis) if len(parts) > 1 else parts[0]


def _runs(places: Places) -> list[tuple[int, int, int]]:
    """First place, step and count of runs of equal steps; more than FEW are not all found."""
    found: list[tuple[int, int, int]] = []
    start = 0
    while start < len(places) and len(found) <= FEW:
        steps = np.diff(places[start:])
        other = np.flatnonzero(steps != steps[:1])
        count = int(other[0]) + 1 if len(other) else len(steps) + 1
        found.append((int(places[start]), int(steps[0]) if len(steps) else 1, count))
        start += count
    return found


def _run(x: Traced, first: int, step: int, count: int, axis: int) -> Traced:
    """A run of entries: a slice, or one entry repeated."""
    if (first, step, count) == (0, 1, x.shape[axis]):
        return x
    if step == 0:
        one = part(x, axis, first, first + 1)
        return expand(one, (*x.shape[:axis], count, *x.shape[axis + 1 :]))
    stop = first + step * count
    key = (first, stop if stop >= 0 else None, None if step == 1 else step)
    return index(x, key=(*((None, None, None),) * axis, key))  # type: ignore[no-any-return]


def _flat(x: Value, axis: Any, *others: Value) -> tuple[Traced, int]:
    """The array and the axis, or all its entries in one line."""
    array = lifted(recorder_of(x, *others), x)
    return (ravel(array), 0) if axis is None else (array, normal_axis(axis, array.ndim))


def roll(x: Value, shift: Any, axis: Any = None) -> Value:
    """np.roll along axes, or of the flattened array."""
    array = lifted(recorder_of(x, shift), x)
    if axis is None:
        return reshape(_rolled(ravel(array), sum(listed(shift)), 0), shape=array.shape)
    shifts, axes = listed(shift), listed(static(axis))
    count = max(len(shifts), len(axes))
    shifts, axes = (s * count if len(s) == 1 else s for s in (shifts, axes))
    for by, place in zip(shifts, axes, strict=True):
        array = _rolled(array, by, normal_axis(place, array.ndim))
    return array


def _rolled(x: Traced, shift: Any, axis: int) -> Traced:
    """x moved round along the axis; a shift that is traced moves the numbers of the places."""
    places = np.arange(x.shape[axis])
    if isinstance(shift, Traced) and shift.known is None:
        return take(x, (places - shift) % max(len(places), 1), axis)  # type: ignore[no-any-return]
    return along(x, np.roll(places, operator.index(shift)), axis)


def repeat(x: Value, repeats: Any, axis: Any = None) -> Value:
    """np.repeat; counts that arguments have a part in are observed."""
    array, place = in_line(lifted(recorder_of(x, repeats), x), axis)
    counts = static(repeats)
    if np.size(counts) != 1:
        return along(array, np.repeat(np.arange(array.shape[place]), counts), place)
    each = operator.index(np.ravel(counts)[0])
    if each < 0:
        raise ValueError(f"entries are repeated {each} times: not a number of times")
    before, length, after = array.shape[:place], array.shape[place], array.shape[place + 1 :]
    spread = (*before, length, each, *after)
    axes = tuple(i for i in range(len(spread)) if i != place + 1)
    return reshape(
        broadcast(array, shape=spread, axes=axes), shape=(*before, length * each, *after)
    )


def tile(x: Value, reps: Any) -> Value:
    """np.tile."""
    array = lifted(recorder_of(x, reps), x)
    counts = lengths(reps)
    if any(n < 0 for n in counts):
        raise ValueError(f"an array is repeated {counts} times: not numbers of times")
    rank = max(len(counts), array.ndim)
    counts = (1,) * (rank - len(counts)) + counts
    shape = (1,) * (rank - array.ndim) + array.shape
    spread = tuple(n for pair in zip(counts, shape, strict=True) for n in pair)
    axes = tuple(2 * (rank - array.ndim + i) + 1 for i in range(array.ndim))
    whole = broadcast(array, shape=spread, axes=axes)
    return reshape(whole, shape=tuple(m * n for m, n in zip(counts, shape, strict=True)))


def resize(x: Value, new_shape: Any) -> Value:
    """np.resize: the entries in one line, over and over again."""
    array, shape = ravel(lifted(recorder_of(x, new_shape), x)), lengths(new_shape)
    if any(n < 0 for n in shape):
        raise ValueError("the lengths of a shape are not negative")
    size = int(np.prod(shape))
    if not size or not array.size:
        return array.recorder.local(np.zeros(shape, array.dtype))
    times = -(-size // array.size)
    line = reshape(
        broadcast(array, shape=(times, array.size), axes=(1,)), shape=(times * array.size,)
    )
    return reshape(part(line, 0, 0, size), shape=shape)


def delete(x: Value, obj: Any, axis: Any = None) -> Value:
    """np.delete; which entries go is known, or observed."""
    array, place = _flat(x, axis, obj)
    numbers = np.arange(array.shape[place])
    return along(array, np.delete(numbers, static(obj)), place)


def insert(x: Value, obj: Any, values: Value, axis: Any = None) -> Value:
    """np.insert; where entries are inserted is known, or observed."""
    array, axis = _flat(x, axis, obj, values)
    length = array.shape[axis]
    where = static(obj)
    where = np.arange(*where.indices(length)) if isinstance(where, slice) else np.asarray(where)
    where = np.flatnonzero(where) if where.dtype == np.bool_ else where
    where = where if where.size else where.astype(int)
    new = leading(with_dtype(lifted(array.recorder, values), array.dtype), array.ndim)
    if not where.ndim:
        new = moveaxis(new, 0, axis)
    numbers = np.arange(length)
    count = new.shape[axis] if where.size == 1 else len(np.insert(numbers, where, 0)) - length
    places = np.insert(numbers, where, length + np.arange(count))
    shape = (*array.shape[:axis], count, *array.shape[axis + 1 :])
    np.broadcast_to(shadow(new), shape)
    return along(concatenate([array, expand(new, shape)], axis), places, axis)


NAMES: dict[Any, Callable[..., Value]] = {
    np.roll: roll,
    np.repeat: repeat,
    np.tile: tile,
    np.resize: resize,
    np.delete: delete,
    np.insert: insert,
}
