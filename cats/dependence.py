"""Which values of a program depend on some of its inputs: through words, result by result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from cats.ir.control import Call, Case, Custom, Loop, Replay, Solve, While
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step
from cats.ir.trampoline import Asking, outcome
from cats.schedules import expanded

Seen = Callable[[Program, Step, list[bool]], None]
"""What is told of each step, in words too: which of its arguments depend."""


def _unseen(program: Program, step: Step, args: list[bool]) -> None:
    """Nobody listens."""


def dependent(program: Program, inputs: Sequence[int], seen: Seen = _unseen) -> list[bool]:
    """For each position whether it depends on one of these inputs.

    seen   is told of each step that has an argument which depends, once for each time that its
           program is looked through

    >>> from cats.ir.read import read_program
    >>> body = "| (c: R, d: R) -> e = mul c c  f = add d e  in (e, f)"
    >>> text = f"(x: R, y: R) -> a, b = loop[carries=2, length=3] x y {body} in (a, b)"
    >>> print(dependent(read_program(text), [1]))
    [False, True, False, True]
    """
    given = [i in inputs for i in range(len(program.inputs))]
    found: list[bool] = outcome(_positions(program, given, seen))
    return found


def _positions(program: Program, given: Sequence[bool], seen: Seen) -> Asking[list[bool]]:
    varies = list(given)
    for step in program.steps:
        args = [varies[a] for a in step.args]
        if any(args):
            seen(program, step, args)
        varies.extend((yield _results(step, args, seen)))
    return varies


def _outputs(program: Program, given: Sequence[bool], seen: Seen) -> Asking[list[bool]]:
    varies: list[bool] = yield _positions(program, given, seen)
    return [varies[o] for o in program.outputs]


def _results(step: Step, args: list[bool], seen: Seen) -> Asking[list[bool]]:
    """The results of one step."""
    every = [any(args)] * len(step.spaces)
    if not any(args):
        return every
    match step.op:
        case Primitive() | Solve():
            return every
        case Case(branches):
            if args[0]:
                return every
            rows: list[list[bool]] = []
            for branch in branches:
                rows.append((yield _outputs(branch, args[1:], seen)))
            return [any(column) for column in zip(*rows, strict=True)]
        case Call(body) | Custom(body):
            found: list[bool] = yield _outputs(body, args, seen)
            return found
        case Replay() as word:
            found = yield _outputs(expanded(word), args, seen)
            return found
        case Loop() as word:
            if word.length is None and args[0]:
                return every
            start = 0 if word.length is not None else 1
            found = yield _rounds(word.body, args[start:], word, seen)
            return found
        case While() as word:
            flags = list(args)
            found = yield _rounds(word.body, flags, word, seen)
            flags[word.captured :] = found[: word.carries]
            asked: list[bool] = yield _outputs(word.test, flags, seen)
            return every if asked[0] else [False, *found]
        case _:
            assert_never(step.op)


def _rounds(
    body: Program, flags: list[bool], word: Loop[Program] | While[Program], seen: Seen
) -> Asking[list[bool]]:
    """Carries and rows: a carry depends if it begins to, or if some round makes it."""
    flags, captured, carries = list(flags), word.captured, word.carries
    while True:
        found: list[bool] = yield _outputs(body, flags, seen)
        here = [a or b for a, b in zip(flags[captured:], found[:carries], strict=False)]
        if here == flags[captured : captured + carries]:
            return [*here, *found[carries:]]
        flags[captured : captured + carries] = here
