"""A program ready to be written: dead steps gone, broadcasts left to NumPy, aliases known.

An entrywise operation reads the operand of a `broadcast` step itself and lets NumPy repeat it,
where its operands together still have every axis of the result. Numbers become literals, arrays
and the programs of a case keep their place. One backward pass, O(n).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cats.backends.lines import Line
from cats.backends.liveness import overwriting
from cats.backends.operand import Opaque, Operand, is_literal, typed, weak_text
from cats.ir.constant import Constant
from cats.ir.primitive import Primitive
from cats.ir.prims.guards import guard
from cats.ir.prims.indexing import index
from cats.ir.prims.layout import Axes, broadcast, const
from cats.ir.program import Program, Step, constant_of
from cats.ir.spaces import Shape

COPIES = frozenset({"convert", "concatenate", "shift", "gather", "accumulate", "sum", "max", "min"})
"""Operations that may do no work, and yet give a new array."""

SHARED = -1
"""The root of what lives elsewhere: a value that must be copied before it is given away."""


@dataclass(frozen=True)
class Role:
    """What the caller of a function promises.

    owned    inputs that are arrays nobody else has: they may be written over and given back
    stored   outputs that it copies at once
    """

    owned: frozenset[int] = frozenset()
    stored: frozenset[int] = frozenset()


NO_PROMISE = Role()


@dataclass(frozen=True)
class Plan:
    """The lines of a program, its constants by position, and which outputs must be copied."""

    program: Program
    lines: tuple[Line, ...]
    constants: Mapping[int, Constant]
    copied: tuple[bool, ...]
    literals: bool = True
    written: frozenset[int] = field(default=frozenset())

    def output(self, place: int) -> Operand:
        """How an output is read."""
        position = self.program.outputs[place]
        value = self.constants.get(position)
        return Operand(position) if value is None else self._given(position, value)

    def _given(self, position: int, value: Constant) -> Operand:
        return typed(position, value) if self.literals and is_literal(value) else Operand(position)


def plan(program: Program, role: Role = NO_PROMISE, *, literals: bool = True) -> Plan:
    """The program ready to be written; without `literals` every step reads just its arguments."""
    return _Planner(program, role, literals).plan()


class _Planner:
    """The tables of one program while its plan is made."""

    def __init__(self, program: Program, role: Role, literals: bool) -> None:
        self.program = program
        self.role = role
        self.literals = literals
        self.spaces = program.spaces
        self.constants: dict[int, Constant] = {}
        self.spread: dict[int, tuple[int, Axes]] = {}
        self.root = list(range(len(self.spaces)))
        self.frail: set[int] = set()
        self.pinned: set[int] = set()
        self.written = frozenset(program.outputs)
        for first, step in program.numbered():
            self._forward(first, step)

    def _forward(self, first: int, step: Step) -> None:
        """What a step's results are: a constant, a repetition, a view, or new."""
        value = constant_of(step)
        if value is not None:
            self.constants[first] = value
        elif step.op is broadcast and self.literals:
            axes = dict(step.params)["axes"]
            below, inner = self.spread.get(step.args[0], (step.args[0], None))
            chosen = axes if inner is None else tuple(axes[i] for i in inner)
            self.spread[first] = (below, chosen)
        self._roots(first, step)

    def _roots(self, first: int, step: Step) -> None:
        op = step.op
        if not isinstance(op, Primitive) or (op.elementwise and op.code != "{0}"):
            return
        if op is broadcast and self._filled(first, step):
            return
        if op.inplace is not None:
            return
        if op is broadcast:
            self.root[first] = self.root[step.args[0]]
            self.frail.add(first)
            return
        if op is const or op.code is None:
            self._elsewhere(first, step)
            return
        if op.name in COPIES and not self._plain_index(step):
            return
        spaces = [self.spaces[a] for a in step.args]
        if len(step.spaces) > 1 or op.work(spaces, step.spaces[0], dict(step.params)) == 0:
            alone = len(step.args) == 1 and len(step.spaces) == 1
            if step.op is index and not step.spaces[0].shape:
                return
            if alone or op.name == "gather":
                self.root[first : first + len(step.spaces)] = [self.root[step.args[0]]]
            else:
                self._elsewhere(first, step)

    def _elsewhere(self, first: int, step: Step) -> None:
        """Results that may lie in the memory of any argument: what is there is never written."""
        self.root[first : first + len(step.spaces)] = [SHARED] * len(step.spaces)
        self.pinned.update(step.args)

    def _filled(self, first: int, step: Step) -> bool:
        """Whether a broadcast is written as a new array of one number."""
        return self.literals and first in self.written and dict(step.params)["axes"] == ()

    def _plain_index(self, step: Step) -> bool:
        """Whether a gather reads at bare numbers, which NumPy answers with a view."""
        return step.op.name == "gather" and not any(self.spaces[a].shape for a in step.args[1:])

    def plan(self) -> Plan:
        """The lines that are needed, in order."""
        needed = set(self.program.outputs)
        lines: list[Line] = []
        first = len(self.spaces)
        for step in reversed(self.program.steps):
            first -= len(step.spaces)
            unread = needed.isdisjoint(range(first, first + len(step.spaces)))
            if first in self.constants or (unread and not step.op.effect):
                continue
            line = Line(step, first, self._operands(step), _callee(step))
            needed.update(line.reads())
            lines.append(line)
        lines.reverse()
        copied = self._copied()
        kept = self.written | self.pinned
        arranged = overwriting(lines, self.root, kept, self._owned())
        constants = self._constants(needed)
        return Plan(self.program, tuple(arranged), constants, copied, self.literals, self.written)

    def _owned(self) -> set[int]:
        """The positions that are arrays made by operations of ours."""
        found = set(self.role.owned)
        for first, step in self.program.numbered():
            if not isinstance(step.op, Primitive) or step.op.ours:
                found.update(range(first, first + len(step.spaces)))
        return found

    def _constants(self, needed: set[int]) -> dict[int, Constant]:
        """Those read by name, and, where there are literals, all numbers."""
        return {
            p: c
            for p, c in self.constants.items()
            if p in needed or (self.literals and is_literal(c))
        }

    def _operands(self, step: Step) -> tuple[Operand, ...]:
        if not self.literals:
            return tuple(map(Operand, step.args))
        if not isinstance(step.op, Primitive) or not step.op.elementwise:
            bare = step.op is broadcast
            return tuple(self._whole(a, bare) for a in step.args)
        return self._entrywise(step)

    def _whole(self, position: int, bare: bool) -> Operand:
        value = self.constants.get(position)
        if value is None or not is_literal(value):
            return Operand(position)
        return typed(position, value, bare=bare)

    def _entrywise(self, step: Step) -> tuple[Operand, ...]:
        """The operands, repeated by NumPy where they reach every axis of the result together."""
        if not any([a in self.spread or a in self.constants for a in step.args]):
            return tuple([Operand(a) for a in step.args])
        rank = len(step.spaces[0].shape)
        whole = tuple(range(rank))
        under = [self.spread.get(a, (a, whole)) for a in step.args]
        covered = {axis for _, axes in under for axis in axes}
        if len(covered) < rank:
            under = [(a, whole) for a in step.args]
        real = {self.spaces[p].dtype for p, _ in under if not self._number(p)}
        return tuple(self._part(p, axes, step.spaces[0].shape, real) for p, axes in under)

    def _number(self, position: int) -> bool:
        value = self.constants.get(position)
        return value is not None and is_literal(value)

    def _part(self, position: int, axes: Axes, shape: Shape, real: set[str]) -> Operand:
        value = self.constants.get(position)
        if value is None or not is_literal(value):
            return Operand(position, shape, axes) if len(axes) < len(shape) else Operand(position)
        if value.array.dtype.name in real:
            return Operand(position, literal=weak_text(value))
        return typed(position, value)

    def _copied(self) -> tuple[bool, ...]:
        """Which outputs are inputs, constants, or views of what others hold too."""
        taken = {SHARED, *range(len(self.program.inputs))} - self.role.owned
        copied = []
        for place, position in enumerate(self.program.outputs):
            root, stored = self.root[position], place in self.role.stored
            shared = root in taken or position in self.frail
            copied.append(bool(self.spaces[position].shape) and shared and not stored)
            if not stored:
                taken.add(root)
        return tuple(copied)


def _callee(step: Step) -> Opaque | None:
    if isinstance(step.op, Primitive) and step.op.code is None and step.op is not guard:
        return Opaque(step.op, step.params, step.spaces)
    return None
