"""explain_memory: what the derivative of a function keeps, by line and bytes, before it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cats.derive import derive
from cats.ir.errors import Where
from cats.ir.program import Program
from cats.ir.spaces import ANY, Ground, Real
from cats.policies import Policy, nbytes
from cats.simplify import simplify
from cats.unzip import unzip
from cats.whole import trace


@dataclass(frozen=True)
class Kept:
    """One value that is kept.

    what    the operation that made it, or the argument it is
    space   where it lies; a length `*` is known only when it runs, and `bytes` is of one row then
    """

    what: str
    space: Ground
    bytes: int
    where: Where | None

    def __str__(self) -> str:
        each = " for each round" if ANY in self.space.shape else ""
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
        return "\n".join([*rows, f"{self.bytes:>12} bytes in all"])


def explain_memory(
    f: Callable[..., Any], *args: Any, policy: Policy | None = None, **kwargs: Any
) -> Memory:
    """What reverse mode keeps of f at arguments like these: by user's line, shape and bytes.

    policy   as of `cats.linearize`; policies of `cats.checkpoint` within f are taken account of
    Nothing is run: `cats.Spec` stands for an array. Arguments are named, and count as kept.

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
    step = next(s for first, s in primal.numbered() if 0 <= position - first < len(s.spaces))
    name = step.where.name if step.where is not None else ""
    what = f"{name} = {step.op.name}" if name else step.op.name
    return Kept(what, space, nbytes(space), step.where)
