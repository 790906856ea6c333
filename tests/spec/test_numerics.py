"""How exact derivatives are: against a reference of as many digits as it takes, far out too.

A first or second derivative is wrong by at most 32 units in the last place of its largest entry;
of most functions that holds for every entry by itself, however small it is. The reference is
sympy's derivative, evaluated with more and more digits until 30 of them settle.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import cats
from cats.ir.prims import VOCABULARY
from cats.ir.prims.layout import sum as total
from cats.ir.spaces import Real
from cats.ir.wire import Builder
from cats.pipeline import gradient
from tests.linear_programs import run
from tests.values import examples

MOST = 32.0
"""Units in the last place."""

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
X, Y = sp.symbols("x y", real=True)
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])


# The reference


@cache
def compiled(formula: Any) -> Callable[..., Any]:
    return sp.lambdify((X, Y), formula, "mpmath")  # type: ignore[no-any-return]


def reference(formula: Any, *at: Any) -> Any:
    """The real value of a formula: 30 digits of it are those that twice as many digits give."""
    f, before = compiled(formula), mp.mpf(0)
    for digits in (60, 180, 540, 1100):
        with mp.workdps(digits):
            now = mp.re(f(*[mp.mpf(float(v)) for v in (*at, 0.0)[:2]]))
        if now != 0 and abs(now - before) <= abs(now) * mp.mpf(10) ** -30:
            break
        before = now
    return now


def units(found: Any, exact: Any, beside: Any = 0) -> float:
    """How many units in the last place of the exact value, or of a larger one beside it."""
    info = np.finfo(np.asarray(found).dtype)
    largest = max(abs(exact), abs(beside), mp.mpf(float(info.tiny)))
    if largest > mp.mpf(float(info.max)) * mp.mpf("0.99"):
        return 0.0 if not np.isnan(found) else np.inf
    if not np.isfinite(found):
        return float("inf")
    last = mp.ldexp(mp.mpf(float(info.eps)), int(mp.floor(mp.log(largest, 2))))
    return float(abs(mp.mpf(float(found)) - exact) / last)


def test_the_reference_knows_what_cancels_and_units_are_units() -> None:
    assert mp.almosteq(reference(1 - sp.tanh(X) ** 2, 300.0), 4 * mp.exp(-600), rel_eps=1e-30)
    assert float(reference(sp.log(1 + X), 1e-300)) == 1e-300
    assert units(np.float64(1.0 + 2.0**-52), mp.mpf(1)) == 1.0
    assert units(np.float32(1.0 + 2.0**-22), mp.mpf(1)) == 2.0
    assert units(np.float64(3.0), mp.mpf(1), beside=mp.mpf(2.0**52)) == 2.0
    assert units(np.float64(np.nan), mp.mpf(1)) == units(np.float64(np.inf), mp.mpf(1)) == np.inf


# Functions of one number


def spaced(low: float, high: float, count: int = 24) -> list[float]:
    """Numbers evenly spread by their size, none of them round."""
    return [float(v) for v in np.exp(np.linspace(np.log(low * 1.01), np.log(high), count))]


def signed(low: float, high: float) -> list[float]:
    return [sign * v for v in spaced(low, high) for sign in (1.0, -1.0)]


def near_one() -> list[float]:
    return [sign * (1.0 - v) for v in spaced(1e-15, 0.1) for sign in (1.0, -1.0)]


def expit(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def softplus(x: Any) -> Any:
    return np.log(1.0 + np.exp(x))


def stable_softplus(x: Any) -> Any:
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def occupation(x: Any) -> Any:
    return 1.0 / np.expm1(x)


CBRT = sp.sign(X) * sp.Abs(X) ** sp.Rational(1, 3)
SINC = sp.sin(sp.pi * X) / (sp.pi * X)
ONE: dict[Callable[..., Any], tuple[Any, list[float]]] = {
    np.exp: (sp.exp(X), signed(1e-300, 700.0)),
    np.exp2: (2**X, signed(1e-300, 1000.0)),
    np.expm1: (sp.exp(X) - 1, signed(1e-300, 700.0)),
    np.log: (sp.log(X), spaced(1e-300, 1e300)),
    np.log2: (sp.log(X) / sp.log(2), spaced(1e-300, 1e300)),
    np.log10: (sp.log(X) / sp.log(10), spaced(1e-300, 1e300)),
    np.log1p: (sp.log(1 + X), [*spaced(1e-300, 1e300), *[v - 1.0 for v in spaced(1e-15, 0.99)]]),
    np.sqrt: (sp.sqrt(X), spaced(5e-324, 1e300)),
    np.cbrt: (CBRT, signed(5e-324, 1e300)),
    np.sin: (sp.sin(X), signed(1e-300, 1e5)),
    np.cos: (sp.cos(X), signed(1e-300, 1e5)),
    np.tan: (sp.tan(X), signed(1e-300, 1e3)),
    np.arcsin: (sp.asin(X), [*signed(1e-300, 0.9), *near_one()]),
    np.arccos: (sp.acos(X), [*signed(1e-300, 0.9), *near_one()]),
    np.arctan: (sp.atan(X), signed(1e-300, 1e300)),
    np.sinc: (SINC, signed(1e-300, 1e12)),
    np.sinh: (sp.sinh(X), signed(1e-300, 700.0)),
    np.cosh: (sp.cosh(X), signed(1e-300, 700.0)),
    np.tanh: (sp.tanh(X), signed(1e-300, 350.0)),
    np.arcsinh: (sp.asinh(X), signed(1e-300, 1e300)),
    np.arccosh: (sp.acosh(X), [1.0 + v for v in spaced(1e-15, 1e300)]),
    np.arctanh: (sp.atanh(X), [*signed(1e-300, 0.9), *near_one()]),
    np.reciprocal: (1 / X, signed(1e-150, 1e150)),
    np.square: (X**2, signed(1e-150, 1e150)),
    expit: (1 / (1 + sp.exp(-X)), signed(1e-300, 700.0)),
    softplus: (sp.log(1 + sp.exp(X)), signed(1e-300, 700.0)),
    stable_softplus: (sp.log(1 + sp.exp(X)), signed(1e-300, 700.0)),
    occupation: (1 / (sp.exp(X) - 1), signed(1e-3, 600.0)),
}
"""What each function is, and where it is tried."""


def tried(points: Iterable[float], dtype: Any) -> Any:
    """Those of the points that the width holds, each once."""
    found = np.unique(np.asarray(list(points)).astype(dtype))
    return found[np.isfinite(found) & (found != 0)]


def slopes(f: Callable[..., Any], x: Any, order: int) -> Any:
    """The derivative of each entry."""
    g = f
    for _ in range(order):
        g = cats.grad(lambda v, g=g: np.sum(g(v)))
    return g(x)


def smooth(formula: Any) -> Any:
    """The formula without what sympy says of the origin, where nothing is tried."""
    return formula.replace(sp.DiracDelta, lambda *_: sp.Integer(0))


@DTYPES
@pytest.mark.parametrize("f", ONE, ids=lambda f: f.__name__)
def test_every_entry_keeps_its_digits_far_out(f: Callable[..., Any], dtype: Any) -> None:
    """First and second derivative."""
    formula, points = ONE[f]
    x = tried(points, dtype)
    if f in (np.arcsin, np.arccos, np.arctanh):
        x = x[np.abs(x) < 1]
    if f is np.log1p:
        x = x[x > -1]
    if f is np.arccosh:
        x = x[x > 1]
    for order in (1, 2):
        found, derived = slopes(f, x, order), smooth(sp.diff(formula, X, order))
        assert found.dtype == dtype
        worst = max((units(v, reference(derived, at)), at) for v, at in zip(found, x, strict=True))
        assert worst[0] <= MOST, (order, worst)


@pytest.mark.parametrize("f", [np.tanh, np.sinc, np.arctan, np.log1p, expit, softplus])
def test_the_third_derivative_keeps_its_digits_as_well(f: Callable[..., Any]) -> None:
    """Where it crosses zero, up to 32 units of 1."""
    formula, points = ONE[f]
    x, derived = tried(points, np.float64), sp.diff(formula, X, 3)
    x = x[np.abs(x) > 1e-200]
    for value, at in zip(slopes(f, x, 3), x, strict=True):
        exact = reference(derived, at)
        crosses = 1 if 0.05 < abs(at) < 3 and abs(exact) < 0.05 else 0
        assert units(value, exact, beside=crosses) <= MOST, at


# Functions of two


PLANE = [
    (s * a, t * a * r)
    for a in spaced(1e-300, 1e290, 12)
    for r in (1e-9, 0.37, 1.0, 4.2, 1e7)
    for s, t in ((1.0, 1.0), (-1.0, 1.0), (1.0, -1.0))
] + [(3.2e-310, -4.1e-310), (2.3e-310, 7.7e-312)]
SUMS = [
    (a, a + d)
    for a in (-1e6, -709.3, -3.1, 0.0, 0.7, 88.2, 1234.5, 1e9)
    for d in (-30.2, -1.1, 0.0, 1e-9, 0.4, 36.6)
]
POWERS = [
    (x, y)
    for x in spaced(1e-300, 1e300, 24)
    for y in (-1.9, -1.0, -0.3, 0.0, 1e-3, 0.3, 0.7, 1.0, 1.3, 2.0, 2.6, 3.0)
    if abs(np.log10(x) * (abs(y) + 2)) < 300
]
TWO: dict[Callable[..., Any], tuple[Any, list[tuple[float, float]], bool]] = {
    np.hypot: (sp.sqrt(X**2 + Y**2), PLANE, True),
    np.arctan2: (sp.atan(X / Y), PLANE, True),
    np.divide: (X / Y, PLANE, True),
    np.logaddexp: (sp.log(sp.exp(X) + sp.exp(Y)), SUMS, False),
    np.logaddexp2: (sp.log(2**X + 2**Y) / sp.log(2), SUMS, False),
    np.power: (X**Y, POWERS, False),
}
"""What each function is, where it is tried, and whether every entry keeps its digits."""


@pytest.mark.parametrize("f", TWO, ids=lambda f: f.__name__)
def test_gradients_keep_their_digits_far_out(f: Callable[..., Any]) -> None:
    formula, points, alone = TWO[f]
    x, y = (np.array(column) for column in zip(*points, strict=True))
    found = cats.grad(lambda a, b: np.sum(f(a, b)), (0, 1))(x, y)
    derived = [sp.diff(formula, letter) for letter in (X, Y)]
    for *values, a, b in zip(*found, x, y, strict=True):
        exact = [reference(d, a, b) for d in derived]
        beside = 0 if alone else max(map(abs, exact))
        for value, e in zip(values, exact, strict=True):
            assert units(value, e, beside) <= MOST, (a, b)


@pytest.mark.parametrize("f", TWO, ids=lambda f: f.__name__)
def test_hessians_keep_the_digits_of_their_largest_entry(f: Callable[..., Any]) -> None:
    formula, points, _ = TWO[f]
    points = [p for p in points[::3] if f is not np.arctan2 or abs(p[0]) > 1e-150]
    x, y = (np.array(column) for column in zip(*points, strict=True))
    rows = [cats.grad(lambda a, b, i=i: np.sum(cats.grad(lambda u, v: np.sum(f(u, v)), (0, 1))(a, b)[i]), (0, 1)) for i in (0, 1)]  # fmt: skip  # noqa: E501
    found = [entry for row in rows for entry in row(x, y)]
    derived = [sp.diff(formula, *pair) for pair in itertools.product((X, Y), repeat=2)]
    for *values, a, b in zip(*found, x, y, strict=True):
        exact = [reference(d, a, b) for d in derived]
        beside = max(map(abs, exact))
        for value, e in zip(values, exact, strict=True):
            assert units(value, e, beside) <= MOST, (a, b)


INF, NAN = np.inf, np.nan
AT_ZERO = {
    # y: x**y derived in x; in y; twice in x; in both; twice in y
    0.0: (0.0, 0.0, 0.0, INF, 0.0),
    0.5: (INF, 0.0, -INF, -INF, 0.0),
    1.0: (1.0, 0.0, 0.0, -INF, 0.0),
    1.5: (0.0, 0.0, INF, 0.0, 0.0),
    2.0: (0.0, 0.0, 2.0, 0.0, 0.0),
    2.5: (0.0, 0.0, 0.0, 0.0, 0.0),
    3.0: (0.0, 0.0, 0.0, 0.0, 0.0),
    -1.0: (-INF, -INF, INF, INF, INF),
    -0.5: (-INF, -INF, INF, INF, INF),
}
"""The limits from the right; 0 in y where 0**y jumps."""


@pytest.mark.parametrize("y", AT_ZERO)
def test_powers_of_zero_have_their_limits(y: float) -> None:
    def f(x: Any, y: Any) -> Any:
        return x**y

    in_x, in_y, xx, xy, yy = AT_ZERO[y]
    assert cats.grad(f, (0, 1))(0.0, y) == (in_x, in_y)
    assert cats.grad(lambda x: x**y)(0.0) == in_x
    found = cats.hessian(f, (0, 1))(0.0, y)
    assert [entry for row in found for entry in row] == [xx, xy, xy, yy]
    assert cats.grad(cats.grad(lambda x: np.power(x, np.array(y))))(0.0) == xx


@pytest.mark.parametrize(("y", "slope", "curve"), [(3.0, 12.0, -12.0), (-2.0, 0.25, 0.375)])
def test_whole_powers_of_negative_numbers_are_smooth_in_the_base(
    y: float, slope: float, curve: float
) -> None:
    for f in (lambda x, y: x**y, np.power):
        first = cats.grad(f, (0, 1))(-2.0, y)
        assert first[0] == slope and np.isnan(first[1])
        assert cats.grad(cats.grad(f))(-2.0, y) == curve
    assert cats.grad(lambda x: x ** int(y))(-2.0) == slope


# Compositions, as they are written


SMOOTH: list[tuple[str, float, tuple[float, ...]]] = [
    ("np.sqrt(x)**2", 0.0, (1.0, 0.0, 0.0)),
    ("np.sqrt(x) * np.sqrt(x)", 0.0, (1.0, 0.0, 0.0)),
    ("np.sqrt(x)**2", -1.0, (NAN,)),
    ("np.sqrt(x**2)", 0.0, (0.0, 0.0, 0.0)),
    ("np.sqrt(x**4)", 0.0, (0.0, 2.0, 0.0)),
    ("np.sqrt(x**3)", 0.0, (0.0, INF)),
    ("np.sqrt((x * x)**2)", 0.0, (0.0, 2.0, 0.0)),
    ("np.sqrt(x) * x", 0.0, (0.0, INF)),
    ("np.sqrt(x)**3", 0.0, (0.0, INF)),
    ("np.sqrt(x)**4", 0.0, (0.0, 2.0, 0.0)),
    ("np.sqrt(x)**np.array(2.0)", 0.0, (1.0, 0.0)),
    ("np.cbrt(x)**3", 0.0, (1.0, 0.0, 0.0)),
    ("np.cbrt(x**3)", 0.0, (1.0, 0.0, 0.0)),
    ("np.cbrt(x * x)", 0.0, (0.0,)),
    ("np.abs(x) * x", 0.0, (0.0, 0.0, 0.0)),
    ("np.abs(x)**2", 0.0, (0.0, 2.0, 0.0)),
    ("np.abs(x)**3", 0.0, (0.0, 0.0, 0.0)),
    ("np.abs(x)**4", 0.0, (0.0, 0.0, 0.0, 24.0)),
    ("np.abs(x)**1.5", 0.0, (0.0, INF)),
    ("np.abs(x)**2.5", 0.0, (0.0, 0.0, 0.0)),
    ("np.abs(x)**np.array(2.0)", 0.0, (0.0, 2.0, 0.0)),
    ("np.abs(x)**0.5", 0.0, (0.0,)),
    ("np.abs(x**2)", 0.0, (0.0, 2.0, 0.0)),
    ("np.sqrt(np.abs(x))", 0.0, (0.0,)),
    ("np.sign(x) * np.abs(x)", 0.0, (1.0, 0.0, 0.0)),
    ("np.sign(x) * np.abs(x)**3", 0.0, (0.0, 0.0, 6.0)),
    ("np.sign(x) * np.abs(x)**1.5", 0.0, (0.0, 0.0)),
    ("np.sign(x) * np.sqrt(np.abs(x))", 0.0, (INF,)),
    ("(x**2)**1.5", 0.0, (0.0, 0.0, 0.0)),
    ("(x**2)**0.5", 0.0, (0.0, 0.0)),
    ("np.power(x, np.array(2.0))", 0.0, (0.0, 2.0, 0.0)),
    ("np.maximum(x, 0.0)**2", 0.0, (0.0, 1.0, 0.0)),
    ("np.maximum(x, 0.0)**3", 0.0, (0.0, 0.0, 3.0)),
    ("np.minimum(x, 0.0)**2", 0.0, (0.0, 1.0, 0.0)),
    ("np.maximum(x * x, 0.0)", 0.0, (0.0, 2.0, 0.0)),
    ("np.exp(np.log(x))", 0.0, (1.0, 0.0, 0.0)),
    ("np.exp(np.log(x))", -1.0, (NAN,)),
    ("np.exp(2.5 * np.log(x))", 0.0, (0.0, 0.0, INF)),
    ("np.log(np.exp(x))", 800.0, (1.0, 0.0, 0.0)),
    ("np.log(np.exp(x))", -800.0, (1.0, 0.0, 0.0)),
    ("np.log(1 + np.exp(x))", 1000.0, (1.0, 0.0, 0.0)),
    ("np.log(1 + np.exp(x))", -1000.0, (0.0, 0.0, 0.0)),
    ("np.log1p(np.exp(x))", 1000.0, (1.0, 0.0, 0.0)),
    ("np.log(np.exp(x) + np.exp(2 * x))", 1000.0, (2.0, 0.0)),
    ("np.log(2.0 + np.exp(x))", 1000.0, (1.0, 0.0, 0.0)),
    ("1 / (1 + np.exp(-x))", -1000.0, (0.0, 0.0, 0.0)),
    ("1 / (1 + np.exp(-x))", 1000.0, (0.0, 0.0, 0.0)),
    ("np.log(1 / (1 + np.exp(-x)))", -1000.0, (1.0, 0.0, 0.0)),
    ("np.reciprocal(1 + np.exp(-x))", -1000.0, (0.0, 0.0, 0.0)),
    ("np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0.0)", 0.0, (0.5, 0.25, 0.0, -0.125)),
    ("np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))", 0.0, (0.5, -0.25, 0.0, 0.125)),
    ("np.log(np.cosh(x))", 1000.0, (1.0, 0.0, 0.0)),
    ("np.log(np.cosh(x))", -1000.0, (-1.0, 0.0, 0.0)),
    ("1 / np.cosh(x)", -1000.0, (0.0, 0.0)),
    ("x**3 / (np.exp(x) - 1)", 800.0, (0.0, 0.0)),
    ("1 / np.expm1(x)", 800.0, (0.0, 0.0)),
    ("np.tanh(x)", 1000.0, (0.0, 0.0, 0.0)),
    ("np.sinc(x)", 0.0, (0.0, -(np.pi**2) / 3, 0.0, np.pi**4 / 5)),
    ("np.sqrt(x)", 0.0, (INF, -INF, INF)),
    ("np.cbrt(x)", 0.0, (INF, -INF, INF)),
    ("np.arcsin(x)", 1.0, (INF, INF)),
    ("np.arccosh(x)", 1.0, (INF, -INF)),
    ("np.hypot(x, 0.0)**2", 0.0, (0.0, 2.0, 0.0)),
    ("np.linalg.norm(np.stack([x, x]))**2", 0.0, (0.0, 4.0, 0.0)),
    ("np.linalg.norm(np.stack([x, x]))**4", 0.0, (0.0, 0.0, 0.0, 96.0)),
    ("np.std(np.stack([x, -x]))**2", 0.0, (0.0, 2.0, 0.0)),
    ("np.sqrt(np.var(np.stack([x, -x])))", 0.0, (0.0, 0.0)),
    ("np.sqrt(np.sum(np.stack([x, 2 * x])**2))", 0.0, (0.0, 0.0)),
    ("np.sqrt(x**2 + (2 * x)**2)", 0.0, (0.0, 0.0)),
]
"""A formula, a point, and its derivatives there."""


@pytest.mark.parametrize(("formula", "at", "expected"), SMOOTH, ids=lambda v: str(v))
def test_a_composition_has_the_derivatives_of_the_whole(
    formula: str, at: float, expected: tuple[float, ...]
) -> None:
    """By gradients of gradients, by jvps of jvps, by mixed Jacobians; the value is NumPy's."""
    f = eval(f"lambda x: {formula}", {"np": np})
    np.testing.assert_array_equal(cats.value_and_grad(f)(at)[0], f(np.float64(at)))
    by_grad = by_jvp = by_jacobian = f
    for order, slope in enumerate(expected):
        by_grad = cats.grad(by_grad)
        by_jvp = _pushed(by_jvp)
        by_jacobian = (cats.jacfwd, cats.jacrev)[order % 2](by_jacobian)
        for way in (by_grad, by_jvp, by_jacobian):
            np.testing.assert_allclose(way(at), slope, rtol=1e-14, atol=0, err_msg=f"{order + 1}")


