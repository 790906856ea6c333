"""`flags.writeable`: of each array its own, taken over by the views that are made of it later."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import cats
from tests.agreement import near

Array = Any
X = np.array([1.0, 2.0, 3.0])

MAKE: list[Callable[[Array], Array]] = [
    lambda x: x.copy(),
    lambda x: np.zeros(3),
    lambda x: x * 2.0,
]
LOCK: list[Callable[[Array], object]] = [
    lambda y: setattr(y.flags, "writeable", False),
    lambda y: y.setflags(write=False),
    lambda y: y.flags.__setitem__("WRITEABLE", False),
    lambda y: y.flags.__setitem__("W", False),
]
OPEN: list[Callable[[Array], object]] = [
    lambda y: setattr(y.flags, "writeable", True),
    lambda y: y.setflags(write=1),
]
WRITE: list[Callable[[Array, Array], object]] = [
    lambda y, x: y.__setitem__(0, x[1]),
    lambda y, x: y.__iadd__(x[1]),
    lambda y, x: np.negative(y, out=y),
    lambda y, x: y.fill(x[2]),
    lambda y, x: np.put(y, [0], x[2]),
    lambda y, x: y.sort(),
]


def before(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    """A view from before stays as it was."""
    v = y[:2]
    lock(y)
    write(v)
    return v


def itself(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    lock(y)
    write(y)
    return y


def after(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    lock(y)
    v = y[:2]
    unlock(y)
    write(v)
    return v


def opened(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    lock(y)
    unlock(y)
    v = y[:2]
    write(v)
    write(y)
    return v


def view(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    """The flag of a view says nothing of what it views."""
    v = y[1:]
    lock(v)
    write(y)
    return v


def view_itself(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    v = y[1:]
    lock(v)
    write(v[:1])
    return v


def view_opened(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    v = y[1:]
    lock(v)
    w = v[:1]
    unlock(v)
    write(v)
    lock(v)
    return w


def beneath(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    """A view of what is locked is not unlocked."""
    lock(y)
    v = y[1:]
    unlock(v)
    return v


def copy(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    lock(y)
    v = y.copy()
    write(v)
    return v


def line(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    """What NumPy copies is an array of its own."""
    lock(y)
    v = y[::2].ravel()
    write(v)
    return v


def caught(y: Array, lock: Any, unlock: Any, write: Any) -> Array:
    lock(y)
    try:
        write(y)
    except ValueError:
        return y * 3.0
    return y


STORIES = [
    before, itself, after, opened, view, view_itself, view_opened, beneath, copy, line, caught,
]  # fmt: skip


def test_flags_are_numpys() -> None:
    counted = 0
    for story, make, lock, unlock, write in product(STORIES, MAKE, LOCK, OPEN, WRITE):

        def f(x: Array, parts: Any = (story, make, lock, unlock, write)) -> Array:
            story, make, lock, unlock, write = parts
            y = make(x)
            found = story(y, lock, unlock, lambda a: write(a, x))
            return found * 1.0, y * 1.0, 1.0 * found.flags.writeable, 1.0 * y.flags["WRITEABLE"]

        try:
            expected = f(X)
        except ValueError:
            with pytest.raises(ValueError, match="read-only"):
                cats.compile(f)(X)
            continue
        near(cats.compile(f)(X), expected)
        counted += 1
    assert counted > 500, counted


def test_other_flags_and_those_of_arguments_stay() -> None:
    for change, says in (
        (lambda x: setattr(x.flags, "writeable", False), "changing the flags of an argument"),
        (lambda x: x.setflags(write=False), "changing the flags of an argument"),
        (lambda x: setattr(x.flags, "aligned", False), "x.flags.aligned"),
        (lambda x: x.flags.__setitem__("ALIGNED", False), "x.flags.aligned"),
    ):
        with pytest.raises(cats.TraceError, match=says):
            cats.compile(lambda x, change=change: (change(x), x * 2.0)[1])(X)


def test_flags_of_what_lies_around_a_body_are_not_changed_by_it() -> None:
    def f(x: Any) -> Any:
        y = x.copy()

        def locked(p: Any) -> Any:
            y.setflags(write=False)
            return p

        cats.cond(x[0] > 5, locked, lambda p: p, 1.0)
        y[0] = 9.0
        return np.sum(y)

    with pytest.raises(cats.TraceError, match="changing the flags of an array from around"):
        cats.grad(f)(np.array([1.0, 2.0, 3.0]))
