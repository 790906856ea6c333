"""Spaces: where values live, and `tangent`, where their derivatives live."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, assert_never

import numpy as np

from cats.ir.errors import SpaceError

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


@dataclass(frozen=True, slots=True)
class Product:
    """Pairs, triples, ...: `A * B`; the empty product is the unit `1`."""

    parts: tuple[Space, ...] = ()

    def __str__(self) -> str:
        return (
            " * ".join(_atom(p) for p in self.parts)
            if len(self.parts) > 1
            else (f"({self.parts[0]},)" if self.parts else "1")
        )


@dataclass(frozen=True, slots=True)
class Sum:
    """One of several, with a tag saying which: `A + B`."""

    parts: tuple[Space, ...]

    def __str__(self) -> str:
        return " + ".join(_atom(p) for p in self.parts)


@dataclass(frozen=True, slots=True)
class Function:
    """Functions from `dom` to `cod`: `A -> B`."""

    dom: Space
    cod: Space

    def __str__(self) -> str:
        return f"{_atom(self.dom)} -> {self.cod}"


Space = Real | Discrete | Product | Sum | Function
Ground = Real | Discrete

UNIT = Product(())
BOOL = Discrete((), "bool")
INT = Discrete((), "int64")
R = Real()


def _brackets(shape: Shape) -> str:
    return f"[{', '.join(['*' if n == ANY else str(n) for n in shape])}]" if shape else ""


def _atom(space: Space) -> str:
    """The space as written inside a larger one."""
    compound = isinstance(space, Sum | Function) or (
        isinstance(space, Product) and len(space.parts) > 1
    )
    return f"({space})" if compound else str(space)


def tangent(space: Space) -> Space:
    """Where the derivative of a value of `space` lives: T(R) = R, T(Int) = 1, T(A * B) = TA * TB.

    >>> print(tangent(Product((Real((3,)), INT))))
    R[3] * 1
    """
    match space:
        case Real():
            return space
        case Discrete():
            return UNIT
        case Product(parts):
            return Product(tuple(map(tangent, parts)))
        case Sum(parts):
            return Sum(tuple(map(tangent, parts)))
        case Function(dom, cod):
            return Function(dom, tangent(cod))
        case _:
            assert_never(space)


def leaves(space: Space) -> Iterator[Ground]:
    """The ground spaces of a product, left to right."""
    match space:
        case Real() | Discrete():
            yield space
        case Product(parts):
            for part in parts:
                yield from leaves(part)
        case Sum() | Function():
            raise SpaceError(f"{space} is not a product of ground spaces")
        case _:
            assert_never(space)


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
