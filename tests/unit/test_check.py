"""Each validator accepts what is well formed, and names the step and the fault of what is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.affine import Affine
from cats.arrows import arrow_of
from cats.begin import Begin
from cats.continuation import Continuation
from cats.ir import arrow
from cats.ir.check import check_arrow, check_linear, check_linear_program, check_program
from cats.ir.check_lambda import check_function
from cats.ir.errors import CatsError, LinearityError, SpaceError, TermError, Where
from cats.ir.explicit import from_linear_program
from cats.ir.linear import Fork, Id, Leaf, Linear, Proj, Ref, Scale, Then
from cats.ir.linear_control import LinCase
from cats.ir.linear_lambda import counts
from cats.ir.linear_program import LinearProgram, SumStep, Term
from cats.ir.primitive import leaf_of
from cats.ir.prims.algebra import div, mul, neg
from cats.ir.prims.layout import sum as total
from cats.ir.prims.smooth import sin
from cats.ir.program import Program, Step
from cats.ir.spaces import ANY, BOOL, INT, Product, R, Real
from cats.ir.transpose import transposed
from cats.matrix import Matrix
from tests.terms import random_space, random_term
from tests.unit.test_show import linear_example, with_case, worked_example

HERE = Where("model.py", 3, "loss")
RR = (R, R)


# Programs


@pytest.mark.parametrize("p", [worked_example(), with_case(False), with_case(True)])
def test_programs_that_are_built_are_well_formed(p: Program) -> None:
    check_program(p)
    check_arrow(arrow_of(p))


def program(*steps: Step, outputs: tuple[int, ...] = (0,), names: tuple[str, ...] = ()) -> Program:
    return Program(RR, steps, outputs, names)


SIN = Step(sin, (0,), (), (R,), HERE)
PROGRAMS: list[tuple[Program, type[CatsError], str]] = [
    (program(replace(SIN, args=(2,))), TermError, "step 2 (sin) reads position 2, which is not"),
    (program(replace(SIN, args=(-1,))), TermError, "step 2 (sin) reads position -1"),
    (program(replace(SIN, spaces=(INT,))), SpaceError, "step 2 (sin) claims to end in Int, the op"),
    (
        program(replace(SIN, spaces=RR)),
        SpaceError,
        "claims to end in R, R, the operation ends in R",
    ),
    (program(SIN, SIN), TermError, "step 3 (sin) repeats step 2"),
    (program(SIN, outputs=(3,)), TermError, "output 0 reads position 3, there are 3"),
    (program(SIN, outputs=(-1,)), TermError, "output 0 reads position -1"),
    (program(SIN, names=("x",)), TermError, "1 names for 2 inputs"),
    (
        program(Step(total, (0,), (("axes", (0,)),), (R,), HERE)),
        SpaceError,
        "step 2 (sum): (0,) are",
    ),
    (
        Program((INT,), (Step(sin, (0,), (), (INT,), HERE),), (1,)),
        SpaceError,
        "step 1 (sin): sin is an operation on real numbers, not on Int",
    ),
]


@pytest.mark.parametrize(("wrong", "kind", "sentence"), PROGRAMS)
def test_programs_that_are_not(wrong: Program, kind: type[CatsError], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        check_program(wrong)
    assert sentence in caught.value.message
    assert caught.value.where in (HERE, None)


def stepping(op: Any, args: Any = (0,), spaces: Any = (R,)) -> Program:
    """A program of one step on a number."""
    return Program((R,), (Step(op, args, (), spaces, HERE),), (1,))


ILL_FORMED: list[tuple[Any, type[CatsError], str]] = [
    (
        Program((Product(RR),), (), (0,)),  # type: ignore[arg-type]
        TermError,
        "an input lies in R * R, which is no space of numbers or arrays",
    ),
    (stepping("sin"), TermError, "step 1 is str, and no operation"),
    (stepping(Program((R,), (), (0,))), TermError, "step 1 is Program, and no operation"),
    (Program((R,), ("sin",), (0,)), TermError, "step 1 is str, and no operation"),  # type: ignore[arg-type]
    (stepping(sin, (1,)), TermError, "step 1 (sin) reads position 1, which is not before it"),
    (stepping(sin, ("x",)), TermError, "step 1 (sin) reads position x, which is not before it"),
    (stepping(sin, (0, 0)), SpaceError, "step 1 (sin): sin takes 1 argument, got 2"),
    (
        stepping(sin, (0,), ("R",)),
        TermError,
        "a result of step 1 (sin) lies in R, which is no space of numbers or arrays",
    ),
    (Program((R,), (), (3,)), TermError, "output 0 reads position 3, there are 1"),
    (Program((R,), (), (-1,)), TermError, "output 0 reads position -1, there are 1"),
]

READERS: list[Callable[[Program], Any]] = [
    check_program, cats.derive, cats.simplify, cats.OnNumpy().compile, cats.OnSource().compile,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(ILL_FORMED)))
def test_no_pass_reads_a_program_that_is_ill_formed(number: int) -> None:
    program, kind, sentence = ILL_FORMED[number]
    for read in READERS:
        with pytest.raises(kind) as caught:
            read(program)
        assert caught.value.message == sentence


def test_the_fault_is_found_in_a_branch_too() -> None:
    p = with_case(False)
    branches = p.steps[0].op.branches  # type: ignore[union-attr]
    broken = replace(branches[1], steps=(replace(branches[1].steps[0], spaces=(INT,)),))
    object.__setattr__(p.steps[0].op, "branches", (branches[0], broken))
    with pytest.raises(SpaceError, match=r"step 1 \(sin\) claims to end in Int"):
        check_program(p)


# Linear maps


@given(st.integers(0, 2**32))
def test_terms_that_are_built_are_well_formed(seed: int) -> None:
    rng = Random(seed)
    check_linear(random_term(rng, random_space(rng), random_space(rng), 4))


def forged(node: Any, **changes: Any) -> Any:
    """The node with fields, or claimed ends, overwritten."""
    for name, value in changes.items():
        node.__dict__[name] = value
    return node


LEAF = Leaf(mul, 1, (Ref(0, R),), (), R, R)
TERMS = [
    (forged(Then(Id(R), Id(R)), second=Id(INT)), SpaceError, "composition of R with Int"),
    (forged(Fork((Id(R), Id(R))), parts=(Id(R), Id(INT))), SpaceError, "fork of R, Int"),
    (forged(Proj(RR, 0), cod=INT), SpaceError, "Proj claims to be R * R -o Int, it is R * R -o R"),
    (Leaf(sin, 0, (), (), R, R), LinearityError, "sin: sin is not linear in argument 0"),
    (Leaf(div, 1, (2.0,), (), R, R), LinearityError, "div is not linear in argument 1"),
    (Leaf(mul, 2, (2.0,), (), R, R), TermError, "there is no slot 2 beside 1"),
    (Leaf(mul, 1, (Ref(0, INT),), (), R, R), SpaceError, "entrywise operation on different"),
    (Leaf(neg, 0, (), (), R, Real((2,))), SpaceError, "neg claims to end in R[2], the operation"),
]


@pytest.mark.parametrize(("term", "kind", "sentence"), TERMS)
def test_terms_that_are_not(term: Any, kind: type[CatsError], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        check_linear(Then(Id(term.dom), term) if isinstance(term, Leaf) else term)
    assert sentence in caught.value.message


BORN: dict[str, tuple[Callable[[], Linear], type[CatsError]]] = {
    "sin is not linear in argument 0": (lambda: leaf_of(sin, 0, (), R, R), LinearityError),
    "scaling by an array of shape (3,) leaves R": (
        lambda: Scale(R, np.ones(3)),
        SpaceError,
    ),
    "scaling by an array of shape (2,) leaves R * R[2]": (
        lambda: Scale(Product((R, Real((2,)))), np.ones(2)),
        SpaceError,
    ),
    "values of dtype <U1 are in no space of cats": (lambda: Scale(R, "a"), SpaceError),
}


@pytest.mark.parametrize("sentence", BORN)
def test_what_is_no_linear_map_is_not_made(sentence: str) -> None:
    make, kind = BORN[sentence]
    with pytest.raises(kind) as caught:
        make()
    assert sentence in caught.value.message and caught.value.remedy


def test_scalings_that_keep_the_shape_are_made() -> None:
    for by in (2.0, np.float64(2.0), np.ones(3), np.ones((2, 1)), np.ones((1, 3))):
        check_linear(Scale(Real((2, 3)), by))
    check_linear(Scale(Product((R, Real((2,)))), np.float64(2.0)))


K = Matrix()
AT_THE_SEAM = [K, Affine(K), Continuation(K), Begin(K)]


@pytest.mark.parametrize("k", AT_THE_SEAM, ids=lambda k: type(k).__name__)
def test_maps_compose_where_their_ends_meet(k: Any) -> None:
    with pytest.raises(SpaceError) as caught:
        k.then(k.identity(R), k.identity(Real((3,))))
    message = "cannot compose: the first map ends in R, the second begins in R[3]"
    assert caught.value.message == message
    k.then(k.identity(Real((ANY,))), k.zero(Real((3,)), R))
    rows = Product((Real((ANY,)), R))
    with pytest.raises(SpaceError, match="cannot compose"):
        k.then(k.identity(rows), k.identity(Product((Real((3,)), Real((2,))))))


PRIMAL = Program((R, R, BOOL), (), (0,))


def linear(*terms: Term, space: Any = R, **others: Any) -> LinearProgram:
    whole = LinearProgram((R,), (SumStep(terms, space, HERE),), (1,), (R,))
    return replace(whole, **others)


ID = LinearProgram((R,), (), (0,), (R,))
CASE = LinCase(Ref(2, BOOL), (Ref(0, R),), (ID, ID), (0,), HERE)
LINEAR_PROGRAMS: list[tuple[LinearProgram, type[CatsError], str]] = [
    (linear(Term(1, LEAF, 1)), TermError, "linear step 1 reads position 1, which is not before"),
    (linear(Term(2, LEAF, 0)), TermError, "linear step 1: 2 is no sign"),
    (linear(Term(1, None, 0), space=INT, ends=(INT,)), SpaceError, "a term in R in a sum in Int"),
    (
        linear(Term(1, Leaf(neg, 0, (), (), INT, INT), 0)),
        SpaceError,
        "neg takes Int, position 0 is",
    ),
    (linear(Term(1, LEAF.with_fixed((Ref(5, R),)), 0)), TermError, "residual x5, the primal has 3"),
    (
        linear(Term(1, LEAF.with_fixed((Ref(2, R),)), 0)),
        SpaceError,
        "x2 is taken for R, in the pri",
    ),
    (linear(outputs=(2,)), TermError, "output 0 reads position 2, there are 2"),
    (linear(outputs=(0, 1)), TermError, "2 outputs for 1 ends"),
    (linear(ends=(INT,)), SpaceError, "output 0 is declared Int, position 1 is R"),
    (linear(steps=(replace(CASE, args=(1,)),)), TermError, "linear step 1 reads position 1"),
    (linear(steps=(replace(CASE, tag=Ref(0, R)),)), SpaceError, "the tag of a case is in R"),
    (linear(steps=(replace(CASE, residuals=(Ref(7, R),)),)), TermError, "residual x7"),
    (
        linear(steps=(replace(CASE, widths=(1,)),)),
        TermError,
        "linear step 1: widths (1,) of 2 branches",
    ),
    (
        linear(steps=(replace(CASE, branches=(ID, replace(ID, ends=(INT,)))),)),
        SpaceError,
        "linear step 1, branch 1: R -o Int, asked is R -o R",
    ),
    (
        linear(
            steps=(replace(CASE, branches=(linear(Term(1, LEAF.with_fixed((Ref(1, R),)), 0)),)),)
        ),
        TermError,
        "residual x1, the primal has 1 positions",
    ),
]


@pytest.mark.parametrize(("wrong", "kind", "sentence"), LINEAR_PROGRAMS)
def test_linear_programs_that_are_not(
    wrong: LinearProgram, kind: type[CatsError], sentence: str
) -> None:
    with pytest.raises(kind) as caught:
        check_linear_program(wrong, PRIMAL)
    assert sentence in caught.value.message


def hand_made() -> list[LinearProgram]:
    square = linear(Term(1, LEAF, 0), Term(1, LEAF, 0), Term(-1, None, 0))
    return [ID, linear(), square, linear(steps=(CASE,)), linear_example(), linear(outputs=(-1,))]


@pytest.mark.parametrize("program", hand_made(), ids=str)
def test_linear_programs_that_are_well_formed_and_linear_when_dup_and_drop_are_written(
    program: LinearProgram,
) -> None:
    for each in (program, transposed(program)):
        check_linear_program(each)
        check_function(from_linear_program(each))


@pytest.mark.parametrize("program", hand_made(), ids=str)
def test_transposing_exchanges_dup_and_plus(program: LinearProgram) -> None:
    there, back = (counts(from_linear_program(p)) for p in (program, transposed(program)))
    assert (there["Dup"], there["Plus"]) == (back["Plus"], back["Dup"])


# Arrows


ARROWS = [
    (forged(arrow.Then(arrow.Id(R), arrow.Id(R)), second=arrow.Id(INT)), "cannot compose R -> R"),
    (forged(arrow.Proj(RR, 0), index=4), "projection 4 of 2 parts"),
    (forged(arrow.Id(R), cod=INT), "Id claims to be R -> Int, it is R -> R"),
]


@pytest.mark.parametrize(("wrong", "sentence"), ARROWS)
def test_arrows_that_are_not(wrong: Any, sentence: str) -> None:
    with pytest.raises(SpaceError) as caught:
        check_arrow(wrong)
    assert sentence in caught.value.message
