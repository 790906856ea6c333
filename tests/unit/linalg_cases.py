"""What linear algebra must carry: NumPy's and SciPy's functions on matrices, stacks and edges.

SciPy's functions do not ask their arguments what to do, so a case calls SciPy on arrays and the
function of ours of the same name on traced values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from cats.recorder import newest_recorder
from cats.surface.scipy_linalg import SCIPY

Function = Callable[..., Any]
LA: Any = np.linalg  # whose types do not know all that the functions take
Row = tuple[str, Function, tuple[Any, ...]]


def matrix(*shape: int, seed: int = 0, diagonal: float = 0.0) -> Any:
    """Random entries, and more on the diagonal."""
    entries = np.random.default_rng(seed + 17).uniform(-1, 1, shape)
    return entries + diagonal * np.eye(shape[-1]) if diagonal else entries


A33, B33, A22 = matrix(3, 3, diagonal=2), matrix(3, 3, seed=1, diagonal=2), matrix(2, 2, seed=2)
TALL, WIDE, STACK = matrix(4, 2, seed=3), matrix(2, 4, seed=4), matrix(2, 3, 3, seed=5, diagonal=2)
V3, W3, M32 = matrix(3, seed=6), matrix(3, seed=7), matrix(3, 2, seed=8)
V4, M42 = matrix(4, seed=9), matrix(4, 2, seed=10)
EMPTY, ONE = np.zeros((0, 0)), np.array([[1.7]])
T2323 = matrix(2, 3, 2, 3, seed=11) + 2 * np.eye(6).reshape(2, 3, 2, 3)
T3223 = T2323.transpose(1, 0, 2, 3).copy()


def spd(a: Any) -> Any:
    """a a' + 1: symmetric and positive definite."""
    return a @ np.swapaxes(a, -1, -2) + np.eye(a.shape[-1], dtype=a.dtype)


def sp(name: str, *rest: Any, **options: Any) -> Function:
    """A function of SciPy, or ours on traced values."""

    def call(*args: Any) -> Any:
        traced = newest_recorder([*args, *rest]) is not None
        function = SCIPY[f"scipy.linalg.{name}"] if traced else getattr(scipy.linalg, name)
        return function(*args, *rest, **options)

    return call


