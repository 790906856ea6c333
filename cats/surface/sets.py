"""NumPy's sets: unique entries, unions, differences, and what is in what.

How many entries there are in the result is observed. Of equal entries it is the first one that a
derivative goes to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.calls import called
from cats.ir.prims import sorting
from cats.ir.prims.choice import equal, isnan, logical_and, logical_not, not_equal
from cats.ir.prims.layout import reshape
from cats.ir.prims.searching import searchsorted
from cats.ir.prims.sorting import along
from cats.ir.spaces import Real, Value
from cats.surface.indexing import getitem, true_places
from cats.surface.joining import concatenate
from cats.surface.reductions import CUMSUM
from cats.surface.shapes import moveaxis, ravel
from cats.surface.values import lifted, normal_axis, recorder_of, with_dtype
from cats.traced import Traced

_AHEAD, _BEHIND = slice(1, None), slice(None, -1)


def _flat(*values: Value) -> list[Traced]:
    """The values as flat arrays."""
    recorder = recorder_of(*values)
    return [ravel(lifted(recorder, v)) for v in values]


def _differs(rows: Traced, equal_nan: bool) -> Value:
    """Which entries, or rows, differ from the one before them; the first one does."""
    after, before = getitem(rows, _AHEAD), getitem(rows, _BEHIND)
    new = not_equal(after, before)
    if equal_nan and isinstance(rows.space, Real):
        new = logical_and(new, logical_not(logical_and(isnan(after), isnan(before))))
    if rows.ndim > 1:
        new = called(recorder_of(new), np.any, (new,), {"axis": tuple(range(1, rows.ndim))})
    first = np.ones(min(1, rows.shape[0]), bool)
    return concatenate([first, new])


def _order(rows: Traced) -> Traced:
    """The stable order of entries, or of rows: by the first column, then by the next."""
    if rows.ndim == 1:
        return sorting.stable(rows, 0)  # type: ignore[no-any-return]
    table = reshape(rows, shape=(rows.shape[0], rows.size // max(rows.shape[0], 1)))
    columns = [getitem(table, (slice(None), i)) for i in reversed(range(table.shape[1]))]
    if not columns:
        return lifted(rows.recorder, np.arange(rows.shape[0]))
    return called(recorder_of(rows), np.lexsort, (columns,), {})  # type: ignore[no-any-return]


def unique(
    ar: Value,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Value:
    """np.unique; the result is in order also with sorted=False, which leaves the order open."""
    x = lifted(recorder_of(ar), ar)
    if axis is None:
        place, rows, inverse_shape = 0, ravel(x), x.shape
    else:
        place = normal_axis(axis, x.ndim)
        rows, inverse_shape = moveaxis(x, place, 0), _inverse_shape(x.shape, place)
        equal_nan = equal_nan and x.ndim == 1
    if not (return_index or return_inverse or rows.ndim > 1):
        order, ordered = None, sorting.sort(rows, axis=0)
    else:
        order = _order(rows)
        ordered = getitem(rows, order)
    flags = _differs(ordered, equal_nan)
    (starts,) = true_places(flags)
    found = [moveaxis(getitem(ordered, starts), 0, place)]
    if return_index:
        found.append(along(order, starts, 0))
    if return_inverse:
        group = CUMSUM(flags) - 1
        found.append(reshape(along(group, sorting.inverse(order, axis=0), 0), shape=inverse_shape))
    if return_counts:
        last = np.full(min(1, starts.shape[0]), rows.shape[0])
        found.append(concatenate([getitem(starts, _AHEAD), last]) - starts)
    return found[0] if len(found) == 1 else tuple(found)


def _inverse_shape(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """The shape of the inverse along an axis, which is not the same in all versions of NumPy."""
    tried = np.unique(np.zeros((1,) * len(shape)), return_inverse=True, axis=axis)[1]
    several = tried.ndim == len(shape)
    return tuple(n if i == axis else 1 for i, n in enumerate(shape) if several or i == axis)


def _named(kind: Any, *wanted: str) -> Callable[..., Value]:
    """np.unique_all and its kin, which tell nan from nan."""
    options = dict.fromkeys(wanted, True)

    def call(x: Value, /) -> Value:
        found = unique(x, equal_nan=False, **options)
        return found if kind is None else kind(*found)

    return call


def _result(function: Any) -> Any:
    """The class of the named tuple a function returns."""
    return type(function(np.zeros(1)))


def union1d(ar1: Value, ar2: Value) -> Value:
    """np.union1d."""
    return unique(concatenate(_flat(ar1, ar2)))


def _sets(assume_unique: bool, *values: Value) -> list[Traced]:
    return _flat(*values) if assume_unique else [unique(v) for v in _flat(*values)]


def intersect1d(
    ar1: Value, ar2: Value, assume_unique: bool = False, return_indices: bool = False
) -> Value:
    """np.intersect1d: the entries of the first array that are in the second."""
    flat = _flat(ar1, ar2)
    firsts = None
    if assume_unique:
        a, b = flat
    else:
        (a, i), (b, j) = (unique(v, return_index=True) for v in flat)
        firsts = i, j
    both = concatenate([a, b])
    order = sorting.stable(both, 0)
    ordered = along(both, order, 0)
    (pairs,) = true_places(equal(getitem(ordered, _AHEAD), getitem(ordered, _BEHIND)))
    left, right = getitem(order, pairs), getitem(order, pairs + 1) - a.size
    found = getitem(both, left)
    if not return_indices:
        return found
    if firsts is not None:
        left, right = getitem(firsts[0], left), getitem(firsts[1], right)
    return found, left, right


def setxor1d(ar1: Value, ar2: Value, assume_unique: bool = False) -> Value:
    """np.setxor1d: the entries that are in one of both."""
    both = concatenate(_sets(assume_unique, ar1, ar2))
    if not both.size:
        return both
    ordered = sorting.sort(both, axis=0)
    new = not_equal(getitem(ordered, _AHEAD), getitem(ordered, _BEHIND))
    alone = logical_and(concatenate([[True], new]), concatenate([new, [True]]))
    return getitem(ordered, true_places(alone)[0])


def setdiff1d(ar1: Value, ar2: Value, assume_unique: bool = False) -> Value:
    """np.setdiff1d: the entries of the first array that are not in the second."""
    a, b = _sets(assume_unique, ar1, ar2)
    return getitem(a, true_places(isin(a, b, invert=True))[0])


def isin(
    element: Value,
    test_elements: Value,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Any = None,
) -> Value:
    """np.isin: discrete; nan is in nothing."""
    if kind not in (None, "sort", "table"):
        raise ValueError(f"Invalid kind: '{kind}'. Please use None, 'sort' or 'table'.")
    recorder = recorder_of(element, test_elements)
    x, tests = lifted(recorder, element), ravel(lifted(recorder, test_elements))
    dtype = np.result_type(x.dtype, tests.dtype)
    x, tests = with_dtype(x, dtype), with_dtype(tests, dtype)
    if not tests.size:
        return recorder.local(np.full(x.shape, bool(invert)))
    ordered = sorting.sort(tests, axis=0)
    after = searchsorted(ordered, x, side="left", lead=0)
    last = np.int64(tests.size - 1)
    found = equal(x, along(ordered, called(recorder, np.minimum, (after, last), {}), 0))
    return logical_not(found) if invert else found


NAMES: dict[Any, Callable[..., Value]] = {
    np.unique: unique,
    np.unique_values: _named(None),
    np.unique_counts: _named(_result(np.unique_counts), "return_counts"),
    np.unique_inverse: _named(_result(np.unique_inverse), "return_inverse"),
    np.unique_all: _named(
        _result(np.unique_all), "return_index", "return_inverse", "return_counts"
    ),
    np.union1d: union1d,
    np.intersect1d: intersect1d,
    np.setxor1d: setxor1d,
    np.setdiff1d: setdiff1d,
    np.isin: isin,
}
