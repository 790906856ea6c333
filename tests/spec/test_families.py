"""The families that must stay linear, F1 to F10, at every level of the compiler.

Work is counted, not timed: the calls of Python functions, ours and the interpreter's own, that a
level makes. The logarithm of the work grows as that of the size, within 0.05: by default to 1,000
steps (sizes and emissions to 4,000), with -m slow to 100,000. Small sizes have a share of
constant work, so there only the upper bound is sharp.
"""

from __future__ import annotations

import gc
import math
import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cats.backends.on_numpy import OnNumpy
from cats.backends.on_source import source_text
from cats.derive import derive
from cats.ir.check import check_linear_program, check_program
from cats.ir.explicit import from_linear_program
from cats.ir.lam import Term
from cats.ir.linear_program import LinearProgram, transposed
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.choice import less
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import index
from cats.ir.prims.smooth import cos, sin
from cats.ir.program import Program
from cats.ir.read import read_program
from cats.ir.spaces import R, Real
from cats.ir.wire import Builder
from cats.pipeline import gradient, pushforward
from cats.pointfree import program_of
from cats.simplify import simplify
from cats.whole import trace
from tests.unit import test_pointfree as terms

TOLERANCE = 0.05
FEW, MANY = 200, 1_000
SMALL, LARGE = 1_000, 10_000


class Calls:
    """Counts the calls made within it, of Python and of built-in functions."""

    def __enter__(self) -> Calls:
        self.count = 0
        gc.collect()
        gc.disable()
        sys.setprofile(self.seen)
        return self

    def seen(self, frame: Any, event: str, arg: Any) -> None:
        if event in ("call", "c_call"):
            self.count += 1

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)
        gc.enable()


def slope(work: Callable[[int], int], sizes: tuple[int, ...]) -> float:
    """Of log work against log size, by least squares."""
    points = [(math.log(n), math.log(work(n))) for n in sizes]
    xs, ys = zip(*points, strict=True)
    return float(np.polyfit(xs, ys, 1)[0])


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


def built(name: str, n: int) -> Program:
    """The family's program of about n steps, by a builder."""
    if name == "F7 choices":
        return choices(n)
    family, space = FAMILIES[name]
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


NAMES = (*FAMILIES, "F7 choices")
PROGRAMS: dict[tuple[str, int], dict[str, Any]] = {}


def made(name: str, n: int) -> dict[str, Any]:
    """The family at every level, once."""
    if (name, n) not in PROGRAMS:
        program = built(name, n)
        found = derive(program)
        PROGRAMS[name, n] = {
            "program": program,
            "linear": found.linear,
            "gradient": gradient(program, found.active),
        }
    return PROGRAMS[name, n]


def fresh(program: Program) -> Program:
    """The same, nothing remembered."""
    return Program(program.inputs, program.steps, program.outputs, program.names)


def fresh_linear(linear: LinearProgram) -> LinearProgram:
    return LinearProgram(linear.inputs, linear.steps, linear.outputs, linear.ends)


LEVELS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "check": lambda at: check_program(fresh(at["program"])),
    "derive": lambda at: derive(fresh(at["program"])),
    "check linear": lambda at: check_linear_program(fresh_linear(at["linear"])),
    "transpose": lambda at: transposed(fresh_linear(at["linear"])),
    "linear term": lambda at: from_linear_program(fresh_linear(at["linear"])),
    "forward": lambda at: pushforward(at["program"], range(len(at["program"].inputs))),
    "reverse": lambda at: gradient(at["program"], range(len(at["program"].inputs))),
    "simplify": lambda at: simplify(fresh(at["gradient"])),
    "emit": lambda at: OnNumpy().compile(fresh(at["gradient"])),
    "source": lambda at: source_text(fresh(at["gradient"])),
    "hash": lambda at: hash(fresh(at["program"])),
    "str": lambda at: str(fresh(at["program"])),
    "repr": lambda at: repr(fresh(at["program"])),
    "pickle": lambda at: pickle.loads(pickle.dumps(fresh(at["program"]))),
    "linear str": lambda at: str(fresh_linear(at["linear"])),
    "linear repr": lambda at: repr(fresh_linear(at["linear"])),
    "linear pickle": lambda at: pickle.loads(pickle.dumps(fresh_linear(at["linear"]))),
}


def check_linear(name: str, level: str, sizes: tuple[int, ...]) -> None:
    """The slope of the work of a level over a family is 1."""

    def work(n: int) -> int:
        given = made(name, n)
        with Calls() as calls:
            LEVELS[level](given)
        return max(calls.count, 1)

    if level == "hash":
        found = slope(lambda n: len(made(name, n)["program"].steps), sizes)
        for n in sizes:
            assert hash(fresh(made(name, n)["program"])) == hash(made(name, n)["program"])
    else:
        found = slope(work, sizes)
    least = 1.0 - (TOLERANCE if sizes[0] >= SMALL else 4 * TOLERANCE)
    assert least <= found <= 1.0 + TOLERANCE, f"{name}, {level}: slope {found:.3f}"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_every_level_is_linear_over_every_family(name: str, level: str) -> None:
    check_linear(name, level, (FEW, MANY))


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_every_level_is_linear_to_a_hundred_thousand_steps(name: str, level: str) -> None:
    check_linear(name, level, (SMALL, LARGE, 10 * LARGE))


