"""Where two capabilities meet: words and local writes, choices and maps, batches and chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import DerivativeError
from cats.ir.read import read_program
from tests.agreement import near

Function = Callable[..., Any]
X = np.array([0.3, -0.4, 0.9])

IDENTITIES: dict[str, Function] = {
    "a round": lambda a: cats.fori_loop(0, 1, lambda i, c: c, a),
    "no round": lambda a: cats.fori_loop(0, 0, lambda i, c: c, a),
    "the carry of a scan": lambda a: cats.scan(lambda c, _: (c, None), a, None, 2)[0],
    "a row of a scan": lambda a: cats.scan(lambda c, _: (c, c), a, None, 1)[1][0],
    "a row of a batch": lambda a: cats.vmap(lambda r: r)(a),
    "a prefix": lambda a: cats.associative_scan(np.add, a[None])[0],
    "a choice": lambda a: cats.cond(True, lambda z: z, lambda z: z, a),
    "a tangent": lambda a: cats.jvp(lambda z: z, (a,), (a,))[1],
    "a cotangent": lambda a: cats.vjp(lambda z: z, a)[1](a)[0],
    "a checkpoint": lambda a: cats.checkpoint(lambda z: z)(a),
    "a tile": lambda a: np.tile(a, 1),
    "a repetition": lambda a: np.repeat(a, 1),
    "a stack": lambda a: np.stack([a])[0],
    "a concatenation": lambda a: np.concatenate([a]),
}
"""Ways to say a again, each of which gives an array of its own."""


@pytest.mark.parametrize("name", IDENTITIES)
def test_results_are_arrays_of_their_own(name: str) -> None:
    again = IDENTITIES[name]

    def write_the_argument(x: Any) -> Any:
        a = np.sin(x)
        d = again(a)
        a[0] = 5.0
        return a * d

    def write_the_result(x: Any) -> Any:
        a = np.sin(x)
        d = again(a)
        d[0] = 5.0
        return a * d

    s, c = np.sin(X), np.cos(X)
    for f in (write_the_argument, write_the_result):
        value, slope = s * s, 2.0 * s * c
        value[0], slope[0] = 5.0 * s[0], 5.0 * c[0]
        near(cats.compile(f)(X), value)
        near(cats.grad(lambda x: np.sum(f(x)))(X), slope)  # noqa: B023
    assert X.tolist() == [0.3, -0.4, 0.9]


def test_a_broadcast_is_read_with_the_array_it_repeats() -> None:
    def f(x: Any) -> Any:
        rows = np.stack([np.concatenate([x[1:], x[:1]])])
        return np.sum(np.array([1.0, 2.0, 3.0]) * (x + np.sum(rows, axis=0) * np.sum(rows)))

    rolled, total = np.array([3.0, 1.0, 2.0]), np.sum(X)
    weighted = np.array([1.0, 2.0, 3.0]) @ np.roll(X, -1)
    near(cats.grad(f)(X), np.array([1.0, 2.0, 3.0]) + total * rolled + weighted)


def grown(x: Any) -> Any:
    """x + 1, squared until 9 is passed, where x is positive; elsewhere the sine of x."""
    return cats.cond(
        x > 0,
        lambda a: cats.while_loop(lambda c: c < 9.0, lambda c: c * c, a + 1.0),
        np.sin,
        x,
    )


def test_a_while_within_a_choice() -> None:
    sine, fourth = (np.cos(-2.0), -np.sin(-2.0)), (4.0 * 2.0**3, 12.0 * 2.0**2)
    for x, (first, second) in ((-2.0, sine), (1.0, fourth)):
        near([cats.grad(grown)(x), cats.jvp(grown, (x,), (1.0,))[1]], [first, first])
        near([cats.hessian(grown)(x), cats.hvp(grown, (x,), (1.0,))], [second, second])
    both = cats.vmap(cats.grad(grown))(np.array([-2.0, 1.0]))
    near(both, np.array([sine[0], fourth[0]]))


def test_maps_within_choices_read_what_is_around() -> None:
    def f(x: Any) -> Any:
        def mapped(a: Any) -> Any:
            return a * np.sum(cats.map(lambda b: x * b, np.ones(2)))

        def batched(a: Any) -> Any:
            return a * np.sum(cats.vmap(lambda b: x * b)(np.ones(2)))

        return cats.cond(x > 0, mapped, batched, x)

    for x in (2.0, -3.0):
        near([f(x), cats.compile(f)(x), cats.grad(f)(x)], [2.0 * x * x, 2.0 * x * x, 4.0 * x])


def powered(x: Any) -> Any:
    """x tanh(...) twice, by a loop of which nobody knows the number of rounds."""
    step = lambda c: (c[0] + 1, np.tanh(c[1]) * x)  # noqa: E731
    return cats.while_loop(lambda c: c[0] < 2, step, (0, x))[1]


def test_derivatives_of_jacobians_in_chunks_of_a_while() -> None:
    def energy(chunk: int | None, mode: str) -> Function:
        return lambda x: np.sum(cats.jacobian(powered, chunk=chunk, mode=mode)(x) @ x)

    expected = cats.grad(energy(None, "fwd"))(X)
    for mode in ("fwd", "rev"):
        for chunk in (1, 2, 3, 5):
            near(cats.grad(energy(chunk, mode))(X), expected)
    near(cats.hessian(np.sum, chunk=1)(X), np.zeros((3, 3)))


def test_a_loop_that_reads_rows_of_a_while_in_every_round() -> None:
    def sent_back(x: Any) -> Any:
        _, pull = cats.vjp(powered, x)
        return np.sum(cats.fori_loop(0, 3, lambda i, c: pull(c)[0], x))

    slopes = cats.jacfwd(sent_back)(X)
    for i, unit in enumerate(np.eye(3)):
        difference = (sent_back(X + 1e-6 * unit) - sent_back(X - 1e-6 * unit)) / 2e-6
        near(slopes[i], difference, 8)
        near(cats.jvp(sent_back, (X,), (unit,))[1], slopes[i])
    near(cats.grad(sent_back)(X), slopes)


def test_linear_halves_of_a_while_are_mapped_and_turned() -> None:
    squares: Function = lambda x: cats.while_loop(lambda c: c < 9.0, lambda c: c * c, x)  # noqa: E731
    _, pull = cats.vjp(squares, 2.0)
    _, push = cats.linearize(squares, 2.0)
    near(cats.vmap(pull)(np.ones(2))[0], np.array([32.0, 32.0]))
    near(cats.vmap(push)(np.ones(2)), np.array([32.0, 32.0]))
    near([cats.jacobian(lambda c: pull(c)[0])(1.0), cats.grad(push)(1.0)], [32.0, 32.0])
    near(cats.linear_transpose(push, 2.0)(1.0)[0], 32.0)


def test_the_linear_half_under_a_policy_is_turned() -> None:
    loop: Function = lambda x: cats.fori_loop(0, 4, lambda i, c: np.sin(c), x)  # noqa: E731
    _, push = cats.linearize(cats.checkpoint(loop, cats.Every(2)), 2.0)
    near(cats.linear_transpose(push, 2.0)(1.0)[0], cats.grad(loop)(2.0))


def test_a_rule_that_speaks_of_its_function_has_a_series() -> None:
    @cats.custom_jvp
    def square(x: Any) -> Any:
        return x * x

    square.defjvp(lambda p, t: (square(p[0]), 2.0 * p[0] * t[0]))
    near(cats.taylor(square, 3.0, 3), [9.0, 6.0, 1.0, 0.0])
    near(cats.taylor(lambda a: cats.root(lambda x: x * x - a, 1.0), 4.0, 2), [2.0, 0.25, -1 / 64])


@pytest.mark.parametrize(
    "policy", [cats.Saving("sin"), cats.Every(3), cats.Binomial(2), cats.Budget(9)], ids=repr
)
def test_programs_with_policies_are_read_back(policy: Any) -> None:
    def f(x: Any) -> Any:
        step = cats.checkpoint(lambda c: np.sin(c * x), policy)
        return cats.checkpoint(lambda c: cats.fori_loop(0, 7, lambda i, c: step(c), c), policy)(x)

    program = cats.trace(f, 0.3)
    assert f"policy=('{type(policy).__name__}', " in str(program)
    assert read_program(str(program)) == program


def test_a_policy_nobody_knows_is_refused() -> None:
    program = read_program("(x: R) -> y = call[policy=('Some', 3)] x | (x: R) -> in (x)  in (y)")
    with pytest.raises(DerivativeError, match=r"\('Some', 3\) is no policy"):
        cats.derive(program, (0,))
