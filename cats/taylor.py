"""jet and taylor: derivatives of a function along a curve, to any order, in one sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

import numpy as np

from cats.engine import Answer, answered, fitted, moved, pair, real_leaves
from cats.ir.errors import DerivativeError, SpaceError
from cats.ir.prims.algebra import mul
from cats.ir.program import Program
from cats.ir.spaces import Real, Value
from cats.ir.wire import Builder
from cats.jets import jet as jet_program
from cats.places import placed, users_place
from cats.prepared import Traceable, prepare
from cats.trace import space_of_leaf
from cats.tree import Branch, flatten, unflatten


@placed
def jet(
    f: Callable[..., Any], primals: Sequence[Any], series: Sequence[Sequence[Any]]
) -> tuple[Any, list[Any]]:
    """(y, [y', y'', ...]) of y(t) = f(x(t)) at t = 0, from x and [x', x'', ...].

    primals   a sequence of arguments
    series    for each of them its derivatives in t, all equally many
    O(k^2) operations for k derivatives. Raises SpaceError if the series do not fit,
    DerivativeError where f has no derivative. Spelling: `jax.experimental.jet.jet`. Source:
    Griewank and Walther 2008, chapter 13.

    >>> jet(np.sin, (0.0,), ([1.0, 0.0, 0.0],))
    (np.float64(0.0), [np.float64(1.0), np.float64(0.0), np.float64(-1.0)])
    """
    order = _order(primals, series)
    call = prepare(f, tuple(primals), {})
    real = [i for i, s in enumerate(call.spaces) if isinstance(s, Real)]
    if not real:
        raise DerivativeError(
            "there is nothing real to differentiate", remedy="Pass floats and arrays of floats."
        )
    tree: Any = call.tree
    expected = tuple(zip(call.spaces, call.names, strict=True))
    rows = [
        fitted(tuple([s[n] for s in series]), tree.parts[0], expected, f"derivative {n + 1}")
        for n in range(order)
    ]
    columns = [(i, c) for i, c in zip(real, zip(*rows, strict=True), strict=False) if moved(c)]
    active = [i for i, _ in columns]
    given = [term for _, column in columns for term in column]

    def make(lifted: Traceable) -> Answer:
        plain = lifted.program
        program = _derivatives(jet_program(plain, active, order), order, plain)
        out = real_leaves(lifted.out, lifted.program.ends)
        return Answer(program, pair(lifted.out, Branch(list, (), (out,) * order)))

    return answered(f, call, given, ("jet", order, tuple(active)), make)  # type: ignore[no-any-return]


def _order(primals: Sequence[Any], series: Sequence[Sequence[Any]]) -> int:
    """How many derivatives there are. Raises SpaceError if they are not equally many."""
    lengths = {len(s) for s in series}
    if len(series) == len(primals) and len(lengths) == 1:
        return lengths.pop()
    raise SpaceError(
        f"{len(primals)} primals, and series of {[len(s) for s in series]} derivatives",
        where=users_place(),
        remedy="Give for each primal a list of its derivatives, all equally long.",
    )


def _derivatives(program: Program, order: int, plain: Program) -> Program:
    """The jet on derivatives in place of terms: x_n is the n-th derivative by n!."""
    builder = Builder(program.inputs)
    wires, count = list(builder.wires), len(plain.inputs)
    scaled = [_by(w, 1 / factorial(i % order + 1)) for i, w in enumerate(wires[count:])]
    made = builder.run(program, [*wires[:count], *scaled])
    ends = len(plain.outputs)
    terms = [_by(w, float(factorial(i % order + 1))) for i, w in enumerate(made[ends:])]
    outputs = len(terms) // order if order else 0
    turned = [terms[i * order + n] for n in range(order) for i in range(outputs)]
    return builder.finish([*made[:ends], *[builder.lift(t) for t in turned]])


def _by(wire: Value, number: float) -> Value:
    return wire if number == 1 else mul(wire, number)


@placed
def taylor(f: Callable[[Any], Any], x: Any, order: int, direction: Any = None) -> list[Any]:
    """[f(x), f'(x) d, f''(x) d^2 / 2, ..., f^(k)(x) d^k / k!]: the terms of f(x + t d) in t.

    direction   d, in the structure of x; ones if it is left out
    Otherwise as `jet`. Raises SpaceError for an order that is no count.

    >>> [float(c) for c in taylor(np.exp, 0.0, 3)]
    [1.0, 1.0, 0.5, 0.16666666666666666]
    """
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 0:
        raise SpaceError(
            f"the order of a series is {order!r}, and must be a whole number that is not negative",
            where=users_place(),
            remedy="Say how many derivatives there are to be.",
        )
    zeros, ones = _like(x, 0.0), _like(x, 1.0) if direction is None else direction
    value, derivatives = jet(f, (x,), ([ones, *[zeros] * (order - 1)][:order],))
    return [value, *[_divided(d, factorial(n + 1)) for n, d in enumerate(derivatives)]]


def _like(x: Any, number: float) -> Any:
    """The structure of x, all entries of reals being this number; None for what is not real."""
    leaves, tree = flatten(x)
    spaces = [space_of_leaf(v, "x") for v in leaves]
    ones = [np.full(s.shape, number, s.dtype)[()] for s in spaces if isinstance(s, Real)]
    return unflatten(real_leaves(tree, spaces), ones)


def _divided(value: Any, number: int) -> Any:
    leaves, tree = flatten(value)
    return unflatten(tree, [v / number for v in leaves])
