"""What is printed reads back; what is deep or shared prints in linear time."""

from __future__ import annotations

import time
from fractions import Fraction
from random import Random
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats import derivative
from cats.arrows import arrow_of
from cats.derive import derive
from cats.ir import arrow, control, linear, linear_control, linear_program, program, spaces
from cats.ir.constant import Constant
from cats.ir.control import Case
from cats.ir.errors import TermError
from cats.ir.letters import Unknown, linear_letter
from cats.ir.linear import Fork, Id, Leaf, Linear, Proj, Ref, Scale, Then
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import LinearProgram, SumStep, Term
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME, VOCABULARY
from cats.ir.prims.algebra import mul, neg
from cats.ir.prims.layout import const
from cats.ir.prims.smooth import cos, sin
from cats.ir.program import Program, Step
from cats.ir.read import read_program
from cats.ir.show import constant_text
from cats.ir.spaces import BOOL, INT, Discrete, Product, R, Real, Sum
from cats.ir.tokens import read_space
from cats.ir.wire import Builder
from tests.terms import random_space, random_term

LINEAR_NAMES = {**vars(spaces), **vars(linear), **vars(linear_program)}
PROGRAM_NAMES = {**vars(spaces), **vars(program), **BY_NAME, "nan": np.nan, "inf": np.inf}


def worked_example() -> Program:
    b = Builder([R, R])
    z = mul(*b.wires)
    return b.finish([cos(z), sin(z)], ("x", "y"))


def with_case(shared: bool) -> Program:
    one = Builder([R])
    first = one.finish([one.wires[0] * 2.0])
    other = Builder([R])
    second = first if shared else other.finish([sin(other.wires[0])])
    b = Builder([BOOL, R])
    tag, x = b.wires
    return b.finish([b.case((first, second), tag, [x])[0] + 1.0, x])


def test_the_worked_example_is_written_as_on_the_board() -> None:
    assert str(worked_example()) == (
        "(x: R, y: R) ->\n  x2 = mul x y\n  x3 = cos x2\n  x4 = sin x2\nin (x3, x4)"
    )


def test_a_case_shows_its_branches_and_what_they_share_once() -> None:
    assert str(with_case(False)).splitlines()[1:6] == [
        "  x2 = case x0 x1",
        "    | (x0: R) ->",
        "        x1 = 2.0",
        "        x2 = mul x0 x1",
        "      in (x2)",
    ]
    assert str(with_case(True)).startswith("let p0 = (x0: R) ->")


@pytest.mark.parametrize("p", [worked_example(), with_case(False), with_case(True)])
def test_programs_read_back(p: Program) -> None:
    assert read_program(str(p)) == p
    assert eval(repr(p), {**PROGRAM_NAMES, "np": np}) == p


@pytest.mark.parametrize(
    ("op", "example"),
    [(op, e) for op in VOCABULARY for e in op.examples],
    ids=lambda v: str(getattr(v, "params", v)),
)
def test_every_operation_reads_back_with_its_parameters(op: Primitive, example: Any) -> None:
    b = Builder(example.spaces)
    made = b.emit(op, tuple(b.wires), tuple(sorted(example.params)))
    p = b.finish([made] if not isinstance(made, tuple) else list(made))
    assert read_program(str(p)) == p
    assert eval(repr(p), {**PROGRAM_NAMES, "np": np, "Constant": Constant}) == p


ARRAYS = [
    0.1, -0.0, 5e-324, 1e300, np.inf, -np.inf, np.nan, -np.float64(np.nan), np.float32(0.1),
    3, -(2**62), np.array(2**63, "u8"), True, np.int8(-3), np.zeros((0, 2)), np.zeros((2, 0), "i4"),
    np.arange(6.0).reshape(1, 2, 3), np.array([True, False]), np.array([[1, 2]]),
    np.array([], "f4"),
    np.array([Fraction(1, 3), 2], object), np.array([1.0], ">f8"),
    np.frombuffer(bytes.fromhex("7ff8000000000011"), ">f8").astype("f8"),
]  # fmt: skip


@pytest.mark.parametrize("value", ARRAYS, ids=lambda v: constant_text(Constant(v)))
def test_constants_read_back_to_the_last_bit(value: Any) -> None:
    constant = Constant(value)
    step = Step(const, (), (("value", constant),), (constant.space,))
    p = Program((), (step,), (0,))
    assert read_program(str(p)) == p


@given(st.floats(width=32) | st.floats() | st.integers(-(2**63), 2**63 - 1))
def test_numbers_read_back(value: float) -> None:
    for constant in (Constant(value), Constant(np.array([value, value]))):
        p = Program((), (Step(const, (), (("value", constant),), (constant.space,)),), (0,))
        assert read_program(str(p)) == p


