"""Begin: a linear map is what it does to the maps that begin before it, k(r, A) -> k(r, B).

Every composition associates forward: with r = R and vectors for k(R, A) this is forward mode.
(Elliott 2018, section 12, Begin.) k must be a category of data, matrices for one: a function that
is split at a product would be run once for each part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, assert_never

from cats.functor import (
    At,
    Over,
    Transformer,
    added,
    alone,
    represent,
    resolve,
)
from cats.ir.linear import Leaf, meet
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve
from cats.ir.linear_program import ZERO, LinearProgram, SumStep, Term, args_of
from cats.ir.spaces import Product, R, Space, Value

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Begin(Over[M]):
    """A -o B in Begin(k, r) is the function h |-> h ; f from k(r, A) to k(r, B).

    >>> from cats.functor import interpret
    >>> from cats.ir.linear import Fork, Id, Scale
    >>> from cats.matrix import Matrix, to_array
    >>> f = interpret(Fork((Id(R), Scale(R, 3.0))), Begin(Matrix()))
    >>> to_array(f(Matrix().scale(R, 2.0)))
    array([[2.],
           [6.]])
    """

    r: Space = R

    def identity(self, a: Space, /) -> Transformer[M]:
        """h |-> h."""
        return Transformer(a, a, lambda h: h)

    def zero(self, a: Space, b: Space, /) -> Transformer[M]:
        """h |-> 0."""
        return Transformer(a, b, lambda h: self.k.zero(self.r, b))

    def then(self, f: Transformer[M], g: Transformer[M], /) -> Transformer[M]:
        """h |-> g(f(h))."""
        meet(f.cod, g.dom)
        return Transformer(f.dom, g.cod, (f, g))

    def fork(self, fs: tuple[Transformer[M], ...], /) -> Transformer[M]:
        """h |-> <f(h), g(h), ...>."""
        cod = Product(tuple(f.cod for f in fs))
        return Transformer(fs[0].dom, cod, lambda h: self.k.fork(tuple(f(h) for f in fs)))

    def join(self, fs: tuple[Transformer[M], ...], /) -> Transformer[M]:
        """h |-> f(h ; p_0) + g(h ; p_1) + ..."""
        spaces, cod, k = tuple(f.dom for f in fs), fs[0].cod, self.k

        def run(h: M) -> M:
            pieces = [f(k.then(h, k.proj(spaces, i))) for i, f in enumerate(fs)]
            return added(k, pieces, self.r, cod)

        return Transformer(Product(spaces), cod, run)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Transformer[M]:
        """h |-> h ; p_i."""
        return self._after(Product(spaces), spaces[i], self.k.proj(spaces, i))

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Transformer[M]:
        """h |-> h ; i_i."""
        return self._after(spaces[i], Product(spaces), self.k.inj(spaces, i))

    def scale(self, a: Space, by: Value, /) -> Transformer[M]:
        """h |-> by * h."""
        return self._after(a, a, self.k.scale(a, by))

    def leaf(self, leaf: Leaf, /) -> Transformer[M]:
        """h |-> h ; leaf."""
        return self._after(leaf.dom, leaf.cod, self.k.leaf(leaf))

    def _after(self, dom: Space, cod: Space, f: M) -> Transformer[M]:
        return Transformer(dom, cod, lambda h: self.k.then(h, f))

    def straight_line(self, program: LinearProgram, at: At, /) -> Transformer[M]:
        """The positions in order, each once, as maps from r.

        A case is represented whole in k, which must know what to do if its branch is not known.
        """
        dom, cod = Product(program.inputs), Product(program.ends)
        return Transformer(dom, cod, lambda h: self._run(program, at, h))

    def _run(self, program: LinearProgram, at: At, h: M) -> M:
        k, spaces = self.k, program.inputs
        maps = [k.then(h, k.proj(spaces, i)) for i in range(len(spaces))]
        for step in program.steps:
            match step:
                case SumStep(terms, space):
                    pieces = [self._term(t, maps[t.arg], space, at) for t in terms]
                    maps.append(added(k, pieces, self.r, space))
                case LinCase() | LinLoop() | LinCall() | LinSolve():
                    before = k.fork(tuple(maps[a] for a in args_of(step)))
                    after = k.then(before, represent(alone(step, program.spaces), k, at))
                    ends = step.spaces
                    maps.extend(k.then(after, k.proj(ends, i)) for i in range(len(ends)))
                case _:
                    assert_never(step)
        chosen = zip(program.outputs, program.ends, strict=True)
        return k.fork(tuple(k.zero(self.r, e) if o == ZERO else maps[o] for o, e in chosen))

    def _term(self, term: Term, before: M, space: Space, at: At) -> M:
        if term.leaf is not None:
            before = self.k.then(before, self.k.leaf(resolve(term.leaf, at)))
        return before if term.sign > 0 else self.k.then(before, self.k.scale(space, -1))
