"""Classes that are made in a traced function: of which classes, and what becomes of them."""

from __future__ import annotations

import builtins
import collections
import dataclasses
import functools
import types
from collections.abc import Callable
from typing import Any

from cats.doors.answers import ANSWERS, answering
from cats.doors.types import real_type

Made = Callable[[Any], Any]

MAKERS: tuple[Callable[..., Any], ...] = (
    collections.namedtuple, dataclasses.dataclass, dataclasses.make_dataclass, types.new_class,
)  # fmt: skip
"""Functions that make classes."""


def class_statement(made: Made) -> Callable[..., Any]:
    """What a class statement asks for a class; number types and `type` are those of Python.

    made   what becomes of a class
    """

    def build(function: Any, name: str, /, *bases: Any, **options: Any) -> Any:
        options = {key: real_type(value) for key, value in options.items()}
        return made(builtins.__build_class__(function, name, *map(real_type, bases), **options))

    return build


def making(function: Callable[..., Any], made: Made) -> Callable[..., Any]:
    """A function that makes classes, or functions that do.

    made   what becomes of a class
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        return made(found) if isinstance(found, type) else making(found, made)

    return functools.wraps(function)(call)


def answering_class(made: Any) -> Any:
    """A class whose methods answer as Python asks."""
    if isinstance(made, type):
        for name, value in list(vars(made).items()):
            if name in ANSWERS:
                type.__setattr__(made, name, answering(name, value))
    return made
