"""Smooth functions of one real number: exp, log, sin, ... Rules in the library's words."""

from __future__ import annotations

from collections.abc import Callable

from cats.ir.linear import Linear, Then
from cats.ir.primitive import Domain, Example, Primitive
from cats.ir.prims.algebra import add, div, entrywise, mul, neg, of_order, over, slope, sub
from cats.ir.prims.choice import equal, keeping, logical_or, not_equal, select
from cats.ir.prims.pairs import LOG_2, POSITIVE, hypot, inversion
from cats.ir.spaces import Real, Value

UNIT_BALL = Domain(-0.9, 0.9)
LOG2_E = 1.4426950408889634
LOG10_E = 0.4342944819032518


def square(x: Value) -> Value:
    """x * x."""
    return mul(x, x)


def _at(end: float) -> Callable[[Value], Value]:
    """Where the argument is the end of the domain."""
    return lambda x: equal(x, end)


def _at_one(x: Value) -> Value:
    return logical_or(equal(x, 1.0), equal(x, -1.0))


# Exponentials and logarithms

exp = entrywise("exp", "np.exp({0})", "exp(x)", lambda x, *, out: slope(out, x))
exp2 = entrywise("exp2", "np.exp2({0})", "2**x", lambda x, *, out: slope(mul(LOG_2, out), x))
expm1 = entrywise("expm1", "np.expm1({0})", "exp(x) - 1", lambda x, *, out: slope(exp(x), x))
log = entrywise(
    "log", "np.log({0})", "log(x)", lambda x, *, out: over(x, x), POSITIVE, kinks=_at(0.0)
)
log2 = entrywise(
    "log2",
    "np.log2({0})",
    "log(x)/log(2)",
    lambda x, *, out: slope(div(LOG2_E, x), x),
    POSITIVE,
    kinks=_at(0.0),
)
log10 = entrywise(
    "log10",
    "np.log10({0})",
    "log(x)/log(10)",
    lambda x, *, out: slope(div(LOG10_E, x), x),
    POSITIVE,
    kinks=_at(0.0),
)
log1p = entrywise(
    "log1p",
    "np.log1p({0})",
    "log(1 + x)",
    lambda x, *, out: over(add(1.0, x), x),
    Domain(-0.8, 4.0),
    kinks=_at(-1.0),
)

# Roots

sqrt = entrywise(
    "sqrt",
    "np.sqrt({0})",
    "sqrt(x)",
    lambda x, *, out: over(add(out, out), x),
    POSITIVE,
    kinks=_at(0.0),
)


def length_rule(x: Value, *, out: Value) -> Linear:
    """The derivative of sqrt, and 0 at 0: for lengths, which have a kink there."""
    there = not_equal(x, 0.0)
    return Then(keeping(there, x), over(select(there, add(out, out), 1.0), x))


root = entrywise("root", "np.sqrt({0})", "sqrt(x)", length_rule, POSITIVE, kinks=_at(0.0))


def cbrt_rule(x: Value, *, out: Value) -> Linear:
    """dx / (3 cbrt(x)**2)."""
    return slope(div(square(reciprocal(out)), 3.0), x)


cbrt = entrywise(
    "cbrt",
    "np.cbrt({0})",
    "sign(x)*Abs(x)**Rational(1, 3)",
    cbrt_rule,
    POSITIVE,
    kinks=_at(0.0),
)
reciprocal = entrywise(
    "reciprocal",
    "np.reciprocal({0})",
    "1/x",
    lambda x, *, out: -slope(square(out), x),
    Domain(0.3, 3.0),
)

# Circular functions

sin = entrywise("sin", "np.sin({0})", "sin(x)", lambda x, *, out: slope(cos(x), x))
cos: Primitive = entrywise("cos", "np.cos({0})", "cos(x)", lambda x, *, out: slope(neg(sin(x)), x))
tan = entrywise(
    "tan",
    "np.tan({0})",
    "tan(x)",
    lambda x, *, out: slope(add(1.0, square(out)), x),
    Domain(-1.3, 1.3),
)


def _gap(x: Value) -> Value:
    """1 - x**2, to the last digit near 1; `rules/smoothing.py` knows its derivative."""
    return mul(sub(1.0, x), add(1.0, x))


arcsin = entrywise(
    "arcsin",
    "np.arcsin({0})",
    "asin(x)",
    lambda x, *, out: over(sqrt(_gap(x)), x),
    UNIT_BALL,
    kinks=_at_one,
)
arccos = entrywise(
    "arccos",
    "np.arccos({0})",
    "acos(x)",
    lambda x, *, out: -over(sqrt(_gap(x)), x),
    UNIT_BALL,
    kinks=_at_one,
)


