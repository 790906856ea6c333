"""NumPy, the reference: a program becomes straight-line Python, compiled once, and runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cats.backends.backend import Compiled, Run, checked
from cats.backends.function import Style
from cats.backends.shown import built
from cats.ir.primitive import Primitive
from cats.ir.program import Program


@dataclass(frozen=True)
class OnNumpy:
    """Every program, step by step, in NumPy's own semantics.

    >>> from cats.ir.prims.smooth import sin
    >>> from cats.ir.program import Program, Step
    >>> from cats.ir.spaces import R
    >>> run = OnNumpy().compile(Program((R,), (Step(sin, (0,), (), (R,)),), (1,)))
    >>> run(0.0)
    (np.float64(0.0),)
    """

    name: ClassVar[str] = "numpy"

    def supports(self, op: Primitive) -> bool:
        """All of them: those without code text are called as the functions they are."""
        return True

    def build(self, program: Program) -> Run:
        return built(program, Style())

    def compile(self, program: Program) -> Compiled:
        """The program as a callable."""
        return checked(self, program, "Use a backend that has it.")
