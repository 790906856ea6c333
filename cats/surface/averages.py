"""NumPy's weighted averages, covariances and correlations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.surface.elementwise import clip, where
from cats.surface.indexing import diagonal
from cats.surface.joining import concatenate
from cats.surface.reductions import NONE, SUM, average_of, kept, truth
from cats.surface.shapes import squeeze, transpose
from cats.surface.values import (
    expand,
    lifted,
    normal_axes,
    real,
    recorder_of,
    require,
    with_dtype,
)
from cats.traced import Traced


def weights_of(x: Traced, weights: Value, axes: tuple[int, ...] | None) -> Traced:
    """Weights in the shape of x, with length 1 along the axes that are not averaged."""
    found = lifted(recorder_of(x, weights), weights)
    if found.shape == x.shape:
        return found
    if axes is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    if found.shape != tuple(x.shape[a] for a in axes):
        raise ValueError(
            "Shape of weights must be consistent with shape of a along specified axis."
        )
    ordered = transpose(found, np.argsort(axes))
    return reshape(ordered, shape=tuple(n if i in axes else 1 for i, n in enumerate(x.shape)))  # type: ignore[no-any-return]


def _given_order(axis: Any, rank: int) -> tuple[int, ...] | None:
    """The axes as they are given: weights have them in that order."""
    if axis is None:
        return None
    given = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(a for g in given for a in normal_axes(g, rank))


def average(
    a: Value,
    axis: Any = None,
    weights: Value = None,
    returned: bool = False,
    *,
    keepdims: Any = NONE,
) -> Value:
    """np.average, also with the sum of the weights, which must not be 0."""
    recorder = recorder_of(a, weights)
    x = lifted(recorder, a)
    axes = normal_axes(axis, x.ndim)
    if weights is None:
        found = average_of(real(x), axes, None)
        found = kept(found, x.shape, axes) if truth(keepdims) else found
        count = x.size / found.size if found.size else np.nan
        return (found, np.full(found.shape, count, found.dtype)[()]) if returned else found
    over = weights_of(x, weights, _given_order(axis, x.ndim))
    whole = x.dtype.kind in "biu"
    dtype = np.result_type(x.dtype, over.dtype, *(["f8"] if whole else []))
    x, over = with_dtype(x, dtype), with_dtype(over, dtype)
    total = SUM(over, axis, keepdims=keepdims)
    require(np.all(total != 0), ZeroDivisionError("Weights sum to zero, can't be normalized"))
    found = SUM(x * over, axis, keepdims=keepdims) / total
    return (found, expand(total, found.shape)) if returned else found


# Covariances


def _table(x: Traced, dtype: np.dtype[Any]) -> Traced:
    """An array as one with two axes."""
    if x.ndim > 2:
        raise ValueError(f"an array of variables has {x.ndim} dimensions, more than 2")
    return with_dtype(x if x.ndim == 2 else reshape(x, shape=(1, x.size)), dtype)


def _variables(m: Traced, y: Traced | None, rowvar: bool, dtype: np.dtype[Any]) -> Traced:
    """A variable in each row."""
    rows = _table(m, dtype)
    rows = transpose(rows) if not rowvar and m.ndim != 1 else rows
    if y is None or not rows.shape[0]:
        return rows
    more = _table(y, dtype)
    return concatenate([rows, transpose(more) if not rowvar and more.shape[0] != 1 else more])  # type: ignore[no-any-return]


def _weights(name: str, given: Value, x: Traced) -> Traced | None:
    """Weights of the observations, of one kind."""
    if given is None:
        return None
    found = with_dtype(lifted(recorder_of(x, given), given), np.float64)
    if found.ndim > 1:
        raise ValueError(f"cannot handle multidimensional {name}")
    if found.shape != x.shape[1:]:
        raise ValueError(f"incompatible numbers of samples and {name}")
    require(np.all(found >= 0), ValueError(f"{name} cannot be negative"))
    return found


def _freedom(over: Traced | None, own: Traced | None, count: int, ddof: int) -> Value:
    """What the sum of products is divided by; 0 instead of less."""
    if over is None:
        return float(max(count - ddof, 0))
    total = SUM(over)
    lost = ddof if own is None else ddof * SUM(over * own) / total
    left = lifted(over.recorder, total - lost if ddof else total)
    return where(left <= 0, 0.0, left)


def cov(
    m: Value,
    y: Value = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Value = None,
    aweights: Value = None,
    *,
    dtype: Any = None,
) -> Value:
    """np.cov: the mean product of the distances from their means, of every two variables."""
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    recorder = recorder_of(m, y, fweights, aweights)
    first, second = lifted(recorder, m), None if y is None else lifted(recorder, y)
    known = [v.dtype for v in (first, second) if v is not None]
    x = _variables(first, second, rowvar, np.dtype(dtype or np.result_type(*known, np.float64)))
    if not x.shape[0]:
        return np.zeros((0, 0))
    often, own = _weights("fweights", fweights, x), _weights("aweights", aweights, x)
    if often is not None:
        require(np.all(often == np.round(often)), ValueError("fweights must be integer"))
    over = own if often is None else often if own is None else often * own
    free = int(ddof if ddof is not None else not bias)
    left = _freedom(over, own, x.shape[1], free)
    away = with_dtype(x - average(x, 1, over, keepdims=True), x.dtype)
    products = away @ transpose(away if over is None else away * over)
    return squeeze(products * (np.inf if isinstance(left, float) and not left else 1.0 / left))


def corrcoef(x: Value, y: Value = None, rowvar: bool = True, *, dtype: Any = None) -> Value:
    """np.corrcoef: covariances divided by both deviations."""
    c = lifted(recorder_of(x, y), cov(x, y, rowvar, dtype=dtype))
    if c.ndim != 2:
        return c / c
    deviation = np.sqrt(diagonal(c))
    return clip(c / deviation[:, None] / deviation[None, :], -1, 1)


NAMES: dict[Any, Callable[..., Value]] = {
    np.average: average,
    np.cov: cov,
    np.corrcoef: corrcoef,
}
