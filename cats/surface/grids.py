"""Grids of coordinates, and the places of an array: meshgrid, ndenumerate, unravel_index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.places import users_place
from cats.surface.creation import boxed
from cats.surface.indexing import in_bounds
from cats.surface.reasons import C_LOOP
from cats.surface.shapes import broadcast_arrays, ravel
from cats.surface.values import lengths, lifted, recorder_of, require
from cats.traced import Traced
from cats.tracked import READ_ONLY


def meshgrid(*xs: Value, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Value:
    """np.meshgrid: each vector along an axis of its own."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing={indexing!r} is neither 'xy' nor 'ij'")
    recorder, rank = recorder_of(*xs), len(xs)
    axes = [1, 0, *range(2, rank)] if indexing == "xy" and rank > 1 else range(rank)
    lines = [_along(lifted(recorder, x), axis, rank) for x, axis in zip(xs, axes, strict=True)]
    grids = tuple(lines) if sparse else broadcast_arrays(*lines)
    return tuple([grid.copy() for grid in grids]) if copy else grids


def _along(x: Traced, axis: int, rank: int) -> Traced:
    shape = tuple(x.size if i == axis else 1 for i in range(rank))
    return reshape(x, shape=shape)  # type: ignore[no-any-return]


def enumerated(x: Value) -> Iterator[tuple[tuple[int, ...], Value]]:
    """np.ndenumerate: each place, and the entry there."""
    array = lifted(recorder_of(x), x)
    return iter([(place, array[place]) for place in np.ndindex(array.shape)])


def iterated(
    op: Any, flags: Any = (), op_flags: Any = None, order: str = "K", **options: Any
) -> Iterator[Value]:
    """np.nditer of one array or several, to be read: each entry, as an array without axes.

    Raises TraceError for what looks at memory: flags, buffers, and orders that depend on it.
    """
    several = isinstance(op, list | tuple)
    recorder = recorder_of(op)
    if flags or options or not _reads(op_flags) or (several and any(x is None for x in op)):
        recorder.refuse("np.nditer that writes, buffers or counts", C_LOOP.why, C_LOOP.instead)
    given = [lifted(recorder, x) for x in (op if several else [op])]
    arrays = broadcast_arrays(*given)
    if order != "C" and arrays[0].size > 1 and not (len(given) == 1 and _runs_on(given[0])):
        raise TraceError(
            f"np.nditer in the order {order!r} asks how arrays lie in memory",
            where=users_place(),
            remedy="Give order='C', or loop over np.ndindex(x.shape) and read x[i].",
        )
    rows = zip(*[map(_to_read, ravel(a)) for a in arrays], strict=True)
    return iter([row if several else row[0] for row in rows])


def _reads(op_flags: Any) -> bool:
    return op_flags is None or all(row in ("readonly", ["readonly"]) for row in op_flags)


def _to_read(entry: Traced) -> Traced:
    """An entry as np.nditer gives it: an array without axes that nobody may write into."""
    made: Traced = boxed(entry)
    made.own.frozen = READ_ONLY
    return made


def _runs_on(x: Traced) -> bool:
    """Whether the entries of a vector lie in memory one after the other, and not backwards.

    How an argument lies is seen in this call: another call is traced anew.
    """
    if x.ndim != 1 or x.as_view is not None:
        return False
    array: Any = x.known
    if array is None and x.own.frozen:
        x.recorder.world.lasting = False
        array = x.recorder.concrete.given.get(getattr(x.term, "name", ""))
    return bool(array.strides[0] > 0) if isinstance(array, np.ndarray) else not x.own.frozen


@dataclass(frozen=True, slots=True)
class Together:
    """np.broadcast: the shape of arrays together, and their entries."""

    arrays: tuple[Traced, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape."""
        return self.arrays[0].shape

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        return iter([*zip(*[ravel(a) for a in self.arrays], strict=True)])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    nd = ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(np.prod(self.shape))


def together(*xs: Value) -> Together:
    """np.broadcast."""
    recorder = recorder_of(*xs)
    return Together(tuple(broadcast_arrays(*[lifted(recorder, x) for x in xs])))


# Places by one number, and by one for each axis


def unravel_index(indices: Value, shape: Any, order: str = "C") -> Value:
    """np.unravel_index: places in the flat array as one index array for each axis."""
    sizes, places = lengths(shape), lifted(recorder_of(indices, shape), indices)
    inside = (places >= 0) & (places < int(np.prod(sizes)))
    require(np.all(inside), ValueError(f"a place is not in an array of shape {sizes}"))
    found = []
    for n in sizes if order == "F" else reversed(sizes):
        found.append(places % n)
        places = places // n
    return tuple(found if order == "F" else reversed(found))


def ravel_multi_index(
    multi_index: Sequence[Value], dims: Any, mode: Any = "raise", order: str = "C"
) -> Value:
    """np.ravel_multi_index: index arrays for the axes as places in the flat array."""
    recorder, shape = recorder_of(multi_index, dims), lengths(dims)
    modes = mode if isinstance(mode, tuple) else (mode,) * len(shape)
    rows = [
        in_bounds(lifted(recorder, i), n, m)
        for i, n, m in zip(multi_index, shape, modes, strict=True)
    ]
    for row, n, m in zip(rows, shape, modes, strict=True):
        inside = m != "raise" or np.all((row >= 0) & (row < n))
        require(inside, ValueError(f"an index is not in an axis of length {n}"))
    pairs = list(zip(rows, shape, strict=True))
    found: Any = 0
    for row, n in pairs if order == "C" else reversed(pairs):
        found = found * n + row
    return found


NAMES: dict[Any, Callable[..., Value]] = {
    np.meshgrid: meshgrid,
    np.ndenumerate: enumerated,
    np.nditer: iterated,
    np.broadcast: together,
    np.unravel_index: unravel_index,
    np.ravel_multi_index: ravel_multi_index,
}
