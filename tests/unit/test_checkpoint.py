"""checkpoint: derivatives to the last bit under every policy, and rounds run again as few times as
can be.
"""

from __future__ import annotations

import pickle
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from math import comb
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import DerivativeError
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import slope
from cats.ir.prims.smooth import cos
from cats.ir.snapshots import advances, backwards, by_strips
from cats.policies import Policy, written
from tests.agreement import all_refused, near

Function = Callable[..., Any]
W = np.array([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6], [-0.7, 0.2, 0.1]])
H = np.array([0.8, -0.5, 0.9])
XS = np.sin(np.arange(30.0)).reshape(10, 3)

POLICIES: list[Policy | None] = [
    None,
    cats.SaveAll(),
    cats.Recompute(),
    cats.Saving("tanh"),
    cats.Saving(["h", "sin"]),
    cats.Saving(lambda step: step.op.name != "tanh"),
    cats.Budget(0),
    cats.Budget(100),
    cats.Budget(10**6),
    cats.Saving("h", "sin"),
    cats.Every(1),
    cats.Every(3),
    cats.Every(100),
    cats.Binomial(1),
    cats.Binomial(3),
    cats.Binomial(50),
]


def straight(w: Any, h: Any) -> Any:
    h = np.tanh(w @ h)
    k = np.exp(h) * np.sin(h)
    return np.sum(k * np.sqrt(k * k + 1.0))


