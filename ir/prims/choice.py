"""Comparisons, choice by a mask, and the functions with kinks. At a tie the derivative is shared.

Conventions: abs' = 0 at 0; maximum and minimum give each side half where both are equal;
sign, floor, ceil, rint, trunc have derivative 0 everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

from cats.ir.errors import SpaceError
from cats.ir.linear import Join, Leaf, Linear, Scale, Then, Zero
from cats.ir.primitive import Domain, Example, Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import (
    ANY,
    div,
    entrywise,
    entrywise_lift,
    itself,
    mul,
    slope,
    sub,
)
from cats.ir.spaces import UNIT, Discrete, Ground, Real, Value, space_of, tangent


def truth(*spaces: Ground) -> Ground:
    """The truth values over the one shape all arguments share."""
    if any(s.shape != spaces[0].shape for s in spaces):
        raise SpaceError(f"entrywise test of different shapes: {', '.join(map(str, spaces))}")
    return Discrete(spaces[0].shape, "bool")


def _test(name: str, code: str, meaning: str, arity: int = 2) -> Primitive:
    kinks = _tie if arity == 2 else None
    return entrywise(name, code, meaning, None, *(ANY,) * arity, space=truth, kinks=kinks)


def _tie(x: Value, y: Value) -> Value:
    return equal(x, y)


def _logic(name: str, code: str, meaning: str, arity: int = 2) -> Primitive:
    bools = Example((Discrete((3,), "bool"),) * arity)
    return entrywise(name, code, meaning, None, space=truth, examples=(bools,))


less = _test("less", "{0} < {1}", "x < y")
less_equal = _test("less_equal", "{0} <= {1}", "x <= y")
greater = _test("greater", "{0} > {1}", "x > y")
greater_equal = _test("greater_equal", "{0} >= {1}", "x >= y")
equal = _test("equal", "{0} == {1}", "Eq(x, y)")
not_equal = _test("not_equal", "{0} != {1}", "Ne(x, y)")
isfinite = _test("isfinite", "np.isfinite({0})", "Abs(x) < oo", 1)
isnan = _test("isnan", "np.isnan({0})", "Ne(x, x)", 1)
logical_and = _logic("logical_and", "np.logical_and({0}, {1})", "And(x, y)")
logical_or = _logic("logical_or", "np.logical_or({0}, {1})", "Or(x, y)")
logical_not = _logic("logical_not", "np.logical_not({0})", "Not(x)", 1)


def _kept(mask: Ground, v: Ground) -> Ground:
    if mask != Discrete(v.shape, "bool"):
        raise SpaceError(f"the mask of {v} lies in {mask}, not in {Discrete(v.shape, 'bool')}")
    return v


def keeping(mask: Value, x: Value) -> Leaf:
    """v |-> v where mask, 0 elsewhere: never a product, so 0 * inf does not occur."""
    space = space_of(x)
    return leaf_of(keep, 1, (mask,), space, space)


_masked = (Example((Discrete((3,), "bool"), Real((3,)))), Example((Discrete((), "bool"), Real())))

keep = entrywise(
    "keep",
    "np.where({0}, {1}, 0)",
    "Piecewise((y, x), (0, True))",
    lambda mask, x, *, out: Join((Zero(UNIT, space_of(x)), keeping(mask, x))),
    space=_kept,
    linear=Linearity((1,), itself, entrywise_lift, "diagonal"),
    examples=_masked,
)


def _select_space(mask: Ground, x: Ground, y: Ground) -> Ground:
    if x != y:
        raise SpaceError(f"select between different spaces: {x} and {y}")
    return _kept(mask, x)


select = entrywise(
    "select",
    "np.where({0}, {1}, {2})",
    "Piecewise((y, x), (z, True))",
    lambda mask, x, y, *, out: Join(
        (Zero(UNIT, space_of(x)), keeping(mask, x), keeping(logical_not(mask), y))
    ),
    space=_select_space,
    examples=(
        Example((Discrete((3,), "bool"), Real((3,)), Real((3,)))),
        Example((Discrete((), "bool"), Real(), Real())),
    ),
)


def where_number(out: Value, by: Value) -> Value:
    """by where the value is a number; the value where it is nan, and so are all derivatives."""
    return select(isnan(out), out, by)


def _share(wins: Value, ties: Value, x: Value) -> Linear:
    """v where it wins, v / 2 at a tie, 0 where it loses."""
    half = Then(keeping(ties, x), Scale(space_of(x), 0.5))
    return keeping(wins, x) + half


def _extreme(name: str, beats: Primitive, meaning: str) -> Primitive:
    return entrywise(
        name,
        f"np.{name}({{0}}, {{1}})",
        meaning,
        lambda x, y, *, out: Join(
            (_share(beats(x, y), equal(x, y), x), _share(beats(y, x), equal(x, y), y))
        ),
        ANY,
        ANY,
        kinks=_tie,
    )


maximum = _extreme("maximum", greater, "Piecewise((x, x >= y), (y, True))")
minimum = _extreme("minimum", less, "Piecewise((x, x <= y), (y, True))")


def _step(
    name: str, code: str, meaning: str, kinks: Callable[..., Value], *domain: Domain
) -> Primitive:
    return entrywise(
        name,
        code,
        meaning,
        lambda *xs, out: (
            Join(tuple(_flat(x, out) for x in xs)) if len(xs) > 1 else _flat(xs[0], out)
        ),
        *domain,
        kinks=kinks,
    )


def _flat(x: Value, out: Value) -> Linear:
    return Zero(space_of(x), space_of(out))


def _zero(x: Value) -> Value:
    return equal(x, 0.0)


def _whole(x: Value) -> Value:
    return equal(floor(x), x)


def _half(x: Value) -> Value:
    return equal(sub(x, floor(x)), 0.5)


def _multiple(x: Value, y: Value) -> Value:
    return equal(fmod(x, y), 0.0)


_ZEROS = """
def zeros_of(x):
    \"\"\"Zeros in the shape of x; row by row where rows are arrays of different lengths.\"\"\"
    found = np.full_like(x, 0)
    if found.dtype == object and found.ndim:
        for i, each in enumerate(x):
            if isinstance(each, np.ndarray):
                found[i] = zeros_of(each)
    return found[()]
