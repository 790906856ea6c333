"""Python's `math` within traced functions: every function, its value and its derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import cats
from cats.doors.python import MATH, OWN, SEQUENCES
from cats.ir.prims.math_functions import fma, gaussian, math_polygamma, sumprod
from cats.surface.math_names import NAMES

EVERY = sorted(n for n, v in vars(math).items() if callable(v) and not n.startswith("_"))

AT: dict[str, tuple[Any, ...]] = {
    "acosh": (1.7,), "atan2": (0.4, -0.7), "comb": (7, 3), "copysign": (-0.4, 2.0),
    "dist": ([0.4, 1.0, 2.0], [1.5, 0.3, -0.2]), "factorial": (6,), "floor": (2.6,),
    "fma": (0.1, 10.0, -1.0), "fmod": (7.3, 2.1), "fsum": ([1e16, 0.1, -1e16, 0.7],),
    "gcd": (12, 18, 27), "hypot": (0.4, 1.3, -2.0), "isclose": (0.4, 0.4 + 1e-12), "isqrt": (17,),
    "lcm": (4, 6, 10), "ldexp": (0.4, 3), "log": (0.4, 3.0), "nextafter": (0.4, 1.0),
    "perm": (7, 3), "pow": (0.4, 2.5), "prod": ([0.4, 3.0, 2.0],), "remainder": (7.3, 2.1),
    "sumprod": ([1e16, 0.1, -1e16], [1.0, 0.7, 1.0]),
}  # fmt: skip
"""Arguments; others are called at 0.4."""

GENTLE = {"fsum": ([0.3, 0.4],), "sumprod": ([0.3, 0.4], [0.7, 0.2]), "fma": (0.3, 0.4, 0.6)}
"""Arguments for differences."""


def test_no_function_of_math_is_forgotten() -> None:
    assert set(EVERY) <= {*MATH, *OWN, *(name.removeprefix("math.") for name in NAMES)}


@pytest.mark.parametrize("name", EVERY)
def test_a_function_has_its_value(name: str) -> None:
    """To two units in the last place where NumPy computes it."""
    function, args = getattr(math, name), AT.get(name, (0.4,))
    expected, found = function(*args), cats.compile(lambda *xs: function(*xs))(*args)
    for value, goal in zip(np.atleast_1d(found), np.atleast_1d(expected), strict=True):
        assert value == goal or abs(value - goal) <= 2 * math.ulp(goal)


@pytest.mark.parametrize("name", EVERY)
def test_a_function_has_its_derivative(name: str) -> None:
    function, args = getattr(math, name), GENTLE.get(name) or AT.get(name, (0.4,))
    active = tuple(i for i, a in enumerate(args) if not isinstance(a, int))

    def f(*xs: Any) -> Any:
        found = function(*[list(x) if name in SEQUENCES else x for x in xs])
        return found[0] * 1.3 + found[1] if isinstance(found, tuple) else found * 1.0

    if not active or name.startswith("is"):
        return
    given = [np.asarray(a) if name in SEQUENCES else a for a in args]
    for slope, i in zip(cats.grad(f, active)(*given), active, strict=True):
        for place in np.ndindex(np.shape(slope)):
            step = np.zeros(np.shape(slope))
            step[place] = 1e-6
            ahead, behind = (
                f(*[a + h * step if j == i else a for j, a in enumerate(given)]) for h in (1, -1)
            )
            assert slope[place] == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-6)


REMAINDERS = [(7.0, 2.0), (5.0, 2.0), (-5.0, 2.0), (3.0, -2.0), (-0.0, 3.0), (1e300, 0.7),
              (1.7e308, 1.2e308), (3.0, math.inf), (5e-324, 3e-324), (2.5, 1.0)]  # fmt: skip


@pytest.mark.parametrize(("x", "y"), REMAINDERS)
def test_the_remainder_is_exact(x: float, y: float) -> None:
    found = cats.compile(lambda x, y: math.remainder(x, y))(x, y)
    assert (found, np.signbit(found)) == (r := math.remainder(x, y), math.copysign(1, r) < 0)


def test_parts_of_numbers_are_those_of_math() -> None:
    for x in (0.0, -0.0, 5e-324, -2.0, 1e300, math.inf, -math.inf, 0.75):
        for function in (math.frexp, math.modf, math.ulp):
            found = np.atleast_1d(cats.compile(lambda x, f=function: f(x))(x))
            assert found.tolist() == np.atleast_1d(function(x)).tolist(), (function, x)


def test_whole_numbers_may_be_large() -> None:
    assert cats.compile(lambda n: math.factorial(n) % 1000003 + math.isqrt(n))(30) == (
        math.factorial(30) % 1000003 + 5
    )


def test_single_numbers_are_computed_in_double_precision() -> None:
    x = np.float32(0.4)
    for name in ("sin", "erf", "lgamma"):
        function = getattr(math, name)
        found = cats.compile(lambda x, f=function: f(x))(x)
        assert found.dtype == np.float64 and found == pytest.approx(function(x), 1e-15)


@pytest.mark.parametrize("name", ["sin", "erf", "hypot", "frexp"])
def test_an_array_is_no_number(name: str) -> None:
    with pytest.raises(cats.TraceError, match=f"math.{name} of an array: it takes a number"):
        cats.compile(lambda x: getattr(math, name)(x))(np.ones(2))


def test_where_math_raises_there_is_nan_or_infinity() -> None:
    gamma, lgamma = (cats.compile(lambda x, f=f: f(x)) for f in (math.gamma, math.lgamma))
    assert [gamma(x) for x in (0.0, -0.0, 171.9)] == [np.inf, -np.inf, np.inf]
    assert np.isnan(gamma(-2.0)) and np.isnan(gamma(-math.inf)) and lgamma(-2.0) == np.inf


# To the last digits


def units(value: Any, goal: Any) -> float:
    """How many units in the last place of double precision a value is off."""
    return float(abs(mp.mpf(float(value)) - goal) / (abs(goal) * mp.mpf(2) ** -52))


def worst(f: Callable[[Any], Any], exact: Callable[[Any], Any], xs: Any) -> float:
    """The largest error over some arguments."""
    with mp.workdps(80):
        pairs = zip(xs, f(xs), strict=True)
        return max(units(value, exact(mp.mpf(float(x)))) for x, value in pairs)


EASY = np.concatenate([np.linspace(0.013, 3, 40), 10.0 ** np.arange(-300, 300, 37.0)])


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7])
def test_polygamma_is_right_to_a_few_units(n: int) -> None:
    def f(x: Any) -> Any:
        return math_polygamma(x, n=n)

    def exact(x: Any) -> Any:
        return mp.polygamma(n, x)

    assert worst(f, exact, EASY if n == 0 else EASY[(EASY > 1e-30) & (EASY < 1e30)]) < 5
    left = -np.linspace(0.1, 12.3, 30)
    with mp.workdps(80):
        for x, value in zip(left, f(left), strict=True):
            size = math.factorial(n) + abs(exact(mp.mpf(float(x))))
            assert abs(float(value) - exact(mp.mpf(float(x)))) < 3e-14 * size


def test_digamma_is_right_beside_its_root() -> None:
    root = 1.4616321449683622
    near = [root, *(root + s * 10.0**-k for k in range(1, 16) for s in (1, -1))]
    assert worst(lambda x: math_polygamma(x, n=0), mp.digamma, np.array(near)) < 4


@pytest.mark.parametrize(("f", "sign"), [(math.erf, 1), (math.erfc, -1)])
def test_slopes_of_the_error_function_are_right_in_the_tails(f: Any, sign: int) -> None:
    slope = cats.grad(lambda x: f(x))
    xs = np.linspace(-25.9, 25.9, 61)

    def exact(x: Any) -> Any:
        return sign * 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)

    assert worst(lambda xs: [slope(float(x)) for x in xs], exact, xs) < 4
    assert worst(lambda xs: gaussian(xs, by=1.0), lambda x: mp.exp(-x * x), xs) < 3


def test_sums_are_rounded_once() -> None:
    rng = np.random.default_rng(0)
    x, y, z = rng.normal(size=(3, 200)) * 10.0 ** rng.integers(-8, 8, (3, 200))
    with mp.workdps(80):
        exact = [mp.mpf(a) * mp.mpf(b) + mp.mpf(c) for a, b, c in zip(x, y, z, strict=True)]
        assert [float(e) for e in exact] == fma(x, y, z).tolist()
        both = np.concatenate([x, -x]), np.concatenate([y, y * (1 + 1e-15)])
        products = [mp.mpf(a) * mp.mpf(b) for a, b in zip(*both, strict=True)]
        assert sumprod(*both) == float(mp.fsum(products))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_squares_of_lengths_are_smooth_where_they_are_0(count: int) -> None:
    at = np.zeros(3)
    for f in (
        lambda x: math.hypot(*x[:count]) ** 2,
        lambda x: math.dist(x[:count], at[:count]) ** 2,
    ):
        assert np.array_equal(cats.hessian(f)(at), np.diag(2.0 * (np.arange(3) < count)))
