"""Are planted mistakes found: how many random programs it takes until a wrong rule shows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from random import Random

from cats.ir.errors import CatsError
from cats.ir.primitive import Primitive
from tests.fuzz.check import Truth
from tests.fuzz.drawing import DRAWN, program
from tests.fuzz.mistakes import Mistake, mistakes, narrow
from tests.oracles.found import Found

TRIES = 40
"""So many programs may be needed."""


@lru_cache(maxsize=1)
def _truths(op: Primitive) -> list[Truth]:
    return []


def truths(op: Primitive) -> Iterator[Truth]:
    """Programs that hold the operation, with what is true of them; remembered for the last one."""
    known = _truths(op)
    for number in range(TRIES):
        if number == len(known):
            rng = Random(f"{op} {number}")
            ops = [op] * len(DRAWN) + list(DRAWN)
            width = "float32" if narrow(op) else "float64"
            known.append(Truth(program(rng, 10, ops, width)))
        yield known[number]


def programs_needed(mistake: Mistake) -> int | None:
    """After how many programs the mistake is found; None if it is not."""
    for number, truth in enumerate(truths(mistake.op), 1):
        wrong = Found(mistake.in_place(truth.sample.program))
        try:
            if not all(v.right for v in truth.verdicts(wrong)):
                return number
        except CatsError:
            return number
    return None


def sampled(every: int) -> Iterator[Mistake]:
    """Every so many of all mistakes."""
    return islice((m for op in DRAWN for m in mistakes(op)), 0, None, every)
