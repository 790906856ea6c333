"""What is kept for the derivative, told before it runs; prefixes of associative operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cats

Array = Any


def test_what_is_kept_is_named_by_line_and_bytes() -> None:
    def f(x: Array) -> Array:
        h = np.tanh(x)
        return np.sum(h * x)

    memory = cats.explain_memory(f, np.ones(100))
    assert memory.bytes == sum(k.bytes for k in memory) and len(memory) <= 3
    assert all(k.bytes == 800 for k in memory)
    told = str(memory)
    assert "x in R[100]" in told and "h = np.tanh(x)" in told and told.endswith("bytes in all")
    assert cats.explain_memory(f, cats.Spec((100,))).bytes == memory.bytes
    assert cats.explain_memory(f, np.ones(100), policy=cats.Recompute()).bytes == 800
    assert cats.explain_memory(cats.checkpoint(f), np.ones(100)).bytes == 800


def test_a_loop_keeps_as_its_policy_says() -> None:
    def f(x: Array, policy: Any) -> Array:
        def loop(x: Array) -> Array:
            return cats.fori_loop(0, 256, lambda i, h: np.sin(h) * 1.01, x)

        return np.sum(cats.checkpoint(loop, policy)(x))

    def held(policy: Any) -> float:
        return cats.explain_memory(lambda x: f(x, policy), np.ones(1000)).bytes / 8000

    assert held(cats.SaveAll()) >= 256
    assert held(cats.Every(16)) <= 18
    assert held(cats.Binomial(8)) <= 2
    while_ = cats.explain_memory(
        lambda x: cats.while_loop(lambda c: c < 3, lambda c: c * c, x), 1.1
    )
    assert "for each row" in str(while_)
    assert str(while_).endswith("8 bytes in all, and 8 for each row of unknown number")


def test_the_line_is_that_of_the_step_inside() -> None:
    def network(h: Array) -> Array:
        def step(h: Array, x: float) -> Any:
            a = np.tanh(h) * x
            return a, np.sum(np.exp(a))

        return np.sum(cats.scan(step, h, np.arange(3.0))[1])

    told = cats.explain_memory(network, np.ones(5))
    lines = {k.where.code for k in told if k.where is not None}
    assert {"a = np.tanh(h) * x", "return a, np.sum(np.exp(a))"} <= lines
    chosen = cats.explain_memory(lambda x: cats.cond(x > 0, np.exp, np.cos, x), 1.0)
    assert any(k.what in ("exp", "sin", "neg") for k in chosen)


@pytest.mark.parametrize("count", range(1, 10))
def test_prefixes(count: int) -> None:
    x = np.arange(1.0, count + 1)
    np.testing.assert_allclose(cats.associative_scan(np.add, x), np.cumsum(x))
    back = np.cumprod(x[::-1])[::-1]
    np.testing.assert_allclose(cats.associative_scan(np.multiply, x, reverse=True), back)
    table = np.arange(1.0, 3 * count + 1).reshape(3, count)
    np.testing.assert_allclose(
        cats.associative_scan(np.add, table, axis=1), np.cumsum(table, axis=1)
    )


def test_a_linear_recurrence_by_prefixes() -> None:
    def joined(a: Any, b: Any) -> Any:
        return a[0] * b[0], a[1] * b[0] + b[1]

    def ours(c: Array) -> Array:
        return np.sum(cats.associative_scan(joined, (c, 2 * c))[1])

    def plain(c: Array) -> Array:
        h, total = 0.0, 0.0
        for i in range(7):
            h = h * c[i] + 2 * c[i]
            total = total + h
        return total

    c = np.arange(1.0, 8.0) / 5
    np.testing.assert_allclose(cats.grad(ours)(c), cats.grad(plain)(c), rtol=1e-12)
    np.testing.assert_allclose(cats.hessian(ours)(c), cats.hessian(plain)(c), rtol=1e-12)
    matrices = np.random.default_rng(0).normal(size=(5, 2, 2))
    found = cats.associative_scan(np.matmul, matrices)
    np.testing.assert_allclose(found[-1], np.linalg.multi_dot(list(matrices)))


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(cats.SpaceError, match="associative_scan gives"):
        cats.associative_scan(lambda a, b: np.sum(a), np.ones(4))
