"""NumPy's sorting: sorted arrays, orders, partitions, searches, and what masks pick out.

The derivative of a sorted array takes equal entries as they came, whatever `kind=` says.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.calls import called
from cats.ir.errors import TraceError
from cats.ir.prims import sorting
from cats.ir.prims.indexing import gather
from cats.ir.prims.layout import reshape, transpose
from cats.ir.prims.searching import searchsorted as search
from cats.ir.prims.sorting import along
from cats.ir.spaces import Value
from cats.places import users_place
from cats.surface.indexing import true_places
from cats.surface.shapes import ravel
from cats.surface.updates import whole
from cats.surface.values import lifted, normal_axis, recorder_of
from cats.traced import Traced

_ALL = slice(None)


def _line(a: Value, axis: Any, *others: Value) -> tuple[Traced, int]:
    """The array and the axis it is sorted along; the flat array if none is named."""
    x = lifted(recorder_of(a, *others), a)
    return (ravel(x), 0) if axis is None else (x, normal_axis(axis, x.ndim))


def _numbered(a: Value, axis: Any) -> Any:
    """The axis, of which a number has none to name: NumPy puts it into a row."""
    return None if not np.ndim(a) and axis in (0, -1) else axis


def _kind(name: str, kind: Any, order: Any, stable: Any = None) -> str | None:
    """The algorithm, None for NumPy's own choice. Raises TraceError for fields."""
    if order is not None:
        raise TraceError(
            f"{name}(order={order!r}): arrays have no fields here",
            where=users_place(),
            remedy=f"Call {name} without order=.",
        )
    if kind is not None and stable is not None:
        raise ValueError("kind= and stable= cannot both be given")
    letter = "s" if stable else str(kind or "quicksort")[:1].lower()
    if letter not in _KINDS:
        raise ValueError(f"sort kind must be one of 'quick', 'heap', or 'stable' (got {kind!r})")
    return _KINDS[letter]


_KINDS = {"q": None, "m": "stable", "s": "stable", "h": "heapsort"}


def sort(
    a: Value, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Value:
    """np.sort."""
    _kind("np.sort", kind, order, stable)
    x, place = _line(a, axis)
    return sorting.sort(x, axis=place)


def argsort(
    a: Value, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Value:
    """np.argsort."""
    algorithm = _kind("np.argsort", kind, order, stable)
    x, place = _line(a, _numbered(a, axis))
    return sorting.argsort(x, axis=place, kind=algorithm)


def sort_in_place(
    x: Traced, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> None:
    """x.sort()."""
    _kind("x.sort", kind, order, stable)
    whole(x, sorting.sort(x, axis=normal_axis(axis, x.ndim)))


def lexsort(keys: Any, axis: Any = -1) -> Value:
    """np.lexsort: by the last key, then by the one before it, and so on."""
    recorder = recorder_of(keys)
    rows = [lifted(recorder, key) for key in keys]
    if not rows:
        raise TypeError("need sequence of keys with len > 0 in lexsort")
    place = normal_axis(axis, rows[0].ndim)
    found = sorting.stable(rows[0], place)
    for row in rows[1:]:
        found = along(found, sorting.stable(along(row, found, place), place), place)
    return found


# Partitions


def ranks(kth: Any) -> tuple[int, ...]:
    """`kth=` as whole numbers."""
    return tuple(operator.index(k) for k in np.ravel(np.asarray(kth, object)))


def partition(
    a: Value, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Value:
    """np.partition: its derivative moves tangents as the entries were moved."""
    _kind("np.partition", None, order)
    x, place = _line(a, axis)
    return sorting.partition(x, axis=place, kth=ranks(kth))


def argpartition(
    a: Value, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Value:
    """np.argpartition."""
    _kind("np.argpartition", None, order)
    x, place = _line(a, _numbered(a, axis))
    return sorting.argpartition(x, axis=place, kth=ranks(kth))


def partition_in_place(
    x: Traced, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> None:
    """x.partition(kth)."""
    _kind("x.partition", None, order)
    whole(x, sorting.partition(x, axis=normal_axis(axis, x.ndim), kth=ranks(kth)))


# Searches


def searchsorted(a: Value, v: Value, side: str = "left", sorter: Value = None) -> Value:
    """np.searchsorted."""
    recorder = recorder_of(a, v, sorter)
    x, values = lifted(recorder, a), lifted(recorder, v)
    if not isinstance(side, str) or side[:1].lower() not in ("l", "r"):
        raise ValueError(f"search side must be one of 'left' or 'right' (got {side!r})")
    if sorter is not None:
        x = gather(x, lifted(recorder, sorter))
    return search(x, values, side="left" if side[0].lower() == "l" else "right", lead=0)


# What masks pick out


def argwhere(a: Value) -> Value:
    """np.argwhere: the places of the entries that are not zero, one in a row."""
    x = lifted(recorder_of(a), a)
    if not x.ndim:
        rows = true_places(reshape(x, shape=(1,)))[0]
        return np.zeros((rows.shape[0], 0), np.int64)
    places = true_places(x)
    return transpose(called(recorder_of(x), np.stack, (list(places),), {}), axes=(1, 0))


NAMES: dict[Any, Callable[..., Value]] = {
    "sort": sort_in_place,
    "partition": partition_in_place,
    np.sort: sort,
    np.argsort: argsort,
    np.lexsort: lexsort,
    np.partition: partition,
    np.argpartition: argpartition,
    np.searchsorted: searchsorted,
    np.argwhere: argwhere,
}
