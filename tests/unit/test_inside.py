"""What a branch or a round does with values from around is done in it, and nowhere else."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError
from cats.ir.nesting import inner_first
from cats.ir.program import Program
from tests.agreement import agree, all_refused, near

Function = Callable[..., Any]


def doubled(x: Any) -> Any:
    """x twice as large until it is 10 at least: without end for what is not positive."""
    return cats.while_loop(lambda s: s < 10.0, lambda s: 2.0 * s, x)


BODIES: list[Function] = [
    lambda x, y: np.log(x * x) * y + np.exp(x * y),
    lambda x, y: doubled(x) * y,
    lambda x, y: cats.scan(lambda c, _: (c / x, c * y), x * y, None, length=3)[0] + y,
    lambda x, y: cats.fori_loop(0, 2, lambda i, c: c / x + doubled(x) * y, y),
    lambda x, y: np.linalg.inv(np.array([[x, 0.0], [0.0, 2.0 * x]]))[1, 1] * y,
    lambda x, y: cats.cond(x * y > 1.0, lambda: np.sqrt(x) * y, lambda: doubled(x) / y),
    lambda x, y: np.sum(cats.vmap(lambda r: doubled(x) * r * y)(np.arange(3.0) * x)),
    lambda x, y: cats.grad(lambda z: np.log(x * x * z) * z * y)(x),
    lambda x, y: np.sum(cats.linear_solve(lambda v: x * x * v, np.ones(2) * x)) * y,
    lambda x, y: cats.fixed_point(lambda v: np.cos(v * x) / 4.0, x) * y,
    lambda x, y: cats.root(lambda v: v * v * v - x, 1.0 + x) * y,
    lambda x, y: cats.checkpoint(lambda v: np.sin(v) * np.log(x))(y),
]


def choosing(body: Function) -> tuple[Function, Function]:
    """A choice whose branches read what is around, and one whose branches are given it."""
    within = lambda x, y: cats.cond(x > 0, lambda: body(x, y), lambda: 0.0 * y)  # noqa: E731
    given = lambda x, y: cats.cond(x > 0, body, lambda x, y: 0.0 * y, x, y)  # noqa: E731
    return within, given


def sizes(program: Program) -> list[int]:
    """How many steps it has, and each program in it."""
    return sorted(len(each.steps) for each in inner_first(program))


@pytest.mark.parametrize("body", BODIES)
def test_reading_what_is_around_is_being_given_it(body: Function) -> None:
    """In value, in all derivatives, in the operations they take; nested in two functions too."""
    within, given = choosing(body)
    agree(within, given, 1.3, 0.7)
    counted = [cats.count(cats.grad(f, (0, 1)), 1.3, 0.7).total for f in (within, given)]
    assert counted[0] == counted[1]
    inner = [
        cats.grad(lambda x, f=f: cats.grad(lambda y: f(x, y) * x * y)(x))(1.3)
        for f in (within, given)
    ]
    near(*inner)
    xs, ys = np.array([1.3, 2.0, 0.4]), np.array([0.7, 0.1, -0.3])
    near(*[cats.vmap(cats.grad(f, (0, 1)))(xs, ys) for f in (within, given)])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("x", [0.0, -1.0])
def test_a_branch_that_is_not_taken_does_nothing(body: Function, x: float) -> None:
    """It does not end, or is not a number, or is refused: nobody sees that, in any mode."""
    f = choosing(body)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [
            cats.compile(f)(x, 0.7),
            *cats.grad(f, (0, 1))(x, 0.7),
            cats.jvp(f, (x, 0.7), (1.0, 1.0))[1],
            cats.grad(cats.grad(f))(x, 0.7),
            cats.hessian(f)(x, 0.7),
            cats.grad(lambda x: cats.grad(f)(x, x) * x)(x),
        ]
    near(found, [0.0] * len(found))


def test_of_a_batch_each_takes_its_own() -> None:
    def f(y: Any) -> Any:
        return cats.cond(y > 0, lambda: doubled(y) / y, lambda: 0.0 * y)

    xs = np.array([1.0, 0.0, 2.0, -3.0])
    near(cats.vmap(f)(xs), np.array([16.0, 0.0, 8.0, 0.0]))
    near(cats.grad(lambda x: np.sum(cats.vmap(f)(x)))(xs), np.zeros(4))
    near(cats.grad(lambda x: np.sum(cats.scan(lambda c, r: (c, f(r)), 0.0, x)[1]))(xs), np.zeros(4))


def test_a_users_operation_runs_where_its_branch_does() -> None:
    runs: list[float] = []

    def noted(x: Any) -> Any:
        runs.append(float(x))
        return np.sin(x)

    sine = cats.primitive(noted)
    sine.defjvp(lambda p, t: (sine(p[0]), np.cos(p[0]) * t[0]))
    f = cats.compile(
        lambda n, x: cats.switch(n, [lambda: sine(x * x), lambda: x, lambda: sine(2.0 * x)])
    )
    for n, wanted in ((np.array(1), []), (np.array(0), [9.0]), (np.array(2), [6.0])):
        f(n, np.array(3.0))
        runs.clear()
        f(n, np.array(3.0))
        assert runs == wanted


def test_numbers_that_are_there_do_not_run_a_branch_either() -> None:
    f: Function = lambda x: cats.cond(x > 0, lambda: doubled(x), lambda: 0.0 * x)  # noqa: E731
    inner: Function = lambda x: cats.cond(True, lambda: doubled(x), lambda: x)  # noqa: E731
    g: Function = lambda x: cats.cond(x > 0, lambda: inner(x), lambda: x)  # noqa: E731
    near([f(-1.0), f(3.0), g(-1.0), g(3.0)], [0.0, 12.0, -1.0, 12.0])
    assert f(np.float32(3.0)).dtype == np.float32


def often(x: Any) -> Any:
    """How often a loop runs, known when it does."""
    return np.maximum(np.floor(x), 0.0).astype(int)


ROUNDS: list[Function] = [
    lambda x: cats.while_loop(lambda s: s[0] < x, lambda s: (s[0] + 1, s[1] + work(x)), (0, 1.0)),
    lambda x: (0, cats.fori_loop(0, often(x), lambda i, s: s + work(x), 1.0)),
    lambda x: cats.while_loop(
        lambda s: s[0] < x, lambda s: (s[0] + 1, s[1] + doubled(x)), (0, 1.0)
    ),
    lambda x: (0, cats.fori_loop(0, often(x), lambda i, s: s + doubled(x), 1.0)),
]
NONE: list[Function] = [
    lambda x: (0, cats.fori_loop(0, 0, lambda i, s: s + doubled(x), 1.0 * x / x)),
    lambda x: cats.scan(lambda s, _: (s, work(x)), 1.0, None, length=0)[::-1],
]


def work(x: Any) -> Any:
    return np.log(x) * np.sqrt(x)


@pytest.mark.parametrize("loop", [*ROUNDS, *NONE])
def test_a_round_that_never_comes_does_nothing(loop: Function) -> None:
    f = lambda x: loop(x)[1]  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        near(cats.compile(f)(-1.0), 1.0)
        near([cats.grad(f)(-1.0), cats.jvp(f, (-1.0,), (1.0,))[1]], [0.0, 0.0])
        near([cats.grad(cats.grad(f))(-1.0), cats.hessian(f)(-1.0)], [0.0, 0.0])
    near(cats.vmap(cats.grad(f))(np.array([-1.0, 2.5]))[0], 0.0)


@pytest.mark.parametrize("loop", ROUNDS)
def test_rounds_that_read_what_is_around_are_those_given_it(loop: Function) -> None:
    """The same loop, with what it reads as a carry that no round changes."""
    f = lambda x: loop(x)[1]  # noqa: E731
    each = doubled if loop in ROUNDS[2:] else work
    step = lambda s: (s[0] + 1, s[1] + each(s[2]), s[2])  # noqa: E731
    whole = np.ceil if loop is not ROUNDS[1] and loop is not ROUNDS[3] else np.floor
    g = lambda x: cats.while_loop(lambda s: s[0] < whole(x), step, (0, 1.0, x))[1]  # noqa: E731
    agree(f, g, 2.5)


def test_the_program_says_what_is_in_the_branch_and_nothing_twice() -> None:
    f = lambda x: cats.cond(x > 0, lambda: np.sin(x * x), lambda: x)  # noqa: E731
    assert sizes(cats.trace(f, 1.0)) == [0, 2, 3]
    assert str(cats.explain(f, 1.0).term).count("sin") == 1


def test_what_is_read_on_afterwards_stays_around() -> None:
    """A helper that remembers gives the value of a branch again outside of it."""

    def f(x: Any) -> Any:
        @functools.cache
        def helper() -> Any:
            return np.exp(x * x)

        one = cats.cond(x > 0, lambda: helper() * x, lambda: helper() / x)
        return one * helper()

    near(cats.grad(f)(0.5), np.exp(0.5) * (1.0 + 4.0 * 0.25))
    near(cats.grad(f)(-0.5), np.exp(0.5) * (4.0 - 1.0 / 0.25))


@pytest.mark.parametrize("name", ["v0", "v1", "c0", "a0", "b0_0", "b3_0", "valid", "v"])
def test_parameters_may_be_called_as_a_trace_calls_its_values(name: str) -> None:
    space: dict[str, Any] = {"np": np, "cats": cats}
    source = "lambda {0}: np.sin({0}) * {0} + cats.cond({0} > 0, lambda: {0} * {0}, lambda: {0})"
    f = eval(source.format(name), space)
    near(cats.grad(f)(1.0), np.cos(1.0) + np.sin(1.0) + 2.0)
    flag = eval(f"lambda x, {name}: 2.0 * x if {name} else x", space)
    near([cats.grad(flag)(1.0, np.array(b)) for b in (True, False)], [2.0, 1.0])


# What words are given


def test_a_number_is_true_unless_it_is_0() -> None:
    one: Function = lambda n: cats.cond(n, lambda: 1.0, lambda: 2.0)  # noqa: E731
    for n in (-1, 0, 1, 5, np.int8(-1), np.array(-3), np.uint8(0), True, False, np.int64(-(2**62))):
        wanted = 1.0 if n else 2.0
        near([one(n), cats.compile(one)(np.asarray(n)), one(np.asarray(n))], [wanted] * 3)
    near(cats.vmap(one)(np.array([-1, 0, 2], np.int8)), np.array([1.0, 2.0, 1.0]))


def test_a_switch_takes_truth_values_and_any_iterable() -> None:
    near([cats.switch(True, [lambda: 1.0]), cats.switch(False, [lambda: 1.0])], [1.0, 1.0])
    three: list[Function] = [lambda: 1.0, lambda: 2.0, lambda: 3.0]
    near([cats.switch(b, three) for b in (False, True)], [1.0, 2.0])
    near(cats.switch(1, (f for f in [np.sin, np.cos]), 1.0), np.cos(1.0))


AB = {"a": 1.0, "b": 2.0}


def test_dicts_are_matched_by_key() -> None:
    swap: Function = lambda d: {"b": d["b"], "a": d["a"] * 2.0}  # noqa: E731
    assert cats.fori_loop(0, 3, lambda i, d: swap(d), AB) == {"a": 8.0, "b": 2.0}
    assert cats.while_loop(lambda d: d["a"] < 20, swap, AB) == {"a": 32.0, "b": 2.0}
    assert cats.scan(lambda d, r: (swap(d), None), AB, np.ones(2))[0] == {"a": 4.0, "b": 2.0}
    for p, wanted in ((True, AB), (False, {"a": 4.0, "b": 3.0})):
        assert cats.cond(p, lambda: dict(AB), lambda: {"b": 3.0, "a": 4.0}) == wanted
    x = np.array([1.0, 2.0, 3.0])
    join: Function = lambda p, q: {"b": p["b"] + q["b"], "a": p["a"] * q["a"]}  # noqa: E731
    found = cats.associative_scan(join, {"a": x, "b": x})
    near(found, {"a": np.cumprod(x), "b": np.cumsum(x)})
    deep: Function = lambda i, d: {"q": [{"b": d["q"][0]["b"], "a": 3.0}]}  # noqa: E731
    assert cats.fori_loop(0, 1, deep, {"q": [dict(AB)]}) == {"q": [{"a": 3.0, "b": 2.0}]}
    given: Function = lambda x: cats.fori_loop(0, 3, lambda i, d: swap(d), {**AB, "a": x})  # noqa: E731
    near(cats.grad(lambda x: given(x)["a"])(1.0), 8.0)


def test_numbers_take_the_dtype_of_others_where_they_fit() -> None:
    small = cats.cond(False, lambda x: x, lambda x: 100, np.int8(1))
    assert (small, small.dtype) == (100, np.int8)
    narrow = cats.cond(False, lambda x: x, lambda x: 0.1, np.float32(1))
    assert (narrow, narrow.dtype) == (np.float32(0.1), np.float32)
    assert cats.scan(lambda c, r: (c + r, None), 0, np.array([0.5, 2.0]))[0] == 2.5


def itself(x: Any) -> Any:
    return cats.cond(x > 0, lambda x: itself(x - 1.0), lambda x: x, x)


def nest(depth: int, x: Any) -> Any:
    if not depth:
        return 2.0 * x
    return cats.fori_loop(0, 1, lambda i, c: nest(depth - 1, c), x)


def any_(value: Any) -> Any:
    """A value that is given where its type is not asked for."""
    return value


CUT = "or convert it within the round"
SAME = "with astype or reshape"
ARGUMENTS = "Give a function of as many arguments"
LONG = "equally long along the axis"
DEEP = "Python's stack ends"
LOOP = "Use cats.while_loop"
ROW = np.ones(3)

REFUSED: list[tuple[Any, ...]] = [
    (
        lambda: cats.fori_loop(0, 1, lambda i, c: np.floor(c * 10).astype(int), 0.5),
        TraceError,
        "begins in R, and is in Int",
        CUT,
    ),
    (lambda: cats.fori_loop(0, 0, lambda i, c: i, 0.5), TraceError, "begins in R, and", CUT),
    (
        lambda: cats.scan(lambda c, r: (np.round(c * r).astype(int), c), 0.5, ROW),
        TraceError,
        "carry 0 of the function of scan begins in R, and is in Int",
        CUT,
    ),
    (
        lambda: cats.fori_loop(0, 3, lambda i, d: {"b": d["b"], "a": ROW}, AB),
        TraceError,
        "carry ['a'] of the function of fori_loop begins in R, and is in R[3]",
        CUT,
    ),
    (
        lambda: cats.cond(False, lambda x: x, lambda x: 300, np.int8(1)),
        TraceError,
        "different spaces: Int (always 300), Int:int8",
        SAME,
    ),
    (
        lambda: cats.cond(False, lambda x: x, lambda x: 1e300, np.float32(1)),
        TraceError,
        "R (always 1e+300), R32",
        SAME,
    ),
    (
        lambda: cats.cond(True, lambda: dict(AB), lambda: {"b": 3.0, "c": 1.0}),
        TraceError,
        "a dict with the keys 'b', 'c' in R, R and a dict with the keys 'a', 'b'",
        "Give the same containers in both.",
    ),
    (lambda: itself(3.0), TraceError, f"{DEEP}: all functions of a word are traced, both", LOOP),
    (lambda: nest(300, 3.0), TraceError, DEEP, "raise sys.setrecursionlimit"),
    (
        lambda: cats.cond(True, lambda x: x, lambda x: x),
        TraceError,
        "false_fun is called with 0 arguments, and cannot take them: missing",
        ARGUMENTS,
    ),
    (
        lambda: cats.fori_loop(0, 3, lambda x: x + 1, 0.0),
        TraceError,
        "the function of fori_loop is called with 2 arguments",
        ARGUMENTS,
    ),
    (
        lambda: cats.while_loop(lambda: True, lambda c: c, 0.0),
        TraceError,
        "the condition of while_loop is called with 1 argument",
        ARGUMENTS,
    ),
    (
        lambda: cats.switch(1, any_(np.sin), 1.0),
        TraceError,
        "no branches to choose from",
        "at least one",
    ),
    (
        lambda: cats.associative_scan(np.add, ()),
        cats.SpaceError,
        "along axis 0 of no arrays",
        LONG,
    ),
    (
        lambda: cats.associative_scan(np.add, ROW, axis=1),
        cats.SpaceError,
        "along axis 1 of R[3]: how many",
        LONG,
    ),
    (
        lambda: cats.vmap(lambda: 3.0, axis_size=-2)(),
        cats.SpaceError,
        "axis_size=-2 is no number of examples",
        "a whole number from 0 up",
    ),
    (
        lambda: cats.vmap(lambda: 3.0, axis_size=any_(2.0))(),
        cats.SpaceError,
        "axis_size=2.0 is no number",
        "a whole number from 0 up",
    ),
    (
        lambda: cats.fori_loop(0, 5, lambda i, a: a + ROW[i], 0.0),
        cats.CatsError,
        "index 3 is out of bounds",
        "Index within x.shape",
    ),
]


def test_what_is_refused() -> None:
    all_refused(REFUSED)
    all_refused([(on_its_line(f), *rest, "cats.") for f, *rest in REFUSED[:3]])


def on_its_line(f: Function) -> Function:
    """Run inside a function that is differentiated."""
    return lambda: cats.grad(lambda x: f() + x)(1.0)


def test_recursion_of_the_users_own_stays_theirs() -> None:
    def endless(x: Any) -> Any:
        return endless(x)

    with pytest.raises(RecursionError):
        cats.cond(True, lambda: endless(1.0), lambda: 1.0)
