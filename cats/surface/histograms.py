"""NumPy's histograms, counts and bins. Counts are discrete; edges and sums of weights vary."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.indexing import accumulate
from cats.ir.prims.layout import reshape
from cats.ir.prims.searching import bin_count, binned
from cats.ir.prims.searching import bincount as counts
from cats.ir.prims.searching import digitize as places
from cats.ir.spaces import Value
from cats.recorder import Recorder
from cats.surface.calculus import diff
from cats.surface.elementwise import where
from cats.surface.indexing import getitem
from cats.surface.joining import concatenate
from cats.surface.reductions import MAX, MIN, SUM
from cats.surface.shapes import ravel, transpose
from cats.surface.values import is_number, lifted, real, recorder_of, require, with_dtype
from cats.traced import Traced


def digitize(x: Value, bins: Value, right: bool = False) -> Value:
    """np.digitize."""
    recorder = recorder_of(x, bins)
    ends = lifted(recorder, bins)
    if ends.known is not None:
        np.digitize(0.0, ends.known)  # which says so where they are not in order
    return places(ends, lifted(recorder, x), right=bool(right), lead=0)


def added(places: Traced, weights: Value, length: int) -> Value:
    """How many of each number below `length` there are, or the sum of their weights."""
    if weights is None:
        return counts(places, length=length, lead=0)
    over = with_dtype(lifted(recorder_of(places, weights), weights), np.float64)
    return accumulate(over, places, shape=(length,), dtype="float64", targets=(1,))


def bincount(x: Value, /, weights: Value = None, minlength: int = 0) -> Value:
    """np.bincount: how long it is, is observed; linear in the weights."""
    recorder = recorder_of(x, weights)
    numbers = lifted(recorder, x)
    if numbers.ndim != 1:
        raise ValueError("object of too small depth for desired array: x must have one axis")
    if numbers.dtype.kind not in "biu":
        raise TypeError(f"np.bincount counts whole numbers, not {numbers.dtype}")
    if weights is not None and np.shape(weights) != numbers.shape:
        raise ValueError("The weights and list don't have the same length.")
    length = operator.index(minlength)
    if length < 0:
        raise ValueError("'minlength' must not be negative")
    whole = with_dtype(numbers, np.int64)
    if not numbers.size:
        return np.zeros(length, np.int64)
    require(MIN(whole) >= 0, ValueError("np.bincount counts numbers from 0 up"))
    return added(whole, weights, max(length, operator.index(MAX(whole)) + 1))


# Edges


def _outer(x: Traced, range_: Any) -> tuple[Value, Value]:
    """The first and the last edge; a bin of width 1 around a single value."""
    if range_ is not None:
        low, high = range_
        require(low <= high, ValueError("max must be larger than min in range parameter."))
    elif not x.size:
        low, high = 0.0, 1.0
    else:
        low, high = MIN(x), MAX(x)
    recorder = recorder_of(x, low, high)
    low, high = lifted(recorder, low), lifted(recorder, high)
    same = low == high
    return where(same, low - 0.5, low), where(same, high + 0.5, high)


def _spaced(low: Traced, high: Traced, count: int, dtype: np.dtype[Any]) -> Traced:
    """np.linspace: the edges of bins of one width, computed in the width of the ends."""
    inner = np.arange(count, dtype=low.dtype) * ((high - low) / count) + low
    return with_dtype(concatenate([inner, reshape(high, shape=(1,))]), dtype)


def _count(bins: Any) -> int:
    """A number of bins."""
    try:
        count = operator.index(bins)
    except TypeError as error:
        raise TypeError("`bins` must be an integer, a string, or an array") from error
    if count < 1:
        raise ValueError("`bins` must be positive, when an integer")
    return count


def _edges(x: Traced, bins: Any, range_: Any, kind: np.dtype[Any]) -> Traced:
    """The edges of the bins of a flat array: those given, or of so many bins of one width."""
    if isinstance(bins, list | tuple):
        bins = lifted(recorder_of(x, bins), bins)
    if np.ndim(bins) > 1:
        raise ValueError("`bins` must be 1d, when an array")
    if np.ndim(bins):
        return lifted(recorder_of(x, bins), bins)
    count = _count(bins)
    return _spaced(*_outer(x, range_), count, kind if kind.kind == "f" else np.dtype(float))


def _kind(x: Traced, range_: Any) -> np.dtype[Any]:
    """The dtype of entries and range together."""
    ends = () if range_ is None else tuple(range_)
    return np.result_type(
        x.dtype, *[v if is_number(v) else lifted(x.recorder, v).dtype for v in ends]
    )


def _by_rule(x: Traced, bins: Any, range_: Any, weights: Value) -> Any:
    """`bins`, or as many of them as the rule of that name finds: a number that is observed."""
    if not isinstance(bins, str):
        return bins
    if weights is not None:
        raise TypeError("Automated estimation of the number of bins needs data without weights")
    np.histogram_bin_edges([], bins)  # which raises ValueError for a rule that NumPy has not
    return operator.index(bin_count(x, *_outer(x, range_), method=bins))


def histogram_bin_edges(
    a: Value, bins: Any = 10, range: Any = None, weights: Value = None
) -> Value:
    """np.histogram_bin_edges: they vary with the smallest and the largest entry."""
    x = _entries(lifted(recorder_of(a, bins, range, weights), a))
    return _edges(x, _by_rule(x, bins, range, weights), range, _kind(x, range))


def _entries(x: Traced) -> Traced:
    """The flat array; truth values are counted as numbers."""
    return ravel(with_dtype(x, np.uint8) if x.dtype == np.bool_ else x)  # type: ignore[no-any-return]


# Histograms


def histogram(
    a: Value, bins: Any = 10, range: Any = None, density: Any = None, weights: Value = None
) -> Value:
    """np.histogram: counts, or sums of weights, and the edges of the bins."""
    recorder = recorder_of(a, bins, range, weights)
    x, over = lifted(recorder, a), None if weights is None else lifted(recorder, weights)
    if over is not None and over.shape != x.shape:
        raise ValueError("weights should have the same shape as a.")
    x, over = _entries(x), None if over is None else ravel(over)
    edges = _edges(x, _by_rule(x, bins, range, over), range, _kind(x, range))
    if not (x.size or edges.size):
        empty = np.zeros(0, float if density else int if over is None else over.dtype)
        return recorder.local(empty), edges
    inside = added(binned(edges, x, lead=0) + 1, over, edges.size + 1)
    found = getitem(inside, slice(1, -1))
    found = found if over is None else with_dtype(found, over.dtype)
    if density:
        found = found / with_dtype(diff(edges), np.float64) / SUM(found)
    return found, edges


def _columns(recorder: Recorder, sample: Value) -> list[Traced]:
    """The coordinates of points: the columns of a table, or what stands in a list."""
    table = lifted(recorder, sample)
    if table.ndim > 2:
        raise ValueError(f"points are rows of a table, not {table.ndim} axes")
    if table.ndim < 2:
        return [ravel(table)]
    listed = isinstance(sample, list | tuple)
    rows = table if listed else transpose(table)
    return [getitem(rows, i) for i in range(rows.shape[0])]


def _is_row(given: Any) -> bool:
    """Whether there is one for each coordinate."""
    return isinstance(given, list | tuple) or np.ndim(given) > 0


def _several(given: Any, count: int, what: str) -> list[Any]:
    """One for each coordinate."""
    each = list(given) if _is_row(given) else [given] * count
    if len(each) != count:
        raise ValueError(f"`{what}` must have one entry for each of {count} dimensions")
    return each


def histogramdd(
    sample: Value, bins: Any = 10, range: Any = None, density: Any = None, weights: Value = None
) -> Value:
    """np.histogramdd: counts, or sums of weights, in boxes, and the edges of the bins."""
    columns = _columns(recorder_of(sample, bins, range, weights), sample)
    count = len(columns)
    each, ranges = _several(bins, count, "bins"), _several(range, count, "range")
    edges = [
        _edges(x, b, r, x.dtype if r is None else np.dtype(float))
        for x, b, r in zip(columns, each, ranges, strict=True)
    ]
    shape = tuple(e.size + 1 for e in edges)
    place: Value = 0
    for x, e, n in zip(columns, edges, shape, strict=True):
        place = place * n + (binned(e, x, lead=0) + 1)
    boxes = reshape(real(added(place, weights, int(np.prod(shape)))), shape=shape)
    found = getitem(boxes, (slice(1, -1),) * count)
    if density:
        whole = SUM(found)
        for i, e in enumerate(edges):
            width = diff(e)
            own = tuple(width.size if j == i else 1 for j, _ in enumerate(edges))
            found = found / reshape(width, shape=own)
        found = found / whole
    return found, edges


def histogram2d(
    x: Value,
    y: Value,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Value = None,
) -> Value:
    """np.histogram2d: counts, or sums of weights, in rectangles, and the edges of both axes."""
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    if _is_row(bins) and len(bins) > 2:
        bins = [bins, bins]
    found, (left, right) = histogramdd([x, y], bins, range, density, weights)
    return found, left, right


NAMES: dict[Any, Callable[..., Value]] = {
    np.bincount: bincount,
    np.digitize: digitize,
    np.histogram_bin_edges: histogram_bin_edges,
    np.histogram: histogram,
    np.histogramdd: histogramdd,
    np.histogram2d: histogram2d,
}
