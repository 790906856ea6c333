"""Copies of objects from outside are the traced function's own: it may write to them."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError


def helper(x: Any) -> Any:
    return 2 * x if type(x) in (float, np.float64) else 3 * x


class Slotted:
    __slots__ = ("w",)

    def __init__(self) -> None:
        self.w = np.ones(2)


class Model:
    def __init__(self) -> None:
        self.w: Any = np.ones(3)
        self.rows: Any = [1.0, 2.0]
        self.inner: Any = None
        self.act: Any = np.tanh
        self.own: Any = helper
        self.library: Any = math.sin
        self.kind: Any = float

    def go(self, x: Any) -> Any:
        return self.own(x) * self.w.sum() + self.act(x) + self.library(x)


class Large(Model):
    def __init__(self) -> None:
        super().__init__()
        self.w = np.ones(1000)


model, large, slotted = Model(), Large(), Slotted()
model.inner = Model()
nested = [1.0, np.ones(2), {"a": [2.0], "m": model}]


def deep(x: Any) -> Any:
    d = copy.deepcopy(model)
    d.w[0] = x
    d.rows.append(x)
    d.inner.w[1] = x
    d.kind = 3.0
    return d.go(x) + sum(d.rows) + d.inner.go(x) + d.kind * model.w.sum()


def shallow(x: Any) -> Any:
    d = copy.copy(model)
    d.w = d.w * x
    d.rows = [x]
    return d.go(x) + sum(d.rows) + model.w.sum()


def of_a_large_array(x: Any) -> Any:
    d = copy.deepcopy(large)
    d.w[0] = x
    return d.go(x) + large.w[0]


def of_slots(x: Any) -> Any:
    d = copy.deepcopy(slotted)
    d.w[0] = x
    return d.w.sum() * slotted.w.sum()


def of_containers(x: Any) -> Any:
    d: Any = copy.deepcopy(nested)
    d[0] = x
    d[1][0] = x
    d[2]["a"].append(x)
    d[2]["m"].w[1] = x
    return d[0] + d[1].sum() + sum(d[2]["a"]) + d[2]["m"].go(x)


def of_one_within(x: Any) -> Any:
    a = Model()
    a.w = a.w * x
    b = copy.deepcopy(a)
    b.w[0] = 5 * x
    return a.w.sum() + b.go(x)


USES: list[Callable[[Any], Any]] = [
    deep, shallow, of_a_large_array, of_slots, of_containers, of_one_within,
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_copies_may_be_written_to(use: Any) -> None:
    plain = use(1.5)
    assert cats.compile(use)(1.5) == plain
    slope = (use(1.5 + 1e-6) - use(1.5 - 1e-6)) / 2e-6
    assert cats.grad(use)(1.5) == pytest.approx(slope)
    assert model.w.tolist() == [1.0] * 3


def test_a_shallow_copy_holds_what_is_outside() -> None:
    def f(x: Any) -> Any:
        copy.copy(model).rows.append(x)
        return x

    with pytest.raises(TraceError, match="outside of the traced function"):
        cats.compile(f)(1.5)
