"""Entries in turn are read when their turn comes: what is written in the loop is seen.

NumPy runs the same loop, on arrays the function made, of arguments and of constants.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import cats
from tests.agreement import near

Array = Any
M = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

TURNS: dict[str, Callable[[Array], Iterable[Array]]] = {
    "iter": iter,
    "rows": lambda y: y.T,
    "reversed": reversed,
    "zip": lambda y: (a * b for a, b in zip(y, y[::-1], strict=True)),
    "flat": lambda y: y.flat,
    "flat of T": lambda y: y.T.flat,
    "chain": lambda y: itertools.chain(y, y),
    "ndenumerate": lambda y: (v for _, v in np.ndenumerate(y)),
    "ndenumerate of T": lambda y: (v * (1.0 + i[0]) for i, v in np.ndenumerate(y.T)),
    "nditer": lambda y: np.nditer(y),
    "nditer of T": lambda y: np.nditer(y.T),
    "nditer of T, C": lambda y: np.nditer(y.T, order="C"),
    "nditer backwards": lambda y: np.nditer(y[::-1]),
    "nditer backwards, C": lambda y: np.nditer(y[:, ::-1], order="C"),
    "nditer F": lambda y: np.nditer(y, order="F"),
    "nditer A": lambda y: np.nditer(y.T, order="A"),
    "nditer of a part": lambda y: np.nditer(y[:, 1:]),
    "nditer of two": lambda y: (a * b for a, b in np.nditer([y, y[:1]])),
    "nditer of two, turned": lambda y: (a - b for a, b in np.nditer([y.T, y[0, 0]], order="F")),
    "nditer of a sum": lambda y: np.nditer(np.sum(y)),
    "nditer, all first": lambda y: list(np.nditer(y)),
    "broadcast": lambda y: (a * b for a, b in np.broadcast(y, y[:, :1])),
    "broadcast, one after the other": lambda y: (v for _ in range(2) for (v,) in np.broadcast(y)),
}

LOCAL: dict[str, Callable[[Array], Array]] = {
    "copy": lambda x: x.copy(),
    "zeros": lambda x: np.zeros((2, 3)),
    "columns": lambda x: np.ones((2, 3), order="F"),
    "line": lambda x: x[0] * 2.0,
    "line of zeros": lambda x: np.zeros((1, 4)),
}


@pytest.mark.parametrize("name", TURNS)
def test_what_is_written_in_the_loop_is_seen(name: str) -> None:
    turns = TURNS[name]
    done = 0
    for make in LOCAL.values():

        def f(x: Array, make: Any = make) -> Array:
            y = make(x)
            out = []
            for k, v in enumerate(turns(y)):
                y[...] = y * 2.0 + x[0, 0] * k
                out.append(np.sum(v))
            return np.array(out)

        try:
            expected = f(M)
        except (IndexError, ValueError):
            continue
        near(cats.compile(f)(M), expected)
        h = 1e-20
        near(cats.jvp(f, (M,), (np.ones((2, 3)),))[1], slope(f, h))
        done += 1
    assert done >= 3


def slope(f: Callable[[Array], Array], h: float) -> Array:
    """The derivative towards all ones: everything here is a polynomial of low degree."""
    return (f(M + 1.0) - f(M - 1.0)) / 2.0 - (
        f(M + 2.0) - 2.0 * f(M + 1.0) + 2.0 * f(M - 1.0) - f(M - 2.0)
    ) / 12.0


def squares(x: Array) -> Array:
    y = x.copy()
    turns: Any = np.nditer(y, op_flags=["readwrite"])
    with turns as entries:
        for v in entries:
            v[...] = 2.0 * v * v
    return y


def two(x: Array) -> Array:
    y, z = x * 1.0, np.zeros((2, 3))
    flags: Any = [["readonly"], ["writeonly"]]
    turns: Any = np.nditer([y, z], op_flags=flags, order="C")
    for a, b in turns:
        b[...] = a * a
        y[1] *= 0.5
    return z


def places(x: Array) -> Array:
    y, total = x.copy(), 0.0
    entries: Any = np.nditer(y, flags=["multi_index", "c_index"], op_flags=["readwrite"])
    while not entries.finished:
        i, j = entries.multi_index
        total += entries[0] * i + entries.value * j * entries.index
        entries[0] = 0.0
        entries.iternext()
    entries.reset()
    return total + sum(np.sum(v) for v in entries) + entries.itersize


def other_index(x: Array) -> Array:
    entries: Any = np.nditer(x, flags=["f_index"], order="C")
    return sum(v * entries.index for v in entries)


def restarted(x: Array) -> Array:
    pairs: Any = np.broadcast(x, x[:1])
    first = next(pairs)
    rest = sum(a * b for a, b in pairs)
    none = sum(a for a, _ in pairs)
    index = pairs.index
    pairs.reset()
    a, b = next(pairs)
    return rest * first[0] + none + a * b * index + pairs.numiter + pairs.nd + pairs.size


@pytest.mark.parametrize("f", [squares, two, places, other_index, restarted])
def test_nditer_and_broadcast_are_as_numpys(f: Callable[[Array], Array]) -> None:
    near(cats.compile(f)(M), f(M))
    total: Any = lambda x: np.sum(f(x) * np.cos(M))  # noqa: E731
    near(cats.grad(total)(M), cats.jacfwd(total)(M))
    for place in np.ndindex(2, 3):
        step = np.zeros((2, 3))
        step[place] = 1e-5
        found = (total(M + step) - total(M - step)) / 2e-5
        near(cats.grad(total)(M)[place], found, 7)


def test_an_argument_is_gone_through_as_it_lies_in_memory() -> None:
    def f(x: Array) -> Array:
        turns: Any = np.nditer(x)
        return np.array([v * (1.0 + i) for i, v in enumerate(turns)])

    g = cats.compile(f)
    for x in (M, np.asfortranarray(M), M[::-1], M.T, M[:, 1], M[:, ::-2], np.array(2.0)):
        for _ in range(2):
            np.testing.assert_array_equal(g(x), f(x))


def test_an_entry_is_read_only() -> None:
    def f(x: Array) -> Array:
        y = x.copy()
        turns: Any = np.nditer(y)
        for v in turns:
            v[...] = 1.0
        return y

    with pytest.raises(ValueError, match="a view that NumPy makes read-only"):
        cats.compile(f)(M)
