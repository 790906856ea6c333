"""NumPy's functions on shape and layout: reshape, transpose, broadcast_to, flip and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import CatsError, TraceError
from cats.ir.prims import indexing, layout
from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.lenses import Lens
from cats.places import users_place
from cats.plain import not_plain
from cats.surface.values import (
    common_shape,
    expand,
    lengths,
    lifted,
    listed,
    normal_axes,
    normal_axis,
    recorder_of,
    shadow,
    windowed,
    with_dtype,
    without_axes,
)
from cats.traced import Traced


def _array(x: Value) -> Traced:
    return lifted(recorder_of(x), x)


def by_columns(x: Traced, order: Any, name: str) -> bool:
    """Whether an `order` argument reads columns first: "F", or as the array lies in memory.

    Raises TraceError where how it lies would matter: it is no part of a traced value.
    """
    if order in ("C", None):
        return False
    if order == "F":
        return True
    if sum(n > 1 for n in x.shape) < 2 and order in ("A", "K"):
        return False
    if order not in ("A", "K"):
        raise ValueError(f"order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")
    answers: set[bool | None] = set()
    for seen in x.layouts():
        answers.add(_columns_first(seen, order))
        if len(answers) > 1:
            break
    if len(answers) > 1 or None in answers:
        raise TraceError(
            f"{name}(order={order!r}) asks how the array lies in memory, which is no part of a "
            "traced value",
            where=users_place(),
            remedy="Use order='C' or order='F'.",
        )
    return bool(answers.pop())


def _columns_first(array: np.ndarray[Any, Any], order: str) -> bool | None:
    """Whether an array is read columns first, "A" or "K"; None for an order of its own."""
    flags = array.flags
    if order == "K" and not (flags.c_contiguous or flags.f_contiguous):
        return None
    return bool(flags.f_contiguous and not flags.c_contiguous)


def reshape_(
    x: Value,
    shape: Any = None,
    order: str = "C",
    *,
    newshape: Any = None,
    copy: bool | None = None,
) -> Value:
    """np.reshape, with one length -1 worked out. Raises ValueError where copy=False cannot be."""
    array = _array(x)
    if order == "K":
        raise ValueError("order='K' is for ravel and flatten")
    target = list(lengths(newshape if shape is None else shape))
    if target.count(-1) == 1:
        known = int(np.prod([n for n in target if n != -1]))
        target[target.index(-1)] = array.size // known if known else 0
    try:
        if by_columns(array, order, "np.reshape"):
            found = transpose(reshape(transpose(array), shape=tuple(reversed(target))))
        else:
            found = _shaped(array, tuple(target))
    except CatsError as error:
        raise error.at(users_place()) from None
    if copy is False and array.size and not _may_be_view(array, found.shape, order):
        raise ValueError("copy=False, but the array does not lie so in memory that a view would do")
    return found.copy() if copy else found


def _may_be_view(x: Traced, shape: tuple[int, ...], order: Any) -> bool:
    """Whether NumPy may give a view of x in a shape, as far as it is known how x lies in memory."""
    order = order or "C"
    return any(np.may_share_memory(a, a.reshape(shape, order=order)) for a in x.layouts())


def ravel(x: Value, order: str = "C") -> Value:
    """np.ravel."""
    array = _array(x)
    turned = array.ndim > 1 and by_columns(array, order, "np.ravel")
    array = transpose(array) if turned else array
    return windowed(array, Lens(reshape, (("shape", (array.size,)),), sure=False, line=True))


def in_line(x: Traced, axis: Any) -> tuple[Traced, int]:
    """The array and an axis, or all its entries in one line; a number is a line of one."""
    if axis is not None and x.ndim:
        return x, normal_axis(axis, x.ndim)
    return ravel(x), 0 if axis is None else normal_axis(axis, 1)


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
    if not array.ndim and not isinstance(axis, tuple | list | None):
        normal_axis(axis, 1)
        axis = None
    places = ones if axis is None else normal_axes(axis, array.ndim)
    if any(i not in ones for i in places):
        raise TraceError(
            f"squeeze of axes {places} of shape {array.shape}: not all have length 1",
            where=users_place(),
            remedy="Leave axis= out to drop every axis of length 1, or use reshape.",
        )
    return _shaped(array, tuple(n for i, n in enumerate(array.shape) if i not in places))


def _shaped(x: Traced, shape: tuple[int, ...]) -> Traced:
    """x in a shape; of an array without axes NumPy gives a view too."""
    if shape or not x.is_array:
        return reshape(x, shape=shape)  # type: ignore[no-any-return]
    return without_axes(x)


def broadcast_to(x: Value, shape: Any, subok: bool = False) -> Value:
    """np.broadcast_to."""
    array = _array(x)
    target = lengths(shape)
    np.broadcast_to(shadow(array), target)
    return expand(array, target)


def broadcast_arrays(*xs: Value, subok: bool = False) -> Value:
    """np.broadcast_arrays."""
    recorder = recorder_of(*xs)
    arrays = [lifted(recorder, x) for x in xs]
    shape = common_shape(arrays)
    return tuple([expand(a, shape) for a in arrays])


def leading(x: Traced, rank: int) -> Traced:
    """x with axes of length 1 before its own, so that there are no fewer than `rank`."""
    missing = (1,) * (rank - x.ndim)
    return reshape(x, shape=missing + x.shape) if missing else x


def at_least(rank: int, x: Traced) -> Traced:
    """x with no fewer axes: new ones come first, but the third of three comes last."""
    if rank == 3 and 0 < x.ndim < 3:
        return reshape(x, shape=(*(1,) * (2 - x.ndim), *x.shape, 1))  # type: ignore[no-any-return]
    return leading(x, rank)


def _each_at_least(rank: int) -> Callable[..., Value]:
    def call(*xs: Value) -> Value:
        recorder = recorder_of(*xs)
        made = [at_least(rank, lifted(recorder, x)) for x in xs]
        return made[0] if len(made) == 1 else tuple(made)

    return call


def part(x: Traced, axis: int, start: int | None, stop: int | None) -> Traced:
    """A slice along an axis."""
    return indexing.index(x, key=(*((None, None, None),) * axis, (start, stop, None)))  # type: ignore[no-any-return]


def flip(x: Value, axis: Any = None) -> Value:
    """np.flip."""
    array = _array(x)
    axes = normal_axes(axis, array.ndim)
    if not array.ndim:
        return array.recorder.make(array.recorder, array.state, array.space)
    if not axes:
        return array
    key = tuple((None, None, -1) if i in axes else (None, None, None) for i in range(max(axes) + 1))
    return indexing.index(array, key=key)


def size(x: Value, axis: Any = None) -> int:
    """np.size: of all axes, or of some."""
    array = _array(x)
    axes = normal_axes(None if axis is None else listed(axis), array.ndim)
    return int(np.prod([array.shape[a] for a in axes]))


def astype(x: Traced, dtype: Any, **options: Any) -> Value:
    """x.astype(dtype): whole numbers and truth values of reals do not vary: derivative 0."""
    found = with_dtype(x, dtype)
    return x.copy() if found is x and options.get("copy", True) else found


_CLASS = type


def view(x: Traced, dtype: Any = None, type: Any = None) -> Value:
    """x.view(): the same entries, seen again. Raises TraceError for another dtype."""
    kind = dtype if isinstance(dtype, _CLASS) else type
    if isinstance(kind, _CLASS) and issubclass(kind, np.ndarray) and kind is not np.ndarray:
        raise not_plain(kind)
    same = dtype is None or dtype is np.ndarray or np.dtype(dtype) == x.dtype
    if not same or type not in (None, np.ndarray):
        raise TraceError(
            f"x.view({dtype or type!r}) would read the bits of numbers as something else",
            where=users_place(),
            remedy="Use x.astype(dtype), which converts the numbers.",
        )
    return indexing.index(x, key=())


NAMES: dict[Any, Callable[..., Value]] = {
    np.reshape: reshape_,
    np.ravel: ravel,
    np.transpose: transpose,
    np.permute_dims: transpose,
    np.matrix_transpose: lambda x: swapaxes(x, -1, -2),
    np.swapaxes: swapaxes,
    np.moveaxis: moveaxis,
    np.expand_dims: expand_dims,
    np.squeeze: squeeze,
    np.broadcast_to: broadcast_to,
    np.broadcast_arrays: broadcast_arrays,
    np.atleast_1d: _each_at_least(1),
    np.atleast_2d: _each_at_least(2),
    np.atleast_3d: _each_at_least(3),
    np.flip: flip,
    np.shape: lambda x: _array(x).shape,
    np.ndim: lambda x: _array(x).ndim,
    np.size: size,
    "astype": astype,
    "flatten": ravel,
    "view": view,
    np.real: _array,
}
