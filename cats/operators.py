"""The operators of traced values, and the methods that are functions of NumPy.

Of two Python numbers the result is a Python number; objects of users' classes have their turn.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.calls import called
from cats.concrete import told
from cats.ir.errors import Asked, TraceError
from cats.ir.prims.layout import convert
from cats.operands import UFUNCS, answered, listed, outranks, strange
from cats.places import may_be_caught, users_place
from cats.recorder import newest_recorder
from cats.tracked import Tracked

_SAID = {"pow": "**", "eq": "==", "ne": "!="}
"""Operators that do more than their functions: what a recorder calls them."""


def operator_of(sign: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    """A sign between two values: of two Python numbers the result is a Python number."""
    ufunc = _SAID.get(sign, UFUNCS[sign])

    def call(self: Any, other: Any) -> Any:
        pair = (other, self) if swapped else (self, other)
        recorder = newest_recorder(pair) or self.recorder
        found = called(recorder, ufunc, pair, {})
        if self.weak and isinstance(found, Tracked) and _is_weak(other):
            found.weak = True
        return found

    return call


def arithmetic(sign: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    """Arithmetic, in which Python's truth values are the numbers 0 and 1."""
    plain = operator_of(sign, swapped)

    def call(self: Any, other: Any) -> Any:
        return plain(_number(self), _number(other))

    return call


def division(sign: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    """Division: of Python numbers by zero it raises, where somebody may be there to catch that."""
    plain = arithmetic(sign, swapped)

    def call(self: Any, other: Any) -> Any:
        if self.weak and _is_weak(other) and may_be_caught():
            divisor = self if swapped else other
            if told(divisor) and not divisor:
                raise ZeroDivisionError("division by zero")
        return plain(self, other)

    return call


def divided(sign: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    """The pair of the quotient and the rest."""

    def call(self: Any, other: Any) -> tuple[Any, Any]:
        pair = (other, self) if swapped else (self, other)
        return operator.floordiv(*pair), operator.mod(*pair)

    return call


def comparison(sign: str) -> Callable[[Any, Any], Any]:
    """A comparison: of Python numbers a truth value at once, where the code asks `is True`."""
    plain = operator_of(sign)

    def call(self: Any, other: Any) -> Any:
        return truth(plain(self, other))

    return _meeting(call, sign)


def _meeting(
    plain: Callable[[Any, Any], Any], sign: str, swapped: bool = False
) -> Callable[[Any, Any], Any]:
    """An operator in which objects of users' classes have their turn."""

    def call(self: Any, other: Any) -> Any:
        if isinstance(other, Tracked) or not strange(self, other, sign, swapped):
            return plain(self, other)
        found = answered(self, other, sign, swapped)
        return plain(self, listed(other)) if found is NotImplemented else found

    return call


def both(sign: str, make: Callable[[str, bool], Any]) -> tuple[Any, Any]:
    """An operator, and the one that is asked where the left side has no answer."""
    return _meeting(make(sign, False), sign), _meeting(make(sign, True), sign, True)


def powers() -> tuple[Any, Any]:
    """`**` and its twin, which `pow` calls with a third argument too."""
    power, swapped = both("pow", arithmetic)
    return _without_modulus(power), _without_modulus(swapped)


def _without_modulus(power: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """A power; a modulus is refused, as by floats and arrays: whole numbers of Python take it."""

    def call(self: Any, other: Any, modulus: Any = None) -> Any:
        if modulus is None:
            return power(self, other)
        whole = self.weak and self.dtype.kind == "i"
        raise self.recorder.refused(
            (TraceError if whole else Asked)(
                f"pow with a modulus of a traced value in {self.space}: "
                "only Python's whole numbers have it, and those only outside of a traced function",
                where=users_place(),
                remedy="Write x**y % m.",
            )
        )

    return call


def truth(value: Any) -> Any:
    """A traced truth value of Python as one of Python's two, where the code tells them apart."""
    if isinstance(value, Tracked) and value.weak and value.recorder.world.asks_identity:
        return bool(value)
    return value


def _number(value: Any) -> Any:
    """A Python truth value as the number it is in arithmetic."""
    if not (isinstance(value, Tracked) and value.weak and value.dtype == np.bool_):
        return value
    made = convert(value, dtype="int64")
    made.weak = True
    return made


def _is_weak(value: Any) -> bool:
    return value.weak if isinstance(value, Tracked) else type(value) in (int, float, bool)


def unary(ufunc: Any) -> Callable[[Any], Any]:
    """An operator on one value: of a Python number it is a Python number."""

    def call(self: Any) -> Any:
        found = called(self.recorder, ufunc, (self,), {})
        if self.weak and isinstance(found, Tracked):
            found.weak = True
        return found

    return call


def method(function: Any) -> Callable[..., Any]:
    """A method that is a function of NumPy on the value, and says which."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = newest_recorder((self, args, kwargs)) or self.recorder
        return called(recorder, function, (self, *args), kwargs)

    call.__dict__["stands_for"] = function
    return call


def inplace(sign: str) -> Callable[[Any, Any], Any]:
    """`a += b` writes into an array; a number has another name for the result."""

    def call(self: Any, other: Any) -> Any:
        found = getattr(self, f"__{sign}__")(other)
        if not self.is_array or (strange(self, other, sign, False) and outranks(self, other)):
            return found
        recorder = newest_recorder((self, found)) or self.recorder
        return called(recorder, "write", (self, found), {})

    return call
