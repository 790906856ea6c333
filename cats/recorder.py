"""The recorder: what is done with traced values, written down as the bindings of a lambda term.

A traced value is a name of the term, or, where no argument had a part in it, an array that is
already there. It also knows what it is at the arguments of this very call, worked out when
somebody asks: a decision of the user's code is taken on that, and a guard is written down, so
that the program holds wherever its guards pass.
"""

from __future__ import annotations

import math
import numbers
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, NoReturn

import numpy as np

from cats.capture import SMALL
from cats.concrete import Concrete
from cats.ir.constant import Constant
from cats.ir.errors import Asked, CatsError, SpaceError, TraceError, Where
from cats.ir.lam import Const, Prim, Proj, Term, Var
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims.attempts import ATTEMPTS
from cats.ir.prims.guards import Outcome, guard, outcome_of
from cats.ir.prims.layout import broadcast, const, reshape
from cats.ir.program import Step
from cats.ir.spaces import Ground, Real, Shape, Value, ground, space_of
from cats.ir.wire import STAMPS
from cats.lenses import VIEWS, Lens
from cats.mistakes import Mistake, as_numpy
from cats.outs import Out, separated
from cats.phrases import phrase, results, valued
from cats.places import may_be_caught, users_place
from cats.refusals import Refusal, refusal_of
from cats.titles import title
from cats.tracked import Own, Tracked, View, forgetting, order_of, order_of_line

BUDGET = 500_000
"""So many operations one trace may hold; a loop that unrolls further is named in the error."""

_OWN = re.compile(r"[acv]\d+|b\d+_\d+")
"""Names that a trace gives: to bindings, to what is bound in phrases, to what is captured."""

_PLAIN = (np.ndarray, np.memmap)
UNKNOWN = "is not known to cats, so it cannot be differentiated"
_MISTAKES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What a function of the table raises on arguments it cannot take."""


def _itself(kind: Any) -> Any:
    return kind


@dataclass(slots=True)
class World:
    """What the traces of one session share.

    asks_identity   the traced code asks `is True`: truth values of Python must be Python's own
    lasting         the traced code reads nothing that may be another in the next call
    texts           the texts that real numbers were written as
    written         the real numbers that were written by `%`, in texts that are not known
    door            what a class means in the traced code
    since           when the trace of a function within the traced one began; 0 if there is none
    """

    asks_identity: bool = False
    lasting: bool = True
    texts: set[str] = field(default_factory=set)
    written: set[float] = field(default_factory=set)
    door: Callable[[Any], Any] = _itself
    since: int = 0

    def wrote(self, word: str) -> bool:
        """Whether a word is, or may be, the text of a traced number."""
        word = word.strip()
        return word in self.texts or any(rounds_to(number, word) for number in self.written)


@dataclass(frozen=True, slots=True)
class Speech:
    """What a recorder knows of NumPy.

    names   its functions in terms of the vocabulary; methods of all universal functions, and
            functions of SciPy, by their titles
    views   those whose results are views of their first argument
    writes  those that write into their first argument
    refused why there is no such function here, by title, or by the title of a module
    outside those that may not be called in a traced function at all, by title
    later   functions of libraries, by title, which are looked for when one is called
    arrays  those whose results without axes are arrays and no scalars: of what, is said with them
    """

    names: Mapping[Any, Callable[..., Value]]
    views: frozenset[Any] = frozenset()
    writes: frozenset[Any] = frozenset()
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()
    later: Mapping[str, Callable[..., Value]] = field(default_factory=dict)
    arrays: Mapping[Any, Callable[[Any], bool]] = field(default_factory=dict)

    def said(self, function: Any) -> Callable[..., Value] | None:
        """The function in terms of the vocabulary, if there is one."""
        found = self.names.get(function)
        if found is not None:
            return found
        name = title(function)
        general = self.names.get(name) or self.later.get(name)
        if general is None or not isinstance(function, tuple):
            return general
        return partial(general, function[0]) if self.said(function[0]) is not None else None

    def writes_into(self, function: Any) -> bool:
        """Whether the function writes into its first argument."""
        return function in self.writes or title(function) in self.writes

    def plainly(self, function: Any) -> Callable[..., Any]:
        """NumPy's own function for a key of the table: a function, a method of a ufunc, a sign."""
        if isinstance(function, tuple):
            return getattr(*function)  # type: ignore[no-any-return]
        return SIGNS.get(function, function)  # type: ignore[no-any-return]


