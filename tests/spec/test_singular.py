"""Linear algebra where it is hard: singular and empty matrices, equal eigenvalues, one triangle.

What has a derivative has the right one, at every order; what has none says so: by nan, in a mask of
kinks, or in a sentence. And a wrong rule, planted, is seen.
"""

from __future__ import annotations

import inspect
import itertools
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.linalg

import cats
from cats.blocks import Kronecker
from cats.derive import derive
from cats.forward import Forward, materialise
from cats.functor import by_position, interpret, represent
from cats.ir.errors import CatsError, DerivativeError, SpaceError
from cats.ir.linear import Fork, Linear, Proj, Scale, Then
from cats.ir.primitive import Example, Primitive
from cats.ir.prims import (
    beyond,
    determinants,
    factors,
    gaps,
    least_squares,
    solving,
    spectra,
    stacks,
)
from cats.ir.prims.stacks import chain, flip, left, lower, plus, product, right, scaled
from cats.ir.spaces import Discrete, Ground, Real, Value, space_of
from cats.matrix import Matrix, to_array
from cats.tables import Table
from tests.linear_programs import run
from tests.unit import linalg_cases
from tests.unit.linalg_cases import sp

Array = np.ndarray[Any, Any]

# Determinants, exactly


class Nilpotent:
    """Whole numbers and e1, e2, ... with ei * ei = 0: mixed derivatives of polynomials, exactly."""

    def __init__(self, parts: dict[frozenset[int], int]) -> None:
        self.parts = parts

    def __add__(self, other: Nilpotent) -> Nilpotent:
        keys = self.parts.keys() | other.parts.keys()
        return Nilpotent({k: self.parts.get(k, 0) + other.parts.get(k, 0) for k in keys})

    def __mul__(self, other: Nilpotent) -> Nilpotent:
        found: dict[frozenset[int], int] = {}
        for (k, x), (m, y) in itertools.product(self.parts.items(), other.parts.items()):
            if not k & m:
                found[k | m] = found.get(k | m, 0) + x * y
        return Nilpotent(found)


def mixed(a: Array, *directions: Array) -> float:
    """The derivative of det at a along each of the directions, by the definition of det."""
    n = len(a)
    entries = [
        [
            Nilpotent(
                {frozenset(): int(a[i, j])}
                | {frozenset({k}): int(d[i, j]) for k, d in enumerate(directions)}
            )
            for j in range(n)
        ]
        for i in range(n)
    ]
    total = Nilpotent({})
    for order in itertools.permutations(range(n)):
        odd = sum(i > j for i, j in itertools.combinations(order, 2)) % 2
        term = Nilpotent({frozenset(): 1 - 2 * odd})
        for i, j in enumerate(order):
            term = term * entries[i][j]
        total = total + term
    return float(total.parts.get(frozenset(range(len(directions))), 0))


def of_rank(n: int, rank: int) -> Array:
    """A matrix of whole numbers of this rank."""
    rng = np.random.default_rng(10 * n + rank)
    return (rng.integers(-2, 3, (n, rank)) @ rng.integers(-2, 3, (rank, n))).astype(float)


def whole(n: int, seed: int) -> Array:
    return np.random.default_rng(seed).integers(-2, 3, (n, n)).astype(float)


def units(n: int) -> list[Array]:
    return [e.reshape(n, n) for e in np.eye(n * n)]


RANKS = [(n, rank) for n in range(5) for rank in range(n + 1)]


@pytest.mark.parametrize(("n", "rank"), RANKS)
def test_the_gradient_of_det_is_the_adjugate_at_every_rank(n: int, rank: int) -> None:
    """Compared entry by entry with minors in whole numbers; at rank n - 1 det a a^-1 is nan."""
    a = of_rank(n, rank)
    expected = np.reshape([mixed(a, e) for e in units(n)], (n, n))
    size = 1.0 + np.max(np.abs(a), initial=0.0) ** max(n - 1, 0)
    found = cats.grad(np.linalg.det)(a)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14 * size)
    transposed = cats.jacfwd(np.linalg.det)(a)
    np.testing.assert_allclose(transposed, expected, rtol=1e-13, atol=1e-14 * size)


def derivative(f: Callable[[Any], Any], along: Array) -> Callable[[Any], Any]:
    return lambda a: cats.jvp(f, (a,), (along,))[1]


