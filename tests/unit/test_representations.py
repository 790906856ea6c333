"""Functor, Forward and Dual: one linear map, read in several ways."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cats.dual import Dual
from cats.forward import Forward, Nothing, materialise
from cats.functor import StraightLine, Transformer, accumulate_forward, interpret, represent
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
