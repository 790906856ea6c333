"""Random programs over the whole vocabulary, read off its records, run while they are drawn.

A primitive is drawn at one of its examples, the lengths of the axes changed where it allows that;
its arguments are earlier values, brought into the shape the example asks for and into the domain
the record states. A step is kept if its value is of moderate size and if nothing happens near by:
moved a little, the result moves smoothly, so no kink, jump or edge of a domain lies within reach
of rounding. Choices hold programs drawn in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from cats.ir.linear import Params
from cats.ir.primitive import Domain, Example, Primitive
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.choice import greater
from cats.ir.prims.indexing import gather
from cats.ir.prims.layout import convert, reshape, sum
from cats.ir.program import Program
from cats.ir.spaces import BOOL, Discrete, Ground, Real, Shape, Value, size
from cats.ir.wire import Builder, Wire
from tests.fuzz.nearness import NEAR, Nearness, steepness
from tests.fuzz.sample import Sample, numbers
from tests.oracles.meanings import HELD, MEASURED
from tests.oracles.numbers import Array
from tests.oracles.run import Run
from tests.oracles.samples import alone, resized
from tests.values import domain_of, retyped

SHAPES: tuple[Shape, ...] = ((), (), (1,), (2,), (3,), (4,), (2, 2), (2, 3), (3, 2))
SHORTEST, LONGEST = 5, 200
DRAWN = tuple(op for op in MEASURED if not any(e.arrange for e in op.examples))
"""What takes any arguments of its domain: no arrays in order, no positive definite matrices."""
NESTED = 2
"""So deep lie choices in choices."""


class Drawing:
    """A program under construction, with the exact value of every wire at the arguments."""

    def __init__(
        self,
        rng: Random,
        inputs: Sequence[tuple[Ground, Value]],
        ops: Sequence[Primitive] = DRAWN,
        depth: int = 0,
    ) -> None:
        self.rng = rng
        self.ops = ops
        self.depth = depth
        self.builder = Builder([space for space, _ in inputs])
        self.values: list[Array] = list(Run().positions(_nothing(inputs), [v for _, v in inputs]))
        self.read: set[int] = set()
        self.narrow = any(space.dtype == "float32" for space, _ in inputs)
        self.done = 0

    @property
    def wires(self) -> list[Wire]:
        """All positions so far."""
        return self.builder.wires

    def grow(self, steps: int) -> None:
        """Steps until there are so many; operations that do not fit are passed over."""
        for _ in range(20 * steps):
            if len(self.builder.steps) >= steps:
                return
            if self.depth < NESTED and self.rng.random() < 0.05:
                self.choose()
            else:
                self.perform(self.rng.choice(self.ops))

    # One operation

    def perform(self, op: Primitive) -> bool:
        """One step of the operation; False if the arguments that were found do not suit it."""
        example = self.example(op)
        if example is None:
            return False
        args: list[Wire] = []
        for slot, space in enumerate(example.spaces):
            wire = self.argument(space, domain_of(op, slot), args)
            if wire is None:
                return False
            args.append(wire)
        steep = self.steepness(op, args, example.params)
        if steep is None or (self.rng.random() < 0.6 and idle(op, steep)):
            return False
        self.emit(op, args, example.params)
        self.read.update(w.index for w in args)
        return True

    def example(self, op: Primitive) -> Example | None:
        """Spaces and parameters: an example of the record, or the same at other lengths."""
        if not op.elementwise:
            given = self.rng.choice(op.examples) if op.examples else None
        else:
            given = self._entrywise(op)
        if given is None or (not self.narrow and any(s.dtype == "float32" for s in given.spaces)):
            return None
        given = retyped(given, self._dtype())
        return given if op.elementwise else resized(op, given, self._lengths(given)) or given

    def _lengths(self, example: Example) -> dict[int, int]:
        """Other lengths for the axes: those of a value that is there, or any."""
        shapes = [w.space.shape for w in self.wires if w.index not in self.read]
        first = example.spaces[0].shape if example.spaces else ()
        fitting = [shape for shape in shapes if shape and len(shape) == len(first)]
        found = {n: self.rng.randint(1, 4) for s in example.spaces for n in s.shape}
        if fitting and self.rng.random() < 0.7:
            found.update(zip(first, self.rng.choice(fitting), strict=True))
        return found

    def _entrywise(self, op: Primitive) -> Example:
        given = self.rng.choice(op.examples or (Example((Real(),) * len(op.domain)),))
        real = [w for w in self.wires if isinstance(w.space, Real) and size(w.space)]
        known = [w.space.shape for w in real if w.index not in self.read]
        shape = self.rng.choice(known if known and self.rng.random() < 0.8 else SHAPES)
        return Example(tuple(replace(s, shape=shape) for s in given.spaces), given.params)

    def _dtype(self) -> str:
        found = [w.space.dtype for w in self.wires if isinstance(w.space, Real)]
        return self.rng.choice(found) if found else "float64"

    def emit(self, op: Primitive, args: Sequence[Wire], params: Params = ()) -> Wire:
        """The step, and the value of every wire it adds."""
        made = self.builder.emit(op, tuple(args), tuple(sorted(params)))
        self.sync()
        return made[0] if isinstance(made, tuple) else made  # type: ignore[no-any-return]

    def sync(self) -> None:
        """The values of the steps that are new."""
        while self.done < len(self.builder.steps):
            step = self.builder.steps[self.done]
            self.values.extend(Run().step(step, [self.values[a] for a in step.args]))
            self.done += 1

    def constant(self, value: Value, like: Ground | None = None) -> Wire:
        """A value as a wire."""
        wire = self.builder.lift(value, like)
        self.sync()
        return wire

    # Arguments

    def argument(self, space: Ground, domain: Domain, beside: Sequence[Wire] = ()) -> Wire | None:
        """An earlier value in the space and the domain, or made to be; mostly none of `beside`."""
        avoided = beside if self.rng.random() < 0.85 else ()
        match space:
            case Discrete(shape, "bool"):
                return self.truth(shape, avoided)
            case Discrete():
                return self.integer(space, domain, avoided)
            case Real():
                wire = self.real(space, avoided)
                return None if wire is None else self.inside(wire, domain)

    def truth(self, shape: Shape, avoided: Sequence[Wire] = ()) -> Wire | None:
        """A mask: an earlier one, or one found by comparing."""
        masks = [w for w in self.wires if w.space.dtype == "bool" and size(w.space)]
        known = [w for w in masks if w not in avoided]
        fits = [w for w in known if w.space.shape == shape]
        if known and self.rng.random() < 0.7:
            return self.one_of(fits) if fits else self.taken(self.one_of(known), shape)
        space = Real(shape, self._dtype())
        x, y = self.real(space), self.constant(numbers(self.rng, space))
        if x is None or self.steepness(greater, [x, y]) is None:
            return self.constant(np.asarray([self.rng.random() < 0.5] * size(space)).reshape(shape))
        return self.emit(greater, [x, y])

    def integer(self, space: Discrete, domain: Domain, avoided: Sequence[Wire] = ()) -> Wire:
        """An earlier array of integers in the domain, or a new one."""
        low, high = int(np.ceil(domain.low)), int(np.floor(domain.high))
        known = [
            w for w, v in zip(self.wires, self.values, strict=True)
            if w.space == space and w not in avoided and np.all((low <= v) & (v <= high))
        ]  # fmt: skip
        if known and self.rng.random() < 0.7:
            return self.one_of(known)
        drawn = [self.rng.randint(low, high) for _ in range(size(space))]
        return self.constant(np.array(drawn, space.dtype).reshape(space.shape))

    def real(self, space: Real, avoided: Sequence[Wire] = ()) -> Wire | None:
        """An earlier value of the space, rather one that is not read yet; or a rearranged one."""
        known = [w for w in self.wires if w.space == space and w.constant is None]
        fits = [w for w in known if w not in avoided]
        if any(w.index not in self.read for w in fits) or (fits and self.rng.random() < 0.7):
            return self.one_of(fits)
        return self.rearranged(space) or (self.rng.choice(known) if known else None)

    def one_of(self, wires: Sequence[Wire]) -> Wire:
        """One of the wires, rather one that is not read yet."""
        fresh = [w for w in wires if w.index not in self.read]
        return self.rng.choice(fresh if fresh and self.rng.random() < 0.8 else wires)

    def rearranged(self, space: Real) -> Wire | None:
        """Entries of another value, in the shape and width asked for."""
        real = [w for w in self.wires if isinstance(w.space, Real) and size(w.space)]
        others = [w for w in real if w.constant is None]
        if not self.narrow:
            others = [w for w in others if w.space.dtype == space.dtype]
        if not others:
            return None
        wire = self.one_of(others)
        self.read.add(wire.index)
        if wire.space.dtype != space.dtype:
            wire = self.emit(convert, [wire], (("dtype", space.dtype),))
        return wire if wire.space == space else self.taken(wire, space.shape)

    def taken(self, wire: Wire, shape: Shape) -> Wire:
        """The entries of a value in another shape: all of them, or some."""
        self.read.add(wire.index)
        count, wanted = size(wire.space), size(Real(shape))
        if count == wanted:
            return self.emit(reshape, [wire], (("shape", shape),))
        if wire.space.shape != (count,):
            wire = self.emit(reshape, [wire], (("shape", (count,)),))
        places = [self.rng.randrange(count) for _ in range(wanted)]
        return self.emit(gather, [wire, self.constant(np.array(places, int).reshape(shape))])

    def inside(self, wire: Wire, domain: Domain) -> Wire | None:
        """The value itself if it lies in the domain, else scaled and shifted into it."""
        entries = [float(x) for x in np.ravel(self.values[wire.index])]
        if all(domain.low < x < domain.high for x in entries):
            return wire
        low, high = min(entries), max(entries)
        factor = 1.0
        while factor * (high - low) > 0.8 * (domain.high - domain.low):
            factor /= 2
        shift = (domain.low + domain.high) / 2 - factor * (low + high) / 2
        shift = round(8 * shift) / 8
        self.read.add(wire.index)
        if factor != 1:
            wire = self.emit(mul, [wire, self.constant(factor, wire.space)])
        if shift:
            wire = self.emit(add, [wire, self.constant(shift, wire.space)])
        entries = [float(x) for x in np.ravel(self.values[wire.index])]
        return wire if all(domain.low < x < domain.high for x in entries) else None

    # Is all well near by

    def steepness(self, op: Primitive, args: Sequence[Wire], params: Params = ()) -> float | None:
        """How fast the result moves; None if it is not tame as far as rounding reaches."""
        program = alone(op, Example(tuple([w.space for w in args]), params))
        return steepness(program, [self.values[w.index] for w in args], self.near, self.rng)

    @property
    def near(self) -> Nearness:
        """How far rounding may reach."""
        return NEAR["float32" if self.narrow else "float64"]

    # Choices

    def choose(self) -> None:
        """A choice between programs of their own on some of the values."""
        real = [w for w in self.wires if isinstance(w.space, Real) and w.constant is None]
        captured = self.rng.sample(real, min(len(real), self.rng.randint(1, 3)))
        shapes = [self.rng.choice(captured).space for _ in range(self.rng.randint(1, 2))]
        ends = [s for s in shapes if isinstance(s, Real)]
        count = self.rng.choice((2, 2, 3))
        given = [(w.space, self.values[w.index]) for w in captured]
        branches = []
        for _ in range(count):
            inner = Drawing(self.rng, given, self.ops, self.depth + 1)
            inner.narrow = self.narrow
            inner.grow(self.rng.randint(1, 8))
            made = [inner.real(end) for end in ends]
            if None in made:
                return
            branches.append(inner.builder.finish([w for w in made if w is not None]))
        tag = self.tag(count)
        if tag is not None:
            self.read.update(w.index for w in captured)
            self.builder.case(tuple(branches), tag, captured)
            self.sync()

    def tag(self, count: int) -> Wire | None:
        """What says which branch runs."""
        if count == 2:
            return self.argument(BOOL, Domain())
        return self.integer(Discrete(), Domain(0, count - 1))

    # The end

    def finish(self) -> Program:
        """The program that gives a weighted sum of values nobody has read, and some others."""
        real = [w for w in self.wires if isinstance(w.space, Real) and w.constant is None]
        chosen = [w for w in real if w.index not in self.read][-8:] or real[-1:]
        total: Wire | None = None
        for wire in chosen:
            part = self.emit(mul, [wire, self.constant(numbers(self.rng, wire.space))])
            if part.space.dtype != "float64":
                part = self.emit(convert, [part], (("dtype", "float64"),))
            if part.space.shape:
                part = self.emit(sum, [part], (("axes", tuple(range(len(part.space.shape)))),))
            total = part if total is None else self.emit(add, [total, part])
        assert total is not None
        masks = [w for w in self.wires if w.space.dtype == "bool" and w.index not in self.read]
        others = self.rng.sample(self.wires, min(len(self.wires), self.rng.randint(0, 2)))
        return self.builder.finish([total, *masks[-3:], *others])


def program(
    rng: Random, steps: int, ops: Sequence[Primitive] = DRAWN, dtype: str = "float64"
) -> Sample:
    """A random program of about so many steps, of those operations, and arguments.

    dtype   the width of the inputs; only where they are narrow, single precision takes part
    """
    spaces: list[Ground] = [Real(rng.choice(SHAPES), dtype) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.2:
        spaces.append(rng.choice((BOOL, Discrete((3,), "bool"), Discrete())))
    args = [numbers(rng, space) for space in spaces]
    drawing = Drawing(rng, list(zip(spaces, args, strict=True)), ops)
    drawing.grow(steps)
    return Sample(drawing.finish(), tuple(args))


def corpus(count: int, seed: int = 0, longest: int = LONGEST) -> Iterator[tuple[int, Sample]]:
    """Numbered samples of 5 to `longest` steps, as many short as long ones; one in ten narrow."""
    for number in range(seed, seed + count):
        rng = Random(number)
        steps = round(SHORTEST * (longest / SHORTEST) ** rng.random())
        yield number, program(rng, steps, dtype="float32" if number % 10 == 9 else "float64")


def idle(op: Primitive, steep: float) -> bool:
    """Whether an operation only ends what is to be differentiated: a few are enough."""
    return op.name in HELD or not steep


def _nothing(inputs: Sequence[tuple[Ground, Value]]) -> Program:
    """The program that does nothing, for the values of its inputs."""
    return Program(tuple([space for space, _ in inputs]), (), ())