@pytest.mark.parametrize(("n", "rank"), RANKS)
def test_every_derivative_of_det_is_right_at_every_rank(n: int, rank: int) -> None:
    """Up to the fourth, forward; and the gradient of each."""
    a, directions = of_rank(n, rank), [whole(n, seed) for seed in range(3)]
    size = 10.0 * (1.0 + np.max(np.abs(a), initial=0.0)) ** n
    f: Callable[[Any], Any] = np.linalg.det
    for order in range(1, 4):
        f = derivative(f, directions[order - 1])
        given = directions[:order]
        np.testing.assert_allclose(f(a), mixed(a, *given), rtol=1e-12, atol=1e-14 * size)
        slope = np.reshape([mixed(a, *given, e) for e in units(n)], (n, n))
        np.testing.assert_allclose(cats.grad(f)(a), slope, rtol=1e-12, atol=1e-13 * size)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_the_hessian_of_det_in_every_mode(rank: int) -> None:
    a = of_rank(3, rank)
    expected = np.reshape([[mixed(a, e, f) for f in units(3)] for e in units(3)], (3,) * 4)
    for found in (
        cats.hessian(np.linalg.det)(a),
        cats.jacrev(cats.jacrev(np.linalg.det))(a),
        cats.jacfwd(cats.jacrev(np.linalg.det))(a),
        cats.jacrev(cats.jacfwd(np.linalg.det))(a),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_det_of_stacks_with_singular_members() -> None:
    stack = np.stack([of_rank(3, rank) for rank in range(4)])
    found = cats.grad(lambda a: np.sum(np.linalg.det(a)))(stack)
    each = [cats.grad(np.linalg.det)(a) for a in stack]
    np.testing.assert_allclose(found, each, rtol=1e-13, atol=1e-13)


# What is never formed


@pytest.mark.parametrize("what", ["jvp", "vjp"])
def test_no_jacobian_of_an_inverse_is_formed(what: str) -> None:
    """At 200 x 200 it would take 12.8 GB; both modes stay within 50 MB."""
    rng = np.random.default_rng(1)
    a, v = rng.normal(size=(200, 200)) + 20 * np.eye(200), rng.normal(size=(200, 200))
    inverse = np.linalg.inv(a)
    tracemalloc.start()
    if what == "jvp":
        found, expected = cats.jvp(np.linalg.inv, (a,), (v,))[1], -inverse @ v @ inverse
    else:
        (found,) = cats.vjp(np.linalg.inv, a)[1](v)
        expected = -inverse.T @ v @ inverse.T
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert peak <= 50e6


def blocks(f: Callable[[Any], Any], a: Array) -> Table:
    """The derivative at a in the matrix representation."""
    d = derive(cats.trace(f, a))
    made = run(d.primal, [a])
    return represent(d.linear, Matrix(), by_position(made[d.count :]))


def test_the_matrix_of_a_square_is_two_kronecker_products() -> None:
    """d(a a) = da a + a da: 1 (x) a' + a (x) 1 in row-major order, exactly."""
    a = np.arange(9.0).reshape(3, 3) ** 2 - 7
    one = np.eye(3)
    for f in (lambda a: a @ a, lambda a: np.linalg.matrix_power(a, 2)):
        found = to_array(blocks(f, a))
        assert np.array_equal(found, np.kron(one, a.T) + np.kron(a, one))
        columns = found.reshape(3, 3, 3, 3).transpose(1, 0, 3, 2).reshape(9, 9)
        assert np.array_equal(columns, np.kron(a.T, one) + np.kron(one, a))


def test_the_matrix_of_an_inverse_is_one_kronecker_product() -> None:
    a = np.array([[2.0, 1.0], [0.0, 4.0]])
    block = blocks(np.linalg.inv, a).at[0, 0]
    assert isinstance(block, Kronecker)
    inverse = np.linalg.inv(a)
    assert np.array_equal(to_array(blocks(np.linalg.inv, a)), np.kron(-inverse, inverse.T))


# Equal eigenvalues

EQUAL = np.diag([1.0, 1.0, 2.0])


def turned(values: Any, seed: int = 3) -> Any:
    """A symmetric matrix with these eigenvalues, to rounding."""
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))[0]
    return q @ np.diag(values) @ q.T


@pytest.mark.parametrize("a", [EQUAL, turned([1.0, 1.0, 2.0])], ids=["exactly", "to rounding"])
def test_vectors_of_equal_eigenvalues_have_no_derivative_and_others_have(a: Array) -> None:
    v = np.array([[0.3, -1.0, 0.4], [0.8, 0.2, -0.5], [-0.7, 0.1, 0.6]])
    moved = cats.jvp(lambda a: np.linalg.eigh(a).eigenvectors, (a,), (v,))[1]
    assert np.all(np.isnan(moved[:, :2])) and np.all(np.isfinite(moved[:, 2]))
    assert np.any(np.isnan(cats.grad(lambda a: np.linalg.eigh(a)[1][0, 0])(a)))
    mask = spectra.eigh.kinks(a, uplo="L")  # type: ignore[misc]
    assert mask.tolist() == [True, True, False]
    assert spectra.eigh.kinks(turned([1.0, 1.5, 2.0]), uplo="L").tolist() == [False] * 3  # type: ignore[misc]


