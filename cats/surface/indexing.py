"""x[key] as NumPy reads it: numbers, slices, None, `...`, integer arrays and static masks."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.prims.indexing import gather, index, nonzero
from cats.ir.prims.layout import convert, reshape
from cats.ir.prims.layout import sum as sum_
from cats.ir.prims.layout import transpose as move
from cats.ir.spaces import Discrete, Value
from cats.lenses import Lens
from cats.places import users_place
from cats.recorder import newest_recorder
from cats.surface.elementwise import where
from cats.surface.shapes import concatenate, ravel
from cats.surface.values import expand, lifted, normal_axis, recorder_of, refuse_options
from cats.traced import OutOfBounds, Traced
from cats.tracked import View

_ALL = slice(None)


def getitem(x: Traced, key: Any) -> Value:
    """x[key]: basic parts first, then at most one group of index arrays."""
    if not x.ndim and type(key) is tuple and not key:
        return x.recorder.make(x.recorder, x.state, x.space)
    if (place := single(x, key)) is not None:
        remembered = x.own.entries.get(place) if x.as_view is None else None
        return index(x, key=place) if remembered is None else remembered
    items, lengths = full(key if isinstance(key, tuple) else (key,), x)
    x, items = _new_axes_last(x, items)
    _check_masks(x, lengths)
    basic = basic_key(x, items)
    if basic:
        whole, x = x, index(x, key=basic)
        if not x.ndim and type(key) is tuple and any(i is Ellipsis for i in key):
            x = _without_axes(whole, basic, x)
    rest = [i for i in items if not isinstance(i, int | np.integer)]
    places = [p for p, i in enumerate(rest) if not isinstance(i, slice)]
    return _advanced(x, places, [rest[p] for p in places], _split_by_slice(items)) if places else x


def _without_axes(whole: Traced, key: Any, entry: Traced) -> Traced:
    """x[0, ...]: an array without axes, which is a view, where x[0] is a number."""
    link = View(whole, Lens(index, (("key", key),)), whole.own.version)
    made = entry.recorder.make(entry.recorder, entry.state, entry.space, link)
    made.boxed = True
    return made  # type: ignore[return-value]


def single(x: Traced, key: Any) -> tuple[int, ...] | None:
    """The key of one entry, if that is what it is: Python numbers for every axis."""
    if type(key) is int:
        key = (key,)
    if type(key) is not tuple or len(key) != x.ndim:
        return None
    for item, n in zip(key, x.shape, strict=True):
        if type(item) is not int or not -n <= item < n:
            return None
    return tuple([item % n for item, n in zip(key, x.shape, strict=True)])


def basic_key(x: Traced, items: list[Any]) -> Any:
    """The numbers and slices of a key with an item for each axis; index arrays read whole axes."""
    return _trimmed(
        tuple(
            _basic(i, n) if _is_basic(i) else (None, None, None)
            for i, n in zip(items, x.shape, strict=True)
        )
    )


def _listed(item: list[Any]) -> Any:
    """A list as an index array; a list of traced integers is stacked."""
    if newest_recorder([item]) is not None:
        return lifted(recorder_of(*item), item)
    array = np.asarray(item)
    return array.astype(int) if not array.size else array


def full(key: tuple[Any, ...], x: Traced) -> tuple[list[Any], dict[int, int]]:
    """The key with masks turned into index arrays and `...` into full slices.

    Also the lengths that the masks' axes have, by their place in the key.
    """
    if sum(1 for i in key if i is Ellipsis) > 1:
        raise TraceError("an index holds '...' twice", where=users_place())
    items: list[Any] = []
    masked: list[tuple[int, int]] = []
    rank = x.ndim
    for item in key:
        if isinstance(item, Traced) and item.known is not None:
            item = item.known if item.is_array else item.known[()]
        if isinstance(item, list):
            item = _listed(item)
        if isinstance(item, bool | np.bool_):
            raise TraceError(
                f"an index {item} adds an axis and does not select entries",
                where=users_place(),
                remedy="Use x[None] for a new axis.",
            )
        if isinstance(item, Traced) and item.dtype == np.bool_:
            masked += [(len(items) + i, n) for i, n in enumerate(item.shape)]
            items.extend(true_places(item))
            continue
        if isinstance(item, np.ndarray) and item.dtype == np.bool_:
            masked += [(len(items) + i, n) for i, n in enumerate(item.shape)]
            items.extend(np.nonzero(item))
        else:
            items.append(item)
    used = sum(1 for i in items if i is not None and i is not Ellipsis)
    if used > rank:
        raise OutOfBounds(f"{used} indices for an array with {rank} axes", where=users_place())
    dots = next((p for p, i in enumerate(items) if i is Ellipsis), len(items))
    filled = [_ALL] * (rank - used)
    lengths = {p if p < dots else p + len(filled) - (dots < len(items)): n for p, n in masked}
    return [*items[:dots], *filled, *items[dots + 1 :]], lengths


def true_places(mask: Traced) -> tuple[Traced, ...]:
    """np.nonzero: an index array for each axis; how many there are is observed, and guarded."""
    if not mask.ndim:
        mask = reshape(mask, shape=(1,))
    flags = mask if mask.dtype == np.bool_ else mask != 0
    total = sum_(convert(flags, dtype="int64"), axes=tuple(range(flags.ndim)))
    count = int(total.recorder.observe(total))
    found = nonzero(mask, count=count, rank=mask.ndim)
    return found if isinstance(found, tuple) else (found,)


def _new_axes_last(x: Traced, items: list[Any]) -> tuple[Traced, list[Any]]:
    """x with the axes that None asks for, and a key with one item for each axis."""
    if not any(i is None for i in items):
        return x, items
    rest = iter(x.shape)
    shape = tuple(1 if i is None else next(rest) for i in items)
    return reshape(x, shape=shape), [_ALL if i is None else i for i in items]


def _check_masks(x: Traced, lengths: dict[int, int]) -> None:
    """Raises TraceError when a mask is shorter or longer than the axis it selects from."""
    for place, length in lengths.items():
        if x.shape[place] != length:
            raise TraceError(
                f"a mask of length {length} for an axis of length {x.shape[place]}",
                where=users_place(),
                remedy="Give the mask the shape of the axes it selects from.",
            )


def _is_basic(item: Any) -> bool:
    return isinstance(item, int | np.integer | slice) and not isinstance(item, bool)


def _basic(item: Any, length: int) -> Any:
    if isinstance(item, slice):
        try:
            parts = [
                None if p is None else p.__index__() for p in (item.start, item.stop, item.step)
            ]
        except AttributeError:
            raise TraceError(f"a slice of {item}", where=users_place()) from None
        return tuple(parts)
    number = int(item)
    if not -length <= number < length:
        raise OutOfBounds(
            f"index {number} is out of bounds for an axis of length {length}", where=users_place()
        )
    return number


def _trimmed(key: tuple[Any, ...]) -> tuple[Any, ...]:
    while key and key[-1] == (None, None, None):
        key = key[:-1]
    return key


def _split_by_slice(items: list[Any]) -> bool:
    """Whether index arrays (numbers count) are separated by a slice: then their axes go first."""
    kinds = [not isinstance(i, slice) for i in items]
    if all(isinstance(i, int | np.integer | slice) for i in items):
        return False
    first, last = kinds.index(True), len(kinds) - kinds[::-1].index(True)
    return not all(kinds[first:last])


def _advanced(x: Traced, places: list[int], arrays: list[Any], first: bool) -> Value:
    """Index arrays at these axes: moved to the front, gathered, and moved back."""
    recorder = recorder_of(x, *arrays)
    indices = [
        _normal(lifted(recorder, a), x.shape[p]) for p, a in zip(places, arrays, strict=True)
    ]
    shape = np.broadcast_shapes(*[i.shape for i in indices])
    order = (*places, *[a for a in range(x.ndim) if a not in places])
    moved = x if order == tuple(range(x.ndim)) else move(x, axes=order)
    taken = gather(moved, *[expand(i, shape) for i in indices])
    start = 0 if first else places[0]
    if start == 0:
        return taken
    count = len(shape)
    back = (*range(count, count + start), *range(count), *range(count + start, taken.ndim))
    return move(taken, axes=back)


def _normal(indices: Traced, length: int) -> Traced:
    if not isinstance(indices.space, Discrete):
        raise TraceError(
            f"an index array must hold integers, not {indices.space}",
            where=users_place(),
            remedy="Compute indices with integer arithmetic outside the traced function.",
        )
    found = indices.known
    if found is not None and found.size:
        wrong = found[(found < -length) | (found >= length)]
        if wrong.size:
            raise OutOfBounds(
                f"index {wrong.flat[0]} is out of bounds for an axis of length {length}",
                where=users_place(),
            )
    return indices


def take(x: Value, indices: Any, axis: Any = None, **options: Any) -> Value:
    """np.take."""
    refuse_options("np.take", options)
    array = lifted(recorder_of(x, indices), x)
    if axis is None:
        array, axis = ravel(array), 0
    place = normal_axis(axis, array.ndim)
    return getitem(array, (*(_ALL,) * place, indices))


def roll(x: Value, shift: Any, axis: Any = None) -> Value:
    """np.roll along axes, or of the flattened array."""
    array = lifted(recorder_of(x), x)
    if axis is None:
        return reshape(_rolled(ravel(array), operator.index(np.sum(shift)), 0), shape=array.shape)
    for by, along in zip(*map(np.ravel, np.broadcast_arrays(shift, axis)), strict=True):
        array = _rolled(array, operator.index(by), normal_axis(along, array.ndim))
    return array


def _rolled(x: Traced, shift: int, place: int) -> Traced:
    length = x.shape[place]
    cut = -shift % length if length else 0
    if not cut:
        return x
    before = (_ALL,) * place
    parts = [getitem(x, (*before, part)) for part in (slice(cut, None), slice(None, cut))]
    return concatenate(parts, place)  # type: ignore[no-any-return]


def repeat(x: Value, repeats: Any, axis: Any = None) -> Value:
    """np.repeat with known counts."""
    array = lifted(recorder_of(x), x)
    if axis is None:
        array, axis = ravel(array), 0
    place = normal_axis(axis, array.ndim)
    return take(array, np.repeat(np.arange(array.shape[place]), repeats), place)


def tile(x: Value, reps: Any) -> Value:
    """np.tile."""
    array = lifted(recorder_of(x), x)
    counts = tuple(reps) if isinstance(reps, tuple | list) else (int(reps),)
    rank = max(len(counts), array.ndim)
    array = reshape(array, shape=(1,) * (rank - array.ndim) + array.shape)
    for axis, n in enumerate((1,) * (rank - len(counts)) + counts):
        array = concatenate([array] * n, axis) if n != 1 else array
    return array


def diff(x: Value, n: int = 1, axis: int = -1, **options: Any) -> Value:
    """np.diff."""
    refuse_options("np.diff", options)
    array = lifted(recorder_of(x), x)
    place = normal_axis(axis, array.ndim)
    before = (_ALL,) * place
    for _ in range(n):
        array = getitem(array, (*before, slice(1, None))) - getitem(
            array, (*before, slice(None, -1))
        )
    return array


def diagonal(x: Value, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
    """np.diagonal of the first two axes."""
    array = lifted(recorder_of(x), x)
    a, b = normal_axis(axis1, array.ndim), normal_axis(axis2, array.ndim)
    order = (a, b, *[i for i in range(array.ndim) if i not in (a, b)])
    array = array if order == tuple(range(array.ndim)) else move(array, axes=order)
    rows, columns = array.shape[:2]
    count = max(0, min(rows - max(0, -offset), columns - max(0, offset)))
    i = np.arange(count)
    taken = gather(array, i + max(0, -offset), i + max(0, offset))
    return taken if taken.ndim == 1 else move(taken, axes=(*range(1, taken.ndim), 0))


def trace(x: Value, offset: int = 0, axis1: int = 0, axis2: int = 1, **options: Any) -> Value:
    """np.trace."""
    refuse_options("np.trace", options)
    return diagonal(x, offset, axis1, axis2).sum(axis=-1)


def where_(condition: Value, *sides: Value) -> Value:
    """np.where: the choice, or, of a condition alone, the true places."""
    if sides:
        return where(condition, *sides)
    return true_places(lifted(recorder_of(condition), condition))


NAMES: dict[Any, Callable[..., Value]] = {
    "getitem": getitem,
    np.where: where_,
    np.nonzero: true_places,
    np.flatnonzero: lambda x: true_places(ravel(x))[0],
    np.take: take,
    np.roll: roll,
    np.repeat: repeat,
    np.tile: tile,
    np.diff: diff,
    np.diagonal: diagonal,
    np.trace: trace,
}