def _pushed(f: Any) -> Any:
    return lambda x: cats.jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.linalg.norm(x) ** 2,
        lambda x: np.sum(np.sqrt(np.sum(x * x, axis=0, keepdims=True)) ** 2),
        lambda x: np.sum(np.abs(x) ** 2),
        lambda x: np.hypot(x[0], x[1]) ** 2 + np.hypot(x[2], 0.0) ** 2,
        lambda x: 3.0 * np.std(np.concatenate([x, -x])) ** 2 * 2.0 / 2.0,
        lambda x: np.linalg.norm(x, axis=0) ** 2.0,
    ],
)
def test_squares_of_lengths_have_their_hessian_at_zero(f: Callable[..., Any]) -> None:
    zeros = np.zeros(3)
    for hessian in (cats.hessian(f), cats.jacfwd(cats.jacrev(f)), cats.jacrev(cats.jacfwd(f))):
        np.testing.assert_allclose(hessian(zeros), 2.0 * np.eye(3), rtol=1e-15)
    np.testing.assert_array_equal(cats.grad(f)(zeros), zeros)


def test_distances_of_points_that_meet_have_derivatives() -> None:
    """The norm written out, entry by entry 0 on the diagonal."""
    points = np.array([[0.0, 1.0], [2.0, 0.0], [0.0, 1.0]])

    def energy(p: Any) -> Any:
        gap = p[:, None, :] - p[None, :, :]
        return np.sum(np.sqrt(np.sum(gap**2, axis=-1)))

    found = cats.grad(energy)(points)
    unit = (points[0] - points[1]) / np.sqrt(5.0)
    np.testing.assert_allclose(found, [2 * unit, -4 * unit, 2 * unit], rtol=1e-14)
    assert np.isfinite(cats.hessian(energy)(points)).all()


