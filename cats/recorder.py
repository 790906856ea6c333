"""The recorder: what is done with traced values, written down as the bindings of a lambda term.

A traced value is a name of the term, or, where no argument had a part in it, an array that is
already there. It also knows what it is at the arguments of this very call, worked out when
somebody asks: a decision of the user's code is taken on that, and a guard is written down, so
that the program holds wherever its guards pass.
"""

from __future__ import annotations

import numbers
import re
from typing import Any, NoReturn

import numpy as np

from cats.bindings import Bindings
from cats.capture import SMALL
from cats.ir.constant import Constant
from cats.ir.errors import Asked, CatsError, TraceError, Where
from cats.ir.lam import Const, Prim, Proj, Term, Var
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims.attempts import ATTEMPTS
from cats.ir.prims.guards import Outcome, guard, outcome_of
from cats.ir.prims.layout import broadcast, const, reshape
from cats.ir.spaces import Ground, Real, Shape, Value, ground, space_of
from cats.ir.wire import STAMPS
from cats.lenses import VIEWS, Lens
from cats.mistakes import Mistake
from cats.places import may_be_caught, users_place
from cats.plain import PLAIN, has_space, plain_numbers, refuse_strangers
from cats.speech import Speech
from cats.tracked import Own, Tracked, View, forgetting, order_of, order_of_line
from cats.world import World

_OWN = re.compile(r"[acv]\d+|b\d+_\d+")
"""Names that a trace gives: to bindings, to what is bound in phrases, to what is captured."""


