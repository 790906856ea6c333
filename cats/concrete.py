"""What the values of a trace are at the arguments of this very call, worked out when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.lam import Const, Prim, Proj, Term, Var
from cats.places import users_place
from cats.tracked import Tracked


class NoValue(TraceError):
    """A decision was asked for in a trace without data."""


class Concrete:
    """The values of the names of one trace.

    bound   the bindings v0, v1, ... of the trace
    given   the parameters: arrays, values of an outer trace, or None where nothing is known
    calls   bindings that are not one operation: what is called, and its arguments
    """

    def __init__(self, bound: Sequence[Term]) -> None:
        self.bound = bound
        self.given: dict[str, Any] = {}
        self.calls: dict[str, tuple[Callable[..., Any], list[Term]]] = {}
        self._found: dict[str, Any] = {}

    def told(self, x: Tracked) -> bool:
        """Whether it can be known what x is: every parameter has a value."""
        return x.known is not None or self.all_told()

    def all_told(self) -> bool:
        """Whether every parameter has a value: those of outer traces too, each asked once."""
        outer = {}
        for given in self.given.values():
            if given is None:
                return False
            if isinstance(given, Tracked) and given.known is None:
                outer[id(given.recorder)] = given.recorder
        return all(recorder.concrete.all_told() for recorder in outer.values())

    def value(self, term: Term) -> Any:
        """The value of a term; what it needs is computed once. O(what is new), no recursion."""
        waiting = [term]
        with np.errstate(all="ignore"):
            while waiting:
                missing = self._missing(waiting[-1])
                if missing:
                    waiting += missing
                else:
                    self._find(waiting.pop())
        return self._at(term)

    def _at(self, term: Term) -> Any:
        return term.value.value if isinstance(term, Const) else self._found[term.name]  # type: ignore[union-attr]

    def _missing(self, term: Term) -> list[Term]:
        """The terms that a name needs and that have no value yet."""
        if isinstance(term, Const) or term.name in self._found or term.name in self.given:  # type: ignore[union-attr]
            return []
        return [
            t
            for t in self.parts(term.name)  # type: ignore[union-attr]
            if isinstance(t, Var) and t.name not in self._found
        ]

    def place(self, name: str) -> int:
        """Which binding a name is of; below zero for a parameter."""
        return -1 if name in self.given else int(name[1:])

    def parts(self, name: str) -> list[Term]:
        """The terms that a binding is made of."""
        if name in self.calls:
            return self.calls[name][1]
        match self.bound[self.place(name)]:
            case Prim(args=args):
                return list(args)
            case Proj() as part:
                return [_whole(part)[0]]
            case other:
                raise TraceError(f"{other} has no value of its own")

    def _find(self, term: Term) -> None:
        if isinstance(term, Const) or term.name in self._found:  # type: ignore[union-attr]
            return
        name: str = term.name  # type: ignore[union-attr]
        if name in self.given:
            self._found[name] = self._entered(self.given[name])
            return
        args = [self._at(t) for t in self.parts(name)]
        if name in self.calls:
            self._found[name] = self.calls[name][0](*args)
            return
        bound = self.bound[self.place(name)]
        if isinstance(bound, Proj):
            found = args[0]
            for index in _whole(bound)[1]:
                found = found[index]
            self._found[name] = found
        elif isinstance(bound, Prim):
            self._found[name] = bound.op.evaluate(*args, **dict(bound.params))

    def _entered(self, given: Any) -> Any:
        if given is None:
            raise NoValue(
                "the value decides what the code does next, and no value is known here",
                where=users_place(),
                remedy="Use cats.cond, cats.while_loop or np.where, or trace with arrays.",
            )
        if isinstance(given, Tracked):
            known = given.known
            return given.recorder.concrete.value(given.term) if known is None else known
        return given


def told(value: Any) -> bool:
    """Whether it can be known what a value is in this call."""
    return not isinstance(value, Tracked) or value.recorder.concrete.told(value)


def _whole(part: Proj) -> tuple[Term, list[int]]:
    """What a part is a part of, and the way there."""
    way: list[int] = []
    at: Term = part
    while isinstance(at, Proj):
        way.append(at.index)
        at = at.term
    return at, way[::-1]