@pytest.mark.parametrize("value", [0.0, 2.0, 0.1, -1e-9, 3e300])
def test_deviations_of_equal_numbers_do_not_move(value: float) -> None:
    for x in (np.full(3, value), np.full((2, 7), value)):
        for f in (np.std, lambda x: np.sum(np.std(x, axis=-1)), lambda x: np.sqrt(np.var(x))):
            assert np.max(np.abs(cats.grad(f)(x))) <= 1e-15


# Sums of exponentials


ROWS = [
    [0.0, 1.0, -2.0],
    [1000.0, 1001.0, 998.5],
    [-1000.0, -1001.5, -1000.0],
    [0.0, -np.inf, 0.5],
    [3.0, 3.0, 3.0],
    [700.0, -700.0, 0.0],
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.log(np.sum(np.exp(x - x.max()))) + x.max(),
        lambda x: np.max(x) + np.log(np.exp(x - np.max(x, keepdims=True)).sum()),
    ],
)
def test_log_sum_exp_as_it_is_written(f: Callable[..., Any], row: list[float]) -> None:
    """Its gradient is the softmax and its Hessian diag(p) - p p', in a few units of 1."""
    x = np.array(row)
    with mp.workdps(60):
        parts = [mp.exp(mp.mpf(v)) if np.isfinite(v) else mp.mpf(0) for v in row]
        p = np.array([float(v / mp.fsum(parts)) for v in parts])
    np.testing.assert_allclose(cats.grad(f)(x), p, rtol=0, atol=4 * 2.0**-53)
    for hessian in (cats.hessian(f), cats.jacfwd(cats.jacrev(f)), cats.jacrev(cats.jacfwd(f))):
        np.testing.assert_allclose(hessian(x), np.diag(p) - np.outer(p, p), rtol=0, atol=1e-15)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_softmax_as_it_is_written(row: list[float]) -> None:
    def softmax(x: Any) -> Any:
        e = np.exp(x - np.max(x))
        return e / np.sum(e)

    x = np.array(row)
    p = softmax(x)
    for mode in ("fwd", "rev"):
        found = cats.jacobian(softmax, mode=mode)(x)
        np.testing.assert_allclose(found, np.diag(p) - np.outer(p, p), rtol=0, atol=1e-15)


