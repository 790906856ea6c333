"""Laws of real numbers that floats break: never applied unless asked for.

They forget nan, infinities, the sign of zero, or the order in which a sum was rounded.
"""

from __future__ import annotations

from cats.ir.prims.algebra import add, div, mul, neg, sub
from cats.ir.prims.layout import Axes, broadcast, sum
from cats.ir.prims.smooth import exp, log
from cats.ir.rewrite import Rule, rule
from cats.ir.rules.scalars import is_number
from cats.ir.spaces import Shape, Value
from cats.ir.wire import Wire


@rule("x: R[s]", lambda x: (add(x, 0.0), x), exact=False, head=add)
def add_zero(x: Wire, y: Wire) -> Value | None:
    """x + 0 = x; but -0 + 0 is 0."""
    return x if is_number(y, 0.0) else None


@rule("x: R[s]", lambda x: (add(0.0, x), x), exact=False, head=add)
def zero_add(x: Wire, y: Wire) -> Value | None:
    """0 + x = x; but 0 + -0 is 0."""
    return y if is_number(x, 0.0) else None


@rule("x: R[s]", lambda x: (mul(0.0, x), x.recorder.lift(0.0, x.space)), exact=False, head=mul)
def zero_multiply(x: Wire, y: Wire) -> Value | None:
    """0 * x = 0; but 0 * inf is nan."""
    return x if is_number(x, 0.0) else None


@rule("x: R[s]", lambda x: (mul(x, 0.0), x.recorder.lift(0.0, x.space)), exact=False, head=mul)
def multiply_zero(x: Wire, y: Wire) -> Value | None:
    """x * 0 = 0; but inf * 0 is nan."""
    return y if is_number(y, 0.0) else None


@rule("x: R[s]", lambda x: (sub(x, x), x.recorder.lift(0.0, x.space)), exact=False, head=sub)
def subtract_self(x: Wire, y: Wire) -> Value | None:
    """x - x = 0; but inf - inf is nan."""
    return x.recorder.lift(0.0, x.space) if x is y else None


@rule("x: R[s]", lambda x: (div(x, x), x.recorder.lift(1.0, x.space)), exact=False, head=div)
def divide_self(x: Wire, y: Wire) -> Value | None:
    """x / x = 1; but 0 / 0 is nan."""
    return x.recorder.lift(1.0, x.space) if x is y else None


@rule("x: R[s], y: R[s]", lambda x, y: (neg(sub(x, y)), sub(y, x)), exact=False, head=neg)
def negative_difference(x: Wire) -> Value | None:
    """-(x - y) = y - x; but -(x - x) is -0."""
    inner = x.made_by(sub)
    return sub(inner[1], inner[0]) if inner else None


@rule("x: R[s]", lambda x: (log(exp(x)), x), exact=False, head=log)
def log_exp(x: Wire) -> Value | None:
    """log exp x = x; but exp overflows."""
    inner = x.made_by(exp)
    return inner[0] if inner else None


@rule("x: R[s]", lambda x: (exp(log(x)), x), exact=False, head=exp)
def exp_log(x: Wire) -> Value | None:
    """exp log x = x, for x > 0."""
    inner = x.made_by(log)
    return inner[0] if inner else None


@rule(
    "x: R[s], y: R[s], z: R[s]",
    lambda x, y, z: (add(mul(x, y), mul(x, z)), mul(x, add(y, z))),
    exact=False,
    head=add,
)
def factor(p: Wire, q: Wire) -> Value | None:
    """x y + x z = x (y + z); rounded differently."""
    left, right = p.made_by(mul), q.made_by(mul)
    if left is None or right is None or left[0] is not right[0] or p is q:
        return None
    return mul(left[0], add(left[1], right[1]))


def _repeat(x: Wire, n: int) -> Value:
    shape = (n, *x.space.shape)
    return broadcast(x, shape=shape, axes=tuple(range(1, len(shape))))


@rule("x: R[s]", lambda x: (sum(_repeat(x, 4), axes=(0,)), mul(x, 4.0)), exact=False, head=sum)
def sum_repeated(x: Wire, *, axes: Axes) -> Value | None:
    """x + x + ... = n x; rounded differently."""
    step, inner = x.step, x.made_by(broadcast)
    if step is None or inner is None:
        return None
    shape: Shape = dict(step.params)["shape"]
    kept = dict(step.params)["axes"]
    if set(axes) != set(range(len(shape))) - set(kept):
        return None
    count = 1
    for a in axes:
        count *= shape[a]
    return mul(inner[0], float(count))


RULES: tuple[Rule, ...] = (
    add_zero,
    zero_add,
    zero_multiply,
    multiply_zero,
    subtract_self,
    divide_self,
    negative_difference,
    log_exp,
    exp_log,
    factor,
    sum_repeated,
)
