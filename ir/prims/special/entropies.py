"""Logistic functions, logarithms that are 0 at 0, distances of distributions, and robust losses."""

from __future__ import annotations

from cats.ir.primitive import Domain, Primitive
from cats.ir.prims.algebra import add, div, mul, neg, sub
from cats.ir.prims.choice import abs, equal, maximum, minimum, select
from cats.ir.prims.pairs import hypot, power_derivative, unit
from cats.ir.prims.smooth import exp, log, log1p, sech, sin
from cats.ir.prims.special.record import ANY, special
from cats.ir.spaces import Value

POSITIVE = Domain(0.3, 4.0)
SHARE = Domain(0.05, 0.95)
PER_DEGREE = 0.017453292519943295


def square(x: Value) -> Value:
    """x * x."""
    return mul(x, x)


# Logistic functions

expit: Primitive = special(
    "expit", lambda x, *, out: square(mul(0.5, sech(mul(0.5, x)))), "1/(1 + exp(-x))"
)
logit = special("logit", lambda x, *, out: div(1.0, mul(x, sub(1.0, x))), "log(x/(1 - x))", SHARE)
log_expit = special("log_expit", lambda x, *, out: expit(neg(x)), "-log(1 + exp(-x))")

# x log x


def _over(x: Value, y: Value) -> Value:
    """x / y, and 0 where x is."""
    none = equal(x, 0.0)
    return select(none, 0.0, div(x, select(none, 1.0, y)))


xlogy = special("xlogy", lambda x, y, *, out: (log(y), _over(x, y)), "x*log(y)", ANY, POSITIVE)
xlog1py = special(
    "xlog1py",
    lambda x, y, *, out: (log1p(y), _over(x, add(1.0, y))),
    "x*log(1 + y)",
    ANY,
    Domain(-0.7, 3.0),
)
entr = special("entr", lambda x, *, out: sub(-1.0, log(x)), "-x*log(x)", POSITIVE)
rel_entr = special(
    "rel_entr",
    lambda x, y, *, out: (add(log(div(x, y)), 1.0), neg(div(x, y))),
    "x*log(x/y)",
    POSITIVE,
    POSITIVE,
)
kl_div = special(
    "kl_div",
    lambda x, y, *, out: (log(div(x, y)), div(sub(y, x), y)),
    "x*log(x/y) - x + y",
    POSITIVE,
    POSITIVE,
)

# Losses

huber = special(
    "huber",
    lambda x, y, *, out: (
        maximum(sub(abs(y), x), 0.0),
        minimum(maximum(y, neg(x)), x),
    ),
    "Piecewise((y**2/2, Abs(y) < x), (x*(Abs(y) - x/2), True))",
    POSITIVE,
    Domain(-6.0, 6.0),
)


def _pseudo_huber_slopes(d: Value, r: Value, *, out: Value) -> tuple[Value, Value]:
    """Of h = |(d, r)|: (h - d)**2 / h, h - d being r**2 / (h + d); and d r / h."""
    h = hypot(d, r)
    rest = mul(r, div(r, add(h, d)))
    return mul(rest, div(rest, h)), mul(d, unit(r, d))


pseudo_huber = special(
    "pseudo_huber", _pseudo_huber_slopes, "x**2*(sqrt(1 + (y/x)**2) - 1)", POSITIVE, ANY
)

# Powers and exponentials less what they are near

exprel_derivative: Primitive = special(
    "exprel_derivative",
    lambda x, *, out, n: exprel_derivative(x, n=n + 1),
    "diff((exp(x) - 1)/x, x, n)",
    code="exprel_derivative_of({0}, {n})",
    params=({"n": 1}, {"n": 2}),
    modules=(),
    helpers='''
def exprel_derivative_of(x, n):
    """(exp(x) - 1) / x derived n times, the integral of t**n exp(x t) over [0, 1]: a series.

    Its terms have one sign, those for a negative x after a factor exp(x); far out it is a
    recurrence.
    """
    wide = np.asarray(x, np.float64)
    with np.errstate(over="ignore"):
        size = np.minimum(np.abs(wide), 20.0 + n)
        term, left, right = np.ones_like(size), np.zeros_like(size), np.zeros_like(size)
        for i in range(120):
            np.add(right, term / (i + n + 1), out=right)
            np.multiply(term, size / (i + 1), out=term)
        np.copyto(term, 1 / (n + 1))
        for j in range(120):
            np.add(left, term, out=left)
            np.multiply(term, size / (n + 2 + j), out=term)
        near = np.where(wide < 0, np.exp(-size) * left, right)
        far = np.where(np.abs(wide) > 20 + n, wide, 1.0)
        steps = np.array(np.expm1(far) / far)
        for k in range(1, n + 1):
            np.copyto(steps, (np.exp(far) - k * steps) / far)
        found = np.where(np.abs(wide) > 20 + n, steps, near)
    return np.asarray(found, np.result_type(x))[()]
''',
)
exprel = special("exprel", lambda x, *, out: exprel_derivative(x, n=1), "(exp(x) - 1)/x")
_LOG_RATIO = '''
def log_ratio_derivative_of(away, x, log, n):
    """log(x) / away derived n times, away being x - 1.

    That is n! times the integral of (-t)**n / (1 + away t)**(n + 1) over [0, 1]; far out it is a
    recurrence.
    """
    near = np.clip(away, -0.4, 0.5)
    places, weights = np.polynomial.legendre.leggauss(24)
    half = [(0.5 * (1 + p), 0.5 * w) for p, w in zip(places, weights)]
    inside = math.factorial(n) * sum([w * (-t) ** n / (1 + near * t) ** (n + 1) for t, w in half])
    far = np.where(away == near, 1.0, away)
    steps = np.array(np.where(away == near, 1.0, log) / far)
    for k in range(1, n + 1):
        last = (-1) ** (k - 1) * math.factorial(k - 1) / np.where(away == near, 1.0, x) ** k
        np.copyto(steps, (last - k * steps) / far)
    return np.where(away == near, inside, steps)
'''


