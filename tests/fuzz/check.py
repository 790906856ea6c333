"""cats against 80 digits: value, gradient, jvp and second derivative of one program.

An error may be a thousand ulps of the spread: of what the quantity moves by when every step errs
by one part, which is the condition of the program and no property of cats. A derivative that
vanishes because its terms cancel is measured by what is differentiated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import numpy as np

from cats.ir.spaces import Real
from tests.fuzz.sample import Sample, numbers
from tests.oracles.found import Found
from tests.oracles.measure import INFINITE, spread, worst
from tests.oracles.numbers import Array, mpf
from tests.oracles.reference import Reference, Values, inner, largest, reference_of

ALLOWED = 1_000.0
"""Ulps of the spread."""
VALUE, JVP, GRADIENT, HVP = KINDS = ("value", "jvp", "gradient", "hvp")


@dataclass(frozen=True)
class Verdict:
    """How far one result is off, in ulps of its spread, and how much larger that is than itself."""

    kind: str
    error: float
    condition: float

    @property
    def right(self) -> bool:
        """Whether it is as near as it must be."""
        return self.error <= ALLOWED


class Truth:
    """The exact answers about one program, each computed once, whoever is compared with them."""

    def __init__(self, sample: Sample, seeds: Sequence[int] = (0, 1)) -> None:
        self.sample = sample
        self.seeds = seeds
        self.unit = "float32" if sample.narrow else "float64"
        self.here = reference_of(sample.program, sample.args)
        rng = Random(0)
        self.v, self.w = ([numbers(rng, s) for s in self.here.spaces] for _ in range(2))

    def verdicts(self, found: Found) -> Iterator[Verdict]:
        """What cats gives, judged; it may be another program's that ought to be the same."""
        args = self.sample.args
        with np.errstate(all="ignore"):
            values = [np.asarray(v) for v in found.value(args)]
            ends = self.sample.program.ends
            yield self._discrete(values)
            real = [v for v, s in zip(values, ends, strict=True) if isinstance(s, Real)]
            moved = found.along(args, self.v)
            bent = [_inner(self.w, found.gradient_along(args, self.v))]
            scales = self._scales
            yield from self._each(VALUE, real, self.here.real, scales[VALUE])
            yield from self._each(JVP, moved, self._jvp, scales[JVP])
            yield self._one(GRADIENT, found.gradient(args), self._gradient, scales[GRADIENT][0])
            yield self._one(HVP, bent, self._hvp, scales[HVP][0])

    def _discrete(self, values: Sequence[Array]) -> Verdict:
        """Truth values and integers are right or wrong."""
        pairs = zip(values, self.here.value, self.sample.program.ends, strict=True)
        right = all(isinstance(s, Real) or np.array_equal(a, b) for a, b, s in pairs)
        return Verdict(VALUE, 0.0 if right else INFINITE, 1.0)

    def _each(
        self, kind: str, found: Sequence[Any], true: Values, scales: Sequence[Any]
    ) -> Iterator[Verdict]:
        for value, exactly, scale in zip(found, true, scales, strict=True):
            yield self._one(kind, [value], [exactly], scale)

    def _one(self, kind: str, found: Sequence[Any], true: Values, scale: Any) -> Verdict:
        size = largest(*true)
        error = worst(found, true, scale, self.unit)
        return Verdict(kind, error, float(scale / size) if size else INFINITE)

    # The truth, and how much of it rounding may take

    @cached_property
    def _scales(self) -> dict[str, list[Any]]:
        """For each result what its error is measured by."""
        here, seeds = self.here, self.seeds
        value = list(map(largest, spread(here, lambda h: h.real, seeds, here.real)))
        slope = list(map(largest, spread(here, lambda h: h.along(self.v), seeds, self._jvp)))
        (bend,) = map(largest, spread(here, self._second, seeds, self._hvp))
        jvp = [v + d for v, d in zip(value, slope, strict=True)]
        return {
            VALUE: value,
            JVP: jvp,
            GRADIENT: [largest(*self._gradient) + jvp[0]],
            HVP: [bend + jvp[0]],
        }

    def _second(self, here: Reference) -> Values:
        return here.twice(self.v, self.w)[:1]

    @cached_property
    def _jvp(self) -> Values:
        return self.here.along(self.v)

    @cached_property
    def _gradient(self) -> Values:
        others = [np.zeros(v.shape) for v in self.here.real[1:]]
        return self.here.pulled([1.0, *others])

    @cached_property
    def _hvp(self) -> Values:
        return self._second(self.here)


def _inner(w: Sequence[Any], values: Sequence[Any]) -> Any:
    """The sum of products, exactly; not a number if some value is not finite."""
    if not all(np.all(np.isfinite(v)) for v in values):
        return np.float64(np.nan)
    return inner(w, [np.asarray(v, object) * mpf(1) for v in values])


def check(sample: Sample, found: Found) -> list[Verdict]:
    """The verdicts; one that looks wrong is given again with a spread that is known better."""
    verdicts = list(Truth(sample).verdicts(found))
    if all(v.right for v in verdicts):
        return verdicts
    return list(Truth(sample, range(8)).verdicts(found))
