"""What D gives: a value, and a linear map as data; and how those of branches become one.

The derivative of a choice is the choice of the derivatives. The primal case hands out what its
branches save, in slots they share, since one of them runs; and where choices are nested, one tag
that says what was chosen at every depth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cats.ir.linear import Ref
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import LinearProgram, renamed
from cats.ir.prims.algebra import add
from cats.ir.prims.layout import convert
from cats.ir.program import Program
from cats.ir.spaces import INT, Ground
from cats.ir.wire import Builder, Wire


@dataclass(frozen=True, slots=True)
class Derivative:
    """D f: `primal` gives the outputs of f and then the residuals; `linear` reads those by Ref.

    A Ref of `linear` says a place in the list of residuals, not a position of `primal`.

    `linear` has an input for each active input of f, and an output for each output of f.
    """

    primal: Program
    linear: LinearProgram
    active: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many of the primal's outputs are f's own."""
        return len(self.linear.outputs)

    @property
    def residuals(self) -> int:
        """How many residuals there are."""
        return len(self.primal.outputs) - self.count

    def __str__(self) -> str:
        where = f"derivative in {list(self.active)}, residuals from output {self.count} on:"
        return f"{self.primal}\n{where}\n{self.linear}"


class Joint:
    """The derivatives of the branches of one choice, told in one case and one linear case.

    A branch fills its own slots and zeros in those of the others. What it reads of its captured
    inputs is read there, not handed out again. If a choice in it saved its tag, that is part of
    the one tag of the whole, where each branch has as many values as it has choices inside.
    """

    def __init__(self, derived: Sequence[Derivative], captured: int) -> None:
        self.derived = derived
        self.captured = captured
        self.inner = [_inner(d, captured) for d in derived]
        nested = any(step is not None for step in self.inner)
        self.widths = tuple([s.width if s else 1 for s in self.inner]) if nested else ()
        self.maps = [_told(d, s) for d, s in zip(derived, self.inner, strict=True)]
        self.slots: list[Ground] = []
        self.places = [self._places(d, f) for d, f in zip(derived, self.maps, strict=True)]
        self.read = sorted({p for places in self.places for p in places.values()})

    def _places(self, d: Derivative, linear: LinearProgram) -> dict[int, int]:
        """For each residual: the captured input itself, or a slot this branch has not taken."""
        free: dict[Ground, list[int]] = {}
        for i, space in enumerate(self.slots):
            free.setdefault(space, []).insert(0, i)
        places: dict[int, int] = {}
        for ref in linear.references():
            if ref.position == d.residuals:
                continue
            position = d.primal.outputs[d.count + ref.position]
            if position < self.captured:
                places[ref.position] = position
                continue
            space = d.primal.spaces[position]
            if not free.get(space):
                free[space] = [len(self.slots)]
                self.slots.append(space)
            places[ref.position] = self.captured + free[space].pop()
        return places

    def programs(self) -> tuple[Program, ...]:
        """The branches, each giving its outputs, then the tag if it is wide, then every slot."""
        return tuple([self._program(i) for i in range(len(self.derived))])

    def _program(self, branch: int) -> Program:
        d = self.derived[branch]
        builder = Builder(d.primal.inputs)
        made = builder.run(d.primal, builder.wires[: len(d.primal.inputs)])
        own, saved = made[: d.count], made[d.count :]
        filled = {p - self.captured: saved[r] for r, p in self.places[branch].items()}
        slots = [
            filled[i] if i in filled else builder.zeros(space) for i, space in enumerate(self.slots)
        ]
        tag = [self._tag(branch, saved, builder)] if self.widths else []
        return builder.finish([*own, *tag, *slots], d.primal.names)

    def _tag(self, branch: int, saved: Sequence[Wire], builder: Builder) -> Wire:
        """Which value of the wide tag says what was chosen in this branch."""
        before, inner = sum(self.widths[:branch]), self.inner[branch]
        if inner is None:
            return builder.lift(before, INT)
        own = saved[inner.tag.position]
        number = own if own.space == INT else convert(own, dtype=INT.dtype)
        return builder.lift(add(number, before) if before else number)

    def linear(
        self,
        tag: Wire,
        captured: Sequence[Wire],
        handed: Sequence[Wire],
        saved: Callable[[Wire], Ref],
    ) -> LinCase[LinearProgram]:
        """The linear case, on the wires the primal case captured and handed out, now saved."""
        if self.widths:
            tag, *handed = handed
        lookup = [*captured, *handed]
        refs = tuple([saved(lookup[p]) for p in self.read])
        number = {place: i for i, place in enumerate(self.read)}
        branches = [
            renamed(linear, self._reading(places, d.residuals, number))
            for linear, places, d in zip(self.maps, self.places, self.derived, strict=True)
        ]
        return LinCase(saved(tag), refs, tuple(branches), (), None, self.widths)

    def _reading(
        self, places: dict[int, int], last: int, number: dict[int, int]
    ) -> Callable[[Ref], Ref]:
        """Residuals by their place among those read; the rest of the tag comes after them."""

        def to(ref: Ref) -> Ref:
            at = len(number) if ref.position == last else number[places[ref.position]]
            return Ref(at, ref.space)

        return to


def _inner(d: Derivative, captured: int) -> LinCase[LinearProgram] | None:
    """The widest choice in a branch whose tag the branch made itself."""
    own = [
        step
        for step in d.linear.steps
        if isinstance(step, LinCase) and d.primal.outputs[d.count + step.tag.position] >= captured
    ]
    return max(own, key=lambda step: step.width, default=None)


def _told(d: Derivative, inner: LinCase[LinearProgram] | None) -> LinearProgram:
    """The linear half, that choice told by the rest of the tag: a residual after all others."""
    if inner is None:
        return d.linear
    told = replace(inner, tag=Ref(d.residuals, INT))
    steps = tuple([told if step is inner else step for step in d.linear.steps])
    return LinearProgram(d.linear.inputs, steps, d.linear.outputs, d.linear.ends)
