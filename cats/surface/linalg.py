"""NumPy's linear algebra: solving, factors, determinants, eigenvalues, products of matrices.

Conventions are NumPy's: the last two axes are matrices, leading axes broadcast, `cholesky`, `eigh`
and `eigvalsh` read one triangle of their argument, and so have a derivative there only.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.prims import determinants, factors, solving, spectra
from cats.ir.prims.algebra import mul
from cats.ir.prims.stacks import tril as lower
from cats.ir.prims.stacks import triu as upper
from cats.ir.spaces import Value
from cats.places import users_place
from cats.surface import products
from cats.surface.elementwise import subtract
from cats.surface.indexing import diagonal, trace
from cats.surface.norms import matrix_rank
from cats.surface.products import dot, matmul, outer, tensordot
from cats.surface.reductions import NAMES as REDUCTIONS
from cats.surface.shapes import moveaxis, ravel, reshape_, swapaxes, transpose
from cats.surface.values import (
    expand,
    lifted,
    real,
    recorder_of,
    refuse_options,
    with_dtype,
)
from cats.traced import Traced


def matrices(x: Value) -> Traced:
    """The argument as real matrices."""
    return real(lifted(recorder_of(x), x))


def paired(*xs: Value) -> list[Traced]:
    """The arguments as real arrays of one width."""
    recorder = recorder_of(*xs)
    arrays = [real(lifted(recorder, x)) for x in xs]
    dtype = np.result_type(*[x.dtype for x in arrays])
    return [with_dtype(x, dtype) for x in arrays]


def stacked(*xs: Traced) -> list[Traced]:
    """The matrices with their leading axes broadcast."""
    stack = np.broadcast_shapes(*[x.shape[:-2] for x in xs])
    return [expand(x, (*stack, *x.shape[-2:])) for x in xs]


def named(function: Callable[..., Any], parts: Sequence[Value]) -> Value:
    """The results as the named tuple in which the NumPy function returns them."""
    return type(function(np.eye(1)))(*parts)


def refusal(what: str, why: str, remedy: str) -> TraceError:
    """What is not done, and what to do instead."""
    return TraceError(f"{what}: {why}", where=users_place(), remedy=remedy)


# Equations


def by_columns(solve: Callable[..., Value], a: Traced, b: Traced) -> Value:
    """solve(a, b) for a vector, a matrix, or stacks of either for which a is a stack."""
    if b.ndim > 1:
        a, b = stacked(a, b)
        return solve(a, b, columns=1)
    if a.ndim == 2:
        return solve(a, b, columns=0)
    column = expand(reshape_(b, (*b.shape, 1)), (*a.shape[:-2], *b.shape, 1))
    found = solve(a, column, columns=1)
    return reshape_(found, found.shape[:-1])


def solve(a: Value, b: Value) -> Value:
    """np.linalg.solve."""
    return by_columns(partial(solving.solve, transposed=False), *paired(a, b))


def inv(a: Value) -> Value:
    """np.linalg.inv."""
    return solving.inv(matrices(a))


def pinv(a: Value, rcond: Any = None, hermitian: bool = False, **options: Any) -> Value:
    """np.linalg.pinv. The derivative is that at constant rank."""
    rtol = options.pop("rtol", np._NoValue)
    refuse_options("np.linalg.pinv", {"hermitian": hermitian, **options})
    array = matrices(a)
    if rcond is None:
        usual = max(array.shape[-2:]) * np.finfo(array.dtype).eps
        rcond = 1e-15 if rtol is np._NoValue else usual if rtol is None else rtol
    return solving.pinv(array, rcond=float(rcond))


def lstsq(a: Value, b: Value, rcond: Any = None) -> Value:
    """np.linalg.lstsq. The derivative is that at constant rank.

    The sums of squares are there for more rows than columns, also where the rank is not full.
    """
    matrix, right = paired(a, b)
    rows, columns = matrix.shape
    share = max(rows, columns) * np.finfo(matrix.dtype).eps if rcond is None else float(rcond)
    x = solving.lstsq(matrix, right, rcond=float(share))
    s = spectra.svdvals(matrix)
    squares: Value = np.zeros(0, matrix.dtype)
    if rows > columns:
        rest = subtract(right, matmul(matrix, x))
        squares = REDUCTIONS[np.sum](mul(rest, rest), axis=0, keepdims=right.ndim == 1)
    return x, squares, with_dtype(matrix_rank(matrix, rtol=share), np.int32), s


def tensorsolve(a: Value, b: Value, axes: Any = None) -> Value:
    """np.linalg.tensorsolve."""
    array, right = paired(a, b)
    if axes is not None:
        order = list(range(array.ndim))
        for k in axes:
            order.remove(k)
            order.insert(array.ndim, k)
        array = transpose(array, order)
    shape = array.shape[right.ndim - array.ndim :] if array.ndim > right.ndim else ()
    flat = reshape_(array, (right.size, int(np.prod(shape, dtype=int))))
    return reshape_(solve(flat, ravel(right)), shape)


def tensorinv(a: Value, ind: int = 2) -> Value:
    """np.linalg.tensorinv."""
    array = matrices(a)
    if ind <= 0:
        raise refusal(
            f"np.linalg.tensorinv(ind={ind})",
            "the number of axes of the result is positive",
            "Give ind=1 or more.",
        )
    front, back = array.shape[:ind], array.shape[ind:]
    flat = reshape_(array, (int(np.prod(back, dtype=int)), -1))
    return reshape_(inv(flat), (*back, *front))


# Determinants


def det(a: Value) -> Value:
    """np.linalg.det, with all its derivatives also where the matrix is singular."""
    return determinants.det(matrices(a))


def slogdet(a: Value) -> Value:
    """np.linalg.slogdet."""
    return named(np.linalg.slogdet, determinants.slogdet(matrices(a)))


# Factors


def cholesky(a: Value, *, upper: bool = False) -> Value:
    """np.linalg.cholesky: reads the lower triangle, or the upper one for the upper factor."""
    array = matrices(a)
    if not upper:
        return factors.cholesky(array)
    return swapaxes(factors.cholesky(swapaxes(array, -2, -1)), -2, -1)


def qr(a: Value, mode: str = "reduced") -> Value:
    """np.linalg.qr in the modes reduced and r, and complete where that is the same as reduced."""
    array = matrices(a)
    if mode == "complete" and array.ndim > 1 and array.shape[-2] <= array.shape[-1]:
        mode = "reduced"
    if mode not in ("reduced", "r"):
        raise refusal(
            f"np.linalg.qr(mode={mode!r})",
            "columns beyond those of the matrix are any basis, so they have no derivative"
            if mode == "complete"
            else "cats knows the modes reduced, r and complete",
            "Use mode='reduced'.",
        )
    found = factors.qr(array)
    return found[1] if mode == "r" else named(np.linalg.qr, found)


def svd(
    a: Value, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Value:
    """np.linalg.svd; of matrices that are not square with full_matrices=False only."""
    refuse_options("np.linalg.svd", {"hermitian": hermitian})
    array = matrices(a)
    if not compute_uv:
        return spectra.svdvals(array)
    if full_matrices and array.ndim > 1 and array.shape[-2] != array.shape[-1]:
        raise refusal(
            f"np.linalg.svd of shape {array.shape} with full_matrices=True",
            "vectors beyond the singular values are any basis, so they have no derivative",
            "Use full_matrices=False.",
        )
    return named(np.linalg.svd, spectra.svd(array))


def svdvals(x: Value) -> Value:
    """np.linalg.svdvals."""
    return spectra.svdvals(matrices(x))


def eigh(a: Value, UPLO: str = "L") -> Value:
    """np.linalg.eigh. Vectors of eigenvalues that agree have no derivative: nan."""
    found = spectra.eigh(matrices(a), uplo=_triangle(UPLO))
    return named(np.linalg.eigh, found)


def eigvalsh(a: Value, UPLO: str = "L") -> Value:
    """np.linalg.eigvalsh."""
    return spectra.eigvalsh(matrices(a), uplo=_triangle(UPLO))


def _triangle(uplo: str) -> str:
    if uplo.upper() not in ("L", "U"):
        raise refusal(
            f"UPLO={uplo!r}", "a matrix has a lower and an upper triangle", "Give 'L' or 'U'."
        )
    return uplo.upper()


def _complex(name: str) -> Callable[..., Value]:
    def refuse(a: Value) -> Value:
        raise refusal(
            f"np.linalg.{name}",
            "eigenvalues of a matrix that is not symmetric are complex, and cats is real",
            "Use np.linalg.eigh or np.linalg.eigvalsh for symmetric matrices, np.linalg.svdvals, "
            "np.linalg.trace or np.linalg.det for others.",
        )

    return refuse


# Products


def matrix_power(a: Value, n: Any) -> Value:
    """np.linalg.matrix_power, by squaring."""
    array, count = lifted(recorder_of(a), a), operator.index(n)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise refusal(
            f"a power of a matrix of shape {array.shape}", "it is not square", "Check its shape."
        )
    if count == 0:
        return np.broadcast_to(np.eye(array.shape[-1], dtype=array.dtype), array.shape)
    factor: Value = inv(array) if count < 0 else array
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
    a, b = products.paired(x1, x2)
    if (a.ndim, b.ndim) != (1, 1):
        raise refusal(
            f"np.linalg.outer of shapes {a.shape} and {b.shape}",
            "it takes vectors",
            "Use np.outer, which flattens, or np.multiply.outer.",
        )
    return outer(a, b)


def cross(x1: Value, x2: Value, *, axis: int = -1) -> Value:
    """np.linalg.cross of vectors with three entries along the axis."""
    recorder = recorder_of(x1, x2)
    lengths = [moveaxis(lifted(recorder, x), axis, -1).shape[-1] for x in (x1, x2)]
    if lengths != [3, 3]:
        raise refusal(
            f"a cross product along axes of lengths {lengths[0]} and {lengths[1]}",
            "both must be 3",
            "Check axis=.",
        )
    return products.cross(x1, x2, axis=axis)


def _triangle_of(part: Callable[..., Value]) -> Callable[..., Value]:
    def call(m: Value, k: int = 0) -> Value:
        array = lifted(recorder_of(m), m)
        whole = array if array.ndim > 1 else expand(array, (array.size, array.size))
        return part(whole, k=operator.index(k), extra=0)

    return call


REFUSED = {np.linalg.eig: _complex("eig"), np.linalg.eigvals: _complex("eigvals")}
"""Functions that answer with a sentence."""

NAMES: dict[Any, Callable[..., Value]] = {
    np.tril: _triangle_of(lower),
    np.triu: _triangle_of(upper),
    np.linalg.solve: solve,
    np.linalg.inv: inv,
    np.linalg.pinv: pinv,
    np.linalg.lstsq: lstsq,
    np.linalg.tensorsolve: tensorsolve,
    np.linalg.tensorinv: tensorinv,
    np.linalg.det: det,
    np.linalg.slogdet: slogdet,
    np.linalg.cholesky: cholesky,
    np.linalg.qr: qr,
    np.linalg.svd: svd,
    np.linalg.svdvals: svdvals,
    np.linalg.eigh: eigh,
    np.linalg.eigvalsh: eigvalsh,
    **REFUSED,
    np.linalg.matrix_power: matrix_power,
    np.linalg.multi_dot: multi_dot,
    np.linalg.matmul: matmul,
    np.linalg.outer: outer_of_vectors,
    np.linalg.tensordot: lambda x1, x2, *, axes=2: tensordot(x1, x2, axes),
    np.linalg.vecdot: lambda x1, x2, *, axis=-1: products.vecdot(x1, x2, axis),
    np.linalg.cross: cross,
    np.linalg.matrix_transpose: lambda x: swapaxes(x, -2, -1),
    np.linalg.diagonal: lambda x, *, offset=0: diagonal(x, offset, -2, -1),
    np.linalg.trace: lambda x, *, offset=0, dtype=None: trace(x, offset, -2, -1, dtype=dtype),
}
