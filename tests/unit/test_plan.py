"""What a plan reads, drops and copies, and how a program is written and cut into parts."""

import numpy as np
import pytest

from cats.backends.function import Style
from cats.backends.on_numexpr import MOST_OPERANDS, OnNumexpr, regions
from cats.backends.plan import NO_PROMISE, plan
from cats.backends.text import write
from cats.ir.constant import Constant
from cats.ir.prims.algebra import add, div, mul, neg
from cats.ir.prims.choice import select
from cats.ir.prims.layout import broadcast, reshape
from cats.ir.prims.layout import sum as total
from cats.ir.prims.smooth import exp, sin
from cats.ir.program import Program
from cats.ir.spaces import Discrete, Ground, R, Real, Value
from cats.ir.wire import Builder, Wire

NARROW = Real((3,), "float32")


def body(program: Program, limit: int = 500) -> list[str]:
    """The lines of the one function that is written, without those that let go."""
    (text,) = write(program, "run", Style(tidy=False, limit=limit), {"np"}).functions
    return [line.strip() for line in text.splitlines()[1:]]


def rows(b: Builder, x: Wire, axis: int) -> Value:
    """x repeated to R[3, 3] along the other axis."""
    return broadcast(x, shape=(3, 3), axes=(axis,))


def test_an_operand_is_repeated_by_numpy_where_another_is_whole() -> None:
    b = Builder((Real((3, 3)), Real((3,))))
    x, y = b.wires
    assert body(b.finish((mul(x, rows(b, y, 0)), mul(x, rows(b, y, 1))))) == [
        "t3 = x0 * x1[:, None]",
        "t5 = x0 * x1",
        "return (t3, t5)",
    ]


def test_operands_that_reach_every_axis_together_are_all_repeated_by_numpy() -> None:
    b = Builder((Real((3,)), Real((3,))))
    x, y = b.wires
    assert body(b.finish((mul(rows(b, x, 0), rows(b, y, 1)),))) == [
        "t4 = x0[:, None] * x1",
        "return (t4,)",
    ]


def test_a_broadcast_whose_axes_nobody_else_has_is_made() -> None:
    b = Builder((Real((3,)), Real((3,))))
    x, y = b.wires
    assert body(b.finish((mul(rows(b, x, 1), rows(b, y, 1)), exp(rows(b, x, 0))))) == [
        "t2 = np.broadcast_to(x0, (3, 3))",
        "t3 = np.broadcast_to(x1, (3, 3))",
        "t4 = t2 * t3",
        "t5 = np.broadcast_to(x0[:, None], (3, 3))",
        "t6 = np.exp(t5)",
        "return (t4, t6)",
    ]


def test_a_broadcast_of_a_broadcast_is_read_from_the_bottom() -> None:
    b = Builder((Real((2, 3, 3)), Real((3,))))
    x, y = b.wires
    twice = broadcast(rows(b, y, 0), shape=(2, 3, 3), axes=(1, 2))
    assert body(b.finish((add(x, twice),)))[0] == "t4 = x0 + x1[:, None]"


@pytest.mark.parametrize(
    ("space", "number", "text"),
    [
        (Real((3,)), 2.5, "x0 * 2.5"),
        (Real((3,)), -2.5, "x0 * (-2.5)"),
        (Real((3,)), float("inf"), "x0 * np.inf"),
        (Real((3,)), float("-inf"), "x0 * (-np.inf)"),
        (Real((3,)), float("nan"), "x0 * np.nan"),
        (NARROW, 0.1, "x0 * 0.10000000149011612"),
        (Discrete((3,)), -3, "x0 * (-3)"),
    ],
)
def test_a_number_is_a_literal(space: Ground, number: float, text: str) -> None:
    b = Builder((space,))
    assert body(b.finish((mul(b.wires[0], number),)))[0].partition(" = ")[2] == text


def test_numbers_that_stand_alone_carry_their_dtype() -> None:
    b = Builder((Discrete((3,), "bool"),))
    mask = b.wires[0]
    half, one = (b.full(Constant(np.float32(v)), NARROW) for v in (0.5, 1))
    assert body(b.finish((select(mask, half, one), one))) == [
        "t4 = np.full((3,), np.float32(1.0))",
        "t5 = np.where(x0, np.float32(0.5), np.float32(1.0))",
        "return (t5, t4)",
    ]


