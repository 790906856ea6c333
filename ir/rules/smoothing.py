"""Compositions that are smooth where their parts are not: squares of roots, of lengths, of kinks.

What is left of a kink is shared as everywhere: where the slopes on both sides differ the
derivative is the one between them.
"""

from __future__ import annotations

from cats.ir.linear import Id, Join, Linear, Then
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, div, ipow, mul, slope, sub
from cats.ir.prims.choice import (
    abs,
    greater,
    greater_equal,
    keep,
    keeping,
    logical_or,
    maximum,
    minimum,
    not_equal,
    select,
    sign,
    where_number,
)
from cats.ir.prims.pairs import hypot, power, power_derivative
from cats.ir.prims.smooth import cbrt, cbrt_rule, length_rule, root, sqrt
from cats.ir.rules.grounded import KINDS, grounded
from cats.ir.rules.scalars import is_number
from cats.ir.smoothing import Flow, Letters, Smoothing, smoothing
from cats.ir.spaces import Value, space_of
from cats.ir.wire import Wire

ROOTS = (sqrt, root)
POWERS = (power, power_derivative)
GROUNDED = tuple(KINDS)
"""What makes values that may be grounded."""

FEW: tuple[tuple[int], ...] = ((2,), (3,), (4,), (5,), (6,))
"""Exponents at which a law about all of them is stated."""

ORDERS = ((0, 0), (1, 0), (0, 1), (2, 1))
"""How often x**y was derived in x and in y."""


def itself(x: Value) -> Flow:
    """The derivative of x."""
    return Flow((x,), Id(space_of(x)))


def scaled(x: Value, by: Value) -> Flow:
    """by dx."""
    return Flow((x,), slope(by, x))


def in_both(x: Value, y: Value, in_x: Value, in_y: Value) -> Flow:
    """in_x dx + in_y dy."""
    return Flow((x, y), Join((slope(in_x, x), slope(in_y, y))))


def square_of(x: Value) -> tuple[Value]:
    """A value that is grounded."""
    return (mul(x, x),)


def monomial(count: float, x: Value, n: int) -> Value:
    """count * x**n, its square written as x * x, as users' squares are."""
    if n == 0:
        return count
    raised = x if n == 1 else mul(x, x) if n == 2 else ipow(x, n=n)
    return raised if count == 1 else mul(count, raised)


def derived(x: Value, y: Value, i: int, j: int) -> Value:
    """x**y derived i times in x and j times in y."""
    return power_derivative(x, y, i=i, j=j) if i or j else power(x, y)


def twin(x: Wire, y: Wire, ops: tuple[Primitive, ...]) -> Letters:
    """x, ..., op of op(x, ...) * op(x, ...)."""
    return made_by(x, ops) if x is y else None


def made_by(x: Wire, ops: tuple[Primitive, ...]) -> Letters:
    """x, ..., op of op(x, ...)."""
    for op in ops:
        inner = x.made_by(op)
        if inner is not None:
            return (*inner, op)
    return None


def raised(x: Wire) -> tuple[Wire, int] | None:
    """x, n of x**n."""
    inner, step = x.made_by(ipow), x.step
    return None if inner is None or step is None else (inner[0], dict(step.params)["n"])


# Roots


def _root_squared(x: Value, op: Primitive) -> Flow:
    """The derivative of x where sqrt(x) is a number; a length is nowhere negative."""
    return itself(x) if op is root else scaled(x, where_number(op(x), 1.0))


@smoothing(
    "x: R[s]",
    lambda x, op: mul(op(x), op(x)),
    _root_squared,
    head=mul,
    under=ROOTS,
    statics=((sqrt,), (root,)),
)
def root_squared(x: Wire, y: Wire) -> Letters:
    """sqrt(x)**2 = x."""
    return twin(x, y, ROOTS)


@smoothing(
    "x: R[s]",
    lambda x, op, n: ipow(op(x), n=n),
    lambda x, op, n: scaled(x, monomial(n / 2, op(x), n - 2)) if n > 2 else _root_squared(x, op),
    head=ipow,
    under=ROOTS,
    statics=tuple((op, n) for op in ROOTS for (n,) in FEW),
)
def root_to_whole_power(x: Wire, *, n: int) -> Letters:
    """sqrt(x)**n = x**(n / 2)."""
    inner = made_by(x, ROOTS) if n > 1 else None
    return None if inner is None else (*inner, n)