def rounds_to(number: float, word: str) -> bool:
    """Whether a word may be what a number was written as: it agrees to the digits of the word.

    >>> rounds_to(2.71828, "2.72"), rounds_to(2.71828, "2.7e+00"), rounds_to(2.71828, "2.73")
    (True, True, False)
    """
    try:
        said = Decimal(word)
    except InvalidOperation:
        return False
    if not said.is_finite() or not math.isfinite(number):
        return str(float(said)) == str(number)
    return abs(said - Decimal(number)) <= Decimal("0.5").scaleb(int(said.as_tuple().exponent))


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
        self.bound: list[str] = []
        self.values: list[Term] = []
        self.spaces: list[Any] = []
        self.born: list[int] = []
        self.inner: set[int] = set()
        self.optional = False
        self.inputs: list[tuple[str, Ground]] = []
        self.before: dict[str, Tracked] = {}
        self.extra: list[Any] = []
        self.observed: list[tuple[Outcome, Where]] = []
        self.concrete = Concrete(self.values)
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

    # Values

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

    def local(self, value: Any) -> Any:
        """What NumPy made without any argument's part: arrays become values one may write into."""
        if isinstance(value, np.ndarray):
            if type(value) not in _PLAIN or not _has_space(value.dtype):
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

    def bind(self, term: Term, space: Any) -> Tracked:
        """A name for the term's value."""
        name = f"v{len(self.bound)}"
        if len(self.bound) >= BUDGET:
            self._overrun()
        self.bound.append(name)
        self.values.append(term)
        self.spaces.append(space)
        self.born.append(next(STAMPS))
        return self.make(self, Var(name), space)

    def held(self, value: Value, weak: bool) -> Tracked:
        """A value that is there as a binding, with which nothing is computed now."""
        params = (("value", Constant(value)),)
        made = self.bind(Prim(const, (), params, where=users_place()), space_of(value))
        made.weak = weak
        return made

    def made_since(self, term: Term, stamp: int) -> bool:
        """Whether a binding was made since then, or in the body of a word that it is a part of."""
        place = self.concrete.place(term.name) if isinstance(term, Var) else -1
        return place >= 0 and (self.born[place] > stamp or place in self.inner)

    def named(self, name: str) -> Tracked:
        """The value of that name; what a parameter captured is the value of the outer trace."""
        if name in self.before:
            return self.before[name]
        return self.make(self, Var(name), self.spaces[self.concrete.place(name)])

    def kept(self, results: Iterable[Term]) -> tuple[list[str], list[Term]]:
        """The bindings; of those that bodies made for themselves only what is read here too."""
        if not self.inner:
            return self.bound, self.values
        needed = {t.name for t in results if isinstance(t, Var)}
        places: list[int] = []
        for place in reversed(range(len(self.bound))):
            name = self.bound[place]
            if place not in self.inner or name in needed:
                places.append(place)
                needed |= {t.name for t in self.concrete.parts(name) if isinstance(t, Var)}
        places.reverse()
        return [self.bound[i] for i in places], [self.values[i] for i in places]

    def _overrun(self) -> NoReturn:
        """Raises TraceError naming the line that was written down most often."""
        lines = Counter(t.where._replace(name="") for t in self.values if t.where is not None)
        (where, times), *_ = lines.most_common(1)
        raise self.refused(
            TraceError(
                f"the trace holds more than {BUDGET} operations; {times} come from one line",
                where=where,
                remedy="Use cats.fori_loop, cats.scan or cats.while_loop: they stay rolled.",
            )
        )

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
            space = op.space(*[x.space for x in lifted], **dict(params))
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
        if op in VIEWS and space.shape and isinstance(args[0], Tracked):
            made._link = view_of(args[0], op, params)
        return made

    def _computed(
        self, op: Primitive, known: list[Any], args: tuple[Value, ...], params: Params
    ) -> Value:
        """The operation on arrays that are there; a view where NumPy made one."""
        found = op.evaluate(*known, **dict(params))
        if isinstance(found, tuple):
            return tuple([self.make(self, np.asarray(f), space_of(f)) for f in found])
        array = np.asarray(found)
        made = self.make(self, array, ground(array.shape, array.dtype))
        made._link = Own(order=order_of_line(array.ndim))
        seen = op in VIEWS and array.ndim and isinstance(args[0], Tracked)
        if seen and (args[0].own.order is None or np.may_share_memory(array, known[0])):
            made._link = view_of(args[0], op, params)
        return made

    def apply(self, step: Step, args: list[Value]) -> Value:
        """A step of a finished program as bindings here; a case becomes an `if` on terms."""
        if step.op is guard:
            value = self.lift(args[0], None)
            self.guarded(value, dict(step.params)["outcome"])
            return value
        if isinstance(step.op, Primitive):
            return self.emit(step.op, tuple(args), step.params)
        lifted = [self.lift(a, None) for a in args]
        terms = [x.term for x in lifted]
        whole = self.bind(phrase(step.op, terms, f"b{len(self.bound)}_", step.where), None).term
        parts = results(step.op, whole, len(step.spaces))
        self.concrete.calls[whole.name] = (partial(valued, step.op), terms)  # type: ignore[union-attr]
        return tuple(
            [self.bind(part, space) for part, space in zip(parts, step.spaces, strict=True)]
        )

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
            return self.bind(Prim(broadcast, (Const(Constant(scalar)),), spread_out(like)), like)
        if isinstance(value, np.ndarray) and value.dtype == object:
            return self.stacked(value)
        refuse_strangers(value)
        array = _plain_numbers(np.asarray(value))
        if array.nbytes > SMALL and isinstance(value, np.ndarray):
            return self.reading(value)
        return self.make(self, np.array(array), ground(array.shape, array.dtype))

    def stacked(self, value: np.ndarray[Any, Any]) -> Tracked:
        """An array of objects that holds traced values, as one value."""
        if newest_recorder([value]) is None:
            refuse_strangers(value)
            plain = _plain_numbers(value)
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
        said = self._said(term)
        if self._passed.get(said) == outcome:
            return
        where = users_place()
        self.alive("a decision", where)
        params = (("number", len(self.observed)), ("outcome", outcome))
        self.observed.append((outcome, where))
        self.bind(Prim(guard, (term,), params, where=where), x.space)
        self._passed[said] = outcome

    def _said(self, term: Term) -> Term:
        """What a name is bound to, so that the same question is known again."""
        place = self.concrete.place(term.name) if isinstance(term, Var) else -1
        return term if place < 0 else self.values[place]

    # NumPy's functions

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
        """A NumPy function on traced values. Raises TraceError, naming it, if cats has none.

        Where no argument of the trace has a part in it, it is NumPy's own function that is called.
        """
        if isinstance(function, np.ufunc) and len(args) > function.nargs:
            self.refuse(
                f"{shown(function)} of {len(args)} arguments",
                f"it takes no more than {function.nargs}",
                "Give what belongs together as one array.",
            )
        args = tuple([v if isinstance(v, Tracked) else as_array(v) for v in args])
        args, kwargs, out = separated(function, args, kwargs)
        if isinstance(function, np.ufunc) and out is None and kwargs.get("where", True) is not True:
            self.refuse(
                f"{shown(function)} with where= and without out=",
                "NumPy leaves the other entries of the result as they happen to be",
                "Give out= an array that has these entries.",
            )
        if function not in self.speech.views:
            known = known_arguments(args, kwargs)
            if known is not None:
                return self.plainly(function, args, *known, out)
        said = self.speech.said(function)
        if said is None:
            raise self.unknown(function)
        try:
            found = said(*args, **kwargs)
            if function not in self.speech.views:
                found = self.detached(found, args)
            if out is not None:
                return self.written(out, found)
            return self.settled(self._boxed(function, args, found))
        except np.linalg.LinAlgError:
            raise
        except CatsError as error:
            placed = error.at(users_place()).advised(remedy_for(error))
            raise self._mistaken(placed, function, args, kwargs, out) from error.__cause__
        except _MISTAKES as error:
            name = shown(function)
            found = TraceError(
                f"{name} cannot take these arguments: {error}",
                where=users_place(),
                remedy=f"Check the arguments of {name}; cats takes those that NumPy takes.",
            )
            raise self._mistaken(found, function, args, kwargs, out) from error

    def _mistaken(
        self, error: CatsError, function: Any, args: Any, kwargs: dict[str, Any], out: Out | None
    ) -> CatsError:
        """The error of a call: if NumPy raises one too, of its kind, and not remembered."""
        if error is self.refusal or refusal_of(title(function), self.speech.refused) is not None:
            return self.refused(error)
        options = kwargs if out is None else {**kwargs, "out": out.given}
        return self.refused(as_numpy(error, self.speech.plainly(function), args, options))

    def plainly(
        self,
        function: Any,
        args: Any,
        known: tuple[Any, ...],
        options: dict[str, Any],
        out: Out | None,
    ) -> Value:
        """NumPy's own function on arrays that are there."""
        target = args[0] if args and self.speech.writes_into(function) else None
        if isinstance(target, Tracked):
            target.refuse_frozen()
        blank = out.blank() if out is not None else {}
        plainly = self.speech.plainly(function)
        found = forgetting(args, self.apart(plainly(*known, **options, **blank), known))
        if isinstance(target, Tracked):
            target.own.version += 1
            target.own.entries.clear()
        return found if out is None else self.written(out, found)

    def apart(self, found: Any, args: tuple[Any, ...]) -> Any:
        """What NumPy made of arrays that are there; what shares memory with them is read-only."""
        made = self.local(found)
        if isinstance(made, Tracked) and made.known is not None:
            arrays = [a for a in args if isinstance(a, np.ndarray)]
            if any(np.may_share_memory(made.known, a) for a in arrays):
                made.own.frozen = "a view, or the argument itself, that NumPy returned"
        return made

    def settled(self, found: Value) -> Value:
        """A result as the user gets it: a number no argument has a part in is NumPy's number."""
        if isinstance(found, Tracked):
            known = None if found.is_array else found.known
            return found if known is None else known[()]
        if type(found) in (list, tuple):
            return type(found)(map(self.settled, found))
        return self.local(found)

    def _boxed(self, function: Any, args: tuple[Any, ...], found: Value) -> Value:
        """A result without axes as an array, where NumPy gives one."""
        asked = self.speech.arrays.get(function)
        scalar = isinstance(found, Tracked) and not found.is_array
        if asked is None or not scalar or not asked(args[0] if args else None):
            return found
        return found.in_box(found.as_view)

    def detached(self, found: Value, args: tuple[Any, ...]) -> Value:
        """A result that is an array of its own, and no view or argument."""
        if isinstance(found, Tracked):
            apart = type(found._link) is not View and not any(found is a for a in args)
            return found if apart else self._anywhere(self.fresh(found))
        if type(found) in (list, tuple):
            return type(found)(self.detached(f, args) for f in found)
        return found

    def _anywhere(self, made: Tracked) -> Tracked:
        """An array of which is not said how it lies in memory."""
        made.own.order = order_of_line(made.ndim)
        return made

    def written(self, out: Out, found: Value) -> Value:
        """The result written into the array, or the arrays, given as `out=`."""
        results = found if isinstance(found, tuple) else (found,)
        made = tuple([self._into(a, f, out) for a, f in zip(out.arrays, results, strict=True)])
        return made if isinstance(found, tuple) else made[0]

    def _into(self, array: Any, found: Value, out: Out) -> Value:
        if array is None:
            return found
        if not isinstance(array, Tracked):
            self.refuse(
                "out= given an array from outside the function",
                "what is written there would be seen outside",
                "Make the array inside the function, or use the returned value.",
            )
        return self.speech.names["write"](array, found, out.where, out.casting)

    def unknown(self, function: Any) -> CatsError:
        """The error for a function that the table does not have, with the reason if there is one.

        It is remembered, as every refusal is.
        """
        refusal = refusal_of(title(function), self.speech.refused)
        found = refusal or Refusal(UNKNOWN)
        what = f"{shown(function)}:" if refusal else shown(function)
        return self.refused(
            TraceError(f"{what} {found.why}", where=users_place(), remedy=found.instead)
        )


