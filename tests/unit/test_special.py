"""SciPy's special functions: SciPy's values, and derivatives that are the limits of differences.

Points are drawn where the record of a function says; those without a record have theirs here.
First derivatives are compared with differences of SciPy's values of the sixth order, second
ones with the same differences of the first, in either mode.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.special

import cats
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME, special
from cats.ir.prims.special import gammas
from cats.ir.read import read_program
from cats.ir.spaces import R
from cats.ir.wire import Builder
from cats.names import PARTLY, SUPPORTED, rows
from cats.surface.refused import OWN
from cats.surface.special import ONE, SCIPY
from tests.house.tree import run
from tests.values import domain_of, drawn

Function = Callable[..., Any]
Array = Any

OF = "scipy.special."
COUNT = 4
STEP = 1e-3
WEIGHTS = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}
"""Of central differences of the sixth order."""

N = np.array([0, 1, 2, 3])
P = np.array([0.35, 0.8, 1.6, 2.7])
Q = np.array([1.9, 0.6, 1.3, 2.2])
S = np.array([0.15, 0.4, 0.55, 0.85])
X = np.array([-1.7, -0.4, 0.6, 2.1])
M = np.array([[0.3, -1.2, 0.9], [1.4, 0.2, -0.5]])

POINTS: dict[str, tuple[Any, ...]] = {
    "airy": (X,), "diric": (P, 4), "ellipj": (X, S), "fresnel": (X,), "shichi": (P,), "sici": (P,),
    "bdtr": (N, N + 3, S), "bdtrc": (N, N + 3, S), "nbdtr": (N, N + 2, S), "nbdtrc": (N, N + 2, S),
    "chdtr": (3.5, P), "chdtrc": (3.5, P), "chdtri": (3.5, S), "fdtr": (2.5, 3.5, P),
    "fdtrc": (2.5, 3.5, P), "gdtr": (P, 1.5, Q), "gdtrc": (P, 1.5, Q), "pdtr": (N, P),
    "pdtrc": (N, P), "pdtri": (N, S), "radian": (X, P, Q), "polygamma": (2, P),
    "zeta": (3.0, Q), "factorial": (P,), "comb": (P + 3, Q), "perm": (P + 3, Q),
    "multigammaln": (P + 2, 3), "softplus": (X,), "softmax": (M, 1), "log_softmax": (M,),
    "logsumexp": (M, 0), "spherical_jn": (N, P), "spherical_yn": (N, P), "spherical_in": (N, P),
    "spherical_kn": (N, P), "log1p": (X + 2,), "round": (X,), "cbrt": (P,), "exp2": (X,),
    "expm1": (X,), "jvp": (1.5, P, 2), "yvp": (1.5, P), "ivp": (1.5, P), "kvp": (1.5, P),
    "assoc_laguerre": (P, 3, 1.5),
}  # fmt: skip
"""Where functions are tried that say no domain of their own."""


def _points(name: str) -> tuple[Any, ...]:
    """Arguments of a function."""
    if name in POINTS:
        return POINTS[name]
    op = ONE[name]
    rng = np.random.default_rng(len(name))
    spaces = [replace(s, shape=(COUNT,)) for s in op.examples[0].spaces]
    return tuple(drawn(s, domain_of(op, i), rng) for i, s in enumerate(spaces))


def _varying(name: str, args: Sequence[Any]) -> list[int]:
    """The arguments that a derivative is known in."""
    unknown = dict(ONE[name].refused) if name in ONE else {}
    real = [i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    return [i for i in real if i not in unknown]


def _leaves(value: Any) -> list[Array]:
    return list(value) if isinstance(value, tuple) else [value]


def _difference(f: Function, args: Sequence[Any], slot: int, along: Array) -> list[Array]:
    """The change of f, as one argument changes."""

    def at(step: float) -> list[Array]:
        return _leaves(f(*[a + step * along if i == slot else a for i, a in enumerate(args)]))

    sides = {k: (at(k * STEP), at(-k * STEP)) for k in WEIGHTS}
    return [
        sum(w * (sides[k][0][i] - sides[k][1][i]) for k, w in WEIGHTS.items()) / STEP
        for i in range(len(sides[1][0]))
    ]


def _close(found: Any, expected: Any, rtol: float, name: str) -> None:
    for a, b in zip(_leaves(found), _leaves(expected), strict=True):
        scale = max(1.0, float(np.max(np.abs(b))))
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale, err_msg=name)


NAMES = sorted(n.removeprefix(OF) for n in (*SCIPY, *OWN) if n.startswith(OF))


def test_the_table_of_names_lists_them() -> None:
    kinds = {row.name: row.kind for row in rows() if row.section == "scipy.special"}
    assert {kinds[name] for name in NAMES} == {SUPPORTED, PARTLY}


@pytest.mark.parametrize("name", NAMES)
def test_values_and_derivatives(name: str) -> None:
    f, args = getattr(scipy.special, name), _points(name)
    expected, found = f(*args), cats.compile(lambda *xs: f(*xs))(*args)
    for a, b in zip(_leaves(found), _leaves(expected), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)
    for slot in _varying(name, args):
        along = np.cos(1.0 + np.arange(args[slot].size)).reshape(args[slot].shape)

        def one(x: Array, slot: int = slot) -> Any:
            return f(*args[:slot], x, *args[slot + 1 :])

        def slope(x: Array, one: Function = one, along: Array = along) -> Any:
            return cats.jvp(one, (x,), (along,))[1]

        x = args[slot]
        first = slope(x)
        _close(first, tuple(_difference(one, (x,), 0, along)), 2e-8, f"first in {slot}")
        second = cats.jvp(slope, (x,), (along,))[1]
        _close(second, tuple(_difference(slope, (x,), 0, along)), 2e-7, f"second in {slot}")
        value, pull = cats.vjp(one, x)
        weights = [np.sin(2.0 + v) for v in _leaves(value)]
        pulled = pull(tuple(weights) if isinstance(value, tuple) else weights[0])[0]
        left = sum(np.vdot(w, p) for w, p in zip(weights, _leaves(first), strict=True))
        np.testing.assert_allclose(left, np.vdot(pulled, along), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("op", [gammas.gamma_density, gammas.beta_density, gammas.student_density])
def test_densities_vary_in_every_argument(op: Primitive) -> None:
    rng = np.random.default_rng(1)
    args = [rng.uniform(d.low, d.high, COUNT) for d in op.domain]
    for slot, x in enumerate(args):
        along = np.ones_like(x)
        found = cats.jvp(lambda *xs: op(*xs), args, [along * (i == slot) for i in range(len(args))])
        _close(found[1], tuple(_difference(op, args, slot, along)), 2e-8, f"in {slot}")


@pytest.mark.parametrize("name", [name for name, op in ONE.items() if op.refused])
def test_what_has_no_known_derivative_says_so(name: str) -> None:
    f, args = getattr(scipy.special, name), [np.asarray(a, float) for a in _points(name)]
    for slot, why in ONE[name].refused:
        with pytest.raises(cats.DerivativeError) as caught:
            cats.jacobian(lambda *xs: f(*xs), slot)(*args)
        assert f"{name} has no derivative in its argument {slot}: {why}" == caught.value.message


# Widths

SINGLE = np.array([0.3, 1.7], np.float32)
WIDTHS: list[Function] = [
    lambda x: scipy.special.zeta(2, x), lambda x: scipy.special.zeta(2.5, x),
    lambda x: scipy.special.zeta(np.array([2, 3]), x), lambda x: scipy.special.logsumexp(x, b=0),
    lambda x: scipy.special.logsumexp(x, b=2.0), lambda x: scipy.special.logsumexp(x, b=[1, 2]),
    lambda x: math.dist(x, [1, 2]), lambda x: math.dist(x, SINGLE + 1),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", WIDTHS)
def test_python_numbers_take_the_width_of_what_they_meet(f: Function) -> None:
    found, expected = cats.compile(f)(SINGLE), f(SINGLE)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert cats.grad(lambda x: np.sum(f(x)))(SINGLE).dtype == np.float32


# Orders and counts of which SciPy leaves the fraction off

COUNTS = np.array([-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 2.5, 3.0])
SHARES = np.array([-0.1, 0.0, 0.3, 0.6, 1.0, 1.5, np.nan])
INSIDE = np.array([0.3, 0.6])
CUT: dict[str, tuple[Array, ...]] = {
    **{name: (COUNTS, COUNTS, SHARES) for name in ("bdtr", "bdtrc", "nbdtr", "nbdtrc")},
    **{name: (COUNTS, SHARES) for name in ("pdtr", "pdtrc", "kn", "yn", "expn")},
    "pdtri": (COUNTS, INSIDE),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:non-integer:DeprecationWarning")
@pytest.mark.parametrize("name", CUT)
def test_counts_with_a_fraction_are_those_that_scipy_takes(name: str) -> None:
    """Where there is nothing to count the values are SciPy's too; and the slopes are theirs."""
    f, slot = getattr(scipy.special, name), len(CUT[name]) - 1
    args = [np.ravel(x) for x in np.meshgrid(*CUT[name])]
    np.testing.assert_allclose(cats.compile(lambda *xs: f(*xs))(*args), f(*args), rtol=1e-13)
    args = [np.ravel(x) for x in np.meshgrid(*CUT[name][:slot], INSIDE)]
    good = np.isfinite(f(*args))
    args = [x[good] for x in args]
    found = cats.jvp(lambda *xs: f(*xs), args, [np.full_like(x, x is args[slot]) for x in args])
    _close(found[1], tuple(_difference(f, args, slot, np.ones_like(args[0]))), 2e-8, name)


