"""The gamma and beta functions, their logarithms, their incomplete forms, and zeta."""

from __future__ import annotations

from math import comb, factorial

from cats.ir.primitive import Domain, Primitive
from cats.ir.prims.algebra import add, div, ipow, mul, neg, sub
from cats.ir.prims.choice import (
    abs,
    equal,
    floor,
    less,
    logical_and,
    logical_not,
    maximum,
    minimum,
    select,
)
from cats.ir.prims.math_functions import math_polygamma
from cats.ir.prims.smooth import cos, log, log1p, sin
from cats.ir.prims.special.record import SCIPY, special
from cats.ir.spaces import Value

PI = 3.141592653589793
POSITIVE = Domain(0.3, 4.0)
SHARE = Domain(0.05, 0.95)

SHAPE = "its derivative there is a hypergeometric function of higher order, which SciPy lacks"

# Gamma


psi = special("psi", lambda x, *, out: math_polygamma(x, n=1), "digamma(x)", POSITIVE)
polygamma: Primitive = special(
    "polygamma",
    lambda x, *, out, n: math_polygamma(x, n=n + 1),
    "polygamma(n, x)",
    POSITIVE,
    code="scipy.special.polygamma({n}, {0})[()]",
    params=({"n": 1}, {"n": 2}),
)
gamma = special("gamma", lambda x, *, out: mul(out, psi(x)), "gamma(x)", POSITIVE)
gammaln = special("gammaln", lambda x, *, out: psi(x), "log(gamma(x))", POSITIVE)
loggamma = special("loggamma", lambda x, *, out: psi(x), "log(gamma(x))", POSITIVE)


def _rgamma_slope(x: Value) -> Value:
    """-psi(x) / gamma(x); by reflection on the left, where psi has poles and 1 / gamma zeros."""
    left = less(x, 0.5)
    there, here = select(left, sub(1.0, x), 1.0), select(left, 1.0, x)
    angle = mul(PI, select(left, x, 1.0))
    turned = sub(cos(angle), div(mul(psi(there), sin(angle)), PI))
    return select(left, mul(gamma(there), turned), mul(neg(psi(here)), rgamma(here)))


rgamma: Primitive = special("rgamma", lambda x, *, out: _rgamma_slope(x), "1/gamma(x)", POSITIVE)

polygamma_gap: Primitive = special(
    "polygamma_gap",
    lambda x, y, *, out, n: (polygamma_gap(x, y, n=n + 1), math_polygamma(add(x, y), n=n + 1)),
    "polygamma(n, x + y) - polygamma(n, x)",
    POSITIVE,
    POSITIVE,
    code="polygamma_gap_of({0}, {1}, {n})",
    params=({"n": 0}, {"n": 1}, {"n": 2}),
    modules=("math",),
    helpers=math_polygamma.helpers
    + '''
def polygamma_gap_of(x, y, n):
    """polygamma at x + y less that at x, of which nothing cancels where y is small."""
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    with np.errstate(all="ignore"):
        good = (a > 0) & (a + b > 0)
        found = gap_on_the_right(np.where(good, a, 1), np.where(good, b, 1), n)
        other = polygamma_of(a + b, n) - polygamma_of(a, n)
    return np.asarray(np.where(good, found, other), np.result_type(x, y))[()]
def gap_on_the_right(a, b, n):
    """Term by term of the sum, and of the series of what is far; n! (-1)**(n + 1) is common."""
    many, whole = 10 + n, (-1.0) ** (n + 1) * math.factorial(n)
    far = a + many
    u = np.log1p(b / far)
    head = [(a + i) ** (-n - 1.0) * np.expm1(-(n + 1) * np.log1p(b / (a + i))) for i in range(many)]
    tail = [
        h * math.factorial(2 * k + n - 1) / math.factorial(2 * k) / math.factorial(n)
        * far ** (-2.0 * k - n) * np.expm1(-(2 * k + n) * u)
        for k, h in bernoulli()
    ]
    first = -u if n == 0 else far ** -float(n) / n * np.expm1(-n * u)
    half = far ** (-n - 1.0) / 2 * np.expm1(-(n + 1) * u)
    return whole * (sum(head) + first + half + sum(tail))
''',
)
beta = special(
    "beta",
    lambda x, y, *, out: (
        mul(neg(out), polygamma_gap(x, y, n=0)),
        mul(neg(out), polygamma_gap(y, x, n=0)),
    ),
    "beta(x, y)",
    POSITIVE,
    POSITIVE,
)
betaln = special(
    "betaln",
    lambda x, y, *, out: (neg(polygamma_gap(x, y, n=0)), neg(polygamma_gap(y, x, n=0))),
    "log(beta(x, y))",
    POSITIVE,
    POSITIVE,
)


