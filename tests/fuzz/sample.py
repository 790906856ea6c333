"""A program to be tried, with arguments, and the numbers that are drawn for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np

from cats.ir.program import Program, nested
from cats.ir.spaces import Discrete, Ground, Real, Value, size


@dataclass(frozen=True)
class Sample:
    """A program whose first output is a real number, and arguments it is tame at."""

    program: Program
    args: tuple[Value, ...]

    @property
    def narrow(self) -> bool:
        """Whether single precision takes part."""
        return any(s.dtype == "float32" for s in self.spaces())

    def spaces(self) -> Iterator[Ground]:
        """Every space that occurs, in choices too."""
        stack = [self.program]
        while stack:
            program = stack.pop()
            yield from program.spaces
            stack.extend(p for step in program.steps for p in nested(step))


def numbers(rng: Random, space: Ground) -> Value:
    """Numbers between a quarter and two, of either sign; truth values; small integers."""
    count = size(space)
    match space:
        case Real(shape, dtype):
            drawn = [rng.choice((-1, 1, 1)) * rng.uniform(0.25, 2.0) for _ in range(count)]
            return np.array(drawn, dtype).reshape(shape)[()]
        case Discrete(shape, "bool"):
            return np.array([rng.random() < 0.5 for _ in range(count)], bool).reshape(shape)[()]
        case Discrete(shape, dtype):
            whole = [rng.randint(0, 2) for _ in range(count)]
            return np.array(whole, dtype).reshape(shape)[()]
