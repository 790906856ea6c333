"""Letters: what a law speaks about, and of which only the ends are known.

    f: A -o B, g: A -> B, x: R[s], A

are a linear map, an arrow, a value of a space, and a space. Capital letters are spaces, small
letters in brackets are shapes; both are looked up in tables that a test may vary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cats.ir import arrow
from cats.ir.errors import TermError
from cats.ir.linear import Leaf, Linear
from cats.ir.spaces import Function, Real, Shape, Space, Value
from cats.ir.tokens import Tokens

SPACES: Mapping[str, Space] = {
    "A": Real((2,)),
    "B": Real((3,)),
    "C": Real(),
    "D": Real((2, 2)),
}
"""Spaces of different sizes, so that what fits together does so by law and not by chance."""

SHAPES: Mapping[str, Shape] = {"s": (3,), "m": (2,), "n": (3,), "k": (4,)}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A linear operation about which nothing is known but its ends, and that it has a transpose."""

    name: str

    def apply(self, leaf: Leaf, v: Value) -> Value:
        """Nobody knows."""
        raise TermError(f"{self.name} is a letter: it has no values")

    def adjoint(self, leaf: Leaf) -> Leaf:
        """f' : B -o A, with f'' = f."""
        name = self.name[:-1] if self.name.endswith("'") else f"{self.name}'"
        return Leaf(Unknown(name), 0, (), (), leaf.cod, leaf.dom)

    def lift(self, leaf: Leaf, extra: Shape) -> Leaf:
        """Nobody knows."""
        raise TermError(f"{self.name} is a letter: it has no axes")

    def structure(self, leaf: Leaf) -> str:
        """Dense, for all one knows."""
        return "dense"

    def cost(self, leaf: Leaf) -> int:
        """One."""
        return 1

    def total(
        self, leaves: Sequence[Leaf], values: Sequence[Value], base: Value | None = None
    ) -> Value | None:
        """None."""
        return None


def linear_letter(name: str, dom: Space, cod: Space) -> Linear:
    """The linear map `name : dom -o cod`.

    >>> print(linear_letter("f", Real(), Real()) + linear_letter("g", Real(), Real()))
    <f, g> ; [id | id]
    """
    return Leaf(Unknown(name), 0, (), (), dom, cod)


def _no_value(name: str, space: Space) -> Value:
    raise TermError(f"{name}: {space} is a value, and nobody says which")


def letters(
    text: str,
    spaces: Mapping[str, Space] = SPACES,
    shapes: Mapping[str, Shape] = SHAPES,
    value: Callable[[str, Space], Value] = _no_value,
) -> dict[str, Any]:
    """The letters of a law, by name and in order.

    spaces, shapes   what capital letters, and letters in brackets, stand for
    value            makes the value of a letter `x: R[s]`
    Raises TermError if the text is no list of letters.

    >>> found = letters("f: A -o B, h: A * B -> C, A")
    >>> [f"{name}: {type(letter).__name__}" for name, letter in found.items()]
    ['f: Leaf', 'h: Letter', 'A: Real']
    """
    tokens = Tokens(text, shapes)
    found: dict[str, Any] = {}
    while tokens.peek():
        name = tokens.name()
        if tokens.took(":"):
            found[name] = _letter(tokens, name, spaces, value)
        elif name in spaces:
            found[name] = spaces[name]
        else:
            raise tokens.error(f"{name} is no space")
        if tokens.peek():
            tokens.take(",")
    return found


def _letter(
    tokens: Tokens, name: str, spaces: Mapping[str, Space], value: Callable[[str, Space], Value]
) -> Any:
    space = tokens.space(spaces)
    if tokens.took("-o"):
        return linear_letter(name, space, tokens.space(spaces))
    if isinstance(space, Function):
        return arrow.Letter(name, space.dom, space.cod)
    return value(name, space)
