"""What a function depends on besides its arguments, as a cache key: nothing captured goes stale.

Closure cells, defaults, and the globals its code names are pictured by content where that can be
seen (numbers, arrays, containers, functions, classes with all that is defined in them), and by
identity otherwise. A large array that the traced function meets as a parameter is pictured by
identity too: it is read in every call. What is read and not foreseen here, the session notices.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import dis
import enum
import functools
import inspect
import itertools
import sys
import threading
import types
from abc import ABC, ABCMeta
from collections.abc import Iterator, Sequence
from typing import Any, Generic, Protocol

import numpy as np

from cats.bits import ATOMS, atoms, plainly, rows
from cats.held import held_by
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

    A universal function for objects alone calls a function of Python, and hides it.

    >>> import array
    >>> opaque(array.array("d", [1.0])), opaque(2.0), opaque([1.0]), opaque(object())
    (True, False, False, False)
    """
    if isinstance(value, np.ndarray):
        return bool(value.dtype.hasobject or value.dtype.kind == "T")
    if isinstance(value, np.ufunc):
        return all(set(signature) <= set("O->") for signature in value.types)
    modules = [_module_of(base) for base in type(value).__mro__ if base is not object]
    seen = isinstance(value, _SEEN) or _is_ours(value)
    if seen or not modules or modules[0] in _UNCHANGING or type(value) is types.SimpleNamespace:
        return False
    hidden = any(ours(module) and module not in (*GENERAL, "enum") for module in modules)
    return hidden or held_by(value) is None


def is_plain(value: np.ndarray[Any, Any]) -> bool:
    """Whether an array is NumPy's own, of numbers that a traced function computes with.

    >>> is_plain(np.ones(3)), is_plain(np.ones(3, complex)), is_plain(np.ma.array([1.0]))
    (True, False, False)
    """
    kind = value.dtype.kind
    number = kind in "bui" or (kind == "f" and value.dtype.itemsize in (4, 8))
    return number and type(value) in (np.ndarray, np.memmap)


def _is_ours(value: Value) -> bool:
    """Whether a value is one of our own records, whose fields are its state."""
    record = dataclasses.is_dataclass(value) and not isinstance(value, type)
    return record and type(value).__module__.startswith("cats.")


def traces(value: Value) -> bool:
    """Whether a value is one of our own records that trace the functions in them.

    >>> from cats.gradients import grad
    >>> traces(grad(abs)), traces(abs)
    (True, False)
    """
    return _is_ours(value) and callable(value) and not type(value).__module__.startswith(_CALLING)


_CALLING = ("cats.ir.", "cats.backends.", "cats.black_boxes")
"""Modules whose records call what they hold, when a program runs."""


def _module_of(kind: type) -> str:
    """Where a class is from; of some that are compiled it is a descriptor that says so."""
    return kind.__module__ if isinstance(kind.__module__, str) else "builtins"


def told_by_modules(value: Value) -> frozenset[tuple[int, str]]:
    """The names that a picture of a value shows, with the identity of the globals they are in."""
    painter = _Painter()
    with contextlib.suppress(Unseen, RecursionError):
        painter.picture(value)
    return frozenset((space, name) for space, name, _ in painter.told)


def picture(value: Value) -> Any:
    """A hashable picture of a value; equal pictures mean the same traced program.

    >>> a = 2.0
    >>> picture(lambda x: a * x) == picture(lambda x: x)
    False
    """
    return _Painter().whole(value)


class Unseen(TypeError):
    """A thing that may change unseen lies in what the traced function sees as it is."""