# Products with zeros


@pytest.mark.parametrize(
    "factors", [(2, 3, 5, 7), (2, 0, 5, 7), (0, 3, 0, 7), (0, 0, 0, 7), (0, 0, 0, 0)], ids=str
)
def test_products_with_zeros_at_any_order(factors: tuple[int, ...]) -> None:
    """Exactly: the product of the factors that are not derived, 0 where one is derived twice."""
    x = np.array(factors, float)
    f: Any = np.prod
    for order in range(4):
        found = f(x)
        for places in itertools.product(range(4), repeat=order):
            left = [factors[i] for i in range(4) if i not in places]
            expected = int(np.prod(left)) if len(set(places)) == order else 0
            assert found[places] == expected, places
        f = (cats.jacfwd, cats.jacrev)[order % 2](f)


@pytest.mark.parametrize("factors", [(2, 3, 5), (2, 0, 5), (0, 3, 0), (0, 0, 0)], ids=str)
def test_running_products_with_zeros(factors: tuple[int, ...]) -> None:
    x = np.array(factors, float)
    first, second = cats.jacobian(np.cumprod)(x), cats.jacfwd(cats.jacrev(np.cumprod))(x)
    for end, i, j in itertools.product(range(3), repeat=3):
        others = [factors[k] for k in range(end + 1) if k != i]
        assert first[end, i] == (int(np.prod(others)) if i <= end else 0)
        rest = [factors[k] for k in range(end + 1) if k not in (i, j)]
        assert second[end, i, j] == (int(np.prod(rest)) if max(i, j) <= end and i != j else 0)


