"""Choices within choices: their derivative is that of the path taken, and they may be deep."""

from __future__ import annotations

import pickle
from random import Random
from typing import Any

import numpy as np
import pytest

from cats.backends.backend import Backend
from cats.backends.function import DEEPEST
from cats.backends.on_fractions import OnFractions
from cats.backends.on_numexpr import OnNumexpr
from cats.backends.on_numpy import OnNumpy
from cats.backends.on_source import OnSource, source_text
from cats.cost import tally
from cats.derive import derive
from cats.dual import Dual
from cats.forward import Forward
from cats.functor import by_position, represent
from cats.ir import linear as ir_linear
from cats.ir import linear_program, spaces
from cats.ir.check import check_linear_program, check_program
from cats.ir.check_lambda import check_function
from cats.ir.control import Case
from cats.ir.explicit import from_linear_program
from cats.ir.linear_control import LinCase
from cats.ir.linear_lambda import Apply, Drop, Dup, Function, Plus, Zero
from cats.ir.linear_lambda import Case as Choice
from cats.ir.linear_program import LinearProgram
from cats.ir.prims import algebra
from cats.ir.prims.algebra import add, mul, neg, sub
from cats.ir.prims.choice import less
from cats.ir.prims.layout import convert
from cats.ir.program import Program
from cats.ir.spaces import BOOL, R
from cats.ir.transpose import transposed
from cats.ir.wire import Builder, Wire
from cats.matrix import Matrix
from cats.pipeline import gradient, jacobian, pushforward
from cats.simplify import simplify
from cats.tables import to_array

WIDTH = 2


def drawn(rng: Random, depth: int) -> Program:
    """(x, y) |-> two numbers; choices of two or three branches, in a row and within each other."""
    builder = Builder([R] * WIDTH)
    wires: list[Wire] = list(builder.wires)
    for _ in range(rng.randint(2, 4)):
        if depth and rng.random() < 0.6:
            branches = tuple(drawn(rng, depth - 1) for _ in range(rng.choice([2, 2, 3])))
            given = [rng.choice(wires) for _ in range(WIDTH)]
            wires.extend(builder.case(branches, tag(rng, wires, len(branches)), given))
        else:
            op = rng.choice([add, sub, mul])
            wires.append(op(rng.choice(wires), rng.choice(wires)))
    kept = [rng.choice(wires[WIDTH:]), rng.choice([*wires, neg(wires[0])])]
    return builder.finish(kept)


def tag(rng: Random, wires: list[Wire], count: int) -> Any:
    """A truth value, or a number below three."""
    first = less(rng.choice(wires), rng.choice(wires))
    if count == 2:
        return first
    second = less(rng.choice(wires), rng.randint(-4, 4) / 2.0)
    return add(convert(first, dtype="int64"), convert(second, dtype="int64"))


def path(program: Program, args: list[Any]) -> Program:
    """What the program does at these arguments, without its choices."""
    builder = Builder(program.inputs)
    return builder.finish(_followed(program, list(builder.wires), args, builder)[0])


def _followed(program: Program, wires: list[Any], values: list[Any], builder: Builder) -> Any:
    wires, values = list(wires), list(values)
    for step in program.steps:
        given, known = [wires[a] for a in step.args], [values[a] for a in step.args]
        if isinstance(step.op, Case):
            branch = step.op.branches[int(known[0])]
            made, found = _followed(branch, given[1:], known[1:], builder)
            wires.extend(made)
            values.extend(found)
        else:
            wires.append(builder.emit(step.op, tuple(given), step.params))
            values.append(step.op(*known, **dict(step.params)))
    return [wires[o] for o in program.outputs], [values[o] for o in program.outputs]


def run(program: Program, args: list[Any]) -> list[Any]:
    return list(OnNumpy().compile(program)(*args))


def numbers(rng: Random) -> list[Any]:
    return [np.float64(rng.randint(-6, 6) / 4) for _ in range(WIDTH)]


def applied(linear: LinearProgram, residuals: list[Any], v: list[Any], k: Any) -> list[float]:
    """A linear program at a tangent, zeros written."""
    found = represent(linear, k, by_position(residuals))(tuple(v))
    return [0.0 if hasattr(x, "space") and not hasattr(x, "dtype") else float(x) for x in found]


