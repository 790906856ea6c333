"""Linear programs: linear maps in let form, each value used as often as one likes, counted.

Each step is a signed sum of leaves applied to earlier tangents (`Sum`), or a linear case. The
residuals a leaf holds are `Ref`s: positions of the primal program it belongs to. In cost
equalities dup = uses - 1 of a position, add = terms - 1 of a sum, drop = an unused input.
(Linear B of Radul et al., "You Only Linearize Once", POPL 2023.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, assert_never

from cats.ir.errors import Where
from cats.ir.linear import Leaf, Ref
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
    where: Where | None = None

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The one space it appends."""
        return (self.space,)


@dataclass(frozen=True, slots=True)
class LinCase:
    """The linear twin of a case: the tag chosen by the primal selects one linear program.

    Residuals of the branches are positions of this step's own `residuals`.
    """

    tag: Ref
    residuals: tuple[Ref, ...]
    branches: tuple[LinearProgram, ...]
    args: tuple[int, ...]
    where: Where | None = None

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The spaces it appends: the branches' outputs."""
        return self.branches[0].ends


LinearStep = SumStep | LinCase

ZERO = -1
"""In `outputs`: this output is the zero map, whatever the input."""


@dataclass(frozen=True, repr=False)
class LinearProgram:
    """A linear map from the product of `inputs` to the product of the outputs, step by step.

    `outputs` are positions, or ZERO; `ends` their spaces.
    """

    inputs: tuple[Space, ...]
    steps: tuple[LinearStep, ...]
    outputs: tuple[int, ...]
    ends: tuple[Space, ...]

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
        found: dict[Ref, None] = {}
        for step in self.steps:
            match step:
                case SumStep(terms):
                    for term in terms:
                        if term.leaf is not None:
                            for value in term.leaf.fixed:
                                if isinstance(value, Ref):
                                    found[value] = None
                case LinCase(tag, residuals):
                    for ref in (tag, *residuals):
                        found[ref] = None
                case _:
                    assert_never(step)
        return tuple(found)

    def __repr__(self) -> str:
        return written(self, constructor)

    def __str__(self) -> str:
        return str_linear_program(self)


def args_of(step: LinearStep) -> tuple[int, ...]:
    """The positions a step reads, with repetition."""
    match step:
        case SumStep(terms):
            return tuple(t.arg for t in terms)
        case LinCase(args=args):
            return args
        case _:
            assert_never(step)


def prune(program: LinearProgram) -> LinearProgram:
    """Without the steps nobody reads, and with copies (a single +identity) read through."""
    same = list(range(len(program.spaces)))
    for position, step in program.numbered():
        match step:
            case SumStep((Term(1, None, arg),)):
                same[position] = same[arg]
            case _:
                pass
    read = {same[o] for o in program.outputs if o != ZERO}
    kept: list[tuple[int, LinearStep]] = []
    for position, step in reversed(list(program.numbered())):
        alive = any(position + k in read for k in range(len(step.spaces)))
        if alive:
            read.update(same[a] for a in args_of(step))
            kept.append((position, step))
    return _renumbered(program, same, kept[::-1])


def _renumbered(
    program: LinearProgram, same: Sequence[int], kept: Sequence[tuple[int, LinearStep]]
) -> LinearProgram:
    new = {i: i for i in range(len(program.inputs))}
    steps: list[LinearStep] = []
    count = len(program.inputs)
    for position, step in kept:
        steps.append(moved(step, lambda a: new[same[a]]))
        for k in range(len(step.spaces)):
            new[position + k] = count + k
        count += len(step.spaces)
    outputs = tuple(o if o == ZERO else new[same[o]] for o in program.outputs)
    return LinearProgram(program.inputs, tuple(steps), outputs, program.ends)


def moved(step: LinearStep, to: Any) -> LinearStep:
    """The step reading other positions."""
    match step:
        case SumStep(terms, space, where):
            return SumStep(tuple([Term(t.sign, t.leaf, to(t.arg)) for t in terms]), space, where)
        case LinCase(tag, residuals, branches, args, where):
            return LinCase(tag, residuals, branches, tuple(to(a) for a in args), where)
        case _:
            assert_never(step)


def transposed(program: LinearProgram) -> LinearProgram:
    """The same program read backwards: <A x, y> = <x, A' y>.

    A position used k times becomes a sum of k terms, a sum of k terms a position used k times:
    dup and add change places, and so do zero and drop. Raises LinearityError for a leaf that is
    not linear.
    """
    uses: list[list[Term]] = [[] for _ in program.spaces]
    back = _Backwards(program)
    for k, output in enumerate(program.outputs):
        if output != ZERO:
            uses[output].append(Term(1, None, k))
    for position, step in reversed(list(program.numbered())):
        match step:
            case SumStep(terms, space, where):
                ct = back.collect(uses[position], space, where)
                if ct == ZERO:
                    continue
                for term in terms:
                    leaf = None if term.leaf is None else term.leaf.op.adjoint(term.leaf)
                    uses[term.arg].append(Term(term.sign, leaf, ct))
            case LinCase():
                back.case(position, step, uses)
            case _:
                assert_never(step)
    outputs = tuple(back.collect(uses[i], s, None) for i, s in enumerate(program.inputs))
    return LinearProgram(program.ends, tuple(back.steps), outputs, program.inputs)


class _Backwards:
    """The steps of the transposed program, so far."""

    def __init__(self, program: LinearProgram) -> None:
        self.steps: list[LinearStep] = []
        self.count = len(program.outputs)

    def collect(self, uses: list[Term], space: Space, where: Where | None) -> int:
        """The position of the cotangent: the sum of what the uses send back."""
        match uses:
            case []:
                return ZERO
            case [Term(1, None, arg)]:
                return arg
        self.steps.append(SumStep(tuple(uses), space, where))
        self.count += 1
        return self.count - 1

    def case(self, position: int, step: LinCase, uses: list[list[Term]]) -> None:
        """A linear case backwards: each branch transposed, on the same tag."""
        args = [
            self._present(uses[position + k], space, step.where)
            for k, space in enumerate(step.spaces)
        ]
        if all(not uses[position + k] for k in range(len(step.spaces))):
            return
        branches = tuple(transposed(b) for b in step.branches)
        self.steps.append(LinCase(step.tag, step.residuals, branches, tuple(args), step.where))
        for k, arg in enumerate(step.args):
            if any(b.outputs[k] != ZERO for b in branches):
                uses[arg].append(Term(1, None, self.count + k))
        self.count += len(step.args)

    def _present(self, uses: list[Term], space: Space, where: Where | None) -> int:
        """As collect, but a zero is written out: every branch expects its argument."""
        found = self.collect(uses, space, where)
        if found != ZERO:
            return found
        self.steps.append(SumStep((), space, where))
        self.count += 1
        return self.count - 1