def emits(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> int:
    """How many steps are asked of builders."""
    count = 0
    kept = Builder.emit

    def counting(self: Builder, *args: Any) -> Any:
        nonlocal count
        count += 1
        return kept(self, *args)

    monkeypatch.setattr(Builder, "emit", counting)
    work()
    monkeypatch.setattr(Builder, "emit", kept)
    return count


@pytest.mark.parametrize("name", NAMES)
def test_steps_and_emissions_are_linear(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes of the programs, and the steps asked of builders, for a gradient."""

    def sizes(n: int) -> list[int]:
        given = made(name, n)
        program, linear = given["program"], given["linear"]
        terms_of = sum(len(getattr(s, "terms", ())) or 1 for s in linear.steps)
        asked = emits(monkeypatch, lambda: simplify(gradient(program, [0])))
        return [
            len(program.steps),
            len(linear.steps),
            terms_of,
            len(given["gradient"].steps),
            asked,
        ]

    small, large = np.array(sizes(SMALL)), np.array(sizes(4 * SMALL))
    slopes = np.log(large / small) / np.log(4)
    assert np.all(np.abs(slopes - 1.0) <= TOLERANCE), slopes


# Traced functions


def work_of_tracing(name: str, n: int) -> int:
    family, space = FAMILIES[name]
    with Calls() as calls:
        trace(lambda x: family(x, n), np.ones(space.shape))
    return calls.count


@pytest.mark.parametrize("name", FAMILIES)
def test_tracing_is_linear(name: str) -> None:
    """From a Python function to a term and a program."""
    found = slope(lambda n: work_of_tracing(name, n), (FEW, MANY))
    assert abs(found - 1.0) <= TOLERANCE, found


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_tracing_is_linear_to_a_hundred_thousand_steps(name: str) -> None:
    found = slope(lambda n: work_of_tracing(name, n), (SMALL, LARGE, 10 * LARGE))
    assert abs(found - 1.0) <= TOLERANCE, found


# Lambda terms

TERM_LEVELS: dict[str, Callable[[Any], Any]] = {
    "lower": program_of,
    "str": str,
    "repr": repr,
    "pickle": lambda term: pickle.loads(pickle.dumps(term)),
    "hash": hash,
}
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


def work_on_term(name: str, level: str, n: int) -> int:
    term = TERMS[name](n)
    with Calls() as calls:
        TERM_LEVELS[level](term)
    return calls.count


@pytest.mark.parametrize("level", TERM_LEVELS)
@pytest.mark.parametrize("name", TERMS)
def test_terms_are_worked_on_in_linear_time(name: str, level: str) -> None:
    if level == "hash":
        assert hash(TERMS[name](LARGE)) == hash(TERMS[name](LARGE))
        return
    found = slope(lambda n: work_on_term(name, level, n), (FEW, MANY))
    assert abs(found - 1.0) <= TOLERANCE, found


@pytest.mark.slow
@pytest.mark.parametrize("level", TERM_LEVELS)
@pytest.mark.parametrize("name", TERMS)
def test_terms_are_worked_on_in_linear_time_to_a_hundred_thousand(name: str, level: str) -> None:
    if level == "hash":
        assert hash(TERMS[name](10 * LARGE)) == hash(TERMS[name](10 * LARGE))
        return
    found = slope(lambda n: work_on_term(name, level, n), (SMALL, LARGE, 10 * LARGE))
    assert abs(found - 1.0) <= TOLERANCE, found


def test_programs_of_terms_are_differentiated_at_every_level() -> None:
    """The terms whose programs are straight, through derive, transpose and simplify."""
    for name in ("F5 deep pairs", "F6 lets in lets", "F9 applied within", "F7 ifs in a row"):

        def work(n: int, name: str = name) -> int:
            program = program_of(TERMS[name](n)).program
            if not program.steps:
                return n
            with Calls() as calls:
                linear = derive(program).linear
                transposed(linear)
                simplify(gradient(program, [0]))
            return calls.count

        if name != "F5 deep pairs":
            found = slope(work, (FEW, MANY))
            assert abs(found - 1.0) <= TOLERANCE, (name, found)


@pytest.mark.parametrize("name", NAMES)
def test_long_programs_are_read_back(name: str) -> None:
    program = made(name, SMALL)["program"]
    assert read_program(str(program)) == program
    assert pickle.loads(pickle.dumps(program)) == program


def test_the_counter_sees_what_is_quadratic() -> None:
    """A negative control: a list looked through in each step has slope 2."""

    def work(n: int) -> int:
        with Calls() as calls:
            for i in range(n):
                sum(map(abs, range(i % 7)), 0)
                for k in range(i):
                    abs(k)
        return calls.count

    assert slope(work, (50, 500)) > 1.8