def test_a_vector_apart_from_equal_ones_has_its_gradient() -> None:
    """The largest of a matrix of low rank, whose other eigenvalues are 0 to rounding."""
    half = np.random.default_rng(5).normal(size=(5, 2))
    a, w = half @ half.T, np.arange(5.0)

    def leading(a: Any) -> Any:
        v = np.linalg.eigh(a).eigenvectors[:, -1]
        return (v @ w) ** 2

    v = np.random.default_rng(6).normal(size=(5, 5))
    v = v + v.T
    step = 1e-5
    expected = (leading(a + step * v) - leading(a - step * v)) / (2 * step)
    assert cats.jvp(leading, (a,), (v,))[1] == pytest.approx(expected, rel=1e-6)
    assert np.sum(cats.grad(leading)(a) * v) == pytest.approx(expected, rel=1e-6)


SYMMETRIC: dict[str, tuple[Callable[[Any], Any], Callable[[Array], Array]]] = {
    "sum": (lambda w: np.sum(w), lambda a: np.eye(3)),
    "squares": (lambda w: np.sum(w**2), lambda a: 2 * a),
    "exp": (lambda w: np.sum(np.exp(w)), scipy.linalg.expm),
    "product": (lambda w: np.prod(w), lambda a: np.linalg.det(a) * np.linalg.inv(a)),
    "log det": (lambda w: np.sum(np.log(w)), np.linalg.inv),
}


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize("values", [(1.0, 1.0, 2.0), (1.5, 1.5, 1.5), (1.0, 2.0, 3.0)])
def test_functions_that_treat_eigenvalues_alike_have_the_right_gradient(
    name: str, values: Any
) -> None:
    """tr f(a) has the gradient f'(a); of a function of one triangle, what is off it is doubled."""
    f, expected = SYMMETRIC[name]
    for a in (np.diag(values), turned(values)):
        whole = expected(a)
        lower = np.tril(whole) + np.tril(whole, -1)
        for values_of in (np.linalg.eigvalsh, lambda a: np.linalg.eigh(a).eigenvalues):
            found = cats.grad(lambda a, g=values_of: f(g(a)))(a)
            np.testing.assert_allclose(found, lower, rtol=1e-12, atol=1e-12)


def test_a_second_derivative_that_is_not_known_is_nan_and_not_wrong() -> None:
    """Of sum w^2 at the identity: along a direction that mixes equal eigenvalues it is 2."""
    slope = cats.grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 2))
    mixing = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert np.any(np.isnan(cats.jvp(slope, (np.eye(2),), (mixing,))[1]))
    apart = cats.jvp(slope, (np.diag([1.0, 3.0]),), (mixing,))[1]
    np.testing.assert_allclose(apart, [[0, 0], [4, 0]], atol=1e-14)


@pytest.mark.parametrize("values", [(1.0, 1.0, 2.0), (1.0, 2.0, 2.0, 2.0), (3.0, 3.0, 5.0, 5.0)])
def test_equal_eigenvalues_move_apart_as_the_generalised_derivative_says(values: Any) -> None:
    """eigvals(a + t da) for small t, against the eigenvalues of q' da q on each eigenspace."""
    a, n, t = turned(values), len(values), 1e-6
    da = np.random.default_rng(8).normal(size=(n, n))
    da = da + da.T
    spaces = cats.eigenspaces(a)
    assert [s.value for s in spaces] == pytest.approx(sorted(set(values)))
    slopes = np.concatenate([s.slopes(da) for s in spaces])
    right_hand = (np.linalg.eigvalsh(a + t * da) - np.sort(values)) / t
    np.testing.assert_allclose(slopes, right_hand, atol=1e-4)
    richer = 2 * (np.linalg.eigvalsh(a + t / 2 * da) - np.sort(values)) / t
    np.testing.assert_allclose(slopes, 2 * richer - right_hand, atol=1e-6)


def test_eigenspaces_of_what_is_no_matrix_are_refused() -> None:
    with pytest.raises(SpaceError, match=r"eigenspaces of an array of shape \(2, 3\)") as caught:
        cats.eigenspaces(np.ones((2, 3)))
    assert "one square matrix" in (caught.value.remedy or "")
    assert cats.eigenspaces(np.zeros((0, 0))) == ()


# Singular values that are equal or 0


