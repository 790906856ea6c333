"""What objects of users' classes answer to Python: whether they are true, which number they are.

Python takes some answers in its own types only, and a traced value stands for one of those.
"""

from __future__ import annotations

import functools
import types
from typing import Any

from cats.ir.errors import Asked
from cats.places import users_place
from cats.tracked import Tracked, named, sample

ANSWERS: dict[str, type] = {"__bool__": bool, "__int__": int, "__index__": int, "__hash__": int}
"""Methods whose answers Python takes in its own types only, and those types."""


def answering(name: str, method: Any) -> Any:
    """A method of ANSWERS, whose traced answer is told; any other attribute as it is.

    Raises Asked where Python refuses the answer.
    """
    if name not in ANSWERS or not isinstance(method, types.FunctionType):
        return method
    kind = ANSWERS[name]

    def call(self: Any) -> Any:
        found = method(self)
        if not isinstance(found, Tracked):
            return found
        if not isinstance(sample(found), kind):
            raise Asked(
                f"{name} returned {named(found)}, and must return {kind.__name__}",
                where=users_place(),
                remedy=f"Return {kind.__name__}(...) of it.",
            )
        return kind(found)

    return functools.wraps(method)(call)


def floated(value: Any) -> Any:
    """The number that an object of a class in Python says it is as a float; else the value itself.

    Raises Asked where it says none, as Python does.
    """
    method = getattr(type(value), "__float__", None)
    if isinstance(value, Tracked) or not isinstance(method, types.FunctionType):
        return value
    found = method(value)
    if isinstance(sample(found), float):
        return found
    raise Asked(
        f"{type(value).__name__}.__float__ returned {named(found)}, and must return float",
        where=users_place(),
        remedy="Return float(...) of it.",
    )
