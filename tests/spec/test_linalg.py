"""Matrix calculus: each operation against differences in 50 digits, in both modes, twice.

The oracle is mpmath: the function on matrices of 50 digits, differences with a step of 1e-20, so
that neither the step nor rounding is seen. Directions are never symmetric. (Edelman and Johnson,
"Matrix Calculus for Machine Learning and Beyond", 18.S096.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import pytest

import cats
from tests.unit.linalg_cases import sp

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]
mp = mpmath.mp.clone()
mp.dps = 50
STEP = mp.mpf(10) ** -20


@dataclass(frozen=True)
class Row:
    """A function of matrices, the same on 50 digits, and what makes its argument well-behaved."""

    name: str
    f: Function
    exact: Function
    shift: float = 0.0
    signs: bool = False


def mat(a: Any) -> Any:
    """An array as a matrix of mpmath."""
    rows = np.atleast_2d(np.asarray(a, object)).tolist()
    return mp.matrix([[mp.mpf(x) for x in row] for row in rows])


def arr(m: Any) -> Array:
    """A matrix of mpmath, or a number, as an array of objects."""
    if not isinstance(m, mp.matrix):
        return np.array(m, object)
    return np.array(m.tolist(), object).reshape(m.rows, m.cols)


def column(v: Any) -> Any:
    return mat(np.reshape(np.asarray(v, object), (-1, 1)))


def other(n: int, seed: int) -> Array:
    return np.random.default_rng(100 * seed + n).uniform(-1, 1, (n, n))


def lower(m: Any) -> Any:
    """The symmetric matrix with the lower triangle of m."""
    n = m.rows
    return mp.matrix([[m[max(i, j), min(i, j)] for j in range(n)] for i in range(n)])


def spd(a: Any) -> Any:
    return a @ a.T + np.eye(len(a))


def mp_spd(m: Any) -> Any:
    return m * m.T + mp.eye(m.rows)


def mp_trace(m: Any) -> Any:
    return mp.fsum(m[i, i] for i in range(m.rows))


def mp_norm(m: Any) -> Any:
    return mp.sqrt(mp.fsum(x * x for x in m))


def mp_kron(a: Any, b: Any) -> Array:
    return np.kron(arr(a), arr(b))


def mp_eigen(m: Any) -> Any:
    return mp.eigsy(lower(m))


def mp_singular(m: Any) -> Array:
    return np.array(list(mp.svd_r(m, compute_uv=False)), object)


B = other(6, 7)


def b(a: Any) -> Array:
    """A constant with as many rows as a."""
    n = np.shape(a)[0]
    return B[:n, :n] + 3 * np.eye(n)


def x(a: Any) -> Any:
    return b(a)[0]


def y(a: Any) -> Any:
    return b(a)[-1]


def mp_b(m: Any) -> Any:
    return mat(b(arr(m)))


def mp_x(m: Any) -> Any:
    return column(x(arr(m)))


def mp_y(m: Any) -> Any:
    return column(y(arr(m)))


TABLE = [
    Row("a a", lambda a: a @ a, lambda m: m * m),
    Row("a^3", lambda a: np.linalg.matrix_power(a, 3), lambda m: m * m * m),
    Row("a^-1", np.linalg.inv, mp.inverse, 3),
    Row("a' a", lambda a: a.T @ a, lambda m: m.T * m),
    Row("a b", lambda a: a @ b(a), lambda m: m * mp_b(m)),
    Row("tr a^4", lambda a: np.trace(np.linalg.matrix_power(a, 4)), lambda m: mp_trace(m**4)),
    Row("|a|", np.linalg.norm, mp_norm),
    Row("x a y", lambda a: x(a) @ a @ y(a), lambda m: (mp_x(m).T * m * mp_y(m))[0]),
    Row("a (x) b", lambda a: np.kron(a, b(a)), lambda m: mp_kron(m, mp_b(m))),
    Row("det", np.linalg.det, mp.det),
    Row("log det", lambda a: np.linalg.slogdet(a)[1], lambda m: mp.log(abs(mp.det(m))), 3),
    Row("a \\ x", lambda a: np.linalg.solve(a, x(a)),
        lambda m: arr(mp.lu_solve(m, mp_x(m)))[:, 0], 3),
    Row("cholesky", np.linalg.cholesky, lambda m: mp.cholesky(lower(m)), 8),
    Row("cholesky a a'", lambda a: np.linalg.cholesky(spd(a)), lambda m: mp.cholesky(mp_spd(m))),
    Row("q", lambda a: np.linalg.qr(a)[0], lambda m: mp.qr(m)[0], 1, True),
    Row("r r'", lambda a: (lambda r: r @ r.T)(np.linalg.qr(a)[1]),
        lambda m: (lambda r: r * r.T)(mp.qr(m)[1]), 1),
    Row("eigenvalues", np.linalg.eigvalsh, lambda m: arr(mp_eigen(m)[0])[:, 0]),
    Row("eigenvectors", lambda a: np.linalg.eigh(a)[1], lambda m: mp_eigen(m)[1], 0, True),
    Row("singular values", np.linalg.svdvals, mp_singular),
    Row("u", lambda a: np.linalg.svd(a)[0], lambda m: mp.svd_r(m)[0], 1, True),
    Row("nuclear norm", lambda a: np.linalg.norm(a, "nuc"), lambda m: np.sum(mp_singular(m))),
    Row("spectral norm", lambda a: np.linalg.norm(a, 2), lambda m: np.max(mp_singular(m))),
    Row("exp", sp("expm"), mp.expm),
    Row("log", lambda a: sp("logm")(a), mp.logm, 4),
    Row("root", lambda a: sp("sqrtm")(spd(a)), lambda m: mp.sqrtm(mp_spd(m))),
    Row("(a + b)^-1", lambda a: np.linalg.inv(a + b(a)), lambda m: mp.inverse(m + mp_b(m)), 3),
    Row("Rayleigh", lambda a: (x(a) @ a @ x(a)) / (x(a) @ x(a)) * np.linalg.norm(a) ** 2,
        lambda m: (mp_x(m).T * m * mp_x(m))[0] / (mp_x(m).T * mp_x(m))[0] * mp_norm(m) ** 2),
    Row("pinv", lambda a: np.linalg.pinv(a[:, 1:]),
        lambda m: (lambda t: mp.inverse(t.T * t) * t.T)(m[:, 1:]), 1),
    Row("least squares", lambda a: np.linalg.lstsq(a[:, 1:], x(a))[0],
        lambda m: (lambda t: arr(mp.inverse(t.T * t) * t.T * mp_x(m))[:, 0])(m[:, 1:]), 1),
    Row("sylvester", lambda a: sp("solve_sylvester")(a, b(a), b(a).T),
        lambda m: mp_sylvester(m, mp_b(m), mp_b(m).T), 4),
    Row("power -2", lambda a: np.linalg.matrix_power(a, -2), lambda m: mp.inverse(m) ** 2, 3),
]  # fmt: skip


def mp_sylvester(a: Any, c: Any, q: Any) -> Any:
    """x with a x + x c = q, by Kronecker products."""
    n = a.rows
    eye = np.array(np.eye(n, dtype=int), object)
    whole = np.kron(arr(a), eye) + np.kron(eye, arr(c.T))
    found = mp.lu_solve(mat(whole), column(arr(q).ravel()))
    return mp.matrix(arr(found).reshape(n, n).tolist())


every = pytest.mark.parametrize("row", TABLE, ids=lambda r: r.name)
size = pytest.mark.parametrize("n", [2, 3, 6])
SEEDS = range(3)


def argument(row: Row, n: int, seed: int) -> Array:
    return other(n, seed) + row.shift * np.eye(n)


def entries(value: Any) -> Array:
    return arr(value) if isinstance(value, mp.matrix) else np.asarray(value, object)


def difference(row: Row, a: Array, v: Array) -> Array:
    """(f(a + h v) - f(a - h v)) / 2h in 50 digits, columns with the signs that f(a) has."""
    ends = [entries(row.exact(mat(a) + s * STEP * mat(v))) for s in (1, -1)]
    if row.signs:
        here = np.asarray(row.f(a))
        ends = [e * np.sign((e * here).sum(0).astype(float)) for e in ends]
    return np.asarray((ends[0] - ends[1]) / (2 * STEP)).astype(float)


@every
@size
def test_the_derivative_is_that_of_fifty_digits(row: Row, n: int) -> None:
    for seed in SEEDS:
        a, v = argument(row, n, seed), other(n, seed + 10)
        value, found = cats.jvp(row.f, (a,), (v,))
        expected = entries(row.exact(mat(a))).astype(float)
        if not row.signs:
            np.testing.assert_allclose(value, expected, rtol=1e-11, atol=1e-12)
        slope = difference(row, a, v)
        scale = max(1.0, float(np.max(np.abs(slope))))
        np.testing.assert_allclose(found, slope, rtol=1e-10, atol=1e-12 * scale)


def dot(xs: Any, ys: Any) -> float:
    return float(np.sum(np.asarray(xs) * np.asarray(ys)))


@every
@size
def test_both_modes_are_one_map(row: Row, n: int) -> None:
    """<w, f'(a) v> = <f'(a)' w, v>."""
    for seed in SEEDS:
        a, v = argument(row, n, seed), other(n, seed + 10)
        value, pushed = cats.jvp(row.f, (a,), (v,))
        w = np.random.default_rng(seed).uniform(-1, 1, np.shape(value))
        (pulled,) = cats.vjp(row.f, a)[1](w)
        left, right = dot(w, pushed), dot(pulled, v)
        size = np.linalg.norm(w) * np.linalg.norm(pushed) + np.linalg.norm(pulled)
        assert abs(left - right) <= 1e-12 * max(1.0, float(size))


@every
@size
def test_the_second_derivative_is_symmetric(row: Row, n: int) -> None:
    """<w, f''(a)[u, v]> = <w, f''(a)[v, u]>, forward over reverse."""
    f, shape = row.f, np.shape(row.f(argument(row, n, 0)))
    w = np.random.default_rng(n).uniform(-1, 1, shape)
    slope = cats.grad(lambda a: np.sum(w * f(a)))
    for seed in SEEDS:
        a, u, v = argument(row, n, seed), other(n, seed + 10), other(n, seed + 20)
        along_u, along_v = (cats.jvp(slope, (a,), (d,))[1] for d in (u, v))
        left, right = dot(along_u, v), dot(along_v, u)
        size = np.linalg.norm(along_u) * np.linalg.norm(v)
        assert abs(left - right) <= 1e-10 * max(1.0, float(size))