def test_numbers_without_an_array_beside_them_are_numpys() -> None:
    """1.0 / 0.0 is an exception in Python and infinity in NumPy."""
    b = Builder(())
    made = b.finish((div(b.lift(1.0), b.lift(0.0)),))
    assert body(made)[0].endswith("= np.float64(1.0) / np.float64(0.0)")


def test_outputs_that_are_inputs_constants_or_views_are_copied_and_no_others() -> None:
    b = Builder((Real((2, 3)), R))
    x, s = b.wires
    made, shared = mul(x, x), neg(x)
    outputs = (
        x, s, made, reshape(shared, shape=(6,)), reshape(shared, shape=(3, 2)), made,
        reshape(x, shape=(6,)), b.lift(np.ones(3)), broadcast(s, shape=(3,), axes=()),
        total(x, axes=(0,)),
    )  # fmt: skip
    assert plan(b.finish(outputs)).copied == (
        True, False, False, False, True, True, True, True, False, False,
    )  # fmt: skip


def test_dead_steps_are_not_written() -> None:
    b = Builder((R,))
    (x,) = b.wires
    sin(x)
    made = b.finish((neg(x),))
    whole = Program(made.inputs, (*made.steps, *made.steps), made.outputs)
    assert len(plan(whole).lines) == 1


def long(length: int) -> Program:
    """A sum of as many terms, each made from the one input and the last."""
    b = Builder((Real((2,)),))
    out = b.wires[0]
    for i in range(length):
        out = add(mul(out, float(i + 2)), b.wires[0])
    return b.finish((out,))


def test_a_long_program_is_cut_into_parts_that_pass_on_what_is_read_later() -> None:
    *parts, main = write(long(6), "run", Style(limit=5), {"np"}).functions
    assert [part.splitlines()[0] for part in parts] == [
        "def run_part_1(x0):",
        "def run_part_2(t11, x0):",
        "def run_part_3(t20, x0):",
    ]
    assert main.count("run_part_") == 3


def test_arrays_are_let_go_after_their_last_use_and_numbers_are_not() -> None:
    b = Builder((Real((2,)), R))
    x, s = b.wires
    out = total(exp(mul(x, x)), axes=(0,))
    (text,) = write(b.finish((sin(add(out, s)),)), "run", Style(), {"np"}).functions
    gone = [line.split()[1] for line in text.splitlines() if line.strip().startswith("del ")]
    made = [line.split(" = ")[0].strip() for line in text.splitlines() if " = " in line]
    assert gone == made[1:3]  # the square and its exponential


def counted(length: int, distinct: bool) -> list[tuple[int, int]]:
    """Operations and operands of each region of a sum of so many terms."""
    space = Real((4,))
    b = Builder((space,) * (length if distinct else 2))
    given, out = tuple(b.wires), b.wires[0]
    for i in range(length):
        out = add(out, given[i % len(given)])
    program = b.finish((out,))
    found = regions(plan(program), program.spaces, 1)
    return [(r.operations, len(r.outside)) for r in found]


def test_regions_stay_within_the_limits_of_numexpr() -> None:
    for distinct in (True, False):
        sizes = counted(1000, distinct)
        assert sum(n for n, _ in sizes) == 1000
        assert max(n for n, _ in sizes) <= 60
        assert max(n for _, n in sizes) <= MOST_OPERANDS


def test_a_value_read_by_two_regions_is_made_once() -> None:
    b = Builder((Real((4,)),))
    (x,) = b.wires
    shared = mul(exp(x), x)
    left = total(mul(shared, 2.0), axes=(0,))
    right = total(mul(sin(shared), 3.0), axes=(0,))
    program = b.finish((left, right))
    fused = OnNumexpr(least=1).fused(program, NO_PROMISE)
    kernels = [line.callee.text for line in fused.lines if line.callee is not None]
    assert sorted(kernels) == ["((exp(v0)) * v0)", "((sin(v0)) * 3.0)"]


def test_doubling_again_and_again_does_not_explode() -> None:
    b = Builder((Real((4,)),))
    out = b.wires[0]
    for _ in range(100):
        out = add(out, out)
    program = b.finish((out,))
    assert max(r.operations for r in regions(plan(program), program.spaces, 1)) <= 60
    (found,) = OnNumexpr(least=1).compile(program)(np.ones(4))
    assert np.array_equal(found, np.full(4, 2.0**100))
