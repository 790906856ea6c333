"""Convolution, correlation, and windows that slide along axes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims import sliding
from cats.ir.spaces import Value
from cats.lenses import Window
from cats.surface.shapes import flip, leading, part
from cats.surface.values import (
    lifted,
    normal_axis,
    recorder_of,
    refuse_options,
    static,
    windowed,
    with_dtype,
)
from cats.traced import Traced


def convolve(a: Value, v: Value, mode: str = "full") -> Value:
    """np.convolve of two vectors."""
    x, y = _vectors(a, v)
    x, y = (y, x) if y.size > x.size else (x, y)
    if mode == "valid":
        return sliding.convolve(x, flip(y), spec="z,y->x")
    return _as_long(sliding.convolve(x, y, spec="x,y->z"), x.size, y.size, mode)


def correlate(a: Value, v: Value, mode: str = "valid") -> Value:
    """np.correlate of two vectors."""
    x, y = _vectors(a, v)
    if y.size > x.size:
        return flip(correlate(y, x, mode))
    if mode == "valid":
        return sliding.convolve(x, y, spec="z,y->x")
    return _as_long(sliding.convolve(x, flip(y), spec="x,y->z"), x.size, y.size, mode)


def _vectors(a: Value, v: Value) -> tuple[Traced, Traced]:
    recorder = recorder_of(a, v)
    x, y = (leading(lifted(recorder, side), 1) for side in (a, v))
    if x.ndim > 1 or y.ndim > 1 or not (x.size and y.size):
        raise ValueError("two vectors are asked for, and none of them empty")
    dtype = np.result_type(x.dtype, y.dtype)
    return with_dtype(x, dtype), with_dtype(y, dtype)


def _as_long(full: Traced, long: int, short: int, mode: str) -> Traced:
    """All of a full convolution, or as many entries around its middle as the longer vector has."""
    if mode == "full":
        return full
    if mode != "same":
        raise ValueError(f"mode={mode!r} is none of 'full', 'same' and 'valid'")
    start = (short - 1) - short // 2
    return part(full, 0, start, start + long)


def sliding_window_view(x: Value, window_shape: Any, axis: Any = None, **options: Any) -> Value:
    """np.lib.stride_tricks.sliding_window_view: its axes come last."""
    options.pop("subok", None)
    refuse_options("sliding_window_view", options)
    array = lifted(recorder_of(x), x)
    shape = [operator.index(n) for n in np.atleast_1d(static(window_shape))]
    axes = range(array.ndim) if axis is None else np.atleast_1d(static(axis)).tolist()
    if len(axes) != len(shape):
        raise ValueError(f"{len(shape)} lengths of a window for {len(axes)} axes")
    rows = list(zip([normal_axis(a, array.ndim) for a in axes], shape, strict=True))
    return windowed(array, Window(lambda whole: _windows(whole, rows)))


def _windows(x: Traced, rows: list[tuple[int, int]]) -> Traced:
    for axis, length in rows:
        x = sliding.windows(x, axis=axis, at=x.ndim, length=length)
    return x


NAMES: dict[Any, Callable[..., Value]] = {
    np.convolve: convolve,
    np.correlate: correlate,
    np.lib.stride_tricks.sliding_window_view: sliding_window_view,
}