def rested(x: Value, y: Value, i: int, j: int) -> Value:
    """The slope in x of x**y, derived so often; 0 where x is 0 and the slope has no bound."""
    low = sub(y, float(i)) if i else y
    bounded = (greater if j else greater_equal)(low, 1.0)
    return keep(logical_or(not_equal(x, 0.0), bounded), derived(x, y, i + 1, j))


def _root_to_power(x: Value, y: Value, op: Primitive) -> Flow:
    half = mul(0.5, y)
    in_y = mul(0.5, derived(x, half, 0, 1))
    if op is root:
        return in_both(x, y, rested(x, half, 0, 0), in_y)
    out = power(op(x), y)
    return in_both(x, y, where_number(out, derived(x, half, 1, 0)), where_number(out, in_y))


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y, op: power(op(x), y),
    _root_to_power,
    head=power,
    under=ROOTS,
    statics=((sqrt,), (root,)),
)
def root_to_power(x: Wire, y: Wire) -> Letters:
    """sqrt(x)**y = x**(y / 2)."""
    for op in ROOTS:
        inner = x.made_by(op)
        if inner is not None:
            return inner[0], y, root if grounded(inner[0]) else op
    return None


@smoothing(
    "x: R[s]",
    lambda x, op: mul(op(x), x),
    lambda x, op: scaled(x, mul(1.5, op(x))),
    head=mul,
    under=ROOTS,
    statics=((sqrt,), (root,)),
)
def root_times(x: Wire, y: Wire) -> Letters:
    """sqrt(x) x = x**(3 / 2)."""
    for one, rest in ((x, y), (y, x)):
        found = made_by(one, ROOTS)
        if found is not None and found[0] is rest:
            return found
    return None


@smoothing(
    "x: R[s]",
    lambda x: sqrt(mul(x, x)),
    lambda x: scaled(x, sign(x)),
    head=ROOTS,
    under=mul,
)
def root_of_square(x: Wire) -> Letters:
    """sqrt(x**2) = |x|."""
    inner = x.made_by(mul)
    return inner[:1] if inner and inner[0] is inner[1] else None


@smoothing(
    "x: R[s]",
    lambda x: sqrt(mul(x, x)),
    itself,
    head=ROOTS,
    under=mul,
    of=square_of,
)
def root_of_grounded_square(x: Wire) -> Letters:
    """sqrt(x**2) = x of what is nowhere negative."""
    found = root_of_square.match(x)
    return found if found and grounded(found[0]) else None


def _root_of_power(x: Value, n: int) -> Flow:
    k = n // 2
    if n % 2:
        return scaled(x, mul(monomial(n / 2, x, k - 1), sqrt(x)))
    plain = monomial(k, x, k - 1)
    return scaled(x, plain if k % 2 == 0 else mul(plain, sign(x)))


@smoothing(
    "x: R[s]",
    lambda x, n: sqrt(ipow(x, n=n)),
    _root_of_power,
    head=ROOTS,
    under=ipow,
    statics=FEW,
)
def root_of_power(x: Wire) -> Letters:
    """sqrt(x**n) = |x|**k for n = 2 k, and x**k sqrt(x) for n = 2 k + 1."""
    found = raised(x)
    return found if found and found[1] > 1 else None


@smoothing(
    "x: R[s]",
    sqrt,
    lambda x: Flow((x,), length_rule(x, out=sqrt(x))),
    head=sqrt,
    under=GROUNDED,
    of=square_of,
)
def root_of_grounded(x: Wire) -> Letters:
    """The derivative of a length is 0 where it is 0."""
    return (x,) if grounded(x) else None


@smoothing(
    "x: R[s]",
    lambda x, n: ipow(cbrt(x), n=n),
    lambda x, n: scaled(x, monomial(n / 3, cbrt(x), n - 3)),
    head=ipow,
    under=cbrt,
    statics=FEW[1:],
)
def cbrt_to_power(x: Wire, *, n: int) -> Letters:
    """cbrt(x)**n = x**(n / 3)."""
    inner = x.made_by(cbrt)
    return (*inner, n) if inner and n > 2 else None


