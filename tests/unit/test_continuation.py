"""Continuation and Begin: one association each, over data, at linear cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from cats.begin import Begin
from cats.continuation import Continuation
from cats.cost import count
from cats.dual import Dual
from cats.forward import Forward
from cats.functor import by_position, interpret, represent
from cats.ir.linear import Fork, Id, Join, Leaf, Linear, Ref, Then
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import LinearProgram, SumStep, Term
from cats.ir.primitive import leaf_of
from cats.ir.prims.algebra import mul
from cats.ir.prims.contraction import contract
from cats.ir.prims.layout import sum
from cats.ir.prims.smooth import sin
from cats.ir.program import Program
from cats.ir.spaces import BOOL, Product, R, Real
from cats.ir.wire import Builder
from cats.matrix import Matrix, to_array
from tests.linear_programs import Sample, linear_programs, run

K = Matrix()
ONE = K.identity(R)


def slope(x: object) -> Leaf:
    return leaf_of(mul, 1, (x,), R, R)


def squares(n: int) -> tuple[LinearProgram, Builder, list[object]]:
    """The derivative of x |-> x * x, n times over, and the residuals on wires."""
    builder = Builder([R])
    at: list[object] = [builder.wires[0]]
    for _ in range(n):
        at.append(mul(at[-1], at[-1]))
    steps = tuple(
        SumStep((Term(1, slope(Ref(i, R)), i), Term(1, slope(Ref(i, R)), i)), R) for i in range(n)
    )
    return LinearProgram((R,), steps, (n,), (R,)), builder, at


def products(kind: str, n: int) -> int:
    """How many multiplications the derivative of n squarings takes."""
    program, builder, at = squares(n)
    dom, cod = Product((R,)), Product((R,))
    if kind == "continuation":
        f = represent(program, Continuation(K, cod), by_position(at))
        found = f(K.identity(cod))
    else:
        f = represent(program, Begin(K, dom), by_position(at))
        found = f(K.identity(dom))
    made = builder.finish([builder.lift(to_array(found))])
    return count(made)["mul"]


@pytest.mark.parametrize("kind", ["continuation", "begin"])
def test_cost_is_linear_in_the_depth(kind: str) -> None:
    """x |-> x * x iterated: over functions 4 to the n products, over data 3 n."""
    counts = {n: products(kind, n) for n in (10, 100, 1000)}
    assert all(found <= 4 * n for n, found in counts.items())
    assert counts[1000] - counts[100] == 10 * (counts[100] - counts[10])


def test_a_long_chain_of_terms_does_not_recurse() -> None:
    """Two thousand squarings as one term, f ; <id, id> ; [s | s] ; ..."""
    term: Linear = Id(R)
    for _ in range(2000):
        both = Join((Then(slope(1.0), Id(R)), slope(0.0)))
        term = Then(term, Then(Fork((Id(R), Id(R))), both))
    for k in (Continuation(K), Begin(K)):
        assert to_array(interpret(term, k)(ONE)).tolist() == [[1.0]]


@given(linear_programs())
def test_the_carrier_may_be_any_space(sample: Sample) -> None:
    """With r = B the identity gives the whole matrix, with r = R a functional gives one row."""
    program = sample.program
    dom, cod = Product(program.inputs), Product(program.ends)
    expected = to_array(represent(program, K, sample.at))
    whole = represent(program, Continuation(K, cod), sample.at)(K.identity(cod))
    assert np.array_equal(to_array(whole), expected)
    columns = represent(program, Begin(K, dom), sample.at)(K.identity(dom))
    assert np.array_equal(to_array(columns), expected)
    first = program.ends[0]
    row = K.proj(program.ends, 0)
    found = represent(program, Continuation(K, first), sample.at)(row)
    assert np.array_equal(to_array(found), to_array(K.then(represent(program, K, sample.at), row)))


def test_they_agree_with_dual_and_forward() -> None:
    """A row composed with the map is the map transposed at the row; a point, the map at it."""
    space = Real((3,))
    m = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 10]])
    f = Then(
        leaf_of(contract, 1, (m,), space, space, spec="ij,j->i"),
        leaf_of(mul, 1, (np.array([1.0, -1, 2]),), space, space),
    )
    row = leaf_of(sum, 0, (), space, R, axes=(0,))
    found = interpret(f, Continuation(K))(K.leaf(row))
    assert np.array_equal(to_array(found)[0], interpret(f, Dual(Forward()))(np.ones(3)))
    v = np.array([1.0, 1, 2])
    point = K.leaf(leaf_of(contract, 0, (v,), R, space, spec=",a->a"))
    assert np.array_equal(to_array(interpret(f, Begin(K))(point))[:, 0], interpret(f, Forward())(v))


def test_a_choice_not_known_yet_is_left_to_the_category_below() -> None:
    """Matrix makes a case of it; so do Continuation and Begin over Matrix."""

    def branch(by: float) -> LinearProgram:
        return LinearProgram((R,), (SumStep((Term(1, slope(by), 0),), R),), (1,), (R,))

    case = LinCase(Ref(1, BOOL), (), (branch(2.0), branch(5.0)), (0,))
    program = LinearProgram((R,), (case,), (1,), (R,))
    ends = Product((R,))
    for k in (Continuation(K, ends), Begin(K, ends)):
        builder = Builder([R, BOOL])
        table = represent(program, k, by_position(list(builder.wires)))(K.identity(ends))
        made: Program = builder.finish([builder.lift(to_array(table))])
        assert [float(run(made, [sin(0.0), np.bool_(t)])[0][0, 0]) for t in (0, 1)] == [2.0, 5.0]