class _Painter:
    """Draws one picture; what comes up again is drawn as its number, so that cycles end.

    What the traced function sees as it is, `hidden` from the doors, is drawn by content whole.
    """

    __slots__ = ("_asked", "_hidden", "_kept", "_names", "_seen", "told")

    def __init__(self) -> None:
        self.told: set[tuple[int, str, bool]] = set()
        self._seen: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._kept: list[Value] = []
        self._hidden = False
        self._names: tuple[str, ...] = ()
        self._asked: frozenset[str] = frozenset()

    def whole(self, value: Value) -> Any:
        """The picture, and what is said of its functions where one of them asks for it."""
        found = self.picture(value)
        if not self._asked:
            return found
        functions = [f for f in self._kept if isinstance(f, types.FunctionType)]
        said = [self.picture(_said(f, name)) for f in functions for name in sorted(self._asked)]
        return found, tuple(said)

    def picture(self, value: Value) -> Any:
        if type(value) in ATOMS:
            return (float, atoms([value])) if type(value) is float else (type(value), value)
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if isinstance(value, np.generic):
            whole = not value.dtype.hasobject
            return (self._kind(value), Constant(value), self._rest(value)) if whole else Same(value)
        if isinstance(value, np.ndarray):
            return self._array(value)
        number = self._seen[self._hidden].setdefault(id(value), len(self._kept))
        if number < len(self._kept):
            return ("again", number)
        self._kept.append(value)
        return self._compound(value)

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        """By content, but for those that are read in every call: they are met as parameters."""
        if is_plain(value):
            if value.nbytes > SMALL and not self._hidden:
                return (Same(value), value.shape, value.dtype.str)
            return (type(value), Constant(value))
        if opaque(value):
            return self._unseen(value)
        state = getattr(value, "__dict__", None)
        return (self._kind(value), Constant(value), self._inside(state))

    def _unseen(self, value: Value) -> Same:
        """What the session notices when it is read; hidden from it, nobody does."""
        if self._hidden:
            raise Unseen(value)
        return Same(value)

    def _inside(self, value: Value) -> Any:
        """What is in an object that the traced function sees as it is."""
        outer, self._hidden = self._hidden, True
        try:
            return self.picture(value)
        finally:
            self._hidden = outer

    def _kind(self, value: Value) -> Any:
        """The class of a value whose methods are called as they are."""
        kind = type(value)
        return kind if kind in _SEEN_THROUGH or ours(_module_of(kind)) else self._inside(kind)

    def _rest(self, value: Value) -> Any:
        """The attributes that an object of a user's class has besides what its class holds."""
        kind = type(value)
        plain = kind in _SEEN_THROUGH or ours(_module_of(kind))
        return None if plain else self._inside(held_by(value))

    def _compound(self, value: Value) -> Any:
        match value:
            case types.FunctionType():
                return self._function(value)
            case types.MethodType():
                return ("method", self.picture(value.__func__), self.picture(value.__self__))
            case tuple() | list() | set() | frozenset() | dict():
                return (self._kind(value), self._container(value), self._rest(value))
            case int() | float() | complex() | str() | bytes():
                return (self._kind(value), plainly(value), self._rest(value))
            case slice():
                return (slice, self._several((value.start, value.stop, value.step)))
            case Node() | range() | np.dtype():
                return value
            case np.ufunc():
                return self._unseen(value) if opaque(value) else Same(value)
            case type():
                return self._class(value)
        parts = _parts(value)
        if parts is not None:
            return (self._kind(value), self._rest(value), *map(self.picture, parts))
        if isinstance(value, _BOUND):
            return self._bound(value)
        return self._object(value)

    def _container(self, value: Any) -> Any:
        """What a container holds, seen through the doors where it is one of those that are."""
        through = type(value) in _SEEN_THROUGH or isinstance(value, tuple)
        outer, self._hidden = self._hidden, self._hidden or not through
        try:
            if not isinstance(value, dict):
                return self._several(value if isinstance(value, list | tuple) else list(value))
            made = value.default_factory if isinstance(value, collections.defaultdict) else None
            keys, held = self._several(list(value)), self._several(list(value.values()))
        finally:
            self._hidden = outer
        return (keys, held, made and self._inside(made))

    def _several(self, values: Sequence[Value]) -> Any:
        """Values in order; many plain ones, and rows of such ones, at once."""
        found = atoms(values)
        if found is None:
            found = self._rows(values)
        return tuple(map(self.picture, values)) if found is None else found

    def _rows(self, values: Sequence[Value]) -> Any:
        """Rows of plain values, where each comes up for the first time."""
        seen, ids = self._seen[self._hidden], list(map(id, values))
        alone = len(set(ids)) == len(ids) and seen.keys().isdisjoint(ids)
        found = rows(values) if alone else None
        if found is not None:
            seen.update(zip(ids, itertools.count(len(self._kept)), strict=False))
            self._kept.extend(values)
        return found

    def _bound(self, value: Any) -> Any:
        """A compiled function by identity, and a method of an object by the object too."""
        owner = value.__self__
        if owner is None or isinstance(owner, types.ModuleType | type):
            return Same(value)
        return (type(value), value.__name__, self.picture(owner))

    def _object(self, value: Any) -> Any:
        if _is_ours(value):
            fields = dataclasses.fields(value)
            return (type(value), tuple(self.picture(getattr(value, f.name)) for f in fields))
        if isinstance(value, collections.deque):
            return (Same(value), self._kind(value), tuple(map(self._inside, value)))
        if self._hidden and opaque(value):
            raise Unseen(value)
        state = held_by(value)
        plain = ours(_module_of(type(value))) and not isinstance(value, types.SimpleNamespace)
        if state is None or plain:
            return Same(value)
        look = self.picture if can_view(type(value)) else self._inside
        return (Same(value), look(state), self.picture(type(value)))

    def _class(self, value: type) -> Any:
        """A class by identity, and a user's class by its attributes too: they may be replaced."""
        if ours(_module_of(value)):
            return Same(value)
        if not (self._hidden or can_view(value)):
            return self._inside(value)
        shown = [(n, v) for n, v in vars(value).items() if self._shows(n, v)]
        above = [base for base in (*value.__bases__, type(value)) if base not in (object, type)]
        attributes = tuple([(n, self._attribute(v)) for n, v in shown])
        return (Same(value), attributes, tuple(map(self.picture, above)))

    def _shows(self, name: str, value: Value) -> bool:
        """Whether an attribute of a class matters: what Python keeps there only if it is named."""
        hook = name.startswith("__") and not hasattr(type(value), "__get__")
        return not hook or name in self._names

    def _attribute(self, value: Value) -> Any:
        """A function of a class is rebound with it; all else in a class is seen as it is."""
        if isinstance(value, _SETTLED):
            return Same(value)
        if type(value) in ATOMS or isinstance(value, types.FunctionType) or _parts(value):
            return self.picture(value)
        noticed = not self._hidden and opaque(value)
        return Same(value) if noticed else self._inside(value)

    def _function(self, f: types.FunctionType) -> Any:
        if f.__module__ is not None and ours(f.__module__):
            return (Same(f.__code__), tuple(self._cell(c) for c in f.__closure__ or ()))
        outer, self._names = self._names, _names(f.__code__)
        if not _SAID.isdisjoint(self._names):
            self._asked |= _SAID.intersection(self._names)
        try:
            return (
                Same(f.__code__),
                tuple(self._cell(c) for c in f.__closure__ or ()),
                tuple((n, self._told(f.__globals__, n, v)) for n, v in _read(f)),
                *[self.picture(v) if v else None for v in _attached(f)],
            )
        finally:
            self._names = outer

    def _module(self, value: types.ModuleType) -> Any:
        """A module by identity, and of a user's what the function may read in it."""
        if ours(value.__name__):
            return Same(value)
        space = vars(value)
        names = [n for n in self._names if n in space]
        new = [n for n in names if (id(space), n, self._hidden) not in self.told]
        return (Same(value), tuple((n, self._told(space, n, space[n])) for n in new))

    def _told(self, space: dict[str, Any], name: str, value: Value) -> Any:
        """What a name means in a module."""
        self.told.add((id(space), name, self._hidden))
        return self.picture(value)

    def _cell(self, cell: Any) -> Any:
        try:
            return self.picture(cell.cell_contents)
        except ValueError:
            return "empty"


