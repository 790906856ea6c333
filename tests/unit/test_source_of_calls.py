"""source: the text of a call, for the arguments it was asked for and no others."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import cats
from tests.agreement import near

Function = Callable[..., Any]
X = np.array([0.5, -1.5, 2.0])


def written(f: Function, *args: Any) -> Function:
    """The last function of the text, run in a namespace of its own."""
    text = cats.source(f, *args)
    names: dict[str, Any] = {}
    exec(compile(text, "<text>", "exec"), names)
    last = ast.parse(text).body[-1]
    assert isinstance(last, ast.FunctionDef)
    made: Function = names[last.name]
    assert made.__name__ == last.name
    return made


def cube(x: Any) -> Any:
    return x**3


STATIC: list[tuple[Function, tuple[Any, ...], tuple[Any, ...]]] = [
    (cats.grad(lambda x, n: x**n), (2.0, 3), (2.0, 4)),
    (cats.grad(lambda n, x: n * x, 1), (3, 2.0), (4, 2.0)),
    (cats.grad(lambda b, x: x * x if b else x, 1), (True, 2.0), (False, 2.0)),
    (lambda x, mode: x**2 if mode == "a" else x, (2.0, "a"), (2.0, "b")),
    (lambda x, mode: x if mode is None else -x, (2.0, None), (2.0, 1)),
    (
        lambda p, x: p["a"] * x if p["on"] else x,
        ({"a": 2.0, "on": True}, 3.0),
        ({"a": 2.0, "on": False}, 3.0),
    ),
    (lambda p, x: sum(p) * x, ([1.0, 2.0], 3.0), ([1.0, 2.0, 4.0], 3.0)),
    (lambda g, x: g(x), (np.sin, 3.0), (np.cos, 3.0)),
    (lambda x, g: g(x), (3.0, cube), (3.0, abs)),
    (lambda x, kind: x.astype(kind), (X, float), (X, int)),
    (lambda x, kind: x.astype(kind), (X, np.dtype("f4")), (X, np.dtype("f8"))),
]


@pytest.mark.parametrize("row", range(len(STATIC)))
def test_text_holds_for_the_static_arguments_it_was_made_of(row: int) -> None:
    f, args, others = STATIC[row]
    made = written(f, *args)
    near(made(*args), cats.compile(f)(*args) if not hasattr(f, "answer") else f(*args))
    with pytest.raises(ValueError, match="this text is of"):
        made(*others)


def test_static_arguments_at_the_end_are_defaults() -> None:
    assert written(cats.grad(lambda x, n, s: x**n), 2.0, 3, "a")(2.0) == 12.0


NUMBERS: dict[str, Function] = {
    "a test times a number": lambda x: (x > 1) * x,
    "exclusive or": lambda x: ((x > 1) ^ (x > 5)) * x,
    "sign and test": lambda x: np.sign(x) * (x >= 1) * x,
    "another width": lambda x: np.float32(x) * x,
    "an integer of it": lambda x: x * int(x),
    "an entry by it": lambda x: np.array([1.0, 2.0, 4.0])[int(x)] * x,
    "any": lambda x: np.any(x) * x,
    "stopped": lambda x: cats.stop_gradient(x) * x,
    "itself": lambda x: x,
}


@pytest.mark.parametrize("name", NUMBERS)
def test_text_takes_python_numbers(name: str) -> None:
    f = NUMBERS[name]
    for g in (f, cats.grad(f), cats.value_and_grad(f)):
        wanted = cats.compile(f)(2.25) if g is f else g(2.25)
        for x in (2.25, np.float64(2.25), np.array(2.25)):
            near(written(g, 2.25)(x), wanted)


def total(x: Any) -> Any:
    return x * x


total.__name__ = "sum"


class Model:
    def __call__(self, x: Any) -> Any:
        return x * x


def test_names_are_those_of_the_functions() -> None:
    assert written(total, 2.0).__name__ == "sum_"
    assert written(np.sum, X).__name__ == "sum_"
    assert written(cats.hessian(cube), 2.0).__name__ == "hessian_cube"
    assert written(cats.value_and_grad(cube), 2.0).__name__ == "value_and_grad_cube"
    assert written(functools.partial(cube), 2.0).__name__ == "cube"
    assert written(Model(), 2.0).__name__ == "Model"


def test_fractions_and_other_numbers_are_numbers() -> None:
    third = Fraction(1, 3)
    near(cats.value_and_grad(lambda x: x * third + third)(2.0), (1.0, 1.0 / 3.0))
    near(cats.grad(lambda x: np.sum(x**2 * third))(X), 2.0 * X / 3.0)
    near(cats.grad(lambda x: np.sum(x ** Fraction(1, 2)))(X**2), 0.5 / np.abs(X))
    weights = np.array([third, 2, Fraction(1, 4)], object)
    slope = cats.grad(lambda x: np.sum(weights * x))(X)
    assert slope.dtype == np.float64
    near(slope, np.array([1.0 / 3.0, 2.0, 0.25]))
