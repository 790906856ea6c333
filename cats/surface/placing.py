"""NumPy's functions that write entries at places: put, put_along_axis, place, fill_diagonal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.surface.indexing import getitem, in_bounds, true_places
from cats.surface.shapes import ravel
from cats.surface.taking import along_key
from cats.surface.updates import copyto, setitem, whole
from cats.surface.values import lifted, recorder_of
from cats.traced import Traced


def put(a: Traced, ind: Any, v: Value, mode: str = "raise") -> None:
    """np.put: entries of the flat array, the values over and over again."""
    recorder = recorder_of(a, ind, v)
    places = in_bounds(ravel(lifted(recorder, ind)), a.size, mode)
    values = lifted(recorder, v)
    if places.size and values.size:
        _put_flat(a, places, _cycled(values, places.size))


def _put_flat(a: Traced, places: Traced, values: Value) -> None:
    """Entries of the flat array: in place where it is known which, else in a copy of its line."""
    known = places.known
    if a.ndim == 1:
        setitem(a, places, values)
    elif known is not None and np.all((-a.size <= known) & (known < a.size)):
        setitem(a, np.unravel_index(known % a.size, a.shape), values)
    else:
        line = ravel(a).copy()
        setitem(line, places, values)
        whole(a, reshape(line, shape=a.shape))


def _cycled(values: Traced, count: int) -> Traced:
    """The entries in one line, over and over again, so many of them."""
    line = ravel(values)
    return line if line.size == count else getitem(line, np.arange(count) % line.size)  # type: ignore[no-any-return]


def put_along_axis(arr: Traced, indices: Value, values: Value, axis: Any) -> None:
    """np.put_along_axis."""
    recorder = recorder_of(arr, indices, values)
    places = lifted(recorder, indices)
    if axis is not None:
        setitem(arr, along_key(arr, places, axis), values)
    elif places.ndim != 1:
        raise ValueError("without an axis, indices are a vector")
    else:
        _put_flat(arr, places, values)


def place(arr: Traced, mask: Value, vals: Value) -> None:
    """np.place: the values, over and over again, where the mask is true."""
    recorder = recorder_of(arr, mask, vals)
    places = true_places(ravel(lifted(recorder, mask)))[0]
    values = lifted(recorder, vals)
    if places.size and not values.size:
        raise ValueError("there are no values to place")
    put(arr, places, values)


def putmask(a: Traced, mask: Value, values: Value) -> None:
    """np.putmask: where the mask is true the entry of `values` at that place."""
    recorder = recorder_of(a, mask, values)
    given = lifted(recorder, values)
    if given.size:
        spread = reshape(_cycled(given, a.size), shape=a.shape)
        copyto(a, spread, casting="unsafe", where=reshape(lifted(recorder, mask), shape=a.shape))


def fill_diagonal(a: Traced, val: Value, wrap: bool = False) -> None:
    """np.fill_diagonal of a matrix, or of a cube of higher dimension."""
    if a.ndim < 2 or (a.ndim > 2 and len(set(a.shape)) > 1):
        raise ValueError("a matrix is asked for, or a cube with all lengths equal")
    step = sum(int(np.prod(a.shape[i + 1 :])) for i in range(a.ndim))
    end = a.size if wrap or a.ndim > 2 else min(a.size, a.shape[1] ** 2)
    places = np.arange(0, end, step)
    values = lifted(recorder_of(a, val), val)
    if places.size and values.size:
        setitem(a, np.unravel_index(places, a.shape), _cycled(values, places.size))


NAMES: dict[Any, Callable[..., Value]] = {
    np.put: put,
    np.put_along_axis: put_along_axis,
    np.place: place,
    np.putmask: putmask,
    np.fill_diagonal: fill_diagonal,
}
