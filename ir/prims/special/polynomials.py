"""Orthogonal polynomials: the derivative of each is one of another family, of an order less.

And Dirichlet's kernel, which is one of cos(x / 2).
"""

from __future__ import annotations

from cats.ir.primitive import Domain, Primitive
from cats.ir.prims.algebra import add, mul, sub
from cats.ir.prims.choice import equal, select
from cats.ir.prims.smooth import sinc_derivative
from cats.ir.prims.special.record import ORDERS, below, ordered, real_order, special
from cats.ir.spaces import Value

INSIDE = Domain(-0.95, 0.95)
SHARE = Domain(0.05, 0.95)
POSITIVE = Domain(0.3, 3.0)
IN_PARAMETER = "its derivative in a parameter is a sum of polynomials of every lower order"


def _times(n: Value, x: Value, by: float, f: Value) -> Value:
    """by n f."""
    return mul(mul(by, real_order(n, x)), f)


def _unless_constant(n: Value, slope: Value) -> Value:
    """0 for a polynomial of order 0."""
    return select(equal(n, 0), 0.0, slope)


def _doubled(x: Value) -> Value:
    """2 x - 1."""
    return sub(add(x, x), 1.0)


def _half(x: Value) -> Value:
    return mul(0.5, x)


def _jacobi_slope(
    n: Value, a: Value, b: Value, x: Value, *, out: Value
) -> tuple[None, None, None, Value]:
    """(n + a + b + 1) / 2 of that of a + 1, b + 1."""
    rate = _half(add(add(real_order(n, x), 1.0), add(a, b)))
    less = eval_jacobi(below(n), add(a, 1.0), add(b, 1.0), x)
    return None, None, None, _unless_constant(n, mul(rate, less))


def _legendre_slope(n: Value, x: Value, y: Value) -> Value:
    """Of P_n(y): (n + 1) / 2 of Jacobi's of 1, 1."""
    rate = _half(add(real_order(n, x), 1.0))
    return _unless_constant(n, mul(rate, eval_jacobi(below(n), 1.0, 1.0, y)))


def _second_slope(n: Value, y: Value) -> Value:
    """Of U_n(y): 2 of Gegenbauer's of 2."""
    return _unless_constant(n, mul(2.0, eval_gegenbauer(below(n), 2.0, y)))


eval_jacobi: Primitive = ordered(
    "eval_jacobi",
    _jacobi_slope,
    "jacobi(x, y, z, u)",
    ORDERS,
    POSITIVE,
    POSITIVE,
    INSIDE,
    refused=((1, IN_PARAMETER), (2, IN_PARAMETER)),
)
eval_legendre = ordered(
    "eval_legendre",
    lambda n, x, *, out: (None, _legendre_slope(n, x, x)),
    "legendre(x, y)",
    ORDERS,
    INSIDE,
)
eval_sh_legendre = ordered(
    "eval_sh_legendre",
    lambda n, x, *, out: (None, mul(2.0, _legendre_slope(n, x, _doubled(x)))),
    "legendre(x, 2*y - 1)",
    ORDERS,
    SHARE,
)
eval_chebyt = ordered(
    "eval_chebyt",
    lambda n, x, *, out: (None, _times(n, x, 1.0, eval_chebyu(below(n), x))),
    "chebyshevt(x, y)",
    ORDERS,
    INSIDE,
)
eval_chebyu: Primitive = ordered(
    "eval_chebyu",
    lambda n, x, *, out: (None, _second_slope(n, x)),
    "chebyshevu(x, y)",
    ORDERS,
    INSIDE,
)
eval_chebyc = ordered(
    "eval_chebyc",
    lambda n, x, *, out: (None, _times(n, x, 1.0, eval_chebyu(below(n), _half(x)))),
    "2*chebyshevt(x, y/2)",
    ORDERS,
    INSIDE,
)
eval_chebys = ordered(
    "eval_chebys",
    lambda n, x, *, out: (None, _half(_second_slope(n, _half(x)))),
    "chebyshevu(x, y/2)",
    ORDERS,
    INSIDE,
)
eval_sh_chebyt = ordered(
    "eval_sh_chebyt",
    lambda n, x, *, out: (None, _times(n, x, 2.0, eval_chebyu(below(n), _doubled(x)))),
    "chebyshevt(x, 2*y - 1)",
    ORDERS,
    SHARE,
)
eval_sh_chebyu = ordered(
    "eval_sh_chebyu",
    lambda n, x, *, out: (None, mul(2.0, _second_slope(n, _doubled(x)))),
    "chebyshevu(x, 2*y - 1)",
    ORDERS,
    SHARE,
)
eval_gegenbauer: Primitive = ordered(
    "eval_gegenbauer",
    lambda n, a, x, *, out: (
        None,
        None,
        _unless_constant(n, mul(add(a, a), eval_gegenbauer(below(n), add(a, 1.0), x))),
    ),
    "gegenbauer(x, y, z)",
    ORDERS,
    POSITIVE,
    INSIDE,
    refused=((1, IN_PARAMETER),),
)
eval_hermite: Primitive = ordered(
    "eval_hermite",
    lambda n, x, *, out: (None, _times(n, x, 2.0, eval_hermite(below(n), x))),
    "hermite(x, y)",
    ORDERS,
    INSIDE,
)
eval_hermitenorm: Primitive = ordered(
    "eval_hermitenorm",
    lambda n, x, *, out: (None, _times(n, x, 1.0, eval_hermitenorm(below(n), x))),
    "2**(-x/2)*hermite(x, y/sqrt(2))",
    ORDERS,
    INSIDE,
)
eval_genlaguerre: Primitive = ordered(
    "eval_genlaguerre",
    lambda n, a, x, *, out: (
        None,
        None,
        _unless_constant(n, mul(-1.0, eval_genlaguerre(below(n), add(a, 1.0), x))),
    ),
    "assoc_laguerre(x, y, z)",
    ORDERS,
    POSITIVE,
    POSITIVE,
    refused=((1, IN_PARAMETER),),
)
eval_laguerre = ordered(
    "eval_laguerre",
    lambda n, x, *, out: (
        None,
        _unless_constant(n, mul(-1.0, eval_genlaguerre(below(n), 1.0, x))),
    ),
    "laguerre(x, y)",
    ORDERS,
    POSITIVE,
)
eval_sh_jacobi: Primitive = ordered(
    "eval_sh_jacobi",
    lambda n, p, q, x, *, out: (
        None,
        None,
        None,
        _times(n, x, 1.0, eval_sh_jacobi(below(n), add(p, 2.0), add(q, 1.0), x)),
    ),
    "jacobi(x, y - z, z - 1, 2*u - 1)/binomial(2*x + y - 1, x)",
    ORDERS,
    Domain(2.0, 4.0),
    Domain(0.5, 1.5),
    SHARE,
    refused=((1, IN_PARAMETER), (2, IN_PARAMETER)),
)

