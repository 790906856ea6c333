"""Exponential, trigonometric and Fresnel integrals, the dilogarithm, hypergeometric functions."""

from __future__ import annotations

from cats.ir.primitive import Domain, Primitive
from cats.ir.prims.algebra import add, div, mul, neg
from cats.ir.prims.choice import equal, select
from cats.ir.prims.smooth import cos, cosh, exp, sinc
from cats.ir.prims.special.entropies import logrel_derivative
from cats.ir.prims.special.errors import bell, erf
from cats.ir.prims.special.record import ORDERS, below, ordered, special, truncated
from cats.ir.spaces import Value

PI = 3.141592653589793
POSITIVE = Domain(0.3, 4.0)
SHARE = Domain(-0.9, 0.9)
IN_PARAMETER = "its derivative in a parameter is no hypergeometric function that SciPy has"

# Integrals of exponentials


exp1 = special("exp1", lambda x, *, out: neg(div(exp(neg(x)), x)), "expint(1, x)", POSITIVE)
expi = special("expi", lambda x, *, out: div(exp(x), x), "Ei(x)", POSITIVE)


def _expn_slope(n: Value, x: Value, *, out: Value) -> tuple[None, Value]:
    """-E_(n - 1), and E_0 is exp(-x) / x."""
    order, fall = truncated(n), exp(neg(x))
    first = div(mul(fall, add(1.0, x)), mul(x, x))
    return None, neg(select(equal(order, 0), first, expn(below(order), x)))


expn: Primitive = ordered("expn", _expn_slope, "expint(x, y)", ORDERS, POSITIVE)

# Integrals of sines and cosines: SciPy gives pairs


sinhc_derivative: Primitive = special(
    "sinhc_derivative",
    lambda x, *, out, n: sinhc_derivative(x, n=n + 1),
    "diff(sinh(x)/x, x, n)",
    code="sinhc_derivative_of({0}, {n})",
    params=({"n": 0}, {"n": 1}, {"n": 2}),
    modules=(),
    helpers='''
def sinhc_derivative_of(x, n):
    """sinh(x) / x derived n times: a series of terms of one sign; far out a recurrence."""
    wide = np.asarray(x, np.float64)
    size, first = np.abs(wide), (n + 1) // 2
    near = np.array(np.minimum(size, 20.0 + n))
    term, total = np.array(near ** (n % 2)), np.zeros_like(near)
    for k in range(first, first + 60):
        np.add(total, term / (2 * k + 1), out=total)
        np.multiply(term, near * near / ((2 * k - n + 1) * (2 * k - n + 2)), out=term)
    with np.errstate(over="ignore", invalid="ignore"):
        far = np.where(size > 20 + n, size, 1.0)
        steps = np.array(np.sinh(far) / far)
        for k in range(1, n + 1):
            wave = np.cosh(far) if k % 2 else np.sinh(far)
            np.copyto(steps, np.where(np.isinf(steps), steps, (wave - k * steps) / far))
    found = np.where(size > 20 + n, steps, total)
    return np.asarray(np.where((wide < 0) & (n % 2 == 1), -found, found), np.result_type(x))[()]
''',
)


sine_integral = special(
    "sine_integral",
    lambda x, *, out: sinc(div(x, PI)),
    "Si(x)",
    code="scipy.special.sici({0})[0]",
)
cosine_integral = special(
    "cosine_integral",
    lambda x, *, out: div(cos(x), x),
    "Ci(x)",
    POSITIVE,
    code="scipy.special.sici({0})[1]",
)
hyperbolic_sine_integral = special(
    "hyperbolic_sine_integral",
    lambda x, *, out: sinhc_derivative(x, n=0),
    "Shi(x)",
    code="scipy.special.shichi({0})[0]",
)
hyperbolic_cosine_integral = special(
    "hyperbolic_cosine_integral",
    lambda x, *, out: div(cosh(x), x),
    "Chi(x)",
    POSITIVE,
    code="scipy.special.shichi({0})[1]",
)


_TURNED = '''
def turned_square(x):
    """pi x**2 / 2 less whole turns, of x in two pieces: the square of the first is exact."""
    wide = np.asarray(x, np.float64)
    first = np.where(np.abs(wide) < 2.0**14, np.rint(wide * 2.0**12) / 2.0**12, 0)
    rest = wide - first
    return np.pi / 2 * (np.fmod(first * first, 4) + rest * (first + first + rest))
'''

