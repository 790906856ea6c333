"""What a function depends on besides its arguments, as a cache key: nothing captured goes stale.

Closure cells, defaults, and the globals its code names are pictured by content where that can be
seen (numbers, arrays, containers, functions), and by identity otherwise.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
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
    return _Painter().picture(value)


class _Painter:
    """Draws one picture; what comes up again is drawn as its number, so that cycles end."""

    __slots__ = ("_kept", "_seen")

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._kept: list[Value] = []

    def picture(self, value: Value) -> Any:
        if value is None or isinstance(value, bool | int | str | bytes):
            return (type(value), value)
        if isinstance(value, float | np.generic):
            return Constant(value) if np.asarray(value).dtype.kind in "biuf" else Same(value)
        if isinstance(value, np.ndarray):
            return Same(value) if value.dtype == object else (type(value), Constant(value))
        number = self._seen.setdefault(id(value), len(self._seen))
        if number < len(self._kept):
            return ("again", number)
        self._kept.append(value)
        return self._compound(value)

    def _compound(self, value: Value) -> Any:
        match value:
            case types.FunctionType():
                return self._function(value)
            case types.MethodType():
                return ("method", self.picture(value.__func__), self.picture(value.__self__))
            case functools.partial():
                return ("partial", *map(self.picture, (value.func, value.args, value.keywords)))
            case tuple() | list():
                return (type(value), tuple(map(self.picture, value)))
            case dict():
                return (type(value), tuple((_key(k), self.picture(v)) for k, v in value.items()))
            case Node():
                return value
            case type():
                return self._class(value)
            case types.ModuleType() | np.ufunc() | types.BuiltinFunctionType():
                return Same(value)
        if dataclasses.is_dataclass(value) and type(value).__module__.startswith("cats."):
            fields = dataclasses.fields(value)
            return (type(value), tuple(self.picture(getattr(value, f.name)) for f in fields))
        if dataclasses.is_dataclass(value) or hasattr(value, "__dict__"):
            state = getattr(value, "__dict__", {})
            return (Same(value), self.picture(state), self.picture(type(value)))
        return Same(value)

    def _class(self, value: type) -> Any:
        """A class by identity, and a user's class by its attributes too: they may be replaced."""
        if ours(value.__module__):
            return Same(value)
        attributes = [(n, v) for n, v in vars(value).items() if not n.startswith("__")]
        methods = tuple((n, self.picture(v)) for n, v in attributes)
        return (Same(value), methods, tuple(self.picture(b) for b in value.__bases__))

    def _function(self, f: types.FunctionType) -> Any:
        cells = tuple(self._cell(c) for c in f.__closure__ or ())
        if f.__module__ is not None and ours(f.__module__):
            return (Same(f.__code__), cells)
        names = _names(f.__code__)
        named = tuple(
            (name, self._global(f.__globals__[name], names))
            for name in names
            if name in f.__globals__
        )
        return (
            Same(f.__code__),
            cells,
            named,
            *map(self.picture, (f.__defaults__, f.__kwdefaults__)),
        )

    def _global(self, value: Value, names: tuple[str, ...]) -> Any:
        """A global; of a user's module, what the function may read in it."""
        if not isinstance(value, types.ModuleType) or ours(value.__name__):
            return self.picture(value)
        if id(value) in self._seen:
            return Same(value)
        self._seen[id(value)] = len(self._kept)
        self._kept.append(value)
        read = [(n, vars(value)[n]) for n in names if n in vars(value)]
        return (Same(value), tuple((n, self._global(v, names)) for n, v in read))

    def _cell(self, cell: Any) -> Any:
        try:
            return self.picture(cell.cell_contents)
        except ValueError:
            return "empty"


def ours(module: str) -> bool:
    """Whether a module is one that nobody edits while a program runs."""
    root = module.partition(".")[0]
    return root in ("numpy", "cats") or (root in sys.stdlib_module_names and root != "__main__")


@functools.lru_cache(maxsize=1024)
def _names(code: types.CodeType) -> tuple[str, ...]:
    """The global names a code object and those inside it may read."""
    return tuple(dict.fromkeys(_all_names(code)))


def _all_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all_names(constant)


def _key(value: Value) -> Any:
    return value if isinstance(value, str | int | float | tuple) else Same(value)