IN_PART: dict[str, tuple[int, ...]] = {
    "zeta": (0,), "diric": (1,), "chdtr": (0,), "gdtr": (1,), "pdtr": (0,), "fdtr": (0, 1),
    "bdtr": (0, 1), "nbdtrc": (0, 1), "ellipj": (1,), "jvp": (0,), "assoc_laguerre": (1,),
    **{name: tuple(slot for slot, _ in op.refused) for name, op in ONE.items() if op.refused},
}  # fmt: skip
"""The arguments in which there is no derivative."""


def test_the_table_of_names_tells_the_arguments_without_a_derivative() -> None:
    told = {row.name: row.why for row in rows() if row.kind == PARTLY}
    found = {name: tuple(sorted(_slots(why))) for name, why in told.items()}
    assert {name: found[name] for name in IN_PART} == IN_PART
    for name in ("gamma", "erf", "logsumexp", "beta", "expit", "i0e"):
        assert name not in told


def _slots(why: str) -> list[int]:
    """The numbers after the word argument."""
    return [
        int(n)
        for part in re.findall(r"arguments? ([\d and]+):", why)
        for n in re.findall(r"\d", part)
    ]


# Where formulas cancel, overflow, or divide zero by zero


def _normal(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _powers(x: Any, y: Any) -> Any:
    return (mp.power(x, y) - 1) / y if y else mp.log(x)


HARD: dict[tuple[str, int], tuple[Function, list[tuple[float, ...]]]] = {
    ("gammaln", 0): (lambda x: mp.log(abs(mp.gamma(x))), [(-2.5,), (1e-8,), (1e10,)]),
    ("psi", 0): (lambda x: mp.psi(0, x), [(-0.3,), (1e8,)]),
    ("rgamma", 0): (mp.rgamma, [(-2.5,), (0.0,), (-1.0,)]),
    ("erfcx", 0): (lambda x: mp.exp(x * x) * mp.erfc(x), [(30.0,), (200.0,), (-2.0,)]),
    ("log_ndtr", 0): (lambda x: mp.log(_normal(x)), [(-40.0,), (8.0,)]),
    ("ndtr", 0): (_normal, [(-20.0,)]),
    ("expit", 0): (lambda x: 1 / (1 + mp.exp(-x)), [(-700.0,), (40.0,)]),
    ("log_expit", 0): (lambda x: -mp.log1p(mp.exp(-x)), [(-800.0,), (40.0,)]),
    ("softplus", 0): (lambda x: mp.log1p(mp.exp(x)), [(-700.0,), (800.0,)]),
    ("logit", 0): (lambda x: mp.log(x / (1 - x)), [(1e-12,)]),
    ("entr", 0): (lambda x: -x * mp.log(x), [(1e-200,)]),
    ("exprel", 0): (lambda x: mp.expm1(x) / x if x else 1, [(1e-9,), (0.0,), (-50.0,)]),
    ("dawsn", 0): (lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), [(0.0,), (200.0,)]),
    ("cosm1", 0): (lambda x: mp.cos(x) - 1, [(1e-8,), (0.0,)]),
    ("k0e", 0): (lambda x: mp.exp(x) * mp.besselk(0, x), [(100.0,), (1e4,)]),
    ("i0e", 0): (lambda x: mp.exp(-abs(x)) * mp.besseli(0, x), [(1e4,), (-3.0,)]),
    ("jv", 1): (mp.besselj, [(2.5, 40.0), (2.0, 0.0), (1.0, 0.0), (0.0, 0.0)]),
    ("iv", 1): (mp.besseli, [(2.5, 40.0), (1.0, 0.0)]),
    ("gammainc", 1): (lambda a, x: mp.gammainc(a, 0, x, regularized=True), [(2.0, 1e-8)]),
    ("gammaincc", 1): (lambda a, x: mp.gammainc(a, x, regularized=True), [(500.0, 400.0)]),
    ("betainc", 2): (lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True), [(2.0, 3.0, 1e-9)]),
    ("ellipk", 0): (mp.ellipk, [(0.0,), (1 - 1e-10,), (1e-9,)]),
    ("ellipe", 0): (mp.ellipe, [(0.0,), (1e-9,), (-5.0,)]),
    ("boxcox", 1): (_powers, [(2.0, 1e-9), (2.0, 0.0), (0.3, 0.5)]),
    ("boxcox", 0): (_powers, [(2.0, 1e-9), (2.0, 0.0)]),
    ("inv_boxcox", 1): (
        lambda x, y: mp.power(x * y + 1, 1 / y) if y else mp.exp(x),
        [(2.0, 1e-9), (2.0, 0.0), (2.0, 0.3)],
    ),
    ("xlogy", 0): (lambda x, y: x * mp.log(y), [(0.0, 2.0)]),
    ("spence", 0): (lambda z: mp.polylog(2, 1 - z), [(1.0,), (1 + 1e-9,), (5.0,)]),
    ("erfinv", 0): (mp.erfinv, [(0.999999,), (0.0,)]),
    ("binom", 0): (mp.binomial, [(30.5, 12.25), (1e8, 2.0)]),
    ("poch", 0): (mp.rf, [(1e6, 0.5)]),
    ("hyp2f1", 3): (mp.hyp2f1, [(1.0, 2.0, 3.0, 0.0), (0.5, 0.5, 1.5, 0.95)]),
    ("wrightomega", 0): (lambda x: mp.lambertw(mp.exp(x)), [(-30.0,), (100.0,)]),
    ("pseudo_huber", 1): (lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1), [(1.0, 1e-9)]),
}


