"""SciPy's linear algebra, for where SciPy is: by the text of each name, so that none is imported.

Arguments that only say how SciPy may use memory (`overwrite_a`, ...), or whether it is to look for
nan (`check_finite`), mean nothing here. Matrices that SciPy reads one triangle of are read so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.linalg

from cats.ir.prims import factors, matrix_functions, solving, spectra
from cats.ir.prims.stacks import tril as lower_part
from cats.ir.prims.stacks import triu as upper_part
from cats.ir.spaces import Value
from cats.surface import linalg, norms
from cats.surface.indexing import getitem
from cats.surface.linalg import by_columns, matrices, paired, stacked
from cats.surface.products import matmul
from cats.surface.reasons import BASIS
from cats.surface.shapes import reshape_, swapaxes
from cats.surface.structured import block_diag, circulant, hankel, khatri_rao, toeplitz
from cats.surface.values import refusal, refuse_options, with_dtype
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
    matrix, right = paired(a, b)
    if assume_a in ("sym", "symmetric", "her", "hermitian", "pos", "positive definite"):
        matrix = mirrored(matrix, lower)
    elif assume_a in ("upper triangular", "lower triangular"):
        return solve_triangular(matrix, right, int(transposed), assume_a == "lower triangular")
    elif assume_a not in (None, "gen", "general"):
        raise refusal(
            f"scipy.linalg.solve(assume_a={assume_a!r})",
            "cats knows general, symmetric, positive definite and triangular matrices",
            "Leave assume_a= out.",
        )
    return by_columns(partial(solving.solve, transposed=bool(transposed)), matrix, right)


def mirrored(a: Traced, lower: bool) -> Traced:
    """The symmetric matrix of which one triangle is given."""
    part, strict = (lower_part, -1) if lower else (upper_part, 1)
    other = swapaxes(part(a, k=strict, extra=0), -2, -1)
    return part(a, k=0, extra=0) + other  # type: ignore[no-any-return]


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


def inv(a: Value, **options: Any) -> Value:
    """scipy.linalg.inv."""
    _options("inv", options)
    return linalg.inv(a)


def pinv(a: Value, *, rtol: Any = None, **options: Any) -> Value:
    """scipy.linalg.pinv. The derivative is that with the same number of singular values kept."""
    _options("pinv", options)
    return linalg.pinv(a, rtol=rtol)


def lstsq(a: Value, b: Value, cond: Any = None, **options: Any) -> Value:
    """scipy.linalg.lstsq."""
    _options("lstsq", options)
    matrix, right = paired(a, b)
    share = np.finfo(matrix.dtype).eps if cond is None else cond
    x, squares, rank, s = linalg.lstsq(matrix, right, share)
    if right.ndim == 1 and isinstance(squares, Traced):
        squares = reshape_(squares, ())
    return x, squares, with_dtype(rank, np.int64), s


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


def lu(
    a: Value, permute_l: bool = False, *args: Any, p_indices: bool = False, **options: Any
) -> Value:
    """scipy.linalg.lu; the permutation does not vary."""
    _options("lu", {"p_indices": p_indices, **options})
    array = matrices(a)
    if not array.size:
        nothing = np.zeros(array.shape, array.dtype)
        return array.recorder.local(scipy.linalg.lu(nothing, permute_l=permute_l))
    p, low, up = factors.lu(array)
    return (matmul(p, low), up) if permute_l else (p, low, up)


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
    first, last = (0, array.shape[-1] - 1) if subset_by_index is None else subset_by_index
    chosen = (..., slice(int(first), int(last) + 1))
    if eigvals_only:
        return getitem(linalg.eigvalsh(array, uplo), chosen)
    w, v = spectra.scipy_eigh(array, driver=driver or usual, uplo=uplo)
    if back is not None:
        v = solve_triangular(back, v, trans=1, lower=True)
    return getitem(w, chosen), getitem(v, chosen)


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
    """scipy.linalg.norm."""
    return norms.norm(a, ord, axis, keepdims)


def expm(A: Value) -> Value:
    """scipy.linalg.expm."""
    return matrix_functions.expm(matrices(A))


def logm(A: Value, disp: Any = None) -> Value:
    """scipy.linalg.logm, which must be real."""
    refuse_options("scipy.linalg.logm", {"disp": disp})
    return matrix_functions.logm(matrices(A))


def sqrtm(A: Value, disp: Any = None, blocksize: Any = None) -> Value:
    """scipy.linalg.sqrtm, which must be real."""
    refuse_options("scipy.linalg.sqrtm", {"disp": disp}, "blocksize")
    return matrix_functions.sqrtm(matrices(A))


def _basis(name: str) -> Callable[..., Value]:
    def refuse(*args: Any, **options: Any) -> Value:
        raise refusal(f"scipy.linalg.{name}", *BASIS)

    return refuse


FUNCTIONS: tuple[Callable[..., Value], ...] = (
    solve, solve_triangular, inv, pinv, lstsq, cho_factor, cho_solve, solve_sylvester,
    solve_continuous_lyapunov, det, cholesky, qr, lu, svd, svdvals, eigh, eigvalsh, expm, logm,
    sqrtm, norm, block_diag, toeplitz, hankel, circulant, khatri_rao,
)  # fmt: skip

SCIPY: dict[str, Callable[..., Value]] = {
    **{f"scipy.linalg.{function.__name__}": function for function in FUNCTIONS},
    **{f"scipy.linalg.{name}": _basis(name) for name in ("null_space", "orth")},
}
"""SciPy's functions in terms of the vocabulary, by the text of their names."""
