"""Loops as statements: carries are names bound again, rows go into stacks.

The function of a body owns the carries it is given: it may write over them and give them back, so
a loop that fills an array entry by entry costs no copy of the array for each.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, Protocol, assert_never

from cats.backends.plan import NO_PROMISE, Role
from cats.ir import krylov, snapshots
from cats.ir.control import Call, Case, Custom, Loop, Replay, Solve, While
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step
from cats.ir.spaces import ANY, Ground

INDENT = "    "


class Part(NamedTuple):
    """What a program is to the word that holds it: how it is called, and what it is promised."""

    title: str
    role: Role = NO_PROMISE


def parts(step: Step) -> tuple[Part, ...]:
    """One for each program that the step holds."""
    match step.op:
        case Primitive():
            return ()
        case Case(branches):
            return (Part("branch"),) * len(branches)
        case Loop(body, captured, carries):
            owned = frozenset(range(captured, captured + carries))
            return (Part("body", Role(owned, frozenset(range(carries, len(body.outputs))))),)
        case While(_, body, captured):
            owned = frozenset(range(captured, len(body.inputs)))
            return (Part("test"), Part("body", Role(owned)))
        case Replay():
            return (Part("advance"), Part("body"))
        case Call() | Solve():
            return (Part(step.op.name),)
        case Custom():
            raise AssertionError("custom derivatives are left out of what is run")
        case _:
            assert_never(step.op)


class Writer(Protocol):
    """What the statements ask of the text they are part of."""

    def fresh(self, name: str) -> str:
        """The name, or one like it that is free."""
        ...

    def call(self, program: Program, args: Sequence[str]) -> str:
        """The call of a program's function."""
        ...

    def dtype(self, space: Ground) -> str:
        """The dtype of stacks of the space, as text."""
        ...


