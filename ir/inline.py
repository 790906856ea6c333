"""What adds nothing to a value, left out: how it is derived and kept, and what is decided."""

from __future__ import annotations

from cats.ir.control import Call, Custom, refilled
from cats.ir.nesting import inner_first
from cats.ir.primitive import Primitive
from cats.ir.prims.guards import guard
from cats.ir.program import Program, nested
from cats.ir.wire import Builder, Wire


def inlined(program: Program) -> Program:
    """The program with the bodies of custom derivatives in place; the same if it has none."""
    return _in_place(program, Custom)


def uncalled(program: Program) -> Program:
    """The program with the bodies of calls in place; the same if it has none."""
    return _in_place(program, Call)


def _in_place(program: Program, kind: type[Custom[Program]] | type[Call[Program]]) -> Program:
    inside = list(inner_first(program))
    if not any(isinstance(step.op, kind) for each in inside for step in each.steps):
        return program
    done: dict[int, Program] = {}
    for each in inside:
        done[id(each)] = _without(each, kind, done)
    return done[id(program)]


def _without(
    program: Program,
    kind: type[Custom[Program]] | type[Call[Program]],
    done: dict[int, Program],
) -> Program:
    builder = Builder(program.inputs)
    at = list(builder.wires)
    for step in program.steps:
        builder.where = step.where
        args = tuple([at[a] for a in step.args])
        op = step.op
        if isinstance(op, kind):
            at.extend(builder.run(done[id(op.body)], args))
            continue
        if not isinstance(op, Primitive):
            op = refilled(op.hollow(), iter([done[id(p)] for p in nested(step)]))
        made = builder.emit(op, args, step.params, step.spaces)
        at.extend(made if isinstance(made, tuple) else (made,))
    return builder.finish([at[o] for o in program.outputs], program.names)


def without_guards(program: Program) -> Program:
    """The program, deciding nothing: what is known of its arguments is not compared again."""
    builder = Builder(program.inputs)
    at: list[Wire] = list(builder.wires)
    for step in program.steps:
        builder.where = step.where
        args = tuple([at[a] for a in step.args])
        made = args[0] if step.op is guard else builder.emit(step.op, args, step.params)
        at.extend(made if isinstance(made, tuple) else (made,))
    return builder.finish([at[o] for o in program.outputs], program.names)
