"""Smoothings: the derivative of the left side, by sympy, is what the flow says.

Both sides are one program of numbers, run on formulas, for each sign of each letter that the left
side exists for. What a law says at a kink itself is tested, not proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import Any

import sympy as sp

from cats.forward import Forward, materialise
from cats.functor import interpret
from cats.ir.letters import SHAPES, letters
from cats.ir.primitive import Primitive
from cats.ir.program import Program, constant_of
from cats.ir.smoothing import Flow, Smoothing
from cats.ir.spaces import Product
from cats.ir.wire import Builder, Wire
from proofs.calculation import NotAProof
from proofs.derivatives import DIGITS, FOR_ALL, POINTS
from proofs.symbols import formula, meaning


def sides(law: Smoothing, statics: tuple[Any, ...], builder: Builder) -> tuple[Wire, Flow]:
    """The left side and its derivative, the letters being numbers."""
    shapes = {**SHAPES, "s": ()}
    given = letters(law.letters, shapes=shapes, value=lambda _, space: builder.input(space))  # type: ignore[arg-type]
    chosen = (*law.of(*given.values()), *statics)
    return law.left(*chosen), law.flow(*chosen)


def value_of(law: Smoothing, statics: tuple[Any, ...]) -> Program:
    """letters |-> left."""
    builder = Builder()
    return builder.finish([sides(law, statics, builder)[0]])


def stated(law: Smoothing, statics: tuple[Any, ...]) -> tuple[Program, int]:
    """(tangents, letters) |-> (left, D left, what the tangents belong to); how many tangents."""
    _, dry = sides(law, statics, Builder())
    builder = Builder([w.space for w in dry.at])
    tangents = tuple(builder.wires)
    left, flow = sides(law, statics, builder)
    moved = tangents if isinstance(flow.term.dom, Product) else tangents[0]
    slope = materialise(interpret(flow.term, Forward())(moved), builder)
    return builder.finish([left, builder.lift(slope), *flow.at]), len(tangents)


def prove(law: Smoothing) -> str:
    """How far D left = flow, for all the statics of the law. Raises NotAProof."""
    return max([_prove(law, statics) for statics in law.statics], key=len)


def _prove(law: Smoothing, statics: tuple[Any, ...]) -> str:
    value = value_of(law, statics)
    free = [sp.Symbol(f"p{i}", positive=True) for i in range(len(value.inputs))]
    gaps: list[Any] = []
    for signs in product((1, -1), repeat=len(free)):
        inputs = [sign * letter for sign, letter in zip(signs, free, strict=True)]
        if _exists(positions(value, inputs), free):
            gaps += _gaps(*stated(law, statics), inputs, free)
    if not gaps:
        raise NotAProof(f"{law.name}: the left side exists for no letters")
    if all(sp.simplify(gap.rewrite(sp.exp)) == 0 for gap in gaps):
        return FOR_ALL
    for gap in gaps:
        _vanishes(law, gap)
    return f"to {DIGITS} digits at {POINTS} points"


def positions(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """All positions of a program of numbers as formulas."""
    at = list(inputs)
    for step in program.steps:
        known = constant_of(step)
        if known is not None:
            at.append(formula(known.value))
        elif isinstance(step.op, Primitive) and step.op.meaning:
            at.append(meaning(step.op, [at[a] for a in step.args], step.params))
        else:
            raise NotAProof(f"{step.op.name} has no formula")
    return at


def outputs(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """The outputs of a program of numbers as formulas."""
    at = positions(program, inputs)
    return [at[o] for o in program.outputs]


def _gaps(
    program: Program, count: int, inputs: Sequence[Any], free: Sequence[Any]
) -> Iterator[Any]:
    """For each letter the difference between the derivative of the left side and the flow's."""
    left, _, *ends = outputs(program, [*[sp.Integer(0)] * count, *inputs])
    for letter in free:
        tangents = [sp.diff(end, letter) for end in ends]
        yield outputs(program, [*tangents, *inputs])[1] - sp.diff(left, letter)


def _exists(values: Sequence[Any], free: Sequence[Any]) -> bool:
    """Whether all that is computed on the way is real."""
    at = {name: sp.Float(value) for name, value in _point(free, Random(0)).items()}
    numbers = [v for v in values if not isinstance(v, sp.logic.boolalg.Boolean)]
    return all(sp.N(sp.sympify(number).subs(at)).is_real for number in numbers)


def _point(free: Sequence[Any], rng: Random) -> dict[Any, Any]:
    return {name: sp.Rational(rng.randint(1, 3 * 10**6), 10**6) for name in free}


def _vanishes(law: Smoothing, gap: Any) -> None:
    rng = Random(law.name)
    for _ in range(POINTS):
        at = _point(sorted(gap.free_symbols, key=str), rng)
        found = sp.N(gap.subs(at), DIGITS + 15)
        if not abs(found) <= sp.Float(10) ** -DIGITS:
            raise NotAProof(f"{law.name} at {at}: the flow is wrong by {found}")
