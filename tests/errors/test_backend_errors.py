"""What a backend refuses, it refuses when it compiles: the operation, the line, a remedy."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cats.backends.backend import Backend
from cats.backends.on_fractions import OnField, OnFractions, on_modulo
from cats.backends.on_numexpr import OnNumexpr
from cats.backends.on_numpy import OnNumpy
from cats.backends.on_source import OnSource, source_text
from cats.ir.errors import BackendError, CatsError, Where
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import mul
from cats.ir.prims.choice import maximum
from cats.ir.prims.layout import const
from cats.ir.prims.smooth import sin
from cats.ir.program import Program
from cats.ir.spaces import ANY, BOOL, R, Real, Space
from cats.ir.wire import Builder


def made(op: Primitive, count: int = 1, space: Real = R) -> Program:
    """The program of one step, which stands on line 12."""
    b = Builder((space,) * count)
    b.where = Where("model.py", 12, "loss")
    return b.finish((op(*b.wires),))


def said(work: Callable[[], Any]) -> str:
    """The message of the error that is raised."""
    with pytest.raises(CatsError) as caught:
        work()
    return str(caught.value)


def opaque(function: Callable[..., Any], space: Space = R) -> Primitive:
    """A user's operation that is a Python function."""
    return Primitive("mine", None, lambda x: space, function=function)


def test_sin_has_no_fraction() -> None:
    assert said(lambda: OnFractions().compile(made(sin))) == (
        "the operation sin does not run on the fractions backend\n"
        "  at model.py:12 in loss\n"
        "  Exact numbers have rational operations only: use numpy."
    )


def test_an_operation_in_a_branch_is_seen() -> None:
    b = Builder((BOOL, R))
    tag, x = b.wires
    kinds = (made(sin), Program((R,), (), (0,)))
    assert "sin does not run" in said(
        lambda: OnFractions().compile(b.finish(b.case(kinds, tag, (x,))))
    )


def test_residues_have_no_order() -> None:
    assert said(lambda: on_modulo(101).compile(made(maximum, 2))).startswith(
        "the operation maximum does not run on the integers mod 101 backend\n"
    )


def test_a_users_operation_of_a_known_name_is_not_taken_for_it() -> None:
    add = Primitive("add", "np.sin({0})", lambda x: x, elementwise=True)
    assert said(lambda: OnFractions().compile(made(add))).startswith("the operation add does not")


def test_a_python_function_has_no_text() -> None:
    function = opaque(np.sin)
    for work in (
        lambda: OnSource().compile(made(function)),
        lambda: source_text(made(function)),
    ):
        assert said(work) == (
            "the operation mine does not run on the source backend\n"
            "  at model.py:12 in loss\n"
            "  Give the primitive `code`, NumPy text: a Python function cannot be written out."
        )


def test_infinity_is_no_fraction() -> None:
    run = OnFractions().compile(Program((R,), (), (0,)))
    assert said(lambda: run(float("inf"))) == (
        "inf is no exact number\n  Exact numbers are finite: give finite arguments and constants."
    )


def test_a_float_among_exact_numbers_is_an_error() -> None:
    """A field whose numbers become floats when they are multiplied is found out."""

    class Leaky(Fraction):
        def __mul__(self, other: Any) -> Any:
            return float(self) * float(other)

    run = OnField("leaky", Leaky).compile(made(mul, 2))
    assert said(lambda: run(1, 2)) == "a float appeared among exact numbers"


ALL: list[Backend] = [OnNumpy(), OnNumexpr(), OnSource(), OnFractions()]


@pytest.mark.parametrize("backend", ALL, ids=lambda backend: backend.name)
def test_an_argument_of_another_shape_is_no_argument(backend: Backend) -> None:
    run = backend.compile(Program((R, Real((3,)), Real((ANY, 2))), (), (0, 1, 2)))
    rows = np.ones((5, 2))
    assert len(run(1, [1, 2, 3], rows)) == 3
    wrong: list[tuple[Any, int, str]] = [
        (([1.0], [1, 2, 3], rows), 0, "R[1], not in R"),
        ((1, np.ones(6), rows), 1, "R[6], not in R[3]"),
        ((1, 2.0, rows), 1, "R, not in R[3]"),
        ((1, [1, 2, 3], np.ones((5, 3))), 2, "R[5, 3], not in R[*, 2]"),
    ]
    for args, number, words in wrong:
        assert said(lambda args=args: run(*args)) == (  # type: ignore[misc]
            f"argument {number} of the compiled program lies in {words}\n"
            "  Trace the function at arguments of this shape: a program has one."
        )


@pytest.mark.parametrize("name", ["", "a b", "class", "sum", "np", "1f"])
def test_a_function_needs_a_name(name: str) -> None:
    assert said(lambda: source_text(made(sin), name)) == (
        f"{name!r} cannot be the name of a function\n"
        "  Choose a Python identifier that is not a keyword, a builtin or np."
    )


def test_objects_have_no_text() -> None:
    b = Builder(())
    half = np.array([Fraction(1, 2)], object)
    program = b.finish((b.lift(half),))
    assert said(lambda: source_text(program)) == (
        "a constant holds Python objects, which have no exact NumPy text\n"
        "  Convert the constant to float64, or run the program on fractions."
    )
    assert const.text([], {"value": program.steps[0].params[0][1]})


def test_two_helpers_of_one_name_are_refused() -> None:
    text = "def helper(x):\n    return {} * x\n"
    one, two = (
        Primitive(f"op{n}", "helper({0})", lambda x: x, helpers=text.format(n)) for n in (1, 2)
    )
    b = Builder((R,))
    program = b.finish((one(two(b.wires[0])),))
    for backend in (OnNumpy(), OnSource()):
        run = backend.compile(program)
        assert said(lambda run=run: run(1.0)) == (  # type: ignore[misc]
            "a helper of op1 defines helper, a name that already means something else\n"
            "  Give the helper another name."
        )


@pytest.mark.parametrize("value", [np.ones(2), np.float32(1.0), np.True_])
def test_a_python_function_keeps_the_space_it_promised(value: Any) -> None:
    run = OnNumpy().compile(made(opaque(lambda x: value)))
    message = said(lambda: run(1.0))
    assert message.startswith("the function of mine returned a value in ")
    assert message.endswith(
        "and its space says R\n  Correct the function, or the space of the primitive."
    )


def test_a_python_function_runs_and_its_results_are_nobody_elses() -> None:
    space = Real((3,))
    kept = np.ones(3)
    backend: Backend = OnNumpy()
    for function in (lambda x: x, lambda x: kept, lambda x: x[::-1]):
        (found,) = backend.compile(made(opaque(function, space), 1, space))(kept)
        assert np.array_equal(found, kept) and not np.shares_memory(found, kept)
    (number,) = backend.compile(made(opaque(lambda x: 2)))(1.0)
    assert number == 2.0 and number.dtype == np.float64


def test_errors_are_all_of_one_kind() -> None:
    assert issubclass(BackendError, TypeError)
