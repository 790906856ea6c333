"""The partial evaluator: a program is run on wires whose builder knows the rules.

What is static (constants, shapes, zeros) is computed now; what is dynamic is emitted once, under
a name, never copied. Rules are local and applied as steps are emitted, so one pass is enough and
its cost is linear. The default rules are exact in IEEE arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence

from cats.ir.program import Case, Program, Step
from cats.ir.rewrite import Rule, Story, by_head
from cats.ir.rules import EXACT
from cats.ir.wire import Builder, Rewrites, Wire


def simplify(
    program: Program, rules: Sequence[Rule] = EXACT, story: Story | None = None
) -> Program:
    """The program with the rules applied; it computes the same, to the last bit by default.

    The rules are local and see what they speak of already simplified: one pass settles.
    """
    return _once(program, by_head(rules, story))


def _once(program: Program, rewrites: Rewrites) -> Program:
    builder = Builder(program.inputs, rewrites)
    at: list[Wire] = list(builder.wires)
    for step in program.steps:
        builder.where = step.where
        made = _emit(builder, step, tuple([at[a] for a in step.args]), rewrites)
        at.extend(made if isinstance(made, tuple) else (made,))
    return builder.finish([at[o] for o in program.outputs], program.names)


def _emit(
    builder: Builder, step: Step, args: tuple[Wire, ...], rewrites: Rewrites
) -> Wire | tuple[Wire, ...]:
    if not isinstance(step.op, Case):
        return builder.emit(step.op, args, step.params)  # type: ignore[no-any-return]
    tag = args[0].constant
    if tag is not None:
        return builder.run(step.op.branches[int(tag.value)], args[1:])
    return _case(builder, step.op, args, rewrites)


def _case(
    builder: Builder, case: Case, args: tuple[Wire, ...], rewrites: Rewrites
) -> tuple[Wire, ...]:
    """The branches simplified, without the captured values neither of them reads."""
    branches = [_once(b, rewrites) for b in case.branches]
    if all(b == branches[0] for b in branches):
        return builder.run(branches[0], args[1:])
    read = sorted({a for b in branches for a in _inputs_read(b)})
    narrowed = tuple(_narrowed(b, read) for b in branches)
    return builder.case(narrowed, args[0], [args[1 + i] for i in read])


def _inputs_read(program: Program) -> set[int]:
    count = len(program.inputs)
    found = {o for o in program.outputs if o < count}
    for step in program.steps:
        found.update(a for a in step.args if a < count)
    return found


def _narrowed(program: Program, kept: Sequence[int]) -> Program:
    builder = Builder([program.inputs[i] for i in kept])
    place = dict(zip(kept, builder.wires, strict=False))
    filler = builder.wires[0] if builder.wires else None
    args = [place.get(i, filler) for i in range(len(program.inputs))]
    at: list[Wire | None] = list(args)
    for step in program.steps:
        builder.where = step.where
        made = builder.emit(step.op, tuple([at[a] for a in step.args]), step.params)
        at.extend(made if isinstance(made, tuple) else (made,))
    return builder.finish([at[o] for o in program.outputs])  # type: ignore[misc]
