"""The families that must stay linear, F1 to F10, at every level of the compiler.

What is measured is work, not time: lines that run and calls that are made, ours and the
interpreter's own. The logarithm of the work grows as that of the size, within 0.05: by default
from 150 to 600 steps, with -m slow from 1,000 to 100,000. Small sizes have a share of constant
work, so there only the upper bound is sharp. What the interpreter does within one call (copies a
tuple, looks through a list) is not seen by counting; the slow sweep measures seconds besides, whose
bound is looser, at sizes where such work would be most of it.
"""

from __future__ import annotations

import gc
import math
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any

import numpy as np
import pytest

from cats.backends.on_numexpr import OnNumexpr
from cats.backends.on_numpy import OnNumpy
from cats.backends.on_source import source_text
from cats.cost import count, tally
from cats.derive import Derivative, derive
from cats.ir.check import check_linear_program, check_program
from cats.ir.explicit import from_linear_program
from cats.ir.lam import Term
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.choice import less
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import index
from cats.ir.prims.smooth import cos, sin
from cats.ir.program import Program
from cats.ir.read import read_program
from cats.ir.spaces import R, Real
from cats.ir.transpose import transposed
from cats.ir.wire import Builder
from cats.pipeline import gradient, jacobian, pushforward
from cats.pointfree import program_of
from cats.policies import Recompute, SaveAll
from cats.simplify import simplify
from cats.unzip import unzip
from cats.whole import trace
from tests.unit import test_pointfree as terms

TOLERANCE = 0.05
SLACK = 0.4
"""Seconds may grow by so much faster: a program of 10,000 steps lies in the processor's cache, one
of 100,000 does not, and what only looks at each of them takes up to 20 times as long."""
FEW, MANY = 150, 600
DEEP, DEEPER = 500, 2_000
"""The larger is more than Python's limit of recursion."""
SMALL, LARGE = 1_000, 10_000


class Work:
    """Counts the lines that run and the calls that are made, within it."""

    def __enter__(self) -> Work:
        self.done = 0
        sys.setprofile(self._called)
        sys.settrace(self._entered)
        return self

    def _called(self, frame: Any, event: str, arg: Any) -> None:
        if event == "c_call":
            self.done += 1

    def _entered(self, frame: Any, event: str, arg: Any) -> Any:
        self.done += 1
        return self._ran

    def _ran(self, frame: Any, event: str, arg: Any) -> Any:
        if event == "line":
            self.done += 1
        return self._ran

    def __exit__(self, *error: object) -> None:
        sys.settrace(None)
        sys.setprofile(None)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Nothing is collected meanwhile, so that it is not counted either."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def work(f: Callable[[Any], Any], x: Any) -> int:
    """What f does at x."""
    with undisturbed(), Work() as measured:
        f(x)
    return max(measured.done, 1)


def seconds(f: Callable[[Any], Any], x: Any) -> float:
    """How long the processor is busy with f at x."""
    with undisturbed():
        start = time.process_time()
        f(x)
        return max(time.process_time() - start, 1e-4)


def quickest(f: Callable[[Any], Any], fresh: Callable[[], Any]) -> float:
    """How long f takes, undisturbed: the least of some times where they are short."""
    found = [seconds(f, fresh())]
    while len(found) < 5 and sum(found) < 0.5:
        found.append(seconds(f, fresh()))
    return min(found)


def slope(points: dict[int, float]) -> float:
    """Of the logarithm of what is measured against that of the size, by least squares."""
    xs = [math.log(n) for n in points]
    return float(np.polyfit(xs, [math.log(y) for y in points.values()], 1)[0])


def bounds(level: str, points: dict[int, float]) -> tuple[float, float]:
    """Of a slope: small sizes have a share of constant work, or are not cut into parts."""
    if min(points) >= SMALL:
        return 1.0 - TOLERANCE, 1.0 + TOLERANCE
    return 1.0 - 4 * TOLERANCE, 1.0 + TOLERANCE * (2 if level in IN_PARTS else 1)


def astray(found: dict[str, dict[int, float]]) -> dict[str, float]:
    """The levels whose work is not linear, and their slopes."""
    wrong: dict[str, float] = {}
    for level, points in found.items():
        low, high = bounds(level, points)
        if not low <= slope(points) <= high:
            wrong[level] = round(slope(points), 3)
    return wrong


# The families, as functions of wires, of traced values and of arrays alike


def doubling(x: Any, n: int) -> Any:
    """F1: x + x, again and again: 2^n as a tree."""
    for _ in range(n):
        x = add(x, x)
    return x


