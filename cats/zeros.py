"""Known zeros: of a whole value (`Nothing`), of entries (`Masked`); they meet no slope.

What does not vary has the zero tangent, and a choice puts to zero the derivative of what is not
taken. Such a zero is known, not computed: the slope it meets may be infinite or nan, and 0 * inf
is nan. So the mask goes along with the value: through products as it is, through other linear
operations as their record says (`Linearity.masked`); zeros are written where the value leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.linear import Leaf
from cats.ir.primitive import Primitive, leaf_of
from cats.ir.prims.algebra import add, div, mul, neg, sub
from cats.ir.prims.choice import keep, logical_and, logical_not, logical_or
from cats.ir.prims.contraction import contract, masked_contraction, parts_of, sizes_of
from cats.ir.prims.layout import convert, with_shape
from cats.ir.spaces import Ground, Product, Space, Value, leaves, space_of
from cats.ir.wire import Builder, Wire


@dataclass(frozen=True, slots=True)
class Nothing:
    """The zero of a space, as a symbol."""

    space: Space


@dataclass(frozen=True, slots=True, eq=False)
class Masked:
    """`value` where `mask` is true, 0 elsewhere; `clean` if the value itself is 0 there."""

    value: Value
    mask: Value
    clean: bool = False

    @property
    def recorder(self) -> Builder | None:
        """The builder of the value, if it is a wire."""
        return getattr(self.value, "recorder", None)


def plain(v: Value) -> Value:
    """The value itself, its known zeros written."""
    if not isinstance(v, Masked):
        return v
    return v.value if v.clean else keep(v.mask, v.value)


def through(move: Callable[[Value], Value], v: Value) -> Value:
    """The value with its entries moved or repeated, and its mask with them."""
    return Masked(move(v.value), move(v.mask), v.clean) if isinstance(v, Masked) else move(v)


def wide(v: Value, space: Ground) -> Value:
    """The value in the width of a space, and its mask as it is.

    >>> from cats.ir.spaces import R
    >>> wide(np.float32(0.5), R), wide(0.5, R)
    (np.float64(0.5), 0.5)
    """
    if isinstance(v, Masked):
        return Masked(wide(v.value, space), v.mask, v.clean)
    own = v.space.dtype if type(v) is Wire else getattr(v, "dtype", space.dtype)
    if own == space.dtype or np.dtype(own).kind != "f":
        return v
    return convert(v, dtype=space.dtype)


def negative(v: Value) -> Value:
    """-v, zero where v is."""
    return Masked(neg(v.value), v.mask, v.clean) if isinstance(v, Masked) else neg(v)


def applied(leaf: Leaf, v: Value) -> Value:
    """The leaf at v: no entry that is known to be zero is multiplied.

    >>> from cats.ir.spaces import Real
    >>> slope = leaf_of(mul, 1, (np.array([np.inf, 2.0]),), Real((2,)), Real((2,)))
    >>> plain(applied(slope, Masked(np.ones(2), np.array([False, True]))))
    array([0., 2.])
    """
    if leaf.op is keep:
        return _kept(leaf.fixed[0], v)
    if not isinstance(v, Masked):
        return leaf.op.apply(leaf, v)
    if leaf.op.structure(leaf) == "diagonal":
        return Masked(leaf.op.apply(leaf, v.value), v.mask)
    known = leaf.op.masked(leaf, v.mask)
    if known is None:
        return leaf.op.apply(leaf, plain(v))
    spared, mask = known
    return Masked(spared.op.apply(spared, plain(v)), mask, clean=True)


def _kept(mask: Value, v: Value) -> Value:
    return Masked(v.value, _all([mask, v.mask])) if isinstance(v, Masked) else Masked(v, mask)


def together(
    op: Primitive, leaves: Sequence[Leaf], values: Sequence[Value], base: Value | None = None
) -> Value:
    """The sum of the leaves of an operation that scatters, and of a base, in one pass."""
    onto = None if base is None else plain(base)
    whole = op.total(leaves, [plain(v) for v in values], onto)
    known = base is None or isinstance(base, Masked)
    if not known or not any(isinstance(v, Masked) for v in values):
        return whole
    marks = [_marks(v, f.dom) for v, f in zip(values, leaves, strict=True)]
    before = None if base is None else _marks(base, leaves[0].cod)
    return Masked(whole, convert(op.total(leaves, marks, before), dtype="bool"), clean=True)


def _marks(v: Value, space: Space) -> Value:
    """1 where v may be other than zero, 0 elsewhere."""
    if isinstance(v, Masked):
        return convert(v.mask, dtype=space.dtype)  # type: ignore[union-attr]
    return np.ones(space.shape, space.dtype)[()]  # type: ignore[union-attr]


def summed(pieces: Sequence[tuple[int, Value]]) -> Value:
    """+-v +- w ..., each with its sign; pieces under one mask are added under it."""
    masks = [v.mask for _, v in pieces if isinstance(v, Masked)]
    if len(masks) < len(pieces):
        return _plain_sum([(sign, plain(v)) for sign, v in pieces])
    if all(m is masks[0] for m in masks):
        inside = [(sign, v.value) for sign, v in pieces]
        return Masked(_plain_sum(inside), masks[0], all(v.clean for _, v in pieces))
    whole, mask = _plain_sum([(sign, plain(v)) for sign, v in pieces]), _any(masks)
    return whole if mask is None else Masked(whole, mask, clean=True)


def _plain_sum(pieces: Sequence[tuple[int, Value]]) -> Value:
    start = next((i for i, (sign, _) in enumerate(pieces) if sign > 0), None)
    result = pieces[start or 0][1]
    for i, (sign, v) in enumerate(pieces):
        if i != (start or 0):
            result = add(result, v) if sign > 0 or start is None else sub(result, v)
    return neg(result) if start is None else result


def product(x: Value, y: Value) -> Value:
    """x * y entry by entry, zero where either is known to be."""
    masks = [v.mask for v in (x, y) if isinstance(v, Masked)]
    made = mul(*[v.value if isinstance(v, Masked) else v for v in (x, y)])
    return Masked(made, _all(masks)) if masks else made


def over(v: Value, by: Value) -> Value:
    """v / by entry by entry, zero where v is known to be."""
    return Masked(div(v.value, by), v.mask) if isinstance(v, Masked) else div(v, by)


def contracted(x: Value, y: Value, spec: str) -> Value:
    """The contraction of both; what meets only known zeros of the other is left out."""
    given, masks = [plain(x), plain(y)], list[Value]()
    for slot, v in enumerate((x, y)):
        if isinstance(v, Masked):
            ends = [space_of(w) for w in given]
            sizes = sizes_of(spec, ends)
            out = with_shape(ends[slot], tuple([sizes[c] for c in parts_of(spec)[1]]))
            leaf = leaf_of(contract, slot, (given[1 - slot],), ends[slot], out, spec=spec)
            spared, mask = masked_contraction(leaf, v.mask)
            (given[1 - slot],) = spared.fixed
            masks.append(mask)
    made = contract(*given, spec=spec)
    return Masked(made, _all(masks), clean=True) if masks else made


def _all(masks: Sequence[Value]) -> Value:
    """Where all the masks are true."""
    found = masks[0]
    for mask in masks[1:]:
        found = found if found is mask else logical_and(found, mask)
    return found


def _any(masks: Sequence[Value]) -> Value | None:
    """Where any of the masks is true; None if that is everywhere."""
    found = masks[0]
    for mask in masks[1:]:
        if _opposite(found, mask) or _opposite(mask, found):
            return None
        found = found if found is mask else logical_or(found, mask)
    return found


def _opposite(a: Value, b: Value) -> bool:
    """Whether b is not a."""
    inner = b.made_by(logical_not) if type(b) is Wire else None
    return inner is not None and inner[0] is a


def materialise(v: Value, builder: Builder | None = None) -> Value:
    """The value with zeros written out: done only at the edge."""
    if isinstance(v, tuple):
        return tuple(materialise(p, builder) for p in v)
    if not isinstance(v, Nothing):
        return v
    if isinstance(v.space, Product):
        return tuple(materialise(Nothing(s), builder) for s in v.space.parts)
    (space,) = leaves(v.space)
    return _zeros(space, builder)


def _zeros(space: Any, builder: Builder | None) -> Value:
    return np.zeros(space.shape, space.dtype) if builder is None else builder.zeros(space)
