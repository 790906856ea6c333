"""NumPy's medians, quantiles and percentiles: entries of given ranks, and what lies between two.

Of equal entries the stable order says which has a rank. The derivative of a quantile goes to the
entries of the two ranks beside it and, where q is traced, to q.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.prims import sorting
from cats.ir.prims.algebra import div
from cats.ir.prims.choice import select
from cats.ir.prims.layout import reshape
from cats.ir.prims.layout import transpose as moved
from cats.ir.prims.searching import searchsorted
from cats.ir.prims.sorting import along
from cats.ir.spaces import Real, Value
from cats.surface.averages import weights_of
from cats.surface.creation import boxed
from cats.surface.elementwise import where
from cats.surface.indexing import getitem
from cats.surface.joining import concatenate
from cats.surface.nans import nanmean, there
from cats.surface.reductions import (
    ALL,
    CUMSUM,
    SUM,
    kept,
    masked,
    mean,
    truth,
    widths,
)
from cats.surface.values import (
    expand,
    lifted,
    normal_axes,
    real,
    recorder_of,
    require,
    weak_type,
    with_dtype,
)
from cats.traced import Traced

# Lines: the reduced axes, as one last axis


def lines(x: Traced, axes: tuple[int, ...]) -> Traced:
    """x with some axes merged into a last one."""
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    order = (*rest, *axes)
    found = x if order == tuple(range(x.ndim)) else moved(x, axes=order)
    count = int(np.prod([x.shape[a] for a in axes], dtype=int))
    return reshape(found, shape=(*(x.shape[i] for i in rest), count))  # type: ignore[no-any-return]


def ranked(line: Traced, ranks: Value, nan: bool) -> Traced:
    """The entries of these ranks on each line; `nan` if one nan makes all of them nan."""
    at = lifted(line.recorder, ranks)
    at = expand(at, (*line.shape[:-1], at.shape[-1]))
    last = line.ndim - 1
    return along(line, sorting.ranked(line, at, axis=last, nans=nan), last)  # type: ignore[no-any-return]


def counts(line: Traced) -> Traced:
    """How many entries of each line are not nan."""
    return SUM(there(line), -1, keepdims=True)  # type: ignore[no-any-return]


def entry(line: Traced, i: int) -> Value:
    """The entry of each line at one place."""
    return getitem(line, (..., i))


def _nothing(x: Traced, axes: tuple[int, ...], keepdims: Any) -> Traced:
    """nan for what has no entries."""
    dtype = real(x).dtype
    shape = [n for i, n in enumerate(x.shape) if i not in axes or truth(keepdims)]
    if truth(keepdims):
        shape = [1 if i in axes else n for i, n in enumerate(shape)]
    return lifted(x.recorder, np.full(shape, np.nan, dtype))


# Medians


def _median(skip: bool) -> Callable[..., Value]:
    """np.median, where a nan makes its line nan; np.nanmedian, which leaves nan out."""

    def call(
        a: Value,
        axis: Any = None,
        overwrite_input: bool = False,
        keepdims: Any = False,
        *,
        into: Any = None,
    ) -> Value:
        x = lifted(recorder_of(a), a)
        added, _ = widths(x, None, None if skip else into)
        x = x if added is None else with_dtype(x, added)
        axes = normal_axes(axis, x.ndim)
        line = lines(x, axes)
        if not line.shape[-1]:
            return _nothing(x, axes, keepdims)
        found = _middle_of_some(line) if skip and isinstance(x.space, Real) else _middle(line)
        return kept(found, x.shape, axes) if truth(keepdims) else found

    return call


def _middle(line: Traced) -> Traced:
    """The mean of the one or two entries in the middle."""
    n = line.shape[-1]
    return mean(ranked(line, np.arange((n - 1) // 2, n // 2 + 1), nan=True), -1)  # type: ignore[no-any-return]


def _middle_of_some(line: Traced) -> Traced:
    """The same without nan; of nothing but nan one of those."""
    n = counts(line)
    ranks = np.maximum(concatenate([(n - 1) // 2, n // 2], -1), 0)
    pair = ranked(line, ranks, nan=False)
    low, high = entry(pair, 0), entry(pair, 1)
    return where(entry(n, 0) % 2 == 1, low, (low + high) / 2)  # type: ignore[no-any-return]


# Between which entries a quantile lies


@dataclass(frozen=True)
class Between:
    """Two neighbouring ranks, and how far from the first to the second; None: at the first."""

    low: Value
    high: Value
    part: Value | None


_PLOTTING = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3.0, 1 / 3.0),
    "normal_unbiased": (3 / 8.0, 3 / 8.0),
}
"""The parameters alpha and beta of Hyndman and Fan, "Sample Quantiles in Statistical Packages"."""


def between(method: str, n: Value, q: Value) -> Between:
    """Where the quantile q of n entries lies. n and q may be traced."""
    count = n.astype(q.dtype) if isinstance(n, Traced) and q.dtype.kind == "f" else n
    match method:
        case "linear" | "midpoint" | "lower" | "higher" | "nearest":
            at = (count - 1) * q
        case "inverted_cdf" | "averaged_inverted_cdf":
            at = count * q - 1
        case "closest_observation":
            at = count * q - 1 - 0.5
        case _:
            alpha, beta = _PLOTTING[method]
            at = count * q + (alpha + q * (1 - alpha - beta)) - 1
    if method == "midpoint":
        at = 0.5 * (np.floor(at) + np.ceil(at))
    low = np.floor(at)
    part = at - low
    if method == "linear" and q.dtype.kind != "f":
        return _one(at, n)
    match method:
        case "inverted_cdf":
            return _one(np.where(part == 0, low, low + 1), n)
        case "closest_observation":
            return _one(np.where((part == 0) & (low % 2 == 1), low, low + 1), n)
        case "lower":
            return _one(low, n)
        case "higher":
            return _one(np.ceil(at), n)
        case "nearest":
            return _one(np.round(at), n)
        case "averaged_inverted_cdf":
            part = np.where(part == 0, 0.5, 1.0)
        case "midpoint":
            part = np.where(part == 0, 0.0, 0.5)
    return Between(_rank(low, n), _rank(np.where(at < 0, 0, low + 1), n), part)


def _one(at: Value, n: Value) -> Between:
    rank = _rank(at, n)
    return Between(rank, rank, None)


def _rank(at: Value, n: Value) -> Value:
    """A whole number as a rank of n entries."""
    return np.maximum(np.minimum(at.astype(np.int64), n - 1), 0)


# Quantiles


def _quantile(name: str, skip: bool, whole: float) -> Callable[..., Value]:
    """np.quantile and its kin.

    skip   whether nan is left out
    whole  what q goes up to: 1, or 100
    """
    plain: Any = np.nanquantile if skip else np.quantile

    def call(
        a: Value,
        q: Value,
        axis: Any = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: Any = False,
        *,
        weights: Value = None,
    ) -> Value:
        recorder = recorder_of(a, q, weights)
        x, axes = lifted(recorder, a), normal_axes(axis, np.ndim(a))
        asked = _asked(recorder, q, whole, name)
        shape = np.shape(asked)
        weak = weak_type(q) is not None
        like: Any = asked.dtype.type(0).item() if weak else np.zeros(shape, asked.dtype)
        some = None if weights is None else np.ones(1)
        dtype = plain(np.ones(1, x.dtype), like, method=method, weights=some).dtype
        if skip and not x.size:
            return nanmean(x, axis, None, keepdims)
        line = lines(x, axes)
        if not line.shape[-1]:
            raise IndexError("there are no entries to choose from")
        flat = np.reshape(asked, (int(np.prod(shape, dtype=int)),))
        if weights is None:
            found = _unweighted(line, flat, method, skip, dtype)
        else:
            over = weights_of(x, weights, None if axis is None else axes)
            found = _weighted(line, lines(expand(over, x.shape), axes), flat, skip)
        rest = x.shape if truth(keepdims) else [n for i, n in enumerate(x.shape) if i not in axes]
        rest = [1 if truth(keepdims) and i in axes else n for i, n in enumerate(rest)]
        order = (found.ndim - 1, *range(found.ndim - 1))
        found = moved(found, axes=order) if found.ndim > 1 else found
        found = reshape(found, shape=(*shape, *rest))
        return found if weights is None else boxed(found)

    return call


def _asked(recorder: Any, q: Value, whole: float, name: str) -> Value:
    """q as an array of numbers from 0 to 1; traced only where an argument has a part in it."""
    outside = ValueError(f"{name}: q must be in the range [0, {whole:g}]")
    if isinstance(q, Traced) and q.known is not None:
        q = q.known
    if not isinstance(q, Traced):
        array = np.asarray(q)
        if array.dtype != object:
            found = np.true_divide(array, whole) if whole != 1 else array
            if not np.all((found >= 0) & (found <= 1)):
                raise outside
            return np.asarray(found)
        q = lifted(recorder, q)
    require(np.all((q >= 0) & (q <= whole)), outside)
    return q / whole if whole != 1 else q


def _unweighted(line: Traced, q: Value, method: str, skip: bool, dtype: np.dtype[Any]) -> Traced:
    """The quantiles of each line, along the last axis."""
    skip = skip and isinstance(line.space, Real)
    where_ = between(method, counts(line) if skip else line.shape[-1], q)
    k = q.shape[0]
    if where_.part is None:
        return ranked(line, where_.low, nan=not skip)
    pair = ranked(line, _joined(where_.low, where_.high), nan=not skip)
    low, high = getitem(pair, (..., slice(None, k))), getitem(pair, (..., slice(k, None)))
    return _mixed(real(low), real(high), where_.part, dtype)


def _joined(low: Value, high: Value) -> Value:
    if isinstance(low, Traced) or isinstance(high, Traced):
        return concatenate([low, high], -1)
    return np.concatenate([low, high], -1)


def _mixed(low: Traced, high: Traced, part: Value, dtype: np.dtype[Any]) -> Traced:
    """low + part (high - low), from the nearer end, as NumPy rounds it."""
    gap = with_dtype(high - low, dtype)
    low, high = with_dtype(low, dtype), with_dtype(high, dtype)
    t = part.astype(dtype)
    near = t >= 0.5
    if isinstance(near, Traced):
        return where(near, high - gap * (1 - t), low + gap * t)  # type: ignore[no-any-return]
    if near.all():
        return high - gap * (1 - t)  # type: ignore[no-any-return]
    if not near.any():
        return low + gap * t  # type: ignore[no-any-return]
    return where(near, high - gap * (1 - t), low + gap * t)  # type: ignore[no-any-return]


def _weighted(line: Traced, weights: Traced, q: Value, skip: bool) -> Traced:
    """The entries at which the sum of the sorted weights reaches q of the whole.

    Which they are is discrete: the derivative in the weights is 0.
    """
    last, left = line.ndim - 1, there(line)
    over = with_dtype(weights, np.float64)
    over = over if left is True or not skip else masked(over, left, 0)
    _check_weights(over, left if skip else True)
    order = sorting.stable(line, last)
    sums = CUMSUM(along(over, order, last), last)
    reached = div(sums, expand(getitem(sums, (..., slice(-1, None))), sums.shape))
    reached = with_dtype(reached, q.dtype) if q.dtype.kind == "f" else reached
    reached = where(reached == 0, -1.0, reached)
    at = expand(lifted(line.recorder, q), (*line.shape[:-1], q.shape[0]))
    index = searchsorted(reached, at, side="left", lead=last)
    found = along(line, along(order, np.minimum(index, line.shape[-1] - 1), last), last)
    if left is True or skip:
        return found  # type: ignore[no-any-return]
    whole = expand(ALL(left, -1, keepdims=True), found.shape)
    return select(whole, found, np.nan)  # type: ignore[no-any-return]


def _check_weights(over: Traced, left: Value) -> None:
    """Raises ValueError for weights that are negative, or that have no sum to divide by."""
    require(np.all(over >= 0), ValueError("Weights must be non-negative."))
    total = SUM(over, -1)
    usable = (total > 0) & np.isfinite(total)
    usable = usable if left is True else usable | ~np.any(left, axis=-1)
    require(np.all(usable), ValueError("Weights included NaN, inf or were all zero."))


NAMES: dict[Any, Callable[..., Value]] = {
    np.median: _median(False),
    np.nanmedian: _median(True),
    np.quantile: _quantile("np.quantile", False, 1),
    np.nanquantile: _quantile("np.nanquantile", True, 1),
    np.percentile: _quantile("np.percentile", False, 100),
    np.nanpercentile: _quantile("np.nanpercentile", True, 100),
}
