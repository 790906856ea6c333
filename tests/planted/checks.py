"""The checks that every mutant must fail one of: quick, exact where they can be, in one process.

They are laws, oracles and goldens in the library's own words, and a selection of the tests of
tests/unit and tests/spec with fewer examples. A check is a function that raises.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings

import cats
from cats.backends.on_numpy import OnNumpy
from cats.blocks import Dense, Diagonal, Identity, Kronecker, Permutation
from cats.cost import count, tally
from cats.derive import derive
from cats.forward import Forward, materialise
from cats.functor import by_position, interpret, represent
from cats.ir import check as ir_check
from cats.ir.constant import Constant
from cats.ir.errors import CatsError, DerivativeError, LinearityError, TraceError
from cats.ir.linear import Fork, Id, Inj, Join, Linear, Proj, Scale, Then, Zero
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import LinearProgram, SumStep, Term
from cats.ir.parse import parse
from cats.ir.primitive import Primitive, leaf_of
from cats.ir.prims import VOCABULARY
from cats.ir.prims.algebra import mul, slope
from cats.ir.prims.indexing import accumulate
from cats.ir.program import Program
from cats.ir.spaces import BOOL, INT, UNIT, Discrete, Product, R, Real, Sum, tangent
from cats.ir.transpose import transposed
from cats.ir.wire import Builder, Wire
from cats.matrix import Matrix
from cats.pipeline import gradient, pushforward
from cats.pointfree import program_of
from cats.simplify import simplify
from tests.linear_programs import canonical, run
from tests.spec.measured import leaves
from tests.values import arguments, examples

Check = Callable[[], None]
CHECKS: list[Check] = []
NUMPY = OnNumpy()
STEP = 1e-6


def check(f: Check) -> Check:
    """One more check."""
    CHECKS.append(f)
    return f


def close(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def same(found: Any, expected: Any) -> None:
    assert np.array_equal(found, expected), f"{found} is not {expected}"


# Tests of other files, with fewer examples

QUICK = settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile("planted", QUICK)
settings.load_profile("planted")


@cache
def tests_of(name: str) -> Any:
    """A module of tests; a test that states its own number of examples is given ours."""
    module = importlib.import_module(f"tests.{name}")
    for test in vars(module).values():
        if hasattr(test, "_hypothesis_internal_use_settings"):
            test._hypothesis_internal_use_settings = QUICK
    return module


def cases_of(test: Any) -> list[dict[str, Any]]:
    """The arguments that pytest would give."""
    found: list[dict[str, Any]] = [{}]
    for mark in getattr(test, "pytestmark", []):
        if mark.name != "parametrize":
            continue
        names, rows = mark.args[:2]
        listed = names if isinstance(names, tuple | list) else [n.strip() for n in names.split(",")]
        filled = [
            dict(zip(listed, row if len(listed) > 1 else (row,), strict=True)) for row in rows
        ]
        found = [{**a, **b} for a, b in product(found, filled)]
    return found


def all_cases(module: str, *names: str) -> None:
    """Every case of some tests of a module."""
    for name in names:
        test = getattr(tests_of(module), name)
        for case in cases_of(test):
            with suppress(pytest.skip.Exception):
                test(**case)


# Primitives


def at_examples(op: Primitive) -> Any:
    """Parameters and arguments: random ones in the domain, at each example."""
    rng = np.random.default_rng(3)
    for example in examples(op, "float64", (), (3,)):
        yield dict(example.params), arguments(op, example, rng), example


def moved(args: list[Any], along: list[Any], by: float) -> list[Any]:
    return [a if t is None else a + by * t for a, t in zip(args, along, strict=True)]


@check
def values_are_numpys() -> None:
    """Each entrywise operation is NumPy's function of that name."""
    names = {
        "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative",
    }  # fmt: skip
    rng = np.random.default_rng(1)
    for op in VOCABULARY:
        ufunc = getattr(np, names.get(op.name, op.name), None)
        if not op.elementwise or op.name in ("select", "keep", "ipow") or ufunc is None:
            continue
        for example in examples(op, "float64", (60,)):
            args = arguments(op, example, rng)
            with np.errstate(all="ignore"):
                found, expected = op.evaluate(*args), ufunc(*args)
            assert np.array_equal(found, expected), op.name
    mask, x, y = np.array([True, False]), np.array([1.0, 2.0]), np.array([3.0, 4.0])
    select, keep, ipow = (
        op for n in ("select", "keep", "ipow") for op in VOCABULARY if op.name == n
    )
    same(select.evaluate(mask, x, y), [1.0, 4.0])
    same(keep.evaluate(mask, x), [1.0, 0.0])
    same(ipow.evaluate(y, n=3), [27.0, 64.0])


@check
def values_of_whole_arrays() -> None:
    """The running operations against their definitions, entry by entry."""
    by_name = {op.name: op for op in VOCABULARY}
    a, b = np.array([2.0, 3.0, 5.0]), np.array([1.0, 10.0, 100.0])
    for ahead, reverse in product((False, True), repeat=2):
        y, order = np.zeros(3), [2, 1, 0] if reverse else [0, 1, 2]
        for n, i in enumerate(order):
            before = order[n - 1]
            factor = a[before] if ahead else a[i]
            y[i] = b[i] + (factor * y[before] if n else 0)
        found = by_name["recurrence"].evaluate(a, b, axis=0, ahead=ahead, reverse=reverse)
        same(found, y)
    same(by_name["shift"].evaluate(a, axis=0, reverse=False, fill=7.0), [7, 2, 3])
    same(by_name["shift"].evaluate(a, axis=0, reverse=True, fill=7.0), [3, 5, 7])
    same(by_name["cumsum"].evaluate(a, axis=0, reverse=True), [10, 8, 5])
    same(by_name["cumprod_back"].evaluate(a, axis=0), [30, 15, 5])
    at = np.array([1, 1, 0])
    put = by_name["accumulate"]
    same(put.evaluate(b, at, shape=(3,), dtype="float64", targets=(1,)), [100, 11, 0])
    twice = put.evaluate(b, a, at, shape=(3,), dtype="float64", targets=(((None, None, None),), 1))
    same(twice, [6, 15, 100])
    rng = np.random.default_rng(5)
    contract = by_name["contract"]
    for spec, shapes in CONTRACTIONS:
        xs = [rng.integers(-3, 4, s).astype(float) for s in shapes]
        same(contract.evaluate(*xs, spec=spec), np.einsum(spec, *xs))


CONTRACTIONS: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...] = (
    ("i,i->", ((3,), (3,))), ("ij,j->i", ((2, 3), (3,))), ("i,ij->j", ((2,), (2, 3))),
    ("ij,i->j", ((2, 3), (2,))), ("j,ij->i", ((3,), (2, 3))), ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ij,kj->ik", ((2, 3), (4, 3))), ("ij,ik->jk", ((2, 3), (2, 4))),
    ("ij,ki->jk", ((2, 3), (4, 2))), ("ij,jk->ki", ((2, 3), (3, 4))),
    ("ij,kj->ki", ((2, 3), (4, 3))), ("ij,ik->kj", ((2, 3), (2, 4))),
    ("ij,ki->kj", ((2, 3), (4, 2))), ("i,j->ij", ((2,), (3,))), ("i,j->ji", ((2,), (3,))),
    ("aij,ajk->aik", ((2, 2, 3), (2, 3, 2))), ("ij,jk,k->i", ((2, 3), (3, 4), (4,))),
)  # fmt: skip


