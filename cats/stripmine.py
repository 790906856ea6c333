"""Loops in strips: k rounds as one call, whose residuals are computed again when they are read."""

from __future__ import annotations

from collections.abc import Sequence

from cats.ir.control import Call, Loop, While
from cats.ir.prims.algebra import add
from cats.ir.prims.choice import floor_divide, less, logical_and, remainder
from cats.ir.prims.indexing import index
from cats.ir.prims.joining import concatenate
from cats.ir.prims.layout import reshape
from cats.ir.program import Program
from cats.ir.spaces import INT
from cats.ir.wire import Builder, Wire
from cats.policies import Every, Recompute

AGAIN = Recompute()


def in_strips(word: Loop[Program] | While[Program], policy: Every) -> Program | None:
    """The program of a loop in strips; None where its rows are of lengths that nobody knows.

    >>> from cats.ir.read import read_program
    >>> double = read_program("(c: R) -> d = add c c  in (d)")
    >>> made = in_strips(Loop(double, 0, 1, 7), Every(3))
    >>> [step.op.name for step in made.steps], made.evaluated([1.0])
    (['loop', 'call'], (128.0,))
    """
    match word:
        case While() if len(word.body.outputs) == word.carries:
            return _strips_while(word, policy.k)
        case Loop(length=None) if _without_rows(word):
            return _strips_counted(word, policy.k)
        case Loop(length=int(length)):
            return _strips_known(word, length, policy.k)
        case _:
            return None


def _without_rows(word: Loop[Program]) -> bool:
    start = word.captured + word.carries
    return len(word.body.inputs) == start and len(word.body.outputs) == word.carries


def _called(
    builder: Builder, word: Loop[Program] | While[Program], args: Sequence[Wire]
) -> list[Wire]:
    """A word as one call."""
    inner = Builder([w.space for w in args])
    made = inner.emit(word, tuple(inner.wires[: len(args)]))
    return list(builder.emit(Call(inner.finish(made), AGAIN), tuple(args)))


def _strip(word: Loop[Program], rounds: int) -> Program:
    """So many rounds: (captured, carries, stacks of that length) -> (carries, stacks)."""
    part = Loop(word.body, word.captured, word.carries, rounds, word.reverse)
    inner = Builder(part.takes())
    return inner.finish(_called(inner, part, inner.wires[:]))


def _strips_known(word: Loop[Program], length: int, k: int) -> Program:
    """A known number of rounds: full strips in a loop, and what is left over."""
    builder = Builder(word.takes())
    start = word.captured + word.carries
    given = list(builder.wires)
    captured, carries, stacks = given[: word.captured], given[word.captured : start], given[start:]
    full = length - length % k
    parts = [(0, full), (full, length)]
    left: list[list[Wire]] = []
    for begin, end in reversed(parts) if word.reverse else parts:
        if begin == end:
            left.append([])
            continue
        rows = [index(s, key=((begin, end, None),)) for s in stacks]
        if end == full:
            carries, made = _full(builder, word, captured, carries, rows, k)
        else:
            part = Loop(word.body, word.captured, word.carries, end - begin, word.reverse)
            both = _called(builder, part, [*captured, *carries, *rows])
            carries, made = both[: word.carries], both[word.carries :]
        left.append(made)
    first, last = reversed(left) if word.reverse else left
    if not first or not last:
        return builder.finish([*carries, *first, *last])
    pairs = zip(first, last, strict=True)
    return builder.finish([*carries, *[concatenate(a, b, axis=0) for a, b in pairs]])


def _full(
    builder: Builder,
    word: Loop[Program],
    captured: Sequence[Wire],
    carries: Sequence[Wire],
    rows: Sequence[Wire],
    k: int,
) -> tuple[list[Wire], list[Wire]]:
    """Full strips, one in a round."""
    count = rows[0].space.shape[0] // k if rows else (word.length or 0) // k
    outer = Loop(_strip(word, k), word.captured, word.carries, count, word.reverse)
    shaped = [reshape(r, shape=(count, k, *r.space.shape[1:])) for r in rows]
    made = builder.emit(outer, (*captured, *carries, *shaped))
    flat = [reshape(w, shape=(count * k, *w.space.shape[2:])) for w in made[word.carries :]]
    return list(made[: word.carries]), flat


def _strips_counted(word: Loop[Program], k: int) -> Program:
    """A number of rounds that is known when it runs."""
    builder = Builder(word.takes())
    number, *given = list(builder.wires)
    captured = given[: word.captured]
    outer = Loop(_strip(word, k), word.captured, word.carries, None, word.reverse)
    carries = builder.emit(outer, (floor_divide(number, k), *given))
    rest = _called(builder, word, [remainder(number, k), *captured, *carries])
    return builder.finish(rest)


def _strips_while(word: While[Program], k: int) -> Program:
    """As long as the test says: at most k rounds in a strip, counted by one more carry."""
    body = Builder((*word.body.inputs, INT))
    *given, number = list(body.wires)
    after = body.run(word.body, given)
    working = body.finish([*after, add(number, 1)])
    test = Builder(working.inputs)
    *asked, counted = list(test.wires)
    (goes_on,) = test.run(word.test, asked)
    testing = test.finish([logical_and(goes_on, less(counted, k))])
    strip = Builder(word.body.inputs)
    given = [*strip.wires, strip.lift(0, INT)]
    _, *made = _called(strip, While(testing, working, word.captured), given)
    outer = While(word.test, strip.finish(made[:-1]), word.captured)
    builder = Builder(word.body.inputs)
    rounds, *carries = builder.emit(outer, tuple(builder.wires))
    return builder.finish([rounds, *carries])
