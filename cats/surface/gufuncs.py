"""Universal functions of vectors and matrices: matmul, matvec, vecmat, vecdot; their options."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.surface.einsum import einsum
from cats.surface.products import matmul
from cats.surface.promotion import Loop, loop, signature_of
from cats.surface.shapes import moveaxis
from cats.surface.values import lifted, recorder_of, with_dtype
from cats.traced import Traced

Axes = tuple[int, ...]


def _axes(given: Any) -> Axes:
    return tuple(given) if isinstance(given, tuple | list) else (given,)


def _ranks(of: np.ufunc) -> list[int]:
    """How many axes of its own each argument has, and the result."""
    parts = re.findall(r"\(([^)]*)\)", of.signature or "")
    return [len(p.split(",")) if p else 0 for p in parts]


def gufunc(of: np.ufunc, said: Callable[..., Value]) -> Callable[..., Value]:
    """The function as NumPy calls it: with axes=, axis=, keepdims=, dtype=, casting=."""

    def call(
        *args: Value,
        axes: Sequence[Any] | None = None,
        axis: int | None = None,
        keepdims: bool = False,
        casting: Any = "same_kind",
        order: str = "K",
        dtype: Any = None,
        subok: bool = True,
        signature: Any = None,
    ) -> Value:
        recorder = recorder_of(*args)
        arrays = [lifted(recorder, a) for a in args]
        asked = Loop(signature_of(of, dtype, signature), casting)
        dtypes = loop(of, arrays, asked)
        arrays = [with_dtype(a, d) for a, d in zip(arrays, dtypes, strict=True)]
        places = _places(of, axes, axis)
        inner = places[: len(arrays)] if places else []
        arrays = [_last(a, p) for a, p in zip(arrays, inner, strict=True)] if places else arrays
        found: Traced = said(*arrays)
        if keepdims:
            if of is not np.vecdot:
                raise TypeError(
                    "keepdims= is for functions whose results have no axes of their own"
                )
            found = reshape(found, shape=(*found.shape, 1))
            return moveaxis(found, -1, places[0][0]) if places else found
        return _placed(found, places[-1]) if len(places) > len(arrays) else found

    return call


def _places(of: np.ufunc, axes: Sequence[Any] | None, axis: int | None) -> list[Axes]:
    """The axes of each argument, and of the result where it has some."""
    if axis is not None:
        if axes is not None or set(_ranks(of)[:-1]) != {1}:
            raise TypeError("axis= is for functions of one axis, and excludes axes=")
        return [(axis,)] * of.nin
    return [] if axes is None else [_axes(a) for a in axes]


def _last(x: Traced, places: Axes) -> Traced:
    """x with these axes at the end."""
    return moveaxis(x, places, tuple(range(-len(places), 0)))  # type: ignore[no-any-return]


def _placed(x: Traced, places: Axes) -> Value:
    """x with its last axes put at these places."""
    return moveaxis(x, tuple(range(-len(places), 0)), places) if places else x


def _product(left: str, right: str, out: str) -> Callable[[Traced, Traced], Value]:
    """A product of the last axes, which have letters, broadcast over leading ones."""

    def said(a: Traced, b: Traced) -> Value:
        if a.ndim < len(left) or b.ndim < len(right):
            raise ValueError(f"arrays with {len(left)} and {len(right)} axes or more are asked for")
        sizes = set(zip(left, a.shape[-len(left) :], strict=True))
        sizes |= set(zip(right, b.shape[-len(right) :], strict=True))
        if len(sizes) > len({*left, *right}):
            raise ValueError(f"shapes {a.shape} and {b.shape}: the axes summed over differ")
        return einsum(f"...{left},...{right}->...{out}", a, b)

    return said


_SAID: dict[str, Callable[..., Value]] = {
    "matmul": matmul,
    "matvec": _product("ij", "j", "i"),
    "vecmat": _product("i", "ij", "j"),
    "vecdot": _product("i", "i", ""),
}

NAMES: dict[Any, Callable[..., Value]] = {
    getattr(np, name): gufunc(getattr(np, name), said)
    for name, said in _SAID.items()
    if hasattr(np, name)
}
"""Those that this NumPy has."""
