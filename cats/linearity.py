"""Is a program linear? Its derivative must not depend on where it is taken, and must be all of it.

A function with such a derivative is the sum of a linear one and of one that is locally constant.
The latter is 0 if nothing depends on the argument through a step whose derivative is 0 (a
comparison, floor, stop_gradient), or that jumps (fmod), and if f(0) is 0 whatever else it is given.
The first is read off the program; for the others it is run on some arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cats.backends.on_numpy import OnNumpy
from cats.dependence import dependent
from cats.derive import derive
from cats.ir.control import While
from cats.ir.errors import CatsError, LinearityError, Where
from cats.ir.inline import without_guards
from cats.ir.linear import Params
from cats.ir.linear_program import ZERO
from cats.ir.nesting import inner_first
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, neg, sub
from cats.ir.prims.guards import guard
from cats.ir.program import Program, Step
from cats.ir.spaces import Ground, Real, Value
from cats.ir.wire import Builder
from cats.series import linear_in

SUMS = (add, sub, neg)
"""Linear in all their arguments together."""
SIZES = (0.3, 1.7, -0.6, 25.0, -1e-3)
"""About how large the arguments are made on which values are looked at."""


def check_linear_function(program: Program, active: Sequence[int] | None = None) -> None:
    """Raises LinearityError, naming the user's line, if the program is not linear.

    Who asks says what to do instead.

    active   the inputs in which it should be linear; the others are fixed
    """
    program = program.pruned()
    derivative = derive(program, active)
    primal, count = derivative.primal, derivative.count
    varying = dependent(primal, derivative.active)
    places: list[Where | None] = [None] * len(primal.inputs)
    for step in primal.steps:
        places.extend([step.where] * len(step.spaces))
    for step in primal.steps:
        if step.op is guard and any(varying[a] for a in step.args):
            raise _not_linear("it decides on the argument", step.where)
    for output in primal.outputs[count:]:
        if varying[output]:
            where = places[output] or _first_nonlinear(program)
            raise _not_linear("its derivative depends on the argument", where)
    look = _Look()
    flags = dependent(program, derivative.active, look)
    if look.sampled or not all(flags[o] for o in program.outputs):
        _check_values(without_guards(program), derivative.active, look.jumps)


def _not_linear(why: str, where: Where | None) -> LinearityError:
    return LinearityError(f"the function is not linear: {why}", where=where)


def _first_nonlinear(program: Program) -> Where | None:
    return next((s.where for s in program.steps if s.where is not None), None)


# What depends on the argument, and does not vary


@dataclass
class _Look:
    """What is found of the steps that depend on the argument.

    sampled   some of them are not, by their records alone, linear and 0 where it is 0
    jumps     some are not linear, though their derivative does not vary
    """

    sampled: bool = False
    jumps: bool = False

    def __call__(self, program: Program, step: Step, varies: list[bool]) -> None:
        """Raises LinearityError if the derivative of a step drops an argument that varies."""
        op, moving = step.op, tuple([i for i, v in enumerate(varies) if v])
        if not isinstance(op, Primitive):
            self.sampled = True
            return
        slots = op.linear.slots if op.linear is not None else ()
        spaces = tuple([program.spaces[a] for a in step.args])
        for slot in moving:
            if slot not in slots and _is_flat(op, spaces, step.params, slot):
                raise _not_linear(
                    f"it depends on the argument through {op.name}, whose derivative is 0",
                    step.where,
                )
        if op in SUMS:
            self.sampled = self.sampled or len(moving) < len(varies)
        elif not set(moving) <= set(slots):
            self.sampled = self.jumps = True
        elif op.code is not None:
            self.sampled = self.sampled or not linear_in(op, spaces, step.params, moving)


@lru_cache(maxsize=4096)
def _is_flat(op: Primitive, spaces: tuple[Ground, ...], params: Params, slot: int) -> bool:
    """Whether the derivative of an operation in one argument is 0 everywhere."""
    if not isinstance(spaces[slot], Real):
        return True
    builder = Builder(spaces)
    made = builder.emit(op, tuple(builder.wires), params)
    alone = builder.finish(made if isinstance(made, tuple) else [made])
    return all(output == ZERO for output in derive(alone, [slot]).linear.outputs)


# Values


def _check_values(program: Program, active: Sequence[int], jumps: bool) -> None:
    """f(0) = 0, and where it may jump f(2 x) = 2 f(x), which is exact in floating point."""
    run = OnNumpy().compile(program)
    for given in _samples(program):
        rows = (_scaled(given, active, factor) for factor in ((0, 1, 2) if jumps else (0,)))
        try:
            with np.errstate(all="ignore"):
                nothing, *others = ([np.asarray(v) for v in run(*row)] for row in rows)
        except (ArithmeticError, ValueError, IndexError, CatsError):
            continue
        if any(np.any(np.isfinite(v) & (v != 0)) for v in nothing):
            raise LinearityError(
                "the function is affine, not linear: it does not map 0 to 0",
                where=_first_nonlinear(program),
                remedy="Leave out the constant term.",
            )
        if any(_differ(2 * v, w) for v, w in zip(*others, strict=True)):
            raise _not_linear("it does not map 2 x to twice f(x)", _first_nonlinear(program))


def _scaled(given: Sequence[Value], active: Sequence[int], factor: int) -> list[Value]:
    return [v * v.dtype.type(factor) if i in active else v for i, v in enumerate(given)]


def _differ(v: Value, w: Value) -> bool:
    """Whether finite numbers differ by more than rounding."""
    known = np.isfinite(v) & np.isfinite(w)
    v, w = v[known], w[known]
    return bool(np.any(np.abs(v - w) > 1e-3 * np.maximum(np.abs(v), np.abs(w))))


def _is_particular(op: object) -> bool:
    return isinstance(op, While) or (isinstance(op, Primitive) and op.code is None)


def _samples(program: Program) -> Iterator[list[Value]]:
    """Arguments: ones, then others.

    What runs until something is reached, and users' own functions, are given ones only: a loop need
    not end on others, nor need a function take them.
    """
    yield [np.ones(s.shape, s.dtype)[()] for s in program.inputs]
    if any(_is_particular(step.op) for each in inner_first(program) for step in each.steps):
        return
    rng = np.random.default_rng(0)
    for size in SIZES:
        yield [
            (size * rng.uniform(0.5, 1.5, s.shape) if isinstance(s, Real) else np.zeros(s.shape))
            .astype(s.dtype)[()]
            for s in program.inputs
        ]  # fmt: skip
