"""Entries that stand still beside others that vary: constants joined to them, written among them.

Their tangents are zero whatever flows in. Which they are is read from the linear program itself, by
what its leaves say of masks (`Linearity.masked`), when a slope is asked for that may be infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.along import Along
from cats.ir.linear import Leaf
from cats.ir.linear_program import LinearStep, SumStep
from cats.ir.primitive import Primitive
from cats.ir.prims.choice import keep, logical_and, logical_or
from cats.ir.prims.layout import convert
from cats.ir.spaces import Ground, Product, Real, Space, Value, is_open, size, space_of
from cats.ir.wire import Wire
from cats.known import WORTH, Array, Knowledge, Known

Moving = Array | Wire | None
"""Which entries may be other than zero; None: all of them. A wire says what is known later only:
entries that are written or taken at places that are no constants.
"""

Part = Moving | tuple["Part", ...]
"""The same for each part of a product."""


class Reach(Along):
    """How linear maps hand on which entries may be other than zero.

    known   what is known of the values of the primal
    wire    which of these is fixed in a leaf
    """

    def __init__(self, known: Knowledge, wire: Callable[[Any], Wire]) -> None:
        self.known = known
        self.wire = wire

    def nothing(self, space: Space) -> Part:
        """Nowhere."""
        return nothing(space)

    def plus(self, parts: Sequence[Part]) -> Part:
        """Where one of them is."""
        return either(parts)

    def scaled(self, space: Space, by: Value, part: Part) -> Part:
        """Where it was."""
        return part

    def through(self, leaf: Leaf, part: Moving) -> Moving:
        """Where the leaf may be other than zero, at a tangent that may be so in a part."""
        if isinstance(part, np.ndarray) and not part.any():
            return nothing(leaf.cod)  # type: ignore[return-value]
        op = leaf.op
        if not isinstance(op, Primitive) or op.linear is None or op.code is None:
            return None
        if is_open(leaf.dom) or is_open(leaf.cod) or any(is_open(space_of(v)) for v in leaf.fixed):
            return None
        structure = op.structure(leaf)
        if part is None and structure == "permutation":
            return None
        wires = list(map(self.wire, leaf.fixed))
        constants = [self.known.of(w) if self.known.whole(w) else None for w in wires]
        if structure == "diagonal":
            return self.entrywise(leaf, wires, constants, part)
        whole = None not in constants
        if op.linear.masked is None or (part is None and not whole and op.linear.total is None):
            return None
        if whole and not isinstance(part, Wire) and _multilinear(leaf):
            return _multiplied(leaf, constants, part)
        marks = np.ones(leaf.dom.shape, bool) if part is None else part  # type: ignore[union-attr]
        at = [self.stand_in(w, k) for w, k in zip(wires, constants, strict=True)]
        return _array(op.linear.masked(leaf.with_fixed(tuple(at)), marks)[1])

    def stand_in(self, wire: Wire, constant: Known | None) -> Value:
        """What a mask is told at: numbers do not matter, places do."""
        if isinstance(wire.space, Real):
            return self.known.builder.zeros(wire.space)
        return wire if constant is None else constant.array

    def entrywise(
        self, leaf: Leaf, wires: Sequence[Wire], constants: Sequence[Known | None], part: Moving
    ) -> Moving:
        """Where a diagonal map of constants, or one that leaves places out, is other than zero."""
        places = leaf.op is not keep and not any(isinstance(w.space, Real) for w in wires)
        if not places and None in constants:
            return part
        pairs = zip(wires, constants, strict=True)
        at = leaf.with_fixed(tuple([w if k is None else k.array for w, k in pairs]))
        with np.errstate(all="ignore"):
            found = leaf.op.apply(at, np.ones(leaf.dom.shape, leaf.dom.dtype))  # type: ignore[union-attr]
        found = convert(found, dtype="bool")
        if part is None:
            return _array(found)
        return _array(logical_and(found, part))


class Still(Reach):
    """Which entries of each tangent of a linear program may be other than zero.

    inputs   which of its inputs may
    steps    its steps, which may become more
    """

    def __init__(
        self,
        inputs: Sequence[Moving],
        steps: Sequence[LinearStep],
        known: Knowledge,
        wire: Callable[[Any], Wire],
    ) -> None:
        super().__init__(known, wire)
        self.steps = steps
        self.rows: list[Moving] = list(inputs)
        self.looked = 0

    def moving(self, position: int) -> Moving:
        """The entries that may vary of the tangent at a position."""
        while len(self.rows) <= position:
            step = self.steps[self.looked]
            self.looked += 1
            self.rows += (
                [self.sum(step)] if isinstance(step, SumStep) else [None for _ in step.spaces]
            )
        return self.rows[position]

    def sum(self, step: SumStep) -> Moving:
        """A sum may be other than zero where a term may."""
        parts: list[Part] = []
        for term in step.terms:
            part = self.rows[term.arg]
            parts.append(part if term.leaf is None else self.through(term.leaf, part))
            if parts[-1] is None:
                return None
        return either(parts) if parts else nothing(step.space)  # type: ignore[return-value]


def nothing(space: Space) -> Part:
    """Nowhere; of stacks as long as a loop turns out to run, anywhere."""
    if isinstance(space, Product):
        return tuple(map(nothing, space.parts))
    return None if is_open(space) else np.zeros(space.shape, bool)  # type: ignore[union-attr]


def either(parts: Sequence[Part]) -> Part:
    """Where one of them may be other than zero."""
    found = parts[0]
    if isinstance(found, tuple):
        return tuple(map(either, zip(*parts, strict=True)))
    for part in parts[1:]:
        if found is None or part is None:
            return None
        found = _array(logical_or(found, part))
    return None if isinstance(found, np.ndarray) and found.all() else found


def _array(found: Value) -> Moving:
    """What was worked out: on arrays, or on wires."""
    return found if isinstance(found, Wire) else np.asarray(found)


def _multilinear(leaf: Leaf) -> bool:
    """Whether it is a sum of products, of no more terms than it takes to read it."""
    op, spaces = leaf.op, list(map(space_of, leaf.fixed))
    linear = op.linear  # type: ignore[attr-defined]
    if not spaces or not set(range(len(spaces) + 1)) <= set(linear.slots):
        return False
    shaped = leaf.with_fixed(tuple(map(_zeros, spaces)))
    return bool(op.cost(shaped) <= WORTH * sum(map(size, [leaf.dom, leaf.cod, *spaces])))


def _multiplied(leaf: Leaf, constants: Sequence[Known | None], part: Array | None) -> Array:
    """Where a sum of products with constants has a term."""
    space: Any = leaf.dom
    marks = np.ones(space.shape, space.dtype) if part is None else part.astype(space.dtype)
    others = tuple([(k.array != 0).astype(space.dtype) for k in constants if k is not None])
    return np.asarray(leaf.op.apply(leaf.with_fixed(others), marks) != 0)


def _zeros(space: Ground) -> Array:
    return np.broadcast_to(np.zeros((), space.dtype), space.shape)
