"""fixed_point, root, linear_solve: what an equation says, with derivatives by the equation.

x = f(x, p) gives dx = (1 - f_x)^-1 f_p dp, whatever found x: no iteration is differentiated, and
one linear system is solved, by products with f_x only. Or the last steps stand for all of them.
(Bolte, Pauwels, Vaiter 2023, one-step differentiation; Griewank and Walther 2008, chapter 15.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cats.bodies import Body, Flat, applied, body_of, closed, described, laid_out, matched
from cats.ir.control import Call, Custom, Loop, Rule, Solve, While
from cats.ir.errors import DerivativeError, LinearityError, SpaceError, TraceError
from cats.ir.prims import arrays
from cats.ir.prims.algebra import add, mul, neg, sub
from cats.ir.prims.choice import abs as magnitude
from cats.ir.prims.choice import (
    less,
    less_equal,
    logical_and,
    logical_not,
    maximum,
    select,
    where_number,
)
from cats.ir.prims.layout import broadcast, convert, stop
from cats.ir.program import Program
from cats.ir.spaces import INT, Ground, Real, Value
from cats.ir.wire import Builder, Wire
from cats.linearity import check_linear_function
from cats.maps import linearize
from cats.pipeline import pushforward
from cats.places import placed, users_place
from cats.policies import Policy, known, natural, written
from cats.tracked import Tracked
from cats.tree import Tree, unflatten
from cats.whole import compile

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Implicit:
    """By the equation itself, at any order: one linear system for each derivative, by GMRES.

    tolerance   how much smaller than its right side the residual of the system is, if rounding
                lets it be
    rounds      how many products with f_x it may take; the derivative is nan beyond
    Raises DerivativeError for a negative number.
    """

    tolerance: float = 1e-12
    rounds: int = 1000

    def __post_init__(self) -> None:
        _tolerance(self.tolerance)
        object.__setattr__(self, "rounds", natural(_ROUNDS, self.rounds, 0))


@dataclass(frozen=True, slots=True)
class Unroll:
    """Through the steps that are taken; `policy` says what is kept of them.

    The derivative is that of these steps, not of the solution: it converges with their number, and
    an iteration that begins at the solution ends after one. Say `steps` where that matters.
    """

    policy: Policy | None = None

    def __post_init__(self) -> None:
        known(self.policy)


@dataclass(frozen=True, slots=True)
class Neumann:
    """Through the last so many steps only: the first terms of (1 - f_x)^-1 = 1 + f_x + f_x^2 + ...

    One term is one-step differentiation: for a contraction by rho the relative error is at most
    rho^terms, and none where f_x vanishes at the solution, as in Newton's method. Raises
    DerivativeError if terms is not positive.
    """

    terms: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", natural("the number of terms", self.terms, 1))


Differentiation = Implicit | Unroll | Neumann

_ROUNDS = "the number of rounds of a linear system"


@placed
def _way(by: Differentiation | None) -> Differentiation:
    """The way. Raises DerivativeError if it is none."""
    if by is None:
        return Implicit()
    if isinstance(by, Implicit | Unroll | Neumann):
        return by
    raise DerivativeError(
        f"by={by!r} says not how a solution is differentiated",
        where=users_place(),
        remedy="Give one of Implicit(), Unroll(policy), Neumann(terms).",
    )


def _tolerance(number: float) -> float:
    """The number. Raises DerivativeError if it is no tolerance."""
    real = isinstance(number, float | int | np.floating | np.integer)
    if real and not isinstance(number, bool) and number >= 0:
        return number
    raise DerivativeError(
        f"tolerance={number!r} is no number from 0 up",
        remedy="Give a small number, for instance 1e-12.",
    )


def _reach(tolerance: float | None, spaces: Sequence[Ground]) -> float:
    """The tolerance as rounding allows it: some units in the last place at least."""
    unit = max(float(np.finfo(s.dtype).eps) for s in spaces)
    return max(1e-12, 16 * unit) if tolerance is None else max(tolerance, 4 * unit)


@dataclass(frozen=True)
class _Fixed:
    """x = f(x, *args), found by iteration.

    zero   the function that vanishes at the solution, if that is what was asked for
    """

    f: Function
    zero: Function | None
    by: Differentiation
    tolerance: float | None
    most: int
    steps: int | None

    @classmethod
    def asked(
        cls,
        f: Function,
        zero: Function | None,
        by: Differentiation | None,
        tolerance: float | None,
        most: int,
        steps: int | None,
    ) -> _Fixed:
        """What users ask for. Raises DerivativeError for numbers that are none."""
        return cls(
            f,
            zero,
            _way(by),
            None if tolerance is None else _tolerance(tolerance),
            natural("max_steps", most, 0),
            None if steps is None else natural("steps", steps, 0),
        )

    def __call__(self, init: Any, *args: Any) -> Any:
        first = laid_out(init)
        others = laid_out(args)
        _real(first.spaces)
        like = (first.like(first.spaces), *others.like(others.spaces))
        said = [] if self.zero is None else [_kept("the function of root", self.zero, like, first)]
        body = _kept("the function of fixed_point", self.f, like, first)
        whole = closed([body, *said])
        count = len(whole.around)
        step, *zero = [_ordered(p, count, len(first.leaves)) for p in whole.programs]
        given = [*whole.around, *others.leaves]
        equation = zero[0] if zero else _difference(step)
        return unflatten(first.tree, self.found(step, equation, given, list(first.leaves)))

    def found(
        self, step: Program, equation: Program, given: Sequence[Value], first: list[Value]
    ) -> Sequence[Value]:
        """The solution, with derivatives as they are asked for; step: (given, x) -> x."""
        match self.by:
            case Implicit():
                body = self.iteration(step, self.steps)
                word = implicitly(body, equation, len(given), self.by)
                return applied(word, [*given, *first])
            case Unroll(policy):
                called = Call(self.iteration(step, self.steps), written(policy))
                return applied(called, [*given, *first])
            case Neumann(terms):
                if self.steps is not None:
                    terms = min(terms, self.steps)
                count = None if self.steps is None else self.steps - terms
                before = Call(self.iteration(step, count))
                near = applied(before, [stop(v) if _moves(v) else v for v in (*given, *first)])
                again = Loop(step, len(given), len(first), terms)
                found = applied(again, [*given, *[stop(v) if _moves(v) else v for v in near]])
                return [_varying(x, x) for x in found]

    def iteration(self, step: Program, steps: int | None) -> Program:
        """(given, x) -> the solution: so many steps, or until they are small; nan if never."""
        if steps is not None:
            count = len(step.ends)
            builder = Builder(step.inputs)
            loop = Loop(step, len(step.inputs) - count, count, steps)
            return builder.finish(builder.emit(loop, tuple(builder.wires)))
        return _until(step, _reach(self.tolerance, step.ends), self.most)


def _kept(name: str, f: Function, like: Any, first: Flat) -> Body:
    """A function that gives what it takes, in containers, shapes and dtypes.

    Raises TraceError if it does not.
    """
    body = body_of(name, f, like)
    kept = body.like(first.tree)
    if kept is None or kept.ends != first.spaces:
        raise TraceError(
            f"{name} gives {described(body)} for a value in {', '.join(map(str, first.spaces))}",
            where=users_place(),
            remedy="Give a value in the containers, shapes and dtypes of what it is given.",
        )
    return kept


def _moves(value: Value) -> bool:
    """Whether a value is traced and real."""
    return hasattr(value, "recorder") and isinstance(value.space, Real)


def _real(spaces: Sequence[Ground]) -> None:
    """Raises SpaceError for a solution that is not real."""
    strange = [s for s in spaces if not isinstance(s, Real)]
    if strange or not spaces:
        shown = ", ".join(map(str, strange)) or "nothing"
        raise SpaceError(
            f"the first value holds {shown}: what is solved for must be real",
            where=users_place(),
            remedy="Begin with floats; keep counters within the function.",
        )


def _ordered(program: Program, around: int, count: int) -> Program:
    """(around, x, others) -> x' as (around, others, x) -> x'."""
    inputs = program.inputs
    builder = Builder(
        [*inputs[:around], *inputs[around + count :], *inputs[around : around + count]]
    )
    wires, split = list(builder.wires), len(inputs) - count
    given = [*wires[:around], *wires[split:], *wires[around:split]]
    return builder.finish(builder.run(program, given))


def _until(step: Program, tolerance: float, most: int) -> Program:
    """Steps until the largest change is at most tolerance * (1 + the largest entry)."""
    count = len(step.ends)
    around = len(step.inputs) - count
    size = Real((), np.result_type(*[s.dtype for s in step.ends]).name)
    carried = (*step.inputs, INT, size)
    test = Builder(carried)
    often, change = test.wires[-2:]
    going = test.finish([logical_and(less(often, most), logical_not(less_equal(change, 0.0)))])
    body = Builder(carried)
    *inputs, rounds, _ = list(body.wires)
    given, x = inputs[:around], inputs[around:]
    after = body.run(step, [*given, *x])
    moved = _largest(body, [sub(a, b) for a, b in zip(after, x, strict=True)], size)
    bound = mul(add(_largest(body, after, size), 1.0), tolerance)
    excess = _into(size, body.lift(maximum(sub(moved, bound), 0.0)))
    working = body.finish([*after, add(rounds, 1), excess])
    builder = Builder(step.inputs)
    first = list(builder.wires)
    start = [builder.lift(0, INT), builder.lift(np.inf, size)]
    word = While(going, working, around)
    _, *made = builder.emit(word, (*first, *start))
    settled = less_equal(made[-1], 0.0)
    return builder.finish([_unless(builder, settled, w) for w in made[:count]])


def _largest(builder: Builder, values: Sequence[Value], space: Ground) -> Wire:
    """The largest magnitude among all entries, in the space of a number."""
    sizes = [_into(space, _size(v)) for v in values if 0 not in v.space.shape]
    found = sizes[0] if sizes else builder.lift(0.0, space)
    for size in sizes[1:]:
        found = maximum(found, size)
    return found


def _into(space: Ground, value: Value) -> Value:
    """The value in the dtype of a space."""
    return value if value.space == space else convert(value, dtype=space.dtype)


def _size(value: Value) -> Value:
    """The largest magnitude of one value."""
    entries, rank = magnitude(value), len(value.space.shape)
    return arrays.max(entries, axes=tuple(range(rank))) if rank else entries


def _unless(builder: Builder, settled: Wire, value: Wire) -> Wire:
    """The value, or nan where it is not settled: as a factor, of what it varies by as well."""
    one = Real((), value.space.dtype)
    factor = select(settled, builder.lift(1.0, one), builder.lift(np.nan, one))
    shape = value.space.shape
    return mul(value, broadcast(factor, shape=shape, axes=()) if shape else factor)  # type: ignore[no-any-return]


def _varying(x: Value, v: Value) -> Value:
    """v, and nan where x is: what was not found has no derivative."""
    return mul(where_number(x, 1.0), v)


def _difference(step: Program) -> Program:
    """x - step(p, x), which vanishes at a fixed point."""
    builder = Builder(step.inputs)
    wires = list(builder.wires)
    pairs = zip(wires[-len(step.ends) :], builder.run(step, wires), strict=True)
    return builder.finish([sub(x, y) for x, y in pairs])


def implicitly(body: Program, equation: Program, around: int, by: Implicit) -> Custom[Program]:
    """The root of equation(p, x) that the body finds, with the derivative that follows from it."""
    moving = [i for i, s in enumerate(equation.inputs[:around]) if isinstance(s, Real)]
    own = list(range(around, len(equation.inputs)))
    rule: Rule[Program] = Rule("fixed_point", adjoint=False)
    word = Custom(body, rule)
    forward = Builder(body.inputs)
    given = list(forward.wires)
    x = list(forward.emit(word, tuple(given)))
    whole = forward.finish([*x, *given[:around], *x])
    rule.complete(body, 0, whole, _slope(equation, moving, own, by))
    return word


def _slope(equation: Program, moving: Sequence[int], own: Sequence[int], by: Implicit) -> Program:
    """(p, x, dp, dx0) -> dx with g_x dx = -g_p dp; where the search began is nothing."""
    count, inputs = len(own), equation.inputs
    push = pushforward(equation, [*moving, *own])
    builder = Builder([*inputs, *[inputs[i] for i in (*moving, *own)]])
    wires = list(builder.wires)
    point, split = wires[: len(inputs)], len(inputs) + len(moving)
    nothing = [builder.zeros(inputs[i]) for i in own]
    moved = builder.run(push, [*point, *wires[len(inputs) : split], *nothing])[count:]
    system = Builder([*inputs, *equation.ends])
    inside = list(system.wires)
    still = [system.zeros(inputs[i]) for i in moving]
    images = system.run(push, [*inside[: len(inputs)], *still, *inside[len(inputs) :]])[count:]
    word = Solve(system.finish(images), len(inputs), by.tolerance, by.rounds)
    slopes = builder.emit(word, (*point, *[neg(w) for w in moved]))
    return builder.finish(list(map(_varying, point[-count:], slopes)))


@placed
def fixed_point(
    f: Function,
    init: Any,
    *args: Any,
    by: Differentiation | None = None,
    tolerance: float | None = None,
    max_steps: int = 10_000,
    steps: int | None = None,
) -> Any:
    """x = f(x, *args), by iteration from init; differentiable in args and in what f reads.

    by          `Implicit()` (the default), `Unroll(policy)` or `Neumann(terms)`
    tolerance   iteration ends when no entry changes by more than tolerance * (1 + largest entry):
                1e-12 by default, 16 units in the last place for coarser dtypes; 4 at least
    max_steps   x is nan where that does not suffice, and so are its derivatives
    steps       exactly so many steps instead
    x may be any container of real values. The derivative does not depend on init, but for
    `Unroll`. Raises TraceError if f does not keep the spaces of x, DerivativeError for numbers that
    are none and for an unknown way.

    >>> from cats.gradients import grad
    >>> cosine = lambda a: fixed_point(lambda x: np.cos(a * x), 1.0)
    >>> cosine(1.0), grad(cosine)(1.0)
    (np.float64(0.7390851332157367), np.float64(-0.29747434151017643))
    """
    word = _Fixed.asked(f, None, by, tolerance, max_steps, steps)
    return compile(word)(init, *args)


@placed
def root(
    f: Function,
    init: Any,
    *args: Any,
    by: Differentiation | None = None,
    tolerance: float | None = None,
    max_steps: int = 100,
    steps: int | None = None,
) -> Any:
    """x with f(x, *args) = 0, by Newton's method from init, without a matrix.

    f gives a value of the structure and spaces of x. Otherwise as `fixed_point`: of Newton's step
    f_x vanishes at the root, so one step is as good as the equation: `by=Neumann(1)` gives the
    first derivative, Neumann(n) those up to the n-th.

    >>> from cats.gradients import grad
    >>> grad(lambda a: root(lambda x: x * x - a, 1.0))(4.0)
    np.float64(0.25)
    """
    word = _Fixed.asked(partial(_newton, f), f, by, tolerance, max_steps, steps)
    return compile(word)(init, *args)


def _newton(f: Function, x: Any, *args: Any) -> Any:
    """x - f_x^-1 f."""
    flat = laid_out(x)
    value, push = linearize(lambda x: _like(flat.tree, f(x, *args)), x)
    move = laid_out(linear_solve(push, value))
    return unflatten(flat.tree, [a - b for a, b in zip(flat.leaves, move.leaves, strict=True)])


def _like(tree: Tree, value: Any) -> Any:
    """A value of a structure, with the keys of dicts in its order."""
    flat = laid_out(value)
    found = matched(flat.tree, tree)
    return value if found is None else unflatten(tree, [flat.leaves[i] for i in found])


@dataclass(frozen=True)
class _System:
    """matvec(y) = b."""

    matvec: Function
    tolerance: float
    rounds: int

    def __call__(self, b: Any) -> Any:
        side = laid_out(b)
        _real(side.spaces)
        like = (side.like(side.spaces),)
        body = _kept("the function of linear_solve", self.matvec, like, side)
        whole = closed([body])
        program, around = whole.programs[0], len(whole.around)
        try:
            check_linear_function(program, range(around, len(program.inputs)))
        except LinearityError as error:
            raise error.advised("Use cats.root(lambda y: f(y) - b, y), from a guess y.") from None
        word = Solve(program, around, self.tolerance, self.rounds)
        return unflatten(side.tree, applied(word, [*whole.around, *side.leaves]))


@placed
def linear_solve(matvec: Function, b: Any, tolerance: float = 1e-12, max_rounds: int = 1000) -> Any:
    """y with matvec(y) = b, for a linear function, by GMRES; differentiable in b and in matvec.

    tolerance    the residual is smaller than b by that, or as small as rounding lets it be
    max_rounds   y is nan where so many products do not suffice
    The derivative solves with the same function, in reverse mode with its transpose. Raises
    LinearityError if matvec is not linear, TraceError if it does not give what it takes. Where b is
    infinite, y is infinite or nan. Spelling: `jax.lax.custom_linear_solve`. Source: Saad
    and Schultz 1986 (GMRES).

    >>> linear_solve(lambda y: 2.0 * y, np.array([2.0, 4.0]))
    array([1., 2.])
    """
    if isinstance(matvec, np.ndarray | Tracked):
        raise SpaceError(
            f"linear_solve takes a linear function, and this is an array of shape {matvec.shape}",
            remedy="Use np.linalg.solve(a, b) for a matrix a, or give lambda y: a @ y.",
        )
    system = _System(matvec, _tolerance(tolerance), natural(_ROUNDS, max_rounds, 0))
    return compile(system)(b)
