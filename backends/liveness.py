"""Liveness: which arrays nobody reads again, so that a write may go into them and not a copy.

A write gives a new array. Where the old one, and every view of it, is read for the last time
there, the new one takes its place in memory: n writes into an array of n entries cost O(n). Plain
reads of single places that come later are moved before the write, for they only need the old one.
One pass forward, O(n).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cats.backends.lines import Line
from cats.ir.primitive import Primitive
from cats.ir.prims.indexing import index
from cats.ir.program import Step


def overwriting(
    lines: Sequence[Line], root: Sequence[int], kept: Collection[int], owned: Collection[int]
) -> list[Line]:
    """The lines, with those marked `over` that may write over their first argument.

    root    for each position the position in whose memory it lies
    kept    positions that are results of the program
    owned   positions that are new arrays, made here
    """
    if not any(_writes(line.step) for line in lines):
        return list(lines)
    readers: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        for position in line.reads():
            readers.setdefault(root[position], []).append(number)
    results = {root[position] for position in kept}
    moved: dict[int, list[int]] = {}
    over: set[int] = set()
    copied: set[int] = set()
    for number, line in enumerate(lines):
        base = _base(line)
        if base is None or base not in owned or base in results or root[base] != base:
            continue
        later = [r for r in dict.fromkeys(readers[base]) if r > number]
        apart = all(root[p] != base for p in line.reads()[1:]) or len(line.operands) == 2
        if apart and all(_reads_only(lines[r], base) for r in later):
            over.add(number)
            moved[number] = [r for r in later if r not in copied]
            copied.update(later)
    return _arranged(lines, over, moved, copied)


def _writes(step: Step) -> bool:
    return isinstance(step.op, Primitive) and step.op.inplace is not None


def _base(line: Line) -> int | None:
    """The position that a write gives a new version of."""
    if not _writes(line.step) or line.operands[0].literal is not None:
        return None
    return line.operands[0].position


def _reads_only(line: Line, base: int) -> bool:
    """Whether a line reads a place of the base, and depends on nothing else."""
    return line.step.op is index and line.operands[0].position == base


def _arranged(
    lines: Sequence[Line], over: set[int], moved: dict[int, list[int]], copied: set[int]
) -> list[Line]:
    arranged: list[Line] = []
    for number, line in enumerate(lines):
        if number in copied:
            continue
        arranged += [lines[r]._replace(copied=True) for r in moved.get(number, ())]
        arranged.append(line._replace(over=number in over))
    return arranged
