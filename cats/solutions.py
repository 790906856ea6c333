"""Linear systems run: by GMRES on arrays, on wires as one solve step whose body is run once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cats.functor import At, by_position
from cats.ir.control import Solve
from cats.ir.krylov import solved
from cats.ir.linear_control import LinSolve
from cats.ir.linear_program import ZERO, LinearProgram
from cats.ir.spaces import Value
from cats.ir.trampoline import Asking, outcome
from cats.ir.wire import Builder
from cats.rounds import Run
from cats.zeros import Nothing, materialise, plain


def solutions(
    step: LinSolve[LinearProgram], values: Sequence[Value], at: At, run: Run
) -> Asking[list[Value]]:
    """The results of a linear system on these tangents."""
    pairs = zip(step.args, step.spaces, strict=True)
    sides = [Nothing(space) if a == ZERO else plain(values[a]) for a, space in pairs]
    residuals = [at(ref) for ref in step.residuals]
    known = [*sides, *residuals]
    recorders: list[Builder] = [r for v in known if (r := getattr(v, "recorder", None))]
    if all(isinstance(v, Nothing) for v in sides):
        return sides
    if not recorders:
        looked = by_position(residuals)

        def apply(*v: Any) -> Sequence[Any]:
            made = outcome(run(step.body, looked, list(v)))
            return [materialise(plain(x)) for x in made]

        given = [materialise(v) for v in sides]
        return list(solved(apply, given, step.tolerance, step.rounds))
    outer = max(recorders, key=lambda r: r.stamp)
    wires = [outer.lift(v) for v in residuals]
    inner = Builder([*[w.space for w in wires], *step.body.inputs])  # type: ignore[list-item]
    inside = list(inner.wires)
    read = by_position(inside[: len(wires)])
    made: list[Value] = yield run(step.body, read, inside[len(wires) :])
    body = inner.finish([inner.lift(materialise(plain(v), inner)) for v in made])
    word = Solve(body, len(wires), step.tolerance, step.rounds)
    outer.where = step.where or outer.where
    args = [*wires, *[outer.lift(materialise(v, outer)) for v in sides]]
    return list(outer.emit(word, tuple(args)))
