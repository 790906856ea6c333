"""Continuation: a linear map is what it does to the maps that come after it, k(B, r) -> k(A, r).

Every composition associates backward: this is reverse mode for any codomain r, and it asks no leaf
for its adjoint. (Elliott 2018, section 9, Cont.) k must be a category of data, matrices for one: a
function that is split at a product would be run once for each part, twice as often at every level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from cats.ir.linear_program import ZERO, LinearProgram, LinearStep, SumStep, Term, args_of
from cats.ir.spaces import Product, R, Space, Value

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Continuation(Over[M]):
    """A -o B in Continuation(k, r) is the function h |-> f ; h from k(B, r) to k(A, r).

    >>> from cats.functor import interpret
    >>> from cats.ir.linear import Fork, Id, Scale
    >>> from cats.matrix import Matrix, to_array
    >>> f = interpret(Fork((Id(R), Scale(R, 3.0))), Continuation(Matrix()))
    >>> to_array(f(Matrix().join((Matrix().identity(R),) * 2)))
    array([[4.]])
    """

    r: Space = R

    def identity(self, a: Space, /) -> Transformer[M]:
        """h |-> h."""
        return Transformer(a, a, lambda h: h)

    def zero(self, a: Space, b: Space, /) -> Transformer[M]:
        """h |-> 0."""
        return Transformer(a, b, lambda h: self.k.zero(a, self.r))

    def then(self, f: Transformer[M], g: Transformer[M], /) -> Transformer[M]:
        """h |-> f(g(h))."""
        meet(f.cod, g.dom)
        return Transformer(f.dom, g.cod, (g, f))

    def fork(self, fs: tuple[Transformer[M], ...], /) -> Transformer[M]:
        """h |-> f(i_0 ; h) + g(i_1 ; h) + ..."""
        spaces, dom, k = tuple(f.cod for f in fs), fs[0].dom, self.k

        def run(h: M) -> M:
            pieces = [f(k.then(k.inj(spaces, i), h)) for i, f in enumerate(fs)]
            return added(k, pieces, dom, self.r)

        return Transformer(dom, Product(spaces), run)

    def join(self, fs: tuple[Transformer[M], ...], /) -> Transformer[M]:
        """h |-> [f(h) | g(h) | ...]."""
        dom = Product(tuple(f.dom for f in fs))
        return Transformer(dom, fs[0].cod, lambda h: self.k.join(tuple(f(h) for f in fs)))

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Transformer[M]:
        """h |-> p_i ; h."""
        return self._before(Product(spaces), spaces[i], self.k.proj(spaces, i))

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Transformer[M]:
        """h |-> i_i ; h."""
        return self._before(spaces[i], Product(spaces), self.k.inj(spaces, i))

    def scale(self, a: Space, by: Value, /) -> Transformer[M]:
        """h |-> by * h."""
        return self._before(a, a, self.k.scale(a, by))

    def leaf(self, leaf: Leaf, /) -> Transformer[M]:
        """h |-> leaf ; h."""
        return self._before(leaf.dom, leaf.cod, self.k.leaf(leaf))

    def _before(self, dom: Space, cod: Space, f: M) -> Transformer[M]:
        return Transformer(dom, cod, lambda h: self.k.then(f, h))

    def straight_line(self, program: LinearProgram, at: At, /) -> Transformer[M]:
        """The steps from last to first, each once, as maps into r.

        A case is represented whole in k, which must know what to do if its branch is not known.
        """
        dom, cod = Product(program.inputs), Product(program.ends)
        return Transformer(dom, cod, lambda h: self._run(program, at, h))

    def _run(self, program: LinearProgram, at: At, h: M) -> M:
        k, ends = self.k, program.ends
        uses: list[list[M]] = [[] for _ in program.spaces]
        for i, output in enumerate(program.outputs):
            if output != ZERO:
                uses[output].append(k.then(k.inj(ends, i), h))
        for position, step in reversed(list(program.numbered())):
            span = range(position, position + len(step.spaces))
            if any(uses[p] for p in span):
                after = [added(k, uses[p], program.spaces[p], self.r) for p in span]
                for arg, before in self._back(step, after, program.spaces, at):
                    uses[arg].append(before)
        found = zip(uses, program.inputs, strict=False)
        return k.join(tuple(added(k, u, space, self.r) for u, space in found))

    def _back(
        self, step: LinearStep, after: Sequence[M], spaces: Sequence[Space], at: At
    ) -> Iterator[tuple[int, M]]:
        """What the step sends back to each position it reads."""
        k = self.k
        match step:
            case SumStep(terms):
                for term in terms:
                    yield term.arg, self._term(term, after[0], spaces[term.arg], at)
            case LinCase() | LinLoop() | LinCall() | LinSolve():
                args = args_of(step)
                before = k.then(represent(alone(step, spaces), k, at), k.join(tuple(after)))
                inputs = tuple(spaces[a] for a in args)
                for i, arg in enumerate(args):
                    yield arg, k.then(k.inj(inputs, i), before)
            case _:
                assert_never(step)

    def _term(self, term: Term, after: M, space: Space, at: At) -> M:
        if term.leaf is not None:
            after = self.k.then(self.k.leaf(resolve(term.leaf, at)), after)
        return after if term.sign > 0 else self.k.then(self.k.scale(space, -1), after)
