"""Derivatives by an equation: fixed points, roots, linear systems; three ways and their cost."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cats

Array = Any
M, P, LAM = 40, 8, 0.5
RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(M, P)), RNG.normal(size=M)
NOTHING = np.zeros(M)


def hessian(theta: Array) -> Array:
    """Of ridge regression, each row weighted by exp(theta)."""
    return X.T @ (np.exp(theta)[:, None] * X) + LAM * np.eye(P)


def exact(theta: Array) -> Array:
    """The solution of weighted ridge regression."""
    return np.linalg.solve(hessian(theta), X.T @ (np.exp(theta) * Y))


EDGES = np.linalg.eigvalsh(hessian(NOTHING))[[0, -1]]
RATE = 2 / EDGES.sum()
RHO = (EDGES[1] - EDGES[0]) / EDGES.sum()


def descend(w: Array, theta: Array) -> Array:
    """One step of gradient descent, a contraction by RHO."""
    return w - RATE * (hessian(theta) @ w - X.T @ (np.exp(theta) * Y))


def solution(theta: Array, **options: Any) -> Array:
    """The solution by iteration."""
    return cats.fixed_point(lambda w: descend(w, theta), np.zeros(P), **options)


def off(jacobian: Array) -> float:
    """The relative distance from the Jacobian of the exact solution."""
    wanted = cats.jacobian(exact)(NOTHING)
    return float(np.linalg.norm(jacobian - wanted, 2) / np.linalg.norm(wanted, 2))


def test_so_many_terms_leave_an_error_of_rho_to_their_number() -> None:
    for terms in (1, 2, 4, 8, 16, 32):
        by = cats.Neumann(terms)
        error = off(cats.jacobian(lambda t, by=by: solution(t, by=by, steps=400))(NOTHING))
        assert 0.5 * RHO**terms < error <= RHO**terms * (1 + 1e-9)
    assert off(cats.jacobian(lambda t: solution(t, by=cats.Unroll(), steps=400))(NOTHING)) < 1e-9
    assert off(cats.jacobian(solution)(NOTHING)) < 1e-9
    assert off(cats.jacobian(solution, mode="rev")(NOTHING)) < 1e-9


def test_forward_and_reverse_agree_under_every_way() -> None:
    v, w = RNG.normal(size=M), RNG.normal(size=P)
    for by in (cats.Implicit(), cats.Unroll(cats.Every(7)), cats.Neumann(1), cats.Neumann(5)):

        def f(theta: Array, by: Any = by) -> Array:
            return solution(theta, by=by)

        forward = cats.jvp(f, (NOTHING,), (v,))[1] @ w
        (back,) = cats.vjp(f, NOTHING)[1](w)
        assert forward == pytest.approx(back @ v, rel=1e-10)


def test_the_start_is_nothing_to_an_equation() -> None:
    for by in (cats.Implicit(), cats.Neumann(1)):

        def f(start: Array, by: Any = by) -> Array:
            return cats.fixed_point(lambda x: np.cos(x), start, by=by)

        assert cats.grad(f)(0.5) == 0.0


def test_newtons_error_shrinks_as_the_distance() -> None:
    def loss_gradient(w: Array, lam: Array) -> Array:
        share = 1 / (1 + np.exp(-(X @ w)))
        return X.T @ (share - (Y > 0)) / M + lam * w

    def newton(w: Array, lam: Array) -> Array:
        slope = cats.jacobian(loss_gradient)(w, lam)
        return w - np.linalg.solve(slope, loss_gradient(w, lam))

    found = cats.fixed_point(newton, np.zeros(P), 0.1)
    wanted = cats.jvp(lambda lam: cats.root(loss_gradient, found, lam), (0.1,), (1.0,))[1]
    for steps in range(2, 6):

        def f(lam: Array, steps: int = steps) -> Array:
            return cats.fixed_point(newton, np.zeros(P), lam, by=cats.Neumann(1), steps=steps)

        before = cats.fixed_point(newton, np.zeros(P), 0.1, steps=steps - 1)
        distance = np.linalg.norm(before - found)
        error = np.linalg.norm(cats.jvp(f, (0.1,), (1.0,))[1] - wanted) / np.linalg.norm(wanted)
        assert error <= 2 * distance + 1e-9
        assert distance < 1e-6 or error > 0.01 * distance


def test_one_step_holds_one_state_however_many_there_were() -> None:
    def f(theta: Array, steps: int, by: Any) -> Array:
        return np.sum(solution(theta, steps=steps, by=by) ** 2)

    def held(steps: int, by: Any) -> int:
        return cats.explain_memory(lambda t: f(t, steps, by), NOTHING).bytes

    one = cats.Neumann(1)
    assert held(10, one) == held(10_000, one) < 3 * held(10, cats.Implicit())
    many = [held(n, cats.Unroll()) for n in (10, 20, 40)]
    assert many[2] - many[1] == 2 * (many[1] - many[0]) > 0

    def peak(steps: int) -> int:
        gradient = cats.grad(lambda t: f(t, steps, one))
        gradient(NOTHING)
        tracemalloc.start()
        gradient(NOTHING)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(2000) < 1.2 * peak(10)

    def extra(steps: int) -> int:
        both = cats.value_and_grad(lambda t: f(t, steps, one)), lambda t: f(t, steps, one)
        slopes, value = [cats.count(g, NOTHING).total for g in both]
        return slopes - value

    assert extra(1000) == extra(10)


def test_a_hyperparameter_is_found_by_good_derivatives_and_missed_by_bad_ones() -> None:
    held_out = RNG.normal(size=(30, P)), RNG.normal(size=30)

    def loss(log_lam: Array, slow: float, by: Any, steps: int | None) -> Array:
        lam, gram = np.exp(log_lam), X.T @ X

        def step(w: Array) -> Array:
            return w - slow * ((gram + lam * np.eye(P)) @ w - X.T @ Y)

        w = cats.fixed_point(step, np.zeros(P), by=by, steps=steps)
        return np.mean((held_out[0] @ w - held_out[1]) ** 2)

    fast = 1 / (EDGES[1] + 3)
    ways = cats.Implicit(), cats.Unroll()
    slopes = [cats.grad(lambda t, by=by: loss(t, fast, by, 3000))(1.0) for by in ways]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-6)

    def newton(log_lam: Array) -> Array:
        def equation(w: Array) -> Array:
            return (X.T @ X + np.exp(log_lam) * np.eye(P)) @ w - X.T @ Y

        w = cats.root(equation, np.zeros(P), by=cats.Neumann(1))
        return np.mean((held_out[0] @ w - held_out[1]) ** 2)

    assert cats.grad(newton)(1.0) == pytest.approx(slopes[0], rel=1e-6)
    slow = 0.01 / EDGES[1]
    biased = cats.grad(lambda t: loss(t, slow, cats.Neumann(1), 60_000))(1.0)
    assert abs(biased) < 0.2 * abs(slopes[0])


def test_higher_orders_and_batches() -> None:
    def f(a: Array) -> Array:
        return cats.fixed_point(lambda x: np.cos(a * x), 1.0)

    def root(a: Array) -> Array:
        return cats.root(lambda x: x * x - a, 1.0)

    order: Callable[..., Any] = root
    for wanted in (0.25, -1 / 32, 3 / 256):
        order = cats.grad(order)
        assert order(4.0) == pytest.approx(wanted, rel=1e-9)
    h = 1e-4
    twice = cats.grad(cats.grad(f))
    numeric = (cats.grad(f)(0.9 + h) - cats.grad(f)(0.9 - h)) / (2 * h)
    assert twice(0.9) == pytest.approx(numeric, rel=1e-6)
    batch = np.array([0.5, 0.9])
    each = [cats.grad(f)(a) for a in batch]
    np.testing.assert_allclose(cats.vmap(cats.grad(f))(batch), each, rtol=1e-10)


def test_containers_and_what_is_read_from_around() -> None:
    def f(a: Array) -> Array:
        found = cats.fixed_point(
            lambda s: {
                "u": 0.3 * s["u"] + a * s["v"],
                "v": 0.1 * s["v"] + 0.05 * np.sum(s["u"]) + a,
            },
            {"u": np.ones(2), "v": 0.3},
        )
        return found["v"]

    def g(a: Array) -> Array:
        rows = np.array([[0.7, 0.0, -a], [0.0, 0.7, -a], [-0.05, -0.05, 0.9]])
        return np.linalg.solve(rows, np.array([0.0, 0.0, a]))[2]

    assert cats.grad(f)(0.2) == pytest.approx(cats.grad(g)(0.2), rel=1e-9)


def test_linear_solve_is_the_solution_and_so_are_its_derivatives() -> None:
    a, b = RNG.normal(size=(5, 5)) + 4 * np.eye(5), RNG.normal(size=5)

    def ours(a: Array, b: Array) -> Array:
        return np.sum(np.sin(cats.linear_solve(lambda y: a @ y, b)))

    def numpys(a: Array, b: Array) -> Array:
        return np.sum(np.sin(np.linalg.solve(a, b)))

    for i in (0, 1):
        for transform in (cats.grad, cats.jacfwd, cats.hessian):
            one, other = transform(ours, i)(a, b), transform(numpys, i)(a, b)
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)
    many = np.stack([b, 2 * b])
    np.testing.assert_allclose(
        cats.vmap(lambda b: cats.linear_solve(lambda y: a @ y, b))(many),
        np.linalg.solve(a, many.T).T,
        rtol=1e-9,
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e200, 1e300])
def test_systems_of_any_size_of_numbers(scale: float) -> None:
    a, b = np.array([[4.0, 1.0], [2.0, 5.0]]), np.array([1.0, -3.0])
    x = np.linalg.solve(a, b)
    found = cats.linear_solve(lambda y: a @ y, b * scale)
    np.testing.assert_allclose(found, x * scale, rtol=1e-13)
    found = cats.linear_solve(lambda y: scale * (a @ y), b)
    np.testing.assert_allclose(found, x / scale, rtol=1e-13)


def test_each_of_a_batch_is_solved_to_its_own_precision() -> None:
    a = RNG.normal(size=(20, 6, 6)) + 3 * np.eye(6)
    b = RNG.normal(size=(20, 6)) * 10.0 ** np.linspace(-80, 80, 20)[:, None]

    def system(a: Array, b: Array) -> Array:
        return cats.linear_solve(lambda y: a @ y, b)

    found, exact = cats.vmap(system)(a, b), np.linalg.solve(a, b[..., None])[..., 0]
    slopes = cats.vmap(cats.grad(lambda b, a: np.sum(system(a, b))))(b, a)
    back = np.linalg.solve(np.transpose(a, (0, 2, 1)), np.ones((20, 6, 1)))[..., 0]
    for ours, numpys in ((found, exact), (slopes, back)):
        sizes = np.max(np.abs(numpys), axis=1)[:, None]
        np.testing.assert_allclose(ours / sizes, numpys / sizes, atol=1e-11)


def test_what_is_not_found_is_nan() -> None:
    assert np.isnan(cats.fixed_point(lambda x: 2 * x + 1, 1.0, max_steps=50))
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    assert np.all(np.isnan(cats.linear_solve(lambda y: turn @ y, np.ones(2), max_rounds=1)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_and_infinite_sides(dtype: Any) -> None:
    top, some = np.finfo(dtype).max, 30 * np.finfo(dtype).eps
    for size in (1, 3, 40):
        full = np.full(size, 0.95 * top, dtype)
        np.testing.assert_allclose(cats.linear_solve(lambda y: 2 * y, full), full / 2, rtol=some)
        back = cats.linear_solve(lambda y: np.roll(y, 1) * dtype(0.999), full)
        np.testing.assert_allclose(back, full / dtype(0.999), rtol=some)
    sides = np.array([[1, np.inf, -np.inf], [np.nan, 1, 2], [3, 4, 8]], dtype)
    found = cats.vmap(lambda b: cats.linear_solve(lambda y: 2 * y, b))(sides)
    assert found.dtype == dtype and np.isnan(found[0, 0]) and np.all(np.isnan(found[1]))
    np.testing.assert_array_equal(found[0, 1:], [np.inf, -np.inf])
    np.testing.assert_allclose(found[2], [1.5, 2, 4])
    assert cats.linear_solve(lambda y: -2 * y, dtype(np.inf)) == -np.inf


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_slopes_that_are_infinite_are_not_lost_in_the_equation() -> None:
    assert cats.grad(lambda a: np.sqrt(cats.root(lambda x: x - a, 0.0)))(0.0) == np.inf
    cube = cats.grad(lambda a: np.exp(1000 * cats.root(lambda x: x**3 - a, 1.0)))
    assert cube(8.0) == np.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_well_posed_problem_is_solved_as_well_as_its_dtype_can(dtype: Any) -> None:
    unit, draw = float(np.finfo(dtype).eps), np.random.default_rng(0)
    for size in (1, 2, 5, 20, 40):
        for _ in range(10):
            a, b = draw.normal(size=(size, size)).astype(dtype), draw.normal(size=size)
            found = cats.linear_solve(lambda y, a=a: a @ y, b.astype(dtype))
            wanted = np.linalg.solve(a.astype(float), b.astype(dtype).astype(float))
            error = np.max(np.abs(found - wanted)) / np.max(np.abs(wanted))
            assert error <= 10 * unit * np.linalg.cond(a.astype(float))
    for rate in np.linspace(0.1, 1.3, 13).astype(dtype):
        still = cats.fixed_point(lambda y, rate=rate: np.cos(rate * y), dtype(0.3))
        slope = 1 - abs(rate * np.sin(rate * still))
        assert abs(np.cos(rate * still) - still) <= 2e-12 + 40 * unit
        assert still.dtype == dtype and slope > 0
        for by in (cats.Implicit(), cats.Neumann(2)):
            root = cats.grad(lambda a, by=by: cats.root(lambda x: x * x - a, dtype(1), by=by))
            assert root(rate) == pytest.approx(0.5 / np.sqrt(rate), rel=1e-11 + 40 * unit)


def test_a_singular_system_has_no_solution() -> None:
    for corner in (1.0, 1 + 2e-16):
        a = np.array([[1.0, 1.0], [1.0, corner]])
        assert np.all(np.isnan(cats.linear_solve(lambda y, a=a: a @ y, np.array([1.0, 0.0]))))
        np.testing.assert_allclose(
            cats.linear_solve(lambda y, a=a: a @ y, np.ones(2)).sum(), 1.0, rtol=1e-12
        )


def test_containers_of_several_dtypes_and_orders_of_keys() -> None:
    shares = np.array([0.1, 0.2, 0.3])

    def mixed(a: Array) -> Array:
        found = cats.fixed_point(
            lambda s: {"v": (shares * s["u"]).astype(np.float32), "u": 0.5 * s["v"].sum() + a},
            {"u": 0.0, "v": np.zeros(3, np.float32)},
        )
        return found["u"]

    assert mixed(np.float64(1.0)) == pytest.approx(1 / 0.7, rel=1e-5)
    assert cats.grad(mixed)(np.float64(1.0)) == pytest.approx(1 / 0.7, rel=1e-5)

    def swapped(p: Array) -> Array:
        found = cats.root(
            lambda s: {"b": s["b"] * 3 - 6 * p, "a": s["a"] ** 2 - 4 * p}, {"a": 1.0, "b": 1.0}
        )
        return np.array([found["a"], found["b"]])

    np.testing.assert_allclose(swapped(1.0), [2.0, 2.0])
    np.testing.assert_allclose(cats.jacobian(swapped)(1.0), [1.0, 2.0])

    def system(b: Array) -> Array:
        found = cats.linear_solve(lambda s: {"v": 4 * s["v"], "u": 2 * s["u"] + s["v"][0]}, b)
        return found["u"] * found["v"]

    b = {"u": 3.0, "v": np.array([4.0, 8.0])}
    np.testing.assert_allclose(system(b), [1.0, 2.0])
    slopes = cats.jacobian(system)(b)
    np.testing.assert_allclose(slopes["u"], [0.5, 1.0])
    np.testing.assert_allclose(slopes["v"], [[0.125, 0.0], [-0.25, 0.25]])


@dataclass(frozen=True)
class State:
    """A container of a user."""

    u: Array
    v: Array


def test_containers_of_users() -> None:
    def solved(a: Array) -> Array:
        one = cats.fixed_point(lambda s: State(np.cos(a * s.u), 0.5 * s.v), State(1.0, 1.0))
        two = cats.root(lambda s: State(s.u - np.cos(a * s.u), s.v), State(1.0, 1.0))
        three = cats.linear_solve(lambda s: State(a * s.u, s.v + s.u), State(1.0, 1.0))
        return np.array([one.u, two.u, three.u])

    f = cats.grad(lambda a: cats.fixed_point(lambda x: np.cos(a * x), 1.0))
    np.testing.assert_allclose(cats.jacobian(solved)(1.0), [f(1.0), f(1.0), -1.0], rtol=1e-9)


def test_what_is_not_found_varies_by_nan() -> None:
    for by in (cats.Implicit(), cats.Unroll(), cats.Unroll(cats.Every(3))):

        def f(a: Array, by: Any = by) -> Array:
            return cats.root(lambda y: y * y + a, 1.0, by=by)

        assert np.all(np.isnan([*cats.value_and_grad(f)(1.0), *cats.jvp(f, (1.0,), (1.0,))]))
        np.testing.assert_allclose(cats.value_and_grad(f)(-4.0), [2.0, -0.25])
        slopes = cats.vmap(cats.grad(f))(np.array([1.0, -4.0]))
        assert np.isnan(slopes[0]) and slopes[1] == pytest.approx(-0.25)


def affine(a: Array, **options: Any) -> Array:
    """x = a - x, between whose sides the iteration goes to and fro."""
    return cats.fixed_point(lambda x: a - x, 1.0, max_steps=20, **options)


def of_many(a: Array, **options: Any) -> Array:
    """The same for several."""
    return np.sum(cats.fixed_point(lambda x: a - x, np.ones(2), max_steps=20, **options))


def no_root(a: Array, **options: Any) -> Array:
    """x * x = -a."""
    return cats.root(lambda x: x * x + a, 1.0, max_steps=20, **options)


@pytest.mark.parametrize("f", [affine, of_many, no_root])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_found_has_no_derivative(f: Any) -> None:
    """Though the equation is linear, and its slope the same everywhere."""
    for by in (cats.Implicit(), cats.Unroll(), cats.Neumann(1), cats.Neumann(3)):
        g = lambda a, by=by: f(a, by=by)  # noqa: E731
        assert np.all(np.isnan([*cats.value_and_grad(g)(3.0), *cats.jvp(g, (3.0,), (1.0,))]))
    assert np.isnan(cats.grad(cats.grad(f))(3.0))
    assert np.all(np.isnan(cats.taylor(f, 3.0, 3)))
    found = cats.diagnose(f, 3.0)
    assert found.value is not None and found.tangent is not None and found.cotangent is not None
    assert "nan" in found.tangent.made and "nan" in found.cotangent.made


def test_numbers_of_steps_are_of_any_integer_type() -> None:
    numbers: list[Any] = [np.int64(30), np.int8(30)]
    for n in numbers:
        sines = [cats.fixed_point(np.sin, 1.0, steps=k) for k in (n, 30)]
        assert sines[0] == sines[1] and cats.Neumann(n) == cats.Neumann(30)
        assert cats.root(np.cos, 1.0, max_steps=n) == pytest.approx(np.pi / 2)
        assert cats.linear_solve(lambda y: 2 * y, 4.0, max_rounds=n) == 2.0
    assert cats.fixed_point(np.cos, 1.0, steps=0) == 1.0


def solve_cosine(**options: Any) -> None:
    """Both words with these options."""
    with pytest.raises(cats.CatsError) as caught:
        cats.root(np.cos, 1.0, **options)
    with pytest.raises(type(caught.value), match=re.escape(caught.value.message)):
        cats.fixed_point(np.cos, 1.0, **options)
    raise caught.value


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: cats.fixed_point(lambda x: np.ones(3) * x, 1.0), cats.TraceError, "R[3]"),
        (lambda: cats.fixed_point(lambda x: x, 1), cats.SpaceError, "must be real"),
        (lambda: cats.fixed_point(lambda x: x, ()), cats.SpaceError, "must be real"),
        (lambda: cats.linear_solve(lambda y: y * y, np.ones(2)), cats.LinearityError, "not linear"),
        (lambda: cats.linear_solve(lambda y: y + 1, np.ones(2)), cats.LinearityError, "affine"),
        (lambda: cats.linear_solve(lambda y: y[:1], np.ones(2)), cats.TraceError, "R[1]"),
        (lambda: cats.linear_solve(lambda y: y, 1.0, -1.0), cats.DerivativeError, "-1.0 is no"),
        (lambda: cats.linear_solve(lambda y: y, 1.0, 0.0, 1.5), cats.DerivativeError, "is 1.5"),  # type: ignore[arg-type]
        (lambda: solve_cosine(steps=-1), cats.DerivativeError, "steps is -1"),
        (lambda: solve_cosine(steps=2.5), cats.DerivativeError, "steps is 2.5"),
        (lambda: solve_cosine(steps=True), cats.DerivativeError, "steps is True"),
        (lambda: solve_cosine(max_steps=-1), cats.DerivativeError, "max_steps is -1"),
        (lambda: solve_cosine(tolerance=-1), cats.DerivativeError, "tolerance=-1 is no number"),
        (lambda: solve_cosine(tolerance=np.nan), cats.DerivativeError, "tolerance=nan is no"),
        (lambda: solve_cosine(tolerance="x"), cats.DerivativeError, "tolerance='x' is no number"),
        (lambda: solve_cosine(by="implicit"), cats.DerivativeError, "by='implicit' says not"),
        (lambda: solve_cosine(by=cats.Implicit), cats.DerivativeError, "says not how"),
        (lambda: cats.Neumann(-1), cats.DerivativeError, "the number of terms is -1"),
        (lambda: cats.Neumann(0), cats.DerivativeError, "the number of terms is 0"),
        (lambda: cats.Neumann(1.5), cats.DerivativeError, "the number of terms is 1.5"),  # type: ignore[arg-type]
        (lambda: cats.Unroll("x"), cats.DerivativeError, "'x' is no policy"),  # type: ignore[arg-type]
        (lambda: cats.Unroll(cats.Every), cats.DerivativeError, "is no policy"),  # type: ignore[arg-type]
        (lambda: cats.Implicit(rounds=-1), cats.DerivativeError, "linear system is -1"),
        (lambda: cats.Implicit(tolerance=-1), cats.DerivativeError, "tolerance=-1 is no number"),
        (
            lambda: cats.root(lambda s: {"a": s["a"], "c": s["b"]}, {"a": 1.0, "b": 1.0}),
            cats.TraceError,
            "the function of root gives a dict with the keys 'a', 'c'",
        ),
        (
            lambda: cats.root(lambda s: list(s), (1.0, 1.0)),
            cats.TraceError,
            "the function of root gives a list of 2 in R, R for a value in R, R",
        ),
    ],
)
def test_mistakes_are_told(call: Any, error: Any, said: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert said in caught.value.message and caught.value.remedy
