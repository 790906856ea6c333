"""Objects of users' classes inside a traced function: their methods see the doors too.

A class of a user gets a subclass whose methods are bound to the doors; an object from outside is
looked at through an object of that subclass. What is written to an object from outside would be
written once, in the trace, and is refused. The user's classes and objects are not touched.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import types
from abc import ABCMeta
from collections.abc import Callable
from typing import Any

from cats.bits import ATOMS
from cats.capture import GENERAL, can_view, laid_on, needs_no_hook, opaque, traces
from cats.doors.answers import answering
from cats.doors.containers import PLAIN, kept
from cats.doors.dispatch import DispatchedMethod
from cats.held import slots
from cats.places import asker

Rebind = Callable[[Any], Any]
Refuse = Callable[[str], None]
MIRRORED = "__mirrored__"
"""The attribute of a mirror that holds the class it was made of."""
_SEES = "__sees__"
"""The attribute of a mirror that holds what its session makes of things, and notes."""


def _attributes(kind: type) -> dict[str, Any]:
    """The attributes of a class and of its users' bases, nearest first."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__ not in GENERAL:
            found.update(vars(base))
    return found


def mirrored(
    kind: type,
    meta: type,
    watched: Callable[[Any], Refuse | None],
    rebind: Rebind,
    note: Callable[[], None],
) -> type:
    """The subclass whose objects are watched; `fill` gives it its methods.

    Where that would run code of the user's, it is built on an empty class first.

    meta      the metaclass that mirrors that of the class
    watched   for an object from outside, what to call when it is written to
    note      called when something is read that may be another in the next call, unseen
    """
    body = _watching(kind, rebind, watched) | {MIRRORED: kind, _SEES: (rebind, note)}
    body["__module__"], body["__qualname__"] = kind.__module__, kind.__qualname__
    if needs_no_hook(kind):
        made: type = meta(kind.__name__, (kind,), body)
        return made
    laid: type = type.__new__(meta, kind.__name__, (laid_on(kind),), {"__orig_bases__": ()})
    made = type.__new__(meta, kind.__name__, (laid,), body)
    type.__dict__["__bases__"].__set__(made, (kind,))
    if hasattr(kind, "__abstractmethods__"):
        type.__setattr__(made, "__abstractmethods__", kind.__abstractmethods__)
    return made


def behind(kind: Any) -> Any:
    """The user's class behind those that traces within each other see in its place."""
    while isinstance(kind, type) and MIRRORED in vars(kind):
        kind = vars(kind)[MIRRORED]
    return kind


def users_class(kind: type) -> type:
    """The user's class behind those that traces within each other see in its place.

    >>> users_class(int)
    <class 'int'>
    """
    found: type = behind(kind)
    return PLAIN.get(found, found)


