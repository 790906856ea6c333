"""NumPy's functions that join arrays and take them apart: concatenate, stack, block, split."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from cats.ir.errors import CatsError, TraceError
from cats.ir.prims import indexing, joining
from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.places import users_place
from cats.recorder import Recorder
from cats.surface.shapes import at_least, expand_dims, leading, moveaxis, part, ravel
from cats.surface.values import (
    lifted,
    normal_axis,
    present,
    recorder_of,
    static,
    with_dtype,
)
from cats.traced import Traced


def _parts(xs: Sequence[Value]) -> list[Traced]:
    """The arrays of a sequence, or the rows of an array."""
    recorder = recorder_of(xs) if isinstance(xs, Traced) else recorder_of(*xs)
    return [lifted(recorder, x) for x in xs]


def concatenate(
    xs: Sequence[Value],
    axis: Any = 0,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Value:
    """np.concatenate."""
    parts = _parts(xs)
    if axis is None:
        parts, axis = [ravel(p) for p in parts], 0
    wanted = np.result_type(*[p.dtype for p in parts]) if dtype is None else np.dtype(dtype)
    for p in parts:
        if not np.can_cast(p.dtype, wanted, casting):
            raise TypeError(f"cannot cast {p.dtype} to {wanted} by the rule {casting!r}")
    parts = [with_dtype(p, wanted) for p in parts]
    try:
        return joining.concatenate(*parts, axis=normal_axis(axis, parts[0].ndim))
    except CatsError as error:
        raise error.at(users_place()) from None


def stack(xs: Sequence[Value], axis: int = 0, **options: Any) -> Value:
    """np.stack: a new axis, then concatenate."""
    parts = _parts(xs)
    if len({p.shape for p in parts}) > 1:
        raise TraceError(
            f"arrays of shapes {', '.join(str(p.shape) for p in parts)} cannot be stacked",
            where=users_place(),
            remedy="Give all of them one shape.",
        )
    place = normal_axis(axis, parts[0].ndim + 1)
    return concatenate([expand_dims(p, place) for p in parts], place, **options)


def _joined(rank: int, axis: int) -> Callable[..., Value]:
    """np.vstack, np.hstack, np.dstack."""

    def call(xs: Sequence[Value], **options: Any) -> Value:
        raised = [at_least(rank, p) for p in _parts(xs)]
        return concatenate(raised, 0 if raised[0].ndim == 1 else axis, **options)

    return call


def column_stack(xs: Sequence[Value]) -> Value:
    """np.column_stack."""
    columns = [reshape(p, shape=(p.size, 1)) if p.ndim < 2 else p for p in _parts(xs)]
    return concatenate(columns, 1)


def block(arrays: Any) -> Value:
    """np.block: innermost lists along the last axis, those around them along the one before."""
    depth, recorder = _depth(arrays), recorder_of(arrays)
    rank = max(depth, *[lifted(recorder, leaf).ndim for leaf in _leaves(arrays)])
    return _block(recorder, arrays, depth, rank)


def _block(recorder: Recorder, part: Any, depth: int, rank: int) -> Traced:
    if depth == 0:
        return leading(lifted(recorder, part), rank)
    return concatenate([_block(recorder, p, depth - 1, rank) for p in part], -depth)  # type: ignore[no-any-return]


def _depth(part: Any) -> int:
    """How deep lists are nested: all of them equally deep, and none of them empty."""
    if isinstance(part, tuple):
        raise TypeError("a tuple is no block: only lists are")
    if not isinstance(part, list):
        return 0
    depths = {_depth(p) for p in part}
    if len(depths) != 1:
        raise ValueError("lists are empty, or not all equally deep")
    return 1 + depths.pop()


def _leaves(part: Any) -> list[Any]:
    return [leaf for p in part for leaf in _leaves(p)] if isinstance(part, list) else [part]


# Taking apart


def array_split(x: Value, sections: Any, axis: int = 0) -> Value:
    """np.array_split: into parts that differ in length by one at most, or cut at places."""
    array = lifted(recorder_of(x), x)
    place = normal_axis(axis, array.ndim)
    length = array.shape[place]
    cuts = static(sections)
    if np.ndim(cuts):
        bounds = [0, *[operator.index(c) for c in cuts], length]
    else:
        bounds = _even(length, operator.index(cuts))
    return [part(array, place, a, b) for a, b in pairwise(bounds)]


def _even(length: int, count: int) -> list[int]:
    """Where parts begin and end, the longer ones first."""
    if count <= 0:
        raise ValueError("the number of sections must be larger than 0")
    short, longer = divmod(length, count)
    return [i * short + min(i, longer) for i in range(count + 1)]


def split(x: Value, sections: Any, axis: int = 0) -> Value:
    """np.split: into equal parts, or cut at places."""
    cuts, array = static(sections), lifted(recorder_of(x), x)
    length = array.shape[normal_axis(axis, array.ndim)]
    if not np.ndim(cuts) and length % operator.index(cuts):
        raise TraceError(
            f"an axis of length {length} does not split into {cuts} equal parts",
            where=users_place(),
            remedy="Use np.array_split, whose parts may differ in length by one.",
        )
    return array_split(array, cuts, axis)


def _split_along(axis: int, rank: int) -> Callable[..., Value]:
    """np.vsplit, np.hsplit, np.dsplit, which take arrays with no fewer axes."""

    def call(x: Value, sections: Any) -> Value:
        array = lifted(recorder_of(x), x)
        if array.ndim < rank:
            raise ValueError(f"an array with {rank} axes or more is asked for")
        return split(array, sections, min(axis, array.ndim - 1))

    return call


def unstack(x: Value, *, axis: int = 0) -> Value:
    """np.unstack: the parts along an axis, which is gone."""
    array = moveaxis(x, axis, 0)
    return tuple([indexing.index(array, key=(i,)) for i in range(array.shape[0])])


NAMES: dict[Any, Callable[..., Value]] = {
    np.concatenate: concatenate,
    np.stack: stack,
    np.vstack: _joined(2, 0),
    np.hstack: _joined(1, 1),
    np.dstack: _joined(3, 2),
    np.column_stack: column_stack,
    np.append: lambda arr, values, axis=None: concatenate([arr, values], axis),
    np.block: block,
    np.split: split,
    np.array_split: array_split,
    np.vsplit: _split_along(0, 2),
    np.hsplit: _split_along(1, 1),
    np.dsplit: _split_along(2, 3),
    **present(unstack=unstack),
}
