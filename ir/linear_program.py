"""Linear programs: linear maps in let form, each value used as often as one likes, counted.

Each step is a signed sum of leaves applied to earlier tangents (`Sum`), or a linear control word.
The residuals a leaf holds are `Ref`s: places in the list of residuals it is run with. In cost
equalities dup = uses - 1 of a position, add = terms - 1 of a sum, drop = an unused input.
(Linear B of Radul et al., "You Only Linearize Once", POPL 2023.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cats.ir.errors import Where
from cats.ir.linear import Leaf, Ref
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve, hollow, refilled
from cats.ir.nesting import Nesting
from cats.ir.show import str_linear_program
from cats.ir.spaces import Space
from cats.ir.writing import constructor, written


@dataclass(frozen=True, slots=True)
class Term:
    """sign * leaf(tangent at `arg`); no leaf means the identity."""

    sign: int
    leaf: Leaf | None
    arg: int


@dataclass(frozen=True, slots=True)
class SumStep:
    """t = +-L1 t_i +- L2 t_j ...; the empty sum is zero."""

    terms: tuple[Term, ...]
    space: Space
    where: Where | None = field(default=None, compare=False)

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The one space it appends."""
        return (self.space,)


ZERO = -1
"""In `outputs`: this output is the zero map, whatever the input."""


@dataclass(frozen=True, eq=False, repr=False)
class LinearProgram(Nesting):
    """A linear map from the product of `inputs` to the product of the outputs, step by step.

    `outputs` are positions, or ZERO; `ends` their spaces.
    """

    inputs: tuple[Space, ...]
    steps: tuple[LinearStep, ...]
    outputs: tuple[int, ...]
    ends: tuple[Space, ...]

    def children(self) -> tuple[LinearProgram, ...]:
        """The linear programs its cases hold."""
        return tuple([b for s in self.steps for b in nested(s)])

    def outline(self) -> object:
        """All that tells it apart but the programs inside."""
        return (self.inputs, tuple(map(_hollow, self.steps)), self.outputs, self.ends)

    def emptied(self) -> object:
        """Its fields; a case holds the number of its branches."""
        return self.outline()

    @classmethod
    def filled(cls, emptied: Any, children: Iterator[LinearProgram]) -> LinearProgram:
        """The linear program of these fields."""
        inputs, steps, outputs, ends = emptied
        return cls(inputs, tuple([_whole(s, children) for s in steps]), outputs, ends)

    @cached_property
    def spaces(self) -> tuple[Space, ...]:
        """The space of every position."""
        found = list(self.inputs)
        for step in self.steps:
            found.extend(step.spaces)
        return tuple(found)

    def numbered(self) -> Iterator[tuple[int, LinearStep]]:
        """Each step with the first position it appends."""
        position = len(self.inputs)
        for step in self.steps:
            yield position, step
            position += len(step.spaces)

    def references(self) -> tuple[Ref, ...]:
        """The residuals it reads, each once, in order of first use."""
        return tuple(dict.fromkeys([r for step in self.steps for r in references(step)]))

    def __repr__(self) -> str:
        return written(self, constructor)

    def __str__(self) -> str:
        return str_linear_program(self)


LinearWord = (
    LinCase[LinearProgram]
    | LinLoop[LinearProgram]
    | LinCall[LinearProgram]
    | LinSolve[LinearProgram]
)
LinearStep = SumStep | LinearWord


def nested(step: LinearStep) -> tuple[LinearProgram, ...]:
    """The linear programs a step holds."""
    return () if isinstance(step, SumStep) else step.bodies


def references(step: LinearStep) -> Iterator[Ref]:
    """The residuals a step reads, with repetition."""
    if not isinstance(step, SumStep):
        yield from step.refs
        return
    for term in step.terms:
        if term.leaf is not None:
            yield from (value for value in term.leaf.fixed if isinstance(value, Ref))


def _hollow(step: LinearStep) -> Any:
    return step if isinstance(step, SumStep) else hollow(step)


def _whole(step: Any, children: Iterator[LinearProgram]) -> LinearStep:
    return step if isinstance(step, SumStep) else refilled(step, children)


def args_of(step: LinearStep) -> tuple[int, ...]:
    """The positions a step reads, with repetition."""
    if isinstance(step, SumStep):
        return tuple([t.arg for t in step.terms])
    return tuple([a for a in step.args if a != ZERO])


def renamed(program: LinearProgram, to: Callable[[Ref], Ref]) -> LinearProgram:
    """The linear program with its residuals renamed."""
    steps: list[LinearStep] = []
    for step in program.steps:
        if isinstance(step, SumStep):
            terms = tuple([_renamed_term(t, to) for t in step.terms])
            steps.append(SumStep(terms, step.space, step.where))
        else:
            steps.append(step.with_refs(to))
    return LinearProgram(program.inputs, tuple(steps), program.outputs, program.ends)


def _renamed_term(term: Term, to: Callable[[Ref], Ref]) -> Term:
    if term.leaf is None or not term.leaf.fixed:
        return term
    fixed = tuple([to(v) if isinstance(v, Ref) else v for v in term.leaf.fixed])
    return Term(term.sign, term.leaf.with_fixed(fixed), term.arg)


def moved(step: LinearStep, to: Callable[[int], int]) -> LinearStep:
    """The step reading other positions."""
    if isinstance(step, SumStep):
        terms = tuple([Term(t.sign, t.leaf, to(t.arg)) for t in step.terms])
        return SumStep(terms, step.space, step.where)
    return step.at(to)


def selected(program: LinearProgram, wanted: Sequence[int]) -> LinearProgram:
    """The program with these of its outputs."""
    outputs, ends = program.outputs, program.ends
    chosen = tuple([outputs[k] for k in wanted]), tuple([ends[k] for k in wanted])
    return LinearProgram(program.inputs, program.steps, *chosen)


def inputs_read(program: LinearProgram) -> Iterator[int]:
    """The inputs that a step or an output reads, with repetition."""
    positions = [a for step in program.steps for a in args_of(step)] + list(program.outputs)
    return (p for p in positions if 0 <= p < len(program.inputs))


def taking(program: LinearProgram, needed: Sequence[int]) -> LinearProgram:
    """The program on these of its inputs, in this order; it reads no others."""
    place = {old: new for new, old in enumerate(needed)}
    gone = len(program.inputs) - len(needed)

    def to(position: int) -> int:
        return place[position] if position < len(program.inputs) else position - gone

    steps = tuple([moved(step, to) for step in program.steps])
    outputs = tuple([o if o == ZERO else to(o) for o in program.outputs])
    return LinearProgram(tuple([program.inputs[i] for i in needed]), steps, outputs, program.ends)