@check
def linearisations_against_differences() -> None:
    """Every rule, one argument at a time and all together, against central differences."""
    for op in VOCABULARY:
        if op.linearise is None:
            continue
        for params, args, example in at_examples(op):
            live = [i for i, s in enumerate(example.spaces) if isinstance(s, Real)]
            for chosen in [[i] for i in live] + ([live] if len(live) > 1 else []):
                _against_differences(op, params, args, chosen)


def _against_differences(op: Primitive, params: Any, args: list[Any], chosen: list[int]) -> None:
    rng = np.random.default_rng(7)
    along = [
        rng.uniform(0.5, 1.5, np.shape(a)) if i in chosen else None for i, a in enumerate(args)
    ]
    out = op.evaluate(*args, **params)
    if all(np.asarray(y).dtype.kind != "f" for y in _several(out)):
        return
    tangents = [_tangent(a, t) for a, t in zip(args, along, strict=True)]
    rule = op.linearise(*args, out=out, **params)  # type: ignore[misc]
    found = interpret(rule, Forward())(tangents[0] if len(args) == 1 else tuple(tangents))
    ends = [_several(op.evaluate(*moved(args, along, by), **params)) for by in (STEP, -STEP)]
    flat = op.name in ("sign", "floor", "ceil", "rint", "trunc", "floor_divide", "stop")
    parts = zip(_several(out), _several(materialise(found)), *ends, strict=True)
    for value, given, there, back in parts:
        expected = np.zeros(np.shape(value)) if flat else (there - back) / (2 * STEP)
        whole = np.broadcast_to(given, np.shape(value))
        np.testing.assert_allclose(whole, expected, rtol=2e-6, atol=2e-7, err_msg=op.name)


def _several(out: Any) -> tuple[Any, ...]:
    return tuple(out) if isinstance(out, tuple) else (out,)


def _tangent(a: Any, along: Any) -> Any:
    if np.asarray(a).dtype.kind != "f":
        return ()
    return np.zeros(np.shape(a)) if along is None else along


def slopes(f: Any, *args: float) -> Any:
    """The gradient of a function of numbers in all of them."""
    with np.errstate(all="ignore"):
        return cats.grad(f, tuple(range(len(args))))(*map(np.float64, args))


