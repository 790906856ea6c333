"""Spaces: where values live, and `tangent`, where their derivatives live."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self, assert_never

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.nesting import Nesting, inner_first

Value = Any
"""Whatever flows along a program: an array, a number, a wire, a symbol, a Fraction."""

ANY = -1
"""In a shape: a length that is known when the program runs, of rows left by a loop; written `*`."""

Shape = tuple[Annotated[int, range(ANY, sys.maxsize)], ...]


@dataclass(frozen=True, slots=True)
class Real:
    """Arrays of real numbers of one shape and width: `R[3, 4]`, or `R` for a number.

    >>> print(Real((3, 4)), Real(), Real((2,), "float32"))
    R[3, 4] R R32[2]
    """

    shape: Shape = ()
    dtype: str = "float64"

    def __str__(self) -> str:
        return ("R" if self.dtype == "float64" else f"R{self.dtype[5:]}") + _brackets(self.shape)


@dataclass(frozen=True, slots=True)
class Discrete:
    """Arrays of truth values or integers: nothing near a point but the point, so no tangent.

    >>> print(Discrete(), Discrete((2,), "bool"))
    Int Bool[2]
    """

    shape: Shape = ()
    dtype: str = "int64"

    def __str__(self) -> str:
        names = {"int64": "Int", "bool": "Bool"}
        return names.get(self.dtype, f"Int:{self.dtype}") + _brackets(self.shape)


class Compound(Nesting):
    """A space made of spaces, as deep as one likes; written without recursion too."""

    def inside(self) -> tuple[Space, ...]:
        """The spaces it is made of, left to right."""
        raise NotImplementedError

    @classmethod
    def of(cls, inside: Sequence[Space]) -> Self:
        """The inverse."""
        raise NotImplementedError

    def pieces(self) -> list[str | Space]:
        """What is written, texts and spaces, left to right."""
        raise NotImplementedError

    def children(self) -> tuple[Compound, ...]:
        return tuple([s for s in self.inside() if isinstance(s, Compound)])

    def outline(self) -> object:
        return tuple([None if isinstance(s, Compound) else s for s in self.inside()])

    def emptied(self) -> object:
        return type(self), self.outline()

    @classmethod
    def filled(cls, emptied: Any, children: Iterator[Any]) -> Any:
        kind, held = emptied
        return kind.of([next(children) if s is None else s for s in held])

    def __str__(self) -> str:
        out: list[str] = []
        stack: list[str | Space] = [self]  # type: ignore[list-item]
        while stack:
            item = stack.pop()
            if isinstance(item, Compound):
                stack.extend(reversed(item.pieces()))
            else:
                out.append(str(item))
        return "".join(out)


@dataclass(frozen=True, slots=True, eq=False)
class Product(Compound):
    """Pairs, triples, ...: `A * B`; the empty product is the unit `1`."""

    parts: tuple[Space, ...] = ()

    def inside(self) -> tuple[Space, ...]:
        return self.parts

    @classmethod
    def of(cls, inside: Sequence[Space]) -> Product:
        return cls(tuple(inside))

    def pieces(self) -> list[str | Space]:
        if len(self.parts) < 2:
            return ["(", self.parts[0], ",)"] if self.parts else ["1"]
        return _joined(" * ", self.parts)


@dataclass(frozen=True, slots=True, eq=False)
class Sum(Compound):
    """One of several, with a tag saying which: `A + B`."""

    parts: tuple[Space, ...]

    def inside(self) -> tuple[Space, ...]:
        return self.parts

    @classmethod
    def of(cls, inside: Sequence[Space]) -> Sum:
        return cls(tuple(inside))

    def pieces(self) -> list[str | Space]:
        return _joined(" + ", self.parts)


@dataclass(frozen=True, slots=True, eq=False)
class Function(Compound):
    """Functions from `dom` to `cod`: `A -> B`."""

    dom: Space
    cod: Space

    def inside(self) -> tuple[Space, ...]:
        return self.dom, self.cod

    @classmethod
    def of(cls, inside: Sequence[Space]) -> Function:
        return cls(*inside)

    def pieces(self) -> list[str | Space]:
        return [*_atom(self.dom), " -> ", self.cod]


Space = Real | Discrete | Product | Sum | Function
Ground = Real | Discrete

UNIT = Product(())
BOOL = Discrete((), "bool")
INT = Discrete((), "int64")
R = Real()


def _brackets(shape: Shape) -> str:
    return f"[{', '.join(['*' if n == ANY else str(n) for n in shape])}]" if shape else ""


def _atom(space: Space) -> list[str | Space]:
    """The space as written inside a larger one."""
    compound = isinstance(space, Sum | Function) or (
        isinstance(space, Product) and len(space.parts) > 1
    )
    return ["(", space, ")"] if compound else [space]


def _joined(mark: str, parts: Sequence[Space]) -> list[str | Space]:
    """The spaces with the mark between them."""
    pieces: list[str | Space] = []
    for part in parts:
        pieces += [mark, *_atom(part)] if pieces else _atom(part)
    return pieces


def tangent(space: Space) -> Space:
    """Where the derivative of a value of `space` lives: T(R) = R, T(Int) = 1, T(A * B) = TA * TB.

    >>> print(tangent(Product((Real((3,)), INT))))
    R[3] * 1
    """
    if isinstance(space, Real | Discrete):
        return space if isinstance(space, Real) else UNIT
    made: dict[int, Space] = {}
    for each in inner_first(space):
        inside = [made[id(s)] if isinstance(s, Compound) else tangent(s) for s in each.inside()]
        made[id(each)] = (
            Function(each.dom, inside[1]) if isinstance(each, Function) else each.of(inside)
        )
    return made[id(space)]


def leaves(space: Space) -> Iterator[Ground]:
    """The ground spaces of a product, left to right."""
    stack = [space]
    while stack:
        each = stack.pop()
        match each:
            case Real() | Discrete():
                yield each
            case Product(parts):
                stack.extend(reversed(parts))
            case Sum() | Function():
                raise SpaceError(f"{each} is not a product of ground spaces")
            case _:
                assert_never(each)


def size(space: Space) -> int:
    """How many numbers a value of a ground or product space holds.

    >>> size(Product((Real((3, 4)), R)))
    13
    """
    return sum(_count(leaf.shape) for leaf in leaves(space))


def _count(shape: Shape) -> int:
    total = 1
    for n in shape:
        total *= n
    return total


def with_rows(space: Space, count: int) -> Ground:
    """Stacks of so many values of the space. Raises SpaceError for what is no ground space.

    >>> print(with_rows(Real((3,)), 5), with_rows(INT, ANY))
    R[5, 3] Int[*]
    """
    (ground,) = leaves(space)
    return type(ground)((count, *ground.shape), ground.dtype)


def is_open(space: Space) -> bool:
    """Whether it has stacks of ANY length: zeros of it are written like another of its values.

    >>> is_open(Real((ANY, 3))), is_open(Real((3,)))
    (True, False)
    """
    return isinstance(space, Real | Discrete) and ANY in space.shape


def lies_in(value: Value, space: Space) -> bool:
    """Whether a value has the shape that values of the space have; in no ground space, always.

    >>> lies_in(np.ones(3), Real((3,))), lies_in(np.ones(3), Real((ANY,))), lies_in(np.ones(3), R)
    (True, True, False)
    """
    if not isinstance(space, Real | Discrete):
        return True
    said = getattr(value, "space", None)
    shape = np.shape(value) if said is None else getattr(said, "shape", None)
    if shape == space.shape:
        return True
    pairs = zip(shape or (), space.shape, strict=False)
    alike = shape is not None and len(shape) == len(space.shape)
    return alike and all([n == m or ANY in (n, m) for n, m in pairs])


def row_of(space: Space) -> Ground:
    """What a stack is a stack of: the inverse of `with_rows`."""
    (ground,) = leaves(space)
    return type(ground)(ground.shape[1:], ground.dtype)


def space_of(value: Value) -> Ground:
    """The ground space of a value: what it says itself (`.space`), or what NumPy sees in it.

    Raises SpaceError for complex numbers, text and objects.

    >>> print(space_of(2.0), space_of(np.ones((2, 3), "f4")), space_of(True))
    R R32[2, 3] Bool
    """
    said = getattr(value, "space", None)
    if said is not None:
        return said  # type: ignore[no-any-return]
    dtype = value.dtype if isinstance(value, np.ndarray | np.generic) else np.asarray(value).dtype
    return ground(np.shape(value), dtype)


def native(value: Value) -> Value:
    """The value, an array in the byte order of the machine.

    >>> native(np.ones(2, ">f8")).dtype.isnative
    True
    """
    if not isinstance(value, np.ndarray) or value.dtype.isnative:
        return value
    return value.astype(value.dtype.newbyteorder("="))


def ground(shape: Shape, dtype: np.dtype[Any]) -> Ground:
    """The ground space of arrays of this shape and dtype; raises SpaceError if cats has none."""
    if dtype.kind == "f" and dtype.itemsize in (4, 8):
        return Real(shape, dtype.name)
    if dtype.kind in "bui":
        return Discrete(shape, dtype.name)
    if dtype.kind == "c":
        raise SpaceError(
            "complex numbers are not supported: cats differentiates real functions",
            remedy="Treat the real and the imaginary part as two real arguments.",
        )
    if dtype.kind == "O":
        return Real(shape)
    raise SpaceError(
        f"values of dtype {dtype} are in no space of cats",
        remedy="Use float64, float32, an integer dtype or bool.",
    )
