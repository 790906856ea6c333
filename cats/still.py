"""Entries that stand still beside others that vary: constants joined to them, written among them.

Their tangents are zero whatever flows in. Which they are is read from the linear program itself, by
what its leaves say of masks (`Linearity.masked`), when a slope is asked for that may be infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.linear import Leaf, Ref
from cats.ir.linear_program import LinearStep, SumStep
from cats.ir.primitive import Primitive
from cats.ir.spaces import Real, is_open, size
from cats.ir.wire import Wire
from cats.known import WORTH, Array, Knowledge, Known

Moving = Array | None
"""Which entries may be other than zero; None: all of them."""


class Still:
    """Which entries of each tangent of a linear program may be other than zero.

    inputs     which of its inputs may
    steps      its steps, which may become more
    known      what is known of the values of the primal
    residual   what a residual is in the primal
    """

    def __init__(
        self,
        inputs: Sequence[Moving],
        steps: Sequence[LinearStep],
        known: Knowledge,
        residual: Callable[[Ref], Wire],
    ) -> None:
        self.steps = steps
        self.known = known
        self.residual = residual
        self.rows: list[Moving] = list(inputs)
        self.looked = 0

    def moving(self, position: int) -> Moving:
        """The entries that may vary of the tangent at a position."""
        while len(self.rows) <= position:
            step = self.steps[self.looked]
            self.looked += 1
            self.rows += (
                [self.sum(step)] if isinstance(step, SumStep) else [None] * len(step.spaces)
            )
        return self.rows[position]

    def sum(self, step: SumStep) -> Moving:
        """A sum may be other than zero where a term may."""
        if is_open(step.space):
            return None
        found = np.zeros(step.space.shape, bool)  # type: ignore[union-attr]
        for term in step.terms:
            part = self.rows[term.arg]
            if term.leaf is not None:
                part = self.through(term.leaf, part)
            if part is None:
                return None
            found = found | part
        return None if found.all() else found

    def through(self, leaf: Leaf, part: Moving) -> Moving:
        """Where the leaf may be other than zero, at a tangent that may be so in a part."""
        op = leaf.op
        if not isinstance(op, Primitive) or op.linear is None or op.code is None:
            return None
        if is_open(leaf.dom) or is_open(leaf.cod):
            return None
        structure = op.structure(leaf)
        if part is None and structure == "permutation":
            return None
        known = [self.known.of(self.residual(v)) for v in leaf.fixed]
        whole = all(k is not None and k.whole for k in known)
        if structure == "diagonal":
            return _entrywise(leaf, known, part) if whole else part
        if op.linear.masked is None:
            return None
        marks = np.ones(leaf.dom.shape, bool) if part is None else part  # type: ignore[union-attr]
        if whole and _multilinear(leaf):
            return _multiplied(leaf, known, marks)
        at = [_stand_in(v, k) for v, k in zip(leaf.fixed, known, strict=True)]
        if (part is None and not whole) or any(v is None for v in at):
            return None
        return np.asarray(op.linear.masked(leaf.with_fixed(tuple(at)), marks)[1])


def _entrywise(leaf: Leaf, known: Sequence[Known | None], part: Moving) -> Moving:
    """Where a diagonal map of constants is other than zero."""
    at = leaf.with_fixed(tuple([k.array for k in known if k is not None]))
    with np.errstate(all="ignore"):
        found = leaf.op.apply(at, np.ones(leaf.dom.shape, leaf.dom.dtype)) != 0  # type: ignore[union-attr]
    return found if part is None else found & part  # type: ignore[no-any-return]


def _multilinear(leaf: Leaf) -> bool:
    """Whether it is a sum of products, of no more terms than it takes to read it."""
    linear, op = leaf.op.linear, leaf.op  # type: ignore[attr-defined]
    if not leaf.fixed or not set(range(len(leaf.fixed) + 1)) <= set(linear.slots):
        return False
    ends = [leaf.dom, leaf.cod, *[v.space for v in leaf.fixed]]
    return bool(op.cost(_shaped(leaf)) <= WORTH * sum(map(size, ends)))


def _shaped(leaf: Leaf) -> Leaf:
    """The leaf at zeros in place of its residuals."""
    return leaf.with_fixed(tuple([_zeros(v.space) for v in leaf.fixed]))


def _multiplied(leaf: Leaf, known: Sequence[Known | None], marks: Array) -> Array:
    """Where a sum of products with constants has a term."""
    dtype = leaf.dom.dtype  # type: ignore[union-attr]
    fixed = tuple([(k.array != 0).astype(dtype) for k in known if k is not None])
    return np.asarray(leaf.op.apply(leaf.with_fixed(fixed), marks.astype(dtype)) != 0)


def _stand_in(ref: Ref, known: Known | None) -> Any:
    """What a mask is told at: numbers do not matter, places do."""
    if isinstance(ref.space, Real):
        return None if is_open(ref.space) else _zeros(ref.space)
    return known.array if known is not None and known.whole else None


def _zeros(space: Any) -> Array:
    return np.broadcast_to(np.zeros((), space.dtype), space.shape)
