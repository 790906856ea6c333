"""kinks: which operations of a function are evaluated where they have no derivative."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cats.ir.errors import Where
from cats.ir.kink_table import OF_OPERATION
from cats.ir.primitive import Primitive
from cats.ir.program import Program
from cats.ir.spaces import Value
from cats.watched import computed, entries, everything, examined, listed, route


@dataclass(frozen=True)
class Kink:
    """An operation at a kink.

    operation   its name
    where       the user's line, if it is known
    entries     the places, as indices of its result or of its argument; () of a number
    convention  what has a kink, and the derivative that is taken there
    """

    operation: str
    where: Where | None
    entries: tuple[tuple[int, ...], ...]
    convention: str

    def __str__(self) -> str:
        lines = [self.operation + (f" at {listed(self.entries)}" if any(self.entries) else "")]
        if self.where is not None:
            lines.append(f"  at {self.where}" + (f": {self.where.code}" if self.where.code else ""))
        return "\n".join([*lines, f"  {self.convention}"])


@dataclass(frozen=True)
class Kinks:
    """The operations of a function that are at a kink, in the order they are computed."""

    found: tuple[Kink, ...]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Kink]:
        return iter(self.found)

    def __getitem__(self, number: int) -> Kink:
        return self.found[number]

    def __str__(self) -> str:
        return "\n".join(map(str, self.found)) or "no operation is at a kink"


def kinks(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Kinks:
    """The operations of f that are at a kink at these arguments, where their derivative is chosen.

    Only those are listed that the derivative of f goes through: not norm(x) in norm(x)**2, which
    is smooth. f may be transformed: kinks(grad(f), x) are those of the gradient. Of a choice the
    branch taken is looked at, of a loop every round. Raises SpaceError where an argument has no
    data.

    >>> import numpy as np
    >>> found = kinks(lambda x: np.sum(np.abs(x)), np.array([1.0, 0.0, 0.0]))
    >>> found[0].operation, found[0].entries, found[0].convention
    ('abs', ((1,), (2,)), '`abs` at 0: 0')
    """
    return Kinks(tuple(dict.fromkeys(_walk(*examined(f, args, kwargs, "kinks")))))


def _walk(program: Program, args: Sequence[Value]) -> Iterator[Kink]:
    """The kinks of a program, then those of the branches it takes and the rounds it goes."""
    waiting = deque([(program, args)])
    while waiting:
        program, args = waiting.popleft()
        values = computed(everything(program), args)
        live = route(program).live
        for first, step in program.numbered():
            if not any(live[first : first + len(step.spaces)]):
                continue
            inputs = [values[a] for a in step.args]
            if isinstance(step.op, Primitive):
                yield from _kink(step.op, inputs, dict(step.params), step.where)
            else:
                step.op.run(partial(_remembered, waiting), inputs)


def _remembered(
    waiting: deque[tuple[Program, Sequence[Value]]], program: Program, args: Sequence[Value]
) -> Sequence[Value]:
    """The outputs of a program that a control word runs, which is looked at later."""
    waiting.append((program, args))
    return program.evaluated(args)


def _kink(
    op: Primitive, inputs: Sequence[Value], params: dict[str, Any], where: Where | None
) -> Iterator[Kink]:
    if op.kinks is None:
        return
    with np.errstate(all="ignore"):
        places = entries(op.kinks(*inputs, **params))
    if places:
        row = OF_OPERATION.get(op.name)
        convention = str(row) if row is not None else "as its rule says"
        yield Kink(op.name, where, places, convention)
