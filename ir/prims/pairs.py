"""Smooth functions of two real numbers, hypot, arctan2, logaddexp, power, and their slopes.

The slopes are operations of their own, closed under derivatives of every order: `unit`,
`inversion` and `share` neither overflow nor cancel, `power_derivative` has its limits at x = 0.
"""

from __future__ import annotations

from collections.abc import Callable

from cats.ir.linear import Join, Linear
from cats.ir.primitive import Domain, Example, Primitive
from cats.ir.prims.algebra import ANY, add, div, entrywise, mul, of_order, slope, sub
from cats.ir.prims.choice import equal, floor, greater, logical_and, logical_not, select
from cats.ir.spaces import Real, Value

POSITIVE = Domain(0.1, 4.0)


# Lengths and angles


def origin(x: Value, y: Value) -> Value:
    """Where both are 0."""
    return logical_and(equal(x, 0.0), equal(y, 0.0))


def _radius(x: Value, y: Value) -> Value:
    """The length of (x, y); 1 at the origin, where what it divides is 0."""
    return select(origin(x, y), 1.0, hypot(x, y))


def _unit_rule(x: Value, y: Value, *, out: Value) -> Linear:
    across, radius = unit(y, x), _radius(x, y)
    in_x, in_y = mul(div(across, radius), across), div(mul(out, across), radius)
    return Join((slope(in_x, x), -slope(in_y, y)))


unit: Primitive = entrywise(
    "unit",
    "unit_of({0}, {1})",
    "x/sqrt(x**2 + y**2)",
    _unit_rule,
    POSITIVE,
    ANY,
    kinks=origin,
    helpers='''
def unit_of(x, y):
    """x / |(x, y)|, which neither overflows nor underflows; 0 at the origin."""
    kind = np.result_type(x, y)
    x, y = np.asarray(x, kind), np.asarray(y, kind)
    most = np.maximum(np.abs(x), np.abs(y))
    far = np.isinf(most)
    scale = np.where((most == 0) | far, 1, most)
    u, v = (np.where(far, np.isinf(a) * np.sign(a), a / scale) for a in (x, y))
    return u / np.sqrt(np.maximum(u * u + v * v, 1))
''',
)

hypot: Primitive = entrywise(
    "hypot",
    "np.hypot({0}, {1})",
    "sqrt(x**2 + y**2)",
    lambda x, y, *, out: Join((slope(unit(x, y), x), slope(unit(y, x), y))),
    POSITIVE,
    ANY,
    kinks=origin,
)


def _inversion_rule(x: Value, y: Value, *, out: Value) -> Linear:
    across = inversion(y, x)
    along = mul(sub(across, out), add(across, out))
    return Join((slope(along, x), -slope(mul(add(out, out), across), y)))


inversion: Primitive = entrywise(
    "inversion",
    "inversion_of({0}, {1})",
    "x/(x**2 + y**2)",
    _inversion_rule,
    POSITIVE,
    ANY,
    kinks=origin,
    helpers='''
def inversion_of(x, y):
    """x / |(x, y)|**2, without a square that overflows or underflows; 0 at the origin."""
    kind = np.result_type(x, y)
    x, y = np.asarray(x, kind), np.asarray(y, kind)
    most = np.maximum(np.abs(x), np.abs(y))
    far = np.isinf(most)
    scale = np.where(most == 0, 1, most)
    u, v = (np.where(far, 0, a / np.where(far, 1, scale)) for a in (x, y))
    return u / np.maximum(u * u + v * v, 1) / scale
''',
)

arctan2 = entrywise(
    "arctan2",
    "np.arctan2({0}, {1})",
    "atan2(x, y)",
    lambda y, x, *, out: Join((slope(inversion(x, y), y), -slope(inversion(y, x), x))),
    ANY,
    POSITIVE,
    kinks=origin,
)

# Sums of exponentials


def _share(name: str, base: str, meaning: str, rate: float) -> Primitive:
    def rule(x: Value, y: Value, *, out: Value) -> Linear:
        by = mul(rate, mul(out, op(y, x)))
        return Join((slope(by, x), -slope(by, y)))

    op = entrywise(
        name,
        f"{name}_of({{0}}, {{1}})",
        meaning,
        rule,
        ANY,
        ANY,
        helpers=f'''
def {name}_of(x, y):
    """The share of x in {base}(x) + {base}(y); a half of two equal infinities."""
    with np.errstate(invalid="ignore"):
        ahead = np.where(x == y, 0, x - y)
    part = np.{base}(-np.abs(ahead))
    return np.where(ahead < 0, part, 1) / (1 + part)
''',
    )
    return op