def test_derivatives_where_formulas_are_hard_are_right_to_the_last_digits() -> None:
    wrong = []
    for (name, slot), (meant, points) in HARD.items():
        f = getattr(scipy.special, name)
        for point in points:
            found = cats.grad(lambda *xs, f=f: f(*xs), slot)(*point)
            with mp.workdps(70):
                step = mp.mpf(10) ** -25 * (abs(mp.mpf(point[slot])) or 1)
                ahead, behind = (
                    meant(*[mp.mpf(x) + (s if i == slot else 0) for i, x in enumerate(point)])
                    for s in (step, -step)
                )
                expected = float(mp.re(ahead - behind) / (2 * step))
            if not abs(found - expected) <= 1e-12 * abs(expected) + 1e-30:
                wrong.append((name, point, found, expected))
    assert wrong == []


# Distributions at the ends of what they are defined on

AT_ENDS: list[tuple[Function, float, tuple[float, float, float]]] = [
    (lambda x: scipy.special.gammainc(1.0, x), 0.0, (1, -1, 1)),
    (lambda x: scipy.special.gammainc(2.0, x), 0.0, (0, 1, -2)),
    (lambda x: scipy.special.gammainc(1.5, x), 0.0, (0, np.inf, -np.inf)),
    (lambda x: scipy.special.gammainc(0.3, x), 0.0, (np.inf, -np.inf, np.inf)),
    (lambda x: scipy.special.gdtr(1.0, 1.0, x), 0.0, (1, -1, 1)),
    (lambda x: scipy.special.chdtr(2.0, x), 0.0, (1 / 2, -1 / 4, 1 / 8)),
    (lambda x: scipy.special.pdtr(0, x), 0.0, (-1, 1, -1)),
    (lambda x: scipy.special.fdtr(2.0, 4.0, x), 0.0, (1, -3 / 2, 3)),
    (lambda x: scipy.special.bdtr(0, 2, x), 0.0, (-2, 2, 0)),
    (lambda x: scipy.special.betainc(1.0, 2.0, x), 0.0, (2, -2, 0)),
    (lambda x: scipy.special.betainc(3.0, 1.0, x), 1.0, (3, 6, 6)),
    (lambda x: scipy.special.betainc(0.5, 1.5, x), 0.0, (np.inf, -np.inf, np.inf)),
    (lambda x: scipy.special.betainc(40.0, 3.0, x), 1.0, (0, 0, 2 * 34440)),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("f", "end", "expected"), AT_ENDS)