@smoothing(
    "x: R[s]",
    lambda x, n: cbrt(ipow(x, n=n)),
    lambda x, n: scaled(x, mul(n / 3, cbrt(monomial(1, x, n - 3))) if n > 3 else 1.0),
    head=cbrt,
    under=ipow,
    statics=FEW[1:],
)
def cbrt_of_power(x: Wire) -> Letters:
    """cbrt(x**n) = x**(n / 3)."""
    found = raised(x)
    return found if found and found[1] > 2 else None


def _cbrt_at_rest(x: Value) -> Linear:
    there = not_equal(x, 0.0)
    return Then(keeping(there, x), cbrt_rule(x, out=select(there, cbrt(x), 1.0)))


@smoothing(
    "x: R[s]",
    cbrt,
    lambda x: Flow((x,), _cbrt_at_rest(x)),
    head=cbrt,
    under=GROUNDED,
    of=square_of,
)
def cbrt_of_grounded(x: Wire) -> Letters:
    """The derivative of a root is 0 where its argument is 0 and at rest."""
    return (x,) if grounded(x) else None


# Absolute values


@smoothing(
    "x: R[s]",
    lambda x: mul(abs(x), abs(x)),
    lambda x: scaled(x, add(x, x)),
    head=mul,
    under=abs,
)
def abs_squared(x: Wire, y: Wire) -> Letters:
    """|x|**2 = x**2."""
    return x.made_by(abs) if x is y else None


@smoothing(
    "x: R[s]",
    lambda x: mul(sqrt(mul(x, x)), abs(x)),
    lambda x: scaled(x, add(x, x)),
    head=mul,
    under=abs,
)
def abs_in_two_words(x: Wire, y: Wire) -> Letters:
    """sqrt(x**2) |x| = x**2."""
    for one, rest in ((x, y), (y, x)):
        inner, root_of = one.made_by(abs), made_by(rest, ROOTS)
        if inner and root_of and root_of[0].made_by(mul) == (*inner, *inner):
            return inner
    return None


@smoothing(
    "x: R[s]",
    lambda x, n: ipow(abs(x), n=n),
    lambda x, n: scaled(x, monomial(n, x, n - 1)),
    head=ipow,
    under=abs,
    statics=FEW[::2],
)
def abs_to_even_power(x: Wire, *, n: int) -> Letters:
    """|x|**n = x**n for even n."""
    inner = x.made_by(abs)
    return (*inner, n) if inner and n > 1 and n % 2 == 0 else None


def _abs_to_power(x: Value, y: Value, i: int, j: int) -> Flow:
    size = abs(x)
    in_x = mul(sign(x), rested(size, y, i, j))
    return in_both(x, y, in_x, derived(size, y, i, j + 1))


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y, i, j: derived(abs(x), y, i, j),
    _abs_to_power,
    head=POWERS,
    under=abs,
    statics=ORDERS,
)
def abs_to_power(x: Wire, y: Wire, *, i: int = 0, j: int = 0) -> Letters:
    """The slope of |x|**y is sign(x) times that of x**y at |x|."""
    inner = x.made_by(abs)
    return (*inner, y, i, j) if inner else None


def _signed_power(x: Value, y: Wire, i: int, j: int) -> Flow:
    size = abs(x)
    in_x, in_y = derived(size, y, i + 1, j), mul(sign(x), derived(size, y, i, j + 1))
    if _bounded(y, i, j):
        return in_both(x, y, in_x, in_y)
    out = mul(sign(x), derived(size, y, i, j))
    return in_both(x, y, where_number(out, in_x), where_number(out, in_y))


def _bounded(y: Wire, i: int, j: int) -> bool:
    """Whether x**y, derived so often, is known to be a number at 0."""
    exponent = y.constant
    return exponent is not None and bool((exponent.array > i if j else exponent.array >= i).all())


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y, i, j: mul(sign(x), derived(abs(x), y, i, j)),
    _signed_power,
    head=mul,
    under=sign,
    statics=ORDERS,
)
def signed_power(x: Wire, y: Wire) -> Letters:
    """The slope of sign(x) |x|**y is that of x**y at |x|."""
    for one, rest in ((x, y), (y, x)):
        signed, found = one.made_by(sign), made_by(rest, POWERS)
        if signed and found and rest.step is not None:
            size, exponent, _ = found
            if size.made_by(abs) == signed:
                orders = dict(rest.step.params)
                return signed[0], exponent, orders.get("i", 0), orders.get("j", 0)
    return None