LOG_2 = 0.6931471805599453
share = _share("share", "exp", "exp(x)/(exp(x) + exp(y))", 1.0)
share2 = _share("share2", "exp2", "2**x/(2**x + 2**y)", LOG_2)


def _shares(op: Primitive) -> Callable[..., Linear]:
    return lambda x, y, *, out: Join((slope(op(x, y), x), slope(op(y, x), y)))


logaddexp = entrywise(
    "logaddexp", "np.logaddexp({0}, {1})", "log(exp(x) + exp(y))", _shares(share), ANY, ANY
)
logaddexp2 = entrywise(
    "logaddexp2", "np.logaddexp2({0}, {1})", "log(2**x + 2**y)/log(2)", _shares(share2), ANY, ANY
)

# Powers


def _not_a_monomial(x: Value, y: Value, *, i: int = 0, j: int = 0) -> Value:
    """Where x is 0 and x**y no whole power of it."""
    whole = logical_and(greater(y, 0.0), equal(floor(y), y))
    zero = equal(x, 0.0)
    return zero if j else logical_and(zero, logical_not(whole))


def power_rule(x: Value, y: Value, *, out: Value, i: int = 0, j: int = 0) -> Linear:
    """D of x**y, derived i times in x and j times in y already."""
    in_x, in_y = power_derivative(x, y, i=i + 1, j=j), power_derivative(x, y, i=i, j=j + 1)
    return Join((slope(in_x, x), slope(in_y, y)))


power = entrywise(
    "power", "{0} ** {1}", "x**y", power_rule, Domain(0.3, 3.0), ANY, kinks=_not_a_monomial
)
power_derivative: Primitive = entrywise(
    "power_derivative",
    "power_derivative_of({0}, {1}, {i}, {j})",
    "diff(x**y, x, i, y, j)",
    power_rule,
    Domain(0.3, 3.0),
    ANY,
    space=of_order,
    kinks=_not_a_monomial,
    examples=tuple(
        Example((Real((3,)),) * 2, (("i", i), ("j", j))) for i in range(3) for j in range(3)
    ),
    helpers='''
def power_derivative_of(x, y, i, j):
    """x ** y derived i times in x and j times in y; where x is 0 the limit for x > 0.

    But 0 ** y jumps at y = 0, and its derivative in y is 0 there.
    x ** (y - i) times a polynomial in log(x), whose coefficients are derivatives of
    y (y - 1) ... (y - i + 1). What is lost where the exponent is rounded is put back.
    """
    kind = np.result_type(x, y)
    base, power = np.asarray(x, kind), np.asarray(y, kind)
    with np.errstate(all="ignore"):
        low = power - i
        lost = (power - (low - (low - power))) - (i + (low - power))
        near, back = base**low, lost * np.log(np.abs(base)) if np.any(lost) else 0
        whole = np.where(np.isfinite(back), near * (1 + back), near)
        most = float(np.finfo(kind).max) ** (0.5 / max(j, 1))
        log = np.clip(np.log(base), -most, most) if j else 0
        falling = np.poly(np.arange(i)) if i else np.ones(1)
        slopes = [np.asarray(np.polyder(falling, r), kind) for r in range(1, j + 1)]
        product = np.prod([power - a for a in range(i)], axis=0, dtype=kind)
        factors = [product, *[np.polyval(slope, power) for slope in slopes]]
        ways = np.poly(-np.ones(j)).tolist() if j else [1.0]
        series = sum(ways[q] * factors[j - q] * log**q for q in range(j + 1))
        end = (base == 0) & (series != 0) if j else False
        found = np.where(end, np.copysign(np.inf, series), series) * whole
        jump = (base == 0) & (power == 0) & (i == 0 < j)
        return np.where((whole == 0) | (series == 0) | jump, 0, found)[()]
''',
)

FAMILY = (
    unit,
    hypot,
    inversion,
    arctan2,
    share,
    share2,
    logaddexp,
    logaddexp2,
    power,
    power_derivative,
)
