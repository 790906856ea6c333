"""Constants beside entries that vary, in random chains, where they have no finite slope.

Each chain joins a constant to what varies, or writes it in, moves the entries, and does to each
what has an infinite slope, or none, at the constant. It is written twice. As users write it, the
constant goes through like any entry; in the careful one a harmless number stands in its place, and
what becomes of the constant is put there afterwards. All modes, at every order, must give for the
first what they give for the second; and what central differences give.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import pytest

import cats
from tests.spec.test_masks import N, answers

Array = Any
Step = Callable[[Array], Array]

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def written(x: Array, c: float) -> Array:
    z = np.full(N + 2, c)
    z[1:-1] = x
    return z


def put(x: Array, c: float) -> Array:
    z = np.full((2, N), c)
    np.put(z, [0, 2, 4, 5], x)
    return z


def overwritten(x: Array, c: float) -> Array:
    z = x[:, None] * x[::-1]
    z[0, 1:] = c
    z[np.array([1, 2]), np.array([2, 0])] = c
    return z


def pairs(x: Array, c: float) -> Array:
    z = (x[:, None] + 2.0 * x) ** 2
    np.fill_diagonal(z, c)
    return z


JOINS: tuple[Callable[[Array, float], Array], ...] = (
    lambda x, c: np.concatenate([[c], np.cumsum(x)]),
    lambda x, c: np.append(x * x, c),
    lambda x, c: np.insert(x, 1, c),
    lambda x, c: np.pad(x, (1, 2), constant_values=c),
    lambda x, c: np.pad(np.outer(x, x), 1, constant_values=c),
    lambda x, c: np.block([[np.full((N, 2), c), x[:, None]]]),
    lambda x, c: np.stack([x, np.full(N, c)], axis=1),
    lambda x, c: np.where(np.eye(N) > 0, c, x),
    lambda x, c: np.select([np.arange(N) > 0], [x], c),
    written,
    put,
    overwritten,
    pairs,
)
PATTERNS: tuple[Callable[[Array], Array], ...] = (
    np.diag,
    lambda x: np.triu(np.outer(x, x)),
    lambda x: np.tril(x * np.ones((N, N)), -1),
    lambda x: np.eye(N) * x,
    lambda x: np.kron(np.eye(2), x),
    lambda x: np.array([1.0, 0.0, 1.0, 0.0]) * x,
    lambda x: np.array([[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0]]) @ x,
)
"""These make zeros, and no other constant."""

MOVES: tuple[Step, ...] = (
    lambda z: z,
    lambda z: z,
    lambda z: z.T,
    np.ravel,
    np.flip,
    lambda z: z[None],
    lambda z: z[np.array([-1, 0, 0])],
    lambda z: np.broadcast_to(z, (2, *z.shape)),
    lambda z: np.roll(z, 1, axis=0),
    lambda z: np.repeat(z, 2, axis=-1),
)
SINGULAR: dict[float, tuple[Step, ...]] = {
    0.0: (
        np.sqrt,
        np.cbrt,
        np.log,
        lambda z: z**0.3,
        lambda z: z**-1.5,
        lambda z: 1.0 / z,
        lambda z: z / (z + z**1.5),
        lambda z: z * np.log(z),
        lambda z: np.sqrt(np.sqrt(z)),
        lambda z: np.log1p(1.0 / z),
        lambda z: np.sin(np.sqrt(z)) / np.sqrt(z),
    ),
    np.inf: (
        lambda z: z**-1.5,
        lambda z: 1.0 / (z * z),
        lambda z: np.exp(-(z**2)),
        lambda z: np.tanh(z * z),
        lambda z: 1.0 / (1.0 + np.sqrt(z)),
        lambda z: z * np.exp(-z),
    ),
    1.0: (np.arctanh, lambda z: np.sqrt(np.abs(1.0 - z)), lambda z: 1.0 / (1.0 - z)),
}
ENDS: tuple[Step, ...] = (
    lambda y: y,
    np.cumsum,
    lambda y: np.sin(y) * y,
    lambda y: y - np.mean(y),
    lambda y: np.outer(y, y) @ y,
    lambda y: np.sqrt(1.0 + y * y)[::-1],
)


@dataclass(frozen=True)
class Chain:
    """A join, moves, an operation and an end, at a point; and the constant."""

    join: Callable[[Array, float], Array]
    moves: tuple[Step, ...]
    operation: Step
    end: Step
    constant: float
    harmless: float
    point: Array
    kept: bool

    def joined(self, x: Array, c: float) -> Array:
        """What varies with the constant, its entries moved."""
        z = self.join(x, c)
        for move in self.moves:
            z = move(z)
        return z

    @property
    def still(self) -> Array:
        """Where the constant is."""
        varies = [self.joined(x, self.constant) for x in (self.point, self.point + 0.01)]
        return varies[0] == varies[1]

    def run(self, careful: bool) -> Step:
        """The chain as a function of vectors."""
        still, became = self.still, self.operation(np.float64(self.constant))

        def f(x: Array) -> Array:
            z = self.joined(x, self.constant)
            if careful:
                y = self.operation(np.where(still, self.harmless, z))
                y = np.where(still, became, y)
            else:
                y = self.operation(z)
            y = self.end(np.ravel(y) if self.kept else y[~still])
            return np.cos(np.outer(np.arange(N), np.arange(1, y.size + 1))) @ y

        return f


def drawn(seed: int) -> Chain:
    """A chain: entries that become inf or nan are left out of its end, others sometimes."""
    rng = Random(seed)
    constant = rng.choice([0.0, 0.0, np.inf, 1.0])
    if constant == 0.0 and rng.random() < 0.4:
        pattern = rng.choice(PATTERNS)
        join: Any = lambda x, c: pattern(x)  # noqa: E731
    else:
        join = rng.choice(JOINS)
    operation = rng.choice(SINGULAR[constant])
    finite = np.isfinite(operation(np.float64(constant)))
    return Chain(
        join,
        tuple([rng.choice(MOVES) for _ in range(rng.randint(0, 3))]),
        operation,
        rng.choice(ENDS),
        constant,
        0.5,
        np.array([rng.uniform(0.1, 0.2) for _ in range(N)]),
        bool(finite) and rng.random() < 0.7,
    )


def is_met(chain: Chain) -> bool:
    """Whether it is of the kind meant: constants beside what varies, and a slope that is none."""
    still, c = chain.still, np.float64(chain.constant)
    slope = 0.0 * cats.grad(chain.operation)(c)
    return bool(still.any() and not still.all() and slope != 0.0)


def check(seed: int) -> None:
    """That the chain is differentiated as the careful one is, and as differences are."""
    chain = drawn(seed)
    expected, found = (answers(chain.run(careful), chain.point) for careful in (True, False))
    for name, value in expected.items():
        scale = 1.0 + np.max(np.abs(value))
        assert np.all(np.isfinite(value)), (seed, name)
        assert np.all(np.isfinite(found[name])), (seed, name, found[name])
        assert np.max(np.abs(found[name] - value)) <= 1e-11 * scale, (seed, name)
    f, h = chain.run(careful=False), 1e-7
    ends = [f(chain.point + s * h * e) for e in np.eye(N) for s in (1, -1)]
    slopes = [(a - b) / (2 * h) for a, b in zip(ends[::2], ends[1::2], strict=True)]
    jacobian = found["jacobian fwd"]
    scale = 1.0 + np.max(np.abs(jacobian))
    assert np.max(np.abs(np.stack(slopes, -1) - jacobian)) <= 1e-5 * scale, seed


def test_the_chains_are_of_the_kind_meant() -> None:
    met = [is_met(drawn(seed)) for seed in range(200)]
    assert sum(met) >= 130


def test_what_is_still_meets_no_slope() -> None:
    for seed in range(12):
        check(seed)


@pytest.mark.slow
def test_what_is_still_meets_no_slope_in_many_chains() -> None:
    for seed in range(12, 600):
        check(seed)