class Mirror(type):
    """The class of mirrors: one is equal to its class, and has the same objects.

    Tables outside of the function know the class, and code in the function its mirror.
    """

    @property
    def __mro__(cls) -> tuple[type, ...]:
        """As of the class, where traced code asks: without the class behind the mirror."""
        whole: tuple[type, ...] = type.__dict__["__mro__"].__get__(cls)
        if type(asker(sys._getframe(1)).f_globals) is dict:
            return whole
        hidden = [vars(kind)[MIRRORED] for kind in whole if MIRRORED in vars(kind)]
        shown = [kind for kind in whole if not any(kind is one for one in hidden)]
        return tuple(map(cls._sees[0], shown))

    @property
    def __bases__(cls) -> tuple[type, ...]:  # type: ignore[override]
        """As of the class, where traced code asks."""
        asked = type(asker(sys._getframe(1)).f_globals) is not dict
        found: tuple[type, ...] = type.__dict__["__bases__"].__get__(behind(cls) if asked else cls)
        return tuple(map(cls._sees[0], found)) if asked else found

    @property
    def __base__(cls) -> type | None:
        """As of the class, where traced code asks."""
        asked = type(asker(sys._getframe(1)).f_globals) is not dict
        found: type | None = type.__dict__["__base__"].__get__(behind(cls) if asked else cls)
        return cls._sees[0](found) if asked else found

    def __subclasses__(cls) -> list[type]:
        """As of the class, where traced code asks: those known outside, and those made here."""
        own: list[type] = type.__dict__["__subclasses__"](cls)
        if type(sys._getframe(1).f_globals) is dict or MIRRORED not in vars(cls):
            return own
        rebind, note = cls._sees
        note()
        outside = [kind for kind in behind(cls).__subclasses__() if MIRRORED not in vars(kind)]
        return [*map(rebind, outside), *own]

    @property
    def _sees(cls) -> tuple[Rebind, Callable[[], None]]:
        """What the session of the nearest mirror makes of things, and what notes."""
        whole = type.__dict__["__mro__"].__get__(cls)
        rebind, note = next(vars(kind)[_SEES] for kind in whole if _SEES in vars(kind))
        return rebind, note

    def __eq__(cls, other: object) -> bool:
        return behind(other) is behind(cls)

    def __hash__(cls) -> int:
        return hash(behind(cls)) if MIRRORED in vars(cls) else super().__hash__()

    def __instancecheck__(cls, value: Any) -> bool:
        if MIRRORED in vars(cls):
            return isinstance(value, behind(cls))
        return super().__instancecheck__(value)

    def __subclasscheck__(cls, kind: type) -> bool:
        """An abstract class asks its subclasses, of which a mirror is one: it asks no other."""
        if MIRRORED in vars(cls):
            whole: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
            return any(base is behind(cls) for base in whole)
        return super().__subclasscheck__(kind)


class AbstractMirror(Mirror, ABCMeta):
    """The class of mirrors of abstract classes, and of those built on them."""


def meta_of(outer: type) -> type:
    """The metaclass of mirrors of classes of a metaclass."""
    if issubclass(outer, Mirror):
        return outer
    if outer in (type, ABCMeta):
        return AbstractMirror if outer is ABCMeta else Mirror
    return type(outer.__name__, (Mirror, outer), {})


def fill_meta(meta: type, outer: type, rebind: Rebind, note: Callable[[], None]) -> None:
    """Gives the metaclass of mirrors the methods of the user's, rebound."""
    for name, value in {} if meta is outer else _attributes(outer).items():
        seen = _is_seen(name, value)
        inside = Seen(value, rebind, note) if seen else rebound_attribute(value, rebind)
        if inside is not value and name not in vars(Mirror):
            type.__setattr__(meta, name, inside)


class Seen:
    """An attribute of a class that is looked at when it is read: then it is what it is inside.

    note   called when one is read that may be another in the next call, unseen
    """

    def __init__(self, value: Any, rebind: Rebind, note: Callable[[], None]) -> None:
        self._value, self._rebind, self._note = value, rebind, note

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if opaque(self._value):
            self._note()
        return self._rebind(self._value)


def _is_seen(name: str, value: Any) -> bool:
    """Whether an attribute of a class is none of Python's own, nor a method."""
    own = name.startswith("__") or name.startswith("_abc_")
    return not own and type(value) not in ATOMS and not hasattr(type(value), "__get__")


def fill(
    mirror: type, kind: type, rebind: Rebind, original: Rebind, note: Callable[[], None]
) -> None:
    """Gives a mirror the methods of the class and of its bases, rebound.

    original   what an object stands for
    note       called when an attribute is read that may be another in the next call, unseen
    """
    for name, value in _attributes(kind).items():
        seen = _is_seen(name, value)
        inside = Seen(value, rebind, note) if seen else rebound_attribute(value, rebind)
        found = answering(name, inside)
        if found is value or name in vars(mirror):
            continue
        if isinstance(found, functools.cached_property):
            found.__set_name__(kind, name)
        type.__setattr__(mirror, name, found)
    _stand_for(mirror, kind, rebind, original)


