"""All mutants in a fixed order: those with a name first, then those made by rule."""

from __future__ import annotations

from functools import cache

from tests.planted.argued import ARGUED
from tests.planted.generated import generated
from tests.planted.named import NAMED, named
from tests.planted.source import Mutant

__all__ = ["ARGUED", "NAMED", "all_mutants", "sample"]


@cache
def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant, no two of one name or one text."""
    found = {m.text: m for m in (*generated(), *named())}
    return tuple(sorted(found.values(), key=lambda m: not m.named))


def sample(every: int) -> tuple[Mutant, ...]:
    """Every so many-th, first of those with a name and then of the others."""
    return all_mutants()[::every]
