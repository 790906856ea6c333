"""A batch in chunks: so many examples at once, one chunk after the other, in a loop."""

from __future__ import annotations

from collections.abc import Sequence

from cats.ir.control import Loop
from cats.ir.prims.indexing import index
from cats.ir.prims.joining import concatenate
from cats.ir.prims.layout import reshape
from cats.ir.program import Program
from cats.ir.wire import Builder, Wire
from cats.lanes import Lane, front, with_axis
from cats.vectorise import vectorised


def in_chunks(
    program: Program, axes: Sequence[int | None], count: int, chunk: int | None
) -> tuple[Program, tuple[bool, ...]]:
    """As `vectorised`, at most `chunk` examples at once; all at once if it is None.

    >>> from cats.ir.read import read_program
    >>> one = read_program("(x: R) -> z = sin x in (z)")
    >>> whole, _ = in_chunks(one, (0,), 5, 2)
    >>> [step.op.name for step in whole.steps]
    ['index', 'reshape', 'loop', 'reshape', 'index', 'sin', 'concatenate']
    """
    if chunk is None or chunk >= count:
        return vectorised(program, axes, count)
    leading = [None if a is None else 0 for a in axes]
    _, batched = vectorised(program, leading, chunk)
    if not any(batched):
        return vectorised(program, axes, count)
    rows = zip(program.inputs, axes, strict=True)
    builder = Builder([with_axis(space, a, count) for space, a in rows])
    lanes = [front(Lane(w, a)) for w, a in zip(list(builder.wires), axes, strict=True)]
    full = count - count % chunk
    moving = _outputs(program, [k for k, moves in enumerate(batched) if moves])
    varying = _looped(builder, vectorised(moving, leading, chunk)[0], leading, lanes, full)
    if full < count:
        pairs = zip(lanes, leading, strict=True)
        rest = [w if a is None else _part(w, full, count) for w, a in pairs]
        last = builder.run(vectorised(moving, leading, count - full)[0], rest)
        varying = [concatenate(w, x, axis=0) for w, x in zip(varying, last, strict=True)]
    still = _outputs(program, [k for k, moves in enumerate(batched) if not moves])
    same = iter(builder.run(vectorised(still, leading, count)[0], lanes))
    moved = iter(varying)
    made = [next(moved if moves else same) for moves in batched]
    return builder.finish(made, program.names), batched


def _outputs(program: Program, chosen: Sequence[int]) -> Program:
    outputs = tuple([program.outputs[k] for k in chosen])
    return Program(program.inputs, program.steps, outputs, program.names)


def _looped(
    builder: Builder, some: Program, axes: Sequence[int | None], lanes: Sequence[Wire], full: int
) -> list[Wire]:
    """The full chunks, one in a round; what is not batched is the same in all."""
    fixed = [i for i, a in enumerate(axes) if a is None]
    stacked = [i for i, a in enumerate(axes) if a is not None]
    inner = Builder([some.inputs[i] for i in (*fixed, *stacked)])
    at = dict(zip((*fixed, *stacked), list(inner.wires), strict=True))
    body = inner.finish(inner.run(some, [at[i] for i in range(len(axes))]))
    rounds = full // some.inputs[stacked[0]].shape[0]
    stacks = [_shaped(_part(lanes[i], 0, full), (rounds, *some.inputs[i].shape)) for i in stacked]
    word = Loop(body, len(fixed), 0, rounds)
    made = builder.emit(word, (*[lanes[i] for i in fixed], *stacks))
    return [_shaped(w, (full, *end.shape[1:])) for w, end in zip(made, some.ends, strict=True)]


def _part(wire: Wire, start: int, stop: int) -> Wire:
    """Some rows."""
    if stop - start == wire.space.shape[0]:
        return wire
    return index(wire, key=((start, stop, None),))  # type: ignore[no-any-return]


def _shaped(wire: Wire, shape: tuple[int, ...]) -> Wire:
    return reshape(wire, shape=shape)  # type: ignore[no-any-return]
