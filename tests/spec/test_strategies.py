"""What the generator of programs draws, measured."""

from __future__ import annotations

from collections import Counter

import pytest

from cats.ir.check import check_program
from cats.ir.program import Program
from tests.strategies import KINDS, SCALAR, Kind, corpus


def is_shared(program: Program) -> bool:
    """Whether some position is read twice."""
    return max(Counter(a for step in program.steps for a in step.args).values(), default=0) > 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_drawn(kind: Kind) -> None:
    """Of 300 programs most share a value, many are long, every operation of the kind occurs."""
    programs = [sample.program for _, sample in corpus(300, kind)]
    for program in programs:
        check_program(program)
    names = Counter(name for p in programs for name in {step.op.name for step in p.steps})
    assert all(names[op.name] >= 15 for op in (*kind.unary, *kind.binary))
    assert sum(map(is_shared, programs)) >= 200
    assert sum(len(p.steps) >= 20 for p in programs) >= 30
    assert max(len(p.steps) for p in programs) >= 40
    if kind is not SCALAR:
        arrays = ("broadcast", "sum", "index", "gather", "concatenate", "cumsum", "contract")
        assert all(names[name] >= 10 for name in arrays), names
