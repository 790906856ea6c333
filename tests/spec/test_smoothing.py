"""Every rule of derivatives of compositions: it reads its letters, keeps the value to the last
bit, says the derivative that the parts have where they have one, and is the same in every mode and
at every order, nested or in series.

That each is true for all arguments off the kinks is proved in proofs/.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import cycle, product
from math import factorial
from typing import Any

import numpy as np
import pytest

import cats
from cats.derive import SMOOTHED, derive
from cats.ir.commuting import smoothed
from cats.ir.letters import SHAPES, letters
from cats.ir.linear import Linear
from cats.ir.prims.algebra import mul
from cats.ir.prims.choice import sign
from cats.ir.prims.layout import sum
from cats.ir.prims.smooth import root
from cats.ir.program import Program
from cats.ir.rules import SMOOTHINGS
from cats.ir.rules.grounded import grounded
from cats.ir.smoothing import Flow, Smoothing, by_head, flow_of
from cats.ir.spaces import R, Real, Shape, Value
from cats.ir.wire import Builder, Wire
from cats.jets import jet
from cats.pipeline import gradient, jacobian, pushforward
from cats.simplify import simplify
from tests.linear_programs import run

CASES = [(law, statics) for law in SMOOTHINGS for statics in law.statics]
every = pytest.mark.parametrize(
    ("law", "statics"), CASES, ids=[f"{law.name}{s}" for law, s in CASES]
)


def stated(
    law: Smoothing, statics: Sequence[Any], shape: Shape = ()
) -> tuple[Builder, tuple[Any, ...], Wire]:
    """What the law holds for, and its left side, on wires."""
    builder = Builder()
    shapes = {**SHAPES, "s": shape}
    given = letters(law.letters, shapes=shapes, value=lambda _, space: builder.input(space))  # type: ignore[arg-type]
    chosen = (*law.of(*given.values()), *statics)
    return builder, chosen, law.left(*chosen)


def program_of(law: Smoothing, statics: Sequence[Any], shape: Shape = ()) -> Program:
    builder, _, left = stated(law, statics, shape)
    return builder.finish([left])


def total(program: Program) -> Program:
    """The sum of the only result."""
    builder = Builder(program.inputs)
    (made,) = builder.run(program, builder.wires)
    axes = tuple(range(len(made.space.shape)))
    return builder.finish([sum(made, axes=axes) if axes else made])


def arguments(program: Program, *signs: int) -> list[Value]:
    """Numbers between 1.1 and 2, of these signs."""
    rng = np.random.default_rng(7)
    rows = zip(program.inputs, cycle(signs), strict=False)
    return [np.asarray(sign * rng.uniform(1.1, 2.0, s.shape))[()] for s, sign in rows]


def test_there_are_many_and_each_has_its_own_name() -> None:
    assert len({law.name for law in SMOOTHINGS}) == len(SMOOTHINGS) > 35
    assert all(law.match.__doc__ for law in SMOOTHINGS)


@every
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
def test_a_law_reads_its_letters_off_its_left_side(
    law: Smoothing, statics: tuple[Any, ...], shape: Shape
) -> None:
    builder, chosen, left = stated(law, statics, shape)
    step = left.step
    assert step is not None and step.op in law.head
    args = [builder.wires[a] for a in step.args]
    found = law.match(*args, **dict(step.params))
    assert found is not None and len(found) == len(chosen)
    for read, letter in zip(found, chosen, strict=True):
        assert read is letter if isinstance(letter, Wire) else read == letter
    assert any(a.step is not None and a.step.op in law.under for a in args)
    flow = flow_of(by_head([law]), step.op, args, step.params)
    assert flow is not None and flow.term.cod == left.space
    assert smoothed(by_head([law]), step.op, args, step.params) == flow


@every
def test_a_law_does_not_read_what_is_not_there(law: Smoothing, statics: tuple[Any, ...]) -> None:
    """The heads on plain inputs, and below one on an operation that is not asked for."""
    for op in law.head:
        spaces = op.examples[0].spaces if op.examples else (R,) * len(op.domain)
        params = op.examples[0].params if op.examples else ()
        inputs = list(Builder(spaces).wires)
        for args in (inputs, [sign(w) if isinstance(w.space, Real) else w for w in inputs]):
            assert smoothed(by_head(SMOOTHINGS), op, args, params) is None, op


@every
def test_the_value_is_the_same_to_the_last_bit(law: Smoothing, statics: tuple[Any, ...]) -> None:
    program = program_of(law, statics, (6,))
    special = np.array([0.0, -0.0, 1.5, -1e300, np.inf, 1e-310])
    args = [np.resize(np.roll(special, i), s.shape) for i, s in enumerate(program.inputs)]
    with np.errstate(all="ignore"):
        plain, kept = run(program, args)[0], run(derive(program).primal, args)[0]
    assert np.array_equal(plain, kept, equal_nan=True)
    assert np.array_equal(np.signbit(plain), np.signbit(kept))


@every
def test_where_the_parts_have_a_derivative_it_is_theirs(
    law: Smoothing, statics: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """First and second order, with the rules of the parts alone and with the law."""
    program = total(program_of(law, statics, (5,)))
    active = range(len(program.inputs))
    for signs in ((1,), (-1,), (1, -1)):
        args = arguments(program, *signs)
        with np.errstate(all="ignore"):
            (value,) = run(program, args)
        if np.isnan(value):
            continue
        v = [np.linspace(0.5, 1.5, np.size(a)).reshape(np.shape(a)) for a in args]
        both: list[Any] = []
        for table in (by_head([law]), {}, SMOOTHED):
            monkeypatch.setattr(import_module("cats.derive"), "SMOOTHED", table)
            first = gradient(program, active)
            with np.errstate(all="ignore"):
                both.append(run(pushforward(first, active), [*args, *v]))
        for one, plain, all_laws in zip(*both, strict=True):
            np.testing.assert_allclose(one, plain, rtol=1e-11, atol=1e-12)
            np.testing.assert_allclose(all_laws, plain, rtol=1e-11, atol=1e-12)


@every
def test_every_mode_says_the_same_on_both_sides_and_at_zero(
    law: Smoothing, statics: tuple[Any, ...]
) -> None:
    program = program_of(law, statics, (3,))
    active = range(len(program.inputs))
    spots = [np.array(v) for v in ([0.0, -0.7, 1.3], [0.4, 0.0, -2.0], [0.0, 0.3, 1.0])]
    args = [np.resize(v, s.shape) for v, s in zip(spots, program.inputs, strict=False)]
    with np.errstate(all="ignore"):
        forward, reverse = (run(jacobian(program, active, mode), args) for mode in ("fwd", "rev"))
        along = run(pushforward(program, active), [*args, *map(np.ones_like, args)])[1]
        back = run(gradient(total(program), active), args)[1:]
    for left, right in zip(forward[1:], reverse[1:], strict=True):
        np.testing.assert_array_equal(left, right)
    rank = len(program.ends[0].shape)
    sums = [np.sum(j, axis=tuple(range(rank, np.ndim(j)))) for j in forward[1:]]
    np.testing.assert_allclose(along, np.sum(sums, axis=0), rtol=1e-14, atol=1e-15)
    for j, g in zip(forward[1:], back, strict=True):
        np.testing.assert_allclose(np.sum(j, axis=tuple(range(rank))), g, rtol=1e-14, atol=1e-15)


@every
def test_a_law_holds_through_the_partial_evaluator(
    law: Smoothing, statics: tuple[Any, ...]
) -> None:
    """What the left side becomes when it is simplified is still known."""
    program = simplify(program_of(law, statics, (3,)))
    builder = Builder(program.inputs)
    wires = builder.replay(program, builder.wires)
    step = wires[program.outputs[0]].step
    assert step is not None
    args = [builder.wires[a] for a in step.args]
    assert smoothed(by_head(SMOOTHINGS), step.op, args, step.params) is not None  # type: ignore[arg-type]


# Every order

SPOTS = (0.0, -0.0, -0.7, 1.0, 1.3, 2.0, -2.0, 4.0, 800.0, -800.0, 1e-310, 1e155, -1e155)
"""Kinks, numbers on both sides of them, and tails."""


def curves(law: Smoothing, statics: tuple[Any, ...]) -> list[tuple[Program, list[Any]]]:
    """Functions of a number t, entry by entry the left side along a line through some spots.

    All letters vary, or one of them; what is a length varies among what is nowhere negative.
    """
    count = law.letters.count(":")
    spots = np.unique(np.abs(SPOTS)) if root in statics else SPOTS
    grid = [np.array(row) for row in zip(*product(spots, repeat=count), strict=True)]
    ways = [(1.0, 0.5, -0.75)[:count], *(np.eye(count).tolist() if count > 1 else ())]
    found = []
    for way in ways:
        space = Real(grid[0].shape)
        builder = Builder([space] * (count + 1))
        t, *at = list(builder.wires)
        moved = [x + t * by if by else x for x, by in zip(at, way, strict=True)]
        chosen = (*law.of(*moved), *statics)
        found.append((builder.finish([law.left(*chosen)]), [np.zeros(space.shape), *grid]))
    return found


def nested(program: Program, order: int) -> list[Program]:
    """The derivatives in the first input, one after the other, each made of the one before it."""
    found: list[Program] = []
    for _ in range(order):
        builder = Builder(program.inputs)
        one = builder.lift(1.0, program.inputs[0])
        made = builder.run(pushforward(program, [0]), [*builder.wires[: len(program.inputs)], one])
        program = simplify(builder.finish([made[-1]]))
        found.append(program)
    return found


def series(program: Program, order: int) -> Program:
    """The derivatives in the first input as one program."""
    builder = Builder(program.inputs)
    one = builder.lift(1.0, program.inputs[0])
    given = [*builder.wires[: len(program.inputs)], one]
    terms = builder.run(jet(program, [0], order, 1), given)[1:]
    return builder.finish([builder.lift(t * float(factorial(n))) for n, t in enumerate(terms, 1)])


@every
def test_a_series_says_what_nested_derivatives_say(
    law: Smoothing, statics: tuple[Any, ...]
) -> None:
    """At kinks, in tails, and everywhere else: also where that is infinite, or no number."""
    for program, args in curves(law, statics):
        with np.errstate(all="ignore"):
            found = run(series(program, 4), args)
            wanted = [run(each, args)[0] for each in nested(program, 4)]
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-300)


@every
def test_what_is_no_number_has_no_derivative_that_is_one(
    law: Smoothing, statics: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any order, unless the parts by themselves have one."""
    for program, args in curves(law, statics):
        with np.errstate(all="ignore"):
            (value,) = run(program, args)
            lost = np.isnan(value)
            if not lost.any():
                continue
            own = [run(each, args)[0] for each in nested(program, 3)]
            with monkeypatch.context() as patch:
                patch.setattr(import_module("cats.derive"), "SMOOTHED", {})
                parts = [run(each, args)[0] for each in nested(program, 3)]
        for slope, plain in zip(own, parts, strict=True):
            assert not np.any(lost & np.isfinite(slope) & ~np.isfinite(plain))


