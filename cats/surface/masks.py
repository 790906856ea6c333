"""x[mask] where no value says how many entries that are: entry by entry, or all together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from cats.calls import called
from cats.chosen import UNCOUNTED, Chosen, Place, alike
from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.surface.elementwise import where
from cats.surface.values import expand, lifted, recorder_of
from cats.titles import shown
from cats.traced import Traced

ENTRYWISE = frozenset({
    "==", "!=", "**", "astype", np.where, np.clip, np.round, np.around, np.nan_to_num, np.sinc,
    np.i0, np.fix, np.angle, np.real, np.isclose,
})  # fmt: skip
"""What is done entry by entry, besides universal functions."""

TOGETHER = frozenset({np.sum, np.prod, np.mean, np.var, np.std, np.any, np.all, np.count_nonzero})
"""What is made of all entries and can leave some out."""

PRODUCTS = frozenset({np.dot, np.matmul, np.inner, np.vdot})

EXTREMES = frozenset({np.max, np.amax, np.min, np.amin})


def mask_in(x: Traced, key: Any) -> Traced | None:
    """The mask of the first axes of x that a key is, if it is not known how many it chooses."""
    parts = key if type(key) is tuple else (key,)
    if len(parts) == 1:
        (key,) = parts
    if parts and isinstance(parts[0], Place):
        key = parts[0].mask if _is_nonzero(parts) else None
    if not isinstance(key, Traced) or key.dtype != np.bool_ or not key.ndim:
        return None
    fits = key.shape == x.shape[: key.ndim]
    return key if fits and not told(key) else None


def _is_nonzero(parts: Sequence[Any]) -> bool:
    """Whether a key is np.nonzero of a mask."""
    mask = parts[0].mask
    axes = [p.axis for p in parts if isinstance(p, Place) and p.mask is mask]
    return axes == list(range(len(parts))) == list(range(mask.ndim))


def told(mask: Traced) -> bool:
    """Whether it can be known how many entries a mask chooses."""
    return mask.recorder.concrete.told(mask)


def places(mask: Traced) -> tuple[Place, ...]:
    """np.nonzero of a mask that is not known."""
    kept = _kept(mask)
    return tuple([Place(kept, axis) for axis in range(mask.ndim)])


def chosen(x: Traced, mask: Traced) -> Chosen:
    """x[mask]: where the mask is false there are ones, so that little goes wrong there."""
    ones = lifted(x.recorder, np.ones((), x.dtype))
    return Chosen(where(_spread(mask, x.ndim), x, ones), _kept(mask))


def replaced(x: Traced, mask: Traced, value: Value) -> Traced:
    """The array in which the entries that the mask chooses are these: one for all, or x[mask]."""
    if isinstance(value, Chosen):
        _same(value, mask, x.ndim - mask.ndim)
        value = value.whole
    elif np.ndim(value) > x.ndim - mask.ndim:
        one = np.shape(value)[: np.ndim(value) - (x.ndim - mask.ndim)]
        if one != (1,):
            Chosen(x, mask).refuse("an array with a length of its own written to the entries")
        value = lifted(recorder_of(x, value), value)[0]
    spread = _spread(mask, x.ndim)
    return where(spread, expand(lifted(recorder_of(x, mask, value), value), x.shape), x)  # type: ignore[no-any-return]


def _kept(mask: Traced) -> Traced:
    """The mask as it is now."""
    return mask.recorder.make(mask.recorder, mask.state, mask.space)  # type: ignore[return-value]


def _spread(mask: Traced, rank: int) -> Traced:
    """The mask with an axis of length 1 for each that the array has besides."""
    rest = (1,) * (rank - mask.ndim)
    return reshape(mask, shape=mask.shape + rest) if rest else mask


def _same(x: Chosen, mask: Any, rest: int) -> None:
    if x.ndim - 1 != rest or not alike(x.mask, mask):
        x.refuse(
            "entries beside others",
            "they are chosen by another mask, and neither's length is known",
            "Choose by one mask, kept under a name; or use np.where(mask, ..., ...).",
        )


def met(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of which an argument is x[mask]."""
    x = next((v for v in (*args, *kwargs.get("out", ())) if isinstance(v, Chosen)), None)
    if function == "setitem" and not isinstance(args[0], Chosen):
        return args[0].recorder.speech.names["setitem"](*args)
    if x is None:
        raise TypeError(f"{shown(function)} of these arguments")
    if function == "getitem":
        return _part(x, *args)
    if function == "setitem":
        return _assign(x, *args)
    if isinstance(function, tuple) and function[1] == "reduce" and function[0] is np.add:
        return _together(np.sum, *args, **{"axis": 0, **kwargs})
    if function in PRODUCTS and not kwargs and all(isinstance(v, Chosen) for v in args):
        return _product(function, *args)
    if function in ENTRYWISE or (isinstance(function, np.ufunc) and function.signature is None):
        return _entrywise(x, function, args, **kwargs)
    if function in TOGETHER:
        return _together(function, *args, **kwargs)
    remedy = (
        "Use np.max(x, where=mask, initial=...), of no entry too." if function in EXTREMES else ""
    )
    return x.refuse(shown(function), UNCOUNTED, *([remedy] if remedy else []))


