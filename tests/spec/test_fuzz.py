"""Random programs over the whole vocabulary against 80 digits, and wrong rules planted among them.

A few hundred programs in every run, ten thousand in the long one; what is drawn is measured, and
what fails is made small and printed as text that reads back.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from cats.engine import NUMPY
from cats.ir.check import check_program
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME
from cats.ir.prims.smooth import tanh
from cats.ir.program import Program
from cats.ir.read import read_program
from cats.ir.spaces import Real
from tests.fuzz.check import Truth
from tests.fuzz.coverage import coverage
from tests.fuzz.drawing import DRAWN, corpus, program
from tests.fuzz.mistakes import Mistake, mistakes
from tests.fuzz.nearness import NEAR, steepness, tame
from tests.fuzz.planted import programs_needed, sampled
from tests.fuzz.report import OTHERS, Failure, backend_of, judged, report
from tests.fuzz.sample import Sample
from tests.fuzz.shrink import shrunk
from tests.house.tree import run
from tests.oracles.found import Found
from tests.oracles.meanings import MEASURED
from tests.oracles.numbers import exact
from tests.oracles.samples import domain_samples

PROGRAMS, PARTS = 240, 4
LONG = 10_000
EVERY = 6
"""One planted mistake in so many is looked for in every run."""


# What is drawn


def test_what_is_drawn() -> None:
    """Every primitive with a derivative occurs, and all but a few of the others.

    Most programs share values, many choose, some are long and deep.
    """
    samples = [sample for _, sample in corpus(200)]
    for sample in samples:
        check_program(sample.program)
        assert read_program(str(sample.program)) == sample.program
    found = coverage(samples)
    missing = [name for name in found.missing() if BY_NAME[name].linearise is not None]
    assert len(found.missing()) <= 6 and not missing, (
        f"the fuzzer cannot draw {', '.join(found.missing())}: state examples and domains that "
        "values of size 1 can be brought into"
    )
    assert sum(n > 0 for n in found.shared) >= 180, found
    assert sum(n > 0 for n in found.choices) >= 70, found
    assert sum(n > 1 for n in found.nested) >= 7, found
    assert sum(n >= 100 for n in found.lengths) >= 30 and min(found.lengths) <= 15, found
    assert sum(n >= 20 for n in found.depths) >= 30, found
    assert found.narrow == 20, found


def test_a_primitive_that_cannot_be_drawn_is_named() -> None:
    samples = [program(Random(n), 20, [tanh]) for n in range(3)]
    assert {op.name for op in DRAWN} - set(coverage(samples).missing()) <= {
        "tanh", "const", "add", "mul", "sum", "reshape", "gather", "broadcast", "greater", "case"
    }  # fmt: skip


def test_a_tenth_of_the_programs_runs_on_each_other_backend() -> None:
    names = [backend_of(n).name for n in range(100)]
    assert [names.count(b.name) for b in OTHERS] == [10, 10]


def one(text: str, *args: Any) -> float | None:
    """The slope of a program at arguments; None where it is not tame."""
    return steepness(read_program(text), list(map(exact, args)), NEAR["float64"], Random(0))


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("(x: R) -> y = abs x in (y)", [1e-7]),
        ("(x: R) -> y = floor x in (y)", [1.0 - 1e-7]),
        ("(x: R) -> y = sqrt x in (y)", [1e-7]),
        ("(x: R) -> y = log x in (y)", [0.0]),
        ("(x: R) -> y = exp x in (y)", [9.0]),
        ("(x: R, y: R) -> z = less x y in (z)", [1.0, 1.0 + 1e-7]),
        ("(x: R, y: R) -> z = equal x y in (z)", [1.0, 1.0]),
        ("(x: R[2]) -> y = max[axes=(0,)] x in (y)", [[1.0, 1.0 + 1e-8]]),
        ("(x: R, y: R) -> z = remainder x y in (z)", [2.0, 1.0]),
    ],
)
def test_what_happens_near_by_is_seen(text: str, args: list[Any]) -> None:
    assert one(text, *args) is None


def test_what_is_smooth_is_tame() -> None:
    assert one("(x: R) -> y = abs x in (y)", 0.1) == pytest.approx(1.0, rel=0.6)
    assert one("(x: R, y: R) -> z = equal x y in (z)", 1.0, 1.1) == float("inf")


# What is found


@pytest.mark.parametrize("part", range(PARTS))
def test_programs_agree_with_80_digits(part: int) -> None:
    count = PROGRAMS // PARTS
    found = report(corpus(count, part * count, longest=120))
    assert not found.failures, str(found)


@pytest.mark.slow
def test_ten_thousand_programs_agree_with_80_digits() -> None:
    found = report(corpus(LONG))
    print(found)
    assert not found.failures, str(found)


def test_the_command_reports() -> None:
    answer = run("-m", "tests.fuzz", "--programs", "3", "--longest", "10")
    assert answer.returncode == 0, answer.stdout
    assert "3 programs" in answer.stdout and "0 failures" in answer.stdout


# What is planted


def planted(every: int) -> None:
    """That every so many of the mistakes are found."""
    missed = [str(m) for m in sampled(every) if programs_needed(m) is None]
    assert not missed, missed


def test_a_sample_of_planted_mistakes_is_found() -> None:
    planted(EVERY)


@pytest.mark.slow
def test_all_planted_mistakes_are_found() -> None:
    planted(1)


def test_mistakes_are_planted_in_every_rule() -> None:
    """But for operations whose results are all discrete, or that take nothing."""
    for op in MEASURED:
        programs = [s.program for s in domain_samples(op, "float64", 3)]
        real = any(isinstance(s, Real) for p in programs for s in p.ends)
        assert bool(mistakes(op)) == (real and op.name != "const"), op


# What fails is made small


def mistaken(op: Primitive, what: str) -> Mistake:
    return next(m for m in mistakes(op) if m.what == what)


def test_a_failing_program_is_made_small() -> None:
    """A wrong sign in one rule, in long programs: hardly more than that operation is left."""
    mistake = mistaken(tanh, "the sign")

    def fails(sample: Sample) -> bool:
        wrong = Found(mistake.in_place(sample.program))
        return not all(v.right for v in Truth(sample).verdicts(wrong))

    samples = corpus(50, 100, longest=60)
    long = next(s for _, s in samples if len(s.program) > 40 and fails(s))
    small = shrunk(long, fails)
    assert fails(small) and tame(small)
    assert len(small.program) <= 8, str(small.program)
    assert any(step.op is tanh for step in small.program.steps)
    assert read_program(str(small.program)) == small.program


def test_what_cats_refuses_is_a_failure_too() -> None:
    nothing = Primitive("nothing", "1.0 * {0}", lambda x: x, meaning="x", elementwise=True)
    of = read_program("(x: R) -> y = nothing x in (y)", {"nothing": nothing})
    sample = Sample(of, (np.float64(1),))
    assert judged(sample, NUMPY)[0] == "DerivativeError was raised"


def test_a_failure_is_told_with_its_program() -> None:
    of = read_program("(x: R) -> y = tanh x in (y)")
    sample = Sample(of, (np.float64(0.5),))
    told = str(Failure(7, NUMPY, "the jvp is wrong", sample, sample)).splitlines()
    assert told[0] == "program 7 on numpy: the jvp is wrong"
    assert told[-1] == "at np.float64(0.5)"
    assert read_program("\n".join(told[1:-1])) == of


def test_shapes_are_made_smaller_where_the_program_still_fits() -> None:
    of: Program = read_program("(x: R[4]) -> a = exp x  y = sum[axes=(0,)] a  in (y)")
    small = shrunk(Sample(of, (np.ones(4),)), lambda s: BY_NAME["exp"] in _ops(s.program))
    assert small.program.inputs == (Real((1,)),)


def _ops(of: Program) -> set[object]:
    return {step.op for step in of.steps}