def test_a_series_that_sees_no_compositions_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws of all orders fail for most rules where series do not know them."""
    monkeypatch.setattr(import_module("cats.series"), "SMOOTHED", {})
    failed = 0
    for law in SMOOTHINGS:
        try:
            test_a_series_says_what_nested_derivatives_say(law, law.statics[0])
        except AssertionError:
            failed += 1
    assert failed > len(SMOOTHINGS) // 2


def test_a_wrong_law_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each law with its flow doubled, or read in another order, breaks one of the tests above."""
    for law, statics in CASES:
        wrong = Smoothing(**{**vars(law), "flow": _doubled(law)})
        with pytest.raises(AssertionError):
            test_where_the_parts_have_a_derivative_it_is_theirs(wrong, statics, monkeypatch)
        backwards = Smoothing(**{**vars(law), "match": lambda *a, **p: None})
        with pytest.raises(AssertionError):
            test_a_law_reads_its_letters_off_its_left_side(backwards, statics, ())


def _doubled(law: Smoothing) -> Any:
    def flow(*letters: Any) -> Flow:
        found = law.flow(*letters)
        twice: Linear = found.term + found.term
        return Flow(found.at, twice)

    return flow


# Sums of squares and lengths


def test_what_is_grounded_is_so_at_any_depth_and_asked_once() -> None:
    builder = Builder([R, R])
    x, y = builder.wires
    whole: Wire = mul(x, x)
    for _ in range(5000):
        whole = whole + mul(y, y)
    assert grounded(whole) and not grounded(whole + x)
    asked = builder.notes[grounded]
    assert len(asked) == len(set(asked)) <= len(builder.wires)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x * x", True),
        ("x * y", False),
        ("x * x * y", False),
        ("2.0 * (x * x)", True),
        ("-2.0 * (x * x)", False),
        ("x * x / 3.0", True),
        ("x * x / y", False),
        ("x * x + 1.0", False),
        ("x * x + y * y", True),
        ("x * x - y * y", False),
        ("x**4", True),
        ("x**3", False),
        ("np.abs(x)**3", True),
        ("np.hypot(x, y)", True),
        ("np.sqrt(np.abs(x))", True),
        ("np.abs(x)**0.3", True),
        ("np.abs(x)**-0.3", False),
        ("np.exp(x) * (y - x)**2", True),
        ("np.maximum(x * x, np.abs(y))", True),
        ("np.maximum(x, 0.0)", False),
        ("np.where(x > 0.0, x * x, np.abs(y))", True),
        ("np.where(x > 0.0, x * x, y)", False),
        ("np.sum(np.stack([x, y])**2)", True),
        ("np.stack([x, y]) @ np.stack([x, y])", True),
        ("np.stack([x, y]) @ np.stack([y, x])", False),
        ("np.var(np.stack([x, y]))", True),
        ("np.log1p(x * x)", True),
        ("np.sin(x * x)", False),
    ],
)
def test_what_is_grounded(formula: str, expected: bool) -> None:
    """Nowhere negative, and at rest where it is 0."""
    program = cats.trace(eval(f"lambda x, y: {formula}", {"np": np}), 0.5, 0.5)
    builder = Builder(program.inputs)
    (made,) = builder.run(program, builder.wires)
    assert grounded(made) == expected
    if expected:
        at_zero = cats.grad(eval(f"lambda x, y: {formula}", {"np": np}), (0, 1))(0.0, 0.0)
        assert at_zero == (0.0, 0.0)


