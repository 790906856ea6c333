"""Programs in unary form: the whole context is one object, each step appends its results to it.

A step is a unary morphism G -> G * B1 * ... * Bk; a program is the composition of its steps,
followed by a selection of outputs. Sharing is explicit: a position may be read many times.
(Huot and Shaikhha 2022, the unary form.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from cats.ir.constant import Constant
from cats.ir.errors import SpaceError, Where
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.show import str_program
from cats.ir.spaces import Discrete, Ground, Space, Value
from cats.ir.writing import constructor, written


@dataclass(frozen=True, slots=True)
class Case:
    """A true coproduct: argument 0 says which branch runs, on the remaining arguments.

    The tag is a Bool (False runs branch 0) or an Int. The branch not taken is neither run nor
    differentiated. Every branch has the same ends.
    """

    branches: tuple[Program, ...]
    effect: ClassVar[bool] = False

    def __post_init__(self) -> None:
        first = self.branches[0]
        for branch in self.branches[1:]:
            if branch.inputs != first.inputs or branch.ends != first.ends:
                raise SpaceError(
                    f"the branches of a case have different ends: {_signature(first)} "
                    f"and {_signature(branch)}"
                )

    @property
    def name(self) -> str:
        """As printed."""
        return "case"

    def space(self, tag: Space, *captured: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        if not isinstance(tag, Discrete) or tag.shape:
            raise SpaceError(f"the tag of a case must be one Bool or Int, not {tag}")
        if captured != self.branches[0].inputs:
            raise SpaceError(f"a case on {_signature(self.branches[0])} got {captured}")
        return self.branches[0].ends

    def __call__(self, tag: Value, *captured: Value) -> tuple[Value, ...]:
        """The branch the tag says, run step by step."""
        return evaluated(self.branches[int(tag)], captured)


Control = Case
"""The control words: each holds nested programs whose captured values are arguments."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on earlier positions, and the spaces of the positions it appends."""

    op: Primitive | Control
    args: tuple[int, ...]
    params: Params
    spaces: tuple[Ground, ...]
    where: Where | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())

    def key(self) -> tuple[Any, ...]:
        """What tells two steps apart: everything but the place in the user's code."""
        return (self.op, self.args, self.params, self.spaces)


@dataclass(frozen=True, repr=False)
class Program:
    """inputs -> outputs: steps whose arguments point backwards only, and a selection at the end.

    Positions 0 .. len(inputs) - 1 are the inputs; each step appends its results.
    """

    inputs: tuple[Ground, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    names: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        stack: list[tuple[object, object]] = [(self, other)]
        seen: set[tuple[int, int]] = set()
        while stack:
            a, b = stack.pop()
            if a is b or (id(a), id(b)) in seen:
                continue
            if not (isinstance(a, Program) and isinstance(b, Program) and hash(a) == hash(b)):
                return False
            if a._outline() != b._outline():
                return False
            seen.add((id(a), id(b)))
            for s, t in zip(a.steps, b.steps, strict=True):
                stack.extend(zip(nested(s), nested(t), strict=True))
        return True

    def __hash__(self) -> int:
        if "_hash" not in self.__dict__:
            for program in inner_first(self, lambda p: "_hash" in p.__dict__):
                inside = tuple([hash(p) for s in program.steps for p in nested(s)])
                program.__dict__["_hash"] = hash((program._outline(), inside))
        return self.__dict__["_hash"]  # type: ignore[no-any-return]

    def _outline(self) -> tuple[object, ...]:
        """What tells it apart, but for what the programs inside are."""
        rows = tuple([(_head(s), s.args, s.params, s.spaces) for s in self.steps])
        return (self.inputs, self.outputs, rows)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unpacked, (_packed(self),))

    @cached_property
    def spaces(self) -> tuple[Ground, ...]:
        """The space of every position."""
        found = list(self.inputs)
        for step in self.steps:
            found.extend(step.spaces)
        return tuple(found)

    @cached_property
    def ends(self) -> tuple[Ground, ...]:
        """The spaces of the outputs."""
        return tuple(self.spaces[o] for o in self.outputs)

    @cached_property
    def depth(self) -> int:
        """How many cases lie one inside another."""
        found: dict[int, int] = {}
        for program in inner_first(self):
            inside = [1 + found[id(p)] for s in program.steps for p in nested(s)]
            found[id(program)] = max(inside, default=0)
        return found[id(self)]

    @property
    def input_names(self) -> tuple[str, ...]:
        """The user's names of the inputs, or x0, x1, ..."""
        return self.names or tuple(f"x{i}" for i in range(len(self.inputs)))

    def __len__(self) -> int:
        """How many steps."""
        return len(self.steps)

    def __bool__(self) -> bool:
        """A program without steps is a program."""
        return True

    def numbered(self) -> Iterator[tuple[int, Step]]:
        """Each step with the first position it appends."""
        position = len(self.inputs)
        for step in self.steps:
            yield position, step
            position += len(step.spaces)

    def __repr__(self) -> str:
        return written(self, constructor)

    def __str__(self) -> str:
        return str_program(self)


