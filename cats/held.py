"""What lies in an object: its attributes, and those of them that no container of its kind names."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Collection
from typing import Any


def slots(base: type) -> tuple[str, ...]:
    """The names of the slots that a class itself has."""
    found = vars(base).get("__slots__", ())
    names = (found,) if isinstance(found, str) else tuple(found)
    return tuple(_mangled(n, base) for n in names if n not in ("__dict__", "__weakref__"))


def _mangled(name: str, base: type) -> str:
    """A name as it is in the body of a class: one that is private to it says whose it is."""
    private = name.startswith("__") and not name.endswith("__")
    return f"_{base.__name__.lstrip('_')}{name}" if private else name


def held_by(value: Any) -> dict[str, Any] | None:
    """The attributes of an object, those in slots included; None if it has none to look at."""
    names = [n for base in type(value).__mro__ for n in slots(base) if hasattr(value, n)]
    found = getattr(value, "__dict__", None)
    if found is None and not names:
        return None
    return {**(found or {}), **{n: getattr(value, n) for n in names}}


def dict_of(value: Any) -> dict[str, Any] | None:
    """The dict in which the attributes of an object lie; None if it has none, or is it itself."""
    with contextlib.suppress(AttributeError):
        found: dict[str, Any] = object.__getattribute__(value, "__dict__")
        return None if found is value else found
    return None


def beside(value: Any, named: Collection[str] = ()) -> tuple[str, ...]:
    """The names of attributes that lie in an object besides those that are named.

    Without those that it computes once and keeps: it computes them anew.

    >>> class Named(dict):
    ...     pass
    >>> found = Named(x=1.0)
    >>> found.scale = 3.0
    >>> beside(found)
    ('scale',)
    """
    kind = type(value)
    own = [n for base in kind.__mro__ for n in slots(base) if hasattr(value, n)]
    names = dict.fromkeys((*(dict_of(value) or ()), *own))
    return tuple(sorted([n for n in names if n not in named and not is_cached(kind, n)]))


def is_cached(kind: type, name: str) -> bool:
    """Whether an attribute of objects of a class is computed once and kept."""
    found = inspect.getattr_static(kind, name, None)
    return isinstance(found, functools.cached_property)