def _attached(f: types.FunctionType) -> tuple[Any, ...]:
    """What hangs on a function besides its code."""
    return f.__defaults__, f.__kwdefaults__, f.__dict__


_SAID = frozenset({"__doc__", "__annotations__", "__name__", "__qualname__"})
"""What is said of a function, and few functions ask for."""


def _said(f: types.FunctionType, name: str) -> Any:
    """What is said of a function under a name; None where an annotation names what is not there."""
    try:
        return getattr(f, name)
    except NameError:
        return None


def _parts(value: Any) -> tuple[Value, ...] | None:
    """What Python's own kinds of functions made of functions hold; None for anything else."""
    match value:
        case functools.partial() | functools.partialmethod():
            return (value.func, value.args, value.keywords)
        case staticmethod() | classmethod():
            return (value.__func__,)
        case property() | types.DynamicClassAttribute():
            return (value.fget, value.fset, value.fdel)
        case functools.cached_property():
            return (value.func,)
        case functools.singledispatchmethod():
            return (dict(value.dispatcher.registry),)
        case functools._lru_cache_wrapper():
            return (value.__wrapped__,)
        case np.vectorize():
            return (value.pyfunc, value.otypes, value.excluded, value.signature)
        case BaseException():
            return (value.args,)
    return None


def _read(f: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function reads in its module, and the modules that are imported within it."""
    space = f.__globals__
    globals_, modules = _roots(f.__code__)
    for name in globals_:
        if name in space:
            yield name, space[name]
    for name in modules:
        if name in sys.modules and not ours(name):
            yield name, sys.modules[name]


@functools.lru_cache(maxsize=1024)
def ours(module: str) -> bool:
    """Whether a module is one that nobody edits while a program runs."""
    root = module.partition(".")[0]
    generated = root in ("numpy", "scipy", "cats") or root.startswith("namedtuple_")
    return generated or (root in sys.stdlib_module_names and root != "__main__")


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
    """Whether a class is a user's, and so are its methods, which a class built on it may replace.

    One made of a container or a number of Python's, or of Enum, is if it has methods.
    """
    own = _own(kind)
    if is_enum(kind):
        return not any(map(ours, map(_module_of, own))) and any(map(_has_methods, own))
    built_in = {base for base in kind.__mro__ if _module_of(base) == "builtins"} - {object}
    if not own or any(ours(_module_of(base)) for base in own) or not built_in <= _HELD:
        return False
    if built_in:
        return needs_no_hook(kind) and any(map(_has_methods, own))
    return needs_no_hook(kind) or (_is_plainly_laid(kind) and _has_own_meta(kind))


def needs_no_hook(kind: type) -> bool:
    """Whether nothing of the user's runs when a class is built on it."""
    own = _own(kind)
    return _meta(kind) in _METAS and not any("__init_subclass__" in vars(base) for base in own)


def is_enum(kind: type) -> bool:
    """Whether a class is one of Enum, whose members are of no other kind besides."""
    plain = issubclass(kind, enum.Enum) and not issubclass(kind, enum.Flag)
    return plain and _meta(kind) is enum.EnumMeta and _is_plainly_laid(kind)


def _own(kind: type) -> list[type]:
    """A class and those it is built on, but for general ones."""
    return [b for b in kind.__mro__ if _module_of(b) not in GENERAL and b not in _BUILT_ON]


def _meta(kind: type) -> type:
    return next(m for m in inspect.getmro(type(kind)) if not _module_of(m).startswith("cats."))


def _has_own_meta(kind: type) -> bool:
    """Whether it has a metaclass of Python's general ones, or one of the user's."""
    return _meta(kind) in _METAS or not ours(_module_of(_meta(kind)))


def _has_methods(kind: type) -> bool:
    held = (getattr(v, "__func__", getattr(v, "fget", v)) for v in vars(kind).values())
    return any(isinstance(f, types.FunctionType) and not ours(f.__module__ or "") for f in held)


class _Plain:
    """A class whose objects have a dict, and can be referred to weakly."""


def _is_plainly_laid(kind: type) -> bool:
    """Whether its objects lie in memory as those of a class without slots."""
    sizes = ("__basicsize__", "__itemsize__", "__dictoffset__", "__weakrefoffset__")
    same = all(getattr(kind, size) == getattr(_Plain, size) for size in sizes)
    return same and laid_on(kind) in (object, ABC, Generic, Protocol)


def laid_on(kind: type) -> Any:
    """What the class that gives objects of a class their dict is built on."""
    base: Any = kind
    while base.__dictoffset__:
        base = base.__base__
    return base


_BUILT_ON = frozenset(
    {
        enum.Enum, collections.UserDict, collections.UserList, collections.UserString,
        collections.OrderedDict, collections.defaultdict, collections.Counter,
    }
)  # fmt: skip
"""Classes of Python's library that users' classes are built on, and that hide nothing."""

_METAS = (type, ABCMeta, type(Protocol))
_HELD = frozenset({tuple, list, dict, set, frozenset, int, float, complex, str, bytes})
"""Types of Python whose objects another can be made of that holds the same."""

_SEEN = (
    type(None), int, float, complex, str, bytes, range, slice, tuple, list, dict, set, frozenset,
    collections.deque, np.generic, np.dtype, np.ufunc, type, types.ModuleType, types.FunctionType,
    types.BuiltinFunctionType, types.MethodType, types.CodeType, functools.partial, Node,
    functools._lru_cache_wrapper, type(np.sum), type(Ellipsis), type(NotImplemented),
)  # fmt: skip
"""What is seen through, or never changes."""

_SEEN_THROUGH = (tuple, list, dict, set)
"""Containers that the traced function sees through the doors, with what they hold."""

_BOUND = (types.BuiltinFunctionType, types.MethodWrapperType)
"""Compiled functions, and methods of objects whose class is compiled."""

_SETTLED = (
    types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType,
    types.MethodDescriptorType, types.ClassMethodDescriptorType, types.BuiltinFunctionType,
    type(threading.Lock()), type(threading.RLock()),
    type(vars(collections.namedtuple("Field", "x"))["x"]), type(vars(ABC)["_abc_impl"]),
)  # fmt: skip
"""What Python itself puts into classes, or what tells nothing of numbers."""

_UNCHANGING = frozenset(
    {"re", "datetime", "decimal", "fractions", "pathlib", "uuid", "logging", "types", "typing"}
)
"""Modules whose objects do not change, or tell nothing of what they hold."""

GENERAL = ("typing", "abc", "collections.abc", "builtins")
"""Modules whose classes users' classes are built on."""
