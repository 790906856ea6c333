"""Views: objects of mirrors that hold what the objects from outside do that they stand for."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import Any

from cats.bits import plain
from cats.doors.objects import Rebind
from cats.held import dict_of, slots


def _holding(value: Any, mirror: Any, rebind: Rebind) -> Any:
    """An object of the mirrored class that holds what the given one does, if it is a container."""
    match value:
        case tuple():
            return tuple.__new__(mirror, map(rebind, tuple.__iter__(value)))
        case frozenset():
            return frozenset.__new__(mirror, map(rebind, frozenset.__iter__(value)))
        case list():
            made = list.__new__(mirror)
            list.extend(made, map(rebind, list.__iter__(value)))
        case set():
            made = set.__new__(mirror)
            set.update(made, map(rebind, set.__iter__(value)))
        case dict():
            base = next(
                kind for kind in (OrderedDict, defaultdict, dict) if isinstance(value, kind)
            )
            made = base.__new__(mirror)
            for key, held in base.items(value):
                base.__setitem__(made, rebind(key), rebind(held))
            if isinstance(value, defaultdict):
                object.__setattr__(made, "default_factory", rebind(value.default_factory))
        case int() | float() | complex() | str() | bytes():
            found = plain(value)
            return type(found).__new__(mirror, found)
        case _:
            made = object.__new__(mirror)
    return made


def viewed(value: Any, mirror: type, rebind: Rebind) -> Any:
    """An object of the mirrored class with the attributes of the given one, and what it holds."""
    made = _holding(value, mirror, rebind)
    held = dict_of(value)
    if held is not None:
        made.__dict__.update(held)
    elif getattr(value, "__dict__", None) is value:
        object.__setattr__(made, "__dict__", made)
    for base in type(value).__mro__:
        for name in slots(base):
            if hasattr(value, name):
                object.__setattr__(made, name, getattr(value, name))
    return made
