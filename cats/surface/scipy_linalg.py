"""SciPy's linear algebra, for where SciPy is: by the text of each name, so that none is imported.

Arguments that only say how SciPy may use memory (`overwrite_a`, ...), or whether it is to look for
nan (`check_finite`), mean nothing here. Matrices that SciPy reads one triangle of are read so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from inspect import signature
from typing import Any

import numpy as np
import scipy.linalg

from cats.ir.prims import factors, matrix_functions, solving, spectra
from cats.ir.prims.algebra import div, mul
from cats.ir.prims.sorting import argmax
from cats.ir.prims.stacks import tril as lower_part
from cats.ir.prims.stacks import triu as upper_part
from cats.ir.spaces import Real, Value
from cats.surface import linalg, norms
from cats.surface.elementwise import subtract
from cats.surface.indexing import getitem
from cats.surface.linalg import by_columns, matrices, mirrored, paired, stacked
from cats.surface.placed import block_diag, circulant, hankel, khatri_rao, toeplitz
from cats.surface.products import matmul
from cats.surface.reasons import BASIS
from cats.surface.shapes import reshape_, swapaxes
from cats.surface.values import (
    expand,
    lifted,
    number,
    recorder_of,
    refusal,
    refuse_options,
    shadow,
    with_dtype,
)
from cats.traced import Traced

_MEMORY = ("overwrite_a", "overwrite_b", "check_finite", "lapack_driver", "lwork")


def _options(name: str, options: dict[str, Any]) -> None:
    """Raises TraceError for an option that has a meaning cats does not know."""
    refuse_options(f"scipy.linalg.{name}", options, *_MEMORY)


# Equations


def solve(
    a: Value,
    b: Value,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Value:
    """scipy.linalg.solve; a symmetric matrix is read in one triangle, as SciPy reads it."""
    if assume_a is not None:
        scipy.linalg.solve(np.eye(2), np.ones(2), assume_a=assume_a)  # which knows the words
    matrix, right = paired(a, b)
    if assume_a in ("upper triangular", "lower triangular"):
        return solve_triangular(matrix, right, int(transposed), assume_a == "lower triangular")
    matrix = as_read(matrix, assume_a, lower)
    return by_columns(partial(solving.solve, transposed=bool(transposed)), matrix, right)


def as_read(a: Traced, assume_a: str | None, lower: bool) -> Traced:
    """The matrix that SciPy works with, where it reads only some of the entries of another."""
    match assume_a:
        case "sym" | "symmetric" | "her" | "hermitian" | "pos" | "positive definite":
            return mirrored(a, lower)
        case "upper triangular":
            return upper_part(a, k=0, extra=0)  # type: ignore[no-any-return]
        case "lower triangular":
            return lower_part(a, k=0, extra=0)  # type: ignore[no-any-return]
        case "diagonal":
            return upper_part(lower_part(a, k=0, extra=0), k=0, extra=0)  # type: ignore[no-any-return]
        case "tridiagonal":
            return upper_part(lower_part(a, k=1, extra=0), k=-1, extra=0)  # type: ignore[no-any-return]
        case _:
            return a


def solve_triangular(
    a: Value,
    b: Value,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Value:
    """scipy.linalg.solve_triangular."""
    turned = trans not in (0, "N")
    params = {"lower": bool(lower), "transposed": turned, "unit": bool(unit_diagonal)}
    return by_columns(partial(solving.solve_triangular, **params), *paired(a, b))


def inv(a: Value, assume_a: str | None = None, lower: bool = False, **options: Any) -> Value:
    """scipy.linalg.inv, of the entries that SciPy reads."""
    _options("inv", options)
    if assume_a == "diagonal":
        raise refusal(
            "scipy.linalg.inv(assume_a='diagonal')",
            "SciPy leaves the other entries as they are, which is no inverse",
            "Use np.diag(1 / np.diag(a)).",
        )
    if assume_a is not None:
        scipy.linalg.inv(np.eye(2), assume_a=assume_a)  # which knows the words
    return linalg.inv(as_read(matrices(a), assume_a, lower))


def pinv(a: Value, *, rtol: Any = None, return_rank: bool = False, **options: Any) -> Value:
    """scipy.linalg.pinv. The derivative is that with the same number of singular values kept."""
    _options("pinv", options)
    found = linalg.pinv(a, rtol=rtol)
    return (found, norms.matrix_rank(a, rtol=rtol)) if return_rank else found


def lstsq(a: Value, b: Value, cond: Any = None, lapack_driver: Any = None, **options: Any) -> Value:
    """scipy.linalg.lstsq; of stacks of matrices, one after the other."""
    _options("lstsq", options)
    matrix, right = paired(a, b)
    if matrix.ndim > 2 or right.ndim > 2:
        return _each(partial(lstsq, cond=cond, lapack_driver=lapack_driver), matrix, right)
    if lapack_driver not in (None, "gelsd", "gelss"):
        raise refusal(
            f"scipy.linalg.lstsq(lapack_driver={lapack_driver!r})",
            "it finds no singular values, of which cats makes the solution",
            "Leave lapack_driver= out.",
        )
    share = np.finfo(matrix.dtype).eps if cond is None else cond
    x, squares, rank, s = linalg.lstsq(matrix, right, share)
    if right.ndim == 1 and isinstance(squares, Traced):
        squares = reshape_(squares, ())
    return x, squares, with_dtype(rank, np.int64), s


def _each(solve: Callable[..., Value], a: Traced, b: Traced) -> Value:
    """What is made of each matrix of a stack, and its right side, in stacks, as SciPy makes it.

    Raises ValueError where this SciPy takes no stacks.
    """
    whole = type(scipy.linalg.lstsq(shadow(a), shadow(b)))
    own = min(b.ndim, 2)
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[: b.ndim - own])
    a, b = expand(a, (*stack, *a.shape[-2:])), expand(b, (*stack, *b.shape[b.ndim - own :]))
    found = [solve(getitem(a, place), getitem(b, place)) for place in np.ndindex(stack)]
    columns = [np.stack(column) for column in zip(*found, strict=True)]
    return whole([np.reshape(c, (*stack, *np.shape(c)[1:])) for c in columns])


def cho_factor(a: Value, lower: bool = False, **options: Any) -> Value:
    """scipy.linalg.cho_factor; what SciPy leaves in the other triangle is 0 here."""
    _options("cho_factor", options)
    return cholesky(a, lower), bool(lower)


def cho_solve(c_and_lower: Any, b: Value, **options: Any) -> Value:
    """scipy.linalg.cho_solve: two triangular solutions."""
    _options("cho_solve", options)
    c, lower = c_and_lower
    inner = solve_triangular(c, b, trans=not lower, lower=lower)
    return solve_triangular(c, inner, trans=lower, lower=lower)


def solve_sylvester(a: Value, b: Value, q: Value) -> Value:
    """scipy.linalg.solve_sylvester: a x + x b = q."""
    arrays = stacked(*paired(a, b, q))
    return matrix_functions.solve_sylvester(*arrays, extra=0, transposed=False)


def solve_continuous_lyapunov(a: Value, q: Value) -> Value:
    """scipy.linalg.solve_continuous_lyapunov: a x + x a' = q."""
    matrix, right = paired(a, q)
    return solve_sylvester(matrix, swapaxes(matrix, -2, -1), right)


