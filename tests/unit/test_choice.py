"""Choice by mask: what is not taken never enters, at any order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import cats
from cats.backends.on_numpy import OnNumpy
from cats.ir.prims.choice import greater, keep
from cats.ir.prims.smooth import log, sqrt
from cats.ir.program import Program
from cats.ir.spaces import BOOL, Real, Value
from cats.ir.wire import Builder
from cats.pipeline import gradient, jacobian, pushforward
from cats.simplify import simplify
from tests.strategies import summed


def root(x: Value) -> Value:
    return np.where(x > 0.0, np.sqrt(x), 0.0)


def used_twice(x: Value) -> Value:
    return np.where(x > 0.0, np.sqrt(x) * np.sin(np.sqrt(x)), x * x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_branch_not_taken_never_enters() -> None:
    slope = cats.grad(root)
    for derivative in (slope, cats.grad(slope), cats.grad(cats.grad(slope))):
        assert derivative(0.0) == 0.0
    assert slope(4.0) == 0.25


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_the_branch_uses_twice_stays_under_the_mask() -> None:
    x = np.array([0.0, 1.0, -2.0])
    gradient = cats.grad(lambda v: np.sum(used_twice(v)))
    expected = [0.0, (np.sin(1.0) + np.cos(1.0)) / 2.0, -4.0]
    assert np.allclose(gradient(x), expected)
    assert np.all(np.isfinite(cats.hvp(lambda v: np.sum(used_twice(v)), (x,), (np.ones(3),))))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_jacobians_leave_it_out_as_well(mode: str) -> None:
    x = np.array([0.0, 4.0])
    assert np.allclose(cats.jacobian(root, mode=mode)(x), np.diag([0.0, 0.25]))


# Choices by a mask inside and outside of choices by a tag

SPACE = Real((3,))
POINT = np.array([0.0, 4.0, -1.0])


def rooted(x: Value) -> Value:
    return keep(greater(x, 0.0), sqrt(x))


def logged(x: Value) -> Value:
    return keep(greater(x, 0.0), log(x))


def chosen(branches: tuple[Any, Any], before: Any, after: Any) -> Program:
    """x, tag |-> after(the branch of before(x), x)."""
    inner = []
    for branch in branches:
        builder = Builder([SPACE])
        inner.append(builder.finish([branch(builder.wires[0])]))
    builder = Builder([SPACE, BOOL])
    x, tag = builder.wires
    (made,) = builder.case((inner[0], inner[1]), tag, [before(x)])
    return builder.finish([after(made, x)])


def plainly(branch: Any, before: Any, after: Any) -> Program:
    """The same without a choice."""
    builder = Builder([SPACE])
    x = builder.wires[0]
    return builder.finish([after(branch(before(x)), x)])


def derivatives(program: Program, *tag: Value) -> list[Any]:
    """Along a direction, of the sum, and as a matrix in both modes."""
    run = OnNumpy().compile
    v = np.array([1.0, -2.0, 3.0])
    total = summed(program)
    return [
        run(simplify(pushforward(program, [0])))(POINT, *tag, v)[1],
        run(simplify(gradient(total, [0])))(POINT, *tag)[1],
        run(simplify(jacobian(program, [0], "fwd")))(POINT, *tag)[1],
        run(simplify(jacobian(program, [0], "rev")))(POINT, *tag)[1],
        run(simplify(jacobian(gradient(total, [0]), [0], "rev")))(POINT, *tag)[2],
    ]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("branches", "before", "after"),
    [
        ((sqrt, log), rooted, lambda z, x: z),
        ((sqrt, log), lambda x: x, lambda z, x: keep(greater(x, 0.0), z)),
        ((rooted, logged), lambda x: x, lambda z, x: keep(greater(x, 0.0), sqrt(z))),
        ((rooted, lambda x: 0.0 * x), lambda x: x, lambda z, x: sqrt(z)),
        ((rooted, lambda x: x * x), rooted, lambda z, x: rooted(z)),
    ],
    ids=["into", "back into", "out of", "some", "through"],
)
def test_known_zeros_cross_the_edges_of_a_choice(branches: Any, before: Any, after: Any) -> None:
    """A choice whose branch is not known yet gives what the branch gives alone."""
    program = chosen(branches, before, after)
    for tag, branch in enumerate(branches):
        expected = derivatives(plainly(branch, before, after))
        found = derivatives(program, np.bool_(tag))
        for a, b in zip(found, expected, strict=True):
            assert np.array_equal(a, b, equal_nan=True)
        if tag == 0:
            assert all(np.all(np.isfinite(a)) for a in found[:4])


SIGNED = [-1.0, -0.0, 0.0, 1.0, np.nan]
BOUNDS: dict[str, Callable[[float, float, int, Any], tuple[Any, Any]]] = {
    "numbers": lambda low, high, n, dtype: (low, high),
    "scalars": lambda low, high, n, dtype: (dtype(low), dtype(high)),
    "arrays": lambda low, high, n, dtype: (np.full(n, low, dtype), np.full(n, high, dtype)),
    "arrays of one": lambda low, high, n, dtype: (np.full(1, low, dtype), np.full(1, high, dtype)),
    "an array and a number": lambda low, high, n, dtype: (np.full(n, low, dtype), high),
    "low": lambda low, high, n, dtype: (low, None),
    "high": lambda low, high, n, dtype: (None, high),
}


@pytest.mark.parametrize("kind", BOUNDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_number_at_a_bound_has_the_sign_that_it_has_in_numpy(kind: str, dtype: Any) -> None:
    """Of 0.0 and -0.0, which are equal and whose inverses are not."""
    for n, low, high in product((1, 3), SIGNED, SIGNED):
        bounds = BOUNDS[kind](low, high, n, dtype)
        run = cats.compile(lambda x, bounds=bounds: np.clip(x, *bounds))
        for at in SIGNED:
            x = np.full(n, at, dtype)
            found, expected = run(x), np.clip(x, *bounds)
            np.testing.assert_array_equal(found, expected)
            there = ~np.isnan(expected)
            assert np.array_equal(np.signbit(found)[there], np.signbit(expected)[there])


def test_both_bounds_share_the_derivative_wherever_they_stand() -> None:
    for low, high in ((-1.0, 0.0), (0.0, 1.0), (np.full(2, -1.0), np.zeros(2))):
        for x in (np.zeros(2), -np.zeros(2)):
            assert np.array_equal(
                cats.grad(lambda x: np.sum(np.clip(x, low, high)))(x),  # noqa: B023
                [0.5, 0.5],
            )
