"""Validators of linear maps, as terms and as programs: ends meet, leaves are linear, refs fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from cats.ir.errors import CatsError, LinearityError, SpaceError, TermError, expected
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Ref, Scale, Then, Zero
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve
from cats.ir.linear_program import ZERO, LinearProgram, LinearStep, SumStep, args_of
from cats.ir.node import postorder
from cats.ir.primitive import Primitive
from cats.ir.program import Program, backwards, in_range
from cats.ir.results import result_space
from cats.ir.spaces import INT, Discrete, Product, Space, space_of, tangent


def listed(spaces: Sequence[Space]) -> str:
    """The spaces as one writes them."""
    return ", ".join(map(str, spaces)) or "nothing"


# Linear terms


def check_linear(term: Linear) -> None:
    """The ends meet everywhere, and every leaf is linear in its slot.

    Raises SpaceError or LinearityError.
    """
    expected(term, Linear, "linear map", "Build it of what cats.ir.linear has.")
    for node in postorder(term):
        if not isinstance(node, Linear):
            raise TermError(f"{type(node).__name__} is not a linear map")
        dom, cod = _ends(node)
        if (node.dom, node.cod) != (dom, cod):
            raise SpaceError(
                f"{_short(node)} claims to be {node.dom} -o {node.cod}, it is {dom} -o {cod}"
            )


def _ends(node: Linear) -> tuple[Space, Space]:
    """The ends from those of the parts. Raises SpaceError where the parts do not meet."""
    match node:
        case Id(space) | Scale(space, _):
            return space, space
        case Zero(dom, cod):
            return dom, cod
        case Then(first, second):
            if first.cod != second.dom:
                raise SpaceError(f"composition of {first.cod} with {second.dom}")
            return first.dom, second.cod
        case Fork(parts):
            return _common([p.dom for p in parts], "fork"), Product(tuple(p.cod for p in parts))
        case Join(parts):
            return Product(tuple(p.dom for p in parts)), _common([p.cod for p in parts], "join")
        case Proj(spaces, index):
            return Product(spaces), spaces[index]
        case Inj(spaces, index):
            return spaces[index], Product(spaces)
        case Leaf():
            check_leaf(node, _short(node))
            return node.dom, node.cod
        case _:
            raise TermError(f"{type(node).__name__} is not a linear map cats knows")


def _common(spaces: Sequence[Space], what: str) -> Space:
    if not spaces or any(s != spaces[0] for s in spaces):
        raise SpaceError(f"{what} of {listed(spaces)}: there must be one space")
    return spaces[0]


def _short(node: Linear) -> str:
    return str(node) if isinstance(node, Leaf) else type(node).__name__


def check_leaf(leaf: Leaf, label: str) -> None:
    """The operation is linear in the slot, and takes the leaf's ends to each other."""
    if not 0 <= leaf.slot <= len(leaf.fixed):
        raise TermError(f"{label}: there is no slot {leaf.slot} beside {len(leaf.fixed)} arguments")
    op = leaf.op
    if not isinstance(op, Primitive):
        return
    if op.linear is None or leaf.slot not in op.linear.slots:
        raise LinearityError(f"{label}: {op.name} is not linear in argument {leaf.slot}")
    spaces: list[Any] = [_space(v, leaf) for v in leaf.fixed]
    spaces.insert(leaf.slot, leaf.dom)
    try:
        said = result_space(op, spaces, dict(leaf.params))
    except SpaceError as error:
        raise SpaceError(f"{label}: {error.message}") from None
    if tangent(said) != tangent(leaf.cod):
        raise SpaceError(f"{label} claims to end in {leaf.cod}, the operation ends in {said}")


def _space(value: Any, leaf: Leaf) -> Space:
    """A residual's space; bare numbers take that of the argument."""
    return leaf.dom if isinstance(value, int | float) else space_of(value)


# Linear programs

Residuals = Sequence[Space] | None
"""The spaces of the primal's positions, if it is known."""


def check_linear_program(
    program: LinearProgram, primal: Program | Sequence[Space] | None = None
) -> None:
    """Leaves fit their positions, residuals their primal, branches each other.

    primal   the program whose positions the residuals are, or the spaces of the residuals
    Raises TermError, SpaceError or LinearityError, naming the step.
    """
    spaces = primal.spaces if isinstance(primal, Program) else primal
    stack: list[tuple[LinearProgram, Residuals]] = [(program, spaces)]
    while stack:
        current, residuals = stack.pop()
        for position, step in current.numbered():
            label = f"linear step {position}"
            backwards(label, args_of(step), position, step.where)
            try:
                stack.extend(_check_step(current, label, step, residuals))
            except CatsError as error:
                raise error.at(step.where) from None
        in_range(current.outputs, len(current.spaces), first=ZERO)
        _check_outputs(current)


def _check_outputs(program: LinearProgram) -> None:
    if len(program.outputs) != len(program.ends):
        raise TermError(f"{len(program.outputs)} outputs for {len(program.ends)} ends")
    for number, (output, end) in enumerate(zip(program.outputs, program.ends, strict=True)):
        if output != ZERO and program.spaces[output] != end:
            raise SpaceError(
                f"output {number} is declared {end}, position {output} is {program.spaces[output]}"
            )


