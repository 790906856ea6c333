"""Derivatives by an equation: fixed points, roots, linear systems; three ways and their cost."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
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


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: cats.fixed_point(lambda x: np.ones(3) * x, 1.0), cats.TraceError, "R[3]"),
        (lambda: cats.fixed_point(lambda x: x, 1), cats.SpaceError, "must be real"),
        (lambda: cats.fixed_point(lambda x: x, ()), cats.SpaceError, "must be real"),
        (lambda: cats.linear_solve(lambda y: y * y, np.ones(2)), cats.LinearityError, "not linear"),
        (lambda: cats.linear_solve(lambda y: y + 1, np.ones(2)), cats.LinearityError, "affine"),
        (lambda: cats.linear_solve(lambda y: y[:1], np.ones(2)), cats.TraceError, "R[1]"),
    ],
)
def test_mistakes_are_told(call: Any, error: Any, said: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert said in caught.value.message and caught.value.remedy
