"""NumPy with entrywise regions fused by numexpr: one pass over memory for many operations.

A region is a set of entrywise steps of which one value leaves. It becomes an expression over
operands v0, v1, ... and exact float literals, written from templates only: nothing of the user's
ever enters the text. What has no template, is small, or stands alone runs in NumPy.
(Limits of numexpr, measured: 63 operands, about 250 registers, 200 nested brackets.)
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numexpr
import numpy as np
from numexpr.necompiler import evaluate_lock

from cats.backends.backend import Compiled, Run, checked
from cats.backends.function import Style
from cats.backends.lines import Line
from cats.backends.operand import Operand, typed_text, weak_text
from cats.backends.plan import Plan, Role, plan
from cats.backends.shown import built
from cats.backends.templates import CHOICE, INLINE, KINDS, LOGIC, TEMPLATES
from cats.ir.constant import Constant
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME
from cats.ir.program import Program
from cats.ir.spaces import Ground, Value, size

MOST_OPERATIONS = 60
MOST_OPERANDS = 60
LARGEST_POWER = 8


@dataclass(frozen=True)
class OnNumexpr:
    """NumPy, with numexpr for entrywise regions of at least `least` entries.

    Values agree with NumPy's within a few units in the last place, dtypes, nan and infinities
    exactly. Kernels run one at a time in a process, each on numexpr's threads.

    >>> OnNumexpr().name
    'numexpr'
    """

    least: int = 32768
    name: ClassVar[str] = "numexpr"

    def supports(self, op: Primitive) -> bool:
        """All of them: NumPy runs what numexpr cannot."""
        return True

    def build(self, program: Program) -> Run:
        return built(program, Style(ready=self.fused))

    def compile(self, program: Program) -> Compiled:
        """The program as a callable."""
        return checked(self, program, "Use a backend that has it.")

    def fused(self, program: Program, role: Role) -> Plan:
        """The plan in which each region is one line that calls its kernel."""
        found = plan(program, role)
        spaces = program.spaces
        kernels: dict[int, Line] = {}
        inside: set[int] = set()
        moved: list[tuple[int, int]] = []
        for region in regions(found, spaces, self.least):
            if len(region.lines) > 1:
                kernels[region.lines[0].first] = region.kernel(found.constants, spaces)
                inside.update(line.first for line in region.lines[1:])
                moved.append((region.lines[-1].first, region.lines[0].first))
        passed = crossed(found.lines, moved)
        lines = [
            line._replace(over=False) if line.over and number in passed else line
            for number, line in enumerate(found.lines)
        ]
        lines = [kernels.get(x.first, x) for x in lines if x.first not in inside]
        return Plan(program, tuple(lines), found.constants, found.copied, written=found.written)


def crossed(lines: Sequence[Line], moved: Sequence[tuple[int, int]]) -> set[int]:
    """The numbers of the lines that a read passes when it moves from one line down to another.

    Such a line may not write over what is read after it. One pass, O(n).
    """
    opened = Counter(first for first, _ in moved)
    closed = Counter(last for _, last in moved)
    found: set[int] = set()
    depth = 0
    for number, line in enumerate(lines):
        depth -= closed[line.first]
        if depth:
            found.add(number)
        depth += opened[line.first]
    return found


def fusable(line: Line, spaces: tuple[Ground, ...], least: int) -> bool:
    """Whether an operation has a template for arguments of these spaces and this size."""
    op, step = line.step.op, line.step
    if not isinstance(op, Primitive) or BY_NAME.get(op.name) is not op or op.name not in TEMPLATES:
        return False
    if size(step.spaces[0]) < least or step.spaces[0].shape == ():
        return False
    if op.name == "ipow" and abs(dict(step.params)["n"]) > LARGEST_POWER:
        return False
    dtypes = [spaces[a].dtype for a in step.args]
    if op.name in LOGIC:
        return set(dtypes) == {"bool"}
    reals = set(dtypes[1:] if op.name in CHOICE else dtypes)
    return reals in ({"float64"}, {"float32"})


class Region:
    """Entrywise steps whose only result read elsewhere is that of the first of `lines`, the last.

    A value read twice inside is written twice; `operations` counts it so.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.outside: set[int] = set()
        self.operations = 0

    def has_room(self, line: Line, weight: int) -> bool:
        """Whether the limits of numexpr allow one more step, written `weight` times."""
        operands = len(self.outside) + len(line.operands)
        return self.operations + weight <= MOST_OPERATIONS and operands <= MOST_OPERANDS

    def take(self, line: Line, weight: int) -> None:
        """One more step, above those it is read by."""
        self.lines.append(line)
        self.operations += weight
        self.outside.discard(line.first)
        self.outside.update(o.position for o in line.operands)

    def kernel(self, constants: Any, spaces: tuple[Ground, ...]) -> Line:
        """The region as one line that calls a compiled expression."""
        names: dict[Operand, str] = {}
        texts: dict[int, str] = {}
        for line in reversed(self.lines):
            args = [self._arg(line, o, texts, names, constants) for o in line.operands]
            template = TEMPLATES[line.step.op.name]
            texts[line.first] = f"({template.format(*args, **dict(line.step.params))})"
        kinds = tuple(KINDS[spaces[o.position].dtype] for o in names)
        root = self.lines[0]
        return Line(root.step, root.first, tuple(names), Kernel(texts[root.first], kinds))

    def _arg(
        self,
        line: Line,
        operand: Operand,
        texts: dict[int, str],
        names: dict[Operand, str],
        constants: Any,
    ) -> str:
        if operand.literal is not None:
            value: Constant = constants[operand.position]
            wide = value.array.dtype == np.float64 and np.isfinite(value.array)
            if wide and line.step.op.name in INLINE:
                return weak_text(value)
            operand = Operand(operand.position, literal=typed_text(value))
        elif operand.shape is None and operand.position in texts:
            return texts[operand.position]
        return names.setdefault(operand, f"v{len(names)}")