@check
def conventions_at_ties_and_edges() -> None:
    """What the rules say where the function has a kink, or a limit that must not be nan."""
    same(slopes(np.maximum, 2.0, 2.0), (0.5, 0.5))
    same(slopes(np.minimum, 2.0, 2.0), (0.5, 0.5))
    same(slopes(np.maximum, 1.0, 2.0), (0.0, 1.0))
    same(slopes(np.minimum, 1.0, 2.0), (1.0, 0.0))
    same(slopes(np.abs, 0.0), (0.0,))
    same(slopes(np.hypot, 0.0, 0.0), (0.0, 0.0))
    same(slopes(np.hypot, 3.0, 4.0), (0.6, 0.8))
    for x, dy in ((-2.0, 0.0), (0.0, 1.0), (2.0, 0.0)):
        same(slopes(np.heaviside, x, 0.25), (0.0, dy))
    same(slopes(lambda x, y: x**y, 0.0, 0.0)[0], 0.0)
    same(slopes(lambda x, y: x**y, 0.0, 1.0), (1.0, 0.0))
    same(slopes(lambda x, y: x**y, 0.0, 2.0), (0.0, 0.0))
    same(slopes(lambda x, y: x**y, 2.0, 0.0), (0.0, np.log(2.0)))
    for step in (np.sign, np.floor, np.ceil, np.rint, np.trunc):
        same(slopes(step, 0.7), (0.0,))
        same(slopes(step, 1.0), (0.0,))
    same(slopes(lambda x, y: x // y, 7.0, 2.0), (0.0, 0.0))
    same(slopes(lambda x, y: x % y, -7.0, 2.0), (1.0, 4.0))
    same(slopes(np.fmod, -7.0, 2.0), (1.0, 3.0))
    same(slopes(np.copysign, -3.0, -2.0), (1.0, 0.0))
    same(slopes(np.copysign, 3.0, -2.0), (-1.0, 0.0))
    ties = np.array([1.0, 3.0, 3.0])
    same(cats.grad(np.max)(ties), [0.0, 0.5, 0.5])
    same(cats.grad(np.min)(-ties), [0.0, 0.5, 0.5])
    zeros = np.array([2.0, 0.0, 5.0])
    same(cats.grad(np.prod)(zeros), [0.0, 10.0, 0.0])
    same(cats.jacobian(np.cumprod)(zeros), [[1, 0, 0], [0, 2, 0], [0, 10, 0]])
    same(cats.hessian(np.prod)(np.array([2.0, 0.0])), [[0, 1], [1, 0]])
    same(cats.grad(lambda x: np.where(x > 0, x, 0 * x).sum())(np.array([-1.0, 2.0])), [0, 1])


@check
def leaves_are_linear_and_transpose() -> None:
    """tests/unit/test_leaves.py: adjoints, involution, structure, lift, in whole numbers."""
    module = tests_of("unit.test_leaves")
    names = [n for n, t in vars(module).items() if n.startswith("test_") and callable(t)]
    all_cases("unit.test_leaves", *names)


@check
def totals_are_sums() -> None:
    """Many pieces scattered at once are the sum of the pieces."""
    x, w = np.arange(1.0, 6.0), np.array([0, 1, 0])
    f: Any = lambda x: np.sum(x[w] * x[1:4]) + x[0] * x[4] - np.sum(x[::2] ** 2)  # noqa: E731
    expected = np.array([x[1] + x[3] + x[4] - 2 * x[0], x[0] + x[2], x[1] - 2 * x[2], x[0],
                         x[0] - 2 * x[4]])  # fmt: skip
    same(cats.grad(f)(x), expected)
    same(cats.jacrev(lambda x: np.stack([f(x), x[0]]))(x), [expected, [1, 0, 0, 0, 0]])
    same(cats.jacfwd(lambda x: np.stack([f(x), x[0]]))(x), [expected, [1, 0, 0, 0, 0]])


@check
def what_is_not_taken_never_enters() -> None:
    """Choices by a mask, in chains and across the edges of cases, where slopes are infinite."""
    module = tests_of("spec.test_masks")
    for seed in range(12):
        module.check(seed)
    all_cases("unit.test_choice", "test_known_zeros_cross_the_edges_of_a_choice")
    all_cases("unit.test_zeros", *_tests("unit.test_zeros"))


@check
def structure_lasts() -> None:
    """Elementwise, permuting and two-sided maps have the Jacobian blocks they should."""
    x = np.arange(6.0).reshape(2, 3)

    def block(f: Any, x: Any) -> Any:
        program = cats.trace(f, x)
        d = derive(program)
        made = run(d.primal, [x])
        return represent(d.linear, Matrix(), by_position(made[d.count :])).at[0, 0]

    left, right = np.ones((2, 2)), np.ones((3, 3))
    assert isinstance(block(lambda x: np.sin(x) * 3, x), Diagonal)
    assert isinstance(block(lambda x: x.T, x), Permutation)
    assert isinstance(block(lambda x: x.T.T, x), Identity)
    assert isinstance(block(lambda x: np.sin(x.T).T, x), Diagonal)
    assert isinstance(block(lambda x: left @ x, x), Kronecker)
    assert isinstance(block(lambda x: left @ x @ right, x), Kronecker)
    assert isinstance(block(lambda x: left @ x + (2.0 * left) @ x, x), Kronecker)
    assert isinstance(block(lambda x: right @ x, x[0]), Dense)


# Representations


@check
def laws_of_categories() -> None:
    """C1 to C10 in every representation, exactly."""
    for law in tests_of("spec.test_categories").LAWS:
        law._hypothesis_internal_use_settings = settings(QUICK, max_examples=2)
        law()


@check
def one_matrix_in_all_representations() -> None:
    """H3 to H6: squares, adjoints, transposes, linearity."""
    module = tests_of("spec.test_categories")
    for name, test in vars(module).items():
        if name.startswith(("test_h", "test_affine", "test_scale")):
            test()


@check
def affine_maps_compose() -> None:
    all_cases("unit.test_affine", *_tests("unit.test_affine"))


@check
def costs_are_counted() -> None:
    all_cases("unit.test_cost", *_tests("unit.test_cost"))


@check
def matrices_are_structured() -> None:
    all_cases("unit.test_matrix", *_tests("unit.test_matrix"))


@check
def continuations_and_beginnings() -> None:
    all_cases("unit.test_continuation", *_tests("unit.test_continuation"))


LONG = ("generated", "drawn", "depth", "long", "family", "fifty")
"""Words in the names of tests that measure time, or what the generators of tests draw."""


def _tests(module: str) -> list[str]:
    """The tests that need nothing of pytest but their cases, and are not long."""
    found = []
    for name, test in vars(tests_of(module)).items():
        if not name.startswith("test_") or not callable(test) or any(w in name for w in LONG):
            continue
        slow = any(m.name == "slow" for m in getattr(test, "pytestmark", []))
        asked = {n for case in cases_of(test) for n in case}
        code = getattr(getattr(test, "hypothesis", None), "inner_test", test).__code__
        free = set(code.co_varnames[: code.co_argcount]) - asked
        if not slow and (not free or hasattr(test, "hypothesis")):
            found.append(name)
    return found


# D and transposition


@check
def worked_example() -> None:
    """(cos z, sin z) at z = x * y, forward and backward, as theory.md 8.14 writes it."""
    program = program_of(parse(r"\x y. let z = x * y in (cos z, sin z)")).program
    d = derive(program)
    assert [s.op.name for s in d.primal.steps] == ["mul", "cos", "sin", "neg"], str(d.primal)
    assert [len(s.terms) for s in d.linear.steps] == [2, 1, 1]  # type: ignore[union-attr]
    back = transposed(d.linear)
    assert [len(s.terms) for s in back.steps] == [2, 1, 1]  # type: ignore[union-attr]
    x, y = 2.0, 3.0
    residuals = run(d.primal, [x, y])[d.count :]
    matrix = np.array([[-y * np.sin(6), -x * np.sin(6)], [y * np.cos(6), x * np.cos(6)]])
    for j in range(2):
        pushed = represent(d.linear, Forward(), by_position(residuals))(tuple(np.eye(2)[j]))
        close(pushed, matrix[:, j])
        pulled = represent(back, Forward(), by_position(residuals))(tuple(np.eye(2)[j]))
        close(pulled, matrix[j])


def programs() -> list[Program]:
    """Programs with sharing, signs, choices, several outputs, whole arrays and integers."""
    texts = (
        r"\x y. let z = x * y in (cos z, sin z)",
        r"\x y. let z = x - y; w = z * z - x in (z - w, w, x, x)",
        r"\x c: Bool. if c then x * x else sin x",
        r"\x y c: Bool. let p = (if c then (x * y, x) else (x - y, exp y)) in p.0 * p.1 - y",
        r"\x c: Bool d: Bool. if c then (if d then x * x else -x) else if d then 3 * x else exp x",
        r"\x y c: Bool. (if c then let a = exp x in \z. a * z else let b = x - y in \z. z / b) y",
        r"\x. x - x * x - (3 - x)",
        r"\x y. -(x * y) - sin x",
        r"\x y. (x, y * y, 2.0)",
    )
    return [program_of(parse(text)).program for text in texts]


def inputs(program: Program, seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [
        np.bool_(rng.integers(0, 2)) if s == BOOL else rng.uniform(0.5, 2.0, s.shape)[()]
        for s in program.inputs
    ]


def numeric(program: Program, args: list[Any], i: int, along: Any) -> list[Any]:
    """Central differences of every real output along one input."""
    rows = []
    for by in (STEP, -STEP):
        rows.append(run(program, [a + by * along if j == i else a for j, a in enumerate(args)]))
    return [(p - q) / (2 * STEP) for p, q in zip(*rows, strict=True)]


@check
def derivatives_of_programs() -> None:
    """jvp, vjp, matrix and their transposes of whole programs, at every choice of the data."""
    for program in programs():
        d = derive(program)
        ir_check.check_program(d.primal)
        for seed in range(6):
            args = inputs(program, seed)
            made = run(d.primal, args)
            at = by_position(made[d.count :])
            table = np.array(
                [numeric(program, args, i, 1.0) for i in d.active]
            ).T  # one row for each output
            push = represent(d.linear, Forward(), at)
            pull = represent(d.linear, cats.Dual(Forward()), at)
            for i, e in enumerate(np.eye(len(d.active))):
                close(materialise(push(tuple(e))), table[:, i], 1e-6)
            for o, e in enumerate(np.eye(len(program.outputs))):
                close(materialise(pull(tuple(e))), table[o], 1e-6)
            close(made[: d.count], run(program, args))


@check
def choices_are_compiled() -> None:
    """Programs with choices, pushed forward and pulled back as programs: cases on wires."""
    for program in programs():
        active = [i for i, s in enumerate(program.inputs) if isinstance(s, Real)]
        push, pull = pushforward(program, active), gradient(program, active)
        ir_check.check_program(pull)
        count_ = len(program.outputs)
        for seed in range(6):
            args = inputs(program, seed)
            table = np.array([numeric(program, args, i, 1.0) for i in active])
            for row, e in zip(table, np.eye(len(active)), strict=True):
                close(run(push, [*args, *e])[count_:], row, 1e-6)
            close(run(pull, args)[count_:], table[:, 0], 1e-6)
    x = np.ones(100)
    slow, fast = (
        cats.trace(j(lambda x: np.sum(np.sin(x) ** 2) ** 2), x) for j in (cats.jacfwd, cats.jacrev)
    )
    assert slow != fast


@check
def choices_within_choices() -> None:
    """Nested choices against the path taken, in every reading; deep ones; texts that yield."""
    module = tests_of("unit.test_nested_choices")
    for seed in range(18):
        module.check(seed, 1 + seed % 3)
    module.DEEP = 60
    all_cases("unit.test_nested_choices", *_tests("unit.test_nested_choices"))
    all_cases("unit.test_prune", *_tests("unit.test_prune"))


@check
def rules_in_any_of_the_nine_words() -> None:
    """A user's operation may state its derivative by projections, injections, forks, signs."""

    def rule(x: Any, y: Any, *, out: Any) -> Linear:
        pair, minus = (R, R), Scale(R, -1)
        in_y = Then(Proj(pair, 1), Then(minus, slope(mul(3.0, y), y)))
        both = Then(Fork((Proj(pair, 0), in_y)), Join((Scale(R, 2.0), Id(R))))
        around = Then(Then(Proj(pair, 0), Inj(pair, 1)), Join((Zero(R, R), slope(x, x))))
        return Then(Fork((both, around, Zero(Product(pair), R))), Join((Id(R), minus, Id(R))))

    user = Primitive(
        "user", "2 * {0} - 1.5 * {1} ** 2 - 0.5 * {0} ** 2", lambda x, y: x,
        linearise=rule, elementwise=True,
    )  # fmt: skip
    b = Builder([R, R])
    program = b.finish([user(*b.wires)])
    for seed in range(2):
        args = inputs(program, seed)
        d = derive(program)
        at = by_position(run(d.primal, args)[d.count :])
        expected = [2 - args[0], -3 * args[1]]
        close(
            [materialise(represent(d.linear, Forward(), at)(tuple(e))[0]) for e in np.eye(2)],
            expected,
        )
        close(represent(d.linear, cats.Dual(Forward()), at)((1.0,)), expected)
    part = Then(Scale(Product((R, R)), -2.0), Proj((R, R), 1))
    two = Primitive("two", "-2.0 * {1}", lambda x, y: x, linearise=lambda x, y, *, out: part)
    b = Builder([R, R])
    d = derive(b.finish([two(*b.wires)]))
    at = by_position(run(d.primal, [1.0, 1.0])[d.count :])
    assert interpret(part, Forward())((5.0, 3.0)) == -6.0
    same(represent(d.linear, Forward(), at)((5.0, 3.0)), (-6.0,))
    whole = Product((R, R))
    twice = Then(Then(Fork((Id(whole), Id(whole))), Join((Id(whole), Id(whole)))), Proj((R, R), 1))
    more = Primitive("more", "2.0 * {1}", lambda x, y: x, linearise=lambda x, y, *, out: twice)
    b = Builder([R, R])
    d = derive(b.finish([more(*b.wires)]))
    same(represent(d.linear, Forward(), by_position([]))((5.0, 3.0)), (6.0,))
    with pytest.raises(DerivativeError, match="nothing"):
        nothing = Primitive("nothing", "{0}", lambda x: x)
        b = Builder([R])
        derive(b.finish([nothing(*b.wires)]))
    all_cases("unit.test_special", "test_what_has_no_known_derivative_says_so")


@check
def nothing_varied_costs_nothing() -> None:
    """What does not vary has no tangent: zeros are symbols, dead steps are gone."""
    program = program_of(parse(r"\x y c: Bool. (x * y, if c then y else y * y, 2 * y)")).program
    d = derive(program, [0])
    assert len(d.linear.steps) == 1 and d.linear.outputs[1:] == (-1, -1), str(d.linear)
    assert not any(isinstance(s, LinCase) for s in d.linear.steps)
    both = derive(program)
    assert len(both.linear.inputs) == 2 and both.active == (0, 1)
    copies = derive(program_of(parse(r"\x. (x, x, -x)")).program).linear
    assert len(copies.steps) == 1 and copies.outputs[:2] == (0, 0), str(copies)
    unused = derive(program_of(parse(r"\x y. let z = sin y in x")).program)
    assert not unused.linear.steps and not unused.primal.steps
    three = derive(program_of(parse(r"\x c: Bool. if c then x * x * x else x")).program)
    assert len(three.primal.ends) == 4, str(three)
    slots = r"\x y c: Bool. if c then exp x * y else sin y * x"
    assert len(derive(program_of(parse(slots)).program).primal.ends) == 6


@check
def transposition_exchanges_structure() -> None:
    """Twice transposed is the same; dup and add change places, drop and zero too."""
    all_cases("unit.test_cost", "test_transposition_exchanges_the_counts")
    for program in programs():
        linear = derive(program).linear
        twice = transposed(transposed(linear))
        assert repr(canonical(twice)) == repr(canonical(linear)), str(linear)


@check
def only_what_is_linear_transposes() -> None:
    with pytest.raises(LinearityError, match="sin"):
        cats.linear_transpose(np.sin, np.float64(0))
    all_cases("unit.test_linearity", *_tests("unit.test_linearity"))
    same(cats.linear_transpose(lambda x, y: x + 2.0 * y, 0.0, 0.0)(1.0), (1.0, 2.0))
    same(cats.linear_transpose(lambda x: x + (x + x) * 2.0, 0.0)(1.0), (5.0,))
    same(cats.linear_transpose(lambda x: (x, 2.0 * x), 0.0)((1.0, 3.0)), (7.0,))


# The public face


@check
def orders_nest() -> None:
    """N1 to N6: no perturbation is confused with another, at any order, in any mode."""
    inner: Any = lambda x: cats.grad(lambda y: x + y)(1.0)  # noqa: E731
    same(cats.grad(lambda x: x * inner(x))(1.0), 1.0)
    same(cats.grad(lambda x: cats.grad(lambda y: x * y)(2.0))(3.0), 1.0)
    same(cats.grad(lambda x: cats.grad(lambda y: x)(2.0))(3.0), 0.0)
    same(cats.grad(lambda x: x * cats.grad(lambda y: x * x * y)(2.0))(3.0), 27.0)
    cube: Any = lambda x: x * x * x  # noqa: E731
    push: Any = lambda f: lambda x: cats.jvp(f, (x,), (1.0,))[1]  # noqa: E731
    pull: Any = lambda f: lambda x: cats.vjp(f, x)[1](1.0)[0]  # noqa: E731
    for first, second in product((push, pull, cats.grad), repeat=2):
        close(first(second(cube))(2.0), 12.0)
    close(cats.grad(cats.grad(cats.grad(lambda x: 4.0 * x**3)))(1.234), 24.0)
    g: Any = np.sin
    for expected in (np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin):
        g = cats.grad(g)
        close(g(0.3), expected(0.3))
    h = cats.hessian(lambda x: np.sum(np.sin(np.outer(x, x)) ** 2))(np.array([0.3, 0.7, -0.2]))
    close(h, h.T)


@check
def arguments_are_chosen() -> None:
    """argnums, argnames, has_aux, containers: the right gradient in the right place."""
    f: Any = lambda x, y, z: x * y - z  # noqa: E731
    same(cats.grad(f)(2.0, 3.0, 5.0), 3.0)
    same(cats.grad(f, 1)(2.0, 3.0, 5.0), 2.0)
    same(cats.grad(f, -1)(2.0, 3.0, 5.0), -1.0)
    same(cats.grad(f, (1, 0))(2.0, 3.0, 5.0), (2.0, 3.0))
    same(cats.grad(f, argnames="y")(2.0, y=3.0, z=5.0), 2.0)
    value, slope = cats.value_and_grad(f, (2, 1))(2.0, 3.0, 5.0)
    assert (value, slope) == (1.0, (-1.0, 2.0))
    aux: Any = lambda x, y: (x * y, {"s": x + y})  # noqa: E731
    assert cats.grad(aux, 1, has_aux=True)(2.0, 3.0) == (2.0, {"s": 5.0})
    assert cats.value_and_grad(aux, has_aux=True)(2.0, 3.0) == ((6.0, {"s": 5.0}), 3.0)
    tree: Any = lambda d: d["a"] * d["b"][0] - d["b"][1]  # noqa: E731
    assert cats.grad(tree)({"a": 2.0, "b": [3.0, 1.0]}) == {"a": 3.0, "b": [2.0, -1.0]}
    assert cats.grad(lambda t: t[0] * 2.0)((3.0, np.int64(2)))[1] is None
    blocks = cats.jacobian(lambda x, y: (x * y, x - y, x), (1, 0))(2.0, 3.0)
    assert blocks == ((2.0, 3.0), (-1.0, 1.0), (0.0, 1.0))
    hess = cats.hessian(lambda x, y: x * x * y, (0, 1))(2.0, 3.0)
    assert hess == ((6.0, 4.0), (4.0, 0.0))
    assert cats.hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 0.5)) == (8.0, 4.0)
    assert cats.hvp(lambda x: x**3, (2.0,), (1.0,)) == 12.0
    assert cats.jvp(aux, (2.0, 3.0), (1.0, 0.0), has_aux=True) == (6.0, 3.0, {"s": 5.0})
    value, pull, extra = cats.vjp(aux, 2.0, 3.0, has_aux=True)
    assert (value, pull(1.0), extra) == (6.0, (3.0, 2.0), {"s": 5.0})
    refused: list[Callable[[], Any]] = [
        lambda: cats.grad(lambda x: x)(np.ones(2)),
        lambda: cats.grad(f)(2, 3.0, 5.0),
        lambda: cats.grad(f, 3)(2.0, 3.0, 5.0),
        lambda: cats.grad(lambda x: (x, x))(1.0),
        lambda: cats.grad(lambda x: x, has_aux=True)(1.0),
        lambda: cats.jacobian(lambda x: 3)(1.0),
    ]
    for bad in refused:
        with pytest.raises(CatsError):
            bad()


def _wide(x: Any) -> Any:
    return np.stack([np.sum(x * x), x[0] * x[1], np.exp(x[2]), x[0], np.sin(x[1])])


def _matrixy(a: Any, b: Any) -> Any:
    return np.tanh(a @ b.T) - np.outer(a[:, 0], b[:, 1])


@check
def jacobians_agree() -> None:
    """Forward, reverse and automatic Jacobians against differences, shapes in the right order."""
    x = np.array([0.3, -0.7, 1.1])
    f: Any = lambda x: np.concatenate([_wide(x), x[::-1] * x])  # noqa: E731
    expected = np.array([(f(x + STEP * e) - f(x - STEP * e)) / (2 * STEP) for e in np.eye(3)]).T
    for jacobian in (cats.jacfwd, cats.jacrev, cats.jacobian):
        close(jacobian(f)(x), expected, 1e-7)
    a, b = np.arange(6.0).reshape(2, 3) / 7, np.arange(12.0).reshape(4, 3) / 5 - 1
    blocks = [j(_matrixy, (0, 1))(a, b) for j in (cats.jacfwd, cats.jacrev)]
    for first, second, space in zip(*blocks, (a, b), strict=True):
        assert first.shape == (2, 4, *space.shape)
        close(first, second)
    v = np.ones_like(a)
    close(np.tensordot(blocks[0][0], v, 2), cats.jvp(lambda a: _matrixy(a, b), (a,), (v,))[1])
    assert cats.pipeline.best_mode(cats.trace(_wide, x), [0]) == "fwd"
    assert cats.pipeline.best_mode(cats.trace(np.sum, x), [0]) == "rev"


@check
def jacobians_have_structure_unless_in_chunks() -> None:
    """An entry of a diagonal for each number; so many unit vectors at once, in a loop."""
    x = np.linspace(0.1, 0.9, 40)
    for mode in (cats.jacfwd, cats.jacrev):
        assert cats.count(mode(np.sin), x).total < 10 * x.size
        whole, parts = (cats.source(f, x) for f in (mode(np.sin), mode(np.sin, chunk=2)))
        assert "in range(" in parts and "in range(" not in whole


@check
def halves_agree() -> None:
    """linearize and vjp under both policies; what is saved is what the policy says."""
    x = np.array([0.3, -0.7, 1.1])
    v, w = np.array([1.0, 2.0, -1.0]), np.array([1.0, -1.0, 0.5, 2.0, 3.0])
    for policy in (None, cats.SaveAll(), cats.Recompute()):
        value, push = cats.linearize(_wide, x, policy=policy)
        close(value, _wide(x))
        _, pull = cats.vjp(_wide, x, policy=policy)
        close(push(v), cats.jacfwd(_wide)(x) @ v)
        close(pull(w)[0], w @ cats.jacfwd(_wide)(x))
        close(np.dot(push(v), w), np.dot(v, pull(w)[0]))
    d = derive(cats.trace(lambda x: np.sin(np.exp(x)) * 3.0, x))
    saved = cats.unzip(d)
    assert saved.residuals == (Real((3,)),) * 2 and saved.saved == 6, saved.residuals
    again = cats.unzip(d, cats.Recompute())
    assert again.residuals == (Real((3,)),), again.residuals
    names = [s.op.name for s in saved.half.recompute.steps]
    assert not {"exp", "sin", "cos"}.intersection(names), names
    view = cats.unzip(derive(cats.trace(lambda x: np.sum(np.exp(x)[:, None] * x[None, :]), x)))
    assert view.saved == 6, view.residuals
    assert "exp" in [s.op.name for s in again.half.recompute.steps]


@check
def counts_are_bounded() -> None:
    """A gradient costs a few times the function, whatever the number of inputs; golden counts."""
    for n in (1, 10, 200):
        x = np.ones(n)
        f: Any = lambda x: np.sum(np.sin(x) * np.exp(x) / (x + 2.0))  # noqa: E731
        assert cats.count(cats.grad(f), x).total <= 5 * cats.count(f, x).total + 2
    assert cats.count(cats.value_and_grad(lambda a, b: a * a + b * b, (0, 1)), 1.0, 2.0).total == 5
    assert cats.count(lambda x: np.sin(x) + np.sin(x), 1.0).total == 2
    chain: Any = lambda x: x * x * x * x * x  # noqa: E731
    assert len(cats.trace(cats.grad(chain), 1.0)) < 30
    assert len(simplify(cats.trace(cats.grad(lambda x: np.negative(-x)), 1.0))) <= 1
    assert len(simplify(cats.trace(lambda x: (x * 1.0 - 0.0) / 1.0 + x * -1.0, 1.0))) == 1


# Terms


@check
def terms_become_programs() -> None:
    """tests/unit/test_pointfree.py: meaning, normal forms, closures chosen by data."""
    module = tests_of("unit.test_pointfree")
    all_cases("unit.test_pointfree", *_tests("unit.test_pointfree"))
    for n in (10, 40):
        for family, bound in module.FAMILIES.items():
            assert module.size(program_of(family(n)).program) <= bound * n + 6


@check
def closures_chosen_by_data() -> None:
    """Functions and members of sums that depend on data, with their environments."""
    text = (
        r"\x y c: Bool d: Bool. let f = (if c then (let a = x * y in \z. a - z) else"
        r" (if d then (let b = y - x; e = x in \z. b * z - e) else \z. z * z)) in f x - f y"
    )
    program = program_of(parse(text)).program
    for c, d in product((True, False), repeat=2):
        found = [10.0 - z if c else 3.0 * z - 2.0 if d else z * z for z in (2.0, 5.0)]
        args = [2.0, 5.0, np.bool_(c), np.bool_(d)]
        same(run(program, args), [found[0] - found[1]])
    sums = (r"\x y c: Bool d: Bool. let s = (if c then inl[R + R * R] x else"
            r" (if d then inr[R + R * R] (x, y) else inl[R + R * R] (x * y))) in"
            r" case s of inl a -> a - 1 | inr p -> p.1 - 2 * p.0")  # fmt: skip
    program = program_of(parse(sums)).program
    for (c, d), expected in {(True, True): 1.0, (True, False): 1.0, (False, True): 1.0,
                             (False, False): 9.0}.items():  # fmt: skip
        same(run(program, [2.0, 5.0, np.bool_(c), np.bool_(d)]), [expected])


# Wires


@check
def wires_are_shared_and_captured() -> None:
    """One step for each operation, arguments and parameters; stamps; captures; closed builders."""
    by_name = {op.name: op for op in VOCABULARY}
    total, add, neg = (by_name[n] for n in ("sum", "add", "neg"))
    assert Constant(np.nan) == Constant(np.nan) and Constant(0.0) != Constant(-0.0)
    outer = Builder([Real((2, 2)), R])
    x, y = outer.wires
    assert add(y, y) is add(y, y) and add(y, 1.0) is add(y, 1.0)
    assert total(x, axes=(0,)) is not total(x, axes=(1,))
    assert total(x, axes=(0,)) is total(x, axes=(0,))
    assert outer.lift(0.0) is not outer.lift(-0.0) and outer.lift(1.0) is not outer.lift(True)
    inner = Builder([R])
    (z,) = inner.wires
    made = mul(add(z, y), y)
    assert isinstance(made, Wire) and made.recorder is inner
    assert mul(y, z).recorder is inner and mul(z, y).recorder is inner
    assert inner.inputs == [R, R] and list(inner.captured) == [y]
    with pytest.raises(TraceError, match="outside"):
        outer.lift(z)
    program = inner.finish([made])
    same(run(program, [2.0, 3.0]), [15.0])
    mixed = Builder([Discrete((2,)), Real((2,))])
    assert add(mixed.wires[0], 1).space == Discrete((2,))
    assert mixed.lift_all((1.0, *mixed.wires))[0].space == Real((2,))
    with pytest.raises(TraceError, match="finished"):
        neg(made)
    with pytest.raises(TraceError):
        Builder().lift(z)
    weak = Builder([Real((2,), "float32")])
    assert add(weak.wires[0], 1.0).space == Real((2,), "float32")
    assert weak.lift(2.0, Real((), "float32")).space == Real((), "float32")
    deep = Builder([R])
    unused = by_name["sin"](deep.wires[0])
    kept = by_name["cos"](deep.wires[0])
    assert unused is not kept
    assert [s.op.name for s in deep.finish([kept]).steps] == ["cos"]
    four = cats.trace(lambda x: np.sum(x, axis=0) * np.sum(x, axis=1), np.ones((2, 2)))
    same(run(four, [np.arange(4.0).reshape(2, 2)]), [[2.0, 20.0]])
    shared = cats.trace(lambda x: np.sin(x) * np.sin(x), 1.0)
    assert len(shared) == 2, str(shared)


@check
def spaces_and_tangents() -> None:
    assert tangent(INT) == tangent(Discrete((3,), "bool")) == UNIT
    assert tangent(Product((R, INT))) == Product((R, UNIT))
    assert tangent(Sum((R, BOOL))) == Sum((R, UNIT))
    assert tangent(Real((3,))) == Real((3,))
    f: Any = lambda x, i: np.sum(x[i]) * 2.0  # noqa: E731
    same(cats.grad(f)(np.ones(3), np.array([0, 0, 2])), [4, 0, 2])
    same(cats.grad(lambda x: x * cats.stop_gradient(x))(3.0), 3.0)
    assert cats.grad(lambda t: t[0] * 3.0)((2.0, True)) == (3.0, None)


# Rules


@check
def rules_are_laws() -> None:
    """Every rule: the step is the law, both sides mean the same, ends are kept."""
    module = tests_of("spec.test_rules")
    for name in module.ON_TERMS:
        module.test_the_step_is_the_law(name)
    for name in module.PRINTED:
        module.test_a_law_prints_as_it_is_known(name)
    for name in module.ON_PROGRAMS:
        for shape in ((), (3,), (2, 3)):
            module.test_a_rule_on_programs_steps_from_left_to_right(name, shape)


@check
def rules_keep_every_bit() -> None:
    """Both sides of a rule that says it is exact, at nan, infinities and zeros of both signs."""
    module = tests_of("spec.test_rules")
    for law in module.ON_PROGRAMS.values():
        if law.exact:
            left, right, builder = module.on_wires(law, (3,))
            program = builder.finish([left, right])
            for seed in range(2):
                rng = module.Random(seed)
                args = [module._drawn(rng, s) for s in program.inputs]
                with np.errstate(all="ignore"):
                    _bits(*module._run(program, args))


def _bits(first: Any, second: Any) -> None:
    assert first.dtype == second.dtype
    assert np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
    if first.dtype.kind == "f":
        assert np.all((np.signbit(first) == np.signbit(second)) | np.isnan(first))


@check
def rules_wherever_they_apply() -> None:
    """Rules on random terms, and simplification of random programs at special numbers."""
    module = tests_of("spec.test_rules")
    cases = cases_of(module.test_wherever_the_step_applies_it_keeps_ends_and_meaning)
    for case in cases:
        module.test_wherever_the_step_applies_it_keeps_ends_and_meaning(**case)
    for name in module.ON_TERMS:
        module.test_both_sides_mean_the_same_for_all_letters(name=name)


SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan, 1e-310)


