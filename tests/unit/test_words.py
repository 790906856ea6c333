"""cond, switch, scan, map, fori_loop, while_loop: what Python gives unrolled, in all modes."""

from __future__ import annotations

import sys
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError
from cats.ir.nesting import inner_first
from cats.ir.program import Program
from tests.agreement import agree, all_refused, near

Function = Callable[..., Any]

W = np.array([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6], [-0.7, 0.2, 0.1]])
XS = np.array([[0.5, -1.0, 0.2], [-0.3, 0.8, 0.1], [0.9, 0.4, -0.5], [0.6, -0.2, 1.1]])
H = np.array([0.4, -0.5, 0.9])


@dataclass(frozen=True)
class State:
    """A container of a user."""

    at: Any
    count: Any


# Rolled, and unrolled


def recurrent(w: Any, h: Any, xs: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = np.tanh(w @ h + x)
        return h, {"norm": np.sum(h**2), "none": None}

    h, ys = cats.scan(step, h, xs)
    return np.sum(h * h) + ys["norm"] @ np.arange(4.0)


def recurrent_by_hand(w: Any, h: Any, xs: Any) -> Any:
    total: Any = 0.0
    for i in range(4):
        h = np.tanh(w @ h + xs[i])
        total = total + np.sum(h**2) * i
    return np.sum(h * h) + total


def backwards(h: Any, xs: Any) -> Any:
    h, ys = cats.scan(lambda h, x: (np.sin(h * x), h * x[0]), h, xs, reverse=True)
    return np.sum(h) + np.sum(ys * np.arange(12.0).reshape(4, 3))


def backwards_by_hand(h: Any, xs: Any) -> Any:
    total: Any = 0.0
    for i in reversed(range(4)):
        total = total + np.sum(h * xs[i, 0] * np.arange(3.0 * i, 3.0 * i + 3.0))
        h = np.sin(h * xs[i])
    return np.sum(h) + total


def nested(x: Any) -> Any:
    """A loop in a loop, containers as carries, an integer among them, a capture in both."""

    def outer(c: Any, row: Any) -> Any:
        def inner(d: State, e: Any) -> Any:
            return State(d.at * e + x, d.count + 1), d.at * x

        d, ys = cats.scan(inner, State(c, 0), row, reverse=True)
        return d.at + d.count, np.sum(ys)

    c, ys = cats.scan(outer, x * 1.0, np.arange(6.0).reshape(2, 3) / 7)
    return c + np.sum(ys)


def nested_by_hand(x: Any) -> Any:
    c, total = x, 0.0
    for row in np.arange(6.0).reshape(2, 3) / 7:
        a, s = c, 0.0
        for e in row[::-1]:
            s, a = s + a * x, a * e + x
        c, total = a + 3, total + s
    return c + total


def counting(x: Any) -> Any:
    start = (x, {"sum": 0.0})
    return cats.fori_loop(1, 5, lambda i, v: (v[0] * x + i, {"sum": v[1]["sum"] + v[0]}), start)[1][
        "sum"
    ]


def counting_by_hand(x: Any) -> Any:
    a, b = x, 0.0
    for i in range(1, 5):
        a, b = a * x + i, b + a
    return b


def counted_at_run_time(x: Any) -> Any:
    count = np.floor(x * 5.0).astype(int)
    return cats.fori_loop(count - 2, count, lambda i, v: np.sin(v * x) + i * x, x)


def counted_by_hand(x: Any) -> Any:
    for_all = x
    for i in (1, 2):
        for_all = np.sin(for_all * x) + i * x
    return for_all


def repeated(x: Any) -> Any:
    start = (x + 2.0, 0.0, np.array([1.0, 2.0]))
    _, total, dead = cats.while_loop(
        lambda c: c[0] < 50.0, lambda c: (c[0] * c[0] * x + 1.0, c[1] + c[0], c[2] * c[0]), start
    )
    return total + 0.0 * np.sum(np.zeros_like(dead))


def repeated_by_hand(x: Any) -> Any:
    a, b = x + 2.0, 0.0
    for _ in range(3):
        a, b = a * a * x + 1.0, b + a
    return b


def chosen(x: Any) -> Any:
    one = cats.cond(x > 0.5, lambda y: np.sin(y) * x, lambda y: np.log(y - 1.0) * y, x * x)
    two = cats.cond(x > 2.0, lambda: x, lambda: x * x * x)
    return one + two


def switched(x: Any) -> Any:
    branches = [lambda y: y * x, lambda y: y * y, lambda y: {"a": 1.0}["a"] * np.exp(y) * x]
    return sum(cats.switch(np.array(i), branches, x) for i in (-4, 0, 1, 2, 9))


def switched_by_hand(x: Any) -> Any:
    return 2.0 * x * x + x * x + 2.0 * np.exp(x) * x


def mapped(x: Any) -> Any:
    row = lambda r: cats.cond(r[0] > 0, lambda r: np.sum(r * x), lambda r: np.sum(r * r * x), r)  # noqa: E731
    return np.sum(cats.map(row, XS) ** 2)


def mapped_by_hand(x: Any) -> Any:
    return sum(np.sum(r * x if r[0] > 0 else r * r * x) ** 2 for r in XS)


def all_within(x: Any) -> Any:
    """A scan in a cond in a while."""

    def through(v: Any) -> Any:
        return cats.scan(lambda a, b: (a * b + x, None), v, np.array([0.5, 0.3]))[0]

    def step(c: Any) -> Any:
        return cats.cond(c[1] % 2 == 0, through, lambda v: v * x, c[0]), c[1] + 1

    return cats.while_loop(lambda c: c[1] < 3, step, (x, 0))[0]


def all_within_by_hand(x: Any) -> Any:
    return ((((x * 0.5 + x) * 0.3 + x) * x) * 0.5 + x) * 0.3 + x


def loops_in_branches(x: Any) -> Any:
    """What these loops leave is as long as they run; the other branch leaves nothing."""

    def grows(x: Any) -> Any:
        return cats.while_loop(lambda c: c < 5.0, lambda c: c * c * x + 1.0, x)

    def turns(x: Any) -> Any:
        step = lambda c: (c[0] * np.cos(c[2]), c[1] + 1, c[2] * 0.5)  # noqa: E731
        return cats.while_loop(lambda c: c[1] < 4, step, (x, 0, 0.3))[0]

    return cats.cond(x > 0.0, grows, turns, x) * cats.cond(x > 9.0, grows, lambda x: 0.25, x)


def grown_by_hand(x: Any) -> Any:
    c = x * x * x + 1.0
    return 0.25 * (c * c * x + 1.0)


def never(x: Any) -> Any:
    """No round of any loop."""
    none = np.zeros((0, 3))
    a, ys = cats.scan(lambda c, y: (c * y[0] * x, c * y), x, none)
    b = cats.fori_loop(5, 2, lambda i, v: v * x * i, x)
    c = cats.while_loop(lambda c: c < 0.0, lambda c: c * x, x)
    return a + b * c + np.sum(ys) + np.sum(cats.map(lambda r: r * x, none))


def dead(x: Any) -> Any:
    """Carries nobody reads, carries that never change, and rows nobody reads."""
    first = {"read": x, "dead": x, "same": x * x}

    def step(c: Any, r: Any) -> Any:
        after = {"read": c["read"] * c["same"] + r, "dead": np.exp(c["dead"]), "same": c["same"]}
        return after, (c["dead"], c["read"])

    last, (_, ys) = cats.scan(step, first, np.array([0.1, 0.2, 0.3]))
    return last["read"] + np.prod(ys)


def dead_by_hand(x: Any) -> Any:
    y, product = x, 1.0
    for r in (0.1, 0.2, 0.3):
        product, y = product * y, y * x * x + r
    return y + product


PAIRS = [
    (recurrent, recurrent_by_hand, (W, H, XS)),
    (backwards, backwards_by_hand, (H, XS)),
    (nested, nested_by_hand, (0.7,)),
    (counting, counting_by_hand, (0.7,)),
    (counted_at_run_time, counted_by_hand, (0.7,)),
    (repeated, repeated_by_hand, (0.7,)),
    (chosen, lambda x: np.sin(x * x) * x + x * x * x, (0.7,)),
    (chosen, lambda x: np.log(x * x - 1.0) * x * x + x * x * x, (-1.3,)),
    (switched, switched_by_hand, (0.7,)),
    (mapped, mapped_by_hand, (0.7,)),
    (all_within, all_within_by_hand, (0.7,)),
    (loops_in_branches, grown_by_hand, (1.3,)),
    (loops_in_branches, lambda x: 0.25 * x * np.prod(np.cos(0.3 * 0.5 ** np.arange(4.0))), (-1.3,)),
    (never, lambda x: x * 1.0 + x * x, (0.7,)),
    (dead, dead_by_hand, (0.7,)),
]


@pytest.mark.parametrize(("f", "g", "args"), PAIRS, ids=[f.__name__ for f, _, _ in PAIRS])
def test_rolled_is_unrolled(f: Function, g: Function, args: tuple[Any, ...]) -> None:
    agree(f, g, *args)


def test_one_derivative_serves_every_number_of_rounds_and_every_branch() -> None:
    """What is compiled once follows the data: it has neither unrolled a loop nor kept a branch."""
    slope = cats.grad(lambda n, x: cats.fori_loop(0, n, lambda i, v: v * x, 1.0), 1)
    for n in (0, 1, 2, 7):
        near(slope(n, 1.5), n * 1.5 ** max(n - 1, 0))
    slope = cats.grad(chosen)
    for x in (0.7, -1.3, 3.0):
        one = np.sin(x * x) if x > 0.5 else np.log(x * x - 1.0) * x
        wanted = one + (np.cos(x * x) * 2.0 * x * x if x > 0.5 else 0.0)
        if x <= 0.5:
            wanted = np.log(x * x - 1.0) * 2.0 * x + 2.0 * x**3 / (x * x - 1.0)
        near(slope(x), wanted + (1.0 if x > 2.0 else 3.0 * x * x))


def test_corners_are_those_of_jax() -> None:
    twice: Function = lambda c, _: (c * 2.0, c)  # noqa: E731
    near(cats.scan(twice, 1.0, None, length=3), (8.0, np.array([1.0, 2.0, 4.0])))
    near(cats.scan(twice, 1.0, length=0), (1.0, np.zeros(0)))
    rows = cats.scan(lambda c, x: (c + 1, (c, x["a"])), 0, {"a": XS, "b": None}, reverse=True)
    near(rows, (4, (np.array([3, 2, 1, 0]), XS)))
    assert rows[1][0].dtype == np.int64
    near(cats.fori_loop(5, 2, lambda i, v: v + 1.0, 1.0), 1.0)
    near(cats.fori_loop(-2, 1, lambda i, v: v + i, 0.0), -3.0)
    functions = [np.sin, np.cos, np.exp]
    near(
        [cats.switch(i, functions, 1.0) for i in (-7, 0, 1, 2, 3)],
        np.array([np.sin(1.0), np.sin(1.0), np.cos(1.0), np.exp(1.0), np.exp(1.0)]).tolist(),
    )
    near(
        [cats.cond(p, lambda: 1.0, lambda: 2.0) for p in (True, False, 1, 0, 5)],
        [1.0, 2.0, 1.0, 2.0, 1.0],
    )
    near(cats.map(lambda r: {"s": np.sum(r), "i": 1}, XS), {"s": XS.sum(1), "i": np.ones(4, int)})
    assert (
        cats.scan(lambda c, r: (c + r, c), np.float32(0), XS[0].astype("float32"))[1].dtype
        == "float32"
    )
    assert cats.cond(True, lambda: (), lambda: ()) == ()


def test_functions_see_the_values_of_outer_derivatives() -> None:
    """Perturbations are not confused: the inner derivative is taken inside of a body."""
    inner: Function = lambda c, x: cats.grad(lambda y: c * np.sin(x * y))(c)  # noqa: E731
    rolled: Function = lambda x: cats.scan(lambda c, r: (inner(c, x) + r, None), x, XS[0])[0]  # noqa: E731

    def unrolled(x: Any) -> Any:
        c = x
        for r in XS[0]:
            c = c * x * np.cos(x * c) + r
        return c

    agree(rolled, unrolled, 0.7)
    one = cats.cond(rolled(0.7) < 100.0, cats.grad(rolled), np.sin, 0.7)
    near(one, cats.grad(unrolled)(0.7))


# The branch that is not taken

BRANCHES = [
    (lambda x: cats.cond(x > 0, lambda x: np.log(x), lambda x: x**3, x), -2.0, -8.0, 12.0, -12.0),
    (lambda x: cats.cond(x != 0, lambda x: 1.0 / x, lambda x: 0.0 * x, x), 0.0, 0.0, 0.0, 0.0),
    (lambda x: cats.switch(0, [lambda x: x * x, np.sqrt], x), -1.0, 1.0, -2.0, 2.0),
    (
        lambda x: cats.map(lambda r: cats.cond(r > 0, np.sqrt, lambda r: r * r, r), np.stack([x]))[
            0
        ],
        -1.0,
        1.0,
        -2.0,
        2.0,
    ),
    (
        lambda x: cats.while_loop(lambda c: c < 0.0, lambda c: np.log(-c * 0.0), x),
        0.0,
        0.0,
        1.0,
        0.0,
    ),
]


@pytest.mark.parametrize(("f", "x", "value", "slope", "second"), BRANCHES)
def test_the_branch_not_taken_is_not_run(
    f: Function, x: float, value: float, slope: float, second: float
) -> None:
    """No warning, no nan: neither its value, nor a residual of it, nor its derivatives."""
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        near([f(x), cats.compile(f)(x)], [value, value])
        near([cats.grad(f)(x), cats.jvp(f, (x,), (1.0,))[1], cats.jacrev(f)(x)], [slope] * 3)
        near([cats.grad(cats.grad(f))(x), cats.hessian(f)(x)], [second] * 2)
        near(cats.jacfwd(cats.grad(f))(x), second)


# Rolled for good


def steps(program: Program) -> int:
    """All steps, those of inner programs too."""
    return sum(len(each.steps) for each in inner_first(program))


def calls(run: Callable[[], Any]) -> int:
    """How many Python functions are called: a time that does not depend on the machine."""
    found = 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal found
        found += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return found


def loops(n: int) -> Iterator[tuple[Function, tuple[Any, ...]]]:
    """Functions with n rounds, and what they are traced with."""
    rows = cats.Spec((n,))
    yield lambda x, xs: cats.scan(lambda c, y: (np.sin(c * y), c), x, xs)[0], (1.0, rows)
    yield lambda x: cats.fori_loop(0, n, lambda i, v: np.sin(v * x), x), (1.0,)
    yield (
        lambda x: cats.while_loop(lambda c: c[1] < n, lambda c: (np.sin(c[0]), c[1] + 1), (x, 0))[
            0
        ],
        (1.0,),
    )
    yield lambda x, xs: np.sum(cats.map(lambda y: np.exp(x * y), xs)), (1.0, rows)


def test_programs_are_as_long_for_ten_rounds_as_for_a_hundred_thousand() -> None:
    """Also those of derivatives, and the work of making them."""
    for few, many in zip(loops(10), loops(100_000), strict=True):
        sizes, works = [], []
        for f, args in (few, many, few, many):
            made = [cats.trace(f, *args)]
            works.append(calls(lambda: made.append(cats.trace(cats.grad(cats.grad(f)), *args))))  # noqa: B023
            sizes.append([(len(p.steps), steps(p)) for p in made])
        assert sizes[0] == sizes[1] == sizes[2]
        assert works[3] < 1.1 * works[2]


def long(n: int) -> Function:
    """c <- sin(c) + x so many times."""
    step: Function = lambda x, c: (np.sin(c[0]) + x, c[1] + 1)  # noqa: E731
    return lambda x: cats.while_loop(lambda c: c[1] < n, lambda c: step(x, c), (x, 0))[0]


def test_a_long_while_has_a_gradient_in_linear_memory() -> None:
    """10^5 rounds, against the recurrence of the derivative by hand; under policies, in less."""

    def peak(n: int, policy: Any = None) -> tuple[int, float]:
        slope = cats.grad(long(n) if policy is None else cats.checkpoint(long(n), policy))
        slope(0.5)
        tracemalloc.start()
        found = slope(0.5)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, found

    a, d = 0.5, 1.0
    for _ in range(100_000):
        a, d = np.sin(a) + 0.5, np.cos(a) * d + 1.0
    (small, _), (large, found) = peak(10_000), peak(100_000)
    near(found, d)
    assert 8.0 < large / small < 12.0
    assert large < 100_000 * 64
    for policy in (cats.Every(316), cats.Binomial(20)):
        held, again = peak(100_000, policy)
        assert again == found
        assert held < large / 20


# Errors

ROW = np.array([1.0, 2.0])


def decides(c: Any, r: Any) -> Any:
    if c > 0:  # a decision in Python
        c = c + r
    return c, r


def lingers(i: Any, c: Any) -> Any:
    while c < 3:  # a loop in Python
        c = c + 1
    return c


def asks(test: Any, what: Function = lambda c: c + 1.0, start: Any = 0.0) -> Function:
    return lambda: cats.while_loop(test, what, start)


def scans(f: Any, start: Any = 0.0, xs: Any = ROW, **options: Any) -> Function:
    return lambda: cats.scan(f, start, xs, **options)


def on_its_line(f: Function) -> Function:
    """Run inside a function that is differentiated, where the error has a line of the user."""
    return lambda: cats.grad(lambda x: f() + x)(1.0)  # the user's line


same = lambda c, r: (c, r)  # noqa: E731
ROWS = "Give arrays whose first axes are equally long"
PAIR = "Return (carry, y)"
LENGTH = "a whole number from 0 up"
BOUND = "Give integers, as with astype(int)."
TEST = "Compare, as in x > 0, or ask np.any or np.all."
CHOICE = "Compare, as in x > 0, or round with astype(int)."
DECISION = "Use cats.cond, cats.while_loop or np.where"

REFUSED: list[tuple[Any, ...]] = [
    (scans(lambda c, r: (c,)), TraceError, "gives a tuple of 1 in R, and not a pair", PAIR),
    (scans(lambda c, r: c), TraceError, "a value in R, and not a pair (carry, y)", PAIR),
    (scans(lambda c, r: [c, r]), TraceError, "a list of 2 in R, R, and not a pair", PAIR),
    (scans(lambda c, r: ((c, c), r)), TraceError, "began as another container", "the containers"),
    (
        scans(lambda c, r: (ROW * c, r)),
        TraceError,
        "begins in R, and is in R[2] after",
        "Begin with a value of that shape",
    ),
    (
        scans(lambda c, r: (c + r, r), np.zeros(2, int), XS[:, :2]),
        TraceError,
        "carry 0 of the function of scan begins in Int[2], and is in R[2] after a round",
        "Begin with a value of that shape and dtype",
    ),
    (scans(same, 0.0, (ROW, XS[0])), TraceError, "the rows of R[2], R[3]: how often", ROWS),
    (scans(same, 0.0, (ROW, 1.0)), TraceError, "the rows of R[2], R: how often", ROWS),
    (scans(same, 0.0, None), TraceError, "the rows of no arrays: how often", ROWS),
    (scans(same, length=3), TraceError, "R[2], and length is 3: how often", ROWS),
    (scans(same, length=2.5), TraceError, "length=2.5 is no number of rounds", LENGTH),
    (scans(same, xs=None, length=-1), TraceError, "length=-1 is no number of rounds", LENGTH),
    (asks(lambda c: c), TraceError, "gives a value in R, and not one truth value", TEST),
    (asks(lambda c: c < ROW), TraceError, "a value in Bool[2], and not one truth value", TEST),
    (asks(lambda c: (c < 1, c < 2)), TraceError, "a tuple of 2 in Bool, Bool, and not", TEST),
    (asks(lambda c: c[0] < 1.0, lambda c: c[0], (0.0,)), TraceError, "another container", "Return"),
    (
        lambda: cats.fori_loop(0, 2.5, lambda i, v: v, 1.0),
        TraceError,
        "a bound of a loop is in R,",
        BOUND,
    ),
    (
        lambda: cats.fori_loop(ROW, 2, lambda i, v: v, 1.0),
        TraceError,
        "a bound of a loop is in R[2]",
        BOUND,
    ),
    (
        lambda: cats.fori_loop(0, 2, lambda i, v: (v, v), 1.0),
        TraceError,
        "the function of fori_loop gives a tuple of 2 in R, R, and its carry began",
        "Return the carry in the containers it came in.",
    ),
    (lambda: cats.cond(ROW > 0, same, same, 1, 2), TraceError, "the choice is in Bool[2]", CHOICE),
    (lambda: cats.cond(1.5, same, same, 1, 2), TraceError, "the choice is in R, and", CHOICE),
    (lambda: cats.switch(0.5, [np.sin], 1.0), TraceError, "the choice is in R, and", CHOICE),
    (lambda: cats.switch(0, [], 1.0), TraceError, "switch has no branches", "at least one"),
    (
        lambda: cats.cond(True, lambda y: (y, y), lambda y: y, 1.0),
        TraceError,
        "different structure: a value in R and a tuple of 2 in R, R",
        "Give the same containers in both.",
    ),
    (
        lambda: cats.switch(0, [np.sin, np.cos, lambda y: ROW * y], 1.0),
        TraceError,
        "result 0 of branch 0 and branch 1 and branch 2 lies in different spaces: R, R, R[2]",
        "with astype or reshape",
    ),
    (
        lambda: cats.switch(0, [np.sin, lambda y: y > 0], 1.0),
        TraceError,
        "lies in different spaces: R, Bool",
        "with astype or reshape",
    ),
    (scans(decides), TraceError, "the value decides", DECISION, "a decision in Python"),
    (
        lambda: cats.map(lambda r: decides(r, r), ROW),
        TraceError,
        "the value decides",
        DECISION,
        "a decision in Python",
    ),
    (
        lambda: cats.fori_loop(0, 3, lingers, 0.0),
        TraceError,
        "the value decides",
        DECISION,
        "a loop in Python",
    ),
    (asks(lambda c: c > 0 and c < 3), TraceError, "the value decides", DECISION, "c > 0 and c < 3"),
    (
        lambda: cats.cond(True, lambda y: decides(y, y), np.sin, 1.0),
        TraceError,
        "the value decides",
        DECISION,
        "a decision in Python",
    ),
    (
        lambda: cats.fori_loop(0, 3, lambda i, c: c + ROW[int(i)], 0.0),
        TraceError,
        "the value decides",
        DECISION,
        "ROW[int(i)]",
    ),
]


def test_what_is_refused() -> None:
    all_refused(REFUSED)
    all_refused([(on_its_line(f), *rest) for f, *rest in REFUSED])
