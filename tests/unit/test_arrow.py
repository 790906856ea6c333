"""Arrows: ends are checked, programs go there and back, evaluation needs no recursion."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.arrows import arrow_of, program_of_arrow
from cats.ir.arrow import (
    Arrow,
    Case,
    Const,
    Curry,
    Decide,
    Distl,
    Eval,
    Flat,
    Fork,
    Id,
    Inj,
    Letter,
    Prim,
    Proj,
    Terminal,
    Then,
    compose,
    cross,
    dup,
)
from cats.ir.check import check_arrow, check_program
from cats.ir.constant import Constant
from cats.ir.errors import SpaceError, TermError
from cats.ir.prims.algebra import add, mul, neg, sub
from cats.ir.prims.choice import greater
from cats.ir.prims.smooth import sin
from cats.ir.program import Program
from cats.ir.read import read_program
from cats.ir.spaces import BOOL, INT, Function, Product, R, Real, Sum
from cats.ir.wire import Builder
from cats.machine import Closure, Tagged, evaluate
from tests.unit.test_show import with_case, worked_example

RR = Product((R, R))
PLUS = Prim(add, (), (R, R))
TIMES = Prim(mul, (), (R, R))


def random_program(rng: Random, steps: int, depth: int = 1) -> Program:
    """A program on two numbers, with cases, of which every result is a number."""
    builder = Builder([R, R])
    wires = list(builder.wires)
    for _ in range(steps):
        x, y = rng.choice(wires), rng.choice(wires)
        kind = rng.choice(["add", "mul", "sub", "neg", "sin", "const", "case"])
        if kind == "case" and depth and x is not y:
            branches = tuple(random_program(rng, 3, depth - 1) for _ in range(2))
            if branches[0].ends == branches[1].ends:
                wires.extend(builder.case(branches, greater(x, y), [x, y]))
        elif kind == "const":
            wires.append(mul(x, rng.choice([2.0, -1.5, 0.25])))
        elif kind in ("neg", "sin"):
            wires.append({"neg": neg, "sin": sin}[kind](x))
        elif kind != "case":
            wires.append({"add": add, "mul": mul, "sub": sub}[kind](x, y))
    return builder.finish([rng.choice(wires), wires[-1]])


def run(program: Program, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The program, step by step."""
    at = list(values)
    for step in program.steps:
        args = [at[a] for a in step.args]
        if hasattr(step.op, "branches"):
            at.extend(run(step.op.branches[int(args[0])], tuple(args[1:])))
        else:
            at.append(step.op(*args, **dict(step.params)))
    return tuple(at[o] for o in program.outputs)


@given(st.integers(0, 2**32), st.floats(-3, 3), st.floats(-3, 3))
def test_a_program_and_its_arrow_are_the_same(seed: int, x: float, y: float) -> None:
    program = random_program(Random(seed), 8)
    arrow = arrow_of(program)
    check_arrow(arrow)
    assert (arrow.dom, arrow.cod) == (Product(program.inputs), Product(program.ends))
    assert np.array_equal(evaluate(arrow, (x, y)), run(program, (x, y)))
    back = program_of_arrow(arrow)
    check_program(back)
    assert back == program


@pytest.mark.parametrize("program", [worked_example(), with_case(False), with_case(True)])
def test_there_and_back(program: Program) -> None:
    assert program_of_arrow(arrow_of(program), program.names) == program


def test_an_arrow_is_written_as_on_the_board() -> None:
    assert str(arrow_of(worked_example())) == (
        "<id, <<p0, p1> ; mul>> ; flat ; <id, <<p2> ; cos>> ; flat ; "
        "<id, <<p2> ; sin>> ; flat ; <p3, p4>"
    )
    f = Letter("f", RR, R)
    assert str(Then(Fork((Curry(f), Id(R))), Terminal(Product((Function(R, R), R))))) == (
        "<curry f, id> ; !"
    )
    assert str(Curry(Then(f, Id(R)))) == "curry (f ; id)"
    assert str(Then(Terminal(R), Const(Constant(2.0)))) == "! ; 2.0"
    assert str(Case((Inj((R, INT), 0), Inj((R, INT), 1)))) == "[i0 | i1]"


def test_functions_are_values_and_disappear_from_programs() -> None:
    twice = Curry(TIMES)
    applied = Then(Fork((Then(Proj((R, R), 0), twice), Proj((R, R), 1))), Eval(Function(R, R)))
    assert evaluate(applied, (3.0, 5.0)) == 15.0
    assert isinstance(evaluate(twice, 3.0), Closure)
    program = program_of_arrow(applied)
    assert str(program) == "(x0: R, x1: R) ->\n  x2 = mul x0 x1\nin (x2)"
    outside = Then(Fork((Id(Function(R, R)), Then(Terminal(Function(R, R)), Const(Constant(2.0))))),
                   Eval(Function(R, R)))  # fmt: skip
    assert evaluate(outside, lambda v: v + 1) == 3.0
    with pytest.raises(TermError, match="a sum or a function is left"):
        program_of_arrow(twice)


