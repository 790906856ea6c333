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

    >>> solved(lambda x: (2 * x,), (np.array([4.0, 6.0]),), 1e-12, 10)
    (array([2., 3.]),)
    """
    right = flattened(sides)
    found = np.zeros_like(right)
    goal = max(tolerance, 4 * np.finfo(right.dtype).eps) * length(right)
    left = rounds
    while True:
        rest = right - flattened(apply(*parted(found, sides)))
        size = length(rest)
        if size <= goal:
            return parted(found, sides)
        if left <= 0 or not np.isfinite(size):
            return parted(np.full_like(found, np.nan), sides)
        step, taken = best(lambda v: flattened(apply(*parted(v, sides))), rest, size, min(left, 50))
        found = found + step
        left -= taken


def best(apply: Callable[[Any], Any], rest: Any, size: Any, most: int) -> tuple[Any, int]:
    """What reduces the residual most, in the space of so many directions; and how many it took."""
    basis = [rest / size]
    table = np.zeros((most + 1, most), rest.dtype)
    for k in range(most):
        image = apply(basis[k])
        for _ in range(2):
            for j, direction in enumerate(basis):
                part = direction @ image
                table[j, k] += part
                image = image - part * direction
        table[k + 1, k] = length(image)
        if not table[k + 1, k] > 1e-14 * length(table[: k + 1, k]) or k == rest.size - 1:
            break
        basis.append(image / table[k + 1, k])
    first = np.zeros(k + 2, rest.dtype)
    first[0] = size
    shares = np.linalg.lstsq(table[: k + 2, : k + 1], first)[0]
    return np.transpose(basis[: k + 1]) @ shares, k + 1


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
