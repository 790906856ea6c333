"""Products of np.linalg: powers and chains of matrices, cross, vecdot, and NumPy 2's own names."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.prims import solving
from cats.ir.prims.algebra import mul
from cats.ir.spaces import Value
from cats.surface.einsum import einsum
from cats.surface.elementwise import subtract
from cats.surface.indexing import diagonal, take, trace
from cats.surface.products import dot, matmul, outer, tensordot
from cats.surface.promotion import entrywise
from cats.surface.shapes import moveaxis, reshape_, swapaxes
from cats.surface.values import both, lifted, real, recorder_of, refusal, refuse_options


def matrix_power(a: Value, n: Any) -> Value:
    """np.linalg.matrix_power, by squaring."""
    array, count = lifted(recorder_of(a), a), operator.index(n)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise refusal(
            f"a power of a matrix of shape {array.shape}", "it is not square", "Check its shape."
        )
    if count == 0:
        return np.broadcast_to(np.eye(array.shape[-1], dtype=array.dtype), array.shape)
    factor: Value = solving.inv(real(array)) if count < 0 else array
    result: Value = None
    bits = bin(abs(count))[:1:-1]
    for place, bit in enumerate(bits):
        factor = matmul(factor, factor) if place else factor
        if bit == "1":
            result = factor if result is None else matmul(result, factor)
    return result


def multi_dot(arrays: Sequence[Value], **options: Any) -> Value:
    """np.linalg.multi_dot: in the order that takes least."""
    refuse_options("np.linalg.multi_dot", options)
    if len(arrays) < 2:
        raise ValueError("at least two arrays are multiplied")
    recorder = recorder_of(*arrays)
    xs = [lifted(recorder, x) for x in arrays]
    first, last = xs[0], xs[-1]
    ends = (*first.shape[:-1], *last.shape[1:])
    xs[0] = reshape_(first, (1, first.size)) if first.ndim == 1 else first
    xs[-1] = reshape_(last, (last.size, 1)) if last.ndim == 1 else last
    splits = _splits([*[x.shape[0] for x in xs], xs[-1].shape[-1]])

    def chain(i: int, j: int) -> Value:
        if i == j:
            return xs[i]
        k = splits[i, j]
        return dot(chain(i, k), chain(k + 1, j))

    return reshape_(chain(0, len(xs) - 1), ends)


def _splits(lengths: Sequence[int]) -> dict[tuple[int, int], int]:
    """Where to split the product of matrices i to j, so that fewest numbers are multiplied."""
    cost: dict[tuple[int, int], int] = {(i, i): 0 for i in range(len(lengths))}
    splits: dict[tuple[int, int], int] = {}
    for width in range(1, len(lengths) - 1):
        for i in range(len(lengths) - 1 - width):
            j = i + width
            cost[i, j], splits[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + lengths[i] * lengths[k + 1] * lengths[j + 1], k)
                for k in range(i, j)
            )
    return splits


def outer_of_vectors(x1: Value, x2: Value) -> Value:
    """np.linalg.outer: of vectors only."""
    a, b = both(x1, x2)
    if (a.ndim, b.ndim) != (1, 1):
        raise refusal(
            f"np.linalg.outer of shapes {a.shape} and {b.shape}",
            "it takes vectors",
            "Use np.outer, which flattens, or np.multiply.outer.",
        )
    return outer(a, b)


def cross(x1: Value, x2: Value, *, axis: int = -1) -> Value:
    """np.linalg.cross of vectors with three entries along the axis."""
    a, b = (moveaxis(x, axis, -1) for x in both(x1, x2))
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise refusal(
            f"a cross product along axes of lengths {a.shape[-1]} and {b.shape[-1]}",
            "both must be 3",
            "Check axis=.",
        )
    ahead, behind = [1, 2, 0], [2, 0, 1]
    left = entrywise(np.multiply, mul, take(a, ahead, -1), take(b, behind, -1))
    right = entrywise(np.multiply, mul, take(a, behind, -1), take(b, ahead, -1))
    return moveaxis(subtract(left, right), -1, axis)


def vecdot(x1: Value, x2: Value, *, axis: int = -1) -> Value:
    """np.linalg.vecdot: inner products along an axis."""
    a, b = (moveaxis(x, axis, -1) for x in both(x1, x2))
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"vectors of {a.shape[-1]} and of {b.shape[-1]} entries have no product")
    return einsum("...i,...i->...", a, b)


NAMES: dict[Any, Callable[..., Value]] = {
    np.linalg.matrix_power: matrix_power,
    np.linalg.multi_dot: multi_dot,
    np.linalg.matmul: matmul,
    np.linalg.outer: outer_of_vectors,
    np.linalg.tensordot: lambda x1, x2, *, axes=2: tensordot(x1, x2, axes),
    np.linalg.vecdot: vecdot,
    np.linalg.cross: cross,
    np.linalg.matrix_transpose: lambda x: swapaxes(x, -2, -1),
    np.linalg.diagonal: lambda x, *, offset=0: diagonal(x, offset, -2, -1),
    np.linalg.trace: lambda x, *, offset=0, dtype=None: trace(x, offset, -2, -1, dtype=dtype),
}
