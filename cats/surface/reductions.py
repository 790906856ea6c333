"""NumPy's reductions: sums, products, extremes, means and running sums, over axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims import arrays, layout
from cats.ir.prims.algebra import div, mul
from cats.ir.prims.choice import logical_not, not_equal
from cats.ir.prims.layout import reshape
from cats.ir.prims.smooth import root
from cats.ir.spaces import Discrete, Value
from cats.surface.elementwise import subtract
from cats.surface.values import (
    expand,
    lifted,
    normal_axes,
    normal_axis,
    real,
    recorder_of,
    refuse_options,
    with_dtype,
)
from cats.traced import Traced

Reduce = Callable[[Traced, tuple[int, ...]], Traced]


def _kept(x: Traced, shape: tuple[int, ...], axes: tuple[int, ...]) -> Traced:
    """The reduced axes back, with length 1."""
    target = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return reshape(x, shape=target)  # type: ignore[no-any-return]


def _reduction(name: str, reduce: Reduce) -> Callable[..., Value]:
    def call(x: Value, axis: Any = None, **options: Any) -> Value:
        keepdims = options.pop("keepdims", False)
        refuse_options(name, options)
        array = lifted(recorder_of(x), x)
        axes = normal_axes(axis, array.ndim)
        result = reduce(array, axes)
        return _kept(result, array.shape, axes) if keepdims else result

    return call


def _wide(x: Traced) -> Traced:
    """Integers in the width in which NumPy adds and multiplies them up."""
    if not isinstance(x.space, Discrete):
        return x
    return with_dtype(x, np.sum(np.zeros(0, x.dtype)).dtype)


def _sum(x: Traced, axes: tuple[int, ...]) -> Traced:
    x = _wide(x)
    return layout.sum(x, axes=axes) if axes else x


def _prod(x: Traced, axes: tuple[int, ...]) -> Traced:
    """One axis at a time, from the last."""
    x = _wide(x)
    for axis in reversed(axes):
        x = arrays.prod(x, axis=axis)
    return x


def _max(x: Traced, axes: tuple[int, ...]) -> Traced:
    return arrays.max(x, axes=axes) if axes else x


def _min(x: Traced, axes: tuple[int, ...]) -> Traced:
    return arrays.min(x, axes=axes) if axes else x


def _count(x: Traced, axes: tuple[int, ...]) -> float:
    return float(np.prod([x.shape[a] for a in axes]))


def _mean(x: Traced, axes: tuple[int, ...]) -> Traced:
    values = real(x)
    return div(_sum(values, axes), _count(x, axes))  # type: ignore[no-any-return]


def _var(x: Value, axis: Any = None, **options: Any) -> Value:
    """np.var: the mean square distance from the mean, with ddof."""
    ddof, keepdims = options.pop("ddof", 0), options.pop("keepdims", False)
    refuse_options("np.var", options)
    array = real(lifted(recorder_of(x), x))
    axes = normal_axes(axis, array.ndim)
    centre = _kept(_mean(array, axes), array.shape, axes)
    away = subtract(array, expand(centre, array.shape))
    total = div(_sum(mul(away, away), axes), _count(array, axes) - ddof)
    return _kept(total, array.shape, axes) if keepdims else total


def _std(x: Value, axis: Any = None, **options: Any) -> Value:
    """np.std: the square root of the variance; derivative 0 where the variance is 0."""
    return root(_var(x, axis, **options))


def _any(x: Traced, axes: tuple[int, ...]) -> Traced:
    flags = with_dtype(with_dtype(x, np.bool_), np.int64)
    return not_equal(_sum(flags, axes), 0)  # type: ignore[no-any-return]


def _all(x: Traced, axes: tuple[int, ...]) -> Traced:
    return logical_not(_any(logical_not(with_dtype(x, np.bool_)), axes))  # type: ignore[no-any-return]


def _running(name: str, run: Callable[[Traced, int], Traced]) -> Callable[..., Value]:
    def call(x: Value, axis: Any = None, **options: Any) -> Value:
        refuse_options(name, options)
        array = lifted(recorder_of(x), x)
        if axis is None:
            array, axis = reshape(array, shape=(array.size,)), 0
        return run(array, normal_axis(axis, array.ndim))

    return call


def _cumsum(x: Traced, axis: int) -> Traced:
    return arrays.cumsum(_wide(x), axis=axis, reverse=False)  # type: ignore[no-any-return]


def _cumprod(x: Traced, axis: int) -> Traced:
    return arrays.cumprod(_wide(x), axis=axis)  # type: ignore[no-any-return]


NAMES: dict[Any, Callable[..., Value]] = {
    np.sum: _reduction("np.sum", _sum),
    np.prod: _reduction("np.prod", _prod),
    np.max: _reduction("np.max", _max),
    np.min: _reduction("np.min", _min),
    np.mean: _reduction("np.mean", _mean),
    np.any: _reduction("np.any", _any),
    np.all: _reduction("np.all", _all),
    np.var: _var,
    np.std: _std,
    np.cumsum: _running("np.cumsum", _cumsum),
    np.cumprod: _running("np.cumprod", _cumprod),
}
