"""Newton's method in a trust region: a minimum from gradients and Hessian-vector products.

The Hessian is never formed. The step is the conjugate gradient's, stopped at the border of the
region or where the curvature is negative. (Steihaug 1983; Nocedal and Wright, chapter 7.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

Vector = np.ndarray[Any, np.dtype[np.float64]]
Curvature = Callable[[Vector], Vector]


class Point(NamedTuple):
    """Where the search is: the point, the value and the gradient there, the trusted radius."""

    x: Vector
    value: float
    slope: Vector
    radius: float


def minimise(
    value_and_grad: Callable[[Vector], tuple[float, Vector]],
    hvp: Callable[[Vector, Vector], Vector],
    x: Vector,
    *,
    radius: float = 1.0,
    tolerance: float = 1e-8,
    limit: int = 100,
) -> Iterator[Point]:
    """The points of the search, the first of them x; it ends where the gradient is small.

    >>> def bowl(x):
    ...     return float(x @ x), 2 * x
    >>> *_, last = minimise(bowl, lambda x, v: 2 * v, np.array([3.0, 4.0]))
    >>> print(last.x)
    [0. 0.]
    """
    value, slope = value_and_grad(x)
    yield Point(x, value, slope, radius)
    for _ in range(limit):
        if np.linalg.norm(slope) < tolerance:
            return
        step = newton_step(slope, lambda v, x=x: hvp(x, v), radius)  # type: ignore[misc]
        there, slope_there = value_and_grad(x + step)
        promised = -(slope @ step + 0.5 * step @ hvp(x, step))
        noise = 1e-14 * abs(value)
        kept = (value - there + noise) / (promised + noise)
        if kept < 0.25 or not np.isfinite(kept):
            radius = 0.25 * float(np.linalg.norm(step))
        elif kept > 0.75 and np.linalg.norm(step) > 0.99 * radius:
            radius = 2 * radius
        if kept > 0.1:
            x, value, slope = x + step, there, slope_there
        yield Point(x, value, slope, radius)


def newton_step(slope: Vector, curvature: Curvature, radius: float) -> Vector:
    """The step that lowers slope.d + d.H d/2 within the radius, nearly as far as it can."""
    step, residual, direction = np.zeros_like(slope), -slope, -slope
    size = np.linalg.norm(slope)
    enough = min(0.5, np.sqrt(size)) * size
    for _ in range(2 * slope.size):
        bent = curvature(direction)
        along = direction @ bent
        length = residual @ residual / along if along > 0 else 0.0
        if not along > 0 or np.linalg.norm(step + length * direction) >= radius:
            return step + to_border(step, direction, radius) * direction
        step = step + length * direction
        before, residual = residual, residual - length * bent
        if np.linalg.norm(residual) < enough:
            return step
        direction = residual + (residual @ residual) / (before @ before) * direction
    return step


def to_border(step: Vector, direction: Vector, radius: float) -> float:
    """The t > 0 with |step + t direction| = radius."""
    a, b, c = direction @ direction, step @ direction, step @ step - radius**2
    return float((np.sqrt(b * b - a * c) - b) / a)