_NUMPY: list[Row] = [
    ("solve", np.linalg.solve, (A33, V3)),
    ("solve columns", np.linalg.solve, (A33, M32)),
    ("solve stacks", np.linalg.solve, (STACK, matrix(2, 3, 2, seed=12))),
    ("solve one matrix for a stack", np.linalg.solve, (A33, matrix(2, 3, 2, seed=12))),
    ("solve a stack for one column", lambda a: np.linalg.solve(a, V3), (STACK,)),
    ("solve a constant", lambda b: np.linalg.solve(A33, b), (V3,)),
    ("solve integers", lambda b: np.linalg.solve(np.array([[2, 1], [0, 4]]), b), (M32.T[:, :2],)),
    ("inv", np.linalg.inv, (A33,)),
    ("inv stack", np.linalg.inv, (STACK,)),
    ("inv one", np.linalg.inv, (ONE,)),
    ("inv empty", np.linalg.inv, (EMPTY,)),
    ("pinv tall", np.linalg.pinv, (TALL,)),
    ("pinv wide", lambda a: LA.pinv(a, rtol=None), (WIDE,)),
    ("pinv stack", lambda a: np.linalg.pinv(a, 1e-12), (matrix(2, 3, 2, seed=13),)),
    ("lstsq tall", lambda a, b: np.linalg.lstsq(a, b)[:2], (TALL, V4)),
    ("lstsq columns", lambda a, b: np.linalg.lstsq(a, b)[:2], (TALL, M42)),
    ("lstsq to rounding", lambda a, b: np.linalg.lstsq(a, b, -1)[0], (TALL, V4)),
    ("lstsq wide", lambda a, b: np.linalg.lstsq(a, b, 1e-12), (WIDE, V3[:2])),
    ("tensorsolve", np.linalg.tensorsolve, (T2323, matrix(2, 3, seed=14))),
    ("tensorsolve axes", lambda a, b: np.linalg.tensorsolve(a, b, axes=(0,)),
     (T2323.transpose(3, 0, 1, 2).copy(), matrix(2, 3, seed=14))),
    ("tensorinv", np.linalg.tensorinv, (T2323,)),
    ("tensorinv 1", lambda a: np.linalg.tensorinv(a, ind=1), (T2323.reshape(6, 2, 3),)),
    ("det", np.linalg.det, (A33,)),
    ("det stack", np.linalg.det, (STACK,)),
    ("det one", np.linalg.det, (ONE,)),
    ("det empty", np.linalg.det, (EMPTY,)),
    ("slogdet", np.linalg.slogdet, (A33,)),
    ("slogdet negative", lambda a: np.linalg.slogdet(a).logabsdet, (A33[[1, 0, 2]],)),
    ("slogdet stack", lambda a: np.linalg.slogdet(a)[1], (STACK,)),
    ("cholesky", lambda a: np.linalg.cholesky(spd(a)), (A33,)),
    ("cholesky upper", lambda a: np.linalg.cholesky(spd(a), upper=True), (STACK,)),
    ("cholesky reads one triangle", np.linalg.cholesky, (A33 + 4 * np.eye(3),)),
    ("qr", np.linalg.qr, (A33,)),
    ("qr tall", lambda a: np.linalg.qr(a).Q @ np.linalg.qr(a).R * a, (TALL,)),
    ("qr wide", lambda a: np.linalg.qr(a, mode="complete"), (WIDE,)),
    ("qr complete of tall", lambda a: np.linalg.qr(a, mode="complete").R, (TALL,)),
    ("qr r", lambda a: np.linalg.qr(a, mode="r"), (TALL,)),
    ("svd", lambda a: np.linalg.svd(a), (A33,)),
    ("svd tall", lambda a: np.linalg.svd(a, full_matrices=False), (TALL,)),
    ("svd wide", lambda a: np.linalg.svd(a, full_matrices=False).Vh, (WIDE,)),
    ("svd full of tall", lambda a: np.linalg.svd(a)[1:], (TALL,)),
    ("svd full of wide", lambda a: np.linalg.svd(a)[:2], (WIDE,)),
    ("svd full of a stack", lambda a: np.linalg.svd(a).Vh, (matrix(2, 3, 2, seed=13),)),
    ("svd stack", lambda a: np.linalg.svd(a, False, False), (matrix(2, 3, 2, seed=13),)),
    ("svd symmetric", lambda a: np.linalg.svd(a + a.mT, hermitian=True), (A33,)),
    ("svd symmetric stack", lambda a: np.linalg.svd(a - a.mT @ a, hermitian=True), (
        np.stack([A33 + A33.T, A33 @ A33.T]),)),
    ("svdvals symmetric", lambda a: np.linalg.svd(a + a.mT, True, False, True), (A33,)),
    ("svd of a symmetric one", lambda a: np.linalg.svd(a, hermitian=True), (A33 - 2 * B33,)),
    ("svd of symmetric ones", lambda a: np.linalg.svd(a, compute_uv=False, hermitian=True),
     (STACK - 2.3 * np.eye(3),)),
    ("pinv of symmetric ones", lambda a: np.linalg.pinv(a, hermitian=True),
     (STACK - 4.3 * np.eye(3),)),
    ("matrix_rank of a symmetric one", lambda a: a * np.linalg.matrix_rank(a, hermitian=True),
     (A33,)),
    ("svdvals", np.linalg.svdvals, (WIDE,)),
    ("eigh", np.linalg.eigh, (A33,)),
    ("eigh upper", lambda a: np.linalg.eigh(a, UPLO="U").eigenvectors, (A33,)),
    ("eigh stack", lambda a: np.linalg.eigh(a).eigenvalues, (STACK,)),
    ("eigh empty", np.linalg.eigh, (EMPTY,)),
    ("eigvalsh", lambda a: np.linalg.eigvalsh(a, "u"), (A33,)),
    ("eigvalsh one", np.linalg.eigvalsh, (ONE,)),
    ("norm 2", lambda a: np.linalg.norm(a, 2), (TALL,)),
    ("norm -2", lambda a: np.linalg.norm(a, -2), (A33,)),
    ("norm nuc", lambda a: np.linalg.norm(a, "nuc"), (WIDE,)),
    ("norm nuc axes", lambda a: np.linalg.norm(a, "nuc", axis=(0, 2)), (matrix(2, 3, 4),)),
    ("norm 2 keepdims", lambda a: np.linalg.norm(a, 2, axis=(2, 0), keepdims=True),
     (matrix(2, 3, 4),)),
    ("norm 1 axes", lambda a: np.linalg.norm(a, -1, axis=(0, 2)), (matrix(2, 3, 4),)),
    ("norm inf keepdims", lambda a: np.linalg.norm(a, np.inf, (1, 2), True), (matrix(2, 3, 4),)),
    ("norm inf of nothing", lambda a: np.linalg.norm(a, np.inf) + a.sum(), (np.zeros(0),)),
    ("norm of an order", lambda p: np.linalg.norm(V4, p), (2.0,)),
    ("norm of order 1", lambda a, p: np.linalg.norm(a, p), (V4, 1.0)),
    ("norm of an order below 0", lambda a, p: np.linalg.norm(a, p), (V4, -1.5)),
    ("norm of an order, axis", lambda a, p: np.linalg.norm(a, p, 1, True), (M42, 3.0)),
    ("vector_norm of an order", lambda a, p: np.linalg.vector_norm(a, ord=p), (A33, 2.5)),
    ("vector_norm", lambda a: np.linalg.vector_norm(a), (A33,)),
    ("vector_norm axes", lambda a: np.linalg.vector_norm(a, axis=(2, 0), ord=3, keepdims=True),
     (matrix(2, 3, 4),)),
    ("vector_norm axis", lambda a: np.linalg.vector_norm(a, axis=-1, ord=1), (A33,)),
    ("matrix_norm", lambda a: np.linalg.matrix_norm(a, ord="nuc", keepdims=True), (STACK,)),
    ("matrix_norm fro", np.linalg.matrix_norm, (STACK,)),
    ("cond", np.linalg.cond, (A33,)),
    ("cond -2", lambda a: np.linalg.cond(a, -2), (TALL,)),
    ("cond 1", lambda a: np.linalg.cond(a, 1), (STACK,)),
    ("cond fro", lambda a: np.linalg.cond(a, "fro"), (A33,)),
    ("matrix_rank", lambda a: np.linalg.matrix_rank(a) * a, (TALL,)),
    ("matrix_rank tol", lambda a: a * np.linalg.matrix_rank(a, tol=0.9)[:, None, None], (STACK,)),
    ("matrix_rank rtol", lambda a: a * np.linalg.matrix_rank(a, rtol=0.5), (A33,)),
    ("matrix_power 0", lambda a: a + np.linalg.matrix_power(a, 0), (A33,)),
    ("matrix_power 1", lambda a: np.linalg.matrix_power(a, 1) * 2, (A33,)),
    ("matrix_power 5", lambda a: np.linalg.matrix_power(a, 5), (A22,)),
    ("matrix_power -2", lambda a: np.linalg.matrix_power(a, -2), (STACK,)),
    ("multi_dot 2", lambda a, b: np.linalg.multi_dot([a, b]), (V3, M32)),
    ("multi_dot 3", lambda a, b, c: np.linalg.multi_dot([a, b, c]), (TALL, WIDE, M42)),
    ("multi_dot 4", lambda a, b, c: np.linalg.multi_dot([a, TALL, b, c]), (V4, A22, V3[:2])),
    ("multi_dot vector", lambda a, b: np.linalg.multi_dot([a, TALL, b]), (V4, A22)),
    ("linalg.matmul", np.linalg.matmul, (STACK, A33)),
    ("linalg.outer", np.linalg.outer, (V3, V4)),
    ("linalg.tensordot", lambda a, b: np.linalg.tensordot(a, b, axes=1), (TALL, WIDE)),
    ("linalg.vecdot", np.linalg.vecdot, (A33, V3)),
    ("linalg.vecdot axis", lambda a, b: LA.vecdot(a, b, axis=0), (A33, B33)),
    ("linalg.cross", np.linalg.cross, (V3, W3)),
    ("linalg.cross axis", lambda a, b: np.linalg.cross(a, b, axis=0), (A33, B33)),
    ("linalg.cross stack", np.linalg.cross, (A33, V3)),
    ("linalg.matrix_transpose", lambda a: np.linalg.matrix_transpose(a) * 2, (STACK,)),
    ("linalg.diagonal", lambda a: np.linalg.diagonal(a, offset=-1) * 2, (STACK,)),
    ("linalg.trace", lambda a: np.linalg.trace(a, offset=1) * 2, (STACK,)),
    ("kron", np.kron, (M32, A22)),
    ("kron ranks", np.kron, (V3, A22)),
    ("tril", lambda a: np.tril(a) + np.tril(a, -1), (STACK,)),
    ("triu", lambda a: np.triu(a, 1) * np.triu(a), (TALL,)),
    ("tril of a vector", lambda a: np.tril(a), (V3,)),
]  # fmt: skip

