"""Derivatives measured from values: an oracle that knows nothing of how a function is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from cats.tree import flatten, unflatten

Function = Callable[..., Any]


def leaves(value: Any) -> list[np.ndarray[Any, Any]]:
    """The arrays of a container; what is no number is left out."""
    return [np.asarray(v) for v in flatten(value)[0]]


def is_real(value: Any) -> bool:
    """Whether a leaf varies."""
    return np.asarray(value).dtype.kind == "f"


class Flat:
    """A function of containers as one of a single row of real numbers, and back."""

    def __init__(self, f: Function, args: Sequence[Any]) -> None:
        self.f = f
        self.given, self.tree = flatten(tuple(args))
        self.real = [i for i, v in enumerate(self.given) if is_real(v)]
        self.at = self.row([self.given[i] for i in self.real])

    def row(self, values: Sequence[Any]) -> np.ndarray[Any, Any]:
        """Leaves one after the other, in double precision."""
        flat = [np.ravel(np.asarray(v, np.float64)) for v in values]
        return np.concatenate(flat) if flat else np.zeros(0)

    def arguments(self, row: np.ndarray[Any, Any]) -> tuple[Any, ...]:
        """The arguments that a row stands for, of the kinds that were given."""
        values, start = list(self.given), 0
        for i in self.real:
            old = values[i]
            size = np.size(old)
            part = np.asarray(row[start : start + size], np.asarray(old).dtype)
            start += size
            values[i] = (
                part.reshape(np.shape(old)) if isinstance(old, np.ndarray) else type(old)(part[0])
            )
        return tuple(unflatten(self.tree, values))

    def __call__(self, row: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The real results at a row, one after the other."""
        return self.row([v for v in leaves(self.f(*self.arguments(row))) if is_real(v)])


def along(f: Function, at: Any, direction: Any, step: float) -> Any:
    """The derivative of f along a direction: central differences, extrapolated to the sixth order.

    Source: Richardson 1911; the combination of steps h, h/2, h/4 without its h**2 and h**4 parts.
    """
    rows = []
    for h in (step, step / 2, step / 4):
        rows.append((f(at + h * direction) - f(at - h * direction)) / (2 * h))
    first = [(4 * b - a) / 3 for a, b in pairwise(rows)]
    return (16 * first[1] - first[0]) / 15


def jacobian(f: Function, at: np.ndarray[Any, Any], step: float) -> np.ndarray[Any, Any]:
    """The matrix of derivatives, one column for each entry of the row."""
    columns = [along(f, at, e, step) for e in np.eye(len(at))]
    return np.stack(columns, -1) if columns else np.zeros((len(f(at)), 0))
