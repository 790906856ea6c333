"""Linear programs: linear maps in let form, each value used as often as one likes, counted.

Each step is a signed sum of leaves applied to earlier tangents (`Sum`), or a linear case. The
residuals a leaf holds are `Ref`s: places in the list of residuals it is run with. In cost
equalities dup = uses - 1 of a position, add = terms - 1 of a sum, drop = an unused input.
(Linear B of Radul et al., "You Only Linearize Once", POPL 2023.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any, assert_never

from cats.ir.errors import Where
from cats.ir.linear import Leaf, Ref
from cats.ir.nesting import Nesting
from cats.ir.show import str_linear_program
from cats.ir.spaces import INT, Space
from cats.ir.trampoline import Asking, outcome
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

    One tag may say as well what is chosen within the branches, so that choices nested n deep need
    one residual, not n. Then `widths` says how many of its values each branch has: the first w0
    are of branch 0, the next w1 of branch 1. Which of its own it is, the branch is told by one
    more residual, the last: that is the tag of a choice in it.
    """

    tag: Ref
    residuals: tuple[Ref, ...]
    branches: tuple[LinearProgram, ...]
    args: tuple[int, ...]
    where: Where | None = None
    widths: tuple[int, ...] = ()

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The spaces it appends: the branches' outputs."""
        return self.branches[0].ends

    @property
    def inner(self) -> tuple[Ref, ...]:
        """The residuals as the branches see them."""
        refs = [Ref(i, ref.space) for i, ref in enumerate(self.residuals)]
        return (*refs, Ref(len(refs), INT)) if self.widths else tuple(refs)

    @property
    def width(self) -> int:
        """How many values the tag has."""
        return sum(self.widths) or len(self.branches)

    def taken(self, tag: int) -> tuple[int, int]:
        """The branch that a value of the tag chooses, and which of its own values it is."""
        if not self.widths:
            return tag, 0
        branch = 0
        while branch < len(self.widths) - 1 and tag >= self.widths[branch]:
            tag -= self.widths[branch]
            branch += 1
        return branch, tag


LinearStep = SumStep | LinCase

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
        return tuple([b for s in self.steps if isinstance(s, LinCase) for b in s.branches])

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


def _hollow(step: LinearStep) -> LinearStep | tuple[object, ...]:
    """The step; of a case all but its branches, and how many they are."""
    if isinstance(step, SumStep):
        return step
    return (len(step.branches), step.tag, step.residuals, step.args, step.where, step.widths)


def _whole(step: Any, children: Iterator[LinearProgram]) -> LinearStep:
    if isinstance(step, SumStep):
        return step
    count, tag, residuals, *rest = step
    return LinCase(tag, residuals, tuple(islice(children, count)), *rest)


def args_of(step: LinearStep) -> tuple[int, ...]:
    """The positions a step reads, with repetition."""
    match step:
        case SumStep(terms):
            return tuple(t.arg for t in terms)
        case LinCase(args=args):
            return args
        case _:
            assert_never(step)


def prune(program: LinearProgram, pruned: Collection[int] = ()) -> LinearProgram:
    """Without what nobody reads: steps, and the results, arguments and residuals of cases.

    Copies (a single +identity) and zeros are read through, so that afterwards every position is
    read, every argument of a case by some branch, and some branch gives each of its results.

    pruned   of linear programs inside, by identity, those that are pruned already: what nobody
             outside changes in them is not looked through again
    """
    return outcome(_pruned(program, (), pruned))


def _pruned(
    program: LinearProgram, absent: Collection[int], pruned: Collection[int]
) -> Asking[LinearProgram]:
    """The program pruned, some of its inputs being zero."""
    if id(program) in pruned and not absent:
        return program
    direct: LinearProgram = yield _direct(program, absent, pruned)
    found: LinearProgram = yield _live(direct)
    return found


def _direct(
    program: LinearProgram, absent: Collection[int], pruned: Collection[int]
) -> Asking[LinearProgram]:
    """Every reader reads the position that is meant: no copies, no zeros."""
    meant = [ZERO if i in absent else i for i in range(len(program.inputs))]
    steps: list[LinearStep] = []
    for position, step in program.numbered():
        match step:
            case SumStep(terms, space, where):
                kept = [Term(t.sign, t.leaf, meant[t.arg]) for t in terms if meant[t.arg] != ZERO]
                steps.append(SumStep(tuple(kept), space, where))
                match kept:
                    case []:
                        meant.append(ZERO)
                    case [Term(1, None, arg)]:
                        meant.append(arg)
                    case _:
                        meant.append(position)
            case LinCase(args=args):
                gone = [i for i, a in enumerate(args) if meant[a] == ZERO]
                branches: list[LinearProgram] = []
                for b in step.branches:
                    branches.append((yield _pruned(b, gone, pruned)))
                given = tuple([a if meant[a] == ZERO else meant[a] for a in args])
                steps.append(replace(step, branches=tuple(branches), args=given))
                for k in range(len(step.spaces)):
                    vanishes = all(b.outputs[k] == ZERO for b in branches)
                    meant.append(ZERO if vanishes else position + k)
            case _:
                assert_never(step)
    outputs = tuple([o if o == ZERO else meant[o] for o in program.outputs])
    return LinearProgram(program.inputs, tuple(steps), outputs, program.ends)


