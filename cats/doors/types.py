"""Python's and NumPy's number types, as they behave on traced values.

`float(x)` keeps the derivative; `isinstance(x, float)`, `dtype=float`, `x.dtype == float` and
`type(x) is float` mean what they mean on numbers.
"""

from __future__ import annotations

import functools
import numbers
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cats.decided import as_number
from cats.doors.answers import floated
from cats.ir.prims.layout import convert
from cats.operands import UFUNCS, reflected
from cats.traced import Traced
from cats.tracked import sample
from cats.world import said_by


class TypeDoor(type):
    """A number type that can be called on traced values, and is equal to the type it stands for."""

    real: type
    dtype: np.dtype[Any]
    check: Callable[[str], None]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], Traced):
            return made(cls.real, args[0])
        cls.read(args)
        if args and issubclass(cls.real, float | np.floating):
            found = floated(args[0])
            if isinstance(found, Traced):
                return made(cls.real, found)
            args = (found, *args[1:])
        return cls.real(*args, **kwargs)

    def read(cls, args: tuple[Any, ...]) -> None:
        """Raises for a text, or bytes, among arguments that must not be read."""
        for value in args:
            if (text := said_by(value)) is not None:
                cls.check(text)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(sample(value), cls.real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(real_type(other), cls.real)

    def __eq__(cls, other: object) -> bool:
        return real_type(other) is cls.real

    def __hash__(cls) -> int:
        return hash(cls.real)

    def __repr__(cls) -> str:
        return repr(cls.real)

    def __getattribute__(cls, name: str) -> Any:
        real = type.__getattribute__(cls, "real")
        if name in _OF_DOORS or not any(name in vars(base) for base in real.__mro__):
            return type.__getattribute__(cls, name)
        found = getattr(real, name)
        if isinstance(found, types.BuiltinFunctionType):
            return _reading(cls, found)
        return _method(name, found) if isinstance(found, _IN_C) else found


_OF_DOORS = frozenset({"real", "dtype", "check", "read", "__class__", "__dict__"})
_IN_C = (types.MethodDescriptorType, types.WrapperDescriptorType)


def _reading(door: TypeDoor, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function that a type has, as float.fromhex; what it reads is looked at."""

    def call(*args: Any, **kwargs: Any) -> Any:
        door.read((*args, *kwargs.values()))
        return plain(*args, **kwargs)

    return functools.wraps(plain)(call)


def _method(name: str, plain: Any) -> Callable[..., Any]:
    """A method of a type that is called on the value itself, traced or not."""
    sign = name.strip("_")

    def call(value: Any, *args: Any, **kwargs: Any) -> Any:
        method = getattr(value, name) if isinstance(value, Traced) else partial(plain, value)
        found = method(*args, **kwargs)
        if found is NotImplemented and sign in UFUNCS and isinstance(args[0], Traced):
            return getattr(args[0], reflected(sign))(value)
        return found

    return call


def _unchecked(text: str) -> None:
    """Any text may be read."""


def type_door(real: type, check: Callable[[str], None] = _unchecked) -> type:
    """The door of a number type.

    check   raises for a text that must not be read as a number

    That of float is built on it, which patterns ask for: `case float(y)`.

    >>> np.dtype(type_door(float)), type_door(float)("2.5"), isinstance(1.0, type_door(float))
    (dtype('float64'), 2.5, True)
    """
    body = {"real": real, "check": staticmethod(check)}
    if real not in _NO_NUMBERS:
        body["dtype"] = np.dtype(real)
    bases = (float,) if real is float else ()
    return TypeDoor(real.__name__, bases, body)


def real_type(value: Any) -> Any:
    """The type a door stands for; anything else itself."""
    if type(value) is TypeOf:
        return type
    return type.__getattribute__(value, "real") if isinstance(value, TypeDoor) else value


def made(real: type, x: Traced) -> Any:
    """real(x): a Python number is weak, a NumPy scalar type gives what NumPy's gives."""
    if real is float:
        single = as_number(x, "float(x)").item()
        if not isinstance(single, Traced):
            return float(single)
        found = single if single.dtype == np.float64 else convert(single, dtype="float64")
        found.weak = True
        return found
    if real is complex:
        return complex(x)
    if real.__module__ in _EXACT or real in _NO_NUMBERS:
        x.recorder.refuse(
            f"{real.__name__}(x) of a traced value",
            "it takes the number out, and its derivative would be lost",
            "Use x itself.",
        )
    dtype = np.dtype(real)
    found = x.astype(dtype)
    if isinstance(found, Traced):
        found.boxed = False
    return found


NUMBERS = frozenset(
    {
        float,
        complex,
        *(
            t
            for t in vars(np).values()
            if isinstance(t, type) and issubclass(t, np.number | np.bool)
        ),
    }
)
"""Types that have a door: those of numbers that are called as functions."""

_NO_NUMBERS = (np.ndarray, memoryview)
"""Types that have a door for their methods, or because they look at memory."""

_EXACT = ("fractions", "decimal", "_decimal")
_ABSTRACT = (
    np.number, np.inexact, np.floating, np.integer, np.signedinteger, np.unsignedinteger,
    np.complexfloating,
)  # fmt: skip


def has_door(value: Any) -> bool:
    """Whether a type is one of those that are called on numbers."""
    if not isinstance(value, type):
        return False
    exact = value.__module__ in _EXACT and issubclass(value, numbers.Number)
    return exact or value is np.ndarray or (value in NUMBERS and value not in _ABSTRACT)


Kind = Callable[[Any], Any]


class TypeOf:
    """`type`: of a traced value the type of what that stands for; else type itself.

    made   what becomes of a class that is made with it
    """

    __slots__ = ("_made", "_original", "_rebound")

    def __init__(self, original: Kind, rebound: Kind, made: Kind) -> None:
        self._original, self._rebound, self._made = original, rebound, made

    def __call__(self, *args: Any, **options: Any) -> Any:
        inside = partial(object.__getattribute__, self)
        if len(args) == 1:
            rebound, original = inside("_rebound"), inside("_original")
            return rebound(original(type(sample(original(args[0])))))
        name, bases, *rest = args
        return inside("_made")(type(name, tuple(map(real_type, bases)), *rest, **options))

    def __getattribute__(self, name: str) -> Any:
        return getattr(type, name)

    def __or__(self, other: Any) -> Any:
        return type | real_type(other)

    __ror__ = __or__


def questions(original: Kind, rebound: Kind, made: Kind) -> dict[str, Callable[..., Any]]:
    """isinstance, issubclass and type, for traced values by what they stand for.

    original   of a class that stands for a user's, the user's
    rebound    what a user's class means inside
    made       what becomes of a class that is made with `type`
    """

    def plain(kinds: Any) -> Any:
        if type(kinds) is tuple:
            return tuple(map(plain, kinds))
        if isinstance(kinds, types.UnionType):
            return tuple(map(plain, kinds.__args__))
        return original(real_type(kinds))

    def is_instance(value: Any, kinds: Any) -> bool:
        return isinstance(sample(value), plain(kinds))

    def is_subclass(kind: Any, kinds: Any) -> bool:
        return issubclass(plain(kind), plain(kinds))

    found = {"isinstance": is_instance, "issubclass": is_subclass}
    return {**found, "type": TypeOf(original, rebound, made)}
