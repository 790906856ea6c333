"""Residual policies as data: which of the values that a derivative reads are kept, and which are
computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from typing import Any, cast, get_args

import numpy as np

from cats.ir.control import Call
from cats.ir.errors import DerivativeError
from cats.ir.primitive import Primitive
from cats.ir.prims.layout import broadcast, const, reshape, transpose
from cats.ir.program import Program, Step
from cats.ir.spaces import Ground, size


@dataclass(frozen=True, slots=True)
class SaveAll:
    """Every residual is kept, but for constants and views, which are made again for nothing."""


@dataclass(frozen=True, slots=True)
class Recompute:
    """Only the inputs are kept; every residual is computed again from them."""


@dataclass(frozen=True, slots=True, init=False)
class Saving:
    """Residuals made by some operations are kept; the others are computed again.

    which   names of operations or of variables, one by one or in a container, or a predicate on
            steps
    Raises DerivativeError for anything else.

    >>> Saving("matmul", "h") == Saving(["matmul", "h"])
    True
    """

    which: tuple[str, ...] | Callable[[Step], bool]

    def __init__(self, which: str | Collection[str] | Callable[[Step], bool], *more: str) -> None:
        names: Any = (which, *more) if more or isinstance(which, str) else which
        if not callable(names):
            if not isinstance(names, Collection) or not all(isinstance(n, str) for n in names):
                raise DerivativeError(
                    f"{names!r} says not which residuals are kept",
                    remedy="Give names of operations or variables, or a predicate on steps.",
                )
            names = tuple(names)
        object.__setattr__(self, "which", names)

    def keeps(self, step: Step) -> bool:
        """Whether what the step makes is kept."""
        if callable(self.which):
            return bool(self.which(step))
        named = step.where.name if step.where is not None else ""
        return step.op.name in self.which or named in self.which


@dataclass(frozen=True, slots=True)
class Budget:
    """So many bytes of residuals are kept, those that cost most to compute again for their size.

    The inputs do not count. Raises DerivativeError for a negative number.
    """

    bytes: int

    def __post_init__(self) -> None:
        number = natural("a budget of residuals in bytes", self.bytes, 0)
        object.__setattr__(self, "bytes", number)


@dataclass(frozen=True, slots=True)
class Every:
    """Of a loop the carries of every k-th round are kept; between them it is run again.

    n / k carries are held, and those of k rounds. Raises DerivativeError if k is not positive.
    """

    k: int

    def __post_init__(self) -> None:
        number = natural("the number of rounds between two that are kept", self.k, 1)
        object.__setattr__(self, "k", number)


@dataclass(frozen=True, slots=True)
class Binomial:
    """Of a loop the carries of s rounds are held at a time, the first among them.

    Rounds are run again as few times as that allows: n rounds take at most r each where
    n <= (s + r)! / (s! r!). Raises DerivativeError if s is not positive.
    Source: Griewank and Walther 2000, algorithm 799 (revolve).
    """

    snapshots: int

    def __post_init__(self) -> None:
        number = natural("the number of carries that are held", self.snapshots, 1)
        object.__setattr__(self, "snapshots", number)


Policy = SaveAll | Recompute | Saving | Budget | Every | Binomial
"""A residual policy. Results agree whichever is taken; memory and work differ."""


def known(policy: Policy | None) -> Policy | None:
    """The policy. Raises DerivativeError if it is none.

    >>> known(Every(3))
    Every(k=3)
    """
    if policy is None or isinstance(policy, Policy):
        return policy
    raise DerivativeError(
        f"{policy!r} is no policy for residuals",
        remedy="Give one of SaveAll(), Recompute(), Saving(which), Budget(bytes), Every(k), "
        "Binomial(snapshots).",
    )


def written(policy: Policy | None) -> tuple[Any, ...] | None:
    """A policy as a call holds it, in plain data, so that programs that hold it are read back.

    >>> written(Every(3)), written(Saving("matmul"))
    (('Every', 3), ('Saving', ('matmul',)))
    """
    if policy is None:
        return None
    return (type(policy).__name__, *[getattr(policy, f.name) for f in fields(policy)])


def policy_of(call: Call[Program]) -> Policy | None:
    """The policy of a call: the inverse of `written`. Raises DerivativeError if there is none such.

    >>> from cats.ir.read import read_program
    >>> policy_of(Call(read_program("(x: R) -> in (x)"), ("Every", 3)))
    Every(k=3)
    """
    if call.policy is None:
        return None
    name, *numbers = call.policy
    for made in get_args(Policy):
        if made.__name__ == name and len(fields(made)) == len(numbers):
            return cast(Policy, made(*numbers))
    return known(cast(Any, call.policy))


Selective = Recompute | Saving | Budget
"""Those that choose among the residuals of straight-line programs."""


def natural(what: str, number: int, least: int) -> int:
    """A number as an int. Raises DerivativeError unless it is whole and not less than the least.

    >>> natural("the number of rounds", np.int64(2), 1)
    2
    """
    real = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not real or number < least:
        raise DerivativeError(
            f"{what} is {number!r}", remedy=f"Give a whole number from {least} up."
        )
    return int(number)


def kept(primal: Program, count: int, policy: Policy | None) -> set[int]:
    """The positions of a primal program that its derivative may keep.

    count   how many of its outputs are the function's own, the others being residuals
    """
    match policy:
        case Recompute():
            return set(range(len(primal.inputs)))
        case Saving():
            return {*range(len(primal.inputs)), *_made_by(primal, policy)}
        case Budget():
            return {*range(len(primal.inputs)), *_within(primal, count, policy.bytes)}
        case None | SaveAll() | Every() | Binomial():
            return _roots(primal, count)


def _made_by(primal: Program, policy: Saving) -> set[int]:
    return {
        position + k
        for position, step in primal.numbered()
        if policy.keeps(step)
        for k in range(len(step.spaces))
    }


def _within(primal: Program, count: int, bytes: int) -> set[int]:
    """The residuals that cost most for their size, as long as there is room."""
    made = {
        position + k: step for position, step in primal.numbered() for k in range(len(step.spaces))
    }
    wanted = [p for p in _roots(primal, count) if p in made]
    found: set[int] = set()
    for position in sorted(wanted, key=lambda p: (-_worth(primal, p, made[p]), p)):
        needs = nbytes(primal.spaces[position])
        if needs <= bytes:
            bytes -= needs
            found.add(position)
    return found


def _worth(primal: Program, position: int, step: Step) -> float:
    """Scalar operations for a byte; those of control words count as much as what they make."""
    work = sum(size(s) for s in step.spaces)
    if isinstance(step.op, Primitive):
        out = step.spaces[0] if len(step.spaces) == 1 else step.spaces
        work = step.op.work([primal.spaces[a] for a in step.args], out, dict(step.params))
    return work / max(nbytes(primal.spaces[position]), 1)


def nbytes(space: Ground) -> int:
    """The bytes of a value; stacks of unknown length count as one row.

    >>> from cats.ir.spaces import Real
    >>> nbytes(Real((3,))), nbytes(Real((2,), "float32"))
    (24, 8)
    """
    return abs(size(space)) * np.dtype(space.dtype).itemsize


_VIEWS = (broadcast, reshape, transpose)


def _free(step: Step) -> bool:
    return isinstance(step.op, Primitive) and (step.op is const or step.op in _VIEWS)


def _roots(primal: Program, count: int) -> set[int]:
    """What must be kept for the residuals: views are looked through, constants are not kept."""
    made = {position: step for position, step in primal.numbered() if len(step.spaces) == 1}
    roots: set[int] = set()
    for output in primal.outputs[count:]:
        at = output
        while at in made and _free(made[at]) and made[at].args:
            at = made[at].args[0]
        if not (at in made and _free(made[at])):
            roots.add(at)
    return roots
