"""Writing into local arrays means what it means in NumPy: through views, of views, in any order.

Programs are drawn from a small language of views and writes, run by NumPy itself, and traced.
Values are equal to the bit; derivatives are those of a complex step, which NumPy takes by running
the same program on complex numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.backends.function import Style
from cats.backends.text import write
from cats.simplify import simplify
from cats.whole import trace

Array = Any
Move = tuple[str, tuple[Any, ...]]
"""What is done, and with what: registers by number, keys, numbers."""

X = np.array([0.75, -1.25, 0.5, 1.5, -0.5, 0.25])


def _key(rng: Random, shape: tuple[int, ...]) -> Any:
    """A basic key."""
    parts: list[Any] = []
    for n in shape[: rng.randint(1, max(1, len(shape)))]:
        kind = rng.choice(["number", "slice", "slice", "back"])
        if kind == "number":
            parts.append(rng.randrange(-n, n))
        elif kind == "back":
            parts.append(slice(None, None, -1))
        else:
            parts.append(slice(rng.randint(0, n - 1), None, rng.choice([None, 2])))
    if rng.random() < 0.15:
        parts.insert(0, None)
    if rng.random() < 0.15:
        parts.append(Ellipsis)
    return tuple(parts) if len(parts) > 1 or rng.random() < 0.5 else parts[0]


class Drawing:
    """A program under construction, its shapes known by running it."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.moves: list[Move] = [("zeros", ((2, 3),))]
        self.registers: list[Array] = [np.zeros((2, 3))]

    def add(self, move: Move) -> None:
        """One more move, if NumPy can do it."""
        try:
            made = list(self.registers)
            with np.errstate(all="ignore"):
                step(move, made, X)
        except (ValueError, IndexError, TypeError):
            return
        if made and np.size(made[-1]) and np.all(np.abs(made[-1]) < 1e3):
            self.moves.append(move)
            self.registers = made

    def move(self) -> Move:
        """A move on registers that are there."""
        rng, at = self.rng, self.rng.randrange(len(self.registers))
        shape = np.shape(self.registers[at])
        kinds = ["zeros", "copy", "argument", "sum", *["view", "turn", "flat"] * 2]
        kinds += ["line", "columns", "squeeze"]
        kinds += ["set", "set", "add", "scale", "whole", "list", "mask", "at", "out"] * 2
        kind = rng.choice(kinds)
        if kind == "zeros":
            return kind, (rng.choice([(2, 3), (4,), (3, 2), (2, 2, 2)]),)
        if kind in ("copy", "turn", "flat", "sum", "line", "columns", "squeeze"):
            return kind, (at,)
        if kind == "argument":
            return kind, (rng.choice([(6,), (2, 3), (3, 2)]),)
        if kind in ("whole", "out"):
            return kind, (at, rng.randrange(len(self.registers)))
        if kind in ("list", "at"):
            n = shape[0] if shape else 1
            return kind, (at, [rng.randrange(-n, n) for _ in range(3)], rng.randrange(6))
        if kind == "mask":
            return kind, (at, rng.randrange(6))
        return kind, (at, _key(rng, shape or (1,)), rng.randrange(6))


def step(move: Move, registers: list[Array], x: Array) -> None:
    """One move, in NumPy."""
    kind, args = move
    if kind == "zeros":
        registers.append(np.zeros(args[0], dtype=x.dtype))
        return
    if kind == "argument":
        registers.append(x.reshape(args[0]) * x[0])
        return
    a = registers[args[0]]
    if kind == "copy":
        registers.append(a.copy())
    elif kind == "sum":
        registers.append(np.array([np.sum(a), 1.0]))
    elif kind == "view":
        registers.append(a[args[1]])
    elif kind == "turn":
        registers.append(a.T)
    elif kind == "flat":
        registers.append(a.reshape(-1))
    elif kind == "line":
        registers.append(a.ravel())
    elif kind == "columns":
        registers.append(np.reshape(a, (2, -1), order="F"))
    elif kind == "squeeze":
        registers.append(np.squeeze(a))
    elif kind == "set":
        a[args[1]] = x[args[2]]
    elif kind == "add":
        a[args[1]] += x[args[2]]
    elif kind == "scale":
        a[args[1]] *= x[args[2]]
    elif kind == "whole":
        b = registers[args[1]]
        a[...] = b
    elif kind == "out":
        np.add(a, registers[args[1]], out=a)
    elif kind == "list":
        a[args[1]] = x[args[2]] * np.ones(3).reshape((3,) + (1,) * (a.ndim - 1))
        a[args[1]] += x[:3].reshape((3,) + (1,) * (a.ndim - 1))
    elif kind == "mask":
        a[a > 0.3] = x[args[1]]
    elif kind == "at":
        np.add.at(a, args[1], x[args[2]])


