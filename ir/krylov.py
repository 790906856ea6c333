"""Linear systems without a matrix: GMRES. The functions stand alone, to be taken along in programs.

(Saad and Schultz 1986.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def solved(
    apply: Callable[..., Sequence[Any]], sides: Sequence[Any], tolerance: float, rounds: int
) -> tuple[Any, ...]:
    """y with apply(*y) = sides, the residual being smaller by `tolerance`; nan if that is not met.

    A residual as small as rounding lets it be will do.

    >>> solved(lambda x: (2 * x,), (np.array([4.0, 6.0]),), 1e-12, 10)
    (array([2., 3.]),)
    """
    whole = flattened(sides)
    if not np.all(np.isfinite(whole)):
        return unbounded(apply, sides, tolerance, rounds)
    shift = whole.size.bit_length() + 1 if np.max(np.abs(whole), initial=0.0) > 1 else 0
    right, found = np.ldexp(whole, -shift), np.zeros_like(whole)
    unit = max(np.finfo(np.asarray(side).dtype).eps for side in sides)
    goal, rough = max(tolerance, 4 * unit) * length(right), np.sqrt(unit) * length(right)
    left, bound = rounds, 0.0
    while True:
        rest = right - flattened(apply(*parted(found, sides)))
        size = length(rest)
        if size <= goal or size <= min(4 * unit * bound * length(found), rough):
            return parted(np.ldexp(found, shift), sides)
        if left <= 0 or not np.isfinite(size):
            return parted(np.full_like(found, np.nan), sides)
        step, taken, gain = best(
            lambda v: flattened(apply(*parted(v, sides))), rest, size, min(left, 50)
        )
        found, left, bound = found + step, left - taken, max(bound, gain)


def unbounded(
    apply: Callable[..., Sequence[Any]], sides: Sequence[Any], tolerance: float, rounds: int
) -> tuple[Any, ...]:
    """The solution for sides with infinite entries: infinite where they lead; nan for nan."""
    whole = flattened(sides)
    if np.any(np.isnan(whole)):
        return parted(np.full_like(whole, np.nan), sides)
    ways = np.where(np.isinf(whole), np.sign(whole), 0)
    led = flattened(solved(apply, parted(ways, sides), tolerance, rounds))
    with np.errstate(invalid="ignore"):
        return parted(led * np.inf, sides)


def best(apply: Callable[[Any], Any], rest: Any, size: Any, most: int) -> tuple[Any, int, Any]:
    """What reduces the residual most, how many directions that took, and their longest image.

    most   so many directions there may be
    """
    basis = [rest / size]
    table = np.zeros((most + 1, most), rest.dtype)
    gain = 0.0
    for k in range(most):
        image = apply(basis[k])
        gain = max(gain, length(image))
        for _ in range(2):
            for j, direction in enumerate(basis):
                part = direction @ image
                table[j, k] += part
                image = image - part * direction
        table[k + 1, k] = length(image)
        small = 64 * np.finfo(rest.dtype).eps * length(table[: k + 1, k])
        if not table[k + 1, k] > small or k == rest.size - 1:
            break
        basis.append(image / table[k + 1, k])
    first = np.zeros(k + 2, rest.dtype)
    first[0] = 1
    scale = gain if gain > 0 else 1
    shares = np.linalg.lstsq(table[: k + 2, : k + 1] / scale, first)[0] * (size / scale)
    return np.transpose(basis[: k + 1]) @ shares, k + 1, gain


def length(vector: Any) -> Any:
    """The Euclidean norm, of the largest and smallest numbers too."""
    largest = np.max(np.abs(vector), initial=0.0)
    return largest * np.linalg.norm(vector / largest) if 0 < largest < np.inf else largest


def flattened(parts: Sequence[Any]) -> Any:
    """Arrays as one vector."""
    return np.concatenate([np.ravel(part) for part in parts])


def parted(vector: Any, like: Sequence[Any]) -> tuple[Any, ...]:
    """A vector as arrays of these shapes and dtypes."""
    found, start = [], 0
    for part in like:
        stop = start + np.size(part)
        piece = vector[start:stop].reshape(np.shape(part))
        found.append(piece.astype(np.asarray(part).dtype)[()])
        start = stop
    return tuple(found)
