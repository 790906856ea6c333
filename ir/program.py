"""Programs in unary form: the whole context is one object, each step appends its results to it.

A step is a unary morphism G -> G * B1 * ... * Bk; a program is the composition of its steps,
followed by a selection of outputs. Sharing is explicit: a position may be read many times.
(Huot and Shaikhha 2022, the unary form.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cats.ir.constant import Constant
from cats.ir.control import Case, Loop, While, refilled
from cats.ir.errors import Where
from cats.ir.linear import Params
from cats.ir.nesting import Nesting, inner_first
from cats.ir.primitive import Primitive
from cats.ir.show import str_program
from cats.ir.spaces import Ground, Value
from cats.ir.writing import constructor, written


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on earlier positions, and the spaces of the positions it appends."""

    op: Primitive | Control
    args: tuple[int, ...]
    params: Params
    spaces: tuple[Ground, ...]
    where: Where | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())

    def key(self) -> tuple[Any, ...]:
        """What tells two steps apart: everything but the place in the user's code."""
        return (self.op, self.args, self.params, self.spaces)


@dataclass(frozen=True, eq=False, repr=False)
class Program(Nesting):
    """inputs -> outputs: steps whose arguments point backwards only, and a selection at the end.

    Positions 0 .. len(inputs) - 1 are the inputs; each step appends its results.
    """

    inputs: tuple[Ground, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    names: tuple[str, ...] = ()

    def children(self) -> tuple[Program, ...]:
        """The programs its steps hold."""
        return tuple([p for s in self.steps for p in nested(s)])

    def outline(self) -> object:
        """All that tells it apart but the programs inside; names and places do not."""
        rows = tuple([(_head(s), s.args, s.params, s.spaces) for s in self.steps])
        return (self.inputs, self.outputs, rows)

    def emptied(self) -> object:
        """Its fields, with the number of branches in place of a case."""
        rows = [(_head(s), s.args, s.params, s.spaces, s.where) for s in self.steps]
        return (self.inputs, rows, self.outputs, self.names)

    @classmethod
    def filled(cls, emptied: Any, children: Iterator[Program]) -> Program:
        """The program of these fields."""
        inputs, rows, outputs, names = emptied
        steps = tuple([Step(_whole(head, children), *rest) for head, *rest in rows])
        return cls(inputs, steps, outputs, names)

    @cached_property
    def spaces(self) -> tuple[Ground, ...]:
        """The space of every position."""
        found = list(self.inputs)
        for step in self.steps:
            found.extend(step.spaces)
        return tuple(found)

    @cached_property
    def ends(self) -> tuple[Ground, ...]:
        """The spaces of the outputs."""
        return tuple(self.spaces[o] for o in self.outputs)

    @cached_property
    def depth(self) -> int:
        """How many control words lie one inside another."""
        found: dict[int, int] = {}
        for program in inner_first(self):
            inside = [1 + found[id(p)] for s in program.steps for p in nested(s)]
            found[id(program)] = max(inside, default=0)
        return found[id(self)]

    @property
    def input_names(self) -> tuple[str, ...]:
        """The user's names of the inputs, or x0, x1, ..."""
        return self.names or tuple(f"x{i}" for i in range(len(self.inputs)))

    def __len__(self) -> int:
        """How many steps."""
        return len(self.steps)

    def __bool__(self) -> bool:
        """A program without steps is a program."""
        return True

    def numbered(self) -> Iterator[tuple[int, Step]]:
        """Each step with the first position it appends."""
        position = len(self.inputs)
        for step in self.steps:
            yield position, step
            position += len(step.spaces)

    def evaluated(self, args: Sequence[Value]) -> tuple[Value, ...]:
        """The outputs, one operation after the other: slow, for single values."""
        at = list(args)
        for step in self.steps:
            made = step.op(*[at[a] for a in step.args], **dict(step.params))
            several = len(step.spaces) > 1 or not isinstance(step.op, Primitive)
            at.extend(made if several else (made,))
        return tuple([at[o] for o in self.outputs])

    def __repr__(self) -> str:
        return written(self, constructor)

    def __str__(self) -> str:
        return str_program(self)


Control = Case[Program] | Loop[Program] | While[Program]
"""The control words: each holds nested programs whose captured values are arguments."""


def nested(step: Step) -> tuple[Program, ...]:
    """The programs a control step holds; none for a primitive."""
    return () if isinstance(step.op, Primitive) else step.op.programs


def _head(step: Step) -> Any:
    """The operation of a step; a control word without its programs."""
    return step.op if isinstance(step.op, Primitive) else step.op.hollow()


def _whole(head: Any, children: Iterator[Program]) -> Primitive | Control:
    return head if isinstance(head, Primitive) else refilled(head, children)


def constant_of(step: Step) -> Constant | None:
    """The constant a step emits, if it does."""
    return step.params[0][1] if step.op.name == "const" else None
