"""Smooth functions of one or two real numbers: exp, log, sin, ... Rules in the library's words."""

from __future__ import annotations

from cats.ir.linear import Join, Linear, Scale, Then
from cats.ir.primitive import Domain, Primitive, leaf_of
from cats.ir.prims.algebra import ANY, add, div, entrywise, mul, neg, slope, sub
from cats.ir.prims.choice import equal, select
from cats.ir.spaces import Value, space_of

POSITIVE = Domain(0.1, 4.0)
UNIT_BALL = Domain(-0.9, 0.9)


def over(by: Value, x: Value) -> Linear:
    """v |-> v / by."""
    space = space_of(x)
    return leaf_of(div, 0, (by,), space, space)


def minus(f: Linear) -> Linear:
    """-f."""
    return Then(f, Scale(f.cod, -1))


def square(x: Value) -> Value:
    """x * x."""
    return mul(x, x)


exp = entrywise("exp", "np.exp({0})", "exp(x)", lambda x, *, out: slope(out, x))
exp2 = entrywise(
    "exp2", "np.exp2({0})", "2**x", lambda x, *, out: slope(mul(0.6931471805599453, out), x)
)
expm1 = entrywise("expm1", "np.expm1({0})", "exp(x) - 1", lambda x, *, out: slope(exp(x), x))
log = entrywise("log", "np.log({0})", "log(x)", lambda x, *, out: over(x, x), POSITIVE)
log2 = entrywise(
    "log2",
    "np.log2({0})",
    "log(x)/log(2)",
    lambda x, *, out: over(mul(0.6931471805599453, x), x),
    POSITIVE,
)
log10 = entrywise(
    "log10",
    "np.log10({0})",
    "log(x)/log(10)",
    lambda x, *, out: over(mul(2.302585092994046, x), x),
    POSITIVE,
)
log1p = entrywise(
    "log1p",
    "np.log1p({0})",
    "log(1 + x)",
    lambda x, *, out: over(add(1.0, x), x),
    Domain(-0.8, 4.0),
)
sqrt = entrywise(
    "sqrt", "np.sqrt({0})", "sqrt(x)", lambda x, *, out: over(add(out, out), x), POSITIVE
)
cbrt = entrywise(
    "cbrt",
    "np.cbrt({0})",
    "x**Rational(1, 3)",
    lambda x, *, out: over(mul(3.0, square(out)), x),
    POSITIVE,
)
sin = entrywise("sin", "np.sin({0})", "sin(x)", lambda x, *, out: slope(cos(x), x))
cos: Primitive = entrywise("cos", "np.cos({0})", "cos(x)", lambda x, *, out: slope(neg(sin(x)), x))
tan = entrywise(
    "tan",
    "np.tan({0})",
    "tan(x)",
    lambda x, *, out: slope(add(1.0, square(out)), x),
    Domain(-1.3, 1.3),
)
arcsin = entrywise(
    "arcsin",
    "np.arcsin({0})",
    "asin(x)",
    lambda x, *, out: over(sqrt(mul(sub(1.0, x), add(1.0, x))), x),
    UNIT_BALL,
)
arccos = entrywise(
    "arccos",
    "np.arccos({0})",
    "acos(x)",
    lambda x, *, out: minus(over(sqrt(mul(sub(1.0, x), add(1.0, x))), x)),
    UNIT_BALL,
)
arctan = entrywise(
    "arctan", "np.arctan({0})", "atan(x)", lambda x, *, out: over(add(1.0, square(x)), x)
)
sinh = entrywise("sinh", "np.sinh({0})", "sinh(x)", lambda x, *, out: slope(cosh(x), x))
cosh: Primitive = entrywise("cosh", "np.cosh({0})", "cosh(x)", lambda x, *, out: slope(sinh(x), x))
tanh = entrywise(
    "tanh", "np.tanh({0})", "tanh(x)", lambda x, *, out: slope(sub(1.0, square(out)), x)
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
)
arctanh = entrywise(
    "arctanh",
    "np.arctanh({0})",
    "atanh(x)",
    lambda x, *, out: over(mul(sub(1.0, x), add(1.0, x)), x),
    UNIT_BALL,
)
reciprocal = entrywise(
    "reciprocal",
    "np.reciprocal({0})",
    "1/x",
    lambda x, *, out: minus(slope(square(out), x)),
    Domain(0.3, 3.0),
)
deg2rad = entrywise(
    "deg2rad", "np.deg2rad({0})", "x*pi/180", lambda x, *, out: slope(0.017453292519943295, x)
)
rad2deg = entrywise(
    "rad2deg", "np.rad2deg({0})", "x*180/pi", lambda x, *, out: slope(57.29577951308232, x)
)


def _hypot_rule(x: Value, y: Value, *, out: Value) -> Linear:
    at_zero = equal(out, 0.0)
    radius = select(at_zero, add(out, 1.0), out)
    return Join((slope(div(x, radius), x), slope(div(y, radius), y)))


hypot: Primitive = entrywise(
    "hypot", "np.hypot({0}, {1})", "sqrt(x**2 + y**2)", _hypot_rule, POSITIVE, ANY
)


def _arctan2_rule(y: Value, x: Value, *, out: Value) -> Linear:
    radius = hypot(x, y)
    return Join(
        (slope(div(div(x, radius), radius), y), minus(slope(div(div(y, radius), radius), x)))
    )


arctan2 = entrywise("arctan2", "np.arctan2({0}, {1})", "atan2(x, y)", _arctan2_rule, ANY, POSITIVE)


def _logaddexp_rule(x: Value, y: Value, *, out: Value) -> Linear:
    return Join((slope(exp(sub(x, out)), x), slope(exp(sub(y, out)), y)))


logaddexp = entrywise(
    "logaddexp", "np.logaddexp({0}, {1})", "log(exp(x) + exp(y))", _logaddexp_rule, ANY, ANY
)
logaddexp2 = entrywise(
    "logaddexp2",
    "np.logaddexp2({0}, {1})",
    "log(2**x + 2**y)/log(2)",
    lambda x, y, *, out: Join((slope(exp2(sub(x, out)), x), slope(exp2(sub(y, out)), y))),
    ANY,
    ANY,
)


def _power_rule(x: Value, y: Value, *, out: Value) -> Linear:
    flat = equal(y, 0.0)
    in_x = select(flat, y, mul(y, power(x, sub(y, 1.0))))
    safe = select(equal(x, 0.0), add(x, 1.0), x)
    return Join((slope(in_x, x), slope(mul(log(safe), out), y)))


power = entrywise("power", "{0} ** {1}", "x**y", _power_rule, Domain(0.3, 3.0), ANY)

FAMILY = (
    exp,
    exp2,
    expm1,
    log,
    log2,
    log10,
    log1p,
    sqrt,
    cbrt,
    sin,
    cos,
    tan,
    arcsin,
    arccos,
    arctan,
    sinh,
    cosh,
    tanh,
    arcsinh,
    arccosh,
    arctanh,
    reciprocal,
    deg2rad,
    rad2deg,
    hypot,
    arctan2,
    logaddexp,
    logaddexp2,
    power,
)
