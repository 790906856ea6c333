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
    found = _Liveness(lines, root, kept, owned)
    for number, line in enumerate(lines):
        found.write(number, line)
    return found.arranged()


class _Liveness:
    """Which lines write over their first argument, which move before that, which are copies."""

    def __init__(
        self,
        lines: Sequence[Line],
        root: Sequence[int],
        kept: Collection[int],
        owned: Collection[int],
    ) -> None:
        self.lines = lines
        self.root = root
        self.owned = owned
        self.results = {root[position] for position in kept}
        self.maker = {position: n for n, line in enumerate(lines) for position in line.makes}
        self.readers: dict[int, list[tuple[int, int]]] = {}
        for number, line in enumerate(lines):
            for position in line.reads():
                self.readers.setdefault(root[position], []).append((number, position))
        self.over: set[int] = set()
        self.copied: set[int] = set()
        self.moved: dict[int, list[int]] = {}

    def write(self, number: int, line: Line) -> None:
        """Decides about one line, if it writes."""
        base = _base(line)
        if base is None or base not in self.owned or base in self.results:
            return
        apart = all(self.root[p] != base for p in line.reads()[1:]) or len(line.operands) == 2
        if self.root[base] != base or not apart:
            return
        later = [pair for pair in self.readers[base] if pair[0] > number]
        if all(self._apart(reader, position, base) for reader, position in later):
            self.over.add(number)
            reads = dict.fromkeys(r for r, p in later if p == base and r not in self.copied)
            self.moved[number] = list(reads)
            self.copied.update(reads)
            self.copied.update(self.maker[p] for _, p in later if p != base)

    def _apart(self, reader: int, position: int, base: int) -> bool:
        """Whether what is read later can be had before: a place of the base, as a copy."""
        number = reader if position == base else self.maker[position]
        line = self.lines[number]
        return line.step.op is index and line.operands[0].position == base

    def arranged(self) -> list[Line]:
        """The lines in their new order."""
        gone = {r for reads in self.moved.values() for r in reads}
        found: list[Line] = []
        for number in range(len(self.lines)):
            found += [self._marked(r) for r in self.moved.get(number, ())]
            if number not in gone:
                found.append(self._marked(number))
        return found

    def _marked(self, number: int) -> Line:
        line = self.lines[number]
        return line._replace(over=number in self.over, copied=number in self.copied)


def _writes(step: Step) -> bool:
    return isinstance(step.op, Primitive) and step.op.inplace is not None


def _base(line: Line) -> int | None:
    """The position that a write gives a new version of."""
    if not _writes(line.step) or line.operands[0].literal is not None:
        return None
    return line.operands[0].position
