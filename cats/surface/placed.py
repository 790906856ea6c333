"""SciPy's matrices of a form: Toeplitz, Hankel, circulant, in blocks, products of columns.

SciPy itself is asked what it makes of arrays of such shapes, so stacks of arguments mean what they
mean to the SciPy that is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from cats.ir.spaces import Value
from cats.surface.indexing import getitem
from cats.surface.joining import concatenate
from cats.surface.shapes import ravel, reshape_
from cats.surface.values import both, expand, lifted, recorder_of, shadow
from cats.traced import Traced


def _placed(build: Callable[..., np.ndarray[Any, Any]], *given: Value) -> Value:
    """Entries of the arrays, and zeros, where SciPy puts the numbers of the entries, and 0."""
    recorder = recorder_of(*given)
    arrays = [lifted(recorder, x) for x in given if x is not None]
    numbers, first = [], 1
    for x in arrays:
        numbers.append(np.arange(first, first + x.size).reshape(x.shape))
        first += x.size
    places = build(*numbers)
    zero = np.zeros(1, np.result_type(*[x.dtype for x in arrays]))
    return getitem(concatenate([zero, *map(ravel, arrays)], 0), places)


def toeplitz(c: Value, r: Value = None) -> Value:
    """scipy.linalg.toeplitz: constant along diagonals, first column c and first row r."""
    return _placed(scipy.linalg.toeplitz, c, r)


def hankel(c: Value, r: Value = None) -> Value:
    """scipy.linalg.hankel: constant along antidiagonals, first column c and last row r."""
    return _placed(scipy.linalg.hankel, c, r)


def circulant(c: Value) -> Value:
    """scipy.linalg.circulant: each column the one before, turned by one."""
    return _placed(scipy.linalg.circulant, c)


def block_diag(*arrs: Value) -> Value:
    """scipy.linalg.block_diag."""
    recorder = recorder_of(*arrs)
    arrays = [lifted(recorder, x) for x in arrs]
    shape = scipy.linalg.block_diag(*map(shadow, arrays)).shape
    blocks = [_in_stack(x, shape[:-2]) for x in arrays]
    rows, start = [], 0
    for x in blocks:
        *stack, height, width = x.shape
        before, behind = start, shape[-1] - start - width
        sides = [np.zeros((*stack, height, n), x.dtype) for n in (before, behind)]
        rows.append(concatenate([sides[0], x, sides[1]], -1))
        start += width
    return concatenate(rows, -2)


def _in_stack(x: Traced, stack: tuple[int, ...]) -> Traced:
    """A matrix, or a row, repeated over leading axes."""
    matrix = reshape_(x, (1,) * (2 - x.ndim) + x.shape)
    return expand(matrix, (*stack, *matrix.shape[-2:]))


def khatri_rao(a: Value, b: Value) -> Value:
    """scipy.linalg.khatri_rao: the Kronecker products of corresponding columns."""
    x, y = both(a, b)
    shape = scipy.linalg.khatri_rao(shadow(x), shadow(y)).shape
    found = getitem(x, (..., slice(None), None, slice(None))) * getitem(
        y, (..., None, slice(None), slice(None))
    )
    return reshape_(found, shape)
