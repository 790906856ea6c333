"""Transforms over transforms read what is outside anew, as each of them does alone."""

from __future__ import annotations

import array
import collections
import ctypes
import itertools
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.cache import Cache

Function = Callable[[Any], Any]


def _said(f: Function) -> Function:
    made = cats.custom_jvp(f)
    made.defjvp(lambda p, t: (made(*p), t[0] * f(p[0])))
    return made


def _said_by_argument(f: Function) -> Function:
    made = cats.custom_jvp(f)
    made.defjvps(lambda t, y, x: t * f(x))
    return made


def _said_backwards(f: Function) -> Function:
    made = cats.custom_vjp(f)
    made.defvjp(lambda x: (made(x), x), lambda x, ct: (ct * f(x),))
    return made


def _called(f: Function) -> Function:
    """A function that is not traced, with a rule that is."""
    made = cats.primitive(lambda x: 2.0 * x)
    made.defjvp(lambda p, t: (made(*p), t[0] * f(p[0])))
    return made


def _linear(f: Function) -> Function:
    made = cats.linear_primitive(lambda x: 2.0 * x, lambda x: 2.0 * x)
    return lambda x: made(f(x))


def _second(f: Any) -> Function:
    return lambda x: f(x)[1]


def _batched(f: Function) -> Function:
    many = cats.vmap(f)
    return lambda x: many(np.stack([x, x]))[1]


OVER: dict[str, Sequence[Callable[[Function], Function]]] = {
    "associative_scan": [
        lambda f: (
            lambda x: cats.associative_scan(lambda a, b: a + cats.vmap(f)(b), np.stack([x, x]))[1]
        ),
    ],
    "checkpoint": [cats.checkpoint],
    "compile": [cats.compile],
    "cond": [lambda f: lambda x: cats.cond(x > -9.0, f, np.sin, x)],
    "custom_jvp": [_said, _said_by_argument],
    "custom_vjp": [_said_backwards],
    "fixed_point": [lambda f: lambda x: cats.fixed_point(lambda y: 0.5 * y + f(x), 0 * x)],
    "fori_loop": [lambda f: lambda x: cats.fori_loop(0, 1, lambda i, c: f(c), x)],
    "grad": [cats.grad],
    "hessian": [cats.hessian],
    "hvp": [lambda f: lambda x: cats.hvp(f, (x,), (1.0,))],
    "jacfwd": [cats.jacfwd],
    "jacobian": [cats.jacobian],
    "jacrev": [cats.jacrev],
    "jet": [lambda f: lambda x: cats.jet(f, (x,), ((1.0,),))[1][0]],
    "jvp": [lambda f: _second(lambda x: cats.jvp(f, (x,), (1.0,)))],
    "linear_primitive": [_linear],
    "linear_solve": [lambda f: lambda x: cats.linear_solve(lambda y: y * (2.0 + f(x)), x)],
    "linear_transpose": [lambda f: lambda x: cats.linear_transpose(lambda y: f(x) * y, 1.0)(x)[0]],
    "linearize": [lambda f: lambda x: cats.linearize(f, x)[1](1.0)],
    "map": [lambda f: lambda x: cats.map(f, np.stack([x, x]))[0]],
    "on_gradient": [lambda f: lambda x: cats.on_gradient(f(x), lambda ct: ct * f(0.5))],
    "primitive": [_called],
    "root": [lambda f: lambda x: cats.root(lambda y: y - f(x), 0 * x)],
    "scan": [lambda f: lambda x: cats.scan(lambda c, y: (f(c), y), x, np.zeros(1))[0]],
    "switch": [lambda f: lambda x: cats.switch(0, [f, np.sin], x)],
    "taylor": [lambda f: _second(lambda x: cats.taylor(f, x, 1))],
    "value_and_grad": [lambda f: _second(cats.value_and_grad(f))],
    "vjp": [lambda f: lambda x: cats.vjp(f, x)[1](1.0)[0]],
    "vmap": [_batched],
    "while_loop": [
        lambda f: _second(
            lambda x: cats.while_loop(lambda c: c[0] < 1, lambda c: (c[0] + 1, f(c[1])), (0, x))
        ),
    ],
    "no transform, on a constant": [lambda f: lambda x: x * f(0.5)],
}
"""What traces functions, over a function of one number."""
OTHERS = {
    "Affine", "BackendError", "Begin", "Binomial", "Budget", "CatsError", "Continuation", "Cost",
    "Derivative", "DerivativeError", "Dual", "Every", "Forward", "Implicit", "LinearityError",
    "Matrix", "Neumann", "OnFractions", "OnNumexpr", "OnNumpy", "OnSource", "PathWarning",
    "Primitive", "Program", "Recompute", "SaveAll", "Saving", "SpaceError", "Spec", "TermError",
    "TraceError", "Unroll", "derive", "eigenspaces", "interpret", "lam", "parse", "represent",
    "simplify", "stop_gradient", "unzip",
}  # fmt: skip
"""What takes no function."""
LOOKS = {"count", "diagnose", "explain", "explain_memory", "kinks", "source", "trace"}
"""What traces a function in every call, and gives no number."""
EACH = [(name, make) for name, rows in OVER.items() for make in rows]
NAMES = [name for name, _ in EACH]

