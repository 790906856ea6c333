"""The error function and the normal distribution: erf, erfc, erfcx, dawsn, ndtr, and inverses."""

from __future__ import annotations

from cats.ir.primitive import Domain, Primitive
from cats.ir.prims.algebra import div, mul
from cats.ir.prims.choice import less, select
from cats.ir.prims.math_functions import TWO_OVER_ROOT_PI, gaussian
from cats.ir.prims.special.record import SCIPY, special
from cats.ir.spaces import Value

HALF_ROOT_PI = 0.886226925452758
ROOT_2_PI = 2.5066282746310007
ROOT_2_OVER_PI = 0.7978845608028654
ROOT_HALF = 0.7071067811865476

WIDE = Domain(-4.0, 4.0)
INSIDE = Domain(-0.95, 0.95)


def bell(x: Value) -> Value:
    """exp(-x**2 / 2)."""
    return gaussian(x, by=0.5)


erf = special("erf", lambda x, *, out: mul(TWO_OVER_ROOT_PI, gaussian(x, by=1.0)), "erf(x)", WIDE)
erfc = special(
    "erfc", lambda x, *, out: mul(-TWO_OVER_ROOT_PI, gaussian(x, by=1.0)), "erfc(x)", WIDE
)
erfi = special(
    "erfi", lambda x, *, out: mul(TWO_OVER_ROOT_PI, gaussian(x, by=-1.0)), "erfi(x)", WIDE
)
erfinv = special(
    "erfinv", lambda x, *, out: mul(HALF_ROOT_PI, gaussian(out, by=-1.0)), "erfinv(x)", INSIDE
)
erfcinv = special(
    "erfcinv",
    lambda x, *, out: mul(-HALF_ROOT_PI, gaussian(out, by=-1.0)),
    "erfinv(1 - x)",
    Domain(0.05, 1.95),
)

# Functions whose derivatives are differences of what is much larger

erfcx_derivative: Primitive = special(
    "erfcx_derivative",
    lambda x, *, out, n: erfcx_derivative(x, n=n + 1),
    "diff(exp(x**2)*erfc(x), x, n)",
    WIDE,
    code="erfcx_derivative_of({0}, {n})",
    params=({"n": 1}, {"n": 2}),
    modules=("functools", *SCIPY),
    helpers='''
def erfcx_derivative_of(x, n):
    """exp(x**2) erfc(x) derived n times: (-2)**n n! times a repeated integral of erfc, scaled.

    On the left one follows from those before; on the right their ratios are a continued fraction.
    (Gautschi 1961; Abramowitz and Stegun 7.2.)
    """
    wide = np.asarray(x, np.float64)
    right = np.maximum(wide, 0.9)
    ratio = np.array(1 / (right + np.sqrt(right * right + 602 + 2 * n)))
    product = np.full_like(ratio, 2 / np.sqrt(np.pi))
    for k in range(300 + n, -1, -1):
        np.divide(1, 2 * right + 2 * (k + 1) * ratio, out=ratio)
        if k <= n:
            np.multiply(product, (-2 * k if k else 1) * ratio, out=product)
    both = np.where(wide > 0.9, product, erfcx_from_left(np.minimum(wide, 0.9), n))
    return np.asarray(both, np.result_type(x))[()]
def erfcx_from_left(x, n):
    """The same by recurrence."""
    def step(pair, k):
        return pair[1], 2 * x * pair[1] + 2 * k * pair[0]
    first = scipy.special.erfcx(x)
    begin = first, 2 * x * first - 2 / np.sqrt(np.pi)
    return functools.reduce(step, range(1, n), begin)[1]
''',
)
erfcx = special("erfcx", lambda x, *, out: erfcx_derivative(x, n=1), "exp(x**2)*erfc(x)", WIDE)
dawsn_derivative: Primitive = special(
    "dawsn_derivative",
    lambda x, *, out, n: dawsn_derivative(x, n=n + 1),
    "diff(sqrt(pi)/2*exp(-x**2)*erfi(x), x, n)",
    WIDE,
    code="dawsn_derivative_of({0}, {n})",
    params=({"n": 1}, {"n": 2}),
    modules=("functools", "math", *SCIPY),
    helpers='''
def dawsn_derivative_of(x, n):
    """Dawson's integral derived n times: by recurrence, by Rybicki's sum, by its asymptotic series.

    (Rybicki 1989, "Dawson's integral and the sampling theorem".)
    """
    wide = np.asarray(x, np.float64)
    size = np.abs(wide)
    near, far = np.clip(wide, -1, 1), np.where(size < 7, 7, wide)
    def step(pair, k):
        return pair[1], -2 * (near * pair[1] + k * pair[0])
    first = scipy.special.dawsn(near)
    inside = functools.reduce(step, range(1, n), (first, 1 - 2 * near * first))[1]
    middle = dawsn_sampled(np.where(size < 7, wide, 7), n)
    counts = [math.factorial(2 * k + n) / (math.factorial(k) * 4**k) for k in range(25)]
    series = [c * far ** (-2.0 * k) for k, c in enumerate(counts)]
    outside = (-1) ** n / 2 * sum(reversed(series)) * far ** (-1.0 - n)
    found = np.where(size < 1, inside, np.where(size < 7, middle, outside))
    return np.asarray(found, np.result_type(x))[()]
def dawsn_sampled(x, n):
    """The sum of bells derived n times, at odd multiples of a step, over these."""
    step, hermite = 0.2, [0.0] * n + [(-1.0) ** n]
    middle = 2 * np.rint(x / (2 * step))
    away = x - step * middle
    parts = [
        np.polynomial.hermite.hermval(away - step * k, hermite)
        * np.exp(-((away - step * k) ** 2)) / (middle + k)
        for k in range(-35, 36, 2)
    ]
    return sum(parts) / np.sqrt(np.pi)
''',
)
dawsn = special(
    "dawsn",
    lambda x, *, out: dawsn_derivative(x, n=1),
    "sqrt(pi)/2*exp(-x**2)*erfi(x)",
    WIDE,
)

# The normal distribution

ndtr = special(
    "ndtr",
    lambda x, *, out: div(bell(x), ROOT_2_PI),
    "(1 + erf(x/sqrt(2)))/2",
    WIDE,
)


def mills(x: Value) -> Value:
    """The density over the distribution: the slope of its logarithm, in the tails too."""
    left = less(x, 0.0)
    tail = erfcx(mul(-ROOT_HALF, select(left, x, 0.0)))
    there = select(left, 0.0, x)
    return select(left, div(ROOT_2_OVER_PI, tail), div(bell(there), mul(ROOT_2_PI, ndtr(there))))


log_ndtr = special(
    "log_ndtr",
    lambda x, *, out: mills(x),
    "log((1 + erf(x/sqrt(2)))/2)",
    WIDE,
)
ndtri = special(
    "ndtri",
    lambda x, *, out: mul(ROOT_2_PI, gaussian(out, by=-0.5)),
    "sqrt(2)*erfinv(2*x - 1)",
    Domain(0.05, 0.95),
)
ndtri_exp = special(
    "ndtri_exp",
    lambda x, *, out: div(1.0, mills(out)),
    "sqrt(2)*erfinv(2*exp(x) - 1)",
    Domain(-3.0, -0.05),
)

FAMILY = (
    erf,
    erfc,
    erfi,
    erfinv,
    erfcinv,
    erfcx_derivative,
    erfcx,
    dawsn_derivative,
    dawsn,
    ndtr,
    log_ndtr,
    ndtri,
    ndtri_exp,
)