# Factors


def det(a: Value, **options: Any) -> Value:
    """scipy.linalg.det."""
    _options("det", options)
    return linalg.det(with_dtype(matrices(a), np.float64))


def cholesky(a: Value, lower: bool = False, **options: Any) -> Value:
    """scipy.linalg.cholesky: reads the upper triangle unless `lower`."""
    _options("cholesky", options)
    return linalg.cholesky(a, upper=not lower)


def qr(
    a: Value,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Value:
    """scipy.linalg.qr; columns beyond those of the matrix have no derivative."""
    array = matrices(a)
    if mode not in ("full", "economic", "r"):
        raise refusal(
            f"scipy.linalg.qr(mode={mode!r})",
            "cats knows the modes full, economic and r",
            "Use mode='economic'.",
        )
    order = (factors.pivots(array),) if pivoting else ()
    array = getitem(array, (slice(None), *order)) if pivoting else array
    q, r = factors.qr(array)
    q, r = (q, r) if mode == "economic" else linalg.whole_qr(array, q, r)
    return (r, *order) if mode == "r" else (q, r, *order)


def lu(a: Value, permute_l: bool = False, p_indices: bool = False, **options: Any) -> Value:
    """scipy.linalg.lu; the permutation does not vary."""
    _options("lu", options)
    array = matrices(a)
    asked = partial(scipy.linalg.lu, permute_l=permute_l, p_indices=p_indices)
    if not array.size:
        return array.recorder.local(asked(np.zeros(array.shape, array.dtype)))
    p, low, up = factors.lu(array)
    if permute_l:
        return matmul(p, low), up
    if p_indices:
        rows, columns = (min(n, 2) for n in array.shape[-2:])
        small = np.eye(rows, columns)
        p = with_dtype(argmax(p, axis=p.ndim - 1, skip=False), asked(small)[0].dtype)
    return p, low, up


def svd(a: Value, full_matrices: bool = True, compute_uv: bool = True, **options: Any) -> Value:
    """scipy.linalg.svd."""
    _options("svd", options)
    found = linalg.svd(a, full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


def svdvals(a: Value, **options: Any) -> Value:
    """scipy.linalg.svdvals."""
    _options("svdvals", options)
    return linalg.svdvals(a)


def eigh(
    a: Value,
    b: Value = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    type: int = 1,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
    **options: Any,
) -> Value:
    """scipy.linalg.eigh, and a v = w b v by the Cholesky factor of b."""
    _options("eigh", options)
    if type != 1:
        raise refusal(f"scipy.linalg.eigh(type={type})", "cats knows type 1", "Use type=1.")
    array, uplo, back = matrices(a), "L" if lower else "U", None
    usual = "evr"
    if b is not None:
        array, right = paired(a, b)
        back = linalg.cholesky(right if lower else swapaxes(right, -2, -1))
        array, usual = _between(back, mirrored(array, lower)), "evd"
    if subset_by_index is not None and subset_by_value is not None:
        raise ValueError("eigenvalues are chosen by their places or by their values")
    if eigvals_only:
        w = linalg.eigvalsh(array, uplo)
        return getitem(w, _chosen(w, subset_by_index, subset_by_value))
    w, v = spectra.scipy_eigh(array, driver=driver or usual, uplo=uplo)
    chosen = _chosen(w, subset_by_index, subset_by_value)
    if back is not None:
        v = solve_triangular(back, v, trans=1, lower=True)
    return getitem(w, chosen), getitem(v, chosen)


def _chosen(w: Value, places: Any, values: Any) -> Any:
    """The key of eigenvalues between two places, or above a value and up to another."""
    if values is not None:
        low, high = values
        return ..., slice(int(np.sum(w <= low)), int(np.sum(w <= high)))
    first, last = (0, w.shape[-1] - 1) if places is None else places
    return ..., slice(int(first), int(last) + 1)


def _between(low: Value, a: Value) -> Value:
    """low^-1 a low'^-1."""
    half = solve_triangular(low, a, lower=True)
    return solve_triangular(low, swapaxes(half, -2, -1), lower=True)


def eigvalsh(a: Value, b: Value = None, **options: Any) -> Value:
    """scipy.linalg.eigvalsh."""
    return eigh(a, b, eigvals_only=True, **options)


# Functions of matrices


def norm(
    a: Value, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True
) -> Value:
    """scipy.linalg.norm; what BLAS and LAPACK have, of arrays without gaps, is a Python number."""
    x = lifted(recorder_of(a), a)
    found = norms.norm(x, ord, axis, keepdims)
    line = x.ndim == 1 and ord in (None, 2)
    matrix = x.ndim == 2 and ord in (1, np.inf) and x.as_view is None
    fast = isinstance(x.space, Real) and x.size and axis is None and not keepdims
    return number(found) if fast and (line or matrix) else found


def expm(A: Value) -> Value:
    """scipy.linalg.expm."""
    return matrix_functions.expm(matrices(A))


def logm(A: Value, disp: Any = True) -> Value:
    """scipy.linalg.logm, which must be real, in double precision; unless `disp`, also how far expm
    of it is from A.
    """
    array = with_dtype(matrices(A), np.float64)
    found = matrix_functions.logm(array)
    if disp:
        return found
    left = subtract(matrix_functions.expm(found), array)
    return found, div(*[norm(x, 1, (-2, -1)) for x in (left, array)])


def sqrtm(A: Value, disp: Any = True, blocksize: Any = None) -> Value:
    """scipy.linalg.sqrtm, which must be real; unless `disp`, also how far its square is from A."""
    array = matrices(A)
    found = matrix_functions.sqrtm(array)
    if disp is not False:
        return found
    if array.ndim > 2 or array.size < 2:
        raise refusal(
            f"scipy.linalg.sqrtm(disp=False) of shape {array.shape}",
            "SciPy estimates the error of one matrix, of more than one entry",
            "Leave disp= out.",
        )
    left = norm(subtract(matmul(found, found), array), "fro")
    return found, div(mul(left, left), norm(array, "fro"))


def _as_scipy(function: Callable[..., Value]) -> Callable[..., Value]:
    """The function with the parameters that SciPy's has, in their order: all reach it by name."""
    said = signature(getattr(scipy.linalg, function.__name__))

    @wraps(function)
    def call(*args: Any, **options: Any) -> Value:
        return function(**said.bind(*args, **options).arguments)

    return call


def _basis(name: str) -> Callable[..., Value]:
    def refuse(*args: Any, **options: Any) -> Value:
        raise refusal(f"scipy.linalg.{name}", *BASIS)

    return refuse


FUNCTIONS: tuple[Callable[..., Value], ...] = (
    solve, solve_triangular, inv, pinv, lstsq, cho_factor, cho_solve, solve_sylvester,
    solve_continuous_lyapunov, det, cholesky, qr, lu, svd, svdvals, eigh, eigvalsh, expm, logm,
    sqrtm, norm, toeplitz, hankel, circulant, khatri_rao,
)  # fmt: skip

SCIPY: dict[str, Callable[..., Value]] = {
    **{f"scipy.linalg.{function.__name__}": _as_scipy(function) for function in FUNCTIONS},
    "scipy.linalg.block_diag": block_diag,
    **{f"scipy.linalg.{name}": _basis(name) for name in ("null_space", "orth")},
}
"""SciPy's functions in terms of the vocabulary, by the text of their names."""