class Recorder:
    """Writes down one traced function.

    speech    NumPy in terms of the vocabulary
    make      the class of the values it gives out
    optional  what it writes down may not be run: words are not run while it is traced
    """

    def __init__(self, speech: Speech, make: type[Tracked]) -> None:
        self.stamp = next(STAMPS)
        self.speech = speech
        self.make = make
        self.bindings = Bindings()
        self.concrete = self.bindings.concrete
        self.optional = False
        self.inputs: list[tuple[str, Ground]] = []
        self.before: dict[str, Tracked] = {}
        self.extra: list[Any] = []
        self.observed: list[tuple[Outcome, Where]] = []
        self.namespace: Any = np
        self.world = World()
        self._passed: dict[Term, Outcome] = {}
        self._captured: dict[Any, Tracked] = {}
        self.closed = False
        self.refusal: CatsError | None = None

    # Errors

    def refused(self, error: CatsError) -> CatsError:
        """The error, remembered: user code that swallows it does not get past the trace's end.

        What NumPy would raise too, and code asks by trying, may be swallowed.
        """
        asked = self.closed or isinstance(error, Asked | Mistake)
        if self.refusal is None and not asked:
            self.refusal = error.at(users_place())
        return error

    def refuse(self, what: str, why: str, remedy: str) -> NoReturn:
        """Raises TraceError, and remembers it."""
        raise self.refused(TraceError(f"{what}: {why}", where=users_place(), remedy=remedy))

    def alive(self, what: str, where: Where) -> None:
        """Raises TraceError when the trace is over."""
        if self.closed:
            raise TraceError(
                f"{what} has to do with a traced value after its trace had ended",
                where=where,
                remedy="Return values from the function instead of storing them outside.",
            )

    # Names

    def input(self, name: str, space: Ground, given: Any = None, frozen: str = "") -> Tracked:
        """A parameter of the term; `given` is what it is in this call, if that is known.

        It has the name that is asked for, unless that is one of the trace's own.
        """
        while name in self.concrete.given or _OWN.fullmatch(name):
            name += "_"
        return self._parameter(name, space, given, frozen)

    def _parameter(self, name: str, space: Ground, given: Any, frozen: str) -> Tracked:
        self.inputs.append((name, space))
        self.concrete.given[name] = given
        self.before[name] = self.make(self, Var(name), space)
        return self.make(self, Var(name), space, Own(frozen) if frozen else None)

    def bind(self, term: Term, space: Any) -> Tracked:
        """A name for the term's value."""
        try:
            name = self.bindings.add(term, space)
        except TraceError as error:
            raise self.refused(error) from None
        return self.make(self, Var(name), space)

    def held(self, value: Value, weak: bool) -> Tracked:
        """A value that is there as a binding, with which nothing is computed now."""
        params = (("value", Constant(value)),)
        made = self.bind(Prim(const, (), params, where=users_place()), space_of(value))
        made.weak = weak
        return made

    def named(self, name: str) -> Tracked:
        """The value of that name; what a parameter captured is the value of the outer trace."""
        if name in self.before:
            return self.before[name]
        return self.make(self, Var(name), self.bindings.spaces[self.concrete.place(name)])

    # Values

    def local(self, value: Any) -> Any:
        """What NumPy made without any argument's part: arrays become values one may write into."""
        if isinstance(value, np.ndarray):
            if type(value) not in PLAIN or not has_space(value.dtype):
                return value
            own = Own(order=order_of(value))
            made = self.make(self, value, ground(value.shape, value.dtype), own)
            made.boxed = True
            return made
        if type(value) in (list, tuple):
            return type(value)(map(self.local, value))
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self.local, value))
        return value

    def fresh(self, x: Tracked, plain: bool = False) -> Tracked:
        """A copy: the same entries, and from now on an array of its own; `plain` in C order."""
        known = x.known
        if known is not None:
            made: Tracked = self.local(known.copy("C" if plain else "K"))
            return made if plain else forgetting([x], made)
        return self.make(self, x.state, x.space, Own(order=tuple(range(x.ndim))) if plain else None)

    def lift(self, value: Value, like: Ground | None) -> Tracked:
        """A value as one of this trace: captured from another, read from outside, or a constant."""
        if isinstance(value, Tracked):
            known = value.known
            if known is not None or value.recorder is self:
                return value
            return self.capture(value)
        bare = isinstance(value, numbers.Real) and not isinstance(value, np.generic)
        if bare and like is not None:
            exact = value if isinstance(value, int | float) else float(value)
            scalar = np.asarray(exact, dtype=like.dtype)
            if not like.shape:
                return self.make(self, scalar, like)
            return self.bind(Prim(broadcast, (Const(Constant(scalar)),), _spread_out(like)), like)
        if isinstance(value, np.ndarray) and value.dtype == object:
            return self.stacked(value)
        refuse_strangers(value)
        array = plain_numbers(np.asarray(value))
        if array.nbytes > SMALL and isinstance(value, np.ndarray):
            return self.reading(value)
        return self.make(self, np.array(array), ground(array.shape, array.dtype))

    def stacked(self, value: np.ndarray[Any, Any]) -> Tracked:
        """An array of objects that holds traced values, as one value."""
        if newest_recorder([value]) is None:
            refuse_strangers(value)
            plain = plain_numbers(value)
            return self.make(self, plain, ground(plain.shape, plain.dtype))
        entries = [self.lift(entry, None) for entry in value.flat]
        whole = self.speech.names[np.stack](entries)
        return self.speech.names[np.reshape](whole, value.shape)  # type: ignore[no-any-return]

    def reading(self, array: np.ndarray[Any, Any]) -> Tracked:
        """An array from outside the function: a parameter that is read anew in every call."""
        key = ("array", id(array))
        if key not in self._captured:
            name = f"a{len(self.extra)}"
            self.extra.append(array)
            space = ground(array.shape, array.dtype)
            frozen = "an array from outside the function"
            self._captured[key] = self._parameter(name, space, array, frozen)
        return self._captured[key]

    def capture(self, value: Tracked) -> Tracked:
        """A value of an older trace: an extra parameter of this term."""
        value.recorder.alive("an operation", users_place())
        if value.recorder.stamp > self.stamp:
            raise TraceError(
                "a value of an inner traced function is used outside of it",
                where=users_place(),
                remedy="Return the value from the inner function.",
            )
        key = (value.recorder.stamp, value.term)
        if key not in self._captured:
            kept = value.recorder.make(value.recorder, value.state, value.space)
            name = f"c{len(self.extra)}"
            self.extra.append(kept)
            frozen = "an array from outside the function"
            self._captured[key] = self._parameter(name, value.space, kept, frozen)
            self.before[name] = kept
        return self._captured[key]

    # Operations

    def emit(self, op: Primitive, args: tuple[Value, ...], params: Params = ()) -> Value:
        """One more binding; what no argument has a part in is computed now."""
        if op is const:
            array = np.array(params[0][1].array)
            return self.make(self, array, ground(array.shape, array.dtype))
        known = [a.known if isinstance(a, Tracked) else a for a in args]
        if all(k is not None for k in known):
            return self._computed(op, known, args, params)
        self._attempt(op, args, params)
        where = users_place()
        self.alive(op.name, where)
        reals = (a.space for a in args if isinstance(a, Tracked) and type(a.space) is Real)
        like: Ground | None = next(reals, None)
        if like is None:
            like = next((a.space for a in args if isinstance(a, Tracked)), None)
        lifted = [self.lift(a, like) for a in args]
        try:
            space = op.result([x.space for x in lifted], dict(params))
        except CatsError as error:
            raise error.at(where) from None
        term = Prim(op, tuple([x.term for x in lifted]), params, where=where)
        return self._result(term, space, op, args, params)

    def _attempt(self, op: Primitive, args: tuple[Value, ...], params: Params) -> None:
        """Raises LinAlgError where the operation does at these values, and somebody may catch it.

        That it goes through, or does not, is a decision of the trace.
        """
        attempt = ATTEMPTS.get(op)
        if attempt is None or not may_be_caught():
            return
        values = [self.lift(a, None) for a in args]
        if all(map(self.concrete.told, values)) and not self.observe(
            self.emit(attempt, tuple(values), params)
        ):
            op.evaluate(*[self.concrete.value(v.term) for v in values], **dict(params))

    def _result(
        self, term: Term, space: Any, op: Primitive, args: tuple[Value, ...], params: Params
    ) -> Value:
        if type(space) is tuple and len(space) == 1:
            (space,) = space
        if type(space) is tuple:
            whole = self.bind(term, None).term
            return tuple([self.bind(Proj(i, whole), s) for i, s in enumerate(space)])
        made = self.bind(term, space)
        if op in VIEWS and space.shape and seen_through(args[0], op):
            made._link = _view_of(args[0], op, params)
        return made

    def _computed(
        self, op: Primitive, known: list[Any], args: tuple[Value, ...], params: Params
    ) -> Value:
        """The operation on arrays that are there; a view where NumPy made one."""
        found = op.evaluate(*known, **dict(params))
        if isinstance(found, tuple):
            return tuple([self.make(self, np.asarray(f), space_of(f)) for f in found])
        array = np.asarray(found)
        seen = op in VIEWS and array.ndim and seen_through(args[0], op)
        if op in VIEWS and not seen and isinstance(args[0], Tracked):
            array = np.array(array)
        made = self.make(self, array, ground(array.shape, array.dtype))
        made._link = Own(order=order_of_line(array.ndim))
        if seen and (args[0].own.order is None or np.may_share_memory(array, known[0])):
            made._link = _view_of(args[0], op, params)
        return made

    # Decisions

    def observe(self, x: Tracked, exact: bool = False) -> Outcome:
        """What x is in this call, on which the user's code now decides: a guard says so.

        exact   any array, compared to the last bit; else a truth value or a whole number
        Raises TraceError where it is not known: the trace has no data.
        """
        state = x.state
        if isinstance(state, np.ndarray):
            return outcome_of(state, Constant(0.0) if exact else None)
        value = self.concrete.value(state)
        outcome = outcome_of(value, Constant(0.0) if exact else None)
        self.guarded(x, outcome)
        return outcome

    def guarded(self, x: Tracked, outcome: Outcome) -> None:
        """Writes down that x is the outcome wherever this trace holds; once for each x."""
        term = x.term
        if isinstance(term, Const):
            return
        said = self.bindings.bound(term)
        if self._passed.get(said) == outcome:
            return
        where = users_place()
        self.alive("a decision", where)
        params = (("number", len(self.observed)), ("outcome", outcome))
        self.observed.append((outcome, where))
        self.bind(Prim(guard, (term,), params, where=where), x.space)
        self._passed[said] = outcome