class Repeat:
    """A loop or while step as statements: `names` are bound to its results."""

    def __init__(
        self, writer: Writer, step: Step, names: Sequence[str], args: Sequence[str]
    ) -> None:
        self.writer = writer
        self.step = step
        self.names = list(names)
        self.args = list(args)

    def lines(self) -> Iterator[str]:
        """The statements."""
        match self.step.op:
            case Loop() as loop:
                yield from self._loop(loop)
            case While() as word:
                yield from self._while(word)
            case Replay() as word:
                yield from self._replay(word)
            case _:
                raise AssertionError(f"{self.step.op.name} is no loop")

    def _loop(self, loop: Loop[Program]) -> Iterator[str]:
        count, args = str(loop.length), self.args
        if loop.length is None:
            count, args = f"int({args[0]})", args[1:]
        start = loop.captured + loop.carries
        carries, stacks = self.names[: loop.carries], self.names[loop.carries :]
        ends = loop.body.ends[loop.carries :]
        yield from self._first(carries, args[loop.captured : start], loop.body.ends)
        for name, end in zip(stacks, ends, strict=True):
            yield f"{name} = {self._empty(count, end)}"
        number = self.writer.fresh(f"i{self.names[0].lstrip('t')}" if self.names else "i")
        walk = f"range({count})"
        yield f"for {number} in {f'reversed({walk})' if loop.reverse else walk}:"
        given = [*args[: loop.captured], *carries, *[f"{a}[{number}]" for a in args[start:]]]
        targets = [*carries, *[f"{name}[{number}]" for name in stacks]]
        yield f"{INDENT}{_bound(targets, self.writer.call(loop.body, given))}"

    def _empty(self, count: str, space: Ground) -> str:
        if ANY in space.shape:
            return f"np.empty({count}, object)"
        shape = f"({', '.join([count, *map(str, space.shape)])})" if space.shape else count
        return f"np.empty({shape}, {self.writer.dtype(space)})"

    def _first(
        self, carries: Sequence[str], args: Sequence[str], ends: Sequence[Ground]
    ) -> Iterator[str]:
        """The carries begin as copies: they are written over."""
        pairs = zip(args, ends, strict=False)
        copies = [f"{arg}.copy()" if end.shape else arg for arg, end in pairs]
        if carries:
            yield f"{', '.join(carries)} = {', '.join(copies)}"

    def _while(self, word: While[Program]) -> Iterator[str]:
        captured = self.args[: word.captured]
        count, names = self.names[0], self.names[1:]
        carries, stacks = names[: word.carries], names[word.carries :]
        ends = word.body.ends[word.carries :]
        yield from self._first(carries, self.args[word.captured :], word.body.ends)
        yield f"{count} = 0"
        for name in stacks:
            yield f"{name} = []"
        given = [*captured, *carries]
        yield f"while {self.writer.call(word.test, given)}:"
        rows = [self.writer.fresh(f"{name}_row") for name in stacks]
        yield f"{INDENT}{_bound([*carries, *rows], self.writer.call(word.body, given))}"
        for name, one in zip(stacks, rows, strict=True):
            yield f"{INDENT}{name}.append({one})"
        yield f"{INDENT}{count} += 1"
        for name, end in zip(stacks, ends, strict=True):
            yield f"{name} = {self._piled(name, count, end)}"

    def _replay(self, word: Replay[Program]) -> Iterator[str]:
        count, args = str(word.length), self.args
        if word.length is None:
            count, args = f"int({args[0]})", args[1:]
        first, start = word.captured, word.captured + word.states
        held = args[start : start + word.states] if word.every is not None else []
        args = [*args[:start], *args[start + len(held) :]]
        stop = start + word.carries
        carries, stacks = self.names[: word.carries], self.names[word.carries :]
        ends = word.body.ends
        yield from self._first(carries, args[start:stop], ends)
        for name, end in zip(stacks, ends[word.carries :], strict=True):
            yield f"{name} = {self._empty(count, end)}"
        number, state = self.writer.fresh("i"), self.writer.fresh("state")
        place = f"{count} - 1 - {number}" if word.reverse else number
        rows = [f"{a}[{place}]" for a in args[stop:]]
        parts = [f"{state}[{k}]" for k in range(word.states)]
        ahead = self.writer.call(word.advance, [*args[:first], *parts, *rows])
        if len(parts) == 1:
            ahead = f"({ahead},)"
        begin, walk, least = f"({', '.join(args[first:start])},)", "backwards", word.snapshots
        if word.every is not None:
            strip = self.writer.fresh("j")
            begin = f"lambda {strip}: ({', '.join([f'{s}[{strip}]' for s in held])},)"
            walk, least = "by_strips", word.every
        yield f"for {number}, {state} in {walk}("
        yield f"{INDENT}lambda {number}, {state}: {ahead},"
        yield f"{INDENT}{begin}, {count}, {least},"
        yield "):"
        given = [*args[:first], *parts, *carries, *rows]
        targets = [*carries, *[f"{name}[{place}]" for name in stacks]]
        yield f"{INDENT}{_bound(targets, self.writer.call(word.body, given))}"

    def _piled(self, name: str, count: str, space: Ground) -> str:
        if ANY in space.shape:
            return f"np.fromiter({name}, object, {count})"
        shape = f".reshape(({', '.join([count, *map(str, space.shape)])}))" if space.shape else ""
        return f"np.array({name}, {self.writer.dtype(space)}){shape}"


def _bound(targets: Sequence[str], call: str) -> str:
    """One result is returned itself, several in a tuple; none is called for its effect."""
    return f"{', '.join(targets)} = {call}" if targets else call


@cache
def snapshots_text(by_strips: bool) -> str:
    """The functions of `cats.ir.snapshots` without annotations, to be taken along.

    >>> print(snapshots_text(by_strips=True).splitlines()[0])
    def by_strips(advance, held, count, every):
    """
    if by_strips:
        return _taken_along(snapshots.by_strips)
    return _taken_along(snapshots.backwards, snapshots.ahead, snapshots.reached)


@cache
def krylov_text() -> str:
    """The functions of `cats.ir.krylov`, likewise."""
    parts = krylov.best, krylov.length, krylov.flattened, krylov.parted
    return _taken_along(krylov.solved, krylov.unbounded, *parts)


def _taken_along(*functions: Callable[..., object]) -> str:
    """Functions without annotations, of their docstrings the first line."""
    texts: list[str] = []
    for function in functions:
        parsed = ast.parse(inspect.getsource(function)).body
        (tree,) = [node for node in parsed if isinstance(node, ast.FunctionDef)]
        said = (ast.get_docstring(tree) or "").splitlines()[0]
        tree.returns, tree.body = None, tree.body[1:]
        for arg in tree.args.args:
            arg.annotation = None
        head, *rest = ast.unparse(tree).splitlines()
        texts.append("\n".join([head, f'{INDENT}"""{said}"""', *rest]) + "\n")
    return "\n\n".join(texts)
