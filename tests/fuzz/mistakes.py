"""Wrong rules, to be planted one by one: the fuzzer must find each of them.

The linearisation of a primitive is replaced by one with the wrong sign, a factor of 1 + 1e-6
(1 + 1e-2 where single precision is what the operation is for), a term dropped, two terms or two
arguments exchanged, or the identity where there is nothing. Those that make no difference at the
examples are no mistakes, and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count

import numpy as np

from cats.ir.control import Case
from cats.ir.errors import CatsError
from cats.ir.linear import Fork, Id, Join, Leaf, Linear, Scale, Then, Zero
from cats.ir.node import Node, fold
from cats.ir.primitive import Primitive, leaf_of
from cats.ir.prims.algebra import add, sub
from cats.ir.program import Program
from cats.ir.spaces import UNIT, Real, Value, space_of, tangent
from cats.ir.wire import Wire
from tests.oracles.found import Found
from tests.oracles.samples import Sample, domain_samples

SLIGHT, SLIGHT_NARROW = 1 + 1e-6, 1 + 1e-2
MOST = 4
"""So many terms of a rule are dropped in turn."""

Edit = Callable[[Linear], Linear]


@dataclass(frozen=True)
class Mistake:
    """A primitive, what is wrong with the rule, and the primitive with the wrong rule."""

    op: Primitive
    what: str
    wrong: Primitive

    def __str__(self) -> str:
        return f"{self.op}: {self.what}"

    def in_place(self, program: Program) -> Program:
        """The program with the wrong primitive for the right one, in choices too."""
        steps = []
        for step in program.steps:
            if isinstance(step.op, Case):
                step = replace(step, op=Case(tuple(map(self.in_place, step.op.branches))))
            elif step.op is self.op:
                step = replace(step, op=self.wrong)
            steps.append(step)
        return replace(program, steps=tuple(steps))


def mistakes(op: Primitive) -> list[Mistake]:
    """The mistakes to be found in the rule of an operation."""
    samples = domain_samples(op, "float64", 3)
    slight = SLIGHT_NARROW if narrow(op) else SLIGHT
    arity = max([len(s.example.spaces) for s in samples], default=0)
    pairs = list(combinations(range(arity), 2))
    wrong: list[tuple[str, Primitive]] = [
        ("the sign", _edited(op, lambda f: Then(f, Scale(f.cod, -1)))),
        ("a factor", _edited(op, lambda f: Then(f, Scale(f.cod, slight)))),
        ("the identity for nothing", _edited(op, _passed)),
        *[(f"part {k} dropped", _edited(op, _without_part(k))) for k in range(MOST)],
        *[(f"term {k} dropped", _edited(op, _without_term(k))) for k in range(MOST)],
        *[(f"parts {i} and {j} exchanged", _edited(op, _exchanged(i, j))) for i, j in pairs],
        *[(f"arguments {i} and {j} exchanged", _swapped(op, i, j)) for i, j in pairs],
    ]
    found = [Mistake(op, what, bad) for what, bad in wrong]
    return [m for m in found if any(_matters(m, s) for s in samples)]


def narrow(op: Primitive) -> bool:
    """Whether the operation is there for single precision."""
    return any(s.dtype == "float32" for e in op.examples for s in e.spaces)


def _matters(mistake: Mistake, sample: Sample) -> bool:
    """Whether the derivative at an example is another one."""
    args = sample.arguments(np.random.default_rng(0))
    here = Found(sample.program)
    rng = np.random.default_rng(1)
    v = [rng.uniform(0.5, 1, sample.program.inputs[i].shape) for i in here.active]
    if not v or not any(isinstance(s, Real) for s in sample.program.ends):
        return False
    with np.errstate(all="ignore"):
        right = here.along(args, v)
        try:
            wrong = Found(mistake.in_place(sample.program)).along(args, v)
        except (CatsError, ValueError):
            return False
    return not all(np.allclose(a, b, 1e-9, 1e-12) for a, b in zip(right, wrong, strict=True))


# Rules edited


def _rule(op: Primitive) -> Callable[..., Linear]:
    """The rule of the record, or what linearity says."""
    if op.linearise is not None:
        return op.linearise

    def by_linearity(*args: Value, out: Value, **params: object) -> Linear:
        slots = op.linear.slots if op.linear is not None else ()
        end = space_of(out)
        parts = [
            leaf_of(op, i, (*args[:i], *args[i + 1 :]), space_of(a), end, **params)
            if i in slots and isinstance(space_of(a), Real)
            else Zero(tangent(space_of(a)), tangent(end))
            for i, a in enumerate(args)
        ]
        return parts[0] if len(parts) == 1 else Join(tuple(parts))

    return by_linearity


def _edited(op: Primitive, edit: Edit) -> Primitive:
    rule = _rule(op)
    return replace(op, linearise=lambda *args, out, **params: edit(rule(*args, out=out, **params)))


def _swapped(op: Primitive, i: int, j: int) -> Primitive:
    """The rule told one argument for the other, where they are alike."""
    rule = _rule(op)

    def linearise(*args: Value, out: Value, **params: object) -> Linear:
        given = list(args)
        if j < len(args) and space_of(args[i]) == space_of(args[j]):
            given[i], given[j] = given[j], given[i]
        return rule(*given, out=out, **params)

    return replace(op, linearise=linearise)


def _passed(f: Linear) -> Linear:
    match f:
        case Zero(dom, cod) if dom == cod != UNIT:
            return Id(dom)
        case Join(parts):
            return Join(tuple(map(_passed, parts)))
        case _:
            return f


def _exchanged(i: int, j: int) -> Edit:
    def edit(f: Linear) -> Linear:
        if not isinstance(f, Join) or j >= len(f.parts) or f.parts[i].dom != f.parts[j].dom:
            return f
        parts = list(f.parts)
        parts[i], parts[j] = parts[j], parts[i]
        return Join(tuple(parts))

    return edit


def _without_part(number: int) -> Edit:
    """One part of a join, counted through the term, is zero."""

    def edit(f: Linear) -> Linear:
        places = count()

        def kept(part: Linear) -> Linear:
            return Zero(part.dom, part.cod) if next(places) == number else part

        def made(node: Node, parts: tuple[Linear, ...]) -> Linear:
            return Join(tuple(map(kept, parts))) if isinstance(node, Join) else _again(node, parts)

        return fold(f, made)

    return edit


def _without_term(number: int) -> Edit:
    """One term of a sum that a leaf multiplies by, counted through the term, is left out."""

    def edit(f: Linear) -> Linear:
        places = count()

        def one(value: Value) -> Value:
            terms = _terms(value)
            chosen = [t for t in terms if next(places) == number]
            return chosen[0] if chosen else value

        def made(node: Node, parts: tuple[Linear, ...]) -> Linear:
            if isinstance(node, Leaf):
                return node.with_fixed(tuple(map(one, node.fixed)))
            return _again(node, parts)

        return fold(f, made)

    return edit


def _terms(value: Value) -> Sequence[Wire]:
    """The two sides of a sum or difference, as it is being written down."""
    if not isinstance(value, Wire):
        return ()
    return value.made_by(add) or value.made_by(sub) or ()


def _again(node: Node, parts: tuple[Linear, ...]) -> Linear:
    """The node with other parts."""
    match node:
        case Then():
            return Then(parts[0], parts[1])
        case Fork():
            return Fork(parts)
        case Join():
            return Join(parts)
        case Linear():
            return node
        case _:
            raise TypeError(f"{type(node).__name__} is no linear map")