@check
def simplifying_keeps_every_bit() -> None:
    """Random programs over numbers, simplified, give the same bits; and settle."""
    by_name = {op.name: op for op in VOCABULARY}
    rng = np.random.default_rng(11)
    binary = [by_name[n] for n in ("add", "sub", "mul", "div", "maximum")]
    unary = [by_name[n] for n in ("neg", "exp", "log", "abs")]
    reads: list[Program] = []
    for _ in range(120):
        shape: tuple[int, ...] = [(), (3,)][int(rng.integers(2))]
        b = Builder([Real(shape)] * 2 + [BOOL])
        x, y, tag = b.wires
        pool: list[Any] = [x, y]
        for _ in range(int(rng.integers(3, 9))):
            op = (binary + unary)[int(rng.integers(len(binary) + len(unary)))]
            args = [
                pool[int(rng.integers(len(pool)))]
                if rng.random() < 0.6
                else b.lift(float(SPECIAL[int(rng.integers(5))]), x.space)
                for _ in range(2 if op in binary else 1)
            ]
            pool.append(op(*args))
        if rng.random() < 0.4:
            branches = [Builder([Real(shape)] * 2) for _ in range(2)]
            done = [
                c.finish([by_name["mul"](c.wires[0], 2.0 - k), c.wires[1 - k]])
                for k, c in enumerate(branches)
            ]
            known = rng.random() < 0.3
            chosen = b.lift(np.bool_(rng.integers(2))) if known else tag
            pool += b.case(tuple(done), chosen, pool[-2:])
        reads.append(b.finish(pool[-3:]))
    for program in reads:
        found = simplify(program)
        assert count(found).total <= count(program).total, f"{program}{chr(10)}{found}"
        for _ in range(3):
            args = [
                np.bool_(rng.integers(2)) if s == BOOL else rng.choice(SPECIAL, s.shape)[()]
                for s in program.inputs
            ]
            with np.errstate(all="ignore"):
                pairs = zip(NUMPY.compile(program)(*args), NUMPY.compile(found)(*args), strict=True)
                for first, second in pairs:
                    _bits(np.asarray(first), np.asarray(second))


