"""Linear loops run: round by round on values; on wires as one loop step whose body is run once.

Only wires cross the edge of a body. What is known of zeros crosses as masks: a carry that every
round leaves masked is handed on with its mask, so that nothing known to be zero meets a slope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cats.branches import mask_of, mask_space, parts, whole
from cats.functor import At, by_position, rows_again
from cats.ir.control import Loop, Replay
from cats.ir.linear_control import LinLoop, States
from cats.ir.linear_program import ZERO, LinearProgram
from cats.ir.prims.choice import zeros_like
from cats.ir.program import Program
from cats.ir.rows import piled, row
from cats.ir.spaces import UNIT, Space, Value, is_open, row_of, with_rows
from cats.ir.trampoline import Asking
from cats.ir.wire import Builder, Wire
from cats.zeros import Masked, Nothing, materialise, plain

Run = Callable[[LinearProgram, At, Sequence[Value]], Asking[list[Value]]]
"""Runs a linear program on tangents."""


@dataclass(frozen=True, slots=True)
class Given:
    """All that a linear loop is run on."""

    length: Value
    fixed: list[Value]
    stacked: list[Value]
    captured: list[Value]
    carries: list[Value]
    stacks: list[Value]
    again: tuple[list[Value], list[Value], list[Value], list[Value]]
    at: At

    def everything(self) -> Iterator[Value]:
        """Each value."""
        yield self.length
        own = (self.fixed, self.stacked, self.captured, self.carries, self.stacks)
        for values in (*own, *self.again):
            yield from values


def rounds(
    step: LinLoop[LinearProgram], values: Sequence[Value], at: At, run: Run
) -> Asking[list[Value]]:
    """The results of a linear loop on these tangents."""
    length = step.length if isinstance(step.length, int) else at(step.length)
    first, start = step.captured, step.captured + step.carries
    pairs = zip(step.args, step.takes, strict=True)
    args = [Nothing(space) if a == ZERO else values[a] for a, space in pairs]
    for i, like in step.likes.items():
        if i >= first and isinstance(args[i], Nothing):
            args[i] = zeros_like(at(like))
    given = Given(
        length,
        [at(r) for r in step.fixed],
        [at(r) for r in step.stacked],
        args[:first],
        args[first:start],
        args[start:],
        _again(step.states, at),
        at,
    )
    recorders = [r for v in given.everything() if (r := getattr(v, "recorder", None))]
    if not recorders:
        found: list[Value] = yield _one_by_one(step, given, run)
        return found
    found = yield _Emission(step, given, max(recorders, key=lambda r: r.stamp)).loop(run)
    return found


def _again(
    states: States | None, at: At
) -> tuple[list[Value], list[Value], list[Value], list[Value]]:
    """What a loop is run again on: captured values, first states, stacks, states held."""
    if states is None:
        return [], [], [], []
    rows = (states.captured, states.first, states.stacks, states.held)
    captured, first, stacks, held = [[at(r) for r in refs] for refs in rows]
    return captured, first, stacks, held


def _one_by_one(step: LinLoop[LinearProgram], given: Given, run: Run) -> Asking[list[Value]]:
    """Round by round, on arrays."""
    carries, count = given.carries, int(given.length)
    left: list[Sequence[Value]] = []
    again = rows_again(step.states, given.at, count) if step.states is not None else [()] * count
    for i in reversed(range(count)) if step.reverse else range(count):
        at = by_position([*given.fixed, *[row(s, i) for s in given.stacked], *again[i]])
        rows = [_row(s, i) for s in given.stacks]
        made: list[Value] = yield run(step.body, at, [*given.captured, *carries, *rows])
        carries = made[: step.carries]
        left.append(made[step.carries :])
    if step.reverse:
        left.reverse()
    ends = step.body.ends[step.carries :]
    stacks = [_stack([rows[k] for rows in left], end, count) for k, end in enumerate(ends)]
    return [*carries, *stacks]


def _row(stack: Value, number: int) -> Value:
    match stack:
        case Nothing(space):
            return Nothing(row_of(space))
        case Masked(value, mask, clean):
            return Masked(row(value, number), row(mask, number), clean)
    return row(stack, number)


def _stack(rows: Sequence[Value], end: Any, count: int) -> Value:
    if all(isinstance(r, Nothing) for r in rows):
        return Nothing(with_rows(end, count))
    known = next(plain(r) for r in rows if not isinstance(r, Nothing))
    none = materialise(Nothing(end)) if is_open(end) else zeros_like(known)
    return piled([none if isinstance(r, Nothing) else plain(r) for r in rows], end)


class _Emission:
    """One linear loop becoming a loop step of the builder `outer`."""

    def __init__(self, step: LinLoop[LinearProgram], given: Given, outer: Builder) -> None:
        self.step = step
        self.given = given
        self.outer = outer

    def loop(self, run: Run) -> Asking[list[Value]]:
        """The results of the step. First no carry has a mask, then those that rounds leave one."""
        kinds, allowed = [1] * self.step.carries, [2] * self.step.carries
        while True:
            inner, results = yield self.body(kinds, run)
            masked = [2 if isinstance(v, Masked) else 1 for v in results[: self.step.carries]]
            allowed = list(map(min, masked, allowed))
            if kinds == allowed:
                return self.emitted(inner, results, kinds)
            kinds = allowed

    def body(self, kinds: Sequence[int], run: Run) -> Asking[tuple[Builder, list[Value]]]:
        """The body run once, on wires of a builder of its own."""
        given, step = self.given, self.step
        inner = Builder()

        def entry(v: Value) -> Wire:
            return inner.input(self.outer.lift(v).space)

        def entry_row(v: Value) -> Wire:
            return inner.input(row_of(self.outer.lift(v).space))

        around, first, rows, _ = given.again
        fixed = [entry(v) for v in given.fixed]
        known = [entry(v) for v in around]
        captured = [_crossed(v, [entry(p) for p in parts(v)]) for v in given.captured]
        states = [entry(v) for v in first]
        carries = []
        for space, kind in zip(step.body.inputs[step.captured :], kinds, strict=False):
            value = inner.input(space)  # type: ignore[arg-type]
            mask = inner.input(mask_space(space)) if kind == 2 else None
            carries.append(value if mask is None else Masked(value, mask, clean=True))
        stacked = [entry_row(v) for v in given.stacked]
        stacks = [_crossed_row(v, [entry_row(p) for p in parts(v)]) for v in given.stacks]
        known_rows = [entry_row(v) for v in rows]
        inner.where = step.where
        again: Sequence[Wire] = ()
        if step.states is not None:
            prepare: Any = step.states.prepare
            again = inner.run(prepare, [*known, *states, *known_rows])
        at = by_position([*fixed, *stacked, *again])
        results: list[Value] = yield run(step.body, at, [*captured, *carries, *stacks])
        return inner, results

    def emitted(
        self, inner: Builder, results: Sequence[Value], kinds: Sequence[int]
    ) -> list[Value]:
        """The loop step, and its results as tangents."""
        given, step, outer = self.given, self.step, self.outer
        shown: list[Wire] = []
        for v, kind in zip(results, kinds, strict=False):
            shown.append(inner.lift(materialise(plain(v), inner)))
            shown += [inner.lift(v.mask)] if kind == 2 else []
        rows = [[inner.lift(p) for p in parts(v)] for v in results[step.carries :]]
        shown += [wire for row in rows for wire in row]
        around, states, rows_again, held = given.again
        captured = [*given.fixed, *around, *[p for v in given.captured for p in parts(v)]]
        first = [
            p
            for v, kind, s in zip(
                given.carries, kinds, step.body.inputs[step.captured :], strict=False
            )
            for p in _first(v, kind, s, outer)
        ]
        stacks = [*given.stacked, *[p for v in given.stacks for p in parts(v)], *rows_again]
        length = step.length if isinstance(step.length, int) else None
        count = () if length is not None else (given.length,)
        outer.where = step.where or outer.where
        word = self.word(inner, shown, len(captured), len(first), length)
        loops = isinstance(word, Loop)
        begun = [*states, *([] if loops else held), *first]
        made = outer.emit(word, (*count, *captured, *begun, *stacks))
        crossed = iter(made[len(states) :] if loops else made)
        ends = step.spaces
        found = [whole(kind, s, crossed) for kind, s in zip(kinds, ends, strict=False)]
        for row_, space in zip(rows, ends[step.carries :], strict=True):
            found.append(whole(len(row_), space, crossed))
        return found

    def word(
        self,
        inner: Builder,
        shown: Sequence[Wire],
        captured: int,
        carries: int,
        length: int | None,
    ) -> Loop[Program] | Replay[Program]:
        """The loop; where states are met from the last to the first, a replay."""
        step, states = self.step, self.step.states
        if states is None:
            return Loop(inner.finish(shown), captured, carries, length, step.reverse)
        count = len(states.first)
        apart = Builder(inner.inputs)
        wires, ends = list(apart.wires), len(inner.inputs) - len(states.stacks)
        fixed = len(step.fixed)
        around = wires[fixed : fixed + len(states.captured)]
        held = wires[captured : captured + count]
        advance: Any = states.advance
        after = apart.run(advance, [*around, *held, *wires[ends:]])
        if states.reverse == step.reverse:
            both = inner.run(apart.finish(after), inner.wires[: len(inner.inputs)])
            body = inner.finish([*both, *shown])
            return Loop(body, captured, count + carries, length, step.reverse)
        start = captured + count
        taken = [*range(start), *range(start + carries, len(inner.inputs))]
        moving = apart.finish(after).taking(taken)
        body = inner.finish(shown)
        sizes = captured, count, carries, length
        return Replay(moving, body, *sizes, states.reverse, states.snapshots, states.every)


def _crossed(v: Value, wires: Sequence[Wire]) -> Value:
    """The value on the other side."""
    return v if isinstance(v, Nothing) else whole(len(wires), UNIT, iter(wires))


def _crossed_row(v: Value, wires: Sequence[Wire]) -> Value:
    return _row(v, 0) if isinstance(v, Nothing) else whole(len(wires), UNIT, iter(wires))


def _first(v: Value, kind: int, space: Space, outer: Builder) -> list[Value]:
    """A carry as it begins, in so many parts."""
    value = outer.lift(materialise(plain(v), outer))
    return [value] if kind == 1 else [value, mask_of(v, space, outer)]
