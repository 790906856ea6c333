"""Universal functions of NumPy that jump, and that look at the bits of numbers.

`discrete` is every one that gives whole numbers or truth values; `of` says which.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.linear import Id, Join, Zero
from cats.ir.primitive import Domain, Example, Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import ANY, entrywise, entrywise_lift, itself
from cats.ir.prims.choice import (
    equal,
    floor,
    keeping,
    logical_and,
    logical_not,
)
from cats.ir.prims.layout import all_led
from cats.ir.spaces import UNIT, Discrete, Ground, Real, space_of

# Jumps

heaviside = entrywise(
    "heaviside",
    "np.heaviside({0}, {1})",
    "Piecewise((0, x < 0), (y, Eq(x, 0)), (1, True))",
    lambda x, y, *, out: Join((Zero(space_of(x), space_of(out)), keeping(equal(x, 0.0), y))),
    ANY,
    ANY,
    kinks=lambda x, y: equal(x, 0.0),
)
fraction = entrywise(
    "fraction",
    "np.modf({0})[0]",
    "x - Piecewise((floor(x), x >= 0), (ceiling(x), True))",
    lambda x, *, out: Id(space_of(x)),
    kinks=lambda x: logical_and(equal(floor(x), x), logical_not(equal(x, 0.0))),
)

# Bits


def _shifted(x: Ground, n: Ground) -> Ground:
    if x.shape != n.shape or not isinstance(n, Discrete) or not isinstance(x, Real):
        raise SpaceError(f"x * 2**n needs a real x and a whole n of one shape, got {x} and {n}")
    return x


ldexp: Primitive = Primitive(
    "ldexp",
    "np.ldexp({0}, {1})",
    _shifted,
    linearise=lambda x, n, *, out: Join(
        (leaf_of(ldexp, 0, (n,), space_of(x), space_of(out)), Zero(UNIT, space_of(out)))
    ),
    linear=Linearity((0,), itself, entrywise_lift, "diagonal"),
    batch=lambda x, n, *, batched: ldexp(*all_led((x, n), batched)),
    domain=(ANY, ANY),
    examples=(
        Example((Real((3,)), Discrete((3,)))),
        Example((Real(()), Discrete((), "int32"))),
    ),
)
spacing = entrywise(
    "spacing", "np.spacing({0})", "", lambda x, *, out: Zero(space_of(x), space_of(out))
)
nextafter = entrywise(
    "nextafter",
    "np.nextafter({0}, {1})",
    "",
    lambda x, y, *, out: Join((Id(space_of(x)), Zero(space_of(y), space_of(out)))),
    ANY,
    ANY,
)


def _discrete_space(*xs: Ground, of: str) -> Ground:
    first = xs[0]
    if any(x.shape != first.shape for x in xs):
        raise SpaceError(f"np.{of} of different shapes: {', '.join(map(str, xs))}")
    ufunc = getattr(np, of)
    try:
        found: Any = ufunc.resolve_dtypes((*[np.dtype(x.dtype) for x in xs], *(None,) * ufunc.nout))
    except TypeError as error:
        raise SpaceError(f"np.{of} of {', '.join(map(str, xs))}: {error}") from None
    return Discrete(first.shape, found[-1].name)


def _whole(of: str, count: int, dtype: str = "int64") -> Example:
    return Example((Discrete((3,), dtype),) * count, (("of", of),))


discrete = Primitive(
    "discrete",
    lambda *xs, of: f"np.{of}({', '.join(xs)})" + ("[1]" if of == "frexp" else ""),
    _discrete_space,
    domain=(Domain(0, 5),),
    elementwise=True,
    examples=(
        *[Example((Real((3,)),), (("of", of),)) for of in ("isinf", "signbit", "frexp")],
        *[_whole(of, 2) for of in ("gcd", "lcm", "bitwise_xor", "left_shift", "right_shift")],
        *[_whole(of, 1) for of in ("invert", "bitwise_count")],
        _whole("bitwise_and", 2, "uint8"),
    ),
)

FAMILY = (heaviside, fraction, ldexp, spacing, nextafter, discrete)
