"""Bessel functions: ordinary, modified, scaled, spherical, of Airy and of Struve."""

from __future__ import annotations

from typing import Annotated

from cats.ir.primitive import Domain, Primitive
from cats.ir.prims.algebra import add, div, mul, neg, sub
from cats.ir.prims.choice import abs, equal, floor, less_equal, logical_and, select
from cats.ir.prims.pairs import power
from cats.ir.prims.special.gammas import rgamma
from cats.ir.prims.special.record import (
    ORDER,
    ORDERS,
    below,
    ordered,
    real_order,
    special,
    truncated,
)
from cats.ir.spaces import Ground, Value

_IN_ORDER = ((0, ORDER),)
ORDERED = Domain(0.2, 3.0)
RIGHT = Domain(0.3, 8.0)
BOTH = Domain(-8.0, 8.0)


def _half(f: Value) -> Value:
    return mul(0.5, f)


# Of any order


jv: Primitive = special(
    "jv",
    lambda v, x, *, out: (None, _half(sub(jv(sub(v, 1.0), x), jv(add(v, 1.0), x)))),
    "besselj(x, y)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)
yv: Primitive = special(
    "yv",
    lambda v, x, *, out: (None, _half(sub(yv(sub(v, 1.0), x), yv(add(v, 1.0), x)))),
    "bessely(x, y)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)
iv: Primitive = special(
    "iv",
    lambda v, x, *, out: (None, _half(add(iv(sub(v, 1.0), x), iv(add(v, 1.0), x)))),
    "besseli(x, y)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)
kv: Primitive = special(
    "kv",
    lambda v, x, *, out: (None, neg(_half(add(kv(sub(v, 1.0), x), kv(add(v, 1.0), x))))),
    "besselk(x, y)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)
jve = special(
    "jve",
    lambda v, x, *, out: (None, _half(sub(jv(sub(v, 1.0), x), jv(add(v, 1.0), x)))),
    "besselj(x, y)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)
yve = special(
    "yve",
    lambda v, x, *, out: (None, _half(sub(yv(sub(v, 1.0), x), yv(add(v, 1.0), x)))),
    "bessely(x, y)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)

# Scaled by an exponential

_SCALED = '''
def scaled_derivative_of(f, sign, v, x, n):
    """exp(-x) I_v(x), or exp(x) K_v(x), derived n times in x: differences of neighbours in v.

    They cancel as x grows: there it is an integral, and far out the asymptotic series, in which
    nothing does. (Abramowitz and Stegun 9.7.) Where x is 0 it is the mean of both sides.
    """
    order, wide = (np.asarray(a, np.float64) for a in np.broadcast_arrays(v, x))
    size = np.abs(wide)
    parts = [math.comb(2 * n, i) * (-1) ** i * f(order + n - i, size) for i in range(2 * n + 1)]
    near = np.asarray(sign**n * sum(parts) / 2**n)
    within = size >= np.maximum(3, order * order / 4) if sign > 0 else (size >= 1) & (order < 25)
    within = within & np.isfinite(size)
    if np.any(within):
        near[within] = scaled_integral(sign, order[within], size[within], n)
    outside = size > np.maximum(25, order * order + n)
    far = scaled_series(sign, order, np.where(outside, size, 25.0), n)
    found = np.where(outside, far, near)
    if sign < 0:
        return np.asarray(np.where(wide < 0, np.nan, found), np.result_type(v, x))[()]
    turned = np.where(np.rint(order) % 2 == n % 2, found, -found)
    whole = order == np.rint(order)
    left = np.where(whole, turned, np.nan)
    right = np.where((wide == 0) & whole, (found + turned) / 2, found)
    return np.asarray(np.where(wide < 0, left, right), np.result_type(v, x))[()]
def scaled_integral(sign, v, x, n):
    """The integral of exp(-x s) cosh(v t) over all positive t, where s = cosh(t) - 1, derived.

    For I it is that of exp(-x s) cos(v t) up to pi, s = 1 - cos(t), with a rest that falls with
    exp(-2 x). (DLMF 10.32.) No term has more than the size of the sum.
    """
    total = np.zeros_like(x)
    if sign < 0:
        step = 0.1 * np.minimum(1, 5 / np.sqrt(x))
        for k in range(64, -1, -1):
            s = 2 * np.sinh(k * step / 2) ** 2
            np.add(total, s**n * np.exp(-x * s) * np.cosh(v * k * step) / (1 + (k == 0)), out=total)
        return (-1) ** n * step * total
    end = np.arccos(np.maximum(1 - 45 / x, -1)) / 2
    for place, weight in zip(*np.polynomial.legendre.leggauss(48)):
        t, far = end * (1 + place), 4 * (1 + place)
        s, rise = 2 * np.sin(t / 2) ** 2, 2 * np.cosh(far / 2) ** 2
        rest = rise**n * np.exp(-x * rise - v * far) * np.sin(np.pi * v)
        np.add(total, weight * end * s**n * np.exp(-x * s) * np.cos(v * t), out=total)
        np.subtract(total, weight * 4 * rest, out=total)
    return (-1) ** n * total / np.pi
def scaled_series(sign, v, x, n):
    """The asymptotic series derived n times."""
    ratios = [-sign * (4 * v * v - (2 * j - 1) ** 2) / (8 * j * x) for j in range(1, 31)]
    terms = [
        np.prod(np.array([np.ones_like(x), *ratios[:k]]), axis=0)
        * math.prod([k + 0.5 + i for i in range(n)])
        for k in range(31)
    ]
    begin = 1 / np.sqrt(2 * np.pi * x) if sign > 0 else np.sqrt(np.pi / (2 * x))
    return begin * (-1 / x) ** n * sum(reversed(terms))
'''


def _meeting(v: Value, x: Value, *, n: int = 0) -> Value:
    """Where the sides of exp(-|x|) I_v(x), derived n times, do not go on into each other."""
    low = logical_and(equal(floor(v), v), less_equal(abs(v), float(n)))
    return logical_and(equal(x, 0.0), low)


_SCALED_MODULES = ("math", "scipy.special")

ive_derivative: Primitive = special(
    "ive_derivative",
    lambda v, x, *, out, n: (None, ive_derivative(v, x, n=n + 1)),
    "diff(exp(-y)*besseli(x, y), y, n)",
    ORDERED,
    RIGHT,
    code="scaled_derivative_of(scipy.special.ive, 1, {0}, {1}, {n})",
    helpers=_SCALED,
    refused=_IN_ORDER,
    params=({"n": 1}, {"n": 2}),
    modules=_SCALED_MODULES,
    kinks=_meeting,
)
kve_derivative: Primitive = special(
    "kve_derivative",
    lambda v, x, *, out, n: (None, kve_derivative(v, x, n=n + 1)),
    "diff(exp(y)*besselk(x, y), y, n)",
    ORDERED,
    RIGHT,
    code="scaled_derivative_of(scipy.special.kve, -1, {0}, {1}, {n})",
    helpers=_SCALED,
    refused=_IN_ORDER,
    params=({"n": 1}, {"n": 2}),
    modules=_SCALED_MODULES,
)
ive = special(
    "ive",
    lambda v, x, *, out: (None, ive_derivative(v, x, n=1)),
    "exp(-y)*besseli(x, y)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
    kinks=_meeting,
)
kve = special(
    "kve",
    lambda v, x, *, out: (None, kve_derivative(v, x, n=1)),
    "exp(y)*besselk(x, y)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)
i0e = special(
    "i0e",
    lambda x, *, out: ive_derivative(0.0, x, n=1),
    "exp(-x)*besseli(0, x)",
    RIGHT,
    kinks=lambda x: equal(x, 0.0),
)
i1e = special("i1e", lambda x, *, out: ive_derivative(1.0, x, n=1), "exp(-x)*besseli(1, x)", RIGHT)
k0e = special("k0e", lambda x, *, out: kve_derivative(0.0, x, n=1), "exp(x)*besselk(0, x)", RIGHT)
k1e = special("k1e", lambda x, *, out: kve_derivative(1.0, x, n=1), "exp(x)*besselk(1, x)", RIGHT)

# Of orders 0 and 1, and of a whole order

j0: Primitive = special("j0", lambda x, *, out: neg(j1(x)), "besselj(0, x)", BOTH)
j1: Primitive = special(
    "j1", lambda x, *, out: _half(sub(j0(x), jv(2.0, x))), "besselj(1, x)", BOTH
)
y0: Primitive = special("y0", lambda x, *, out: neg(y1(x)), "bessely(0, x)", RIGHT)
y1: Primitive = special(
    "y1", lambda x, *, out: _half(sub(y0(x), yv(2.0, x))), "bessely(1, x)", RIGHT
)
i0: Primitive = special("i0", lambda x, *, out: i1(x), "besseli(0, x)", BOTH)
i1: Primitive = special(
    "i1", lambda x, *, out: _half(add(i0(x), iv(2.0, x))), "besseli(1, x)", BOTH
)
k0: Primitive = special("k0", lambda x, *, out: neg(k1(x)), "besselk(0, x)", RIGHT)
k1: Primitive = special(
    "k1", lambda x, *, out: neg(add(k0(x), div(out, x))), "besselk(1, x)", RIGHT
)


def _beside(n: Value, x: Value, f: Primitive) -> tuple[Value, Value]:
    """f of the orders before and after n."""
    order = real_order(truncated(n), x)
    return f(sub(order, 1.0), x), f(add(order, 1.0), x)


yn = ordered(
    "yn",
    lambda n, x, *, out: (None, _half(sub(*_beside(n, x, yv)))),
    "bessely(x, y)",
    ORDERS,
    RIGHT,
)
kn = ordered(
    "kn",
    lambda n, x, *, out: (None, neg(_half(add(*_beside(n, x, kv))))),
    "besselk(x, y)",
    ORDERS,
    RIGHT,
)

# Spherical

SPHERICAL = ("jn", "yn", "in", "kn")
"""What SciPy calls them; the parameter `which` is the place here."""


def _spherical_text(n: str, x: str, *, which: Annotated[int, range(len(SPHERICAL))]) -> str:
    return f"scipy.special.spherical_{SPHERICAL[which]}({n}, {x})"


def spherical_slope(n: Value, x: Value, which: int) -> Value:
    """(n f_(n-1) - (n + 1) f_(n+1)) / (2 n + 1), in which nothing is divided by x."""
    number = real_order(n, x)
    before, after = (spherical(order, x, which=which) for order in (below(n), add(n, 1)))
    low, high = mul(number, before), mul(add(number, 1.0), after)
    both = add(low, high) if which > 1 else sub(low, high)
    found = div(both, add(add(number, number), 1.0))
    return neg(found) if which == len(SPHERICAL) - 1 else found


spherical: Primitive = ordered(
    "spherical",
    lambda n, x, *, out, which: (None, spherical_slope(n, x, which)),
    "sqrt(pi/(2*y))*(besselj, bessely, besseli, besselk)[which](x + Rational(1, 2), y)",
    ORDERS,
    RIGHT,
    code=_spherical_text,
    params=tuple({"which": which} for which in range(len(SPHERICAL))),
)

# Of Airy: Ai, its derivative, Bi, its derivative


def _airy_space(x: Ground, *, which: Annotated[int, range(4)]) -> Ground:
    return x


def _airy_slope(x: Value, *, out: Value, which: int) -> Value:
    if which in (0, 2):
        return airy(x, which=which + 1)
    return mul(x, airy(x, which=which - 1))


airy: Primitive = special(
    "airy",
    _airy_slope,
    "(airyai(x), airyaiprime(x), airybi(x), airybiprime(x))[which]",
    Domain(-6.0, 4.0),
    code="scipy.special.airy({0})[{which}]",
    space=_airy_space,
    params=tuple({"which": which} for which in range(4)),
)

# Of Struve


def _struve_term(v: Value, x: Value) -> Value:
    """(x / 2)**v / (sqrt(pi) gamma(v + 3/2))."""
    return mul(mul(0.5641895835477563, power(_half(x), v)), rgamma(add(v, 1.5)))


def _struve_slope(v: Value, x: Value, op: Primitive, sign: float) -> Value:
    """Half of both neighbours and a term; of order 0, whose lower one is not smooth, 2 / pi."""
    after = mul(sign, op(add(v, 1.0), x))
    between = _half(add(add(op(sub(v, 1.0), x), after), _struve_term(v, x)))
    return select(equal(v, 0.0), add(0.6366197723675814, after), between)


struve: Primitive = special(
    "struve",
    lambda v, x, *, out: (None, _struve_slope(v, x, struve, -1.0)),
    "2*(y/2)**(x + 1)/sqrt(pi)/gamma(x + Rational(3, 2))"
    "*hyper((1,), (Rational(3, 2), x + Rational(3, 2)), -y**2/4)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)
modstruve: Primitive = special(
    "modstruve",
    lambda v, x, *, out: (None, _struve_slope(v, x, modstruve, 1.0)),
    "2*(y/2)**(x + 1)/sqrt(pi)/gamma(x + Rational(3, 2))"
    "*hyper((1,), (Rational(3, 2), x + Rational(3, 2)), y**2/4)",
    ORDERED,
    RIGHT,
    refused=_IN_ORDER,
)

FAMILY = (
    jv, yv, iv, kv, jve, yve, ive_derivative, kve_derivative, ive, kve, i0e, i1e, k0e, k1e, j0, j1,
    y0, y1, i0, i1, k0, k1, yn, kn, spherical, airy, struve, modstruve,
)  # fmt: skip
