"""Linear control words: the linear parts of choices and loops, steps of a linear program.

Their programs read residuals of their own, by place; the word says where those come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Generic, Protocol, Self, TypeVar

from cats.ir.errors import Where
from cats.ir.linear import Ref
from cats.ir.spaces import ANY, INT, Space, is_open, row_of, with_rows


class LinearBody(Protocol):
    """What a linear word asks of a linear program it holds."""

    @property
    def inputs(self) -> tuple[Space, ...]: ...

    @property
    def ends(self) -> tuple[Space, ...]: ...


L = TypeVar("L", bound=LinearBody)

To = Callable[[Ref], Ref]


class LinWord(Generic[L]):
    """What all linear control words have in common."""

    __slots__ = ()
    args: tuple[int, ...]
    where: Where | None

    @property
    def bodies(self) -> tuple[L, ...]:
        """The linear programs it holds."""
        raise NotImplementedError

    def with_bodies(self, bodies: Sequence[L]) -> Self:
        """The same of other linear programs."""
        raise NotImplementedError

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The residuals it reads, with repetition."""
        raise NotImplementedError

    def with_refs(self, to: To) -> Self:
        """The same reading other residuals."""
        raise NotImplementedError

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The spaces it appends."""
        raise NotImplementedError

    @property
    def inner(self) -> tuple[Ref, ...]:
        """The residuals as its linear programs see them."""
        raise NotImplementedError

    def at(self, to: Callable[[int], int]) -> Self:
        """The same reading other positions."""
        args = tuple([a if a < 0 else to(a) for a in self.args])
        return replace(self, args=args)  # type: ignore[type-var]

    def hollow(self) -> tuple[object, ...]:
        """What it is but for its linear programs, and how many they are."""
        raise NotImplementedError

    @classmethod
    def whole(cls, static: tuple[Any, ...], bodies: tuple[L, ...]) -> Self:
        """The word again."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Aside:
    """Where a word comes from, which does not tell it apart."""

    where: Where | None = field(compare=False)


def hollow(word: LinWord[Any]) -> tuple[object, ...]:
    """A word without its linear programs: hashable, and enough to fill again."""
    return (type(word), len(word.bodies), word.hollow())


def refilled(emptied: Any, bodies: Iterator[Any]) -> Any:
    """The word again, taking the linear programs it needs."""
    kind, count, static = emptied
    plain = tuple([s.where if isinstance(s, Aside) else s for s in static])
    return kind.whole(plain, tuple(islice(bodies, count)))


@dataclass(frozen=True, slots=True)
class LinCase(LinWord[L]):
    """The linear twin of a case: the tag chosen by the primal selects one linear program.

    Residuals of the branches are positions of this step's own `residuals`.

    One tag may say as well what is chosen within the branches, so that choices nested n deep need
    one residual, not n. Then `widths` says how many of its values each branch has: the first w0
    are of branch 0, the next w1 of branch 1. Which of its own it is, the branch is told by one
    more residual, the last: that is the tag of a choice in it.
    """

    tag: Ref
    residuals: tuple[Ref, ...]
    branches: tuple[L, ...]
    args: tuple[int, ...]
    where: Where | None = field(default=None, compare=False)
    widths: tuple[int, ...] = ()

    @property
    def bodies(self) -> tuple[L, ...]:
        return self.branches

    def with_bodies(self, bodies: Sequence[L]) -> Self:
        return replace(self, branches=tuple(bodies))

    @property
    def refs(self) -> tuple[Ref, ...]:
        return (self.tag, *self.residuals)

    def with_refs(self, to: To) -> Self:
        return replace(self, tag=to(self.tag), residuals=tuple(map(to, self.residuals)))

    @property
    def spaces(self) -> tuple[Space, ...]:
        return self.branches[0].ends

    @property
    def inner(self) -> tuple[Ref, ...]:
        refs = [Ref(i, ref.space) for i, ref in enumerate(self.residuals)]
        return (*refs, Ref(len(refs), INT)) if self.widths else tuple(refs)

    def hollow(self) -> tuple[object, ...]:
        return (self.tag, self.residuals, self.args, Aside(self.where), self.widths)

    @classmethod
    def whole(cls, static: tuple[Any, ...], bodies: tuple[L, ...]) -> Self:
        tag, residuals, *rest = static
        return cls(tag, residuals, bodies, *rest)

    @property
    def width(self) -> int:
        """How many values the tag has."""
        return sum(self.widths) or len(self.branches)

    def taken(self, tag: int) -> tuple[int, int]:
        """The branch that a value of the tag chooses, and which of its own values it is."""
        if not self.widths:
            return tag, 0
        branch = 0
        while branch < len(self.widths) - 1 and tag >= self.widths[branch]:
            tag -= self.widths[branch]
            branch += 1
        return branch, tag


