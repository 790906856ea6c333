"""`super()` in a traced function: the methods that it gives see the doors too."""

from __future__ import annotations

from typing import Any

from cats.doors.objects import Rebind, rebound_attribute


class Parent:
    """What `super()` gives: the attributes of the classes after one, for an object or a class.

    It has none of its own, so that special methods too are those of the classes after.
    """

    __slots__ = ("_found", "_rebind")

    def __init__(self, found: Any, rebind: Rebind) -> None:
        self._found, self._rebind = found, rebind

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, "_found")
        owner, kind = found.__self__, found.__self_class__
        whole = type.__dict__["__mro__"].__get__(kind)
        above = iter(() if name == "__class__" else whole)
        next((base for base in above if base is found.__thisclass__), None)
        for base in above:
            if name in vars(base):
                rebind = object.__getattribute__(self, "_rebind")
                inside = rebound_attribute(vars(base)[name], rebind)
                if not hasattr(type(inside), "__get__"):
                    return rebind(inside)
                return inside.__get__(None if owner is kind else owner, kind)
        return getattr(found, name)
