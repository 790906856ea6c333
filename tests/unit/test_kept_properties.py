"""Properties that are computed once and kept, first read in a function of a word."""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError


class Outside:
    def __init__(self, w: Any) -> None:
        self.w = w

    @cached_property
    def m(self) -> Any:
        return np.eye(2) * self.w


given = Outside(2.0)


def of(x: Any) -> Any:
    class Within:
        @functools.cached_property
        def m(self) -> Any:
            return np.eye(2) * x

    return Within()


def looped(o: Any, x: Any) -> Any:
    return cats.fori_loop(0, 3, lambda i, v: v + o.m[0, 0], x) + o.m[0, 0] * x


def nested(o: Any, x: Any) -> Any:
    def body(i: Any, v: Any) -> Any:
        return cats.cond(v > 0, lambda: v + o.m[0, 0], lambda: v) + o.m[1, 1]

    return cats.fori_loop(0, 2, body, x) + o.m[0, 0] + (o.m is o.m) * x


def differentiated(o: Any, x: Any) -> Any:
    return cats.grad(lambda y: y * y * o.m[0, 0])(x) + o.m[0, 0]


USES: list[Callable[[Any, Any], Any]] = [looped, nested, differentiated]


@pytest.mark.parametrize("make", [of, Outside, lambda x: given])
@pytest.mark.parametrize("use", USES)
def test_they_are_computed_where_they_are_read(use: Any, make: Any) -> None:
    def f(x: Any) -> Any:
        return use(make(x), x)

    assert cats.compile(f)(1.5) == f(1.5)
    slope = (f(1.5 + 1e-6) - f(1.5 - 1e-6)) / 2e-6
    assert cats.grad(f)(1.5) == pytest.approx(slope)


@pytest.mark.parametrize("write", [False, True])
def test_of_an_object_that_has_changed_they_are_refused(write: bool) -> None:
    def f(x: Any) -> Any:
        o = Outside(np.ones(2) * x)
        y = cats.fori_loop(0, 3, lambda i, v: v + o.m[0, 0], x)
        if write:
            o.w[0] = 5 * x
        else:
            o.w = 5 * x
        return y + o.m[0, 0]

    with pytest.raises(TraceError, match="the object has changed since"):
        cats.compile(f)(1.5)
