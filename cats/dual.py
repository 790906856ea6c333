"""Dual: a linear map is its transpose, in any representation. Forward after Dual is reverse mode.

A table of opposites: composition turns round, fork and join change places, so do projection and
injection; a leaf becomes its adjoint. (Elliott 2018, section 13.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from cats.functor import At, Over, represent
from cats.ir.linear import Leaf
from cats.ir.linear_program import LinearProgram
from cats.ir.spaces import Space, Value
from cats.ir.transpose import transposed

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Dual(Over[M]):
    """A -o B in Dual(k) is B -o A in k.

    >>> from cats.forward import Forward
    >>> from cats.functor import interpret
    >>> from cats.ir.linear import Fork, Id, Scale
    >>> from cats.ir.spaces import R
    >>> interpret(Fork((Id(R), Scale(R, 3.0))), Dual(Forward()))((1.0, 2.0))
    7.0
    """

    def identity(self, a: Space, /) -> M:
        """id' = id."""
        return self.k.identity(a)

    def zero(self, a: Space, b: Space, /) -> M:
        """0' = 0."""
        return self.k.zero(b, a)

    def then(self, f: M, g: M, /) -> M:
        """(f ; g)' = g' ; f'."""
        return self.k.then(g, f)

    def fork(self, fs: tuple[M, ...], /) -> M:
        """<f, g>' = [f' | g']."""
        return self.k.join(fs)

    def join(self, fs: tuple[M, ...], /) -> M:
        """[f | g]' = <f', g'>."""
        return self.k.fork(fs)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> M:
        """p_i' = i_i."""
        return self.k.inj(spaces, i)

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> M:
        """i_i' = p_i."""
        return self.k.proj(spaces, i)

    def scale(self, a: Space, by: Value, /) -> M:
        """A scaling is its own transpose."""
        return self.k.scale(a, by)

    def leaf(self, leaf: Leaf, /) -> M:
        """The adjoint leaf."""
        return self.k.leaf(leaf.op.adjoint(leaf))

    def straight_line(self, program: LinearProgram, at: At, /) -> M:
        """The same program, read backwards."""
        return represent(transposed(program), self.k, at)
