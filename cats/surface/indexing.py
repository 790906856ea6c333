"""x[key] as NumPy reads it: numbers, slices, None, `...`, integer arrays and static masks."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import Asked, TraceError
from cats.ir.prims.indexing import gather, index, nonzero
from cats.ir.prims.layout import convert, reshape
from cats.ir.prims.layout import sum as sum_
from cats.ir.prims.layout import transpose as move
from cats.ir.prims.updates import put
from cats.ir.spaces import Discrete, Value
from cats.lenses import Lens, Window
from cats.places import users_place
from cats.recorder import newest_recorder
from cats.surface.elementwise import where
from cats.surface.masks import chosen, mask_in, places, refuse_count, told
from cats.surface.reductions import SUM
from cats.surface.shapes import in_line, ravel
from cats.surface.values import (
    expand,
    lifted,
    normal_axis,
    recorder_of,
    windowed,
)
from cats.traced import Traced
from cats.tracked import View

_ALL = slice(None)


class OutOfBounds(Asked, IndexError):
    """A place was asked that an array does not have: how Python's code finds out that it ends."""


def getitem(x: Traced, key: Any) -> Value:
    """x[key]: basic parts first, then at most one group of index arrays."""
    if not x.ndim and type(key) is tuple and not key:
        return x.recorder.make(x.recorder, x.state, x.space)
    if not x.is_array and _all_of_it(key):
        return x.in_box()
    if (place := single(x, key)) is not None:
        remembered = x.own.entries.get(place) if x.as_view is None else None
        return index(x, key=place) if remembered is None else remembered
    if (mask := mask_in(x, key)) is not None:
        return chosen(x, mask)
    items, lengths = full(key if isinstance(key, tuple) else (key,), x)
    x, items = _new_axes(x, items)
    _check_masks(x, lengths)
    basic = basic_key(x, items)
    if basic:
        whole, x = x, index(x, key=basic)
        if not x.ndim and type(key) is tuple and any(i is Ellipsis for i in key):
            x = _without_axes(whole, basic, x)
    rest = [i for i in items if not isinstance(i, int | np.integer)]
    places = [p for p, i in enumerate(rest) if not isinstance(i, slice)]
    return _advanced(x, places, [rest[p] for p in places], _split_by_slice(items)) if places else x


def _all_of_it(key: Any) -> bool:
    """Whether a key is `...`."""
    return key is Ellipsis or (type(key) is tuple and len(key) == 1 and key[0] is Ellipsis)


def _without_axes(whole: Traced, key: Any, entry: Traced) -> Traced:
    """x[0, ...]: an array without axes, which is a view, where x[0] is a number."""
    link = View(whole, Lens(index, (("key", key),)), whole.own.version)
    return entry.in_box(link)  # type: ignore[return-value]


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
        if _is_flag(item):
            items.append(np.bool_(bool(item)))
            continue
        if isinstance(item, Traced) and item.dtype == np.bool_:
            masked += [(len(items) + i, n) for i, n in enumerate(item.shape)]
            items.extend(true_places(item))
            continue
        if isinstance(item, np.ndarray) and item.dtype == np.bool_:
            masked += [(len(items) + i, n) for i, n in enumerate(item.shape)]
            items.extend(np.nonzero(item))
        else:
            items.append(item)
    used = sum(1 for i in items if i is not None and i is not Ellipsis and not _is_flag(i))
    if used > rank:
        raise OutOfBounds(f"{used} indices for an array with {rank} axes", where=users_place())
    dots = next((p for p, i in enumerate(items) if i is Ellipsis), len(items))
    filled = [_ALL] * (rank - used)
    lengths = {p if p < dots else p + len(filled) - (dots < len(items)): n for p, n in masked}
    return [*items[:dots], *filled, *items[dots + 1 :]], lengths


def nonzero_(a: Value) -> tuple[Any, ...]:
    """np.nonzero: an index array for each axis; as good as the mask itself where none is known."""
    mask = lifted(recorder_of(a), a)
    if told(mask) or not mask.ndim:
        return true_places(mask)
    return places(mask if mask.dtype == np.bool_ else mask != 0)


def true_places(mask: Traced) -> tuple[Traced, ...]:
    """An index array for each axis; how many there are is observed, and guarded."""
    if not told(mask):
        refuse_count(mask)
    if not mask.ndim:
        mask = reshape(mask, shape=(1,))
    flags = mask if mask.dtype == np.bool_ else mask != 0
    total = sum_(convert(flags, dtype="int64"), axes=tuple(range(flags.ndim)))
    count = int(total.recorder.observe(total))
    found = nonzero(mask, count=count, rank=mask.ndim)
    return found if isinstance(found, tuple) else (found,)


def _is_flag(item: Any) -> bool:
    """Whether an item of a key is one truth value, which adds an axis of length 1 or 0."""
    kind = getattr(item, "dtype", None)
    return isinstance(item, bool | np.bool_) or (kind == np.bool_ and not np.ndim(item))


