"""Arguments to measure a primitive at: its own examples and domain, other lengths, and edges.

The edges are named ranges, the same for every entrywise primitive; a point at which its meaning
is no finite real number is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from cats.ir.errors import CatsError
from cats.ir.primitive import Example, Primitive
from cats.ir.program import Program, Step
from cats.ir.spaces import Real, Value
from tests.oracles.found import Found
from tests.oracles.numbers import Array
from tests.values import arguments, examples

Rng = np.random.Generator
DOMAIN = "domain"


def signed(rng: Rng, size: Array) -> Array:
    """The numbers with signs."""
    return np.asarray(size * rng.choice([-1.0, 1.0], size.shape))


RANGES: Mapping[str, Callable[[Rng, int], Array]] = {
    "near 0": lambda rng, n: signed(rng, 10.0 ** rng.uniform(-12, -1, n)),
    "near 1": lambda rng, n: signed(rng, 1 + signed(rng, 10.0 ** rng.uniform(-12, -1, n))),
    "tails": lambda rng, n: signed(rng, rng.uniform(3, 40, n)),
    "large": lambda rng, n: signed(rng, 10.0 ** rng.uniform(2, 12, n)),
}
"""Where rules go wrong: each draws so many numbers."""


def alone(op: Primitive, example: Example) -> Program:
    """The operation as a program."""
    made = op.space(*example.spaces, **dict(example.params))
    ends = made if isinstance(made, tuple) else (made,)
    count = len(example.spaces)
    step = Step(op, tuple(range(count)), tuple(sorted(example.params)), ends)
    return Program(example.spaces, (step,), tuple(range(count, count + len(ends))))


@dataclass(frozen=True)
class Sample:
    """A primitive at an example, and where its arguments are drawn: a range for each."""

    op: Primitive
    example: Example
    ranges: tuple[str, ...]

    @cached_property
    def program(self) -> Program:
        """The operation alone."""
        return alone(self.op, self.example)

    @cached_property
    def found(self) -> Found:
        """What cats makes of it."""
        return Found(self.program)

    @property
    def where(self) -> str:
        """The ranges of the real arguments in words: `domain`, `near 0`, `domain x near 0`."""
        spaces = zip(self.example.spaces, self.ranges, strict=True)
        named = [name for space, name in spaces if isinstance(space, Real)]
        return named[0] if len(set(named)) == 1 else " x ".join(named) or DOMAIN

    def arguments(self, rng: Rng) -> list[Value]:
        """Arguments from the ranges."""
        inside = arguments(self.op, self.example, rng)
        spaces = zip(self.example.spaces, self.ranges, strict=True)
        return [
            inside[i] if name == DOMAIN else np.asarray(RANGES[name](rng, *s.shape), s.dtype)
            for i, (s, name) in enumerate(spaces)
        ]

    def __str__(self) -> str:
        spaces = ", ".join(map(str, self.example.spaces))
        params = ", ".join(f"{k}={v}" for k, v in self.example.params)
        return f"{self.op}({spaces}; {params}) in {', '.join(self.ranges)}".replace("/", "_")


def domain_samples(op: Primitive, dtype: str, count: int) -> list[Sample]:
    """At the record's own examples and domain; `count` entries if it is entrywise."""
    found = dict.fromkeys(examples(op, dtype, (count,)))
    return [Sample(op, e, (DOMAIN,) * len(e.spaces)) for e in found]


def edge_samples(op: Primitive, dtype: str, count: int) -> list[Sample]:
    """An entrywise primitive with one argument or more at an edge; of any other, none."""
    if not op.elementwise:
        return []
    found = []
    for example in dict.fromkeys(examples(op, dtype, (count,))):
        real = [isinstance(s, Real) for s in example.spaces]
        for name in RANGES:
            for chosen in product(*[(DOMAIN, name) if r else (DOMAIN,) for r in real]):
                if name in chosen:
                    found.append(Sample(op, example, chosen))
    return found


def resized(op: Primitive, example: Example, lengths: Mapping[int, int]) -> Example | None:
    """The example with other lengths, in its spaces and in a `shape` among its parameters.

    None where the operation does not take it so.

    >>> from cats.ir.prims.layout import reshape
    >>> print(resized(reshape, reshape.examples[0], {2: 1, 3: 4}).params)
    (('shape', (4, 1)),)
    """

    def other(shape: Sequence[int]) -> tuple[int, ...]:
        return tuple([lengths.get(n, n) for n in shape])

    spaces = tuple([replace(s, shape=other(s.shape)) for s in example.spaces])
    params = tuple([(k, other(v) if k == "shape" else v) for k, v in example.params])
    try:
        op.space(*spaces, **dict(params))
    except CatsError:
        return None
    return replace(example, spaces=spaces, params=params)
