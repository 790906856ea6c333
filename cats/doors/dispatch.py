"""Functions that choose among several by the type of their first argument."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from cats.doors.single import Single
from cats.tracked import sample

Rebind = Callable[[Any], Any]


@functools.singledispatch
def _any(value: Any) -> Any:
    return value


def dispatches(function: types.FunctionType) -> bool:
    """Whether functools.singledispatch made a function.

    >>> dispatches(functools.singledispatch(lambda x: x)), dispatches(lambda x: x)
    (True, False)
    """
    return function.__code__ is _any.__code__  # type: ignore[attr-defined]


def dispatching(function: Any, rebind: Rebind) -> Callable[..., Any]:
    """A function of singledispatch, whose choices are rebound when they are called."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if not args:
            return function(*args, **kwargs)
        return rebind(function.dispatch(sample(args[0]).__class__))(*args, **kwargs)

    return functools.wraps(function)(call)


class DispatchedMethod(Single):
    """A method of singledispatchmethod, whose choices are rebound when they are called."""

    def __init__(self, method: functools.singledispatchmethod[Any], rebind: Rebind) -> None:
        self._method, self._rebind = method, rebind

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            chosen = self._rebind(self._method.dispatcher.dispatch(sample(args[0]).__class__))
            return chosen.__get__(owner, kind)(*args, **kwargs)

        return functools.wraps(self._method.func)(call)
