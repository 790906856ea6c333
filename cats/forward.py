"""Forward: a linear map is a function of its input, run on arrays or on wires. This is jvp.

Zero tangents are the symbol `Nothing`, never arrays of zeros: what does not vary costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np

from cats.functor import BIPRODUCTS, At, applied, resolve
from cats.ir.linear import Leaf
from cats.ir.linear_program import ZERO, LinCase, LinearProgram, SumStep, Term
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, mul, neg, sub
from cats.ir.prims.choice import keep
from cats.ir.program import Program
from cats.ir.spaces import Product, Space, Value, leaves
from cats.ir.wire import Builder, Wire


@dataclass(frozen=True, slots=True)
class Nothing:
    """The zero of a space, as a symbol."""

    space: Space


Map = Callable[[Value], Value]


@dataclass(frozen=True, slots=True)
class Forward:
    """Maps are functions; values of products are tuples. Elliott 2018, section 6 (A -+> B).

    >>> from cats.functor import interpret
    >>> from cats.ir.linear import Fork, Id, Scale
    >>> from cats.ir.spaces import R
    >>> interpret(Fork((Id(R), Scale(R, 3.0))), Forward())(2.0)
    (2.0, 6.0)
    """

    keeps = BIPRODUCTS

    def identity(self, a: Space, /) -> Map:
        """v |-> v."""
        return lambda v: v

    def zero(self, a: Space, b: Space, /) -> Map:
        """v |-> 0, as a symbol."""
        return lambda v: Nothing(b)

    def then(self, f: Map, g: Map, /) -> Map:
        """v |-> g(f(v))."""
        return lambda v: g(f(v))

    def fork(self, fs: tuple[Map, ...], /) -> Map:
        """v |-> (f(v), g(v), ...)."""
        return lambda v: tuple(f(v) for f in fs)

    def join(self, fs: tuple[Map, ...], /) -> Map:
        """(u, v, ...) |-> f(u) + g(v) + ..."""
        return lambda vs: plus([f(v) for f, v in zip(fs, parts(vs), strict=True)])

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Map:
        """(u, v, ...) |-> the i-th."""
        return lambda vs: parts(vs)[i]

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Map:
        """v |-> (0, ..., v, ..., 0)."""
        return lambda v: tuple(v if j == i else Nothing(s) for j, s in enumerate(spaces))

    def scale(self, a: Space, by: Value, /) -> Map:
        """v |-> by * v."""
        return lambda v: scaled(by, v)

    def leaf(self, leaf: Leaf, /) -> Map:
        """v |-> op(fixed, v)."""
        return lambda v: Nothing(leaf.cod) if isinstance(v, Nothing) else leaf.op.apply(leaf, v)

    def straight_line(self, program: LinearProgram, at: At, /) -> Map:
        """The whole program, each position computed once."""
        return lambda vs: tuple(run(program, at, parts(vs)))


def parts(v: Value) -> Sequence[Value]:
    """The components of a tuple of tangents, or of the zero of a product."""
    if isinstance(v, Nothing):
        assert_product = v.space
        return (
            [Nothing(s) for s in assert_product.parts]
            if isinstance(assert_product, Product)
            else [v]
        )
    return v  # type: ignore[no-any-return]


def plus(values: Sequence[Value]) -> Value:
    """The sum of values of one space, zeros skipped."""
    present = [v for v in values if not isinstance(v, Nothing)]
    if not present:
        return values[0]
    if isinstance(present[0], tuple):
        return tuple(plus(list(row)) for row in zip(*present, strict=True))
    result = present[0]
    for v in present[1:]:
        result = add(result, v)
    return result


def scaled(by: Value, v: Value) -> Value:
    """by * v, entry by entry through tuples."""
    if isinstance(v, Nothing):
        return v
    if isinstance(v, tuple):
        return tuple(scaled(by, part) for part in v)
    return neg(v) if isinstance(by, int | float) and by == -1 else mul(by, v)


def run(program: LinearProgram, at: At, tangents: Sequence[Value]) -> list[Value]:
    """The outputs of the linear program on these tangents."""
    values: list[Value] = list(tangents)
    for step in program.steps:
        recorder = next((r for v in values[-1:] if (r := getattr(v, "recorder", None))), None)
        if recorder is not None and step.where is not None:
            recorder.where = step.where
        match step:
            case SumStep(terms, space):
                values.append(signed_sum(terms, values, space, at))
            case LinCase():
                values.extend(_run_case(step, values, at))
            case _:
                assert_never(step)
    return [
        Nothing(end) if o == ZERO else values[o]
        for o, end in zip(program.outputs, program.ends, strict=True)
    ]


def signed_sum(terms: Sequence[Term], values: Sequence[Value], space: Space, at: At) -> Value:
    """+-L1 v1 +- L2 v2 ...: pieces of one scattering operation are added in one pass."""
    pieces: list[tuple[int, Value]] = []
    scattered: dict[Primitive, list[tuple[Leaf, Value]]] = {}
    for term in terms:
        v = values[term.arg]
        if isinstance(v, Nothing):
            continue
        if term.leaf is None:
            pieces.append((term.sign, v))
            continue
        leaf = resolve(term.leaf, at)
        op = leaf.op
        if isinstance(op, Primitive) and op.linear is not None and op.linear.total is not None:
            scattered.setdefault(op, []).append((leaf, v if term.sign > 0 else neg(v)))
        else:
            pieces.append((term.sign, applied(leaf, v)))
    whole = _add_up(pieces, space)
    for op, group in scattered.items():
        base = None if isinstance(whole, Nothing) else whole
        whole = op.total([leaf for leaf, _ in group], [v for _, v in group], base)
    return whole


def _add_up(pieces: list[tuple[int, Value]], space: Space) -> Value:
    """The signed sum; pieces under one mask are added under it."""
    if not pieces:
        return Nothing(space)
    kept = [v.made_by(keep) if type(v) is Wire else None for _, v in pieces]
    if kept[0] is not None and all(k is not None and k[0] is kept[0][0] for k in kept):
        inner = [(sign, k[1]) for (sign, _), k in zip(pieces, kept, strict=True) if k is not None]
        return keep(kept[0][0], _plain_sum(inner))
    return _plain_sum(pieces)


def _plain_sum(pieces: list[tuple[int, Value]]) -> Value:
    start = next((i for i, (sign, _) in enumerate(pieces) if sign > 0), None)
    result = pieces[start or 0][1]
    for i, (sign, v) in enumerate(pieces):
        if i != (start or 0):
            result = add(result, v) if sign > 0 or start is None else sub(result, v)
    return neg(result) if start is None else result


def _run_case(step: LinCase, values: Sequence[Value], at: At) -> list[Value]:
    """The branch the tag chooses; on wires a case whose branches are the linear branches, run."""
    tag = at(step.tag)
    residuals = [at(r) for r in step.residuals]
    tangents = [values[a] for a in step.args]
    recorders = [r for v in (tag, *residuals, *tangents) if (r := getattr(v, "recorder", None))]
    if not recorders:
        branch = step.branches[int(tag)]
        return run(branch, lambda ref: residuals[ref.position], tangents)
    newest = max(recorders, key=lambda r: r.stamp)
    return _case_on_wires(
        step, newest, newest.lift(tag), [newest.lift(r) for r in residuals], tangents
    )


def _case_on_wires(
    step: LinCase, outer: Builder, tag: Wire, residuals: list[Wire], tangents: list[Value]
) -> list[Value]:
    present = [t for t in tangents if not isinstance(t, Nothing)]
    wires = [outer.lift(t) for t in present]
    inner = [_branch(b, residuals, wires, tangents) for b in step.branches]
    vanishing = [
        all(isinstance(out[k], Nothing) for _, out in inner) for k in range(len(step.spaces))
    ]
    programs: list[Program] = []
    for builder, outs in inner:
        shown = [
            builder.lift(materialise(v, builder))
            for v, gone in zip(outs, vanishing, strict=True)
            if not gone
        ]
        programs.append(builder.finish(shown))
    results = iter(
        outer.case(tuple(programs), tag, [*residuals, *wires]) if programs[0].outputs else ()
    )
    return [
        Nothing(s) if gone else next(results)
        for s, gone in zip(step.spaces, vanishing, strict=True)
    ]


def _branch(
    branch: LinearProgram, residuals: list[Wire], wires: list[Wire], tangents: list[Value]
) -> tuple[Builder, list[Value]]:
    builder = Builder([w.space for w in (*residuals, *wires)])
    count = len(residuals)
    given = iter(builder.wires[count : count + len(wires)])
    inputs = [t if isinstance(t, Nothing) else next(given) for t in tangents]
    fixed = list(builder.wires[:count])
    return builder, run(branch, lambda ref: fixed[ref.position], inputs)


def materialise(v: Value, builder: Builder | None = None) -> Value:
    """The value with zeros written out: done only at the edge."""
    if isinstance(v, tuple):
        return tuple(materialise(p, builder) for p in v)
    if not isinstance(v, Nothing):
        return v
    if isinstance(v.space, Product):
        return tuple(materialise(Nothing(s), builder) for s in v.space.parts)
    (space,) = leaves(v.space)
    return _zeros(space, builder)


def _zeros(space: Any, builder: Builder | None) -> Value:
    return np.zeros(space.shape, space.dtype) if builder is None else builder.zeros(space)
