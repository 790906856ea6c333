"""Linear programs as terms of Linear A: what is used twice is doubled, what is not used dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, assert_never

import numpy as np

from cats.ir.constant import Constant
from cats.ir.errors import TermError
from cats.ir.linear import Leaf, Ref
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve
from cats.ir.linear_lambda import (
    Apply,
    Case,
    Drop,
    Dup,
    Expression,
    Function,
    Let,
    Loop,
    Plus,
    Zero,
)
from cats.ir.linear_program import ZERO, LinearProgram, LinearStep, SumStep, Term, args_of, moved
from cats.ir.nesting import inner_first
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, mul, neg, sub
from cats.ir.prims.choice import greater_equal
from cats.ir.prims.layout import const, convert


def from_linear_program(program: LinearProgram) -> Function:
    """The function (residuals; tangents) -> (; outputs), with dup, drop, zero and plus explicit.

    A position used n times is doubled n - 1 times; a sum of n terms is n - 1 times plus.
    Raises TermError if a leaf holds something else than an operation of the vocabulary's kind.

    >>> from cats.ir.spaces import R
    >>> twice = SumStep((Term(1, None, 0), Term(1, None, 0)), R)
    >>> print(from_linear_program(LinearProgram((R,), (twice,), (1,), (R,))))
    (; t0: R) ->
      t0_1, t0_2 = dup t0
      t1 = plus t0_1 t0_2
    in (; t1)
    """
    program = _carried(program)
    todo: list[tuple[LinearProgram, tuple[Ref, ...]]] = [(program, program.references())]
    for current, _ in todo:
        for step in current.steps:
            if not isinstance(step, SumStep):
                todo += [(body, step.inner) for body in step.bodies]
    made: Made = {}
    for current, residuals in reversed(todo):
        made[id(current), residuals] = _Explicit(current, made).function(residuals)
    return made[id(program), program.references()]


def _carried(program: LinearProgram) -> LinearProgram:
    """The program in which loops capture nothing: a value that every round reads is handed on."""
    made: dict[int, LinearProgram] = {}
    for each in inner_first(program):
        steps: list[LinearStep] = []
        new = list(range(len(each.inputs)))
        count = len(new)
        for step in each.steps:
            here = moved(step, new.__getitem__)
            more = 0
            if not isinstance(here, SumStep):
                here = here.with_bodies([made[id(body)] for body in here.bodies])
            if isinstance(here, LinLoop):
                more = here.captured
                body, ends = here.body, here.body.inputs[:more]
                outputs = (*range(more), *body.outputs)
                body = LinearProgram(body.inputs, body.steps, outputs, (*ends, *body.ends))
                here = replace(here, body=body, captured=0, carries=more + here.carries)
            steps.append(here)
            new.extend(range(count + more, count + len(here.spaces)))
            count += len(here.spaces)
        outputs = tuple([o if o == ZERO else new[o] for o in each.outputs])
        made[id(each)] = LinearProgram(each.inputs, tuple(steps), outputs, each.ends)
    return made[id(program)]


Made = dict[tuple[int, tuple[Ref, ...]], Function]


class _Explicit:
    """The lets of one function, so far."""

    def __init__(self, program: LinearProgram, made: Made) -> None:
        self.program = program
        self.made = made
        self.lets: list[Let] = []
        self.fresh = 0
        self.copies: list[Iterator[str]] = []
        self.uses = [0] * len(program.spaces)
        for step in program.steps:
            for arg in args_of(step):
                self.uses[arg] += 1
        for output in program.outputs:
            if output != ZERO:
                self.uses[output] += 1

    def function(self, residuals: Sequence[Ref]) -> Function:
        """The whole program as a function."""
        program = self.program
        for position in range(len(program.inputs)):
            self.bound(f"t{position}")
        for position, step in program.numbered():
            match step:
                case SumStep():
                    self.sum(position, step)
                case LinCase():
                    self.case(position, step)
                case LinLoop():
                    self.loop(position, step)
                case LinCall():
                    raise TermError(
                        "a linear term reads its residuals, and does not compute them again",
                        where=step.where,
                        remedy="Derive without a policy, so that all residuals are kept.",
                    )
                case LinSolve():
                    raise TermError("a linear term solves no systems", where=step.where)
                case _:
                    assert_never(step)
        results = tuple(
            self.let(Zero(end)) if output == ZERO else next(self.copies[output])
            for output, end in zip(program.outputs, program.ends, strict=True)
        )
        return Function(
            tuple((str(ref), ref.space) for ref in residuals),
            tuple((f"t{i}", space) for i, space in enumerate(program.inputs)),
            tuple(self.lets),
            (),
            results,
        )

    def let(self, value: Expression, name: str | None = None) -> str:
        """Binds a name to the value: the one given, or a new one."""
        if name is None:
            name = f"s{self.fresh}"
            self.fresh += 1
        self.lets.append(Let((name,), value))
        return name

    def bound(self, name: str) -> None:
        """The next position is this variable: as many of it are made as are needed."""
        position, rest = len(self.copies), name
        count = self.uses[position]
        names = [f"t{position}_{i + 1}" for i in range(count)] if count > 1 else [name] * count
        if count == 0:
            self.lets.append(Let((), Drop(name)))
        for i in range(count - 1):
            both = (names[i], names[i + 1] if i == count - 2 else f"t{position}_{i + 1}r")
            self.lets.append(Let(both, Dup(rest)))
            rest = both[1]
        self.copies.append(iter(names))

    def sum(self, position: int, step: SumStep) -> None:
        """A signed sum: plus, between its terms."""
        names = [self.term(term) for term in step.terms]
        total = names[0] if names else self.let(Zero(step.space), f"t{position}")
        for i, name in enumerate(names[1:], 1):
            last = f"t{position}" if i == len(names) - 1 else None
            total = self.let(Plus(total, name), last)
        self.bound(total)

    def term(self, term: Term) -> str:
        """One term: an operation on a tangent, perhaps negated."""
        name = next(self.copies[term.arg])
        if term.leaf is not None:
            op = term.leaf.op
            if not isinstance(op, Primitive):
                raise TermError(f"{op.name} is no operation of the vocabulary's kind")
            args = tuple(self.residual(v, term.leaf) for v in term.leaf.fixed)
            args = (*args[: term.leaf.slot], name, *args[term.leaf.slot :])
            name = self.let(Apply(op, args, term.leaf.params))
        return name if term.sign > 0 else self.let(Apply(neg, (name,)))

    def residual(self, value: Any, leaf: Leaf) -> str:
        """The non-linear variable of a residual; a bare number has the space of the argument."""
        if isinstance(value, Ref):
            return str(value)
        if isinstance(value, int | float) and not isinstance(value, np.generic):
            like: Any = leaf.dom
            value = np.full(like.shape, value, like.dtype)
        return self.let(Apply(const, (), (("value", Constant(value)),)))

    def case(self, position: int, step: LinCase[LinearProgram]) -> None:
        """A linear case, its branches made before."""
        tag, residuals = str(step.tag), [str(ref) for ref in step.residuals]
        if step.widths:
            tag, rest = self.apart(tag, step.widths)
            residuals.append(rest)
        args = tuple(next(self.copies[a]) for a in step.args)
        branches = tuple(self.made[id(b), step.inner] for b in step.branches)
        names = tuple(f"t{position + k}" for k in range(len(step.spaces)))
        self.lets.append(Let(names, Case(tag, tuple(residuals), args, branches)))
        for name in names:
            self.bound(name)

    def loop(self, position: int, step: LinLoop[LinearProgram]) -> None:
        """A linear loop that captures nothing, its body made before."""
        pairs = zip(step.args, step.takes, strict=True)
        args = [self.let(Zero(s)) if a == ZERO else next(self.copies[a]) for a, s in pairs]
        names = tuple(f"t{position + k}" for k in range(len(step.spaces)))
        loop = Loop(
            str(step.length),
            step.reverse,
            tuple(map(str, step.fixed)),
            tuple(map(str, step.stacked)),
            tuple(args[: step.carries]),
            tuple(args[step.carries :]),
            self.made[id(step.body), step.inner],
        )
        self.lets.append(Let(names, loop))
        for name in names:
            self.bound(name)

    def apart(self, tag: str, widths: Sequence[int]) -> tuple[str, str]:
        """The branch that a wide tag chooses, and which of the branch's own values it is."""
        which, rest = self.number(0), tag
        for bound, width in zip(accumulate(widths[:-1]), widths, strict=False):
            beyond = self.let(Apply(greater_equal, (tag, self.number(bound))))
            one = self.let(Apply(convert, (beyond,), (("dtype", "int64"),)))
            which = self.let(Apply(add, (which, one)))
            passed = self.let(Apply(mul, (one, self.number(width))))
            rest = self.let(Apply(sub, (rest, passed)))
        return which, rest

    def number(self, value: int) -> str:
        """The variable of an integer."""
        return self.let(Apply(const, (), (("value", Constant(np.int64(value))),)))
