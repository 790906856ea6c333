"""Arithmetic: + - * / and negation, entry by entry, on arrays of one shape."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.kinds import Natural
from cats.ir.linear import Id, Join, Leaf, Linear, Scale, Then, Zero
from cats.ir.primitive import Domain, Example, Linearity, Primitive, leaf_of
from cats.ir.prims.layout import broadcast, extend
from cats.ir.spaces import Ground, Real, Shape, Value, space_of


def number(value: Value) -> bool:
    """A bare Python number: it takes the space of the wire it meets. A NumPy scalar has its own."""
    return isinstance(value, int | float) and not isinstance(value, np.generic)


def same(*spaces: Ground, **params: object) -> Ground:
    """The one space all arguments share, whatever the parameters; raises SpaceError if not."""
    first = spaces[0]
    for space in spaces:
        if space is not first and space != first:
            raise SpaceError(
                f"entrywise operation on different spaces: {', '.join(map(str, spaces))}"
            )
    return first


def of_order(*spaces: Ground, **orders: Natural) -> Ground:
    """The space of a derivative of so high an order: that of the arguments."""
    return same(*spaces)


def spread(value: Value, shape: Shape, extra: Shape) -> Value:
    """The value repeated along more trailing axes."""
    return broadcast(value, shape=(*shape, *extra), axes=tuple(range(len(shape))))


def entrywise_lift(leaf: Leaf, extra: Shape) -> Leaf:
    """Lift for entrywise operations: the fixed arguments are repeated."""
    shape = leaf.dom.shape  # type: ignore[union-attr]
    fixed = tuple(v if number(v) else spread(v, shape, extra) for v in leaf.fixed)
    ends = extend(leaf.dom, extra), extend(leaf.cod, extra)
    return Leaf(leaf.op, leaf.slot, fixed, leaf.params, *ends)


def itself(leaf: Leaf) -> Leaf:
    """The adjoint of a diagonal map."""
    return leaf


def slope(by: Value, x: Value) -> Linear:
    """v |-> by * v : the derivative of an entrywise function of x with that slope."""
    space = space_of(x)
    return leaf_of(mul, 1, (by,), space, space)


def over(by: Value, x: Value) -> Linear:
    """v |-> v / by."""
    space = space_of(x)
    return leaf_of(div, 0, (by,), space, space)


def entrywise(
    name: str,
    code: str,
    meaning: str,
    linearise: Callable[..., Linear] | None,
    *domain: Domain,
    space: Callable[..., Ground] = same,
    linear: Linearity | None = None,
    helpers: str = "",
    kinks: Callable[..., Value] | None = None,
    modules: tuple[str, ...] = (),
    examples: tuple[Example, ...] = (),
) -> Primitive:
    """The record of an operation that acts entry by entry."""
    home = sys._getframe(1).f_globals["__name__"]
    return Primitive(
        name,
        code,
        space,
        meaning=meaning,
        linearise=linearise,
        linear=linear,
        domain=domain or (Domain(),),
        elementwise=True,
        helpers=helpers,
        kinks=kinks,
        modules=modules,
        examples=examples,
        home=home,
    )


ANY = Domain()
DIAGONAL_0 = Linearity((0,), itself, entrywise_lift, "diagonal")
DIAGONAL_BOTH = Linearity((0, 1), itself, entrywise_lift, "diagonal")


def _signed(x: Value, sign: int) -> Linear:
    space = space_of(x)
    return Id(space) if sign > 0 else Scale(space, -1)


def _div_rule(x: Value, y: Value, *, out: Value) -> Linear:
    return Then(Join((Id(space_of(out)), -slope(out, y))), over(y, out))


add = entrywise(
    "add",
    "{0} + {1}",
    "x + y",
    lambda x, y, *, out: Join((_signed(x, 1), _signed(y, 1))),
    ANY,
    ANY,
)
sub = entrywise(
    "sub",
    "{0} - {1}",
    "x - y",
    lambda x, y, *, out: Join((_signed(x, 1), _signed(y, -1))),
    ANY,
    ANY,
)
mul = entrywise(
    "mul",
    "{0} * {1}",
    "x * y",
    lambda x, y, *, out: Join((slope(y, x), slope(x, y))),
    ANY,
    ANY,
    linear=DIAGONAL_BOTH,
)
div = entrywise(
    "div",
    "{0} / {1}",
    "x / y",
    _div_rule,
    ANY,
    Domain(0.3, 3.0),
    linear=DIAGONAL_0,
)
neg = entrywise(
    "neg",
    "-{0}",
    "-x",
    lambda x, *, out: Scale(space_of(x), -1),
    linear=DIAGONAL_0,
)


def _ipow_rule(x: Value, *, out: Value, n: int) -> Linear:
    space = space_of(x)
    match n:
        case 0:
            return Zero(space, space)
        case 1:
            return Id(space)
        case 2:
            return slope(add(x, x), x)
        case _:
            return slope(mul(float(n), ipow(x, n=n - 1)), x)


ipow = Primitive(
    "ipow",
    "{0} ** {n}",
    lambda x, *, n: x,
    meaning="x ** n",
    linearise=_ipow_rule,
    domain=(Domain(0.3, 3.0),),
    elementwise=True,
    examples=tuple(Example((Real((3,)),), (("n", n),)) for n in (-2, -1, 0, 1, 2, 3, 5)),
)


FAMILY = (add, sub, mul, div, neg, ipow)
