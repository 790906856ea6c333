"""What a loop computes alike in every round: found, and computed once outside.

Outside of a loop that may not run it is computed only where that runs: elsewhere it may be nan, or
never end, and nobody asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cats.ir.prims.choice import less
from cats.ir.program import Program
from cats.ir.spaces import is_open
from cats.ir.wire import Builder, Wire


def same_in_every_round(program: Program, captured: int) -> list[bool]:
    """For each position of a body whether it is made of captured values and constants alone."""
    found = [i < captured for i in range(len(program.inputs))]
    for step in program.steps:
        same = all(found[a] for a in step.args) and not step.op.effect
        found.extend([same] * len(step.spaces))
    return found


def computed_outside(
    program: Program,
    positions: Collection[int],
    captured: Sequence[Wire],
    builder: Builder,
) -> dict[int, Wire]:
    """These positions of a body, each the same in every round, on the captured wires."""
    needed = set(positions)
    numbered = list(program.numbered())
    chosen = []
    for first, step in reversed(numbered):
        if not needed.isdisjoint(range(first, first + len(step.spaces))):
            needed.update(step.args)
            chosen.append((first, step))
    at: dict[int, Wire] = dict(enumerate(captured))
    where = builder.where
    for first, step in reversed(chosen):
        builder.where = step.where or where
        made = builder.emit(step.op, tuple([at[a] for a in step.args]), step.params)
        several = made if isinstance(made, tuple) else (made,)
        at.update({first + i: wire for i, wire in enumerate(several)})
    builder.where = where
    return {p: at[p] for p in positions}


def computed_where_it_runs(
    program: Program,
    positions: Collection[int],
    captured: Sequence[Wire],
    builder: Builder,
    often: Wire,
) -> dict[int, Wire]:
    """As `computed_outside`, of a loop that runs so often; zeros where it does not run.

    Stacks of a length that nobody knows do not come out of a choice: where one is asked for, all
    is computed.
    """
    made = [p for p in positions if p >= len(program.inputs)]
    if any(is_open(program.spaces[p]) for p in made):
        return computed_outside(program, positions, captured, builder)
    given = {p: captured[p] for p in positions if p < len(program.inputs)}
    if not made:
        return given
    spaces = [wire.space for wire in captured]
    inner, nothing = Builder(spaces), Builder(spaces)
    found = computed_outside(program, made, list(inner.wires), inner)
    branches = (
        nothing.finish([nothing.zeros(program.spaces[p]) for p in made]),
        inner.finish([found[p] for p in made]),
    )
    results = builder.case(branches, less(0, often), captured)
    return given | dict(zip(made, results, strict=True))