LARGE = 170.0
"""Where the gamma function ends."""


def _among_poles(x: Value, y: Value) -> tuple[Value, Value, Value]:
    """Where gamma(x + y) / gamma(x) is 0, or may be near it; x and x + y there."""
    end = add(x, y)
    low = logical_and(less(x, minimum(abs(y), 0.5)), less(maximum(end, y), LARGE))
    here = logical_and(low, logical_not(_falls(end, y)))
    return here, select(here, x, 1.0), select(here, end, 1.0)


def _falls(end: Value, y: Value) -> Value:
    """Where it is a product of y negative numbers, far from 0."""
    return logical_and(less(end, 0.5), equal(floor(y), y))


def _rising_slope(x: Value, y: Value, out: Value, scale: Value = 1.0) -> Value:
    """The slope in x of out = scale gamma(x + y) / gamma(x), without dividing by what may be 0."""
    here, begin, end = _among_poles(x, y)
    inside = add(mul(psi(end), rgamma(begin)), _rgamma_slope(begin))
    falls = _falls(add(x, y), y)
    size = select(falls, neg(out), out)
    gap = polygamma_gap(select(falls, sub(1.0, add(x, y)), x), y, n=0)
    return select(here, mul(scale, mul(gamma(end), inside)), mul(size, gap))


poch = special(
    "poch",
    lambda x, y, *, out: (_rising_slope(x, y, out), mul(out, psi(add(x, y)))),
    "gamma(x + y)/gamma(x)",
    POSITIVE,
    POSITIVE,
)


def _binom_slopes(x: Value, y: Value, *, out: Value) -> tuple[Value, Value]:
    rest, below = add(sub(x, y), 1.0), add(y, 1.0)
    here, begin, end = _among_poles(rest, y)
    turns = sub(mul(rgamma(begin), _rgamma_slope(below)), mul(_rgamma_slope(begin), rgamma(below)))
    in_y = select(here, mul(gamma(end), turns), mul(out, sub(psi(rest), psi(below))))
    return _rising_slope(rest, y, out, rgamma(below)), in_y


binom = special(
    "binom",
    _binom_slopes,
    "gamma(x + 1)/gamma(y + 1)/gamma(x - y + 1)",
    Domain(3.0, 7.0),
    Domain(0.3, 2.5),
)
zeta: Primitive = special(
    "zeta",
    lambda x, y, *, out: (None, mul(neg(x), zeta(add(x, 1.0), y))),
    "zeta(x, y)",
    Domain(1.5, 4.0),
    POSITIVE,
    refused=((0, "the derivative in the exponent is a function that SciPy lacks"),),
)

riemann_zeta: Primitive = special(
    "riemann_zeta",
    lambda x, *, out: (None,),
    "zeta(x)",
    Domain(-3.0, 0.7),
    code="scipy.special.zeta({0})",
    refused=((0, "its derivative is a function that SciPy lacks"),),
)

# Densities: Poisson's and the binomial, without products of what is very large and very small

_LOADER = '''
def stirling_error(n):
    """log(gamma(n + 1)) less Stirling's formula: of n + 8, and the differences up to it.

    (Loader 2000, "Fast and accurate computation of binomial probabilities".)
    """
    numbers = enumerate([1/6, -1/30, 1/42, -1/30, 5/66, -691/2730, 7/6, -3617/510], 1)
    series = [b / (2 * k * (2 * k - 1)) * (n + 8) ** (1.0 - 2 * k) for k, b in numbers]
    steps = [(n + i + 0.5) * np.log1p(1 / (n + i)) - 1 for i in range(8)]
    return sum(reversed(series)) + sum(reversed(steps))
def deviance(x, m):
    """x log(x / m) + m - x, to the last digit where x and m are near."""
    v = (x - m) / (x + m)
    series = [2.0 / (2 * k + 1) * v ** (2 * k) for k in range(1, 16)]
    close = np.abs(v) < 0.1
    far = np.where(close | (x == 0), 1, x)
    plain = x * np.log(far / np.where(close, 1, m)) + m - x
    return np.where(close, (x - m) * v + x * v * sum(reversed(series)), plain)
'''

_LOWER_POWER = '''
def lower_power(x, a, i):
    """x**(a - 1 - i), of which no exponent is rounded."""
    found = np.where(a < 1, np.where(x == 0, np.inf, x**a / x), x ** (a - 1 - i))
    for _ in range(i):
        np.copyto(found, found / x, where=a < 1)
    return found
'''

