"""Choices by a mask, in random chains, at points where what is not taken has no finite slope.

Each chain is written twice. As users write it, `np.where(x > 0, np.sqrt(x), 0)`, the branch runs
everywhere; in the careful one it runs on what is taken and on 1 elsewhere, so that every slope is
finite. All modes, at every order, must give for the first what they give for the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import pytest

import cats

Array = Any
Step = Callable[[Array, bool], Array]

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

N = 4
MATRIX = np.array([[1.0, -2, 0, 1], [0, 1, 1, -1], [2, 0, -1, 0], [0, 0, 3, 1]]) / 2
STARTS = (-1.0, -0.5, 0.0, 0.0, 0.25, 1.0, 2.0)

# What is for positive numbers only, entry by entry and not; what may be run anywhere

ENTRYWISE: tuple[Callable[[Array], Array], ...] = (
    np.sqrt,
    np.log,
    lambda z: 1.0 / z,
    lambda z: np.sqrt(np.sqrt(z)),
    lambda z: np.sqrt(z) * np.sin(np.sqrt(z)),
    lambda z: z**1.5 / (np.sqrt(z) + z),
)
MIXING: tuple[Callable[[Array], Array], ...] = (
    *ENTRYWISE,
    lambda z: np.sqrt(z)[::-1] * z,
    lambda z: np.cumsum(np.sqrt(z)),
    lambda z: MATRIX @ np.log(z),
    lambda z: np.outer(np.sqrt(z), z) @ z,
    lambda z: np.prod(np.sqrt(z)) + np.log(z),
    lambda z: np.sum(np.sqrt(z)) * z,
)
OTHERS: tuple[Callable[[Array], Array], ...] = (
    lambda x: 0.0,
    lambda x: x,
    lambda x: x * x - 1.0,
    lambda x: np.sin(x)[::-1],
    lambda x: np.maximum(x, 0.5),
)
MOVES: tuple[Callable[[Array], Array], ...] = (
    lambda x: x[::-1],
    lambda x: np.concatenate([x[1:], x[:1]]),
    lambda x: np.reshape(np.reshape(x, (2, 2)).T, (N,)),
    np.cumsum,
    lambda x: x - 0.25 * np.sum(x),
    lambda x: MATRIX @ x,
    lambda x: np.outer(x, x) @ x,
    lambda x: x[np.array([2, 0, 0, 3])],
    lambda x: x * x - 0.5,
    np.sin,
    lambda x: np.max(x) * x,
    np.abs,
    lambda x: x + np.clip(x, 0.0, 0.75),
)


def entrywise(rng: Random) -> Step:
    """A branch wherever an entry is positive, entries in order or not."""
    inside, other = rng.choice(ENTRYWISE), rng.choice(OTHERS)
    order = np.array(rng.choice([[0, 1, 2, 3], [0, 1, 2, 3], [2, 0, 3, 1]]))

    def step(x: Array, careful: bool) -> Array:
        mask = x > 0.0
        made = inside(np.where(mask, x, 1.0) if careful else x)
        return np.where(mask[order], made[order], other(x))

    return step


def all_or_none(rng: Random) -> Step:
    """One choice for the whole: taken if all entries are positive."""
    inside, other = rng.choice(MIXING), rng.choice(OTHERS)

    def step(x: Array, careful: bool) -> Array:
        mask = np.min(x) > 0.0
        return np.where(mask, inside(np.where(mask, x, 1.0) if careful else x), other(x))

    return step


def sides(rng: Random) -> Step:
    """Neither branch is good for both sides; at 0 neither is taken."""
    a, b = rng.choice(ENTRYWISE), rng.choice(ENTRYWISE)

    def step(x: Array, careful: bool) -> Array:
        right, left = x > 0.0, x < 0.0
        above = a(np.where(right, x, 1.0) if careful else x)
        below = b(-np.where(left, x, -1.0) if careful else -x)
        return np.where(right, above, np.where(left, below, x))

    return step


def plainly(rng: Random) -> Step:
    """No choice, or one that cats makes itself."""
    move = rng.choice(MOVES)
    return lambda x, careful: move(x)


@dataclass(frozen=True)
class Chain:
    """Some steps, one on the result of the other, and a point."""

    steps: tuple[Step, ...]
    point: Array

    def run(self, careful: bool) -> Callable[[Array], Array]:
        """The chain as a function of vectors."""

        def f(x: Array) -> Array:
            for step in self.steps:
                x = step(x, careful)
            return x

        return f


def drawn(seed: int) -> Chain | None:
    """A chain, or none if a value or a slope of the careful one is large, or a value is at an edge
    that its own convention decides.
    """
    rng = Random(seed)
    kinds = (entrywise, entrywise, sides, all_or_none, plainly, plainly)
    steps = tuple(rng.choice(kinds)(rng) for _ in range(rng.randint(2, 4)))
    point = np.array([rng.choice(STARTS) for _ in range(N)])
    chain = Chain(steps, point)
    f = chain.run(careful=True)
    value, slopes = f(point), cats.jacobian(f)(point)
    small = np.all(np.abs(value) < 1e3) and np.all(np.abs(slopes) < 1e6)
    return chain if small else None


def answers(f: Callable[[Array], Array], x: Array) -> dict[str, Array]:
    """Everything cats says of f at x, by the name of what says it."""
    rng = np.random.default_rng(1)
    weights, v = rng.integers(1, 4, N) / 2.0, rng.integers(-2, 3, N) / 2.0

    def number(z: Array) -> Array:
        return np.sum(f(z) * weights)

    slope = cats.grad(number)
    value, push = cats.linearize(f, x)
    _, pull = cats.vjp(f, x)
    return {
        "value": value,
        "jvp": cats.jvp(f, (x,), (v,))[1],
        "linearize": push(v),
        "vjp": pull(weights)[0],
        "grad": slope(x),
        "jacobian fwd": cats.jacobian(f, mode="fwd")(x),
        "jacobian rev": cats.jacobian(f, mode="rev")(x),
        "hessian": cats.hessian(number)(x),
        "hessian fwd": cats.jacobian(slope, mode="fwd")(x),
        "hessian rev": cats.jacobian(slope, mode="rev")(x),
        "hvp": cats.hvp(number, (x,), (v,)),
        "series": np.array(cats.jet(f, (x,), ([v, weights, v],))[1]),
        "third": cats.grad(lambda z: np.sum(cats.hvp(number, (z,), (v,)) * weights))(x),
    }


def check(seed: int) -> bool:
    """That the chain is differentiated as the careful one is; whether there was one."""
    chain = drawn(seed)
    if chain is None:
        return False
    expected = answers(chain.run(careful=True), chain.point)
    if not all(np.all(np.isfinite(v)) for v in expected.values()):
        return False
    found = answers(chain.run(careful=False), chain.point)
    for name, value in expected.items():
        scale = 1.0 + np.max(np.abs(value))
        assert np.all(np.isfinite(found[name])), (seed, name, found[name])
        assert np.max(np.abs(found[name] - value)) <= 1e-11 * scale, (seed, name)
    assert np.allclose(found["jacobian fwd"], found["jacobian rev"], rtol=1e-9, atol=1e-9)
    return True


def test_what_is_not_taken_never_enters() -> None:
    assert sum(check(seed) for seed in range(20)) >= 18


@pytest.mark.slow
def test_what_is_not_taken_never_enters_in_many_chains() -> None:
    assert sum(check(seed) for seed in range(20, 1000)) >= 900
