"""jet and taylor: derivatives of a function along a curve, to any order, in one sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import factorial
from typing import Any

import numpy as np

from cats.engine import Answer, answered, fitted, moved, pair, real_leaves
from cats.ir.errors import DerivativeError, SpaceError, kind_of
from cats.ir.prims.algebra import mul
from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, Value
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
    O(k^2) operations for k derivatives; an argument whose derivatives are all given as 0 does not
    vary. Raises SpaceError if the series do not fit, DerivativeError where f has no derivative, or
    where k! or 1/k! is no number of the dtype. Spelling: `jax.experimental.jet.jet`. Source:
    Griewank and Walther 2008, chapter 13.

    >>> jet(np.sin, (0.0,), ([1.0, 0.0, 0.0],))
    (np.float64(0.0), [np.float64(1.0), np.float64(0.0), np.float64(-1.0)])
    """
    order = _order(primals, series)
    derivatives = [tuple([s[n] for s in series]) for n in range(order)]
    return _series(f, primals, derivatives, order, _derivatives)


Turn = Callable[[Program, int, Program], Program]
"""What is made of a jet on terms, from the order and the program it is the jet of."""


@placed
def _series(
    f: Callable[..., Any], primals: Sequence[Any], terms: Sequence[Any], order: int, turn: Turn
) -> tuple[Any, list[Any]]:
    """(y, what `turn` makes of its terms) for a curve of which so many terms are given."""
    call = prepare(f, tuple(primals), {})
    real = [i for i, s in enumerate(call.spaces) if isinstance(s, Real)]
    if not real:
        raise DerivativeError(
            "there is nothing real to differentiate", remedy="Pass floats and arrays of floats."
        )
    tree: Any = call.tree
    expected = tuple(zip(call.spaces, call.names, strict=True))
    rows = [
        fitted(term, tree.parts[0], expected, f"derivative {n}") for n, term in enumerate(terms, 1)
    ]
    columns = [(i, c) for i, c in zip(real, zip(*rows, strict=True), strict=False) if moved(c)]
    active = [i for i, _ in columns]
    given = [term for _, column in columns for term in column]

    def make(lifted: Traceable) -> Answer:
        plain = lifted.program
        try:
            program = turn(jet_program(plain, active, order, len(rows)), order, plain)
        except RecursionError:
            raise DerivativeError(
                f"a series of {order} terms is said by derivatives of derivatives that nest deeper "
                "than Python allows",
                where=users_place(),
                remedy="Ask for fewer terms.",
            ) from None
        out = real_leaves(lifted.out, lifted.program.ends)
        return Answer(program, pair(lifted.out, Branch(list, (), (out,) * order)))

    options = "jet", order, len(rows), tuple(active), turn
    return answered(f, call, given, options, make)  # type: ignore[no-any-return]


def _order(primals: Sequence[Any], series: Sequence[Sequence[Any]]) -> int:
    """How many derivatives there are. Raises SpaceError if they are not equally many."""
    if not (isinstance(primals, Sequence) and isinstance(series, Sequence)):
        found = f"primals are {kind_of(primals)}, and series {kind_of(series)}"
    else:
        listed = [len(s) if np.ndim(s) or isinstance(s, Sequence) else kind_of(s) for s in series]
        if len(series) == len(primals) and len(set(listed)) == 1 and isinstance(listed[0], int):
            return listed[0]
        found = f"{len(primals)} primals, and series of {listed} derivatives"
    raise SpaceError(
        found,
        where=users_place(),
        remedy="Give for each primal a list of its derivatives, all equally long.",
    )


def _derivatives(program: Program, order: int, plain: Program) -> Program:
    """The jet on derivatives in place of terms: x_n is the n-th derivative by n!."""
    _refuse_factorial(order, (*plain.inputs, *plain.ends))
    builder = Builder(program.inputs)
    wires, count = list(builder.wires), len(plain.inputs)
    scaled = [_by(w, 1 / factorial(i % order + 1)) for i, w in enumerate(wires[count:])]
    made = builder.run(program, [*wires[:count], *scaled])
    ends = len(plain.outputs)
    terms = [_by(w, float(factorial(i % order + 1))) for i, w in enumerate(made[ends:])]
    return builder.finish([*made[:ends], *map(builder.lift, _by_order(terms, order))])


def _terms(program: Program, order: int, plain: Program) -> Program:
    """The jet, order by order."""
    ends = len(plain.outputs)
    outputs = (*program.outputs[:ends], *_by_order(program.outputs[ends:], order))
    return replace(program, outputs=outputs)


def _by_order(terms: Sequence[Any], order: int) -> list[Any]:
    """Terms of one result after the other as those of one order after the other."""
    return [term for n in range(order) for term in terms[n::order]]


def _by(wire: Value, number: float) -> Value:
    return wire if number == 1 else mul(wire, number)


def _refuse_factorial(order: int, spaces: Sequence[Ground]) -> None:
    """Raises DerivativeError if order! is no number of some dtype: derivatives are terms by it."""
    for space in spaces:
        if isinstance(space, Real) and factorial(order) > int(1 / np.finfo(space.dtype).tiny):
            raise DerivativeError(
                f"{order} derivatives of a series were asked for, and {order}! or 1/{order}! is "
                f"no number of {space.dtype}",
                where=users_place(),
                remedy="Ask cats.taylor for the terms, which are derivatives by n!.",
            )


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
    terms = [(_ones(x) if direction is None else direction,)][:order]
    value, found = _series(f, (x,), terms, order, _terms)
    return [value, *found]


def _ones(x: Any) -> Any:
    """The structure of x, all entries of reals being 1; None for what is not real."""
    leaves, tree = flatten(x)
    spaces = [space_of_leaf(v, "x") for v in leaves]
    ones = [np.ones(s.shape, s.dtype)[()] for s in spaces if isinstance(s, Real)]
    return unflatten(real_leaves(tree, spaces), ones)
