"""Derivatives to fifty digits: central differences of the program itself, and no rule at all.

The step is 1e-30 of the smallest argument and the precision such that it costs no digits: first
and second derivatives are good to some 50. What is smaller than they can tell is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, Value
from cats.whole import behind
from tests.oracles.numbers import CONTEXT, DIGITS, Array, digits, each, exact, mpf
from tests.oracles.run import Noise, Run

STEP = "1e-30"
NOISE = "1e-18"
"""How much rounding is exaggerated to be seen."""
GUARD = 15
"""So many digits a program may lose by cancelling, of those that are beyond need."""

Values = list[Array]
Moves = Sequence[tuple[Any, Sequence[Value]]]
"""Steps away from the point: how far, and along which tangent."""
Quantity = Callable[["Reference"], Values]


def reference(f: Callable[..., Any], *args: Any) -> Reference:
    """What f gives at the arguments, and its derivatives there, in 80 digits.

    f is traced: any function that cats takes. Arguments may be containers; the reference speaks
    of their leaves, and varies those that are real.

    >>> here = reference(np.sin, 1.0)
    >>> print(CONTEXT.nstr(here.along([1.0])[0][()], 30))
    0.540302305868139717400936607443
    """
    call, _, answer = behind(f, args, {})
    return reference_of(answer.program, call.leaves)


def reference_of(program: Program, args: Sequence[Value]) -> Reference:
    """The same for a program: its real inputs vary."""
    active = tuple([i for i, s in enumerate(program.inputs) if isinstance(s, Real)])
    return Reference(program, tuple(map(exact, args)), active)


@dataclass(frozen=True, eq=False)
class Reference:
    """A program at a point. Tangents are given for the active inputs, in their order."""

    program: Program
    args: tuple[Array, ...]
    active: tuple[int, ...]
    noise: Noise | None = None

    @property
    def spaces(self) -> list[Ground]:
        """Those of the active inputs."""
        return [self.program.inputs[i] for i in self.active]

    @cached_property
    def value(self) -> Values:
        """All outputs."""
        return self._middle[0]

    @property
    def real(self) -> Values:
        """The real outputs."""
        pairs = zip(self.value, self.program.ends, strict=True)
        return [v for v, s in pairs if isinstance(s, Real)]

    def along(self, v: Sequence[Value]) -> Values:
        """The derivative along v, of each real output."""
        with digits(self.digits):
            t = self.step
            return self._differences((1, -1), [[(t, v)], [(-t, v)]], 2 * t)

    def twice(self, v: Sequence[Value], w: Sequence[Value]) -> Values:
        """The second derivative along v and w, of each real output."""
        with digits(self.digits):
            t = self.step
            signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
            moves = [[(a * t, v), (b * t, w)] for a, b in signs]
            return self._differences([a * b for a, b in signs], moves, 4 * t * t)

    def pulled(self, w: Sequence[Value]) -> Values:
        """The gradient of the sum of w times the real outputs, for each active input."""
        return self._entries(lambda e: inner(w, self.along(e)))

    def pulled_along(self, w: Sequence[Value], v: Sequence[Value]) -> Values:
        """The derivative of that gradient along v."""
        return self._entries(lambda e: inner(w, self.twice(e, v)))

    def disturbed(self, seed: int) -> Reference:
        """The same with noise at every step: each argument and result is a little off."""
        return replace(self, noise=Noise(seed, NOISE))

    @cached_property
    def resolution(self) -> Any:
        """What a second derivative cannot be told from zero under; a first can still less."""
        return self._least * largest(*self.real) / self.step**2

    # How it is computed

    @cached_property
    def step(self) -> Any:
        """How far the arguments are moved."""
        sizes = [abs(x) for i in self.active for x in np.ravel(self.args[i])]
        return mpf(STEP) * min([mpf(1), *[x for x in sizes if x != 0]])

    @cached_property
    def digits(self) -> int:
        """The precision at which this step costs no more digits than one of 1e-30 from 1."""
        size = max(mpf(1), largest(*[a for a in self.args if a.dtype == object]))
        decades = CONTEXT.log10(size) - CONTEXT.log10(self.step / mpf(STEP))
        return DIGITS + 2 * int(CONTEXT.ceil(decades))

    @property
    def _least(self) -> Any:
        """What is lost beside one."""
        return mpf(10) ** (GUARD - self.digits)

    @cached_property
    def _middle(self) -> tuple[Values, Values]:
        """The outputs, and what is held in every difference."""
        run = Run(touch=self.noise() if self.noise else None)
        with digits(self.digits):
            return run.outputs(self.program, self.args), run.seen

    def _at(self, moves: Moves) -> Values:
        """The outputs at x + t v + s w + ..."""
        args = list(self.args)
        for by, v in moves:
            for i, part in zip(self.active, v, strict=True):
                args[i] = np.asarray(args[i] + exact(part) * by, object)
        held = iter(self._middle[1])
        return Run(self.noise() if self.noise else None, held).outputs(self.program, args)

    def _differences(self, signs: Sequence[int], moves: Sequence[Moves], by: Any) -> Values:
        """The signed sums of the real outputs at several points, over `by`."""

        def quotient(*values: Any) -> Any:
            total = CONTEXT.fsum([s * v for s, v in zip(signs, values, strict=True)])
            return mpf(0) if abs(total) <= self._least * max(map(abs, values)) else total / by

        rows = zip(*map(self._at, moves), strict=True)
        return [
            each(quotient, *row)
            for row, end in zip(rows, self.program.ends, strict=True)
            if isinstance(end, Real)
        ]

    def _entries(self, f: Callable[[Values], Any]) -> Values:
        """f of each unit vector, in the shapes of the active inputs."""
        with digits(self.digits):
            zeros = [np.full(s.shape, mpf(0), object) for s in self.spaces]
            found = [zero.copy() for zero in zeros]
            for i, zero in enumerate(zeros):
                for place in np.ndindex(*zero.shape):
                    unit = zero.copy()
                    unit[place] = mpf(1)
                    found[i][place] = f([*zeros[:i], unit, *zeros[i + 1 :]])
            return found


def largest(*values: Value) -> Any:
    """The largest absolute value of any entry; zero where there is none."""
    return max([abs(x) for v in values for x in np.ravel(v)], default=mpf(0))


def inner(xs: Sequence[Value], ys: Sequence[Value]) -> Any:
    """The sum of all products of entries."""
    pairs = zip(xs, ys, strict=True)
    terms = [a * b for x, y in pairs for a, b in zip(np.ravel(exact(x)), np.ravel(y), strict=True)]
    return CONTEXT.fsum(terms)
