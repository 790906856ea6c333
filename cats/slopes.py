"""Slopes that are infinite or nan at an entry that is still: 0 times them is no number.

sqrt(concatenate([[0.0], x])) has one in its first entry, which no tangent reaches: there the
tangent is masked. Of an entrywise operation it is tried at what is known to stand there, and at
usual numbers where that is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cats.forward import Forward, Nothing
from cats.functor import interpret
from cats.ir.linear import Leaf, Linear, Params
from cats.ir.node import postorder
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import div
from cats.ir.program import Step
from cats.ir.spaces import Real, space_of
from cats.ir.wire import Wire
from cats.known import Array, Knowledge, Known

USUAL = (0.0, 1.0, -1.0)
"""What may stand among entries that vary."""


def multiplies(map: Linear) -> bool:
    """Whether a derivative multiplies by values."""
    fixed = [v for leaf in _leaves(map) for v in leaf.fixed]
    return any(isinstance(v, Wire) and isinstance(v.space, Real) for v in fixed)


def _leaves(map: Linear) -> list[Leaf]:
    return [node for node in postorder(map) if isinstance(node, Leaf)]


def singular(
    known: Knowledge,
    map: Linear,
    at: Sequence[Wire],
    slot: int,
    moving: Array | Wire,
    step: Step | None,
) -> bool:
    """Whether a derivative may have such a slope where a value is still.

    map     the derivative, from the tangents of the values `at`
    moving  the entries of the value in a slot that are not still
    step    whose derivative it is, from its arguments; None: of a composition
    """
    op = None if step is None else step.op
    if step is None or len(step.spaces) > 1 or not isinstance(op, Primitive) or not op.elementwise:
        return _unbounded(known, map)
    if op.code is None or op.linearise is None:
        return _unbounded(known, map)
    told = [known.of(w) for w in at]
    still = np.ones(at[slot].space.shape, bool) if isinstance(moving, Wire) else ~moving
    own = told[slot]
    every = own is not None and bool(own.where[still].all())
    for usual in USUAL[:1] if every else USUAL:
        others = [usual if i == slot else 1.0 for i in range(len(at))]
        given = [_at(still, *each) for each in zip(at, told, others, strict=True)]
        if _no_number(op, op.linearise, step.params, slot, given):
            return True
    return False


def _unbounded(known: Knowledge, map: Linear) -> bool:
    """Whether a value that a derivative multiplies by is known to be infinite or nan somewhere."""
    for leaf in _leaves(map):
        told = [known.of(v) for v in leaf.fixed if isinstance(v, Wire)]
        for k in [k for k in told if k is not None and k.array.dtype.kind == "f"]:
            ends = k.array == 0 if leaf.op is div else ~np.isfinite(k.array)
            if np.any(ends & k.where):
                return True
    return False


def _no_number(
    op: Primitive,
    linearise: Callable[..., Linear],
    params: Params,
    slot: int,
    given: Sequence[Array],
) -> bool:
    """Whether 0 times the slope of an entrywise operation in an argument is nan somewhere."""
    along = [np.zeros_like(g) if i == slot else Nothing(space_of(g)) for i, g in enumerate(given)]
    with np.errstate(all="ignore"):
        out = op.evaluate(*given, **dict(params))
        map = linearise(*given, out=out, **dict(params))
        made = interpret(map, Forward())(along[0] if len(along) == 1 else tuple(along))
    return not isinstance(made, Nothing) and bool(np.isnan(made).any())


def _at(still: Array, wire: Wire, known: Known | None, usual: float) -> Array:
    """The entries of an argument that are looked at, a usual number where it is not known."""
    if known is None:
        return np.full(np.count_nonzero(still), usual, wire.space.dtype)
    found: Array = known.array[still]
    return np.where(known.where[still], found, found.dtype.type(usual))
