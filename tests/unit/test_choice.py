"""Choice by mask: what is not taken never enters, at any order."""

from __future__ import annotations

import numpy as np
import pytest

import cats
from cats.ir.spaces import Value


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
