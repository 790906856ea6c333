"""vmap: a program on one example becomes a program on a batch of them, by a functor on programs.

Each value has a batch axis or none; what is the same for all of the batch has none, and is
computed once. Primitives say what they are on a batch. A loop's carries are batched if they begin
so or some round makes them so. A choice whose tag is batched runs each branch that some example
takes, the others reading an example that does, and selects; a `while` whose test is batched runs
as long as any example does. What leaves rows of different lengths is done one by one, in a loop,
and so are linear systems, that each is solved to its own precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cats.batching import on_batch, one_by_one
from cats.ir.constant import Constant
from cats.ir.control import Call, Case, Custom, Loop, Replay, Rule, Solve, While
from cats.ir.primitive import Primitive
from cats.ir.prims import arrays
from cats.ir.prims.algebra import add
from cats.ir.prims.choice import equal, logical_and, logical_not, select
from cats.ir.prims.layout import const, convert, led
from cats.ir.program import Program, Step
from cats.ir.spaces import ANY, Discrete, Ground, Real, row_of, with_rows
from cats.ir.trampoline import Asking, outcome
from cats.ir.wire import Builder, Wire
from cats.lanes import (
    Lane,
    along,
    first_of,
    front,
    guarded,
    is_open,
    rows_first,
    spread_over,
    with_axis,
)
from cats.schedules import expanded


def vectorised(
    program: Program, axes: Sequence[int | None], count: int
) -> tuple[Program, tuple[bool, ...]]:
    """The program on a batch, and which of its outputs are batched, along a leading axis.

    axes   for each input the axis along which it is batched, None if it is the same for all
    count  how many examples there are

    >>> from cats.ir.read import read_program
    >>> one = read_program("(x: R[3], y: R) -> z = sin y in (z)")
    >>> print(*vectorised(one, (0, None), 2))
    (x: R[2, 3], y: R) ->
      x2 = sin y
    in (x2) (False,)
    """
    if count == 0:
        return _on_none(program, axes)
    spaces = [with_axis(s, a, count) for s, a in zip(program.inputs, axes, strict=True)]
    builder = Builder(spaces)
    lanes = [Lane(w, a) for w, a in zip(list(builder.wires), axes, strict=True)]
    made: list[Lane] = outcome(_Batch(builder, count).run(program, lanes))
    shown = [front(lane) if lane.axis is not None else lane.wire for lane in made]
    batched = tuple([lane.axis is not None for lane in made])
    return builder.finish(shown, program.names), batched


def _on_none(program: Program, axes: Sequence[int | None]) -> tuple[Program, tuple[bool, ...]]:
    """The program on a batch without examples: only what is the same for all is computed."""
    one, batched = vectorised(program, axes, 1)
    pairs = list(zip(program.inputs, axes, strict=True))
    builder = Builder([with_axis(s, a, 0) for s, a in pairs])
    given = list(builder.wires)
    rows = zip(given, one.inputs, axes, strict=True)
    args = [w if a is None else builder.zeros(s) for w, s, a in rows]
    same = [o for o, moves in zip(one.outputs, batched, strict=True) if not moves]
    found = iter(builder.run(replace(one, outputs=tuple(same)).pruned(), args))
    ends = zip(one.ends, batched, strict=True)
    made = [builder.zeros(with_rows(row_of(s), 0)) if moves else next(found) for s, moves in ends]
    return builder.finish(made, program.names), batched


Rules = dict[tuple[Rule[Program], Sequence[int | None]], Rule[Program]]
"""Rules on a batch, by the rule on one example and the axes of its arguments."""


class _Batch:
    """A program being run on lanes of a builder."""

    def __init__(self, builder: Builder, count: int, rules: Rules | None = None) -> None:
        self.builder = builder
        self.count = count
        self.rules: Rules = {} if rules is None else rules

    def run(self, program: Program, lanes: Sequence[Lane]) -> Asking[list[Lane]]:
        """The outputs on these lanes."""
        at = list(lanes)
        for step in program.steps:
            self.builder.where = step.where or self.builder.where
            args = [at[a] for a in step.args]
            if all(lane.axis is None for lane in args):
                wires = self.builder.emit(step.op, tuple([x.wire for x in args]), step.params)
                at.extend(Lane(w, None) for w in (wires if isinstance(wires, tuple) else (wires,)))
                continue
            match step.op:
                case Primitive() as op:
                    at.extend(self.primitive(op, step, args))
                case Case() as case:
                    at.extend((yield self.case(case, step, args)))
                case Loop() as loop:
                    at.extend((yield self.loop(loop, step, args)))
                case While() as word:
                    at.extend((yield self.repeat(word, step, args)))
                case Replay() as word:
                    at.extend((yield self.run(expanded(word), args)))
                case Solve():
                    at.extend(self.each(step, args))
                case Call() as call:
                    at.extend((yield self.call(call, args)))
                case Custom() as custom:
                    at.extend((yield self.custom(custom, args)))
        return [at[o] for o in program.outputs]

    def primitive(self, op: Primitive, step: Step, args: Sequence[Lane]) -> list[Lane]:
        """What the operation says it is on a batch."""
        wires = [front(x) for x in args]
        made = on_batch(op, wires, [x.axis is not None for x in args], step.params)
        return [Lane(w, 0) for w in (made if isinstance(made, tuple) else (made,))]

    def each(self, step: Step, args: Sequence[Lane]) -> list[Lane]:
        """The step for one example after the other."""
        wires = [front(x) for x in args]
        made = one_by_one(step.op, wires, [x.axis is not None for x in args], step.params)
        return [Lane(w, 0) for w in (made if isinstance(made, tuple) else (made,))]

    def inside(
        self, program: Program, spaces: Sequence[Ground], axes: Sequence[int | None]
    ) -> Asking[tuple[Builder, list[Lane]]]:
        """The program run on lanes of a builder of its own."""
        inner = Builder(spaces)
        lanes = [Lane(w, a) for w, a in zip(list(inner.wires), axes, strict=True)]
        made: list[Lane] = yield _Batch(inner, self.count, self.rules).run(program, lanes)
        return inner, made

    def led(self, lane: Lane) -> Lane:
        """The lane with a batch axis."""
        return lane if lane.axis is not None else Lane(led(lane.wire, self.count), 0)

    # Choices

    def case(self, case: Case[Program], step: Step, args: list[Lane]) -> Asking[list[Lane]]:
        tag, *captured = args
        if tag.axis is None:
            found: list[Lane] = yield self.together(case, tag.wire, captured)
            return found
        if any(map(is_open, captured)) or any(ANY in s.shape for s in step.spaces):
            return self.each(step, args)
        found = yield self.selected(case, tag.wire, captured)
        return found

    def together(
        self, case: Case[Program], tag: Wire, captured: Sequence[Lane]
    ) -> Asking[list[Lane]]:
        """All examples take the same branch."""
        spaces, axes = [x.wire.space for x in captured], [x.axis for x in captured]
        inside: list[tuple[Builder, list[Lane]]] = []
        for branch in case.branches:
            inside.append((yield self.inside(branch, spaces, axes)))
        ends: list[int | None] = []
        for column in zip(*[lanes for _, lanes in inside], strict=True):
            known = {x.axis for x in column if x.axis is not None}
            ends.append(known.pop() if len(known) == 1 else 0 if known else None)
        branches = [
            builder.finish([along(x, end, self.count) for x, end in zip(lanes, ends, strict=True)])
            for builder, lanes in inside
        ]
        wires = self.builder.case(tuple(branches), tag, [x.wire for x in captured])
        return [Lane(w, end) for w, end in zip(wires, ends, strict=True)]

    def selected(
        self, case: Case[Program], tag: Wire, captured: Sequence[Lane]
    ) -> Asking[list[Lane]]:
        """Each example takes its own branch: those that some example takes are run."""
        results: list[Wire] | None = None
        for number, branch in enumerate(case.branches):
            mask = self.takes(tag, number, len(case.branches))
            made: list[Wire] = yield self.taken(branch, mask, captured)
            if results is None:
                results = made
            else:
                pairs = zip(made, results, strict=True)
                results = [select(spread_over(mask, new), new, old) for new, old in pairs]
        return [Lane(w, 0) for w in results or ()]

    def takes(self, tag: Wire, number: int, branches: int) -> Wire:
        """Which examples take a branch; a tag beyond the last is an error that nobody sees."""
        if tag.space.dtype == "bool":
            return tag if number else logical_not(tag)
        return equal(tag, number)  # type: ignore[no-any-return]

    def taken(self, branch: Program, mask: Wire, captured: Sequence[Lane]) -> Asking[list[Wire]]:
        """The branch on the examples that take it; the others read the first of those."""
        wires = [front(x) if x.axis is not None else x.wire for x in captured]
        axes = [None if x.axis is None else 0 for x in captured]
        inner = Builder([mask.space, *[w.space for w in wires]])
        own, *rest = list(inner.wires)
        first = first_of(own, self.count)
        lanes = [
            Lane(w if a is None else guarded(own, w, first), a)
            for w, a in zip(rest, axes, strict=True)
        ]
        made: list[Lane] = yield _Batch(inner, self.count, self.rules).run(branch, lanes)
        run = inner.finish([front(self.led(x)) for x in made])
        idle = Builder(run.inputs)
        nothing = idle.finish([idle.zeros(end) for end in run.ends])
        some = arrays.max(mask, axes=(0,))
        return list(self.builder.case((nothing, run), some, [mask, *wires]))

    # Calls and custom derivatives

    def call(self, call: Call[Program], args: Sequence[Lane]) -> Asking[list[Lane]]:
        """The call of the body on a batch."""
        spaces, axes = [x.wire.space for x in args], [x.axis for x in args]
        inner, made = yield self.inside(call.body, spaces, axes)
        word = Call(inner.finish([x.wire for x in made]), call.policy)
        wires = self.builder.emit(word, tuple([x.wire for x in args]))
        return [Lane(w, x.axis) for w, x in zip(wires, made, strict=True)]

    def custom(self, word: Custom[Program], args: Sequence[Lane]) -> Asking[list[Lane]]:
        """The rule on a batch: all that varies has a batch axis, in value and tangent alike."""
        given = [
            self.fronted(x) if i >= word.around and isinstance(x.wire.space, Real) else x
            for i, x in enumerate(args)
        ]
        given = [Lane(front(x), 0) if x.axis is not None else x for x in given]
        axes = tuple([x.axis for x in given])
        body: Program = yield self.all_led(word.body, [x.wire.space for x in given], axes)
        key = (word.rule, axes)
        if key not in self.rules:
            self.rules[key] = Rule(word.rule.name, word.rule.adjoint)
            yield self.rule(word, body, axes, self.rules[key])
        made = Custom(body, self.rules[key], word.around)
        wires = self.builder.emit(made, tuple([x.wire for x in given]))
        return [Lane(w, 0) for w in wires]

    def all_led(
        self, program: Program, spaces: Sequence[Ground], axes: Sequence[int | None]
    ) -> Asking[Program]:
        """The program on a batch, with a batch axis in front of all results."""
        inner: Builder
        inner, made = yield self.inside(program, spaces, axes)
        return inner.finish([front(self.led(x)) for x in made])

    def rule(
        self, word: Custom[Program], body: Program, axes: Sequence[int | None], rule: Rule[Program]
    ) -> Asking[None]:
        """The rule on a batch, completed."""
        count, said = len(word.body.ends), word.rule
        forward, both = yield self.inside(said.forward, body.inputs, axes)
        saved = both[count:]
        moving = said.map.inputs[len(saved) :]
        inputs = [*[x.wire.space for x in saved], *[with_axis(s, 0, self.count) for s in moving]]
        ends = [*[x.axis for x in saved], *[0] * len(moving)]
        map: Program = yield self.all_led(said.map, inputs, ends)
        value = [front(self.led(x)) for x in both[:count]]
        whole = forward.finish([*value, *[x.wire for x in saved]])
        rule.complete(body, word.around, whole, map)

    def fronted(self, lane: Lane) -> Lane:
        """The lane with a batch axis in front."""
        return Lane(front(self.led(lane)), 0)

    # Loops

    def loop(self, loop: Loop[Program], step: Step, args: list[Lane]) -> Asking[list[Lane]]:
        ahead = int(loop.length is None)
        given = args[ahead:]
        ragged = any(is_open(x) and x.axis == 0 for x in given)
        if ragged or any(x.axis is not None for x in args[:ahead]):
            return self.each(step, args)
        start = loop.captured + loop.carries
        stacks = [rows_first(x) for x in given[start:]]
        rows = [None if x.axis is None else x.axis - 1 for x in stacks]
        inner, made, axes = yield self.carried(
            loop.body, given[:start], loop.captured, [x.wire.space for x in stacks], rows
        )
        if any(map(_ragged, made[loop.carries :])):
            return self.each(step, args)
        carries = axes[loop.captured :]
        shown = [along(x, a, self.count) for x, a in zip(made, carries, strict=False)]
        shown += [x.wire for x in made[loop.carries :]]
        word = replace(loop, body=inner.finish(shown))
        first = self.begun(given[:start], axes)
        wires = self.builder.emit(
            word, (*[x.wire for x in args[:ahead]], *first, *[x.wire for x in stacks])
        )
        ends = [*carries, *[None if x.axis is None else x.axis + 1 for x in made[loop.carries :]]]
        return [Lane(w, a) for w, a in zip(wires, ends, strict=True)]

    def carried(
        self,
        body: Program,
        given: Sequence[Lane],
        captured: int,
        stacks: Sequence[Ground],
        rows: Sequence[int | None],
    ) -> Asking[tuple[Builder, list[Lane], list[int | None]]]:
        """The body on lanes: carries are batched if they begin so, or a round makes them so."""
        axes = [x.axis if i < captured or x.axis is None else 0 for i, x in enumerate(given)]
        while True:
            spaces = [self.space(x, a) for x, a in zip(given, axes, strict=True)]
            ends = [row_of(s) for s in stacks]
            inner, made = yield self.inside(body, [*spaces, *ends], [*axes, *rows])
            moved = [
                i
                for i in range(captured, len(given))
                if axes[i] is None and made[i - captured].axis is not None
            ]
            if not moved:
                return inner, made, axes
            for i in moved:
                axes[i] = 0

    def space(self, lane: Lane, axis: int | None) -> Ground:
        """The space of a lane once its batch axis is where it should be."""
        space = lane.wire.space
        if lane.axis is None:
            return with_axis(space, axis, self.count)
        shape = (*space.shape[: lane.axis], *space.shape[lane.axis + 1 :])
        return with_axis(type(space)(shape, space.dtype), axis, self.count)

    def begun(self, given: Sequence[Lane], axes: Sequence[int | None]) -> list[Wire]:
        """The captured values and first carries, batched along these axes."""
        return [
            x.wire if x.axis == a else along(x, a, self.count)
            for x, a in zip(given, axes, strict=True)
        ]

    def repeat(self, word: While[Program], step: Step, args: list[Lane]) -> Asking[list[Lane]]:
        """A while: together if the test is the same for all."""
        inner, made, axes = yield self.carried(word.body, args, word.captured, (), ())
        spaces = [self.space(x, a) for x, a in zip(args, axes, strict=True)]
        asked, (found,) = yield self.inside(word.test, spaces, axes)
        if any(map(_ragged, made[word.carries :])):
            return self.each(step, args)
        if found.axis is None:
            carries = axes[word.captured :]
            shown = [along(x, a, self.count) for x, a in zip(made, carries, strict=False)]
            shown += [x.wire for x in made[word.carries :]]
            test, body = asked.finish([found.wire]), inner.finish(shown)
            wires = self.builder.emit(
                While(test, body, word.captured), tuple(self.begun(args, axes))
            )
            rows = [None if x.axis is None else x.axis + 1 for x in made[word.carries :]]
            return [Lane(w, a) for w, a in zip(wires, [None, *carries, *rows], strict=True)]
        if len(word.body.outputs) > word.carries:
            return self.each(step, args)
        apart: list[Lane] = yield self.apart(word, args)
        return apart

    def apart(self, word: While[Program], args: list[Lane]) -> Asking[list[Lane]]:
        """A while that some examples leave sooner: what they had stays as it was."""
        captured, first = args[: word.captured], [self.led(x) for x in args[word.captured :]]
        fixed = [front(x) if x.axis is not None else x.wire for x in captured]
        axes = [*[None if x.axis is None else 0 for x in captured], *[0] * len(first)]
        carries = [front(x) for x in first]
        spaces = [*[w.space for w in fixed], *[w.space for w in carries]]
        running, rounds = Discrete((self.count,), "bool"), Discrete((self.count,))
        asked, (found,) = yield self.inside(word.test, spaces, axes)
        test = asked.finish([found.wire])
        inner = Builder([*spaces[: len(fixed)], running, rounds, *spaces[len(fixed) :]])
        own = list(inner.wires)
        known, (mask, many, *here) = own[: len(fixed)], own[len(fixed) :]
        number = first_of(mask, self.count)
        lanes = [Lane(w, a) for w, a in zip(known, axes, strict=False)]
        lanes += [Lane(guarded(mask, w, number), 0) for w in here]
        made: list[Lane] = yield _Batch(inner, self.count, self.rules).run(word.body, lanes)
        after = [
            select(spread_over(mask, old), front(self.led(new)), old)
            for new, old in zip(made, here, strict=True)
        ]
        (still,) = inner.run(test, [*known, *after])
        shown = [logical_and(mask, still), add(many, convert(mask, dtype="int64")), *after]
        body = inner.finish(shown)
        anyone = Builder(body.inputs)
        going = anyone.finish([arrays.max(anyone.wires[len(fixed)], axes=(0,))])
        (begins,) = self.builder.run(test, [*fixed, *carries])
        zeros = self.builder.emit(const, (), (("value", Constant(np.zeros(self.count, np.int64))),))
        wires = self.builder.emit(While(going, body, len(fixed)), (*fixed, begins, zeros, *carries))
        return [Lane(w, 0) for w in wires[2:]]


def _ragged(row: Lane) -> bool:
    """Whether stacks of such rows are not one array, so that no axis of the batch can be moved."""
    return row.axis is not None and is_open(row)
