"""Cost: what a linear program does is counted exactly, and transposing exchanges the counts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings

from cats.cost import Cost, Count, Ledger, count, tally
from cats.dual import Dual
from cats.functor import by_position, interpret, represent
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Ref, Scale, Then, Zero
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import ZERO, LinearProgram, SumStep, Term
from cats.ir.primitive import leaf_of
from cats.ir.prims.algebra import mul
from cats.ir.prims.arrays import cumsum
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import accumulate
from cats.ir.prims.layout import broadcast, sum
from cats.ir.prims.smooth import exp, sin
from cats.ir.spaces import BOOL, R, Real
from cats.ir.transpose import transposed
from cats.ir.wire import Builder
from tests.linear_programs import Sample, canonical, linear_programs, terms

V = Real((3,))


def slope(n: float) -> Leaf:
    return leaf_of(mul, 1, (n,), R, R)


# What is counted


def test_the_worked_example() -> None:
    """(cos z, sin z) at z = x * y: four products, one sum; backwards four products, one sum."""
    steps = (
        SumStep((Term(1, slope(2.0), 0), Term(1, slope(3.0), 1)), R),
        SumStep((Term(1, slope(5.0), 2),), R),
        SumStep((Term(1, slope(7.0), 2),), R),
    )
    program = LinearProgram((R, R), steps, (3, 4), (R, R))
    expected = Count(scale=4, add=1, dup=1, drop=0, zero=0, work=5)
    assert tally(program) == tally(transposed(program)) == expected
    assert represent(program, Cost(), by_position([])) == expected
    assert represent(program, Dual(Cost()), by_position([])) == expected


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (LinearProgram((R, R), (), (0, 0, 0), (R, R, R)), Count(dup=2, drop=1)),
        (LinearProgram((R,), (), (ZERO, ZERO), (R, R)), Count(drop=1, zero=2)),
        (LinearProgram((R,), (SumStep((), V),), (1,), (V,)), Count(drop=1, zero=1)),
        (
            LinearProgram((V,), (SumStep((Term(1, None, 0),) * 3, V),), (1,), (V,)),
            Count(add=2, dup=2, work=6),
        ),
        (
            LinearProgram((V,), (SumStep((Term(-1, None, 0),), V),), (1,), (V,)),
            Count(work=3),
        ),
        (LinearProgram((), (), (), ()), Count()),
    ],
)
def test_conventions(program: LinearProgram, expected: Count) -> None:
    """dup = uses - 1, add = terms - 1, drop = unused, zero = an empty output or sum."""
    assert tally(program) == expected


def test_a_case_counts_of_each_the_branch_that_has_most() -> None:
    dear = LinearProgram((V,), (SumStep((Term(1, None, 0),) * 2, V),), (1,), (V,))
    scaling = SumStep((Term(1, leaf_of(mul, 1, (Ref(0, V),), V, V), 0),), V)
    cheap = LinearProgram((V,), (scaling,), (1,), (V,))
    case = LinCase(Ref(0, BOOL), (Ref(1, V),), (dear, cheap), (0,))
    found = tally(LinearProgram((V,), (case,), (1,), (V,)))
    assert found == Count(scale=1, add=1, dup=1, work=3)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (Id(R), Count()),
        (Zero(R, R), Count(drop=1, zero=1)),
        (Fork((Id(R),) * 3), Count(dup=2)),
        (Join((Id(V),) * 3), Count(add=2, work=6)),
        (Proj((R, R, R), 1), Count(drop=2)),
        (Inj((R, R, R), 1), Count(zero=2)),
        (Then(Scale(V, 2), Scale(V, 3)), Count(scale=2, work=6)),
        (leaf_of(sum, 0, (), V, R, axes=(0,)), Count(scale=1, work=2)),
    ],
)
def test_counts_of_terms(f: Linear, expected: Count) -> None:
    """Each node says what it does; Dual says the same of the transposed term."""
    assert interpret(f, Cost()) == expected


# The equalities of transposition


@given(linear_programs(max_steps=8))
def test_transposition_exchanges_the_counts(sample: Sample) -> None:
    """scale stays, add and dup change places, zero and drop change places. Radul et al. 2023."""
    there, back = tally(sample.program), tally(transposed(sample.program))
    assert back.scale == there.scale
    assert (back.add, back.dup) == (there.dup, there.add)
    assert (back.zero, back.drop) == (there.drop, there.zero)


@given(linear_programs(max_steps=8))
def test_transposing_twice_is_the_program(sample: Sample) -> None:
    """T (T e) = e up to the order of terms and of independent steps."""
    twice = transposed(transposed(sample.program))
    assert canonical(twice) == canonical(sample.program)
    assert (twice.inputs, twice.ends) == (sample.program.inputs, sample.program.ends)


def test_the_normal_form_tells_programs_apart() -> None:
    """Another sign, another residual, another sharing: another program."""
    forms = {
        canonical(LinearProgram((R,), (SumStep(ts, R),), (1,), (R,)))
        for ts in (
            (Term(1, slope(2.0), 0),),
            (Term(-1, slope(2.0), 0),),
            (Term(1, slope(3.0), 0),),
            (Term(1, None, 0), Term(1, slope(2.0), 0)),
            (Term(1, None, 0), Term(1, None, 0)),
        )
    }
    assert len(forms) == 5


def test_what_programs_are_generated() -> None:
    """Of 200 a third have a case, many share a position, some have zeros; all operations occur."""
    seen: list[LinearProgram] = []

    @settings(max_examples=200)
    @given(linear_programs(max_steps=8))
    def collect(sample: Sample) -> None:
        seen.append(sample.program)

    collect()

    def share(has: Callable[[LinearProgram], object]) -> float:
        return len([p for p in seen if has(p)]) / len(seen)

    assert share(lambda p: any(isinstance(s, LinCase) for s in p.steps)) >= 0.33
    assert share(lambda p: tally(p).dup) >= 0.4
    assert share(lambda p: tally(p).zero) >= 0.1
    assert share(lambda p: tally(p).drop) >= 0.1
    assert share(lambda p: len(p.steps) >= 3) >= 0.25
    leaves = [t.leaf for p in seen for t in terms(p) if t.leaf is not None]
    names = {leaf.op.name for leaf in leaves}
    assert {"mul", "div", "neg", "sum", "broadcast", "index", "accumulate", "contract"} <= names
    fixed = [v for leaf in leaves for v in leaf.fixed]
    assert any(isinstance(v, Ref) for v in fixed)
    assert any(isinstance(v, np.ndarray) for v in fixed)


# Programs


def test_a_ledger_of_a_program() -> None:
    builder = Builder([Real((10,))])
    (x,) = builder.wires
    y = contract(sin(x) * x, x, spec="i,i->")
    ledger = count(builder.finish([y * y, cumsum(x, axis=0, reverse=False)]))
    assert str(ledger) == ("contract  19\nmul       11\ncumsum    10\nsin       10\ntotal     50")
    assert (ledger["mul"], ledger["exp"], ledger.total) == (11, 0, 50)
    assert count(builder.finish([x])) == Ledger(())


def test_views_and_constants_are_free() -> None:
    builder = Builder([R])
    (x,) = builder.wires
    wide = broadcast(x, shape=(100,), axes=())
    placed = accumulate(x, shape=(5,), dtype="float64", targets=((1,),))
    assert count(builder.finish([wide, placed, builder.lift(np.ones(7))])).total == 0


def test_of_a_case_the_dearer_branch_counts() -> None:
    outer = Builder([BOOL, V])
    tag, x = outer.wires
    branches = []
    for dear in (False, True):
        inner = Builder([V])
        (y,) = inner.wires
        branches.append(inner.finish([exp(sin(y)) if dear else y + y]))
    made = outer.finish(outer.case(tuple(branches), tag, [x]))
    assert dict(count(made).entries) == {"exp": 3, "sin": 3}
