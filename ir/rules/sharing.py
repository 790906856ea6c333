"""Laws that compute once: constants are folded, and x + y is y + x where that is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.constant import Constant
from cats.ir.primitive import Example, Primitive
from cats.ir.prims import VOCABULARY
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.choice import equal, logical_and, logical_or, not_equal
from cats.ir.prims.layout import broadcast, const, constant
from cats.ir.rewrite import Rule
from cats.ir.spaces import Real, Value, size
from cats.ir.wire import Wire

LARGEST = 4096
"""Arrays of more entries are not folded: the program would carry them."""


def _folded(op: Primitive) -> Callable[..., Value | None]:
    """op of constants is a constant, unless there is none: that is said when the program runs."""

    def step(*xs: Wire, **params: Any) -> Value | None:
        found = [x.made_by(const) is not None and x.step for x in xs]
        if not xs or not all(found) or any(size(x.space) > LARGEST for x in xs):
            return None
        values = [constant(x.constant).value for x in xs]
        space = op.space(*[x.space for x in xs], **params)
        if size(space) > LARGEST:
            return None
        try:
            with np.errstate(all="ignore"):
                made = np.asarray(op.evaluate(*values, **params), dtype=space.dtype)
        except np.linalg.LinAlgError:
            return None
        return xs[0].recorder.emit(const, (), (("value", Constant(made)),))

    return step


def _fold_sides(op: Primitive) -> Callable[..., tuple[Any, Any]]:
    def sides(x: Wire) -> tuple[Any, Any]:
        builder = x.recorder
        example = op.examples[0] if op.examples else Example((Real(),) * len(op.domain))
        params = dict(example.params)
        ones = [np.full(s.shape, 1, s.dtype) for s in example.spaces]
        values = example.arrange(*ones) if example.arrange else ones
        left = builder.emit(
            op, tuple(builder.lift(v) for v in values), tuple(sorted(params.items()))
        )
        with np.errstate(all="ignore"):
            made = np.asarray(op.evaluate(*values, **params), dtype=left.space.dtype)
        return left, builder.lift(made)

    return sides


def _several(op: Primitive) -> bool:
    """Whether an operation has several results, or may have."""
    made = [op.space(*e.spaces, **dict(e.params)) for e in op.examples]
    return any(isinstance(space, tuple) for space in made)


FOLDED = tuple(
    Rule(f"{op.name}_folded", "x: R", _fold_sides(op), _folded(op), True, op)
    for op in VOCABULARY
    if op is not const and op is not broadcast and not _several(op)
)


def _commuted(op: Primitive) -> Callable[..., Value | None]:
    """op(x, y) is the op(y, x) that is there already."""

    def step(x: Wire, y: Wire) -> Value | None:
        if x.index <= y.index:
            return None
        found = x.recorder.table.get((op, (y.index, x.index), ()))
        return found[0] if found is not None else None

    return step


def _commute_sides(op: Primitive) -> Callable[..., tuple[Any, Any]]:
    def sides(x: Wire, y: Wire) -> tuple[Any, Any]:
        right = op(x, y)
        return op(y, x), right

    return sides


COMMUTED = tuple(
    Rule(
        f"{op.name}_commutes",
        "x: Bool[s], y: Bool[s]" if op in (logical_and, logical_or) else "x: R[s], y: R[s]",
        _commute_sides(op),
        _commuted(op),
        True,
        op,
    )
    for op in (add, mul, equal, not_equal, logical_and, logical_or)
)

RULES: tuple[Rule, ...] = (*COMMUTED, *FOLDED)
