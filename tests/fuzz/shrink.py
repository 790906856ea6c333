"""A failing program made small: outputs, steps and inputs dropped, choices opened, axes shortened.

What is dropped becomes a constant of its own value, so that the values of what is left, and with
them that nothing happens near by, stay as they were. Where values change, because an argument
stands for a result or axes are shorter, that is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cats.ir.constant import Constant
from cats.ir.control import Case
from cats.ir.errors import CatsError
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step, nested
from cats.ir.spaces import Ground, Real, Value, size
from cats.ir.wire import Builder
from tests.fuzz.nearness import tame
from tests.fuzz.sample import Sample
from tests.oracles.numbers import Array, nearest
from tests.oracles.run import Run

Fails = Callable[[Sample], bool]


def shrunk(sample: Sample, fails: Fails) -> Sample:
    """A sample that still fails, none of whose parts can be left out."""
    while True:
        before = len(sample.program), len(sample.program.outputs), entries(sample)
        for smaller in (fewer_outputs, opened, fewer_steps, passed_over, fewer_inputs, shorter):
            sample = smaller(sample, fails)
        if (len(sample.program), len(sample.program.outputs), entries(sample)) == before:
            return sample


def entries(sample: Sample) -> int:
    """How many numbers the positions hold."""
    return int(np.sum([np.prod(s.shape, dtype=int) for s in sample.program.spaces], dtype=int))


def fewer_outputs(sample: Sample, fails: Fails) -> Sample:
    """Without any output, but the first, that is not needed."""
    for place in range(len(sample.program.outputs) - 1, 0, -1):
        kept = [o for i, o in enumerate(sample.program.outputs) if i != place]
        smaller = Sample(rebuilt(sample.program, {}, kept), sample.args)
        sample = smaller if fails(smaller) else sample
    return sample


def fewer_steps(sample: Sample, fails: Fails) -> Sample:
    """With steps made constants: many at once, then ever fewer."""
    size = max(1, len(sample.program.spaces) // 2)
    while size:
        start = len(sample.program.spaces)
        while start > len(sample.program.inputs):
            chosen = range(max(len(sample.program.inputs), start - size), start)
            smaller = frozen(sample, chosen)
            if smaller is not None and fails(smaller):
                sample = smaller
                start = min(start - size, len(sample.program.spaces))
            else:
                start -= size
        size //= 2
    return sample


def passed_over(sample: Sample, fails: Fails) -> Sample:
    """With an argument in place of a result, wherever both lie in one space."""
    for position, step in reversed(list(sample.program.numbered())):
        if len(step.spaces) == 1:
            for place in step.args:
                if sample.program.spaces[place] == step.spaces[0]:
                    smaller = Sample(
                        rebuilt(sample.program, {}, same={position: place}), sample.args
                    )
                    if tame(smaller) and fails(smaller):
                        return passed_over(smaller, fails)
    return sample


def fewer_inputs(sample: Sample, fails: Fails) -> Sample:
    """With inputs made constants, while one is left that varies."""
    for place in range(len(sample.program.inputs) - 1, -1, -1):
        rest = [s for i, s in enumerate(sample.program.inputs) if i != place]
        if any(isinstance(s, Real) for s in rest):
            smaller = without_input(sample, place)
            sample = smaller if fails(smaller) else sample
    return sample


def opened(sample: Sample, fails: Fails) -> Sample:
    """With the branch that is taken in place of a choice."""
    at = Run().positions(sample.program, sample.args)
    for step in sample.program.steps:
        if isinstance(step.op, Case):
            taken = step.op.branches[int(at[step.args[0]])]
            smaller = Sample(inlined(sample.program, step, taken), sample.args)
            if fails(smaller):
                return opened(smaller, fails)
    return sample


def shorter(sample: Sample, fails: Fails) -> Sample:
    """With all axes of one length made shorter, wherever the program still fits together."""
    lengths = {n for s in sample.program.spaces for n in s.shape if n > 1}
    for length in sorted(lengths, reverse=True):
        for less in range(1, length):
            smaller = cut(sample, length, less)
            if smaller is None or _entries(smaller) >= _entries(sample):
                continue
            if tame(smaller) and fails(smaller):
                return shorter(smaller, fails)
    return sample


def _entries(sample: Sample) -> int:
    """How many numbers there are at all positions."""
    return sum(size(space) for space in sample.program.spaces)


# Programs with something changed


def rebuilt(
    program: Program,
    given: Mapping[int, Value],
    outputs: Sequence[int] | None = None,
    same: Mapping[int, int] | None = None,
) -> Program:
    """The program with constants at some positions, and only the steps that are needed.

    same   positions at which an earlier one stands
    """
    builder = Builder(program.inputs)
    at = list(builder.wires)
    for position, step in program.numbered():
        made = builder.emit(step.op, tuple([at[a] for a in step.args]), step.params)
        results = made if isinstance(made, tuple) else (made,)
        for place, wire in enumerate(results, position):
            if place in given:
                at.append(builder.lift(given[place]))
            else:
                at.append(at[same[place]] if same and place in same else wire)
    chosen = program.outputs if outputs is None else outputs
    return builder.finish([at[o] for o in chosen], program.names)


def frozen(sample: Sample, positions: Collection[int]) -> Sample | None:
    """The positions made constants of the values they have; None if they are that already."""
    program = sample.program
    at = Run().positions(program, sample.args)
    owners = {p: s for first, s in program.numbered() for p in range(first, first + len(s.spaces))}
    given = {
        p: np.asarray(nearest(at[p], program.spaces[p]))
        for p in positions
        if owners[p].op.name != "const"
    }
    return Sample(rebuilt(program, given), sample.args) if given else None


def without_input(sample: Sample, place: int) -> Sample:
    """One input made a constant."""
    program = sample.program
    kept = [i for i in range(len(program.inputs)) if i != place]
    builder = Builder([program.inputs[i] for i in kept])
    wires: list[Any] = list(builder.wires)
    wires.insert(place, np.asarray(sample.args[place]))
    made = builder.run(program, wires)
    return Sample(builder.finish(made), tuple([sample.args[i] for i in kept]))


def inlined(program: Program, choice: Step, branch: Program) -> Program:
    """The program with the steps of a branch in place of the choice."""
    builder = Builder(program.inputs)
    at = list(builder.wires)
    for step in program.steps:
        args = [at[a] for a in step.args]
        if step is choice:
            at.extend(builder.run(branch, args[1:]))
        else:
            made = builder.emit(step.op, tuple(args), step.params)
            at.extend(made if isinstance(made, tuple) else (made,))
    return builder.finish([at[o] for o in program.outputs], program.names)


def cut(sample: Sample, length: int, less: int) -> Sample | None:
    """Every axis of a length made shorter, in choices too; None if that does not fit together."""

    def shape(given: Sequence[int]) -> tuple[int, ...]:
        return tuple([less if n == length else n for n in given])

    def array(value: Value) -> Value:
        here: Array = np.asarray(value)
        return here[tuple([slice(n) for n in shape(here.shape)])][()]

    def space(given: Ground) -> Ground:
        return replace(given, shape=shape(given.shape))

    def params(step: Step) -> dict[str, Any]:
        return {
            k: shape(v) if k == "shape" else Constant(array(v.array)) if type(v) is Constant else v
            for k, v in step.params
        }

    def whole(program: Program) -> Program:
        builder = Builder([space(s) for s in program.inputs])
        at = list(builder.wires)
        for step in program.steps:
            args = tuple([at[a] for a in step.args])
            op = (
                step.op if isinstance(step.op, Primitive) else Case(tuple(map(whole, nested(step))))
            )
            made = builder.emit(op, args, tuple(sorted(params(step).items())))
            at.extend(made if isinstance(made, tuple) else (made,))
        return builder.finish([at[o] for o in program.outputs])

    try:
        return Sample(whole(sample.program), tuple([array(a) for a in sample.args]))
    except CatsError:
        return None