def regions(found: Plan, spaces: tuple[Ground, ...], least: int) -> Iterable[Region]:
    """The regions of a plan: a step joins the one region that reads it, if there is room.

    One pass from the end, O(n).
    """
    claims: dict[int, Region | None] = dict.fromkeys(found.program.outputs)
    weights: dict[int, int] = {}
    made: list[Region] = []
    for line in reversed(found.lines):
        if not fusable(line, spaces, least):
            claims.update(dict.fromkeys(line.reads()))
            continue
        region, weight = claims.get(line.first), weights.get(line.first, 1)
        if region is None or not region.has_room(line, weight):
            region, weight = Region(), 1
            made.append(region)
        region.take(line, weight)
        template = TEMPLATES[line.step.op.name]
        for slot, operand in enumerate(line.operands):
            _claim(operand, region, weight * template.count(f"{{{slot}}}"), claims, weights)
    return made


def _claim(
    operand: Operand,
    region: Region,
    weight: int,
    claims: dict[int, Region | None],
    weights: dict[int, int],
) -> None:
    """The region reads the operand so often; another reader, or new axes, keep it outside."""
    position = operand.position
    if operand.literal is not None:
        return
    alone = operand.shape is None and claims.setdefault(position, region) is region
    if not alone:
        claims[position] = None
    weights[position] = weights.get(position, 0) + weight


class Kernel:
    """A compiled expression over v0, v1, ...; numexpr runs one at a time in a process."""

    __slots__ = ("kinds", "run", "text")

    def __init__(self, text: str, kinds: tuple[str, ...]) -> None:
        self.text, self.kinds = text, kinds
        self.run = _expression(text, kinds)

    def __call__(self, *operands: Value) -> Value:
        arrays = [np.asarray(operand) for operand in operands]
        with evaluate_lock:
            return self.run(*arrays)


@lru_cache(maxsize=512)
def _expression(text: str, kinds: tuple[str, ...]) -> Any:
    types = {
        "double": np.float64,
        "float": float,
        "bool": bool,
    }  # numexpr's float is the narrow one
    signature = [(f"v{i}", types[kind]) for i, kind in enumerate(kinds)]
    with evaluate_lock:
        return numexpr.NumExpr(text, signature)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=evaluate_lock.acquire,
        after_in_parent=evaluate_lock.release,
        after_in_child=evaluate_lock.release,
    )
