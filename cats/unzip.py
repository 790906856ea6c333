"""Unzip: a derivative becomes a primal program with residuals, and a linear half that reads them.

Which residuals are saved and which are computed again is a policy, given as data. Whatever the
policy, results agree; only memory and work differ. (Radul et al. 2023, "unzip".)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cats.derivative import Derivative
from cats.functor import Biproducts, M, by_position, represent
from cats.ir.errors import DerivativeError, expected
from cats.ir.linear_program import LinearProgram
from cats.ir.program import Program
from cats.ir.spaces import Ground, Value, size
from cats.ir.wire import Builder, Wire
from cats.policies import Policy, kept, known


@dataclass(frozen=True, slots=True)
class LinearHalf:
    """The linear half: `recompute` gives what is fixed from the residuals; `linear` reads that."""

    recompute: Program
    linear: LinearProgram

    def represented(self, k: Biproducts[M], builder: Builder, residuals: Sequence[Wire]) -> M:
        """The linear half in a representation, on wires."""
        return represent(self.linear, k, by_position(builder.run(self.recompute, residuals)))


@dataclass(frozen=True, slots=True)
class Linearised:
    """`primal` : inputs -> outputs and residuals; `half` : residuals -> a linear map.

    `count` of the primal's outputs are the function's own.
    """

    primal: Program
    half: LinearHalf
    count: int

    @property
    def residuals(self) -> tuple[Ground, ...]:
        """The spaces of what is saved."""
        return self.primal.ends[self.count :]

    @property
    def saved(self) -> int:
        """How many numbers are saved."""
        return sum(size(s) for s in self.residuals)


def unzip(derivative: Derivative, policy: Policy | None = None) -> Linearised:
    """The two halves of a derivative under a policy (default: save all).

    What a policy says of loops is said when they are derived: `derive(program, policy=...)`.
    Raises DerivativeError for what is no derivative, or no policy.
    """
    remedy = "Make one with cats.derive(program)."
    expected(derivative, Derivative, "derivative", remedy, DerivativeError)
    known(policy)
    return _split(derivative, kept(derivative.primal, derivative.count, policy))


def _split(derivative: Derivative, kept: set[int]) -> Linearised:
    """Cuts the primal at the kept positions."""
    primal, count = derivative.primal, derivative.count
    fixed = primal.outputs[count:]
    needed = _reached(primal, fixed, kept)
    saved = sorted(needed & kept)
    builder = Builder([primal.spaces[p] for p in saved])
    at: dict[int, Wire] = dict(zip(saved, builder.wires, strict=False))
    for position, step in primal.numbered():
        span = range(position, position + len(step.spaces))
        if not any(p in needed and p not in at for p in span):
            continue
        builder.where = step.where
        made: Value = builder.emit(step.op, tuple([at[a] for a in step.args]), step.params)
        for p, wire in zip(span, made if isinstance(made, tuple) else (made,), strict=True):
            at.setdefault(p, wire)
    recompute = builder.finish([at[f] for f in fixed])
    shown = Program(primal.inputs, primal.steps, (*primal.outputs[:count], *saved), primal.names)
    return Linearised(pruned(shown), LinearHalf(recompute, derivative.linear), count)


def _reached(primal: Program, fixed: Sequence[int], kept: set[int]) -> set[int]:
    """The positions needed for the fixed values, going back no further than what is kept."""
    needed = set(fixed)
    for position, step in reversed(list(primal.numbered())):
        span = range(position, position + len(step.spaces))
        if any(p in needed and p not in kept for p in span):
            needed.update(step.args)
    return needed


def pruned(program: Program) -> Program:
    """Without the steps nobody reads."""
    builder = Builder(program.inputs)
    outputs = builder.run(program, list(builder.wires))
    return builder.finish(outputs, program.names)
