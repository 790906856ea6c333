"""Recursion without the stack: functions that ask for what they need, and a loop that answers.

A recursive function becomes a generator that yields a request wherever it would call itself. The
suspended generators wait in a list, so that a term 100,000 deep is no deeper for Python than any.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any, TypeVar

T = TypeVar("T")

Asking = Generator[Any, Any, T]
"""A computation that yields requests, is sent their answers, and returns a T."""


def outcome(asking: Asking[T]) -> T:
    """What a computation returns that asks for nothing but other computations.

    >>> def depth(n):
    ...     return 0 if n == 0 else 1 + (yield depth(n - 1))
    >>> outcome(depth(10_000))
    10000
    """
    result: T = answer(asking, lambda request: request)
    return result


def answer(request: Any, begin: Callable[[Any], Any]) -> Any:
    """The answer to a request: `begin` gives it at once, or a generator that asks further.

    A generator may also yield another generator, which is then run as it stands.

    >>> def factorial(n):
    ...     return 1 if n == 0 else product(n)
    >>> def product(n):
    ...     return n * (yield n - 1)
    >>> answer(5, factorial)
    120
    """
    waiting: list[Generator[Any, Any, Any]] = []
    value: Any = request
    asked = True
    while True:
        if asked and type(value) is not GeneratorType:
            value = begin(value)
        if asked and type(value) is GeneratorType:
            waiting.append(value)
            value = None
        elif not waiting:
            return value
        try:
            value = waiting[-1].send(value)
            asked = True
        except StopIteration as stop:
            waiting.pop()
            value = stop.value
            asked = False
