"""A run of the fuzzer: every program judged, the worst remembered, what fails made small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from cats.backends.backend import Backend
from cats.backends.on_numexpr import OnNumexpr
from cats.backends.on_source import OnSource
from cats.engine import NUMPY
from tests.fuzz.check import KINDS, Truth, Verdict, check
from tests.fuzz.coverage import Coverage
from tests.fuzz.sample import Sample
from tests.fuzz.shrink import shrunk
from tests.oracles.found import Found

OTHERS: tuple[Backend, ...] = (OnSource(), OnNumexpr(least=1))
SHARE = 5
"""One program in so many runs on one of the other backends, in turn."""


def backend_of(number: int) -> Backend:
    """Where the program of a number runs."""
    turn, rest = divmod(number, SHARE)
    return NUMPY if rest else OTHERS[turn % len(OTHERS)]


@dataclass(frozen=True)
class Failure:
    """A program that cats gets wrong, or refuses, as it was drawn and made small."""

    number: int
    backend: Backend
    what: str
    sample: Sample
    small: Sample

    def __str__(self) -> str:
        args = ", ".join(map(repr, self.small.args))
        return (
            f"program {self.number} on {self.backend.name}: {self.what}\n{self.small.program}\n"
            f"at {args}"
        )


@dataclass
class Report:
    """What is known after some programs: the worst verdict of each kind, with its program."""

    coverage: Coverage = field(default_factory=Coverage)
    errors: dict[str, list[tuple[float, int]]] = field(
        default_factory=lambda: {k: [] for k in KINDS}
    )
    conditions: list[float] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add(self, number: int, sample: Sample, backend: Backend) -> None:
        """One more program."""
        self.coverage.add(sample)
        complaint, verdicts = judged(sample, backend)
        for verdict in verdicts:
            self.errors[verdict.kind].append((verdict.error, number))
            self.conditions.append(verdict.condition)
        if complaint:
            small = shrunk(sample, lambda s: judged(s, backend, quickly=True)[0] == complaint)
            self.failures.append(Failure(number, backend, complaint, sample, small))

    def __str__(self) -> str:
        lines = [str(self.coverage)]
        for kind, errors in self.errors.items():
            ordered = sorted(errors)
            worst, number = ordered[-1]
            middle, late = (ordered[int(p * (len(ordered) - 1))][0] for p in (0.5, 0.99))
            lines.append(
                f"{kind:9s} {len(ordered):6d} results: error in ulps of the spread median "
                f"{middle:.2g}, 99 % {late:.2g}, worst {worst:.3g} (program {number})"
            )
        known = sorted(c for c in self.conditions if c < float("inf"))
        middle, late = (known[int(p * (len(known) - 1))] for p in (0.5, 0.99))
        lines.append(f"condition median {middle:.2g}, 99 % {late:.2g}, worst {known[-1]:.2g}")
        lines.append(f"{len(self.failures)} failures")
        return "\n".join([*lines, *map(str, self.failures)])


def judged(
    sample: Sample, backend: Backend, quickly: bool = False
) -> tuple[str, Sequence[Verdict]]:
    """What is wrong, in words that are the same for a smaller program; and the verdicts."""
    found = Found(sample.program, backend)
    try:
        verdicts = list(Truth(sample).verdicts(found)) if quickly else check(sample, found)
    except Exception as error:  # whatever cats raises on a program it ought to run
        return f"{type(error).__name__} was raised", ()
    wrong = [v.kind for v in verdicts if not v.right]
    return (f"the {wrong[0]} is wrong" if wrong else ""), verdicts


def report(
    samples: Iterator[tuple[int, Sample]], say: Callable[[Report], None] | None = None
) -> Report:
    """The report on numbered samples; `say` hears of it as it grows."""
    found = Report()
    for number, sample in samples:
        found.add(number, sample, backend_of(number))
        if say is not None:
            say(found)
    return found
