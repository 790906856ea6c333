"""Random programs with loops and choices in them, one inside another, run while they are made.

Loops are of known length or of one that is computed, forward or in reverse, with captured values,
carries, stacks and rows that are left; a `while` counts, and may stop sooner. All that is run in
any round stays tame. What is drawn is measured by tests/spec/test_strategies.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np

from cats.ir.control import Case, Loop, While
from cats.ir.nesting import inner_first
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, div, mul
from cats.ir.prims.choice import less, logical_and
from cats.ir.prims.layout import convert
from cats.ir.program import Control, Program
from cats.ir.spaces import INT, Ground, Real, row_of
from cats.ir.wire import Builder, Wire
from tests.strategies import (
    DEGREE,
    INSIDE,
    LARGEST,
    POLYNOMIAL,
    Drawing,
    Kind,
    Sample,
    program,
    summed,
)

ROUNDS = 3
"""No loop runs more often."""
DEPTH = 2
"""So many words may lie one inside another."""


class WildError(Exception):
    """A value outside of what is drawn."""


def tamely(of: Program, args: Sequence[Any]) -> list[Any]:
    """The outputs, if all that is met on the way is in its domain and of moderate size."""
    at = list(args)
    for step in of.steps:
        given = [at[a] for a in step.args]
        if not isinstance(step.op, Primitive):
            at.extend(step.op.run(tamely, given))
            continue
        least = min([LARGEST, *[float(np.min(v, initial=LARGEST)) for v in given]])
        if least < INSIDE.get(step.op, -LARGEST):
            raise WildError
        if step.op is div and float(np.min(np.abs(given[1]))) < 0.4:
            raise WildError
        made = step.op.evaluate(*given, **dict(step.params))
        if not np.all(np.abs(made) <= LARGEST):
            raise WildError
        at.append(np.asarray(made))
    return [at[o] for o in of.outputs]


class Rolling(Drawing):
    """A program under construction that also has words."""

    depth = 0

    def step(self) -> None:
        """One operation more, or a word."""
        if self.depth < DEPTH and self.rng.random() < 0.15:
            try:
                self.rng.choice((self.loop, self.loop, self.repeat, self.choice))()
            except WildError:
                return
        else:
            super().step()

    # What words are made of

    def inside(self, spaces: Sequence[Ground], args: Sequence[Any], degrees: list[int]) -> Rolling:
        """A body, with some steps."""
        inner = Rolling(self.rng, self.kind, spaces, args)
        inner.depth, inner.degrees = self.depth + 1, degrees
        wanted = len(spaces) + self.rng.randint(2, 5 if self.depth else 8)
        while len(inner.wires) < wanted:
            inner.step()
        return inner

    def after(self, space: Ground, before: int) -> Wire:
        """What becomes of a carry: something of its space."""
        first = len(self.builder.inputs)
        fits = [w for w in self.wires[first:] if w.space == space]
        unread = [w for w in fits if w.index not in self.read]
        if fits and self.rng.random() < 0.9:
            return self.rng.choice(unread or fits)
        if self.rng.random() < 0.3:
            return self.wires[before]
        return self.computed(mul, self.wires[before], self.builder.lift(0.5, space))

    def computed(self, op: Primitive, *args: Any, **params: Any) -> Wire:
        """The operation on wires; it and its constants are among those of this program."""
        wire: Wire = op(*args, **params)
        for made in self.builder.wires[len(self.wires) :]:
            step = made.step
            assert step is not None and isinstance(step.op, Primitive)
            given = [self.values[a] for a in step.args]
            self.wires.append(made)
            self.values.append(np.asarray(step.op.evaluate(*given, **dict(step.params))))
            self.degrees.append(max([0, *[self.degrees[a] for a in step.args]]))
        return wire

    def some(self, least: int, most: int) -> list[int]:
        """Positions of real values."""
        found = [self.one() for _ in range(self.rng.randint(least, most))]
        return [i for i in found if i is not None]

    def below(self) -> Wire:
        """Whether some number is below another one."""
        x = self.one(rank=0)
        wire = self.builder.lift(0.5) if x is None else self.wires[x]
        return self.computed(less, wire, self.builder.lift(self.rng.choice([-1.0, 0.25, 1.0])))

    def count(self) -> Wire:
        """A number of rounds that is computed."""
        return self.computed(add, self.computed(convert, self.below(), dtype="int64"), 1)

    def apply(self, word: Control, args: Sequence[int], degrees: Sequence[int]) -> None:
        """The word, if all of its rounds stay tame."""
        made = word.run(tamely, [self.values[a] for a in args])
        if max(degrees) > DEGREE:
            raise WildError
        wires = self.builder.emit(word, tuple([self.wires[a] for a in args]))
        if wires[0].index < len(self.values):
            return
        for wire, value, degree in zip(wires, made, degrees, strict=True):
            self.wires.append(wire)
            self.values.append(np.asarray(value))
            self.degrees.append(degree)
        self.read.update(args)

    def spaces(self, positions: Sequence[int]) -> list[Ground]:
        """Their spaces."""
        return [self.wires[p].space for p in positions]

    # The words

    def loop(self) -> None:
        captured, carries = self.some(0, 2), self.some(1, 2)
        stacks, length = [], self.rng.choice([0, 1, 2, 3, 3])
        x = self.one(rank=self.rng.choice([1, 2]))
        if x is not None and self.wires[x].space.shape[0] <= ROUNDS and self.rng.random() < 0.7:
            stacks, length = (
                [x, self.like(x)][: self.rng.randint(1, 2)],
                self.wires[x].space.shape[0],
            )
        known = bool(stacks) or self.rng.random() < 0.5
        fixed = [*captured, *carries]
        rows = [row_of(s) for s in self.spaces(stacks)]
        values = [self.values[p] for p in fixed] + [self.values[p][0] for p in stacks]
        degrees = [self.degrees[p] for p in (*fixed, *stacks)]
        inner = self.inside([*self.spaces(fixed), *rows], values, list(degrees))
        start = len(captured)
        ends = [inner.after(s, start + i) for i, s in enumerate(self.spaces(carries))]
        left = inner.some(0, 2) if known and length > 1 else []
        body = inner.builder.finish([*ends, *[inner.wires[p] for p in left]])
        reverse = self.rng.random() < 0.4
        word = Loop(body, start, len(carries), length if known else None, reverse)
        counted = [] if known else [self.count().index]
        found = self.bound(body, degrees, start, len(carries))
        self.apply(word, [*counted, *fixed, *stacks], found)

    def repeat(self) -> None:
        captured, carries = self.some(0, 2), self.some(1, 2)
        fixed = [*captured, *carries]
        zero = self.computed(add, self.builder.lift(0, INT), self.builder.lift(0, INT)).index
        args = [*captured, zero, *carries]
        values, degrees = [self.values[p] for p in args], [self.degrees[p] for p in args]
        inner = self.inside(self.spaces(args), values, list(degrees))
        start = len(captured) + 1
        ends = [inner.after(s, start + i) for i, s in enumerate(self.spaces(carries))]
        body = inner.builder.finish([add(inner.wires[start - 1], 1), *ends])
        test = Builder(self.spaces(args))
        goes_on = less(test.wires[start - 1], self.rng.randint(0, ROUNDS))
        numbers = [w for w in test.wires[: len(args)] if w.space == Real()]
        if numbers and self.rng.random() < 0.5:
            goes_on = logical_and(goes_on, less(self.rng.choice(numbers), 1.0))
        word = While(test.finish([goes_on]), body, len(captured))
        found = self.bound(body, degrees, len(captured), 1 + len(carries))
        self.apply(word, args, [0, *found])
        self.read.update(fixed)

    def choice(self) -> None:
        captured = self.some(1, 3)
        values, degrees = [self.values[p] for p in captured], [self.degrees[p] for p in captured]
        spaces, branches = self.spaces(captured), []
        ends = self.rng.randint(1, len(spaces))
        for _ in range(2):
            inner = self.inside(spaces, values, list(degrees))
            branches.append(inner.builder.finish([inner.after(spaces[i], i) for i in range(ends)]))
        found = [max(self.ends(b, degrees)[i] for b in branches) for i in range(ends)]
        self.apply(Case(tuple(branches)), [self.below().index, *captured], found)

    # How high a degree may become

    def bound(self, body: Program, degrees: list[int], captured: int, carries: int) -> list[int]:
        """The degrees of what a loop gives after so many rounds as there may be."""
        given, most = list(degrees), [0] * len(body.outputs)
        most[:carries] = given[captured : captured + carries]
        for _ in range(ROUNDS):
            made = self.ends(body, given)
            given[captured : captured + carries] = made[:carries]
            most = [max(a, b) for a, b in zip(most, made, strict=True)]
        return most

    def ends(self, of: Program, degrees: Sequence[int]) -> list[int]:
        """The degrees of the outputs of a program."""
        at = list(degrees)
        for step in of.steps:
            given = [at[a] for a in step.args]
            match step.op:
                case Primitive() as op:
                    at.append(self.degree(op, given or [0], dict(step.params)))
                case Case(branches):
                    rows = [self.ends(b, given[1:]) for b in branches]
                    at.extend([max(column) for column in zip(*rows, strict=True)])
                case Loop() as word:
                    rest = given if word.length is not None else given[1:]
                    at.extend(self.bound(word.body, rest, word.captured, word.carries))
                case While() as word:
                    at.extend([0, *self.bound(word.body, given, word.captured, word.carries)])
        return [at[o] for o in of.outputs]


def rolled(
    count: int, kind: Kind = POLYNOMIAL, seed: int = 0, number: bool = False
) -> Iterator[tuple[int, Sample]]:
    """Numbered samples of 5 to 20 steps, at least one of them a word."""
    n = seed
    while count:
        n += 1
        rng = Random(f"rolled {n}")
        steps, inputs = rng.choice([6, 12, 20]), rng.randint(1, 3)
        sample = program(rng, kind, steps, inputs, 1 if number else rng.randint(1, 3), Rolling)
        live = sample.program.pruned()
        if words(live):
            count -= 1
            yield n, Sample(summed(live) if number else live, sample.args)


def words(of: Program) -> list[Control]:
    """Every word in a program, those in words too."""
    found = [s.op for each in inner_first(of) for s in each.steps]
    return [op for op in found if not isinstance(op, Primitive)]


def has_loops(of: Program) -> bool:
    """Whether some word in it goes round."""
    return any(isinstance(word, Loop | While) for word in words(of))