"""

zeros_like: Primitive = entrywise(
    "zeros_like",
    "zeros_of({0})",
    "",
    lambda x, *, out: Zero(tangent(space_of(x)), tangent(space_of(out))),
    ANY,
    helpers=_ZEROS,
)


sign = _step("sign", "np.sign({0})", "Piecewise((1, x > 0), (-1, x < 0), (0, True))", _zero)
floor = _step("floor", "np.floor({0})", "floor(x)", _whole)
ceil = _step("ceil", "np.ceil({0})", "ceiling(x)", _whole)
rint = _step("rint", "np.rint({0})", "", _half)
trunc = _step(
    "trunc",
    "np.trunc({0})",
    "Piecewise((floor(x), x >= 0), (ceiling(x), True))",
    lambda x: logical_and(_whole(x), not_equal(x, 0.0)),
)
floor_divide = _step("floor_divide", "{0} // {1}", "floor(x/y)", _multiple, ANY, Domain(0.3, 3.0))

abs = entrywise(
    "abs",
    "np.abs({0})",
    "Piecewise((x, x >= 0), (-x, True))",
    lambda x, *, out: slope(sign(x), x),
    kinks=_zero,
)
copysign: Primitive = entrywise(
    "copysign",
    "np.copysign({0}, {1})",
    "",
    lambda x, y, *, out: Join((slope(mul(sign(x), copysign(1.0, y)), x), _flat(y, out))),
    ANY,
    ANY,
    kinks=lambda x, y: logical_or(_zero(x), _zero(y)),
)
remainder = entrywise(
    "remainder",
    "{0} % {1}",
    "x - floor(x/y)*y",
    lambda x, y, *, out: Join((slope(1.0, x), -slope(floor_divide(x, y), y))),
    ANY,
    Domain(0.3, 3.0),
    kinks=_multiple,
)


def _fmod_rule(x: Value, y: Value, *, out: Value) -> Linear:
    """The quotient is a whole number, also where x / y is rounded to the next one."""
    return Join((slope(1.0, x), -slope(rint(div(sub(x, out), y)), y)))


fmod: Primitive = entrywise(
    "fmod",
    "np.fmod({0}, {1})",
    "",
    _fmod_rule,
    ANY,
    Domain(0.3, 3.0),
    kinks=lambda x, y: logical_and(_multiple(x, y), not_equal(x, 0.0)),
)

FAMILY = (
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
    isfinite,
    isnan,
    zeros_like,
    logical_and,
    logical_or,
    logical_not,
    keep,
    select,
    maximum,
    minimum,
    sign,
    floor,
    ceil,
    rint,
    trunc,
    floor_divide,
    abs,
    copysign,
    remainder,
    fmod,
)