NAMES = [
    ("x", "x"),
    ("in", "x3"),
    ("params['w']", 'a "b"'),
    ("inf", "nan"),
    ("", "λ"),
    ("x1", "x2"),
]


@pytest.mark.parametrize("names", NAMES)
def test_any_name_the_user_gives_can_be_written(names: tuple[str, ...]) -> None:
    b = Builder([R, Real((2,), "float32")])
    p = b.finish([sin(b.wires[1]), neg(b.wires[0])], names)
    back = read_program(str(p))
    assert back == p
    assert back.names == names or len(set(names)) < len(names)


def test_a_users_own_operation_is_passed_by_name() -> None:
    own = Primitive("own", "{0}", lambda x, *, k: x)
    b = Builder([R])
    p = b.finish([b.emit(own, (b.wires[0],), (("k", ("a", None, True, -1, 0.5)),))])
    assert read_program(str(p), {"own": own}) == p
    with pytest.raises(
        TermError,
        match=r"(?s)line 2, column 8: own does not fit: there is no operation.*{'own': op}",
    ):
        read_program(str(p))


WRONG = {
    "(x: R) -> y = sin z in (y)": "column 19: z is not bound before it is used, found 'z'",
    "(x: R) -> y = sin x in (y": "expected a name, found the end of the text",
    "(x: R, y: R[2]) -> z = mul x y in (z)": "mul does not fit: entrywise operation on different",
    "(x: R) -> y, z = sin x in (y)": "sin has 1 results, named",
    "(x: R) -> | () -> in () in ()": "a program without a control word",
    "(x: R * R) -> in (x)": "input x is in R * R, which is no space of numbers or arrays",
    "(x: Real) -> in (x)": "expected a space, found 'Real'",
    "(x: R) -> in (x) x": "expected the end, found 'x'",
    "(x: R) -> y = sin 3x in (y)": "column 19: expected a number or a name, found '3x'",
    "(x: R) -> y = add x 2x in (y)": "column 21: expected a number or a name, found '2x'",
    "(x: 7R) -> y = sin x in (y)": "column 5: expected a number or a name, found '7R)'",
    "(x: R) -> y = 1_000 in (y)": "column 15: expected a number or a name, found '1_000'",
    "(x: R[³]) -> in (x)": "column 7: expected a length, found '³'",
    "(x: Int:float64) -> in (x)": "expected one of bool, int8, int16",
    "(x: R) -> y = ipow[n=1/0] x in (y)": "column 22: expected a number",
    f"(x: R) -> y = ipow[n={'9' * 5000}] x in (y)": "column 22: expected a number",
    f"(x: R[{'9' * 5000}]) -> in (x)": "column 7: expected a whole number",
    f"(x: R) -> y = {'[' * 5000} in (y)": "expected an array of at most 64 axes, found '['",
    f"(x: R) -> y = ipow[n={'(' * 5000} in (y)": "expected a parameter, found 'in'",
    "(x: R) -> y = [1, [2]] in (y)": "expected rows of one length",
    "(x: R) -> y = 1:foo in (y)": "column 15: expected a constant (data type 'foo' not understood)",
    "(x: R) -> y = custom[rule=f] x | (a: R) -> in (a) in (y)": "column 15: a derivative that "
    "Python functions say cannot be read, found 'custom'",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_program_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(TermError) as caught:
        read_program(text)
    assert WRONG[text] in str(caught.value)
    assert str(caught.value).startswith("line 1, column ")


@pytest.mark.parametrize(
    "space",
    [R, INT, BOOL, Real((2, 3), "float32"), Discrete((2,), "int8"), Product(()), Product((R,)),
     Product((R, Product((R, INT)))), Sum((R, Product((R, R)))), spaces.Function(R, Sum((R, INT)))],
    ids=str,
)  # fmt: skip
def test_spaces_read_back(space: spaces.Space) -> None:
    assert read_space(str(space)) == space


def test_linear_terms_are_bracketed_right() -> None:
    f, g, h = (linear_letter(n, R, R) for n in "fgh")
    assert str(Then(Then(f, g), h)) == "f ; g ; h"
    assert str(Then(f, Then(g, h))) == "f ; (g ; h)"
    assert str(f + Then(g, h)) == "<f, g ; h> ; [id | id]"
    assert str(Then(Fork((f, Scale(R, -1))), Proj((R, R), 1))) == "<f, scale(-1)> ; p1"
    assert str(Leaf(mul, 1, (Ref(3, R),), (), R, R)) == "mul(x3, _)"
    assert str(Leaf(mul, 0, (np.ones(2),), (), R, R)) == "mul(_, [1.0, 1.0])"


@given(st.integers(0, 2**32))
def test_linear_terms_evaluate_back(seed: int) -> None:
    rng = Random(seed)
    term = random_term(rng, random_space(rng), random_space(rng), 4)
    assert eval(repr(term), {**LINEAR_NAMES, "Unknown": Unknown}) == term


def linear_example() -> LinearProgram:
    leaf = Leaf(mul, 1, (Ref(1, R),), (), R, R)
    inner = LinearProgram((R,), (), (0,), (R,))
    steps = (
        SumStep((Term(1, leaf, 0), Term(-1, None, 1)), R),
        SumStep((), R),
        LinCase(Ref(2, BOOL), (Ref(0, R),), (inner, inner), (2,)),
    )
    return LinearProgram((R, R), steps, (2, -1, 4), (R, R, R))


def test_linear_programs_are_written_as_sums() -> None:
    assert str(linear_example()) == (
        "let p0 = (t0: R) -o\n  in (t0)\n"
        "(t0: R, t1: R) -o\n"
        "  t2 = mul(x1, _) t0 - t1\n"
        "  t3 = 0\n"
        "  t4 = lincase[tag=x2, residuals=(x0)] t2\n    | p0\n    | p0\n"
        "in (t2, 0, t4)"
    )
    assert eval(repr(linear_example()), {**PROGRAM_NAMES, **LINEAR_NAMES}) == linear_example()


WRITTEN: dict[str, Any] = {
    "plain": lambda x: np.sin(x) * x,
    "case": lambda x: np.exp(x) if x > 0.0 else x * x,
    "cond": lambda x: cats.cond(x > 0.0, np.sin, lambda y: y * y, x),
    "fori_loop": lambda x: cats.fori_loop(0, 3, lambda i, y: np.sin(y) * x, x),
    "while_loop": lambda x: cats.while_loop(lambda y: y < 9.0, lambda y: y * y + x, x),
    "scan": lambda x: cats.scan(lambda c, y: (c * y, c), x, np.ones(3))[0],
    "checkpoint": lambda x: cats.checkpoint(lambda y: np.sin(y) * y)(x),
    "linear_solve": lambda x: cats.linear_solve(lambda y: y * (2.0 + x), np.sin(x)),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_derivatives_evaluate_back_wherever_they_were_written(name: str) -> None:
    f = WRITTEN[name]
    found = derive(cats.trace(f, 1.0))
    assert any(step.where is not None for step in found.linear.steps)
    linears = vars(linear_control)
    names = {**PROGRAM_NAMES, **vars(control), **LINEAR_NAMES, **linears, **vars(derivative)}
    names |= {"np": np}
    lower = f.__code__.replace(co_firstlineno=f.__code__.co_firstlineno + 100)
    moved = derive(cats.trace(FunctionType(lower, globals()), 1.0))
    assert moved == found and hash(moved.linear) == hash(found.linear)
    assert eval(repr(found.linear), names) == found.linear
    assert eval(repr(found), names) == found
    assert hash(eval(repr(found.linear), names)) == hash(found.linear)


def test_a_derivative_that_is_said_is_not_read_back() -> None:
    @cats.custom_jvp
    def twice(x: Any) -> Any:
        return 2.0 * x

    twice.defjvp(lambda xs, dxs: (twice(*xs), 2.0 * dxs[0]))
    traced = cats.trace(twice, 1.0)
    with pytest.raises(TermError, match="a derivative that Python functions say cannot be read"):
        read_program(str(traced))


def test_arrows_evaluate_back() -> None:
    names = {**PROGRAM_NAMES, **vars(arrow), "Constant": Constant}
    for p in (worked_example(), with_case(False), with_case(True)):
        assert eval(repr(arrow_of(p)), names) == arrow_of(p)


def test_shared_terms_are_named_once_they_are_too_long() -> None:
    term: Linear = Id(R)
    for _ in range(40):
        term = term + term
    assert len(str(term)) < 3000
    assert eval(repr(term), LINEAR_NAMES) == term


def timed(make: Any) -> float:
    start = time.perf_counter()
    make()
    return time.perf_counter() - start


def test_deep_terms_and_deeply_nested_programs_print_without_recursion() -> None:
    left: Linear = Id(R)
    right: Linear = Id(R)
    for _ in range(20_000):
        left, right = Then(left, Id(R)), Then(Id(R), right)
    assert str(left) == " ; ".join(["id"] * 20_001)
    assert str(right).startswith("id ; (id ; (") and len(repr(right)) > 20_000
    nested = Program((BOOL,), (), (0,))
    for _ in range(1500):
        other = Program((BOOL,), (), (0,))
        nested = Program((BOOL,), (Step(Case((other, nested)), (0, 0), (), (BOOL,)),), (1,))
    assert str(read_program(str(nested))) == str(nested)
    assert repr(nested).count("Case(") == 1500


def test_a_program_of_many_steps_prints_and_reads_in_linear_time() -> None:
    b = Builder([R])
    x = b.wires[0]
    for _ in range(20_000):
        x = sin(x)
    p = b.finish([x])
    assert read_program(str(p)) == p
    assert timed(lambda: str(p)) < 2
