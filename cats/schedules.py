"""Policies for loops, said in the program: a loop becomes a call that says how it is replayed."""

from __future__ import annotations

from cats.ir.control import Call, Loop, Replay, While
from cats.ir.program import Program, program_of_word
from cats.ir.spaces import Ground
from cats.ir.wire import Builder
from cats.policies import Binomial, Every, Policy, written


def scheduled(program: Program, policy: Policy | None) -> Program:
    """The program whose own loops, not those inside of words, are derived under the policy."""
    if not isinstance(policy, Every | Binomial):
        return program
    builder = Builder(program.inputs)
    at = list(builder.wires)
    for step in program.steps:
        builder.where = step.where
        args = tuple([at[a] for a in step.args])
        if isinstance(step.op, Loop | While):
            at.extend(builder.emit(Call(program_of_word(step.op), written(policy)), args))
            continue
        made = builder.emit(step.op, args, step.params, step.spaces)
        at.extend(made if isinstance(made, tuple) else (made,))
    return builder.finish([at[o] for o in program.outputs], program.names)


def is_word(program: Program) -> bool:
    """Whether a program is one word on its inputs, in order, and gives its results."""
    (step,) = program.steps
    count = len(program.inputs)
    whole = tuple(range(count, count + len(step.spaces)))
    return step.args == tuple(range(count)) and program.outputs == whole


def expanded(word: Replay[Program]) -> Program:
    """A replay as two loops: one that leaves its states, and one that reads them from the end."""
    builder = Builder(word.takes())
    given = list(builder.wires)
    count = [] if word.length is not None else [given.pop(0)]
    first, start = word.captured, word.captured + word.states
    captured, states = given[:first], given[first:start]
    if word.every is not None:
        del given[start : start + word.states]
    carries, stacks = given[start : start + word.carries], given[start + word.carries :]
    leaving = Builder(word.advance.inputs)
    wires = list(leaving.wires)
    after = leaving.run(word.advance, wires)
    body = leaving.finish([*after, *wires[first:start]])
    read = [i for i in body.inputs_read() if not first <= i < start]
    around, rows = [i for i in read if i < first], [i for i in read if i >= start]
    body = body.taking([*around, *range(first, start), *rows])
    forward = Loop(body, len(around), word.states, word.length, word.reverse)
    given = [*[captured[i] for i in around], *states, *[stacks[i - start] for i in rows]]
    left = builder.emit(forward, (*count, *given))[word.states :]
    back = Builder(_reordered(word))
    inside = list(back.wires)
    split = first + word.carries
    moved = [*inside[:first], *inside[split : split + word.states], *inside[first:split]]
    body = back.finish(back.run(word.body, [*moved, *inside[split + word.states :]]))
    backward = Loop(body, first, word.carries, word.length, not word.reverse)
    return builder.finish(builder.emit(backward, (*count, *captured, *carries, *left, *stacks)))


def _reordered(word: Replay[Program]) -> list[Ground]:
    """The inputs of a replay's body with the states as rows, after the carries."""
    inputs, first = word.body.inputs, word.captured
    start = first + word.states
    split = start + word.carries
    return [*inputs[:first], *inputs[start:split], *inputs[first:start], *inputs[split:]]
