"""What cats finds: value, derivative in both modes and second derivative of a program, compiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cats.backends.backend import Backend, Compiled
from cats.engine import NUMPY
from cats.ir.program import Program
from cats.ir.spaces import Real, Value
from cats.ir.wire import Builder
from cats.pipeline import gradient, halves, pushforward, reverse_half
from cats.simplify import simplify


@dataclass(frozen=True)
class Found:
    """A program on a backend. Tangents and cotangents belong to real inputs and outputs only."""

    program: Program
    backend: Backend = NUMPY

    @property
    def active(self) -> tuple[int, ...]:
        """The real inputs."""
        return tuple([i for i, s in enumerate(self.program.inputs) if isinstance(s, Real)])

    def value(self, args: Sequence[Value]) -> list[Value]:
        """All outputs."""
        return list(self._value(*args))

    def along(self, args: Sequence[Value], v: Sequence[Value]) -> list[Value]:
        """The derivative along v of each real output: what cats.jvp runs."""
        return list(self._along(*args, *v)[len(self.program.outputs) :])

    def pulled(self, args: Sequence[Value], w: Sequence[Value]) -> list[Value]:
        """The derivative read backwards from w, for each real input: what cats.vjp runs."""
        return list(self._pulled(*args, *w))

    def pulled_along(
        self, args: Sequence[Value], w: Sequence[Value], v: Sequence[Value]
    ) -> list[Value]:
        """The derivative of `pulled` along v: forward over reverse."""
        return list(self._pulled_along(*args, *w, *v)[len(self.active) :])

    def gradient(self, args: Sequence[Value]) -> list[Value]:
        """The gradient of output 0, a real number: what cats.grad runs."""
        return list(self._gradient(*args)[len(self.program.outputs) :])

    def gradient_along(self, args: Sequence[Value], v: Sequence[Value]) -> list[Value]:
        """The derivative of the gradient along v: what cats.hvp runs."""
        count = len(self.program.outputs) + len(self.active)
        moved = self._gradient_along(*args, *v)[count:]
        return list(moved[len(moved) - len(self.active) :])

    def _compiled(self, program: Program) -> Compiled:
        return self.backend.compile(simplify(program))

    @cached_property
    def _value(self) -> Compiled:
        return self._compiled(self.program)

    @cached_property
    def _along(self) -> Compiled:
        return self._compiled(pushforward(self.program, self.active))

    @cached_property
    def _pulled(self) -> Compiled:
        return self._compiled(pullback(self.program))

    @cached_property
    def _pulled_along(self) -> Compiled:
        return self._compiled(pushforward(pullback(self.program), self.active))

    @cached_property
    def _gradient(self) -> Compiled:
        return self._compiled(gradient(self.program, self.active))

    @cached_property
    def _gradient_along(self) -> Compiled:
        return self._compiled(pushforward(gradient(self.program, self.active), self.active))


def pullback(program: Program) -> Program:
    """(x, cotangents of the real outputs) |-> cotangents of the real inputs."""
    active = [i for i, s in enumerate(program.inputs) if isinstance(s, Real)]
    split = halves(program, active, None)
    builder = Builder([*program.inputs, *[s for s in program.ends if isinstance(s, Real)]])
    count = len(program.inputs)
    made = builder.run(split.primal, builder.wires[:count])
    given = builder.wires[count : len(builder.inputs)]
    back = builder.run(reverse_half(split.half), [*made[split.count :], *given])
    return builder.finish(back)
