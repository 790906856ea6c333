"""Searches of a library: they run as they are, on numbers and on functions that give numbers.

A search stops at numbers: code that is followed through one has the derivative of its last step,
which is 0 where it began at the answer. Nobody is asked whether a function that it is given
depends on traced values: what that gives is looked at.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any, NoReturn

from cats.calls import known_arguments
from cats.doors.containers import tuple_of


def apart(value: Any, refuse: Callable[[], NoReturn]) -> Any:
    """An argument of a search, without the trace; `refuse` is called if a traced value is in it.

    Of a function that it holds every result is looked at in the same way.
    """
    if isinstance(value, type):
        return value
    if type(value) is dict:
        return {key: apart(part, refuse) for key, part in value.items()}
    if type(value) is list:
        return [apart(part, refuse) for part in value]
    if type(value) is tuple or (isinstance(value, tuple) and hasattr(value, "_fields")):
        return tuple_of(value, functools.partial(apart, refuse=refuse))
    if callable(value):
        return _numbers_of(value, refuse)
    if type(value).__module__.startswith("scipy.") and getattr(value, "__dict__", None):
        made = copy.copy(value)
        vars(made).update(apart(vars(value), refuse))
        return made
    known = known_arguments((value,), {})
    return refuse() if known is None else known[0][0]


def _numbers_of(function: Callable[..., Any], refuse: Callable[[], NoReturn]) -> Callable[..., Any]:
    """A function whose results are without the trace."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return apart(function(*args, **kwargs), refuse)

    return functools.wraps(function, updated=())(call)
