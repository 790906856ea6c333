"""Linear A: what is linear is accepted; each way not to be has its own sentence."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cats.derive import derive
from cats.ir.check import check_linear_program
from cats.ir.check_lambda import check_function
from cats.ir.errors import LinearityError, SpaceError, TermError
from cats.ir.explicit import from_linear_program
from cats.ir.linear_lambda import Apply, Case, Drop, Dup, Function, Let, Loop, Plus, Zero, counts
from cats.ir.prims.algebra import add, div, mul, neg
from cats.ir.prims.smooth import sin
from cats.ir.spaces import BOOL, INT, Product, R, Real
from cats.ir.transpose import transposed
from tests.unit.test_arrow import random_program
from tests.unit.test_check import ID


def function(*lets: Let, results: str = "", linear: str = "u") -> Function:
    """(x: R, b: Bool; t: R, s: R) -> lets in (results; linear)."""
    return Function(
        (("x", R), ("b", BOOL)), (("t", R), ("s", R)), lets, tuple(results.split()),
        tuple(linear.split()),
    )  # fmt: skip


def let(names: str, value: Any) -> Let:
    return Let(tuple(names.split()), value)


DROP = let("", Drop("s"))
TAKES = Function((("x", R),), (("t", R),), (), (), ("t",))
FORGETS = Function((("x", R),), (("t", R),), (let("z", Zero(R)),), (), ("z",))
ILL_TYPED = {
    "the linear variable t is never used": function(DROP, let("u", Zero(R))),
    "the linear variable t is used again, after u = neg t": function(
        DROP, let("u", Apply(neg, ("t",))), let("v", Apply(neg, ("t",))), linear="u v"
    ),
    "the linear variable u is used again, after the results": function(
        DROP, let("u", Apply(neg, ("t",))), linear="u u"
    ),
    "the linear variable t is used again, after v = neg t": function(
        DROP, let("v", Apply(neg, ("t",))), linear="v t"
    ),
    "a product of two linear variables, t and s, is not linear": function(
        let("u", Apply(mul, ("t", "s")))
    ),
    "add of two linear variables, t and s, is not linear": function(
        let("u", Apply(add, ("t", "s")))
    ),
    "add is not linear, and t is linear": function(DROP, let("u", Apply(add, ("x", "t")))),
    "sin is not linear, and t is linear": function(DROP, let("u", Apply(sin, ("t",)))),
    "div is not linear in argument 1, and t is linear": function(
        DROP, let("u", Apply(div, ("x", "t")))
    ),
    "results: the linear variable t is never used": function(
        DROP, let("u", Case("b", ("x",), ("t",), (TAKES, FORGETS)))
    ),
    "the non-linear result t depends on a linear variable": function(
        DROP, let("u", Zero(R)), results="t"
    ),
    "the non-linear result v depends on a linear variable": function(
        DROP, let("v", Apply(mul, ("x", "t"))), results="v", linear=""
    ),
    "a linear result must be linear, and x is not": function(DROP, let("", Drop("t")), linear="x"),
    "nobody bound q": function(let("u", Apply(sin, ("q",)))),
    "u is bound twice": function(let("u v", Dup("t")), let("u", Apply(neg, ("s",)))),
    "what is doubled must be linear, and x is not": function(let("u v", Dup("x"))),
    "what is dropped must be linear, and x is not": function(let("", Drop("x"))),
    "a summand must be linear, and x is not": function(let("u", Plus("t", "x"))),
    "the tag of a case must be non-linear, and t is linear": function(
        let("u", Case("t", ("x",), ("s",), (TAKES, TAKES)))
    ),
    "a non-linear argument of a branch must be non-linear, and t is linear": function(
        let("u", Case("b", ("t",), ("s",), (TAKES, TAKES)))
    ),
    "a linear argument of a branch must be linear, and x is not": function(
        let("u", Case("b", ("x",), ("x",), (TAKES, TAKES)))
    ),
    "2 results for 1 names": function(let("u", Dup("t"))),
    "t cannot be linear: Int has no tangent but 0": Function((), (("t", INT),), (), (), ("t",)),
}


@pytest.mark.parametrize("sentence", ILL_TYPED)
def test_what_is_not_linear_is_refused_with_its_own_sentence(sentence: str) -> None:
    with pytest.raises(LinearityError) as caught:
        check_function(ILL_TYPED[sentence])
    assert sentence in caught.value.message
    assert caught.value.message.count(":") >= 1


MISFITS = {
    "a sum of R and R[2]": Function(
        (), (("t", R), ("s", Real((2,)))), (let("u", Plus("t", "s")),), (), ("u",)
    ),
    "the tag of a case is a Bool or Int, not R": function(
        DROP, let("u", Case("x", ("x",), ("t",), (TAKES, TAKES)))
    ),
    "the branches take other arguments than they are given": function(
        DROP, let("u", Case("b", (), ("t",), (TAKES, TAKES)))
    ),
    "the branches have different arguments or results": function(
        DROP, let("u", Case("b", ("x",), ("t",), (TAKES, from_linear_program(ID))))
    ),
    "a case on Bool of 0 branches": function(DROP, let("u", Case("b", ("x",), ("t",), ()))),
    "a case on Bool of 1 branch": function(DROP, let("u", Case("b", ("x",), ("t",), (TAKES,)))),
    "a case on Bool of 3 branches": function(
        DROP, let("u", Case("b", ("x",), ("t",), (TAKES, TAKES, TAKES)))
    ),
    "a stack has no row for every round": Function(
        (("x", Product((R, R))),), (("t", R),),
        (let("u", Loop("3", False, (), ("x",), ("t",), (), TAKES)),), (), ("u",),
    ),
    "u = neg t: neg takes numbers and arrays, not what lies in R * R": Function(
        (), (("t", Product((R, R))),), (let("u", Apply(neg, ("t",))),), (), ("u",)
    ),
}  # fmt: skip


@pytest.mark.parametrize("sentence", MISFITS)
def test_what_does_not_fit_is_refused(sentence: str) -> None:
    with pytest.raises(SpaceError) as caught:
        check_function(MISFITS[sentence])
    assert sentence in caught.value.message


NO_TERMS: dict[str, Any] = {
    "int is no function of Linear A": 3,
    "str is no binding, at place 1 of lets": function(DROP, "junk"),  # type: ignore[arg-type]
    "int is no expression of Linear A, where u is bound": function(let("u", 3)),
    "int is no function of Linear A, where u is bound": function(
        DROP, let("u", Case("b", ("x",), ("t",), (3, TAKES)))  # type: ignore[arg-type]
    ),
    "str is no operation, where u is bound": function(
        let("u", Apply("mul", ("x", "t")))  # type: ignore[arg-type]
    ),
    "int is no space, as that of u is to be": function(
        DROP, let("u", Zero(3)), let("", Drop("t"))  # type: ignore[arg-type]
    ),
    "str is no space, as that of t is to be": Function((), (("t", "R"),), (), (), ("t",)),  # type: ignore[arg-type]
}  # fmt: skip
"""What is no part of a function, by what is said of it."""


@pytest.mark.parametrize("sentence", NO_TERMS)
def test_what_is_no_term_is_refused(sentence: str) -> None:
    with pytest.raises(TermError) as caught:
        check_function(NO_TERMS[sentence])
    assert caught.value.message == sentence and caught.value.remedy


def test_the_length_of_a_loop_is_a_number_in_digits_or_a_variable() -> None:
    """What Python does not read as a number is none: a superscript is looked up as a name."""
    for length, fault in (("²", "nobody bound ²"), ("-1", "nobody bound -1")):
        loop = let("u", Loop(length, False, ("x",), (), ("t",), (), TAKES))
        with pytest.raises(LinearityError, match=fault):
            check_function(function(DROP, loop))
    check_function(function(DROP, let("u", Loop("3", False, ("x",), (), ("t",), (), TAKES))))


def test_well_typed_terms_are_accepted_and_written() -> None:
    good = function(
        let("t1 t2", Dup("t")),
        let("y", Apply(sin, ("x",))),
        let("v", Apply(mul, ("y", "t1"))),
        let("w", Plus("v", "t2")),
        let("u", Case("b", ("y",), ("w",), (TAKES, TAKES))),
        DROP,
        results="y",
    )
    check_function(good)
    assert str(good).startswith("(x: R, b: Bool; t: R, s: R) ->\n  t1, t2 = dup t\n  y = sin x\n")
    assert "u = case b (y; w)\n    | (x: R; t: R) ->\n      in (; t)" in str(good)
    assert counts(good) == {"Dup": 1, "Drop": 1, "Zero": 0, "Plus": 1, "Apply": 2}


def test_cases_nest_without_recursion() -> None:
    nested = Function((("b", BOOL),), (("t", R),), (), (), ("t",))
    for _ in range(2000):
        choice = let("u", Case("b", ("b",), ("t",), (nested, nested)))
        nested = Function((("b", BOOL),), (("t", R),), (choice,), (), ("u",))
    check_function(nested)


@given(st.integers(0, 2**32))
def test_every_derivative_the_library_derives_is_linear(seed: int) -> None:
    found = derive(random_program(Random(seed), 12, 2))
    check_linear_program(found.linear, found.primal.ends[found.count :])
    for program in (found.linear, transposed(found.linear)):
        check_linear_program(program)
        check_function(from_linear_program(program))


@given(st.integers(0, 2**32))
def test_transposing_a_straight_program_exchanges_dup_and_plus(seed: int) -> None:
    linear = derive(random_program(Random(seed), 12, 0)).linear
    there, back = (counts(from_linear_program(p)) for p in (linear, transposed(linear)))
    assert (there["Dup"], there["Plus"]) == (back["Plus"], back["Dup"])
