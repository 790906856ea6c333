"""Matrix: blocks keep their structure, on numbers and on wires, and cost what they must."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats import blocks
from cats.blocks import Dense, Diagonal, Identity, Kronecker, Permutation
from cats.blockwise import dense, plus, then
from cats.cost import count
from cats.dual import Dual
from cats.functor import by_position, interpret, represent
from cats.ir.linear import Fork, Id, Join, Leaf, Linear, Ref, Then, Zero
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import LinearProgram, SumStep, Term
from cats.ir.primitive import leaf_of
from cats.ir.prims.algebra import div, mul
from cats.ir.prims.choice import keep
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import accumulate, index
from cats.ir.prims.layout import convert, sum, transpose
from cats.ir.program import Program
from cats.ir.spaces import BOOL, INT, UNIT, Discrete, Ground, Product, R, Real
from cats.ir.wire import Builder
from cats.matrix import Matrix, Table, to_array, to_blocks
from tests.linear_programs import Sample, linear_programs, run
from tests.linear_terms import EXACT, leaves_between, real_spaces

V, SQUARE = Real((3,)), Real((3, 3))
Array = np.ndarray[Any, Any]


def compiled(program: LinearProgram, k: Any, spaces: list[Ground]) -> Program:
    """The matrix of a linear program as a program of its residuals."""
    builder = Builder(spaces)
    table = represent(program, k, by_position(list(builder.wires)))
    return builder.finish([builder.lift(to_array(table))])


def chain(leaves: list[Leaf]) -> LinearProgram:
    """One leaf after the other."""
    steps = tuple(SumStep((Term(1, leaf, i),), leaf.cod) for i, leaf in enumerate(leaves))
    return LinearProgram((leaves[0].dom,), steps, (len(leaves),), (leaves[-1].cod,))


# Structure


@given(real_spaces(), real_spaces(), real_spaces(), st.data())
def test_composition_of_blocks_is_the_product_of_their_matrices(
    a: Real, b: Real, c: Real, data: st.DataObject
) -> None:
    """dense (f ; g) = dense f then dense g, whatever the two structures are."""
    f = blocks.of_leaf(data.draw(leaves_between(a, b)))
    g = blocks.of_leaf(data.draw(leaves_between(b, c)))
    expected = np.tensordot(dense(g), dense(f), len(b.shape))
    assert np.array_equal(dense(then(f, g)), expected)
    assert np.array_equal(dense(then(Dense(a, b, dense(f)), g)), expected)
    assert np.array_equal(dense(then(f, Dense(b, c, dense(g)))), expected)


@given(real_spaces(), real_spaces(), st.data())
def test_a_sum_of_blocks_is_the_sum_of_their_matrices(
    a: Real, b: Real, data: st.DataObject
) -> None:
    """dense (f + g) = dense f + dense g, and the same of multiples and transposes."""
    f, g = (blocks.of_leaf(data.draw(leaves_between(a, b))) for _ in range(2))
    assert np.array_equal(dense(plus(f, g)), dense(f) + dense(g))
    assert np.array_equal(dense(blocks.scaled(f, -3)), -3 * dense(f))
    n, m = len(a.shape), len(b.shape)
    flipped = np.moveaxis(dense(f), range(m), range(n, n + m)) if n + m else dense(f)
    assert np.array_equal(dense(blocks.transposed(f)), flipped)


def diagonal(x: Any) -> Leaf:
    return leaf_of(mul, 1, (x,), V, V)


def test_tables_of_structure() -> None:
    """Diagonals and permutations compose and add to their like; a permutation undone is gone."""
    d, e = blocks.of_leaf(diagonal(np.arange(3.0))), blocks.of_leaf(diagonal(np.ones(3)))
    p = Permutation(V, V, np.array([1, 2, 0]))
    assert isinstance(then(d, e), Diagonal)
    assert isinstance(plus(d, e), Diagonal)
    assert isinstance(plus(d, Identity(V)), Diagonal)
    assert isinstance(then(p, p), Permutation)
    assert isinstance(then(then(p, p), p), Identity)
    assert isinstance(then(then(d, p), then(p, p)), Diagonal)
    weighted = then(d, p)
    assert isinstance(weighted, Permutation)
    assert np.array_equal(dense(weighted), np.diag(np.arange(3.0))[[1, 2, 0]])
    assert isinstance(plus(weighted, p), Permutation)


def test_zeros_are_never_written_out() -> None:
    """0 is absent from the table, and the identity is a symbol: f ; 0 + id costs nothing."""
    f = Then(diagonal(np.arange(3.0)), Zero(V, V)) + Id(V)
    table = interpret(f, Matrix())
    assert isinstance(table.block(0, 0), Identity)
    assert interpret(Zero(V, V), Matrix()).at == {}


def test_discrete_positions_have_no_columns() -> None:
    """T(Int) = 1: a discrete part of the domain or the codomain has no block."""
    table = interpret(Join((Id(V), Zero(UNIT, V))), Matrix())
    assert to_array(table).shape == (3, 3)
    mixed = Matrix().proj((INT, V, INT), 1)
    assert to_array(mixed).tolist() == np.eye(3).tolist()
    assert to_array(Matrix().proj((INT, V), 0)).shape == (0, 3)
    first, second, third = to_blocks(mixed)
    assert (first, third) == ((), ())
    assert second.shape == (3, 3)


def test_widths_are_kept() -> None:
    """A diagonal after a change of width is a diagonal of the new width."""
    narrow = Real((3,), "float32")
    f = leaf_of(mul, 1, (np.ones(3, np.float32),), narrow, narrow)
    table = interpret(Then(f, leaf_of(convert, 0, (), narrow, V, dtype="float64")), Matrix())
    block = table.block(0, 0)
    assert isinstance(block, Diagonal)
    assert block.entries.dtype == np.float64


def test_an_infinite_slope_stays_in_its_place() -> None:
    """diag(inf) kept only where a mask is true: no 0 * inf anywhere."""
    kept = leaf_of(keep, 1, (np.array([True, False, True]),), V, V)
    slope = diagonal(np.array([1.0, np.inf, np.inf]))
    table = interpret(Then(slope, kept), Matrix())
    assert np.array_equal(to_array(table), np.diag([1.0, 0.0, np.inf]))


# Matrix calculus


def square_of(x: Any) -> Linear:
    """The derivative of X |-> X @ X."""
    left = leaf_of(contract, 0, (x,), SQUARE, SQUARE, spec="ij,jk->ik")
    right = leaf_of(contract, 1, (x,), SQUARE, SQUARE, spec="ij,jk->ik")
    return Then(Fork((Id(SQUARE), Id(SQUARE))), Join((left, right)))


def test_the_jacobian_of_the_square_of_a_matrix() -> None:
    """I (x) A + A^T (x) I by columns, exactly, in whole numbers."""
    a, one = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, -9]]), np.eye(3)
    found = to_blocks(interpret(square_of(a), Matrix()))
    by_columns = found.transpose(1, 0, 3, 2).reshape(9, 9)
    assert np.array_equal(by_columns, np.kron(one, a) + np.kron(a.T, one))


def test_products_of_matrices_stay_kronecker() -> None:
    """X |-> A X B, C (A X B) D = (C A) X (B D): factors are multiplied, not 9 x 9 matrices."""
    a, b, c = (np.arange(9.0).reshape(3, 3) + i for i in range(3))
    f = leaf_of(contract, 1, (a, b), SQUARE, SQUARE, spec="ij,jk,kl->il")
    g = leaf_of(contract, 1, (c,), SQUARE, SQUARE, spec="ij,jk->ik")
    block = interpret(Then(f, g), Matrix()).block(0, 0)
    assert isinstance(block, Kronecker)
    assert np.asarray(block.left).tolist() == (c @ a).tolist()
    assert np.array_equal(dense(block).reshape(9, 9), np.kron(c @ a, b.T))
    added = leaf_of(sum, 0, (), SQUARE, V, axes=(0,))
    assert isinstance(interpret(Then(f, added), Matrix()).block(0, 0), Dense)


# Cost


def wires(n: int, space: Ground) -> list[Ground]:
    return [space] * n


def elementwise(n: int) -> tuple[LinearProgram, list[Ground]]:
    """exp(sin x) * x - x / y on n numbers, as derive writes it."""
    space = Real((n,))
    a, b, c, d = (Ref(i, space) for i in range(4))
    steps = (
        SumStep((Term(1, leaf_of(mul, 1, (a,), space, space), 0),), space),
        SumStep((Term(1, leaf_of(mul, 1, (b,), space, space), 1),), space),
        SumStep(
            (
                Term(1, leaf_of(mul, 1, (c,), space, space), 2),
                Term(-1, leaf_of(div, 0, (d,), space, space), 0),
            ),
            space,
        ),
    )
    return LinearProgram((space,), steps, (3,), (space,)), wires(4, space)


@pytest.mark.parametrize("k", [Matrix(), Dual(Matrix())], ids=["Matrix", "Dual(Matrix)"])
@pytest.mark.parametrize("n", [10, 1000])
def test_the_jacobian_of_an_elementwise_function_takes_n_operations(k: Any, n: int) -> None:
    """B3: it stays a diagonal: O(n) work, no n x n array."""
    program, spaces = elementwise(n)
    builder = Builder(spaces)
    table: Table = represent(program, k, by_position(list(builder.wires)))
    block = table.block(0, 0)
    assert isinstance(block, Diagonal)
    made = builder.finish([block.entries])
    assert count(made).total <= 8 * n


def test_association_is_forward_in_matrix_and_backward_in_its_dual() -> None:
    """Seven 64 x 64 maps and a row: 6 * 64^3 + 64^2 products against 7 * 64^2, a ratio of 55."""
    line, n = Real((64,)), 7
    table = Real((64, 64))
    maps = [leaf_of(contract, 1, (Ref(i, table),), line, line, spec="ij,j->i") for i in range(n)]
    row = leaf_of(contract, 1, (Ref(n, line),), line, R, spec="j,j->")
    spaces = [*wires(n, table), line]
    forward, backward = (
        count(compiled(chain([*maps, row]), k, spaces)) for k in (Matrix(), Dual(Matrix()))
    )
    assert forward["contract"] == forward.total
    assert forward.total / backward.total == pytest.approx(55.0, rel=0.05)


def test_the_gradient_of_many_reads_is_one_pass() -> None:
    """The sum of n indexed reads: the row of the Jacobian is scattered once, not n times."""
    n = 50
    space = Real((n,))
    reads = tuple(Term(1, leaf_of(index, 0, (), space, R, key=(i,)), 0) for i in range(n))
    program = LinearProgram((space,), (SumStep(reads, R),), (1,), (R,))
    found = compiled(program, Dual(Matrix()), [])
    assert [s.op for s in found.steps].count(accumulate) <= 1
    assert np.array_equal(run(found, [])[0], np.ones((n, 1)))


# Wires


@given(linear_programs(dtype="float64"))
@pytest.mark.parametrize("k", [Matrix(), Dual(Matrix())], ids=["Matrix", "Dual(Matrix)"])
def test_compiled_is_computed(k: Any, sample: Sample) -> None:
    """The matrix on wires, run at the residuals, is the matrix at the residuals."""
    spaces = [_space(v) for v in sample.residuals]
    program = compiled(sample.program, k, spaces)
    expected = to_array(represent(sample.program, k, sample.at))
    assert np.array_equal(run(program, sample.residuals)[0], expected)


def _space(v: Any) -> Ground:
    kind = np.asarray(v).dtype
    return Real(np.shape(v)) if kind.kind == "f" else Discrete(np.shape(v), kind.name)


def test_a_choice_not_known_yet_returns_blocks() -> None:
    """Diagonal in both branches: the case returns a diagonal; else it returns a whole matrix."""
    slope = leaf_of(mul, 1, (Ref(0, V),), V, V)
    turned = leaf_of(contract, 0, (np.eye(3)[::-1],), V, V, spec="j,ij->i")
    for other, kind in ((leaf_of(div, 0, (Ref(0, V),), V, V), Diagonal), (turned, Dense)):
        case = LinCase(Ref(1, BOOL), (Ref(0, V),), (chain([slope]), chain([other])), (0,))
        program = LinearProgram((V,), (case,), (1,), (V,))
        builder = Builder([V, BOOL])
        table = represent(program, Matrix(), by_position(list(builder.wires)))
        assert isinstance(table.block(0, 0), kind)
        made = builder.finish([builder.lift(to_array(table))])
        x = np.array([1.0, 2.0, 4.0])
        for tag in (False, True):
            values = represent(program, Matrix(), by_position([x, tag]))
            assert np.array_equal(run(made, [x, np.bool_(tag)])[0], to_array(values))


# Views


def test_nested_blocks_follow_the_spaces() -> None:
    """A Jacobian has one array for each part of the result and each part of the argument."""
    table = Matrix().identity(Product((R, V)))
    (a, b), (c, d) = to_blocks(table)
    assert [np.shape(v) for v in (a, b, c, d)] == [(), (3,), (3,), (3, 3)]
    assert np.array_equal(to_array(table), np.eye(4))


def test_fractions_stay_fractions() -> None:
    """Constants written for exact spaces are whole numbers: nothing is rounded."""
    space = Real((2,), EXACT)
    third = np.array([Fraction(1, 3), Fraction(2, 3)], object)
    f = leaf_of(mul, 1, (third,), space, space)
    g = leaf_of(transpose, 0, (), space, space, axes=(0,))
    found = to_array(interpret(Then(f, g) + Id(space), Matrix()))
    assert found.tolist() == [[Fraction(4, 3), 0], [0, Fraction(5, 3)]]


def test_a_factor_beyond_all_floats_is_infinite() -> None:
    """x + x, two thousand times: what is known to be a multiple of the identity overflows."""

    def doubled(x: Any) -> Any:
        for _ in range(2_000):
            x = x + x
        return x

    for jacobian in (cats.jacfwd, cats.jacrev, cats.grad):
        assert jacobian(doubled)(1.0) == np.inf
    assert np.array_equal(cats.jacfwd(doubled)(np.ones(2)), [[np.inf, 0.0], [0.0, np.inf]])


def test_a_conversion_to_the_same_numbers_is_the_identity() -> None:
    leaf = leaf_of(convert, 0, (), V, V, dtype="float64")
    assert isinstance(blocks.of_leaf(leaf), Identity)
    turn = blocks.of_leaf(leaf_of(transpose, 0, (), SQUARE, SQUARE, axes=(1, 0)))
    same = blocks.of_leaf(leaf_of(convert, 0, (), SQUARE, SQUARE, dtype="float64"))
    assert then(turn, same) is turn and then(same, turn) is turn
