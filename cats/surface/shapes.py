"""NumPy's functions on shape and layout: reshape, transpose, concatenate, stack and their kin."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from cats.ir.errors import CatsError, TraceError
from cats.ir.prims import indexing, joining, layout
from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.places import users_place
from cats.surface.values import (
    expand,
    laid,
    lifted,
    normal_axes,
    normal_axis,
    recorder_of,
    refuse_options,
    with_dtype,
)
from cats.traced import Traced


def _array(x: Value) -> Traced:
    return lifted(recorder_of(x), x)


def _lengths(shape: Any) -> tuple[int, ...]:
    """A shape as NumPy takes it: a whole number, or some."""
    several = isinstance(shape, tuple | list) or np.ndim(shape)
    return tuple(operator.index(n) for n in (shape if several else (shape,)))


def reshape_(x: Value, shape: Any = None, *args: Any, **options: Any) -> Value:
    """np.reshape, with one length -1 worked out."""
    refuse_options("np.reshape", options)
    array = _array(x)
    target = list(_lengths(shape))
    if target.count(-1) == 1:
        known = int(np.prod([n for n in target if n != -1]))
        target[target.index(-1)] = array.size // known if known else 0
    try:
        return reshape(array, shape=tuple(target))
    except CatsError as error:
        raise error.at(users_place()) from None


def ravel(x: Value, **options: Any) -> Value:
    """np.ravel."""
    refuse_options("np.ravel", options)
    return laid(np.ravel, _array(x))


def transpose(x: Value, axes: Any = None) -> Value:
    """np.transpose."""
    array = _array(x)
    if axes is None:
        order = tuple(reversed(range(array.ndim)))
    else:
        order = tuple(normal_axis(a, array.ndim) for a in axes)
    return array if order == tuple(range(array.ndim)) else layout.transpose(array, axes=order)


def swapaxes(x: Value, axis1: int, axis2: int) -> Value:
    """np.swapaxes."""
    array = _array(x)
    order = list(range(array.ndim))
    a, b = normal_axis(axis1, array.ndim), normal_axis(axis2, array.ndim)
    order[a], order[b] = order[b], order[a]
    return transpose(array, order)


def moveaxis(x: Value, source: Any, destination: Any) -> Value:
    """np.moveaxis."""
    array = _array(x)
    given = [np.atleast_1d(a).tolist() for a in (source, destination)]
    sources, targets = [[normal_axis(a, array.ndim) for a in row] for row in given]
    order = [i for i in range(array.ndim) if i not in sources]
    for target, place in sorted(zip(targets, sources, strict=True)):
        order.insert(target, place)
    return transpose(array, order)


def expand_dims(x: Value, axis: Any) -> Value:
    """np.expand_dims."""
    array = _array(x)
    count = len(axis) if isinstance(axis, tuple | list) else 1
    places = normal_axes(axis, array.ndim + count)
    rest = iter(array.shape)
    shape = tuple(1 if i in places else next(rest) for i in range(array.ndim + count))
    return reshape(array, shape=shape)


def squeeze(x: Value, axis: Any = None) -> Value:
    """np.squeeze."""
    array = _array(x)
    ones = tuple(i for i, n in enumerate(array.shape) if n == 1)
    places = ones if axis is None else normal_axes(axis, array.ndim)
    if any(i not in ones for i in places):
        raise TraceError(
            f"squeeze of axes {places} of shape {array.shape}: not all have length 1",
            where=users_place(),
        )
    return reshape(array, shape=tuple(n for i, n in enumerate(array.shape) if i not in places))


def broadcast_to(x: Value, shape: Any, **options: Any) -> Value:
    """np.broadcast_to."""
    array = _array(x)
    target = _lengths(shape)
    return expand(array, target)


def concatenate(xs: Sequence[Value], axis: Any = 0, **options: Any) -> Value:
    """np.concatenate."""
    refuse_options("np.concatenate", options)
    recorder = recorder_of(*xs) if not isinstance(xs, Traced) else recorder_of(xs)
    parts = [lifted(recorder, x) for x in xs]
    if axis is None:
        parts, axis = [reshape(p, shape=(p.size,)) for p in parts], 0
    dtype = np.result_type(*[p.dtype for p in parts])
    parts = [with_dtype(p, dtype) for p in parts]
    try:
        return joining.concatenate(*parts, axis=normal_axis(axis, parts[0].ndim))
    except CatsError as error:
        raise error.at(users_place()) from None


def stack(xs: Sequence[Value], axis: int = 0, **options: Any) -> Value:
    """np.stack: new axis, then concatenate."""
    refuse_options("np.stack", options)
    recorder = recorder_of(*xs) if not isinstance(xs, Traced) else recorder_of(xs)
    parts = [lifted(recorder, x) for x in xs]
    if len({p.shape for p in parts}) > 1:
        raise TraceError(
            f"arrays of shapes {', '.join(str(p.shape) for p in parts)} cannot be stacked",
            where=users_place(),
            remedy="Give all of them one shape.",
        )
    place = normal_axis(axis, parts[0].ndim + 1)
    return concatenate([expand_dims(p, place) for p in parts], place)


def _at_least(rank: int) -> Callable[..., Value]:
    def call(*xs: Value) -> Value:
        made = [reshape(a, shape=(1,) * max(0, rank - a.ndim) + a.shape) for a in map(_array, xs)]
        return made[0] if len(made) == 1 else tuple(made)

    return call


def _joined(rank: int, axis: int) -> Callable[..., Value]:
    def call(xs: Sequence[Value], **options: Any) -> Value:
        refuse_options("np.vstack or np.hstack", options)
        recorder = recorder_of(*xs)
        parts = [lifted(recorder, x) for x in xs]
        raised = [reshape(p, shape=(1,) * max(0, rank - p.ndim) + p.shape) for p in parts]
        return concatenate(raised, 0 if raised[0].ndim == 1 else axis)

    return call


def column_stack(xs: Sequence[Value]) -> Value:
    """np.column_stack."""
    recorder = recorder_of(*xs)
    parts = [lifted(recorder, x) for x in xs]
    columns = [reshape(p, shape=(p.size, 1)) if p.ndim < 2 else p for p in parts]
    return concatenate(columns, 1)


def flip(x: Value, axis: Any = None) -> Value:
    """np.flip."""
    array = _array(x)
    axes = normal_axes(axis, array.ndim)
    if not axes:
        return array
    key = tuple((None, None, -1) if i in axes else (None, None, None) for i in range(max(axes) + 1))
    return indexing.index(array, key=key)


def split(x: Value, sections: Any, axis: int = 0) -> Value:
    """np.split."""
    array = _array(x)
    place = normal_axis(axis, array.ndim)
    length = array.shape[place]
    if isinstance(sections, int | np.integer):
        if length % int(sections):
            raise TraceError(
                f"an axis of length {length} does not split into {sections} equal parts",
                where=users_place(),
            )
        cuts = [length // int(sections) * i for i in range(1, int(sections))]
    else:
        cuts = [int(c) for c in sections]
    bounds = [0, *cuts, length]
    before = ((None, None, None),) * place
    return [indexing.index(array, key=(*before, (a, b, None))) for a, b in pairwise(bounds)]


def astype(x: Traced, dtype: Any, **options: Any) -> Value:
    """x.astype(dtype): whole numbers and truth values of reals do not vary: derivative 0."""
    found = with_dtype(x, dtype)
    return x.copy() if found is x and options.get("copy", True) else found


NAMES: dict[Any, Callable[..., Value]] = {
    np.reshape: reshape_,
    np.ravel: ravel,
    np.transpose: transpose,
    np.matrix_transpose: lambda x: swapaxes(x, -1, -2),
    np.swapaxes: swapaxes,
    np.moveaxis: moveaxis,
    np.expand_dims: expand_dims,
    np.squeeze: squeeze,
    np.broadcast_to: broadcast_to,
    np.concatenate: concatenate,
    np.stack: stack,
    np.vstack: _joined(2, 0),
    np.hstack: _joined(1, 1),
    np.column_stack: column_stack,
    np.atleast_1d: _at_least(1),
    np.atleast_2d: _at_least(2),
    np.flip: flip,
    np.split: split,
    np.shape: lambda x: _array(x).shape,
    np.ndim: lambda x: _array(x).ndim,
    np.size: lambda x, axis=None: _array(x).size if axis is None else _array(x).shape[axis],
    "astype": astype,
    "flatten": ravel,
    np.real: _array,
}