def _check_step(
    program: LinearProgram, label: str, step: LinearStep, residuals: Residuals
) -> list[tuple[LinearProgram, Residuals]]:
    match step:
        case SumStep():
            _check_sum(program, label, step, residuals)
            return []
        case LinCase():
            return _check_case(program, label, step, residuals)
        case LinLoop():
            return _check_loop(program, label, step, residuals)
        case LinCall():
            return _check_call(program, label, step, residuals)
        case LinSolve():
            return _check_solve(program, label, step, residuals)
        case _:
            assert_never(step)


def _check_sum(program: LinearProgram, label: str, step: SumStep, residuals: Residuals) -> None:
    for term in step.terms:
        if term.sign not in (1, -1):
            raise TermError(f"{label}: {term.sign} is no sign")
        dom, cod = program.spaces[term.arg], step.space
        if term.leaf is not None:
            check_leaf(term.leaf, f"{label}, {term.leaf}")
            for value in term.leaf.fixed:
                _check_ref(value, label, residuals)
            if term.leaf.dom != dom:
                raise SpaceError(
                    f"{label}: {term.leaf} takes {term.leaf.dom}, position {term.arg} is {dom}",
                )
            dom = term.leaf.cod
        if dom != cod:
            raise SpaceError(f"{label}: a term in {dom} in a sum in {cod}")


def _check_ref(value: object, label: str, residuals: Residuals) -> None:
    if not isinstance(value, Ref) or residuals is None:
        return
    if not 0 <= value.position < len(residuals):
        raise TermError(f"{label}: residual {value}, the primal has {len(residuals)} positions")
    if residuals[value.position] != value.space:
        raise SpaceError(
            f"{label}: residual {value} is taken for {value.space}, "
            f"in the primal it is {residuals[value.position]}"
        )


def _check_case(
    program: LinearProgram, label: str, step: LinCase[LinearProgram], residuals: Residuals
) -> list[tuple[LinearProgram, Residuals]]:
    for ref in (step.tag, *step.residuals):
        _check_ref(ref, label, residuals)
    if not isinstance(step.tag.space, Discrete) or step.tag.space.shape:
        raise SpaceError(f"{label}: the tag of a case is in {step.tag.space}")
    given = tuple(program.spaces[a] for a in step.args)
    for number, branch in enumerate(step.branches):
        if branch.inputs != given or branch.ends != step.spaces:
            raise SpaceError(
                f"{label}, branch {number}: {listed(branch.inputs)} -o {listed(branch.ends)}, "
                f"asked is {listed(given)} -o {listed(step.spaces)}",
            )
    if step.widths and (len(step.widths) != len(step.branches) or min(step.widths) < 1):
        raise TermError(f"{label}: widths {step.widths} of {len(step.branches)} branches")
    inner = tuple([ref.space for ref in step.inner])
    return [(branch, inner) for branch in step.branches]


def _check_loop(
    program: LinearProgram, label: str, step: LinLoop[LinearProgram], residuals: Residuals
) -> list[tuple[LinearProgram, Residuals]]:
    for ref in step.refs:
        _check_ref(ref, label, residuals)
    if isinstance(step.length, Ref) and step.length.space != INT:
        raise SpaceError(f"{label}: how often a loop runs is in {step.length.space}")
    start = step.captured + step.carries
    for number, (arg, space) in enumerate(zip(step.args, step.takes, strict=True)):
        if arg == ZERO and not step.captured <= number < start:
            raise TermError(f"{label}: only carries may begin as zero, not argument {number}")
        if arg != ZERO and program.spaces[arg] != space:
            raise SpaceError(
                f"{label}: argument {number} is in {program.spaces[arg]}, asked is {space}"
            )
    before, after = step.body.inputs[step.captured : start], step.body.ends[: step.carries]
    if before != after:
        raise SpaceError(f"{label}: carries in {listed(before)} become {listed(after)}")
    if any(r.space.shape[:1] != (step.rows,) for r in step.stacked):  # type: ignore[union-attr]
        raise SpaceError(f"{label}: a stacked residual has no row for every round")
    return [(step.body, tuple([ref.space for ref in step.inner]))]


def _check_call(
    program: LinearProgram, label: str, step: LinCall[LinearProgram], residuals: Residuals
) -> list[tuple[LinearProgram, Residuals]]:
    for ref in step.residuals:
        _check_ref(ref, label, residuals)
    prepare: Any = step.prepare
    if prepare.inputs != tuple([r.space for r in step.residuals]):
        raise SpaceError(f"{label}: what computes residuals again takes {listed(prepare.inputs)}")
    given = tuple([program.spaces[a] for a in step.args])
    if step.body.inputs != given:
        raise SpaceError(f"{label}: the body takes {listed(step.body.inputs)}, not {listed(given)}")
    return [(step.body, prepare.ends)]


def _check_solve(
    program: LinearProgram, label: str, step: LinSolve[LinearProgram], residuals: Residuals
) -> list[tuple[LinearProgram, Residuals]]:
    for ref in step.residuals:
        _check_ref(ref, label, residuals)
    pairs = zip(step.args, step.body.ends, strict=True)
    fits = all(a == ZERO or program.spaces[a] == end for a, end in pairs)
    if step.body.inputs != step.body.ends or not fits:
        raise SpaceError(f"{label}: a linear system in {listed(step.body.ends)} does not fit")
    return [(step.body, [ref.space for ref in step.residuals])]