# Through factors, moves, choices and sums


C = np.array([[2.0, -0.5, 3.0], [1.5, 0.25, -1.0]])
ROWS = np.array([1, 0, 1])
AROUND: dict[str, tuple[Any, Any]] = {
    "number": (lambda u: 3.0 * u, lambda v, n: 3.0**n * v),
    "negative": (np.negative, lambda v, n: (-1.0) ** n * v),
    "divided": (lambda u: u / C, lambda v, n: v / C**n),
    "twice": (lambda u: -(C * (u / 0.5)), lambda v, n: v * (-2.0 * C) ** n),
    "reshaped": (lambda u: u.reshape(3, 2), lambda v, n: v.reshape(3, 2)),
    "turned": (lambda u: u.T * 2.0, lambda v, n: v.T * 2.0**n),
    "repeated": (lambda u: np.broadcast_to(u, (4, 2, 3)), lambda v, n: v * np.ones((4, 1, 1))),
    "one row": (lambda u: u[1], lambda v, n: v[1]),
    "some rows": (lambda u: (u / 4.0)[ROWS], lambda v, n: v[ROWS] / 4.0**n),
    "chosen": (lambda u: np.where(C > 0, u, 7.0), lambda v, n: np.where(C > 0, v, 7.0**n)),
    "left out": (lambda u: np.where(C > 0, 0.0, u), lambda v, n: np.where(C > 0, 0.0, v)),
}
"""What stands around a value u, and how u**n becomes the n-th power of the whole."""

