"""Jets are nested derivatives, of any order, through every word, in O(k^2) operations."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from fractions import Fraction
from math import factorial
from typing import Any

import numpy as np
import pytest
import sympy as sp

import cats

Array = Any
Function = Callable[[Any], Any]


def along(f: Function) -> Function:
    """The derivative forwards."""
    return lambda t: cats.jvp(f, (t,), (1.0,))[1]


def nested(f: Function, k: int) -> Function:
    """The k-th derivative, forward over forward."""
    for _ in range(k):
        f = along(f)
    return f


A = np.array([2.0, 3.0, 5.0])

REVERSED = cats.custom_vjp(np.sin)
REVERSED.defvjp(lambda x: (np.sin(x), x), lambda x, ct: (ct * np.cos(x),))

LOOPED = cats.custom_jvp(lambda x: x**4)
LOOPED.defjvp(
    lambda p, t: (LOOPED(p[0]), 4.0 * t[0] * cats.fori_loop(0, 3, lambda i, c: c * p[0], 1.0))
)

DOUBLING = cats.custom_jvp(np.exp)
DOUBLING.defjvp(
    lambda p, t: (DOUBLING(p[0]), cats.cond(p[0] > 0, DOUBLING, lambda x: DOUBLING(x), p[0]) * t[0])
)

FUNCTIONS: dict[str, Function] = {
    "tanh": np.tanh,
    "log": lambda x: np.log(x + 3),
    "power": lambda x: (x + 3) ** 2.5,
    "root": lambda x: np.sqrt(x * x + 1),
    "quotient": lambda x: np.sin(x) / (1 + x * x),
    "angles": lambda x: np.arctan2(x, 2.0) + np.arctan(x) + np.hypot(x, 1.0),
    "logaddexp": lambda x: np.logaddexp(x, 2 * x) + np.expm1(x),
    "kinks": lambda x: np.where(x > 0, x**3, x**2) + np.abs(x) * x,
    "det": lambda x: np.linalg.det(np.array([[x, 1.0], [2.0, x * x]])),
    "solve": lambda x: np.linalg.solve(np.array([[x + 3, 1.0], [2.0, 4.0]]), np.array([1.0, x]))[0],
    "eigenvalues": lambda x: np.linalg.eigvalsh(np.array([[x + 3, 1.0], [1.0, x * x]]))[1],
    "products": lambda x: np.prod(np.array([x, x + 1, x + 2])) + np.cumprod(np.array([x, x]))[1],
    "matrices": lambda x: (np.array([[x, 1.0], [0.0, x]]) @ np.array([[1.0, x], [x, x]])).sum(),
    "scan": lambda x: cats.scan(lambda c, y: (np.sin(c) * y + x, c), x, np.array([0.3, 0.4]))[0],
    "while": lambda x: cats.while_loop(
        lambda c: c[1] < 4, lambda c: (np.sin(c[0]) + x, c[1] + 1), (x, 0)
    )[0],
    "cond": lambda x: cats.cond(x > 0, np.exp, lambda x: x**4, x),
    "checkpoint": lambda x: cats.checkpoint(lambda x: np.sin(np.exp(x)))(x),
    "linear solve": lambda x: cats.linear_solve(
        lambda y: np.array([[x + 3, 1.0], [2.0, 4.0]]) @ y, np.array([1.0, x])
    )[0],
    "a system with a loop in it": lambda x: cats.linear_solve(
        lambda y: cats.fori_loop(0, 3, lambda i, z: z * (x + 2), y), x * x
    ),
    "fixed point": lambda x: cats.fixed_point(lambda y: np.cos(x * y) / 2, 0.3),
    "cubic root": lambda x: cats.root(lambda y: y * y * y + y - x, 1.0),
    "root of a loop": lambda x: cats.root(
        lambda y: cats.fori_loop(0, 2, lambda i, z: z + z * z * z, y) - x, 0.1
    ),
    "roots": lambda x: np.sum(cats.vmap(lambda a: cats.root(lambda y: y * y - a - x, 2.0))(A)),
    "root in a loop": lambda x: cats.fori_loop(
        0, 3, lambda i, z: cats.root(lambda y: y * y * y + y - z, 1.0), x
    ),
    "said in reverse": lambda x: REVERSED(x) * x,
    "said by a loop": lambda x: LOOPED(2 * x),
    "said by itself": lambda x: DOUBLING(x),
    "choice of a choice": lambda x: cats.cond(
        x > 0, lambda x: cats.cond(x < 1, lambda x: x**3, np.exp, x), lambda x: 1.0, x
    ),
    "carries that stand still": lambda x: cats.fori_loop(
        0, 3, lambda i, c: (c[0] * x, c[1] * 2.0, c[0] * c[1]), (1.0, 1.5, x)
    )[2],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_jet_is_the_derivatives(name: str) -> None:
    f = FUNCTIONS[name]
    for x in (0.7, -0.4):
        value, found = cats.jet(f, (x,), ([1.0, 0.0, 0.0, 0.0, 0.0],))
        np.testing.assert_allclose(value, f(x), rtol=1e-12)
        for k, derivative in enumerate(found, 1):
            np.testing.assert_allclose(derivative, nested(f, k)(x), rtol=1e-8, atol=1e-8)


COMPOSED: dict[str, tuple[Function, float]] = {
    "square of a length": (lambda t: np.linalg.norm(np.array([t, 2 * t])) ** 2, 0.0),
    "square of a spread": (lambda t: np.std(np.array([t, 2 * t, -t])) ** 2, 0.0),
    "fourth power of a length": (lambda t: np.hypot(t, 3 * t) ** 4, 0.0),
    "square of a size": (lambda t: np.abs(t) ** 2, 0.0),
    "power of a size": (lambda t: np.abs(t) ** 2.5, 0.0),
    "square of a ramp": (lambda t: np.maximum(t, 0.0) ** 2, 0.0),
    "length of one": (lambda t: np.sqrt(t * t) + np.sqrt(t**4) + np.cbrt(t**3), 0.0),
    "roots raised": (lambda t: np.sqrt(t) ** 2 + np.cbrt(t) ** 3, 0.0),
    "exponential of a logarithm": (lambda t: np.exp(np.log(t)) + np.exp(2 * np.log(t)), 0.0),
    "softplus": (lambda t: np.log(1 + np.exp(t)) + np.log(np.cosh(t)), 800.0),
    "logistic": (lambda t: 1 / (1 + np.exp(t)), 800.0),
    "in a loop": (
        lambda t: cats.fori_loop(0, 2, lambda i, c: c + np.abs(c - i) ** 2 * t, t),
        0.0,
    ),
    "in a choice": (lambda t: cats.cond(t > -1, lambda t: np.abs(t) ** 2, np.exp, t), 0.0),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", COMPOSED)
def test_a_jet_sees_compositions_as_nested_derivatives_do(name: str) -> None:
    """That each smoothing is the same at every order: tests/spec/test_smoothing.py."""
    f, x = COMPOSED[name]
    _, found = cats.jet(f, (x,), ([1.0, 0.0, 0.0, 0.0],))
    wanted = [nested(f, k)(x) for k in range(1, 5)]
    assert np.all(np.isfinite(wanted[:2]))
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)


def test_a_jet_along_a_curve_of_several_arguments() -> None:
    x, y, bend = np.array([0.1, 0.2]), np.array([1.0, 2.0]), np.array([0.5, 0.1])

    def f(x: Array, y: Array) -> Array:
        return np.sum(np.sin(x) * y)

    def curve(t: Array) -> Array:
        return f(x + t + t * t / 2 * bend, y + t * y + t * t / 2 * x)

    _, found = cats.jet(f, (x, y), ([np.ones(2), bend], [y, x]))
    np.testing.assert_allclose(found, [nested(curve, k)(0.0) for k in (1, 2)], rtol=1e-10)


def test_ten_orders_of_tanh() -> None:
    t = sp.Symbol("t")
    for x in (-1.0, 0.3, 2.0):
        terms = cats.taylor(np.tanh, x, 10)
        for k, term in enumerate(terms):
            wanted = sp.diff(sp.tanh(t), t, k).subs(t, sp.Rational(str(x))).evalf(40)
            assert term * factorial(k) == pytest.approx(float(wanted), rel=1e-9)


def test_cost_grows_with_the_square_of_the_order() -> None:
    def jets(k: int) -> int:
        return cats.count(lambda x: cats.taylor(np.tanh, x, k)[-1], 0.3).total

    assert all(jets(k) <= 4 * k * k for k in (2, 4, 8, 16))
    assert jets(16) <= 4.2 * jets(8)
    assert all(cats.count(nested(np.tanh, k), 0.3).total <= 3 * k * k for k in (2, 4, 8))
    f: Any = np.tanh
    for k in range(1, 7):
        f = cats.grad(f)
        assert cats.count(f, 0.3).total <= 1.5 * 2.3**k + 2


def test_eight_derivatives_of_sin_are_one_sin_and_five_of_a_quartic_none() -> None:
    f: Any = np.sin
    for _ in range(8):
        f = cats.grad(f)
    assert dict(cats.count(f, 0.3).entries) == {"sin": 1}

    def quartic(x: Array) -> Array:
        return 3 * x**4 + 2 * x - 1

    g: Any = quartic
    for _ in range(5):
        g = cats.grad(g)
    assert [s.op.name for s in cats.simplify(cats.trace(g, 1.0)).steps] == ["const"]
    fifth: Any = lambda x: x**5 + 2 * x  # noqa: E731
    for _ in range(4):
        fifth = cats.grad(fifth)
    assert fifth(-3.0) == -360.0


@pytest.mark.parametrize(("x", "y"), [(0.0, 1.0), (0.0, 2.0), (0.0, 3.0), (-1.0, 3.0), (2.0, 2.5)])
def test_what_is_given_as_nothing_does_not_vary(x: float, y: float) -> None:
    """x**y where its slope in y is infinite or nan, and y stands still."""

    def f(x: Array, y: Array) -> Array:
        return x**y

    along_x, wanted, slope = f, [], f
    found = []
    for _ in range(3):
        slope = cats.grad(slope)
        wanted.append(slope(x, y))
        along_x = (lambda g: lambda x, y: cats.jvp(g, (x, y), (1.0, 0.0))[1])(along_x)
        found.append(along_x(x, y))
    assert np.all(np.isfinite(wanted))
    nothing = [0.0, 0.0, 0.0]
    jets = [
        cats.jet(f, (x, y), ([1.0, 0.0, 0.0], nothing))[1],
        cats.jet(f, (np.full(2, x), np.full(2, y)), ([np.ones(2), *[np.zeros(2)] * 2],
                 [np.zeros(2)] * 3))[1],
        cats.jet(lambda d: f(d["x"], d["y"]), ({"x": x, "y": y},),
                 ([{"x": 1.0, "y": 0.0}, *[{"x": 0.0, "y": 0.0}] * 2],))[1],
    ]  # fmt: skip
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    for derivatives in jets:
        np.testing.assert_allclose(np.array(derivatives).T, np.broadcast_to(
            wanted, np.array(derivatives).T.shape), rtol=1e-12)  # fmt: skip
    value, moved = cats.jet(f, (x, y), (nothing, nothing))
    assert (value, moved) == (f(x, y), nothing)
    assert cats.jvp(f, (x, y), (0.0, 0.0)) == (f(x, y), 0.0)


def test_terms_go_where_factorials_do_not() -> None:
    geometric = [cats.taylor(lambda x: 1 / (1 - x), x, 200) for x in (0.0, np.float32(0.0))]
    for terms in geometric:
        assert terms == [1.0] * 201 and {t.dtype for t in terms} == {terms[0].dtype}
    tail = cats.taylor(np.exp, 0.0, 171)[-1]
    assert float(Fraction(float(tail)) * factorial(171)) == pytest.approx(1.0, rel=1e-9)
    logarithm = cats.taylor(lambda x: np.log(1 + x), 0.0, 200)
    np.testing.assert_allclose([n * c for n, c in enumerate(logarithm)][1:], [1.0, -1.0] * 100)


def test_a_quotient_is_one_convolution() -> None:
    def steps(k: int) -> int:
        return cats.count(lambda x: cats.taylor(lambda x: np.sin(x) / (2 + x * x), x, k), 0.3).total

    assert steps(32) <= 4.2 * steps(16)
    t = sp.Symbol("t")
    wanted = sp.series(sp.sin(t) / (2 + t * t), t, sp.Rational(1, 2), 9).removeO()
    shifted = sp.Poly(sp.expand(wanted.subs(t, t + sp.Rational(1, 2))), t)
    found = cats.taylor(lambda x: np.sin(x) / (2 + x * x), 0.5, 8)
    np.testing.assert_allclose(
        found, [float(shifted.coeff_monomial(t**k)) for k in range(9)], rtol=1e-12
    )


def test_a_series_that_nests_too_deep_is_told() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 300)
    try:
        with pytest.raises(cats.DerivativeError, match="a series of 60 terms") as caught:
            cats.taylor(lambda x: x**2.5, 1.0, 60)
    finally:
        sys.setrecursionlimit(limit)
    assert caught.value.remedy == "Ask for fewer terms."
    assert len(cats.taylor(lambda x: x**2.5, 1.0, 60)) == 61


CHOSEN: tuple[Function, ...] = (
    lambda x: np.sqrt(np.where(x > 0, x, 0.0)),
    lambda x: np.where(x > 0, np.log(x) * np.sqrt(x), 0.0) ** 2,
    lambda x: np.where(x > 0, 1 / np.sqrt(x), 2.0) * np.where(x > 0, np.log(x), 3.0),
    lambda x: np.sum(np.sqrt(np.outer(np.where(x > 0, x, 0.0), np.where(x > 0, 2.0, np.zeros(2))))),
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", CHOSEN)
def test_what_is_not_taken_enters_no_term(f: Function) -> None:
    assert cats.jet(f, (-1.0,), ([1.0, 1.0, 0.0],))[1] == [0.0, 0.0, 0.0]


def test_jets_within_other_derivatives() -> None:
    def third(x: Array) -> Array:
        return cats.taylor(np.tanh, x, 3)[3]

    assert cats.grad(third)(0.3) == pytest.approx(4 * cats.taylor(np.tanh, 0.3, 4)[4], rel=1e-10)
    points = np.array([0.0, 1.0])
    terms = cats.vmap(lambda x: cats.taylor(np.exp, x, 3)[3])(points)
    np.testing.assert_allclose(terms, np.exp(points) / 6)


def test_custom_derivatives_are_heeded() -> None:
    twice = cats.custom_jvp(lambda x: x * x)
    twice.defjvp(lambda p, t: (p[0] * p[0], 5.0 * p[0] * t[0]))
    _, found = cats.jet(lambda x: twice(x), (2.0,), ([1.0, 0.0],))
    assert [float(d) for d in found] == [10.0, 5.0]


def reading_around(x: Array) -> Array:
    scaled = cats.custom_jvp(lambda y: x * y)
    scaled.defjvp(lambda p, t: (x * p[0], x * t[0]))
    return scaled(2.0 * x)


def test_what_stands_still_may_be_read_around() -> None:
    def f(x: Array) -> Array:
        def body(i: Array, carry: Array) -> Array:
            y, still = carry
            scaled = cats.custom_jvp(lambda y: still * y)
            scaled.defjvp(lambda p, t: (still * p[0], still * t[0]))
            return scaled(y) * y, still + 1.0

        return cats.fori_loop(0, 2, body, (x, 2.0))[0]

    np.testing.assert_allclose(cats.taylor(f, 0.5, 4), [12 * 0.5**4, 6.0, 18.0, 24.0, 12.0])


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    def f(x: Array) -> Array:
        for _ in range(3000):
            x = np.sin(x) * 1.001
        return x

    assert np.isfinite(cats.taylor(f, 0.3, 2)[2])


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: cats.jet(np.sin, (1.0,), ([1.0], [1.0])), cats.SpaceError, "1 primals"),
        (lambda: cats.jet(np.sin, (1.0,), ([np.ones(2)],)), cats.SpaceError, "derivative 1"),
        (lambda: cats.taylor(np.sin, 1, 2), cats.DerivativeError, "nothing real"),
        (lambda: cats.taylor(np.sin, 1.0, -1), cats.SpaceError, "is -1, and must"),
        (lambda: cats.taylor(np.sin, 1.0, 1.5), cats.SpaceError, "is 1.5, and must"),  # type: ignore[arg-type]
        (
            lambda: cats.jet(np.exp, (0.0,), ([1.0] * 171,)),
            cats.DerivativeError,
            "171! or 1/171! is no number of float64",
        ),
        (
            lambda: cats.jet(np.exp, (np.float32(0),), ([1.0] * 40,)),
            cats.DerivativeError,
            "no number of float32",
        ),
        (lambda: cats.taylor(reading_around, 0.3, 2), cats.DerivativeError, "nothing of a value"),
    ],
)
def test_mistakes_are_told(call: Any, error: Any, said: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert said in caught.value.message and caught.value.remedy


def test_series_through_writes_at_places_of_arrays_of_one_entry() -> None:
    """Index arrays are places, and 0 is the only one that is always there."""

    def f(x: Any) -> Any:
        y = x.copy()
        np.fill_diagonal(y, x[0, 0])
        np.put(y, [1], x[1, 1])
        return np.sum(y**3) + np.sum(y[:1][[0]]) * x[0, 0]

    at, along = np.ones((2, 2)), np.full((2, 2), 0.5)
    terms = cats.taylor(lambda t: f(at + t * along), 0.0, 3)
    found: Any = lambda t: f(at + t * along)  # noqa: E731
    for n, term in enumerate(terms):
        assert term == pytest.approx(float(found(0.0)) / factorial(n))
        found = cats.grad(found)