_BATCHES = np.lib.NumpyVersion(scipy.__version__) >= "1.17.0"
"""Whether this SciPy takes stacks of arguments everywhere, and is told what matrices are like."""

_WORDS: list[Row] = [
    *[(f"sp inv {word}", sp("inv", assume_a=word, lower=lower), (A33 + 2 * np.eye(3),))
      for word in ("upper triangular", "lower triangular", "pos", "sym", "her", "general")
      for lower in (False, True)],
    *[(f"sp solve {word}", sp("solve", assume_a=word, transposed=word == "tridiagonal"),
       (A33, V3)) for word in ("diagonal", "tridiagonal", "banded", "symmetric")],
] if _BATCHES else []  # fmt: skip

_OF_STACKS: list[Row] = [
    ("sp toeplitz of rows", sp("toeplitz"), (TALL, V3)),
    ("sp toeplitz of rows alone", sp("toeplitz"), (TALL,)),
    ("sp circulant of rows", sp("circulant"), (M32,)),
    ("sp khatri_rao of stacks", sp("khatri_rao"), (STACK, matrix(2, 2, 3, seed=15))),
    ("sp khatri_rao of one and a stack", sp("khatri_rao"), (A33, STACK)),
    ("sp lstsq of stacks", lambda a, b: sp("lstsq")(a, b)[:2],
     (matrix(2, 4, 2, seed=16), matrix(4, 1, seed=9))),
    ("sp lstsq of a stack, one column", lambda a: sp("lstsq")(a, V4)[0],
     (matrix(2, 4, 2, seed=16),)),
    ("sp block_diag of stacks", sp("block_diag"), (STACK, M32, V3)),
] if _BATCHES else []  # fmt: skip