_GAMMA_DENSITY = (
    _LOADER
    + _LOWER_POWER
    + '''
def gamma_density_of(a, x):
    """exp(-x) x**(a - 1) / gamma(a); of a large a as a / x times Poisson's probability of a."""
    k, m = np.asarray(a, np.float64), np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        plain = lower_power(m, k, 0) * scipy.special.rgamma(k) * np.exp(-m)
        large = np.exp(-stirling_error(k) - deviance(k, m)) * np.sqrt(k / (2 * np.pi)) / m
        found = np.where((k < 30) & (m < 700), plain, large)
        end = np.where(k < 1, np.inf, np.where(k == 1, 1, 0))
    found = np.where(m == 0, end, np.where(m < 0, np.nan, found))
    return np.asarray(found, np.result_type(a, x))[()]
'''
)


def _in_shape(a: Value, x: Value, out: Value, n: int) -> Value:
    """The slope in a of the density derived n times, out: that of out (log(x) - psi(a))."""
    found = mul(out, sub(log(x), psi(a)))
    for i in range(1, n + 1):
        rate = float(comb(n, i) * (-1) ** (i - 1) * factorial(i - 1))
        rest = gamma_density_derivative(a, x, n=n - i) if i < n else gamma_density(a, x)
        found = add(found, div(mul(rate, rest), ipow(x, n=i)))
    return found


gamma_density: Primitive = special(
    "gamma_density",
    lambda a, x, *, out: (_in_shape(a, x, out, 0), gamma_density_derivative(a, x, n=1)),
    "exp(-y)*y**(x - 1)/gamma(x)",
    POSITIVE,
    POSITIVE,
    code="gamma_density_of({0}, {1})",
    helpers=_GAMMA_DENSITY,
)
gamma_density_derivative: Primitive = special(
    "gamma_density_derivative",
    lambda a, x, *, out, n: (_in_shape(a, x, out, n), gamma_density_derivative(a, x, n=n + 1)),
    "diff(exp(-y)*y**(x - 1)/gamma(x), y, n)",
    POSITIVE,
    POSITIVE,
    code="gamma_density_derivative_of({0}, {1}, {n})",
    params=({"n": 1}, {"n": 2}),
    modules=("math", *SCIPY),
    helpers=_GAMMA_DENSITY
    + '''
def gamma_density_derivative_of(a, x, n):
    """The density derived n times in x: power by power near 0, and from there by recurrence."""
    k, m = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    near = (m < 1) & (k < 30)
    with np.errstate(all="ignore"):
        falling, terms = np.ones_like(k), []
        for i in range(n + 1):
            rate = math.comb(n, i) * (-1) ** (n - i) * falling
            terms.append(np.where(rate == 0, 0, rate * lower_power(m, k, i)))
            falling = falling * (k - 1 - i)
        powers = np.where(np.isinf(terms[n]), terms[n], sum(terms))
        inside = powers * scipy.special.rgamma(k) * np.exp(-m)
        before, ratio = np.zeros_like(k), np.ones_like(k)
        for i in range(n):
            before, ratio = ratio, ((k - 1 - i - m) * ratio - i * before) / m
        density = np.asarray(gamma_density_of(k, m))
        outside = np.where(density == 0, 0, density * ratio)
    found = np.where(m < 0, np.nan, np.where(near, inside, outside))
    return np.asarray(found, np.result_type(a, x))[()]
''',
)

