"""Evenly spaced numbers between traced ends: arange, linspace, logspace, geomspace.

And Kaiser's window, at such numbers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.calls import called
from cats.ir.spaces import Value
from cats.recorder import Recorder
from cats.surface.joining import concatenate
from cats.surface.shapes import expand_dims, leading, moveaxis
from cats.surface.values import (
    common_shape,
    expand,
    kind_of,
    lifted,
    rank_of,
    recorder_of,
    refuse_options,
    require,
    with_dtype,
)
from cats.traced import Traced

_FAR = 2**62
"""No array holds so many numbers: what is not finite becomes a whole number beyond it."""


def arange(
    start: Value, stop: Any = None, step: Any = None, dtype: Any = None, **options: Any
) -> Value:
    """np.arange; how many numbers there are is observed, and guarded.

    The second number less the first is what is added to the first, again and again.
    """
    refuse_options("np.arange", options)
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    recorder = recorder_of(start, stop, step)
    kind = np.arange(_sample(start), _sample(stop), _sample(step) + 1, dtype=dtype).dtype
    count = _count((stop - start) / step)
    first = with_dtype(lifted(recorder, start), kind)
    second = with_dtype(lifted(recorder, start + step), kind)
    return np.arange(count, dtype=kind) * (second - first) + first


def _sample(value: Value) -> Any:
    """A zero of the value's type."""
    kind = kind_of(value)
    return kind.type(0) if isinstance(kind, np.dtype) else kind


def _count(steps: Value) -> int:
    """How many numbers lie so many steps from end to end."""
    found = operator.index(with_dtype(lifted(recorder_of(steps), np.ceil(steps)), np.int64))
    if abs(found) > _FAR:
        raise ValueError("the ends or the step are not finite, or the step is 0")
    return max(found, 0)


def linspace(
    start: Value,
    stop: Value,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    **options: Any,
) -> Value:
    """np.linspace."""
    refuse_options("np.linspace", options)
    count = operator.index(num)
    if count < 0:
        raise ValueError(f"the number of samples, {count}, is negative")
    recorder = recorder_of(start, stop)
    first, last, delta = _ends(recorder, start, stop)
    gaps = count - 1 if endpoint else count
    step = delta / gaps if gaps > 0 else delta
    inner = count - 1 if endpoint and count > 1 else count
    numbers = np.arange(inner, dtype=delta.dtype).reshape(-1, *(1,) * delta.ndim)
    found: Any = numbers * step + first
    if inner < count:
        found = concatenate([found, expand_dims(last, 0)])
    if dtype is not None and np.issubdtype(dtype, np.integer):
        found = np.floor(found)
    found = moveaxis(with_dtype(found, dtype or found.dtype), 0, axis)
    return (found, step if gaps > 0 else np.nan) if retstep else found


def _ends(recorder: Recorder, start: Value, stop: Value) -> tuple[Traced, Traced, Traced]:
    """Both ends in their common dtype and shape, and the way between them."""
    kind = np.result_type(kind_of(start), kind_of(stop), 0.0)
    ends = [with_dtype(lifted(recorder, v), kind) for v in (start, stop)]
    first, last = (expand(e, common_shape(ends)) for e in ends)
    return first, last, last - first


def logspace(
    start: Value,
    stop: Value,
    num: Any = 50,
    endpoint: bool = True,
    base: Value = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Value:
    """np.logspace: base ** linspace."""
    recorder = recorder_of(start, stop, base)
    if rank_of(base):
        values = [lifted(recorder, v) for v in (start, stop, base)]
        rank = max(v.ndim for v in values)
        start, stop, base = (leading(v, rank) for v in values)
        base = expand_dims(base, axis)
    exponents = called(recorder, np.linspace, (start, stop, num, endpoint), {"axis": axis})
    found = called(recorder, np.power, (base, exponents), {})
    return found if dtype is None else with_dtype(found, dtype)


def geomspace(
    start: Value,
    stop: Value,
    num: Any = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Value:
    """np.geomspace; the ends are exactly those given."""
    recorder = recorder_of(start, stop)
    given = [lifted(recorder, v) for v in (start, stop)]
    kind = np.result_type(*[v.dtype for v in given], np.zeros((), dtype).dtype, 0.0)
    ends = [with_dtype(v, kind) for v in given]
    first, last = (expand(e, common_shape(ends)) for e in ends)
    require(np.all((first != 0) & (last != 0)), ValueError("a geometric series does not reach 0"))
    sign = np.sign(first)
    found = logspace(np.log10(first / sign), np.log10(last / sign), num, endpoint) * sign
    parts, count = [expand_dims(first, 0), found[1:]], operator.index(num)
    if count > 1 and endpoint:
        parts = [*parts[:1], found[1:-1], expand_dims(last, 0)]
    whole = concatenate(parts) if count else found
    return moveaxis(with_dtype(whole, dtype or kind), 0, axis)


def kaiser(M: Value, beta: Value) -> Value:
    """np.kaiser: NumPy's own steps, but a length that is a number does not vary beside beta."""
    recorder = recorder_of(M, beta)
    count, shape = (
        with_dtype(lifted(recorder, v), np.float64) if isinstance(v, Traced) else float(v)
        for v in (M, beta)
    )
    if count == 1:
        return np.ones(1)
    half = (count - 1) / 2.0
    places = arange(0, count) if isinstance(count, Traced) else np.arange(0, count)
    width = np.sqrt(1 - ((places - half) / half) ** 2.0)
    return np.i0(shape * width) / np.i0(shape)


NAMES: dict[Any, Callable[..., Value]] = {
    np.arange: arange,
    np.linspace: linspace,
    np.logspace: logspace,
    np.geomspace: geomspace,
    np.kaiser: kaiser,
}
