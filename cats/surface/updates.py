"""Writing into arrays: x[key] = v, a += b, np.add.at, np.copyto and their kin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.prims.choice import select
from cats.ir.prims.indexing import add_into, composed, gather, index
from cats.ir.prims.layout import reshape
from cats.ir.prims.updates import put
from cats.ir.spaces import Real, Value
from cats.places import users_place
from cats.surface.elementwise import negative, where
from cats.surface.indexing import basic_key, full, getitem, in_range, single
from cats.surface.masks import mask_in, replaced
from cats.surface.ufuncs import apply
from cats.surface.values import (
    expand,
    fixed,
    lifted,
    recorder_of,
    with_dtype,
)
from cats.traced import Traced


def write(x: Traced, value: Value, where: Value = None, casting: Any = "same_kind") -> Traced:
    """x as `value` from now on: what `a += b` and `out=` do. Raises TraceError as NumPy would.

    where   which entries change; None: all, and the value has the shape of x
    """
    found = lifted(recorder_of(x, value, where), value)
    if not np.can_cast(found.dtype, x.dtype, casting):
        raise TraceError(
            f"cannot write {found.dtype} into an array of {x.dtype}",
            where=users_place(),
            remedy="Make the array with dtype=float, or convert the value with astype.",
        )
    if where is not None and _fits(found.shape, x.shape):
        found = expand(found, x.shape)
    if found.shape != x.shape:
        raise TraceError(
            f"a result of shape {found.shape} does not fit into an array of shape {x.shape}",
            where=users_place(),
            remedy="Use x = x + y, which makes a new array.",
        )
    found = with_dtype(found, x.dtype)
    if where is None or where is True:
        return whole(x, found)
    mask = with_dtype(lifted(recorder_of(x, value, where), where), np.bool_)
    return whole(x, select(expand(mask, x.shape), found, x))


def whole(x: Traced, value: Traced) -> Traced:
    """Writes a value of the same space into x, or into what x is a view of."""
    refuse_number(x)
    x.refuse_frozen()
    memory = _memory(x)
    if memory is not None and value.known is not None:
        memory[...] = value.known
        x.own.version += 1
        x.own.entries.clear()
    else:
        x.write(value)
    return x


def _memory(x: Traced) -> np.ndarray[Any, Any] | None:
    """The array that is x, if it is there and what x is a view of sees what is written into it."""
    known = x.known
    if known is None or x.as_view is None:
        return known
    return known if np.may_share_memory(known, x.root.known) else None


def refuse_number(x: Traced) -> None:
    """Raises TraceError for a number, which nobody can write into."""
    if not x.is_array:
        raise TraceError(
            f"a {type(x.dtype.type(0)).__name__} is written into, and it is a number",
            where=users_place(),
            remedy="Make an array of it, as np.asarray(x).",
        )


def setitem(x: Traced, key: Any, value: Value) -> None:
    """x[key] = value."""
    refuse_number(x)
    x.refuse_frozen()
    if _written_back(x, key, value):
        return
    if (mask := mask_in(x, key)) is not None:
        whole(x, with_dtype(replaced(x, mask, value), x.dtype))
        return
    found = lifted(recorder_of(x, key, value), value)
    memory = _memory(x) if found.known is not None and _static(key) else None
    if memory is not None:
        memory[_plain(key)] = found.known
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
    if not isinstance(same, Traced) or same.as_view is None or same.as_view.parent is not x:
        return False
    return same.as_view.lens == value.as_view.lens


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
    """Numbers and slices: one write into what x is a view of, at the composed key."""
    own = basic_key(x, [i for i in items if i is not None])
    target = index(x, key=own) if own else x
    lengths = iter(target.shape)
    kept = [i for i in items if i is None or isinstance(i, slice)]
    shape = tuple([1 if i is None else next(lengths) for i in kept])
    fitted = _fitted(value, shape, target.dtype)
    fitted = fitted if shape == target.shape else reshape(fitted, shape=target.shape)
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
    plain = not any(i is None or isinstance(i, slice | np.bool_) for i in items[: len(leading)])
    if plain and all(i == slice(None) for i in items[len(leading) :]):
        given = [np.asarray(i) if not isinstance(i, Traced) else i for i in leading]
        indices = [in_range(lifted(recorder, i), n) for i, n in zip(given, x.shape, strict=False)]
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


def at(of: np.ufunc, x: Traced, indices: Any, *values: Value) -> None:
    """ufunc.at: the function on the entries at indices, one after the other."""
    if len(values) != of.nin - 1 or of.nout != 1 or of.signature is not None:
        raise ValueError(f"it takes {of.nin} arguments, of a function with one result")
    recorder = recorder_of(x, indices, *values)
    if not isinstance(x, Traced):
        recorder.refuse(
            f"np.{of.__name__}.at on an array from outside the function",
            "what is written there would be seen outside",
            "Make the array within the function.",
        )
    refuse_number(x)
    x.refuse_frozen()
    numbers = recorder.local(np.arange(x.size).reshape(x.shape))
    places = lifted(recorder, getitem(numbers, indices))
    flat = reshape(x, shape=(x.size,))
    lifts = [lifted(recorder, v) for v in values]
    if of in (np.add, np.subtract) and isinstance(x.space, Real):
        added = _fitted(lifts[0], places.shape, x.dtype)
        more = negative(added) if of is np.subtract else added
        found = add_into(flat, more, places, targets=(1,))
    else:
        spread = [_fitted(v, places.shape, v.dtype) for v in lifts]
        found = _by_turns(of, flat, fixed(places), spread)
    x.write(reshape(found, shape=x.shape))


def _by_turns(
    of: np.ufunc, flat: Traced, places: np.ndarray[Any, Any], values: Sequence[Traced]
) -> Traced:
    """The function at places of an axis: those named twice have a second turn, and so on."""
    line = np.ravel(places)
    order = np.argsort(line, kind="stable")
    turn = np.empty(line.size, int)
    _, count = np.unique(line, return_counts=True)
    turn[order] = np.concatenate([np.arange(n) for n in count] or [np.arange(0)])
    for number in range(int(np.max(count, initial=0))):
        chosen = np.flatnonzero(turn == number)
        where = line[chosen]
        rows = [gather(reshape(v, shape=(v.size,)), chosen) for v in values]
        made = lifted(flat.recorder, apply(of, gather(flat, where), *rows))
        flat = put(flat, with_dtype(made, flat.dtype), where, target=1)
    return flat


def fill(x: Traced, value: Value) -> None:
    """x.fill(value)."""
    setitem(x, ..., value)


def copyto(dst: Traced, src: Value, casting: str = "same_kind", where: Value = True) -> None:
    """np.copyto."""
    recorder = recorder_of(dst, src, where)
    found = lifted(recorder, src)
    if not np.can_cast(found.dtype, dst.dtype, casting):  # type: ignore[arg-type]
        raise TypeError(f"cannot cast {found.dtype} to {dst.dtype} by the rule {casting!r}")
    if where is True:
        setitem(dst, ..., found)
        return
    mask = expand(with_dtype(lifted(recorder, where), np.bool_), dst.shape)
    whole(dst, select(mask, expand(with_dtype(found, dst.dtype), dst.shape), dst))


NAMES: dict[Any, Callable[..., Value]] = {
    "write": write,
    "setitem": setitem,
    "fill": fill,
    "numpy.ufunc.at": at,
    np.copyto: copyto,
}