_BETA_DENSITY = (
    _LOADER
    + _LOWER_POWER
    + '''
def beta_density_of(a, b, x):
    """x**(a - 1) (1 - x)**(b - 1) / beta(a, b), by the binomial probability of a among a + b."""
    k, j, p = (np.asarray(v, np.float64) for v in (a, b, x))
    n, q = k + j, 1 - p
    with np.errstate(all="ignore"):
        size = np.exp(beta_size(k, j) - deviance(k, n * p) - deviance(j, n * q))
        inside = np.sqrt(k * j / (2 * np.pi * n)) * size / (p * q)
    inside = np.where((p == 0) | (q == 0), 0, inside)
    return np.asarray(beta_ends(k, j, p, 0, inside), np.result_type(a, b, x))[()]
def beta_size(k, j):
    """What Stirling's formula lacks."""
    return stirling_error(k + j) - stirling_error(k) - stirling_error(j)
def beta_ends(k, j, p, n, inside):
    """The density derived n times: near 0 and 1 power by power, where a power is not large."""
    q = 1 - p
    low = (p < 0.1) & (p * j < 1) & (k < 30)
    high = (q < 0.1) & (q * k < 1) & (j < 30)
    with np.errstate(all="ignore"):
        first = beta_end(k, j, np.where(low, p, 0.1), n)
        last = (-1) ** n * beta_end(j, k, np.where(high, q, 0.1), n)
    found = np.where(low, first, np.where(high, last, inside))
    return np.where((p < 0) | (q < 0), np.nan, found)
def beta_end(k, j, p, n):
    """The density of a small p derived n times: by Leibniz's rule."""
    rest, less, more = np.log1p(-p), np.minimum(k, j), np.maximum(k, j)
    share = less / (k + j)
    whole = np.sqrt(less * (1 - share) / (2 * np.pi)) * np.exp(beta_size(k, j))
    whole = whole / (share**less * np.exp(more * np.log1p(-share)))
    ups, downs = [np.ones_like(k + p)], [np.ones_like(j + p)]
    for i in range(n):
        ups.append(ups[i] * (k - 1 - i))
        downs.append(downs[i] * (j - 1 - i))
    terms = []
    for i in range(n + 1):
        rate = math.comb(n, i) * (-1) ** (n - i) * ups[i] * downs[n - i]
        power = lower_power(p, k, i) * np.exp((j - 1 - n + i) * rest)
        terms.append(np.where(rate == 0, 0, rate * power))
    return whole * np.where(np.isinf(terms[n]), terms[n], sum(terms))
'''
)


def _in_powers(a: Value, b: Value, x: Value, out: Value, n: int) -> tuple[Value, Value]:
    """The slopes in a and b of the density derived n times, out."""
    in_a = mul(out, add(log(x), polygamma_gap(a, b, n=0)))
    in_b = mul(out, add(log1p(neg(x)), polygamma_gap(b, a, n=0)))
    for i in range(1, n + 1):
        rate = float(comb(n, i) * factorial(i - 1))
        rest = beta_density_derivative(a, b, x, n=n - i) if i < n else beta_density(a, b, x)
        each = mul(rate, rest)
        in_a = add(in_a, div(mul(float((-1) ** (i - 1)), each), ipow(x, n=i)))
        in_b = sub(in_b, div(each, ipow(sub(1.0, x), n=i)))
    return in_a, in_b


beta_density: Primitive = special(
    "beta_density",
    lambda a, b, x, *, out: (
        *_in_powers(a, b, x, out, 0),
        beta_density_derivative(a, b, x, n=1),
    ),
    "z**(x - 1)*(1 - z)**(y - 1)/beta(x, y)",
    POSITIVE,
    POSITIVE,
    SHARE,
    code="beta_density_of({0}, {1}, {2})",
    modules=("math",),
    helpers=_BETA_DENSITY,
)
beta_density_derivative: Primitive = special(
    "beta_density_derivative",
    lambda a, b, x, *, out, n: (
        *_in_powers(a, b, x, out, n),
        beta_density_derivative(a, b, x, n=n + 1),
    ),
    "diff(z**(x - 1)*(1 - z)**(y - 1)/beta(x, y), z, n)",
    POSITIVE,
    POSITIVE,
    SHARE,
    code="beta_density_derivative_of({0}, {1}, {2}, {n})",
    params=({"n": 1}, {"n": 2}),
    modules=("math",),
    helpers=_BETA_DENSITY
    + '''
def beta_density_derivative_of(a, b, x, n):
    """The density derived n times in x: power by power near the ends, between by recurrence."""
    k, j, p = (np.asarray(v, np.float64) for v in (a, b, x))
    q = 1 - p
    with np.errstate(all="ignore"):
        before, ratio = np.zeros_like(k + p), np.ones_like(k + p)
        for i in range(n):
            rate = (k - 1 - i) * q - (j - 1 - i) * p
            last = i * (k + j - 1 - i) * before
            before, ratio = ratio, (rate * ratio - last) / (p * q)
        density = np.asarray(beta_density_of(k, j, p))
        inside = np.where(density == 0, 0, density * ratio)
    return np.asarray(beta_ends(k, j, p, n, inside), np.result_type(a, b, x))[()]
''',
)

# Distributions, and their inverses

_IN_SHAPE = ((0, SHAPE),)
_IN_SHAPES = ((0, SHAPE), (1, SHAPE))

