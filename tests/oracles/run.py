"""A program run in 80 digits, each step by its meaning; choices are taken by those values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import numpy as np

from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step
from cats.ir.spaces import Real, Value
from tests.oracles.meanings import HELD, meaning_of
from tests.oracles.numbers import Array, each, mpf, settled


def run(program: Program, args: Sequence[Value]) -> list[Array]:
    """The outputs at these arguments, which enter exactly.

    >>> from cats.ir.read import read_program
    >>> (e,) = run(read_program("(x: R) -> y = exp x  in (y)"), [1.0])
    >>> print(str(e)[:82])
    2.71828182845904523536028747135266249775724709369995957496696762772407663035354759
    """
    return Run().outputs(program, args)


@dataclass
class Run:
    """One run. `touch` sees each real argument and result of a step; `held` what does not vary."""

    touch: Callable[[Array], Array] | None = None
    held: Iterator[Array] | None = None
    seen: list[Array] = field(default_factory=list)

    def outputs(self, program: Program, args: Sequence[Value]) -> list[Array]:
        """The outputs of a program."""
        at = self.positions(program, args)
        return [at[o] for o in program.outputs]

    def positions(self, program: Program, args: Sequence[Value]) -> list[Array]:
        """The value at every position."""
        at = [settled(a, s) for a, s in zip(args, program.inputs, strict=True)]
        for step in program.steps:
            at.extend(self.step(step, [at[a] for a in step.args]))
        return at

    def step(self, step: Step, args: Sequence[Array]) -> list[Array]:
        """The results of one step."""
        match step.op:
            case Primitive() as op:
                return self._primitive(op, step, args)
            case word:
                return list(word.run(self.outputs, args))

    def _primitive(self, op: Primitive, step: Step, args: Sequence[Array]) -> list[Array]:
        found = meaning_of(op, step.params)(*map(self._touched, args))
        results = found if isinstance(found, tuple) else (found,)
        values = [settled(v, s) for v, s in zip(results, step.spaces, strict=True)]
        if op.name in HELD:
            values = [self._hold(v) for v in values]
        return [
            self._touched(v) if isinstance(s, Real) else v
            for v, s in zip(values, step.spaces, strict=True)
        ]

    def _touched(self, value: Array) -> Array:
        return value if self.touch is None or value.dtype != object else self.touch(value)

    def _hold(self, value: Array) -> Array:
        """The value of the middle point, where one is given; else this one, remembered."""
        kept = value if self.held is None else next(self.held)
        self.seen.append(kept)
        return kept


class Noise:
    """Factors 1 + size * r, r of either sign and between a half and one: the same in every run."""

    def __init__(self, seed: int, size: str) -> None:
        self.rng = Random(seed)
        self.size = mpf(size)
        self.factors: list[Array] = []

    def __call__(self) -> Callable[[Array], Array]:
        """The touch of one run, which meets the factors in their order."""
        places = count()

        def touch(value: Array) -> Array:
            place = next(places)
            if place == len(self.factors):
                self.factors.append(each(self._factor, value))
            return np.asarray(value * self.factors[place], object)

        return touch

    def _factor(self, entry: Any) -> Any:
        return 1 + self.size * (self.rng.uniform(0.5, 1.0) * self.rng.choice((-1, 1)))