@check
def branches_are_simplified() -> None:
    """A known tag takes its branch, equal branches are one, what none reads is not captured."""
    known = program_of(parse(r"\x. if x < 1 then x else x * x")).program
    assert any(s.op.name == "case" for s in simplify(known).steps)
    b = Builder([R, R, BOOL])
    x, y, tag = b.wires
    double, square = (Builder([R, R]) for _ in range(2))
    add = next(op for op in VOCABULARY if op.name == "add")
    left = double.finish([add(double.wires[1], double.wires[1])])
    right = square.finish([mul(square.wires[1], square.wires[1])])
    open_ = b.case((left, right), tag, (x, y))
    true = b.case((left, right), b.lift(np.True_), (x, y))
    equal = b.case((left, left), tag, (x, y))
    found = simplify(b.finish([*open_, *true, *equal]))
    cases = [s for s in found.steps if s.op.name == "case"]
    assert len(cases) == 1 and cases[0].args == (2, 1), str(found)
    for value in (True, False):
        same(run(found, [7.0, 5.0, np.bool_(value)]), [25.0 if value else 10.0, 25.0, 10.0])


# Backends


@check
def backends_agree() -> None:
    """Every operation and some whole programs in NumPy, numexpr, source and exact numbers."""
    module = tests_of("spec.test_backends")
    for op in VOCABULARY:
        for backend in module.FLOATS[:3]:
            module.test_every_primitive_gives_what_numpy_gives(backend, op, "float64")
    for op in VOCABULARY:
        if op.elementwise:
            with np.errstate(all="ignore"):
                module.test_entrywise_operations_agree_at_nan_infinities_and_zeros(
                    module.FLOATS[2], op
                )
    module.test_views_of_any_strides_are_read_as_they_are(module.FLOATS[0])


