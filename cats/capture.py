"""What a function depends on besides its arguments, as a cache key: nothing captured goes stale.

Closure cells, defaults, and the globals its code names are pictured by content where that can be
seen (numbers, arrays, containers, functions), and by identity otherwise.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from cats.ir.constant import Constant
from cats.ir.node import Node
from cats.ir.spaces import Value


class Same:
    """A value known by identity only; holding it keeps its identity from being used again."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def picture(value: Value) -> Any:
    """A hashable picture of a value; equal pictures mean the same traced program.

    >>> a = 2.0
    >>> picture(lambda x: a * x) == picture(lambda x: x)
    False
    """
    return _picture(value, frozenset())


def _picture(value: Value, above: frozenset[int]) -> Any:
    if value is None or isinstance(value, bool | int | str | bytes):
        return (type(value), value)
    if isinstance(value, float | np.generic):
        return Constant(value) if np.asarray(value).dtype.kind in "biuf" else Same(value)
    if id(value) in above or len(above) > 32:
        return "above"
    if isinstance(value, np.ndarray):
        return Same(value) if value.dtype == object else Constant(value)
    return _compound(value, above | {id(value)})


def _compound(value: Value, above: frozenset[int]) -> Any:
    match value:
        case types.FunctionType():
            return _function(value, above)
        case types.MethodType():
            return ("method", _picture(value.__func__, above), _picture(value.__self__, above))
        case functools.partial():
            parts = (value.func, value.args, value.keywords)
            return ("partial", *[_picture(p, above) for p in parts])
        case tuple() | list():
            return (type(value), tuple(_picture(v, above) for v in value))
        case dict():
            return (type(value), tuple((Same(k) if k.__hash__ is None else k, _picture(v, above)) for k, v in value.items()))
        case Node():
            return value
        case types.ModuleType() | type() | np.ufunc() | types.BuiltinFunctionType():
            return Same(value)
    if _transformed(value):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
        return (type(value), tuple(_picture(p, above) for p in parts))
    if dataclasses.is_dataclass(value) or hasattr(value, "__dict__"):
        return (Same(value), _picture(getattr(value, "__dict__", {}), above))
    return Same(value)


def _transformed(value: Value) -> bool:
    """Whether it is grad(f), jacobian(f), ... : equal fields, equal functions."""
    return type(value).__module__.startswith("cats.") and hasattr(value, "answer")


def _function(f: types.FunctionType, above: frozenset[int]) -> Any:
    cells = tuple(_cell(c, above) for c in f.__closure__ or ())
    if f.__module__ is not None and f.__module__.split(".")[0] in ("numpy", "cats"):
        return (Same(f.__code__), cells)
    named = tuple(
        (name, _picture(f.__globals__[name], above))
        for name in _names(f.__code__)
        if name in f.__globals__
    )
    defaults = (_picture(f.__defaults__, above), _picture(f.__kwdefaults__, above))
    return (Same(f.__code__), cells, named, defaults)


def _cell(cell: Any, above: frozenset[int]) -> Any:
    try:
        return _picture(cell.cell_contents, above)
    except ValueError:
        return "empty"


@functools.lru_cache(maxsize=1024)
def _names(code: types.CodeType) -> tuple[str, ...]:
    """The global names a code object and those inside it may read."""
    return tuple(dict.fromkeys(_all_names(code)))


def _all_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all_names(constant)
