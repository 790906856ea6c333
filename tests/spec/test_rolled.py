"""The laws of loops, batches and nesting over generated programs with loops and choices in them.

L: derivatives through loops are those of the rounds written out (no round, loops in loops and what
every round reads among them: tests/spec/test_strategies.py measures it), whatever is kept of them.
V: a batch is its examples one by one, before and after differentiation. N: nested derivatives do
not depend on the modes they are taken in. A jet is what nested derivatives are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.control import Case, Loop, While
from cats.ir.primitive import Primitive
from cats.ir.program import Program
from cats.ir.rows import row
from cats.ir.spaces import Ground, Value
from cats.policies import Policy
from tests.agreement import agree, near
from tests.rolled import rolled
from tests.strategies import SCALAR, SMOOTH, Kind, Sample, direction, evaluated, function_of

Function = Callable[..., Any]
KINDS = (SCALAR, SMOOTH)
FEW, MANY = 12, 400

POLICIES: list[Policy] = [
    cats.Recompute(),
    cats.Saving("mul"),
    cats.Budget(100),
    cats.Every(2),
    cats.Binomial(2),
]


def unrolled(of: Program) -> Function:
    """The program with every round and the branch that is taken written out."""

    def f(*args: Value) -> Value:
        (number,) = _written_out(of, args)
        return number

    return f


def _written_out(of: Program, args: Sequence[Value]) -> list[Value]:
    at = list(args)
    for step in of.steps:
        given = [at[a] for a in step.args]
        match step.op:
            case Primitive() if given:
                made = step.op(*given, **dict(step.params))
                at.extend(made if len(step.spaces) > 1 else (made,))
            case Primitive():
                at.extend(evaluated(Program((), (step,), (0,)), ()))
            case Case(branches):
                at.extend(_written_out(branches[int(given[0])], given[1:]))
            case Loop():
                at.extend(_rounds(step.op, given))
            case While():
                at.extend(_as_long_as(step.op, given))
            case _:
                raise AssertionError(f"{step.op.name} is not drawn")
    return [at[o] for o in of.outputs]


def _rounds(loop: Loop[Program], given: Sequence[Value]) -> list[Value]:
    count = loop.length
    if count is None:
        count, given = int(given[0]), given[1:]
    start = loop.captured + loop.carries
    carry, left = list(given[loop.captured : start]), list[list[Value]]()
    for i in reversed(range(count)) if loop.reverse else range(count):
        rows = [row(stack, i) for stack in given[start:]]
        made = _written_out(loop.body, [*given[: loop.captured], *carry, *rows])
        carry = made[: loop.carries]
        left.append(made[loop.carries :])
    return [*carry, *_stacks(left[::-1] if loop.reverse else left, loop.body.ends[loop.carries :])]


def _as_long_as(loop: While[Program], given: Sequence[Value]) -> list[Value]:
    captured, carry = given[: loop.captured], list(given[loop.captured :])
    left: list[list[Value]] = []
    while bool(_written_out(loop.test, [*captured, *carry])[0]):
        made = _written_out(loop.body, [*captured, *carry])
        carry = made[: loop.carries]
        left.append(made[loop.carries :])
    return [len(left), *carry, *_stacks(left, loop.body.ends[loop.carries :])]


def _stacks(left: Sequence[Sequence[Value]], ends: Sequence[Ground]) -> list[Value]:
    empty = [np.zeros((0, *end.shape), end.dtype) for end in ends]
    return [np.stack(column) for column in zip(*left, strict=True)] if left else empty


def along(f: Function, d: Sequence[Value]) -> Function:
    """The gradient along a direction, as a function to be differentiated again."""
    every = tuple(range(len(d)))
    return lambda *args: sum(
        np.sum(slope * v) for slope, v in zip(cats.grad(f, every)(*args), d, strict=True)
    )


def laws(sample: Sample, rng: Random) -> None:
    """All of them, at the sample's arguments."""
    f, args = function_of(sample.program), sample.args
    d = tuple(direction(rng, sample.program.inputs))
    every = tuple(range(len(args)))
    agree(f, unrolled(sample.program), *args)
    policies(f, args, every)
    orders(f, args, d, every)
    batches(f, args, d, every)