def as_array(value: Any) -> Any:
    """What an object of the traced code says it is as an array; anything else itself."""
    method = getattr(type(value), "__array__", None)
    if method is None or type(getattr(method, "__globals__", {})) is dict:
        return value
    return value if hasattr(type(value), "__array_ufunc__") else value.__array__()


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


def _method(name: str, x: Any, *args: Any, **kwargs: Any) -> Any:
    return getattr(x, name)(*args, **kwargs)


def _written(x: Any, value: Any, where: Any = None, casting: Any = "same_kind") -> None:
    np.copyto(x, value, casting, True if where is None else where)


SIGNS: dict[Any, Callable[..., Any]] = {
    "**": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "write": _written,
    **{
        name: partial(_method, name)
        for name in ("astype", "flatten", "compress", "fill", "view", "sort", "partition")
    },
}
"""What is not called by a function of NumPy."""


def known_arguments(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The arguments, arrays that are there in place of traced values; None if some are not."""
    for value in args:
        if isinstance(value, Tracked) and value.known is None:
            return None
    try:
        return tuple(map(_known, args)), {key: _known(value) for key, value in kwargs.items()}
    except _NotKnown:
        return None


class _NotKnown(Exception):
    """A value in which an argument of the trace has a part."""


def _known(value: Any) -> Any:
    if isinstance(value, Tracked):
        known = value.known
        if known is None:
            raise _NotKnown
        return known if value.is_array else known[()]
    if isinstance(value, list):
        return list(map(_known, value))
    if type(value) is tuple:
        return tuple(map(_known, value))
    if type(value) is np.ndarray and value.dtype == object and newest_recorder([value]):
        raise _NotKnown
    return value


def spread_out(like: Ground) -> Params:
    """Parameters of the broadcast that repeats a number to a whole array."""
    return (("axes", ()), ("shape", like.shape))


def remedy_for(error: CatsError) -> str | None:
    """What to do about arguments of a function of NumPy that do not fit, which it would refuse."""
    if isinstance(error, IndexError):
        return "Index within x.shape, from 0 or back from -1, with no more indices than axes."
    if isinstance(error, SpaceError):
        return "Give the arguments shapes that fit each other: x.shape says what each has."
    return None


def view_of(parent: Tracked, op: Primitive, params: Params) -> View:
    """The link of what the operation makes of an array, as a view of it."""
    sure = op is not reshape or _same_but_ones(parent.shape, dict(params)["shape"])
    return View(parent, Lens(op, params, sure), parent.own.version)


def _same_but_ones(one: Shape, other: Shape) -> bool:
    """Whether shapes differ in axes of length 1 only, so that reshaping moves nothing."""
    return [n for n in one if n != 1] == [n for n in other if n != 1]


def _has_space(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "bui" or (dtype.kind == "f" and dtype.itemsize in (4, 8))


def _plain_numbers(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array; one of fractions and other objects that are real numbers as one of floats."""
    if array.dtype != object:
        return array
    plain = np.array(array.tolist())
    return plain if plain.dtype != object else array.astype(np.float64)


def not_plain(kind: type) -> TraceError:
    """The error for an array of a class of its own."""
    return TraceError(
        f"a {kind.__name__} does not compute as an array does",
        remedy="Convert it with np.asarray, and a mask to np.where.",
    )


def refuse_strangers(value: Value) -> None:
    """Raises TraceError for a constant that is not a plain array of numbers."""
    if isinstance(value, np.ndarray) and type(value) not in _PLAIN:
        raise not_plain(type(value))
    array = np.asarray(value)
    if array.dtype != object:
        return
    for entry in array.flat:
        if not isinstance(entry, numbers.Real):
            raise TraceError(
                f"{entry!r} of type {type(entry).__name__} is not a number",
                remedy="Use arrays, numbers, and lists of those.",
            )


def shown(function: Any) -> str:
    """A function of the table as the user writes it."""
    if function == "getitem":
        return "x[...]"
    if isinstance(function, tuple):
        return f"{shown(function[0])}.{function[1]}"
    name = title(function)
    return f"np.{name.removeprefix('numpy.')}" if name.startswith("numpy.") else name
