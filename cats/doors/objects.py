"""Objects of users' classes inside a traced function: their methods see the doors too.

A class of a user gets a subclass whose methods are bound to the doors; an object from outside is
looked at through an object of that subclass. What is written to an object from outside would be
written once, in the trace, and is refused. The user's classes and objects are not touched.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from cats.capture import GENERAL, slots

Rebind = Callable[[Any], Any]
Refuse = Callable[[str], None]


def _attributes(kind: type) -> dict[str, Any]:
    """The attributes of a class and of its users' bases, nearest first."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__ not in GENERAL:
            found.update(vars(base))
    return found


def mirrored(kind: type, watched: Callable[[Any], Refuse | None], rebind: Rebind) -> type:
    """The subclass whose objects are watched; `fill` gives it its methods.

    watched   for an object from outside, what to call when it is written to
    """
    body = _watching(kind, rebind, watched)
    body["__module__"], body["__qualname__"] = kind.__module__, kind.__qualname__
    return type(kind)(kind.__name__, (kind,), body)


def fill(mirror: type, kind: type, rebind: Rebind) -> None:
    """Gives a mirror the methods of the class and of its bases, rebound."""
    for name, value in _attributes(kind).items():
        found: Any = None
        if isinstance(value, types.FunctionType):
            found = rebind(value)
        elif isinstance(value, staticmethod | classmethod):
            found = type(value)(rebind(value.__func__))
        elif isinstance(value, property):
            found = property(*[rebind(f) for f in (value.fget, value.fset, value.fdel)])
        elif isinstance(value, functools.cached_property):
            found = functools.cached_property(rebind(value.func))
            found.__set_name__(kind, name)
        if found is not None and name not in vars(mirror):
            type.__setattr__(mirror, name, found)


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
        for name in slots(base):
            if hasattr(value, name):
                object.__setattr__(made, name, getattr(value, name))
    return made
