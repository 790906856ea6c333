"""Stacks of matrices: what linear algebra shares. Triangles, transposes, products, the batch axis.

The matrices lie in the last two axes. Leading axes count them, and are the same in all arguments.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.kinds import Natural
from cats.ir.linear import Id, Leaf, Linear, Scale, Then
from cats.ir.primitive import Example, Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import itself
from cats.ir.prims.contraction import contract, parts_of
from cats.ir.prims.layout import Axes, broadcast, extend, reals, relabel, transpose, with_shape
from cats.ir.spaces import Ground, Real, Shape, Space, Value, space_of

STACK = string.ascii_uppercase
"""Letters of the leading axes; those of the matrices are small."""


def stack_of(what: str, a: Ground) -> Shape:
    """The leading axes; raises SpaceError unless the others make real matrices."""
    if not isinstance(a, Real) or len(a.shape) < 2:
        raise SpaceError(
            f"{what} of {a}: it is no real matrix",
            remedy="Give an array of floats with two axes or more.",
        )
    return a.shape[:-2]


def square(what: str, a: Ground) -> Shape:
    """The leading axes of square matrices; raises SpaceError if they are not square."""
    stack = stack_of(what, a)
    if a.shape[-1] != a.shape[-2]:
        raise SpaceError(f"{what} of {a}: its last two axes are not a square matrix")
    return stack


def count(shape: Shape) -> int:
    """How many entries an array of the shape has."""
    return int(np.prod(shape, dtype=int))


def matrices(out: Space) -> int:
    """How many matrices the space stacks."""
    return count(out.shape[:-2])  # type: ignore[union-attr]


# Maps of matrices

Link = Callable[[Any], Linear]
"""A linear map that is known once the space is that it starts from."""


def chain(space: Space, *links: Link) -> Linear:
    """f ; g ; ..., each begun where the one before ends."""
    whole: Linear | None = None
    for link in links:
        map = link(space if whole is None else whole.cod)
        whole = map if whole is None else Then(whole, map)
    return Id(space) if whole is None else whole


def plus(*links: tuple[Link, ...]) -> Link:
    """The sum of what chains of links make."""

    def link(space: Ground) -> Linear:
        first, *rest = [chain(space, *each) for each in links]
        for f in rest:
            first = first + f
        return first

    return link


def stacked(spec: str, stack: Shape) -> str:
    """The spec with the leading axes in every operand.

    >>> stacked("ij,jk->ik", (5,))
    'Aij,Ajk->Aik'
    """
    operands, out = parts_of(spec)
    front = STACK[: len(stack)]
    return f"{','.join(front + names for names in operands)}->{front}{out}"


def columns_of(n: int) -> str:
    """A letter for each axis of columns."""
    return string.ascii_lowercase[13 : 13 + n]


def multiplied(spec: str, *xs: Value) -> Value:
    """The contraction of stacks of matrices."""
    return contract(*xs, spec=stacked(spec, space_of(xs[0]).shape[:-2]))


def product(spec: str, *args: Value | None) -> Link:
    """The contraction of stacks as a map of the argument left out.

    >>> print(product("ij,jk->ik", np.eye(1), None)(Real((1, 2))))
    contract[spec=ij,jk->ik]([[1.0]], _)
    """
    slot = next(i for i, arg in enumerate(args) if arg is None)
    fixed = (*args[:slot], *args[slot + 1 :])
    letters = parts_of(spec)[0][slot]

    def link(space: Ground) -> Leaf:
        whole = stacked(spec, space.shape[: len(space.shape) - len(letters)])
        spaces = [space if i == slot else space_of(arg) for i, arg in enumerate(args)]
        cod = contract.space(*spaces, spec=whole)
        return leaf_of(contract, slot, fixed, space, cod, spec=whole)

    return link


def left(a: Value) -> Link:
    """X |-> a X."""
    return product("ij,jk->ik", a, None)


def right(b: Value) -> Link:
    """X |-> X b."""
    return product("ij,jk->ik", None, b)


def flip(space: Ground) -> Leaf:
    """X |-> X', the transpose of each matrix."""
    axes = swapped(len(space.shape))
    end = with_shape(space, tuple(space.shape[a] for a in axes))
    return leaf_of(transpose, 0, (), space, end, axes=axes)


def flipped(x: Value) -> Value:
    """x', the transpose of each matrix."""
    return transpose(x, axes=swapped(len(space_of(x).shape)))


