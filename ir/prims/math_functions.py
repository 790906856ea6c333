"""Functions of Python's `math` that NumPy lacks: erf, gamma and their kin, sums rounded once.

They need no SciPy, nor does np.i0. Where `math` raises an error these give nan or an infinity, as
NumPy does.
"""

from __future__ import annotations

from cats.ir.errors import SpaceError
from cats.ir.linear import Id, Join, Linear
from cats.ir.primitive import Example, Primitive, leaf_of
from cats.ir.prims.algebra import ANY, add, entrywise, mul, of_order, slope
from cats.ir.prims.contraction import contract
from cats.ir.prims.layout import reals, sum
from cats.ir.prims.pairs import POSITIVE
from cats.ir.spaces import Ground, Real, Value, space_of

TWO_OVER_ROOT_PI = 1.1283791670955126


def _on_entries(name: str, otherwise: str, too_large: str = "math.inf") -> str:
    """The helper that maps a function of `math`, which raises errors where NumPy does not."""
    return f'''
def {name}_of(x):
    """math.{name} of every entry."""
    def at(entry):
        try:
            return math.{name}(entry)
        except ValueError:
            return {otherwise}
        except OverflowError:
            return {too_large}
    with np.errstate(all="ignore"):
        return np.asarray(np.frompyfunc(at, 1, 1)(x), np.result_type(x))[()]
'''


# The error function

gaussian: Primitive = Primitive(
    "gaussian",
    "gaussian_of({0}, {by})",
    lambda x, *, by: x,
    meaning="exp(-by*x**2)",
    linearise=lambda x, *, out, by: slope(mul(mul(-2.0 * by, x), out), x),
    elementwise=True,
    examples=tuple(Example(reals((3,)), (("by", by),)) for by in (1.0, 0.5, -1.0)),
    helpers='''
def gaussian_of(x, by):
    """exp(-by * x * x), its square split into one that is exact and a rest."""
    wide = np.clip(np.asarray(x, np.float64), -60, 60)
    head = wide.astype(np.float32).astype(np.float64)
    found = np.exp(-by * head * head) * np.exp(by * (head - wide) * (head + wide))
    return np.asarray(found, np.result_type(x))[()]
''',
)
math_erf = entrywise(
    "math_erf",
    "erf_of({0})",
    "erf(x)",
    lambda x, *, out: slope(mul(TWO_OVER_ROOT_PI, gaussian(x, by=1.0)), x),
    helpers=_on_entries("erf", "math.nan"),
    modules=("math",),
)
math_erfc = entrywise(
    "math_erfc",
    "erfc_of({0})",
    "erfc(x)",
    lambda x, *, out: slope(mul(-TWO_OVER_ROOT_PI, gaussian(x, by=1.0)), x),
    helpers=_on_entries("erfc", "math.nan"),
    modules=("math",),
)

# The gamma function

math_polygamma: Primitive = Primitive(
    "math_polygamma",
    "polygamma_of({0}, {n})",
    of_order,
    meaning="polygamma(n, x)",
    linearise=lambda x, *, out, n: slope(math_polygamma(x, n=n + 1), x),
    domain=(POSITIVE,),
    elementwise=True,
    examples=tuple(Example(reals((3,)), (("n", n),)) for n in (0, 1, 3)),
    modules=("math",),
    helpers='''
def polygamma_of(x, n):
    """The derivative of log(gamma(x)) of order n + 1; on the left of 0 by reflection."""
    wide = np.asarray(x, np.float64)
    whole = np.rint(wide)
    with np.errstate(all="ignore"):
        right = np.where(wide <= 0, 1 - wide, wide)
        found = by_inverses(right) if n == 0 else by_powers(right, n)
        turned = np.polyval(cotangent_slope(n), 1 / np.tan(np.pi * (wide - whole)))
        left = np.where(wide == whole, np.nan, (-1) ** n * found - turned)
    return np.asarray(np.where(wide <= 0, left, found), np.result_type(x))[()]
def by_inverses(x):
    """digamma of a positive x, as its difference from digamma(root) = 0: nothing cancels."""
    root, more, many = 1.4616321449683622, 9.549995429965697e-17, 10
    away, far = (x - root) - more, root + many
    head = [np.where(np.isinf(x), 0, away / (root + i) / (x + i)) for i in range(many)]
    u = np.log1p(away / far)
    tail = [b / (2 * k) * far ** (-2 * k) * np.expm1(-2 * k * u) for k, b in bernoulli()]
    return sum(head) + u - np.expm1(-u) / (2 * far) - sum(tail)
def by_powers(x, n):
    """polygamma of order n > 0 and a positive x: a sum, and the series of what is far."""
    many = 10 + n
    far, order = x + many, math.factorial(n)
    head = [order * (x + i) ** (-n - 1.0) for i in range(many)]
    tail = [
        b * math.factorial(2 * k + n - 1) / math.factorial(2 * k) * far ** (-2.0 * k - n)
        for k, b in bernoulli()
    ]
    first = math.factorial(n - 1) * far ** -float(n) + order / 2 * far ** (-n - 1.0)
    return (-1) ** (n + 1) * (sum(head) + first + sum(tail))
def bernoulli():
    """k and the Bernoulli number of 2k."""
    numbers = [1/6, -1/30, 1/42, -1/30, 5/66, -691/2730, 7/6, -3617/510, 43867/798]
    return enumerate(numbers, 1)
def cotangent_slope(n):
    """The derivative of pi cot(pi x) of order n, as a polynomial in the cotangent."""
    if n == 0:
        return np.array([np.pi, 0])
    return np.polymul(np.polyder(cotangent_slope(n - 1)), [-np.pi, 0, -np.pi])
''',
)
math_gamma: Primitive = entrywise(
    "math_gamma",
    "gamma_of({0})",
    "gamma(x)",
    lambda x, *, out: slope(mul(out, math_polygamma(x, n=0)), x),
    POSITIVE,
    helpers=_on_entries("gamma", "math.copysign(math.inf, entry) if entry == 0 else math.nan"),
    modules=("math",),
)
math_lgamma = entrywise(
    "math_lgamma",
    "lgamma_of({0})",
    "loggamma(x)",
    lambda x, *, out: slope(math_polygamma(x, n=0), x),
    POSITIVE,
    helpers=_on_entries("lgamma", "math.inf"),
    modules=("math",),
)

