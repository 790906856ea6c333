"""Linear maps as data: the free category with biproducts on leaves. Each node checks its ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

import numpy as np

from cats.ir.constant import Constant
from cats.ir.errors import CatsError, SpaceError
from cats.ir.node import Node, node
from cats.ir.spaces import Product, Shape, Space, Value, is_open, leaves, space_of, tangent
from cats.ir.words import in_short
from cats.ir.writing import ATOM, Layout

Params = tuple[tuple[str, Any], ...]
"""Static parameters of an operation, sorted by name."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A residual: a place in the list of values a linear program is given beside its inputs.

    In a Derivative it is what the primal hands out after its own outputs; in a branch of a linear
    case it is the case's own `residuals`.
    """

    position: int
    space: Space

    def __str__(self) -> str:
        return f"x{self.position}"


class LinearOp(Protocol):
    """What a leaf asks of the operation it holds; linear primitives answer it."""

    @property
    def name(self) -> str:
        """The operation's name, as printed."""
        ...

    def apply(self, leaf: Leaf, v: Value) -> Value:
        """The leaf as a function: `op(fixed..., v in its slot, ...)`."""
        ...

    def adjoint(self, leaf: Leaf) -> Leaf:
        """The leaf A' : cod -o dom with <A x, y> = <x, A' y>; an involution."""
        ...

    def lift(self, leaf: Leaf, extra: Shape) -> Leaf:
        """The same map applied to every entry of `extra` trailing axes."""
        ...

    def structure(self, leaf: Leaf) -> str:
        """The zero pattern of its matrix: "diagonal", "permutation" or "dense"."""
        ...

    def cost(self, leaf: Leaf) -> int:
        """How many scalar operations one application takes."""
        ...

    def total(
        self, leaves: Sequence[Leaf], values: Sequence[Value], base: Value | None = None
    ) -> Value | None:
        """Sum of several leaves, and a base, in one pass, or None if there is no such pass."""
        ...

    def masked(self, leaf: Leaf, mask: Value) -> tuple[Leaf, Value] | None:
        """The leaf without what meets zeros only, if its argument is zero outside the mask.

        With it the mask of the result; None if nothing is known of that.
        """
        ...


class Linear(Node):
    """A linear map `dom -o cod`. One of Id Zero Then Fork Join Proj Inj Scale Leaf."""

    dom: Space
    cod: Space

    def __post_init__(self) -> None:
        """The ends are computed at birth: those of the parts are known, so nothing recurses."""
        try:
            self.__dict__["dom"], self.__dict__["cod"] = self.ends()
        except CatsError:
            raise
        except (AttributeError, TypeError, IndexError):
            raise SpaceError(
                f"{in_short(repr(self))} is no linear map",
                remedy=f"A {type(self).__name__} is {(type(self).__doc__ or '').splitlines()[0]}",
            ) from None

    def ends(self) -> tuple[Space, Space]:
        """Where it begins and ends. Raises SpaceError if the parts do not fit."""
        raise NotImplementedError

    def __add__(self, other: Linear) -> Linear:
        """f + g = <f, g> ; [id | id]."""
        return Then(Fork((self, other)), Join((Id(self.cod), Id(self.cod))))

    def __neg__(self) -> Linear:
        return Then(self, Scale(self.cod, -1))

    def __sub__(self, other: Linear) -> Linear:
        return self + -other


@node
class Id(Linear):
    """id : A -o A."""

    form = "id"

    space: Space

    def ends(self) -> tuple[Space, Space]:
        return self.space, self.space


@node
class Zero(Linear):
    """0 : A -o B. A symbol, never an array of zeros."""

    form = "0"

    dom: Space
    cod: Space

    def ends(self) -> tuple[Space, Space]:
        return self.dom, self.cod


@node
class Then(Linear):
    """f ; g : A -o C, first f then g."""

    form = "{first:1} ; {second:2}"
    tightness = 1

    first: Linear
    second: Linear

    def ends(self) -> tuple[Space, Space]:
        meet(self.first.cod, self.second.dom)
        return self.first.dom, self.second.cod


@node
class Fork(Linear):
    """<f, g, ...> : A -o B * C * ..."""

    form = "<{parts:, }>"

    parts: tuple[Linear, ...]

    def ends(self) -> tuple[Space, Space]:
        if not self.parts or not _all_one([p.dom for p in self.parts]):
            raise SpaceError(f"fork needs maps out of one space, got {_ends(self.parts)}")
        return self.parts[0].dom, Product(tuple([p.cod for p in self.parts]))


@node
class Join(Linear):
    """[f | g | ...] : A * B * ... -o C, adding the results."""

    form = "[{parts: | }]"

    parts: tuple[Linear, ...]

    def ends(self) -> tuple[Space, Space]:
        if not self.parts or not _all_one([p.cod for p in self.parts]):
            raise SpaceError(f"join needs maps into one space, got {_ends(self.parts)}")
        return Product(tuple([p.dom for p in self.parts])), self.parts[0].cod


@node
class Proj(Linear):
    """p_i : A_0 * A_1 * ... -o A_i."""

    form = "p{index}"

    spaces: tuple[Space, ...]
    index: int

    def ends(self) -> tuple[Space, Space]:
        _in_range("projection", self.spaces, self.index)
        return Product(self.spaces), self.spaces[self.index]


