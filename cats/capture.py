"""What a function depends on besides its arguments, as a cache key: nothing captured goes stale.

Closure cells, defaults, and the globals its code names are pictured by content where that can be
seen (numbers, small arrays, containers, functions), and by identity otherwise. A large array that
the traced function meets as a parameter is pictured by identity too: it is read in every call.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import dis
import functools
import sys
import types
from abc import ABCMeta
from collections.abc import Iterator
from typing import Any

import numpy as np

from cats.ir.constant import Constant
from cats.ir.node import Node
from cats.ir.spaces import Value

SMALL = 2048
"""An array from outside of no more bytes is part of what is compiled; a larger one is read anew."""


class Same:
    """A value known by identity only; holding it keeps its identity from being used again."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def opaque(value: Value) -> bool:
    """Whether a value can change and its picture would not: it holds more than can be seen.

    >>> import array
    >>> opaque(array.array("d", [1.0])), opaque(2.0), opaque([1.0]), opaque(object())
    (True, False, False, False)
    """
    if isinstance(value, np.ndarray):
        return bool(value.dtype == object)
    modules = [_module_of(base) for base in type(value).__mro__ if base is not object]
    seen = isinstance(value, _SEEN) or _is_ours(value)
    if seen or not modules or modules[0] in _UNCHANGING or type(value) is types.SimpleNamespace:
        return False
    hidden = any(ours(module) and module not in GENERAL for module in modules)
    return hidden or _state(value) is None


def _is_ours(value: Value) -> bool:
    """Whether a value is one of our own records, whose fields are its state."""
    return dataclasses.is_dataclass(value) and type(value).__module__.startswith("cats.")


def _module_of(kind: type) -> str:
    """Where a class is from; of some that are compiled it is a descriptor that says so."""
    return kind.__module__ if isinstance(kind.__module__, str) else "builtins"


def told_by_modules(value: Value) -> frozenset[tuple[str, str]]:
    """The names of users' modules that a picture of a value shows, by the module they are in."""
    painter = _Painter()
    with contextlib.suppress(Unseen):
        painter.picture(value)
    return frozenset(painter.told)


def picture(value: Value) -> Any:
    """A hashable picture of a value; equal pictures mean the same traced program.

    >>> a = 2.0
    >>> picture(lambda x: a * x) == picture(lambda x: x)
    False
    """
    return _Painter().picture(value)


class Unseen(TypeError):
    """A thing that may change unseen lies in what the traced function sees as it is."""


class _Painter:
    """Draws one picture; what comes up again is drawn as its number, so that cycles end."""

    __slots__ = ("_hidden", "_kept", "_names", "_seen", "told")

    def __init__(self) -> None:
        self.told: set[tuple[str, str]] = set()
        self._seen: dict[int, int] = {}
        self._kept: list[Value] = []
        self._hidden = 0
        self._names: tuple[str, ...] = ()

    def picture(self, value: Value) -> Any:
        if value is None or isinstance(value, bool | int | str | bytes):
            return (type(value), value)
        if isinstance(value, float | np.generic):
            plain = np.asarray(value).dtype.kind in "biuf"
            return (type(value), Constant(value)) if plain else Same(value)
        if isinstance(value, np.ndarray):
            return self._array(value)
        number = self._seen.setdefault(id(value), len(self._seen))
        if number < len(self._kept):
            return ("again", number)
        self._kept.append(value)
        return self._compound(value)

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        """By content, but for those that are read in every call: they are met as parameters."""
        if value.dtype == object or (value.nbytes > SMALL and not self._hidden):
            return (Same(value), value.shape, value.dtype.str)
        return (type(value), Constant(value))

    def _inside(self, value: Value) -> Any:
        """What is in an object that the traced function sees as it is."""
        self._hidden += 1
        try:
            return self.picture(value)
        finally:
            self._hidden -= 1

    def _compound(self, value: Value) -> Any:
        match value:
            case types.FunctionType():
                return self._function(value)
            case types.MethodType():
                return ("method", self.picture(value.__func__), self.picture(value.__self__))
            case functools.partial():
                return ("partial", *map(self.picture, (value.func, value.args, value.keywords)))
            case tuple() | list():
                look = (
                    self.picture
                    if type(value) is list or isinstance(value, tuple)
                    else self._inside
                )
                return (type(value), tuple(map(look, value)))
            case set() | frozenset():
                return (type(value), frozenset(map(self.picture, value)))
            case dict():
                look = self.picture if type(value) is dict else self._inside
                return (type(value), tuple((_key(k), look(v)) for k, v in value.items()))
            case Node():
                return value
            case type():
                return self._class(value)
            case types.ModuleType():
                return self._module(value)
            case np.ufunc() | types.BuiltinFunctionType():
                return Same(value)
            case functools._lru_cache_wrapper():
                return (Same(value), self.picture(value.__wrapped__))
        if _is_ours(value):
            fields = dataclasses.fields(value)
            return (type(value), tuple(self.picture(getattr(value, f.name)) for f in fields))
        if isinstance(value, collections.deque):
            return (Same(value), tuple(map(self._inside, value)))
        state = _state(value)
        plain = ours(_module_of(type(value))) and not isinstance(value, types.SimpleNamespace)
        if self._hidden and opaque(value):
            raise Unseen(value)
        if state is None or plain:
            return Same(value)
        look = self.picture if can_view(type(value)) else self._inside
        return (Same(value), look(state), self.picture(type(value)))

    def _class(self, value: type) -> Any:
        """A class by identity, and a user's class by its attributes too: they may be replaced."""
        if ours(_module_of(value)):
            return Same(value)
        attributes = [(n, v) for n, v in vars(value).items() if not n.startswith("__")]
        methods = tuple((n, self.picture(v)) for n, v in attributes)
        above = (*value.__bases__, type(value))
        return (Same(value), methods, tuple(self.picture(b) for b in above))

    def _function(self, f: types.FunctionType) -> Any:
        if f.__module__ is not None and ours(f.__module__):
            return (Same(f.__code__), tuple(self._cell(c) for c in f.__closure__ or ()))
        outer, self._names = self._names, _names(f.__code__)
        try:
            return (
                Same(f.__code__),
                tuple(self._cell(c) for c in f.__closure__ or ()),
                tuple((n, self.picture(v)) for n, v in _read(f.__globals__, f.__code__)),
                *map(self.picture, (f.__defaults__, f.__kwdefaults__, f.__dict__ or None)),
            )
        finally:
            self._names = outer

    def _module(self, value: types.ModuleType) -> Any:
        """A module by identity, and of a user's what the function may read in it."""
        if ours(value.__name__):
            return Same(value)
        read = [(n, vars(value)[n]) for n in self._names if n in vars(value)]
        self.told.update((value.__name__, n) for n, _ in read)
        return (Same(value), tuple((n, self.picture(v)) for n, v in read))

    def _cell(self, cell: Any) -> Any:
        try:
            return self.picture(cell.cell_contents)
        except ValueError:
            return "empty"


