"""Universal functions along an axis: what was found so far with the next entry, again and again.

The derivative of `running` is a linear recurrence; its coefficients are the slopes of the
operation along the way. What reaches a running extreme shares in its derivative. logaddexp and
hypot of all entries along axes have slopes that take one step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Scale, Then
from cats.ir.primitive import Domain, Example, Primitive, leaf_of
from cats.ir.prims import algebra, choice, pairs, universal
from cats.ir.prims.algebra import add, div, mul, slope
from cats.ir.prims.arrays import _along, cumsum, recurrence, shift
from cats.ir.prims.choice import equal, greater, keeping, logical_and, logical_not, select
from cats.ir.prims.indexing import Key, index, scattered
from cats.ir.prims.joining import concatenate
from cats.ir.prims.layout import (
    Axes,
    _sum_space,
    axis_text,
    broadcast,
    convert,
    new_axes,
    reals,
    reduced_work,
    stop,
    sum,
    with_shape,
)
from cats.ir.spaces import Discrete, Ground, Real, Shape, Value, space_of

LOG_2 = 0.6931471805599453

_LINES = (
    Example(reals((4,)), (("axis", 0),)),
    Example(reals((2, 3)), (("axis", 1),)),
    Example(reals((3, 2)), (("axis", 0),)),
)

# What was found so far, with the next entry

OPERATIONS: dict[str, Primitive] = {
    "subtract": algebra.sub,
    "divide": algebra.div,
    "power": pairs.power,
    "float_power": pairs.power,
    "hypot": pairs.hypot,
    "arctan2": pairs.arctan2,
    "logaddexp": pairs.logaddexp,
    "logaddexp2": pairs.logaddexp2,
    "copysign": choice.copysign,
    "remainder": choice.remainder,
    "fmod": choice.fmod,
    "floor_divide": choice.floor_divide,
    "heaviside": universal.heaviside,
    "nextafter": universal.nextafter,
}
"""What may run over real numbers, by NumPy's name; over whole numbers anything may."""


def _at(f: Linear, v: Any) -> Any:
    """An entrywise linear map at 1, or at None, which is 0; rules are small: this may recurse."""
    match f:
        case Id():
            return v
        case Then(first, second):
            return _at(second, _at(first, v))
        case Fork(parts):
            return tuple([_at(p, v) for p in parts])
        case Join(parts):
            found = [w for p, x in zip(parts, v, strict=True) if (w := _at(p, x)) is not None]
            return add(*found) if len(found) == 2 else found[0] if found else None
        case Scale(_, by):
            return v if v is None else mul(by, v)
        case Leaf():
            return v if v is None else f.op.apply(f, v)
        case _:
            return None


def _stretch(space: Ground, axis: int, start: int, stop: int | None) -> tuple[Key, Ground]:
    """The key of the entries from start to stop along an axis, and their space."""
    length = len(range(space.shape[axis])[start:stop])
    shape = (*space.shape[:axis], length, *space.shape[axis + 1 :])
    return (*((None, None, None),) * axis, (start, stop, None)), with_shape(space, shape)


def _running_space(x: Ground, *, axis: int, of: str) -> Ground:
    if isinstance(x, Real) and of not in OPERATIONS:
        raise SpaceError(f"np.{of} does not run over real numbers")
    ufunc = getattr(np, of, None)
    if not isinstance(ufunc, np.ufunc):
        raise SpaceError(f"{of!r} is no operation of NumPy's that runs along an axis")
    if ufunc.accumulate(np.ones(2, x.dtype)).dtype != x.dtype:
        raise SpaceError(f"np.{of} running over {x} does not stay there")
    return _along(x, axis=axis)


def _running_rule(x: Value, *, out: Value, axis: int, of: str) -> Linear:
    """dy[i] = a[i] dy[i - 1] + b[i] dx[i], a and b the slopes of f(y[i - 1], x[i])."""
    space = space_of(x)
    rule = OPERATIONS[of].linearise
    if space.shape[axis] < 2 or rule is None:
        return Id(space)
    (first, one), (rest, many) = _stretch(space, axis, 0, 1), _stretch(space, axis, 1, None)
    before = index(out, key=_stretch(space, axis, 0, -1)[0])
    each = rule(before, index(x, key=rest), out=index(out, key=rest))
    begin = Then(_read(first, space, one), scattered(first, (), one, space))
    next = Then(Then(_read(rest, space, many), Inj((many, many), 1)), each)
    entering = begin + Then(next, scattered(rest, (), many, space))
    along = _at(each, (1.0, None))
    if along is None:
        return entering
    if isinstance(along, float):
        return Then(entering, leaf_of(cumsum, 0, (), space, space, axis=axis, reverse=False))
    a = concatenate(index(out, key=first), along, axis=axis)
    return Then(entering, _recurring(a, axis))


