"""Programs as arrows, and arrows as programs.

A program of n steps is `s_1 ; ... ; s_n ; <outputs>` with `s = <id, <args> ; op> ; flat`: each
step keeps the whole context and appends to it. That is quadratic in n, and meant for laws,
proofs, printing and teaching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from cats.ir.arrow import (
    Arrow,
    Case,
    Const,
    Decide,
    Distl,
    Flat,
    Fork,
    Id,
    Prim,
    Proj,
    Terminal,
    Then,
    compose,
)
from cats.ir.control import Call, Custom, Loop, Replay, Solve, While
from cats.ir.control import Case as Choice
from cats.ir.errors import TermError
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step, constant_of, nested
from cats.ir.spaces import UNIT, Product, leaves
from cats.ir.wire import Builder
from cats.machine import Machine, gathered, grounds


def arrow_of(program: Program) -> Arrow:
    """The composition of the program's steps, from the product of its inputs.

    A call is its body. Raises TermError for a loop, a while, a replay, a system that is solved and
    a derivative that is said, of which there is no arrow.

    >>> from cats.ir.read import read_program
    >>> print(arrow_of(read_program("(x: R) -> y = sin x in (y, x)")))
    <id, <<p0> ; sin>> ; flat ; <p1, p0>
    """
    made: dict[int, Arrow] = {}
    stack = [(program, False)]
    while stack:
        current, ready = stack.pop()
        if ready:
            made[id(current)] = _composed(current, made)
        elif id(current) not in made:
            stack.append((current, True))
            stack.extend((p, False) for step in current.steps for p in nested(step))
    return made[id(program)]


def _composed(program: Program, made: Mapping[int, Arrow]) -> Arrow:
    context = Product(program.inputs)
    arrows: list[Arrow] = []
    for step in program.steps:
        results = Product(step.spaces)
        arrows.append(Fork((Id(context), _step(step, context, made))))
        arrows.append(Flat((context, results)))
        context = Product((*context.parts, *step.spaces))
    return compose(*arrows, _pick(context, program.outputs))


def _pick(context: Product, positions: Sequence[int]) -> Arrow:
    """The named positions of the context, as a product."""
    if not positions:
        return Terminal(context)
    return Fork(tuple(Proj(context.parts, p) for p in positions))


def _step(step: Step, context: Product, made: Mapping[int, Arrow]) -> Arrow:
    """One step, from the context to the product of its results."""
    constant = constant_of(step)
    if constant is not None:
        return Fork((Then(Terminal(context), Const(constant)),))
    if isinstance(step.op, Primitive):
        spaces = tuple(context.parts[a] for a in step.args)
        does = Then(_pick(context, step.args), Prim(step.op, step.params, spaces))  # type: ignore[arg-type]
        return does if isinstance(does.cod, Product) else Fork((does,))
    inner = tuple([made[id(p)] for p in nested(step)])
    match step.op:
        case Choice():
            return _choice(step, context, inner)
        case Call():
            return Then(_pick(context, step.args), inner[0])
        case Loop() | While() | Replay():
            why = "goes round again, and a bicartesian closed category has no iteration"
        case Solve():
            why = "is found by iteration, which a bicartesian closed category has not"
        case Custom():
            why = "has a derivative that is said, and an arrow only that of what it is made of"
        case _:
            assert_never(step.op)
    raise TermError(
        f"a {step.op.name} has no arrow: it {why}",
        where=step.where,
        remedy="Work on the program itself, or write its rounds one after the other.",
    )


def _choice(step: Step, context: Product, branches: tuple[Arrow, ...]) -> Arrow:
    """<captured, tag ; decide> ; distl ; [p0 ; f | p0 ; g]."""
    tag, captured, count = step.args[0], _pick(context, step.args[1:]), len(branches)
    which = Then(Proj(context.parts, tag), Decide(context.parts[tag], count))  # type: ignore[arg-type]
    space = captured.cod
    return compose(
        Fork((captured, which)),
        Distl(space, (UNIT,) * count),
        Case(tuple(Then(Proj((space, UNIT), 0), branch) for branch in branches)),
    )


def program_of_arrow(arrow: Arrow, names: tuple[str, ...] = ()) -> Program:
    """The program that does what the arrow does: the arrow run on wires, what is shared once.

    Raises SpaceError if its start, TermError if its end, holds sums or functions.

    >>> from cats.ir.read import read_program
    >>> p = read_program("(x: R) -> y = sin x in (y, x)")
    >>> program_of_arrow(arrow_of(p)) == p
    True
    """
    builder = Builder(leaves(arrow.dom))
    start = gathered(arrow.dom, builder.wires[:])
    result = Machine(arrow, {}, builder).run(start)
    return builder.finish([builder.lift(g) for g in grounds(result)], names)