def test_distributions_have_every_derivative_at_their_ends(
    f: Function, end: float, expected: tuple[float, ...]
) -> None:
    for slope in expected:
        f = cats.grad(f)
        np.testing.assert_allclose(f(end), slope, rtol=2e-15)


@pytest.mark.parametrize("x", [1e-250, 1e-300])
def test_densities_do_not_underflow_before_they_are_small(x: float) -> None:
    with mp.workdps(50):
        for f, size in (
            (lambda x: scipy.special.gammainc(1.5, x), mp.gamma(1.5)),
            (lambda x: scipy.special.betainc(1.5, 2.0, x), mp.beta(1.5, 2)),
        ):
            expected = float(mp.sqrt(x) / size)
            np.testing.assert_allclose(cats.grad(f)(x), expected, rtol=2e-15)


# Shares of which one is nearly 1

ONE_SIDED = [
    [40.0, 0.0, 1.0],
    [0.0, 700.0, -3.0, 1.0],
    [-1.0, 36.0, 36.5],
    [2.0, 2.0],
    [0.1, 0.2, -0.3, 1.0],
]


def _exact_shares(row: Sequence[float]) -> tuple[list[Any], list[Any]]:
    """exp(x) / sum(exp(x)), and 1 less each, as the sum of the others."""
    parts = [mp.exp(mp.mpf(v)) for v in row]
    p = [v / mp.fsum(parts) for v in parts]
    return p, [mp.fsum(p[:i] + p[i + 1 :]) for i in range(len(p))]