def _new_axes(x: Traced, items: list[Any]) -> tuple[Traced, list[Any]]:
    """x with the axes that None and truth values ask for, and a key with one item for each axis."""
    if not any(i is None or _is_flag(i) for i in items):
        return x, items
    rest = iter(x.shape)
    shape = tuple(1 if i is None or _is_flag(i) else next(rest) for i in items)
    key = [_ALL if i is None else np.zeros(int(i), int) if _is_flag(i) else i for i in items]
    return reshape(x, shape=shape), key


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
        in_range(lifted(recorder, a), x.shape[p]) for p, a in zip(places, arrays, strict=True)
    ]
    shape = np.broadcast_shapes(*[i.shape for i in indices])
    order = (*places, *[a for a in range(x.ndim) if a not in places])
    taken = gather(_turned(x, order), *[expand(i, shape) for i in indices])
    start = 0 if first else places[0]
    if start == 0:
        return taken
    count = len(shape)
    back = (*range(count, count + start), *range(count), *range(count + start, taken.ndim))
    return move(taken, axes=back)


def in_range(indices: Traced, length: int) -> Traced:
    """Index arrays of an axis. Raises TraceError for real numbers, and for places not there."""
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


def take(
    x: Value, indices: Any, axis: Any = None, mode: str = "raise", *, into: Any = None
) -> Value:
    """np.take. Raises TypeError for another `into`, the dtype of what it is written into, that
    does not fit into that of x: NumPy takes the entries to a copy of it.
    """
    recorder = recorder_of(x, indices)
    array = lifted(recorder, x)
    if into is not None and not np.can_cast(into, array.dtype):
        raise TypeError(f"out= is an array of {into}, and the entries are of {array.dtype}")
    array, place = in_line(array, axis)
    given = _listed(indices) if isinstance(indices, list) else indices
    bounded = in_bounds(lifted(recorder, given), array.shape[place], mode)
    return getitem(array, (*(_ALL,) * place, bounded))


def in_bounds(indices: Traced, length: int, mode: str) -> Traced:
    """Indices of an axis; `mode` wraps those outside of it round, or moves them to its ends."""
    match mode:
        case "raise":
            return indices
        case "wrap":
            return indices % length  # type: ignore[no-any-return]
        case "clip":
            return np.clip(indices, 0, length - 1)  # type: ignore[return-value]
        case _:
            raise ValueError(f"mode={mode!r} is none of 'raise', 'wrap' and 'clip'")


def diagonal(x: Value, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
    """np.diagonal of two axes: it comes last."""
    array = lifted(recorder_of(x), x)
    a, b = normal_axis(axis1, array.ndim), normal_axis(axis2, array.ndim)
    if a == b:
        raise ValueError(f"the axes of a diagonal are two, not twice {a}")
    places = _on_diagonal(array.shape[a], array.shape[b], operator.index(offset))
    return windowed(array, Window(lambda whole: _read_diagonal(whole, a, b, *places)))


def own_diagonal(x: Traced, a: int, b: int) -> Traced:
    """The diagonal of two axes, through which one may write; it comes last."""
    i, j = _on_diagonal(x.shape[a], x.shape[b], 0)
    back = _moved_first(x.ndim, a, b)

    def write(whole: Value, view: Value) -> Value:
        first = _turned(view, (view.ndim - 1, *range(view.ndim - 1)))
        places = (view.recorder.local(i), view.recorder.local(j))
        made = put(_turned(whole, back), first, *places, target=2)
        return _turned(made, tuple(int(k) for k in np.argsort(back)))

    return windowed(x, Window(lambda whole: _read_diagonal(whole, a, b, i, j), write))


def _on_diagonal(rows: int, columns: int, offset: int) -> tuple[Any, Any]:
    """The index arrays of a diagonal of a matrix."""
    down, right = max(0, -offset), max(0, offset)
    i = np.arange(max(0, min(rows - down, columns - right)))
    return i + down, i + right


def _moved_first(rank: int, a: int, b: int) -> tuple[int, ...]:
    return (a, b, *[i for i in range(rank) if i not in (a, b)])


def _read_diagonal(x: Traced, a: int, b: int, i: Any, j: Any) -> Traced:
    taken = gather(_turned(x, _moved_first(x.ndim, a, b)), i, j)
    return _turned(taken, (*range(1, taken.ndim), 0))


def _turned(x: Traced, order: tuple[int, ...]) -> Traced:
    return x if order == tuple(range(x.ndim)) else move(x, axes=order)


def trace(
    x: Value,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: Any = None,
    *,
    into: Any = None,
) -> Value:
    """np.trace."""
    return SUM(diagonal(x, offset, axis1, axis2), -1, dtype, into=into)


def where_(condition: Value, *sides: Value) -> Value:
    """np.where: the choice, or, of a condition alone, the true places."""
    if sides:
        return where(condition, *sides)
    return nonzero_(condition)


NAMES: dict[Any, Callable[..., Value]] = {
    "getitem": getitem,
    np.where: where_,
    np.nonzero: nonzero_,
    np.flatnonzero: lambda a: nonzero_(ravel(a))[0],
    np.take: take,
    np.diagonal: diagonal,
    np.trace: trace,
}
