"""Every primitive of the vocabulary, at its own examples, in its own domain.

Its value lies in the space it declares and is what its formula says; its derivative is the limit
of differences, the same in forward and in reverse mode, and once more for the second order. The
laws of linear operations are in tests/unit/test_leaves.py, symbolic proofs in proofs/.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp

from cats.derive import Derivative, derive
from cats.forward import materialise
from cats.forward import run as run_linear
from cats.functor import by_position
from cats.ir.linear_program import LinearProgram
from cats.ir.primitive import Domain, Example, Primitive
from cats.ir.prims import VOCABULARY
from cats.ir.prims.layout import convert, sum
from cats.ir.program import Program
from cats.ir.spaces import Real, Value, space_of
from cats.ir.transpose import transposed
from cats.ir.wire import Builder, Wire
from cats.pipeline import gradient, pushforward
from proofs.symbols import meaning
from tests.linear_programs import run
from tests.values import arguments, arranged, domain_of, drawn, examples, program_spaces, retyped

STEP = 1e-6
SHAPE = (3,)


@dataclass(frozen=True)
class Sample:
    """A primitive at one of its examples."""

    op: Primitive
    example: Example

    @property
    def active(self) -> tuple[int, ...]:
        """The arguments that can vary."""
        return tuple(i for i, s in enumerate(self.example.spaces) if isinstance(s, Real))

    def program(self) -> Program:
        """The operation alone, as a program."""
        builder = Builder(self.example.spaces)
        return builder.finish(self.made(builder.wires))

    def made(self, wires: list[Wire]) -> list[Wire]:
        """The operation performed on wires; one that takes none is written down by hand."""
        if not wires:
            found = Builder().emit(self.op, (), self.example.params)
        else:
            found = self.op(*wires, **dict(self.example.params))
        return list(found) if isinstance(found, tuple) else [found]

    def arguments(self, seed: int = 0, dtype: str | None = None) -> list[Value]:
        """Arguments from the domain."""
        return arguments(self.op, self.example, np.random.default_rng(seed), dtype)

    def __str__(self) -> str:
        spaces = ", ".join(map(str, self.example.spaces))
        params = ", ".join(f"{k}={v}" for k, v in self.example.params)
        return f"{self.op}({spaces}; {params})".replace("/", "_")


SAMPLES = [
    Sample(op, e) for op in VOCABULARY for e in dict.fromkeys(examples(op, "float64", SHAPE))
]
VARYING = [
    s
    for s in SAMPLES
    if s.active
    and (s.op.linearise is not None or s.op.linear is not None)
    and any(isinstance(end, Real) for end in program_spaces(s.op, s.example))
]
ALIASED = [s for s in VARYING if len({s.example.spaces[i] for i in s.active}) < len(s.active)]

every = pytest.mark.parametrize("sample", SAMPLES, ids=str)
varying = pytest.mark.parametrize("sample", VARYING, ids=str)


def test_every_primitive_is_here() -> None:
    assert {s.op for s in SAMPLES} == set(VOCABULARY)


def test_what_does_not_vary_here_gives_truth_values_or_takes_nothing() -> None:
    still = {s.op for s in SAMPLES} - {s.op for s in VARYING}
    for op in still:
        unknown = dict(op.refused)
        real = [s for s in SAMPLES if s.op is op and not unknown.keys() >= set(s.active)]
        ends = [end for s in real for end in program_spaces(op, s.example)]
        assert not any(isinstance(end, Real) for end in ends), op


# Values


@every
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_value_lies_in_the_declared_space(sample: Sample, dtype: str) -> None:
    example = retyped(sample.example, dtype)
    if sample.op is convert and example.spaces[0].dtype == dict(example.params)["dtype"]:
        pytest.skip("nothing to convert")
    found = sample.op.evaluate(*sample.arguments(0, dtype), **dict(example.params))
    values = found if isinstance(found, tuple) else (found,)
    for value, space in zip(values, program_spaces(sample.op, example), strict=True):
        assert np.shape(value) == space.shape
        assert np.asarray(value).dtype == space.dtype


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.op.meaning], ids=str)
def test_the_value_is_what_the_formula_says(sample: Sample) -> None:
    """Entry by entry, against sympy to 30 digits."""
    args = sample.arguments()
    found = np.ravel(sample.op.evaluate(*args, **dict(sample.example.params)))
    columns = [np.ravel(a) for a in args]
    for i, value in enumerate(found):
        exact = meaning(sample.op, [_exact(c[i]) for c in columns], sample.example.params)
        if isinstance(value, np.bool_):
            assert bool(value) == bool(exact)
        else:
            assert value == pytest.approx(float(sp.N(exact, 30)), rel=1e-13, abs=1e-14)


def _exact(value: Any) -> Any:
    return sp.sympify(bool(value)) if isinstance(value, np.bool_) else sp.Rational(float(value))


@every
def test_the_declared_work_is_a_count(sample: Sample) -> None:
    ends = program_spaces(sample.op, sample.example)
    out = ends[0] if len(ends) == 1 else ends
    assert sample.op.work(list(sample.example.spaces), out, dict(sample.example.params)) >= 0


# Derivatives


def along(sample: Sample, seed: int = 7) -> list[Value]:
    """A direction for each argument that varies."""
    rng = np.random.default_rng(seed)
    return [drawn(sample.example.spaces[i], Domain(-1, 1), rng) for i in sample.active]


def derived(program: Program, args: list[Value], active: tuple[int, ...]) -> tuple[Any, Derivative]:
    """The residuals at these arguments, and the derivative."""
    derivative = derive(program, active)
    return run(derivative.primal, args)[derivative.count :], derivative


def applied(linear: LinearProgram, residuals: Any, values: list[Value]) -> list[Value]:
    """A linear program at values."""
    return [materialise(v) for v in run_linear(linear, by_position(residuals), values)]


def moved(args: list[Value], active: tuple[int, ...], v: list[Value], h: float) -> list[Value]:
    """The arguments a step further."""
    there = list(args)
    for i, direction in zip(active, v, strict=True):
        there[i] = there[i] + h * direction
    return there


def difference(program: Program, args: list[Value], active: tuple[int, ...], v: Any) -> list[Value]:
    """(f(x + h v) - f(x - h v)) / 2h, for each real output."""
    step = 2.0**-8 if narrow(program) else STEP
    ahead, behind = (run(program, moved(args, active, v, h)) for h in (step, -step))
    return [
        np.subtract(a, b) / (2 * step) if isinstance(end, Real) else ()
        for a, b, end in zip(ahead, behind, program.ends, strict=True)
    ]


def narrow(program: Program) -> bool:
    """Whether single precision takes part."""
    return any(s.dtype == "float32" for s in program.inputs)


def check_slope(
    program: Program, args: list[Value], active: tuple[int, ...], v: Any, found: Any
) -> None:
    """That `found` is the derivative of the program along v."""
    loose = 1e-4 if narrow(program) else 1e-6
    for a, b in zip(found, difference(program, args, active, v), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=loose, atol=loose / 10)


@varying
@pytest.mark.parametrize("seed", [0, 1])
def test_the_derivative_is_the_limit_of_differences(sample: Sample, seed: int) -> None:
    program, args, v = sample.program(), sample.arguments(seed), along(sample, seed)
    residuals, derivative = derived(program, args, sample.active)
    found = applied(derivative.linear, residuals, v)
    if sample.op.name == "stop":
        assert not np.any(found[0])
    else:
        check_slope(program, args, sample.active, v, found)


@varying
def test_forward_and_reverse_are_one_map(sample: Sample) -> None:
    """<D f v, w> = <v, (D f)' w>."""
    program, args, v = sample.program(), sample.arguments(), along(sample)
    residuals, derivative = derived(program, args, sample.active)
    rng = np.random.default_rng(3)
    w = [drawn(end, Domain(-1, 1), rng) for end in program.ends]
    there = applied(derivative.linear, residuals, v)
    back = applied(transposed(derivative.linear), residuals, w)
    left = np.sum([np.sum(a * b) for a, b in zip(there, w, strict=True)])
    right = np.sum([np.sum(a * b) for a, b in zip(v, back, strict=True)])
    loose = 1e-6 if narrow(program) else 1e-12
    assert left == pytest.approx(right, rel=loose, abs=loose)