@pytest.mark.parametrize("row", ONE_SIDED, ids=str)
@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_every_digit_of_the_slopes_of_shares(row: list[float], mode: str) -> None:
    with mp.workdps(700):
        p, rest = _exact_shares(row)
        every = range(len(row))
        plain = [[rest[i] if i == j else -p[j] for j in every] for i in every]
        tables = [[[float(p[i] * plain[i][j]) for j in every] for i in every], plain]
    of_shares, of_logarithms = (np.array(t, float) for t in tables)
    x = np.array(row)
    for f, expected in (
        (scipy.special.softmax, of_shares),
        (scipy.special.log_softmax, of_logarithms),
        (cats.grad(scipy.special.logsumexp), of_shares),
        (cats.grad(np.logaddexp.reduce), of_shares),
    ):
        found = cats.jacobian(f, mode=mode)(x)
        np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-300)
    batched = cats.vmap(cats.jacobian(scipy.special.softmax, mode=mode))(np.stack([x, x[::-1]]))
    np.testing.assert_allclose(batched[0], of_shares, rtol=1e-15, atol=1e-300)
    np.testing.assert_allclose(batched[1], of_shares[::-1, ::-1], rtol=1e-15, atol=1e-300)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_derivatives_of_a_share_along_a_line(order: int) -> None:
    """The share of exp(40 t) beside 1 and exp(t), at t = 1: 1e-16 below 1."""
    f: Function = lambda t: scipy.special.softmax(np.array([40.0, 0.0, 1.0]) * t)[0]  # noqa: E731
    for _ in range(order):
        f = cats.grad(f)
    with mp.workdps(80):
        meant = mp.diff(lambda t: 1 / (1 + mp.exp(-40 * t) + mp.exp(-39 * t)), 1, order)
    np.testing.assert_allclose(f(1.0), float(meant), rtol=1e-14)