class Preparing(Protocol):
    """What a linear word asks of a program that gives it residuals."""

    @property
    def ends(self) -> tuple[Space, ...]: ...


@dataclass(frozen=True, slots=True)
class States:
    """Residuals of the rounds of a loop, computed again from the states it went through.

    advance    (captured, state, row) -> the next state
    prepare    (captured, state, row) -> the residuals of the round
    captured   the residuals that are its captured values; `first` and `stacks` likewise
    reverse    whether the loop goes from the last row to the first
    snapshots  how many states may be held at a time
    held       stacks of the states before every so many rounds, if there are such
    """

    advance: Preparing
    prepare: Preparing
    captured: tuple[Ref, ...]
    first: tuple[Ref, ...]
    stacks: tuple[Ref, ...]
    reverse: bool
    snapshots: int
    held: tuple[Ref, ...] = ()
    every: int | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The residuals it reads."""
        return (*self.captured, *self.first, *self.stacks, *self.held)

    def with_refs(self, to: To) -> States:
        """The same reading other residuals."""
        own = (self.captured, self.first, self.stacks, self.held)
        parts = [tuple(map(to, refs)) for refs in own]
        return replace(self, captured=parts[0], first=parts[1], stacks=parts[2], held=parts[3])


@dataclass(frozen=True, slots=True)
class LinLoop(LinWord[L]):
    """The linear twin of a loop: carry, y = body(captured, carry, x) for each row x in order.

    Arguments are captured tangents, first carries (a negative position: zero) and stacks; results
    the last carries and stacks. The body reads the `fixed` residuals in every round alike, then a
    row of each `stacked` one, then what is computed again from `states`.

    length   how often it runs, or the residual that says so
    reverse  from the last row to the first
    like     for each captured value and carry of unknown length, in order: a residual as long
    """

    body: L
    args: tuple[int, ...]
    captured: int
    carries: int
    length: int | Ref
    reverse: bool
    fixed: tuple[Ref, ...] = ()
    stacked: tuple[Ref, ...] = ()
    where: Where | None = field(default=None, compare=False)
    states: States | None = None
    like: tuple[Ref, ...] = ()

    @property
    def bodies(self) -> tuple[L, ...]:
        return (self.body,)

    def with_bodies(self, bodies: Sequence[L]) -> Self:
        return replace(self, body=bodies[0])

    @property
    def refs(self) -> tuple[Ref, ...]:
        count = (self.length,) if isinstance(self.length, Ref) else ()
        again = () if self.states is None else self.states.refs
        return (*count, *self.fixed, *self.stacked, *again, *self.like)

    def with_refs(self, to: To) -> Self:
        length = to(self.length) if isinstance(self.length, Ref) else self.length
        fixed, stacked = tuple(map(to, self.fixed)), tuple(map(to, self.stacked))
        states = None if self.states is None else self.states.with_refs(to)
        like = tuple(map(to, self.like))
        return replace(self, length=length, fixed=fixed, stacked=stacked, states=states, like=like)

    @property
    def likes(self) -> dict[int, Ref]:
        """What is as long as an argument of unknown length, by its number."""
        around = self.body.inputs[: self.captured + self.carries]
        return dict(zip([i for i, s in enumerate(around) if is_open(s)], self.like, strict=True))

    def like_at(self, order: Sequence[int]) -> tuple[Ref, ...]:
        """The field `like` of a loop whose captured values and carries are these of its own."""
        likes = self.likes
        return tuple([likes[i] for i in order if i in likes])

    @property
    def rows(self) -> int:
        """The length of stacks in their space."""
        return ANY if isinstance(self.length, Ref) else self.length

    @property
    def takes(self) -> tuple[Space, ...]:
        """The spaces of the arguments."""
        start = self.captured + self.carries
        stacks = [with_rows(s, self.rows) for s in self.body.inputs[start:]]
        return (*self.body.inputs[:start], *stacks)

    @property
    def spaces(self) -> tuple[Space, ...]:
        ends = self.body.ends
        return (*ends[: self.carries], *[with_rows(s, self.rows) for s in ends[self.carries :]])

    @property
    def inner(self) -> tuple[Ref, ...]:
        spaces = [*[r.space for r in self.fixed], *[row_of(r.space) for r in self.stacked]]
        spaces += [] if self.states is None else self.states.prepare.ends
        return tuple([Ref(i, space) for i, space in enumerate(spaces)])

    def hollow(self) -> tuple[object, ...]:
        ends = self.captured, self.carries, self.length, self.reverse
        return (
            self.args,
            *ends,
            self.fixed,
            self.stacked,
            Aside(self.where),
            self.states,
            self.like,
        )

    @classmethod
    def whole(cls, static: tuple[Any, ...], bodies: tuple[L, ...]) -> Self:
        return cls(bodies[0], *static)


@dataclass(frozen=True, slots=True)
class LinCall(LinWord[L]):
    """A linear program whose residuals are computed again, from others, when it is run.

    prepare  (residuals) -> what the body reads
    policy   of the call that it is the linear part of
    """

    body: L
    prepare: Preparing
    residuals: tuple[Ref, ...]
    args: tuple[int, ...]
    policy: tuple[Any, ...] | None = None
    where: Where | None = field(default=None, compare=False)

    @property
    def bodies(self) -> tuple[L, ...]:
        return (self.body,)

    def with_bodies(self, bodies: Sequence[L]) -> Self:
        return replace(self, body=bodies[0])

    @property
    def refs(self) -> tuple[Ref, ...]:
        return self.residuals

    def with_refs(self, to: To) -> Self:
        return replace(self, residuals=tuple(map(to, self.residuals)))

    @property
    def spaces(self) -> tuple[Space, ...]:
        return self.body.ends

    @property
    def inner(self) -> tuple[Ref, ...]:
        return tuple([Ref(i, space) for i, space in enumerate(self.prepare.ends)])

    def hollow(self) -> tuple[object, ...]:
        return (self.prepare, self.residuals, self.args, self.policy, Aside(self.where))

    @classmethod
    def whole(cls, static: tuple[Any, ...], bodies: tuple[L, ...]) -> Self:
        return cls(bodies[0], *static)


@dataclass(frozen=True, slots=True)
class LinSolve(LinWord[L]):
    """y with body(y) = the arguments; a negative position is zero. The linear part of a solve."""

    body: L
    residuals: tuple[Ref, ...]
    args: tuple[int, ...]
    tolerance: float
    rounds: int
    where: Where | None = field(default=None, compare=False)

    @property
    def bodies(self) -> tuple[L, ...]:
        return (self.body,)

    def with_bodies(self, bodies: Sequence[L]) -> Self:
        return replace(self, body=bodies[0])

    @property
    def refs(self) -> tuple[Ref, ...]:
        return self.residuals

    def with_refs(self, to: To) -> Self:
        return replace(self, residuals=tuple(map(to, self.residuals)))

    @property
    def spaces(self) -> tuple[Space, ...]:
        return self.body.ends

    @property
    def inner(self) -> tuple[Ref, ...]:
        return tuple([Ref(i, ref.space) for i, ref in enumerate(self.residuals)])

    def hollow(self) -> tuple[object, ...]:
        return (self.residuals, self.args, self.tolerance, self.rounds, Aside(self.where))

    @classmethod
    def whole(cls, static: tuple[Any, ...], bodies: tuple[L, ...]) -> Self:
        return cls(bodies[0], *static)
