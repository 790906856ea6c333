"""Wires: programs are built by calling primitives on them. Every step is hash-consed.

A builder has a creation stamp. Of two wires of different builders the newer captures the older
as an extra input of its own program; a wire of a closed builder raises. That is all nesting needs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from cats.ir.arithmetic import Arithmetic
from cats.ir.constant import Constant
from cats.ir.control import Case, Loop
from cats.ir.errors import SpaceError, TermError, TraceError, Where
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import number as bare
from cats.ir.prims.layout import broadcast, const, constant
from cats.ir.program import Control, Program, Step
from cats.ir.spaces import ANY, Discrete, Ground, Real, Value, row_of

STAMPS = itertools.count()

Rewrites = Mapping[Primitive, tuple[Callable[..., Value | None], ...]]
"""For each operation the local rules tried when it is emitted."""


class Wire(Arithmetic):
    """A position of a program under construction."""

    __slots__ = ("index", "recorder", "space")

    def __init__(self, recorder: Builder, index: int, space: Ground) -> None:
        self.recorder = recorder
        self.index = index
        self.space = space

    @property
    def step(self) -> Step | None:
        """The step that made this wire; None for an input."""
        origin = self.recorder.origins[self.index]
        return None if origin < 0 else self.recorder.steps[origin]

    def made_by(self, op: Primitive) -> tuple[Wire, ...] | None:
        """The arguments, if `op` made this wire."""
        recorder = self.recorder
        origin = recorder.origins[self.index]
        if origin < 0 or recorder.steps[origin].op is not op:
            return None
        return tuple([recorder.wires[a] for a in recorder.steps[origin].args])

    @property
    def constant(self) -> Constant | None:
        """The constant this wire carries, if it is one, looked up through broadcasts."""
        wire: Wire = self
        while (below := wire.made_by(broadcast)) is not None:
            wire = below[0]
        step = wire.step
        return step.params[0][1] if step is not None and step.op is const else None

    def __repr__(self) -> str:
        return f"x{self.index}: {self.space}"


class Builder:
    """A program under construction.

    `notes` is where those who look at wires write down what they found, so as to look once.
    """

    def __init__(self, inputs: Iterable[Ground] = (), rewrites: Rewrites | None = None) -> None:
        self.stamp = next(STAMPS)
        self.inputs: list[Ground] = []
        self.steps: list[Step] = []
        self.wires: list[Wire] = []
        self.origins: list[int] = []
        self.firsts: list[int] = []
        self.table: dict[Any, tuple[Wire, ...]] = {}
        self.captured: dict[Wire, Wire] = {}
        self.notes: dict[Any, Any] = {}
        self.where: Where | None = None
        self.closed = False
        self.rewrites: Rewrites = rewrites or {}
        for space in inputs:
            self.input(space)

    @classmethod
    def over(cls, program: Program) -> Builder:
        """A builder that goes on where the program ends; its positions are the program's."""
        builder = cls(program.inputs)
        for step in program.steps:
            key = (step.op, step.args, step.params)
            builder.table[key] = builder._taken(step)
        return builder

    def input(self, space: Ground) -> Wire:
        """One more input. All inputs come before the first step, captured ones included."""
        wire = self._wire(space, -1 - len(self.inputs))
        self.inputs.append(space)
        return wire

    def _wire(self, space: Ground, origin: int) -> Wire:
        wire = Wire(self, len(self.wires), space)
        self.wires.append(wire)
        self.origins.append(origin)
        return wire

    def emit(
        self,
        op: Primitive | Control,
        args: tuple[Value, ...],
        params: Params = (),
        spaces: tuple[Ground, ...] | None = None,
    ) -> Value:
        """Appends the step, or finds it: one step for each (operation, arguments, parameters).

        spaces   of the results, if they are known, as they are of a step that is written again
        """
        if self.closed:
            raise TraceError(
                f"{op.name} was called on a wire of a program that is already finished",
                where=self.where,
                remedy="Do not keep traced values after the traced function has returned.",
            )
        wires = self.lift_all(args)
        if type(op) is Primitive:
            for rule in self.rewrites.get(op, ()):
                found = self._tried(rule, op, wires, params)
                if found is not None:
                    made = self.lift(found, wires[0].space if wires else None)
                    ends = self._spaces(op, wires, params) if spaces is None else spaces
                    return made if (made.space,) == ends else strayed(rule, op, ends, made.space)
        key = (op, tuple([w.index for w in wires]), params)
        results = self.table.get(key)
        if results is None:
            found = self._spaces(op, wires, params) if spaces is None else spaces
            results = self._taken(Step(op, key[1], params, found, self.where))
            self.table[key] = results
        return results[0] if type(op) is Primitive and len(results) == 1 else results

    def _tried(
        self,
        rule: Callable[..., Value | None],
        op: Primitive,
        wires: Sequence[Wire],
        params: Params,
    ) -> Value | None:
        """What the rule makes of the step. Raises TermError if rules go round for ever."""
        try:
            return rule(*wires, **dict(params)) if params else rule(*wires)
        except RecursionError:
            raise TermError(
                f"the rules reached no normal form: {rule.__name__}, at {op.name}, "
                "makes what it or another rule takes up again",
                where=self.where,
                remedy="Let each rule make something smaller, or leave one of them out.",
            ) from None

    def _spaces(
        self, op: Primitive | Control, wires: Sequence[Wire], params: Params
    ) -> tuple[Ground, ...]:
        """What the operation says of its results."""
        try:
            ends = [w.space for w in wires]
            space = op.result(ends, dict(params)) if type(op) is Primitive else op.space(*ends)
        except SpaceError as error:
            raise error.at(self.where) from None
        return space if type(space) is tuple else (space,)

    def _taken(self, step: Step) -> tuple[Wire, ...]:
        """The results of the step, which is appended."""
        origin = len(self.steps)
        self.steps.append(step)
        self.firsts.append(len(self.wires))
        return tuple([self._wire(s, origin) for s in step.spaces])

    def lift_all(self, args: tuple[Value, ...]) -> Sequence[Wire]:
        """All arguments as wires of this builder; a bare number is as wide as a wire beside it."""
        for arg in args:
            if type(arg) is not Wire or arg.recorder is not self:
                break
        else:
            return args
        own = [a for a in args if type(a) is Wire and a.recorder is self]
        like = next((w.space for w in own if type(w.space) is Real), None)
        beside = like or next((w.space for w in own), None)
        return [self.lift(a, beside if isinstance(a, int | float) else like) for a in args]

    def lift(self, value: Value, like: Ground | None = None) -> Wire:
        """A value as a wire of this builder: captured, or a constant."""
        if type(value) is Wire:
            return value if value.recorder is self else self.capture(value)
        if like is not None and bare(value):
            wide = _wide_enough(value, like)
            return self.full(Constant(np.asarray(value, dtype=wide.dtype)), wide)
        return self.emit(const, (), (("value", constant(value)),))  # type: ignore[no-any-return]

    def full(self, scalar: Constant, like: Ground) -> Wire:
        """The constant repeated to a whole array."""
        wire = self.emit(const, (), (("value", scalar),))
        if like.shape == ():
            return wire  # type: ignore[no-any-return]
        return self.emit(broadcast, (wire,), (("axes", ()), ("shape", like.shape)))  # type: ignore[no-any-return]

    def zeros(self, space: Ground) -> Wire:
        """An array of zeros, made only where one must be seen; a stack of any length has none."""
        if ANY in space.shape:
            inner = Builder()
            body = inner.finish([inner.zeros(row_of(space))])
            rows = space.shape[0]
            word = Loop(body, length=None if rows == ANY else rows)
            made: tuple[Wire, ...] = self.emit(word, (self.lift(0),) if rows == ANY else ())
            return made[0]
        return self.full(Constant(np.zeros((), space.dtype)), space)

    def capture(self, wire: Wire) -> Wire:
        """A wire of an older builder as an extra input of this one."""
        if wire.recorder.closed or wire.recorder.stamp > self.stamp:
            raise TraceError(
                "a traced value is used outside the function it was traced in",
                where=self.where,
                remedy="Return the value from the function instead of storing it.",
            )
        if wire not in self.captured:
            self.captured[wire] = self.input(wire.space)
        return self.captured[wire]

    def arrange(self, wires: Sequence[Wire], own: Sequence[Wire] = ()) -> None:
        """Captures all these wires and takes them, in this order, as the inputs, then its own.

        For the programs of a control word, which have captured values in common.
        """
        inputs = [*[self.capture(wire) for wire in wires], *own]
        for place, wire in enumerate(inputs):
            self.origins[wire.index] = -1 - place
        self.inputs = [wire.space for wire in inputs]

    def case(
        self, branches: tuple[Program, ...], tag: Wire, captured: Sequence[Wire]
    ) -> tuple[Wire, ...]:
        """A case step on a tag, its branches applied to the captured wires."""
        return self.emit(Case(branches), (tag, *captured))  # type: ignore[no-any-return]

    def run(self, program: Program, args: Sequence[Value]) -> tuple[Wire, ...]:
        """The whole program on these wires: composition by replaying its steps here."""
        at = self.replay(program, args)
        return tuple([at[o] for o in program.outputs])

    def replay(self, program: Program, args: Sequence[Value]) -> list[Wire]:
        """Every position of the program as a wire here."""
        at: list[Wire] = [self.lift(a, s) for a, s in zip(args, program.inputs, strict=True)]
        outer = self.where
        for step in program.steps:
            self.where = step.where or outer
            args = tuple([at[a] for a in step.args])
            made = self.emit(step.op, args, step.params, step.spaces)
            at.extend(made if isinstance(made, tuple) else (made,))
        self.where = outer
        return at

    def finish(self, outputs: Sequence[Wire], names: tuple[str, ...] = ()) -> Program:
        """The program with these outputs; steps nobody reads, and without effect, are left out."""
        self.closed = True
        read = [False] * len(self.origins)
        for wire in outputs:
            read[wire.index] = True
        alive = [False] * len(self.steps)
        for number in range(len(self.steps) - 1, -1, -1):
            step, first = self.steps[number], self.firsts[number]
            unread = True not in read[first : first + len(step.spaces)]
            if not unread or step.op.effect:
                alive[number] = True
                for a in step.args:
                    read[a] = True
        program = self._renumbered(outputs, alive, names)
        self.table.clear()
        self.wires.clear()  # so that it holds nothing that holds it, and is gone when it is left
        return program

    def _renumbered(
        self, outputs: Sequence[Wire], alive: list[bool], names: tuple[str, ...]
    ) -> Program:
        new = [-1 - origin for origin in self.origins]
        count, steps = len(self.inputs), []
        for number, step in enumerate(self.steps):
            if not alive[number]:
                continue
            args = tuple([new[a] for a in step.args])
            if args != step.args:
                step = Step(step.op, args, step.params, step.spaces, step.where)
            steps.append(step)
            for position in range(self.firsts[number], self.firsts[number] + len(step.spaces)):
                new[position] = count
                count += 1
        chosen = tuple([new[w.index] for w in outputs])
        return Program(tuple(self.inputs), tuple(steps), chosen, names)


def strayed(
    rule: Callable[..., Value | None], op: Primitive, ends: Sequence[Ground], found: Ground
) -> NoReturn:
    """Raises SpaceError: a rule made something in another space than what it replaces."""
    asked = ", ".join(map(str, ends))
    raise SpaceError(
        f"the rule {rule.__name__} makes of {op.name}, in {asked}, something in {found}",
        remedy="A rule gives what is equal to the step it replaces, so in the same space.",
    )


def _wide_enough(value: Value, like: Ground) -> Ground:
    """The space of a bare number beside a wire: the wire's, but a number is never narrowed."""
    if isinstance(like, Real) or isinstance(value, bool):
        return like
    if isinstance(value, float):
        return Real(like.shape)
    return Discrete(like.shape) if like.dtype == "bool" else like
