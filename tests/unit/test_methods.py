"""A transformed function in the body of a class is a method, as the function would be."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import cats


def kind(x: Any) -> Any:
    return 2 * x if type(x) in (float, np.float64) else 3 * x


class Net:
    def __init__(self, w: float) -> None:
        self.w = w

    @functools.partial(cats.grad, argnums=1)
    def slope(self, x: Any) -> Any:
        return self.w * x * x

    @cats.compile
    def value(self, x: Any) -> Any:
        return self.w * kind(x)

    @functools.partial(cats.jacobian, argnums=1)
    def jacobian(self, x: Any) -> Any:
        return self.w * x * x

    @functools.partial(cats.vmap, in_axes=(None, 0))
    def rows(self, x: Any) -> Any:
        return self.w * np.sum(x)

    @cats.checkpoint
    def kept(self, x: Any) -> Any:
        return self.w * kind(x)


USES: list[Any] = [
    (lambda net, x: net.slope(x), 12.0),
    (lambda net, x: net.value(x), 12.0),
    (lambda net, x: Net.value(net, x), 12.0),
    (lambda net, x: net.jacobian(x), 12.0),
    (lambda net, x: net.rows(np.ones((2, 3)) * x).sum(), 36.0),
    (lambda net, x: net.kept(x), 12.0),
]


@pytest.mark.parametrize(("use", "value"), USES)
def test_it_is_bound(use: Any, value: float) -> None:
    net = Net(2.0)
    assert use(net, 3.0) == value
    assert cats.compile(lambda x: use(net, x))(3.0) == value
    assert cats.compile(lambda x: use(Net(2.0), x))(3.0) == value
    assert cats.grad(lambda x: use(net, x))(3.0) == value / 3.0
    net.w = 4.0
    assert use(net, 3.0) == 2 * value


def test_one_with_a_rule_is_bound() -> None:
    class Rule:
        @functools.partial(cats.custom_jvp, nondiff_argnums=0)
        def f(self, x: Any) -> Any:
            return x * x

        @f.defjvp
        def _(self, primals: Any, tangents: Any) -> Any:
            return primals[0] ** 2, 7.0 * tangents[0]

    assert cats.grad(Rule().f)(3.0) == 7.0