def evaluated(function: Function, given: list[Any], v: list[Any]) -> list[float]:
    """A function of Linear A at values."""
    pairs = zip((*function.nonlinear, *function.linear), (*given, *v), strict=True)
    at: dict[str, Any] = {name: value for (name, _), value in pairs}
    for let in function.lets:
        match let.value:
            case Apply(op, args, params):
                found: Any = (np.asarray(op(*[at[a] for a in args], **dict(params)))[()],)
            case Dup(arg):
                found = (at[arg], at[arg])
            case Plus(left, right):
                found = (at[left] + at[right],)
            case Zero():
                found = (np.float64(0.0),)
            case Drop():
                found = ()
            case Choice(tag, nonlinear, linear, branches):
                branch = branches[int(at[tag])]
                found = evaluated(branch, [at[n] for n in nonlinear], [at[n] for n in linear])
        at.update(zip(let.names, found, strict=True))
    return [float(at[name]) for name in function.linear_results]


def check(seed: int, depth: int) -> bool:
    """All readings of the derivative agree with those of the path; whether it has a wide tag."""
    rng = Random(seed)
    program, args = drawn(rng, depth), numbers(rng)
    v, w = numbers(rng), numbers(rng)
    straight = path(program, args)
    d, e = derive(program), derive(straight)
    check_program(d.primal)
    check_linear_program(d.linear, d.primal.ends[d.count :])
    explicit = from_linear_program(d.linear)
    check_function(explicit)
    made, expected = run(d.primal, args), run(e.primal, args)
    assert made[: d.count] == expected[: e.count]
    there, back = (made[d.count :], expected[e.count :])
    forward = applied(e.linear, back, v, Forward())
    backward = applied(e.linear, back, w, Dual(Forward()))
    assert applied(d.linear, there, v, Forward()) == forward
    assert applied(d.linear, there, w, Dual(Forward())) == backward
    given = [there[ref.position] for ref in d.linear.references()]
    assert evaluated(explicit, given, v) == forward
    twice = transposed(transposed(d.linear))
    assert applied(twice, there, v, Forward()) == forward
    assert tally(twice) == tally(d.linear)
    pushed = pushforward(program, (0, 1))
    for each in (pushed, simplify(pushed)):
        check_program(each)
        assert run(each, [*args, *v])[len(program.ends) :] == forward
    assert run(gradient(program, (0, 1)), args)[2:] == run(gradient(straight, (0, 1)), args)[2:]
    for mode in ("fwd", "rev"):
        found = run(jacobian(program, (0, 1), mode), args)[2:]
        assert found == run(jacobian(straight, (0, 1), mode), args)[2:]
    table = represent(d.linear, Matrix(), by_position(there))
    assert np.ravel(to_array(table)).tolist() == found
    return any(isinstance(s, LinCase) and s.widths for s in d.linear.steps)


def test_the_derivative_is_that_of_the_path_taken() -> None:
    wide = sum(check(seed, 1 + seed % 3) for seed in range(40))
    assert wide >= 10


def test_one_tag_tells_all_choices_of_a_nest() -> None:
    """What is handed out does not grow with the depth, and the widths say where the tags lie."""
    for n in (1, 2, 5):
        d = derive(deep(n))
        assert d.residuals == 2  # the tag, and what the innermost multiplies by
        (step,) = (s for s in d.linear.steps if isinstance(s, LinCase))
        assert step.widths == ((n, 1) if n > 1 else ())
        assert [step.taken(tag) for tag in (0, n - 1, n)] == (
            [(0, 0), (0, n - 1), (1, 0)] if n > 1 else [(0, 0), (0, 0), (1, 0)]
        )


def test_wide_tags_are_written_and_read_back() -> None:
    linear = derive(deep(2)).linear
    assert "lincase[tag=x0, residuals=(x1), widths=(2, 1)] t0" in str(linear)
    names = {k: v for m in (ir_linear, linear_program, spaces, algebra) for k, v in vars(m).items()}
    assert eval(repr(linear), names) == linear
    assert pickle.loads(pickle.dumps(linear)) == linear != derive(deep(3)).linear


