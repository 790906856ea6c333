"""One thing given in place of another: the error says what was asked, why not, and what to do."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import cats
from cats.functor import by_position, interpret
from cats.ir.errors import BackendError, DerivativeError, SpaceError, TermError
from cats.ir.linear import Fork, Id, Join, Proj, Then
from cats.ir.read import read_program
from cats.ir.spaces import R
from cats.matrix import to_array
from tests.errors.said import Case, is_said

FORWARD = cats.Forward()
DERIVED = cats.derive(cats.trace(lambda x, y: (x * y, x + y), 1.0, 2.0))
SQUARES = cats.derive(cats.trace(lambda x: np.sum(x * x), np.ones(3))).linear
ONES = by_position((np.ones(3), 1.0))
BACK = cats.Dual(FORWARD)
SQUARE = cats.parse(r"\y: R. y * y")
TWO = cats.parse(r"\x: R. let two = \f. \y. f (f y) in two two (\z. z * 1.1) x")
AT = by_position((1.0, 2.0, 3.0))
LINEAR = "Give cats.derive(program).linear."
INSTANCE = "Give an instance of one, for instance cats.Forward()."
SERIES = "Give for each primal a list of its derivatives, all equally long."
PARTS = "Give a tuple of one tangent for each part, for a single part too."


def double() -> Any:
    """A linear map given as a function and its transpose."""
    return cats.linear_primitive(lambda x: 2 * x, lambda w: 2 * w)


CASES: dict[str, Case] = {
    "represent a program": (
        lambda: cats.represent(DERIVED.primal, FORWARD, AT),  # type: ignore[arg-type]
        DerivativeError, "Program is no linear program", LINEAR,
    ),
    "represent a derivative": (
        lambda: cats.represent(DERIVED, FORWARD, AT),  # type: ignore[arg-type]
        DerivativeError, "Derivative is no linear program", LINEAR,
    ),
    "residuals not looked up": (
        lambda: cats.represent(DERIVED.linear, FORWARD, [1.0, 2.0]),  # type: ignore[arg-type]
        DerivativeError, "list is no function that looks residuals up",
        "Give cats.functor.by_position(residuals).",
    ),
    "too few residuals": (
        lambda: cats.represent(DERIVED.linear, FORWARD, by_position([1.0]))((1.0, 0.0)),
        SpaceError, "residual 1 is asked for, and 1 are given",
        "Give what the primal returns after the results: made[derivative.count :].",
    ),
    "too few tangents": (
        lambda: cats.represent(DERIVED.linear, FORWARD, AT)((1.0,)),
        SpaceError, "a linear map out of a product of 2 takes a tuple of 2, got 1", PARTS,
    ),
    "a tangent of another shape": (
        lambda: cats.represent(SQUARES, FORWARD, ONES)((np.ones(4),)),
        SpaceError, "tangent or cotangent 0 lies in R[4], and is asked to lie in R[3]",
        "Give one of the shape (3,).",
    ),
    "a tangent that would be repeated": (
        lambda: cats.represent(SQUARES, FORWARD, ONES)((2.0,)),
        SpaceError, "tangent or cotangent 0 lies in R, and is asked to lie in R[3]",
        "Give one of the shape (3,).",
    ),
    "a tangent of more axes": (
        lambda: cats.represent(SQUARES, FORWARD, ONES)((np.ones((2, 3)),)),
        SpaceError, "tangent or cotangent 0 lies in R[2, 3], and is asked to lie in R[3]",
        "Give one of the shape (3,).",
    ),
    "a cotangent of another shape": (
        lambda: cats.represent(SQUARES, BACK, ONES)((np.ones(3),)),
        SpaceError, "tangent or cotangent 0 lies in R[3], and is asked to lie in R",
        "Give one of the shape ().",
    ),
    "a residual of another shape": (
        lambda: cats.represent(SQUARES, BACK, by_position((1.0, 1.0))),
        SpaceError, "residual 0 lies in R, and is asked to lie in R[3]",
        "Give one of the shape (3,).",
    ),
    "an input bound twice": (
        lambda: read_program("(x: R, x: R) -> in (x)"),
        TermError, "line 1, column 12: input x is bound twice, found ')'", None,
    ),
    "an input in a product": (
        lambda: read_program("(x: R * R) -> in (x)"),
        TermError,
        "line 1, column 10: input x is in R * R, which is no space of numbers or arrays, "
        "found ')'",
        None,
    ),
    "explain a whole number": (
        lambda: cats.explain(lambda n: n, 3),
        DerivativeError, "the result is 3 of type int: it has no derivative",
        "Return a real number or array.",
    ),
    "a Jacobian of nothing": (
        lambda: cats.jacobian(lambda x: ())(1.0),
        DerivativeError, "the result lies in nothing real: it has no derivative",
        "Return a real number or array.",
    ),
    "a length below 0": (
        lambda: cats.Spec((-3,)),
        SpaceError,
        "Spec(shape=(-3,), dtype='float64') has lengths that are no whole numbers from 0 up",
        "Give a tuple of lengths, as Spec((3,)).",
    ),
    "a text for a shape": (
        lambda: cats.Spec("a"),  # type: ignore[arg-type]
        SpaceError,
        "Spec(shape='a', dtype='float64') has lengths that are no whole numbers from 0 up",
        "Give a tuple of lengths, as Spec((3,)).",
    ),
    "a Spec of complex numbers": (
        lambda: cats.Spec((3,), complex),
        SpaceError, "complex numbers are not supported: cats differentiates real functions",
        "Treat the real and the imaginary part as two real arguments.",
    ),
    "a body of fewer arguments": (
        lambda: cats.lam.fn("x y", lambda x: x),
        TermError, "the body cannot be called on x, y: too many positional arguments",
        "Give a Python function of one argument for each name.",
    ),
    "a number for a body": (
        lambda: cats.lam.fn("x", 3),  # type: ignore[arg-type]
        TermError, "the body cannot be called on x: 3 is not a callable object",
        "Give a Python function of one argument for each name.",
    ),
    "a number for a table": (
        lambda: to_array(3),  # type: ignore[arg-type]
        DerivativeError, "int is no table of blocks",
        "Give what cats.represent(linear, cats.Matrix(), at) gives.",
    ),
    "a term on a traced value": (
        lambda: cats.grad(lambda x: SQUARE(x) + x)(2.0),
        TermError,
        "a term is applied to a value that is traced, which has no place in a term",
        "Write cats.compile(term)(x) in place of term(x).",
    ),
    "a let of two spaces": (
        lambda: cats.grad(TWO)(0.7),
        TermError,
        "`z * 1.1`: `z` is in ((...) -> ...) -> (...) -> ..., and mul works on numbers and arrays",
        None,
    ),
    "a number for a tuple": (
        lambda: interpret(Join((Id(R), Id(R))), FORWARD)(1.0),
        SpaceError, "a linear map out of a product of 2 takes a tuple of 2, got float", PARTS,
    ),
    "interpret a number": (
        lambda: interpret(3, FORWARD),  # type: ignore[arg-type]
        DerivativeError, "int is no linear map",
        "Give a term of cats.ir.linear; cats.represent takes linear programs.",
    ),
    "a class for a representation": (
        lambda: interpret(Id(R), cats.Forward),  # type: ignore[arg-type]
        DerivativeError, "the class Forward is no representation", INSTANCE,
    ),
    "what answers nothing": (
        lambda: cats.represent(DERIVED.linear, object(), AT),  # type: ignore[arg-type]
        DerivativeError,
        "object is no representation: it does not say keeps, identity, zero, then, fork, join, "
        "proj, inj, scale, leaf",
        INSTANCE,
    ),
    "Dual of a class": (
        lambda: cats.Dual(cats.Forward),  # type: ignore[arg-type]
        DerivativeError, "the class Forward is no representation", INSTANCE,
    ),
    "Continuation of a class": (
        lambda: cats.Continuation(cats.Matrix),  # type: ignore[arg-type]
        DerivativeError, "the class Matrix is no representation", INSTANCE,
    ),
    "a fork of numbers": (
        lambda: Fork((1, 2)),  # type: ignore[arg-type]
        SpaceError, "`Fork((1, 2))` is no linear map",
        "A Fork is <f, g, ...> : A -o B * C * ...",
    ),
    "a map and a number": (
        lambda: Id(R) + 1,  # type: ignore[operator]
        SpaceError, "`Fork((Id(Real()), 1))` is no linear map",
        "A Fork is <f, g, ...> : A -o B * C * ...",
    ),
    "a map, then a number": (
        lambda: Then(Id(R), 3),  # type: ignore[arg-type]
        SpaceError, "`Then(Id(Real()), 3)` is no linear map",
        "A Then is f ; g : A -o C, first f then g.",
    ),
    "a projection from no product": (
        lambda: Proj(R, 0),  # type: ignore[arg-type]
        SpaceError, "`Proj(Real(), 0)` is no linear map",
        "A Proj is p_i : A_0 * A_1 * ... -o A_i.",
    ),
    "unzip a number": (
        lambda: cats.unzip(3),  # type: ignore[arg-type]
        DerivativeError, "int is no derivative", "Make one with cats.derive(program).",
    ),
    "a policy by name": (
        lambda: cats.unzip(DERIVED, "save"),  # type: ignore[arg-type]
        DerivativeError, "'save' is no policy for residuals",
        "Give one of SaveAll(), Recompute(), Saving(which), Budget(bytes), Every(k), "
        "Binomial(snapshots).",
    ),
    "a number for rules": (
        lambda: cats.simplify(DERIVED.primal, 3),  # type: ignore[arg-type]
        TermError, "int is no sequence of rules",
        "Give a sequence of them, as cats.ir.rules.EXACT is.",
    ),
    "numbers for rules": (
        lambda: cats.simplify(DERIVED.primal, [3]),  # type: ignore[list-item]
        TermError, "int is no rule", "Give a sequence of them, as cats.ir.rules.EXACT is.",
    ),
    "compile a number": (
        lambda: cats.OnNumpy().compile(3),  # type: ignore[arg-type]
        TermError, "int is no program",
        "Make one with cats.trace(f, x), or read it with cats.ir.read.read_program.",
    ),
    "too few arguments": (
        lambda: cats.OnNumpy().compile(DERIVED.primal)(1.0),
        BackendError, "the compiled program takes 2 arguments, got 1",
        "Give one value in each of R, R.",
    ),
    "a series that is a number": (
        lambda: cats.jet(np.sin, (0.0,), (1.0,)),  # type: ignore[arg-type]
        SpaceError, "1 primals, and series of ['float'] derivatives", SERIES,
    ),
    "primals that are a number": (
        lambda: cats.jet(np.sin, 0.0, ([1.0],)),  # type: ignore[arg-type]
        SpaceError, "primals are float, and series tuple", SERIES,
    ),
    "a shape for a tangent": (
        lambda: cats.jvp(np.exp, (1.0,), (cats.Spec(),)),
        SpaceError, "Spec(shape=(), dtype='float64') has no data to compute with",
        "Pass an array; a Spec is for cats.trace, cats.count and cats.source.",
    ),
    "a record for a tangent": (
        lambda: cats.jvp(lambda x, n: x * n, (2.0, 3), (1.0, np.zeros((), [("float0", "V")]))),
        SpaceError, "a tangent is given that is not 0, but 3 does not vary",
        "Give None there, or pass a float in place of an integer if it is to vary.",
    ),
    "a linear map of integers": (
        lambda: double()(3),
        SpaceError, "_lambda_ is a linear map from real numbers to such, not from Int to Int",
        "Pass floats, and say a dtype of floats with like=.",
    ),
    "more than an array holds": (
        lambda: cats.trace(np.sin, cats.Spec((10**30,))),
        SpaceError,
        f"Spec(shape=({10**30},), dtype='float64') has more entries than an array can have",
        f"Give lengths of which the product is at most {sys.maxsize // 8}.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_said(name: str) -> None:
    is_said(CASES[name])


def test_dividing_exact_numbers_by_zero_names_the_line() -> None:
    run = cats.OnFractions().compile(cats.trace(lambda x: 1.0 / x, 1.0))
    assert run(2)
    with pytest.raises(BackendError) as caught:
        run(0)
    message, place, remedy = str(caught.value).splitlines()
    assert message == "div divides by zero, and exact numbers have no infinity"
    assert "test_wrong_things.py" in place and "lambda x: 1.0 / x" in place
    assert remedy == "  Give arguments at which nothing is divided by zero."


def test_a_compiled_program_of_nothing_takes_nothing() -> None:
    run = cats.OnNumpy().compile(cats.trace(lambda: np.float64(2.0)))
    with pytest.raises(BackendError, match="takes 0 arguments, got 1\n  Call it without arguments"):
        run(1.0)


def test_an_error_of_the_users_own_is_left_as_it_is() -> None:
    def torn(x: Any) -> Any:
        raise TypeError("torn")

    program = cats.trace(lambda x: cats.Primitive("torn", None, lambda x: x, function=torn)(x), 1.0)
    with pytest.raises(TypeError, match=r"^torn$"):
        cats.OnNumpy().compile(program)(1.0)