def test_where_shares_meet_at_a_half_there_is_no_kink() -> None:
    for f in (scipy.special.softmax, cats.grad(scipy.special.logsumexp)):
        assert not cats.kinks(cats.jacobian(f), np.zeros(2))


# Every digit of first and second derivatives


def _sum_of_cosines(x: Any, n: Any) -> Any:
    """Dirichlet's kernel as a sum, which has no peaks to divide by."""
    return mp.fsum([mp.cos((n - 1 - 2 * j) * x / 2) for j in range(int(n))]) / n


def _rising(x: Any, n: Any) -> Any:
    """x (x + 1) ..., n numbers."""
    return mp.fprod([x + i for i in range(int(n))])


DIGITS: dict[tuple[str, int], tuple[Function, list[tuple[float, ...]]]] = {
    ("expit", 0): (
        lambda x: 1 / (1 + mp.exp(-x)),
        [(0.0,), (1e-12,), (1e-17,), (0.3,), (40.0,), (-700.0,)],
    ),
    ("log_expit", 0): (lambda x: -mp.log1p(mp.exp(-x)), [(1e-12,), (0.3,), (40.0,), (-40.0,)]),
    ("diric", 0): (
        _sum_of_cosines,
        [(0.0, 5), (1e-7, 5), (6.2831, 5), (6.2831, 8), (1e-3, 100), (-1.3, 4), (0.5, 1)],
    ),
    ("spence", 0): (
        lambda x: mp.polylog(2, 1 - x),
        [(1e-30,), (1e-17,), (1e-12,), (0.3,), (0.61,), (1.0,), (1.45,), (1.6,), (100.0,)],
    ),
    ("gammainc", 1): (
        lambda a, x: mp.gammainc(a, 0, x, regularized=True),
        [(1.0, 0.0), (2.0, 0.0), (3.0, 0.0), (1.5, 1e-30), (0.3, 1e-5), (2.0, 0.7), (7.25, 3.5)],
    ),
    ("gammaincc", 1): (
        lambda a, x: mp.gammainc(a, x, regularized=True),
        [(1.0, 0.0), (3.0, 90.0)],
    ),
    ("betainc", 2): (
        lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
        [(1.0, 2.0, 0.0), (2.0, 3.0, 0.0), (1.5, 50.0, 1e-20), (2.5, 1.5, 0.4), (1.0, 4.0, 0.05)],
    ),
    ("poch", 0): (
        _rising,
        [(0.0, 2), (0.0, 1), (-1.0, 4), (-2.0, 2), (1e-5, 2), (-1e-9, 4), (-2.75, 2), (0.3, 0)],
    ),
    ("binom", 0): (
        lambda x, n: _rising(x - n + 1, n) / mp.factorial(n),
        [(0.0, 2), (1.0, 2), (2.0, 3), (1e-9, 2), (-1.5, 2), (30.0, 2), (0.25, 0)],
    ),
    ("erfi", 0): (mp.erfi, [(0.0,), (0.3,), (20.0,), (-26.0,)]),
    ("k0", 0): (lambda x: mp.besselk(0, x), [(690.0,), (700.0,)]),
    ("k1", 0): (lambda x: mp.besselk(1, x), [(690.0,), (700.0,)]),
    ("pseudo_huber", 1): (
        lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1),
        [(1.0, 1e8), (1.0, 1e-9), (2.0, 0.7), (1e-8, 3.0)],
    ),
    ("pseudo_huber", 0): (
        lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1),
        [(1.0, 1e8), (2.0, 0.7), (5.0, 1e-3)],
    ),
    ("struve", 1): (mp.struveh, [(0, 0.0), (0, 1e-8), (0, 0.5), (1, 0.0), (1, 1e-8), (2.5, 0.7)]),
    ("modstruve", 1): (mp.struvel, [(0, 0.0), (0, 1e-8), (0, 8.0), (1, 0.0), (2.5, 0.7)]),
    ("erfinv", 0): (mp.erfinv, [(0.3,), (1 - 2.0**-50,)]),
}
"""What a function means, and where it is tried."""