# Deep

DEEP = 1_200
"""More than Python's stack has frames."""


def deep(n: int, long: int = 0) -> Program:
    """if x < n - 1 then -x else if x < n - 2 then ..., and after each 1 is added, or more."""
    inner = Builder([R])
    program = inner.finish([mul(inner.wires[0], 2.0)])
    for level in range(n):
        other = Builder([R])
        otherwise = other.finish([neg(other.wires[0])])
        builder = Builder([R])
        (x,) = builder.wires
        (made,) = builder.case((program, otherwise), less(x, float(level)), [x])
        made = add(made, 1.0)
        for _ in range(long if level == n - 1 else 0):
            made = add(made, x)
        program = builder.finish([made])
    return program


def expected(n: int, x: float, long: int = 0) -> float:
    """The same without choices: the first level, from the outside, that x is below ends it."""
    ends = next((level for level in reversed(range(n)) if x < level), None)
    return (2.0 * x + n if ends is None else n - ends - x) + long * x


BACKENDS = [OnNumpy(), OnNumexpr(), OnSource(), OnFractions()]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.name)
def test_running_does_not_recurse(backend: Backend) -> None:
    """Work after each choice, and a function so long that it is cut into parts."""
    for n, long in ((DEEP, 0), (60, 2500)):
        run = backend.compile(deep(n, long))
        for x in (-1.0, n / 2.0, 2.0 * n):
            assert [float(v) for v in run(x)] == [expected(n, x, long)]


def test_derivatives_of_deep_choices_are_as_deep() -> None:
    program = deep(DEEP)
    run = OnNumpy().compile(simplify(gradient(program, [0])))
    assert [float(v) for v in run(-1.0)] == [expected(DEEP, -1.0), -1.0]
    assert [float(v) for v in run(DEEP / 2.0)] == [expected(DEEP, DEEP / 2.0), -1.0]
    assert [float(v) for v in run(2.0 * DEEP)] == [expected(DEEP, 2.0 * DEEP), 2.0]
    pushed = OnNumpy().compile(pushforward(program, [0]))
    assert float(pushed(2.0 * DEEP, 3.0)[1]) == 6.0
    d = derive(program)
    assert tally(transposed(d.linear)).work == tally(d.linear).work
    for k in (Matrix(), Dual(Matrix())):
        residuals = OnNumpy().compile(d.primal)(DEEP / 2.0)[d.count :]
        assert to_array(represent(d.linear, k, by_position(residuals))).tolist() == [[-1.0]]


def test_a_shallow_text_calls_and_a_deep_one_yields() -> None:
    assert "yield" not in source_text(deep(DEEPEST))
    assert "yield" in source_text(deep(DEEPEST + 1))


def test_only_the_function_itself_says_what_it_is() -> None:
    for n in (2, DEEPEST + 1):
        text = source_text(deep(n), "f", "What it is.")
        assert text.count("What it is.") == 1
        assert "What it is." in text[text.index("def f_steps(" if n > 2 else "def f(") :]


def test_the_driver_takes_a_free_name() -> None:
    program = deep(DEEPEST + 1)
    named = Program(program.inputs, program.steps, program.outputs, ("finished",))
    assert "def finished_(call):" in source_text(named)
    assert float(OnSource().compile(named)(-1.0)[0]) == expected(DEEPEST + 1, -1.0)


def test_of_two_choices_in_a_branch_the_wider_joins_the_tag() -> None:
    """So that what is handed out stays small: the other saves a tag of its own."""
    builder = Builder([R])
    shallow, nest = deep(1), deep(4)
    first = builder.run(shallow, builder.wires[:])
    (last,) = builder.run(nest, first)
    both = builder.finish([last])
    outer = Builder([R])
    other = Builder([R])
    plain = other.finish([neg(other.wires[0])])
    (x,) = outer.wires
    d = derive(outer.finish(outer.case((both, plain), less(x, 0.5), [x])))
    (step,) = (s for s in d.linear.steps if isinstance(s, LinCase))
    assert step.widths == (5, 1)
    assert [ref.space for ref in step.residuals].count(BOOL) == 1