@check
def compiled_programs_mean_what_they_say() -> None:
    """Choices, shared and repeated values; results never alias arguments."""
    module = tests_of("spec.test_backends")
    for body in (module._case, module._nested_case, module._polar, module._repeated,
                 module._softmax, module._powers):  # fmt: skip
        program = module.program((Real((3,)), Real((3,))), body)
        for seed in range(4):
            rng = np.random.default_rng(seed)
            args = [rng.uniform(-1, 1, 3), rng.uniform(-1, 1, 3)]
            for backend in (NUMPY, cats.OnSource()):
                for found, expected in zip(
                    backend.compile(program)(*args), run(program, args), strict=True
                ):
                    close(found, expected)
    x = np.arange(6.0).reshape(2, 3)
    for f in (lambda x: x, lambda x: x.T, lambda x: x[0], lambda x: (x.T, x.T, x.reshape(3, 2))):
        results = cats.compile(f)(x)
        for a in results if isinstance(results, tuple) else (results,):
            assert not np.shares_memory(a, x)
    a, b = cats.compile(lambda x: (np.sin(x), np.sin(x)))(x)
    assert not np.shares_memory(a, b)
    constant = cats.compile(lambda x: np.ones(3))
    constant(x)[0] = 7.0
    same(constant(x), np.ones(3))


