"""Matrices made of their diagonal: diag, diagflat."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.layout import reshape
from cats.ir.prims.updates import put
from cats.ir.spaces import Value
from cats.surface.indexing import diagonal
from cats.surface.shapes import ravel
from cats.surface.values import lifted, recorder_of
from cats.traced import Traced


def diag(v: Value, k: int = 0) -> Value:
    """np.diag: the matrix with this diagonal, or the diagonal of a matrix."""
    array = lifted(recorder_of(v), v)
    if array.ndim == 1:
        return _matrix(array, operator.index(k))
    if array.ndim != 2:
        raise ValueError(f"np.diag of an array with {array.ndim} axes: it takes 1 or 2")
    return diagonal(array, k)


def _matrix(x: Traced, k: int) -> Traced:
    """Zeros but for x on the k-th diagonal: every (n + 1)-th entry, line by line."""
    n = x.size + abs(k)
    start = k if k > 0 else -k * n
    zeros = x.recorder.local(np.zeros(n * n, x.dtype))
    line = put(zeros, x, target=((start, start + x.size * (n + 1) - n, n + 1),)) if n else zeros
    return reshape(line, shape=(n, n))  # type: ignore[no-any-return]


def diagflat(v: Value, k: int = 0) -> Value:
    """np.diagflat: the matrix with all entries on its diagonal."""
    return _matrix(ravel(lifted(recorder_of(v), v)), operator.index(k))


NAMES: dict[Any, Callable[..., Value]] = {
    np.diag: diag,
    np.diagflat: diagflat,
}