def _ratio_derivative(name: str, formula: str, domain: Domain, parts: str) -> Primitive:
    """The record of a ratio of logarithm and distance, derived; `parts` are distance, x and log."""
    op: Primitive = special(
        name,
        lambda x, *, out, n: op(x, n=n + 1),
        f"diff({formula}, x, n)",
        domain,
        code=f"{name}_of({{0}}, {{n}})",
        params=({"n": 0}, {"n": 1}, {"n": 2}),
        modules=("math",),
        helpers=_LOG_RATIO
        + f'''
def {name}_of(x, n):
    """{formula} derived n times."""
    wide = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        found = log_ratio_derivative_of({parts}, n)
    return np.asarray(found, np.result_type(x))[()]
''',
    )
    return op


log1prel_derivative = _ratio_derivative(
    "log1prel_derivative", "log(1 + x)/x", Domain(-0.8, 4.0), "wide, 1 + wide, np.log1p(wide)"
)
logrel_derivative = _ratio_derivative(
    "logrel_derivative", "log(x)/(x - 1)", Domain(0.2, 5.0), "wide - 1, wide, np.log(wide)"
)


def _boxcox_slopes(x: Value, y: Value, *, out: Value) -> tuple[Value, Value]:
    """(x**y - 1) / y = log(x) exprel(y log(x))."""
    rate = log(x)
    return exp(mul(sub(y, 1.0), rate)), mul(square(rate), exprel_derivative(mul(y, rate), n=1))


def _boxcox1p_slopes(x: Value, y: Value, *, out: Value) -> tuple[Value, Value]:
    rate = log1p(x)
    return exp(mul(sub(y, 1.0), rate)), mul(square(rate), exprel_derivative(mul(y, rate), n=1))


def _inverse_slopes(x: Value, y: Value, of: Value) -> tuple[Value, Value]:
    """of = exp(x log1prel(x y))."""
    inner = mul(x, y)
    in_y = mul(mul(square(x), log1prel_derivative(inner, n=1)), of)
    return div(of, add(1.0, inner)), in_y


boxcox = special("boxcox", _boxcox_slopes, "(x**y - 1)/y", POSITIVE, POSITIVE)
boxcox1p = special("boxcox1p", _boxcox1p_slopes, "((1 + x)**y - 1)/y", POSITIVE, POSITIVE)
inv_boxcox = special(
    "inv_boxcox",
    lambda x, y, *, out: _inverse_slopes(x, y, out),
    "(1 + x*y)**(1/y)",
    POSITIVE,
    POSITIVE,
)
inv_boxcox1p = special(
    "inv_boxcox1p",
    lambda x, y, *, out: _inverse_slopes(x, y, add(1.0, out)),
    "(1 + x*y)**(1/y) - 1",
    POSITIVE,
    POSITIVE,
)
powm1 = special(
    "powm1",
    lambda x, y, *, out: (
        power_derivative(x, y, i=1, j=0),
        power_derivative(x, y, i=0, j=1),
    ),
    "x**y - 1",
    POSITIVE,
    ANY,
)
cosm1 = special("cosm1", lambda x, *, out: neg(sin(x)), "cos(x) - 1")
exp10 = special("exp10", lambda x, *, out: mul(2.302585092994046, out), "10**x")

# Degrees

sindg: Primitive = special(
    "sindg", lambda x, *, out: mul(PER_DEGREE, cosdg(x)), "sin(pi*x/180)", Domain(-300, 300)
)
cosdg: Primitive = special(
    "cosdg", lambda x, *, out: mul(-PER_DEGREE, sindg(x)), "cos(pi*x/180)", Domain(-300, 300)
)
tandg = special(
    "tandg",
    lambda x, *, out: mul(PER_DEGREE, add(1.0, square(out))),
    "tan(pi*x/180)",
    Domain(-70, 70),
)
cotdg = special(
    "cotdg",
    lambda x, *, out: mul(-PER_DEGREE, add(1.0, square(out))),
    "cot(pi*x/180)",
    Domain(20, 160),
)

FAMILY = (
    expit, logit, log_expit, xlogy, xlog1py, entr, rel_entr, kl_div, huber, pseudo_huber,
    exprel_derivative, exprel, log1prel_derivative, logrel_derivative, boxcox, boxcox1p,
    inv_boxcox, inv_boxcox1p, powm1, cosm1, exp10, sindg, cosdg, tandg, cotdg,
)  # fmt: skip
