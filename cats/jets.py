"""Jets: a program on truncated power series, in O(k^2) operations for k terms.

Every value is a series in t, worked out term by term. An operation that is linear in what moves
is a convolution; any other one is said by its derivative, y' = L(x) x', whose terms up to n - 1
give the n-th of y: n y_n = (L(x) x')_(n-1). L is the linearisation that the operation has anyway.
(Griewank and Walther 2008, chapter 13; Bettencourt, Johnson, Duvenaud 2019, Taylor mode.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import product as choices
from typing import Any

import numpy as np

from cats.ir.arithmetic import Arithmetic
from cats.ir.control import Call, Case, Custom, Loop, Replay, Solve, While
from cats.ir.errors import DerivativeError
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Params, Proj, Scale, Then, Zero
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, div, mul, neg
from cats.ir.program import Program
from cats.ir.spaces import Ground, Product, Real, Space, Value
from cats.ir.wire import STAMPS, Builder, Wire
from cats.schedules import expanded


def jet(program: Program, active: Sequence[int], order: int) -> Program:
    """(x, terms 1 to k of each active x) |-> (y, terms 1 to k of each real y), on t^n / 1.

    Raises DerivativeError for an operation that has no derivative, or no series.

    >>> from cats.ir.read import read_program
    >>> print(jet(read_program("(x: R) -> y = mul x x  in (y)"), [0], 1))
    (x0: R, x1: R) ->
      x2 = mul x0 x0
      x3 = mul x0 x1
      x4 = mul x1 x0
      x5 = add x3 x4
    in (x2, x5)
    """
    moving = [program.inputs[i] for i in active for _ in range(order)]
    builder = Builder([*program.inputs, *moving])
    wires = list(builder.wires)
    more = iter(wires[len(program.inputs) :])
    table = _Jets(builder, order)
    given = [
        table.series([w, *[next(more) for _ in range(order)]] if i in active else [w])
        for i, w in enumerate(wires[: len(program.inputs)])
    ]
    made = table.run(program, given)
    shown = [table.term(s, 0) for s in made]
    for s in made:
        if isinstance(s.space, Real):
            shown += [table.term(s, n) for n in range(1, order + 1)]
    return builder.finish(shown)


class Series(Arithmetic):
    """A power series on wires: terms that are known, and how the next one is found."""

    __slots__ = ("next", "recorder", "space", "still", "terms")

    def __init__(self, recorder: _Jets, space: Ground, terms: list[Value], still: bool) -> None:
        self.recorder = recorder
        self.space = space
        self.terms = terms
        self.still = still
        self.next: Any = None


NOTHING = None
"""A term that is zero."""

Term = Value | None


class _Jets:
    """The recorder of operations on series: each is worked out once."""

    def __init__(self, builder: Builder, order: int) -> None:
        self.stamp = next(STAMPS)
        self.builder = builder
        self.order = order
        self.table: dict[Any, Any] = {}
        self.slopes: dict[int, Series] = {}

    # Series

    def series(self, terms: Sequence[Value]) -> Series:
        """A series of known terms, the others zero."""
        return Series(self, terms[0].space, list(terms), still=len(terms) == 1)

    def grown(self, space: Ground, first: Value, find: Any) -> Series:
        """A series whose terms after the first are found when they are asked for."""
        made = Series(self, space, [first], still=False)
        made.next = find
        return made

    def at(self, s: Series, n: int) -> Term:
        """The n-th term; None if it is zero."""
        while len(s.terms) <= n and s.next is not None:
            s.terms.append(s.next(len(s.terms)))
        return s.terms[n] if n < len(s.terms) else NOTHING

    def term(self, s: Series, n: int) -> Wire:
        """The n-th term, written out."""
        found = self.at(s, n)
        return self.builder.zeros(s.space) if found is None else self.builder.lift(found, s.space)

    def slope(self, s: Series) -> Series:
        """s': its n-th term is (n + 1) s_(n+1)."""
        if id(s) not in self.slopes:
            made = Series(self, s.space, [], still=False)
            made.next = lambda n: self.times(n + 1, self.at(s, n + 1))
            self.slopes[id(s)] = made
        return self.slopes[id(s)]

    def times(self, number: float, term: Term) -> Term:
        """A term times a number."""
        return term if term is None or number == 1 else mul(term, float(number))

    def total(self, terms: Sequence[Term]) -> Term:
        """The sum of terms."""
        present = [t for t in terms if t is not None]
        found = present[0] if present else NOTHING
        for t in present[1:]:
            found = add(found, t)
        return found

    # Operations

    def emit(self, op: Primitive, args: tuple[Value, ...], params: Params = ()) -> Value:
        """The operation on series, and on values that stand still."""
        own = [a.space for a in args if isinstance(a, Series)]
        like = next((space for space in own if isinstance(space, Real)), None)
        beside = like or next(iter(own), None)
        given = [self.lifted(a, beside if isinstance(a, int | float) else like) for a in args]
        key = (op, tuple(map(id, given)), params)
        if key not in self.table:
            self.table[key] = (given, self.applied(op, given, params))
        return self.table[key][1]

    def lifted(self, value: Value, like: Ground | None) -> Series:
        """A value as a series."""
        if isinstance(value, Series):
            return value
        wire = self.builder.lift(value, like)
        if wire.index not in self.table:
            self.table[wire.index] = self.series([wire])
        return self.table[wire.index]  # type: ignore[no-any-return]

    def applied(self, op: Primitive, args: Sequence[Series], params: Params) -> Value:
        """One operation: still, a convolution, or said by its derivative."""
        at = tuple([self.term(a, 0) for a in args])
        first = self.builder.emit(op, at, params)
        moving = [i for i, a in enumerate(args) if not a.still and isinstance(a.space, Real)]
        several = isinstance(first, tuple)
        results = list(first) if several else [first]
        if not moving or not any(isinstance(w.space, Real) for w in results):
            made = [self.series([w]) for w in results]
        elif not several and _linear(op, tuple([a.space for a in args]), params, tuple(moving)):
            made = [self.convolved(op, args, params, moving, results[0])]
        else:
            made = self.by_slope(op, args, params, moving, results)
        return tuple(made) if several else made[0]

    def convolved(
        self,
        op: Primitive,
        args: Sequence[Series],
        params: Params,
        moving: Sequence[int],
        first: Wire,
    ) -> Series:
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
                    found.append(self.builder.emit(op, tuple(given), params))
            return self.total(found)

        return self.grown(first.space, first, find)

    def by_slope(
        self,
        op: Primitive,
        args: Sequence[Series],
        params: Params,
        moving: Sequence[int],
        results: Sequence[Wire],
    ) -> list[Series]:
        """n y_n = (L(x) x')_(n-1)."""
        for slot, why in op.refused:
            if slot in moving:
                raise DerivativeError(
                    f"{op.name} has no derivative in its argument {slot}: {why}",
                    where=self.builder.where,
                    remedy="Keep that argument fixed, or stop the gradient before it.",
                )
        made = [Series(self, w.space, [w], still=False) for w in results]
        if op.linearise is None:
            raise DerivativeError(
                f"{op.name} has no derivative: its record says none",
                where=self.builder.where,
                remedy="Give the primitive a `linearise`, or stop the gradient before it.",
            )
        linearise, out = op.linearise, made[0] if len(made) == 1 else tuple(made)

        @cache
        def rows() -> Sequence[Series | None]:
            """The derivatives, asked for when the operation is in the table already."""
            map = linearise(*args, out=out, **dict(params))
            slopes = [self.slope(a) if i in moving else NOTHING for i, a in enumerate(args)]
            flow: Any = self.flow(map, slopes[0] if len(slopes) == 1 else tuple(slopes))
            return [flow] if len(made) == 1 else flow

        for k, s in enumerate(made):
            s.next = self.nth(rows, k)
        return made

    def nth(self, rows: Callable[[], Sequence[Series | None]], k: int) -> Any:
        """How the n-th term follows from the k-th derivative."""

        def find(n: int) -> Term:
            slope = rows()[k]
            term = NOTHING if slope is None else self.at(slope, n - 1)
            return term if term is None or n == 1 else div(term, float(n))

        return find

    # Linear terms on series

    def flow(self, map: Linear, v: Any) -> Any:
        """The linear term applied to a series, or a tuple of them; None is zero."""
        match map:
            case Id():
                return v
            case Zero(cod=cod):
                return _zero(cod)
            case Then(first, second):
                return self.flow(second, self.flow(first, v))
            case Fork(parts):
                return tuple([self.flow(p, v) for p in parts])
            case Join(parts):
                return self.plus([self.flow(p, x) for p, x in zip(parts, v, strict=True)])
            case Proj(index=index):
                return v[index]
            case Inj(spaces, index):
                return tuple([v if j == index else _zero(s) for j, s in enumerate(spaces)])
            case Scale(by=by):
                return self.scaled(by, v)
            case Leaf() as leaf:
                if v is None:
                    return NOTHING
                fixed = list(leaf.fixed)
                fixed.insert(leaf.slot, v)
                return self.emit(leaf.op, tuple(fixed), leaf.params)  # type: ignore[arg-type]
            case _:
                raise DerivativeError(f"{type(map).__name__} is not a linear map cats knows")

    def scaled(self, by: Value, v: Any) -> Any:
        """A factor of -1 is a sign; any other is a product."""
        if isinstance(v, tuple):
            return tuple([self.scaled(by, x) for x in v])
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
        made = Series(self, present[0].space, [], still=False)
        made.next = lambda n: self.total([self.at(r, n) for r in present])
        return made

    # Programs

    def run(self, program: Program, given: Sequence[Series], ahead: bool = True) -> list[Series]:
        """The outputs of a program on series.

        ahead   whether all terms are found at once, so that a long program is no deep recursion
        """
        at = list(given)
        for step in program.steps:
            self.builder.where = step.where
            args = [at[a] for a in step.args]
            match step.op:
                case Primitive() as op:
                    made = self.emit(op, tuple(args), step.params)
                    results = made if isinstance(made, tuple) else (made,)
                    for s in results if ahead else ():
                        self.at(s, self.order)
                    at.extend(results)
                case Call(body):
                    at.extend(self.run(body, args, ahead))
                case Custom() as word:
                    at.extend(self.custom(word, args))
                case Replay() as word:
                    at.extend(self.run(expanded(word), args))
                case Case() as word:
                    at.extend(self.case(word, args))
                case Loop() | While() as word:
                    at.extend(self.loop(word, args))
                case Solve():
                    raise DerivativeError(
                        "the solution of a linear system has no series here",
                        where=step.where,
                        remedy="Nest jvp or grad, or differentiate through the steps (Unroll).",
                    )
        return [at[o] for o in program.outputs]

    def custom(self, word: Custom[Program], args: Sequence[Series]) -> list[Series]:
        """What is said of the derivative: n y_n = map(residuals, x')_(n-1)."""
        rule, count = word.rule, len(word.body.ends)
        if rule.adjoint:
            raise DerivativeError(
                f"the derivative of {rule.name} is said in reverse mode only, and has no series",
                where=self.builder.where,
                remedy="Say it with custom_jvp.",
            )
        key = (rule, tuple(map(id, args)))
        if key not in self.table:
            first = self.builder.emit(word, tuple([self.term(a, 0) for a in args]))
            made = [Series(self, w.space, [w], still=not isinstance(w.space, Real)) for w in first]
            self.table[key] = (args, made)
            own = [a for a in args[word.around :] if isinstance(a.space, Real)]

            @cache
            def rows() -> Sequence[Series | None]:
                """The derivatives: the rule may speak of the function itself, on these series."""
                saved = self.run(rule.forward, args, ahead=False)[count:]
                slopes = [self.slope(a) for a in own]
                return self.run(rule.map, [*saved, *slopes], ahead=False)

            for k, s in enumerate([s for s in made if not s.still]):
                s.next = self.nth(rows, k)
        found: list[Series] = self.table[key][1]
        return found

    # Choices and loops: all terms of what moves cross their edges

    def spread(self, args: Sequence[Series]) -> list[Wire]:
        """The terms of series in a row, those of one after those of the other."""
        return [self.term(a, n) for a in args for n in range(self.terms_of(a))]

    def terms_of(self, s: Series) -> int:
        """How many terms cross an edge."""
        return self.order + 1 if not s.still and isinstance(s.space, Real) else 1

    def gathered(self, wires: Sequence[Wire], ends: Sequence[Ground]) -> list[Series]:
        """Series from results: all terms of real ones, the value of others."""
        rest = iter(wires)
        counts = [self.order + 1 if isinstance(s, Real) else 1 for s in ends]
        return [self.series([next(rest) for _ in range(n)]) for n in counts]

    def inside(self, program: Program, moves: Sequence[bool], keep: Sequence[int] = ()) -> Program:
        """A program on the terms of its inputs: all terms of its outputs, or only their values."""
        spaces = [
            s for s, m in zip(program.inputs, moves, strict=True) for _ in range(self.order * m + 1)
        ]
        inner = Builder(spaces)
        rest = iter(list(inner.wires))
        table = _Jets(inner, self.order)
        given = [table.series([next(rest) for _ in range(self.order * m + 1)]) for m in moves]
        made = table.run(program, given)
        shown: list[Wire] = []
        for s in made:
            last = self.order if isinstance(s.space, Real) and not keep else 0
            shown += [table.term(s, n) for n in range(last + 1)]
        return inner.finish(shown)

    def case(self, word: Case[Program], args: Sequence[Series]) -> list[Series]:
        """Each branch on series."""
        tag, *captured = args
        moves = [self.terms_of(a) > 1 for a in captured]
        branches = tuple([self.inside(b, moves) for b in word.branches])
        made = self.builder.case(branches, self.term(tag, 0), self.spread(captured))
        return self.gathered(made, word.branches[0].ends)

    def loop(self, word: Loop[Program] | While[Program], args: Sequence[Series]) -> list[Series]:
        """The body on series; all real carries move."""
        ahead = int(isinstance(word, Loop) and word.length is None)
        count, given = args[:ahead], list(args[ahead:])
        first, start = word.captured, word.captured + word.carries
        moves = [self.terms_of(a) > 1 for a in given]
        moves[first:start] = [isinstance(a.space, Real) for a in given[first:start]]
        wires = [
            self.term(a, n)
            for a, m in zip(given, moves, strict=True)
            for n in range(self.order * m + 1)
        ]
        body = self.inside(word.body, moves)
        wide = [self.order * m + 1 for m in moves]
        captured, carries = sum(wide[:first]), sum(wide[first:start])
        if isinstance(word, Loop):
            made = replace(word, body=body, captured=captured, carries=carries)
            head = [self.term(c, 0) for c in count]
            results = self.builder.emit(made, (*head, *wires))
            ends = word.space(*[a.space for a in args])
            return self.gathered(results, ends)
        test = self.inside(word.test, moves, keep=[0])
        number, *results = self.builder.emit(While(test, body, captured), tuple(wires))
        ends = word.space(*[a.space for a in args])[1:]
        return [self.series([number]), *self.gathered(results, ends)]


@lru_cache(maxsize=4096)
def _linear(
    op: Primitive, spaces: tuple[Ground, ...], params: Params, moving: tuple[int, ...]
) -> bool:
    """Whether an operation is linear in each of these, and not affine: 0 where one of them is."""
    if op.linear is None or not set(moving) <= set(op.linear.slots):
        return False
    given = [np.full(s.shape, i not in moving, s.dtype) for i, s in enumerate(spaces)]
    try:
        with np.errstate(all="ignore"):
            return not np.any(op.evaluate(*given, **dict(params)))
    except np.linalg.LinAlgError:
        return True


def _zero(space: Space) -> Any:
    return tuple(map(_zero, space.parts)) if isinstance(space, Product) else NOTHING