@varying
def test_a_narrow_derivative_stays_narrow(sample: Sample) -> None:
    single = replace(sample, example=retyped(sample.example, "float32"))
    program, args, v = single.program(), single.arguments(), along(single)
    residuals, derivative = derived(program, args, single.active)
    for value, end in zip(applied(derivative.linear, residuals, v), program.ends, strict=True):
        assert np.asarray(value).dtype == end.dtype
    back = applied(transposed(derivative.linear), residuals, run(program, args))
    for value, i in zip(back, single.active, strict=True):
        assert np.asarray(value).dtype == single.example.spaces[i].dtype


@varying
def test_the_second_derivative_is_the_derivative_of_the_first(sample: Sample) -> None:
    """Forward over reverse, for a weighted sum of the results."""
    builder = Builder(sample.example.spaces)
    rng = np.random.default_rng(5)
    total: Any = 0.0
    for made in sample.made(builder.wires):
        weighted = made * drawn(made.space, Domain(-1, 1), rng)
        total = sum(weighted, axes=tuple(range(len(made.space.shape)))) + total
    first = gradient(builder.finish([total]), sample.active)
    args, v = sample.arguments(), along(sample)
    found = run(pushforward(first, sample.active), [*args, *v])[len(first.ends) :]
    if sample.op.name != "stop":
        check_slope(first, args, sample.active, v, found)


