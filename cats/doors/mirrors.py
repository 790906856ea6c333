"""Mirrors: the classes that stand for users' classes in a session, one for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cats.capture import can_view, is_enum
from cats.doors.containers import PLAIN
from cats.doors.objects import enlist, fill, fill_meta, meta_of, mirrored
from cats.doors.outside import Outside
from cats.doors.passed import holds
from cats.doors.views import viewed


class Mirrors:
    """One mirror for one class.

    rebound   what a value from outside is inside
    outside   what is watched: mirrors, and the objects looked at through them
    note      called when an attribute is read that may be another in the next call, unseen
    """

    def __init__(
        self, rebound: Callable[[Any], Any], outside: Outside, note: Callable[[], None]
    ) -> None:
        self._rebound, self._outside, self._note = rebound, outside, note
        self._mirrors: dict[int, type] = {}
        self._metas: dict[int, type] = {}
        self._originals: dict[int, Any] = {id(kept): plain for kept, plain in PLAIN.items()}

    def mirror(self, kind: type) -> type:
        """The class with rebound methods."""
        if id(kind) not in self._mirrors:
            meta = self._meta(type(kind))
            made = mirrored(kind, meta, self._outside.refusing, self._rebound, self._note)
            self._mirrors[id(kind)] = made
            self.stands_for(made, kind)
            fill_meta(meta, type(kind), self._rebound, self._note)
            fill(made, kind, self._rebound, self.original, self._note)
            if is_enum(kind):
                enlist(made, kind, self._rebound)
            self._outside.filled(made)
        return self._mirrors[id(kind)]

    def _meta(self, outer: type) -> type:
        """The one metaclass of mirrors of classes of a metaclass."""
        if id(outer) not in self._metas:
            self._metas[id(outer)] = meta_of(outer)
        return self._metas[id(outer)]

    def mirror_of(self, kind: type) -> type:
        """The class with rebound methods, of classes that can have one; else the class itself."""
        return self.mirror(kind) if can_view(kind) else kind

    def stands_for(self, made: Any, original: Any) -> None:
        """Notes what something inside stands for."""
        self._originals[id(made)] = original

    def original(self, made: Any) -> Any:
        """What something stands for: of a class that of the user's or Python's, else itself."""
        return self._originals.get(id(made), made)

    def knows(self, kind: Any) -> bool:
        """Whether something stands for something outside."""
        return id(kind) in self._originals

    def is_mirror(self, kind: type) -> bool:
        """Whether a class stands for a user's, and is no container of Python's."""
        return self.knows(kind) and not any(kind is kept for kept in PLAIN)

    def view(self, value: Any) -> Any:
        """An object from outside, looked at through the mirror of its class."""
        made = viewed(value, self.mirror(type(value)), self._rebound)
        self.stands_for(made, value)
        if holds(made):
            self._outside.passed.watch(made)
        return self._outside.thing(made)