gammainc = special(
    "gammainc",
    lambda a, x, *, out: (None, gamma_density(a, x)),
    "1 - uppergamma(x, y)/gamma(x)",
    POSITIVE,
    POSITIVE,
    refused=_IN_SHAPE,
)
gammaincc = special(
    "gammaincc",
    lambda a, x, *, out: (None, neg(gamma_density(a, x))),
    "uppergamma(x, y)/gamma(x)",
    POSITIVE,
    POSITIVE,
    refused=_IN_SHAPE,
)
gammaincinv = special(
    "gammaincinv",
    lambda a, y, *, out: (None, div(1.0, gamma_density(a, out))),
    "",
    POSITIVE,
    SHARE,
    refused=_IN_SHAPE,
)
gammainccinv = special(
    "gammainccinv",
    lambda a, y, *, out: (None, div(-1.0, gamma_density(a, out))),
    "",
    POSITIVE,
    SHARE,
    refused=_IN_SHAPE,
)
betainc = special(
    "betainc",
    lambda a, b, x, *, out: (None, None, beta_density(a, b, x)),
    "z**x/x*hyper((x, 1 - y), (x + 1,), z)/beta(x, y)",
    POSITIVE,
    POSITIVE,
    SHARE,
    refused=_IN_SHAPES,
)
betaincc = special(
    "betaincc",
    lambda a, b, x, *, out: (None, None, neg(beta_density(a, b, x))),
    "1 - z**x/x*hyper((x, 1 - y), (x + 1,), z)/beta(x, y)",
    POSITIVE,
    POSITIVE,
    SHARE,
    refused=_IN_SHAPES,
)
betaincinv = special(
    "betaincinv",
    lambda a, b, y, *, out: (None, None, div(1.0, beta_density(a, b, out))),
    "",
    POSITIVE,
    POSITIVE,
    SHARE,
    refused=_IN_SHAPES,
)
betainccinv = special(
    "betainccinv",
    lambda a, b, y, *, out: (None, None, div(-1.0, beta_density(a, b, out))),
    "",
    POSITIVE,
    POSITIVE,
    SHARE,
    refused=_IN_SHAPES,
)
student_density: Primitive = special(
    "student_density",
    lambda v, t, *, out: (
        mul(out, _in_freedom(v, t)),
        mul(out, neg(div(mul(add(v, 1.0), t), add(v, mul(t, t))))),
    ),
    "(1 + y**2/x)**(-(x + 1)/2)/sqrt(x)/beta(x/2, Rational(1, 2))",
    POSITIVE,
    Domain(-3.0, 3.0),
    code="student_density_of({0}, {1})",
    helpers=_LOADER
    + '''
def student_density_of(v, t):
    """Student's density of v degrees of freedom at t."""
    half, square = np.asarray(v, np.float64) / 2, np.asarray(t, np.float64) ** 2
    with np.errstate(all="ignore"):
        size = stirling_error(half + 0.5) - stirling_error(half) - deviance(half, half + 0.5)
        found = np.exp(size - (half + 0.5) * np.log1p(square / (2 * half)))
    return np.asarray(found / np.sqrt(2 * np.pi), np.result_type(v, t))[()]
''',
)


def _in_freedom(v: Value, t: Value) -> Value:
    """The slope of the logarithm of Student's density in v."""
    square = mul(t, t)
    gap = sub(polygamma_gap(mul(0.5, v), 0.5, n=0), div(1.0, v))
    pull = div(mul(add(v, 1.0), square), mul(v, add(v, square)))
    return mul(0.5, add(sub(gap, log1p(div(square, v))), pull))


stdtr = special(
    "stdtr",
    lambda v, t, *, out: (None, student_density(v, t)),
    "Rational(1, 2) + y/sqrt(x)/beta(x/2, Rational(1, 2))"
    "*hyper((Rational(1, 2), (x + 1)/2), (Rational(3, 2),), -y**2/x)",
    POSITIVE,
    Domain(-3.0, 3.0),
    refused=_IN_SHAPE,
)
stdtrit = special(
    "stdtrit",
    lambda v, p, *, out: (None, div(1.0, student_density(v, out))),
    "",
    POSITIVE,
    SHARE,
    refused=_IN_SHAPE,
)


FAMILY = (
    psi,
    polygamma,
    gamma,
    gammaln,
    loggamma,
    rgamma,
    polygamma_gap,
    beta,
    betaln,
    poch,
    binom,
    zeta,
    riemann_zeta,
    gamma_density,
    gamma_density_derivative,
    beta_density,
    beta_density_derivative,
    student_density,
    gammainc,
    gammaincc,
    gammaincinv,
    gammainccinv,
    betainc,
    betaincc,
    betaincinv,
    betainccinv,
    stdtr,
    stdtrit,
)
