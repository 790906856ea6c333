"""Functions of NumPy that call a user's function: piecewise, apply_along_axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.chosen import Chosen
from cats.ir.spaces import Value
from cats.surface.indexing import getitem
from cats.surface.joining import stack
from cats.surface.shapes import moveaxis, reshape_
from cats.surface.ufuncs import apply
from cats.surface.updates import setitem
from cats.surface.values import lifted, normal_axis, recorder_of
from cats.traced import Traced


def piecewise(
    x: Value, condlist: Any, funclist: Sequence[Any], *args: Any, **options: Any
) -> Value:
    """np.piecewise: each function on the entries where its condition holds, together.

    How many entries there are is observed where that can be known.
    """
    recorder = recorder_of(x, condlist)
    array = lifted(recorder, x)
    conditions = _conditions(array, condlist)
    if len(conditions) == len(funclist) - 1:
        some = conditions[0]
        for condition in conditions[1:]:
            some = apply(np.logical_or, some, condition)
        conditions.append(apply(np.logical_not, some))
    if len(conditions) != len(funclist):
        raise ValueError(f"{len(conditions)} conditions and {len(funclist)} functions")
    found: Traced = recorder.local(np.zeros(array.shape, array.dtype))
    for condition, function in zip(conditions, funclist, strict=True):
        chosen = getitem(array, condition)
        if not callable(function):
            setitem(found, condition, function)
        elif isinstance(chosen, Chosen) or chosen.size:
            setitem(found, condition, function(chosen, *args, **options))
    return found


def _conditions(x: Traced, condlist: Any) -> list[Value]:
    """The conditions, each a mask of x; one alone need not be in a list."""
    if isinstance(condlist, Traced | np.ndarray):
        alone = np.ndim(condlist) <= x.ndim
    else:
        alone = np.isscalar(condlist) or (x.ndim > 0 and np.isscalar(condlist[0]))
    return [lifted(x.recorder, c).astype(bool) for c in ([condlist] if alone else condlist)]


def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Value, *args: Any, **options: Any
) -> Value:
    """np.apply_along_axis: the function on each line along an axis."""
    x = lifted(recorder_of(arr, args, options), arr)
    place = normal_axis(axis, x.ndim)
    lines = moveaxis(x, place, -1)
    outer = lines.shape[:-1]
    if 0 in outer:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    made = [func1d(getitem(lines, index), *args, **options) for index in np.ndindex(*outer)]
    recorder = recorder_of(x, made)
    first = lifted(recorder, made[0])
    rows = stack([lifted(recorder, m).astype(first.dtype) for m in made])
    whole = reshape_(rows, (*outer, *first.shape))
    inner = tuple(range(len(outer), len(outer) + first.ndim))
    return moveaxis(whole, inner, tuple(range(place, place + first.ndim)))


NAMES: dict[Any, Callable[..., Value]] = {
    np.piecewise: piecewise,
    np.apply_along_axis: apply_along_axis,
}