@pytest.mark.parametrize("sample", ALIASED, ids=str)
def test_one_value_in_two_places(sample: Sample) -> None:
    """D (x |-> op(x, x)): both slopes are added."""
    first = sample.active[0]
    space = sample.example.spaces[first]
    builder = Builder(sample.example.spaces)
    spaces = enumerate(sample.example.spaces)
    wires = [builder.wires[first if s == space else i] for i, s in spaces]
    program = builder.finish(sample.made(wires))
    domains = [domain_of(sample.op, i) for i, s in enumerate(sample.example.spaces) if s == space]
    common = Domain(max(d.low for d in domains), min(d.high for d in domains))
    args = sample.arguments()
    given = [
        drawn(space, common, np.random.default_rng(2)) if i == first else a
        for i, a in enumerate(args)
    ]
    args[first] = arranged(sample.example, given)[first]
    v = [drawn(space, Domain(-1, 1), np.random.default_rng(4))]
    residuals, derivative = derived(program, args, (first,))
    found = applied(derivative.linear, residuals, v)
    check_slope(program, args, (first,), v, found)


BATCHED = [s for s in SAMPLES if s.op.batch is not None]


@pytest.mark.parametrize("sample", BATCHED, ids=str)
def test_a_batch_is_each_of_its_members(sample: Sample) -> None:
    """For every choice of the arguments that have the axis; on arrays, and on wires."""
    op, params, count = sample.op, dict(sample.example.params), len(sample.example.spaces)
    assert op.batch is not None
    members = [sample.arguments(seed) for seed in range(3)]
    for marks in list(product((True, False), repeat=count))[:-1]:
        rows = [[m[i] if has else members[0][i] for i, has in enumerate(marks)] for m in members]
        args = [
            np.stack(c) if has else c[0]
            for c, has in zip(zip(*rows, strict=True), marks, strict=True)
        ]
        each = [_several(op.evaluate(*row, **params)) for row in rows]
        expected = [np.stack(column) for column in zip(*each, strict=True)]
        builder = Builder([space_of(a) for a in args])
        made = op.batch(*builder.wires, batched=marks, **params)
        program = builder.finish(list(_several(made)))
        for found in (_several(op.batch(*args, batched=marks, **params)), run(program, args)):
            for value, wanted in zip(found, expected, strict=True):
                np.testing.assert_allclose(value, wanted, rtol=1e-10, atol=1e-12)


def _several(made: Any) -> tuple[Any, ...]:
    return tuple(made) if isinstance(made, tuple) else (made,)


def test_the_samples_are_many() -> None:
    assert len(ALIASED) >= 15