@node
class Inj(Linear):
    """i_i : A_i -o A_0 * A_1 * ..., zero elsewhere."""

    form = "i{index}"

    spaces: tuple[Space, ...]
    index: int

    def ends(self) -> tuple[Space, Space]:
        _in_range("injection", self.spaces, self.index)
        return self.spaces[self.index], Product(self.spaces)


@node
class Scale(Linear):
    """v |-> by * v : A -o A, `by` a number, a wire, a symbol."""

    form = "scale({by})"

    space: Space
    by: Value

    def key(self) -> tuple[Any, ...]:
        """The space and the factor, arrays by content."""
        return (self.space, _hashable(self.by))

    def ends(self) -> tuple[Space, Space]:
        if not isinstance(self.by, int | float):
            _fits(space_of(self.by).shape, self.space)
        return self.space, self.space


@node
class Leaf(Linear):
    """v |-> op(..., v, ...): an operation linear in one slot, its other arguments fixed."""

    op: LinearOp
    slot: int
    fixed: tuple[Value, ...]
    params: Params
    dom: Space
    cod: Space

    def __post_init__(self) -> None:
        """The ends are given."""

    def key(self) -> tuple[Any, ...]:
        """Everything, with fixed arrays by content."""
        fixed = tuple(map(_hashable, self.fixed))
        return (self.op, self.slot, fixed, self.params, self.dom, self.cod)

    def layout(self) -> Layout:
        """As `mul(x3, _)`, the blank where the argument goes; only the name if it stands alone."""
        params = ", ".join(f"{name}={value}" for name, value in self.params)
        head = self.op.name + (f"[{params}]" if params else "")
        shown = self.with_fixed(tuple(map(_hashable, self.fixed))).arguments("_")
        args = f"({', '.join(map(str, shown))})" if self.fixed else ""
        return Layout(ATOM, [head + args])

    def with_fixed(self, fixed: tuple[Value, ...]) -> Leaf:
        """The same leaf at other residuals."""
        return Leaf(self.op, self.slot, fixed, self.params, self.dom, self.cod)

    def arguments(self, v: Value) -> tuple[Value, ...]:
        """The operation's arguments in order, v in its slot."""
        return (*self.fixed[: self.slot], v, *self.fixed[self.slot :])


def total(maps: Sequence[Linear], dom: Space, cod: Space) -> Linear:
    """f + g + ... : dom -o cod; the empty sum is Zero.

    >>> from cats.ir.spaces import R
    >>> total([], R, R) == Zero(R, R), total([Id(R)], R, R) == Id(R)
    (True, True)
    """
    if not maps:
        return Zero(dom, cod)
    if len(maps) == 1:
        return maps[0]
    return Then(Fork(tuple(maps)), Join((Id(cod),) * len(maps)))


def in_each(
    op: LinearOp, args: Sequence[Value], params: Params, moving: Collection[int], end: Space
) -> Linear:
    """The derivative of an operation that is linear in each argument that moves: itself, in each.

    [0 | op(x, _, z) | op(x, y, _)] for the arguments x, y, z, of which the last two move.
    """
    parts: list[Linear] = []
    for i, arg in enumerate(args):
        space = space_of(arg)
        fixed = (*args[:i], *args[i + 1 :])
        moves = i in moving
        parts.append(Leaf(op, i, fixed, params, space, end) if moves else Zero(tangent(space), end))
    return parts[0] if len(parts) == 1 else Join(tuple(parts))


def meet(end: Space, start: Space) -> None:
    """Raises SpaceError unless a map into one space can go on with a map out of the other.

    Of stacks as long as a loop turns out to run it is not known before.
    """
    if end is start or end == start:
        return
    pairs = list(zip_longest(leaves(end), leaves(start)))
    if any(is_open(a) or is_open(b) for a, b in pairs) and all(
        a == b or (a and b and (is_open(a) or is_open(b))) for a, b in pairs
    ):
        return
    raise SpaceError(f"cannot compose: the first map ends in {end}, the second begins in {start}")


def _fits(shape: Shape, space: Space) -> None:
    """Raises SpaceError unless values of the space keep their shape times an array of this one."""
    for part in leaves(space) if shape else ():
        if len(shape) > len(part.shape) or any(
            n not in (1, m) for n, m in zip(reversed(shape), reversed(part.shape), strict=False)
        ):
            raise SpaceError(
                f"scaling by an array of shape {shape} leaves {space}",
                remedy="Scale by a number, or by an array of the shape of the space.",
            )


def _hashable(value: Value) -> Any:
    return Constant(value) if isinstance(value, np.ndarray | np.generic | float) else value


def _all_one(spaces: Sequence[Space]) -> bool:
    first = spaces[0]
    return all([space is first or space == first for space in spaces])


def _ends(maps: tuple[Linear, ...]) -> str:
    return ", ".join(f"{m.dom} -o {m.cod}" for m in maps) or "none"


def _in_range(what: str, spaces: tuple[Space, ...], index: int) -> None:
    if not 0 <= index < len(spaces):
        raise SpaceError(f"{what} {index} of a product of {len(spaces)} parts")