_SCIPY: list[Row] = [
    ("sp solve", sp("solve"), (A33, V3)),
    ("sp solve transposed", sp("solve", transposed=True), (A33, M32)),
    ("sp solve pos", lambda a, b: sp("solve", assume_a="pos")(spd(a), b), (A33, V3)),
    ("sp solve sym", sp("solve", lower=True, assume_a="sym"), (A33, V3)),
    ("sp solve triangular", sp("solve", assume_a="upper triangular"), (A33, V3)),
    ("sp solve_triangular", sp("solve_triangular"), (A33, V3)),
    ("sp solve_triangular lower", sp("solve_triangular", lower=True, trans="T"), (A33, M32)),
    ("sp solve_triangular unit", sp("solve_triangular", unit_diagonal=True), (A33, V3)),
    ("sp inv", sp("inv", overwrite_a=False), (A33,)),
    ("sp inv by position", sp("inv", False, True), (A33,)),
    ("sp pinv", sp("pinv"), (TALL,)),
    ("sp pinv and rank", lambda a: sp("pinv", rtol=1e-3, return_rank=True)(a)[0], (TALL,)),
    ("sp rank", lambda a: a * sp("pinv", return_rank=True)(a)[1], (TALL,)),
    ("sp lu by places", lambda a: sp("lu", p_indices=True)(a)[1:], (A33[[2, 0, 1]],)),
    ("sp places of lu", lambda a: a[sp("lu", p_indices=True)(a)[0]] * 2, (A33[[2, 0, 1]],)),
    ("sp eigh by value", lambda a: sp("eigh", subset_by_value=(-1.0, 3.0))(a), (A33,)),
    ("sp eigvalsh by value", sp("eigvalsh", subset_by_value=(2.0, np.inf)), (A33,)),
    ("sp lstsq", lambda a, b: sp("lstsq")(a, b)[:2], (TALL, V4)),
    ("sp lstsq columns", lambda a, b: sp("lstsq")(a, b)[:2], (TALL, M42)),
    ("sp cho_solve", lambda a, b: sp("cho_solve")(sp("cho_factor")(spd(a)), b), (A33, V3)),
    ("sp cho_solve lower",
     lambda a, b: sp("cho_solve", b)(sp("cho_factor", lower=True)(spd(a))), (A33, M32)),
    ("sp solve_sylvester", sp("solve_sylvester"), (A33, A22 + 2 * np.eye(2), M32)),
    ("sp lyapunov", sp("solve_continuous_lyapunov"), (A33, B33)),
    ("sp det", sp("det"), (A33,)),
    ("sp cholesky", lambda a: sp("cholesky")(spd(a)), (A33,)),
    ("sp cholesky lower", sp("cholesky", lower=True), (A33 + 4 * np.eye(3),)),
    ("sp qr", sp("qr"), (WIDE,)),
    ("sp qr full of tall", lambda a: sp("qr")(a)[1], (TALL,)),
    ("sp qr pivoting", lambda a: sp("qr", pivoting=True)(a[[2, 0, 1]])[:2], (A33,)),
    ("sp qr pivoting r", lambda a: sp("qr", mode="r", pivoting=True)(a)[0], (TALL,)),
    ("sp qr pivoting wide", lambda a: sp("qr", mode="economic", pivoting=True)(a)[:2], (WIDE,)),
    ("sp qr economic", sp("qr", mode="economic"), (TALL,)),
    ("sp qr r", sp("qr", mode="r"), (TALL,)),
    ("sp lu", sp("lu"), (A33,)),
    ("sp lu tall", sp("lu", True), (TALL,)),
    ("sp lu wide", sp("lu"), (WIDE,)),
    ("sp svd", sp("svd", full_matrices=False), (TALL,)),
    ("sp svdvals", sp("svdvals"), (WIDE,)),
    ("sp eigh", lambda a: [x * x for x in sp("eigh")(a)], (A33,)),
    ("sp eigh driver", sp("eigh", driver="evd"), (A33,)),
    ("sp eigh upper", sp("eigh", lower=False, eigvals_only=True), (A33,)),
    ("sp eigh b", lambda a, b: sp("eigh")(a, spd(b)), (A33, B33)),
    ("sp eigh subset", lambda a: sp("eigh", subset_by_index=[1, 2])(a)[0], (A33,)),
    ("sp eigvalsh", sp("eigvalsh"), (A33,)),
    ("sp expm", sp("expm"), (A33,)),
    ("sp expm stack", sp("expm"), (STACK,)),
    ("sp logm", lambda a: sp("logm")(spd(a).astype(float)), (A33,)),
    ("sp sqrtm", lambda a: sp("sqrtm")(spd(a)), (A33,)),
    ("sp norm", sp("norm", "nuc", check_finite=False), (A33,)),
    ("sp block_diag", sp("block_diag"), (M32, V3, A22)),
    ("sp toeplitz", sp("toeplitz"), (V3, V4)),
    ("sp toeplitz one", sp("toeplitz"), (V3,)),
    ("sp hankel", sp("hankel"), (V3, V4)),
    ("sp hankel one", sp("hankel"), (V3,)),
    ("sp circulant", sp("circulant"), (V4,)),
    ("sp khatri_rao", sp("khatri_rao"), (M32, TALL)),
    ("sp hankel of unlike types", sp("hankel", r=np.array([7, 2, 3])), (V4,)),
    *_WORDS,
    *_OF_STACKS,
]  # fmt: skip

ROWS = [*_NUMPY, *_SCIPY]
