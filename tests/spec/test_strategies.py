"""What the generator of programs draws, measured."""

from __future__ import annotations

from collections import Counter

import pytest

from cats.ir.check import check_program
from cats.ir.control import Case, Loop, While
from cats.ir.program import Program
from tests.rolled import rolled, words
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


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_drawn_of_loops(kind: Kind) -> None:
    """Of 200 programs, what a loop can be: of known length or not, with stacks, rows, in others."""
    programs = [sample.program for _, sample in rolled(200, kind)]
    for program in programs:
        check_program(program)
    every = [word for program in programs for word in words(program)]
    loops = [word for word in every if isinstance(word, Loop)]
    found = {
        "loop": len(loops),
        "while": sum(isinstance(word, While) for word in every),
        "case": sum(isinstance(word, Case) for word in every),
        "nested": sum(program.depth > 1 for program in programs),
        "no round": sum(word.length == 0 for word in loops),
        "length known": sum(word.length is not None for word in loops),
        "length computed": sum(word.length is None for word in loops),
        "reverse": sum(word.reverse for word in loops),
        "captured": sum(word.captured > 0 for word in loops),
        "rows left": sum(len(word.body.outputs) > word.carries for word in loops),
        "stacks": sum(len(word.body.inputs) > word.captured + word.carries for word in loops),
    }
    if kind is SCALAR:  # no stacks begin there, so the rows that are left are the first ones
        found["stacks"] *= 4
    assert all(times >= 10 for times in found.values()), found
    assert all(found[name] >= 60 for name in ("loop", "while", "case", "nested")), found
