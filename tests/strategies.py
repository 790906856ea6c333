"""Random first-order programs, run while they are made, and the same as NumPy functions.

Each step is tried at values first and kept only if it stays in its domain and of moderate size,
so division, logarithms and roots are drawn as they are. `SMOOTH` programs are analytic where they
are drawn; `POLYNOMIAL` ones have rational operations only, of low degree, and run on exact
numbers; `SCALAR` ones are on numbers, of + - * / sin cos exp log. What is drawn is measured by
tests/spec/test_strategies.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cats.bodies import applied
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, div, ipow, mul, neg, sub
from cats.ir.prims.arrays import cumprod, cumsum, prod
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import gather, index
from cats.ir.prims.joining import concatenate
from cats.ir.prims.layout import broadcast, reshape, sum, transpose
from cats.ir.prims.smooth import arctan, cos, exp, log, sin, sqrt, tanh
from cats.ir.program import Program, Step
from cats.ir.spaces import Ground, R, Real, Shape, Value
from cats.ir.wire import Builder, Wire
from cats.recorder import newest_recorder

Array = np.ndarray[Any, Any]
SHAPES: tuple[Shape, ...] = ((), (), (3,), (2, 3))
LARGEST = 8.0
"""No entry of any value grows beyond it."""
DEGREE = 6
"""No polynomial has a higher degree."""


@dataclass(frozen=True)
class Kind:
    """Which operations are drawn, and on which shapes."""

    name: str
    unary: tuple[Primitive, ...]
    binary: tuple[Primitive, ...]
    shapes: tuple[Shape, ...]
    arrays: bool


SCALAR = Kind("scalar", (neg, sin, cos, exp, log), (add, sub, mul, div, mul), ((),), False)
SMOOTH = Kind(
    "smooth",
    (neg, sin, cos, exp, log, sqrt, tanh, arctan),
    (add, sub, mul, div, mul),
    SHAPES,
    True,
)
POLYNOMIAL = Kind("polynomial", (neg,), (add, sub, mul, mul), SHAPES, True)
KINDS = (SCALAR, SMOOTH, POLYNOMIAL)
INSIDE = {log: 0.2, sqrt: 0.2}
"""The least entry an argument may have."""


@dataclass(frozen=True)
class Sample:
    """A program and arguments it is tame at: exact dyadic numbers, as floats."""

    program: Program
    args: tuple[Array, ...]

    @property
    def exact(self) -> tuple[Array, ...]:
        """The arguments as arrays of Fractions."""
        return tuple(fractions(a) for a in self.args)


def fractions(value: Value) -> Array:
    """The same numbers, exactly."""
    return np.array([Fraction(float(v)) for v in np.ravel(value)], object).reshape(np.shape(value))


class Drawing:
    """A program under construction, with the value of every wire at the arguments."""

    def __init__(
        self, rng: Random, kind: Kind, inputs: Sequence[Ground], args: Sequence[Array] | None = None
    ) -> None:
        self.rng = rng
        self.kind = kind
        self.builder = Builder(inputs)
        self.wires: list[Wire] = list(self.builder.wires)
        drawn = [numbers(rng, s.shape) for s in inputs] if args is None else args
        self.values: list[Array] = list(drawn)
        self.degrees = [1] * len(inputs)
        self.args = tuple(self.values)
        self.read: set[int] = set()

    def step(self) -> None:
        """One more value; none if the operation drawn does not fit."""
        choices = ["unary"] * 3 + ["binary"] * 6 + ["constant"]
        if self.kind.arrays:
            choices += ["layout", "reduce", "index", "product", "power"]
        made = getattr(self, self.rng.choice(choices))()
        if made is None:
            return
        op, args, params = made
        values = [self.values[a] for a in args]
        degree = self.degree(op, [self.degrees[a] for a in args], params)
        if min([LARGEST, *[float(np.min(v)) for v in values]]) < INSIDE.get(op, -LARGEST):
            return
        if op is div and float(np.min(np.abs(values[1]))) < 0.4:
            return
        found = np.asarray(op.evaluate(*values, **params))
        if degree > DEGREE or not np.all(np.abs(found) <= LARGEST):
            return
        wire = op(*[self.wires[a] for a in args], **params)
        if wire.index < len(self.values):
            return
        while len(self.wires) <= wire.index:
            self.wires.append(self.builder.wires[len(self.wires)])
        self.values.append(found)
        self.degrees.append(degree)
        self.read.update(args)

    def degree(self, op: Primitive, degrees: list[int], params: dict[str, Any]) -> int:
        """The degree of a polynomial; of anything else none is counted."""
        if self.kind is not POLYNOMIAL:
            return 1
        if op in (mul, contract):
            total = 0
            for d in degrees:
                total += d
            return total
        if op in (prod, cumprod):
            return degrees[0] * 3
        return degrees[0] * params["n"] if op is ipow else max(degrees)

    def one(self, *, rank: int | None = None) -> int | None:
        """A position, rather one nobody has read yet; of the rank if one is asked."""
        fitting = [
            i
            for i, w in enumerate(self.wires)
            if isinstance(w.space, Real) and rank in (None, len(w.space.shape))
        ]
        unread = [i for i in fitting if i not in self.read]
        if unread and self.rng.random() < 0.6:
            return self.rng.choice(unread)
        return self.rng.choice(fitting) if fitting else None

    def like(self, position: int) -> int:
        """Another position of the same space, or the same."""
        space = self.wires[position].space
        same = [i for i, w in enumerate(self.wires) if w.space == space]
        unread = [i for i in same if i not in self.read and i != position]
        return self.rng.choice(unread if unread and self.rng.random() < 0.5 else same)

    # What can be drawn: the operation, its arguments, its parameters

    def unary(self) -> Any:
        return self.rng.choice(self.kind.unary), [self.one()], {}

    def binary(self) -> Any:
        x = self.one()
        assert x is not None
        return self.rng.choice(self.kind.binary), [x, self.like(x)], {}

    def constant(self) -> Any:
        """A number beside the value: the constant is a wire of its own."""
        x = self.one()
        assert x is not None
        number = self.rng.choice([2.0, -1.5, 0.25, 3.0])
        wire = self.builder.lift(number, self.wires[x].space)
        for place in range(len(self.values), len(self.builder.wires)):
            made = self.builder.wires[place]
            self.wires.append(made)
            self.values.append(np.full(made.space.shape, number))
            self.degrees.append(0)
        return self.rng.choice((mul, add)), [x, wire.index], {}

    def power(self) -> Any:
        return ipow, [self.one()], {"n": self.rng.choice([2, 2, 3])}

    def layout(self) -> Any:
        x = self.one(rank=2)
        kind = self.rng.choice(["broadcast", "transpose", "reshape"])
        if kind == "broadcast" or x is None:
            x, axes = self.one(rank=self.rng.choice([0, 1])), (1,)
            if x is None:
                return None
            shape = self.wires[x].space.shape
            whole = (2, *shape) if shape else self.rng.choice([(3,), (2, 3)])
            return broadcast, [x], {"shape": whole, "axes": axes if shape else ()}
        shape = self.wires[x].space.shape
        if kind == "transpose":
            return transpose, [x], {"axes": (1, 0)}
        return reshape, [x], {"shape": (shape[1], shape[0])}

    def reduce(self) -> Any:
        x = self.one(rank=self.rng.choice([1, 2]))
        if x is None:
            return None
        rank = len(self.wires[x].space.shape)
        op = self.rng.choice([sum, sum, cumsum, cumprod, prod])
        if op is sum:
            axes = self.rng.choice([(0,), (rank - 1,), tuple(range(rank))])
            return sum, [x], {"axes": axes}
        if op is cumsum:
            return cumsum, [x], {"axis": 0, "reverse": self.rng.random() < 0.5}
        return op, [x], {"axis": rank - 1}

    def index(self) -> Any:
        rank = self.rng.choice([1, 2])
        x = self.one(rank=rank)
        if x is None:
            return None
        kind = self.rng.choice(["entry", "slice", "gather", "concatenate"])
        if kind == "entry":
            return index, [x], {"key": (self.rng.choice([0, -1]),)}
        if kind == "slice":
            return index, [x], {"key": ((None, None, -1),)}
        if kind == "concatenate":
            y = self.like(x)
            whole = (self.wires[x].space.shape[0] * 2, *self.wires[x].space.shape[1:])
            return (concatenate, [x, y], {"axis": 0}) if whole[0] <= 6 else None
        at = self.builder.lift(np.array([0, 1, 1]))
        if at.index == len(self.values):
            self.wires.append(at)
            self.values.append(np.array([0, 1, 1]))
            self.degrees.append(0)
        return gather, [x, at.index], {}

    def product(self) -> Any:
        x = self.one(rank=self.rng.choice([1, 2]))
        if x is None:
            return None
        shape = self.wires[x].space.shape
        if len(shape) == 2:
            fits = [
                i
                for i, w in enumerate(self.wires)
                if isinstance(w.space, Real) and w.space.shape == shape[1:]
            ]
            if fits and self.rng.random() < 0.6:
                return contract, [x, self.rng.choice(fits)], {"spec": "ij,j->i"}
            return contract, [x, self.like(x)], {"spec": "ij,kj->ik"}
        return contract, [x, self.like(x)], {"spec": self.rng.choice(["i,i->", "i,j->ij"])}

    def finish(self, outputs: int) -> Sample:
        """The last values that nobody has read, as one program."""
        real = [i for i, w in enumerate(self.wires) if isinstance(w.space, Real)]
        chosen = [i for i in real if i not in self.read][-outputs:]
        return Sample(self.builder.finish([self.wires[i] for i in chosen]), self.args)


def numbers(rng: Random, shape: Shape) -> Array:
    """Small dyadic numbers, exact as floats and as Fractions, none of them zero."""
    count = int(np.prod(shape))
    signs = [rng.choice([1, 1, -1]) * rng.randint(2, 14) / 8 for _ in range(count)]
    return np.array(signs).reshape(shape)


def program(
    rng: Random,
    kind: Kind = SMOOTH,
    steps: int = 20,
    inputs: int = 3,
    outputs: int = 2,
    drawn: type[Drawing] = Drawing,
) -> Sample:
    """A random program of at most about so many steps, and arguments."""
    spaces = [Real(rng.choice(kind.shapes)) for _ in range(inputs)]
    drawing = drawn(rng, kind, spaces)
    while len(drawing.wires) < inputs + steps:
        drawing.step()
    return drawing.finish(outputs)


def number_program(rng: Random, kind: Kind = SMOOTH, steps: int = 20, inputs: int = 3) -> Sample:
    """A random program with one number as its result: everything of the last value is added."""
    found = program(rng, kind, steps, inputs, 1)
    return Sample(summed(found.program), found.args)


def summed(of: Program) -> Program:
    """The sum of all entries of all outputs."""
    builder = Builder(of.inputs)
    made = builder.run(of, list(builder.wires))
    total: Any = None
    for wire in made:
        one = sum(wire, axes=tuple(range(len(wire.space.shape)))) if wire.space.shape else wire
        total = one if total is None else add(total, one)
    return builder.finish([total], of.names)


def corpus(
    count: int, kind: Kind = SMOOTH, seed: int = 0, number: bool = False
) -> Iterator[tuple[int, Sample]]:
    """Numbered samples of 5 to 60 steps."""
    for n in range(seed, seed + count):
        rng = Random(n)
        steps, inputs = rng.choice([6, 12, 20, 35, 60, 80]), rng.randint(1, 3)
        if number:
            yield n, number_program(rng, kind, steps, inputs)
        else:
            yield n, program(rng, kind, steps, inputs, rng.randint(1, 3))


def programs(kind: Kind = SMOOTH, number: bool = False) -> st.SearchStrategy[Sample]:
    """The same for hypothesis, which shrinks the seed and the sizes."""

    def build(seed: int, steps: int, inputs: int) -> Sample:
        make = number_program if number else program
        return make(Random(seed), kind, steps, inputs)

    return st.builds(build, st.integers(0, 2**32), st.integers(5, 60), st.integers(1, 3))


# Programs as functions, and what they are compared with


def function_of(of: Program) -> Callable[..., Any]:
    """The program as a Python function: on arrays, on traced values, on complex numbers."""

    def f(*args: Value) -> Value:
        made = evaluated(of, args)
        return made[0] if len(made) == 1 else tuple(made)

    return f


def evaluated(of: Program, args: Sequence[Value]) -> list[Value]:
    """The outputs, one operation after the other."""
    at = list(args)
    for step in of.steps:
        given = [at[a] for a in step.args]
        if isinstance(step.op, Primitive):
            made = step.op(*given, **dict(step.params)) if given else _constant(step)
            at.extend(made if len(step.spaces) > 1 else (made,))
        elif newest_recorder(given) is not None:
            at.extend(applied(step.op, given))
        else:
            at.extend(step.op.run(evaluated, given))
    return [at[o] for o in of.outputs]


def _constant(step: Step) -> Value:
    """What a step without arguments gives, a NumPy scalar rather than a Python number."""
    return np.asarray(step.op(**dict(step.params)))[()]


def complex_step(of: Program, args: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
    """The derivative along a direction from one complex evaluation, no difference taken."""
    h = 1e-30
    given = [a + 1j * h * np.asarray(t) for a, t in zip(args, tangents, strict=True)]
    return [np.imag(v) / h for v in evaluated(of, given)]


def central_difference(
    of: Program, args: Sequence[Array], tangents: Sequence[Array], h: float = 1e-5
) -> list[Array]:
    """The derivative along a direction from two evaluations."""
    there, back = (
        evaluated(of, [a + s * h * t for a, t in zip(args, tangents, strict=True)]) for s in (1, -1)
    )
    return [np.asarray((p - m) / (2 * h)) for p, m in zip(there, back, strict=True)]


def direction(rng: Random, spaces: Sequence[Any]) -> list[Array]:
    """A tangent for each space."""
    return [numbers(rng, space.shape) for space in spaces]


def inner(xs: Sequence[Value], ys: Sequence[Value]) -> Any:
    """The sum of all products of entries."""
    total: Any = 0
    for x, y in zip(xs, ys, strict=True):
        for a, b in zip(np.ravel(x), np.ravel(y), strict=True):
            total += a * b
    return total


__all__ = ["KINDS", "POLYNOMIAL", "SCALAR", "SMOOTH", "R", "Sample", "corpus", "program"]
