"""Entries that stand still beside others that vary: constants joined to them, written among them.

Their tangents are zero whatever flows in. Which they are is read from the linear program itself, by
what its leaves say of masks (`Linearity.masked`), when a slope is asked for that may be infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import DerivativeError
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Scale, Then, Zero
from cats.ir.linear_program import LinearStep, SumStep
from cats.ir.primitive import Primitive
from cats.ir.spaces import Product, Real, Space, Value, is_open, size, space_of
from cats.known import WORTH, Array, Known

Moving = Array | None
"""Which entries may be other than zero; None: all of them."""

Part = Moving | tuple["Part", ...]
"""The same for each part of a product."""


class Reach:
    """How linear maps hand on which entries may be other than zero.

    told   what is known of a value that is fixed in a leaf
    """

    def __init__(self, told: Callable[[Value], Known | None]) -> None:
        self.told = told

    def along(self, map: Linear, part: Part) -> Part:
        """Where a linear term may be other than zero; rules are small, so this may recurse."""
        match map:
            case Id() | Scale():
                return part
            case Zero(cod=cod):
                return nothing(cod)
            case Then(first, second):
                return self.along(second, self.along(first, part))
            case Fork(parts):
                return tuple([self.along(p, part) for p in parts])
            case Join(parts):
                return either([self.along(p, x) for p, x in zip(parts, part, strict=True)])  # type: ignore[arg-type]
            case Proj(index=index):
                return part[index]  # type: ignore[index]
            case Inj(spaces, index):
                return tuple([part if j == index else nothing(s) for j, s in enumerate(spaces)])
            case Leaf():
                return self.through(map, part)  # type: ignore[arg-type]
            case _:
                raise DerivativeError(f"{type(map).__name__} is not a linear map cats knows")

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
        known = [self.told(v) for v in leaf.fixed]
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


class Still(Reach):
    """Which entries of each tangent of a linear program may be other than zero.

    inputs   which of its inputs may
    steps    its steps, which may become more
    """

    def __init__(
        self,
        inputs: Sequence[Moving],
        steps: Sequence[LinearStep],
        told: Callable[[Value], Known | None],
    ) -> None:
        super().__init__(told)
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
        found = nothing(step.space)
        for term in step.terms:
            part = self.rows[term.arg]
            found = either([found, part if term.leaf is None else self.through(term.leaf, part)])
            if found is None:
                break
        return found  # type: ignore[return-value]


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
    for part in parts:
        if found is None or part is None:
            return None
        found = found | part  # type: ignore[operator]
    return None if found is None or found.all() else found


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
    ends = [leaf.dom, leaf.cod, *map(space_of, leaf.fixed)]
    return bool(op.cost(_shaped(leaf)) <= WORTH * sum(map(size, ends)))


def _shaped(leaf: Leaf) -> Leaf:
    """The leaf at zeros in place of its residuals."""
    return leaf.with_fixed(tuple([_zeros(space_of(v)) for v in leaf.fixed]))


def _multiplied(leaf: Leaf, known: Sequence[Known | None], marks: Array) -> Array:
    """Where a sum of products with constants has a term."""
    dtype = leaf.dom.dtype  # type: ignore[union-attr]
    fixed = tuple([(k.array != 0).astype(dtype) for k in known if k is not None])
    return np.asarray(leaf.op.apply(leaf.with_fixed(fixed), marks.astype(dtype)) != 0)


def _stand_in(value: Value, known: Known | None) -> Any:
    """What a mask is told at: numbers do not matter, places do."""
    space = space_of(value)
    if isinstance(space, Real):
        return None if is_open(space) else _zeros(space)
    return known.array if known is not None and known.whole else None


def _zeros(space: Any) -> Array:
    return np.broadcast_to(np.zeros((), space.dtype), space.shape)
