"""New arrays: of traced values in lists, of traced fill values, of lengths that are observed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.lenses import Window
from cats.surface.values import (
    expand,
    kind_of,
    lengths,
    lifted,
    recorder_of,
    refuse_options,
    windowed,
    with_dtype,
)
from cats.traced import Traced
from cats.tracked import forgetting


def array(
    x: Value,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    like: Any = None,
) -> Value:
    """np.array: nested lists of traced values and numbers are stacked."""
    refuse_options("np.array", {"like": like})
    found = lifted(recorder_of(x), x)
    found = found if dtype is None else with_dtype(found, dtype)
    if copy is False and not (found is x and x.is_array):
        raise ValueError("there is no array of that dtype to make one of without a copy")
    if found.ndim < ndmin:
        found = reshape(found, shape=(1,) * (ndmin - found.ndim) + found.shape)
    if copy and (found is x or found.as_view is not None):
        return boxed(found.copy("K"))
    return boxed(_laid(found, order) if found is x else found)


def boxed(x: Traced) -> Traced:
    """The value as an array, also without axes."""
    return x if x.is_array else x.in_box()  # type: ignore[return-value]


def _laid(x: Traced, order: Any) -> Traced:
    """x in an order in memory: a view where it lies so already, a copy where it does not."""
    if order not in ("C", "F") or not x.ndim:
        return x
    plain = np.ascontiguousarray if order == "C" else np.asfortranarray

    def look(whole: Value) -> Value:
        return plain(whole) if isinstance(whole, np.ndarray) else whole

    return windowed(x, Window(look, back=lambda whole, view: view, may_copy=True))


def asarray(x: Value, dtype: Any = None, order: Any = None, **options: Any) -> Value:
    """np.asarray: an array as it is."""
    copy = options.pop("copy", None)
    refuse_options("np.asarray", options)
    return array(x, dtype, copy=copy, order=order)


def required(x: Value, dtype: Any = None, requirements: Any = None, *, like: Any = None) -> Value:
    """np.require: an order in memory, and an array of its own."""
    asked = {str(r).upper()[0] for r in requirements or ()}
    order = "F" if "F" in asked else "C" if "C" in asked else None
    return array(x, dtype, copy="O" in asked or None, order=order, like=like)


def _contiguous(order: str) -> Callable[..., Value]:
    """np.ascontiguousarray, np.asfortranarray: an array with one axis or more."""

    def call(x: Value, dtype: Any = None, *, like: Any = None) -> Value:
        return array(x, dtype, copy=None, order=order, ndmin=1, like=like)

    return call


def copied(x: Value, order: str = "K", subok: bool = False) -> Value:
    """np.copy."""
    return boxed(lifted(recorder_of(x), x))


def from_iterable(iter: Any, dtype: Any, count: int = -1, *, like: Any = None) -> Value:
    """np.fromiter: of numbers, or of arrays that a dtype with a shape describes."""
    refuse_options("np.fromiter", {"like": like})
    wanted = np.dtype(dtype)
    entries = list(iter)
    if len(entries) < count:
        raise ValueError(f"the iterable holds {len(entries)} items, fewer than count={count}")
    found = lifted(recorder_of(*entries), entries)
    if found.shape[1:] != wanted.shape:
        raise ValueError(f"items of shape {found.shape[1:]} for a dtype of shape {wanted.shape}")
    return with_dtype(found, wanted.base)


def _made(make: Callable[..., Any]) -> Callable[..., Value]:
    def call(shape: Any, *args: Any, **options: Any) -> Value:
        return make(lengths(shape), *args, **options)

    return call


def full(
    shape: Any, fill_value: Value, dtype: Any = None, order: str = "C", **options: Any
) -> Value:
    """np.full."""
    refuse_options("np.full", options)
    value = lifted(recorder_of(shape, fill_value), fill_value)
    return expand(value if dtype is None else with_dtype(value, dtype), lengths(shape))


def _like(make: Callable[..., Any]) -> Callable[..., Value]:
    def call(
        x: Value,
        dtype: Any = None,
        order: str = "K",
        subok: bool = True,
        shape: Any = None,
        **options: Any,
    ) -> Value:
        refuse_options(f"np.{make.__name__}_like", options)
        array = lifted(recorder_of(x, shape), x)
        wanted = array.shape if shape is None else lengths(shape)
        lies = order if order in ("C", "F") else "C"
        made = array.recorder.local(make(wanted, dtype=dtype or array.dtype, order=lies))
        return made if order in ("C", "F") else forgetting([array], made)

    return call


def full_like(
    x: Value,
    fill_value: Value,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    **options: Any,
) -> Value:
    """np.full_like."""
    refuse_options("np.full_like", options)
    recorder = recorder_of(x, fill_value, shape)
    array = lifted(recorder, x)
    value = with_dtype(lifted(recorder, fill_value), dtype or array.dtype)
    found = expand(value, array.shape if shape is None else lengths(shape))
    if found.known is None or order in ("C", "F"):
        return recorder.fresh(found, order == "C")
    return forgetting([array], recorder.fresh(found, plain=True))


def is_scalar(x: Value) -> bool:
    """np.isscalar: a number, and no array."""
    return not x.is_array


def result_type(*xs: Value) -> np.dtype[Any]:
    """np.result_type."""
    return np.result_type(*[kind_of(x) if isinstance(x, Traced) else x for x in xs])


NAMES: dict[Any, Callable[..., Value]] = {
    np.array: array,
    np.asarray: asarray,
    np.asanyarray: asarray,
    np.ascontiguousarray: _contiguous("C"),
    np.asfortranarray: _contiguous("F"),
    np.require: required,
    np.copy: copied,
    np.fromiter: from_iterable,
    np.zeros: _made(np.zeros),
    np.ones: _made(np.ones),
    np.empty: _made(np.empty),
    np.full: full,
    np.zeros_like: _like(np.zeros),
    np.ones_like: _like(np.ones),
    np.empty_like: _like(np.empty),
    np.full_like: full_like,
    np.isscalar: is_scalar,
    np.result_type: result_type,
    np.iscomplexobj: lambda x: False,
    np.isrealobj: lambda x: True,
    np.iscomplex: lambda x: np.zeros(np.shape(x), bool)[()],
    np.isreal: lambda x: np.ones(np.shape(x), bool)[()],
}