arctan = entrywise(
    "arctan", "np.arctan({0})", "atan(x)", lambda x, *, out: slope(inversion(1.0, x), x)
)


def _sinc_rule(x: Value, *, out: Value, n: int = 0) -> Linear:
    return slope(sinc_derivative(x, n=n + 1), x)


sinc = entrywise("sinc", "np.sinc({0})", "sin(pi*x)/(pi*x)", _sinc_rule)
sinc_derivative: Primitive = entrywise(
    "sinc_derivative",
    "sinc_derivative_of({0}, {n})",
    "diff(sin(pi*x)/(pi*x), x, n)",
    _sinc_rule,
    space=of_order,
    examples=tuple(Example((Real((3,)),), (("n", n),)) for n in (1, 2, 3, 4)),
    helpers='''
def sinc_derivative_of(x, n):
    """The n-th derivative of s = sin(t) / t, where t is pi x.

    Near 0 its power series; elsewhere from s t = sin(t), derived n times. sin and cos are taken
    of what is left of x beside the nearest whole number, which is exact.
    """
    with np.errstate(all="ignore"):
        t = np.pi * np.asarray(x)
        near = np.abs(t) < 1 + n / 2
        small = np.where(near, t, 0)
        terms = [
            (-1) ** k / ((2 * k + 1) * np.prod(np.arange(1.0, 2 * k - n + 1)))
            for k in range(12 + n, (n - 1) // 2, -1)
        ]
        series = np.polyval(np.asarray(terms, t.dtype), small * small) * small ** (n % 2)
        whole = np.rint(x)
        left, sign = x - whole, 1 - 2 * np.abs(np.fmod(whole, 2))
        sin, cos = sign * np.sin(np.pi * left), sign * np.sin(np.pi * (0.5 - np.abs(left)))
        waves = [sin, cos, -sin, -cos]
        counts = [float(np.prod(np.arange(n - m + 1.0, n + 1))) for m in range(n + 1)]
        far = sum(c * waves[(n - i) % 4] / (-t) ** i for i, c in enumerate(counts)) / t
        return (np.pi**n * np.where(near, series, far))[()]
''',
)

# Hyperbolic functions

sinh = entrywise("sinh", "np.sinh({0})", "sinh(x)", lambda x, *, out: slope(cosh(x), x))
cosh: Primitive = entrywise("cosh", "np.cosh({0})", "cosh(x)", lambda x, *, out: slope(sinh(x), x))
tanh = entrywise("tanh", "np.tanh({0})", "tanh(x)", lambda x, *, out: slope(square(sech(x)), x))
sech: Primitive = entrywise(
    "sech",
    "sech_of({0})",
    "1/cosh(x)",
    lambda x, *, out: slope(neg(mul(out, tanh(x))), x),
    helpers='''
def sech_of(x):
    """1 / cosh(x), which underflows without overflow."""
    part = np.exp(-np.abs(x))
    return (part + part) / (1 + part * part)
''',
)
arcsinh = entrywise(
    "arcsinh", "np.arcsinh({0})", "asinh(x)", lambda x, *, out: over(hypot(1.0, x), x)
)
arccosh = entrywise(
    "arccosh",
    "np.arccosh({0})",
    "acosh(x)",
    lambda x, *, out: over(mul(sqrt(sub(x, 1.0)), sqrt(add(x, 1.0))), x),
    Domain(1.2, 4.0),
    kinks=_at(1.0),
)
arctanh = entrywise(
    "arctanh",
    "np.arctanh({0})",
    "atanh(x)",
    lambda x, *, out: over(_gap(x), x),
    UNIT_BALL,
    kinks=_at_one,
)

# Degrees

deg2rad = entrywise(
    "deg2rad", "np.deg2rad({0})", "x*pi/180", lambda x, *, out: slope(0.017453292519943295, x)
)
rad2deg = entrywise(
    "rad2deg", "np.rad2deg({0})", "x*180/pi", lambda x, *, out: slope(57.29577951308232, x)
)

FAMILY = (
    exp,
    exp2,
    expm1,
    log,
    log2,
    log10,
    log1p,
    sqrt,
    root,
    cbrt,
    reciprocal,
    sin,
    cos,
    tan,
    arcsin,
    arccos,
    arctan,
    sinc,
    sinc_derivative,
    sinh,
    cosh,
    tanh,
    sech,
    arcsinh,
    arccosh,
    arctanh,
    deg2rad,
    rad2deg,
)