def through_rows(w: Any, h: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = np.tanh(w @ h + x)
        return h, np.sum(h**2)

    h, ys = cats.scan(step, h, XS)
    return np.sum(h * h) + np.sum(ys * np.arange(10.0))


def from_the_end(w: Any, h: Any) -> Any:
    h, ys = cats.scan(lambda h, x: (np.sin(w @ h) * x, h), h, XS * w[0], reverse=True)
    return np.sum(h) + np.sum(np.exp(ys))


def repeated(w: Any, h: Any) -> Any:
    step: Function = lambda c: (np.tanh(w @ c[0] + h), c[1] + 1)  # noqa: E731
    return np.sum(cats.while_loop(lambda c: c[1] < 23, step, (h, 0))[0] ** 2)


def counted(w: Any, h: Any) -> Any:
    n = np.floor(h[0] ** 2 * 30.0).astype(int)
    return np.sum(cats.fori_loop(0, n, lambda i, v: np.tanh(w @ v + h * i), h) ** 2)


def never(w: Any, h: Any) -> Any:
    a = cats.while_loop(lambda v: np.sum(v) > 1e9, lambda v: np.tanh(w @ v), h)
    b, ys = cats.scan(lambda v, _: (np.tanh(w @ v), v), a, length=0)
    return np.sum(b) + np.sum(ys) + np.sum(w)


def nested(w: Any, h: Any) -> Any:
    def outer(h: Any, x: Any) -> Any:
        inner: Function = lambda i, v: np.tanh(w @ v) * x[0] + i  # noqa: E731
        return cats.cond(x[0] > 0.0, lambda v: cats.fori_loop(0, 4, inner, v), np.sin, h), x * h

    h, ys = cats.scan(outer, h, XS)
    return np.sum(h) + np.sum(ys**2)


def around(f: Function) -> Function:
    """f with something before and after it."""
    return lambda w, h: 2.0 * f(np.sin(w), h) ** 2


FUNCTIONS = [straight, through_rows, from_the_end, repeated, counted, never, nested]


def same_bits(found: Any, expected: Any) -> None:
    for a, b in zip(found, expected, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_every_policy_gives_the_same_to_the_last_bit(f: Function) -> None:
    wanted, value = cats.grad(f, (0, 1))(W, H), f(W, H)
    moved, hessian = cats.jvp(f, (W, H), (W, H)), cats.hessian(f, 1)(W, H)
    mixed = cats.grad(lambda w: np.sum(cats.grad(f, 1)(w, H) ** 2))(W)
    for policy in POLICIES:
        g = cats.checkpoint(f, policy)
        assert g(W, H) == value
        found, slopes = cats.value_and_grad(g, (0, 1))(W, H)
        same_bits([found, *slopes], [value, *wanted])
        near(cats.jvp(g, (W, H), (W, H)), moved)
        near([cats.jacrev(g, 1)(W, H), cats.jacfwd(g, 1)(W, H)], [wanted[1]] * 2)
        near(cats.hessian(g, 1)(W, H), hessian, 9)
        near(cats.grad(lambda w: np.sum(cats.grad(g, 1)(w, H) ** 2))(W), mixed, 9)  # noqa: B023
        rows = cats.vmap(cats.grad(g, 1), (None, 0))(W, np.stack([H, H[::-1], 2.0 * H]))
        near(rows, np.stack([cats.grad(f, 1)(W, h) for h in (H, H[::-1], 2.0 * H)]))
        both: Function = lambda h: np.sum(cats.vmap(g, (None, 0))(W, np.stack([h, h])))  # noqa: B023, E731
        near(cats.grad(both)(H), 2.0 * wanted[1])
        near(cats.grad(around(g))(W, H), cats.grad(around(f))(W, H))
        if policy is not None:
            same_bits(cats.vjp(f, W, H, policy=policy)[1](1.0), wanted)


def test_inside_of_loops_and_on_what_is_around() -> None:
    for policy in POLICIES:
        body = cats.checkpoint(lambda h, x: (np.tanh(W @ h) * x, {"n": np.sum(h), "i": 3}), policy)
        rolled: Function = lambda h: (lambda r: np.sum(r[0]) + np.sum(r[1]["n"] * r[1]["i"]))(  # noqa: E731
            cats.scan(body, h, XS)  # noqa: B023
        )

        def unrolled(h: Any) -> Any:
            total: Any = 0.0
            for x in XS:
                total, h = total + 3.0 * np.sum(h), np.tanh(W @ h) * x
            return np.sum(h) + total

        near(cats.grad(rolled)(H), cats.grad(unrolled)(H))
        near(cats.hessian(rolled)(H), cats.hessian(unrolled)(H), 10)
        within: Function = lambda h: np.sum(cats.checkpoint(lambda x: np.sin(h * x) * h, policy)(h))  # noqa: B023, E731
        near(cats.grad(within)(H), cats.grad(lambda h: np.sum(np.sin(h * h) * h))(H))


# How often rounds are run, and how many are held


class Counter:
    """sin, counted."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, x: Any) -> Any:
        self.times += 1
        return np.sin(x)


counter = Counter()
tick = Primitive(
    "tick",
    None,
    lambda x: x,
    linearise=lambda x, out: slope(cos(x), x),
    function=counter,
)


def times(run: Callable[[], Any]) -> int:
    """How often `tick` is run."""
    counter.times = 0
    run()
    return counter.times


OPTIMUM = {(10, 3): 15, (64, 4): 200, (64, 8): 137, (128, 7): 347, (256, 8): 804}


def loops(n: int) -> Iterator[Function]:
    """n rounds of one `tick` each."""
    yield lambda x: cats.fori_loop(0, n, lambda i, v: tick(v) * 1.01, x)
    yield lambda x: cats.scan(lambda v, w: (tick(v) * w, None), x, np.full(n, 1.01))[0]
    yield lambda x: cats.scan(lambda v, w: (tick(v) * w, None), x, np.full(n, 1.01), reverse=True)[
        0
    ]
    yield lambda x: cats.while_loop(
        lambda c: c[1] < n, lambda c: (tick(c[0]) * 1.01, c[1] + 1), (x, 0)
    )[0]
    yield lambda x: cats.fori_loop(
        0, np.floor(x * 0.0).astype(int) + n, lambda i, v: tick(v) * 1.01, x
    )


@pytest.mark.parametrize(("n", "held"), OPTIMUM)
def test_rounds_are_run_again_as_few_times_as_can_be(n: int, held: int) -> None:
    """What the optimum of Griewank and Walther says, and n runs more for the value, if asked."""
    strips = -(-n // held)
    for f in loops(n):
        cases: list[tuple[Policy, int, int]] = [
            (cats.SaveAll(), 0, n),
            (cats.Binomial(held), n, OPTIMUM[n, held]),
            (cats.Every(held), 0, n + n - strips),
        ]
        for policy, value, again in cases:
            g = cats.checkpoint(f, policy)
            for derivative, runs in [
                (cats.grad(g), again),
                (cats.value_and_grad(g), value + again),
            ]:
                derivative(0.5)
                assert times(lambda: derivative(0.5)) == runs, policy  # noqa: B023


def test_what_is_kept_is_not_run_again() -> None:
    f: Function = lambda x: np.sum(np.exp(tick(tick(x)) * x))  # noqa: E731
    x = np.linspace(0.1, 1.0, 8)
    wanted = cats.grad(f)(x)
    cases: list[tuple[Policy | None, int]] = [
        (cats.SaveAll(), 2),
        (cats.Recompute(), 4),
        (None, 4),
        (cats.Saving("tick"), 2),
        (cats.Budget(10**6), 2),
        (cats.Budget(0), 4),
    ]
    for policy, runs in cases:
        both = cats.value_and_grad(cats.checkpoint(f, policy))
        same_bits([both(x)[1]], [wanted])
        assert times(lambda: both(x)) == runs, policy  # noqa: B023


def test_few_states_are_held() -> None:
    """256 states of 10^5 numbers: what is held of them, against all of them."""
    x = np.linspace(0.0, 1.0, 100_000)
    loop: Function = lambda x: np.sum(cats.fori_loop(0, 256, lambda i, v: np.sin(v) * 1.01, x))  # noqa: E731

    def peak(policy: Policy) -> int:
        slope = cats.grad(cats.checkpoint(loop, policy))
        slope(x)
        tracemalloc.start()
        slope(x)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    whole = peak(cats.SaveAll())
    assert whole > 256 * x.nbytes
    assert peak(cats.Binomial(8)) <= 1.2 * whole * (8 + 4) / 256
    assert peak(cats.Every(16)) <= 1.2 * whole * (16 + 16 + 4) / 256


class Held:
    """A state that can be watched."""

    def __init__(self, number: int) -> None:
        self.number = number


def run_backwards(schedule: Callable[[Any], Iterator[tuple[int, Held]]]) -> tuple[int, int]:
    """How many rounds a schedule runs, and how many states it has at most; its order is checked."""
    alive: weakref.WeakSet[Held] = weakref.WeakSet()
    steps = most = 0

    def advance(i: int, state: Held) -> Held:
        nonlocal steps, most
        assert state.number == i
        made = Held(i + 1)
        alive.add(made)
        steps, most = steps + 1, max(most, len(alive))
        return made

    met = [(i, state.number) for i, state in schedule(advance)]
    assert met == [(i, i) for i in reversed(range(len(met)))]
    return steps, most


def test_the_schedule_is_optimal() -> None:
    """Against a dynamic programme over the place of the next state that is held."""
    best = {(rounds, 1): rounds * (rounds - 1) // 2 for rounds in range(1, 61)}
    for held in range(2, 8):
        best[1, held] = 0
        for rounds in range(2, 61):
            best[rounds, held] = min(
                ahead + best[rounds - ahead, held - 1] + best[ahead, held]
                for ahead in range(1, rounds)
            )
    for (rounds, held), fewest in best.items():
        steps, most = run_backwards(lambda go: backwards(go, Held(0), rounds, held))  # noqa: B023
        assert steps == fewest == advances(rounds, held)
        assert most <= held + 2  # the one that is made, the one before, and the caller's
    for (rounds, held), fewest in OPTIMUM.items():
        again = next(r for r in range(rounds) if comb(held + r, held) >= rounds)
        assert again * rounds - comb(held + again, held + 1) == fewest == advances(rounds, held)
    assert run_backwards(lambda go: backwards(go, Held(0), 0, 3)) == (0, 0)
    for rounds in range(20):
        for every in range(1, 22):
            steps, most = run_backwards(
                lambda go: by_strips(go, lambda j: Held(j * every), rounds, every)  # noqa: B023
            )
            assert steps == rounds - -(-rounds // every)
            assert most <= every


def test_numbers_and_names_as_they_come() -> None:
    number: Any = np.int64(3)
    for made in (cats.Every, cats.Budget, cats.Binomial):
        one, other = made(number), made(3)
        assert (one, repr(one), written(one)) == (other, repr(other), written(other))
    named = [cats.Saving("matmul", "h"), cats.Saving(["matmul", "h"]), cats.Saving(("matmul", "h"))]
    assert len({(n, written(n)) for n in named}) == 1
    assert pickle.loads(pickle.dumps(named[0])) == named[0]


# Errors


def test_what_is_refused() -> None:
    no: Any = cats
    all_refused(
        [
            (lambda: no.Budget(-1), DerivativeError, "in bytes is -1", "a whole number from 0 up"),
            (
                lambda: no.Budget(2.5),
                DerivativeError,
                "in bytes is 2.5",
                "a whole number from 0 up",
            ),
            (lambda: no.Every(2.0), DerivativeError, "two that are kept is 2.0", "from 1 up"),
            (lambda: no.Every(0), DerivativeError, "two that are kept is 0", "from 1 up"),
            (lambda: no.Every(True), DerivativeError, "two that are kept is True", "from 1 up"),
            (lambda: no.Binomial(0), DerivativeError, "that are held is 0", "from 1 up"),
            (lambda: no.Binomial("8"), DerivativeError, "that are held is '8'", "from 1 up"),
            (lambda: no.checkpoint(np.sin, 3), DerivativeError, "3 is no policy", "Give one of"),
            (
                lambda: no.checkpoint(np.sin, cats.Every),
                DerivativeError,
                "is no policy",
                "Give one of",
            ),
            (
                lambda: no.vjp(np.sin, 1.0, policy="all"),
                DerivativeError,
                "'all' is no",
                "Give one of",
            ),
            (lambda: no.Saving("h", 3), DerivativeError, "('h', 3) says not which", "names of"),
            (lambda: no.Saving(np.sin, "h"), DerivativeError, "says not which", "names of"),
            (lambda: no.Saving(3), DerivativeError, "3 says not which", "names of operations"),
        ]
    )