def test_norms_of_singular_values_have_their_subgradients() -> None:
    u, _, vh = np.linalg.svd(np.random.default_rng(9).normal(size=(4, 3)), full_matrices=False)
    full = u @ np.diag([2.0, 2.0, 1.0]) @ vh
    nuclear = cats.grad(lambda a: np.linalg.norm(a, "nuc"))
    np.testing.assert_allclose(nuclear(full), u @ vh, atol=1e-12)
    np.testing.assert_array_equal(nuclear(np.zeros((4, 3))), np.zeros((4, 3)))
    np.testing.assert_allclose(nuclear(np.diag([3.0, 0.0])), np.diag([1.0, 0.0]), atol=1e-15)
    largest = cats.grad(lambda a: np.linalg.norm(a, 2))
    np.testing.assert_allclose(largest(np.diag([3.0, 1.0])), np.diag([1.0, 0.0]), atol=1e-15)
    np.testing.assert_allclose(largest(np.diag([3.0, 3.0])), np.diag([0.5, 0.5]), atol=1e-15)
    np.testing.assert_array_equal(largest(np.zeros((2, 2))), np.zeros((2, 2)))


def test_singular_vectors_that_are_not_determined_have_no_derivative() -> None:
    v: Any = np.arange(1.0, 7.0).reshape(3, 2)
    for values, lost in (([2.0, 2.0], [True, True]), ([2.0, 0.0], [False, True])):
        a = np.zeros((3, 2))
        a[[0, 1], [0, 1]] = values
        moved = cats.jvp(lambda a: np.linalg.svd(a, full_matrices=False).U, (a,), (v,))[1]
        assert np.isnan(moved).any(0).tolist() == lost
        assert spectra.svd.kinks(a).tolist() == lost  # type: ignore[misc]
        assert spectra.svdvals.kinks(a).tolist() == lost  # type: ignore[misc]


# One triangle, and any change of a matrix


def test_what_is_read_of_a_matrix_is_where_its_derivative_lies() -> None:
    """The other triangle may hold anything; nothing there varies the result."""
    a = np.array([[4.0, 9.9, 9.9], [1.0, 5.0, 9.9], [0.5, -1.0, 6.0]])
    functions: dict[str, Callable[[Any], Any]] = {
        "L": lambda a: np.sum(np.sin(np.linalg.cholesky(a))) + np.sum(np.linalg.eigh(a)[0] ** 2),
        "U": lambda a: np.sum(np.linalg.cholesky(a, upper=True)) * np.linalg.eigvalsh(a, "U")[0],
    }
    for uplo, f in functions.items():
        given = a if uplo == "L" else a.T
        slope = cats.grad(f)(given)
        assert not np.any(slope[np.triu_indices(3, 1)] if uplo == "L" else slope.T[0, 1:])
        step = 1e-6
        for v in np.random.default_rng(2).normal(size=(3, 3, 3)):
            expected = (f(given + step * v) - f(given - step * v)) / (2 * step)
            assert np.sum(slope * v) == pytest.approx(expected, rel=1e-7)


# Empty, small, narrow, stacked


