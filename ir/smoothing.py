"""The third kind of rule: the derivative of a composition, where that of its parts will not do.

sqrt(x)**2 is smooth at 0, and sqrt is not; log(1 + exp(x)) has a slope where exp(x) overflows.
A smoothing knows such a pattern of steps and says the derivative of the whole as one linear map
from values further back. The value is computed as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cats.ir.linear import Linear, Params
from cats.ir.primitive import Primitive
from cats.ir.spaces import Value
from cats.ir.wire import Wire

Letters = tuple[Any, ...] | None
"""What the letters of a law stand for, and its statics; or that the law does not apply."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The derivative of a value: `term`, from the tangents of the values `at`."""

    at: tuple[Value, ...]
    term: Linear


def any_value(*letters: Value) -> tuple[Value, ...]:
    """The letters themselves."""
    return letters


@dataclass(frozen=True)
class Smoothing:
    """D left = flow, for all letters.

    name     of the law
    letters  what it speaks of: "x: R[s], y: R[s]"
    left     the letters -> the value, built in the library's own words
    flow     the letters -> its derivative
    match    the arguments of the step (and its parameters) -> the letters, or None
    head     the operations that may be at the root of the left side
    under    those that may have made an argument of it
    of       letters -> what the law holds for, where that is not any value
    statics  further arguments of left and flow, of the kinds that match gives
    """

    name: str
    letters: str
    left: Callable[..., Any]
    flow: Callable[..., Flow]
    match: Callable[..., Letters]
    head: tuple[Primitive, ...]
    under: tuple[Primitive, ...]
    of: Callable[..., tuple[Value, ...]] = any_value
    statics: tuple[tuple[Any, ...], ...] = ((),)


def smoothing(
    letters: str,
    left: Callable[..., Any],
    flow: Callable[..., Flow],
    *,
    head: Primitive | tuple[Primitive, ...],
    under: Primitive | tuple[Primitive, ...],
    of: Callable[..., tuple[Value, ...]] = any_value,
    statics: tuple[tuple[Any, ...], ...] = ((),),
) -> Callable[[Callable[..., Letters]], Smoothing]:
    """Makes a Smoothing of a function that reads its letters; the function's name is the law's."""
    heads = head if isinstance(head, tuple) else (head,)
    below = under if isinstance(under, tuple) else (under,)

    def make(match: Callable[..., Letters]) -> Smoothing:
        return Smoothing(match.__name__, letters, left, flow, match, heads, below, of, statics)

    return make


Table = Mapping[Primitive, Mapping[Primitive, Sequence[Smoothing]]]
"""The smoothings by their head, and under it by what made an argument."""


def by_head(laws: Iterable[Smoothing]) -> Table:
    """The laws in a table; those that share a place keep their order."""
    table: dict[Primitive, dict[Primitive, list[Smoothing]]] = {}
    for law in laws:
        for head in law.head:
            for op in law.under:
                table.setdefault(head, {}).setdefault(op, []).append(law)
    return table


def law_of(
    table: Table, op: Primitive, args: Sequence[Wire], params: Params
) -> tuple[Smoothing, tuple[Any, ...]] | None:
    """The first law that knows op(*args), and its letters."""
    below = table.get(op)
    if below is None:
        return None
    for arg in dict.fromkeys(args):
        step = arg.step
        if step is not None and type(step.op) is Primitive:
            for law in below.get(step.op, ()):
                found = law.match(*args, **dict(params))
                if found is not None:
                    return law, found
    return None


def flow_of(table: Table, op: Primitive, args: Sequence[Wire], params: Params) -> Flow | None:
    """The derivative of op(*args) by the first law that knows it."""
    found = law_of(table, op, args, params)
    return None if found is None else found[0].flow(*found[1])
