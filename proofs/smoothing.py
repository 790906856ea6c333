"""Smoothings: the derivative of the left side, by sympy, is what the flow says.

Both sides are one program, which is run on formulas, entry by entry, for each sign of each letter
that the left side exists for. What a law says at a kink itself is tested, not proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from random import Random
from typing import Any

import numpy as np
import sympy as sp

from cats.forward import Forward, materialise
from cats.functor import interpret
from cats.ir.letters import SHAPES, letters
from cats.ir.primitive import Primitive
from cats.ir.prims import arrays
from cats.ir.prims.layout import broadcast, const, reshape, sum, transpose
from cats.ir.program import Program, Step
from cats.ir.smoothing import Flow, Smoothing
from cats.ir.spaces import Product, Shape
from cats.ir.wire import Builder, Wire
from proofs.calculation import NotAProof
from proofs.derivatives import DIGITS, FOR_ALL, POINTS
from proofs.symbols import formula, meaning

MOVES = (reshape, transpose, broadcast, sum)
"""They run on arrays of anything that can be added."""


def sides(
    law: Smoothing, statics: tuple[Any, ...], builder: Builder, shape: Shape = ()
) -> tuple[tuple[Any, ...], Wire, Flow]:
    """What the law holds for, with its statics, the left side, and its derivative."""
    shapes = {**SHAPES, "s": shape}
    given = letters(law.letters, shapes=shapes, value=lambda _, space: builder.input(space))  # type: ignore[arg-type]
    chosen = (*law.of(*given.values()), *statics)
    return chosen, law.left(*chosen), law.flow(*chosen)


def stated(law: Smoothing, statics: tuple[Any, ...]) -> tuple[Program, int]:
    """(tangents, letters) |-> (left, D left, what the tangents belong to); how many tangents."""
    _, _, dry = sides(law, statics, Builder())
    builder = Builder([w.space for w in dry.at])
    tangents = tuple(builder.wires)
    _, left, flow = sides(law, statics, builder)
    moved = tangents if isinstance(flow.term.dom, Product) else tangents[0]
    slope = materialise(interpret(flow.term, Forward())(moved), builder)
    return builder.finish([left, builder.lift(slope), *flow.at]), len(tangents)


def prove(law: Smoothing) -> str:
    """How far D left = flow, for all the statics of the law. Raises NotAProof."""
    verdicts = [_prove(law, statics) for statics in law.statics]
    return max(verdicts, key=len)


def _prove(law: Smoothing, statics: tuple[Any, ...]) -> str:
    builder = Builder()
    value = builder.finish([sides(law, statics, builder)[1]])
    positive = [_symbols(f"p{i}", s.shape) for i, s in enumerate(value.inputs)]
    free = [name for array in positive for name in array.ravel()]
    gaps: list[Any] = []
    for signs in product((1, -1), repeat=len(positive)):
        inputs = [sign * array for sign, array in zip(signs, positive, strict=True)]
        if _exists(positions(value, inputs), free):
            gaps += _gaps(*stated(law, statics), inputs, free)
    if not gaps:
        raise NotAProof(f"{law.name}: the left side exists for no letters")
    if all(sp.simplify(gap) == 0 for gap in gaps):
        return FOR_ALL
    for gap in gaps:
        _vanishes(law, gap)
    return f"to {DIGITS} digits at {POINTS} points"


def _symbols(name: str, shape: Shape) -> Any:
    array = np.empty(shape, object)
    for place in np.ndindex(shape):
        array[place] = sp.Symbol(name + "".join(map(str, place)), positive=True)
    return array


def _gaps(
    program: Program, count: int, inputs: Sequence[Any], free: Sequence[Any]
) -> Iterator[Any]:
    """For each letter the difference between the derivative of the left side and the flow's."""
    still = [np.zeros(s.shape, object) for s in program.inputs[:count]]
    left, _, *ends = evaluated(program, [*still, *inputs])
    for letter in free:
        tangents = [_entrywise(partial(_derivative, letter), v) for v in ends]
        slope = evaluated(program, [*tangents, *inputs])[1]
        yield from np.ravel(slope - _entrywise(partial(_derivative, letter), left))


def _derivative(letter: Any, entry: Any) -> Any:
    return sp.diff(entry, letter)


def _exists(values: Sequence[Any], free: Sequence[Any]) -> bool:
    """Whether all that is computed on the way is real."""
    at = {name: sp.Float(value) for name, value in _point(free, Random(0)).items()}
    entries = [sp.sympify(entry).subs(at) for value in values for entry in np.ravel(value)]
    return all(sp.N(e).is_real for e in entries if not isinstance(e, sp.logic.boolalg.Boolean))


def _point(free: Sequence[Any], rng: Random) -> dict[Any, Any]:
    return {name: sp.Rational(rng.randint(1, 3 * 10**6), 10**6) for name in free}


def _vanishes(law: Smoothing, gap: Any) -> None:
    rng = Random(law.name)
    for _ in range(POINTS):
        at = _point(sorted(gap.free_symbols, key=str), rng)
        found = sp.N(gap.subs(at), DIGITS + 15)
        if not abs(found) <= sp.Float(10) ** -DIGITS:
            raise NotAProof(f"{law.name} at {at}: the flow is wrong by {found}")


# Programs on arrays of formulas


def evaluated(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """The outputs of the program for arrays of formulas."""
    at = positions(program, inputs)
    return [at[o] for o in program.outputs]


def positions(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """All positions of the program for arrays of formulas."""
    at = list(inputs)
    for step in program.steps:
        at.append(_made(step, [at[a] for a in step.args]))
    return at


def _made(step: Step, args: Sequence[Any]) -> Any:
    op = step.op
    if not isinstance(op, Primitive):
        raise NotAProof(f"{op.name} is no primitive")
    params = dict(step.params)
    if op is const:
        return _entrywise(formula, params["value"].array)
    if op in MOVES:
        return np.asarray(op.evaluate(*args, **params), object)
    if op is arrays.max:
        return np.asarray(np.frompyfunc(sp.Max, 2, 1).reduce(args[0], axis=params["axes"]), object)
    if not op.meaning:
        raise NotAProof(f"{op.name} has no formula")
    return _entrywise(lambda *entries: meaning(op, list(entries), step.params), *args)


def _entrywise(f: Any, *arrays: Any) -> Any:
    return np.asarray(np.frompyfunc(f, len(arrays), 1)(*arrays), object)
