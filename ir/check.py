"""Validators: is a value of this level what it claims to be? Each raises, naming the step.

Terms that are built by calling constructors are well formed at birth. These checks are for what
comes from outside, from a pass under suspicion, and for the tests of every pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cats.ir.arrow import Arrow
from cats.ir.arrow import ends as arrow_ends
from cats.ir.check_linear import (
    check_leaf,
    check_linear,
    check_linear_program,
    listed,
)
from cats.ir.errors import SpaceError, TermError
from cats.ir.node import postorder
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step, a_program, nested, well_formed
from cats.ir.results import result_space
from cats.ir.spaces import Ground

__all__ = ["check_program", "check_linear", "check_leaf", "check_linear_program", "check_arrow"]


def check_program(program: Program) -> None:
    """Arguments point backwards, spaces are what the operations say, no step is written twice.

    Raises TermError for the form, SpaceError for the spaces; nested programs included.
    """
    a_program(program)
    seen: set[int] = set()
    stack = [program]
    while stack:
        current = stack.pop()
        if id(current) not in seen:
            seen.add(id(current))
            _check_one(current)
            stack.extend(inner for step in current.steps for inner in nested(step))


def _check_one(program: Program) -> None:
    well_formed(program)
    if program.names and len(program.names) != len(program.inputs):
        raise TermError(f"{len(program.names)} names for {len(program.inputs)} inputs")
    written: dict[Step, int] = {}
    for position, step in program.numbered():
        if written.setdefault(step, position) != position:
            raise TermError(
                f"{_label(position, step.op.name)} repeats step {written[step]}: "
                "there is one step for each operation, arguments and parameters",
                where=step.where,
            )
        _check_spaces(program, position, step)


def _check_spaces(program: Program, position: int, step: Step) -> None:
    label = _label(position, step.op.name)
    try:
        said = _ends(step, [program.spaces[a] for a in step.args])
    except SpaceError as error:
        raise SpaceError(f"{label}: {error.message}", where=step.where) from None
    spaces = said if isinstance(said, tuple) else (said,)
    if spaces != step.spaces:
        raise SpaceError(
            f"{label} claims to end in {listed(step.spaces)}, "
            f"the operation ends in {listed(spaces)}",
            where=step.where,
        )
    if list(step.params) != sorted(step.params, key=lambda pair: pair[0]):
        raise TermError(f"{label}: parameters are not sorted by name", where=step.where)


def _ends(step: Step, spaces: Sequence[Ground]) -> Any:
    if isinstance(step.op, Primitive):
        return result_space(step.op, spaces, dict(step.params))
    return step.op.space(*spaces)


def _label(position: int, name: str) -> str:
    return f"step {position} ({name})"


def check_arrow(arrow: Arrow) -> None:
    """The ends meet everywhere: computed again from the parts, they are those claimed.

    Raises SpaceError or TermError.
    """
    for node in postorder(arrow):
        if not isinstance(node, Arrow):
            raise TermError(f"{type(node).__name__} is not an arrow")
        found = arrow_ends(node)
        if (node.dom, node.cod) != found:
            raise SpaceError(
                f"{type(node).__name__} claims to be {node.dom} -> {node.cod}, "
                f"it is {found[0]} -> {found[1]}"
            )
