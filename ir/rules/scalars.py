"""Laws of arithmetic that hold to the last bit in IEEE numbers, nan and signed zeros included."""

from __future__ import annotations

import numpy as np

from cats.ir.constant import Constant
from cats.ir.prims.algebra import add, div, ipow, mul, neg, sub
from cats.ir.prims.choice import keep, logical_and, logical_not, logical_or, select
from cats.ir.rewrite import Rule, rule
from cats.ir.spaces import Value
from cats.ir.wire import Wire


def is_number(x: Wire, value: float) -> bool:
    """Whether the wire carries this number everywhere, the sign of zero included.

    >>> from cats.ir.wire import Builder
    >>> is_number(Builder().lift(2.0), 2.0)
    True
    """
    found = x.constant.number if x.constant is not None else None
    if found is None or found.dtype.kind not in "fiu":
        return False
    item = found.item()
    return bool(item == value and str(float(item)) == str(float(value)))


@rule("x: R[s], y: R[s]", lambda x, y: (add(x, neg(y)), sub(x, y)), head=add)
def add_negative(x: Wire, y: Wire) -> Value | None:
    """x + -y = x - y."""
    inner = y.made_by(neg)
    return sub(x, inner[0]) if inner else None


@rule("x: R[s], y: R[s]", lambda x, y: (add(neg(x), y), sub(y, x)), head=add)
def negative_add(x: Wire, y: Wire) -> Value | None:
    """-x + y = y - x."""
    inner = x.made_by(neg)
    return sub(y, inner[0]) if inner and y.made_by(neg) is None else None


@rule("x: R[s], y: R[s]", lambda x, y: (sub(x, neg(y)), add(x, y)), head=sub)
def subtract_negative(x: Wire, y: Wire) -> Value | None:
    """x - -y = x + y."""
    inner = y.made_by(neg)
    return add(x, inner[0]) if inner else None


@rule("x: R[s]", lambda x: (neg(neg(x)), x), head=neg)
def negative_negative(x: Wire) -> Value | None:
    """--x = x."""
    inner = x.made_by(neg)
    return inner[0] if inner else None


@rule("x: R[s], y: R[s]", lambda x, y: (mul(neg(x), neg(y)), mul(x, y)), head=mul)
def negatives_multiply(x: Wire, y: Wire) -> Value | None:
    """-x * -y = x * y."""
    left, right = x.made_by(neg), y.made_by(neg)
    return mul(left[0], right[0]) if left and right else None


@rule("x: R[s]", lambda x: (mul(x, 1.0), x), head=mul)
def multiply_one(x: Wire, y: Wire) -> Value | None:
    """x * 1 = x."""
    return x if is_number(y, 1.0) else None


@rule("x: R[s]", lambda x: (mul(1.0, x), x), head=mul)
def one_multiply(x: Wire, y: Wire) -> Value | None:
    """1 * x = x."""
    return y if is_number(x, 1.0) else None


@rule("x: R[s]", lambda x: (mul(x, -1.0), neg(x)), head=mul)
def multiply_minus_one(x: Wire, y: Wire) -> Value | None:
    """x * -1 = -x."""
    return neg(x) if is_number(y, -1.0) else None


@rule("x: R[s]", lambda x: (mul(-1.0, x), neg(x)), head=mul)
def minus_one_multiply(x: Wire, y: Wire) -> Value | None:
    """-1 * x = -x."""
    return neg(y) if is_number(x, -1.0) else None


@rule("x: R[s]", lambda x: (div(x, 1.0), x), head=div)
def divide_one(x: Wire, y: Wire) -> Value | None:
    """x / 1 = x."""
    return x if is_number(y, 1.0) else None


@rule("x: R[s]", lambda x: (sub(x, 0.0), x), head=sub)
def subtract_zero(x: Wire, y: Wire) -> Value | None:
    """x - 0 = x, for -0 as well; x + 0 = x is not exact, for -0 + 0 = 0."""
    return x if is_number(y, 0.0) else None


@rule("x: R[s]", lambda x: (add(x, -0.0), x), head=add)
def add_minus_zero(x: Wire, y: Wire) -> Value | None:
    """x + -0 = x."""
    return x if is_number(y, -0.0) else None


