"""The derivative of a loop is a loop that saves, and a linear loop that reads what was saved.

Saved is what the linear loop reads and nobody has yet: not captured values, not the rows the loop
reads or leaves anyway; and what no round changes is computed once, outside.
(Radul et al. 2023, section 5; theory of `scan` in JAX: partial evaluation by a fixed point.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cats.derivative import Derivative
from cats.ir.control import Loop, While
from cats.ir.linear import Ref
from cats.ir.linear_control import LinLoop, States
from cats.ir.linear_program import ZERO, LinearProgram, renamed, selected
from cats.ir.program import Program
from cats.ir.spaces import is_open
from cats.ir.wire import Builder, Wire
from cats.outside import computed_outside, computed_where_it_runs, same_in_every_round
from cats.policies import Binomial, Every
from cats.stripmine import in_strips


@dataclass(frozen=True, slots=True)
class Repetition:
    """What loops of both kinds have in common: a body, and what it takes in this order."""

    word: Loop[Program] | While[Program]
    body: Program
    captured: int
    carries: int
    ahead: int
    before: int

    @property
    def start(self) -> int:
        """Where rows begin among what the body takes."""
        return self.captured + self.carries


def repetition(word: Loop[Program] | While[Program]) -> Repetition:
    """A loop; `ahead` is how many arguments, `before` how many results are counts."""
    match word:
        case Loop(body, captured, carries, length):
            return Repetition(word, body, captured, carries, int(length is None), 0)
        case While(_, body, captured):
            return Repetition(word, body, captured, word.carries, 0, 1)


class Saving:
    """The derivative of a body within a loop on these wires of the builder."""

    def __init__(
        self,
        loop: Repetition,
        d: Derivative,
        args: Sequence[Wire],
        builder: Builder,
        policy: Every | Binomial | None = None,
    ) -> None:
        self.loop = loop
        self.d = d
        self.args = args
        self.builder = builder
        self.policy = policy
        self.own = d.primal.outputs[: d.count]
        self.rows: tuple[int, ...] = self.own[loop.carries :]
        read = [d.primal.outputs[d.count + r.position] for r in d.linear.references()]
        self.read = list(dict.fromkeys(read))
        same = same_in_every_round(d.primal, loop.captured)
        self.alike = [p for p in self.read if same[p]]
        self.saved = [p for p in self.read if not same[p] and not self._has_rows(p)]

    def _has_rows(self, position: int) -> bool:
        """Whether there is a stack of these values already."""
        return self.loop.start <= position < len(self.loop.body.inputs) or position in self.rows

    def _outside(self) -> dict[int, Wire]:
        """The values read that are the same in every round, computed outside."""
        ahead, length = self.loop.ahead, self._length()
        captured = self.args[ahead : ahead + self.loop.captured]
        given = self.d.primal, self.alike, captured, self.builder
        if isinstance(length, int):
            return computed_outside(*given)
        return computed_where_it_runs(*given, length)

    def emit(self) -> list[Wire]:
        """The loop that saves: its results without the stacks saved, which are remembered."""
        inner = Builder(self.d.primal.inputs)
        at = inner.replay(self.d.primal, inner.wires)
        shown = [at[p] for p in (*self.own, *self.saved)]
        body = inner.finish(shown, self.d.primal.names)
        made = self.builder.emit(replace(self.loop.word, body=body), tuple(self.args))
        count = self.loop.before + len(self.own)
        self.results: list[Wire] = list(made[:count])
        self.stacks: dict[int, Wire] = dict(zip(self.saved, made[count:], strict=True))
        return self.results

    def linear(
        self, tangents: Sequence[int], saved: Callable[[Wire], Ref]
    ) -> tuple[LinLoop[LinearProgram], list[int]]:
        """The linear loop, and the numbers of the body's results that its own are the tangents of.

        tangents   of the arguments of the body, where the loop starts
        saved      the residual that a wire becomes
        """
        loop, outputs, alike = self.loop, self.d.linear.outputs, self._outside()
        active = self.d.active
        varies = [k for k in range(loop.carries) if loop.captured + k in active]
        kept = varies + [k for k in range(loop.carries, len(outputs)) if outputs[k] != ZERO]
        fixed = [p for p in self.read if p in alike]
        varying = [p for p in self.read if p not in alike]
        number = {p: i for i, p in enumerate((*fixed, *varying))}
        place = {
            i: number[p] for i, p in enumerate(self.d.primal.outputs[self.d.count :]) if p in number
        }
        body = renamed(self.d.linear, lambda r: Ref(place[r.position], r.space))
        length = self._length()
        twin = LinLoop(
            selected(body, kept),
            tuple([tangents[i] for i in active]),
            sum(i < loop.captured for i in active),
            len(varies),
            length if isinstance(length, int) else saved(length),
            isinstance(loop.word, Loop) and loop.word.reverse,
            tuple([saved(alike[p]) for p in fixed]),
            like=self._like(saved),
        )
        return self.with_rows(twin, varying, saved), kept

    def _like(self, saved: Callable[[Wire], Ref]) -> tuple[Ref, ...]:
        """The captured values and first carries whose length nobody knows before."""
        loop = self.loop
        around = [i for i in self.d.active if i < loop.start and is_open(loop.body.inputs[i])]
        return tuple([saved(self.args[loop.ahead + i]) for i in around])

    def with_rows(
        self, twin: LinLoop[LinearProgram], varying: Sequence[int], saved: Callable[[Wire], Ref]
    ) -> LinLoop[LinearProgram]:
        """The linear loop with the residuals that vary from round to round."""
        return replace(twin, stacked=tuple([saved(self._stack(p)) for p in varying]))

    def _length(self) -> int | Wire:
        match self.loop.word:
            case Loop(length=None):
                return self.args[0]
            case Loop(length=int(length)):
                return length
            case _:
                return self.results[0]

    def _stack(self, position: int) -> Wire:
        """The stack that has a row of these values for each round."""
        if position in self.stacks:
            return self.stacks[position]
        if self.loop.start <= position < len(self.loop.body.inputs):
            return self.args[self.loop.ahead + position]
        place: int = self.rows.index(position)
        return self.results[self.loop.before + self.loop.carries + place]


class Replaying(Saving):
    """As `Saving`, but that no rows are saved: the loop is run again, in parts, from its end."""

    def emit(self) -> list[Wire]:
        """The loop as it is, or in strips that leave some of its states."""
        every = self.policy.k if isinstance(self.policy, Every) else None
        strips = None if every is None else in_strips(self.loop.word, every)
        if strips is None:
            self.results = list(self.builder.emit(self.loop.word, tuple(self.args)))
            self.held: list[Wire] = []
        else:
            made = list(self.builder.run(strips, self.args))
            count = len(made) - self.loop.carries
            self.results, self.held = made[:count], made[count:]
        return self.results

    def with_rows(
        self, twin: LinLoop[LinearProgram], varying: Sequence[int], saved: Callable[[Wire], Ref]
    ) -> LinLoop[LinearProgram]:
        """The linear loop with the residuals of a round computed again from its state."""
        if not varying or self.policy is None:
            return twin
        loop, primal = self.loop, self.d.primal
        given = self.args[loop.ahead :]
        parts = given[: loop.captured], given[loop.captured : loop.start], given[loop.start :]
        captured, first, stacks, held = [
            tuple([saved(w) for w in part]) for part in (*parts, self.held)
        ]
        states = States(
            replace(loop.body, outputs=loop.body.outputs[: loop.carries]).pruned(),
            replace(primal, outputs=tuple(varying)).pruned(),
            captured,
            first,
            stacks,
            twin.reverse,
            self.policy.snapshots if isinstance(self.policy, Binomial) else 1,
            held,
            self.policy.k if isinstance(self.policy, Every) and held else None,
        )
        return replace(twin, states=states)
