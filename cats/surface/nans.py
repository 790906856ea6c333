"""NumPy's reductions that leave nan out: the plain ones, with a mask.

Of nothing but nan most are nan; the derivative there is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.algebra import div
from cats.ir.prims.choice import isnan, less_equal, logical_and, logical_not, select
from cats.ir.prims.smooth import root
from cats.ir.prims.sorting import argmax, argmin
from cats.ir.spaces import Real, Value
from cats.surface.reductions import (
    ANY,
    CUMPROD,
    CUMSUM,
    MAX,
    MIN,
    NONE,
    PROD,
    SUM,
    Fold,
    Run,
    axes_of,
    degrees,
    extreme_place,
    kept,
    mask_of,
    masked,
    mean,
    squares,
    std,
    truth,
    var,
)
from cats.surface.values import lifted, recorder_of
from cats.traced import Traced


def there(x: Traced, where: Value = True) -> Value:
    """A mask of the entries that count: `where=` without nan; True if all do."""
    mask = mask_of(x, where)
    if not isinstance(x.space, Real):
        return True if mask is None else mask
    some = logical_not(isnan(x))
    return some if mask is None else logical_and(some, mask)


def _without(fold: Fold) -> Callable[..., Value]:
    """np.nansum, np.nanprod: nothing is what changes nothing."""

    def call(
        a: Value,
        axis: Any = None,
        dtype: Any = None,
        keepdims: Any = False,
        initial: Value = NONE,
        where: Value = True,
        *,
        into: Any = None,
    ) -> Value:
        x = lifted(recorder_of(a, initial, where), a)
        return fold(x, axis, dtype, keepdims, initial, there(x, where), into=into)

    return call


def _extreme(fold: Fold) -> Callable[..., Value]:
    """np.nanmax, np.nanmin: of nothing but nan they are nan."""

    def call(
        a: Value,
        axis: Any = None,
        keepdims: Any = False,
        initial: Value = NONE,
        where: Value = True,
        *,
        into: Any = None,
    ) -> Value:
        x = lifted(recorder_of(a, initial, where), a)
        begun = initial is not NONE and initial is not None
        if not isinstance(x.space, Real) or begun:
            mask = where if not isinstance(x.space, Real) else there(x, where)
            return fold(x, axis, None, keepdims, initial, mask, into=into)
        left = there(x, where)
        filled = masked(x, left, fold.neutral(x.dtype))
        found = fold(filled, axis, None, keepdims, NONE, where)
        some = ANY(left, axis, keepdims=keepdims)
        return select(some, found, np.nan)

    return call


def nanmean(
    a: Value,
    axis: Any = None,
    dtype: Any = None,
    keepdims: Any = False,
    *,
    where: Value = True,
    into: Any = None,
) -> Value:
    """np.nanmean."""
    x = lifted(recorder_of(a, where), a)
    _check_dtypes(x, dtype, into)
    return mean(x, axis, dtype, keepdims, where=there(x, where), into=into)


def _check_dtypes(x: Traced, *dtypes: Any) -> None:
    """Raises TypeError where means of real numbers are asked for as whole ones."""
    if isinstance(x.space, Real) and any(d is not None and np.dtype(d).kind != "f" for d in dtypes):
        raise TypeError("If a is inexact, then dtype and out must be inexact")


def _spread(plain: Callable[..., Value], finish: Callable[[Traced], Value]) -> Callable[..., Value]:
    """np.nanvar, np.nanstd: nan where no more than ddof entries are left."""

    def call(
        a: Value,
        axis: Any = None,
        dtype: Any = None,
        ddof: Value = 0,
        keepdims: Any = False,
        *,
        where: Value = True,
        mean: Value = NONE,
        correction: Value = NONE,
        into: Any = None,
    ) -> Value:
        x = lifted(recorder_of(a, where, mean), a)
        free = degrees(ddof, correction)
        if not isinstance(x.space, Real):
            return plain(x, axis, dtype, free, keepdims, where=where, mean=mean, into=into)
        _check_dtypes(x, dtype, into)
        axes, mask = axes_of(axis, x.ndim), mask_of(x, there(x, where))
        total, count = squares(x, axes, mask, dtype, free, mean, narrow=True, into=into)
        few = less_equal(count, 0.0)
        found = select(few, np.nan, finish(div(total, select(few, 1.0, count))))
        return kept(found, x.shape, axes) if truth(keepdims) else found

    return call


def _place_of(plain: Any) -> Callable[..., Value]:
    """np.nanargmax, np.nanargmin; of nothing but nan they raise ValueError, as NumPy's do."""

    def call(a: Value, axis: Any = None, *, keepdims: Any = False) -> Value:
        return extreme_place(plain, a, axis, keepdims, skip=True)

    return call


def _running(run: Run) -> Callable[..., Value]:
    def call(a: Value, axis: Any = None, dtype: Any = None, *, into: Any = None) -> Value:
        x = lifted(recorder_of(a), a)
        return run(masked(x, mask_of(x, there(x)), run.start), axis, dtype, into=into)

    return call


NAMES: dict[Any, Callable[..., Value]] = {
    np.nansum: _without(SUM),
    np.nanprod: _without(PROD),
    np.nanmax: _extreme(MAX),
    np.nanmin: _extreme(MIN),
    np.nanmean: nanmean,
    np.nanvar: _spread(var, lambda x: x),
    np.nanstd: _spread(std, root),
    np.nanargmax: _place_of(argmax),
    np.nanargmin: _place_of(argmin),
    np.nancumsum: _running(CUMSUM),
    np.nancumprod: _running(CUMPROD),
}
