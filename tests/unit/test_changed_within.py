"""What is changed in a traced function between two uses of an inner one is read anew by each."""

from __future__ import annotations

import argparse
import array
import collections
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cats
from tests.unit.test_captures_nested import EACH

Get = Callable[[Any], Any]
Put = Callable[[Any, Any], None]


def _first(o: Any) -> Any:
    return o[0]


def _fill(o: Any, value: Any) -> None:
    o[0] = value


def _value(o: Any) -> Any:
    return o.value


def _set(o: Any, value: Any) -> None:
    o.value = value


def _written(o: Any, value: Any) -> None:
    np.multiply(value, 1.0, out=o)


def _appended(o: Any, value: Any) -> None:
    o.append(value)


HOLDERS: dict[str, tuple[Callable[[Any], Any], Get, Put]] = {
    "an array": (lambda v: np.ones(3) * v, _first, _fill),
    "an array, as a number": (lambda v: np.ones(3) * v, lambda o: float(o[0]), _fill),
    "an array, added up": (lambda v: np.ones(3) * v, lambda o: o.sum() / 3, lambda o, v: o.fill(v)),
    "an array, decided upon": (
        lambda v: np.ones(3) * v, lambda o: 1.0 if o[0] < 2.0 else 3.0, _fill,
    ),
    "an array, written as out": (lambda v: np.ones(3) * v, _first, _written),
    "a view": (lambda v: np.ones((2, 3))[1] * v, _first, lambda o, v: _fill(o[:1], v)),
    "a list": (lambda v: [v], lambda o: o[-1], _appended),
    "numbers of Python's arrays": (lambda v: array.array("d", [v]), _first, _fill),
    "a list of Python's library": (lambda v: collections.UserList([v]), _first, _fill),
    "an array of objects": (lambda v: np.array([v, None], object), _first, _fill),
    "a namespace": (lambda v: SimpleNamespace(value=v), _value, _set),
    "a namespace of arguments": (lambda v: argparse.Namespace(value=v), _value, _set),
}  # fmt: skip


def twice(name: str, make: Callable[[Any], Any]) -> tuple[float, float]:
    """A transform of what reads a holder, used before and after it changes; and each by itself."""
    new, get, put = HOLDERS[name]

    def changing(x: Any) -> Any:
        held = new(1.0)
        inner = make(lambda y: y**6 * get(held))
        before = inner(0.7)
        put(held, 3.0)
        return (before + inner(0.7)) * x

    def alone(value: float) -> float:
        return float(make(lambda y: y**6 * value)(0.7))

    return float(cats.compile(changing)(1.0)), alone(1.0) + alone(3.0)


@pytest.mark.parametrize("name", HOLDERS)
def test_every_use_of_a_transform_reads_what_is_there_then(name: str) -> None:
    for transform, make in EACH:
        if transform in ("primitive", "linear_primitive"):
            continue
        found, expected = twice(name, make)
        assert found == pytest.approx(expected, rel=1e-9), transform


def test_a_traced_array_is_decided_upon_anew() -> None:
    def f(x: Any) -> Any:
        w = np.ones(3) * x
        inner = cats.grad(lambda y: y * y if w[0] < 2.0 else 7.0 * y)
        before = inner(1.0)
        w[0] = 3.0 * x
        return before + inner(1.0)

    assert cats.compile(f)(1.0) == 9.0


WITHIN: dict[str, Callable[[Any], Any]] = {
    "scan": lambda k: cats.scan(lambda s, _: (np.sin(s * k), None), 1.0, None, length=3)[0],
    "fori_loop": lambda k: cats.fori_loop(0, 3, lambda i, s: np.sin(s * k), 1.0),
    "while_loop": lambda k: cats.while_loop(lambda s: s < 9.0, lambda s: s + np.exp(k), 1.0),
    "switch": lambda k: cats.switch(1, [np.sin, lambda s: np.cos(s * k)], 2.0),
    "fixed_point": lambda k: cats.fixed_point(lambda s: np.cos(s * k), 0.5),
    "checkpoint": lambda k: cats.checkpoint(lambda s: np.sin(s) * k)(2.0),
    "grad": lambda k: cats.grad(lambda s: np.sin(s) * k)(2.0),
}


@pytest.mark.parametrize("name", WITHIN)
def test_what_reads_a_module_within_is_traced_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    g = cats.grad(WITHIN[name])
    first = g(1.1)

    def again(*given: Any) -> None:
        raise RuntimeError("traced anew")

    monkeypatch.setattr("cats.prepared.trace_function", again)
    assert g(1.1) == first
