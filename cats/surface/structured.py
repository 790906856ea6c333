"""Matrices of a form, NumPy's: triangles and Kronecker products."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.stacks import tril, triu
from cats.ir.spaces import Value
from cats.surface.products import tensordot
from cats.surface.shapes import reshape_, transpose
from cats.surface.values import both, expand, lifted, recorder_of


def kron(a: Value, b: Value) -> Value:
    """np.kron: b times each entry of a, in place of the entry."""
    x, y = both(a, b)
    rank = max(x.ndim, y.ndim)
    shapes = [(1,) * (rank - z.ndim) + z.shape for z in (x, y)]
    whole = tensordot(reshape_(x, shapes[0]), reshape_(y, shapes[1]), 0)
    order = [place for i in range(rank) for place in (i, rank + i)]
    lengths = tuple(n * m for n, m in zip(*shapes, strict=True))
    return reshape_(transpose(whole, order), lengths)


def _triangle_of(part: Callable[..., Value]) -> Callable[..., Value]:
    def call(m: Value, k: int = 0) -> Value:
        array = lifted(recorder_of(m), m)
        whole = array if array.ndim > 1 else expand(array, (array.size, array.size))
        return part(whole, k=operator.index(k), extra=0)

    return call


NAMES: dict[Any, Callable[..., Value]] = {
    np.kron: kron,
    np.tril: _triangle_of(tril),
    np.triu: _triangle_of(triu),
}