def enlist(mirror: Any, kind: Any, rebind: Rebind) -> None:
    """Gives the mirror of a class of Enum its members."""
    by_value = {value: rebind(member) for value, member in kind._value2member_map_.items()}
    by_name = {name: rebind(member) for name, member in kind.__members__.items()}
    named = {"_member_map_": by_name, "_value2member_map_": by_value}
    for name, value in {**by_name, **named}.items():
        type.__setattr__(mirror, name, value)


def _stand_for(mirror: Any, kind: Any, rebind: Rebind, original: Rebind) -> None:
    """Objects of a mirror are equal to what they stand for, and have its hash: tables know that."""
    same = mirror.__eq__

    def equal(self: Any, other: object) -> Any:
        return same(self, rebind(other) if type(other) is kind else other)

    def hashed(self: Any) -> int:
        return object.__hash__(original(self))

    type.__setattr__(mirror, "__eq__", equal)
    if kind.__hash__ is object.__hash__:
        type.__setattr__(mirror, "__hash__", hashed)


def rebound_attribute(value: Any, rebind: Rebind) -> Any:
    """A method, property or descriptor of a class, rebound; any other attribute as it is."""
    if traces(value) or (hasattr(type(value), "__get__") and can_view(type(value))):
        return rebind(value)
    match value:
        case types.FunctionType():
            return rebind(value)
        case staticmethod() | classmethod():
            return type(value)(rebind(value.__func__))
        case property():
            return property(*[rebind(f) for f in (value.fget, value.fset, value.fdel)])
        case functools.cached_property():
            return rebind(functools.cached_property)(rebind(value.func))
        case functools.singledispatchmethod():
            return DispatchedMethod(value, rebind)
    return value


def _watching(
    kind: type, rebind: Rebind, watched: Callable[[Any], Refuse | None]
) -> dict[str, Any]:
    """Attributes read through the doors; writing refused on objects from outside."""
    methods: Any = kind
    read, write, delete = [
        functools.cache(functools.partial(_inside, methods, name, rebind)) for name in _ACCESS
    ]

    def getattribute(self: Any, name: str) -> Any:
        found = read()(self, name)
        traced = name == "__dict__" and type(asker(sys._getframe(1)).f_globals) is not dict
        refuse = watched(self) if traced else None
        if refuse is not None:
            return kept(dict(found), rebind, refuse)
        if name.startswith("__") or watched(self) is None or isinstance(found, types.MethodType):
            return found
        return rebind(found)

    def setattribute(self: Any, name: str, value: Any) -> None:
        refuse = watched(self)
        if refuse is not None:
            refuse(f"writing to the attribute {name} of a {kind.__name__}")
        write()(self, name, value)

    def delattribute(self: Any, name: str) -> None:
        refuse = watched(self)
        if refuse is not None:
            refuse(f"deleting the attribute {name} of a {kind.__name__}")
        delete()(self, name)

    def getstate(self: Any) -> Any:
        found = methods.__getstate__(self)
        parts = found if isinstance(found, tuple) else (found,)
        if watched(self) is not None:
            parts = tuple([part and {n: rebind(v) for n, v in part.items()} for part in parts])
        return parts if isinstance(found, tuple) else parts[0]

    own = dict(zip(_ACCESS, (getattribute, setattribute, delattribute), strict=True))
    return own | {"__getstate__": getstate} if methods.__getstate__ is object.__getstate__ else own


_ACCESS = ("__getattribute__", "__setattr__", "__delattr__")
"""Methods that Python calls where an attribute is named."""


def _inside(kind: Any, name: str, rebind: Rebind) -> Any:
    """A method of a class as traced code sees it."""
    return rebound_attribute(getattr(kind, name), rebind)


def state_of(made: Any) -> dict[str, Any]:
    """The attributes of an object, as they lie in it."""
    names = ["__dict__", *(n for base in type(made).__mro__ for n in slots(base))]
    held: dict[str, Any] = {}
    for name in names:
        with contextlib.suppress(AttributeError):
            held[name] = object.__getattribute__(made, name)
    return {**held.pop("__dict__", {}), **held}


def changed(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The names that mean another object now, or none."""
    return [n for n in {**before, **now} if before.get(n, changed) is not now.get(n, changed)]