def _entrywise(
    x: Chosen, function: Any, args: tuple[Any, ...], out: Any = None, **options: Any
) -> Any:
    """Entry by entry: numbers, arrays for the other axes, and what the same mask chooses."""
    if "where" in options:
        x.refuse(f"{shown(function)} with where=")
    given = [_operand(x, v) for v in args]
    found = called(recorder_of(*given), function, tuple(given), options)
    made = [Chosen(v, x.mask) for v in (found if isinstance(found, tuple) else (found,))]
    if out is None:
        return tuple(made) if isinstance(found, tuple) else made[0]
    into = out[0] if isinstance(out, tuple) else out
    if not isinstance(into, Chosen):
        x.refuse("a result written into another array")
    _same(into, x.mask, x.ndim - 1)
    if not np.can_cast(made[0].dtype, into.dtype, "same_kind"):
        raise TypeError(f"cannot cast {made[0].dtype} to {into.dtype}")
    into.become(called(x.mask.recorder, "astype", (made[0].whole, into.dtype), {}))
    return into


def _operand(x: Chosen, value: Value) -> Value:
    if isinstance(value, Chosen):
        _same(value, x.mask, x.ndim - 1)
        return value.whole
    if np.ndim(value) >= x.ndim:
        x.refuse("an array with a length of its own beside the entries")
    return value


def _together(function: Any, x: Any, axis: Any = None, **options: Any) -> Value:
    """All entries, or those along the axis whose length is not known."""
    if not isinstance(x, Chosen):
        raise TypeError(f"{shown(function)} of these arguments")
    first = axis in (0, (0,)) or (axis in (-1, (-1,)) and x.ndim == 1)
    if not (axis is None or first) or set(options) - {"dtype", "ddof"}:
        x.refuse(f"{shown(function)} with these options")
    axes = tuple(range(x.mask.ndim)) if first else None
    mask = expand(_spread(x.mask, x.whole.ndim), x.whole.shape)  # type: ignore[arg-type]
    if function is np.count_nonzero:
        function, x = np.sum, Chosen(called(x.mask.recorder, np.not_equal, (x.whole, 0), {}), mask)
    return called(x.mask.recorder, function, (x.whole,), {**options, "axis": axes, "where": mask})


def _product(function: Any, a: Chosen, b: Chosen) -> Value:
    if a.ndim > 1 or b.ndim > 1:
        a.refuse(shown(function))
    return _together(np.sum, np.multiply(a, b))


def _part(x: Chosen, of: Any, key: Any) -> Any:
    """Some of them, by truth values of themselves."""
    if of is not x:
        x.refuse("a place given by the entries")
    if _is_all(key):
        return x
    flags = _flags(x, key)
    both = called(x.mask.recorder, np.logical_and, (x.mask, flags.whole), {})
    return Chosen(x.whole, both)


def _is_all(key: Any) -> bool:
    return key is Ellipsis or (isinstance(key, slice) and key == slice(None))


def _assign(x: Chosen, of: Any, key: Any, value: Value) -> None:
    if of is not x:
        x.refuse("a place given by the entries")
    new = _operand(x, value)
    if not _is_all(key):
        new = where(_spread(_flags(x, key).whole, x.whole.ndim), new, x.whole)  # type: ignore[arg-type]
    found = expand(lifted(recorder_of(x.whole, new), new), x.whole.shape)
    x.become(called(x.mask.recorder, "astype", (found, x.dtype), {}))


def _flags(x: Chosen, key: Any) -> Chosen:
    if not isinstance(key, Chosen) or key.dtype != np.bool_ or key.ndim > 1:
        x.refuse("an entry")
    _same(key, x.mask, 0)
    return key


def refuse_count(mask: Traced) -> NoReturn:
    """Raises NoValue: how many entries a mask chooses is to be a length."""
    Chosen(mask, mask).refuse("the length")


NAMES: dict[Any, Callable[..., Value]] = {"chosen": met}
