"""Partial evaluation does it: reverse mode in the naive unary form, and what becomes of it.

Huot and Shaikhha (2022) write the reverse derivative of a program as a chain of unary arrows on the
whole context. A step backwards, of `z = op(y_i, y_j)`, is

    (x ..., y_0, ..., y_n, z) |-> (x ..., y_0, ..., y_i + d_i z, ..., y_j + d_j z, ..., y_n)

and rebuilds the tuple. Done as it stands, n inputs and m operations take n m operations; run on
wires, where tuples are known, and with zeros simplified, it is the gradient cats compiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from cats.arrows import arrow_of
from cats.backends.on_numpy import OnNumpy
from cats.cost import count
from cats.derive import Derivative, derive
from cats.ir.arrow import Arrow, Const, Flat, Fork, Prim, Proj, Terminal, Then
from cats.ir.constant import Constant
from cats.ir.linear import Leaf, Ref
from cats.ir.linear_program import SumStep, Term
from cats.ir.node import postorder
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, neg
from cats.ir.prims.smooth import sin
from cats.ir.program import Program
from cats.ir.rules import EXACT
from cats.ir.rules.inexact import RULES as INEXACT
from cats.ir.spaces import Product, R
from cats.ir.wire import Builder
from cats.machine import Machine
from cats.pipeline import gradient
from cats.simplify import simplify

Value = Any


def chain(n: int) -> Program:
    """sin(... sin(sin(x0 x1) x2) ... xn): two operations for each input."""
    builder = Builder([R] * n)
    total, *rest = builder.wires
    for x in [*rest, builder.wires[0]]:
        total = sin(total * x)
    return builder.finish([total])


def context(saved: int, cotangents: int) -> Product:
    """What the primal saved, and a cotangent for each position of the linear program so far."""
    return Product((R,) * (saved + cotangents))


def backwards(d: Derivative, position: int, step: SumStep) -> Arrow:
    """The step from its position down: the last cotangent is spread to those it came from."""
    saved = d.residuals
    whole = context(saved, position + 1)
    parts: list[Arrow] = [Proj(whole.parts, i) for i in range(saved + position)]
    last = Proj(whole.parts, saved + position)
    for term in step.terms:
        at = saved + term.arg
        parts[at] = operation(add, parts[at], pulled(term, last, whole))
    return Fork(tuple(parts))


def pulled(term: Term, z: Arrow, whole: Product) -> Arrow:
    """+-L' z, in the context."""
    if term.leaf is not None:
        leaf: Leaf = term.leaf.op.adjoint(term.leaf)
        args = leaf.arguments(z)
        assert isinstance(leaf.op, Primitive)
        z = operation(leaf.op, *[fixed(a, whole) if a is not z else z for a in args])
    return z if term.sign > 0 else operation(neg, z)


def fixed(value: Any, whole: Product) -> Arrow:
    """A residual, or a number, in the context."""
    if isinstance(value, Ref):
        return Proj(whole.parts, value.position)
    return Then(Terminal(whole), Const(Constant(np.float64(value))))


def operation(op: Primitive, *args: Arrow) -> Arrow:
    return Then(Fork(args), Prim(op, (), (R,) * len(args)))


def naive(d: Derivative) -> Iterator[Arrow]:
    """The whole: the primal, zeros and a one for cotangents, then step after step backwards."""
    yield arrow_of(d.primal)
    saved, positions = d.residuals, len(d.linear.spaces)
    made = Product(d.primal.ends)
    kept = [Proj(made.parts, d.count + i) for i in range(saved)]
    zeros = [Then(Terminal(made), Const(Constant(np.float64(0.0)))) for _ in range(positions)]
    (result,) = d.linear.outputs
    zeros[result] = Then(Terminal(made), Const(Constant(np.float64(1.0))))
    yield Fork((*kept, *zeros))
    for position, step in reversed(list(d.linear.numbered())):
        assert isinstance(step, SumStep)
        yield backwards(d, position, step)
    end = context(saved, len(d.linear.inputs))
    yield Fork(tuple(Proj(end.parts, saved + i) for i in range(len(d.linear.inputs))))


def done(arrow: Arrow) -> int:
    """The operations of an arrow done as it stands: a part of a tuple made is one of them."""
    total = 0
    for node in postorder(arrow):
        match node:
            case Fork(parts):
                total += len(parts)
            case Flat(products):
                total += sum(len(p.parts) for p in products)
            case Prim():
                total += 1
    return total


def curves(n: int) -> tuple[Program, int, Program]:
    """The function, the operations of its naive gradient, and that gradient on wires."""
    program = chain(n)
    builder, off = Builder(program.inputs), 0
    value: Value = tuple(builder.wires)
    for arrow in naive(derive(program)):
        off += done(arrow)
        value = Machine(arrow, {}, builder).run(value)
    return program, off, builder.finish(value)


def check(sizes: Sequence[int]) -> None:
    """Off: as n m. On: at most five times the function, the gradient that cats compiles."""
    offs, ons = {}, {}
    for n in sizes:
        program, off, on_wires = curves(n)
        once = count(program).total
        on = simplify(on_wires, (*EXACT, *INEXACT))
        ons[n] = count(on).total / once
        if n > 1:
            offs[n] = off / (n * once)
        ours = simplify(gradient(program, range(n)))
        assert count(on).total <= count(ours).total
        xs = [np.float64(0.5 + 0.5 / (i + 1)) for i in range(n)]
        found, expected = OnNumpy().compile(on)(*xs), OnNumpy().compile(ours)(*xs)[1:]
        assert np.allclose(found, expected, rtol=1e-12)
    assert max(ons.values()) <= 5.0, ons
    assert max(ons.values()) / min(ons.values()) < 1.5, ons
    assert max(offs.values()) / min(offs.values()) < 2.5, offs
    assert min(offs.values()) > 1.0, offs


def test_the_naive_form_is_quadratic_and_partial_evaluation_makes_it_linear() -> None:
    check((4, 12, 36))


@pytest.mark.slow
def test_up_to_a_thousand_inputs() -> None:
    check((1, 10, 100, 1000))


def test_done_as_it_stands_it_is_a_tuple_for_each_operation() -> None:
    """The logarithm of the naive work against that of n has slope 2, against the compiled one 1."""
    small, large = curves(8), curves(64)
    growth = math.log(large[1] / small[1]) / math.log(8)
    linear = math.log(len(large[2].steps) / len(small[2].steps)) / math.log(8)
    assert growth > 1.85 and abs(linear - 1.0) < 0.05
