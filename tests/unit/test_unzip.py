"""Unzip: whatever is saved, the halves compute the same; only memory and work differ."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cats.derive import derive
from cats.forward import materialise
from cats.forward import run as run_linear
from cats.functor import by_position
from cats.ir.prims.layout import reshape, sum, transpose
from cats.ir.prims.smooth import exp, sin
from cats.ir.program import Program
from cats.ir.spaces import Real
from cats.ir.transpose import transposed
from cats.ir.wire import Builder
from cats.policies import Policy, Recompute, SaveAll
from cats.unzip import unzip
from tests.linear_programs import run

V = Real((2, 3))
X = np.linspace(0.1, 0.9, 6).reshape(2, 3)


def program() -> Program:
    """A chain with views and constants between its steps."""
    builder = Builder([V])
    (x,) = builder.wires
    y = reshape(transpose(sin(x), axes=(1, 0)), shape=(2, 3)) * 2.0
    z = exp(y) * x
    return builder.finish([sum(z * z, axes=(0, 1)), y])


def gradient(policy: Policy | None) -> Any:
    halves = unzip(derive(program()), policy)
    made = run(halves.primal, [X])
    fixed = run(halves.half.recompute, made[halves.count :])
    back = transposed(halves.half.linear)
    (found,) = run_linear(back, by_position(fixed), [1.0, np.zeros((2, 3))])
    return made[: halves.count], materialise(found)


@pytest.mark.parametrize("policy", [None, SaveAll(), Recompute()])
def test_every_policy_gives_the_same(policy: Policy | None) -> None:
    values, slope = gradient(policy)
    derivative = derive(program())
    whole = run(derivative.primal, [X])
    (expected,) = run_linear(
        transposed(derivative.linear), by_position(whole[2:]), [1.0, np.zeros((2, 3))]
    )
    for a, b in zip(values, whole, strict=False):
        assert_allclose(a, b, rtol=1e-15)
    assert_allclose(slope, expected, rtol=1e-14)


def test_recomputing_saves_the_inputs_only() -> None:
    derivative = derive(program())
    assert unzip(derivative, Recompute()).residuals == (V,)
    assert unzip(derivative, Recompute()).saved == 6 < unzip(derivative, SaveAll()).saved


def test_constants_and_views_are_not_saved() -> None:
    """Of y = 2 * reshape(transpose(x)) nothing need be kept; of x * y only both."""
    builder = Builder([V])
    (x,) = builder.wires
    y = reshape(x, shape=(3, 2))
    linear = unzip(derive(builder.finish([transpose(y, axes=(1, 0)) * 2.0])))
    assert linear.residuals == ()
    builder = Builder([V])
    (x,) = builder.wires
    twice = unzip(derive(builder.finish([x * reshape(reshape(x, shape=(3, 2)), shape=(2, 3))])))
    assert twice.residuals == (V,)
