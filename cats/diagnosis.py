"""diagnose: the first operation that makes a value, a tangent or a cotangent no finite number."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.derive import derive
from cats.forward import Nothing, run, signed_sum
from cats.functor import At, alone, by_position, resolve
from cats.ir.errors import Where
from cats.ir.inline import without_guards
from cats.ir.linear_program import ZERO, LinearProgram, LinearWord, SumStep, Term, args_of
from cats.ir.program import Program, Step
from cats.ir.spaces import Value
from cats.ir.transpose import transposed
from cats.ir.wire import Builder, Wire
from cats.watched import computed, entries, everything, examined, listed, route
from cats.zeros import Masked, applied, plain


@dataclass(frozen=True)
class Fault:
    """An operation that makes inf or nan of what is finite, or nan of what is not nan.

    operation  its name; empty where an argument of the function is not finite itself
    where      the user's line, if it is known
    made       what it makes: "-inf", "nan at [2]"
    given      what flowed in: "value 0.0", "tangent 1.0"
    """

    operation: str
    where: Where | None
    made: str
    given: tuple[str, ...]

    def __str__(self) -> str:
        source = f" from {', '.join(self.given)}" if self.given else ""
        said = f"{self.operation or 'an argument'} {self.made}{source}"
        if self.where is None:
            return said
        code = f": {self.where.code}" if self.where.code else ""
        return f"{said}\n  at {self.where}{code}"


@dataclass(frozen=True)
class Diagnosis:
    """What first is not finite: in the value, in the tangents forwards, in the cotangents back.

    True if there is anything to report.
    """

    value: Fault | None
    tangent: Fault | None
    cotangent: Fault | None

    def __bool__(self) -> bool:
        return not (self.value is None and self.tangent is None and self.cotangent is None)

    def __str__(self) -> str:
        rows = {"value": self.value, "forward": self.tangent, "reverse": self.cotangent}
        return "\n".join(f"{name}: {fault or 'all finite'}" for name, fault in rows.items())


def diagnose(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Diagnosis:
    """Which operation of f first makes a value, a tangent, a cotangent that is inf or nan.

    Tangents start from 1 in every real argument, cotangents from 1 in every real result. Only
    operations are named that the derivative goes through. f may be transformed: diagnose(grad(f),
    x) looks at the gradient as a function. Raises SpaceError where an argument has no data, and
    DerivativeError where an operation has no derivative.

    >>> import numpy as np
    >>> found = diagnose(lambda x: np.sum(x * np.log(x)), np.array([1.0, 0.0]))
    >>> found.value.operation, found.value.made, found.value.given
    ('log', 'makes -inf at [1]', ('value 0.0',))
    """
    program, leaves = examined(f, args, kwargs, "diagnose")
    return _Examination(without_guards(program), leaves).diagnosis()


class _Examination:
    """The values of all positions, and all tangents and cotangents that are not zero by rule."""

    def __init__(self, program: Program, args: Sequence[Value]) -> None:
        self.program = program
        derivative = derive(everything(program))
        self.linear = derivative.linear
        builder = Builder(program.inputs)
        made = builder.run(derivative.primal, builder.wires)
        at = by_position(made[derivative.count :])
        ones = [builder.lift(1.0, s) for s in self.linear.inputs]  # type: ignore[arg-type]
        tangents = run(self.linear, at, ones)
        self.back = _Backwards(program, self.linear, at, builder)
        back = self.back.values
        rows = [list(made), tangents, list(map(plain, back)), list(map(_mask, back))]
        wires = [[v for v in row if isinstance(v, Wire)] for row in rows]
        found = iter(computed(builder.finish([w for row in wires for w in row]), args))
        filled = [[next(found) if isinstance(v, Wire) else None for v in row] for row in rows]
        self.values, self.tangents, self.cotangents, self.masks = filled
        self.at = by_position(self.values[derivative.count :])

    def diagnosis(self) -> Diagnosis:
        """The first fault in each direction."""
        return Diagnosis(self.value(), self.tangent(), self.cotangent())

    def value(self) -> Fault | None:
        """The first step whose value is worse than those of its arguments."""
        for first, step in self.program.numbered():
            inputs = [self.values[a] for a in step.args]
            for value in self.values[first : first + len(step.spaces)]:
                places = worse(value, inputs) if inputs else ()
                if places:
                    return _fault(step, value, places, [("value", v) for v in inputs])
        for value, name in zip(self.values, self.program.input_names, strict=False):
            places = worse(value, ())
            if places:
                return Fault("", None, f"{name} is {_shown(value, places)}", ())
        return None

    def tangent(self) -> Fault | None:
        """The first step whose tangent is worse than those it comes from."""
        way = route(self.program)
        for (first, step), sources in zip(self.program.numbered(), way.sources, strict=True):
            flowed = [self.tangents[a] for a in sources]
            for position in range(first, first + len(step.spaces)):
                made = self.tangents[position]
                places = worse(made, flowed) if way.live[position] else ()
                if places:
                    values = [("value", self.values[a]) for a in sources]
                    tangents = [("tangent", t) for t in flowed]
                    return _fault(step, made, places, [*values, *tangents])
        return None

    def cotangent(self) -> Fault | None:
        """The first step, from the end, that sends back what is worse than what it got."""
        steps = _Owners(self.program, self.linear)
        for position, uses in self.back.uses:
            if not worse(self.cotangents[self.back.place[position]], ()):
                continue
            for term in uses:
                got = [self.cotangents[i] for i in self.back.got.get(term.arg, ())]
                sent, fixed = self._sent(term)
                places = worse(sent, got) if got else ()
                if places:
                    flowed = [("value", v) for v in fixed] + [("cotangent", v) for v in got]
                    return _fault(steps.of(self.back.reader[term.arg]), sent, places, flowed)
        return None

    def _sent(self, term: Term) -> tuple[Value, Sequence[Value]]:
        """What a term sends back, and the residuals it reads."""
        ct, mask = self.cotangents[term.arg], self.masks[term.arg]
        if term.leaf is None:
            return ct, ()
        leaf = resolve(term.leaf, self.at)
        known = ct if mask is None else Masked(ct, mask, clean=True)
        with np.errstate(all="ignore"):
            return plain(applied(leaf, known)), leaf.fixed


class _Backwards:
    """The transposed linear program on wires, each cotangent kept with those who sent it.

    values  the seeds, the cotangents, and what linear cases give back
    place   for a position of the linear program its cotangent among the values
    uses    positions from the end, each with the terms its cotangent is the sum of
    reader  for a value the position whose step sends it, or uses it to send
    got     for a value what that step got: values; nothing for a seed
    """

    def __init__(self, program: Program, linear: LinearProgram, at: At, builder: Builder) -> None:
        self.linear, self.at = linear, at
        self.values: list[Value] = []
        self.place: dict[int, int] = {}
        self.uses: list[tuple[int, list[Term]]] = []
        self.reader: dict[int, int] = {}
        self.got: dict[int, tuple[int, ...]] = {}
        self.pending: list[list[Term]] = [[] for _ in linear.spaces]
        for output in program.outputs:
            position = linear.outputs[output]
            if position != ZERO:
                one = builder.lift(1.0, linear.spaces[position])  # type: ignore[arg-type]
                self.pending[position].append(Term(1, None, self._keep(one)))
        for position, step in reversed(list(linear.numbered())):
            match step:
                case SumStep(terms):
                    self._sum(position, terms)
                case word:
                    self._word(position, word)
        for position in reversed(range(len(linear.inputs))):
            self._collect(position)

    def _keep(self, value: Value) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def _collect(self, position: int) -> int | None:
        """The cotangent of a position, if anything was sent to it."""
        uses = self.pending[position]
        if not uses:
            return None
        ct = signed_sum(uses, self.values, self.linear.spaces[position], self.at)
        self.uses.append((position, uses))
        self.place[position] = number = self._keep(ct)
        self.reader[number], self.got[number] = position, (number,)
        return number

    def _sum(self, position: int, terms: Sequence[Term]) -> None:
        ct = self._collect(position)
        if ct is not None:
            for term in terms:
                leaf = None if term.leaf is None else term.leaf.op.adjoint(term.leaf)
                self.pending[term.arg].append(Term(term.sign, leaf, ct))

    def _word(self, position: int, step: LinearWord) -> None:
        found = [self._collect(position + k) for k in range(len(step.spaces))]
        got = tuple([n for n in found if n is not None])
        if got:
            cts = [
                Nothing(space) if n is None else self.values[n]
                for n, space in zip(found, step.spaces, strict=True)
            ]
            back = run(transposed(alone(step, self.linear.spaces)), self.at, cts)
            for a, value in zip(args_of(step), back, strict=True):
                if not isinstance(value, Nothing):
                    number = self._keep(value)
                    self.reader[number], self.got[number] = position, got
                    self.pending[a].append(Term(1, None, number))


class _Owners:
    """Which step of the program a step of its linear program is part of."""

    def __init__(self, program: Program, linear: LinearProgram) -> None:
        last, self.ends, self.steps = len(linear.inputs) - 1, [], []
        for first, step in program.numbered():
            made = max(linear.outputs[first : first + len(step.spaces)])
            if made > last:
                last = made
                self.ends.append(made)
                self.steps.append(step)

    def of(self, position: int) -> Step:
        """The step that made this position of the linear program on its way to a tangent."""
        return self.steps[bisect_left(self.ends, position)]


def _mask(v: Value) -> Value | None:
    """Where a value may be other than zero, if that is known of it."""
    return v.mask if isinstance(v, Masked) else None


Places = tuple[tuple[int, ...], ...]


def badness(value: Value | None) -> Any:
    """Entry by entry 0 of finite numbers, and of none, 1 of infinite ones, 2 of nan.

    >>> badness(np.array([1.0, np.inf, np.nan])), badness(None)
    (array([0, 1, 2]), array(0))
    """
    array = np.asarray(0.0 if value is None else value)
    if array.dtype.kind != "f":
        return np.zeros(array.shape, int)
    return np.asarray(np.where(np.isnan(array), 2, np.where(np.isinf(array), 1, 0)))


def worse(made: Value | None, flowed: Sequence[Value | None]) -> Places:
    """Where an entry is worse than what flowed in: than that entry, or any where shapes differ.

    >>> worse(np.array([np.inf, np.inf]), [np.array([0.0, np.inf])])
    ((0,),)
    """
    found = badness(made)
    for value in flowed:
        before = badness(value)
        found = np.where(
            found > (before if before.shape == found.shape else _most(before)), found, 0
        )
    return entries(found == found.max()) if found.any() else ()


def _most(badnesses: Any) -> int:
    return int(badnesses.max()) if badnesses.size else 0


def _fault(
    step: Step, made: Value, places: Places, flowed: Iterable[tuple[str, Value | None]]
) -> Fault:
    """The fault, with what flowed into the first place."""
    shape = np.shape(made)
    said = [f"{kind} {_part(v, shape, places[0])}" for kind, v in flowed if v is not None]
    return Fault(step.op.name, step.where, f"makes {_shown(made, places)}", _once(said))


def _once(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said))


def _shown(value: Value, places: Places) -> str:
    """The entry at the first of the places, and the places."""
    array = np.asarray(value)
    return f"{array[places[0]].item()}" + (f" at {listed(places)}" if array.ndim else "")


def _part(value: Value, shape: tuple[int, ...], place: tuple[int, ...]) -> str:
    """The entry that belongs to a place of the result, or the range of the entries."""
    array = np.asarray(value)
    if array.shape == shape:
        return str(array[place].item())
    if array.size < 2:
        return str(array.item()) if array.size else "of no entries"
    return f"between {array.min()} and {array.max()}"
