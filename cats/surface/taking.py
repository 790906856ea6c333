"""Entries chosen by other arrays: take_along_axis, choose, select, compress, trim_zeros."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.prims.choice import select as pick
from cats.ir.spaces import Value
from cats.surface.indexing import getitem, in_bounds, take, true_places
from cats.surface.shapes import ravel
from cats.surface.values import (
    common_shape,
    expand,
    kind_of,
    lifted,
    normal_axes,
    normal_axis,
    recorder_of,
    require,
    with_dtype,
)
from cats.traced import Traced


def take_along_axis(x: Value, indices: Value, axis: Any = -1) -> Value:
    """np.take_along_axis."""
    recorder = recorder_of(x, indices)
    array, places = lifted(recorder, x), lifted(recorder, indices)
    if axis is None:
        array, axis = ravel(array), 0
    return getitem(array, along_key(array, places, axis))


def along_key(x: Traced, indices: Traced, axis: Any) -> tuple[Value, ...]:
    """The key that reads, at each place of the other axes, the indices there along an axis."""
    if indices.ndim != x.ndim:
        raise ValueError(f"indices with {indices.ndim} axes for an array with {x.ndim}")
    place = normal_axis(axis, x.ndim)
    numbers = [np.arange(n).reshape(-1, *(1,) * (x.ndim - 1 - i)) for i, n in enumerate(x.shape)]
    return tuple(indices if i == place else numbers[i] for i in range(x.ndim))


def choose(a: Value, choices: Any, mode: str = "raise") -> Value:
    """np.choose: the entry of the choice whose number is in `a`; those not taken do not matter."""
    numbers, rows = lifted(recorder_of(a, choices), a), list(choices)
    if not np.can_cast(numbers.dtype, np.int64):
        raise TypeError(f"choices are numbered by whole numbers, not by {numbers.dtype}")
    numbers = in_bounds(with_dtype(numbers, np.int64), len(rows), mode)
    if mode == "raise":
        inside = (numbers >= 0) & (numbers < len(rows))
        require(np.all(inside), ValueError("a choice is asked for that is not there"))
    return _first([numbers == i for i in range(len(rows))], rows)


def select(condlist: Sequence[Value], choicelist: Sequence[Value], default: Value = 0) -> Value:
    """np.select: entry by entry the first choice whose condition is true."""
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError("as many conditions as choices are asked for, and one at least")
    if any(kind_of(flag) != np.bool_ for flag in condlist):
        raise TypeError("a condition is not an array of truth values")
    return _first([*condlist, True], [*choicelist, default])


def _first(flags: Sequence[Value], rows: Sequence[Value]) -> Traced:
    """Entry by entry the first row whose flag is true; the last flag is not asked."""
    recorder = recorder_of(*flags, *rows)
    dtype = np.result_type(*map(kind_of, rows))
    masks = [lifted(recorder, f) for f in flags]
    values = [with_dtype(lifted(recorder, row), dtype) for row in rows]
    shape = common_shape([*masks, *values])
    found, *others = [expand(v, shape) for v in reversed(values)]
    for mask, row in zip(masks[-2::-1], others, strict=True):
        found = pick(expand(mask, shape), row, found)
    return found


def compress(condition: Value, x: Value, axis: Any = None, *, into: Any = None) -> Value:
    """np.compress; how many are chosen is known, or observed."""
    recorder = recorder_of(condition, x)
    flags = lifted(recorder, condition)
    if flags.ndim != 1:
        raise ValueError("the condition of np.compress is a vector")
    return take(x, true_places(flags)[0], axis, into=into)


def extract(condition: Value, arr: Value) -> Value:
    """np.extract; how many are chosen is known, or observed."""
    recorder = recorder_of(condition, arr)
    return compress(ravel(lifted(recorder, condition)), lifted(recorder, arr))


def trim_zeros(filt: Value, trim: str = "fb", axis: Any = None) -> Value:
    """np.trim_zeros; how many zeros there are at the ends is observed."""
    array, ends = lifted(recorder_of(filt), filt), trim.lower()
    if sorted(ends) not in (["b"], ["f"], ["b", "f"]):
        raise ValueError(f"trim={trim!r} is none of 'f', 'b' and 'fb'")
    key = [slice(None)] * array.ndim
    for place in normal_axes(axis, array.ndim):
        others = tuple(i for i in range(array.ndim) if i != place)
        key[place] = _inner(np.any(array != 0, axis=others) if others else array != 0, ends)
    return filt[key[0]] if isinstance(filt, list | tuple) else getitem(array, tuple(key))


def _inner(flags: Traced, ends: str) -> slice:
    """From the first true place to the last, as far as these ends are trimmed."""
    length = flags.shape[0]
    before = int(np.sum(np.cumsum(flags) == 0))
    if before == length:
        return slice(0, 0)
    after = int(np.sum(np.cumsum(flags[::-1]) == 0)) if "b" in ends else 0
    return slice(before if "f" in ends else 0, length - after)


NAMES: dict[Any, Callable[..., Value]] = {
    np.take_along_axis: take_along_axis,
    np.choose: choose,
    np.select: select,
    np.compress: compress,
    "compress": lambda x, condition, axis=None: compress(condition, x, axis),
    np.extract: extract,
    np.trim_zeros: trim_zeros,
}