POWERS: dict[str, tuple[Any, int, Any]] = {
    "root": (np.sqrt, 2, lambda x: x),
    "fourth power of a root": (np.sqrt, 4, lambda x: x * x),
    "size": (np.abs, 2, lambda x: x * x),
    "cubic root": (np.cbrt, 3, lambda x: x),
    "length": (lambda x: np.hypot(x, 2 * x), 2, lambda x: 5 * x * x),
    "ramp": (lambda x: np.maximum(x, 0.0), 3, lambda x: np.maximum(x, 0.0) ** 3),
}
"""What is rough by itself, a power of it that is smooth, and what that is."""


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("around", AROUND)
def test_a_law_holds_through_what_commutes_with_it(around: str, power: str) -> None:
    """At 0, where the parts have no derivative: values, slopes and Hessians, in both modes."""
    (inner, n, smooth), (wrapped, outside) = POWERS[power], AROUND[around]
    at = np.array([[0.0, 1.5, 0.0], [2.0, 0.0, 0.25]])

    def given(x: Any) -> Any:
        return wrapped(inner(x)) ** n

    def plain(x: Any) -> Any:
        return outside(smooth(x), n)

    with np.errstate(all="ignore"):
        for mode in (cats.jacfwd, cats.jacrev):
            np.testing.assert_allclose(mode(given)(at), mode(plain)(at), rtol=1e-12)
        for second in (cats.hessian, lambda f: cats.jacfwd(cats.jacfwd(f))):
            found, wanted = (second(lambda x, f=f: np.sum(f(x)))(at) for f in (given, plain))
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("spec", ["i,i->", "ij,ij->", "ij,ij->i", "ij,ij->j", "ij,ij->ij"])
def test_a_contraction_with_itself_is_a_sum_of_squares(spec: str) -> None:
    at = np.array([0.0, 1.5, 0.0]) if spec == "i,i->" else np.zeros((2, 3))
    given = lambda x: np.einsum(spec, 2 * np.abs(x), 2 * np.abs(x))  # noqa: E731
    plain = lambda x: np.einsum(spec, 4 * x, x)  # noqa: E731
    assert np.array_equal(cats.jacfwd(given)(at), cats.jacfwd(plain)(at))
    second = [cats.hessian(lambda x, f=f: np.sum(f(x)))(at) for f in (given, plain)]
    assert np.array_equal(*second)


