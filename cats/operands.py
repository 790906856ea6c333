"""Operators between a traced value and an object of a user's class: whose turn it is.

A Python number leaves the operator to the object. NumPy leaves it to one that says so, with
`__array_ufunc__ = None` or a higher `__array_priority__`; to a number it gives the object a Python
number; and of an array it makes an array of objects.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.calls import called
from cats.capture import ours
from cats.ir.errors import Asked
from cats.ir.spaces import Discrete, Real
from cats.places import users_place
from cats.tracked import named, sample
from cats.tree import PLAINLY

UFUNCS: dict[str, np.ufunc] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "divmod": np.divmod, "pow": np.power,
    "matmul": np.matmul, "lshift": np.left_shift, "rshift": np.right_shift,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "eq": np.equal, "ne": np.not_equal,
}  # fmt: skip
"""Operators by the names of their methods, without underscores."""

_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_ORDINARY = frozenset({int, float, bool, np.float64, np.ndarray})
_NUMBERS = (int, float, complex)
_OWN_PRIORITY = -1_000_000.0
"""The priority of NumPy's numbers, and of what says nothing of one; that of arrays is 0."""


def strange(x: Any, other: Any, sign: str, swapped: bool) -> bool:
    """Whether an operand is neither a number nor an array, so that it may have its own answer.

    To a Python number a list is strange too, and to NumPy it is an array.
    """
    kind = type(other)
    if kind in _ORDINARY or isinstance(other, np.ndarray | np.generic):
        return False
    if isinstance(other, _NUMBERS):
        own = x.weak and not swapped and issubclass(kind, type(sample(x)))
        return own and isinstance(_attribute(kind, reflected(sign)), types.FunctionType)
    module = str(getattr(kind, PLAINLY, kind).__module__)
    return x.weak or _repeats(x, other, sign) if module == "builtins" else not ours(module)


def answered(x: Any, other: Any, sign: str, swapped: bool) -> Any:
    """What the operator gives of x and a strange operand; NotImplemented where x has to answer.

    Raises Asked where Python and NumPy raise TypeError.
    """
    if x.weak or _repeats(x, other, sign):
        return _beside_number(x, other, sign, swapped)
    outside = sign == "matmul" and not x.is_array
    if outside or (not swapped and defers(x, other)):
        found = NotImplemented if swapped else _reflected(x, other, sign)
        return _sure(found, x, other, sign, swapped)
    override = _bound(other, "__array_ufunc__")
    if override is not None:
        own = called(x.recorder, np.asarray, (x,), {}) if sign in _MIRRORED else x
        pair = (other, own) if swapped else (own, other)
        found = override(x.recorder.world.door(UFUNCS[sign]), "__call__", *pair)
        return _sure(found, x, other, sign, swapped)
    if _is_sequence(other) or _attribute(type(other), "__array__") is not None:
        return NotImplemented
    return _beside_array(x, other, sign, swapped)


def listed(other: Any) -> Any:
    """An operand as NumPy reads it: a sequence of a user's class as a list."""
    if _attribute(type(other), "__array__") is None and _is_sequence(other):
        return list(other)
    return other


def defers(x: Any, other: Any) -> bool:
    """Whether NumPy leaves an operator with x on its left to the other side."""
    return _without_ufuncs(other) or outranks(x, other)


def _without_ufuncs(other: Any) -> bool:
    return _attribute(type(other), "__array_ufunc__", _attribute) is None


def outranks(x: Any, other: Any) -> bool:
    """Whether an operand that says nothing of universal functions has a higher priority."""
    if _attribute(type(other), "__array_ufunc__", _attribute) is not _attribute:
        return False
    priority = getattr(type(other), "__array_priority__", _OWN_PRIORITY)
    return bool(priority > (0.0 if x.is_array else _OWN_PRIORITY))