def fibonacci(x: Any, n: int) -> Any:
    """F2: each the product of the two before."""
    before = sin(x)
    for _ in range(n):
        before, x = x, mul(x, before)
    return x


def far_reference(x: Any, n: int) -> Any:
    """F3: each reads the first."""
    first = x
    for _ in range(n):
        x = mul(x, first)
    return x


def fan_out(x: Any, n: int) -> Any:
    """F4: one value read n times."""
    total = x
    for i in range(n // 2):
        total = add(total, mul(x, 1.0 + i))
    return total


def deep_pairs(x: Any, n: int) -> Any:
    """F5: pairs in pairs, taken apart again."""
    pair: Any = x
    for _ in range(n // 2):
        pair = (pair, mul(x, x))
    total = x
    while isinstance(pair, tuple):
        pair, right = pair
        total = add(mul(total, x), right)
    return add(total, pair)


def nested_functions(x: Any, n: int) -> Any:
    """F6, F9: a function applied n times, each within the argument of the next."""

    def f(z: Any) -> Any:
        return mul(sin(z), x)

    y = x
    for _ in range(n // 2):
        y = f(y)
    return y


def reads(x: Any, n: int) -> Any:
    """F8: one entry of a vector read in each round."""
    total = index(x, key=(0,))
    for i in range(n // 3):
        total = add(total, mul(total, index(x, key=(i,))))
    return total


A, B = np.arange(6.0).reshape(2, 3) / 8, np.arange(6.0).reshape(3, 2) / 4


def skewed(x: Any, n: int) -> Any:
    """F10: linear maps from R^2 to R^3 and back."""
    for _ in range(n // 2):
        x = contract(A, contract(B, x, spec="ij,j->i"), spec="ij,j->i")
    return index(x, key=(0,))


Family = Callable[[Any, int], Any]
FAMILIES: dict[str, tuple[Family, Real]] = {
    "F1 doubling": (doubling, R),
    "F2 Fibonacci": (fibonacci, R),
    "F3 far reference": (far_reference, R),
    "F4 fan-out": (fan_out, R),
    "F5 deep pairs": (deep_pairs, R),
    "F6 F9 functions in functions": (nested_functions, R),
    "F8 reads": (reads, Real((100_000,))),
    "F10 skewed chain": (skewed, Real((2,))),
}


def built(family: Family, space: Real, n: int) -> Program:
    """The family's program of about n steps, by a builder."""
    builder = Builder([space])
    return builder.finish([family(builder.wires[0], n)])


def choices(n: int) -> Program:
    """F7: a choice after a choice."""
    branches = []
    for op in (sin, cos):
        inner = Builder([R])
        branches.append(inner.finish([op(inner.wires[0])]))
    builder = Builder([R])
    (x,) = builder.wires
    for i in range(n // 4):
        (x,) = builder.case((branches[0], branches[1]), less(x, float(i)), [x])
        x = mul(x, builder.wires[0])
    return builder.finish([x])


# The families as terms: what only lambda can say

TERMS: dict[str, Callable[[int], Term]] = {
    "F5 deep pairs": terms.deep_pairs,
    "F6 lets in lets": terms.lets_in_lets,
    "F7 ifs in ifs": terms.ifs_in_ifs,
    "F7 ifs in a row": terms.ifs_in_a_row,
    "F9 applied in a row": terms.applied_in_a_row,
    "F9 applied within": terms.applied_within,
    "F1 doubling": terms.doubling,
    "F6 doubling under lets": terms.doubling_under_lets,
    "F9 closures in closures": terms.closures_in_closures,
}
LOWERED = {
    "F6 lets in lets": 1,
    "F7 ifs in ifs": 4,
    "F7 ifs in a row": 4,
    "F9 applied within": 1,
}
"""Terms whose programs are worth a look at the levels below, and their steps for each n."""


def lowered(name: str, n: int) -> Program:
    """The program of a term, of about n steps."""
    return program_of(TERMS[name](n // LOWERED[name])).program


BUILT: dict[str, Callable[[int], Program]] = {
    **{name: partial(built, *FAMILIES[name]) for name in FAMILIES},
    "F7 choices": choices,
    **{f"{name}, a term": partial(lowered, name) for name in LOWERED},
}


class Made:
    """One family at one size, at every level."""

    def __init__(self, name: str, n: int) -> None:
        self.name = name
        self.n = n

    @cached_property
    def program(self) -> Program:
        return BUILT[self.name](self.n)

    @cached_property
    def derivative(self) -> Derivative:
        return derive(self.program)

    @cached_property
    def linear(self) -> Any:
        return self.derivative.linear

    @cached_property
    def gradient(self) -> Program:
        return gradient(self.program, [0])

    @cached_property
    def text(self) -> str:
        return str(self.program)

    @cached_property
    def twins(self) -> Any:
        return self.program, pickle.loads(pickle.dumps(self.program))

    @cached_property
    def linear_twins(self) -> Any:
        return self.linear, pickle.loads(pickle.dumps(self.linear))

    def fresh(self, what: str) -> Any:
        """A copy, nothing remembered of earlier work."""
        return pickle.loads(pickle.dumps(getattr(self, what)))


def same(pair: tuple[Any, Any]) -> None:
    """That both are equal, which asks both for their hashes."""
    assert pair[0] == pair[1]


LEVELS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "check": ("program", check_program),
    "hash": ("program", hash),
    "equal": ("twins", same),
    "str": ("program", str),
    "read": ("text", read_program),
    "repr": ("program", repr),
    "pickle": ("program", lambda p: pickle.loads(pickle.dumps(p))),
    "count": ("program", count),
    "derive": ("program", derive),
    "unzip": ("derivative", lambda d: unzip(d, SaveAll())),
    "unzip, recompute": ("derivative", lambda d: unzip(d, Recompute())),
    "linear check": ("linear", check_linear_program),
    "linear hash": ("linear", hash),
    "linear equal": ("linear_twins", same),
    "linear str": ("linear", str),
    "linear repr": ("linear", repr),
    "linear pickle": ("linear", lambda f: pickle.loads(pickle.dumps(f))),
    "transpose": ("linear", transposed),
    "tally": ("linear", tally),
    "linear term": ("linear", from_linear_program),
    "forward": ("program", lambda p: pushforward(p, [0])),
    "reverse": ("program", lambda p: gradient(p, [0])),
    "jacobian fwd": ("program", lambda p: jacobian(p, [0], "fwd")),
    "jacobian rev": ("program", lambda p: jacobian(p, [0], "rev")),
    "simplify": ("gradient", simplify),
    "numpy": ("gradient", OnNumpy().build),
    "numexpr": ("gradient", OnNumexpr().build),
    "source": ("gradient", source_text),
}
IN_PARTS = ("numpy", "numexpr", "source")
"""Long texts are cut into functions of some hundred lines, which short ones are not."""

LARGER_THAN_LINEAR = {
    ("F8 reads", "jacobian fwd"): "a row of 100,000 numbers for each of n values",
    ("F8 reads", "jacobian rev"): "the same",
}


def levels(name: str) -> list[str]:
    """Those the family is asked about."""
    return [level for level in LEVELS if (name, level) not in LARGER_THAN_LINEAR]


@pytest.mark.parametrize("name", BUILT)
def test_every_level_is_linear_over_every_family(name: str) -> None:
    found: dict[str, dict[int, float]] = {level: {} for level in levels(name)}
    for n in (FEW, MANY):
        made = Made(name, n)
        for level, points in found.items():
            what, f = LEVELS[level]
            points[n] = work(f, made.fresh(what))
    assert not astray(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILT)
def test_every_level_is_linear_to_a_hundred_thousand_steps(name: str) -> None:
    """One size of one family at a time is held."""
    found: dict[str, dict[int, float]] = {level: {} for level in levels(name)}
    took: dict[str, dict[int, float]] = {level: {} for level in levels(name)}
    for n in (SMALL, LARGE, 10 * LARGE):
        made = Made(name, n)
        for level, points in found.items():
            what, f = LEVELS[level]
            points[n] = work(f, made.fresh(what))
            if n >= LARGE:
                took[level][n] = quickest(f, partial(made.fresh, what))
    assert not astray(found)
    slopes = {level: round(slope(points), 3) for level, points in took.items()}
    assert not {level: found for level, found in slopes.items() if found > 1.0 + SLACK}


@pytest.mark.parametrize("name", BUILT)
def test_running_is_linear_however_deep(name: str) -> None:
    """The gradient in NumPy, from its text: no depth is a limit."""
    x = np.ones(BUILT[name](FEW).inputs[0].shape)[()] / 2
    found: dict[int, float] = {}
    for n in (DEEP, DEEPER):
        run = OnNumpy().build(simplify(gradient(BUILT[name](n), [0])))
        with np.errstate(all="ignore"):
            found[n] = work(lambda x, run=run: run(x), x)  # type: ignore[misc]
    assert slope(found) <= 1.0 + TOLERANCE


# Steps asked of builders


def emits(monkeypatch: pytest.MonkeyPatch, f: Callable[[], Any]) -> int:
    """How many steps are asked of builders."""
    count = 0
    kept = Builder.emit

    def counting(self: Builder, *args: Any) -> Any:
        nonlocal count
        count += 1
        return kept(self, *args)

    monkeypatch.setattr(Builder, "emit", counting)
    f()
    monkeypatch.setattr(Builder, "emit", kept)
    return count


@pytest.mark.parametrize("name", BUILT)
def test_emissions_are_linear(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a gradient, simplified, asks of builders."""
    asked: dict[int, float] = {}
    for n in (DEEP, DEEPER):
        program = BUILT[name](n)
        asked[n] = emits(monkeypatch, lambda p=program: simplify(gradient(p, [0])))  # type: ignore[misc]
    assert abs(slope(asked) - 1.0) <= TOLERANCE


# Traced functions, and terms


def work_of_tracing(name: str, n: int) -> int:
    family, space = FAMILIES[name]
    return work(lambda x: trace(lambda x: family(x, n), x), np.ones(space.shape))


@pytest.mark.parametrize("name", FAMILIES)
def test_tracing_is_linear(name: str) -> None:
    """From a Python function to a term and a program."""
    found: dict[int, float] = {n: work_of_tracing(name, n) for n in (MANY, 4 * MANY)}
    assert abs(slope(found) - 1.0) <= TOLERANCE, found


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_tracing_is_linear_to_a_hundred_thousand_steps(name: str) -> None:
    found: dict[int, float] = {n: work_of_tracing(name, n) for n in (SMALL, LARGE, 10 * LARGE)}
    assert abs(slope(found) - 1.0) <= TOLERANCE, found


TERM_LEVELS: dict[str, Callable[[Any], Any]] = {
    "lower": program_of,
    "str": str,
    "repr": repr,
    "pickle": lambda term: pickle.loads(pickle.dumps(term)),
    "hash": hash,
    "equal": lambda term: same((term, pickle.loads(pickle.dumps(term)))),
}


def check_terms(name: str, sizes: tuple[int, ...]) -> None:
    """All that is done with the terms of a family is linear."""
    found: dict[str, dict[int, float]] = {level: {} for level in TERM_LEVELS}
    for n in sizes:
        for level, points in found.items():
            points[n] = work(TERM_LEVELS[level], TERMS[name](n))
    assert not astray(found)


@pytest.mark.parametrize("name", TERMS)
def test_terms_are_worked_on_in_linear_time(name: str) -> None:
    check_terms(name, (FEW, MANY))


@pytest.mark.slow
@pytest.mark.parametrize("name", TERMS)
def test_terms_are_worked_on_in_linear_time_to_a_hundred_thousand(name: str) -> None:
    check_terms(name, (SMALL, LARGE, 10 * LARGE))


# What is not linear is seen


def called(n: int) -> None:
    """A call for each pair: quadratic."""
    for i in range(n):
        for _ in range(i):
            abs(i)


def looked_through(n: int) -> None:
    """A comprehension over what came before, for each step: quadratic, and no call in it."""
    for i in range(n):
        _ = [k for k in range(i) if k > i]


def hashed_again(program: Program) -> None:
    """Everything before a step hashed with it, again for each: quadratic."""
    for i in range(len(program.steps)):
        hash(program.steps[:i])


def joined(n: int) -> None:
    """A tuple made longer by one, again and again: quadratic, within single calls."""
    found: tuple[int, ...] = ()
    for i in range(n):
        found = (*found, i)


def test_what_is_quadratic_is_seen() -> None:
    for f in (called, looked_through):
        assert slope({n: work(f, n) for n in (50, 500)}) > 1.8
    hashes = {n: float(work(hashed_again, Made("F2 Fibonacci", n).program)) for n in (50, 500)}
    assert slope(hashes) > 1.8


@pytest.mark.slow
def test_what_is_quadratic_within_calls_is_seen_by_the_clock() -> None:
    """By counting it is not, which is why there is a clock."""
    assert slope({n: work(joined, n) for n in (LARGE, 4 * LARGE)}) < 1.0 + TOLERANCE
    assert slope({n: seconds(joined, n) for n in (LARGE, 4 * LARGE)}) > 1.0 + SLACK
