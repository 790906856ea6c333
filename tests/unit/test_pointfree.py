"""Terms become programs that mean the same, with no function left, in linear size and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from cats.ir.check import check_program
from cats.ir.constant import Constant
from cats.ir.lam import App, Const, Control, Lam, Let, Prim, Proj, Term, Tuple, Var
from cats.ir.node import postorder
from cats.ir.parse import parse
from cats.ir.prims.algebra import add, mul, neg
from cats.ir.prims.choice import less
from cats.ir.prims.smooth import sin
from cats.ir.spaces import BOOL, R, Real, Space, Sum
from cats.pointfree import Lowered, program_of
from tests.lambda_terms import (
    Sample,
    evaluate,
    flat,
    in_floats,
    meant,
    run,
    samples,
    size,
)

X = Var("x")


def agrees(sample: Sample) -> Lowered:
    """U1: the program means what the term means, in exact numbers."""
    lowered = program_of(sample.term)
    check_program(lowered.program)
    assert lowered.inputs == sample.inputs and lowered.output == sample.output
    expected = evaluate(sample.term, {})
    for arg in sample.args:
        expected = expected(arg)
    pairs = zip(sample.args, sample.inputs, strict=True)
    found = run(lowered.program, [v for arg, space in pairs for v in flat(arg, space)])
    assert meant(found, lowered.output) == expected
    return lowered


@given(samples())
@settings(max_examples=400)
def test_program_means_what_the_term_means(sample: Sample) -> None:
    agrees(sample)


@given(samples(fuel=60))
@settings(max_examples=100)
def test_larger_programs_mean_what_the_terms_mean(sample: Sample) -> None:
    agrees(sample)


@given(samples(fuel=40, higher=False))
@settings(max_examples=200)
def test_first_order_program_is_linear_in_its_term(sample: Sample) -> None:
    """U2."""
    nodes = sum(1 for _ in postorder(sample.term))
    assert size(agrees(sample).program) <= 4 * nodes


def test_what_is_drawn_contains_what_is_hard() -> None:
    """The share of drawn terms with each feature, measured."""
    found: Counter[str] = Counter()
    drawn = 300

    @given(samples(fuel=30))
    @settings(max_examples=drawn, database=None, derandomize=True)
    def count(sample: Sample) -> None:
        found.update(sample.features)
        steps = program_of(sample.term).program.steps
        found["a choice is left"] += any(step.op.name == "case" for step in steps)

    count()
    least = {
        "let": 0.3,
        "if": 0.3,
        "case": 0.2,
        "application": 0.3,
        "closures that capture": 0.3,
        "functions that take functions": 0.15,
        "functions that give functions": 0.15,
        "functions in a pair": 0.15,
        "functions chosen by data": 0.1,
        "sums chosen by data": 0.05,
        "twice, compose and numerals": 0.1,
        "a choice is left": 0.15,
    }
    shares = {feature: found[feature] / drawn for feature in least}
    assert not {f: (share, least[f]) for f, share in shares.items() if share < least[f]}


# What normal forms look like


def steps_of(text: str) -> list[str]:
    return [step.op.name for step in program_of(parse(text)).program.steps]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (r"let twice = \f x. f (f x) in twice (twice (twice sin))", ["sin"] * 8),
        (r"(\n. n (\f x. f (f x)) sin) (\f x. f (f (f x)))", ["sin"] * 8),
        (r"let compose = \f g x. f (g x) in compose sin cos", ["cos", "sin"]),
        (r"\x. ((\y. y * x, \y. y + x).1) x", ["add"]),
        (r"\x. if True then sin x else cos x", ["sin"]),
        (r"\x. case inr[R + R] x of inl a -> sin a | inr b -> cos b", ["cos"]),
        (r"\x. let y = exp x in (y + y) * y", ["exp", "add", "mul"]),
        (r"\x. let unused = exp x in x", []),
        (r"\x c: Bool. (if c then \y. y else \y. y) x", []),
        (r"\x c: Bool. (if c then sin else cos) x", ["case"]),
        (r"\x c: Bool. let f = if c then sin else cos in (f x, f x)", ["case"]),
    ],
)
def test_normal_form(text: str, steps: list[str]) -> None:
    assert steps_of(text) == steps


def test_one_function_of_two_environments_needs_no_choice_when_it_is_applied() -> None:
    """The same function from both branches: its environment is chosen, not the function."""
    text = r"\x c: Bool. let make = \a y. a * y in (if c then make (sin x) else make (cos x)) x"
    assert steps_of(text) == ["case", "mul"]


def test_environments_chosen_by_data_are_sums_with_zeros() -> None:
    text = (
        r"\x c: Bool. (if c then (let a = exp x in \y. a * y) else (let b = x + 1 in \y. y - b)) x"
    )
    lowered = program_of(parse(text))
    first, second = lowered.program.steps
    assert [len(s.spaces) for s in (first, second)] == [2, 1]
    assert run(lowered.program, [2.0, False], in_floats) == [-1.0]
    assert run(lowered.program, [2.0, True], in_floats) == [np.exp(2.0) * 2.0]


def test_a_choice_may_be_captured_by_a_function_that_is_chosen() -> None:
    """The tag of the inner choice is known outside, what its functions captured is not."""
    inner = r"let a = x * x; f = if c then \y. y * a else \y. y + a in \z. f (f z)"
    program = program_of(parse(rf"\x c: Bool d: Bool. (if d then ({inner}) else \y. y) x")).program
    results = [run(program, [Fraction(3), c, d]) for d in (True, False) for c in (True, False)]
    assert results == [[243], [21], [3], [3]]


def test_tuples_of_exponential_size_are_chosen_in_linear_time() -> None:
    def doubled(name: str) -> Term:
        names = tuple(f"p{i}" for i in range(1, 101))
        values = tuple(Tuple((Var(f"p{i}"),) * 2) for i in range(100))
        return Let(("p0", *names), (Prim(sin, (Var(name),)), *values), Var("p100"))

    part = below(0, doubled("x"), Let(("x",), (Prim(neg, (X,)),), doubled("x")))
    for i in range(100):
        part = Proj(i % 2, part)
    (step,) = [s for s in program_of(closed(part)).program.steps if s.op.name == "case"]
    assert len(step.spaces) == 1


def test_branch_not_taken_is_not_run() -> None:
    """log and 1 / x are never asked for their values at 0."""
    term = parse(r"\x. (if x < 1.0 then \y. y else \y. y / (x - x)) x")
    with np.errstate(all="raise"):
        assert run(program_of(term).program, [0.5], in_floats) == [0.5]


def test_members_of_sums_are_a_tag_and_slots() -> None:
    lowered = program_of(parse(r"\c: Bool x. if c then inl[R + Bool] x else inr[R + Bool] (x < 0)"))
    assert lowered.output == Sum((R, BOOL))
    assert run(lowered.program, [np.True_, 2.0], in_floats) == [0, 2.0, False]
    tag, _, holds = run(lowered.program, [np.False_, -2.0], in_floats)
    assert (tag, holds) == (1, True)


def test_a_sum_may_be_an_input() -> None:
    term = parse(r"\s: R + R[3]. case s of inl x -> x | inr v -> sum[axes=(0,)] v")
    program = program_of(term).program
    assert program.names == ("s_0", "s_1", "s_2")
    assert run(program, [1, 0.0, np.arange(3.0)], in_floats) == [3.0]


def test_free_variables_may_be_inputs() -> None:
    lowered = program_of(parse("x * y"), {"y": R, "x": Real((2,))})
    assert lowered.program.names == ("y", "x")
    (found,) = run(lowered.program, [2.0, np.ones(2)], in_floats)
    assert found.tolist() == [2.0, 2.0]


def test_spaces_of_arguments_may_be_given() -> None:
    lowered = program_of(parse(r"\x y. 2 * x * y"), (Real((2,), "float32"), Real((), "float32")))
    assert lowered.output == Real((2,), "float32")
    (found,) = run(lowered.program, [np.ones(2, "f4"), np.float32(3)], in_floats)
    assert found.dtype == np.float32 and found.tolist() == [6.0, 6.0]


def test_steps_say_where_they_come_from() -> None:
    program = program_of(parse("\\x.\n sin (\n x * x)")).program
    assert [str(step.where) for step in program.steps] == ["<term>:3", "<term>:2"]


def test_a_shadowed_name_means_what_it_meant_where_the_function_was_made() -> None:
    text = r"\x. let y = x; f = \z. y * z; y = x + x in f y"
    assert run(program_of(parse(text)).program, [Fraction(3)]) == [18]


def test_an_object_in_two_scopes_is_read_in_each() -> None:
    """The very same node, where its free name means two things."""
    body = Prim(mul, (Var("y"), Var("y")))
    both = Tuple((Let(("y",), (X,), body), Let(("y",), (Prim(neg, (Prim(add, (X, X)),)),), body)))
    assert run(program_of(Lam("x", R, both)).program, [Fraction(3)]) == [9, 36]
    shadowing = Let(("y",), (X,), Tuple((body, Let(("y",), (Prim(add, (X, X)),), body), body)))
    assert run(program_of(Lam("x", R, shadowing)).program, [Fraction(1)]) == [1, 4, 1]


# The families that must stay linear


def closed(body: Term, space: Space = R) -> Term:
    return Lam("x", space, body)


def chain(values: list[Term], last: str) -> Term:
    return closed(Let(tuple(f"v{i}" for i in range(len(values))), tuple(values), Var(last)))


def below(n: int, then: Term, other: Term) -> Term:
    return Control("if", (Prim(less, (X, Const(Constant(float(n))))), then, other))


def deep_pairs(n: int) -> Term:
    pair: Term = X
    part: Term = Var("p")
    for _ in range(n):
        pair, part = Tuple((pair, X)), Proj(0, part)
    return closed(Let(("p",), (pair,), Prim(mul, (part, X))))


def lets_in_lets(n: int) -> Term:
    term: Term = X
    for _ in range(n):
        term = Let(("y",), (term,), Prim(mul, (Var("y"), X)))
    return closed(term)


def ifs_in_ifs(n: int) -> Term:
    term: Term = X
    for i in range(n):
        term = below(i, Prim(neg, (X,)), term)
    return closed(term)


def ifs_in_a_row(n: int) -> Term:
    before = [X, *[Var(f"v{i}") for i in range(n)]]
    return chain([below(i, Prim(neg, (before[i],)), X) for i in range(n)], f"v{n - 1}")


def functions_chosen_in_a_row(n: int) -> Term:
    choices: list[Term] = [Lam("z", None, Prim(sin, (Var("z"),)))]
    for i in range(1, n):
        inner = Prim(neg, (App(Var(f"v{i - 1}"), Var("z")),))
        choices.append(below(i, Lam("z", None, inner), Lam("z", None, Prim(mul, (Var("z"), X)))))
    choices.append(App(Var(f"v{n - 1}"), X))
    return chain(choices, f"v{n}")


def applied_in_a_row(n: int) -> Term:
    function = Lam("z", None, Prim(mul, (Var("z"), X)))
    return chain([function, *[App(Var("v0"), Var(f"v{i}") if i else X) for i in range(n)]], f"v{n}")


def applied_within(n: int) -> Term:
    term: Term = X
    for _ in range(n):
        term = App(Var("f"), term)
    return closed(Let(("f",), (Lam("z", None, Prim(sin, (Var("z"),))),), term))


def doubling(n: int) -> Term:
    """One object held twice by the next: 2 ** n as a tree."""
    term: Term = X
    for _ in range(n):
        term = Prim(mul, (term, term))
    return closed(term)


def doubling_under_lets(n: int) -> Term:
    term: Term = X
    for _ in range(n):
        term = Let(("a",), (term,), Prim(add, (Var("a"), term)))
    return closed(term)


def closures_in_closures(n: int) -> Term:
    term: Term = Prim(mul, (X, Var(f"y{n - 1}")))
    for i in reversed(range(n)):
        value = Prim(add, (Var(f"y{i - 1}") if i else X, X))
        term = App(Lam(f"y{i}", None, term), value)
    return closed(term)


FAMILIES: dict[Callable[[int], Term], int] = {
    deep_pairs: 0,
    lets_in_lets: 1,
    ifs_in_ifs: 4,
    ifs_in_a_row: 4,
    applied_in_a_row: 1,
    applied_within: 1,
    doubling: 1,
    doubling_under_lets: 1,
    closures_in_closures: 1,
}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [10, 1000, 10_000])
def test_family_is_linear_and_its_depth_is_no_limit(family: Callable[[int], Term], n: int) -> None:
    assert size(program_of(family(n)).program) <= FAMILIES[family] * n + 6


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.__name__)
def test_family_of_a_hundred_thousand(family: Callable[[int], Term]) -> None:
    test_family_is_linear_and_its_depth_is_no_limit(family, 100_000)


def test_functions_chosen_in_a_row_are_linear() -> None:
    """Each applied once where the next is applied: what is inlined is what is called."""
    sizes = [size(program_of(functions_chosen_in_a_row(n)).program) for n in (20, 40, 80)]
    assert sizes[1] - sizes[0] == (sizes[2] - sizes[1]) / 2 > 0


def test_fifty_squares() -> None:
    squares = "; ".join(f"x{i + 1} = x{i} * x{i}" for i in range(50))
    assert len(program_of(parse(rf"\x0. let {squares} in x50")).program.steps) == 50
