"""Programs: equal by what they do, pickled flat, nested as deep as one likes."""

import pickle

import pytest

from cats.cost import count
from cats.ir.control import Case
from cats.ir.errors import SpaceError, Where
from cats.ir.nesting import inner_first
from cats.ir.program import Program
from cats.ir.read import read_program
from cats.ir.spaces import BOOL, R, Real
from cats.ir.wire import Builder
from cats.simplify import simplify

DEEP = 3000


def nest(depth: int, last: float = 1.0) -> Program:
    """if c then (if c then ... x * last ... else x + 1) else x + 0."""
    builder = Builder([BOOL, R])
    program = builder.finish([builder.wires[1] * last])
    for level in range(depth):
        other = Builder([BOOL, R])
        plain = other.finish([other.wires[1] + float(level)])
        builder = Builder([BOOL, R])
        program = builder.finish(
            builder.case((plain, program), builder.wires[0], list(builder.wires))
        )
    return program


def test_deep_programs_are_compared_hashed_pickled_and_written() -> None:
    deep, twin = nest(DEEP), nest(DEEP)
    assert deep == twin
    assert hash(deep) == hash(twin)
    assert deep != nest(DEEP, 2.0)
    assert pickle.loads(pickle.dumps(deep)) == deep
    assert deep.depth == DEEP
    assert sum(1 for _ in inner_first(deep)) == 2 * DEEP + 1
    assert len(str(deep)) > DEEP
    assert count(deep).total == 1


def test_deep_programs_are_simplified() -> None:
    assert simplify(nest(300)) == simplify(nest(300))


def test_places_and_names_make_no_difference() -> None:
    programs = []
    for line in (1, 2):
        builder = Builder([R])
        builder.where = Where("f.py", line)
        programs.append(builder.finish([builder.wires[0] * 2.0], ("x" * line,)))
    first, second = programs
    assert first == second
    assert hash(first) == hash(second)
    again = pickle.loads(pickle.dumps(second))
    assert again.names == ("xx",)
    assert again.steps[0].where == Where("f.py", 2)


def test_what_makes_a_difference() -> None:
    found = {
        read_program(text)
        for text in (
            "(x: R, y: R) ->\nin (x, y)",
            "(x: R, y: R) ->\nin (y, x)",
            "(x: R, y: R32) ->\nin (x, y)",
            "(x: R, y: R) ->\n  x2 = add x y\nin (x2)",
            "(x: R, y: R) ->\n  x2 = add y x\nin (x2)",
            "(x: R, y: R) ->\n  x2 = mul x y\nin (x2)",
        )
    }
    assert len(found) == 6


def test_a_shared_branch_is_pickled_once() -> None:
    """2 ** 40 paths."""
    builder = Builder([BOOL, R])
    program = builder.finish([builder.wires[1]])
    for _ in range(40):
        builder = Builder([BOOL, R])
        program = builder.finish(
            builder.case((program, program), builder.wires[0], list(builder.wires))
        )
    assert pickle.loads(pickle.dumps(program)) == program
    assert len(pickle.dumps(program)) < 20_000


def test_a_program_without_steps_is_a_program() -> None:
    program = Builder([R]).finish([])
    assert program
    assert len(program) == 0
    assert Builder([R]).finish([]) == program


def test_the_ends_of_a_case_fit() -> None:
    ends = []
    for space in (R, Real((2,))):
        builder = Builder([space])
        ends.append(builder.finish(builder.wires))
    with pytest.raises(SpaceError, match="different ends"):
        Case((ends[0], ends[1]))
    case = Case((ends[0], ends[0]))
    with pytest.raises(SpaceError, match="tag"):
        case.space(R, R)
    with pytest.raises(SpaceError, match="got"):
        case.space(BOOL, Real((2,)))
