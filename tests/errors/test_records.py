"""A record of one's own that does not fit: the error names the primitive, and which part of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import (
    BackendError,
    DerivativeError,
    LinearityError,
    SpaceError,
    TermError,
)
from cats.ir.linear import Id, Join
from cats.ir.primitive import Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import entrywise, slope
from cats.ir.spaces import Ground, R, Real, space_of
from cats.ir.wire import Builder
from tests.errors.said import Case, is_said

X = np.ones(3)
TEXT = "Give NumPy text of the arguments {0}, {1}, ..., as in 'np.sin({0})'."
LIKE = "Let the `space` of the record return Real(shape) or Discrete(shape)."
CODE = "Correct the code, or the space of the primitive."
VOCABULARY = "Call a primitive of cats.ir.prims, or trace a function of arrays."


def sine(linearise: Callable[..., Any]) -> Primitive:
    """A sine with this derivative."""
    return entrywise("sine", "np.sin({0})", "sin(x)", linearise)


def times(linearise: Callable[..., Any]) -> Primitive:
    """A product with this derivative."""
    return entrywise("times", "{0} * {1}", "x * y", linearise)


def half(adjoint: Callable[[Any], Any]) -> Primitive:
    """The first two of three, with this adjoint."""
    op: Primitive = Primitive(
        "half",
        "{0}[:2]",
        lambda x: Real((2,)),
        linearise=lambda x, *, out: leaf_of(op, 0, (), space_of(x), space_of(out)),
        linear=Linearity((0,), adjoint=adjoint),
    )
    return op


def total(space: Callable[[Ground], Any]) -> Primitive:
    """A sum with this space."""
    return Primitive("total", "np.sum({0})", space)


def wire(work: Callable[[Any], Any]) -> Any:
    """What is made of a wire."""
    (x,) = Builder([R]).wires
    return work(x)


CASES: dict[str, Case] = {
    "one slope for two arguments": (
        lambda: cats.grad(times(lambda x, y, *, out: slope(y, x)))(2.0, 3.0),
        DerivativeError,
        "the derivative of times is a map R -o R, and the operation goes from R * R to R there",
        "Let the `linearise` of its record return a linear map R * R -o R: "
        "a Join of 2 parts, one for each argument.",
    ),
    "three parts for two arguments": (
        lambda: cats.grad(times(lambda x, y, *, out: Join((Id(R),) * 3)))(2.0, 3.0),
        DerivativeError,
        "the derivative of times is a map R * R * R -o R, "
        "and the operation goes from R * R to R there",
        "Let the `linearise` of its record return a linear map R * R -o R: "
        "a Join of 2 parts, one for each argument.",
    ),
    "a derivative between other spaces": (
        lambda: cats.grad(lambda x: np.sum(sine(lambda x, *, out: Id(R))(x)))(X),
        DerivativeError,
        "the derivative of sine is a map R -o R, and the operation goes from R[3] to R[3] there",
        "Let the `linearise` of its record return a linear map R[3] -o R[3].",
    ),
    "a number for a derivative": (
        lambda: cats.grad(sine(lambda x, *, out: 1.0))(1.0),
        DerivativeError, "the derivative of sine is float, which is no linear map",
        "Let the `linearise` of its record return a linear map R -o R.",
    ),
    "an adjoint between other spaces": (
        lambda: cats.grad(lambda v: np.sum(half(lambda leaf: leaf)(v)))(X),
        LinearityError,
        "the adjoint of half in argument 0, R[3] -o R[2] there, is a map R[3] -o R[2]",
        "Let the `adjoint` of its record return a leaf R[2] -o R[3].",
    ),
    "an adjoint that is no leaf": (
        lambda: cats.grad(lambda v: np.sum(half(lambda leaf: None)(v)))(X),
        LinearityError, "the adjoint of half gives NoneType, which is no leaf",
        "Let the `adjoint` of its record return a leaf, made by leaf_of.",
    ),
    "a space other than what the code gives": (
        lambda: cats.compile(total(lambda x: x))(X),
        BackendError, "the code of total returned a value in R, and its space says R[3]", CODE,
    ),
    "a space of another width": (
        lambda: cats.compile(total(lambda x: Real((), "float32")))(X),
        BackendError, "the code of total returned a value in R, and its space says R32", CODE,
    ),
    "a space within": (
        lambda: cats.compile(lambda x: np.sum(total(lambda s: s)(x) * x))(X),
        BackendError, "the code of total returned a value in R, and its space says R[3]", CODE,
    ),
    "one result for two": (
        lambda: cats.compile(total(lambda x: (R, R)))(X),
        BackendError, "the code of total returned float64, and its space says 2 results",
        "Return a tuple of 2.",
    ),
    "no space": (
        lambda: cats.compile(total(lambda x: None))(X),
        SpaceError, "the space of total gives NoneType, which is no space of numbers or arrays",
        LIKE,
    ),
    "no space on a wire": (
        lambda: wire(total(lambda x: (R, "R"))),
        SpaceError, "the space of total gives str, which is no space of numbers or arrays", LIKE,
    ),
    "code that is no Python": (
        lambda: cats.compile(entrywise("f", "np.sin({0}", "sin(x)", None))(1.0),
        TermError, "the code of f is no Python: '(' was never closed", TEXT,
    ),
    "code that is no Python, on a number": (
        lambda: entrywise("f", "np.sin({0}", "sin(x)", None)(1.0),
        TermError, "the code of f is no Python: '(' was never closed", TEXT,
    ),
    "a function of arrays on a wire": (
        lambda: wire(np.sum),
        TermError, "np.sum is no operation on values of a program", VOCABULARY,
    ),
    "a method of a function on a wire": (
        lambda: wire(np.add.reduce),
        TermError, "np.add.reduce is no operation on values of a program", VOCABULARY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_said(name: str) -> None:
    is_said(CASES[name])


def test_functions_of_numpy_are_operations_in_a_derivative() -> None:
    op = sine(lambda x, *, out: slope(np.full(3, 2.0) * np.cos(x) / 2.0, x))
    found = cats.grad(lambda x: np.sum(op(x)))(X)
    assert np.array_equal(found, np.cos(X))


def test_a_record_that_fits_is_taken_on_every_backend() -> None:
    op = times(lambda x, y, *, out: Join((slope(y, x), slope(x, y))))
    for backend in (cats.OnNumpy(), cats.OnNumexpr(), cats.OnSource()):
        for dtype in (np.float64, np.float32):
            x, y = np.full(3, 2.0, dtype), np.full(3, 3.0, dtype)
            found = cats.grad(lambda x, y: np.sum(op(op(x, y), 2.0)), (0, 1), backend=backend)(x, y)
            assert np.array_equal(found, [np.full(3, 6.0), np.full(3, 4.0)])
            assert {v.dtype for v in found} == {np.dtype(dtype)}


def test_the_text_of_an_operation_has_its_name() -> None:
    op = sine(lambda x, *, out: slope(np.cos(x), x))
    assert "def sine(" in cats.source(op, 1.0)
    assert "def grad_sine(" in cats.source(cats.grad(op), 1.0)
