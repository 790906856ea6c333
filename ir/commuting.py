"""Compositions seen through what commutes with them: sums, entries moved, choices, factors.

(c sqrt(x))**2 is c**2 sqrt(x)**2: what a law says of the square it says of the whole. So a law is
looked for below a few such steps; the derivative it knows is summed, moved, masked or multiplied.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass

from cats.ir.linear import Id, Join, Leaf, Linear, Params, Then
from cats.ir.primitive import Primitive, leaf_of
from cats.ir.prims.algebra import div, ipow, mul, neg, number, over, slope
from cats.ir.prims.choice import keeping, logical_not, select
from cats.ir.prims.contraction import contract, parts_of
from cats.ir.prims.indexing import gather, index
from cats.ir.prims.layout import broadcast, reshape, sum, transpose
from cats.ir.smoothing import Flow, Table, flow_of, law_of
from cats.ir.spaces import Value, space_of
from cats.ir.wire import Wire

DEPTH = 4
"""So many steps are looked through."""

MOVES = (reshape, transpose, broadcast, index, gather)
"""What takes entries from one place to another, and commutes with what is done to each."""

THROUGH = (mul, div, neg, *MOVES)

Move = Callable[[Value], Value]


def smoothed(
    table: Table, op: Primitive, args: Sequence[Wire], params: Params, depth: int = DEPTH
) -> Flow | None:
    """The derivative of op(*args) by the first law that knows it, or what stands below it."""
    found = flow_of(table, op, args, params)
    if found is not None or not depth:
        return found
    if op is contract:
        return _summed(table, args, params, depth - 1)
    if op is mul or op is ipow:
        return (
            _moved(table, op, args, params, depth - 1)
            or _chosen(table, op, args, params, depth - 1)
            or _multiplied(table, op, args, params, depth - 1)
        )
    return None


def _parts(flow: Flow) -> tuple[Linear, ...]:
    """The map from each of the tangents."""
    term = flow.term
    return term.parts if isinstance(term, Join) and len(flow.at) > 1 else (term,)


def _together(at: Sequence[Value], parts: Sequence[Linear]) -> Flow:
    return Flow(tuple(at), parts[0] if len(parts) == 1 else Join(tuple(parts)))


# Sums


def _summed(table: Table, args: Sequence[Wire], params: Params, depth: int) -> Flow | None:
    """A contraction of a value with itself, entry by entry: the sum of the squares."""
    operands, out = parts_of(dict(params)["spec"])
    if len(args) != 2 or args[0] is not args[1] or operands[0] != operands[1]:
        return None
    axes = tuple([i for i, c in enumerate(operands[0]) if c not in out])
    if "".join(c for c in operands[0] if c in out) != out:
        return None
    flow = smoothed(table, mul, args, (), depth)
    if flow is None or not axes:
        return flow
    square = args[0].space
    end = space_of(sum(args[0], axes=axes))
    total = leaf_of(sum, 0, (), square, end, axes=axes)
    return _together(flow.at, [Then(part, total) for part in _parts(flow)])


# Entries moved


def _moved(
    table: Table, op: Primitive, args: Sequence[Wire], params: Params, depth: int
) -> Flow | None:
    """A power of moved entries is the power, moved."""
    step = args[0].step
    if step is None or step.op not in MOVES or any(a is not args[0] for a in args):
        return None
    mover, rest = step.op, dict(step.params)
    below, *places = args[0].made_by(mover) or ()
    flow = smoothed(table, op, [below] * len(args), params, depth)
    if flow is None:
        return None
    end = leaf_of(mover, 0, tuple(places), below.space, args[0].space, **rest)
    pushed = [_pushed(part, end, lambda v: mover(v, *places, **rest)) for part in _parts(flow)]
    return _together(flow.at, pushed)


def _pushed(term: Linear, end: Leaf, move: Move) -> Linear:
    """`term` and then `end`: what is done to each entry is done to those that are left."""
    match term:
        case Id():
            return end
        case Leaf() if _each_entry(term):
            return Then(end, _at(term, end, move))
        case Then(first, Leaf() as second) if _each_entry(second):
            return Then(_pushed(first, end, move), _at(second, end, move))
        case _:
            return Then(term, end)


def _at(leaf: Leaf, end: Leaf, move: Move) -> Leaf:
    """The same for the entries that are left."""
    fixed = tuple([v if number(v) else move(v) for v in leaf.fixed])
    return Leaf(leaf.op, leaf.slot, fixed, leaf.params, end.cod, end.cod)


def _each_entry(leaf: Leaf) -> bool:
    """Whether it works on each entry, with what is fixed for that entry."""
    same = all(number(v) or space_of(v) == leaf.dom for v in leaf.fixed)
    return same and leaf.dom == leaf.cod and leaf.op.structure(leaf) == "diagonal"


# Choices


def _chosen(
    table: Table, op: Primitive, args: Sequence[Wire], params: Params, depth: int
) -> Flow | None:
    """A power of a choice between a value and a constant is the choice between their powers."""
    choice = args[0].made_by(select)
    if choice is None or any(a is not args[0] for a in args):
        return None
    mask, one, other = choice
    taken, below = (mask, one) if other.constant is not None else (logical_not(mask), other)
    if one.constant is None and other.constant is None:
        return None
    flow = smoothed(table, op, [below] * len(args), params, depth)
    if flow is None:
        return None
    return _together(flow.at, [Then(part, keeping(taken, below)) for part in _parts(flow)])


# Factors


@dataclass(frozen=True, slots=True)
class Factor:
    """What a value is multiplied with: `by`, or one over it where it is `below`."""

    by: Wire
    below: bool = False

    @property
    def value(self) -> Value:
        """The factor."""
        return div(1.0, self.by) if self.below else self.by

    @property
    def slope(self) -> Value:
        """Its derivative in `by`."""
        return neg(mul(self.value, self.value)) if self.below else 1.0


def _multiplied(
    table: Table, op: Primitive, args: Sequence[Wire], params: Params, depth: int
) -> Flow | None:
    """A power, or a product, of multiples is a multiple of it."""
    twin = len(args) == 2 and args[0] is args[1]
    n = dict(params)["n"] if op is ipow else 2 if twin else 1
    found = [_core(table, op, a) for a in (args[:1] if twin else args)]
    factors = [f for _, those in found for f in those]
    cores = [core for core, _ in found] * (2 if twin else 1)
    flow = smoothed(table, op, cores, params, depth) if factors else None
    if flow is None:
        return None
    value = op(*cores, **dict(params))
    parts = [_times(part, factors, n, value) for part in _parts(flow)]
    moving = [f for f in factors if f.by.constant is None]
    parts += [slope(_slope(f, factors, n, value), f.by) for f in moving]
    return _together([*flow.at, *[f.by for f in moving]], parts)


def _core(table: Table, op: Primitive, wire: Wire) -> tuple[Wire, list[Factor]]:
    """What a law for the operation may know, and what it is multiplied with; else the wire."""
    known, start = table.get(op, {}), wire
    factors: list[Factor] = []
    for _ in range(DEPTH):
        if wire.step is None or wire.step.op in known:
            break
        if (negated := wire.made_by(neg)) is not None:
            (wire,) = negated
            factors.append(Factor(wire.recorder.lift(-1.0, wire.space)))
        elif (divided := wire.made_by(div)) is not None:
            wire, by = divided
            factors.append(Factor(by, below=True))
        elif (both := wire.made_by(mul)) is not None and law_of(table, mul, both, ()) is None:
            wire, by = both if _leads(both[0], known, *THROUGH) else both[::-1]
            factors.append(Factor(by))
        else:
            break
    return (wire, factors) if _leads(wire, known, *MOVES) else (start, [])


def _leads(wire: Wire, known: Container[object], *others: Primitive) -> bool:
    """Whether there may be a law below: not in a constant."""
    if wire.step is None or wire.constant is not None:
        return False
    return wire.step.op in known or wire.step.op in others


def _powers(by: Value, n: int) -> Iterator[Value]:
    """What is multiplied with one after the other."""
    yield from [by] * n if n < 3 else [ipow(by, n=n)]


def _times(part: Linear, factors: Sequence[Factor], n: int, value: Value) -> Linear:
    """The map with all factors to the power n: some before it, some after, so that no square of a
    factor is taken by itself, which may overflow.
    """
    for factor in factors:
        for i, by in enumerate(_powers(factor.by, n)):
            one = over(by, value) if factor.below else slope(by, value)
            part = Then(one, part) if i and part.dom == one.cod else Then(part, one)
    return part


def _slope(factor: Factor, factors: Sequence[Factor], n: int, value: Value) -> Value:
    """The derivative of all factors to the power n, times the value, in one of them."""
    found = mul(float(n), mul(value, factor.slope))
    for other in factors:
        for by in _powers(other.value, n - (other is factor)):
            found = mul(found, by)
    return found
