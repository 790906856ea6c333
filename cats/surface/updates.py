"""Writing into arrays: x[key] = v, a += b, np.add.at, np.copyto and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.prims.choice import select
from cats.ir.prims.indexing import add_into, composed, index
from cats.ir.prims.layout import reshape
from cats.ir.prims.updates import put
from cats.ir.spaces import Discrete, Value
from cats.places import users_place
from cats.surface.elementwise import negative, where
from cats.surface.indexing import basic_key, full, getitem, single
from cats.surface.values import (
    expand,
    lifted,
    recorder_of,
    refuse_options,
    with_dtype,
)
from cats.traced import Traced


def write(x: Traced, value: Value) -> Traced:
    """x as `value` from now on: what `a += b` and `out=` do. Raises TraceError as NumPy would."""
    found = lifted(recorder_of(x, value), value)
    if not np.can_cast(found.dtype, x.dtype, "same_kind"):
        raise TraceError(
            f"cannot write {found.dtype} into an array of {x.dtype}",
            where=users_place(),
            remedy="Make the array with dtype=float, or convert the value with astype.",
        )
    if found.shape != x.shape:
        raise TraceError(
            f"a result of shape {found.shape} does not fit into an array of shape {x.shape}",
            where=users_place(),
            remedy="Use x = x + y, which makes a new array.",
        )
    return whole(x, with_dtype(found, x.dtype))


def whole(x: Traced, value: Traced) -> Traced:
    """Writes a value of the same space into x, or into what x is a view of."""
    x.refuse_frozen()
    if x.known is not None and value.known is not None:
        x.known[...] = value.known
        x.own.version += 1
        x.own.entries.clear()
    else:
        x.write(value)
    return x


def setitem(x: Traced, key: Any, value: Value) -> None:
    """x[key] = value."""
    if not x.is_array:
        kind = type(x.dtype.type(0)).__name__
        raise TraceError(
            f"a {kind} has no items to assign to",
            where=users_place(),
            remedy="Make an array of it.",
        )
    x.refuse_frozen()
    if _written_back(x, key, value):
        return
    found = lifted(recorder_of(x, key, value), value)
    if x.known is not None and found.known is not None and _static(key):
        x.known[_plain(key)] = found.known
        x.own.version += 1
        x.own.entries.clear()
        return
    items, _ = full(key if isinstance(key, tuple) else (key,), x)
    if all(i is None or isinstance(i, int | np.integer | slice) for i in items):
        _set_basic(x, items, found)
    elif _is_mask(key, x) and not found.ndim:
        whole(x, with_dtype(where(key, found, x), x.dtype))
    else:
        _set_arrays(x, key, items, found)


def _written_back(x: Traced, key: Any, value: Value) -> bool:
    """Whether the value is the very view x[key]: what Python writes back after x[key] += v."""
    if not isinstance(value, Traced) or value.as_view is None or value.as_view.parent is not x:
        return False
    same = _static(key) and getitem(x, key)
    lens = same.as_view.lens if isinstance(same, Traced) and same.as_view is not None else None
    return lens is not None and lens == value.as_view.lens


def _static(key: Any) -> bool:
    """Whether no traced value has a part in a key."""
    parts = key if isinstance(key, tuple | list) else (key,)
    return all(not isinstance(p, Traced) or p.known is not None for p in parts)


def _plain(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(_plain, key))
    return key.known if isinstance(key, Traced) else key


def _is_mask(key: Any, x: Traced) -> bool:
    """Whether a key is truth values for the entries of x."""
    return isinstance(key, Traced) and key.dtype == np.bool_ and key.shape == x.shape


def _set_basic(x: Traced, items: list[Any], value: Traced) -> None:
    """Numbers, slices and new axes: one write into what x is a view of, at the composed key."""
    own = basic_key(x, [i for i in items if i is not None])
    place = np.broadcast_to(False, x.shape)[tuple(items)].shape
    fitted = _fitted(value, place, x.dtype)
    if any(i is None for i in items):
        whole_axes = [i for i in items if i is None or isinstance(i, slice)]
        shape = tuple([n for n, i in zip(place, whole_axes, strict=True) if i is not None])
        fitted = reshape(fitted, shape=shape)
    base, at = x, own
    while base.as_view is not None and getattr(base.as_view.lens, "op", None) is index:
        outer = dict(base.as_view.lens.params)["key"]  # type: ignore[union-attr]
        base = base.as_view.parent  # type: ignore[assignment]
        at = composed(outer, at, base.shape)
    entries = dict(base.own.entries) if base.as_view is None else {}
    base.write(put(base, fitted, target=at) if at else fitted)
    place = single(base, at)
    if place is not None and base.as_view is None:
        entries[place] = fitted
        base.own.entries.update(entries)


def _fitted(value: Traced, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Traced:
    """The value as NumPy would spread it over the place it is written to."""
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = reshape(value, shape=value.shape[1:])
    if not _fits(value.shape, shape):
        raise TraceError(
            f"a value of shape {value.shape} cannot be written to a place of shape {shape}",
            where=users_place(),
            remedy="Give the value a shape that broadcasts to that of the place.",
        )
    fitted = expand(with_dtype(value, dtype), shape)
    return fitted.recorder.make(fitted.recorder, fitted.state, fitted.space)  # type: ignore[return-value]


def _fits(shape: tuple[int, ...], place: tuple[int, ...]) -> bool:
    """Whether arrays of a shape are spread over a place."""
    try:
        return np.broadcast_shapes(shape, place) == place
    except ValueError:
        return False


def _set_arrays(x: Traced, key: Any, items: list[Any], value: Traced) -> None:
    """Index arrays: of leading axes as they are; else through the places in the flat array."""
    leading = [i for i in items if not isinstance(i, slice)]
    recorder = recorder_of(x, key, value)
    if all(not isinstance(i, slice) and i is not None for i in items[: len(leading)]):
        indices = [
            lifted(recorder, np.asarray(i) if not isinstance(i, Traced) else i) for i in leading
        ]
        shape = np.broadcast_shapes(*[i.shape for i in indices])
        spread = [expand(i, shape) for i in indices]
        place = (*shape, *x.shape[len(spread) :])
        x.write(put(x, _fitted(value, place, x.dtype), *spread, target=len(spread)))
        return
    numbers = recorder.local(np.arange(x.size).reshape(x.shape))
    places = lifted(recorder, getitem(numbers, key))
    fitted = _fitted(value, places.shape, x.dtype)
    flat = reshape(x, shape=(x.size,))
    x.write(reshape(put(flat, fitted, places, target=1), shape=x.shape))


def _sign(ufunc: np.ufunc, value: Traced) -> Traced:
    return negative(value) if ufunc is np.subtract else value


def _at(ufunc: np.ufunc) -> Callable[..., None]:
    """np.add.at and np.subtract.at: repeated indices add up."""

    def call(x: Traced, indices: Any, value: Value) -> None:
        recorder = recorder_of(x, indices, value)
        if not isinstance(x, Traced):
            recorder.refuse(
                f"np.{ufunc.__name__}.at on an array from outside the function",
                "what is written there would be seen outside",
                "Make the array within the function.",
            )
        x.refuse_frozen()
        numbers = recorder.local(np.arange(x.size).reshape(x.shape))
        places = lifted(recorder, getitem(numbers, indices))
        fitted = _sign(ufunc, _fitted(lifted(recorder, value), places.shape, x.dtype))
        if isinstance(x.space, Discrete):
            raise TraceError(
                f"np.{ufunc.__name__}.at on an array of {x.dtype}",
                where=users_place(),
                remedy="Make the array with dtype=float.",
            )
        flat = reshape(x, shape=(x.size,))
        x.write(reshape(add_into(flat, fitted, places, targets=(1,)), shape=x.shape))

    return call


def fill(x: Traced, value: Value) -> None:
    """x.fill(value)."""
    setitem(x, ..., value)


def copyto(dst: Traced, src: Value, casting: str = "same_kind", where: Value = True) -> None:
    """np.copyto."""
    recorder = recorder_of(dst, src, where)
    found = lifted(recorder, src)
    if where is True:
        setitem(dst, ..., found)
        return
    mask = expand(with_dtype(lifted(recorder, where), np.bool_), dst.shape)
    whole(dst, select(mask, expand(with_dtype(found, dst.dtype), dst.shape), dst))


def fill_diagonal(a: Traced, val: Value, wrap: bool = False) -> None:
    """np.fill_diagonal of a matrix, or of a cube of higher dimension."""
    refuse_options("np.fill_diagonal", {"wrap": wrap})
    count = min(a.shape)
    setitem(a, (np.arange(count),) * a.ndim, val)


def put_(a: Traced, ind: Any, v: Value, mode: str = "raise") -> None:
    """np.put: entries of the flat array."""
    refuse_options("np.put", {"mode": None if mode == "raise" else mode})
    places = np.ravel(ind)
    recorder = recorder_of(a, ind, v)
    values = lifted(recorder, v)
    count = np.size(places)
    spread = getitem(reshape(values, shape=(values.size,)), np.arange(count) % values.size)
    flat = recorder.call(np.ravel, (a,), {}).copy()
    setitem(flat, places, spread)
    whole(a, reshape(flat, shape=a.shape))


def place(arr: Traced, mask: Value, vals: Value) -> None:
    """np.place: the values, repeated, where the mask is true."""
    recorder = recorder_of(arr, mask, vals)
    flags = recorder.call(np.ravel, (lifted(recorder, mask),), {})
    put_(arr, recorder.call(np.flatnonzero, (flags,), {}), vals)


def putmask(a: Traced, mask: Value, values: Value) -> None:
    """np.putmask: where the mask is true the entry of `values` at that place."""
    recorder = recorder_of(a, mask, values)
    given = lifted(recorder, values)
    flat = reshape(given, shape=(given.size,))
    spread = reshape(getitem(flat, np.arange(a.size) % given.size), shape=a.shape)
    copyto(a, spread, where=mask)


NAMES: dict[Any, Callable[..., Value]] = {
    "write": write,
    "setitem": setitem,
    "fill": fill,
    (np.add, "at"): _at(np.add),
    (np.subtract, "at"): _at(np.subtract),
    np.copyto: copyto,
    np.fill_diagonal: fill_diagonal,
    np.put: put_,
    np.place: place,
    np.putmask: putmask,
}
