"""Entries that are still: which they are, what is known of them, and where they are masked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats
from cats.derive import derive
from cats.ir.linear_program import SumStep
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.choice import greater, keep, select, sign
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import gather
from cats.ir.prims.joining import concatenate
from cats.ir.prims.smooth import sqrt
from cats.ir.spaces import INT, Real
from cats.ir.wire import Builder, Wire
from cats.known import Knowledge
from cats.still import Still
from tests.spec.test_still import drawn

Array = Any
X = np.array([1.3, 1.7])
V = np.array([0.3, 0.9])

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def moving(f: Callable[[Array], Array], x: Array) -> Array | None:
    """Which entries of f may vary, read from its derivative."""
    d = derive(cats.trace(f, x))
    builder = Builder.over(d.primal)
    residuals = [builder.wires[o] for o in d.primal.outputs[d.count :]]
    known = Knowledge(builder)
    still = Still([None], d.linear.steps, known, lambda r: residuals[r.position])
    found = still.moving(d.linear.outputs[0])
    assert not isinstance(found, Wire)
    return found


def masks(f: Callable[..., Array], *args: Array, active: int = 0) -> int:
    """How often the derivative of f masks a tangent."""
    steps = derive(cats.trace(f, *args), [active]).linear.steps
    terms = [t for s in steps if isinstance(s, SumStep) for t in s.terms]
    return sum(t.leaf is not None and t.leaf.op is keep for t in terms)


def test_entries_move_where_the_jacobian_is_not_zero() -> None:
    for seed in range(60):
        chain = drawn(seed)
        found = moving(lambda x, c=chain: c.joined(x, c.constant), chain.point)  # type: ignore[misc]
        expected = ~chain.still
        assert np.array_equal(np.ones(expected.shape, bool) if found is None else found, expected)


def test_what_is_added_moves_where_a_part_does() -> None:
    cases: tuple[tuple[Any, Any], ...] = (
        (lambda x: np.cumsum(np.array([0.0, 1.0, 0.0]) * x[0]), [0, 1, 1]),
        (lambda x: np.append(x, 1.0)[1:] + np.append(x, 1.0)[1:] ** 2, [1, 0]),
        (lambda x: np.append(x[:1], 1.0) + np.append(1.0, np.sin(x[:1])), None),
    )
    for f, expected in cases:
        found = moving(f, X)
        assert (found if found is None else found.tolist()) == expected


def joined(x: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(x)])


def test_a_tangent_is_masked_only_where_a_slope_may_be_infinite() -> None:
    assert masks(lambda x: np.sin(joined(x)) * joined(x) + np.exp(joined(x)), X) == 0
    assert masks(lambda x: np.sqrt(joined(x) + 1.0) / (joined(x) + 2.0), X) == 0
    assert masks(lambda x: np.sqrt(np.cumsum(x)) / x, X) == 0
    assert masks(lambda x: np.sqrt(joined(x)), X) == 1


def test_a_tangent_is_masked_once() -> None:
    assert masks(lambda x: (lambda z: np.sqrt(z) + np.cbrt(z) + z**0.3)(joined(x)), X) == 1


def test_what_is_given_may_be_anything_usual() -> None:
    def f(c: Array, x: Array, g: Callable[[Array], Array]) -> Array:
        return np.sum(g(np.concatenate([c, x]))[1:])

    for g, count in ((np.sqrt, 1), (np.arctanh, 1), (np.reciprocal, 1), (np.tanh, 0), (np.exp, 0)):
        assert masks(lambda c, x, g=g: f(c, x, g), np.ones(1), X, active=1) == count
    for c in (0.0, 1.0):
        found = cats.jacfwd(lambda c, x: f(c, x, np.arctanh), 1)(np.array([c]), X / 2)
        assert np.allclose(found, 1 / (1 - X**2 / 4))


def test_entries_that_do_not_move_at_all_have_no_tangent() -> None:
    d = derive(cats.trace(lambda x: np.sqrt(joined(x)[:1]), X))
    assert d.linear.steps == ()
    assert cats.jacobian(lambda x: np.sqrt(joined(x)[:1]))(X).tolist() == [[0.0, 0.0]]


# Words

WORDS: dict[str, Callable[[Array], Array]] = {
    "call": lambda x: np.sum(cats.checkpoint(np.sqrt)(joined(x))),
    "case": lambda x: np.sum(cats.cond(x[0] > 0, np.sqrt, np.sin, joined(x))),
    "loop": lambda x: in_a_loop(joined(x)),
    "out of a call": lambda x: np.sum(np.sqrt(cats.checkpoint(joined)(x))),
    "out of a case": lambda x: np.sum(np.sqrt(cats.cond(x[0] > 0, joined, doubled, x))),
    "made in a loop": lambda x: cats.fori_loop(0, 3, lambda i, s: s + roots(x), 0.0) / 3,
}


def roots(x: Array) -> Array:
    return np.sum(np.sqrt(joined(x)))


def doubled(x: Array) -> Array:
    return 2.0 * joined(x)


def in_a_loop(z: Array) -> Array:
    return cats.scan(lambda c, t: (c + t * np.sum(np.sqrt(z)), c), 0.0, np.ones(3))[0] / 3


@pytest.mark.parametrize("f", WORDS.values(), ids=WORDS)
def test_words_are_told_what_is_still_and_tell_it(f: Callable[[Array], Array]) -> None:
    slope, bend = cats.grad(roots)(X) @ V, cats.jvp(cats.grad(roots), (X,), (V,))[1]
    assert np.all(np.isfinite(bend))
    assert np.isclose(cats.grad(f)(X) @ V, slope)
    assert np.isclose(cats.jvp(f, (X,), (V,))[1], slope)
    assert np.allclose(cats.hvp(f, (X,), (V,)), bend)


# Places that are no constants


def scattered(x: Array, places: Array) -> Array:
    z = np.zeros((4, 2))
    z[places] = np.outer(x, x)
    return np.sqrt(z.T)


def overwritten(x: Array, places: Array) -> Array:
    z = np.append(np.cumsum(x), 1.0)
    z[places] = 0.0
    return z**0.3


def taken(x: Array, places: Array) -> Array:
    return np.cbrt(np.concatenate([[0.0, 1.0], x])[places])


def in_order(x: Array, places: Array) -> Array:
    return np.sqrt(np.sort(np.concatenate([x, np.zeros(2)]))) + places[0]


PLACES = (scattered, overwritten, taken, in_order)


@pytest.mark.parametrize("f", PLACES)
def test_entries_may_be_still_at_places_that_are_given(f: Callable[[Array, Array], Array]) -> None:
    places, h = np.array([2, 0]), 1e-6
    weights = np.cos(np.arange(f(X, places).size)).reshape(f(X, places).shape)

    def number(x: Array, places: Array) -> Array:
        return np.sum(f(x, places) * weights)

    expected = (number(X + h * V, places) - number(X - h * V, places)) / (2 * h)
    assert np.isclose(cats.grad(number)(X, places) @ V, expected)
    assert np.isclose(cats.jacfwd(number)(X, places) @ V, expected)
    assert np.isclose(cats.jvp(lambda x: number(x, places), (X,), (V,))[1], expected)
    assert np.isclose(cats.jet(lambda x: number(x, places), (X,), ([V],))[1][0], expected)
    bends = [cats.hessian(number)(X, places), cats.jacfwd(cats.jacfwd(number))(X, places)]
    ends = [cats.grad(number)(X + s * h * V, places) for s in (1, -1)]
    assert np.allclose(bends @ V, (ends[0] - ends[1]) / (2 * h), atol=1e-5)


def test_places_that_are_given_are_not_told_to_words() -> None:
    def f(x: Array, places: Array) -> Array:
        z = np.zeros(4)
        z[places] = x
        return np.sum(cats.checkpoint(lambda z: 1.0 / (z - 2.0))(z))

    for mode in (cats.jacfwd, cats.jacrev):
        assert np.allclose(mode(f)(X, np.array([2, 0])), -1.0 / (X - 2.0) ** 2)


# What is known


def knowledge(build: Callable[..., Any], *inputs: Any) -> list[Any] | None:
    """What is known of what is built from inputs of which nothing is known; None in its gaps."""
    builder = Builder(inputs)
    found = Knowledge(builder).of(build(*builder.wires))
    if found is None:
        return None
    pairs = zip(found.array.ravel().tolist(), found.where.ravel().tolist(), strict=True)
    return [value if told else None for value, told in pairs]


R2 = Real((2,))
MASK = np.array([True, False])


def test_a_value_is_known_where_it_does_not_depend_on_what_is_not() -> None:
    assert knowledge(lambda x: concatenate(x, np.array([0.0]), axis=0), R2) == [None, None, 0.0]
    assert knowledge(lambda x: sqrt(concatenate(x, np.array([4.0]), axis=0)), R2) == [None, None, 2]
    assert knowledge(lambda x: mul(x, np.array([0.0, 1.0])), R2) == [0.0, None]
    assert knowledge(lambda x: select(MASK, np.array([np.inf, 1.0]), x), R2) == [np.inf, None]
    assert knowledge(lambda x: contract(np.eye(2), x, spec="ab,b->a"), R2) is None
    assert knowledge(lambda x: contract(np.eye(1, 2), x, spec="ab,c->abc"), R2) == [
        None,
        None,
        0,
        0,
    ]


def test_of_signs_and_places_nothing_is_known() -> None:
    assert knowledge(lambda x: sqrt(x), R2) is None
    assert knowledge(lambda x: sign(x), R2) is None
    assert knowledge(lambda i: gather(np.ones(2), i), INT) is None
    assert knowledge(lambda x: greater(x, np.zeros(2)), R2) is None


def test_constants_are_known_whole() -> None:
    builder = Builder([R2])
    one = builder.lift(np.array([1.0, np.nan]))
    known = Knowledge(builder)
    found = known.of(add(one, one))
    assert found is not None and found.whole and found.where.all()
    assert known.whole(one) and not known.whole(mul(builder.wires[0], one))


def test_a_value_is_not_worked_out_at_more_than_it_takes_to_read_it() -> None:
    large = np.ones((50, 50))
    builder = Builder()
    assert Knowledge(builder).of(contract(builder.lift(large), large, spec="ab,bc->ac")) is None
