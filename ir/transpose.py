"""Transposition: a linear program read backwards. Reverse mode is this and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from cats.ir.errors import Where
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve
from cats.ir.linear_program import (
    ZERO,
    LinearProgram,
    LinearStep,
    SumStep,
    Term,
    moved,
    selected,
)
from cats.ir.spaces import Space, is_open
from cats.ir.trampoline import Asking, outcome


def transposed(program: LinearProgram) -> LinearProgram:
    """The same program read backwards: <A x, y> = <x, A' y>.

    A position used k times becomes a sum of k terms, a sum of k terms a position used k times:
    dup and add change places, and so do zero and drop. A loop runs from its other end; what it
    reads in every round becomes a carry that adds up. Raises LinearityError for a leaf that is
    not linear.
    """
    return outcome(_transposed(program))


def _transposed(program: LinearProgram) -> Asking[LinearProgram]:
    back = _Backwards(program)
    for position, step in reversed(list(program.numbered())):
        match step:
            case SumStep(terms, space, where):
                ct = back.collect(position, space, where)
                if ct == ZERO:
                    continue
                for term in terms:
                    leaf = None if term.leaf is None else term.leaf.op.adjoint(term.leaf)
                    back.send(term.arg, Term(term.sign, leaf, ct), where)
            case LinCase():
                yield back.case(position, step)
            case LinLoop():
                yield back.loop(position, step)
            case LinCall():
                yield back.call(position, step)
            case LinSolve():
                yield back.solve(position, step)
            case _:
                assert_never(step)
    outputs = tuple(back.collect(i, s, None) for i, s in enumerate(program.inputs))
    return LinearProgram(program.ends, tuple(back.steps), outputs, program.inputs)


class _Backwards:
    """The steps of the transposed program so far.

    uses    what is sent back to each position
    places  where the last line stands that reads it, which is where it is sent back from first
    """

    def __init__(self, program: LinearProgram) -> None:
        self.steps: list[LinearStep] = []
        self.count = len(program.outputs)
        self.uses: list[list[Term]] = [[] for _ in program.spaces]
        self.places: dict[int, Where | None] = {}
        for k, output in enumerate(program.outputs):
            self.send(output, Term(1, None, k), None)

    def send(self, arg: int, term: Term, where: Where | None) -> None:
        """What a step at a place sends back to what it reads."""
        if arg != ZERO:
            self.uses[arg].append(term)
            self.places.setdefault(arg, where)

    def collect(self, position: int, space: Space, where: Where | None) -> int:
        """The position of the cotangent: the sum of what is sent back."""
        match self.uses[position]:
            case []:
                return ZERO
            case [Term(1, None, arg)]:
                return arg
            case uses:
                return self._append(SumStep(tuple(uses), space, self.places[position] or where))

    def _append(self, step: LinearStep) -> int:
        """The first position of one more step."""
        self.steps.append(step)
        first = self.count
        self.count += len(step.spaces)
        return first

    def case(self, position: int, step: LinCase[LinearProgram]) -> Asking[None]:
        """A linear case backwards: each branch transposed, on the same tag."""
        results = range(len(step.spaces))
        if all(not self.uses[position + k] for k in results):
            return
        chosen = [k for k in results if self.uses[position + k] or not is_open(step.spaces[k])]
        args = [self._present(position + k, step.spaces[k], step.where) for k in chosen]
        branches: list[LinearProgram] = []
        for branch in step.branches:
            branches.append((yield _transposed(selected(branch, chosen))))
        first = self._append(replace(step, branches=tuple(branches), args=tuple(args)))
        for k, arg in enumerate(step.args):
            if any(b.outputs[k] != ZERO for b in branches):
                self.send(arg, Term(1, None, first + k), step.where)

    def call(self, position: int, step: LinCall[LinearProgram]) -> Asking[None]:
        """A linear call backwards: its body transposed, on the same residuals."""
        results = [k for k in range(len(step.spaces)) if self.uses[position + k]]
        if not results:
            return
        args = [self._present(position + k, step.spaces[k], step.where) for k in results]
        body: LinearProgram = yield _transposed(selected(step.body, results))
        first = self._append(replace(step, body=body, args=tuple(args)))
        for k, arg in enumerate(step.args):
            if body.outputs[k] != ZERO:
                self.send(arg, Term(1, None, first + k), step.where)

    def solve(self, position: int, step: LinSolve[LinearProgram]) -> Asking[None]:
        """A linear system backwards: the transposed system."""
        args = [self.collect(position + k, s, step.where) for k, s in enumerate(step.spaces)]
        if all(ct == ZERO for ct in args):
            return
        body: LinearProgram = yield _transposed(step.body)
        first = self._append(replace(step, body=body, args=tuple(args)))
        for k, arg in enumerate(step.args):
            self.send(arg, Term(1, None, first + k), step.where)

    def _present(self, position: int, space: Space, where: Where | None) -> int:
        """As collect, but a zero is written out: every branch expects its argument."""
        found = self.collect(position, space, where)
        return found if found != ZERO else self._append(SumStep((), space, where))

    def loop(self, position: int, step: LinLoop[LinearProgram]) -> Asking[None]:
        """A linear loop backwards: its body transposed, from the last round to the first."""
        given = [self.collect(position + k, s, step.where) for k, s in enumerate(step.spaces)]
        if all(ct == ZERO for ct in given):
            return
        rows = [k for k in range(step.carries, len(given)) if given[k] != ZERO]
        body = yield _transposed(selected(step.body, [*range(step.carries), *rows]))
        outputs, start = body.outputs, step.captured + step.carries
        sums = [j for j in range(step.captured) if outputs[j] != ZERO]
        stacks = [j for j in range(start, len(outputs)) if outputs[j] != ZERO]
        made = replace(
            step,
            body=_adding(body, sums, [*range(step.captured, start), *stacks]),
            args=(*[ZERO] * len(sums), *given[: step.carries], *[given[k] for k in rows]),
            captured=0,
            carries=len(sums) + step.carries,
            reverse=not step.reverse,
            like=step.like_at([*sums, *range(step.captured, start)]),
        )
        first = self._append(made)
        sent = [*sums, *range(step.captured, start), *stacks]
        for k, j in enumerate(sent):
            self.send(step.args[j], Term(1, None, first + k), step.where)


def _adding(body: LinearProgram, sums: Sequence[int], rest: Sequence[int]) -> LinearProgram:
    """The body with further carries in front, to which these outputs are added in every round."""
    ahead = tuple([body.ends[j] for j in sums])
    steps = [moved(step, lambda p: p + len(sums)) for step in body.steps]
    outputs: list[int] = []
    count = len(sums) + len(body.spaces)
    for k, j in enumerate(sums):
        terms = (Term(1, None, k), Term(1, None, body.outputs[j] + len(sums)))
        steps.append(SumStep(terms, body.ends[j]))
        outputs.append(count + k)
    outputs += [o if o == ZERO else o + len(sums) for o in [body.outputs[j] for j in rest]]
    ends = (*ahead, *[body.ends[j] for j in rest])
    return LinearProgram((*ahead, *body.inputs), tuple(steps), tuple(outputs), ends)
