"""D, once: a program becomes its value, and its derivative as a linear program over residuals.

The chain rule is the only rule here: each step's own linearisation comes from its primitive, and
the tangents of its arguments flow through it. A tangent nobody varies is Zero and costs nothing.
(Elliott 2018, section 4; Radul et al. 2023, the transformation J.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np

from cats.along import Along
from cats.derivative import Derivative, Joint
from cats.ir.arity import counted
from cats.ir.commuting import smoothed
from cats.ir.control import Call, Case, Custom, Loop, Replay, Rule, Solve, While
from cats.ir.errors import DerivativeError, SpaceError, kind_of
from cats.ir.linear import Leaf, Linear, Ref, in_each, meet
from cats.ir.linear_control import LinCall, LinSolve
from cats.ir.linear_program import (
    ZERO,
    LinearProgram,
    LinearStep,
    LinearWord,
    SumStep,
    Term,
    moved,
    nested,
    renamed,
)
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import slope
from cats.ir.prims.choice import keeping
from cats.ir.program import Program, Step, a_program
from cats.ir.prune import prune
from cats.ir.rules import SMOOTHINGS
from cats.ir.smoothing import by_head
from cats.ir.spaces import UNIT, Product, Real, Space, Value, is_open, tangent
from cats.ir.trampoline import Asking, outcome
from cats.ir.transpose import transposed
from cats.ir.wire import Builder, Wire
from cats.known import Array, Knowledge, Known
from cats.policies import Binomial, Every, Policy, Selective, policy_of
from cats.policies import Saving as SavingSome
from cats.repeating import Repetition, Replaying, Saving, repetition
from cats.schedules import expanded, is_word, scheduled
from cats.slopes import multiplies, singular
from cats.still import Moving, Still
from cats.unzip import unzip

__all__ = ["Derivative", "derive"]

Seen = tuple[Known | None, Moving]
"""What is known of an argument of a word, and which entries of it vary; no wire crosses."""

Tangent = tuple[Term, ...] | tuple["Tangent", ...]
"""A signed sum of leaves for a ground space (empty: zero), a tuple of tangents for a product."""


SMOOTHED = by_head(SMOOTHINGS)
"""What is known of compositions, where to look for it."""


def derive(
    program: Program, active: Sequence[int] | None = None, policy: Policy | None = None
) -> Derivative:
    """D of a program in its active inputs (by default all real ones).

    policy   what is kept of its loops: `Every` or `Binomial`; of others `unzip` takes account
    What the branches of a choice save, the choice hands out, so a value that is saved at the
    bottom of n nested choices passes n edges.

    Raises DerivativeError for a step that has no derivative, naming the user's line, and for what
    is no input of the program; TermError for what is no program.
    """
    a_program(program)
    if active is None:
        active = [i for i, s in enumerate(program.inputs) if isinstance(s, Real)]
    for i in active:
        if i not in range(len(program.inputs)):
            raise DerivativeError(
                f"there is no input {i!r} of a program of {counted(len(program.inputs), 'input')}",
                remedy="Inputs are counted from 0.",
            )
    return outcome(_derived(scheduled(program, policy), tuple(active)))


def _derived(
    program: Program, active: tuple[int, ...], seen: Sequence[Seen] = (), masked: bool = False
) -> Asking[Derivative]:
    """The derivative.

    seen     what is known of the first inputs where the program stands
    masked   whether results are masked where they are still, for those who do not see why they are
    """
    derivation = _Derivation(program, active, seen)
    for step in program.steps:
        derivation.builder.where = step.where
        match step.op:
            case Primitive():
                derivation.primitive(step, step.op)
            case Case():
                yield derivation.case(step, step.op)
            case Loop() | While():
                yield derivation.loop(step, step.op)
            case Call():
                yield derivation.call(step, step.op)
            case Custom():
                yield derivation.custom(step, step.op)
            case Solve():
                yield derivation.solve(step, step.op)
            case Replay():
                yield derivation.called(step, expanded(step.op), None)
            case _:
                assert_never(step.op)
    if masked:
        derivation.mask()
    return derivation.finish()


class _Derivation(Along):
    """The primal and the linear program, growing together along the steps."""

    def __init__(
        self, program: Program, active: tuple[int, ...], seen: Sequence[Seen] = ()
    ) -> None:
        self.program = program
        self.active = active
        self.builder = Builder(program.inputs)
        self.wires: list[Wire] = list(self.builder.wires)
        self.places: dict[int, int] = {}
        self.looked = 0
        self.steps: list[LinearStep] = []
        self.count = len(active)
        self.tangents: list[int] = [ZERO] * len(program.inputs)
        self.inside: set[int] = set()
        self.saved: dict[int, Ref] = {}
        self.residuals: list[Wire] = []
        self.spared: dict[int, int] = {}
        self.known = Knowledge(self.builder, [known for known, _ in seen])
        moving = [seen[i][1] if i < len(seen) else None for i in active]
        self.still = Still(moving, self.steps, self.known, self.residual)
        for position, i in enumerate(active):
            self.tangents[i] = position

    # One primitive step

    def primitive(self, step: Step, op: Primitive) -> None:
        """The step itself, and its linearisation applied to the tangents of its arguments."""
        args = tuple([self.wires[a] for a in step.args])
        made = self.builder.emit(op, args, step.params, step.spaces)
        results = made if isinstance(made, tuple) else (made,)
        self.wires.extend(results)
        given = [self.tangents[a] for a in step.args]
        if all(t == ZERO for t in given) or not any(type(s) is Real for s in step.spaces):
            self.tangents.extend([ZERO] * len(results))
            return
        for slot, why in op.refused:
            if given[slot] != ZERO:
                raise DerivativeError(
                    f"{op.name} has no derivative in its argument {slot}: {why}",
                    where=step.where,
                    remedy="Keep that argument fixed, or stop the gradient before it.",
                )
        if step.where is not None:
            self.builder.where = step.where.unnamed
        at: Sequence[Wire] = args
        shortcut = smoothed(SMOOTHED, op, args, step.params)
        if shortcut is not None:
            map, at = shortcut.term, shortcut.at
            given = [self.tangent_of(w) for w in at]
        elif op.linearise is not None:
            map = op.linearise(*args, out=made, **dict(step.params))
            if not op.ours:
                _check_ends(op, map, step, args)
        else:
            map = _by_linearity(op, step, args, given)
        if any(t != ZERO and self.still.moving(t) is not None for t in given):
            given = self.sparing(map, at, given, step if shortcut is None else None)
        inputs: list[Tangent] = [() if t == ZERO else (Term(1, None, t),) for t in given]
        flow = self.flow(map, inputs[0] if len(inputs) == 1 else tuple(inputs))
        rows = [flow] if len(results) == 1 else list(flow)
        for row, space in zip(rows, step.spaces, strict=True):
            self.tangents.append(self.settle(row, space))

    def sparing(
        self, map: Linear, at: Sequence[Wire], given: Sequence[int], step: Step | None
    ) -> list[int]:
        """The tangents, masked where entries are still whose slope may be infinite or nan.

        step   whose derivative the map is, from its arguments
        """
        found = list(given)
        if not multiplies(map):
            return found
        for slot, (wire, t) in enumerate(zip(at, given, strict=True)):
            moving = None if t == ZERO else self.still.moving(t)
            if moving is not None and singular(self.known, map, at, slot, moving, step):
                found[slot] = self.kept(t, wire, moving)
        return found

    def kept(self, position: int, wire: Wire, moving: Array | Wire) -> int:
        """The tangent of a value, masked: once, whoever asks; none if it does not move at all."""
        if isinstance(moving, np.ndarray) and not moving.any():
            return ZERO
        if position not in self.spared:
            mask = self.builder.lift(moving)
            masked = self.through(keeping(mask, wire), (Term(1, None, position),))
            self.spared[position] = self.settle(masked, wire.space)
        return self.spared[position]

    def seen(self, args: Sequence[Wire], given: Sequence[int]) -> list[Seen]:
        """What is known of these arguments of a word, in front of it."""
        moving = [None if t == ZERO else self.still.moving(t) for t in given]
        inside = [None if isinstance(m, Wire) else m for m in moving]
        return [(self.known.of(a), m) for a, m in zip(args, inside, strict=True)]

    def tangent_of(self, wire: Wire) -> int:
        """The tangent of a value that a smoothing goes back to."""
        for position in range(self.looked, len(self.wires)):
            self.places.setdefault(self.wires[position].index, position)
        self.looked = len(self.wires)
        return self.tangents[self.places[wire.index]]

    # Linear terms on tangents

    def nothing(self, space: Space) -> Tangent:
        """Zero: no term."""
        if isinstance(space, Product) and space != UNIT:
            return tuple(map(self.nothing, space.parts))
        return ()

    def plus(self, parts: Sequence[Tangent]) -> Tangent:
        """The sum: of ground tangents by concatenation of terms, of tuples part by part."""
        nested = next((t for t in parts if t and not isinstance(t[0], Term)), None)
        if nested is None:
            return tuple([term for t in parts for term in t])  # type: ignore[return-value]
        rows = [t for t in parts if t]
        return tuple(self.plus([row[i] for row in rows]) for i in range(len(nested)))  # type: ignore[misc]

    def once(self, v: Tangent, space: Space) -> Tangent:
        """The tangent at positions, so that several maps that read it do not each compute it."""
        if isinstance(space, Product):
            return tuple([self.once(x, s) for x, s in zip(v, space.parts, strict=True)])  # type: ignore[arg-type]
        if not v or (len(v) == 1 and v[0].leaf is None):  # type: ignore[union-attr]
            return v
        return (Term(1, None, self.settle(v, space)),)  # type: ignore[arg-type]

    def scaled(self, space: Space, by: Value, v: Tangent) -> Tangent:
        """A factor of -1 is a sign; any other is a product."""
        if isinstance(space, Product):
            return tuple([self.scaled(s, by, x) for s, x in zip(space.parts, v, strict=True)])  # type: ignore[arg-type]
        if isinstance(by, int | float) and by == -1:
            return tuple([Term(-t.sign, t.leaf, t.arg) for t in v])  # type: ignore[union-attr]
        if by == 1 and isinstance(by, int | float):
            return v
        factor = self.builder.lift(by, space)  # type: ignore[arg-type]
        leaf = slope(factor, factor)
        return self.through(leaf, v)  # type: ignore[arg-type]

    def through(self, leaf: Leaf, v: tuple[Term, ...]) -> tuple[Term, ...]:
        """One term: the leaf at the position of v, which becomes a step if it is not one yet."""
        if not v:
            return ()
        fixed = tuple([self.ref(x, leaf.dom) for x in leaf.fixed])
        kept = leaf.with_fixed(fixed) if fixed else leaf
        if len(v) == 1 and v[0].leaf is None:
            return (Term(v[0].sign, kept, v[0].arg),)
        return (Term(1, kept, self.settle(v, leaf.dom)),)

    def ref(self, value: Value, like: Space) -> Ref:
        """A fixed argument of a leaf, as a residual."""
        return self.saved_as(self.builder.lift(value, like))  # type: ignore[arg-type]

    def residual(self, ref: Ref) -> Wire:
        """What a residual is in the primal."""
        return self.residuals[ref.position]

    def saved_as(self, wire: Wire) -> Ref:
        """The residual that a position of the primal becomes, the same when asked again."""
        found = self.saved.get(wire.index)
        if found is None:
            found = self.saved[wire.index] = Ref(len(self.saved), wire.space)
            self.residuals.append(wire)
        return found

    def settle(self, terms: tuple[Term, ...], space: Space) -> int:
        """The position that carries this sum."""
        if not terms:
            return ZERO
        if len(terms) == 1 and terms[0].leaf is None and terms[0].sign == 1:
            return terms[0].arg
        self.steps.append(SumStep(terms, space, self.builder.where))
        self.count += 1
        return self.count - 1

    # One case step

    def case(self, step: Step, case: Case[Program]) -> Asking[None]:
        """Each branch is derived by itself; the primal case also hands out residuals."""
        tag, *captured = [self.wires[a] for a in step.args]
        given = [self.tangents[a] for a in step.args[1:]]
        active = tuple(i for i, t in enumerate(given) if t != ZERO)
        if not active:
            self.wires.extend(self.builder.case(case.branches, tag, captured))
            self.tangents.extend([ZERO] * len(step.spaces))
            return
        derived: list[Derivative] = []
        seen = self.seen(captured, given)
        for branch in case.branches:
            derived.append(_without_open((yield _derived(branch, active, seen, masked=True))))
        joint = Joint(derived, len(captured))
        results = self.builder.case(joint.programs(), tag, captured)
        self.wires.extend(results[: len(step.spaces)])
        twin = joint.linear(tag, captured, results[len(step.spaces) :], self.saved_as)
        args = tuple([given[i] for i in active])
        self.steps.append(replace(twin, args=args, where=step.where))
        self.inside.update(map(id, twin.branches))
        for k in range(len(step.spaces)):
            live = any(b.outputs[k] != ZERO for b in twin.branches)
            self.tangents.append(self.count + k if live else ZERO)
        self.count += len(step.spaces)

    # Calls and custom derivatives

    def call(self, step: Step, call: Call[Program]) -> Asking[None]:
        """The body in place; its linear part computes again what the policy does not keep."""
        policy = policy_of(call)
        if isinstance(policy, Every | Binomial) and len(call.body.steps) == 1:
            (inner,) = call.body.steps
            if isinstance(inner.op, Loop | While) and is_word(call.body):
                yield self.loop(replace(inner, args=step.args, where=step.where), inner.op, policy)
                return
        body = scheduled(call.body, policy)
        yield self.called(step, body, policy if isinstance(policy, Selective) else None)

    def called(self, step: Step, body: Program, policy: Policy | None) -> Asking[None]:
        """A program in place of a step, kept under a policy."""
        args, given = [self.wires[a] for a in step.args], [self.tangents[a] for a in step.args]
        active = tuple([i for i, t in enumerate(given) if t != ZERO])
        if not active:
            self.wires.extend(self.builder.emit(step.op, tuple(args)))
            self.tangents.extend([ZERO] * len(step.spaces))
            return
        seen = self.seen(args, given)
        d: Derivative = yield _derived(body, active, seen, masked=policy is not None)
        if policy is None:
            made = self.builder.run(d.primal, args)
            self.wires.extend(made[: d.count])
            saved = [self.saved_as(w) for w in made[d.count :]]
            linear = renamed(d.linear, lambda r: saved[r.position])
            found = self.inlined(linear, [given[i] for i in active])
        else:
            split = unzip(d, policy)
            made = self.builder.run(split.primal, args)
            self.wires.extend(made[: d.count])
            refs = tuple([self.saved_as(w) for w in made[d.count :]])
            half, tangents = split.half, tuple([given[i] for i in active])
            word = LinCall(half.linear, half.recompute, refs, tangents, None, step.where)
            found = self.word(word)
        self.tangents.extend(found)

    def word(self, word: LinearWord) -> list[int]:
        """The positions of the results of a linear word."""
        self.steps.append(word)
        self.inside.update(map(id, word.bodies))
        first = self.count
        self.count += len(word.spaces)
        return list(range(first, self.count))

    def inlined(self, linear: LinearProgram, given: Sequence[int]) -> list[int]:
        """The results of a linear program on these tangents, its steps in place."""
        at = [self.present(t, s) for t, s in zip(given, linear.inputs, strict=True)]
        for step in linear.steps:
            self.steps.append(moved(step, at.__getitem__))
            at.extend(range(self.count, self.count + len(step.spaces)))
            self.count += len(step.spaces)
            self.inside.update(map(id, nested(step)))
        return [o if o == ZERO else at[o] for o in linear.outputs]

    def present(self, position: int, space: Space) -> int:
        """The position; a zero is written out, and pruned later."""
        if position != ZERO:
            return position
        self.steps.append(SumStep((), space, self.builder.where))
        self.count += 1
        return self.count - 1

    def custom(self, step: Step, word: Custom[Program]) -> Asking[None]:
        """The forward program in place, and the map that is said as its linear part."""
        args = [self.wires[a] for a in step.args]
        given = [self.tangents[a] for a in step.args]
        if any(t != ZERO for t in given[: word.around]):
            raise word.untold(step.where)
        moving = [i for i, s in enumerate(word.body.inputs) if isinstance(s, Real)]
        moving = [i for i in moving if i >= word.around]
        if all(given[i] == ZERO for i in moving):
            self.wires.extend(self.builder.emit(word, tuple(args)))
            self.tangents.extend([ZERO] * len(step.spaces))
            return
        made = self.builder.run(word.rule.forward, args)
        count = len(step.spaces)
        self.wires.extend(made[:count])
        linear = yield self.said(word.rule, made[count:])
        found = iter(self.inlined(linear, [given[i] for i in moving]))
        self.tangents.extend(next(found) if isinstance(s, Real) else ZERO for s in step.spaces)

    def solve(self, step: Step, word: Solve[Program]) -> Asking[None]:
        """A y = b gives A dy = db - dA y, a linear system of its own."""
        args, given = [self.wires[a] for a in step.args], [self.tangents[a] for a in step.args]
        made = self.builder.emit(word, tuple(args))
        self.wires.extend(made)
        around, count = args[: word.around], word.around
        if all(t == ZERO for t in given):
            self.tangents.extend([ZERO] * len(made))
            return
        moving = tuple([i for i in range(count) if given[i] != ZERO])
        side = list(given[count:])
        if moving:
            d: Derivative = yield _derived(word.body, moving)
            found = self.applied(d, [*around, *made], [given[i] for i in moving])
            side = [self.less(t, m, s) for t, m, s in zip(side, found, step.spaces, strict=True)]
        own = tuple(range(count, len(word.body.inputs)))
        a: Derivative = yield _derived(word.body, own)
        read = self.builder.run(a.primal, [*around, *made])[a.count :]
        refs, linear = tuple([self.saved_as(w) for w in read]), a.linear
        ends = word.tolerance, word.rounds, step.where
        self.tangents.extend(self.word(LinSolve(linear, refs, tuple(side), *ends)))

    def applied(self, d: Derivative, at: Sequence[Wire], given: Sequence[int]) -> list[int]:
        """The tangents of a program at a point, in place."""
        read = self.builder.run(d.primal, at)[d.count :]
        saved = [self.saved_as(w) for w in read]
        return self.inlined(renamed(d.linear, lambda r: saved[r.position]), given)

    def less(self, one: int, other: int, space: Space) -> int:
        """The position of one tangent minus another."""
        pairs = ((1, one), (-1, other))
        return self.settle(tuple([Term(s, None, t) for s, t in pairs if t != ZERO]), space)

    def said(self, rule: Rule[Program], residuals: Sequence[Wire]) -> Asking[LinearProgram]:
        """The linear map of a custom derivative, on residuals."""
        start = len(residuals)
        d: Derivative = yield _derived(rule.map, tuple(range(start, len(rule.map.inputs))))
        nothing = [self.builder.zeros(s) for s in rule.map.inputs[start:]]
        read = self.builder.run(d.primal, [*residuals, *nothing])[d.count :]
        saved = [self.saved_as(w) for w in read]
        linear = renamed(d.linear, lambda r: saved[r.position])
        return transposed(linear) if rule.adjoint else linear

    # One loop step

    def loop(
        self,
        step: Step,
        word: Loop[Program] | While[Program],
        policy: Every | Binomial | None = None,
    ) -> Asking[None]:
        """The body is derived by itself; the primal loop also leaves rows of residuals.

        Under a policy it leaves none: states are computed again, and residuals from those.
        """
        loop, args = repetition(word), [self.wires[a] for a in step.args]
        given = [self.tangents[a] for a in step.args[loop.ahead :]]
        if all(t == ZERO for t in given):
            self.wires.extend(self.builder.emit(word, tuple(args)))
            self.tangents.extend([ZERO] * len(step.spaces))
            return
        kind = Saving if policy is None or not loop.carries else Replaying
        captured = args[loop.ahead :][: loop.captured]
        derived = yield _around(loop, given, self.seen(captured, given[: loop.captured]))
        saving = kind(loop, derived, args, self.builder, policy)
        self.wires.extend(saving.emit())
        twin, kept = saving.linear(given, self.saved_as)
        self.steps.append(replace(twin, where=step.where))
        self.inside.add(id(twin.body))
        own = {k: self.count + i for i, k in enumerate(kept)}
        self.count += len(kept)
        results = range(-loop.before, len(step.spaces) - loop.before)
        self.tangents.extend([own.get(k, ZERO) for k in results])

    def mask(self) -> None:
        """Masks the results where they are still."""
        for o in dict.fromkeys(o for o in self.program.outputs if self.tangents[o] != ZERO):
            moving = self.still.moving(self.tangents[o])
            if moving is not None:
                self.tangents[o] = self.kept(self.tangents[o], self.wires[o], moving)

    def finish(self) -> Derivative:
        """The two halves, residuals in the order the linear half reads them: only what it reads."""
        outputs = tuple(self.tangents[o] for o in self.program.outputs)
        ends = tuple(tangent(s) for s in self.program.ends)
        spaces = tuple(self.program.inputs[i] for i in self.active)
        linear = prune(LinearProgram(spaces, tuple(self.steps), outputs, ends), self.inside)
        refs, places = linear.references(), list(self.saved)
        shown = [self.wires[o] for o in self.program.outputs]
        shown += [self.builder.wires[places[r.position]] for r in refs]
        if any([r.position != i for i, r in enumerate(refs)]):
            number = {r: Ref(i, r.space) for i, r in enumerate(refs)}
            linear = renamed(linear, number.__getitem__)
        primal = self.builder.finish(shown, self.program.names)
        return Derivative(primal, linear, self.active)


def _without_open(d: Derivative) -> Derivative:
    """The derivative of a branch that computes again what a loop left in so many rows as it ran.

    The other branches could not write zeros for that: nobody knows how many.
    """
    count, primal = d.count, d.primal
    made = [primal.spaces[o] for o in primal.outputs[count:] if o >= len(primal.inputs)]
    if not any(map(is_open, made)):
        return d
    split = unzip(d, SavingSome(lambda step: not any(map(is_open, step.spaces))))
    half, ahead = split.half, len(d.linear.inputs)
    refs = tuple([Ref(i, space) for i, space in enumerate(split.residuals)])
    word = LinCall(half.linear, half.recompute, refs, tuple(range(ahead)))
    outputs = tuple([o if o == ZERO else ahead + k for k, o in enumerate(d.linear.outputs)])
    linear = prune(LinearProgram(d.linear.inputs, (word,), outputs, d.linear.ends))
    read = linear.references()
    ends = split.primal.outputs
    shown = (*ends[:count], *[ends[count + r.position] for r in read])
    number = {r: Ref(i, r.space) for i, r in enumerate(read)}
    whole = replace(split.primal, outputs=shown).pruned()
    return Derivative(whole, renamed(linear, number.__getitem__), d.active)


def _around(loop: Repetition, given: Sequence[int], seen: Sequence[Seen]) -> Asking[Derivative]:
    """The derivative of the body in the inputs that vary: a carry does if it begins to, or if
    some round lets it.
    """
    varies = {i for i, t in enumerate(given) if t != ZERO}
    while True:
        d: Derivative = yield _derived(loop.body, tuple(sorted(varies)), seen)
        moved = [loop.captured + k for k in range(loop.carries) if d.linear.outputs[k] != ZERO]
        if varies.issuperset(moved):
            return d
        varies.update(moved)


def _check_ends(op: Primitive, map: object, step: Step, args: Sequence[Wire]) -> None:
    """Raises DerivativeError unless the derivative goes from the arguments to the results."""
    doms = tuple([tangent(x.space) for x in args])
    cods = tuple([tangent(s) for s in step.spaces])
    dom, cod = [s[0] if len(s) == 1 else Product(s) for s in (doms, cods)]
    remedy = f"Let the `linearise` of its record return a linear map {dom} -o {cod}"
    if len(doms) > 1:
        remedy += f": a Join of {len(doms)} parts, one for each argument"
    if not isinstance(map, Linear):
        raise DerivativeError(
            f"the derivative of {op.name} is {kind_of(map)}, which is no linear map",
            where=step.where,
            remedy=f"{remedy}.",
        )
    try:
        meet(dom, map.dom)
        meet(map.cod, cod)
    except SpaceError:
        raise DerivativeError(
            f"the derivative of {op.name} is a map {map.dom} -o {map.cod}, "
            f"and the operation goes from {dom} to {cod} there",
            where=step.where,
            remedy=f"{remedy}.",
        ) from None


def _by_linearity(
    op: Primitive, step: Step, args: tuple[Wire, ...], given: Sequence[int]
) -> Linear:
    """The derivative of an operation that is linear in each slot that varies: itself, in each."""
    slots = op.linear.slots if op.linear is not None else ()
    if len(step.spaces) > 1 or any(t != ZERO and i not in slots for i, t in enumerate(given)):
        raise DerivativeError(
            f"{op.name} has no derivative: its record says none",
            where=step.where,
            remedy="Give the primitive a `linearise`, or stop the gradient before it.",
        )
    moving = [i for i, t in enumerate(given) if t != ZERO]
    return in_each(op, args, step.params, moving, step.spaces[0])
