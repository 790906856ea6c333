"""Control words of finished programs as phrases of terms, their programs as telescopes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import assert_never

import numpy as np

from cats.ir.constant import Constant
from cats.ir.control import Call, Case, Custom, Loop, Replay, Solve, While
from cats.ir.errors import Where
from cats.ir.lam import Const, Lam, Let, Prim, Proj, Run, Term, Tuple, Var
from cats.ir.lam import Control as Phrase
from cats.ir.primitive import Primitive
from cats.ir.prims.choice import equal
from cats.ir.program import Control, Program, Step, constant_of
from cats.ir.spaces import Value


def phrase(word: Control, args: Sequence[Term], prefix: str, where: Where | None = None) -> Term:
    r"""A word on its arguments as a term; `prefix` sets apart the names that are bound in it.

    >>> from cats.ir.read import read_program
    >>> half = read_program("(c: R, x: R) -> y = mul c x  in (y, c)")
    >>> print(phrase(Loop(half, 0, 1, 3), [Var("a"), Var("s")], "b"))
    scan[length=3, reverse=False] (\b0 b1. let b2 = b0.0 * b1.0 in ((b2,), (b0.0,))) (a,) (s,)
    """
    names = (f"{prefix}{number}" for number in count())
    return replace(_Phrases(names).phrase(word, args), where=where)


def results(word: Control, whole: Term, number: int) -> list[Term]:
    """The results of a word, so many, as parts of its phrase."""
    match word:
        case Case() | Call() | Custom() | Replay() | Solve():
            return [Proj(i, whole) for i in range(number)]
        case Loop(carries=carries) | While(carries=carries):
            head = [Proj(0, whole)] if isinstance(word, While) else []
            tuples = [Proj(len(head) + i, whole) for i in range(2)]
            lengths = carries, number - len(head) - carries
            pairs = zip(tuples, lengths, strict=True)
            return [*head, *[Proj(i, part) for part, n in pairs for i in range(n)]]
        case _:
            assert_never(word)


def valued(word: Control, *args: Value) -> tuple[Value, ...]:
    """What the phrase of a word is at these values: the results in their tuples."""
    made = word(*args)
    if not isinstance(word, Loop | While):
        return made
    head = 1 if isinstance(word, While) else 0
    cut = head + word.carries
    return (*made[:head], made[head:cut], made[cut:])


class _Phrases:
    """Writes words as terms, every name in them another."""

    def __init__(self, names: Iterator[str]) -> None:
        self.names = names

    def phrase(self, word: Control, args: Sequence[Term]) -> Term:
        """A word on its arguments."""
        match word:
            case Case():
                return self.choice(word, args)
            case Loop():
                return self.scan(word, args)
            case While(captured=captured):
                test = self.round(word.test, args[:captured], None, scans=False)
                body = self.round(word.body, args[:captured], word.carries, scans=False)
                return Phrase("while", (test, body, Tuple(tuple(args[captured:]))))
            case Call() | Custom() | Replay() | Solve():
                return Run(word, tuple(args))
            case _:
                assert_never(word)

    def choice(self, case: Case[Program], args: Sequence[Term]) -> Term:
        """`if tag then ... else ...`."""
        tag, *captured = args
        branches: list[Term] = []
        for branch in case.branches:
            bound, outputs = self.steps(branch, captured)
            branches.append(_telescope(bound, Tuple(tuple(outputs))))
        if len(branches) == 2:
            return Phrase("if", (tag, branches[1], branches[0]))
        term = branches[-1]
        for number, here in reversed(list(enumerate(branches[:-1]))):
            term = Phrase("if", (Prim(equal, (tag, Const(Constant(np.int64(number))))), here, term))
        return term

    def scan(self, loop: Loop[Program], args: Sequence[Term]) -> Term:
        """`scan ...`."""
        head = [] if loop.length is not None else [args[0]]
        given = args[len(head) :]
        start = loop.captured + loop.carries
        first = Tuple(tuple(given[loop.captured : start]))
        body = self.round(loop.body, given[: loop.captured], loop.carries, scans=True)
        params = (("length", loop.length), ("reverse", loop.reverse))
        return Phrase("scan", (body, first, Tuple(tuple(given[start:])), *head), params)

    def round(
        self, program: Program, captured: Sequence[Term], carries: int | None, scans: bool
    ) -> Term:
        """A round of a loop as a function; a test has no carries to give."""
        c, x = next(self.names), next(self.names) if scans else ""
        given = len(program.inputs) - len(captured)
        inside = carries if scans and carries is not None else given
        parts = [Proj(i, Var(c)) for i in range(inside)]
        parts += [Proj(i, Var(x)) for i in range(given - inside)]
        bound, outputs = self.steps(program, [*captured, *parts])
        end: Term = (
            outputs[0]
            if carries is None
            else Tuple((Tuple(tuple(outputs[:carries])), Tuple(tuple(outputs[carries:]))))
        )
        body = _telescope(bound, end)
        return Lam(c, None, Lam(x, None, body) if scans else body)

    def steps(
        self, program: Program, args: Sequence[Term]
    ) -> tuple[list[tuple[str, Term]], list[Term]]:
        """The steps as bindings, and the outputs."""
        bound: list[tuple[str, Term]] = []
        at = list(args)
        for step in program.steps:
            parts, name = [at[a] for a in step.args], next(self.names)
            made, number = Var(name), len(step.spaces)
            if isinstance(step.op, Primitive):
                bound.append((name, _prim(step, parts)))
                at += [made] if number == 1 else [Proj(i, made) for i in range(number)]
            else:
                bound.append((name, replace(self.phrase(step.op, parts), where=step.where)))
                at += results(step.op, made, number)
        return bound, [at[o] for o in program.outputs]


def _telescope(bound: Sequence[tuple[str, Term]], body: Term) -> Term:
    if not bound:
        return body
    names, values = zip(*bound, strict=True)
    return Let(names, values, body)


def _prim(step: Step, args: list[Term]) -> Term:
    found = constant_of(step)
    if found is not None:
        return Const(found)
    return Prim(step.op, tuple(args), step.params, where=step.where)  # type: ignore[arg-type]