square_sine: Primitive = special(
    "square_sine",
    lambda x, *, out: mul(mul(PI, x), square_cosine(x)),
    "sin(pi*x**2/2)",
    code="np.asarray(np.sin(turned_square({0})), np.result_type({0}))[()]",
    helpers=_TURNED,
    modules=(),
)
square_cosine: Primitive = special(
    "square_cosine",
    lambda x, *, out: neg(mul(mul(PI, x), square_sine(x))),
    "cos(pi*x**2/2)",
    code="np.asarray(np.cos(turned_square({0})), np.result_type({0}))[()]",
    helpers=_TURNED,
    modules=(),
)
fresnel_sine = special(
    "fresnel_sine",
    lambda x, *, out: square_sine(x),
    "fresnels(x)",
    code="scipy.special.fresnel({0})[0]",
)
fresnel_cosine = special(
    "fresnel_cosine",
    lambda x, *, out: square_cosine(x),
    "fresnelc(x)",
    code="scipy.special.fresnel({0})[1]",
)
spence = special(
    "spence",
    lambda x, *, out: neg(logrel_derivative(x, n=0)),
    "polylog(2, 1 - x)",
    Domain(0.3, 1.7),
)


def _owens_slopes(h: Value, a: Value, *, out: Value) -> tuple[Value, Value]:
    """-exp(-h**2 / 2) erf(a h / sqrt(2)) / sqrt(8 pi); exp(-h**2 (1 + a**2) / 2) / tau / ..."""
    in_h = mul(-0.19947114020071635, mul(bell(h), erf(mul(0.7071067811865476, mul(a, h)))))
    in_a = div(mul(bell(h), bell(mul(a, h))), mul(2 * PI, add(1.0, mul(a, a))))
    return in_h, in_a


owens_t = special(
    "owens_t",
    _owens_slopes,
    "Integral(exp(-x**2*(1 + t**2)/2)/(1 + t**2), (t, 0, y))/(2*pi)",
    Domain(-2.0, 2.0),
    Domain(-2.0, 2.0),
)

# Hypergeometric functions

hyp0f1: Primitive = special(
    "hyp0f1",
    lambda v, z, *, out: (None, div(hyp0f1(add(v, 1.0), z), v)),
    "hyper((), (x,), y)",
    POSITIVE,
    Domain(-2.0, 2.0),
    refused=((0, IN_PARAMETER),),
)
hyp1f1: Primitive = special(
    "hyp1f1",
    lambda a, b, x, *, out: (None, None, div(mul(a, hyp1f1(add(a, 1.0), add(b, 1.0), x)), b)),
    "hyper((x,), (y,), z)",
    POSITIVE,
    POSITIVE,
    Domain(-2.0, 2.0),
    refused=((0, IN_PARAMETER), (1, IN_PARAMETER)),
)


def _gauss_slope(
    a: Value, b: Value, c: Value, z: Value, *, out: Value
) -> tuple[None, None, None, Value]:
    further = hyp2f1(add(a, 1.0), add(b, 1.0), add(c, 1.0), z)
    return None, None, None, div(mul(mul(a, b), further), c)


hyp2f1: Primitive = special(
    "hyp2f1",
    _gauss_slope,
    "hyper((x, y), (z,), u)",
    POSITIVE,
    POSITIVE,
    POSITIVE,
    SHARE,
    refused=((0, IN_PARAMETER), (1, IN_PARAMETER), (2, IN_PARAMETER)),
)
hyperu: Primitive = special(
    "hyperu",
    lambda a, b, x, *, out: (None, None, neg(mul(a, hyperu(add(a, 1.0), add(b, 1.0), x)))),
    "gamma(1 - y)/gamma(x - y + 1)*hyper((x,), (y,), z)"
    " + gamma(y - 1)/gamma(x)*z**(1 - y)*hyper((x - y + 1,), (2 - y,), z)",
    POSITIVE,
    POSITIVE,
    POSITIVE,
    refused=((0, IN_PARAMETER), (1, IN_PARAMETER)),
)
wrightomega = special("wrightomega", lambda x, *, out: div(out, add(1.0, out)), "LambertW(exp(x))")

FAMILY = (
    exp1, expi, expn, sinhc_derivative, sine_integral, cosine_integral, hyperbolic_sine_integral,
    hyperbolic_cosine_integral, square_sine, square_cosine, fresnel_sine, fresnel_cosine, spence,
    owens_t, hyp0f1, hyp1f1, hyp2f1, hyperu, wrightomega,
)  # fmt: skip
