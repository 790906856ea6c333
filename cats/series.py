"""Power series on wires: each operation term by term, said by what it is and by its derivative.

An operation that is linear in what moves is a convolution, a quotient the inverse of one; any other
one is said by its derivative, y' = L(x) x', whose terms up to n - 1 give the n-th of y:
n y_n = (L(x) x')_(n-1). L is the linearisation that the operation has anyway, or that of the
composition it ends, where there is a smoothing: so compositions are seen as in every mode.
(Griewank and Walther 2008, chapter 13.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import product as choices
from typing import Any

import numpy as np

from cats.along import Along
from cats.derive import SMOOTHED
from cats.ir.commuting import smoothed
from cats.ir.errors import DerivativeError
from cats.ir.linear import Leaf, Linear, Params, in_each
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import div, mul, neg
from cats.ir.prims.choice import keep, keeping
from cats.ir.prims.contraction import contract
from cats.ir.program import Step
from cats.ir.rewrite import by_head
from cats.ir.rules import EXACT
from cats.ir.smoothing import Flow
from cats.ir.spaces import Ground, Product, Real, Space, Value, space_of, tangent
from cats.ir.wire import Builder, Wire
from cats.known import Array, Knowledge
from cats.slopes import multiplies, singular
from cats.still import Part, Reach, either, nothing
from cats.zeros import Masked, applied, contracted, negative, over, plain, product, summed


class Series:
    """A power series on wires: terms that are known, and how the next one is found.

    wire   what stands for it in the plain program
    """

    __slots__ = ("next", "space", "still", "terms", "wire")

    def __init__(self, wire: Wire, terms: list[Term], still: bool) -> None:
        self.wire = wire
        self.space = wire.space
        self.terms = terms
        self.still = still
        self.next: Any = None


REWRITES = by_head(EXACT)
"""What the partial evaluator does between one derivative and the next."""

NOTHING = None
"""A term that is zero."""

Term = Value | None
Slopes = Callable[[int, int], Term]
"""The n-th term of the k-th derivative."""


def moves(s: Series) -> bool:
    """Whether a series may have terms after the first."""
    return not s.still and isinstance(s.space, Real)


class Recorder(Along):
    """The recorder of operations on series: each is worked out once.

    plain   the program without terms, in which each series has its place: what an operation ends,
            and how it is derived, is read there
    """

    def __init__(self, builder: Builder, order: int) -> None:
        self.builder = builder
        self.order = order
        self.plain = Builder(rewrites=REWRITES)
        self.known: dict[int, Series] = {}
        self.slopes: dict[int, Series] = {}
        self.values = Knowledge(self.plain)
        self.reach = Reach(self.values, self.plain.lift)
        self.parts: dict[int, Part] = {}
        self.under: dict[int, Series] = {}

    # Series

    def series(self, terms: Sequence[Wire]) -> Series:
        """A series of known terms, the others zero."""
        return self.placed(terms[0].space, terms, still=len(terms) == 1)

    def placed(self, space: Ground, terms: Sequence[Term], still: bool = False) -> Series:
        """A series that no operation of the plain program makes."""
        return self.kept(self.plain.input(space), terms, still)

    def kept(self, wire: Wire, terms: Sequence[Term], still: bool = False) -> Series:
        """A series in its place."""
        made = self.known[wire.index] = Series(wire, list(terms), still)
        return made

    def at(self, s: Series, n: int) -> Term:
        """The n-th term; None if it is zero."""
        while len(s.terms) <= n and s.next is not None:
            s.terms.append(s.next(len(s.terms)))
        return s.terms[n] if n < len(s.terms) else NOTHING

    def term(self, s: Series, n: int) -> Wire:
        """The n-th term, written out."""
        return self.written(self.at(s, n), s.space)

    def written(self, term: Term, space: Ground) -> Wire:
        """A term as a wire, zeros written out."""
        return self.builder.zeros(space) if term is None else self.builder.lift(plain(term), space)

    def slope(self, s: Series) -> Series:
        """s': its n-th term is (n + 1) s_(n+1)."""
        if s.wire.index not in self.slopes:
            made = self.placed(s.space, [])
            made.next = lambda n: self.times(n + 1, self.at(s, n + 1))
            self.parts[made.wire.index] = self.parts.get(s.wire.index)
            self.slopes[s.wire.index] = made
        return self.slopes[s.wire.index]

    def times(self, number: float, term: Term) -> Term:
        """A term times a number."""
        return term if term is None or number == 1 else product(term, float(number))

    def total(self, terms: Sequence[Term]) -> Term:
        """The sum of terms."""
        present = [(1, t) for t in terms if t is not None]
        return summed(present) if present else NOTHING

    # Operations

    def emit(
        self, op: Primitive, args: Sequence[Series | Value], params: Params = ()
    ) -> Series | tuple[Series, ...]:
        """The operation on series, and on values that stand still."""
        given = tuple([a.wire if isinstance(a, Series) else a for a in args])
        made = self.plain.emit(op, given, params)
        return tuple(map(self.of, made)) if isinstance(made, tuple) else self.of(made)

    def of(self, wire: Wire) -> Series:
        """The series in a place of the plain program: worked out, if it is new."""
        if wire.index not in self.known:
            origin = self.plain.origins[wire.index]
            step, first = self.plain.steps[origin], self.plain.firsts[origin]
            args = tuple([self.plain.wires[a] for a in step.args])
            self.applied(step, args, self.plain.wires[first : first + len(step.spaces)])
        return self.known[wire.index]

    def applied(self, step: Step, wires: tuple[Wire, ...], results: Sequence[Wire]) -> None:
        """One operation: still, a convolution, or said by its derivative."""
        op: Primitive = step.op  # type: ignore[assignment]
        args = list(map(self.of, wires))
        moving = [i for i, a in enumerate(args) if moves(a)]
        still = not moving or not any(isinstance(w.space, Real) for w in results)
        firsts = self.firsts(op, args, step.params, moving)
        made = [self.kept(w, [first], still) for w, first in zip(results, firsts, strict=True)]
        if still:
            return
        flow = smoothed(SMOOTHED, op, wires, step.params)
        if flow is not None:
            self.by_slope(flow, made, None)
        elif linear_in(op, _spaces(args), step.params, tuple(moving)):
            flow = Flow(wires, in_each(op, wires, step.params, moving, step.spaces[0]))
            self.reaches(flow, made)
            made[0].next = self.convolution(op, self.spared(flow, step), step.params, moving)
        elif op is div:
            flow = Flow(wires, div.linearise(*wires, out=results[0]))  # type: ignore[misc]
            self.reaches(flow, made)
            above, below = self.spared(flow, step)
            made[0].next = self.quotient(above, below, made[0])
        else:
            linearise = self.known_slope(op, moving)
            out = results[0] if len(results) == 1 else tuple(results)
            slope = linearise(*wires, out=out, **dict(step.params))
            self.by_slope(Flow(wires, slope), made, step)

    # Entries that are still

    def reaches(self, flow: Flow, made: Sequence[Series]) -> None:
        """Notes which entries of results move, from what moves of the values of the flow."""
        parts = tuple(map(self.part, flow.at))
        found = self.reach.flow(flow.term, parts[0] if len(parts) == 1 else parts)
        rows = [found] if len(made) == 1 else found
        self.parts.update(zip([s.wire.index for s in made], rows, strict=True))

    def part(self, wire: Wire) -> Part:
        """Which entries of a series move."""
        return self.parts.get(wire.index) if moves(self.of(wire)) else nothing(tangent(wire.space))

    def spared(self, flow: Flow, step: Step | None) -> list[Series]:
        """The values of the flow, masked where they are still and may meet an infinite slope."""
        found = list(map(self.of, flow.at))
        if not multiplies(flow.term):
            return found
        for slot, wire in enumerate(flow.at):
            part = self.parts.get(wire.index) if moves(found[slot]) else None
            if part is None or isinstance(part, tuple):
                continue
            if singular(self.values, flow.term, flow.at, slot, part, step):
                found[slot] = self.masked(found[slot], part)
        return found

    def masked(self, s: Series, part: Array | Wire) -> Series:
        """The series, of which entries are known to be still."""
        if s.wire.index not in self.under:
            mask = (
                self.term(self.of(part), 0) if isinstance(part, Wire) else self.builder.lift(part)
            )
            leaf = keeping(mask, s.wire)
            made = self.under[s.wire.index] = self.placed(s.space, [self.at(s, 0)])
            made.next = lambda n: None if self.at(s, n) is None else applied(leaf, self.at(s, n))
        return self.under[s.wire.index]

    def firsts(
        self, op: Primitive, args: Sequence[Series], params: Params, moving: Sequence[int]
    ) -> Sequence[Term]:
        """The first terms of the results: zero where the operation is linear in one that is."""
        zeros = [i for i in moving if self.at(args[i], 0) is None]
        if any(linear_in(op, _spaces(args), params, (i,)) for i in zeros):
            return [NOTHING]
        given = [self.at(a, 0) for a in args]
        masked = [i for i, g in enumerate(given) if isinstance(g, Masked) or (op is keep and i)]
        if masked and linear_in(op, _spaces(args), params, tuple(masked)):
            written = [g if i in masked else self.term(args[i], 0) for i, g in enumerate(given)]
            return [self.times_each(op, written, params)]
        found = self.builder.emit(op, tuple([self.term(a, 0) for a in args]), params)
        return found if isinstance(found, tuple) else (found,)

    def convolution(
        self, op: Primitive, args: Sequence[Series], params: Params, moving: Sequence[int]
    ) -> Callable[[int], Term]:
        """op(a, b)_n is the sum of op(a_i, b_j) with i + j = n."""

        def find(n: int) -> Term:
            found: list[Term] = []
            for places in choices(range(n + 1), repeat=len(moving) - 1):
                rest = n - sum(places)
                if rest < 0:
                    continue
                at = dict(zip(moving, (*places, rest), strict=True))
                given = [self.at(a, at.get(i, 0)) for i, a in enumerate(args)]
                if all(g is not None for g in given):
                    found.append(self.times_each(op, given, params))
            return self.total(found)

        return find

    def times_each(self, op: Primitive, given: Sequence[Value], params: Params) -> Term:
        """An operation that is linear in each of these terms: known zeros meet no other."""
        masked = [i for i, g in enumerate(given) if isinstance(g, Masked)]
        if len(masked) > 1 and op is mul:
            return product(*given)
        if len(masked) > 1 and op is contract and len(given) == 2:
            return contracted(*given, **dict(params))
        if not masked and op is not keep:
            return self.builder.emit(op, tuple(given), params)
        slot = masked[0] if masked else 1
        fixed = [plain(g) for i, g in enumerate(given) if i != slot]
        ends = [space_of(g.value if isinstance(g, Masked) else g) for g in given]
        end = op.space(*ends, **dict(params))
        return applied(Leaf(op, slot, tuple(fixed), params, ends[slot], end), given[slot])

    def quotient(self, a: Series, b: Series, y: Series) -> Callable[[int], Term]:
        """y b = a: b_0 y_n = a_n - b_n y_0 - ... - b_1 y_(n-1)."""

        def find(n: int) -> Term:
            pairs = [(self.at(y, j), self.at(b, n - j)) for j in range(n)]
            known = [negative(product(y, r)) for y, r in pairs if y is not None and r is not None]
            rest = self.total([self.at(a, n), *known])
            return NOTHING if rest is None else over(rest, self.at(b, 0))

        return find

    def known_slope(self, op: Primitive, moving: Sequence[int]) -> Callable[..., Linear]:
        """The derivative of an operation. Raises DerivativeError if it has none in what moves."""
        for slot, why in op.refused:
            if slot in moving:
                raise DerivativeError(
                    f"{op.name} has no derivative in its argument {slot}: {why}",
                    where=self.builder.where,
                    remedy="Keep that argument fixed, or stop the gradient before it.",
                )
        if op.linearise is None:
            raise DerivativeError(
                f"{op.name} has no derivative: its record says none",
                where=self.builder.where,
                remedy="Give the primitive a `linearise`, or stop the gradient before it.",
            )
        return op.linearise

    def by_slope(self, flow: Flow, made: Sequence[Series], step: Step | None) -> None:
        """n y_n = (L(x) x')_(n-1); the step whose derivative L is, if it is that of one."""
        self.reaches(flow, made)
        at = self.spared(flow, step)

        @cache
        def rows() -> Sequence[Series | None]:
            """The derivatives, asked for when the operation is in its place already."""
            slopes = [self.slope(a) if moves(a) else NOTHING for a in at]
            found: Any = self.flow(flow.term, slopes[0] if len(slopes) == 1 else tuple(slopes))
            return [found] if len(made) == 1 else found

        def slopes(k: int, n: int) -> Term:
            slope = rows()[k]
            return NOTHING if slope is None else self.at(slope, n)

        for k, s in enumerate(made):
            s.next = self.nth(slopes, k)

    def nth(self, slopes: Slopes, k: int) -> Callable[[int], Term]:
        """How the n-th term follows from the k-th derivative."""

        def find(n: int) -> Term:
            term = slopes(k, n - 1)
            return term if term is None or n == 1 else over(term, float(n))

        return find

    # Linear terms on series

    def nothing(self, space: Space) -> Any:
        """Zero: no series."""
        if isinstance(space, Product):
            return tuple(map(self.nothing, space.parts))
        return NOTHING

    def through(self, leaf: Leaf, v: Any) -> Any:
        """The operation of the leaf, on series."""
        if v is None:
            return NOTHING
        fixed = list(leaf.fixed)
        fixed.insert(leaf.slot, v)
        return self.emit(leaf.op, fixed, leaf.params)  # type: ignore[arg-type]

    def scaled(self, space: Space, by: Value, v: Any) -> Any:
        """A factor of -1 is a sign; any other is a product."""
        if isinstance(space, Product):
            return tuple([self.scaled(s, by, x) for s, x in zip(space.parts, v, strict=True)])
        if v is None or (isinstance(by, int | float) and by == 1):
            return v
        if isinstance(by, int | float) and by == -1:
            return self.emit(neg, (v,))
        return self.emit(mul, (by, v))

    def plus(self, rows: Sequence[Any]) -> Any:
        """The sum of series, part by part."""
        present = [r for r in rows if r is not None]
        if not present:
            return NOTHING
        if isinstance(present[0], tuple):
            return tuple([self.plus([r[i] for r in present]) for i in range(len(present[0]))])
        if len(present) == 1:
            return present[0]
        made = self.placed(present[0].space, [])
        self.parts[made.wire.index] = either([self.part(r.wire) for r in present])
        made.next = lambda n: self.total([self.at(r, n) for r in present])
        return made


def _spaces(args: Sequence[Series]) -> tuple[Ground, ...]:
    return tuple([a.space for a in args])


@lru_cache(maxsize=4096)
def linear_in(
    op: Primitive, spaces: tuple[Ground, ...], params: Params, moving: tuple[int, ...]
) -> bool:
    """Whether an operation is linear in each of these, and not affine: 0 where one of them is."""
    if op.linear is None or not set(moving) <= set(op.linear.slots):
        return False
    beside = [isinstance(s, Real) and i not in moving for i, s in enumerate(spaces)]
    given = [np.full(s.shape, b, s.dtype) for s, b in zip(spaces, beside, strict=True)]
    try:
        with np.errstate(all="ignore"):
            found = op.evaluate(*given, **dict(params))
    except (np.linalg.LinAlgError, IndexError):
        return True
    return not isinstance(found, tuple) and not np.any(found)