def _read(key: Key, whole: Ground, part: Ground) -> Linear:
    return leaf_of(index, 0, (), whole, part, key=key)


def _recurring(a: Value, axis: int) -> Leaf:
    """b |-> y, where y[i] = a[i] y[i - 1] + b[i]."""
    space = space_of(a)
    return leaf_of(recurrence, 1, (a,), space, space, axis=axis, ahead=False, reverse=False)


running: Primitive = Primitive(
    "running",
    lambda x, *, axis, of: f"np.{of}.accumulate({x}, axis={axis})",
    _running_space,
    linearise=_running_rule,
    batch=lambda x, *, batched, axis, of: running(x, axis=axis + 1, of=of),
    domain=(Domain(0.6, 1.4),),
    examples=(
        *[
            Example(reals((4,)), (("axis", 0), ("of", of)))
            for of in ("subtract", "divide", "power", "logaddexp", "arctan2", "heaviside", "fmod")
        ],
        Example(reals((2, 3)), (("axis", 1), ("of", "hypot"))),
        Example(reals((1, 2)), (("axis", 0), ("of", "hypot"))),
        Example((Discrete((2, 3)),), (("axis", 1), ("of", "gcd"))),
        Example((Discrete((3,), "bool"),), (("axis", 0), ("of", "logical_xor"))),
    ),
)

# Running extremes


def _reached(x: Value, out: Value, axis: int) -> tuple[Value, Value, Value]:
    """What reached the extreme, where it goes on unchanged, and how many reached it so far."""
    dtype, before = space_of(x).dtype, shift(out, axis=axis, reverse=False, fill=0.0)
    mask, on = equal(x, out), convert(equal(out, before), dtype=dtype)
    given = convert(mask, dtype=dtype)
    return mask, on, recurrence(on, given, axis=axis, ahead=False, reverse=False)


def _running_extreme(name: str, ufunc: str) -> Primitive:
    def rule(x: Value, *, out: Value, axis: int) -> Linear:
        space = space_of(x)
        mask, on, count = _reached(x, out, axis)
        shared = leaf_of(div, 0, (count,), space, space)
        return Then(Then(keeping(mask, x), _recurring(on, axis)), shared)

    def ties(x: Value, *, axis: int) -> Value:
        mask, _, count = _reached(x, op(x, axis=axis), axis)
        return logical_and(mask, greater(count, 1.0))

    op = Primitive(
        name,
        lambda x, *, axis: f"np.{ufunc}.accumulate({x}, axis={axis})",
        _along,
        linearise=rule,
        kinks=ties,
        batch=lambda x, *, batched, axis: op(x, axis=axis + 1),
        home=__name__,
        examples=_LINES,
    )
    return op


running_max = _running_extreme("running_max", "maximum")
running_min = _running_extreme("running_min", "minimum")

# All entries along axes

_AXES = (
    Example(reals((3,)), (("axes", (0,)),)),
    Example(reals((2, 3)), (("axes", (1,)),)),
    Example(reals((2, 3, 2)), (("axes", (0, 2)),)),
)


def _spread(small: Value, shape: Shape, axes: Axes) -> Value:
    """The reduced axes again, one value all along each."""
    return broadcast(small, shape=shape, axes=new_axes(shape, axes))


_LOG_OF_SUM = '''
def logsumexp_of(x, axes):
    """log(sum(exp(x))) along the axes, the largest entries counted and not rounded."""
    most = np.max(x, axes, keepdims=True, initial=-np.inf)
    first = x == most
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = np.sum(np.exp(np.where(first, -np.inf, x - most)), axes)
        count = np.sum(first, axes, dtype=x.dtype)
        found = np.log1p(rest / np.where(count == 0, 1, count)) + np.log(count)
    return found + np.squeeze(most, axes)
'''


def _softmax_space(x: Ground, *, axes: Axes) -> Ground:
    _sum_space(x, axes=axes)
    return x


