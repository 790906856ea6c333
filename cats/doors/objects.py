"""Objects of users' classes inside a traced function: their methods see the doors too.

A class of a user gets a subclass whose methods are bound to the doors; an object from outside is
looked at through an object of that subclass. What is written to an object from outside would be
written once, in the trace, and is refused. The user's classes and objects are not touched.
"""

from __future__ import annotations

import functools
import types
from abc import ABCMeta
from collections.abc import Callable
from typing import Any

from cats.capture import ours

Rebind = Callable[[Any], Any]
Refuse = Callable[[str], None]

_GENERAL = ("typing", "abc", "collections.abc", "builtins")


def can_view(kind: type) -> bool:
    """Whether a class is plain Python through and through, and a user's."""
    if type(kind) not in (type, ABCMeta) or issubclass(kind, BaseException):
        return False
    if "__init_subclass__" in _attributes(kind):
        return False
    own = [base for base in kind.__mro__ if base.__module__ not in _GENERAL]
    return bool(own) and kind.__new__ is object.__new__ and not any(ours(b.__module__) for b in own)


def _attributes(kind: type) -> dict[str, Any]:
    """The attributes of a class and of its users' bases, nearest first."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__ not in _GENERAL:
            found.update(vars(base))
    return found


def mirrored(kind: type, rebind: Rebind, watched: Callable[[Any], Refuse | None]) -> type:
    """The subclass whose methods are rebound.

    watched   for an object from outside, what to call when it is written to
    """
    body: dict[str, Any] = {}
    for name, value in _attributes(kind).items():
        if isinstance(value, types.FunctionType):
            body[name] = rebind(value)
        elif isinstance(value, staticmethod | classmethod):
            body[name] = type(value)(rebind(value.__func__))
        elif isinstance(value, property):
            body[name] = property(*[rebind(f) for f in (value.fget, value.fset, value.fdel)])
        elif isinstance(value, functools.cached_property):
            body[name] = functools.cached_property(rebind(value.func))
            body[name].__set_name__(kind, name)
    body.update(_watching(kind, rebind, watched))
    body["__module__"], body["__qualname__"] = kind.__module__, kind.__qualname__
    return type(kind)(kind.__name__, (kind,), body)


def _watching(
    kind: type, rebind: Rebind, watched: Callable[[Any], Refuse | None]
) -> dict[str, Any]:
    """Attributes read through the doors; writing refused on objects from outside."""
    methods: Any = kind
    read, write = methods.__getattribute__, methods.__setattr__
    delete = methods.__delattr__

    def getattribute(self: Any, name: str) -> Any:
        found = read(self, name)
        if name.startswith("__") or watched(self) is None or isinstance(found, types.MethodType):
            return found
        return rebind(found)

    def setattribute(self: Any, name: str, value: Any) -> None:
        refuse = watched(self)
        if refuse is not None:
            refuse(f"writing to the attribute {name} of a {kind.__name__}")
        write(self, name, value)

    def delattribute(self: Any, name: str) -> None:
        refuse = watched(self)
        if refuse is not None:
            refuse(f"deleting the attribute {name} of a {kind.__name__}")
        delete(self, name)

    return {
        "__getattribute__": getattribute,
        "__setattr__": setattribute,
        "__delattr__": delattribute,
    }


def viewed(value: Any, mirror: type) -> Any:
    """An object of the mirrored class with the attributes of the given one."""
    made: Any = object.__new__(mirror)
    if hasattr(value, "__dict__"):
        made.__dict__.update(value.__dict__)
    for base in type(value).__mro__:
        for name in _slots(base):
            if hasattr(value, name):
                object.__setattr__(made, name, getattr(value, name))
    return made


def _slots(base: type) -> tuple[str, ...]:
    found = vars(base).get("__slots__", ())
    names = (found,) if isinstance(found, str) else tuple(found)
    return tuple(n for n in names if n not in ("__dict__", "__weakref__"))