# The modified Bessel function that NumPy has

bessel_i: Primitive = Primitive(
    "bessel_i",
    lambda x, *, n: f"np.i0({x})[()]" if n == 0 else f"bessel_i_of({x}, {n})",
    lambda x, *, n: x,
    meaning="besseli(n, x)",
    linearise=lambda x, *, out, n: slope(_beside(x, n), x),
    elementwise=True,
    examples=tuple(Example(reals((3,)), (("n", n),)) for n in (0, 1, 3)),
    helpers='''
def bessel_i_of(x, n):
    """I_n(x) from I_0(x) by the ratios of neighbours, a continued fraction taken from its end."""
    wide = np.asarray(x, np.float64)
    last = 150 + n
    ratio, product = np.array(wide / (last + np.hypot(last, wide))), np.ones_like(wide)
    for k in range(last, 0, -1):
        np.divide(wide, 2 * k + wide * ratio, out=ratio)
        if k <= n:
            np.multiply(product, ratio, out=product)
    return np.asarray(np.i0(wide) * product, np.result_type(x))[()]
''',
)


def _beside(x: Value, n: int) -> Value:
    """The derivative of I_n: half of what its neighbours are together."""
    if n == 0:
        return bessel_i(x, n=1)
    return mul(0.5, add(bessel_i(x, n=n - 1), bessel_i(x, n=n + 1)))


# Sums rounded once

fma = entrywise(
    "fma",
    "fma_of({0}, {1}, {2})",
    "x*y + z",
    lambda x, y, z, *, out: Join((slope(y, x), slope(x, y), Id(space_of(z)))),
    ANY,
    ANY,
    ANY,
    modules=("fractions",),
    helpers='''
def fma_of(x, y, z):
    """x * y + z, rounded once."""
    def at(a, b, c):
        rounded = a * b + c
        if not np.isfinite(rounded):
            return rounded
        exact = [fractions.Fraction(float(entry)) for entry in (a, b, c)]
        return float(exact[0] * exact[1] + exact[2])
    with np.errstate(all="ignore"):
        found = np.frompyfunc(at, 3, 1)(x, y, z)
    return np.asarray(found, np.result_type(x, y, z))[()]
''',
)


def _line(*xs: Ground) -> Ground:
    if any(len(x.shape) != 1 or not isinstance(x, Real) or x != xs[0] for x in xs):
        raise SpaceError(f"a sum of a line of real numbers, got {', '.join(map(str, xs))}")
    return Real((), xs[0].dtype)


def _sum_rule(x: Value, *, out: Value) -> Linear:
    return leaf_of(sum, 0, (), space_of(x), space_of(out), axes=(0,))


fsum = Primitive(
    "fsum",
    "np.result_type({0}).type(math.fsum({0}))",
    _line,
    linearise=_sum_rule,
    modules=("math",),
    examples=(Example(reals((3,))), Example(reals((0,)))),
)


def _sumprod_rule(x: Value, y: Value, *, out: Value) -> Linear:
    ends = space_of(x), space_of(out)
    parts = [leaf_of(contract, i, (v,), *ends, spec="i,i->") for i, v in enumerate((y, x))]
    return Join(tuple(parts))


sumprod = Primitive(
    "sumprod",
    "sumprod_of({0}, {1})",
    _line,
    linearise=_sumprod_rule,
    modules=("math",),
    domain=(ANY, ANY),
    examples=(Example(reals((3,), (3,))), Example(reals((0,), (0,)))),
    helpers='''
def sumprod_of(x, y):
    """The sum of products: each is two numbers, and all are added exactly. (Dekker 1971.)"""
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    first, second, product = leading(a), leading(b), a * b
    rest = (a - first) * (b - second) - (
        ((product - first * second) - (a - first) * second) - first * (b - second)
    )
    return np.result_type(x, y).type(math.fsum(np.concatenate([product, rest])))
def leading(x):
    """The leading half of the digits."""
    wide = 134217729.0 * x
    return wide - (wide - x)
''',
)

FAMILY = (
    gaussian,
    math_erf,
    math_erfc,
    math_polygamma,
    math_gamma,
    math_lgamma,
    bessel_i,
    fma,
    fsum,
    sumprod,
)