def test_sums_are_decided_now_or_by_the_program() -> None:
    choose = compose(
        Fork((Proj((R, BOOL), 0), Then(Proj((R, BOOL), 1), Decide(BOOL, 2)))),
        Distl(R, (Product(()),) * 2),
        Case((
            Then(Proj((R, Product(())), 0), Fork((Id(R), Id(R)))),
            Then(Then(Proj((R, Product(())), 0), dup(R)), cross(Id(R), Then(dup(R), TIMES))),
        )),
    )  # fmt: skip
    assert evaluate(choose, (3.0, False)) == (3.0, 3.0)
    assert evaluate(choose, (3.0, True)) == (3.0, 9.0)
    program = program_of_arrow(choose)
    check_program(program)
    assert run(program, (3.0, True)) == (3.0, 9.0)
    known = Then(Inj((R, R), 1), Case((Id(R), Then(dup(R), TIMES))))
    assert evaluate(Inj((R, R), 1), 2.0) == Tagged(1, 2.0)
    assert str(program_of_arrow(known)) == "(x0: R) ->\n  x1 = mul x0 x0\nin (x1)"


def test_what_is_shared_is_run_once() -> None:
    runs = 0

    def letter(v: float) -> float:
        nonlocal runs
        runs += 1
        return v / 2

    arrow: Arrow = Letter("f", R, R)
    for _ in range(60):
        arrow = Then(Fork((arrow, arrow)), PLUS)
    assert evaluate(arrow, 1.0, {"f": letter}) == 2.0**59
    assert runs == 1
    deep: Arrow = Id(R)
    for _ in range(60):
        deep = Then(Then(dup(R), PLUS), deep)
    assert len(program_of_arrow(deep)) == 60


def test_deep_arrows_run_without_recursion() -> None:
    chain: Arrow = Id(R)
    nested: Arrow = Id(R)
    for _ in range(20_000):
        chain = Then(chain, Id(R))
        nested = Then(Fork((Id(R), nested)), Proj((R, R), 1))
    assert evaluate(chain, 2.0) == 2.0
    assert evaluate(nested, 2.0) == 2.0


WRONG: list[tuple[Any, str]] = [
    (lambda: Then(Id(R), Id(INT)), "cannot compose R -> R with Int -> Int"),
    (lambda: Fork((Id(R), Id(INT))), "fork needs one space, got R, Int"),
    (lambda: Fork(()), "fork needs one space, got none"),
    (lambda: Case((Id(R), Id(INT))), "case needs one space, got R, Int"),
    (lambda: Proj((R,), 1), "projection 1 of 1 parts"),
    (lambda: Inj((R,), -1), "injection -1 of 1 parts"),
    (lambda: Curry(Id(R)), "curry needs an arrow out of a pair, got R -> R"),
    (lambda: Prim(add, (), (R, Real((2,)))), "entrywise operation on different spaces"),
]


@pytest.mark.parametrize(("make", "sentence"), WRONG)
def test_ends_that_do_not_meet(make: Any, sentence: str) -> None:
    with pytest.raises(SpaceError) as caught:
        make()
    assert sentence in caught.value.message


def test_the_ends_of_every_kind() -> None:
    assert (Flat((RR, Product((INT,)))).cod, Distl(R, (R, INT)).cod) == (
        Product((R, R, INT)),
        Sum((RR, Product((R, INT)))),
    )
    with pytest.raises(TermError, match="nobody says what the letter f does"):
        evaluate(Letter("f", R, R), 1.0)
    with pytest.raises(SpaceError, match="not a product of ground spaces"):
        program_of_arrow(Id(Function(R, R)))


def test_a_call_is_its_body() -> None:
    inside = "(a: R, b: R) -> c = mul a b  d = sin c in (d, a)"
    called = read_program(f"(x: R, y: R) -> u, v = call y x | {inside} in (v, u)")
    plain = read_program("(x: R, y: R) -> c = mul y x  d = sin c in (y, d)")
    assert program_of_arrow(arrow_of(called)) == plain
    assert arrow_of(called).cod == arrow_of(plain).cod


@pytest.mark.parametrize(
    ("step", "word"),
    [
        ("y = loop[carries=1, length=3] x | (a: R) -> in (a)", "loop"),
        ("n, y = while x | (a: R) -> b = greater a a in (b) | (a: R) -> in (a)", "while"),
        ("y = solve[around=0, rounds=3, tolerance=0.1] x | (a: R) -> in (a)", "solve"),
    ],
)
def test_words_that_go_round_have_no_arrow(step: str, word: str) -> None:
    with pytest.raises(TermError, match=f"a {word} has no arrow: it .* iteration") as caught:
        arrow_of(read_program(f"(x: R) -> {step} in (y)"))
    assert "Work on the program itself" in str(caught.value)


def test_a_derivative_that_is_said_has_no_arrow() -> None:
    @cats.custom_jvp
    def twice(x: Any) -> Any:
        return 2.0 * x

    twice.defjvp(lambda xs, dxs: (twice(*xs), 2.0 * dxs[0]))
    with pytest.raises(TermError, match="a custom has no arrow: it has a derivative that is said"):
        arrow_of(cats.trace(twice, 1.0))
