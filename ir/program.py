"""Programs in unary form: the whole context is one object, each step appends its results to it.

A step is a unary morphism G -> G * B1 * ... * Bk; a program is the composition of its steps,
followed by a selection of outputs. Sharing is explicit: a position may be read many times.
(Huot and Shaikhha 2022, the unary form.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, assert_never

import numpy as np

from cats.ir.constant import Constant
from cats.ir.control import Call, Case, Custom, Loop, Replay, Solve, While, refilled
from cats.ir.errors import SpaceError, TermError, Where, expected, kind_of
from cats.ir.linear import Params
from cats.ir.nesting import Nesting, inner_first
from cats.ir.primitive import Primitive
from cats.ir.show import str_program
from cats.ir.spaces import BOOL, INT, Discrete, Ground, Real, Value
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

    def pruned(self) -> Program:
        """Without the steps that no output, and no effect, depends on."""
        read = [False] * len(self.spaces)
        for output in self.outputs:
            read[output] = True
        kept: list[tuple[int, Step]] = []
        for first, step in reversed(list(self.numbered())):
            if step.op.effect or True in read[first : first + len(step.spaces)]:
                kept.append((first, step))
                for a in step.args:
                    read[a] = True
        if len(kept) == len(self.steps):
            return self
        new, count = {i: i for i in range(len(self.inputs))}, len(self.inputs)
        steps: list[Step] = []
        for first, step in reversed(kept):
            steps.append(replace(step, args=tuple([new[a] for a in step.args])))
            new.update({first + k: count + k for k in range(len(step.spaces))})
            count += len(step.spaces)
        return replace(self, steps=tuple(steps), outputs=tuple([new[o] for o in self.outputs]))

    def inputs_read(self) -> list[int]:
        """The inputs that a step or an output reads."""
        read = {a for step in self.steps for a in step.args} | set(self.outputs)
        return [i for i in range(len(self.inputs)) if i in read]

    def taking(self, needed: Sequence[int]) -> Program:
        """The program on these of its inputs, in this order; it reads no others."""
        gone = len(self.inputs) - len(needed)
        new = {p: p - gone for p in range(len(self.inputs), len(self.spaces))}
        new.update((old, i) for i, old in enumerate(needed))
        steps = [replace(s, args=tuple([new[a] for a in s.args])) for s in self.steps]
        return Program(
            tuple([self.inputs[i] for i in needed]),
            tuple(steps),
            tuple([new[o] for o in self.outputs]),
            tuple([self.names[i] for i in needed]) if self.names else (),
        )

    def evaluated(self, args: Sequence[Value]) -> tuple[Value, ...]:
        """The outputs, one operation after the other: slow, for single values."""
        at = list(args)
        for step in self.steps:
            made = step.op(*[at[a] for a in step.args], **dict(step.params))
            several = len(step.spaces) > 1 or not isinstance(step.op, Primitive)
            results = made if several else (made,)
            at.extend(_wide(v, s) for v, s in zip(results, step.spaces, strict=True))
        return tuple([at[o] for o in self.outputs])

    def __repr__(self) -> str:
        return written(self, constructor)

    def __str__(self) -> str:
        return str_program(self)


Control = (
    Case[Program]
    | Loop[Program]
    | While[Program]
    | Replay[Program]
    | Solve[Program]
    | Call[Program]
    | Custom[Program]
)
"""The control words: each holds nested programs whose captured values are arguments."""


def _wide(value: Value, space: Ground) -> Value:
    """A bare number as NumPy's, of the dtype of its space."""
    bare = type(value) in (int, float, bool)
    return np.dtype(space.dtype).type(value) if bare else value


def program_of_word(word: Control) -> Program:
    """The program that is a word on its arguments, of which it takes as many as its programs say.

    >>> from cats.ir.read import read_program
    >>> print(program_of_word(Call(read_program("(x: R) -> y = sin x  in (y)"))))
    (x0: R) ->
      x1 = call x0
        | (x: R) ->
            x1 = sin x
          in (x1)
    in (x1)
    """
    takes = _takes(word)
    count, made = len(takes), word.space(*takes)
    step = Step(word, tuple(range(count)), (), made)
    return Program(takes, (step,), tuple(range(count, count + len(made))))


def _takes(word: Control) -> tuple[Ground, ...]:
    match word:
        case Case():
            tag = BOOL if len(word.branches) == 2 else INT
            return (tag, *word.branches[0].inputs)
        case Loop() | Replay():
            return word.takes()
        case While() | Call() | Custom() | Solve():
            return word.body.inputs
        case _:
            assert_never(word)


WORDS = (Case, Loop, While, Replay, Solve, Call, Custom)
"""The classes of control words."""

_MADE = "Make one with cats.trace(f, x), or read it with cats.ir.read.read_program."


def a_program(given: object) -> None:
    """Raises TermError unless it is a program that passes can read; `check_program` says more."""
    expected(given, Program, "program", _MADE)
    well_formed(given)  # type: ignore[arg-type]


def well_formed(program: Program) -> None:
    """Raises TermError for what stands where an operation does, or an earlier position.

    SpaceError for an operation on so many arguments as it does not take.
    """
    _grounds("an input", program.inputs, None)
    position = len(program.inputs)
    for step in program.steps:
        op = step.op if isinstance(step, Step) else step
        if not isinstance(op, (Primitive, *WORDS)):
            raise TermError(f"step {position} is {kind_of(op)}, and no operation", remedy=_MADE)
        label = f"step {position} ({op.name})"
        backwards(label, step.args, position, step.where)
        wrong = op.takes.miscounted(op.name, len(step.args)) if type(op) is Primitive else None
        if wrong is not None:
            raise SpaceError(f"{label}: {wrong}", where=step.where)
        _grounds(f"a result of {label}", step.spaces, step.where)
        position += len(step.spaces)
    in_range(program.outputs, position, first=0)


def _grounds(what: str, spaces: Sequence[object], where: Where | None) -> None:
    """Raises TermError unless they are spaces of numbers and arrays."""
    for space in spaces:
        if type(space) is not Real and type(space) is not Discrete:
            raise TermError(
                f"{what} lies in {space}, which is no space of numbers or arrays",
                where=where,
                remedy="Give each part of a product a position of its own.",
            )


def backwards(label: str, args: Sequence[int], position: int, where: Where | None) -> None:
    """Raises TermError if a step reads a position that is not before it."""
    for arg in args:
        if arg not in range(position):
            raise TermError(f"{label} reads position {arg}, which is not before it", where=where)


def in_range(outputs: Sequence[int], count: int, first: int) -> None:
    """Raises TermError if an output is no position."""
    for number, output in enumerate(outputs):
        if output not in range(first, count):
            raise TermError(f"output {number} reads position {output}, there are {count}")


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