def _against_mean(p: Value, x: Value, axes: Axes) -> Linear:
    """v - sum(p v), where sum(p) is 1: 1 - p of each against the p of all others.

    A share beyond a half is left out of its own sum, and 1 less it is the sum of the others: what
    is small beside it keeps its digits.
    """
    space, small = space_of(x), _sum_space(space_of(x), axes=axes)
    kept = new_axes(space.shape, axes)
    add_up = leaf_of(sum, 0, (), space, small, axes=axes)
    spread = leaf_of(broadcast, 0, (), small, space, shape=space.shape, axes=kept)
    most = greater(stop(p), 0.5)
    others = select(most, 0.0, p)
    own = select(most, _spread(sum(others, axes=axes), space.shape, axes), 1.0)
    all_but_most = Then(Then(slope(others, x), add_up), spread)
    only_most = Then(Then(slope(select(most, p, 0.0), x), add_up), spread)
    return slope(own, x) - all_but_most - Then(only_most, keeping(logical_not(most), x))


def _softmax_rule(x: Value, *, out: Value, axes: Axes) -> Linear:
    """out (v - sum(out v))."""
    return Then(_against_mean(out, x, axes), slope(out, x))


def _log_softmax_rule(x: Value, *, out: Value, axes: Axes) -> Linear:
    return _against_mean(softmax(x, axes=axes), x, axes)


def _further(axes: Axes) -> Axes:
    return tuple(a + 1 for a in axes)


softmax: Primitive = Primitive(
    "softmax",
    lambda x, *, axes: f"softmax_of({x}, {axes})",
    _softmax_space,
    linearise=_softmax_rule,
    batch=lambda x, *, batched, axes: softmax(x, axes=_further(axes)),
    examples=_AXES,
    helpers='''
def softmax_of(x, axes):
    """exp(x) / sum(exp(x)) along the axes; of equal infinities each has the same."""
    most = np.max(x, axes, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore"):
        parts = np.exp(np.where(x == most, 0, x - most))
    return parts / np.sum(parts, axes, keepdims=True)
''',
)

log_softmax: Primitive = Primitive(
    "log_softmax",
    lambda x, *, axes: f"log_softmax_of({x}, {axes})",
    _softmax_space,
    linearise=_log_softmax_rule,
    batch=lambda x, *, batched, axes: log_softmax(x, axes=_further(axes)),
    examples=_AXES,
    helpers='''
def log_softmax_of(x, axes):
    """x less logsumexp of it along the axes, both less the largest entry."""
    most = np.max(x, axes, keepdims=True, initial=-np.inf)
    away = x - np.where(np.isfinite(most), most, 0)
    with np.errstate(divide="ignore"):
        return away - np.expand_dims(logsumexp_of(away, axes), axes)
'''
    + _LOG_OF_SUM,
)


def _total(name: str, code: str, slopes: Callable[..., Value], **more: Any) -> Primitive:
    """The record of a sum of some kind: its slope in each entry is `slopes(x, out, axes)`."""

    def rule(x: Value, *, out: Value, axes: Axes) -> Linear:
        add_up = leaf_of(sum, 0, (), space_of(x), space_of(out), axes=axes)
        return Then(slope(slopes(x, out, axes), x), add_up)

    op = Primitive(
        name,
        lambda x, *, axes: code.format(x, axes=axes, axis=axis_text(axes)),
        lambda x, *, axes: _sum_space(x, axes=axes),
        linearise=rule,
        work=reduced_work,
        batch=lambda x, *, batched, axes: op(x, axes=_further(axes)),
        home=__name__,
        examples=_AXES,
        **more,
    )
    return op


def _units(x: Value, out: Value, axes: Axes) -> Value:
    """x over its length, 0 where that is 0."""
    length = select(equal(out, 0.0), 1.0, out)
    return div(x, _spread(length, space_of(x).shape, axes))


logaddexp_reduce = _total(
    "logaddexp_reduce",
    "np.logaddexp.reduce({0}, {axis})",
    lambda x, out, axes: softmax(x, axes=axes),
)
logaddexp2_reduce = _total(
    "logaddexp2_reduce",
    "np.logaddexp2.reduce({0}, {axis})",
    lambda x, out, axes: softmax(mul(LOG_2, x), axes=axes),
)
hypot_reduce = _total("hypot_reduce", "np.hypot.reduce({0}, {axis})", _units)
logsumexp = _total(
    "logsumexp",
    "logsumexp_of({0}, {axes})",
    lambda x, out, axes: softmax(x, axes=axes),
    helpers=_LOG_OF_SUM,
)

FAMILY = (
    running,
    running_max,
    running_min,
    softmax,
    log_softmax,
    logaddexp_reduce,
    logaddexp2_reduce,
    hypot_reduce,
    logsumexp,
)
