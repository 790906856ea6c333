"""A program with all its values in view, and which of them its derivative goes through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.backends.on_numpy import OnNumpy
from cats.derive import SMOOTHED
from cats.ir.commuting import smoothed
from cats.ir.errors import SpaceError
from cats.ir.inline import without_guards
from cats.ir.primitive import Primitive
from cats.ir.prims.guards import OtherPath
from cats.ir.prims.layout import stop
from cats.ir.program import Program
from cats.ir.spaces import Real, Value
from cats.ir.wire import Builder
from cats.trace import Spec
from cats.whole import behind


def everything(program: Program) -> Program:
    """The program whose outputs are all its positions."""
    return Program(program.inputs, program.steps, tuple(range(len(program.spaces))), program.names)


def computed(program: Program, args: Sequence[Value]) -> Sequence[Value]:
    """The outputs at these arguments, without warnings: what is looked for are their causes.

    Where rounding lets a guard find another outcome than the trace did, guards are left out.
    """
    with np.errstate(all="ignore"):
        try:
            found: Sequence[Value] = OnNumpy().compile(program)(*args)
        except OtherPath:
            found = OnNumpy().compile(without_guards(program))(*args)
    return found


def examined(
    f: Callable[..., Any], args: Any, kwargs: Any, what: str
) -> tuple[Program, Sequence[Value]]:
    """The program of f on the path these arguments take, and the arguments as arrays.

    Raises SpaceError where there are none.
    """
    call, lifted, answer = behind(f, args, kwargs)
    if lifted.extra or call.recorder is not None or any(type(v) is Spec for v in call.leaves):
        raise SpaceError(
            f"{what} looks at the values of a function, and there are none here",
            remedy="Call it on arrays, outside of functions that are traced.",
        )
    return answer.program, call.leaves


@dataclass(frozen=True)
class Route:
    """The way of the derivative through a program.

    live     for each position whether the derivative of the outputs goes through it: it depends
             on a real input, an output or a decision depends on it, and no smoothing leads past it
    sources  for each step the positions its tangent comes from
    """

    live: Sequence[bool]
    sources: Sequence[Sequence[int]]


def route(program: Program) -> Route:
    """Where the derivative of the program goes."""
    sources = _sources(program)
    varies = [isinstance(s, Real) for s in program.inputs]
    for step, found in zip(program.steps, sources, strict=True):
        varies.extend([any(varies[a] for a in found)] * len(step.spaces))
    asked = [False] * len(program.spaces)
    for output in program.outputs:
        asked[output] = True
    rows = list(zip(program.numbered(), sources, strict=True))
    for (first, step), found in reversed(rows):
        if step.op.effect or True in asked[first : first + len(step.spaces)]:
            for a in found:
                asked[a] = True
    return Route([a and v for a, v in zip(asked, varies, strict=True)], sources)


def _sources(program: Program) -> list[Sequence[int]]:
    """The arguments of each step, or what a smoothing goes back to; none of `stop`."""
    builder = Builder(program.inputs)
    wires = builder.replay(program, builder.wires)
    place: dict[int, int] = {}
    for position, wire in enumerate(wires):
        place.setdefault(wire.index, position)
    found: list[Sequence[int]] = []
    for step in program.steps:
        args = [wires[a] for a in step.args]
        flow = None
        if isinstance(step.op, Primitive):
            flow = smoothed(SMOOTHED, step.op, args, step.params)
        behind = step.args if flow is None else [place[w.index] for w in flow.at]
        found.append(() if step.op is stop else behind)
    return found


def entries(mask: Value) -> tuple[tuple[int, ...], ...]:
    """The places where a mask is true.

    >>> entries(np.array([False, True]))
    ((1,),)
    """
    found: Any = np.argwhere(np.asarray(mask))
    return tuple(tuple(map(int, row)) for row in found)


def listed(places: Sequence[tuple[int, ...]], most: int = 5) -> str:
    """Places as one writes indices, the first few of them.

    >>> listed([(0, 1), (2, 2)])
    '[0, 1], [2, 2]'
    """
    shown = ", ".join(f"[{', '.join(map(str, place))}]" for place in places[:most])
    return f"{shown}, ..." if len(places) > most else shown