@pytest.mark.parametrize("count", [1, 2, 5, 6.0])
def test_windows_of_kaiser_have_every_derivative_at_their_ends(count: float) -> None:
    """I0(b w) / I0(b) with w = 0 at both ends, where the slope of w is infinite and not asked."""

    def window(b: Any) -> Any:
        return np.kaiser(count, b)

    def meant(i: int) -> Callable[[Any], Any]:
        half = mp.mpf(count - 1) / 2
        width = mp.sqrt(1 - ((i - half) / half) ** 2) if half else mp.mpf(1)
        return lambda b: mp.besseli(0, b * width) / mp.besseli(0, b)

    with mp.workdps(60):
        first, second = (
            [float(mp.diff(meant(i), mp.mpf("3.25"), n)) for i in range(int(count))] for n in (1, 2)
        )
    for way in (cats.jacfwd, cats.jacrev):
        np.testing.assert_allclose(way(window)(3.25), first, rtol=1e-14, atol=1e-30)
        for again in (cats.jacfwd, cats.jacrev):
            found = again(way(window))(3.25)
            np.testing.assert_allclose(found, second, rtol=1e-14, atol=1e-15)


def test_a_window_of_a_traced_length_is_numpys() -> None:
    found = cats.compile(lambda x: np.kaiser(np.sum(x), x[0]))(np.array([2.0, 3.0]))
    np.testing.assert_array_equal(found, np.kaiser(5.0, 2.0))


