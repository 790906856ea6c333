"""NumPy's linear algebra: equations, determinants, factors, eigenvalues.

Conventions are NumPy's: the last two axes are matrices, leading axes broadcast, `cholesky`, `eigh`
and `eigvalsh` read one triangle of their argument, and so have a derivative there only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from cats.concrete import told
from cats.ir.prims import beyond, determinants, factors, least_squares, solving, spectra
from cats.ir.prims.algebra import mul
from cats.ir.prims.choice import abs as absolute
from cats.ir.prims.choice import sign
from cats.ir.prims.stacks import tril as lower_part
from cats.ir.prims.stacks import triu as upper_part
from cats.ir.spaces import Value
from cats.surface.elementwise import subtract
from cats.surface.indexing import getitem
from cats.surface.joining import concatenate
from cats.surface.norms import matrix_rank
from cats.surface.products import matmul
from cats.surface.reductions import NAMES as REDUCTIONS
from cats.surface.shapes import flip, ravel, reshape_, swapaxes, transpose
from cats.surface.sorting import sort
from cats.surface.taking import take_along_axis
from cats.surface.values import (
    expand,
    lifted,
    real,
    recorder_of,
    refusal,
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


def mirrored(a: Traced, lower: bool) -> Traced:
    """The symmetric matrix of which one triangle is given. Raises ValueError for no square."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"a symmetric matrix is square, not of shape {a.shape}")
    part, strict = (lower_part, -1) if lower else (upper_part, 1)
    other = swapaxes(part(a, k=strict, extra=0), -2, -1)
    return part(a, k=0, extra=0) + other  # type: ignore[no-any-return]


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
    """np.linalg.pinv; `hermitian` reads the lower triangle.

    The derivative is that with the same number of singular values kept.
    """
    rtol = options.pop("rtol", np._NoValue)
    refuse_options("np.linalg.pinv", options)
    array = mirrored(matrices(a), lower=True) if hermitian else matrices(a)
    if rcond is None:
        usual = max(array.shape[-2:]) * np.finfo(array.dtype).eps
        rcond = 1e-15 if rtol is np._NoValue else usual if rtol is None else rtol
    return least_squares.pinv(array, rcond=float(rcond))


def lstsq(a: Value, b: Value, rcond: Any = None) -> Value:
    """np.linalg.lstsq. The derivative is that with the same number of singular values kept.

    The sums of squares are there for more rows than columns, if the rank is full: it is observed.
    """
    matrix, right = paired(a, b)
    if matrix.ndim != 2:
        raise ValueError(f"least squares of shape {matrix.shape}: one matrix is asked for")
    rows, columns = matrix.shape
    eps = float(np.finfo(matrix.dtype).eps)
    share = max(rows, columns) * eps if rcond is None else eps if rcond < 0 else float(rcond)
    x = least_squares.lstsq(matrix, right, rcond=share)
    s = spectra.svdvals(matrix)
    rank = matrix_rank(matrix, rtol=share)
    squares: Value = np.zeros(0, matrix.dtype)
    if rows > columns and (not told(rank) or bool(rank == columns)):
        rest = subtract(right, matmul(matrix, x))
        squares = REDUCTIONS[np.sum](mul(rest, rest), axis=0, keepdims=right.ndim == 1)
    return x, squares, with_dtype(rank, np.int32), s


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
    """np.linalg.qr; columns beyond those of the matrix, when complete, have no derivative."""
    array = matrices(a)
    if mode not in ("reduced", "r", "complete"):
        raise refusal(
            f"np.linalg.qr(mode={mode!r})",
            "cats knows the modes reduced, r and complete",
            "Use mode='reduced'.",
        )
    q, r = factors.qr(array)
    if mode == "r":
        return r
    return named(np.linalg.qr, whole_qr(array, q, r) if mode == "complete" else (q, r))


def whole_qr(a: Traced, q: Traced, r: Traced) -> tuple[Value, Value]:
    """The factors with all columns of an orthogonal matrix, and with rows of zeros."""
    rows, first = q.shape[-2:]
    if rows == first:
        return q, r
    zeros = np.zeros((*r.shape[:-2], rows - first, r.shape[-1]), r.dtype)
    return concatenate([q, beyond.qr_left(a, first=first)], -1), concatenate([r, zeros], -2)


def svd(
    a: Value, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Value:
    """np.linalg.svd; vectors beyond the singular values, of full_matrices, have no derivative.

    That of a symmetric matrix, `hermitian`, is by its eigenvectors, and reads its lower triangle.
    """
    array = matrices(a)
    if hermitian:
        return _svd_of_symmetric(array, compute_uv)
    if not compute_uv:
        return spectra.svdvals(array)
    u, s, vh = spectra.svd(array)
    first = s.shape[-1]
    if full_matrices and u.shape[-2] > first:
        u = concatenate([u, beyond.svd_left(array, first=first)], -1)
    if full_matrices and vh.shape[-1] > first:
        vh = concatenate([vh, beyond.svd_right(array, first=first)], -2)
    return named(np.linalg.svd, (u, s, vh))


def _svd_of_symmetric(a: Traced, compute_uv: bool) -> Value:
    """|w| and the eigenvectors, those on the right with the signs of w, the largest first."""
    if not compute_uv:
        sizes = absolute(spectra.eigvalsh(a, uplo="L"))
        return flip(sort(sizes), -1)
    w, v = spectra.eigh(a, uplo="L")
    order = flip(np.argsort(absolute(w), axis=-1), -1)
    sizes, signs = (take_along_axis(x, order, -1) for x in (absolute(w), sign(w)))
    u = take_along_axis(v, getitem(order, (..., None, slice(None))), -1)
    signed = mul(u, expand(getitem(signs, (..., None, slice(None))), u.shape))
    return named(np.linalg.svd, (u, sizes, swapaxes(signed, -2, -1)))


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


NAMES: dict[Any, Callable[..., Value]] = {
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
}