def test_factors_that_vary_have_their_own_derivative() -> None:
    """A kernel with a length scale: smooth in the points where they meet, and in the scale."""

    def kernel(x: Any, scale: Any, height: Any) -> Any:
        return np.exp(-0.5 * (height * np.linalg.norm(x) / scale) ** 2)

    def plain(x: Any, scale: Any, height: Any) -> Any:
        return np.exp(-0.5 * height**2 * (x @ x) / scale**2)

    for x in (np.zeros(2), np.array([0.5, -1.0]), np.array([1e-200, 1e-200])):
        args = (x, 1.5, -0.75)
        for transform in (cats.grad, cats.hessian):
            found, wanted = (transform(f, (0, 1, 2))(*args) for f in (kernel, plain))
            for one, other in zip(_flat(found), _flat(wanted), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def _flat(x: Any) -> list[Any]:
    return [v for part in x for v in _flat(part)] if isinstance(x, tuple) else [x]


def test_factors_neither_overflow_nor_take_what_is_smooth_apart() -> None:
    """The square of the factor is beyond all floats, the derivative is not."""
    small = lambda x: (np.abs(x) / 1e-200) ** 2  # noqa: E731
    assert cats.grad(small)(1e-200) == pytest.approx(2e200)
    fourth = lambda x: (np.linalg.norm(x) ** 2) * (np.linalg.norm(x) ** 2)  # noqa: E731
    assert np.array_equal(cats.hessian(fourth)(np.zeros(2)), np.zeros((2, 2)))


def test_looking_through_costs_a_bounded_number_of_steps() -> None:
    """A long chain of factors around a size is looked into from each square, but not to its end."""

    def chain(x: Any) -> Any:
        u, total = np.abs(x), 0.0 * x
        for k in range(200):
            u = u * (1.0 + 1e-3 * k)
            total = total + u * u
        return total

    slopes = cats.grad(chain)(0.5), cats.grad(chain)(-0.5)
    assert slopes[0] == pytest.approx(-slopes[1], rel=1e-12)
