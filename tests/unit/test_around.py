"""A function within a traced one is traced once: it may not change what it finds around it."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from io import StringIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cats


@dataclass
class Steps:
    """An object whose method counts."""

    count: int = 0

    def step(self, i: Any, c: Any) -> Any:
        self.count += 1
        return 2.0 * c


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


def by_bound_method(x: Any) -> Any:
    seen: list[Any] = []
    keep = seen.append

    def body(i: Any, c: Any) -> Any:
        keep(1.0)
        return c * x

    return cats.fori_loop(0, 3, body, x) * len(seen)  # HERE


def by_default(x: Any) -> Any:
    seen: list[Any] = []

    def body(i: Any, c: Any, seen: Any = seen) -> Any:
        seen.append(1.0)
        return c * x

    return cats.fori_loop(0, 3, body, x) * len(seen)  # HERE


def by_partial(x: Any) -> Any:
    seen: list[Any] = []

    def body(seen: Any, i: Any, c: Any) -> Any:
        seen.append(1.0)
        return c * x

    return cats.fori_loop(0, 3, partial(body, seen), x) * len(seen)  # HERE


def deep_within(x: Any) -> Any:
    box: dict[str, Any] = {"pair": (1.0, [[]])}

    def body(i: Any, c: Any) -> Any:
        box["pair"][1][0].append(1.0)
        return c * x

    return cats.fori_loop(0, 3, body, x) * len(box["pair"][1][0])  # HERE


def by_objects_list(x: Any) -> Any:
    holder = SimpleNamespace(seen=[])

    def body(i: Any, c: Any) -> Any:
        holder.seen.append(1.0)
        return c * x

    return cats.fori_loop(0, 3, body, x) * len(holder.seen)  # HERE


def by_own_method(x: Any) -> Any:
    counter = Steps()
    return cats.fori_loop(0, 3, counter.step, x) * counter.count  # HERE


def by_own_call(x: Any) -> Any:
    class Step:
        count = 0

        def __call__(self, i: Any, c: Any) -> Any:
            self.count += 1
            return c * x

    step = Step()
    return cats.fori_loop(0, 3, step, x) * step.count  # HERE


def by_class(x: Any) -> Any:
    class Step:
        count = 0

    def body(i: Any, c: Any) -> Any:
        Step.count += 1
        return c * x

    return cats.fori_loop(0, 3, body, x) * Step.count  # HERE


def by_closure_of_class(x: Any) -> Any:
    seen: list[Any] = []

    class Step:
        @staticmethod
        def keep() -> None:
            seen.append(1.0)

        @property
        def one(self) -> float:
            return 1.0

    def body(i: Any, c: Any) -> Any:
        Step.keep()
        return c * x * Step().one

    return cats.fori_loop(0, 3, body, x) * len(seen)  # HERE


def by_function(x: Any) -> Any:
    def body(i: Any, c: Any) -> Any:
        body.count = getattr(body, "count", 0) + 1  # type: ignore[attr-defined]
        return c * x

    return cats.fori_loop(0, 3, body, x) * body.count  # type: ignore[attr-defined]  # HERE


def by_own_list(x: Any) -> Any:
    class Kept(list):  # type: ignore[type-arg]
        pass

    seen = Kept()

    def body(i: Any, c: Any) -> Any:
        seen.append(1.0)
        return c * x

    return cats.fori_loop(0, 3, body, x) * len(seen)  # HERE


def by_text(x: Any) -> Any:
    text = StringIO()

    def body(i: Any, c: Any) -> Any:
        text.write("1")
        return c * x

    return cats.fori_loop(0, 3, body, x) * len(text.getvalue())  # HERE


def by_iterator(x: Any) -> Any:
    turns = iter([1.0, 2.0, 3.0])

    def body(i: Any, c: Any) -> Any:
        return c * x + next(turns)

    return cats.fori_loop(0, 3, body, x)  # HERE


def by_generator(x: Any) -> Any:
    turns = (1.0 for _ in range(3))

    def body(i: Any, c: Any) -> Any:
        return c * x + next(turns)

    return cats.fori_loop(0, 3, body, x)  # HERE


def by_count(x: Any) -> Any:
    turn = partial(next, itertools.count())

    def body(i: Any, c: Any) -> Any:
        return c * x + turn()

    return cats.fori_loop(0, 3, body, x)  # HERE


CHANGES = [
    in_branch, in_traced, through_view, by_list, by_dict, by_deque, by_name, by_object, by_gradient,
    by_batch, by_bound_method, by_default, by_partial, deep_within, by_objects_list, by_own_method,
    by_own_call, by_class, by_closure_of_class, by_function, by_own_list, by_text, by_iterator,
    by_generator, by_count,
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


class Weights:
    """An object that is called, and reads what it holds."""

    def __init__(self, w: Any) -> None:
        self.w, self.seen = w, [1.0]

    @cached_property
    def twice(self) -> Any:
        return 2.0 * self.seen[0]

    def __call__(self, i: Any, c: Any) -> Any:
        return c * self.w * self.twice


def only_read(x: Any) -> Any:
    class Scaled(Weights):
        def __call__(self, i: Any, c: Any) -> Any:
            return super().__call__(i, c) / 2.0

    turns, weights = iter([1.0, 2.0]), Weights(x)
    y = cats.fori_loop(0, 2, weights, next(turns))
    z = cats.fori_loop(0, 2, Scaled(x), next(turns))
    return y + cats.fori_loop(0, 2, lambda i, c: c + 0.0 * len([turns]), z)


def test_what_is_read_only_may_be_called_and_held() -> None:
    assert cats.value_and_grad(only_read)(3.0) == (6.0 * 9.0, 12.0 * 3.0)


def held_by_a_partial(x: Any) -> Any:
    seen = [x]

    def body(seen: Any, i: Any, c: Any) -> Any:
        return c * seen[-1]

    step = partial(body, seen)
    y = cats.fori_loop(0, 2, step, 1.0)
    seen.append(2.0)
    return cats.fori_loop(0, 2, step, y)


def test_what_a_partial_holds_is_read_when_it_is_called() -> None:
    assert cats.value_and_grad(held_by_a_partial)(3.0) == (36.0, 24.0)


@pytest.mark.parametrize("x", [2.0, -2.0])
def test_what_is_made_within_or_changed_between_is_free(x: float) -> None:
    assert cats.value_and_grad(within)(x) == (4 * x, 4.0)
    assert cats.value_and_grad(before)(x) == ((x + x * x, 1 + 2 * x) if x > 0 else (0.0, 0.0))
