"""What all NumPy names share: promotion of dtypes, broadcasting of shapes, normal axes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import CatsError, TraceError
from cats.ir.prims.layout import broadcast, convert, reshape
from cats.ir.spaces import Real, Value, ground
from cats.lenses import Laid
from cats.places import users_place
from cats.recorder import Recorder, newest_recorder
from cats.traced import Traced
from cats.tracked import View


def recorder_of(*values: Any) -> Recorder:
    """The newest recorder among the values."""
    found = newest_recorder(values)
    if found is None:
        raise TraceError("a traced operation was called without a traced value")
    return found


def lifted(recorder: Recorder, value: Value) -> Traced:
    """A value as a traced one; lists of traced values are stacked. Errors name the user's line."""
    if isinstance(value, list | tuple) and newest_recorder([value]) is not None:
        return recorder.call(np.stack, ([lifted(recorder, v) for v in value],), {})  # type: ignore[no-any-return]
    if isinstance(value, list | tuple) and any(isinstance(v, list | tuple) for v in value):
        return lifted(recorder, [_inner(recorder, v) for v in value])
    try:
        whole = isinstance(value, Traced | np.ndarray)
        return recorder.lift(value if whole else np.asarray(value), None)  # type: ignore[return-value]
    except CatsError as error:
        raise error.at(users_place()) from None


def _inner(recorder: Recorder, value: Value) -> Value:
    nested = isinstance(value, list | tuple) and newest_recorder([value]) is not None
    return lifted(recorder, value) if nested else np.asarray(value)


def refuse_options(name: str, options: dict[str, Any], *allowed: str) -> None:
    """Raises TraceError for a keyword argument that has no meaning here and is not its default."""
    for key, value in options.items():
        if key in allowed or value is None or value is np._NoValue or value is False:
            continue
        raise TraceError(
            f"{name}({key}={value!r}) is not known to cats",
            where=users_place(),
            remedy=f"Call {name} without {key}=.",
        )


def laid(asked: Callable[..., Any], x: Traced) -> Traced:
    """np.ravel, np.ascontiguousarray, np.asfortranarray: a view of x, if it lies in memory so."""
    lens, known = Laid(asked), x.known
    state = lens.get(x).state if known is None else asked(known)
    shared = known is None or np.may_share_memory(known, state)
    link = View(x, lens, x.own.version) if shared else None
    shape = (x.size,) if asked is np.ravel else x.shape
    return x.recorder.make(x.recorder, state, ground(shape, x.dtype), link)  # type: ignore[return-value]


def with_dtype(x: Traced, dtype: Any) -> Traced:
    """x converted; the same x when it has that dtype already. Raises SpaceError for no real one."""
    wanted = np.dtype(dtype)
    return x if x.dtype == wanted else convert(x, dtype=ground((), wanted).dtype)


def expand(x: Traced, shape: tuple[int, ...]) -> Traced:
    """x broadcast to the shape: axes of length 1 are dropped and repeated."""
    if x.shape == shape:
        return x
    offset = len(shape) - len(x.shape)
    kept = [i for i, n in enumerate(x.shape) if n == shape[i + offset]]
    small = tuple(x.shape[i] for i in kept)
    if small != x.shape:
        x = reshape(x, shape=small)
    return broadcast(x, shape=shape, axes=tuple(i + offset for i in kept))  # type: ignore[no-any-return]


def common_shape(xs: Sequence[Traced]) -> tuple[int, ...]:
    """The broadcast shape; raises TraceError naming the shapes if there is none."""
    try:
        return np.broadcast_shapes(*[x.shape for x in xs])
    except ValueError:
        shapes = ", ".join(str(x.shape) for x in xs)
        raise TraceError(
            f"shapes {shapes} do not broadcast together",
            where=users_place(),
            remedy="Give the arrays compatible shapes, for instance with reshape or x[:, None].",
        ) from None


def real(x: Traced) -> Traced:
    """x as real numbers: integers and truth values become float64."""
    return x if isinstance(x.space, Real) else with_dtype(x, np.float64)


def normal_axes(axis: Any, rank: int) -> tuple[int, ...]:
    """An `axis` argument as sorted non-negative axes; None means all. Errors name the line."""
    if axis is None:
        return tuple(range(rank))
    given = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(normal_axis(a, rank) for a in given))


def normal_axis(axis: Any, rank: int) -> int:
    """One axis, non-negative."""
    number = operator.index(axis)
    if not -rank <= number < rank:
        raise TraceError(
            f"axis {number} of an array with {rank} axes",
            where=users_place(),
            remedy=f"Axes go from {-rank} to {rank - 1}." if rank else "It has no axes.",
        )
    return number % rank


def is_number(value: Any) -> bool:
    """A Python number: weakly typed, as NumPy 2 has it."""
    return type(value) in (int, float)


def weak_type(value: Any) -> type | None:
    """The Python type of a number that takes the dtype of what it meets; None for all others."""
    if isinstance(value, Traced):
        return {"f": float, "i": int}.get(value.dtype.kind) if value.weak else None
    return type(value) if is_number(value) else None
