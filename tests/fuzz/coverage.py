"""What was drawn: how often each primitive, how long, how deep, how much is shared and chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cats.ir.control import Case
from cats.ir.program import Program, Step
from tests.fuzz.drawing import DRAWN
from tests.fuzz.sample import Sample


@dataclass
class Coverage:
    """Counts over samples; each number of a list belongs to one sample."""

    programs: Counter[str] = field(default_factory=Counter)
    lengths: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    shared: list[int] = field(default_factory=list)
    choices: list[int] = field(default_factory=list)
    nested: list[int] = field(default_factory=list)
    narrow: int = 0

    def add(self, sample: Sample) -> None:
        """One more sample."""
        program = sample.program
        every = list(_steps(program))
        self.programs.update({step.op.name for step in every})
        self.lengths.append(len(every))
        self.depths.append(depth(program))
        uses = Counter(a for step in program.steps for a in set(step.args))
        self.shared.append(sum(n > 1 for n in uses.values()))
        self.choices.append(sum(isinstance(step.op, Case) for step in every))
        self.nested.append(program.depth)
        self.narrow += sample.narrow

    def missing(self) -> list[str]:
        """The primitives that are drawn and do not occur."""
        return [op.name for op in DRAWN if op.name not in self.programs]

    def __str__(self) -> str:
        rare = ", ".join(f"{n} in {k}" for n, k in self.programs.most_common()[:-6:-1])
        return (
            f"{len(self.lengths)} programs, {self.narrow} with single precision; "
            f"steps {_range(self.lengths)}, depth {_range(self.depths)}, "
            f"shared values {_range(self.shared)}, choices {_range(self.choices)}; "
            f"rarest operations: {rare}; missing: {', '.join(self.missing()) or 'none'}"
        )


def _range(numbers: list[int]) -> str:
    ordered = sorted(numbers)
    return f"{ordered[0]} to {ordered[-1]} (median {ordered[len(ordered) // 2]})"


def _steps(program: Program) -> Iterator[Step]:
    stack = [program]
    while stack:
        for step in stack.pop().steps:
            yield step
            if isinstance(step.op, Case):
                stack.extend(step.op.branches)


def depth(program: Program) -> int:
    """The longest chain of steps, each reading the one before; a choice counts as one."""
    found = [0] * len(program.inputs)
    for step in program.steps:
        here = 1 + max([found[a] for a in step.args], default=0)
        found.extend([here] * len(step.spaces))
    return max(found, default=0)


def coverage(samples: Iterable[Sample]) -> Coverage:
    """The counts over some samples."""
    counts = Coverage()
    for sample in samples:
        counts.add(sample)
    return counts