def evaluated(program: Program, args: Sequence[Value]) -> tuple[Value, ...]:
    """The outputs of a program, one operation after the other: slow, for single values."""
    at = list(args)
    for step in program.steps:
        made = step.op(*[at[a] for a in step.args], **dict(step.params))
        at.extend(made if len(step.spaces) > 1 or not isinstance(step.op, Primitive) else (made,))
    return tuple([at[o] for o in program.outputs])


def nested(step: Step) -> tuple[Program, ...]:
    """The programs a control step holds; none for a primitive."""
    match step.op:
        case Primitive():
            return ()
        case Case(branches):
            return branches


def _head(step: Step) -> Primitive | int:
    """The operation of a step; for a case how many branches it has."""
    return step.op if isinstance(step.op, Primitive) else len(step.op.branches)


def _never(program: Program) -> bool:
    return False


def inner_first(root: Program, known: Callable[[Program], bool] = _never) -> Iterator[Program]:
    """Every program below and including `root` once, those inside first; none below a known one."""
    done: set[int] = set()
    stack: list[tuple[Program, bool]] = [(root, False)]
    while stack:
        program, ready = stack.pop()
        if id(program) in done or known(program):
            continue
        if ready:
            done.add(id(program))
            yield program
        else:
            stack.append((program, True))
            stack.extend((p, False) for s in program.steps for p in nested(s))


def _signature(program: Program) -> str:
    left = ", ".join(map(str, program.inputs))
    right = ", ".join(map(str, program.ends))
    return f"({left}) -> ({right})"


class _Nested(int):
    """A nested program's row in the flat pickle."""


def _packed(root: Program) -> list[tuple[Any, ...]]:
    """Every program below and including `root`, inner ones first, so that pickling is flat."""
    rows: list[tuple[Any, ...]] = []
    place: dict[int, _Nested] = {}
    for program in inner_first(root):
        steps = [
            (
                s.op if isinstance(s.op, Primitive) else tuple(place[id(p)] for p in nested(s)),
                s.args,
                s.params,
                s.spaces,
                s.where,
            )
            for s in program.steps
        ]
        place[id(program)] = _Nested(len(rows))
        rows.append((program.inputs, steps, program.outputs, program.names))
    return rows


def _unpacked(rows: list[tuple[Any, ...]]) -> Program:
    built: list[Program] = []
    for inputs, steps, outputs, names in rows:
        made = tuple(
            Step(op if isinstance(op, Primitive) else Case(tuple(built[p] for p in op)), *rest)
            for op, *rest in steps
        )
        built.append(Program(inputs, made, outputs, names))
    return built[-1]


def constant_of(step: Step) -> Constant | None:
    """The constant a step emits, if it does."""
    return step.params[0][1] if step.op.name == "const" else None