# Of Dirichlet: the polynomial of Chebyshev's of the second kind, of cos(x / 2), over its value at 1

COUNTS = Domain(1.0, 6.0)
AROUND = Domain(0.2, 6.0)
IN_COUNT = "it is a number of terms, which is whole"

diric_derivative: Primitive = special(
    "diric_derivative",
    lambda x, n, *, out, order: (diric_derivative(x, n, order=order + 1), None),
    "diff(sin(x*y/2)/(y*sin(x/2)), x, order)",
    AROUND,
    COUNTS,
    refused=((1, IN_COUNT),),
    code="diric_derivative_of({0}, {1}, {order})",
    params=({"order": 1}, {"order": 2}),
    modules=("math",),
    helpers=sinc_derivative.helpers
    + '''
def diric_derivative_of(x, n, order):
    """sin(n x / 2) / (n sin(x / 2)) derived so often: sinc of n t over sinc of t, x = 2 pi t.

    t is counted from the nearest peak, where nothing cancels but in what is left of x, of which
    2 pi is in three parts. 1 / sinc is derived by 1 = sinc / sinc.
    """
    wide, count = np.asarray(x, np.float64), np.asarray(n, np.float64)
    with np.errstate(all="ignore"):
        peak = np.rint(wide / (2 * np.pi))
        left = (wide - peak * 6.28125) - peak * 0.0019353071693331003
        t = (left - peak * 1.0253376606378075e-11) / (2 * np.pi)
        above = [count**k * sinc_derivative_of(count * t, k) for k in range(order + 1)]
        parts = [sinc_derivative_of(t, k) for k in range(order + 1)]
        below = [1 / parts[0]]
        for m in range(1, order + 1):
            terms = [math.comb(m, k) * below[k] * parts[m - k] for k in range(m)]
            below.append(-sum(terms) / parts[0])
        rows = [math.comb(order, k) * above[k] * below[order - k] for k in range(order + 1)]
        sign = 1 - 2 * np.abs(np.fmod(np.fmod(peak, 2) * (count - 1), 2))
        whole = (count > 0) & (count == np.floor(count))
        slope = np.where(count == 1, 0 * t, sign * sum(rows) / (2 * np.pi) ** order)
    return np.asarray(np.where(whole, slope, np.nan), np.result_type(x))[()]
''',
)
diric = special(
    "diric",
    lambda x, n, *, out: (diric_derivative(x, n, order=1), None),
    "sin(x*y/2)/(y*sin(x/2))",
    AROUND,
    COUNTS,
    code="np.asarray(scipy.special.diric({0}, {1}), np.result_type({0}))[()]",
    refused=((1, IN_COUNT),),
)

FAMILY = (
    eval_jacobi, eval_legendre, eval_sh_legendre, eval_chebyt, eval_chebyu, eval_chebyc,
    eval_chebys, eval_sh_chebyt, eval_sh_chebyu, eval_gegenbauer, eval_hermite, eval_hermitenorm,
    eval_genlaguerre, eval_laguerre, eval_sh_jacobi, diric_derivative, diric,
)  # fmt: skip