def newest_recorder(values: Any) -> Recorder | None:
    """The newest recorder among values, those in lists, tuples and dicts included."""
    newest: Recorder | None = None
    waiting = [values]
    while waiting:
        for value in waiting.pop():
            if isinstance(value, Tracked):
                recorder = value.root.recorder
                if newest is None or recorder.stamp > newest.stamp:
                    newest = recorder
            elif isinstance(value, list | tuple):
                waiting.append(value)
            elif isinstance(value, dict):
                waiting.append(value.values())
            elif type(value) is np.ndarray and value.dtype == object:
                waiting.append(value.flat)
    return newest


def seen_through(x: Any, op: Primitive) -> bool:
    """Whether what the operation makes of x is a view of it: of a number NumPy makes a new array.

    That which repeats a number may not be written into either.
    """
    return isinstance(x, Tracked) and (x.is_array or op is broadcast)


def _spread_out(like: Ground) -> Params:
    """Parameters of the broadcast that repeats a number to a whole array."""
    return (("axes", ()), ("shape", like.shape))


def _view_of(parent: Tracked, op: Primitive, params: Params) -> View:
    """The link of what the operation makes of an array, as a view of it."""
    sure = op is not reshape or _same_but_ones(parent.shape, dict(params)["shape"])
    return View(parent, Lens(op, params, sure), parent.own.version)


def _same_but_ones(one: Shape, other: Shape) -> bool:
    """Whether shapes differ in axes of length 1 only, so that reshaping moves nothing."""
    return [n for n in one if n != 1] == [n for n in other if n != 1]
