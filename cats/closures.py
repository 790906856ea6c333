"""Values of a program under construction: wires, tuples, closures, and values chosen by data.

A function or a member of a sum that depends on data is a tag and the options it chooses from. An
option is a closure with the values it captured, or a member with its value: what the branches
computed passes through the `Case` step as ground results, zeros where a branch was not taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cats.ir.constant import Constant
from cats.ir.lam import Lam
from cats.ir.prims.indexing import gather
from cats.ir.prims.layout import const, convert
from cats.ir.spaces import BOOL, INT
from cats.ir.trampoline import Asking, answer
from cats.ir.wire import Builder, Wire

OLDEST = -1
"""The age of what holds no wire."""


@dataclass(frozen=True, eq=False, slots=True)
class Many:
    """A tuple. `age` is the stamp of the newest builder that has a wire in it."""

    parts: tuple[Value, ...]
    age: int


@dataclass(frozen=True, eq=False, slots=True)
class Closure:
    """A function with the values of its free names."""

    function: Lam
    captured: dict[str, Value]
    age: int


@dataclass(frozen=True, eq=False, slots=True)
class Member:
    """A value as the summand `index` of a sum."""

    index: int
    value: Value
    age: int


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """The option that the tag, a Bool or an Int, points at."""

    tag: Wire
    options: tuple[Option, ...]
    age: int


Option = Closure | Member
Value = Wire | Many | Closure | Member | Chosen


def age(value: Value) -> int:
    """The stamp of the newest builder that has a wire in the value."""
    return value.recorder.stamp if isinstance(value, Wire) else value.age


def many(parts: Sequence[Value]) -> Many:
    """A tuple of values."""
    return Many(tuple(parts), max(map(age, parts), default=OLDEST))


def closure(function: Lam, captured: dict[str, Value]) -> Closure:
    """A function with the values of its free names."""
    return Closure(function, captured, max(map(age, captured.values()), default=OLDEST))


def member(index: int, value: Value) -> Member:
    """A value as a member of a sum."""
    return Member(index, value, age(value))


def chosen(tag: Wire, options: Sequence[Option]) -> Chosen:
    """One of several, by a tag."""
    return Chosen(tag, tuple(options), max([age(tag), *map(age, options)]))


def number(builder: Builder, n: int) -> Wire:
    """The integer as a constant of the program."""
    return builder.emit(const, (), (("value", Constant(np.int64(n))),))  # type: ignore[no-any-return]


def looked_up(builder: Builder, tag: Wire, table: Sequence[int]) -> Wire:
    """The integer that a table has at the tag."""
    if tag.space == BOOL:
        tag = builder.emit(convert, (tag,), (("dtype", INT.dtype),))
    if list(table) == list(range(len(table))):
        return builder.lift(tag)
    row = builder.emit(const, (), (("value", Constant(np.array(table, np.int64))),))
    return builder.emit(gather, (row, tag))  # type: ignore[no-any-return]


class Merge:
    """The results of the branches of a choice as one value, and the Case step that gives it.

    What the branches did not compute themselves is left where it is. The rest becomes columns:
    in each a wire of every branch. Their results are promised at once and known after `emit`.
    """

    def __init__(self, outer: Builder, tag: Wire, branches: Sequence[Builder]) -> None:
        self.outer = outer
        self.tag = tag
        self.branches = branches
        self.columns: list[list[Wire]] = []
        self.promised: list[Wire] = []
        self.done: dict[tuple[int, ...], Value] = {}

    def value(self, results: Sequence[Value]) -> Value:
        """The one value that stands for the results."""
        merged: Value = answer(tuple(results), self.begin)
        self.emit()
        return merged

    def begin(self, found: tuple[Value | None, ...]) -> Value | Asking[Value]:
        """One value for those of the branches; None where a branch has none."""
        key = tuple(map(id, found))
        if key not in self.done:
            present = [v for v in found if v is not None]
            first = present[0]
            same = all(v is first for v in present)
            if same and age(first) < self.branches[0].stamp:
                return first
            if isinstance(first, Wire):
                self.done[key] = self.column(found)
            elif isinstance(first, Many):
                return self.parts(key, found, len(first.parts))
            else:
                return self.options(key, found)
        return self.done[key]

    def column(self, found: Sequence[Value | None]) -> Wire:
        """A ground value that differs from branch to branch."""
        space = next(v.space for v in found if isinstance(v, Wire))
        pairs = zip(self.branches, found, strict=True)
        self.columns.append(
            [b.lift(v) if isinstance(v, Wire) else b.zeros(space) for b, v in pairs]
        )
        self.promised.append(Wire(self.outer, -1, space))
        return self.promised[-1]

    def parts(
        self, key: tuple[int, ...], found: Sequence[Value | None], count: int
    ) -> Asking[Value]:
        merged: list[Value] = []
        for i in range(count):
            merged.append((yield tuple(v.parts[i] if isinstance(v, Many) else None for v in found)))
        self.done[key] = many(merged)
        return self.done[key]

    def options(self, key: tuple[int, ...], found: Sequence[Value | None]) -> Asking[Value]:
        """One option for each function, or each summand, that some branch may choose."""
        rows = [_by_kind(value) for value in found]
        kinds = list(dict.fromkeys(kind for row in rows for kind in row))
        merged: list[Option] = []
        for kind in kinds:
            merged.append((yield self.option([row.get(kind) for row in rows])))
        if len(kinds) == 1:
            self.done[key] = merged[0]
        else:
            self.done[key] = chosen(self.which(found, rows, kinds), merged)
        return self.done[key]

    def option(self, found: Sequence[Option | None]) -> Asking[Option]:
        """One option for those of the same function, or the same summand."""
        first = next(v for v in found if v is not None)
        if isinstance(first, Member):
            value = yield tuple(v.value if isinstance(v, Member) else None for v in found)
            return member(first.index, value)
        captured: dict[str, Value] = {}
        for name in first.captured:
            captured[name] = yield tuple(
                v.captured[name] if isinstance(v, Closure) else None for v in found
            )
        return closure(first.function, captured)

    def which(
        self, found: Sequence[Value | None], rows: Sequence[dict[int, Option]], kinds: list[int]
    ) -> Wire:
        """The tag of the merged options."""
        tables = [[kinds.index(kind) for kind in row] for row in rows]
        if tables == [[i] for i in range(len(rows))]:
            return self.tag
        column: list[Wire] = []
        for branch, value, table in zip(self.branches, found, tables, strict=True):
            if isinstance(value, Chosen):
                column.append(looked_up(branch, value.tag, table))
            else:
                column.append(number(branch, table[0] if table else 0))
        merged = self.begin(tuple(column))
        return merged if isinstance(merged, Wire) else self.tag

    def emit(self) -> None:
        """The Case step that the columns need; the promised wires are its results."""
        if not self.columns:
            return
        captured = list(dict.fromkeys(w for b in self.branches for w in b.captured))
        for branch in self.branches:
            branch.arrange(captured)
        rows = zip(*self.columns, strict=True)
        pairs = zip(self.branches, rows, strict=True)
        programs = tuple(branch.finish(row) for branch, row in pairs)
        results = self.outer.case(programs, self.tag, captured)
        for promise, result in zip(self.promised, results, strict=True):
            promise.index = result.index


def _by_kind(value: Value | None) -> dict[int, Option]:
    """The options of a value by what tells them apart: the function, or the summand."""
    options: tuple[Value, ...] = () if value is None else (value,)
    if isinstance(value, Chosen):
        options = value.options
    return {
        (id(option.function) if isinstance(option, Closure) else option.index): option
        for option in options
        if isinstance(option, Closure | Member)
    }