@smoothing(
    "x: R[s]",
    lambda x, n: mul(sign(x), monomial(1, abs(x), n)),
    lambda x, n: scaled(x, monomial(n, abs(x), n - 1)),
    head=mul,
    under=sign,
    statics=FEW,
)
def signed_whole_power(x: Wire, y: Wire) -> Letters:
    """The slope of sign(x) |x|**n is n |x|**(n - 1)."""
    for one, rest in ((x, y), (y, x)):
        signed, found = one.made_by(sign), raised(rest) or _square(rest)
        if signed and found and found[1] > 1 and found[0].made_by(abs) == signed:
            return (*signed, found[1])
    return None


def _square(x: Wire) -> tuple[Wire, int] | None:
    """x, 2 of x * x."""
    inner = x.made_by(mul)
    return (inner[0], 2) if inner and inner[0] is inner[1] else None


@smoothing("x: R[s]", lambda x: mul(sign(x), abs(x)), itself, head=mul, under=sign)
def signed_abs(x: Wire, y: Wire) -> Letters:
    """sign(x) |x| = x."""
    for one, rest in ((x, y), (y, x)):
        signed = one.made_by(sign)
        if signed and rest.made_by(abs) == signed:
            return signed
    return None


@smoothing(
    "x: R[s]",
    lambda x: mul(sign(x), sqrt(abs(x))),
    lambda x: scaled(x, power_derivative(abs(x), 0.5, i=1, j=0)),
    head=mul,
    under=sign,
)
def signed_root(x: Wire, y: Wire) -> Letters:
    """sign(x) sqrt(|x|), whose slope at 0 is infinite on both sides."""
    for one, rest in ((x, y), (y, x)):
        signed, size = one.made_by(sign), rest.made_by(sqrt)
        if signed and size and size[0].made_by(abs) == signed:
            return signed
    return None


@smoothing("x: R[s]", abs, itself, head=abs, under=GROUNDED, of=square_of)
def abs_of_grounded(x: Wire) -> Letters:
    """|x| = x of what is nowhere negative."""
    return (x,) if grounded(x) else None


# The larger one of x and 0


def _zero(x: Wire) -> bool:
    return is_number(x, 0.0) or is_number(x, -0.0)


def ramp(x: Wire) -> tuple[Wire, Primitive] | None:
    """x, op of max(x, 0) or min(x, 0)."""
    found = made_by(x, (maximum, minimum))
    if found is None:
        return None
    one, other, op = found
    return (one, op) if _zero(other) else (other, op) if _zero(one) else None


@smoothing(
    "x: R[s]",
    lambda x, op: mul(op(x, 0.0), op(x, 0.0)),
    lambda x, op: scaled(x, monomial(2.0, op(x, 0.0), 1)),
    head=mul,
    under=(maximum, minimum),
    statics=((maximum,), (minimum,)),
)
def ramp_squared(x: Wire, y: Wire) -> Letters:
    """The slope of max(x, 0)**2 is 2 max(x, 0)."""
    return ramp(x) if x is y else None


@smoothing(
    "x: R[s]",
    lambda x, op, n: ipow(op(x, 0.0), n=n),
    lambda x, op, n: scaled(x, monomial(float(n), op(x, 0.0), n - 1)),
    head=ipow,
    under=(maximum, minimum),
    statics=tuple((op, n) for op in (maximum, minimum) for (n,) in FEW),
)
def ramp_to_power(x: Wire, *, n: int) -> Letters:
    """The slope of max(x, 0)**n is n max(x, 0)**(n - 1)."""
    found = ramp(x) if n > 1 else None
    return None if found is None else (*found, n)


@smoothing(
    "x: R[s]",
    lambda x: maximum(x, 0.0),
    itself,
    head=maximum,
    under=GROUNDED,
    of=square_of,
)
def ramp_of_grounded(x: Wire, y: Wire) -> Letters:
    """max(x, 0) = x of what is nowhere negative."""
    for one, rest in ((x, y), (y, x)):
        if _zero(rest) and grounded(one):
            return (one,)
    return None


# Lengths and powers


@smoothing(
    "x: R[s], y: R[s]",
    lambda x, y, n: monomial(1, hypot(x, y), n),
    lambda x, y, n: _hypot_to_power(x, y, n),
    head=(mul, ipow),
    under=hypot,
    statics=FEW[::2],
)
def hypot_to_even_power(x: Wire, y: Wire | None = None, *, n: int = 2) -> Letters:
    """hypot(x, y)**2 = x**2 + y**2."""
    inner = x.made_by(hypot) if y is None or x is y else None
    return (*inner, n) if inner and n > 1 and n % 2 == 0 else None


