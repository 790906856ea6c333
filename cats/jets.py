"""Jets: a program on truncated power series, in O(k^2) operations for k terms.

Every value is a series in t, worked out term by term; words take series as they take values. What
a derivative that is said does in loops and choices is worked out again for each term.
(Griewank and Walther 2008, chapter 13; Bettencourt, Johnson, Duvenaud 2019, Taylor mode.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, assert_never

from cats.ir.control import Call, Case, Custom, Loop, Replay, Rule, Solve, While
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step, nested
from cats.ir.spaces import Real
from cats.ir.wire import Builder, Wire
from cats.pipeline import adjoint
from cats.schedules import expanded
from cats.series import Recorder, Series, Slopes, Term, moves
from cats.zeros import negative


def jet(program: Program, active: Sequence[int], order: int, given: int | None = None) -> Program:
    """(x, terms 1 to k of each active x) |-> (y, terms 1 to k of each real y), on t^n / 1.

    given   so many terms of x only, the others being zero
    Raises DerivativeError for an operation that has no derivative.

    >>> from cats.ir.read import read_program
    >>> print(jet(read_program("(x: R) -> y = mul x x  in (y)"), [0], 1))
    (x0: R, x1: R) ->
      x2 = mul x0 x0
      x3 = mul x0 x1
      x4 = mul x1 x0
      x5 = add x3 x4
    in (x2, x5)
    """
    known = order if given is None else min(order, given)
    moving = [program.inputs[i] for i in active for _ in range(known)]
    builder = Builder([*program.inputs, *moving])
    wires = list(builder.wires)
    more = iter(wires[len(program.inputs) :])
    table = _Jets(builder, order)
    args = [
        table.series([w, *[next(more) for _ in range(known)]] if i in active else [w])
        for i, w in enumerate(wires[: len(program.inputs)])
    ]
    made = table.run(program, args)
    shown = [table.term(s, 0) for s in made]
    for s in made:
        if isinstance(s.space, Real):
            shown += [table.term(s, n) for n in range(1, order + 1)]
    return builder.finish(shown)


class _Jets(Recorder):
    """The recorder of programs on series.

    table   what was made of custom derivatives
    """

    def __init__(self, builder: Builder, order: int) -> None:
        super().__init__(builder, order)
        self.table: dict[tuple[Any, ...], list[Series]] = {}

    def run(self, program: Program, given: Sequence[Series], ahead: bool = True) -> list[Series]:
        """The outputs of a program on series.

        ahead   whether all terms are found at once, so that a long program is no deep recursion
        """
        at = list(given)
        for step in program.steps:
            self.builder.where = step.where
            made = self.step(step, [at[a] for a in step.args], ahead)
            for s in made if ahead else ():
                self.at(s, self.order)
            at.extend(made)
        return [at[o] for o in program.outputs]

    def step(self, step: Step, args: list[Series], ahead: bool) -> Sequence[Series]:
        """The results of one step."""
        match step.op:
            case Primitive() as op:
                made = self.emit(op, tuple(args), step.params)
                return made if isinstance(made, tuple) else (made,)
            case Call(body):
                return self.run(body, args, ahead)
            case Custom() as word:
                return self.custom(word, args)
            case Replay() as word:
                return self.run(expanded(word), args)
            case Case() as word:
                return self.case(word, args)
            case Loop() | While() as word:
                return self.loop(word, args)
            case Solve() as word:
                return self.solve(word, args)
            case _:
                assert_never(step.op)

    # Linear systems

    def solve(self, word: Solve[Program], args: Sequence[Series]) -> list[Series]:
        """A y = b, term by term: A_0 y_n = b_n - A_1 y_(n-1) - ... - A_n y_0."""
        around, sides = args[: word.around], args[word.around :]
        at = [self.term(a, 0) for a in around]
        first = self.builder.emit(word, (*at, *[self.term(b, 0) for b in sides]))
        still = not any(map(moves, args))
        made = [self.placed(w.space, [w], still) for w in first]

        @cache
        def image(j: int) -> list[Series]:
            """A y_j."""
            fixed = [self.series([self.term(y, j)]) for y in made]
            return self.run(word.body, [*around, *fixed], ahead=False)

        def side(k: int, n: int) -> Term:
            found = [self.at(image(j)[k], n - j) for j in range(n)]
            return self.total(
                [self.at(sides[k], n), *[r if r is None else negative(r) for r in found]]
            )

        @cache
        def terms(n: int) -> Sequence[Term]:
            right = [side(k, n) for k in range(len(sides))]
            if all(r is None for r in right):
                return right
            lifted = [self.written(r, b.space) for r, b in zip(right, sides, strict=True)]
            found: Sequence[Term] = self.builder.emit(word, (*at, *lifted))
            return found

        for k, y in enumerate(made):
            y.next = None if still else lambda n, k=k: terms(n)[k]
        return made

    # Derivatives that are said

    def custom(self, word: Custom[Program], args: Sequence[Series]) -> list[Series]:
        """What is said of the derivative: n y_n = map(residuals, x')_(n-1)."""
        if any(map(moves, args[: word.around])):
            raise word.untold(self.builder.where)
        key = self.key(word, args)
        if key not in self.table:
            first = self.builder.emit(word, tuple([self.term(a, 0) for a in args]))
            still = not any(map(moves, args))
            made = [
                self.placed(w.space, [w], still or not isinstance(w.space, Real)) for w in first
            ]
            self.table[key] = made
            slopes = (self.cut if _bends(word.rule) else self.said)(word, args, made)
            for k, s in enumerate(filter(moves, made)):
                s.next = self.nth(slopes, k)
        return self.table[key]

    def key(self, word: Custom[Program], args: Sequence[Series]) -> tuple[Any, ...]:
        """What is worked out once: the rule, at these places."""
        return word.rule, tuple([a.wire.index for a in args])

    def said(self, word: Custom[Program], args: Sequence[Series], made: Sequence[Series]) -> Slopes:
        """The derivatives: the rule may speak of the function itself, on these series."""
        own = [a for a in args[word.around :] if isinstance(a.space, Real)]
        pushed = _forwards(word.rule, len(made))

        @cache
        def rows() -> list[Series]:
            saved = self.run(word.rule.forward, args, ahead=False)[len(made) :]
            return self.run(pushed, [*saved, *[self.slope(a) for a in own]], ahead=False)

        return lambda k, n: self.at(rows()[k], n)

    def cut(self, word: Custom[Program], args: Sequence[Series], made: Sequence[Series]) -> Slopes:
        """Loops and choices take all terms at once: the derivatives from those known so far."""
        own = [a for a in args[word.around :] if isinstance(a.space, Real)]
        pushed = _forwards(word.rule, len(made))

        @cache
        def rows(n: int) -> list[Series]:
            table = _Jets(self.builder, n)
            given, known = ([table.cut_from(self, s) for s in row] for row in (args, made))
            table.table[self.key(word, given)] = known
            saved = table.run(word.rule.forward, given)[len(made) :]
            slopes = [table.cut_from(self, self.slope(a)) for a in own]
            return table.run(pushed, [*saved, *slopes])

        return lambda k, n: self.at(rows(n)[k], n)

    def cut_from(self, table: Recorder, s: Series) -> Series:
        """As many terms of another table's series as this one has."""
        terms = [table.at(s, n) for n in range(1 if s.still else self.order + 1)]
        return self.placed(s.space, terms, still=s.still or all(t is None for t in terms))

    # Choices and loops: all terms of what moves cross their edges

    def spread(self, args: Sequence[Series], moving: Sequence[bool]) -> list[Wire]:
        """The terms of series in a row, those of one after those of the other."""
        pairs = zip(args, moving, strict=True)
        return [self.term(a, n) for a, m in pairs for n in range(self.order * m + 1)]

    def gathered(self, wires: Sequence[Wire], moving: Sequence[bool]) -> list[Series]:
        """Series from results in such a row."""
        rest, found = iter(wires), []
        for m in moving:
            terms = [next(rest) for _ in range(self.order * m + 1)]
            found.append(self.placed(terms[0].space, terms, still=not m))
        return found

    def inside(self, program: Program, moving: Sequence[bool]) -> tuple[_Jets, list[Series]]:
        """A program on the terms of its inputs, in a table of its own."""
        pairs = zip(program.inputs, moving, strict=True)
        inner = Builder([s for s, m in pairs for _ in range(self.order * m + 1)])
        table = _Jets(inner, self.order)
        return table, table.run(program, table.gathered(list(inner.wires), moving))

    def closed(self, made: Sequence[Series], moving: Sequence[bool]) -> Program:
        """The program in this table whose outputs are these series."""
        return self.builder.finish(self.spread(made, moving))

    def case(self, word: Case[Program], args: Sequence[Series]) -> list[Series]:
        """Each branch on series."""
        tag, *captured = args
        moving = list(map(moves, captured))
        inside = [self.inside(b, moving) for b in word.branches]
        ends = [
            any(map(moves, column)) for column in zip(*[made for _, made in inside], strict=True)
        ]
        branches = tuple([table.closed(made, ends) for table, made in inside])
        wires = self.builder.case(branches, self.term(tag, 0), self.spread(captured, moving))
        return self.gathered(wires, ends)

    def loop(self, word: Loop[Program] | While[Program], args: Sequence[Series]) -> list[Series]:
        """The body on series: a carry moves if it begins to, or if some round makes it."""
        ahead = int(isinstance(word, Loop) and word.length is None)
        given = args[ahead:]
        first, start = word.captured, word.captured + word.carries
        moving = list(map(moves, given))
        while True:
            table, made = self.inside(word.body, moving)
            ends = list(map(moves, made))
            after = [a or b for a, b in zip(moving[first:start], ends, strict=False)]
            if after == moving[first:start]:
                break
            moving[first:start] = after
        ends[: word.carries] = moving[first:start]
        body = table.closed(made, ends)
        captured, carries = (
            sum(self.order * m + 1 for m in part) for part in (moving[:first], moving[first:start])
        )
        wires = [*[self.term(c, 0) for c in args[:ahead]], *self.spread(given, moving)]
        if isinstance(word, Loop):
            whole = replace(word, body=body, captured=captured, carries=carries)
            return self.gathered(self.builder.emit(whole, tuple(wires)), ends)
        table, asked = self.inside(word.test, moving)
        test = table.closed(asked, [False])
        number, *results = self.builder.emit(While(test, body, captured), tuple(wires))
        return [self.series([number]), *self.gathered(results, ends)]


def _forwards(rule: Rule[Program], count: int) -> Program:
    """(residuals, dx) |-> dy, whichever way round it is said; count results come before those."""
    if not rule.adjoint:
        return rule.map
    residuals = len(rule.forward.ends) - count
    return adjoint(rule.map, range(residuals, len(rule.map.inputs)))


def _bends(rule: Rule[Program]) -> bool:
    """Whether what is said of a derivative has choices or loops in it."""
    stack, seen = [rule.forward, rule.map], {rule}
    while stack:
        for step in stack.pop().steps:
            match step.op:
                case Case() | Loop() | While() | Replay():
                    return True
                case Custom(rule=other):
                    if other not in seen:
                        seen.add(other)
                        stack += [other.forward, other.map]
                case _:
                    stack.extend(nested(step))
    return False
