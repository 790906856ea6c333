"""Grids of coordinates, and the places of an array: meshgrid, unravel_index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.prims.layout import reshape
from cats.ir.spaces import Value
from cats.surface.indexing import in_bounds
from cats.surface.shapes import broadcast_arrays
from cats.surface.values import lengths, lifted, recorder_of, require
from cats.traced import Traced


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
    np.unravel_index: unravel_index,
    np.ravel_multi_index: ravel_multi_index,
}
