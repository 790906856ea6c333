"""The errors of one primitive: of its value, its derivative forward and reverse, and its second.

An entrywise operation is measured entry by entry: its values in their own ulps, its derivatives
in ulps of the entry's spread. Any other is measured in ulps of the largest spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.spaces import Discrete, Real, Value, size
from tests.oracles.measure import INFINITE, spread, ulps
from tests.oracles.numbers import CONTEXT, Array, each, mpf
from tests.oracles.reference import Quantity, Reference, largest, reference_of
from tests.oracles.samples import Rng, Sample

VALUE, ROUNDED, FORWARD, REVERSE, SECOND = "value", "rounded", "forward", "reverse", "second"
"""Of these, `rounded` is the value of an entrywise operation in ulps of its spread."""

MARGIN = 1e15
"""So far from the least normal and the largest number of the dtype, nothing is measured."""


@dataclass(frozen=True)
class Errors:
    """Errors of one kind in ulps, at some arguments; `skipped` entries were not measured."""

    sample: Sample
    kind: str
    ulps: Array
    args: tuple[Value, ...]

    @property
    def skipped(self) -> int:
        """How many entries of an entrywise result are out of range."""
        return (
            size(self.sample.program.ends[0]) - self.ulps.size if self.sample.op.elementwise else 0
        )


def errors(sample: Sample, rng: Rng, args: Sequence[Value] | None = None) -> Iterator[Errors]:
    """The errors at arguments drawn for the sample, or at those given."""
    chosen = sample.arguments(rng) if args is None else list(args)
    with np.errstate(all="ignore"):
        measure = _entrywise if sample.op.elementwise else _whole
        for kind, found in measure(sample, chosen, rng):
            yield Errors(sample, kind, found, tuple(chosen))


def varies(sample: Sample) -> bool:
    """Whether there is a derivative to speak of."""
    real = any(isinstance(s, Real) for s in sample.program.inputs)
    return real and any(isinstance(s, Real) for s in sample.program.ends)


def _values(sample: Sample, found: Sequence[Value], here: Reference) -> Iterator[tuple[str, Array]]:
    """The errors of the values: a discrete one is right or wrong."""
    sizes = iter(spread(here, lambda h: h.real, true=here.real))
    for value, exactly, end in zip(found, here.value, sample.program.ends, strict=True):
        if isinstance(end, Discrete):
            yield VALUE, np.ravel(np.where(np.asarray(value) == exactly, 0.0, INFINITE))
            continue
        scale = next(sizes)
        if sample.op.elementwise:
            tame = _tame(end.dtype, exactly)
            yield VALUE, _ulps_where(value, exactly, exactly, tame)
            yield (
                ROUNDED,
                _ulps_where(value, exactly, scale, tame & _tame(end.dtype, scale, least=0)),
            )
        else:
            yield VALUE, ulps(value, exactly, largest(scale))


def _tame(dtype: str, *values: Array, least: Any = None) -> Array:
    """Where all the numbers are in the middle of the range of the dtype, or zero."""
    limits = np.finfo(dtype)
    low = mpf(float(limits.tiny) * MARGIN) if least is None else least
    high = mpf(float(limits.max) / MARGIN)

    def inside(x: Any) -> bool:
        return x == 0 or bool(low < abs(x) < high)

    found = np.asarray(True)
    for value in values:
        found = found & np.asarray(each(inside, value), bool)
    return found


# Entry by entry


def _entrywise(sample: Sample, args: list[Value], rng: Rng) -> Iterator[tuple[str, Array]]:
    """Slot by slot, so that nothing cancels that the operation does not cancel itself."""
    here, found = reference_of(sample.program, args), sample.found
    yield from _values(sample, found.value(args), here)
    if not varies(sample):
        return
    (w,) = [_weights(s.shape, s.dtype, rng) for s in sample.program.ends]
    slots = range(len(here.active))
    moves = [_weights(here.spaces[i].shape, here.spaces[i].dtype, rng) for i in slots]
    units = [_only(here, i, np.ones_like(moves[i])) for i in slots]
    dtype = here.spaces[0].dtype
    tame = _tame(dtype, *here.args, *here.value, *[here.along(u)[0] for u in units])
    reverse = found.pulled(args, [w])
    for i in slots:
        v = _only(here, i, moves[i])
        (forward,) = found.along(args, v)
        yield FORWARD, _compared(here, forward, _slope(v), tame)
        yield REVERSE, _compared(here, reverse[i], _slope(units[i], w), tame)
        second = found.pulled_along(args, [w], v)
        for j in slots:
            yield SECOND, _compared(here, second[j], _bend(v, units[j], w), tame)


def _only(here: Reference, slot: int, v: Value) -> list[Value]:
    """The tangent v in one slot, zero in the others."""
    return [v if i == slot else np.zeros(s.shape, s.dtype) for i, s in enumerate(here.spaces)]


def _slope(v: list[Value], w: Value = 1.0) -> Quantity:
    return lambda here: [each(lambda d, by: d * mpf(float(by)), here.along(v)[0], w)]


def _bend(v: list[Value], u: list[Value], w: Value) -> Quantity:
    return lambda here: [each(lambda d, by: d * mpf(float(by)), here.twice(v, u)[0], w)]


def _compared(here: Reference, found: Value, quantity: Quantity, tame: Array) -> Array:
    """The errors entry by entry, where the quantity is in the middle of the range."""
    (true,) = quantity(here)
    (scale,) = spread(here, quantity, true=[true])
    dtype = np.asarray(found).dtype.name
    measured = tame & _tame(dtype, true) & _tame(dtype, scale, least=0)
    return _ulps_where(found, true, scale, measured)


def _ulps_where(found: Value, true: Array, scale: Array, tame: Array) -> Array:
    """The errors where a mask says so."""
    return ulps(*(np.asarray(a)[np.broadcast_to(tame, true.shape)] for a in (found, true, scale)))


def _weights(shape: tuple[int, ...], dtype: str, rng: Rng) -> Value:
    """Numbers between a half and two, of either sign."""
    size = rng.uniform(0.5, 2.0, shape)
    return np.asarray(size * rng.choice([-1.0, 1.0], shape), dtype)[()]


# Whole arrays


def _whole(sample: Sample, args: list[Value], rng: Rng) -> Iterator[tuple[str, Array]]:
    here, found = reference_of(sample.program, args), sample.found
    yield from _values(sample, found.value(args), here)
    if not varies(sample) or CONTEXT.isinf(largest(*here.real)):
        return  # the logarithm of an empty sum, say, has no derivative
    v = [_weights(s.shape, s.dtype, rng) for s in here.spaces]
    ends = [s for s in sample.program.ends if isinstance(s, Real)]
    w = [_weights(s.shape, s.dtype, rng) for s in ends]
    tries: list[tuple[str, list[Value], Quantity]] = [
        (FORWARD, found.along(args, v), lambda here: here.along(v)),
        (REVERSE, found.pulled(args, w), lambda here: here.pulled(w)),
        (SECOND, found.pulled_along(args, w, v), lambda here: here.pulled_along(w, v)),
    ]
    for kind, values, quantity in tries:
        true = quantity(here)
        scales = spread(here, quantity, true=true)
        for value, exactly, scale in zip(values, true, scales, strict=True):
            yield kind, ulps(value, exactly, largest(scale))
