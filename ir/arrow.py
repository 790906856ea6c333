"""Arrows: the free bicartesian closed category on the primitives. Products are flat.

What laws, proofs and the blackboard speak of: `<f, g>`, `p0`, `curry f`, `eval`, `[f | g]`.
Programs become arrows and arrows programs in `cats.arrows`; nothing large is compiled
this way. (Elliott 2017, "Compiling to categories".)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from cats.ir.constant import Constant
from cats.ir.errors import SpaceError
from cats.ir.linear import Params
from cats.ir.node import Node, node
from cats.ir.primitive import Primitive
from cats.ir.results import result_space
from cats.ir.show import constant_text, operation_text
from cats.ir.spaces import UNIT, Discrete, Function, Ground, Product, Space, Sum
from cats.ir.writing import ATOM, Layout


class ArrowNode(Node):
    """An arrow `dom -> cod`; the ends are computed, and checked, at birth."""

    dom: Space
    cod: Space

    def __post_init__(self) -> None:
        dom, cod = ends(self)  # type: ignore[arg-type]
        self.__dict__["dom"], self.__dict__["cod"] = dom, cod


@node
class Id(ArrowNode):
    """id : A -> A."""

    form = "id"
    space: Space


@node
class Then(ArrowNode):
    """f ; g : A -> C, first f then g."""

    form = "{first:1} ; {second:2}"
    tightness = 1
    first: Arrow
    second: Arrow


@node
class Fork(ArrowNode):
    """<f, g, ...> : A -> B * C * ...; at least one part."""

    form = "<{parts:, }>"
    parts: tuple[Arrow, ...]


@node
class Proj(ArrowNode):
    """p_i : A_0 * A_1 * ... -> A_i."""

    form = "p{index}"
    spaces: tuple[Space, ...]
    index: int


@node
class Terminal(ArrowNode):
    """! : A -> 1."""

    form = "!"
    space: Space


@node
class Flat(ArrowNode):
    """flat : (A * B) * (C * ...) * ... -> A * B * C * ...: one product instead of several."""

    form = "flat"
    products: tuple[Product, ...]


@node
class Curry(ArrowNode):
    """curry f : A -> (B -> C) for f : A * B -> C."""

    form = "curry {body:2}"
    tightness = 2
    body: Arrow


@node
class Eval(ArrowNode):
    """eval : (B -> C) * B -> C."""

    form = "eval"
    function: Function


@node
class Inj(ArrowNode):
    """i_i : A_i -> A_0 + A_1 + ..."""

    form = "i{index}"
    spaces: tuple[Space, ...]
    index: int


@node
class Case(ArrowNode):
    """[f | g | ...] : A + B + ... -> C."""

    form = "[{parts: | }]"
    parts: tuple[Arrow, ...]


@node
class Distl(ArrowNode):
    """distl : A * (B + C) -> A * B + A * C."""

    form = "distl"
    space: Space
    spaces: tuple[Space, ...]


@node
class Decide(ArrowNode):
    """decide : Bool -> 1 + 1, or Int -> 1 + ... + 1: which of `count` it is."""

    form = "decide"
    space: Discrete
    count: int


@node
class Prim(ArrowNode):
    """An operation : A * B * ... -> C, or a product if it has several results."""

    op: Primitive
    params: Params
    spaces: tuple[Ground, ...]

    def layout(self) -> Layout:
        """As its name, with its parameters."""
        return Layout(ATOM, [operation_text(self.op.name, self.params)])


@node
class Const(ArrowNode):
    """c : 1 -> A."""

    constant: Constant

    def layout(self) -> Layout:
        """As the number itself."""
        return Layout(ATOM, [constant_text(self.constant)])


@node
class Letter(ArrowNode):
    """f : A -> B, about which only the ends are known."""

    form = "{name}"
    name: str
    start: Space
    end: Space


Arrow = (
    Id | Then | Fork | Proj | Terminal | Flat | Curry | Eval
    | Inj | Case | Distl | Decide | Prim | Const | Letter
)  # fmt: skip


def dup(space: Space) -> Arrow:
    """<id, id> : A -> A * A."""
    return Fork((Id(space), Id(space)))


def cross(*parts: Arrow) -> Arrow:
    """f x g : A * C -> B * D, side by side.

    >>> from cats.ir.spaces import R
    >>> print(cross(Letter("f", R, R), Letter("g", R, R)))
    <p0 ; f, p1 ; g>
    """
    spaces = tuple(p.dom for p in parts)
    return Fork(tuple(Then(Proj(spaces, i), p) for i, p in enumerate(parts)))


def compose(*parts: Arrow) -> Arrow:
    """f ; g ; ..., at least one."""
    whole = parts[0]
    for part in parts[1:]:
        whole = Then(whole, part)
    return whole


def ends(node: Arrow) -> tuple[Space, Space]:
    """The ends, from those of the parts. Raises SpaceError where the parts do not fit."""
    match node:
        case Id(space):
            return space, space
        case Then(first, second):
            if first.cod != second.dom:
                raise SpaceError(f"cannot compose {_signature(first)} with {_signature(second)}")
            return first.dom, second.cod
        case Fork(parts):
            return _one("fork", [p.dom for p in parts]), Product(tuple(p.cod for p in parts))
        case Case(parts):
            return Sum(tuple(p.dom for p in parts)), _one("case", [p.cod for p in parts])
        case Proj(spaces, index):
            return Product(spaces), _at("projection", spaces, index)
        case Inj(spaces, index):
            return _at("injection", spaces, index), Sum(spaces)
        case Terminal(space):
            return space, UNIT
        case Flat(products):
            return Product(products), Product(tuple(s for p in products for s in p.parts))
        case Curry(body):
            return _curried(body)
        case Eval(function):
            return Product((function, function.dom)), function.cod
        case Distl(space, spaces):
            pairs = tuple(Product((space, s)) for s in spaces)
            return Product((space, Sum(spaces))), Sum(pairs)
        case Decide(space, count):
            return space, Sum((UNIT,) * count)
        case Prim(op, params, spaces):
            said = result_space(op, spaces, dict(params))
            return Product(spaces), Product(said) if isinstance(said, tuple) else said
        case Const(constant):
            return UNIT, constant.space
        case Letter(_, start, end):
            return start, end
        case _:
            assert_never(node)


def _curried(body: Arrow) -> tuple[Space, Space]:
    if not isinstance(body.dom, Product) or len(body.dom.parts) != 2:
        raise SpaceError(f"curry needs an arrow out of a pair, got {_signature(body)}")
    left, right = body.dom.parts
    return left, Function(right, body.cod)


def _one(what: str, spaces: Sequence[Space]) -> Space:
    if not spaces or any(s != spaces[0] for s in spaces):
        raise SpaceError(f"{what} needs one space, got {', '.join(map(str, spaces)) or 'none'}")
    return spaces[0]


def _at(what: str, spaces: tuple[Space, ...], index: int) -> Space:
    if not 0 <= index < len(spaces):
        raise SpaceError(f"{what} {index} of {len(spaces)} parts")
    return spaces[index]


def _signature(node: Arrow) -> str:
    return f"{node.dom} -> {node.cod}"
