"""Is all well near by: no kink, jump or edge of a domain within reach of rounding.

Each argument of an operation is moved a little, every entry its own way, and the results are
looked at: what is smooth moves there and back by nearly the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from cats.ir.primitive import Example, Primitive
from cats.ir.program import Program
from cats.ir.spaces import Real
from tests.fuzz.sample import Sample
from tests.oracles.measure import INFINITE
from tests.oracles.numbers import Array, each, exact, mpf
from tests.oracles.reference import largest
from tests.oracles.run import Run
from tests.oracles.samples import alone

LARGEST = 256.0
"""No entry of any value grows beyond it."""
STEEPEST = 64.0
"""No step has a larger slope."""


@dataclass(frozen=True)
class Nearness:
    """How far around a value a step must be smooth, and how much it may bend over that."""

    reach: float
    bend: float


NEAR = {"float64": Nearness(1e-6, 1e-3), "float32": Nearness(1e-3, 2e-2)}


def steepness(of: Program, args: Sequence[Array], near: Nearness, rng: Random) -> float | None:
    """The largest slope found near the arguments; None if the results are not tame there.

    They are if they are moderate, and if moving the entries of one argument after the other, each
    its own way, moves them smoothly. Discrete results must stay, and say nothing of slopes.
    """
    try:
        middle = Run().outputs(of, args)
        if not all(map(_moderate, middle)):
            return None
        found = [INFINITE] if all(v.dtype != object for v in middle) else [0.0]
        for slot, space in enumerate(of.inputs):
            if isinstance(space, Real):
                steep = _moved(of, args, middle, slot, near, rng)
                if steep is None:
                    return None
                found.append(steep)
    except (ArithmeticError, ValueError, IndexError):
        return None
    return max(found)


def _moderate(value: Array) -> bool:
    """Whether the entries are finite and not large."""
    return value.dtype != object or all(abs(x) <= LARGEST for x in np.ravel(value))


def _moved(
    of: Program,
    args: Sequence[Array],
    middle: Sequence[Array],
    slot: int,
    near: Nearness,
    rng: Random,
) -> float | None:
    """The slope of the results when one argument moves, if they move smoothly."""
    moves = each(lambda x: mpf(near.reach * rng.uniform(0.5, 1) * rng.choice((-1, 1))), args[slot])
    ahead, behind = [
        Run().outputs(of, [a + s * moves if i == slot else a for i, a in enumerate(args)])
        for s in (1, -1)
    ]
    steepest = mpf(0)
    for here, there, back in zip(middle, ahead, behind, strict=True):
        if here.dtype != object:
            if not (np.array_equal(here, there) and np.array_equal(here, back)):
                return None
            continue
        steepest = max(steepest, largest(there - back) / (2 * near.reach))
        if not largest(there + back - 2 * here) <= near.bend * near.reach:
            return None
    return float(steepest) if steepest <= STEEPEST else None


def tame(sample: Sample) -> bool:
    """Whether every step of a program is tame at the arguments, and in the words it holds."""
    near = NEAR["float32" if sample.narrow else "float64"]
    stack = [(sample.program, list(map(exact, sample.args)))]

    def inside(program: Program, args: Sequence[Array]) -> list[Array]:
        stack.append((program, list(args)))
        return Run().outputs(program, args)

    while stack:
        program, args = stack.pop()
        try:
            at = Run().positions(program, args)
        except (ArithmeticError, ValueError, IndexError):
            return False
        for step in program.steps:
            given = [at[a] for a in step.args]
            if isinstance(step.op, Primitive):
                spaces = tuple([program.spaces[a] for a in step.args])
                one = alone(step.op, Example(spaces, step.params))
                if steepness(one, given, near, Random(0)) is None:
                    return False
            else:
                step.op.run(inside, given)
    return True