@smoothing(
    "x: R[s], y: R[s], z: R[s]",
    lambda x, y, z: mul(hypot(hypot(x, y), z), hypot(hypot(x, y), z)),
    lambda x, y, z: Flow((x, y, z), Join(tuple(slope(add(v, v), v) for v in (x, y, z)))),
    head=mul,
    under=hypot,
)
def hypot_of_hypot_squared(x: Wire, y: Wire) -> Letters:
    """hypot(hypot(x, y), z)**2 = x**2 + y**2 + z**2."""
    for one, rest in _swaps(x.made_by(hypot) if x is y else None):
        inner = one.made_by(hypot)
        if inner is not None:
            return (*inner, rest)
    return None


def _swaps(pair: tuple[Wire, ...] | None) -> tuple[tuple[Wire, ...], ...]:
    return () if pair is None else (pair, pair[::-1])


def _hypot_to_power(x: Value, y: Value, n: int) -> Flow:
    by = monomial(float(n), hypot(x, y), n - 2)
    return in_both(x, y, mul(by, x), mul(by, y))


def _grounded_to_power(x: Value, y: Value, i: int, j: int) -> Flow:
    return in_both(x, y, rested(x, y, i, j), derived(x, y, i, j + 1))


@smoothing(
    "x: R[s], y: R[s]",
    derived,
    _grounded_to_power,
    head=POWERS,
    under=GROUNDED,
    of=lambda x, y: (mul(x, x), y),
    statics=ORDERS,
)
def grounded_to_power(x: Wire, y: Wire, *, i: int = 0, j: int = 0) -> Letters:
    """The derivative of x**y is 0 where x is 0 and at rest."""
    return (x, y, i, j) if grounded(x) else None


@smoothing(
    "x: R[s]",
    lambda x: mul(sub(1.0, x), add(1.0, x)),
    lambda x: scaled(x, mul(-2.0, x)),
    head=mul,
    under=sub,
)
def difference_of_squares(x: Wire, y: Wire) -> Letters:
    """(1 - x) (1 + x) = 1 - x**2, whose slope does not cancel near 0."""
    for one, rest in ((x, y), (y, x)):
        less = one.made_by(sub)
        if less and is_number(less[0], 1.0) and _one_more(rest, less[1]):
            return (less[1],)
    return None


def _one_more(y: Wire, x: Wire) -> bool:
    """Whether y is x + 1."""
    inner = y.made_by(add)
    return inner is not None and any(a is x and is_number(b, 1.0) for a, b in (inner, inner[::-1]))


@smoothing(
    "x: R[s]",
    lambda x: mul(sqrt(sub(x, 1.0)), sqrt(add(x, 1.0))),
    lambda x: scaled(x, div(x, mul(sqrt(sub(x, 1.0)), sqrt(add(x, 1.0))))),
    head=mul,
    under=sqrt,
)
def product_of_roots(x: Wire, y: Wire) -> Letters:
    """sqrt(x - 1) sqrt(x + 1) = sqrt(x**2 - 1), whose slope has one infinite factor at 1."""
    for one, rest in ((x, y), (y, x)):
        below, above = one.made_by(sqrt), rest.made_by(sqrt)
        less = below[0].made_by(sub) if below else None
        if less and above and is_number(less[1], 1.0) and _one_more(above[0], less[0]):
            return (less[0],)
    return None


SMOOTHINGS: tuple[Smoothing, ...] = (
    root_squared,
    root_to_whole_power,
    root_to_power,
    root_times,
    root_of_grounded_square,
    root_of_square,
    root_of_power,
    root_of_grounded,
    cbrt_to_power,
    cbrt_of_power,
    cbrt_of_grounded,
    abs_squared,
    abs_in_two_words,
    abs_to_even_power,
    abs_to_power,
    signed_power,
    signed_whole_power,
    signed_abs,
    signed_root,
    abs_of_grounded,
    ramp_squared,
    ramp_to_power,
    ramp_of_grounded,
    hypot_of_hypot_squared,
    hypot_to_even_power,
    grounded_to_power,
    difference_of_squares,
    product_of_roots,
)