@pytest.mark.parametrize("x", [1e-8, -1e-8, 0.0, 0.7, -3.0, 19.0, 25.0, 300.0])
def test_every_digit_of_the_hyperbolic_sine_integral(x: float) -> None:
    f: Function = lambda x: scipy.special.shichi(x)[0]  # noqa: E731
    with mp.workdps(60):
        expected = [float(mp.diff(mp.shi, x, n)) for n in (1, 2, 3)]
    for slope in expected:
        f = cats.grad(f)
        np.testing.assert_allclose(f(x), slope, rtol=2e-15, atol=1e-40)


@pytest.mark.parametrize("x", [0.0, 0.3, -1.7, 30.3, 1234.56, -1e4])
@pytest.mark.parametrize("of", [mp.fresnels, mp.fresnelc])
def test_every_digit_of_slopes_of_fresnels_integrals(of: Function, x: float) -> None:
    """Of sin and cos of many turns; at a zero of one, of the size of the other."""
    which = int(of is mp.fresnelc)
    first = cats.grad(lambda x: scipy.special.fresnel(x)[which])
    with mp.workdps(60):
        angle, rate = mp.pi * mp.mpf(x) ** 2 / 2, mp.pi * mp.mpf(x)
        waves = float(mp.sin(angle)), float(mp.cos(angle))
    turned = (waves[1], -waves[0])
    np.testing.assert_allclose(first(x), waves[which], rtol=0, atol=2e-15)
    second, size = cats.grad(first)(x), abs(float(rate))
    np.testing.assert_allclose(second, float(rate) * turned[which], rtol=0, atol=2e-15 * size)
    assert not cats.kinks(first, x)


def _size(x: Any) -> int:
    """How many digits a number is from 1."""
    return abs(int(mp.log10(abs(x)))) if x else 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "slot"), DIGITS, ids=str)
def test_every_digit_of_first_and_second_derivatives(name: str, slot: int) -> None:
    """At an end of what a function is defined on, from within; in either mode."""
    f, (meant, points) = getattr(scipy.special, name), DIGITS[name, slot]
    for point in points:

        def one(x: Any, point: tuple[float, ...] = point) -> Any:
            return meant(*map(mp.mpf, point[:slot]), x, *map(mp.mpf, point[slot + 1 :]))

        first = cats.grad(lambda *xs: f(*xs), slot)
        found = [first(*point), cats.grad(first, slot)(*point), cats.jacfwd(first, slot)(*point)]
        at = mp.mpf(point[slot])
        with mp.workdps(80 + 3 * _size(at)):
            options = {"relative": True} if at else {"direction": 1}
            exact = [mp.re(mp.diff(one, at, n, **options)) for n in (1, 2, 2)]
        least = 1e-60 if abs(at) < 1 else 0.0  # zeros are small in so many digits
        for order, got, expected in zip((1, 2, 2), found, map(float, exact), strict=True):
            where = f"{name}{point}, order {order}"
            np.testing.assert_allclose(got, expected, rtol=4e-15, atol=least, err_msg=where)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_scaled_bessel_functions_at_zero_have_the_mean_of_both_sides(order: int) -> None:
    """exp(-|x|) I_v(x): of an even v kinks in odd derivatives, of an odd v in even ones."""
    f: Function = lambda x: scipy.special.ive(order, x)  # noqa: E731
    with mp.workdps(60):
        right = mp.taylor(lambda x: mp.exp(-x) * mp.besseli(order, x), 0, 4)
    for n in range(1, 5):
        kinks = list(cats.kinks(f, 0.0))
        f = cats.grad(f)
        mean = 0.0 if (n + order) % 2 else float(right[n] * mp.factorial(n))
        np.testing.assert_allclose(f(0.0), mean, rtol=2e-15, atol=1e-15)
        assert bool(kinks) == (order <= n - 1), n


