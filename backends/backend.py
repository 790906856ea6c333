"""What a backend is: it takes a program and gives back a callable on arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from cats.ir.arity import counted
from cats.ir.collecting import collector_paused
from cats.ir.errors import BackendError, CatsError
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step, a_program, nested
from cats.ir.spaces import Value, lies_in, space_of

Run = Callable[..., tuple[Value, ...]]
"""A compiled program: positional ground values in, a tuple of ground values out."""


class Backend(Protocol):
    """A place where programs run: a small immutable value, equal to another by its settings."""

    @property
    def name(self) -> str:
        """As one writes it when choosing: "numpy", "source", ..."""
        ...

    def supports(self, op: Primitive) -> bool:
        """Whether programs that hold the operation run here."""
        ...

    def build(self, program: Program) -> Run:
        """The function itself, made now."""
        ...

    def compile(self, program: Program) -> Compiled:
        """The program as a callable; raises BackendError if it holds an unsupported operation."""
        ...


class Compiled:
    """A program that runs: built on the first call, pickled as the program it came from.

    The results never share memory with the arguments, with constants or with each other. It holds
    no state but the function it built, so threads may call it at once and processes may fork.
    """

    __slots__ = ("_function", "backend", "program")

    def __init__(self, backend: Backend, program: Program) -> None:
        self.backend = backend
        self.program = program
        self._function: Run | None = None

    def __call__(self, *args: Value) -> tuple[Value, ...]:
        """The results. Raises BackendError for other arguments than the program takes."""
        inputs = self.program.inputs
        if len(args) != len(inputs):
            raise BackendError(
                f"the compiled program takes {counted(len(inputs), 'argument')}, got {len(args)}",
                remedy=f"Give one value in each of {', '.join(map(str, inputs))}."
                if inputs
                else "Call it without arguments.",
            )
        for number, (arg, space) in enumerate(zip(args, inputs, strict=True)):
            if not lies_in(arg, space):
                raise BackendError(
                    f"argument {number} of the compiled program lies in {space_of(arg)}, "
                    f"not in {space}",
                    remedy="Trace the function at arguments of this shape: a program has one.",
                )
        return self.run(*args)

    def run(self, *args: Value) -> tuple[Value, ...]:
        """The results for arguments of which it is known that they are what the program takes."""
        function = self._function
        if function is None:
            with collector_paused():
                function = self._function = self.backend.build(self.program)
        return function(*args)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Compiled, (self.backend, self.program))

    def __repr__(self) -> str:
        ends = len(self.program.inputs), len(self.program.steps), len(self.program.outputs)
        return f"<{self.backend.name}: {ends[0]} inputs, {ends[1]} steps, {ends[2]} outputs>"


def primitives(program: Program) -> Iterator[tuple[Primitive, Step]]:
    """Every use of a primitive in the program and in those it holds, with its step."""
    seen = {id(program)}
    stack = [program]
    while stack:
        for step in stack.pop().steps:
            match step.op:
                case Primitive() as op:
                    yield op, step
                case _:
                    fresh = [p for p in nested(step) if id(p) not in seen]
                    seen.update(map(id, fresh))
                    stack.extend(fresh)


def _check_code(op: Primitive, step: Step) -> None:
    """Raises TermError, with the user's place, unless the code of the operation is Python."""
    try:
        op.check_code(len(step.args), dict(step.params))
    except CatsError as error:
        raise error.at(step.where) from None


def checked(backend: Backend, program: Program, remedy: str) -> Compiled:
    """The program on the backend, if every operation is supported; else a BackendError.

    Raises TermError for what is no program, and for code that is no Python.
    """
    a_program(program)
    for op, step in primitives(program):
        if not backend.supports(op):
            raise BackendError(
                f"the operation {op.name} does not run on the {backend.name} backend",
                where=step.where,
                remedy=remedy,
            )
        if not op.ours:
            _check_code(op, step)
    return Compiled(backend, program)