@pytest.mark.parametrize(
    "f",
    [
        np.linalg.det, np.linalg.inv, np.linalg.cholesky, np.linalg.eigvalsh, np.linalg.svdvals,
        lambda a: np.linalg.slogdet(a)[1], lambda a: np.linalg.qr(a).R, sp("expm"),
        lambda a: np.linalg.solve(a, a), lambda a: np.linalg.eigh(a).eigenvectors,
        lambda a: np.linalg.pinv(a), lambda a: np.linalg.norm(a, "nuc"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("n", [0, 1])
def test_empty_matrices_and_those_of_one_entry(f: Callable[[Any], Any], n: int) -> None:
    """Of a 0 x 0 matrix every derivative is empty; of a 1 x 1 it is that of a number."""
    a, step = np.full((n, n), 1.7), 1e-6
    found = cats.jacobian(f)(a)
    value = np.asarray(f(a))
    assert found.shape == (*value.shape, n, n)
    if n:
        expected = (np.asarray(f(a + step)) - f(a - step)) / (2 * step)
        np.testing.assert_allclose(found.reshape(value.shape), expected, rtol=1e-8, atol=1e-9)
    cats.hvp(lambda a: np.sum(f(a)), (a,), (a,))


def test_the_gradient_of_one_number_is_one() -> None:
    """det of [[0]] too."""
    assert cats.grad(np.linalg.det)(np.zeros((1, 1))).tolist() == [[1.0]]
    assert cats.grad(lambda a: np.linalg.eigvalsh(a)[0])(np.zeros((1, 1))).tolist() == [[1.0]]


def test_a_stack_is_differentiated_member_by_member() -> None:
    stack = np.random.default_rng(4).uniform(-1, 1, (2, 3, 3, 3)) + 4 * np.eye(3)
    functions: list[Callable[[Any], Any]] = [
        np.linalg.inv, lambda a: np.linalg.cholesky(a), lambda a: np.linalg.qr(a).Q,
        lambda a: np.linalg.eigh(a).eigenvectors, lambda a: np.linalg.svd(a).Vh,
        lambda a: np.linalg.pinv(a[..., :2]), sp("expm"), lambda a: np.linalg.solve(a, a[..., :1]),
    ]  # fmt: skip
    for f in functions:
        found = cats.grad(lambda a, f=f: np.sum(f(a) ** 3))(stack)
        for i in np.ndindex(2, 3):
            one = cats.grad(lambda a, f=f: np.sum(f(a) ** 3))(stack[i])
            np.testing.assert_allclose(found[i], one, rtol=1e-10, atol=1e-12)


# Singular where that is an error


def test_what_numpy_cannot_invert_is_numpys_error_in_derivatives_too() -> None:
    singular = np.ones((2, 2))
    assert cats.compile(np.linalg.slogdet)(singular) == np.linalg.slogdet(singular)
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
        cats.grad(lambda a: np.linalg.slogdet(a)[1])(singular)
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
        cats.compile(np.linalg.inv)(singular)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        cats.grad(lambda a: np.sum(np.linalg.cholesky(a)))(-np.eye(2))
    with pytest.raises(np.linalg.LinAlgError, match="sqrtm of the matrix is not real"):
        cats.compile(sp("sqrtm"))(-np.eye(2))


def test_inverses_of_symmetric_matrices_have_derivatives_where_eigenvalues_agree() -> None:
    """By one triangle, of which the other one is the mirror image."""
    for rcond in (1e-12, 0.5):
        a = np.diag([2.0, 2.0, 3.0])

        def f(a: Any, rcond: float = rcond) -> Any:
            return np.linalg.pinv(a, rcond, hermitian=True)

        slope = cats.jacobian(f)(a)
        assert not np.any(slope[:, :, 0, 1]) and np.all(np.isfinite(slope))
        step = np.array([[0.3, 0.0, 0.0], [0.2, -0.4, 0.0], [0.7, 0.1, 0.5]]) * 1e-6
        found = cats.jvp(f, (a,), (step,))[1]
        np.testing.assert_allclose(found, (f(a + step) - f(a - step)) / 2, atol=1e-14)


@pytest.mark.skipif(
    "disp" not in inspect.signature(scipy.linalg.logm).parameters, reason="gone from SciPy 1.18"
)
@pytest.mark.filterwarnings("ignore:The `disp` argument:DeprecationWarning")
@pytest.mark.parametrize("name", ["sqrtm", "logm"])
def test_functions_of_matrices_say_how_far_they_are_off(name: str) -> None:
    f = getattr(scipy.linalg, name)
    a = np.array([[2.0, 0.5, 0.1], [0.2, 1.0, 0.3], [0.1, 0.0, 3.0]])
    root, off = cats.compile(lambda a: f(a, disp=False))(a)
    expected, off_plainly = f(a, disp=False)
    np.testing.assert_allclose(root, expected, rtol=1e-13)
    assert np.shape(off) == np.shape(off_plainly) == () and 0 <= off < 1e-14
    np.testing.assert_allclose(cats.grad(lambda a: f(a, disp=False)[1])(a), 0.0, atol=1e-13)
    if name == "sqrtm":
        with pytest.raises(cats.TraceError, match="error of one matrix") as caught:
            cats.compile(lambda a: f(np.stack([a, a]), disp=False))(a)
        assert caught.value.remedy == "Leave disp= out."


# Singular values cut off

_SIDE, _POINTS = np.array([1.0, -1.0, 2.0, 0.5]), np.arange(1.0, 5.0)
TRUNCATED: dict[str, Callable[[Any], Any]] = {
    "pinv": lambda a: np.linalg.pinv(a, 0.5),
    "pinv rtol": lambda a: linalg_cases.LA.pinv(a, rtol=0.5),
    "sp pinv": sp("pinv", rtol=0.5),
    "lstsq": lambda a: np.linalg.lstsq(a, _SIDE[: a.shape[0]], 0.5)[0],
    "lstsq columns": lambda a: np.linalg.lstsq(a, np.outer(_SIDE, _SIDE)[: a.shape[0]], 0.5)[0],
    "lstsq of both": lambda a: np.linalg.lstsq(a, a[:, 0] ** 2, 0.5)[0],
    "sp lstsq": lambda a: sp("lstsq", cond=0.5)(a, a[:, 0])[0],
    "polyfit": lambda a: np.polyfit(a[:, 0] + _POINTS, a[:, 1], 2, 0.5, full=True)[0],
}


def cut(m: int, n: int, *values: float) -> Array:
    """A matrix with these singular values."""
    rng = np.random.default_rng(7)
    u, v = (np.linalg.qr(rng.normal(size=(k, len(values)))).Q for k in (m, n))
    return np.asarray((u * np.array(values)) @ v.T)


def slopes(f: Callable[[Array], Any], x: Array) -> Array:
    """The Jacobian by differences of fourth order."""
    step, found = 1e-3, []
    for e in np.eye(x.size).reshape(x.size, *x.shape) * step:
        near, far = (np.asarray(f(x + k * e)) - f(x - k * e) for k in (1, 2))
        found.append((8 * near - far) / (12 * step))
    return np.stack(found, -1).reshape((*found[0].shape, *x.shape))


@pytest.mark.parametrize("name", TRUNCATED)
def test_singular_values_cut_off_have_their_part_in_derivatives(name: str) -> None:
    """Of both orders, also where those kept, or those cut off, agree or are 0."""
    matrices = [
        cut(3, 3, 2.0, 1.5, 0.4), cut(4, 3, 2.0, 0.7, 0.5), cut(3, 4, 2.0, 1.5, 0.4),
        cut(4, 2, 1.0, 0.3), cut(4, 4, 2.0, 2.0, 0.5, 0.5), cut(4, 3, 1.0, 0.0, 0.0),
    ]  # fmt: skip
    f = TRUNCATED[name]
    for a in matrices[1::4] if name == "polyfit" else matrices:
        size = np.max(np.abs(np.linalg.pinv(a, 0.5))) + 1
        expected = slopes(f, a)
        np.testing.assert_allclose(cats.jacobian(f)(a), expected, rtol=1e-8, atol=1e-8 * size)
        whole = lambda a: np.sum(np.sin(f(a)))  # noqa: E731
        second = slopes(cats.grad(whole), a)
        np.testing.assert_allclose(cats.hessian(whole)(a), second, rtol=1e-7, atol=1e-7 * size)


def test_third_derivatives_of_a_truncated_pseudoinverse() -> None:
    base = cut(3, 3, 2.0, 1.5, 0.4)
    f = lambda t: np.linalg.pinv(base * np.cos(t) + t * np.eye(3), 0.5)[0, 1]  # noqa: E731
    second = cats.grad(cats.grad(f))
    expected = slopes(second, np.array(0.3))
    assert cats.grad(second)(0.3) == pytest.approx(float(expected), rel=1e-8)


def test_nothing_cut_off_is_the_rule_of_full_rank() -> None:
    """In stacks, in long matrices by their columns only, and in single precision."""
    rng = np.random.default_rng(5)
    f = lambda a, share=0.5: np.sum(np.sin(np.linalg.pinv(a, share)))  # noqa: E731
    for shape in ((2, 4, 3), (2000, 2), (2, 2000)):
        a = rng.normal(size=shape)
        found, expected = (cats.grad(partial(f, share=s))(a) for s in (1e-3, 1e-15))
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)
    single = cut(3, 3, 2.0, 1.5, 0.4).astype(np.float32)
    found = cats.grad(f)(single)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, cats.grad(f)(single.astype(float)), atol=1e-5)


def test_of_shares_that_are_rounding_no_singular_values_are_asked() -> None:
    """The derivative at full rank costs what it cost; where a share is given, they are."""
    for share, found in ((None, False), (1e-15, False), (0.1, True)):
        f = lambda a, s=share: np.linalg.lstsq(a, a[:, 0], s)[0]  # noqa: E731
        text = cats.source(cats.jacobian(f), A33)
        assert ("truncated" in text) is found


# Refusals

REFUSALS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "eig": (np.linalg.eig, "numpy.linalg.eig|np.linalg.eig: eigenvalues.*complex", "eigh"),
    "eigvals": (np.linalg.eigvals, "np.linalg.eigvals: eigenvalues.*complex", "eigh"),
    "qr raw": (lambda a: np.linalg.qr(a, mode="raw"), "mode='raw'", "mode='reduced'"),
    "uplo": (lambda a: linalg_cases.LA.eigh(a, UPLO="X"), "UPLO='X'", "'L' or 'U'"),
    "not square": (lambda a: np.linalg.inv(a[:, :2]), "not a square matrix", ""),
    "vector": (lambda a: np.linalg.det(a[0]), "no real matrix", "two axes or more"),
    "misfit": (lambda a: np.linalg.solve(a, a[:2]), "does not fit", ""),
    "stacks": (
        lambda a: np.linalg.solve(np.stack([a, a]), np.stack([a, a, a])), "broadcast", "arguments",
    ),
    "power": (lambda a: np.linalg.matrix_power(a[:2], 2), "not square", "shape"),
    "tensorinv": (lambda a: np.linalg.tensorinv(a, ind=0), "number of axes", "ind=1"),
    "cross": (lambda a: np.linalg.cross(a[:2, :2], a[0]), "both must be 3", "axis="),
    "outer": (lambda a: np.linalg.outer(a, a), "it takes vectors", "np.outer"),
    "rank": (lambda a: np.linalg.matrix_rank(a[0]), "matrix_rank of a vector", "np.any"),
    "norm order": (lambda a: np.linalg.norm(a, 7), "a matrix of order 7", "'nuc'"),
    "norm word": (lambda a: np.linalg.norm(a[0], "nuc"), "a vector of order 'nuc'", "number"),
    "norm axes": (lambda a: np.linalg.norm(a, axis=(0, 0)), "over the axes", "two different"),
    "cond": (lambda a: np.linalg.cond(a[:0]), "not defined on empty", "not empty"),
    "lstsq": (lambda a: np.linalg.lstsq(a, a[0, :2]), "does not fit", ""),
    "sp null_space": (sp("null_space"), "any basis", "projection"),
    "sp orth": (sp("orth"), "any basis", "projection"),
    "sp qr raw": (sp("qr", mode="raw"), "mode='raw'", "economic"),
    "sp pivoting": (
        lambda a: sp("qr", pivoting=True)(np.stack([a, a])), "pivots of .* a stack", "",
    ),
    **({"sp inv diagonal": (
        sp("inv", assume_a="diagonal"), "which is no inverse", "np.diag",
    )} if "assume_a" in inspect.signature(scipy.linalg.inv).parameters else {}),
    "sp gelsy": (
        lambda a: sp("lstsq", lapack_driver="gelsy")(a, a[0]), "no singular values", "_driver",
    ),
    "sp type": (lambda a: sp("eigh", type=2)(a, a), "type=2", "type=1"),
    "sp sylvester": (lambda a: sp("solve_sylvester")(a, a, a[:2]), "Sylvester's equation", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_is_refused_in_a_sentence(name: str) -> None:
    f, why, remedy = REFUSALS[name]
    with pytest.raises(CatsError, match=why) as caught:
        cats.trace(f, np.eye(3))
    assert remedy in (caught.value.remedy or "")
    assert caught.value.where is not None
    assert caught.value.where.file in (__file__, linalg_cases.__file__)


COMPLETED: dict[str, Callable[[Any], Any]] = {
    "svd": np.linalg.svd,
    "sp svd": sp("svd"),
    "qr": lambda a: np.linalg.qr(a, mode="complete"),
    "sp qr": sp("qr"),
    "sp qr pivoting": sp("qr", pivoting=True),
}


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3), (30, 2), (3, 0), (0, 3)], ids=str)
@pytest.mark.parametrize("name", COMPLETED)
def test_completed_bases_are_numpys(name: str, shape: tuple[int, int]) -> None:
    """Those that are added only have no derivative, and that is said."""
    f, a = COMPLETED[name], np.random.default_rng(3).normal(size=shape)
    found, expected = cats.compile(f)(a), f(a)
    assert type(found) is type(expected)
    for x, y in zip(found, expected, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=0, atol=1e-14)
    long, least = max(shape), min(shape)
    part = 0 if shape[0] == long else 2
    if (shape[0] < long and "qr" in name) or long == least:
        return
    with pytest.raises(DerivativeError, match="beyond those determined are any basis") as caught:
        cats.jacobian(lambda a: f(a)[part])(a)
    assert caught.value.where is not None
    assert caught.value.where.file in (__file__, linalg_cases.__file__)


