"""explain_memory: what the derivative of a function keeps, by line and bytes, before it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cats.derive import derive
from cats.ir.control import Call, Case, Loop, While
from cats.ir.errors import Where
from cats.ir.primitive import Primitive
from cats.ir.program import Control, Program, Step
from cats.ir.spaces import ANY, Ground, Real
from cats.policies import Policy, nbytes
from cats.simplify import simplify
from cats.unzip import unzip
from cats.whole import trace


@dataclass(frozen=True)
class Kept:
    """One value that is kept.

    what    the operation that made it, also one within a loop or a choice, or the argument it is
    space   where it lies; a length `*` is known only when it runs, and `bytes` is of one row then:
            of a round, or of those that `Every(k)` keeps
    """

    what: str
    space: Ground
    bytes: int
    where: Where | None

    @property
    def is_open(self) -> bool:
        """Whether it has so many rows as a loop turns out to leave."""
        return ANY in self.space.shape

    def __str__(self) -> str:
        each = " for each row" if self.is_open else ""
        line = f"{self.bytes:>12} bytes{each}  {self.what} in {self.space}"
        return line if self.where is None else f"{line}\n{'':>14}at {self.where}: {self.where.code}"


@dataclass(frozen=True)
class Memory:
    """What is kept between the primal and the linear half of a derivative, largest first."""

    kept: tuple[Kept, ...]

    @property
    def bytes(self) -> int:
        """All bytes; of stacks of unknown length one row."""
        return sum(k.bytes for k in self.kept)

    def __iter__(self) -> Iterator[Kept]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)

    def __str__(self) -> str:
        rows = [str(k) for k in self.kept]
        each = sum(k.bytes for k in self.kept if k.is_open)
        more = f", and {each} for each row of unknown number" if each else ""
        return "\n".join([*rows, f"{self.bytes - each:>12} bytes in all{more}"])


def explain_memory(
    f: Callable[..., Any], *args: Any, policy: Policy | None = None, **kwargs: Any
) -> Memory:
    """What reverse mode keeps of f at arguments like these: by user's line, shape and bytes.

    policy   as of `cats.linearize`; policies of `cats.checkpoint` within f are taken account of
    Nothing is run: `cats.Spec` stands for an array. Arguments are named, and count as kept. What
    is computed again is held while that runs, and does not count: of a loop under `Recompute` or
    `Budget` all rounds, under `Every(k)` those of k.

    >>> import numpy as np
    >>> explain_memory(lambda x: np.sum(np.sin(x)), np.zeros(100)).bytes
    800
    """
    program = trace(f, *args, **kwargs)
    active = [i for i, s in enumerate(program.inputs) if isinstance(s, Real)]
    split = unzip(derive(program, active, policy), policy)
    primal = simplify(split.primal)
    found = dict.fromkeys(primal.outputs[split.count :])
    rows = [_kept(primal, position) for position in found]
    return Memory(tuple(sorted(rows, key=lambda k: -k.bytes)))


def _kept(primal: Program, position: int) -> Kept:
    space = primal.spaces[position]
    if position < len(primal.inputs):
        return Kept(primal.input_names[position], space, nbytes(space), None)
    step = _maker(primal, position)
    name = step.where.name if step.where is not None else ""
    what = f"{name} = {step.op.name}" if name else step.op.name
    return Kept(what, space, nbytes(space), step.where)


def _maker(program: Program, position: int) -> Step:
    """The step that makes a value: one within a loop for rows that are left, or in a choice."""
    while True:
        first, step = next(
            (first, s) for first, s in program.numbered() if 0 <= position - first < len(s.spaces)
        )
        inside = _inside(step.op, position - first)
        if inside is None:
            return step
        program, position = inside


def _inside(op: Primitive | Control, result: int) -> tuple[Program, int] | None:
    """The body that makes a result, and where in it; None if no step of a body does."""
    match op:
        case Loop(body, _, carries) if result >= carries:
            bodies = [body]
        case While(_, body) if result > op.carries:
            bodies, result = [body], result - 1
        case Call(body):
            bodies = [body]
        case Case(branches):
            bodies = list(branches)
        case _:
            return None
    made = [(b, b.outputs[result]) for b in bodies if b.outputs[result] >= len(b.inputs)]
    return made[0] if made else None