@check
def exact_numbers() -> None:
    """Gradients over fractions, to the last digit."""
    program = cats.trace(cats.grad(lambda x: x**3 / (x + 1.0)), 1.0)
    (found,) = cats.OnFractions().compile(program)(Fraction(1, 2))
    assert found == Fraction(4, 9)


@check
def scattered_pieces_keep_their_signs() -> None:
    """-A v + B v for two leaves that scatter, added in one pass."""
    space = Real((3,))
    ends = {"shape": (3,), "dtype": "float64"}
    first, second = (leaf_of(accumulate, 0, (), R, space, targets=((i,),), **ends) for i in (0, 1))
    step = SumStep((Term(-1, first, 0), Term(1, second, 0)), space)
    program = LinearProgram((R,), (step,), (1,), (space,))
    (found,) = represent(program, Forward(), lambda ref: ref)((np.float64(2.0),))
    close(found, [-2.0, 2.0, 0.0])


@check
def powers_have_slopes_at_zero() -> None:
    """The conventions of x ** y where x or y is 0."""
    slopes = cats.grad(lambda x, y: np.power(x, y), (0, 1))
    for x, y, wanted in (
        (0.0, 1.5, (0.0, 0.0)),
        (0.0, 0.0, (0.0, 0.0)),
        (2.0, 0.0, (0.0, np.log(2.0))),
    ):
        close(np.array(slopes(x, y)), wanted)


@check
def compositions_have_the_derivative_of_the_whole() -> None:
    """tests/spec/test_smoothing.py: every law reads its letters and agrees with its parts."""
    module = tests_of("spec.test_smoothing")
    for law, statics in module.CASES:
        module.test_a_law_reads_its_letters_off_its_left_side(law, statics, ())
        module.test_a_law_does_not_read_what_is_not_there(law, statics)
        with pytest.MonkeyPatch.context() as patch:
            module.test_where_the_parts_have_a_derivative_it_is_theirs(law, statics, patch)
    module.test_what_is_grounded_is_so_at_any_depth_and_asked_once()
    all_cases("spec.test_smoothing", "test_what_is_grounded")


@check
def what_commutes_is_seen_through() -> None:
    names = [n for n in _tests("spec.test_smoothing") if "commutes" in n or "factors" in n]
    all_cases("spec.test_smoothing", *names)


@check
def singular_values_cut_off_count() -> None:
    module = tests_of("spec.test_singular")
    for name in ("lstsq of both", "lstsq columns", "pinv"):
        module.test_singular_values_cut_off_have_their_part_in_derivatives(name)


@check
def limits_at_zero_and_far_out() -> None:
    """tests/spec/test_numerics.py: compositions at their kinks, and where they overflow."""
    numerics = tests_of("spec.test_numerics")
    with np.errstate(all="ignore"):
        for formula, at, expected in numerics.SMOOTH:
            numerics.test_a_composition_has_the_derivatives_of_the_whole(formula, at, expected[:2])


@check
def kinks_are_found() -> None:
    """tests/spec/test_kinks.py: where they are, and where there are none."""
    kinks = tests_of("spec.test_kinks")
    with np.errstate(all="ignore"):
        for row, point in kinks.CASES:
            kinks.test_kinks_finds_the_operation_and_quotes_the_convention(row, point)
            kinks.test_beside_a_kink_there_is_none(row, point)
    kinks.test_what_is_smooth_together_is_no_kink()
    kinks.test_what_the_derivative_does_not_go_through_is_no_kink()


@check
def calls_and_systems_are_derived() -> None:
    """With results nobody reads, arguments that do not vary, and tangents found to be zero."""
    a, x = np.array([[2.0, 1.0], [0.5, 3.0]]), np.array([0.3, 0.7])

    def parts(x: Any, y: Any, z: Any) -> Any:
        return np.sin(x) * y, y * y * z, np.exp(x) + z, z * 2.0

    def solved(b: Any, c: Any) -> Any:
        u, v = cats.linear_solve(lambda s: (a @ s[0] + s[1], 2.0 * s[1] - s[0]), (b, c))
        return u, v * u

    def plainly(b: Any, c: Any) -> Any:
        whole = np.linalg.solve(np.block([[a, np.eye(2)], [-np.eye(2), 2 * np.eye(2)]]), [*b, *c])
        return whole[:2], whole[2:] * whole[:2]

    for k, one, other in ((4, cats.checkpoint(parts), parts), (2, solved, plainly)):
        rest = [x + 1.0, 0.5 * x][: 1 if one is solved else 2]
        for chosen in [[i] for i in range(k)] + [list(range(k))]:
            for place in range(len(rest) + 1):
                args = rest[:place], rest[place:], chosen
                both = [partial(_cosines, f, *args) for f in (one, other)]
                for mode in (cats.jacfwd, cats.jacrev):
                    close(*[mode(f)(x) for f in both])
                close(*[cats.hessian(lambda t, f=f: np.sum(f(t)))(x) for f in both])
    for inner in (cats.checkpoint(lambda u, v: (u + 2.0 * v, 3.0 * v)), _through_a_system):
        f = cats.custom_jvp(lambda x, y: x * y)
        f.defjvp(lambda p, t, inner=inner: (p[0] * p[1], sum(inner(t[0], t[1]))))
        close(cats.grad(f, (0, 1))(2.0, 3.0), _slopes(inner))
        close(cats.grad(f, 0)(2.0, 3.0), _slopes(inner)[0])
        close(cats.grad(f, 1)(2.0, 3.0), _slopes(inner)[1])


def _cosines(f: Any, before: Any, after: Any, chosen: list[int], x: Any) -> Any:
    """Of some results of f, in one of its arguments."""
    found = f(*before, x, *after)
    return sum([np.cos(found[i]) for i in chosen])


def _through_a_system(u: Any, v: Any) -> Any:
    return u, cats.linear_solve(lambda s: 4.0 * s, v)