def drawn(rng: Random, length: int) -> list[Move]:
    """A program of about so many moves."""
    drawing = Drawing(rng)
    for _ in range(3 * length):
        if len(drawing.moves) < length:
            drawing.add(drawing.move())
    return drawing.moves


def played(moves: list[Move]) -> Callable[[Array], Array]:
    """The program as a function of six numbers."""

    def f(x: Array) -> Array:
        registers: list[Array] = []
        for move in moves:
            step(move, registers, x)
        total: Any = 0.0
        for number, a in enumerate(registers):
            total = total + np.sum(a * (1.0 + 0.125 * number)) + np.sum(a * a)
        return total

    return f


@given(seed=st.integers(0, 2**32), length=st.integers(3, 30))
def test_arrays_are_written_as_numpy_writes_them(seed: int, length: int) -> None:
    moves = drawn(Random(seed), length)
    f = played([m for m in moves if m[0] != "mask"])
    expected = f(X)
    try:
        value, slope = cats.value_and_grad(f)(X)
    except cats.TraceError as error:
        assert "how the array lies in memory" in str(error)
        return
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-13)
    for i, e in enumerate(np.eye(6)):
        wanted = np.imag(f(X + 1e-30j * e)) / 1e-30
        np.testing.assert_allclose(slope[i], wanted, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(cats.jvp(f, (X,), (np.ones(6),))[1], np.sum(slope), rtol=1e-10)


@given(seed=st.integers(0, 2**32), length=st.integers(3, 20))
def test_masks_computed_on_the_way_are_guarded(seed: int, length: int) -> None:
    """One compiled function is right at arguments that take other masks."""
    f = played(drawn(Random(seed), length))
    g = cats.compile(f)
    for x in (X, -X, X[::-1].copy(), X + 1.0, X):
        try:
            found = g(x)
        except cats.TraceError as error:
            assert "how the array lies in memory" in str(error)
            return
        np.testing.assert_allclose(found, f(x), rtol=1e-12, atol=1e-12)


def test_the_programs_drawn_are_interesting() -> None:
    """Every move occurs, views are written through, and few are refused."""
    seen: Counter[str] = Counter()
    refused = through = 0
    for seed in range(150):
        moves = drawn(Random(seed), 25)
        seen.update(kind for kind, _ in moves)
        through += any(k in ("set", "add", "scale") and a[0] > 0 for k, a in moves)
        try:
            cats.trace(played(moves), X)
        except cats.TraceError:
            refused += 1
    assert set(seen) == {
        "zeros", "copy", "argument", "sum", "view", "turn", "flat", "line", "columns", "squeeze",
        "set", "add", "scale", "whole", "list", "mask", "at", "out",
    }  # fmt: skip
    assert min(seen.values()) > 30 and through > 100 and refused < 30, (seen, through, refused)


# Cost


def _filled(n: int) -> Callable[[Array], Array]:
    """A local array filled entry by entry, each from the one before."""

    def f(x: Array) -> Array:
        a = np.zeros(n)
        a[0] = x[0]
        for i in range(1, n):
            a[i] = a[i - 1] * x[i] + np.sin(a[i - 1])
            a[i] += 0.5
        return np.sum(a * a)

    return f


def _matrix(n: int) -> Callable[[Array], Array]:
    """Rows written through views, read by columns."""

    def f(x: Array) -> Array:
        a = np.zeros((n, 3))
        for i in range(n):
            row = a[i]
            row[1:] = x[:2] * i
            row[0] = x[2] * row[1]
        return np.sum(np.sin(a[:, 0]) * a[:, 2])

    return f


def _scattered(n: int) -> Callable[[Array], Array]:
    """Values computed first, then written."""

    def f(x: Array) -> Array:
        values = [np.cos(x[i]) for i in range(n)]
        a = np.empty(n)
        for i in range(n):
            a[i] = values[i]
        return np.dot(a, np.sin(a))

    return f


COSTS: dict[str, Callable[[int], Callable[[Array], Array]]] = {
    "filled": _filled,
    "rows": _matrix,
    "computed first": _scattered,
}


def copies(f: Any, n: int) -> tuple[int, int]:
    """How many statements write, and how many whole arrays are copied for it."""
    program = simplify(trace(f, np.linspace(0.1, 0.9, n)))
    text = "\n".join(write(program, "run", Style(), {"np"}).functions)
    return text.count("] = ") + text.count("] += "), len(re.findall(r"= t\d+\.copy\(\)", text))


@pytest.mark.parametrize("name", COSTS)
def test_n_writes_copy_no_array(name: str) -> None:
    """Forward, backward and along a tangent, but for the first of each array."""
    for n in (20, 60):
        f = COSTS[name](n)
        for g in (f, cats.grad(f), lambda x, f=f: cats.jvp(f, (x,), (x,))[1]):
            written, copied = copies(g, n)
            assert written >= n - 2 and copied <= 4, (name, n, written, copied)


@pytest.mark.parametrize("name", COSTS)
def test_programs_with_writes_grow_linearly(name: str) -> None:
    def size(n: int) -> int:
        x = np.linspace(0.1, 0.9, n)
        return len(simplify(trace(cats.grad(COSTS[name](n)), x)).steps)

    small, large = size(40), size(160)
    assert 3.6 <= large / small <= 4.4


def test_entries_written_are_read_back_without_the_array() -> None:
    """A small local array is as good as so many variables."""

    def f(x: Array) -> Array:
        a = np.zeros(3)
        a[0] = x * x
        a[1] = a[0] * 2.0
        a[-1] = a[1] + a[0]
        return a[2] * a[1]

    program = simplify(trace(f, 0.5))
    assert {step.op.name for step in program.steps} <= {"mul", "add", "const"}


# Writing a view over another one of the same array

SQUARE = np.arange(9.0).reshape(3, 3)
VIEWS: dict[str, Callable[[Any], Any]] = {
    "whole": lambda a: a,
    "all of it": lambda a: a[...],
    "upside down": lambda a: a[::-1],
    "turned": lambda a: a.T,
    "mirrored": lambda a: a[:, ::-1],
    "below": lambda a: a[1:],
    "left": lambda a: a[:, :2],
    "every other": lambda a: a[::2],
    "corner": lambda a: a[:2, 1:],
    "one row": lambda a: a[1],
}


@pytest.mark.parametrize("source", VIEWS)
@pytest.mark.parametrize("target", VIEWS)
def test_views_are_written_over_views_of_the_same_array(target: str, source: str) -> None:
    """w[place] = w[source] in every view w, as NumPy does it: all is linear."""
    for view in VIEWS.values():

        def f(x: Any, view: Callable[[Any], Any] = view) -> Any:
            a = x.copy()
            w = view(a)
            VIEWS[target](w)[...] = VIEWS[source](w)
            return a

        try:
            expected = f(SQUARE)
        except (ValueError, IndexError, TypeError):
            continue
        np.testing.assert_array_equal(cats.compile(f)(SQUARE), expected)
        columns = [f(e.reshape(3, 3)) for e in np.eye(9)]
        jacobian = np.stack(columns, -1).reshape(3, 3, 3, 3)
        np.testing.assert_array_equal(cats.jacobian(f)(SQUARE), jacobian)
