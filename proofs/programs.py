"""Rules on programs: both sides as formulas where there are formulas, else in exact arithmetic.

A formula is proved for all real arguments. Rules that move entries are run on arrays of rational
numbers, all different, of several shapes: an entry that ended elsewhere would be seen.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

import numpy as np
import sympy as sp

from cats.ir.letters import SHAPES, letters
from cats.ir.primitive import Primitive
from cats.ir.prims.layout import broadcast, const, reshape, transpose
from cats.ir.program import Program
from cats.ir.rewrite import Rule
from cats.ir.spaces import Ground, Real, Shape
from cats.ir.wire import Builder
from proofs.arrays import Jet, jet
from proofs.calculation import NotAProof
from proofs.derivatives import FOR_ALL
from proofs.symbols import Symbol, Truth, formula

RANGES: tuple[Shape, ...] = ((), (3,), (2, 3))
"""The shapes that the letter s stands for."""


def both_sides(law: Rule, shape: Shape) -> Program:
    """A program whose outputs are the two sides."""
    builder = Builder()
    shapes = {**SHAPES, "s": shape}
    given = letters(law.letters, shapes=shapes, value=lambda _, space: _input(builder, space))
    left, right = law.sides(*given.values())
    return builder.finish([left, builder.lift(right, left.space)])


def _input(builder: Builder, space: Any) -> Any:
    return builder.input(space)


def prove_rule(law: Rule) -> str:
    """How far the rule is a law. Raises NotAProof.

    A rule that computes constants is run; one that only moves entries through entrywise functions
    is proved for functions about which nothing is known; one of formulas by sympy; the others in
    exact arithmetic.
    """
    program = both_sides(law, (2, 3))
    if not _reads_inputs(program):
        return _by_running(law)
    if _by_words(law):
        return "for all entrywise functions"
    if all(isinstance(s.op, Primitive) and (s.op.meaning or s.op is const) for s in program.steps):
        return _by_formula(law)
    return _by_numbers(law)


def _reads_inputs(program: Program) -> bool:
    count = len(program.inputs)
    return any(a < count for s in program.steps for a in s.args) or min(program.outputs) < count


def _by_running(law: Rule) -> str:
    program = both_sides(law, ())
    with np.errstate(all="ignore"):
        left, right = _run(program, [None] * len(program.inputs))
    if not np.array_equal(left, right, equal_nan=np.asarray(left).dtype.kind == "f"):
        raise NotAProof(f"{law.name}: {left} is not {right}")
    return "by running it"


def _by_words(law: Rule) -> bool:
    """Both sides for unknown entrywise functions of unknown entries, if that is what they are."""
    for shape in RANGES:
        program = both_sides(law, shape)
        at = [_words(f"x{i}", space.shape) for i, space in enumerate(program.inputs)]
        for step in program.steps:
            if not isinstance(step.op, Primitive):
                return False
            args = [at[a] for a in step.args]
            if step.op.elementwise:
                word = partial(_word, step.op.name, step.params)
                at.append(np.frompyfunc(word, len(args), 1)(*args))
            elif step.op in MOVES:
                at.append(step.op.evaluate(*args, **dict(step.params)))
            else:
                return False
        left, right = (at[o] for o in program.outputs)
        if not np.array_equal(left, right):
            return False
    return True


MOVES = (reshape, transpose, broadcast)
"""They run on arrays of anything."""


def _word(name: str, params: Any, *entries: str) -> str:
    return f"{name}{params}({', '.join(entries)})"


def _words(name: str, shape: Shape) -> Any:
    array = np.empty(shape, object)
    for place in np.ndindex(shape):
        array[place] = f"{name}{place}"
    return array


def _by_formula(law: Rule) -> str:
    """Both sides are one formula, for positive or for all real arguments."""
    program = both_sides(law, ())
    domain = {"positive": True} if law.name in POSITIVE else {"real": True}
    inputs: list[Any] = [
        Symbol(sp.Symbol(f"x{i}", **domain)) if isinstance(s, Real) else Truth(sp.Symbol(f"b{i}"))
        for i, s in enumerate(program.inputs)
    ]
    left, right = map(formula, _run(program, inputs))
    if not _same(left, right):
        raise NotAProof(f"{law.name}: {left} is not {right}")
    return "for positive arguments" if law.name in POSITIVE else FOR_ALL


def _same(left: Any, right: Any) -> bool:
    if left == right:
        return True
    if isinstance(left, sp.logic.boolalg.Boolean):
        return bool(sp.simplify(sp.Equivalent(left, right)) == sp.true)
    return bool(sp.simplify(left - right) == 0)


POSITIVE = ("exp_log", "divide_self")
"""Their left sides exist only there, or not at zero."""

FLOATS = ("convert_same",)
"""Its code makes floats, so it is run on whole numbers."""


def _by_numbers(law: Rule) -> str:
    """Both sides agree on rational numbers, of every shape."""
    for shape in RANGES:
        program = both_sides(law, shape)
        rng = Random(law.name)
        made = _whole if law.name in FLOATS else _rational
        left, right = _run(program, [made(space, rng) for space in program.inputs])
        if [_exact(v) for v in np.ravel(left)] != [_exact(v) for v in np.ravel(right)]:
            raise NotAProof(f"{law.name} at shape {shape}: {left} is not {right}")
    return f"exactly, at {len(RANGES)} shapes"


def _exact(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else jet(value).a


def _run(program: Program, inputs: list[Any]) -> tuple[Any, Any]:
    at = list(inputs)
    for step in program.steps:
        if not isinstance(step.op, Primitive):
            raise NotAProof(f"{step.op.name} is no primitive")
        at.append(step.op(*[at[a] for a in step.args], **dict(step.params)))
    left, right = (at[o] for o in program.outputs)
    return left, right


def _whole(space: Ground, rng: Random) -> Any:
    count, most = int(np.prod(space.shape)), 1 if space.dtype == "bool" else 9
    return np.array([rng.randint(0, most) for _ in range(count)], space.dtype).reshape(space.shape)


def _rational(space: Ground, rng: Random) -> Any:
    if not isinstance(space, Real):
        return _whole(space, rng)
    array = np.empty(int(np.prod(space.shape)), object)
    array[:] = [Jet(Fraction(rng.randint(-999, 999), 7), Fraction(0)) for _ in array]
    return array.reshape(space.shape)
