"""Division by the gaps between eigenvalues, which is what the derivative of their vectors takes.

Gaps that are 0 to rounding divide nothing: the result is nan.
"""

from __future__ import annotations

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.linear import Join, Linear, Zero
from cats.ir.primitive import Example, Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import itself, mul, slope, sub
from cats.ir.prims.choice import abs as absolute
from cats.ir.prims.choice import greater, less_equal
from cats.ir.prims.layout import broadcast, convert, reals, sum
from cats.ir.prims.stacks import Link, chain, scaled, together, wider
from cats.ir.spaces import Ground, Shape, Value, space_of


def _gaps_space(x: Ground, gaps: Ground, least: Ground, *, extra: int, hollow: bool) -> Ground:
    rank = len(x.shape) - extra
    if x.shape[:rank] != gaps.shape or gaps.shape[:-2] != least.shape or x.dtype != gaps.dtype:
        raise SpaceError(f"{x} does not fit gaps in {gaps}, of which those below {least} are none")
    return x


def _gaps_rule(
    x: Value, gaps: Value, least: Value, *, out: Value, extra: int, hollow: bool
) -> Linear:
    """Of y = x / g: (dx - y dg) / g, whatever is called rounding."""
    quotient = divided_by(gaps, least, hollow, extra)
    g, space = space_of(gaps), space_of(x)
    wide = leaf_of(
        broadcast, 0, (), g, space, shape=space.shape, axes=tuple(range(len(g.shape)))
    )  # fmt: skip
    change = chain(g, lambda _: wide, lambda _: slope(out, out), scaled(-1), quotient)
    return Join((quotient(space), change, Zero(space_of(least), space)))


def divided_by(gaps: Value, least: Value, hollow: bool, extra: int = 0) -> Link:
    """X |-> X / gaps."""
    fixed = (gaps, least)
    return lambda space: leaf_of(over_gaps, 0, fixed, space, space, extra=extra, hollow=hollow)


def _apart(x: Value, gaps: Value, least: Value) -> tuple[Value, Value, Value]:
    """Gaps that are none too small, in place of any."""
    return x, gaps + np.where(gaps < 0, -1, 1).astype(gaps.dtype), np.abs(least) / 8


over_gaps: Primitive = Primitive(
    "over_gaps",
    lambda x, gaps, least, *, extra, hollow: f"over_gaps({x}, {gaps}, {least}, {extra}, {hollow})",
    _gaps_space,
    linearise=_gaps_rule,
    linear=Linearity((0,), itself, wider),
    batch=lambda *args, batched, **params: together(over_gaps, args, batched, **params),
    examples=tuple(
        Example(reals(x, g, s), (("extra", extra), ("hollow", hollow)), _apart)
        for x, g, s, extra, hollow in (
            ((3, 3), (3, 3), (), 0, True),
            ((2, 3, 2), (2, 3, 2), (2,), 0, False),
            ((2, 2, 3), (2, 2), (), 1, True),
        )
    ),
    helpers='''
def over_gaps(x, gaps, least, extra, hollow):
    """x / gaps, and 0 on the diagonal if hollow.

    Where a gap is no more than the least there is no quotient: nan, but for 0 over what is not 0.
    """
    wide = (..., *(None,) * extra)
    zero = (gaps == 0)[wide]
    close = (np.abs(gaps) <= np.asarray(least)[..., None, None])[wide]
    quotient = x / np.where(zero, 1, gaps[wide])
    found = np.where(close & (zero | (x != 0)), np.nan, quotient)
    return np.where(np.eye(*gaps.shape[-2:], dtype=bool)[wide], 0, found) if hollow else found
''',
)


def across_rows(x: Value, shape: Shape) -> Value:
    """The vector as the matrix whose row i is x[i], x[i], ..."""
    return broadcast(x, shape=shape, axes=tuple(range(len(shape) - 1)))


def across_columns(x: Value, shape: Shape) -> Value:
    """The vector as the matrix whose column j is x[j], x[j], ..."""
    return broadcast(x, shape=shape, axes=(*range(len(shape) - 2), len(shape) - 1))


ROUNDING = 4.0
"""Values are equal to rounding if they differ by so many eps times the sum of their sizes."""


def least_of(x: Value) -> Value:
    """The greatest difference that is rounding, among the values x."""
    space = space_of(x)
    size = sum(absolute(x), axes=(len(space.shape) - 1,))
    return mul(size, ROUNDING * float(np.finfo(space.dtype).eps))


def beside(least: Value, x: Value) -> Value:
    """A number for each stack, once for each entry of x."""
    shape = space_of(x).shape
    return broadcast(least, shape=shape, axes=tuple(range(len(shape) - 1)))


def touching(x: Value) -> Value:
    """Where another of the values is the same to rounding."""
    shape = (*space_of(x).shape, space_of(x).shape[-1])
    gaps = absolute(sub(across_columns(x, shape), across_rows(x, shape)))
    near = convert(less_equal(gaps, across_rows(beside(least_of(x), x), shape)), dtype="int64")
    return greater(sum(near, axes=(len(shape) - 1,)), 1)


FAMILY = (over_gaps,)
