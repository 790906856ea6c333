"""Lines: the statements a program is written as, one for each step that is needed."""

from __future__ import annotations

from typing import Any, NamedTuple

from cats.backends.operand import Operand
from cats.ir.program import Step


class Line(NamedTuple):
    """One statement: a step on operands.

    callee   called, where given, instead of writing the operation's text
    over     argument 0 is written over: nobody reads it again
    copied   the result is a copy, for what it is a view of is written over before it is read
    """

    step: Step
    first: int
    operands: tuple[Operand, ...]
    callee: Any = None
    over: bool = False
    copied: bool = False

    @property
    def makes(self) -> range:
        """The positions it defines."""
        return range(self.first, self.first + len(self.step.spaces))

    def reads(self) -> list[int]:
        """The positions it reads by name."""
        return [o.position for o in self.operands if o.literal is None]
