"""Affine: maps x |-> A x + b, the linear part in any representation, the rest a point of it.

(q, v) . (p, u) = (q p, q u + v). A point b of B is a map R -o B, the image of 1, so that q u is a
composition like any other. (Elliott's concat, ConCat.Free.Affine.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from cats.functor import At, Over, added, represent
from cats.ir.linear import Leaf, meet
from cats.ir.linear_program import LinearProgram
from cats.ir.primitive import leaf_of
from cats.ir.prims.contraction import contract, spare
from cats.ir.spaces import Product, Real, Space, Value

M = TypeVar("M")


@dataclass(frozen=True, slots=True, eq=False)
class AffineMap(Generic[M]):
    """x |-> linear x + point, from `dom` to `cod`; the point as a map R -o cod."""

    dom: Space
    cod: Space
    linear: M
    point: M


@dataclass(frozen=True, slots=True)
class Affine(Over[M]):
    """Affine maps over the linear maps of k. Linear ones have the point 0; `translation` adds one.

    A category with products, not with biproducts: [f | g] ; i_0 keeps the point of g, so adding
    after an injection is not f.

    >>> from cats.ir.linear import Scale
    >>> from cats.ir.spaces import R
    >>> from cats.matrix import Matrix, to_array
    >>> k = Affine(Matrix())
    >>> f = k.then(k.translation(R, 5.0), k.scale(R, 2.0))      # 2 (x + 5)
    >>> to_array(f.linear), to_array(f.point)
    (array([[2.]]), array([[10.]]))
    """

    keeps = frozenset({"category", "products"})

    def linear(self, dom: Space, cod: Space, f: M) -> AffineMap[M]:
        """x |-> f x."""
        return AffineMap(dom, cod, f, self.k.zero(line(cod), cod))

    def translation(self, a: Real, by: Value) -> AffineMap[M]:
        """x |-> x + by, on one ground space."""
        axes = spare(len(a.shape))
        point = leaf_of(contract, 0, (by,), line(a), a, spec=f",{axes}->{axes}")
        return AffineMap(a, a, self.k.identity(a), self.k.leaf(point))

    def identity(self, a: Space, /) -> AffineMap[M]:
        """(id, 0)."""
        return self.linear(a, a, self.k.identity(a))

    def zero(self, a: Space, b: Space, /) -> AffineMap[M]:
        """(0, 0)."""
        return self.linear(a, b, self.k.zero(a, b))

    def then(self, f: AffineMap[M], g: AffineMap[M], /) -> AffineMap[M]:
        """(p, u) ; (q, v) = (p ; q, u ; q + v)."""
        meet(f.cod, g.dom)
        k = self.k
        moved = added(k, (k.then(f.point, g.linear), g.point), line(g.cod), g.cod)
        return AffineMap(f.dom, g.cod, k.then(f.linear, g.linear), moved)

    def fork(self, fs: tuple[AffineMap[M], ...], /) -> AffineMap[M]:
        """(<p, q, ...>, <u, v, ...>)."""
        cod = Product(tuple(f.cod for f in fs))
        linear = self.k.fork(tuple(f.linear for f in fs))
        return AffineMap(fs[0].dom, cod, linear, self.k.fork(tuple(f.point for f in fs)))

    def join(self, fs: tuple[AffineMap[M], ...], /) -> AffineMap[M]:
        """([p | q | ...], u + v + ...)."""
        dom, cod = Product(tuple(f.dom for f in fs)), fs[0].cod
        linear = self.k.join(tuple(f.linear for f in fs))
        point = added(self.k, tuple(f.point for f in fs), line(cod), cod)
        return AffineMap(dom, cod, linear, point)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> AffineMap[M]:
        """(p_i, 0)."""
        return self.linear(Product(spaces), spaces[i], self.k.proj(spaces, i))

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> AffineMap[M]:
        """(i_i, 0)."""
        return self.linear(spaces[i], Product(spaces), self.k.inj(spaces, i))

    def scale(self, a: Space, by: Value, /) -> AffineMap[M]:
        """(scale, 0)."""
        return self.linear(a, a, self.k.scale(a, by))

    def leaf(self, leaf: Leaf, /) -> AffineMap[M]:
        """(leaf, 0)."""
        return self.linear(leaf.dom, leaf.cod, self.k.leaf(leaf))

    def straight_line(self, program: LinearProgram, at: At, /) -> AffineMap[M]:
        """A linear program is linear: (the program in k, 0)."""
        dom, cod = Product(program.inputs), Product(program.ends)
        return self.linear(dom, cod, represent(program, self.k, at))


def line(space: Space) -> Real:
    """The numbers a point of the space is multiplied by: of its own width."""
    match space:
        case Real(_, dtype):
            return Real((), dtype)
        case Product(parts) if parts:
            return line(parts[0])
        case _:
            return Real()
