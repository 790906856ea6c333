"""Gradients that are differentiated again and again: g(a, e, ...), the derivative of g at a.

g(a) is the gradient of a number that depends on a matrix, g(a, e) its derivative along e,
g(a, e, f) the second along e and f, and so on. Each is linear in every direction, symmetric, its
own adjoint, and the derivative in a adds a direction: one operation serves every order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from cats.ir.errors import SpaceError
from cats.ir.linear import Join, Leaf, Linear, Then
from cats.ir.primitive import Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import itself
from cats.ir.prims.layout import broadcast, extend, relabel, transpose
from cats.ir.prims.stacks import repeated, square
from cats.ir.spaces import Ground, Shape, Value, space_of

Wide = tuple[int, int] | tuple[()]
"""(slot, n): this direction, and the result, have n more axes behind the matrix; (): none has."""


def gradient_space(
    what: str, stack: Callable[[str, Ground], Shape] = square
) -> Callable[..., Ground]:
    """The one space of matrices in which all arguments lie, but for the axes of `wide`."""

    def space(a: Ground, *directions: Ground, wide: Wide) -> Ground:
        stack(what, a)
        ends = [a] * (1 + len(directions))
        for slot, n in [wide] if wide else ():
            shape = directions[slot - 1].shape
            ends[slot] = extend(a, shape[len(shape) - n :])
        if list(directions) != ends[1:]:
            raise SpaceError(
                f"the derivative of {what} at {a} along {', '.join(map(str, directions))}"
            )
        return ends[wide[0]] if wide else a

    return space


def gradient_text(call: str) -> Callable[..., str]:
    """The call with `{}` for its arguments; what has more axes is moved to the front and back."""

    def text(*args: str, wide: Wide) -> str:
        if not wide:
            return call.format(", ".join(args))
        slot, n = wide
        front, back = tuple(range(n)), tuple(range(-n, 0))
        moved = [
            f"np.moveaxis({x}, {back}, {front})" if i == slot else x for i, x in enumerate(args)
        ]
        return f"np.moveaxis({call.format(', '.join(moved))}, {front}, {back})"

    return text


def gradient_rule(op: Primitive) -> Callable[..., Linear]:
    """In a: one more direction; in each direction: itself."""

    def rule(*args: Value, out: Value, wide: Wide, **params: Any) -> Linear:
        if wide:
            return _of_wide(partial(rule, **params), args, out, *wide)
        space = space_of(out)
        more = leaf_of(op, len(args), args, space, space, wide=(), **params)
        along = [
            leaf_of(op, i, (*args[:i], *args[i + 1 :]), space, space, wide=(), **params)
            for i in range(1, len(args))
        ]
        return Join((more, *along)) if along else more

    return rule


def _of_wide(
    rule: Callable[..., Linear], args: tuple[Value, ...], out: Value, slot: int, n: int
) -> Linear:
    """The rule where the wide axes lead, between moves there and back."""
    rank, shape = len(space_of(args[0]).shape), space_of(out).shape
    there = (*range(rank, rank + n), *range(rank))
    back = tuple(range(n, n + rank)) + tuple(range(n))
    front = shape[rank:]
    moved = [
        transpose(x, axes=there) if i == slot else repeated(x, front) for i, x in enumerate(args)
    ]
    whole = rule(*moved, out=transpose(out, axes=there), wide=())
    ends = space_of(moved[slot]), space_of(out)
    enter = [
        leaf_of(transpose, 0, (), space_of(x), ends[0], axes=there)
        if i == slot
        else leaf_of(
            broadcast, 0, (), space_of(x), ends[0],
            shape=ends[0].shape, axes=tuple(range(n, n + rank)),
        )
        for i, x in enumerate(args)
    ]  # fmt: skip
    leave = leaf_of(transpose, 0, (), *ends, axes=back)
    parts = whole.parts  # type: ignore[attr-defined]
    return Then(Join(tuple(Then(e, p) for e, p in zip(enter, parts, strict=True))), leave)


def _gradient_lift(leaf: Leaf, extra: Shape) -> Leaf:
    wide = dict(leaf.params)["wide"]
    total = (wide[1] if wide else 0) + len(extra)
    ends = extend(leaf.dom, extra), extend(leaf.cod, extra)
    return relabel(leaf, *ends, wide=(leaf.slot, total))


SYMMETRIC = Linearity(tuple(range(1, 26)), itself, _gradient_lift)
"""Linear in every direction, and its own adjoint there."""