def _live(program: LinearProgram) -> Asking[LinearProgram]:
    """Only what the outputs depend on; the inputs all stay. What is inside is pruned already."""
    read = {o for o in program.outputs if o != ZERO}
    kept: list[tuple[int, LinearStep, list[int]]] = []
    for position, step in reversed(list(program.numbered())):
        wanted = [k for k in range(len(step.spaces)) if position + k in read]
        if wanted:
            if isinstance(step, LinCase):
                step = yield _narrowed(step, wanted)
            read.update(args_of(step))
            kept.append((position, step, wanted))
    new = {i: i for i in range(len(program.inputs))}
    steps: list[LinearStep] = []
    for position, step, wanted in reversed(kept):
        steps.append(moved(step, new.__getitem__))
        new.update({position + k: len(new) + i for i, k in enumerate(wanted)})
    outputs = tuple([o if o == ZERO else new[o] for o in program.outputs])
    return LinearProgram(program.inputs, tuple(steps), outputs, program.ends)


def _narrowed(step: LinCase, wanted: Sequence[int]) -> Asking[LinCase]:
    """The case with these results only, and with what its branches need for them."""
    branches = list(step.branches)
    if len(wanted) < len(step.spaces):
        for i, branch in enumerate(branches):
            branches[i] = yield _live(_selected(branch, wanted))
    needed = sorted({p for b in branches for p in _inputs_read(b)})
    count = len(step.residuals)
    refs = sorted({r.position for b in branches for r in b.references() if r.position < count})
    number = {old: new for new, old in enumerate((*refs, count))}
    narrow = [renamed(b, lambda r: Ref(number[r.position], r.space)) for b in branches]
    return replace(
        step,
        residuals=tuple([step.residuals[r] for r in refs]),
        branches=tuple([_taking(b, needed) for b in narrow]),
        args=tuple([step.args[i] for i in needed]),
    )


def _selected(program: LinearProgram, wanted: Sequence[int]) -> LinearProgram:
    outputs, ends = program.outputs, program.ends
    chosen = tuple([outputs[k] for k in wanted]), tuple([ends[k] for k in wanted])
    return LinearProgram(program.inputs, program.steps, *chosen)


def _inputs_read(program: LinearProgram) -> Iterator[int]:
    positions = [a for step in program.steps for a in args_of(step)] + list(program.outputs)
    return (p for p in positions if 0 <= p < len(program.inputs))


def _taking(program: LinearProgram, needed: Sequence[int]) -> LinearProgram:
    """The program on those of its inputs that it needs."""
    place = {old: new for new, old in enumerate(needed)}
    gone = len(program.inputs) - len(needed)

    def to(position: int) -> int:
        return place[position] if position < len(program.inputs) else position - gone

    steps = tuple([moved(step, to) for step in program.steps])
    outputs = tuple([o if o == ZERO else to(o) for o in program.outputs])
    return LinearProgram(tuple([program.inputs[i] for i in needed]), steps, outputs, program.ends)


def renamed(program: LinearProgram, to: Callable[[Ref], Ref]) -> LinearProgram:
    """The linear program with its residuals renamed."""
    steps: list[LinearStep] = []
    for step in program.steps:
        match step:
            case SumStep(terms, space, where):
                steps.append(SumStep(tuple([_renamed_term(t, to) for t in terms]), space, where))
            case LinCase(tag, residuals):
                chosen = tuple([to(r) for r in residuals])
                steps.append(replace(step, tag=to(tag), residuals=chosen))
            case _:
                assert_never(step)
    return LinearProgram(program.inputs, tuple(steps), program.outputs, program.ends)


def _renamed_term(term: Term, to: Callable[[Ref], Ref]) -> Term:
    if term.leaf is None or not term.leaf.fixed:
        return term
    fixed = tuple([to(v) if isinstance(v, Ref) else v for v in term.leaf.fixed])
    return Term(term.sign, term.leaf.with_fixed(fixed), term.arg)


def moved(step: LinearStep, to: Callable[[int], int]) -> LinearStep:
    """The step reading other positions."""
    match step:
        case SumStep(terms, space, where):
            return SumStep(tuple([Term(t.sign, t.leaf, to(t.arg)) for t in terms]), space, where)
        case LinCase(args=args):
            return replace(step, args=tuple([to(a) for a in args]))
        case _:
            assert_never(step)


def transposed(program: LinearProgram) -> LinearProgram:
    """The same program read backwards: <A x, y> = <x, A' y>.

    A position used k times becomes a sum of k terms, a sum of k terms a position used k times:
    dup and add change places, and so do zero and drop. Raises LinearityError for a leaf that is
    not linear.
    """
    return outcome(_transposed(program))


def _transposed(program: LinearProgram) -> Asking[LinearProgram]:
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
                yield back.case(position, step, uses)
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

    def case(self, position: int, step: LinCase, uses: list[list[Term]]) -> Asking[None]:
        """A linear case backwards: each branch transposed, on the same tag."""
        args = [
            self._present(uses[position + k], space, step.where)
            for k, space in enumerate(step.spaces)
        ]
        if all(not uses[position + k] for k in range(len(step.spaces))):
            return
        branches: list[LinearProgram] = []
        for branch in step.branches:
            branches.append((yield _transposed(branch)))
        self.steps.append(replace(step, branches=tuple(branches), args=tuple(args)))
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
