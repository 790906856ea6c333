"""A function within a traced one is traced once: it may not change what it finds around it."""

from __future__ import annotations

import argparse
import configparser
import contextvars
import itertools
import queue
import threading
import weakref
from collections import UserList, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial, singledispatch
from io import StringIO
from types import CellType, ModuleType, SimpleNamespace
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


def by_static_method(x: Any) -> Any:
    n = 0

    @staticmethod  # type: ignore[misc]
    def body(i: Any, c: Any) -> Any:
        nonlocal n
        n += 1
        return c * x

    return cats.fori_loop(0, 3, body, x) * n  # HERE


def by_dispatched(x: Any) -> Any:
    n = 0

    @singledispatch
    def each(r: Any) -> Any:
        nonlocal n
        n += 1
        return r

    return cats.map(each, np.ones(3) * x).sum() * n  # HERE


def by_class_called(x: Any) -> Any:
    class Step:
        n = 0

        def __new__(cls, i: Any, c: Any) -> Any:
            cls.n += 1
            return c * x

    return cats.fori_loop(0, 3, Step, x) * Step.n  # HERE


def by_zip(x: Any) -> Any:
    turns = enumerate(zip([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], strict=True))

    def body(i: Any, c: Any) -> Any:
        return c * x + next(turns)[1][0]

    return cats.fori_loop(0, 3, body, x)  # HERE


def by_weak_reference(x: Any) -> Any:
    counter = Counter()
    seen = weakref.ref(counter)

    def body(i: Any, c: Any) -> Any:
        seen().count += 1.0  # type: ignore[union-attr]
        return c * x

    return cats.fori_loop(0, 3, body, x) * counter.count  # HERE


def by_replaced_code(x: Any) -> Any:
    def one() -> float:
        return 1.0

    def two() -> float:
        return 2.0

    def body(i: Any, c: Any) -> Any:
        one.__code__ = two.__code__
        return c * x

    return cats.fori_loop(0, 3, body, x) * one()  # HERE


CHANGES = [
    in_branch, in_traced, through_view, by_list, by_dict, by_deque, by_name, by_object, by_gradient,
    by_batch, by_bound_method, by_default, by_partial, deep_within, by_objects_list, by_own_method,
    by_own_call, by_class, by_closure_of_class, by_function, by_own_list, by_text, by_iterator,
    by_generator, by_count, by_static_method, by_dispatched, by_class_called, by_zip,
    by_weak_reference, by_replaced_code,
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


class Values(tuple):  # type: ignore[type-arg]
    """A tuple that has attributes."""


def _counted(held: Any) -> Any:
    held.n = 0
    return held


def _up(held: Any) -> Any:
    held.n += 1
    return held.n


def _put(held: Any, name: str, value: float) -> float:
    setattr(held, name, value)
    return value


def _queue() -> Any:
    made: Any = queue.SimpleQueue()
    for i in range(3):
        made.put(i)
    return made


STATES: dict[str, tuple[Callable[[], Any], Function]] = {
    "local to a thread": (lambda: _counted(threading.local()), _up),
    "a namespace": (lambda: _counted(argparse.Namespace()), _up),
    "an exception": (lambda: _counted(ValueError()), _up),
    "a tuple": (lambda: _counted(Values()), _up),
    "a module": (lambda: _counted(ModuleType("made")), _up),
    "a queue": (_queue, lambda held: held.get()),
    "a variable of a context": (
        lambda: contextvars.ContextVar("c", default=0), lambda held: held.set(held.get() + 1) and 1,
    ),
    "a cell": (lambda: CellType(0), lambda held: _put(held, "cell_contents", 1)),
    "a list of Python's library": (UserList, lambda held: held.append(1) or 1),
    "a parser": (configparser.ConfigParser, lambda held: held.add_section("made") or 1),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_changes_of_what_python_makes_are_refused(name: str) -> None:
    make, change = STATES[name]

    def f(x: Any) -> Any:
        held = make()
        return cats.fori_loop(0, 3, lambda i, c: c * x + change(held), x)

    def reads(x: Any) -> Any:
        held = make()
        return cats.fori_loop(0, 3, lambda i, c: c * x + 0.0 * len([held]), x)

    with pytest.raises(cats.TraceError, match="is traced once, however often it runs"):
        cats.grad(f)(2.0)
    assert cats.grad(reads)(2.0) == 32.0


LOCAL = threading.local()
LINE: Any = queue.SimpleQueue()
ERROR: Any = _counted(ValueError())


def _counted_locally(i: Any, c: Any) -> Any:
    LOCAL.n = getattr(LOCAL, "n", 0) + 1
    return c + LOCAL.n


def _put_in_line(i: Any, c: Any) -> Any:
    LINE.put(1)
    return c + LINE.qsize()


def _noted(i: Any, c: Any) -> Any:
    return c + _up(ERROR)


@pytest.mark.parametrize("body", [_counted_locally, _put_in_line, _noted])
def test_what_is_seen_as_it_is_must_stay_as_it_is_in_a_body(body: Function) -> None:
    """From outside, and with no trace but that of the body too."""

    def f(x: Any) -> Any:
        return cats.fori_loop(0, 3, body, x)

    for call in (f, cats.compile(f), cats.grad(f)):
        with pytest.raises(cats.TraceError, match="is traced once, however often it runs"):
            call(2.0)


class Weights:
    """An object that is called, and reads what it holds."""

    def __init__(self, w: Any) -> None:
        self.w: Any = w
        self.seen: list[Any] = [1.0]

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
    weights.seen.append(zip([1.0], map(float, [2.0]), itertools.count(), strict=False))
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
