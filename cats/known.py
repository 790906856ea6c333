"""What is known of the values of a program while it is made: constants, and what is made of them.

An array of which some entries are constants is known there; where nothing is known it is nan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.primitive import Primitive
from cats.ir.program import Step
from cats.ir.spaces import Ground, Real, is_open, size
from cats.ir.wire import Builder, Wire

Array = np.ndarray[Any, Any]

WORTH = 4
"""So many operations for each number that is read or written are done to know a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An array, nan where it is not known; `whole` if it is made of constants only."""

    array: Array
    whole: bool


class Knowledge:
    """What is known of the wires of a builder: each is worked out once, and only if asked for.

    inputs   what is known of its inputs

    >>> builder = Builder()
    >>> one = builder.lift(np.array([1.0, 2.0]))
    >>> Knowledge(builder).of(one + one).array
    array([2., 4.])
    """

    def __init__(self, builder: Builder, inputs: Sequence[Known | None] = ()) -> None:
        self.builder = builder
        self.found: dict[int, Known | None] = dict(enumerate(inputs))

    def of(self, wire: Wire) -> Known | None:
        """What is known of a wire; None: nothing."""
        waiting = [wire.index]
        while waiting:
            index = waiting[-1]
            step = self.builder.wires[index].step
            args = step.args if step is not None and _worth(step, self.spaces(step)) else ()
            missing = [a for a in args if a not in self.found]
            if index in self.found or not missing:
                waiting.pop()
                self.found.setdefault(index, self.made(step, args))
            waiting += missing
        return self.found[wire.index]

    def spaces(self, step: Step) -> list[Ground]:
        """The spaces of the arguments of a step."""
        return [self.builder.wires[a].space for a in step.args]

    def made(self, step: Step | None, args: Sequence[int]) -> Known | None:
        """What is known of the result of a step, from what is known of these arguments."""
        known = [self.found[a] for a in args]
        if step is None or len(args) < len(step.args) or (args and not any(known)):
            return None
        given = [
            _nowhere(space) if k is None else k.array
            for space, k in zip(self.spaces(step), known, strict=True)
        ]
        whole = all(k is not None and k.whole for k in known)
        found = _result(step, [g for g in given if g is not None])
        return (
            None if found is None or (unknown(found).all() and not whole) else Known(found, whole)
        )


def _worth(step: Step, spaces: Sequence[Ground]) -> bool:
    """Whether it is one array, made with no more work than it takes to read and write it."""
    op = step.op
    if not isinstance(op, Primitive) or op.code is None or op.effect or len(step.spaces) > 1:
        return False
    (end,) = step.spaces
    if is_open(end) or any(map(is_open, spaces)):
        return False
    return op.work(spaces, end, dict(step.params)) <= WORTH * sum(map(size, (*spaces, end)))


def _result(step: Step, given: Sequence[Array]) -> Array | None:
    """What is known of the result: of a product, what two numbers in place of the unknown agree in.

    So 0 times what is not known is 0.
    """
    products = step.op.linear is not None and len(step.op.linear.slots) > 1  # type: ignore[union-attr]
    if not products or not any(unknown(g).any() for g in given):
        return _evaluated(step, given)
    one, two = [_evaluated(step, [np.where(unknown(g), n, g) for g in given]) for n in (1.0, 2.0)]
    return None if one is None or two is None else np.where(one == two, one, np.nan)


def _evaluated(step: Step, given: Sequence[Array]) -> Array | None:
    if len(given) < len(step.args):
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(step.op.evaluate(*given, **dict(step.params)))  # type: ignore[union-attr]
    except (ArithmeticError, IndexError, ValueError):
        return None


def _nowhere(space: Ground) -> Array | None:
    """An array known nowhere; what is not real is known everywhere or not at all."""
    if not isinstance(space, Real):
        return None
    return np.broadcast_to(np.array(np.nan, space.dtype), space.shape)


def unknown(array: Array) -> Array:
    """Where an array is not known."""
    return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
