"""Wires: one step for each operation, arguments and parameters; newer captures older."""

import numpy as np
import pytest

from cats.ir.errors import SpaceError, TraceError, Where
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.layout import broadcast, const
from cats.ir.prims.smooth import sin
from cats.ir.spaces import BOOL, INT, R, Real
from cats.ir.wire import Builder
from tests.linear_programs import run

V = Real((3,))


def test_the_same_call_is_the_same_wire() -> None:
    builder = Builder([V, V])
    x, y = builder.wires
    assert sin(x) is sin(x)
    assert add(x, y) is not add(y, x)
    assert broadcast(x, shape=(2, 3), axes=(1,)) is broadcast(x, axes=(1,), shape=(2, 3))
    assert len(builder.steps) == 4


def test_constants_are_shared_by_their_bits() -> None:
    builder = Builder()
    wires = [builder.lift(v) for v in (0.0, -0.0, 1.0, 1, True, np.float32(1), 0.0, True)]
    assert len({w.index for w in wires}) == 6
    assert wires[0] is wires[6]
    assert wires[4] is wires[7]


def test_a_bare_number_takes_the_space_beside_it() -> None:
    builder = Builder([Real((2,), "float32"), INT])
    x, n = builder.wires
    assert (x * 2).space == (2 * x).space == (x * 2.5).space == x.space
    assert (n + 1).space == INT
    with pytest.raises(SpaceError):
        x * np.float64(2.0)
    with pytest.raises(SpaceError):
        n * 2.5


def test_a_constant_is_seen_through_broadcasts() -> None:
    builder = Builder([V])
    (x,) = builder.wires
    two = builder.lift(2.0, V)
    assert two.constant is not None
    assert two.constant.value == 2.0
    assert x.constant is None
    assert (x * 2.0).made_by(mul) == (x, two)
    assert x.made_by(mul) is None
    assert two.made_by(const) is None


def test_newer_captures_older_through_every_level() -> None:
    outer = Builder([R])
    middle = Builder([R])
    inner = Builder([R])
    (a,), (b,), (c,) = outer.wires, middle.wires, inner.wires
    product = a * b
    assert (product.recorder, list(middle.captured)) == (middle, [a])
    program = inner.finish([product + c + a])
    assert list(inner.captured) == [product, a]
    assert run(program, [5.0, 6.0, 2.0]) == [6.0 + 5.0 + 2.0]
    assert outer.steps == []


def test_an_older_program_does_not_take_a_newer_wire() -> None:
    outer, inner = Builder([R]), Builder([R])
    with pytest.raises(TraceError, match="outside"):
        outer.lift(inner.wires[0])


def test_a_closed_program_takes_nothing_more() -> None:
    builder = Builder([R])
    (x,) = builder.wires
    builder.finish([x])
    with pytest.raises(TraceError, match="already finished"):
        sin(x)
    with pytest.raises(TraceError, match="outside"):
        Builder([R]).lift(x)


def test_inputs_captured_late_come_first_all_the_same() -> None:
    outer, inner = Builder([R]), Builder([R])
    (x,) = inner.wires
    made = sin(x) * outer.wires[0]
    program = inner.finish([made, x])
    assert program.inputs == (R, R)
    assert run(program, [0.0, 7.0]) == [0.0, 0.0]


def test_what_nobody_reads_is_left_out() -> None:
    builder = Builder([R])
    (x,) = builder.wires
    sin(sin(x))
    kept = sin(x) + 1.0
    program = builder.finish([kept])
    assert [s.op.name for s in program.steps] == ["sin", "const", "add"]


def test_running_a_program_is_composition() -> None:
    first = Builder([R])
    square = first.finish([first.wires[0] * first.wires[0]])
    second = Builder([R])
    twice = second.finish(second.run(square, second.run(square, second.wires)))
    assert run(twice, [3.0]) == [81.0]


def test_branches_agree_on_their_inputs() -> None:
    outer = Builder([BOOL, R, R])
    tag, x, y = outer.wires
    branches = []
    for flip in (False, True):
        inner = Builder()
        a, b = (x, y) if flip else (y, x)
        made = inner.lift(a) - inner.lift(b)
        inner.arrange([x, y])
        branches.append(inner.finish([made]))
    program = outer.finish(outer.case(tuple(branches), tag, [x, y]))
    assert run(program, [True, 5.0, 2.0]) == [3.0]
    assert run(program, [False, 5.0, 2.0]) == [-3.0]


def test_an_error_says_where() -> None:
    builder = Builder([R, V])
    builder.where = Where("model.py", 7)
    with pytest.raises(SpaceError) as caught:
        add(*builder.wires)
    assert caught.value.where == Where("model.py", 7)
