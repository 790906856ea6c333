"""What all NumPy names share: promotion of dtypes, broadcasting of shapes, normal axes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.calls import called
from cats.ir.constant import Constant
from cats.ir.errors import CatsError, TraceError
from cats.ir.prims.layout import broadcast, convert, reshape
from cats.ir.spaces import Real, Value, ground
from cats.lenses import AnyLens, Lens
from cats.places import users_place
from cats.recorder import Recorder, newest_recorder
from cats.traced import Traced
from cats.tracked import View, laid


def recorder_of(*values: Any) -> Recorder:
    """The newest recorder among the values."""
    found = newest_recorder(values)
    if found is None:
        raise TraceError("a traced operation was called without a traced value")
    return found


def lifted(recorder: Recorder, value: Value) -> Traced:
    """A value as a traced one; lists of traced values are stacked. Errors name the user's line."""
    if isinstance(value, list | tuple) and newest_recorder([value]) is not None:
        return called(recorder, np.stack, ([lifted(recorder, v) for v in value],), {})  # type: ignore[no-any-return]
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


def refusal(what: str, why: str, remedy: str) -> TraceError:
    """What is not done, why, and what to do instead, at the user's line."""
    return TraceError(f"{what}: {why}", where=users_place(), remedy=remedy)


def both(x: Value, y: Value) -> tuple[Traced, Traced]:
    """Both arguments as traced values."""
    recorder = recorder_of(x, y)
    return lifted(recorder, x), lifted(recorder, y)


def with_dtype(x: Traced, dtype: Any) -> Traced:
    """x converted; the same x when it has that dtype already. Raises SpaceError if none has it."""
    wanted = np.dtype(dtype)
    if x.dtype == wanted:
        return x
    space = ground(x.shape, wanted)
    return x if x.space == space else convert(x, dtype=space.dtype)


def expand(x: Traced, shape: tuple[int, ...]) -> Traced:
    """x broadcast to the shape: axes of length 1 are dropped and repeated."""
    if x.shape == shape:
        return x
    offset = len(shape) - len(x.shape)
    kept = [i for i, n in enumerate(x.shape) if n == shape[i + offset]]
    small = tuple(x.shape[i] for i in kept)
    if small != x.shape:
        x = reshape(x, shape=small) if small else without_axes(x)
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
    found = sorted([normal_axis(a, rank) for a in given])
    if len({*found}) < len(found):
        raise ValueError(f"an axis is named twice in {axis}")
    return tuple(found)


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


def number(x: Traced) -> Traced:
    """x as a Python number."""
    found = with_dtype(x, np.float64)
    made = found.recorder.make(found.recorder, found.state, found.space)
    made.weak = True
    return made  # type: ignore[return-value]


def is_number(value: Any) -> bool:
    """A Python number: weakly typed, as NumPy 2 has it."""
    return type(value) in (int, float)


def weak_type(value: Any) -> type | None:
    """The Python type of a number that takes the dtype of what it meets; None for all others."""
    if isinstance(value, Traced):
        return {"f": float, "i": int}.get(value.dtype.kind) if value.weak else None
    return type(value) if is_number(value) else None


def fixed(value: Value) -> np.ndarray[Any, Any]:
    """Whole numbers as they are in this call; where they are traced a guard says so."""
    if not isinstance(value, Traced):
        array = np.asarray(value)
        return array if array.size else array.astype(int)
    found = value.recorder.observe(value, exact=True)
    return found.array if isinstance(found, Constant) else np.asarray(found)


def kind_of(value: Value) -> Any:
    """What a value counts as when dtypes are promoted: a Python number, or a dtype."""
    kind = weak_type(value)
    if kind is not None:
        return kind(0)
    if isinstance(value, list | tuple) and (recorder := newest_recorder([value])) is not None:
        return lifted(recorder, value).dtype
    return value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype


def static(value: Any) -> Any:
    """A parameter in plain numbers; whole numbers that arguments have a part in are observed.

    Raises TraceError for real numbers that arguments have a part in.
    """
    if isinstance(value, list | tuple):
        return type(value)(map(static, value))
    if not isinstance(value, Traced):
        return value
    if value.known is not None:
        return value.known if value.is_array else value.known[()]
    if isinstance(value.space, Real):
        return operator.index(value)
    found = value.recorder.observe(value, exact=True)
    array = found.array if isinstance(found, Constant) else np.asarray(found)
    return array if value.is_array else array[()]


def rank_of(value: Value) -> int:
    """How many axes a value has, lists of traced values among them."""
    if isinstance(value, list | tuple):
        return 1 + rank_of(value[0]) if value else 1
    return np.ndim(value)


def listed(value: Any) -> list[Any]:
    """The parts of a sequence, or of a vector; of anything else itself alone."""
    return [*value] if rank_of(value) else [value]


def lengths(shape: Any) -> tuple[int, ...]:
    """A shape as NumPy takes it: a whole number, or some; traced ones are observed."""
    return tuple([operator.index(n) for n in listed(shape)])


def windowed(x: Traced, lens: AnyLens) -> Traced:
    """What is seen of x through a lens; a copy where it is known that NumPy copies.

    Of a number NumPy makes a new array.
    """
    seen = lens.get(x)
    if not x.is_array:
        return seen  # type: ignore[no-any-return]
    copies = lens.may_copy and x.known is not None and x.own.order is not None
    if copies and not np.shares_memory(lens.seen(x.known), x.known):  # type: ignore[arg-type]
        return seen.recorder.fresh(seen)  # type: ignore[no-any-return]
    link = View(x, lens, x.own.version)
    return x.recorder.make(x.recorder, seen.state, seen.space, link)  # type: ignore[return-value]


def without_axes(x: Traced) -> Traced:
    """The one entry of x; of an array, a view without axes."""
    if not x.is_array:
        return x
    return boxed_view(x, Lens(reshape, (("shape", ()),)))


def boxed_view(x: Traced, lens: AnyLens) -> Traced:
    """What is seen of x through a lens, standing for an array also without axes."""
    made = windowed(x, lens)
    made.boxed = True
    return made


def lying(x: Traced) -> np.ndarray[Any, Any] | None:
    """An array that lies in memory as x does, where that is known.

    How an argument lies is seen in this call: another call is traced anew.
    """
    root, lenses = x, []
    while (view := root.as_view) is not None:
        lenses.append(view.lens)
        root = view.parent  # type: ignore[assignment]
    found, own = root.known, root.own
    if found is None and own.frozen:
        x.recorder.world.lasting = False
        found = root.recorder.concrete.given.get(getattr(root.term, "name", ""))
    elif found is None and own.order is not None:
        found = laid(np.broadcast_to(np.zeros((), root.dtype), root.shape), own.order)
    if not isinstance(found, np.ndarray):
        return None
    for lens in reversed(lenses):
        found = lens.seen(found)
    return found


def shadow(x: Traced) -> np.ndarray[Any, Any]:
    """An array of the same shape and dtype that is hardly there, to ask NumPy about shapes."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape)


def require(flag: Value, mistake: Exception) -> None:
    """Raises the mistake unless the flag is true; nothing is asked where it cannot be known."""
    if isinstance(flag, Traced) and not flag.recorder.concrete.told(flag):
        return
    if not bool(flag):
        raise mistake


def present(**names: Callable[..., Value]) -> dict[Any, Callable[..., Value]]:
    """The entries for those names that this NumPy has."""
    return {getattr(np, name): said for name, said in names.items() if hasattr(np, name)}