def swapped(rank: int) -> Axes:
    """The order of the axes with the last two exchanged."""
    return (*range(rank - 2), rank - 1, rank - 2)


def scaled(by: float) -> Link:
    """X |-> by X."""
    return lambda space: Scale(space, by)


# Triangles


def _triangle_text(name: str) -> Callable[..., str]:
    def text(x: str, *, k: int, extra: int) -> str:
        if not extra:
            return f"np.{name}({x}{f', {k}' if k else ''})"
        lengths = f"{x}.shape[{-2 - extra}], {x}.shape[{-1 - extra}]"
        inside = f"np.tri({lengths}, {k if name == 'tril' else k - 1}, dtype=bool)"
        mask = inside if name == "tril" else f"~{inside}"
        return f"np.where(({mask})[:, :{', None' * extra}], {x}, 0)"

    return text


def _triangle_space(x: Ground, *, k: int, extra: Natural) -> Ground:
    if len(x.shape) < 2 + extra:
        raise SpaceError(f"a triangle of {x}: it is no matrix")
    return x


def wider(leaf: Leaf, extra: Shape) -> Leaf:
    """Lift for operations that count the axes behind the matrix as `extra`."""
    total = dict(leaf.params)["extra"] + len(extra)
    return relabel(leaf, extend(leaf.dom, extra), extend(leaf.cod, extra), extra=total)


def _triangle(name: str) -> Primitive:
    def rule(x: Value, *, out: Value, k: int, extra: int) -> Linear:
        space = space_of(x)
        return leaf_of(op, 0, (), space, space, k=k, extra=extra)

    op = Primitive(
        name,
        _triangle_text(name),
        _triangle_space,
        linear=Linearity((0,), itself, wider, "diagonal"),
        linearise=rule,
        batch=lambda x, *, batched, k, extra: op(x, k=k, extra=extra),
        home=__name__,
        examples=(
            Example(reals((3, 3)), (("extra", 0), ("k", 0))),
            Example(reals((2, 3, 4)), (("extra", 0), ("k", -1))),
            Example(reals((3, 4, 2)), (("extra", 1), ("k", 1))),
        ),
    )
    return op


tril = _triangle("tril")
triu = _triangle("triu")


def lower(k: int = 0) -> Link:
    """X |-> its entries on and below the k-th diagonal."""
    return lambda space: leaf_of(tril, 0, (), space, space, k=k, extra=0)


def upper(k: int = 0) -> Link:
    """X |-> its entries on and above the k-th diagonal."""
    return lambda space: leaf_of(triu, 0, (), space, space, k=k, extra=0)


def mirrored(uplo: str) -> Link:
    """X |-> the symmetric matrix with the lower ("L") or the upper ("U") triangle of X."""
    whole, rest = (lower(), lower(-1)) if uplo == "L" else (upper(), upper(1))
    return lambda space: whole(space) + chain(space, rest, flip)


def turned(leaf: Leaf) -> Leaf:
    """The adjoint of a solution is the solution with the transposed matrix."""
    return relabel(leaf, leaf.cod, leaf.dom, transposed=not dict(leaf.params)["transposed"])


# The batch axis


def together(op: Primitive, args: Sequence[Value], batched: Sequence[bool], **params: Any) -> Value:
    """The operation on stacks with one more leading axis, which it takes as it takes others."""
    whole = [space_of(x).shape for x, has in zip(args, batched, strict=True) if has]
    front = whole[0][:1]
    wide = [x if has else repeated(x, front) for x, has in zip(args, batched, strict=True)]
    return op(*wide, **params)


def repeated(x: Value, front: Shape) -> Value:
    """x along more leading axes."""
    shape = space_of(x).shape
    axes = tuple(range(len(front), len(front) + len(shape)))
    return broadcast(x, shape=(*front, *shape), axes=axes)


# Arguments for tests


def definite(x: Value, *rest: Value) -> tuple[Value, ...]:
    """x x' + 1, symmetric and positive definite, in place of x."""
    return (x @ x.mT + np.eye(x.shape[-1], dtype=x.dtype), *rest)


def dominant(x: Value, *rest: Value) -> tuple[Value, ...]:
    """x with a large diagonal, far from every singular matrix, in place of x."""
    return (x + 4 * np.eye(x.shape[-1], dtype=x.dtype), *rest)


FAMILY = (tril, triu)
