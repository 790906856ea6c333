"""Loops in strips of k rounds, that leave the carries they have before each strip."""

from __future__ import annotations

from collections.abc import Sequence

from cats.ir.control import Loop, While
from cats.ir.prims.algebra import add, mul, sub
from cats.ir.prims.choice import floor_divide, less, logical_and, minimum
from cats.ir.prims.indexing import index
from cats.ir.prims.joining import concatenate
from cats.ir.prims.layout import reshape
from cats.ir.program import Program
from cats.ir.spaces import INT, with_rows
from cats.ir.wire import Builder, Wire


def in_strips(word: Loop[Program] | While[Program], k: int) -> Program | None:
    """The results of a loop, then for each carry a stack of what it is before every k-th round.

    None for loops that go through, or leave, rows nobody knows the number of.

    >>> from cats.ir.read import read_program
    >>> double = read_program("(c: R) -> d = add c c  in (d)")
    >>> in_strips(Loop(double, 0, 1, 7), 3).evaluated([1.0])
    (np.float64(128.0), array([ 1.,  8., 64.]))
    """
    match word:
        case While() if len(word.body.outputs) == word.carries:
            return _strips_while(word, k)
        case Loop(length=None) if _without_rows(word):
            return _strips_counted(word, k)
        case Loop(length=int(length)):
            return _strips_known(word, length, k)
        case _:
            return None


def _without_rows(word: Loop[Program]) -> bool:
    start = word.captured + word.carries
    return len(word.body.inputs) == start and len(word.body.outputs) == word.carries


def _strip(word: Loop[Program], rounds: int) -> Program:
    """So many rounds: (captured, carries, rows) -> (carries, what they leave, carries before)."""
    part = Loop(word.body, word.captured, word.carries, rounds, word.reverse)
    inner = Builder(part.takes())
    given = list(inner.wires)
    made = inner.emit(part, tuple(given))
    return inner.finish([*made, *given[word.captured : word.captured + word.carries]])


def _strips_known(word: Loop[Program], length: int, k: int) -> Program:
    """A known number of rounds: full strips in a loop, then what is left over."""
    builder = Builder(word.takes())
    start = word.captured + word.carries
    given = list(builder.wires)
    captured, carries, stacks = given[: word.captured], given[word.captured : start], given[start:]
    full = length - length % k
    rest = (0, length - full) if word.reverse else (full, length)
    whole = (length - full, length) if word.reverse else (0, full)
    strips = [(whole, full // k, k), (rest, 1, length - full)]
    left: list[list[Wire]] = []
    held: list[list[Wire]] = []
    for (begin, end), count, rounds in strips:
        if begin == end:
            continue
        rows = [index(s, key=((begin, end, None),)) for s in stacks]
        shaped = [reshape(r, shape=(count, rounds, *r.space.shape[1:])) for r in rows]
        outer = Loop(_strip(word, rounds), word.captured, word.carries, count, word.reverse)
        made = builder.emit(outer, (*captured, *carries, *shaped))
        carries, more = list(made[: word.carries]), list(made[word.carries :])
        ends = len(more) - word.carries
        left.append([_flat(w, end - begin) for w in more[:ends]])
        held.append(_in_order(more[ends:], word.reverse))
    if word.reverse:
        left.reverse()
    results = [_joined(parts) for parts in zip(*left, strict=True)]
    if not left:
        results = [builder.zeros(s) for s in word.space(*word.takes())[word.carries :]]
    states = [_joined(parts) for parts in zip(*held, strict=True)]
    states = states or [builder.zeros(with_rows(w.space, 0)) for w in carries]
    return builder.finish([*carries, *results, *states])


def _flat(stack: Wire, length: int) -> Wire:
    return reshape(stack, shape=(length, *stack.space.shape[2:]))  # type: ignore[no-any-return]


def _in_order(stacks: Sequence[Wire], reverse: bool) -> list[Wire]:
    """The stacks with what comes first in time in front."""
    if not reverse:
        return list(stacks)
    return [index(s, key=((None, None, -1),)) for s in stacks]


def _joined(parts: Sequence[Wire]) -> Wire:
    return parts[0] if len(parts) == 1 else concatenate(*parts, axis=0)


def _strips_counted(word: Loop[Program], k: int) -> Program:
    """A number of rounds that is known when it runs: the last strip may be shorter."""
    builder = Builder(word.takes())
    number, *given = list(builder.wires)
    inputs, first = word.body.inputs, word.captured
    inner = Builder([*inputs[:first], INT, INT, *inputs[first:]])
    captured, carries = list(inner.wires[:first]), list(inner.wires[first + 2 :])
    total, done = inner.wires[first : first + 2]
    rounds = minimum(sub(total, mul(done, k)), k)
    strip = Loop(word.body, word.captured, word.carries, None, word.reverse)
    made = inner.emit(strip, (rounds, *captured, *carries))
    body = inner.finish([add(done, 1), *made, *carries])
    outer = Loop(body, word.captured + 1, word.carries + 1, None)
    count = floor_divide(add(number, k - 1), k)
    begun = [*given[:first], number, builder.lift(0, INT), *given[first:]]
    _, *found = builder.emit(outer, (count, *begun))
    return builder.finish(found)


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
    strip = Builder((*word.body.inputs, INT))
    *inputs, total = list(strip.wires)
    inner = While(testing, working, word.captured)
    rounds, *made = strip.emit(inner, (*inputs, strip.lift(0, INT)))
    outer = strip.finish([*made[:-1], add(total, rounds), *inputs[word.captured :]])
    going = Builder(outer.inputs)
    (goes_on,) = going.run(word.test, going.wires[: len(word.test.inputs)])
    builder = Builder(word.body.inputs)
    repeated = While(going.finish([goes_on]), outer, word.captured)
    _, *found = builder.emit(repeated, (*builder.wires, builder.lift(0, INT)))
    carries, (number, *stacks) = found[: word.carries], found[word.carries :]
    return builder.finish([number, *carries, *stacks])
