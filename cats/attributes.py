"""Which attributes a traced value has: those of what it stands for, where traced code asks.

One class stands for Python's numbers, NumPy's, and arrays, which do not have the same attributes;
and code finds out by them what it was given.
"""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, TypeVar

import numpy as np

from cats.places import reads_by_name
from cats.tracked import sample

T = TypeVar("T")

KINDS: tuple[type[Any], ...] = (float, int, bool, np.float64, np.int64, np.bool, np.ndarray)
"""What a traced value may stand for; NumPy's numbers of other widths have the same attributes."""


def names_of(kind: type) -> frozenset[str]:
    """The names of the attributes of a number type, or of arrays.

    >>> "shape" in names_of(float), "shape" in names_of(np.float64), "hex" in names_of(float)
    (False, True, True)
    """
    return _names_of(kind)


@functools.lru_cache(maxsize=64)
def _names_of(kind: type) -> frozenset[str]:
    whole = np.empty((0, 0)) if kind is np.ndarray else kind(0)
    return frozenset(name for name in dir(whole) if hasattr(whole, name))


def has(value: Any, name: str) -> bool:
    """Whether what a traced value stands for has an attribute."""
    return name in names_of(type(sample(value)))


class OfKind:
    """A method or property that not all of what a traced value stands for has.

    A special method is looked at only where it is read by its name: operators find it always.
    """

    __slots__ = ("_found", "_name", "_special")

    def __init__(self, name: str, found: Any) -> None:
        self._name = name
        self._found = found
        self._special = name.startswith("__")

    def __get__(self, value: Any, kind: Any = None) -> Any:
        if value is not None:
            asking = sys._getframe(1)
            traced = type(asking.f_globals) is not dict
            asked = traced and (not self._special or reads_by_name(asking))
            if asked and not has(value, self._name):
                raise AttributeError(self._name)
        return self._found.__get__(value, kind)

    def __set__(self, value: Any, new: Any) -> None:
        if not isinstance(self._found, property):
            raise AttributeError(f"the attribute {self._name} is read-only")
        self._found.__set__(value, new)


def seen_by_kind(kind: type[T]) -> type[T]:
    """The class, whose attributes that some of KINDS do not have are there for the others."""
    common = frozenset.intersection(*[names_of(k) for k in KINDS])
    known = frozenset.union(*[names_of(k) for k in KINDS])
    for name in known - common:
        found = inspect.getattr_static(kind, name, None)
        if hasattr(found, "__get__") and found is not inspect.getattr_static(object, name, None):
            setattr(kind, name, OfKind(name, found))
    return kind
