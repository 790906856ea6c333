"""New arrays: of traced values in lists, of traced fill values, of lengths that are observed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.surface.values import expand, laid, lifted, recorder_of, refuse_options, with_dtype
from cats.traced import Traced


def array(x: Value, dtype: Any = None, ndmin: int = 0, **options: Any) -> Value:
    """np.array: nested lists of traced values and numbers are stacked."""
    for name in ("copy", "order", "subok", "like"):
        options.pop(name, None)
    refuse_options("np.array", options)
    found = lifted(recorder_of(x), x)
    found = found if dtype is None else with_dtype(found, dtype)
    if found.ndim < ndmin:
        found = reshape(found, shape=(1,) * (ndmin - found.ndim) + found.shape)
    return boxed(found)


def boxed(x: Traced) -> Traced:
    """The value as an array, also without axes."""
    if x.ndim or x.boxed:
        return x
    made = x.recorder.make(x.recorder, x.state, x.space)
    made.boxed = True
    return made  # type: ignore[return-value]


def asarray(x: Value, dtype: Any = None, *args: Any, **options: Any) -> Value:
    """np.asarray: an array as it is."""
    return array(x, dtype, **options)


def _laid(asked: Callable[..., Any]) -> Callable[..., Value]:
    def call(x: Value, dtype: Any = None, **options: Any) -> Value:
        found = array(x, dtype, **options)
        return laid(asked, found) if found.ndim else reshape(found, shape=(1,))

    return call


def _lengths(shape: Any) -> tuple[int, ...]:
    """A shape, also one with traced whole numbers in it, which are observed."""
    several = isinstance(shape, tuple | list) or (np.ndim(shape) > 0)
    return tuple([operator.index(n) for n in (shape if several else (shape,))])


def _made(make: Callable[..., Any]) -> Callable[..., Value]:
    def call(shape: Any, *args: Any, **options: Any) -> Value:
        return make(_lengths(shape), *args, **options)

    return call


def full(shape: Any, fill_value: Value, dtype: Any = None, **options: Any) -> Value:
    """np.full."""
    options.pop("order", None)
    refuse_options("np.full", options)
    value = lifted(recorder_of(shape, fill_value), fill_value)
    return expand(value if dtype is None else with_dtype(value, dtype), _lengths(shape))


def _like(make: Callable[..., Any]) -> Callable[..., Value]:
    def call(x: Value, dtype: Any = None, *args: Any, **options: Any) -> Value:
        for name in ("order", "subok"):
            options.pop(name, None)
        given = options.pop("shape", None)
        refuse_options(f"np.{make.__name__}_like", options)
        shape = np.shape(x) if given is None else _lengths(given)
        return make(shape, dtype=dtype or x.dtype)

    return call


def full_like(x: Value, fill_value: Value, dtype: Any = None, **options: Any) -> Value:
    """np.full_like."""
    for name in ("order", "subok"):
        options.pop(name, None)
    given = options.pop("shape", None)
    refuse_options("np.full_like", options)
    recorder = recorder_of(x, fill_value)
    wanted = dtype or lifted(recorder, x).dtype
    shape = np.shape(x) if given is None else _lengths(given)
    return expand(with_dtype(lifted(recorder, fill_value), wanted), shape)


def is_scalar(x: Value) -> bool:
    """np.isscalar: a number, and no array."""
    return not x.is_array


def _kind(x: Value) -> Any:
    return x.dtype if isinstance(x, Traced) and not x.weak else _weak(x)


def _weak(x: Value) -> Any:
    return {"f": 0.0, "i": 0, "b": False}[x.dtype.kind] if isinstance(x, Traced) else x


def result_type(*xs: Value) -> np.dtype[Any]:
    """np.result_type."""
    return np.result_type(*map(_kind, xs))


NAMES: dict[Any, Callable[..., Value]] = {
    np.array: array,
    np.asarray: asarray,
    np.asanyarray: asarray,
    np.ascontiguousarray: _laid(np.ascontiguousarray),
    np.asfortranarray: _laid(np.asfortranarray),
    np.require: asarray,
    np.copy: lambda x, **options: boxed(lifted(recorder_of(x), x)),
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