LARGE, SMALL, HIDDEN = np.ones(300), np.ones(3), array.array("d", [1.0])
NUMBER, HELD, LINE = ctypes.c_double(1.0), collections.UserDict(k=1.0), np.poly1d([1.0, 0.0])
SHOWN, OBJECTS = types.MappingProxyType(HELD.data), np.array([1.0, None])
PROBLEM = ValueError(1.0)


class Model:
    """An object that is called."""

    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def __call__(self, x: Any) -> Any:
        return np.sum(self.weights) / self.weights.size * x**6

    def method(self, x: Any) -> Any:
        return self(x)


def change(value: float) -> None:
    LARGE[:], SMALL[:], HIDDEN[0] = value, value, value
    NUMBER.value, HELD["k"], LINE.coeffs[0], OBJECTS[0] = value, value, value, value
    PROBLEM.args = (value,)


READING: dict[str, Function] = {
    "large": lambda x: np.sum(LARGE) / 300 * x**6,
    "an entry": lambda x: LARGE[0] * x**6,
    "a decision": lambda x: x**6 if LARGE[0] < 2.0 else 2.0 * x**6,
    "a decision on a large array": lambda x: x**6 if LARGE @ LARGE < 600.0 else 2.0 * x**6,
    "small": lambda x: SMALL[0] * x**6,
    "hidden": lambda x: HIDDEN[0] * x**6,
    "a number of C": lambda x: NUMBER.value * x**6,
    "a dict of Python's library": lambda x: HELD["k"] * x**6,
    "a view of a dict": lambda x: SHOWN["k"] * x**6,
    "a polynomial": lambda x: LINE(x) * x**5,
    "a polynomial at a constant": lambda x: LINE(1.0) * x**6,
    "an array of objects": lambda x: OBJECTS[0] * x**6,
    "an exception": lambda x: PROBLEM.args[0] * x**6,
    "a callable object": Model(LARGE),
    "a method": Model(LARGE).method,
    "a default": lambda x, w=LARGE: w[0] * x**6,  # type: ignore[misc]
}


def read_anew(
    monkeypatch: pytest.MonkeyPatch, makes: Sequence[Callable[[Function], Function]], f: Function
) -> bool:
    """Whether transforms, the first outermost, give after a change what fresh ones give."""

    def made() -> Function:
        g = f
        for make in reversed(makes):
            g = make(g)
        return g

    change(1.0)
    g = made()
    float(g(0.7))
    change(3.0)
    found = float(g(0.7))
    with monkeypatch.context() as patched:
        patched.setattr("cats.engine._PATHS", Cache(512))
        return found == pytest.approx(float(made()(0.7)), rel=1e-9, nan_ok=True)


def test_all_that_traces_functions_is_here() -> None:
    assert {*OVER} - {"no transform, on a constant"} | OTHERS | LOOKS == {*cats.__all__}
    assert not OTHERS & {*OVER} and not LOOKS & {*OVER}


@pytest.mark.parametrize("name", READING)
def test_a_transform_over_one_reads_anew(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    f = READING[name]
    for outer in (cats.grad, cats.hessian, _batched, _said, cats.compile):
        for inner in (cats.grad, _batched, cats.compile):
            assert read_anew(monkeypatch, [outer, inner], f), (outer, inner)


def test_each_transform_reads_anew_over_another_and_within_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, make in EACH:
        for makes in ([make, cats.grad], [cats.compile, make], [cats.grad, make]):
            assert read_anew(monkeypatch, makes, READING["large"]), name


@given(st.lists(st.sampled_from(range(len(EACH))), min_size=2, max_size=3), st.data())
def test_any_nest_of_transforms_reads_anew(numbers: list[int], data: st.DataObject) -> None:
    f = READING[data.draw(st.sampled_from(sorted(READING)))]
    assert read_anew(pytest.MonkeyPatch(), [EACH[i][1] for i in numbers], f)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a decision", "hidden"])
def test_every_transform_reads_anew_over_every_other(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for (one, outer), (other, inner) in itertools.product(EACH, EACH):
        assert read_anew(monkeypatch, [outer, inner], READING[name]), (one, other)