# Nothing is nan where there is a number


GRID = [
    s * v for v in (0.0, 1e-300, 1e-150, 0.5, 1.0, 2.0, 3.5, 800.0, 1e150, 1e300) for s in (1, -1)
]


def _defined(name: str, slot: int, args: Sequence[Any]) -> Any:
    """Where the derivative in an argument is asked for: not in the exponent of a negative base."""
    if name.startswith("power") and slot == 1:
        return args[0] >= 0
    return np.ones(len(args[0]), bool)


@pytest.mark.parametrize(
    "op", [op for op in VOCABULARY if op.elementwise and op.linearise], ids=lambda op: op.name
)
def test_where_the_value_is_a_number_the_derivative_is_not_nan(op: Any) -> None:
    for example in dict.fromkeys(examples(op, "float64", (1,))):
        kinds = [isinstance(s, Real) for s in example.spaces]
        active = [i for i, real in enumerate(kinds) if real]
        if not active or op.name == "power_derivative":
            continue
        rows = list(itertools.product(*[GRID if real else (True, False) for real in kinds]))
        columns = zip(zip(*rows, strict=True), example.spaces, strict=True)
        args = [np.array(column).astype(s.dtype) for column, s in columns]
        builder = Builder([type(s)((len(rows),), s.dtype) for s in example.spaces])
        made = total(op(*builder.wires, **dict(example.params)), axes=(0,))
        value = op.evaluate(*args, **dict(example.params))
        found = run(gradient(builder.finish([made]), active), args)[1:]
        for slot, slope in zip(active, found, strict=True):
            bad = np.isnan(slope) & np.isfinite(value) & _defined(op.name, slot, args)
            assert not bad.any(), (example.params, slot, [rows[i] for i in np.flatnonzero(bad)[:3]])
