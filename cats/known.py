"""What is known of the values of a program while it is made: constants, and what is made of them.

Of an array some entries may be known. A result is known where it is the same for two numbers in
place of all that is not: so a constant is that is joined to what varies, and 0 times anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.primitive import Primitive
from cats.ir.program import Step
from cats.ir.spaces import Discrete, Ground, is_open, size
from cats.ir.wire import Builder, Wire

Array = np.ndarray[Any, Any]

WORTH = 4
"""So many operations for each number that is read or written are done to know a value."""

NUMBERS = (1.5, -2.5)
"""What is put where nothing is known: of either sign, and in no other way alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An array, and where it is known; `whole` if it is made of constants only."""

    array: Array
    where: Array
    whole: bool

    @classmethod
    def constant(cls, value: Any) -> Known:
        """A value that is known everywhere."""
        array = np.asarray(value)
        return cls(array, np.broadcast_to(np.True_, array.shape), True)


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
        self.inputs = inputs
        self.found: dict[int, Known | None] = dict(enumerate(inputs))
        self.constant: list[bool] = []

    def whole(self, wire: Wire) -> bool:
        """Whether it is made of constants only."""
        flags, builder = self.constant, self.builder
        while len(flags) <= wire.index:
            index = len(flags)
            origin = builder.origins[index]
            if origin >= 0:
                flags.append(all([flags[a] for a in builder.steps[origin].args]))
            else:
                given = self.inputs[index] if index < len(self.inputs) else None
                flags.append(given is not None and given.whole)
        return flags[wire.index]

    def of(self, wire: Wire) -> Known | None:
        """What is known of a wire; None: nothing."""
        waiting = [wire.index]
        while waiting:
            index = waiting[-1]
            step = self.builder.wires[index].step
            if index in self.found or step is None or not _worth(step, self.spaces(step)):
                self.found.setdefault(index, None)
                waiting.pop()
                continue
            missing = [a for a in step.args if a not in self.found]
            if not missing:
                self.found[index] = self.made(step)
                waiting.pop()
            waiting += missing
        return self.found[wire.index]

    def spaces(self, step: Step) -> list[Ground]:
        """The spaces of the arguments of a step."""
        return [self.builder.wires[a].space for a in step.args]

    def made(self, step: Step) -> Known | None:
        """What is known of the result of a step, from what is known of its arguments."""
        known = [self.found[a] for a in step.args]
        told = [k for k in known if k is not None]
        if len(told) == len(known) and all(k.whole for k in told):
            found = _evaluated(step, [k.array for k in told])
            return None if found is None else Known.constant(found)
        if not told:
            return None
        if not step.op.elementwise:  # type: ignore[union-attr]
            return _agreed(step, self.spaces(step), known)
        here = np.logical_or.reduce([k.where for k in told])
        part = _agreed(step, self.spaces(step), [_taken(k, here) for k in known], here.sum())
        if part is None:
            return None
        whole = [np.zeros(here.shape, part.array.dtype), np.zeros(here.shape, bool)]
        for array, entries in zip(whole, (part.array, part.where), strict=True):
            array[here] = entries
        return Known(whole[0], whole[1], False)


def _worth(step: Step, spaces: Sequence[Ground]) -> bool:
    """Whether it is one array, made with no more work than it takes to read and write it."""
    op = step.op
    if not isinstance(op, Primitive) or op.code is None or op.effect or len(step.spaces) > 1:
        return False
    (end,) = step.spaces
    if is_open(end) or any(map(is_open, spaces)):
        return False
    return op.work(spaces, end, dict(step.params)) <= WORTH * sum(map(size, (*spaces, end)))


def _taken(known: Known | None, here: Array) -> Known | None:
    """What is known of these entries."""
    if known is None:
        return None
    return Known(known.array[here], known.where[here], False)


def _agreed(
    step: Step, spaces: Sequence[Ground], known: Sequence[Known | None], count: int | None = None
) -> Known | None:
    """What two numbers in place of what is not known agree in; of so many entries."""
    results: list[Array] = []
    for number in NUMBERS:
        given = [
            _filled(space, (count,) if count is not None else space.shape, k, number)
            for space, k in zip(spaces, known, strict=True)
        ]
        found = None if any(g is None for g in given) else _evaluated(step, given)
        if found is None:
            return None
        results.append(found)
    same = (results[0] == results[1]) | ((results[0] != results[0]) & (results[1] != results[1]))
    return Known(results[0], same, False) if same.any() else None


def _filled(
    space: Ground, shape: tuple[int, ...], known: Known | None, number: float
) -> Array | None:
    """A number where nothing is known; there is none for places and counts."""
    if known is not None and known.where.all():
        return known.array
    if isinstance(space, Discrete) and space.dtype != "bool":
        return None
    fill = np.array(number > 0 if isinstance(space, Discrete) else number, space.dtype)
    return (
        np.broadcast_to(fill, shape) if known is None else np.where(known.where, known.array, fill)
    )


def _evaluated(step: Step, given: Sequence[Any]) -> Array | None:
    try:
        with np.errstate(all="ignore"):
            return np.asarray(step.op.evaluate(*given, **dict(step.params)))  # type: ignore[union-attr]
    except (ArithmeticError, IndexError, ValueError):
        return None