def policies(f: Function, args: Sequence[Value], every: tuple[int, ...]) -> None:
    """L3, to the last bit."""
    kept = cats.grad(cats.checkpoint(f, cats.SaveAll()), every)(*args)
    near(cats.grad(f, every)(*args), kept)
    for policy in POLICIES:
        again = cats.grad(cats.checkpoint(f, policy), every)(*args)
        assert all(map(np.array_equal, again, kept)), policy


def orders(f: Function, args: Sequence[Value], d: tuple[Value, ...], every: Any) -> None:
    """N2 and N6, and the jet of the same."""
    over, under = cats.jvp(cats.grad(f, every), args, d)[1], cats.grad(along(f, d), every)(*args)
    near(cats.grad(lambda *a: cats.jvp(f, a, d)[1], every)(*args), over, 9)
    near(under, over, 9)
    _, (first, second) = cats.jet(f, args, tuple([[v, np.zeros_like(v)] for v in d]))
    near(first, cats.jvp(f, args, d)[1], 9)
    near(second, sum(np.sum(h * v) for h, v in zip(over, d, strict=True)), 9)


def batches(f: Function, args: Sequence[Value], d: tuple[Value, ...], every: Any) -> None:
    """V1, V2 and V5; every other argument the same for all."""
    batch = [np.stack([a, a * 1.01, a * 0.99]) for a in args]
    rows = [[b[i] for b in batch] for i in range(3)]
    near(cats.vmap(f)(*batch), np.stack([f(*r) for r in rows]))
    axes = tuple([None if i % 2 else 0 for i in every])
    some = [b if axis == 0 else a for a, b, axis in zip(args, batch, axes, strict=True)]
    part = [
        [v[i] if axis == 0 else v for v, axis in zip(some, axes, strict=True)] for i in range(3)
    ]
    near(cats.vmap(f, axes)(*some), np.stack([f(*r) for r in part]))
    for g in (cats.grad(f, every), cats.grad(along(f, d), every)):
        each = [g(*r) for r in rows]
        near(cats.vmap(g)(*batch), [np.stack(column) for column in zip(*each, strict=True)], 9)
    summed = cats.grad(lambda *b: np.sum(cats.vmap(f)(*b)), every)(*batch)
    near(summed, cats.vmap(cats.grad(f, every))(*batch), 9)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_laws_hold_of_generated_loops_and_choices(kind: Kind) -> None:
    for n, sample in rolled(FEW, kind, number=True):
        laws(sample, Random(n))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_laws_hold_of_many(kind: Kind) -> None:
    for n, sample in rolled(MANY, kind, seed=1000, number=True):
        laws(sample, Random(n))


GROW: Function = lambda p: cats.while_loop(lambda q: q < 4.0, lambda q: q * q + 1.0, p)  # noqa: E731
COUNTED: Function = lambda p: cats.fori_loop(  # noqa: E731
    0, np.floor(p * 0.0).astype(int) + 2, lambda i, q: np.sin(q) * p, p
)


@pytest.mark.parametrize("within", [GROW, COUNTED], ids=["while", "counted"])
def test_reverse_over_reverse_where_a_round_reads_what_never_changes(within: Function) -> None:
    """The inner loop is the same in every round, and computed outside: its stacks are captured."""

    def doubling(x: Any) -> Any:
        step = lambda s: (s[0] * 1.1 + within(s[1]) ** 2 * s[0] + 1.0, s[1])  # noqa: E731
        return cats.while_loop(lambda s: s[0] < 50.0, step, (x, x))[0]

    def choosing(x: Any) -> Any:
        chosen: Function = lambda s: cats.cond(  # noqa: E731
            s[0] > 3.0, lambda u: u + u * within(s[1]) ** 2, lambda u: u + 1.0, s[0]
        )
        return cats.while_loop(lambda s: s[0] < 50.0, lambda s: (chosen(s) + 1.0, s[1]), (x, x))[0]

    for f in (doubling, choosing):
        for x in (0.25, 1.5, 3.0):
            wanted = cats.hessian(f)(x)
            near(cats.grad(cats.grad(f))(x), wanted, 9)
            near(cats.jacrev(cats.grad(f))(x), wanted, 9)
            near(cats.vmap(cats.grad(cats.grad(f)))(np.array([x, x + 0.5]))[0], wanted, 9)
            third = 6.0 * cats.taylor(f, x, 3)[3]
            near(cats.grad(cats.grad(cats.grad(f)))(x) / third, 1.0, 9)
