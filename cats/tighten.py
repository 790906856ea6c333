"""Loops made tighter: carries nobody needs are gone, what no round changes is moved outside.

A carry that every round hands on is a captured value; so is a row that is the same in every
stack; what is made of captured values alone is computed before the loop, if that runs. A loop that
never runs is gone. What a `while` might never compute stays in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cats.ir.constant import Constant
from cats.ir.control import Loop, While
from cats.ir.prims.layout import broadcast, const
from cats.ir.program import Program, constant_of
from cats.ir.spaces import ANY, Ground, row_of
from cats.ir.wire import Builder, Wire
from cats.outside import computed_outside, computed_where_it_runs, same_in_every_round


class Rounds:
    """A loop step on wires of the builder, of whose results some are read, those `kept`.

    outputs   numbers of the body's outputs that are needed for those
    """

    def __init__(
        self,
        builder: Builder,
        word: Loop[Program] | While[Program],
        args: Sequence[Wire],
        kept: Sequence[int],
    ) -> None:
        self.builder = builder
        self.ahead = int(isinstance(word, Loop) and word.length is None)
        self.before = int(isinstance(word, While))
        self.count = args[: self.ahead]
        self.word, self.args = _without_repeated(word, args[self.ahead :])
        self.body = self.word.body
        self.first, self.start = self.word.captured, self.word.captured + self.word.carries
        self.outputs = self._needed({k - self.before for k in kept if k >= self.before})

    # What is needed

    @property
    def never(self) -> bool:
        """Whether it is known that the loop does not run, and what it leaves can be written."""
        ends = self.body.ends[self.word.carries :]
        known = isinstance(self.word, Loop) and self.word.length == 0
        return known and not any(ANY in end.shape for end in ends)

    def unchanged(self) -> list[Wire | None]:
        """The results of a loop that does not run."""
        carries: list[Wire | None] = list(self.args[self.first : self.start])
        ends = self.body.ends[self.word.carries :]
        empty = [Constant(np.zeros((0, *end.shape), end.dtype)) for end in ends]
        made = [self.builder.emit(const, (), (("value", value),)) for value in empty]
        return [*carries, *made]

    def _needed(self, needed: set[int]) -> list[int]:
        """A carry is needed if it is asked for, if the test reads it, or something needed does."""
        read = _reads(self.word.test) if isinstance(self.word, While) else set()
        needed |= {i - self.first for i in read if i >= self.first}
        while True:
            read = _reads(self.body, sorted(needed))
            more = {i - self.first for i in read if self.first <= i < self.start} - needed
            if not more:
                return sorted(needed)
            needed |= more

    # What is known inside

    def known(self, inner: Builder) -> list[Wire]:
        """The inputs of the body, where captured numbers are constants and one wire is one."""
        meant: dict[Wire, Wire] = {}
        found: list[Wire] = list(inner.wires)
        for i, (wire, own) in enumerate(zip(self.args, list(inner.wires), strict=True)):
            if i < self.first:
                value = wire.constant
                plain = value is not None and not value.array.ndim
                found[i] = inner.full(value, own.space) if plain else meant.setdefault(wire, own)  # type: ignore[arg-type]
        return found

    # What is left

    def emitted(self, body: Program) -> list[Wire | None]:
        """The results of the loop on the simplified body, which gives `outputs` only."""
        output = dict(zip(self.outputs, body.outputs, strict=True))
        handed = [k for k in self.outputs if k < self.word.carries]
        passed = [k for k in handed if output[k] == self.first + k]
        results: dict[int, Wire] = {k: self.args[self.first + k] for k in passed}
        captured = [*range(self.first), *[self.first + k for k in passed]]
        carries = [self.first + k for k in handed if k not in passed]
        left = [k for k in self.outputs if k not in passed]
        order = [*captured, *carries, *range(self.start, len(body.inputs))]
        body = arranged(body, order, [output[k] for k in left])
        wires = [self.args[i] for i in captured]
        first, stacks = [self.args[i] for i in carries], list(self.args[self.start :])
        match self.word:
            case Loop():
                made = self._loop(self.word, body, wires, first, stacks)
            case While(test):
                test = arranged(test, order, test.outputs)
                made = self._while(test, body, wires, first)
                results[-1] = made.pop(0)
        results.update(zip(left, made, strict=True))
        count = len(self.body.outputs)
        return [results.get(k) for k in range(-self.before, count)]

    def _loop(
        self,
        word: Loop[Program],
        body: Program,
        wires: list[Wire],
        first: list[Wire],
        stacks: list[Wire],
    ) -> list[Wire]:
        """The loop, what it computes alike in every round computed outside."""
        alike = _alike(word, body, len(first), wires, self.builder)
        rest = [k for k in range(len(body.outputs)) if k not in alike]
        body = arranged(body, range(len(body.inputs)), [body.outputs[k] for k in rest])
        body, wires = _moved_out(body, wires, self.builder, self.count)
        read, count, begin = _reads(body), len(wires), len(wires) + len(first)
        captured = [i for i in range(count) if i in read]
        rows = [i for i in range(begin, len(body.inputs)) if i in read]
        body = arranged(body, [*captured, *range(count, begin), *rows], body.outputs)
        given = [*[wires[i] for i in captured], *first, *[stacks[i - begin] for i in rows]]
        found = dict(alike)
        if rest:
            word = replace(word, body=body, captured=len(captured), carries=len(first))
            found.update(zip(rest, self.builder.emit(word, (*self.count, *given)), strict=True))
        return [found[k] for k in range(len(rest) + len(alike))]

    def _while(
        self, test: Program, body: Program, wires: list[Wire], first: list[Wire]
    ) -> list[Wire]:
        read, count = _reads(body) | _reads(test), len(wires)
        captured = [i for i in range(count) if i in read]
        order = [*captured, *range(count, count + len(first))]
        body, test = arranged(body, order, body.outputs), arranged(test, order, test.outputs)
        given = (*[wires[i] for i in captured], *first)
        return list(self.builder.emit(While(test, body, len(captured)), given))


def _without_repeated(
    word: Loop[Program] | While[Program], args: Sequence[Wire]
) -> tuple[Loop[Program] | While[Program], Sequence[Wire]]:
    """The loop with each stack that repeats one row as that row, captured."""
    if not isinstance(word, Loop):
        return word, args
    start = word.captured + word.carries
    rows = {i: row for i in range(start, len(args)) if (row := _row(args[i])) is not None}
    if not rows:
        return word, args
    stacks = [i for i in range(start, len(args)) if i not in rows]
    order = [*range(word.captured), *rows, *range(word.captured, start), *stacks]
    body = arranged(word.body, order, word.body.outputs)
    given = [rows[i] if i in rows else args[i] for i in order]
    return replace(word, body=body, captured=word.captured + len(rows)), given


def _reads(program: Program, wanted: Sequence[int] | None = None) -> set[int]:
    """The inputs that these outputs, by default all, depend on, or an effect does."""
    outputs = program.outputs
    read = set(outputs if wanted is None else [outputs[k] for k in wanted])
    first = len(program.spaces)
    for step in reversed(program.steps):
        first -= len(step.spaces)
        if step.op.effect or not read.isdisjoint(range(first, first + len(step.spaces))):
            read.update(step.args)
    return {p for p in read if p < len(program.inputs)}


def arranged(program: Program, order: Sequence[int], outputs: Sequence[int]) -> Program:
    """The program on these of its inputs, in this order, with outputs at these positions."""
    spaces = [program.inputs[i] for i in order]
    builder = Builder(spaces)
    at: dict[int, Wire] = dict(zip(order, list(builder.wires), strict=True))
    for first, step in program.numbered():
        builder.where = step.where
        made = builder.emit(step.op, tuple([at[a] for a in step.args]), step.params)
        several = made if isinstance(made, tuple) else (made,)
        at.update({first + i: wire for i, wire in enumerate(several)})
    names = tuple([program.names[i] for i in order]) if program.names else ()
    return builder.finish([at[o] for o in outputs], names)


def _moved_out(
    body: Program, wires: Sequence[Wire], builder: Builder, often: Sequence[Wire]
) -> tuple[Program, list[Wire]]:
    """The body without what is the same in every round, which it takes as captured values.

    often   how often the loop runs, if only the arguments say so
    """
    count = len(wires)
    same = same_in_every_round(body, count)
    constants = {first for first, step in body.numbered() if constant_of(step) is not None}
    read = {a for first, step in body.numbered() if not same[first] for a in step.args}
    read.update(body.outputs)
    moved = sorted(p for p in read if same[p] and p >= len(body.inputs) and p not in constants)
    if not moved:
        return body, list(wires)
    outside = (
        computed_where_it_runs(body, moved, wires, builder, *often)
        if often
        else computed_outside(body, moved, wires, builder)
    )
    inner = Builder([*body.inputs[:count], *[body.spaces[p] for p in moved], *body.inputs[count:]])
    given = list(inner.wires)
    at = dict(enumerate([*given[:count], *given[count + len(moved) :]]))
    at.update(zip(moved, given[count : count + len(moved)], strict=True))
    for first, step in body.numbered():
        if same[first] and first not in constants:
            continue
        inner.where = step.where
        made = inner.emit(step.op, tuple([at[a] for a in step.args]), step.params)
        several = made if isinstance(made, tuple) else (made,)
        at.update({first + i: wire for i, wire in enumerate(several)})
    return inner.finish([at[o] for o in body.outputs]), [*wires, *[outside[p] for p in moved]]


def _alike(
    word: Loop[Program], body: Program, carries: int, wires: Sequence[Wire], builder: Builder
) -> dict[int, Wire]:
    """Stacks whose rows are all the same, by the number of the output."""
    if word.length is None:
        return {}
    same = same_in_every_round(body, len(wires))
    rows = {k: p for k, p in enumerate(body.outputs) if k >= carries and same[p]}
    found = computed_outside(body, set(rows.values()), wires, builder)
    return {k: _stack(found[p], word.length) for k, p in rows.items()}


def _row(stack: Wire) -> Wire | None:
    """The one row that a stack repeats, if it does."""
    below = stack.made_by(broadcast)
    if below is None or stack.step is None:
        return None
    axes, space = dict(stack.step.params)["axes"], row_of(stack.space)
    if 0 in axes:
        return None
    return broadcast(below[0], shape=space.shape, axes=tuple([a - 1 for a in axes]))  # type: ignore[no-any-return]


def _stack(value: Wire, count: int) -> Wire:
    space: Ground = value.space
    axes = tuple(range(1, len(space.shape) + 1))
    return broadcast(value, shape=(count, *space.shape), axes=axes)  # type: ignore[no-any-return]
