"""The errors of every primitive in one table: the largest, and what 99 of 100 do not exceed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from cats.ir.primitive import Primitive
from tests.oracles.figures import FORWARD, REVERSE, SECOND, VALUE, Errors, errors
from tests.oracles.numbers import Array
from tests.oracles.samples import Sample, domain_samples, edge_samples

COLUMNS = {VALUE: (VALUE,), "first": (FORWARD, REVERSE), SECOND: (SECOND,)}
Key = tuple[str, str, str]
"""A primitive, where it was measured, and what."""


def measured(samples: Iterable[Sample], seed: int = 0, times: int = 1) -> Iterator[Errors]:
    """The errors of many samples, each at so many arguments of its own."""
    for sample in samples:
        rng = np.random.default_rng([seed, crc32(str(sample).encode())])
        for _ in range(times):
            yield from errors(sample, rng)


def gathered(found: Iterable[Errors]) -> dict[Key, list[Array]]:
    """The errors by primitive, range and kind."""
    rows: dict[Key, list[Array]] = {}
    for error in found:
        key = (error.sample.op.name, error.sample.where, error.kind)
        rows.setdefault(key, []).append(np.ravel(error.ulps))
    return rows


def samples_of(op: Primitive, dtype: str, points: int) -> list[Sample]:
    """In its domain and at every edge."""
    return [*domain_samples(op, dtype, points), *edge_samples(op, dtype, points)]


@dataclass(frozen=True)
class Row:
    """A primitive somewhere: for value, first and second derivative the largest and the 99 %."""

    name: str
    where: str
    figures: tuple[tuple[float, float] | None, ...]

    def __str__(self) -> str:
        cells = ["" if f is None else f"{f[0]:9.2g} {f[1]:8.2g}" for f in self.figures]
        return f"{self.name:14s} {self.where:18s}" + "  ".join(f"{c:18s}" for c in cells)


def rows(op: Primitive, dtype: str, points: int, seed: int = 0) -> Iterator[Row]:
    """The rows of one primitive."""
    times = 1 if op.elementwise else points
    found = gathered(measured(samples_of(op, dtype, points), seed, times))
    for where in dict.fromkeys(key[1] for key in found):
        cells: list[tuple[float, float] | None] = []
        for kinds in COLUMNS.values():
            parts = [a for k in kinds for a in found.get((op.name, where, k), [])]
            every = np.concatenate(parts) if parts else np.zeros(0)
            cells.append((float(every.max()), float(np.quantile(every, 0.99, method="higher")))
                         if every.size else None)  # fmt: skip
        yield Row(op.name, where, tuple(cells))


def header() -> str:
    """The names of the columns."""
    cells = [f"{name:>9s} {'99 %':>8s}" for name in COLUMNS]
    return f"{'ulps':14s} {'where':18s}" + "  ".join(f"{c:18s}" for c in cells)
