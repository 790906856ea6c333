"""Functor, Forward and Dual: one linear map, read in several ways."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cats import fori_loop, scan, trace
from cats.backends.on_fractions import OnFractions
from cats.derive import derive
from cats.dual import Dual
from cats.forward import Forward, Nothing, materialise
from cats.functor import (
    StraightLine,
    Transformer,
    accumulate_forward,
    by_position,
    interpret,
    represent,
)
from cats.ir.errors import DerivativeError
from cats.ir.linear import Fork, Id, Inj, Join, Linear, Proj, Ref, Scale, Then, Zero
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import LinearProgram
from cats.ir.node import Node
from cats.ir.spaces import BOOL, Product, R, Real
from cats.ir.wire import Builder
from cats.matrix import Matrix
from tests.linear_programs import Sample, linear_programs

TWO = Product((R, R))


def swap() -> Linear:
    return Fork((Proj((R, R), 1), Proj((R, R), 0)))


def test_interpretation_does_not_recurse() -> None:
    term: Linear = Id(R)
    for _ in range(5000):
        term = Then(term, Scale(R, -1))
    back = interpret(term, Dual(Dual(Matrix())))
    assert type(back) is type(interpret(term, Matrix()))


def test_a_chain_of_transformers_does_not_recurse() -> None:
    one: Transformer[int] = Transformer(R, R, lambda h: h + 1)
    chain = one
    for _ in range(20_000):
        chain = Transformer(R, R, (chain, one))
    assert chain(0) == 20_001


def test_zeros_are_symbols_until_the_edge() -> None:
    f = Forward()
    assert interpret(Inj((R, R), 0), f)(2.0) == (2.0, Nothing(R))
    assert interpret(Then(Zero(R, TWO), swap()), f)(2.0) == (Nothing(R), Nothing(R))
    assert interpret(Then(Inj((R, R), 0), Join((Id(R), Id(R)))), f)(2.0) == 2.0
    assert materialise(Nothing(TWO)) == (0.0, 0.0)
    builder = Builder([Real((3,))])
    assert materialise(Nothing(Real((3,))), builder).space == Real((3,))


def test_dual_is_an_involution() -> None:
    for term in (swap(), Fork((Id(R), Scale(R, 3.0))), Join((Id(R), Scale(R, 3.0)))):
        v: Any = 5.0 if term.dom == R else (5.0, 7.0)
        assert interpret(term, Dual(Dual(Forward())))(v) == interpret(term, Forward())(v)


def test_dual_turns_composition_round() -> None:
    term = Then(Fork((Id(R), Scale(R, 3.0))), swap())
    assert interpret(term, Dual(Forward()))((1.0, 10.0)) == 1.0 * 3.0 + 10.0


def test_what_is_no_linear_map_is_refused() -> None:
    class Other(Node):
        def key(self) -> tuple[Any, ...]:
            return ()

    with pytest.raises(DerivativeError, match="Other is not a linear map"):
        interpret(Other(), Forward())  # type: ignore[arg-type]


@given(linear_programs(max_steps=6))
def test_step_by_step_and_as_a_straight_line_are_one(sample: Sample) -> None:
    """Forward reads the program as it stands; composing map by map gives the same, exactly."""
    forward = Forward()
    assert isinstance(forward, StraightLine)
    rng = np.random.default_rng(1)
    spaces: Any = sample.program.inputs
    v = tuple(_whole(rng, space.shape) for space in spaces)
    line = represent(sample.program, forward, sample.at)(v)
    steps = accumulate_forward(sample.program, forward, sample.at)(v)
    for a, b in zip(line, steps, strict=True):
        assert np.array_equal(materialise(a), materialise(b))


def _whole(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    numbers: Any = rng.integers(-9, 9, shape)
    return np.frompyfunc(Fraction, 1, 1)(numbers.astype(object))


def test_a_branch_not_known_yet_is_refused_by_name() -> None:
    class Chain(Forward):
        straight_line = None  # type: ignore[assignment]

    itself = LinearProgram((R,), (), (0,), (R,))
    case = LinCase(Ref(0, BOOL), (), (itself, itself), (0,))
    program = LinearProgram((R,), (case,), (1,), (R,))
    tag = Builder([BOOL]).wires[0]
    with pytest.raises(DerivativeError, match="Chain cannot represent a choice"):
        accumulate_forward(program, Chain(), lambda ref: tag)


WAYS = {
    "reversed": lambda x: x[::-1] * x,
    "gather": lambda x: x[[0, 0, 2]] * x[[1, 2, 1]],
    "rows left by a loop": lambda x: scan(lambda c, r: (c * r, (c * c, 2.0 * r)), 1.0, x),
    "rounds": lambda x: fori_loop(0, 3, lambda i, c: c * x[i], x),
    "widths": lambda x: x.astype(np.float32).astype(np.float64) * x,
    "a solution": lambda x: np.linalg.solve(np.outer(x, x) + 2 * np.eye(3), x),
    "joined": lambda x: np.concatenate([x, x[:1] * x[1:2]]),
    "sums": lambda x: np.cumsum(x) * np.mean(x),
}
"""Functions whose linear maps read, place and rearrange entries."""


@pytest.mark.parametrize("name", WAYS)
def test_functions_and_their_transposes_are_exact_on_fractions(name: str) -> None:
    """<f' v, w> = <v, f'^T w>, and every number a Fraction, without a backend."""
    found = derive(trace(WAYS[name], np.ones(3)))
    x = np.array([Fraction(1, 3), Fraction(2), Fraction(-1, 7)], object)
    at = by_position(OnFractions().compile(found.primal)(x)[found.count :])
    v = np.array([Fraction(3), Fraction(-1, 5), Fraction(1, 2)], object)
    moved = _entries(represent(found.linear, Forward(), at)((v,)))
    ends = [np.zeros(space.shape) for space in found.linear.ends]  # type: ignore[union-attr]
    w = tuple(_whole(np.random.default_rng(1), end.shape) for end in ends)
    back = _entries(represent(found.linear, Dual(Forward()), at)(w))
    assert sum(moved * _entries(w)) == sum(_entries((v,)) * back)
    assert {type(n) for n in (*moved, *back)} <= {Fraction, int}
    assert any(back != 0)


def _entries(values: Any) -> Any:
    return np.concatenate([np.ravel(np.asarray(materialise(v), object)) for v in values])
