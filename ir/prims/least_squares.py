"""Least squares: pinv and lstsq, by the singular values that are not negligible.

They vary with the matrix as long as the number of those stays the same, and that is what their
rules say; where it changes the functions themselves jump. If what is negligible is rounding, the
rules are those of a matrix of this rank. (Golub and Pereyra 1973.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.linear import Id, Join, Linear, Then
from cats.ir.literals import literal
from cats.ir.primitive import Example, Primitive, leaf_of
from cats.ir.prims.algebra import sub
from cats.ir.prims.contraction import contract
from cats.ir.prims.gaps import ROUNDING
from cats.ir.prims.layout import reals, with_shape
from cats.ir.prims.stacks import (
    Link,
    chain,
    columns_of,
    count,
    flip,
    flipped,
    left,
    multiplied,
    product,
    right,
    scaled,
    stack_of,
)
from cats.ir.prims.truncation import pinv_along
from cats.ir.spaces import Ground, Value, space_of


def _pinv_space(a: Ground, *, rcond: float) -> Ground:
    stack_of("the pseudoinverse", a)
    return with_shape(a, (*a.shape[:-2], a.shape[-1], a.shape[-2]))


def _pinv_rule(a: Value, *, out: Value, rcond: float) -> Linear:
    """-p da p + p p' da' (1 - a p) + (1 - p a) da' p' p, p the result.

    Of each pair of products the one is taken that goes through the shorter side of a.
    """
    p, space = out, space_of(a)
    if _cuts(space, rcond):
        return chain(space, _truncated(a, rcond), flip)
    tall = space.shape[-2] >= space.shape[-1]

    def before(f: Value, g: Value) -> tuple[Link, ...]:
        return (left(multiplied("ij,jk->ik", f, g)),) if tall else (left(g), left(f))

    def behind(f: Value, g: Value) -> tuple[Link, ...]:
        return (right(f), right(g)) if tall else (right(multiplied("ij,jk->ik", f, g)),)

    inside = chain(space, left(p), right(p), scaled(-1))
    outer = chain(space, flip, *before(p, flipped(p)))
    inner = chain(space, flip, *behind(flipped(p), p))
    return inside + _without(outer, behind(a, p)) + _without(inner, before(p, a))


def _cuts(a: Ground, rcond: float) -> bool:
    """Whether what is negligible may be more than rounding."""
    return rcond > ROUNDING * float(np.finfo(a.dtype).eps) * sum(a.shape[-2:])


def _truncated(a: Value, rcond: float) -> Link:
    """da |-> dp', p the pseudoinverse."""
    return lambda space: leaf_of(pinv_along, 1, (a,), space, space, rcond=rcond, wide=())


def _without(f: Linear, links: Sequence[Link]) -> Linear:
    """f less what the links make of it."""
    return Then(f, Id(f.cod) - chain(f.cod, *links))


pinv: Primitive = Primitive(
    "pinv",
    lambda a, *, rcond: f"np.linalg.pinv({a}, {literal(rcond)})",
    _pinv_space,
    linearise=_pinv_rule,
    batch=lambda a, *, batched, rcond: pinv(a, rcond=rcond),
    work=lambda spaces, out, params: 20 * count(out.shape) * min(out.shape[-2:]),
    examples=tuple(
        Example(reals(shape), (("rcond", 1e-15),)) for shape in ((3, 3), (3, 2), (2, 2, 3), (0, 2))
    ),
)


def _lstsq_space(a: Ground, b: Ground, *, rcond: float) -> Ground:
    if len(a.shape) != 2 or len(b.shape) not in (1, 2):
        raise SpaceError(f"least squares of {a} and {b}: there must be one matrix")
    if b.shape[0] != a.shape[0] or b.dtype != a.dtype:
        raise SpaceError(f"the matrix in {a} does not fit the right side in {b}")
    return with_shape(b, (a.shape[1], *b.shape[1:]))


def _lstsq_rule(a: Value, b: Value, *, out: Value, rcond: float) -> Linear:
    """p (db - da x) + p p' da' (b - a x) + (1 - p a) da' p' x, p the pseudoinverse."""
    p, space = pinv(a, rcond=rcond), space_of(a)
    more = columns_of(len(space_of(b).shape) - 1)
    spec, back = f"ij,j{more}->i{more}", f"ji,j{more}->i{more}"
    if _cuts(space, rcond):
        varied = chain(space, _truncated(a, rcond), product(back, None, b))
        return Join((varied, product(spec, p, None)(space_of(b))))
    rest = sub(b, contract(a, out, spec=spec))
    change = chain(space, product(spec, None, out), scaled(-1), product(spec, p, None))
    outer = chain(space, product(back, None, rest), product(back, p, None), product(spec, p, None))
    inner = chain(space, product(back, None, contract(p, out, spec=back)))
    beyond = _without(inner, (product(spec, a, None), product(spec, p, None)))
    return Join((change + outer + beyond, product(spec, p, None)(space_of(b))))


def _lstsq_batch(a: Value, b: Value, *, batched: Sequence[bool], rcond: float) -> Value:
    """By the pseudoinverses, which come in stacks."""
    stacks = ["A" if has else "" for has in batched]
    more = columns_of(len(space_of(b).shape) - 1 - batched[1])
    return contract(pinv(a, rcond=rcond), b, spec=f"{stacks[0]}ij,{stacks[1]}j{more}->Ai{more}")


lstsq: Primitive = Primitive(
    "lstsq",
    lambda a, b, *, rcond: f"np.linalg.lstsq({a}, {b}, {literal(rcond)})[0]",
    _lstsq_space,
    linearise=_lstsq_rule,
    batch=_lstsq_batch,
    work=lambda spaces, out, params: 20 * count(spaces[0].shape) * min(spaces[0].shape),
    examples=tuple(
        Example(reals(a, b), (("rcond", 1e-15),))
        for a, b in (((3, 2), (3,)), ((3, 2), (3, 2)), ((2, 3), (2,)), ((3, 3), (3, 1)))
    ),
)

FAMILY = (pinv, lstsq)
