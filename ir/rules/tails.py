"""Compositions of exponentials whose slope is there where a part overflows or is infinite.

log(1 + exp(x)) at 1000 is 1000 and has the slope 1, though exp(1000) is no float; as it is
written its value overflows, and that is left to who wrote it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from cats.ir.linear import Join
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, div, mul, neg, over, slope, sub
from cats.ir.prims.choice import abs, isfinite, keep, logical_or, maximum, minimum, where_number
from cats.ir.prims.pairs import LOG_2, share, share2
from cats.ir.prims.smooth import cosh, exp, expm1, log, log1p, reciprocal, tanh
from cats.ir.rules.scalars import is_number
from cats.ir.rules.smoothing import derived, in_both, itself, scaled
from cats.ir.smoothing import Flow, Letters, Smoothing, smoothing
from cats.ir.spaces import Value
from cats.ir.wire import Wire


def positive(x: Wire) -> float | None:
    """The number greater than 0 that the wire carries everywhere, if it does."""
    found = x.constant.number if x.constant is not None else None
    return float(found) if found is not None and found > 0 else None


def orders(x: Wire, y: Wire) -> Iterator[tuple[Wire, Wire]]:
    """Both orders of the arguments of what commutes."""
    yield x, y
    yield y, x


def one_and_exp(x: Wire) -> Letters:
    """x, c of c + exp(x), c a positive constant."""
    inner = x.made_by(add)
    for one, rest in orders(*inner) if inner else ():
        c, exponent = positive(one), rest.made_by(exp)
        if exponent and c is not None:
            return (*exponent, c)
    return None


# Shares


def _share_of_share(x: Value, y: Value, op: Primitive) -> Flow:
    """s (1 - s) has the slope s (1 - s) (1 - 2 s), and 1 - 2 s = -tanh((x - y) / 2) cancels not.

    The difference of two infinities is never asked for: where both are infinite s is constant.
    """
    rate = 1.0 if op is share else LOG_2
    known = logical_or(isfinite(x), isfinite(y))
    turn = mul(rate, tanh(mul(rate, mul(0.5, keep(known, sub(x, y))))))
    by = mul(mul(op(x, y), op(y, x)), turn)
    return Flow((x, y), Join((-slope(by, x), slope(by, y))))


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y, op: mul(op(x, y), op(y, x)),
    _share_of_share,
    head=mul,
    under=(share, share2),
    statics=((share,), (share2,)),
)
def product_of_shares(x: Wire, y: Wire) -> Letters:
    """share(x, y) share(y, x), which is flat where x = y."""
    for op in (share, share2):
        one, other = x.made_by(op), y.made_by(op)
        if one and other and one == other[::-1]:
            return (*one, op)
    return None


# Logarithms of exponentials


@smoothing("x: R[s]", lambda x: log(exp(x)), itself, head=log, under=exp)
def log_of_exp(x: Wire) -> Letters:
    """log(exp(x)) = x."""
    return x.made_by(exp)


@smoothing(
    "x: R[s]",
    lambda x: exp(log(x)),
    lambda x: scaled(x, where_number(exp(log(x)), 1.0)),
    head=exp,
    under=log,
)
def exp_of_log(x: Wire) -> Letters:
    """exp(log(x)) = x; nan where log(x) is."""
    return x.made_by(log)


def _power(x: Value, y: Value) -> Flow:
    out = exp(mul(y, log(x)))
    slopes = [where_number(out, derived(x, y, i, 1 - i)) for i in (1, 0)]
    return in_both(x, y, *slopes)


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y: exp(mul(y, log(x))),
    _power,
    head=exp,
    under=mul,
)
def exp_of_multiple_of_log(x: Wire) -> Letters:
    """exp(y log(x)) = x**y."""
    inner = x.made_by(mul)
    for y, rest in orders(*inner) if inner else ():
        below = rest.made_by(log)
        if below:
            return (*below, y)
    return None


def _shares(x: Value, y: Value) -> Flow:
    return in_both(x, y, share(x, y), share(y, x))


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y: log(add(exp(x), exp(y))),
    _shares,
    head=log,
    under=add,
)
def log_of_two_exps(x: Wire) -> Letters:
    """log(exp(x) + exp(y)) = logaddexp(x, y)."""
    inner = x.made_by(add)
    found = [term.made_by(exp) for term in inner or ()]
    return (*found[0], *found[1]) if all(found) and found else None  # type: ignore[misc]


@smoothing(
    "x: R[s]",
    lambda x, c: log(add(c, exp(x))),
    lambda x, c: scaled(x, share(x, math.log(c))),
    head=log,
    under=add,
    statics=((1.0,), (2.0,)),
)
def log_of_one_and_exp(x: Wire) -> Letters:
    """log(c + exp(x)) = logaddexp(log(c), x)."""
    return one_and_exp(x)


@smoothing(
    "x: R[s]",
    lambda x: log1p(exp(x)),
    lambda x: scaled(x, share(x, 0.0)),
    head=log1p,
    under=exp,
)
def log1p_of_exp(x: Wire) -> Letters:
    """log1p(exp(x)) = logaddexp(0, x)."""
    return x.made_by(exp)


@smoothing(
    "x: R[s]",
    lambda x, c: log(div(1.0, add(c, exp(x)))),
    lambda x, c: scaled(x, neg(share(x, math.log(c)))),
    head=log,
    under=div,
    statics=((1.0,), (2.0,)),
)
def log_of_logistic(x: Wire) -> Letters:
    """log(1 / (c + exp(x))) = -logaddexp(log(c), x)."""
    inner = x.made_by(div)
    return one_and_exp(inner[1]) if inner and is_number(inner[0], 1.0) else None


@smoothing("x: R[s]", lambda x: log(cosh(x)), lambda x: scaled(x, tanh(x)), head=log, under=cosh)
def log_of_cosh(x: Wire) -> Letters:
    """The slope of log(cosh(x)) is tanh(x)."""
    return x.made_by(cosh)


# Quotients by exponentials


def _parts(x: Value, c: float) -> tuple[Value, Value]:
    """1 / (c + exp(x)), and minus its derivative."""
    level = math.log(c)
    part = share(level, x)
    both = mul(part, share(x, level))
    return (part, both) if c == 1.0 else (div(part, c), div(both, c))


def _logistic(n: Value, x: Value, c: float) -> Flow:
    part, fall = _parts(x, c)
    return Flow((n, x), Join((slope(part, n), -slope(mul(n, fall), x))))


@smoothing(
    "n: R[s], x: R[s]",
    lambda n, x, c: div(n, add(c, exp(x))),
    _logistic,
    head=div,
    under=add,
    statics=((1.0,), (2.0,)),
)
def logistic(x: Wire, y: Wire) -> Letters:
    """n / (c + exp(x)), the logistic function of -x where n and c are 1."""
    found = one_and_exp(y)
    return (x, *found) if found else None


@smoothing(
    "x: R[s]",
    lambda x, c: reciprocal(add(c, exp(x))),
    lambda x, c: scaled(x, neg(_parts(x, c)[1])),
    head=reciprocal,
    under=add,
    statics=((1.0,), (2.0,)),
)
def reciprocal_logistic(x: Wire) -> Letters:
    """1 / (c + exp(x))."""
    return one_and_exp(x)


def _bose(n: Value, x: Value, below: Value) -> Flow:
    """Of n / (exp(x) - 1): its slope in x is itself / (exp(-x) - 1)."""
    by = div(div(n, below), expm1(neg(x)))
    return Flow((n, x), Join((over(below, n), slope(by, x))))


@smoothing(
    "n: R[s], x: R[s]",
    lambda n, x: div(n, expm1(x)),
    lambda n, x: _bose(n, x, expm1(x)),
    head=div,
    under=expm1,
)
def over_expm1(x: Wire, y: Wire) -> Letters:
    """n / (exp(x) - 1), written with expm1."""
    inner = y.made_by(expm1)
    return (x, *inner) if inner else None


@smoothing(
    "n: R[s], x: R[s]",
    lambda n, x: div(n, sub(exp(x), 1.0)),
    lambda n, x: _bose(n, x, sub(exp(x), 1.0)),
    head=div,
    under=sub,
)
def over_exp_less_one(x: Wire, y: Wire) -> Letters:
    """n / (exp(x) - 1)."""
    inner = y.made_by(sub)
    below = inner[0].made_by(exp) if inner and is_number(inner[1], 1.0) else None
    return (x, *below) if below else None


@smoothing(
    "n: R[s], x: R[s]",
    lambda n, x: div(n, cosh(x)),
    lambda n, x: Flow((n, x), Join((over(cosh(x), n), -slope(mul(div(n, cosh(x)), tanh(x)), x)))),
    head=div,
    under=cosh,
)
def over_cosh(x: Wire, y: Wire) -> Letters:
    """n / cosh(x), whose slope in x is itself times -tanh(x)."""
    inner = y.made_by(cosh)
    return (x, *inner) if inner else None


# As they are written against overflow


def _apart(x: Wire, y: Wire, size: Wire) -> bool:
    """Whether the third value is |x - y|."""
    inner = size.made_by(abs)
    if inner is None:
        return False
    between = inner[0].made_by(sub)
    if between in ((x, y), (y, x)):
        return True
    return any(is_number(b, 0.0) and inner[0] is a for a, b in orders(x, y))


def _rest(x: Wire) -> Wire | None:
    """d of log1p(exp(-d))."""
    inner = x.made_by(log1p)
    below = inner[0].made_by(exp) if inner else None
    minus = below[0].made_by(neg) if below else None
    return minus[0] if minus else None


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y: add(maximum(x, y), log1p(exp(neg(abs(sub(x, y)))))),
    _shares,
    head=add,
    under=maximum,
)
def larger_and_rest(x: Wire, y: Wire) -> Letters:
    """max(x, y) + log1p(exp(-|x - y|)) = logaddexp(x, y)."""
    for one, rest in orders(x, y):
        ends, apart = one.made_by(maximum), _rest(rest)
        if ends and apart is not None and _apart(ends[0], ends[1], apart):
            return ends
    return None


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y: sub(minimum(x, y), log1p(exp(neg(abs(sub(x, y)))))),
    lambda x, y: in_both(x, y, share(y, x), share(x, y)),
    head=sub,
    under=minimum,
)
def smaller_less_rest(x: Wire, y: Wire) -> Letters:
    """min(x, y) - log1p(exp(-|x - y|)) = -logaddexp(-x, -y)."""
    ends, apart = x.made_by(minimum), _rest(y)
    return ends if ends and apart is not None and _apart(ends[0], ends[1], apart) else None


SMOOTHINGS: tuple[Smoothing, ...] = (
    product_of_shares,
    log_of_exp,
    exp_of_log,
    exp_of_multiple_of_log,
    log_of_two_exps,
    log_of_one_and_exp,
    log1p_of_exp,
    log_of_logistic,
    log_of_cosh,
    logistic,
    reciprocal_logistic,
    over_expm1,
    over_exp_less_one,
    over_cosh,
    larger_and_rest,
    smaller_less_rest,
)
