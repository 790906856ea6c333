"""Properties that are computed once and kept: what a function of a word has computed is its own.

It is traced once, and its values end with it: outside of it such a property is computed again,
which is the same as long as the object is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from cats.doors.objects import changed
from cats.doors.passed import attributes_of
from cats.ir.errors import TraceError
from cats.places import users_place
from cats.recorder import Recorder
from cats.tracked import Tracked
from cats.tree import flatten


class Keeping:
    """What is kept in objects within the traces that are open.

    recorder   gives the innermost of them
    """

    def __init__(self, recorder: Callable[[], Recorder]) -> None:
        self.recorder = recorder
        self._made: list[tuple[Recorder, Any, str]] = []
        self._dropped: dict[tuple[int, str], tuple[Any, Any]] = {}

    def computing(self, owner: Any, name: str) -> None:
        """Raises TraceError if a property was computed before, of what the object held then."""
        known = self._dropped.get((id(owner), name))
        if known is not None and any(map(changed, known[1], _held(owner))):
            raise self.recorder().refused(
                TraceError(
                    f"the property {name} of a {type(owner).__name__} was computed in a function "
                    "of a word, and the object has changed since: it would be another now",
                    where=users_place(),
                    remedy="Read the property before, outside of that function.",
                )
            )

    def computed(self, owner: Any, name: str) -> None:
        """Notes that a property of an object was computed and kept."""
        self._made.append((self.recorder(), owner, name))

    def ended(self, recorder: Recorder) -> None:
        """Takes out of objects what belongs to a trace that has ended."""
        for at, owner, name in self._made:
            kept = vars(owner)
            if at is recorder and name in kept and any(_of(recorder, kept[name])):
                del kept[name]
                self._dropped[id(owner), name] = owner, _held(owner)
        self._made = [made for made in self._made if made[0] is not recorder]


def _of(recorder: Recorder, value: Any) -> Iterator[bool]:
    return (isinstance(v, Tracked) and v.recorder is recorder for v in flatten(value)[0])


def _held(owner: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an object holds, and what traced values in it are now: writing makes them others."""
    state = attributes_of(owner)
    return state, {n: v.term for n, v in state.items() if isinstance(v, Tracked)}


class Kept(functools.cached_property[Any]):
    """functools.cached_property in a traced function."""

    keeping: Keeping

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        self.keeping.computing(instance, str(self.attrname))
        found = super().__get__(instance, owner)
        self.keeping.computed(instance, str(self.attrname))
        return found


def kept_property(keeping: Keeping) -> type:
    """functools.cached_property in a session."""
    return type("cached_property", (Kept,), {"keeping": keeping})
