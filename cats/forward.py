"""Forward: a linear map is a function of its input, run on arrays or on wires. This is jvp.

Zero tangents are the symbol `Nothing`, never arrays of zeros: what does not vary costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from cats.branches import Branch, choice, chosen, parts, whole
from cats.functor import BIPRODUCTS, At, by_position, lies, prepared, resolve
from cats.ir.errors import SpaceError
from cats.ir.linear import Leaf
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve
from cats.ir.linear_program import ZERO, LinearProgram, SumStep, Term
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, mul, neg
from cats.ir.spaces import Product, Space, Value
from cats.ir.trampoline import Asking, outcome
from cats.ir.wire import Builder, Wire
from cats.rounds import rounds
from cats.solutions import solutions
from cats.zeros import Nothing, applied, materialise, negative, plain, summed, together

__all__ = ["Forward", "Map", "Nothing", "components", "materialise", "run"]

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
        return lambda vs: plus([f(v) for f, v in zip(fs, components(vs, len(fs)), strict=True)])

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Map:
        """(u, v, ...) |-> the i-th."""
        return lambda vs: components(vs, len(spaces))[i]

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
        """The whole program, each position computed once.

        The map raises SpaceError for tangents, or cotangents, that do not lie in its inputs.
        """
        return lambda vs: tuple(run(program, at, _tangents(vs, program.inputs)))


def _tangents(vs: Value, spaces: Sequence[Space]) -> Sequence[Value]:
    """The parts of a tuple of tangents of these spaces."""
    found = components(vs, len(spaces))
    for number, (v, space) in enumerate(zip(found, spaces, strict=True)):
        lies(v, space, f"tangent or cotangent {number}")
    return found


def components(v: Value, count: int) -> Sequence[Value]:
    """The parts of a tuple of tangents, or of the zero of a product.

    Raises SpaceError unless there are so many.
    """
    if isinstance(v, Nothing):
        return [Nothing(s) for s in v.space.parts] if isinstance(v.space, Product) else [v]
    if isinstance(v, tuple | list) and len(v) == count:
        return v
    found = len(v) if isinstance(v, tuple | list) else type(v).__name__
    raise SpaceError(
        f"a linear map out of a product of {count} takes a tuple of {count}, got {found}",
        remedy="Give a tuple of one tangent for each part, for a single part too.",
    )


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
    return [plain(v) for v in outcome(_run(program, at, tangents))]


def _run(program: LinearProgram, at: At, tangents: Sequence[Value]) -> Asking[list[Value]]:
    values: list[Value] = list(tangents)
    for step in program.steps:
        recorder = next((r for v in values[-1:] if (r := getattr(v, "recorder", None))), None)
        if recorder is not None and step.where is not None:
            recorder.where = step.where
        match step:
            case SumStep(terms, space):
                values.append(signed_sum(terms, values, space, at))
            case LinCase():
                values.extend((yield _run_case(step, values, at)))
            case LinLoop():
                values.extend((yield rounds(step, values, at, _run)))
            case LinSolve():
                values.extend((yield solutions(step, values, at, _run)))
            case LinCall():
                args = [values[a] for a in step.args]
                values.extend((yield _run(step.body, prepared(step, at), args)))
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
            scattered.setdefault(op, []).append((leaf, v if term.sign > 0 else negative(v)))
        else:
            pieces.append((term.sign, applied(leaf, v)))
    whole = summed(pieces) if pieces else Nothing(space)
    for op, group in scattered.items():
        tangents = [t for _, t in group]
        base = None if isinstance(whole, Nothing) else whole
        whole = together(op, [leaf for leaf, _ in group], tangents, base)
    return whole


def _run_case(step: LinCase[LinearProgram], values: Sequence[Value], at: At) -> Asking[list[Value]]:
    """The branch the tag chooses; on wires a case whose branches are the linear branches, run."""
    tag, residuals = choice(step, at)
    tangents = [values[a] for a in step.args]
    recorders = [r for v in (tag, *residuals, *tangents) if (r := getattr(v, "recorder", None))]
    if not recorders:
        found: list[Value] = yield _run(step.branches[int(tag)], by_position(residuals), tangents)
        return found
    outer = max(recorders, key=lambda r: r.stamp)
    fixed = [outer.lift(r) for r in residuals]
    given = [outer.lift(part) for t in tangents for part in parts(t)]
    branches: list[Branch] = []
    for branch in step.branches:
        branches.append((yield _branch(branch, fixed, given, tangents)))
    return chosen(outer.lift(tag), [*fixed, *given], branches, step.spaces)


def _branch(
    branch: LinearProgram, fixed: list[Wire], given: list[Wire], tangents: list[Value]
) -> Asking[Branch]:
    """The branch run in a builder of its own."""
    builder = Builder([w.space for w in (*fixed, *given)])
    wires = list(builder.wires)
    crossed = iter(wires[len(fixed) :])
    inputs = [
        whole(len(parts(t)), space, crossed)
        for t, space in zip(tangents, branch.inputs, strict=True)
    ]
    results: list[Value] = yield _run(branch, by_position(wires), inputs)
    return Branch(builder, results)