def _slopes(f: Any) -> tuple[float, ...]:
    return tuple(float(sum(f(*e))) for e in np.eye(2))


@check
def what_several_results_read_is_computed_once() -> None:
    """A rule that begins with one map and goes on with two: three products for each entry."""

    def rule(x: Any, *, out: Any) -> Linear:
        return Then(slope(2.0, x), Fork((slope(out[1], x), slope(out[0], x))))

    both = Primitive("both", "(np.sin({0}), np.cos({0}))", lambda x: (x, x), linearise=rule)
    builder = Builder([Real((5,))])
    made = builder.emit(both, tuple(builder.wires))
    assert isinstance(made, tuple) and tally(derive(builder.finish(made)).linear).work == 15


@check
def loops_are_their_rounds() -> None:
    """A rolled loop against the same rounds written out: what is carried, read and captured."""
    c, s, xs = 0.7, 0.4, np.array([0.3, -1.1, 0.8])

    def one(c: Any, s: Any, x: Any) -> Any:
        return np.sin(s * c) + x * x, s * x

    for ahead in (True, False):

        def rolled(c: Any, s: Any, xs: Any, ahead: bool = ahead) -> Any:
            last, ys = cats.scan(lambda s, x: one(c, s, x), s, xs, reverse=not ahead)
            return last + np.sum(ys * xs)

        def unrolled(c: Any, s: Any, xs: Any, ahead: bool = ahead) -> Any:
            total = 0.0
            for x in xs if ahead else xs[::-1]:
                s, y = one(c, s, x)
                total = total + y * x
            return s + total

        every = (0, 1, 2)
        for derivative in (cats.grad, cats.jacfwd, cats.jacrev, cats.hessian):
            found, expected = (derivative(f, every)(c, s, xs) for f in (rolled, unrolled))
            for a, b in zip(leaves(found), leaves(expected), strict=True):
                close(a, b)

    def squared(x: Any) -> Any:
        return cats.while_loop(lambda v: v > 1.0, lambda v: v * v / 3.0, x)  # six rounds

    close(cats.jacfwd(squared)(2.9), 64 * squared(2.9) / 2.9)

    def handed(xs: Any) -> Any:
        """Rows that come out as they go in, beside a carry that stays and one that grows."""
        (kept, last), (rows, own) = cats.scan(
            lambda v, x: ((v[0], v[1] * x), (x, v[0] * x)), (xs[0], xs[1]), xs
        )
        return np.sin(rows) * kept + last + own

    x = np.array([0.3, -1.1, 0.8])
    wanted = lambda x: np.sin(x) * x[0] + x[1] * np.prod(x) + x[0] * x  # noqa: E731
    for mode in (cats.jacfwd, cats.jacrev):
        close(mode(handed)(x), mode(wanted)(x))


@check
def each_mode_associates_its_way() -> None:
    """A product of matrices and a row is cheap in reverse, a column before them forward."""
    a = np.arange(64.0).reshape(8, 8)

    def narrow_end(x: Any) -> Any:
        return np.sum(a @ np.sin(a @ np.sin(a @ x)))

    x = np.ones(8)
    reverse, forward = (
        cats.count(cats.jacobian(narrow_end, mode=m), x).total for m in ("rev", "fwd")
    )
    assert 2 * reverse < forward, (reverse, forward)


# In which order

FIRST = {
    "ir/prims/least": ("linearisations_against_differences", "singular_values_cut_off_count"),
    "ir/prims/trunc": ("linearisations_against_differences", "singular_values_cut_off_count"),
    "ir/prims/": ("values_are_numpys", "values_of_whole_arrays",
                  "linearisations_against_differences", "conventions_at_ties_and_edges",
                  "leaves_are_linear_and_transpose", "totals_are_sums", "structure_lasts",
                  "matrices_are_structured"),
    "ir/rules/smoothing": ("compositions_have_the_derivative_of_the_whole",
                           "limits_at_zero_and_far_out"),
    "ir/rules/tails": ("compositions_have_the_derivative_of_the_whole",
                       "limits_at_zero_and_far_out"),
    "ir/rules/grounded": ("compositions_have_the_derivative_of_the_whole",
                          "limits_at_zero_and_far_out"),
    "ir/rules/": ("rules_are_laws", "rules_keep_every_bit", "rules_wherever_they_apply"),
    "ir/transpose": ("derivatives_of_programs", "loops_are_their_rounds"),
    "cats/derivat": ("choices_within_choices",),
    "ir/nesting": ("choices_within_choices", "wires_are_shared_and_captured"),
    "backends/text": ("choices_within_choices",),
    "cats/along": ("worked_example", "derivatives_of_programs"),
    "cats/derive": ("worked_example", "derivatives_of_programs", "nothing_varied_costs_nothing"),
    "ir/linear": ("worked_example", "derivatives_of_programs", "transposition_exchanges_structure",
                  "choices_within_choices"),
    "cats/zeros": ("leaves_are_linear_and_transpose", "totals_are_sums",
                   "what_is_not_taken_never_enters"),
    "cats/branches": ("choices_within_choices", "choices_are_compiled",
                      "what_is_not_taken_never_enters"),
    "cats/forward": ("worked_example", "derivatives_of_programs", "choices_are_compiled",
                     "totals_are_sums", "laws_of_categories"),
    "cats/dual": ("worked_example", "laws_of_categories"),
    "cats/functor": ("worked_example", "laws_of_categories", "one_matrix_in_all_representations"),
    "cats/matrix": ("jacobians_agree", "structure_lasts", "matrices_are_structured",
                    "laws_of_categories"),
    "cats/block": ("jacobians_agree", "structure_lasts", "matrices_are_structured",
                   "laws_of_categories"),
    "cats/affine": ("affine_maps_compose", "laws_of_categories"),
    "cats/begin": ("laws_of_categories",),
    "cats/continuation": ("laws_of_categories",),
    "cats/cost": ("costs_are_counted",),
    "cats/unzip": ("halves_agree",),
    "cats/watched": ("kinks_are_found",),
    "ir/smoothing": ("compositions_have_the_derivative_of_the_whole",),
    "ir/wire": ("wires_are_shared_and_captured", "worked_example"),
    "ir/primitive": ("wires_are_shared_and_captured",),
    "ir/spaces": ("spaces_and_tangents",),
    "ir/constant": ("wires_are_shared_and_captured",),
    "cats/pointfree": ("closures_chosen_by_data", "terms_become_programs"),
    "cats/closures": ("closures_chosen_by_data", "terms_become_programs"),
    "cats/simplify": ("branches_are_simplified", "simplifying_keeps_every_bit"),
    "cats/gradients": ("arguments_are_chosen",),
    "cats/prepared": ("arguments_are_chosen",),
    "cats/jacobians": ("arguments_are_chosen", "jacobians_agree"),
    "cats/maps": ("halves_agree", "arguments_are_chosen"),
    "ir/prune": ("calls_and_systems_are_derived", "derivatives_of_programs"),
    "cats/pipeline": ("orders_nest", "jacobians_agree", "halves_agree"),
    "backends/": ("compiled_programs_mean_what_they_say", "backends_agree"),
}  # fmt: skip
"""For a mutant of a file the checks that speak of it come first: the same ones decide, sooner."""


def in_order(file: str | None) -> list[Check]:
    """Every check once, those that speak of the file first."""
    wanted: tuple[str, ...] = ()
    for start, names in FIRST.items():
        if file is not None and file.startswith(start) and not wanted:
            wanted = names
    by_name = {c.__name__: c for c in CHECKS}
    first = [by_name[name] for name in wanted]
    return first + [c for c in CHECKS if c not in first]