def _read(space: dict[str, Any], code: types.CodeType) -> Iterator[tuple[str, Any]]:
    """What a function reads in its module, and the modules that are imported within it."""
    globals_, modules = _roots(code)
    for name in globals_:
        if name in space:
            yield name, space[name]
    for name in modules:
        if name in sys.modules and not ours(name):
            yield name, sys.modules[name]


def ours(module: str) -> bool:
    """Whether a module is one that nobody edits while a program runs."""
    root = module.partition(".")[0]
    return root in ("numpy", "scipy", "cats") or (
        root in sys.stdlib_module_names and root != "__main__"
    )


@functools.lru_cache(maxsize=1024)
def _names(code: types.CodeType) -> tuple[str, ...]:
    """The global names a code object and those inside it may read."""
    return tuple(dict.fromkeys(_all_names(code)))


@functools.lru_cache(maxsize=1024)
def _roots(code: types.CodeType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that a code object and those inside it look up as globals, and what they import.

    A name that no source can say is a tool's, as pytest's for what fails in an assertion.
    """
    globals_: dict[str, None] = {}
    modules: dict[str, None] = {}
    waiting = [code]
    while waiting:
        here = waiting.pop()
        for step in dis.get_instructions(here):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval.isidentifier():
                globals_[step.argval] = None
            elif step.opname == "IMPORT_NAME":
                modules[step.argval] = None
        waiting.extend(c for c in here.co_consts if isinstance(c, types.CodeType))
    return tuple(globals_), tuple(modules)


def _all_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all_names(constant)


def can_view(kind: type) -> bool:
    """Whether a class is plain Python through and through, and a user's."""
    if type(kind) not in (type, ABCMeta) or issubclass(kind, BaseException):
        return False
    own = [base for base in kind.__mro__ if _module_of(base) not in GENERAL]
    hooked = any("__init_subclass__" in vars(base) for base in own)
    plain = kind.__new__ is object.__new__ and not any(ours(_module_of(base)) for base in own)
    return bool(own) and plain and not hooked


_SEEN = (
    type(None), int, float, complex, str, bytes, range, slice, tuple, list, dict, set, frozenset,
    collections.deque, np.generic, np.dtype, np.ufunc, type, types.ModuleType, types.FunctionType,
    types.BuiltinFunctionType, types.MethodType, types.CodeType, functools.partial, Node,
    functools._lru_cache_wrapper, type(np.sum), type(Ellipsis), type(NotImplemented),
)  # fmt: skip
"""What is seen through, or never changes."""

_UNCHANGING = frozenset(
    {"re", "datetime", "decimal", "fractions", "pathlib", "uuid", "logging", "types", "typing"}
)
"""Modules whose objects do not change, or tell nothing of what they hold."""

GENERAL = ("typing", "abc", "collections.abc", "builtins")
"""Modules whose classes users' classes are built on."""


def slots(base: type) -> tuple[str, ...]:
    """The names of the slots that a class itself has."""
    found = vars(base).get("__slots__", ())
    names = (found,) if isinstance(found, str) else tuple(found)
    return tuple(n for n in names if n not in ("__dict__", "__weakref__"))


def _state(value: Value) -> dict[str, Any] | None:
    """The attributes of an object, those in slots included; None if it has none to look at."""
    names = [n for base in type(value).__mro__ for n in slots(base) if hasattr(value, n)]
    found = getattr(value, "__dict__", None)
    if found is None and not names:
        return None
    return {**(found or {}), **{n: getattr(value, n) for n in names}}


def _key(value: Value) -> Any:
    return value if isinstance(value, str | int | float | tuple) else Same(value)
