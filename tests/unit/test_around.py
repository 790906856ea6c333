"""A function within a traced one is traced once: it may not change what it finds around it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cats

Function = Callable[[Any], Any]


@dataclass
class Counter:
    """An object with an attribute that is written to."""

    count: float = 0.0


def in_branch(x: Any) -> Any:
    a = np.zeros(2)

    def positive() -> Any:
        a[0] = 1.0  # HERE
        return x

    return cats.cond(x > 0, positive, lambda: -x) * a.sum()


def in_traced(x: Any) -> Any:
    a = np.zeros(2) * x

    def positive() -> Any:
        a[...] = 1.0  # HERE
        return x

    return cats.cond(x > 0, positive, lambda: -x) * a.sum()


def through_view(x: Any) -> Any:
    a = np.zeros((2, 2))
    row = a[0]

    def body(i: Any, c: Any) -> Any:
        row[1] += c  # HERE
        return c * x

    return cats.fori_loop(0, 3, body, x) + a.sum()


def by_list(x: Any) -> Any:
    seen: list[Any] = []

    def body(c: Any, r: Any) -> Any:
        seen.append(1.0)
        return c * r, None

    return cats.scan(body, x, np.ones(3))[0] * len(seen)  # HERE


def by_dict(x: Any) -> Any:
    seen = {"n": 0}

    def body(i: Any, c: Any) -> Any:
        seen["n"] += 1
        return c * x

    return cats.fori_loop(0, 3, body, x) * seen["n"]  # HERE


def by_deque(x: Any) -> Any:
    seen: deque[Any] = deque()

    def body(r: Any) -> Any:
        seen.append(r)
        return r

    return cats.map(body, np.ones(3) * x).sum()  # HERE


def by_name(x: Any) -> Any:
    n = 0

    def body(i: Any, c: Any) -> Any:
        nonlocal n
        n += 1
        return c * x

    return cats.fori_loop(0, 3, body, x) * n  # HERE


def by_object(x: Any) -> Any:
    counter = Counter()

    def body(i: Any, c: Any) -> Any:
        counter.count += 1.0
        return c * x

    return cats.fori_loop(0, 3, body, x) * counter.count  # HERE


def by_gradient(x: Any) -> Any:
    a = np.zeros(2)

    def inner(t: Any) -> Any:
        a[0] = 2.0  # HERE
        return t * t

    return cats.grad(inner)(x) * a.sum()


def by_batch(x: Any) -> Any:
    seen: list[Any] = []

    def each(r: Any) -> Any:
        seen.append(r)
        return r

    return cats.vmap(each)(np.ones(3) * x).sum()  # HERE


CHANGES = [
    in_branch, in_traced, through_view, by_list, by_dict, by_deque, by_name, by_object, by_gradient,
    by_batch,
]  # fmt: skip


@pytest.mark.parametrize("f", CHANGES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [2.0, -2.0])
def test_changes_of_what_is_around_are_refused(f: Function, x: float) -> None:
    once = "is traced once, however often it runs"
    for call in (cats.compile(f), cats.grad(f), cats.jacfwd(f)):
        with pytest.raises(cats.TraceError, match=once) as caught:
            call(x)
        assert "within the function, and return it" in (caught.value.remedy or "")
        assert "# HERE" in str(caught.value)


def within(x: Any) -> Any:
    def body(i: Any, c: Any) -> Any:
        a, seen = np.zeros(2), []
        a[0] = c
        a[1:] += x
        seen.append(a.sum())
        return seen[0]

    return cats.fori_loop(0, 3, body, x)


def before(x: Any) -> Any:
    a = np.zeros(2)
    a[0] = x
    y = cats.cond(x > 0, lambda: a[0] * x, lambda: -a[0])
    a[1] = y
    return a.sum()


@pytest.mark.parametrize("x", [2.0, -2.0])
def test_what_is_made_within_or_changed_between_is_free(x: float) -> None:
    assert cats.value_and_grad(within)(x) == (4 * x, 4.0)
    assert cats.value_and_grad(before)(x) == ((x + x * x, 1 + 2 * x) if x > 0 else (0.0, 0.0))