def test_programs_with_special_functions_are_read_back() -> None:
    """Every operation of theirs is found by its name, as those of the vocabulary are."""
    assert BY_NAME.keys().isdisjoint(op.name for op in special.FAMILY)
    for op in special.FAMILY:
        count = op.takes.count or 1
        params = dict(op.examples[0].params) if op.examples else {}
        spaces = op.examples[0].spaces if op.examples else (R,) * count
        builder = Builder(spaces)
        made = op(*builder.wires, **params)
        program = builder.finish(made if isinstance(made, tuple) else [made])
        assert read_program(str(program)) == program, op.name
    program = cats.trace(cats.grad(lambda x: scipy.special.erf(x) * scipy.special.jv(2, x)), 0.5)
    assert read_program(str(program)) == program


def test_reading_a_special_function_does_not_load_scipy() -> None:
    """Nor does anything else load the special functions before one is asked for."""
    code = (
        "import sys, cats\n"
        "from cats.ir.read import read_program\n"
        "read_program('(x: R) -> y = sin x in (y)')\n"
        "assert 'cats.ir.prims.special' not in sys.modules\n"
        "assert read_program('(x: R) -> y = erf x in (y)').steps[0].op.name == 'erf'\n"
        "assert 'scipy' not in sys.modules\n"
    )
    answer = run("-c", code)
    assert answer.returncode == 0, answer.stderr + answer.stdout


def test_polygamma_of_several_orders() -> None:
    """The derivative of each is the one of the next order."""
    orders, x = np.array([[0], [1], [3]]), np.array([0.7, 1.9])
    found, slope = cats.jvp(lambda x: scipy.special.polygamma(orders, x), (x,), (np.ones(2),))
    np.testing.assert_allclose(found, scipy.special.polygamma(orders, x), rtol=1e-13)
    np.testing.assert_allclose(slope, scipy.special.polygamma(orders + 1, x), rtol=1e-12)
    listed = cats.compile(lambda x: scipy.special.polygamma([2.0, 0.0], x))(x)
    np.testing.assert_allclose(listed, scipy.special.polygamma([2, 0], x), rtol=1e-13)
    with pytest.raises(cats.TraceError, match="is a whole number, not"):
        cats.compile(lambda x: scipy.special.polygamma(1.5, x))(x)


SCALED: dict[str, tuple[float, int]] = {
    "i0e": (0, 1), "i1e": (1, 1), "k0e": (0, -1), "k1e": (1, -1), "ive": (2.5, 1), "kve": (2.5, -1),
}  # fmt: skip
"""The order, and the sign in exp(-sign x)."""


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("x", [1.85, 5.0, 12.7, 23.5, 40.0])
def test_slopes_of_scaled_bessel_functions_do_not_cancel(name: str, x: float) -> None:
    """Within 32 ulps, as the difference of neighbours in the order is not."""
    order, sign = SCALED[name]
    f = getattr(scipy.special, name)
    of = (lambda x: f(order, x)) if name in ("ive", "kve") else f
    with mp.workdps(60):
        bessel = mp.besseli if sign > 0 else mp.besselk
        near = [bessel(mp.mpf(order) + i, x) * mp.exp(-sign * x) for i in (-2, -1, 0, 1, 2)]
        first = sign * (near[1] - 2 * near[2] + near[3]) / 2
        second = (near[0] - 4 * near[1] + 6 * near[2] - 4 * near[3] + near[4]) / 4
    found = cats.grad(of)(x), cats.grad(cats.grad(of))(x)
    np.testing.assert_allclose(found, (float(first), float(second)), rtol=32 * 2.2e-16)
