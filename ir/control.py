"""Control words: operations that hold programs, whose captured values are arguments.

    case    one of several programs, a tag saying which
    loop    a program run a known number of times: it passes carries on, takes rows, leaves rows
    while   a program run as long as a test says, so that what it leaves grows as needed
    replay  a loop from the end of another one, whose states it computes again
    solve   a linear system, given by a program
    call    a program run as one operation: nothing outside is merged with what is inside
    custom  a program whose derivative is said, not derived

The programs are closed: what a body reads from around it is an argument of the word. A word with
its arguments is one step, so a program is as long whether its loop runs once or a million times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Generic, NoReturn, Protocol, Self, TypeVar

from cats.ir.errors import DerivativeError, SpaceError, TraceError, Where
from cats.ir.kinds import Natural
from cats.ir.krylov import solved
from cats.ir.rows import piled, row
from cats.ir.snapshots import backwards, by_strips
from cats.ir.spaces import ANY, BOOL, INT, Discrete, Ground, Real, Space, Value, with_rows


class Body(Protocol):
    """What a word asks of a program it holds."""

    @property
    def inputs(self) -> tuple[Ground, ...]: ...

    @property
    def ends(self) -> tuple[Ground, ...]: ...

    def evaluated(self, args: Sequence[Value]) -> tuple[Value, ...]:
        """The outputs at these arguments."""
        ...


P = TypeVar("P", bound=Body)

Apply = Callable[[P, Sequence[Value]], Sequence[Value]]
"""How the outputs of a program are found."""


class Word(Generic[P]):
    """What all control words have in common."""

    __slots__ = ()
    effect: ClassVar[bool] = False
    name: ClassVar[str]

    @property
    def programs(self) -> tuple[P, ...]:
        """The programs it holds."""
        raise NotImplementedError

    @property
    def static(self) -> tuple[Any, ...]:
        """All that it holds but the programs."""
        return ()

    @classmethod
    def made(cls, static: tuple[Any, ...], programs: tuple[P, ...]) -> Self:
        """The word of these."""
        raise NotImplementedError

    def space(self, *args: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        raise NotImplementedError

    def run(self, apply: Apply[P], args: Sequence[Value]) -> tuple[Value, ...]:
        """The results, its programs run as `apply` says."""
        raise NotImplementedError

    def __call__(self, *args: Value) -> tuple[Value, ...]:
        """Run step by step."""
        return self.run(lambda program, given: program.evaluated(given), args)

    def hollow(self) -> tuple[type[Self], tuple[Any, ...], int]:
        """What it is without its programs, and how many they are."""
        return type(self), self.static, len(self.programs)


def refilled(hollow: tuple[type[Any], tuple[Any, ...], int], programs: Iterator[Any]) -> Any:
    """The word again, taking the programs it needs."""
    kind, static, count = hollow
    return kind.made(static, tuple(islice(programs, count)))


@dataclass(frozen=True, slots=True)
class Case(Word[P]):
    """A true coproduct: argument 0 says which branch runs, on the remaining arguments.

    The tag is a Bool (False runs branch 0) or an Int. The branch not taken is neither run nor
    differentiated. Every branch has the same ends.
    """

    branches: tuple[P, ...]
    name: ClassVar[str] = "case"

    def __post_init__(self) -> None:
        first = self.branches[0]
        for branch in self.branches[1:]:
            if branch.inputs != first.inputs or branch.ends != first.ends:
                raise SpaceError(
                    f"the branches of a case have different ends: {_signature(first)} "
                    f"and {_signature(branch)}"
                )

    @property
    def programs(self) -> tuple[P, ...]:
        return self.branches

    @classmethod
    def made(cls, static: tuple[Any, ...], programs: tuple[P, ...]) -> Self:
        return cls(programs)

    def space(self, *args: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        tag, *captured = args
        if not isinstance(tag, Discrete) or tag.shape:
            raise SpaceError(f"the tag of a case must be one Bool or Int, not {tag}")
        if not _fit(captured, self.branches[0].inputs):
            raise SpaceError(f"a case on {_signature(self.branches[0])} got {_listed(captured)}")
        return self.branches[0].ends

    def run(self, apply: Apply[P], args: Sequence[Value]) -> tuple[Value, ...]:
        """The branch the tag says."""
        return tuple(apply(self.branches[int(args[0])], args[1:]))


@dataclass(frozen=True, slots=True)
class Loop(Word[P]):
    """carry, y = body(captured, carry, x) for each row x in order; (last carry, all y).

    Arguments: if `length` is None how often it runs, then the captured values, the first carries,
    and stacks, each with a row for every run. Results: the last carries, and stacks of the rows.
    The body takes captured values, carries and rows, and gives carries and rows.

    captured   how many values every run reads alike
    carries    how many values each run hands to the next
    length     how often it runs
    reverse    from the last row to the first
    """

    body: P
    captured: Natural = 0
    carries: Natural = 0
    length: Natural | None = None
    reverse: bool = False
    name: ClassVar[str] = "loop"

    def __post_init__(self) -> None:
        start = self.captured + self.carries
        _carried(self.body, self.captured, self.carries, "loop")
        if len(self.body.inputs) < start:
            raise SpaceError(
                f"a loop with {start} captured values and carries on {_signature(self.body)}"
            )

    @property
    def programs(self) -> tuple[P, ...]:
        return (self.body,)

    @property
    def static(self) -> tuple[Any, ...]:
        return self.captured, self.carries, self.length, self.reverse

    @classmethod
    def made(cls, static: tuple[Any, ...], programs: tuple[P, ...]) -> Self:
        return cls(programs[0], *static)

    @property
    def rows(self) -> int:
        """The length of stacks in their space."""
        return ANY if self.length is None else self.length

    def takes(self) -> tuple[Ground, ...]:
        """The spaces of the arguments."""
        start = self.captured + self.carries
        stacks = [with_rows(s, self.rows) for s in self.body.inputs[start:]]
        count = () if self.length is not None else (INT,)
        return (*count, *self.body.inputs[:start], *stacks)

    def space(self, *args: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        if not _fit(args, self.takes()):
            raise SpaceError(f"a loop on {_listed(self.takes())} got {_listed(args)}")
        ends = self.body.ends
        return (*ends[: self.carries], *[with_rows(s, self.rows) for s in ends[self.carries :]])

    def run(self, apply: Apply[P], args: Sequence[Value]) -> tuple[Value, ...]:
        """One round after the other."""
        count = self.length
        if count is None:
            count, args = int(args[0]), args[1:]
        start = self.captured + self.carries
        captured, carry, stacks = args[: self.captured], args[self.captured : start], args[start:]
        rows: list[Sequence[Value]] = []
        for i in reversed(range(count)) if self.reverse else range(count):
            made = apply(self.body, [*captured, *carry, *[row(s, i) for s in stacks]])
            carry, left = made[: self.carries], made[self.carries :]
            rows.append(left)
        if self.reverse:
            rows.reverse()
        ends = self.body.ends[self.carries :]
        return (*carry, *[piled([r[k] for r in rows], end) for k, end in enumerate(ends)])


@dataclass(frozen=True, slots=True)
class While(Word[P]):
    """carry, y = body(captured, carry) as long as test(captured, carry); (how often, carry, all y).

    The rows that are left grow as needed: their stacks have ANY length, the first result.
    """

    test: P
    body: P
    captured: Natural = 0
    name: ClassVar[str] = "while"

    def __post_init__(self) -> None:
        if self.test.inputs != self.body.inputs or self.test.ends != (BOOL,):
            raise SpaceError(
                f"the test of a while must take what the body takes and give a Bool: "
                f"{_signature(self.test)} and {_signature(self.body)}"
            )
        _carried(self.body, self.captured, self.carries, "while")

    @property
    def carries(self) -> int:
        """How many values each run hands to the next."""
        return len(self.body.inputs) - self.captured

    @property
    def programs(self) -> tuple[P, ...]:
        return (self.test, self.body)

    @property
    def static(self) -> tuple[Any, ...]:
        return (self.captured,)

    @classmethod
    def made(cls, static: tuple[Any, ...], programs: tuple[P, ...]) -> Self:
        return cls(programs[0], programs[1], *static)

    def space(self, *args: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        if not _fit(args, self.body.inputs):
            raise SpaceError(f"a while on {_listed(self.body.inputs)} got {_listed(args)}")
        ends = self.body.ends
        return (INT, *ends[: self.carries], *[with_rows(s, ANY) for s in ends[self.carries :]])

    def run(self, apply: Apply[P], args: Sequence[Value]) -> tuple[Value, ...]:
        """One round after the other, as long as the test says."""
        captured, carry = args[: self.captured], args[self.captured :]
        rows: list[Sequence[Value]] = []
        while bool(apply(self.test, [*captured, *carry])[0]):
            made = apply(self.body, [*captured, *carry])
            carry, left = made[: self.carries], made[self.carries :]
            rows.append(left)
        ends = self.body.ends[self.carries :]
        stacks = [piled([r[k] for r in rows], end) for k, end in enumerate(ends)]
        return (len(rows), *carry, *stacks)


@dataclass(frozen=True, slots=True)
class Replay(Word[P]):
    """A loop from the end of another one, whose states it computes again.

    The states s before each round of `s = advance(captured, s, x)` are met from the last to the
    first, carry, y = body(captured, s, carry, x), and few of them are held at a time. Arguments:
    how often if `length` is None, captured values, first states, stacks of every so many states if
    there is `every`, first carries, stacks. Results: the last carries, and stacks of the rows.

    snapshots  how many states are held, the first among them
    every      of how many states one is given; then `snapshots` does not count
    reverse    whether `advance` goes from the last row to the first, and the body the other way
    """

    advance: P
    body: P
    captured: Natural
    states: Natural
    carries: Natural
    length: Natural | None
    reverse: bool
    snapshots: Natural
    every: Natural | None = None
    name: ClassVar[str] = "replay"

    def __post_init__(self) -> None:
        _carried(self.advance, self.captured, self.states, "replay")
        _carried(self.body, self.captured + self.states, self.carries, "replay")
        start = self.captured + self.states
        same = self.body.inputs[:start] == self.advance.inputs[:start]
        if not same or self.body.inputs[start + self.carries :] != self.advance.inputs[start:]:
            raise SpaceError(
                f"the programs of a replay read different things: {_signature(self.advance)} and "
                f"{_signature(self.body)}"
            )

    @property
    def programs(self) -> tuple[P, ...]:
        return (self.advance, self.body)

    @property
    def static(self) -> tuple[Any, ...]:
        ends = self.captured, self.states, self.carries
        return (*ends, self.length, self.reverse, self.snapshots, self.every)

    @classmethod
    def made(cls, static: tuple[Any, ...], programs: tuple[P, ...]) -> Self:
        return cls(programs[0], programs[1], *static)

    @property
    def rows(self) -> int:
        """The length of stacks in their space."""
        return ANY if self.length is None else self.length

    def takes(self) -> tuple[Ground, ...]:
        """The spaces of the arguments."""
        inputs, first = self.body.inputs, self.captured + self.states
        start = first + self.carries
        stacks = [with_rows(s, self.rows) for s in inputs[start:]]
        count = () if self.length is not None else (INT,)
        held: list[Ground] = []
        if self.every is not None:
            strips = ANY if self.length is None else -(-self.length // self.every)
            held = [with_rows(s, strips) for s in inputs[self.captured : first]]
        return (*count, *inputs[:first], *held, *inputs[first:start], *stacks)

    def space(self, *args: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        if not _fit(args, self.takes()):
            raise SpaceError(f"a replay on {_listed(self.takes())} got {_listed(args)}")
        ends = self.body.ends
        return (*ends[: self.carries], *[with_rows(s, self.rows) for s in ends[self.carries :]])

    def run(self, apply: Apply[P], args: Sequence[Value]) -> tuple[Value, ...]:
        """One state after the other, from the last."""
        count = self.length
        if count is None:
            count, args = int(args[0]), args[1:]
        first, start = self.captured, self.captured + self.states
        captured, states = args[:first], args[first:start]
        held: Sequence[Value] = ()
        if self.every is not None:
            held, args = (
                args[start : start + self.states],
                [*args[:start], *args[start + self.states :]],
            )
        carry, stacks = args[start : start + self.carries], args[start + self.carries :]

        def place(i: int) -> int:
            return count - 1 - i if self.reverse else i

        def advance(i: int, state: Sequence[Value]) -> Sequence[Value]:
            return apply(self.advance, [*captured, *state, *[row(s, place(i)) for s in stacks]])

        left: list[Sequence[Value]] = [()] * count
        met = (
            backwards(advance, states, count, self.snapshots)
            if self.every is None
            else by_strips(advance, lambda j: [row(s, j) for s in held], count, self.every)
        )
        for i, state in met:
            rows = [row(s, place(i)) for s in stacks]
            made = apply(self.body, [*captured, *state, *carry, *rows])
            carry, left[place(i)] = made[: self.carries], made[self.carries :]
        ends = self.body.ends[self.carries :]
        return (*carry, *[piled([r[k] for r in left], end) for k, end in enumerate(ends)])


@dataclass(frozen=True, slots=True)
class Call(Word[P]):
    """body(args): a step of its own, whose parts are shared with nothing outside.

    policy   which residuals its derivative keeps, by name and numbers; None: all of them
    """

    body: P
    policy: tuple[Any, ...] | None = None
    name: ClassVar[str] = "call"

    @property
    def programs(self) -> tuple[P, ...]:
        return (self.body,)

    @property
    def static(self) -> tuple[Any, ...]:
        return (self.policy,)

    @classmethod
    def made(cls, static: tuple[Any, ...], programs: tuple[P, ...]) -> Self:
        return cls(programs[0], *static)

    def space(self, *args: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        return _called(self.name, self.body, args)

    def run(self, apply: Apply[P], args: Sequence[Value]) -> tuple[Value, ...]:
        """The body."""
        return tuple(apply(self.body, args))


@dataclass(frozen=True, slots=True)
class Solve(Word[P]):
    """y with body(around, y) = b: the body is linear in its last arguments, and square.

    tolerance  how much smaller than b the residual is
    rounds     how often the body is run at most; y is nan where that does not suffice
    """

    body: P
    around: Natural
    tolerance: float
    rounds: Natural
    name: ClassVar[str] = "solve"

    def __post_init__(self) -> None:
        if self.body.inputs[self.around :] != self.body.ends:
            raise SpaceError(f"a linear system is not square: {_signature(self.body)}")

    @property
    def programs(self) -> tuple[P, ...]:
        return (self.body,)

    @property
    def static(self) -> tuple[Any, ...]:
        return self.around, self.tolerance, self.rounds

    @classmethod
    def made(cls, static: tuple[Any, ...], programs: tuple[P, ...]) -> Self:
        return cls(programs[0], *static)

    def space(self, *args: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        return _called(self.name, self.body, args)

    def run(self, apply: Apply[P], args: Sequence[Value]) -> tuple[Value, ...]:
        """By GMRES."""
        around, sides = args[: self.around], args[self.around :]
        return solved(
            lambda *v: apply(self.body, [*around, *v]), sides, self.tolerance, self.rounds
        )


class Rule(Generic[P]):
    """A derivative that is said. It is completed once: its programs may hold the function itself.

    forward  (around, x) -> (y, residuals), y as the body has it
    map      (residuals, dx) -> dy, linear in dx: for each real x a dx, for each real y a dy;
             if it is the adjoint, (residuals, dy) -> dx
    """

    __slots__ = ("adjoint", "name", "programs")

    def __init__(self, name: str, adjoint: bool) -> None:
        self.name = name
        self.adjoint = adjoint
        self.programs: tuple[P, P] | None = None

    @property
    def forward(self) -> P:
        """The program of values and residuals."""
        return self._said()[0]

    @property
    def map(self) -> P:
        """The program of the linear map."""
        return self._said()[1]

    def _said(self) -> tuple[P, P]:
        """The programs. Raises DerivativeError within the rule: they are what it is to say."""
        if self.programs is None:
            raise DerivativeError(
                f"the rule of {self.name} asks for the derivative of {self.name}, or for a batch "
                "of it, which it is to say",
                remedy="Say the derivative by values of the function, or by another function.",
            )
        return self.programs

    def complete(self, body: P, around: int, forward: P, map: P) -> None:
        """Raises SpaceError if the programs do not fit the body."""
        count = len(body.ends)
        residuals = forward.ends[count:]
        moved = [s for s in body.inputs[around:] if isinstance(s, Real)]
        made = [s for s in body.ends if isinstance(s, Real)]
        given, found = (made, moved) if self.adjoint else (moved, made)
        same = (forward.inputs, forward.ends[:count]) == (body.inputs, body.ends)
        if not same or map.inputs != (*residuals, *given) or map.ends != tuple(found):
            raise SpaceError(
                f"the rule of {self.name} does not fit: {_signature(body)}, forward "
                f"{_signature(forward)}, map {_signature(map)}"
            )
        self.programs = forward, map

    def __reduce__(self) -> NoReturn:
        raise TraceError(
            f"the derivative of {self.name} is said by Python functions, and is not pickled",
            remedy="Pickle what was derived or compiled from it.",
        )

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Custom(Word[P]):
    """body(around, x), with a derivative that is said.

    around   how many arguments are read from around: nothing is said of how they vary
    """

    body: P
    rule: Rule[P]
    around: Natural = 0
    name: ClassVar[str] = "custom"

    @property
    def programs(self) -> tuple[P, ...]:
        return (self.body,)

    @property
    def static(self) -> tuple[Any, ...]:
        return self.rule, self.around

    @classmethod
    def made(cls, static: tuple[Any, ...], programs: tuple[P, ...]) -> Self:
        return cls(programs[0], *static)

    def space(self, *args: Space) -> tuple[Ground, ...]:
        """The spaces of the results; raises SpaceError if the arguments do not fit."""
        return _called(self.name, self.body, args)

    def untold(self, where: Where | None) -> DerivativeError:
        """The error where what is read from around varies."""
        return DerivativeError(
            "a custom derivative says nothing of a value that its function reads from around, or "
            "takes as one of nondiff_argnums, and that varies here",
            where=where,
            remedy="Pass it as another argument, or stop its gradient with cats.stop_gradient.",
        )

    def run(self, apply: Apply[P], args: Sequence[Value]) -> tuple[Value, ...]:
        """The body."""
        return tuple(apply(self.body, args))


def _fit(args: Sequence[Space], takes: Sequence[Ground]) -> bool:
    """Whether arguments are in these spaces; a stack of any length may have a known one."""
    if tuple(args) == tuple(takes):
        return True
    return len(args) == len(takes) and all(map(_fits, args, takes))


def _fits(arg: Space, take: Ground) -> bool:
    if arg == take or not isinstance(arg, Ground) or ANY not in take.shape:
        return arg == take
    pairs = zip(arg.shape, take.shape, strict=False)
    same = (type(arg), arg.dtype, len(arg.shape)) == (type(take), take.dtype, len(take.shape))
    return same and all(n in (m, ANY) or m == ANY for n, m in pairs)


def _called(name: str, body: Body, args: Sequence[Space]) -> tuple[Ground, ...]:
    if not _fit(args, body.inputs):
        raise SpaceError(f"a {name} on {_listed(body.inputs)} got {_listed(args)}")
    return body.ends


def _carried(body: Body, captured: int, carries: int, word: str) -> None:
    """Raises SpaceError where a carry changes its space."""
    before, after = body.inputs[captured : captured + carries], body.ends[:carries]
    if before != after:
        raise SpaceError(
            f"the carries of a {word} must stay in their spaces: "
            f"{_listed(before)} became {_listed(after)}"
        )


def _signature(program: Body) -> str:
    return f"{_listed(program.inputs)} -> {_listed(program.ends)}"


def _listed(spaces: Sequence[Space]) -> str:
    return f"({', '.join(map(str, spaces))})"