@rule("x: R[s]", lambda x: (ipow(x, n=1), x), head=ipow)
def first_power(x: Wire, *, n: int) -> Value | None:
    """x ** 1 = x."""
    return x if n == 1 else None


@rule("m: Bool[s], x: R[s]", lambda m, x: (select(m, x, x), x), head=select)
def select_same(mask: Wire, x: Wire, y: Wire) -> Value | None:
    """x if m else x = x."""
    return x if x is y else None


@rule("m: Bool[s], x: R[s]", lambda m, x: (keep(m, keep(m, x)), keep(m, x)), head=keep)
def keep_kept(mask: Wire, x: Wire) -> Value | None:
    """What is kept twice by one mask is kept once."""
    inner = x.made_by(keep)
    return x if inner and inner[0] is mask else None


@rule("m: Bool[s]", lambda m: (logical_not(logical_not(m)), m), head=logical_not)
def not_not(mask: Wire) -> Value | None:
    """not not m = m."""
    inner = mask.made_by(logical_not)
    return inner[0] if inner and inner[0].space == mask.space else None


def known(mask: Wire) -> bool | None:
    """The truth value the wire carries everywhere, if it does."""
    found = mask.constant.number if mask.constant is not None else None
    return bool(found) if found is not None and found.dtype.kind == "b" else None


def _everywhere(mask: Wire, value: bool) -> Wire:
    """One truth value, in the space of a mask."""
    return mask.recorder.full(Constant(np.bool_(value)), mask.space)


@rule(
    "m: Bool[s]",
    lambda m: (logical_or(m, _everywhere(m, True)), _everywhere(m, True)),
    head=logical_or,
)
def or_true(x: Wire, y: Wire) -> Value | None:
    """m or true = true."""
    return x if known(x) else y if known(y) else None


@rule("m: Bool[s]", lambda m: (logical_or(m, _everywhere(m, False)), m), head=logical_or)
def or_false(x: Wire, y: Wire) -> Value | None:
    """m or false = m."""
    return x if known(y) is False else y if known(x) is False else None


@rule("m: Bool[s]", lambda m: (logical_and(m, _everywhere(m, True)), m), head=logical_and)
def and_true(x: Wire, y: Wire) -> Value | None:
    """m and true = m."""
    return x if known(y) else y if known(x) else None


@rule(
    "m: Bool[s]",
    lambda m: (logical_and(m, _everywhere(m, False)), _everywhere(m, False)),
    head=logical_and,
)
def and_false(x: Wire, y: Wire) -> Value | None:
    """m and false = false."""
    return x if known(x) is False else y if known(y) is False else None


@rule(
    "m: Bool[s], x: R[s], y: R[s]",
    lambda m, x, y: (select(_everywhere(m, True), x, y), x),
    head=select,
)
def select_true(mask: Wire, x: Wire, y: Wire) -> Value | None:
    """x if true else y = x."""
    return x if known(mask) else None


@rule(
    "m: Bool[s], x: R[s], y: R[s]",
    lambda m, x, y: (select(_everywhere(m, False), x, y), y),
    head=select,
)
def select_false(mask: Wire, x: Wire, y: Wire) -> Value | None:
    """x if false else y = y."""
    return y if known(mask) is False else None


@rule("m: Bool[s], x: R[s]", lambda m, x: (keep(_everywhere(m, True), x), x), head=keep)
def keep_true(mask: Wire, x: Wire) -> Value | None:
    """What is kept everywhere is as it was."""
    return x if known(mask) else None


RULES: tuple[Rule, ...] = (
    add_negative,
    negative_add,
    subtract_negative,
    negative_negative,
    negatives_multiply,
    multiply_one,
    one_multiply,
    multiply_minus_one,
    minus_one_multiply,
    divide_one,
    subtract_zero,
    add_minus_zero,
    first_power,
    select_same,
    keep_kept,
    not_not,
    or_true,
    or_false,
    and_true,
    and_false,
    select_true,
    select_false,
    keep_true,
)
