"""Matrices of a form, NumPy's and SciPy's: triangles, Kronecker products, blocks, Toeplitz, ..."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.prims.stacks import tril, triu
from cats.ir.spaces import Value
from cats.surface.indexing import getitem
from cats.surface.joining import concatenate
from cats.surface.products import tensordot
from cats.surface.shapes import ravel, reshape_, transpose
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


def block_diag(*arrs: Value) -> Value:
    """scipy.linalg.block_diag."""
    recorder = recorder_of(*arrs)
    blocks = [lifted(recorder, x) for x in arrs]
    blocks = [reshape_(x, (1,) * (2 - x.ndim) + x.shape) for x in blocks]
    width, start = sum(x.shape[1] for x in blocks), 0
    rows = []
    for x in blocks:
        before, behind = start, width - start - x.shape[1]
        sides = [np.zeros((x.shape[0], n), x.dtype) for n in (before, behind)]
        rows.append(concatenate([sides[0], x, sides[1]], 1))
        start += x.shape[1]
    return concatenate(rows, 0)


def toeplitz(c: Value, r: Value = None) -> Value:
    """scipy.linalg.toeplitz: constant along diagonals, first column c and first row r."""
    column, row = map(ravel, both(c, c if r is None else r))
    values = concatenate([getitem(column, slice(None, None, -1)), getitem(row, slice(1, None))], 0)
    n, m = column.size, row.size
    return getitem(values, n - 1 - np.arange(n)[:, None] + np.arange(m))


def hankel(c: Value, r: Value = None) -> Value:
    """scipy.linalg.hankel: constant along antidiagonals, first column c and last row r."""
    column, row = map(ravel, both(c, np.zeros(np.size(c), c.dtype) if r is None else r))
    values = concatenate([column, getitem(row, slice(1, None))], 0)
    return getitem(values, np.arange(column.size)[:, None] + np.arange(row.size))


def circulant(c: Value) -> Value:
    """scipy.linalg.circulant: each column the one before, turned by one."""
    column = ravel(c)
    places = np.arange(column.size)
    return getitem(column, (places[:, None] - places) % max(column.size, 1))


def khatri_rao(a: Value, b: Value) -> Value:
    """scipy.linalg.khatri_rao: the Kronecker products of corresponding columns."""
    x, y = both(a, b)
    found = getitem(x, (slice(None), None)) * getitem(y, (None, slice(None)))
    return reshape_(found, (x.shape[0] * y.shape[0], *x.shape[1:]))


NAMES: dict[Any, Callable[..., Value]] = {
    np.kron: kron,
    np.tril: _triangle_of(tril),
    np.triu: _triangle_of(triu),
}