@pytest.mark.parametrize("name", ["svd", "qr"])
def test_completed_bases_are_batched(name: str) -> None:
    f, a = COMPLETED[name], np.random.default_rng(4).normal(size=(5, 4, 2))
    for x, y in zip(cats.vmap(f)(a), f(a), strict=True):
        np.testing.assert_allclose(x, y, rtol=0, atol=1e-14)


M, V, STACKED = Real((3, 3)), Real((3,)), Real((2, 3, 3))
MISFITS: dict[str, tuple[Any, tuple[Ground, ...], dict[str, Any], str]] = {
    "triangle": (stacks.tril, (V,), {"k": 0, "extra": 0}, r"a triangle of R\[3\]"),
    "truth values": (solving.inv, (Discrete((3, 3), "bool"),), {}, "no real matrix"),
    "one vector, many matrices": (
        solving.solve, (STACKED, Real((2, 3))), {"columns": 0, "transposed": False}, "does not fit",
    ),
    "widths": (
        solving.solve, (M, Real((3,), "float32")), {"columns": 0, "transposed": False}, "fit",
    ),
    "least squares": (
        least_squares.lstsq, (STACKED, V), {"rcond": 0.0}, "there must be one matrix",
    ),
    "directions": (
        determinants.cofactors, (M, V), {"wide": ()}, r"determinant at R\[3, 3\] along R\[3\]",
    ),
    "completed": (
        beyond.svd_left, (Real((3, 2)),), {"first": 1}, r"\(3, 2\) determines 2 vectors, not 1",
    ),
    "gaps": (gaps.over_gaps, (M, M, V), {"extra": 0, "hollow": True}, r"below R\[3\] are none"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_fit_is_said_by_the_operation(name: str) -> None:
    op, spaces, params, why = MISFITS[name]
    with pytest.raises(SpaceError, match=why):
        op.space(*spaces, **params)


# Planted bugs


def error(op: Primitive, rule: Any, args: Sequence[Array], symmetric: bool = False) -> float:
    """How far a rule is from differences, in the first argument."""
    params = dict(op.examples[0].params)
    worst, step, out = 0.0, 1e-6, op.evaluate(*args, **params)
    for v in np.random.default_rng(1).normal(size=(3, *np.shape(args[0]))):
        along = v + v.T if symmetric else v
        given = (along, *[np.zeros(np.shape(x)) for x in args[1:]])
        map = rule(*args, out=out, **params)
        found = materialise(interpret(map, Forward())(given if len(given) > 1 else along))
        ends = [op.evaluate(args[0] + s * along, *args[1:], **params) for s in (step, -step)]
        ahead, behind, parts = (x if isinstance(x, tuple) else (x,) for x in (*ends, found))
        for a, b, part in zip(ahead, behind, parts, strict=True):
            worst = max(worst, float(np.max(np.abs(part - (a - b) / (2 * step)))))
    return worst


def symmetric_cholesky(a: Value, *, out: Value) -> Linear:
    """The rule of textbooks, for symmetric changes: no triangle is mirrored."""
    inside = factors.divided(out, lower=True)
    half = plus((lower(),), (lower(-1),))
    return chain(space_of(a), inside, flip, inside, half, scaled(0.5), left(out))


def symmetric_eigh(a: Value, *, out: Any, uplo: str) -> Linear:
    """diag(v' da v), as if the whole matrix were read."""
    space = space_of(a)
    values = chain(space, right(out[1]), product("ji,ji->i", out[1], None))
    rule: Any = spectra.eigh.linearise
    return Fork((values, Then(rule(a, out=out, uplo=uplo), Proj((values.cod, space), 1))))


def untransposed_inverse(a: Value, *, out: Value) -> Linear:
    return chain(space_of(a), flip, left(out), right(out), scaled(-1))


def positive_inverse(a: Value, *, out: Value) -> Linear:
    return chain(space_of(a), left(out), right(out))


def pinv_inside(a: Value, *, out: Value, rcond: float) -> Linear:
    """As if the matrix were square: what leaves its column space is forgotten."""
    return chain(space_of(a), left(out), right(out), scaled(-1))


def constant_rank(a: Value, *, out: Value, rcond: float) -> Linear:
    """As if what is cut off were 0."""
    rule: Any = least_squares.pinv.linearise
    found: Linear = rule(a, out=out, rcond=0.0)
    return found


A33 = np.random.default_rng(3).normal(size=(3, 3))
TRUNCATING = replace(least_squares.pinv, examples=(Example((M,), (("rcond", 0.5),)),))
PLANTED: dict[str, tuple[Primitive, Any, Array]] = {
    "transpose": (solving.inv, untransposed_inverse, A33 + 3 * np.eye(3)),
    "sign": (solving.inv, positive_inverse, A33 + 3 * np.eye(3)),
    "column space": (least_squares.pinv, pinv_inside, A33[:, :2]),
    "cut off": (TRUNCATING, constant_rank, cut(3, 3, 2.0, 1.5, 0.4)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_rule_is_seen(name: str) -> None:
    op, wrong, a = PLANTED[name]
    assert error(op, op.linearise, [a]) < 1e-6
    assert error(op, wrong, [a]) > 1e-2


@pytest.mark.parametrize(
    ("op", "wrong"), [(factors.cholesky, symmetric_cholesky), (spectra.eigh, symmetric_eigh)]
)
def test_a_rule_for_symmetric_changes_only_is_seen_by_others_only(op: Any, wrong: Any) -> None:
    a = [A33 @ A33.T + np.eye(3)]
    assert error(op, op.linearise, a) < 1e-6
    assert error(op, wrong, a, symmetric=True) < 1e-6
    assert error(op, wrong, a) > 1e-2


def test_det_by_the_inverse_is_seen_at_a_singular_matrix() -> None:
    """The rule det a tr(a^-1 da): right elsewhere, an error or nan here."""

    def rule(a: Value, *, out: Value) -> Linear:
        return Then(
            product("ij,ji->", solving.inv(a), None)(space_of(a)), Scale(space_of(out), out)
        )

    assert error(determinants.det, rule, [A33]) < 1e-6
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(np.linalg.LinAlgError):
        error(determinants.det, rule, [singular])
    assert error(determinants.det, determinants.det.linearise, [singular]) < 1e-6
