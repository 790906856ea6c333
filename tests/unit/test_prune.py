"""Pruning linear programs: what nobody reads goes, also inside choices; the map stays."""

from typing import Any

import numpy as np
from hypothesis import given

from cats.cost import tally
from cats.forward import materialise, run
from cats.ir.linear import Ref
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import ZERO, LinearProgram, SumStep, Term, args_of
from cats.ir.primitive import leaf_of
from cats.ir.prims.algebra import mul
from cats.ir.prune import prune
from cats.ir.spaces import BOOL, R
from cats.ir.transpose import transposed
from tests.linear_programs import Sample, linear_programs


def by(ref: int, arg: int) -> Term:
    """A residual times a tangent."""
    return Term(1, leaf_of(mul, 1, (Ref(ref, R),), R, R), arg)


def choice(*branches: LinearProgram, args: tuple[int, ...] = (0, 1)) -> LinCase[LinearProgram]:
    return LinCase(Ref(0, BOOL), (Ref(1, R), Ref(2, R), Ref(3, R)), branches, args)


def branch(*steps: SumStep, outputs: tuple[int, ...]) -> LinearProgram:
    return LinearProgram((R, R), steps, outputs, (R,) * len(outputs))


FIRST = branch(SumStep((by(0, 0),), R), SumStep((by(1, 1),), R), outputs=(2, 3, ZERO))
SECOND = branch(SumStep((by(2, 0),), R), outputs=(2, ZERO, ZERO))


def inside(outputs: tuple[int, ...]) -> LinCase[LinearProgram]:
    """The case of the pruned program that reads these of its results."""
    whole = LinearProgram((R, R), (choice(FIRST, SECOND),), outputs, (R,) * len(outputs))
    (step,) = prune(whole).steps
    assert isinstance(step, LinCase)
    return step


def test_results_arguments_and_residuals_of_a_case_are_narrowed() -> None:
    kept = inside((2,))
    assert kept.args == (0,)
    assert kept.spaces == (R,)
    assert kept.residuals == (Ref(1, R), Ref(3, R))
    assert [b.references() for b in kept.branches] == [(Ref(0, R),), (Ref(1, R),)]


def test_what_no_branch_gives_is_zero() -> None:
    whole = LinearProgram((R, R), (choice(FIRST, SECOND),), (4, 4), (R, R))
    assert prune(whole) == LinearProgram((R, R), (), (ZERO, ZERO), (R, R))


def test_zeros_and_copies_are_read_through() -> None:
    steps = (
        SumStep((), R),
        SumStep((Term(1, None, 0),), R),
        SumStep((Term(1, None, 1), Term(1, None, 2)), R),
        choice(FIRST, SECOND, args=(1, 3)),
    )
    found = prune(LinearProgram((R,), steps, (4, 5, 3, 1), (R,) * 4))
    (step,) = found.steps
    assert isinstance(step, LinCase)
    assert (step.args, found.outputs) == ((0,), (ZERO, 1, 0, ZERO))


def test_nested_cases_are_narrowed_too() -> None:
    inner = LinearProgram((R, R), (choice(FIRST, SECOND),), (2, 3), (R, R))
    residuals = (Ref(7, BOOL), Ref(8, R), Ref(9, R), Ref(6, R))
    around = LinCase(Ref(0, BOOL), residuals, (inner, inner), (0, 1))
    outer = LinearProgram((R, R), (around,), (2,), (R,))
    (step,) = prune(outer).steps
    assert isinstance(step, LinCase)
    assert step.args == (0,)
    assert step.residuals == (Ref(7, BOOL), Ref(8, R), Ref(6, R))
    for inside_ in step.branches:
        (nested,) = inside_.steps
        assert args_of(nested) == (0,)


@given(linear_programs(max_steps=8))
def test_the_pruned_program_is_the_same_map(sample: Sample) -> None:
    """Transposed and transposed again it is not pruned; pruned it does the same."""
    program = transposed(transposed(sample.program))
    again = prune(program)
    rng = np.random.default_rng(0)
    given_: list[Any] = [rng.integers(-3, 4, s.shape).astype(s.dtype) for s in program.inputs]  # type: ignore[union-attr]
    left, right = run(program, sample.at, given_), run(again, sample.at, given_)
    for a, b in zip(left, right, strict=True):
        assert np.array_equal(materialise(a), materialise(b))


@given(linear_programs(max_steps=8))
def test_pruning_twice_is_pruning_once(sample: Sample) -> None:
    once = prune(sample.program)
    assert prune(once) == once
    assert tally(once) == tally(sample.program)
