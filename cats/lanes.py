"""Lanes: wires with a batch axis or none, and where it lies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cats.ir.prims import arrays
from cats.ir.prims.choice import select
from cats.ir.prims.indexing import gather
from cats.ir.prims.layout import broadcast, led, transpose
from cats.ir.spaces import ANY, Ground, Shape
from cats.ir.wire import Wire


class Lane(NamedTuple):
    """A wire, and which of its axes is that of the batch; None: it is the same for all."""

    wire: Wire
    axis: int | None


def with_axis(space: Ground, axis: int | None, count: int) -> Ground:
    """The space with a batch axis."""
    if axis is None:
        return space
    shape = (*space.shape[:axis], count, *space.shape[axis:])
    return type(space)(shape, space.dtype)


def front(lane: Lane) -> Wire:
    """The wire with the batch axis in front."""
    if not lane.axis:
        return lane.wire
    rank = len(lane.wire.space.shape)
    return _turned(lane.wire, (lane.axis, *[i for i in range(rank) if i != lane.axis]))


def _turned(wire: Wire, axes: Shape) -> Wire:
    return transpose(wire, axes=axes)  # type: ignore[no-any-return]


def is_open(lane: Lane) -> bool:
    """Whether the lengths of its rows are not known."""
    return ANY in lane.wire.space.shape


def guarded(mask: Wire, value: Wire, first: Wire) -> Wire:
    """The value where the mask holds, elsewhere that of the first example it holds for."""
    one = gather(value, first)
    rank = len(value.space.shape)
    others = broadcast(one, shape=value.space.shape, axes=tuple(range(1, rank)))
    return select(spread_over(mask, value), value, others)  # type: ignore[no-any-return]


def spread_over(mask: Wire, like: Wire) -> Wire:
    """The mask repeated along all axes but the first."""
    if mask.space.shape == like.space.shape:
        return mask
    return broadcast(mask, shape=like.space.shape, axes=(0,))  # type: ignore[no-any-return]


def along(lane: Lane, axis: int | None, count: int) -> Wire:
    """The wire with its batch axis there, repeated if it has none."""
    if axis is None or lane.axis == axis:
        return lane.wire
    ahead = led(lane.wire, count) if lane.axis is None else front(lane)
    if axis == 0:
        return ahead
    rest = list(range(1, len(ahead.space.shape)))
    return _turned(ahead, (*rest[:axis], 0, *rest[axis:]))


def rows_first(lane: Lane) -> Lane:
    """A stack whose rows, not whose examples, come first."""
    if lane.axis != 0:
        return lane
    rank = len(lane.wire.space.shape)
    return Lane(_turned(lane.wire, (1, 0, *range(2, rank))), 1)


def first_of(mask: Wire, count: int) -> Wire:
    """The number of the first example that the mask holds for, the last if there is none."""
    numbers = np.arange(count)
    return arrays.min(select(mask, numbers, count - 1), axes=(0,))  # type: ignore[no-any-return]
