"""How a special function is recorded: SciPy's code, a formula, and a slope for each argument."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from cats.ir.errors import SpaceError
from cats.ir.kinds import Natural
from cats.ir.linear import Join, Linear, Zero
from cats.ir.primitive import Domain, Example, Primitive, Text
from cats.ir.prims.algebra import of_order, same, slope, sub
from cats.ir.prims.choice import equal, select, trunc
from cats.ir.prims.layout import all_led, convert
from cats.ir.spaces import Discrete, Ground, Real, Value, space_of, tangent

SCIPY = ("scipy.special",)
ANY = Domain()

Slopes = Callable[..., Any]
"""(*args, out=..., **params) -> the slope in each argument, None where no derivative is known."""


def _rule(slopes: Slopes) -> Callable[..., Linear]:
    def linearise(*xs: Value, out: Value, **params: Any) -> Linear:
        found = slopes(*xs, out=out, **params)
        each = found if isinstance(found, tuple) else (found,)
        end = space_of(out)
        parts = [
            Zero(tangent(space_of(x)), end) if by is None else slope(by, x)
            for by, x in zip(each, xs, strict=True)
        ]
        return Join(tuple(parts)) if len(parts) > 1 else parts[0]

    return linearise


def special(
    name: str,
    slopes: Slopes,
    meaning: str,
    *domain: Domain,
    code: str = "",
    space: Callable[..., Ground] = of_order,
    helpers: str = "",
    refused: tuple[tuple[int, str], ...] = (),
    params: tuple[dict[str, Any], ...] = ({},),
    kinks: Callable[..., Value] | None = None,
    modules: tuple[str, ...] = SCIPY,
) -> Primitive:
    """The record of a function that acts entry by entry.

    slopes   of each argument, in the library's words
    meaning  a sympy formula in x, y, z, ... and the parameters
    domain   where tests draw each argument from; as many as there are arguments
    code     NumPy text; SciPy's function of that name if it is not given
    space    of the result; without it that of the arguments, all parameters being orders
    refused  arguments in which no derivative is known, and why not
    params   the parameters that tests use
    """
    places = domain or (ANY,)
    args = ", ".join(f"{{{i}}}" for i in range(len(places)))
    spaces = (Real((3,)),) * len(places)
    return Primitive(
        name,
        code or f"scipy.special.{name}({args})",
        space,
        meaning=meaning,
        linearise=_rule(slopes),
        domain=places,
        elementwise=True,
        helpers=helpers,
        refused=refused,
        kinks=kinks,
        modules=modules,
        examples=tuple(Example(spaces, tuple(sorted(p.items()))) for p in params),
        home=sys._getframe(1).f_globals["__name__"],
    )


# Functions of a whole order


def _ordered_space(n: Ground, *xs: Ground, **params: Natural) -> Ground:
    """The space of the arguments; the order, of the same shape, may be a whole number."""
    end = same(*xs)
    if n.shape != end.shape or (n != end and not isinstance(n, Discrete)):
        raise SpaceError(f"an order in {n} beside arguments in {end}")
    return end


def ordered(
    name: str,
    slopes: Slopes,
    meaning: str,
    *domain: Domain,
    code: Text = "",
    refused: tuple[tuple[int, str], ...] = (),
    params: tuple[dict[str, Any], ...] = ({},),
    helpers: str = "",
) -> Primitive:
    """The record of a function whose first argument is an order, a whole number as a rule."""

    def batched_rule(*xs: Value, batched: tuple[bool, ...], **params: Any) -> Value:
        return op(*all_led(xs, batched), **params)

    args = ", ".join(f"{{{i}}}" for i in range(len(domain)))
    reals = (Real((3,)),) * (len(domain) - 1)
    op = Primitive(
        name,
        code or f"scipy.special.{name}({args})",
        _ordered_space,
        meaning=meaning,
        linearise=_rule(slopes),
        domain=domain,
        helpers=helpers,
        refused=((0, ORDER), *refused),
        batch=batched_rule,
        modules=SCIPY,
        examples=tuple(Example((Discrete((3,)), *reals), tuple(sorted(p.items()))) for p in params),
        home=sys._getframe(1).f_globals["__name__"],
    )
    return op


ORDER = "its derivative in the order is no function that SciPy has"
ORDERS = Domain(0, 4)


def real_order(n: Value, x: Value) -> Value:
    """The order as a number beside x."""
    like = space_of(x)
    return n if space_of(n) == like else convert(n, dtype=like.dtype)


def truncated(n: Value) -> Value:
    """The order without its fraction, for functions of which SciPy takes that."""
    return n if isinstance(space_of(n), Discrete) else trunc(n)


def below(n: Value) -> Value:
    """The order less 1, but 0 for 0."""
    return select(equal(n, 0), n, sub(n, 1))
