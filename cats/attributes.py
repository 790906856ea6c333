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

from cats.ir.errors import Asked
from cats.ir.spaces import Discrete
from cats.places import reads_by_name, users_place
from cats.refusals import refusal_of
from cats.tracked import named, refuse, sample

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


class MissingAttribute(Asked, AttributeError):
    """A traced value was asked for an attribute that it does not have."""


def absent(x: Any, name: str) -> Any:
    """What is under a name that this class has not: of whole numbers what theirs is.

    Raises MissingAttribute where what it stands for has none either, and else TraceError.
    """
    if not has(x, name):
        raise missing(x, name)
    if isinstance(x.space, Discrete) and not x.is_array:
        return getattr(type(sample(x))(int(x)), name)
    refusal = refusal_of(f"numpy.ndarray.{name}", x.recorder.speech.refused)
    refuse(
        x,
        f"x.{name}",
        refusal.why if refusal else "it takes the number out, and its derivative would be lost",
        refusal.instead if refusal else "Use x itself.",
    )


def missing(x: Any, name: str) -> MissingAttribute:
    """The error for an attribute that what it stands for does not have."""
    kind = type(sample(x))
    refusal = refusal_of(f"numpy.ndarray.{name}", x.recorder.speech.refused)
    boxed = kind is not np.ndarray and name in names_of(np.ndarray)
    remedy = f"Use np.asarray(x).{name}, of an array."
    if not boxed:
        remedy = f"Use the NumPy function that does the same, or compute {name} another way."
    return MissingAttribute(
        f"a traced value in {x.space}, of type {named(x)}, has no attribute {name!r}"
        + (f": {refusal.why}" if refusal and not boxed else ""),
        where=users_place(),
        remedy=refusal.instead if refusal and not boxed else remedy,
    )