def reflected(sign: str) -> str:
    """The method by which the right side answers.

    >>> reflected("mul"), reflected("lt")
    ('__rmul__', '__gt__')
    """
    return f"__{_MIRRORED[sign]}__" if sign in _MIRRORED else f"__r{sign}__"


def _repeats(x: Any, other: Any, sign: str) -> bool:
    """Whether a number is asked how often to repeat a list, which NumPy's take for no array."""
    return sign == "mul" and not x.is_array and isinstance(other, list | tuple | str | bytes)


def _beside_number(x: Any, other: Any, sign: str, swapped: bool) -> Any:
    last = swapped and not (_repeats(x, other, sign) and isinstance(x.space, Discrete))
    found = NotImplemented if last else _reflected(x, other, sign)
    if found is NotImplemented and isinstance(other, _NUMBERS):
        return NotImplemented
    return _sure(found, x, other, sign, swapped)


def _beside_array(x: Any, other: Any, sign: str, swapped: bool) -> Any:
    """Of NumPy's numbers, and of an array without axes, the answer to the number itself."""
    if x.shape:
        return _sure(_entrywise(x, other, sign), x, other, sign, swapped)
    if x.is_array and sign in ("matmul", "divmod"):
        return _sure(NotImplemented, x, other, sign, swapped)
    number = x.item()
    method = _bound(other, f"__{sign}__") if swapped else None
    found = (
        (NotImplemented if method is None else method(number))
        if swapped
        else _reflected(number, other, sign)
    )
    found = _sure(found, x, other, sign, swapped)
    return np.bool_(bool(found)) if x.is_array and sign in _MIRRORED else found


def _entrywise(x: Any, other: Any, sign: str) -> Any:
    """NotImplemented where every entry gets that answer; else there would be objects, refused."""
    method = _attribute(type(other), reflected(sign))
    if method is None or isinstance(method, types.WrapperDescriptorType):
        return NotImplemented
    name = type(other).__name__
    x.recorder.refuse(
        f"an operator between numpy.ndarray and {name}",
        "NumPy makes an array of objects of it, one for each entry",
        f"Write __array_ufunc__ = None in {name}, and its {reflected(sign)} gets the array.",
    )


def _reflected(x: Any, other: Any, sign: str) -> Any:
    """The answer of the right side. Methods in C know no traced values, but for whole numbers."""
    method = _attribute(type(other), reflected(sign))
    if method is None or (
        isinstance(method, types.WrapperDescriptorType) and isinstance(x.space, Real)
    ):
        return NotImplemented
    call = _bound(other, reflected(sign))
    return NotImplemented if call is None else call(x)


def _sure(found: Any, x: Any, other: Any, sign: str, swapped: bool) -> Any:
    """The answer; where there is none, nothing equals, and all else is the user's mistake."""
    if found is not NotImplemented:
        return found
    if sign in ("eq", "ne"):
        return x.recorder.local(np.full(x.shape, sign == "ne")[()]) if x.is_array else sign == "ne"
    kind, name = named(x), type(other).__name__
    method = f"__{sign}__" if swapped else reflected(sign)
    raise Asked(
        f"an operator between {kind} and {name}: {name} has no {method} that takes it",
        where=users_place(),
        remedy=f"Write {method} in {name}, or compute with the numbers that it holds.",
    )


def _attribute(kind: type, name: str, otherwise: Any = None) -> Any:
    """What a class itself, and no class of it, has under a name."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), otherwise)


def _bound(value: Any, name: str) -> Callable[..., Any] | None:
    """A method as an operator finds it: by the class."""
    found = _attribute(type(value), name)
    return found.__get__(value, type(value)) if hasattr(found, "__get__") else found  # type: ignore[no-any-return]


def _is_sequence(value: Any) -> bool:
    """Whether NumPy reads the entries of an object."""
    names = ("__len__", "__getitem__")
    return not isinstance(value, dict) and all(_attribute(type(value), n) for n in names)
