"""A session: a traced function bound to other meanings of the names it uses, for one trace.

The code stays the user's own, so tracebacks do too; what is new are the globals, the closure and
the defaults it looks its names up in. Names are looked up when they are read, and what they mean
is made then: helpers, methods and classes are rebound as the function reaches them. Nothing of
the user's is changed; what the function changes outside of itself is an error.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import functools
import importlib
import math
import types
import weakref
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from cats.capture import SMALL, can_view, is_plain, opaque, ours, told_by_modules, traces
from cats.doors import python
from cats.doors.around import Around
from cats.doors.averages import STATISTICS, of_statistics
from cats.doors.code import asks_identity, asks_which, names_of_classes
from cats.doors.containers import KEPT, kept, tuple_of
from cats.doors.dispatch import dispatches, dispatching
from cats.doors.drawing import Drawings, Source, is_source
from cats.doors.globals import Globals, ModuleDoor, installed
from cats.doors.keeping import Keeping, kept_property
from cats.doors.loops import Vectorized, makers
from cats.doors.making import MAKERS, answering_class, making
from cats.doors.mirrors import Mirrors
from cats.doors.numpy import CLASSES, KEYED, Door, Keyed, is_distribution
from cats.doors.outside import Outside
from cats.doors.passed import holds
from cats.doors.refusing import (
    LIBRARIES,
    RANDOM,
    READ,
    Refusing,
    Written,
    is_file,
    looks_outside,
    reason,
    sets_warnings,
    takes_out,
)
from cats.doors.remembering import remembering
from cats.doors.surroundings import builtins_of, import_module, importing, warning
from cats.doors.taken_out import kept_in, reads_text, refuse_text
from cats.doors.types import has_door, type_door
from cats.ir.errors import Where
from cats.ir.wire import STAMPS
from cats.recorder import Recorder, newest_recorder
from cats.tracked import Tracked

_FUNCTIONS = (
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType, np.ufunc, type, type(np.sum),
)  # fmt: skip
"""What a library does its work with: functions, NumPy's of each kind, modules and classes."""

_METHODS = (types.FunctionType, staticmethod, classmethod)
_WRAPPING = (*_METHODS, functools._lru_cache_wrapper)
_WRAPPERS = (type(np.sum), functools._lru_cache_wrapper)
"""What calls the Python function that it wraps, on the arguments that it is given."""

_ALIKE = frozenset({type(None), bool, int, str, bytes})
"""Types of what is the same inside and outside."""
_IN_MATH = frozenset(v for v in vars(math).values() if isinstance(v, types.BuiltinFunctionType))
_BUILTINS = vars(builtins)


class Session:
    """What one trace, the `root`, has rebound; `recorder` is the innermost one open in it.

    What is read from outside belongs to the root, which is open as long as anything here is used.
    """

    def __init__(self, recorder: Recorder, traced: Any = None) -> None:
        self.recorder = self.root = recorder
        self._traced = traced
        self.asks_which: Where | None = None
        self._told: frozenset[tuple[int, str]] | None = None
        self._made: dict[int, tuple[Any, Any]] = {}
        self._left: dict[int, Any] = {}
        self._numbers: dict[type, type] = {}
        self._within: dict[int, type] = {}
        self._own: dict[types.FunctionType, types.FunctionType] = {}
        self._spaces: dict[int, Globals] = {}
        self._as_they_are: list[Any] = []
        self._arounds: list[Around] = []
        self.outside = Outside(lambda error: self.recorder.refused(error))
        self.mirrors = Mirrors(self.rebound, self.outside, self._changing)
        self.keeping = Keeping(lambda: self.recorder)
        self._property = kept_property(self.keeping)
        doors = {
            **python.doors(self.mirrors.original, self.rebound, self._class_made),
            "float": self._number(float),
            "complex": self._number(complex),
            "memoryview": self._number(memoryview),
            "id": self._identity,
            **builtins_of(self),
        }
        self.builtins = {**_BUILTINS, **doors, "__import__": importing(self)}
        self._plain = {id(_BUILTINS[name]): door for name, door in doors.items()}
        for name, door in doors.items():
            self.mirrors.stands_for(door, _BUILTINS[name])
        self._makers = makers(self)
        self.world = recorder.world
        self.world.door = self.rebound

    @contextlib.contextmanager
    def entered(self, recorder: Recorder) -> Iterator[None]:
        """An inner trace is open."""
        outer, since = self.recorder, self.world.since
        recorder.namespace, recorder.world = self.rebound(np), self.world
        if recorder is not outer:
            self.recorder, self.world.since = recorder, next(STAMPS)
        try:
            yield
        finally:
            self.recorder, self.world.since = outer, since
            self.keeping.ended(recorder)

    # What a value is inside

    def reads(self, space: dict[str, Any], name: str) -> None:
        """Notes that a name of a module is read: one that was not foreseen may change unseen.

        A name that no source can say is a tool's, as in `capture`.
        """
        if not (self.world.lasting and name.isidentifier()) or ours(str(space.get("__name__"))):
            return
        if self._told is None:
            self._told = told_by_modules(self._traced)
        if (id(space), name) not in self._told:
            self.world.lasting = False

    def rebound(self, value: Any) -> Any:
        """A value from outside, as the traced function sees it; one object for one object."""
        if type(value) in _ALIKE or isinstance(value, Tracked | Door | Refusing):
            return value
        known = self._made.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        made = self._rebound(value)
        _, made = self._made.setdefault(id(value), (value, made))
        self._left.setdefault(id(made), value)
        return made

    def left(self, value: Any) -> Any:
        """A value in the structure of a result, as it is outside."""
        if type(value) in _ALIKE or isinstance(value, np.generic):
            return value
        if type(value) in (tuple, frozenset):
            return type(value)(map(self.left, value))
        return self._outer(value)

    def _outer(self, value: Any) -> Any:
        """What something inside stands for."""
        return self._left.get(id(value), self.mirrors.original(value))

    def _identity(self, value: Any, /) -> int:
        """id: of what tables outside know."""
        return id(self._outer(value))

    def _rebound(self, value: Any) -> Any:
        if isinstance(value, weakref.ProxyTypes):
            return weakref.proxy(self.rebound(value.__repr__.__self__))
        if is_file(value):
            return Written(self.recorder.refuse, READ, value)
        if looks_outside(value):
            self.world.lasting = False
        if is_source(value):
            source = Source(self, value)
            self.mirrors.stands_for(source, value)
            return source
        words = reason(value)
        if words is RANDOM and isinstance(value, types.ModuleType):
            return Drawings(self, value)
        if words is not None:
            return Refusing(self.recorder.refuse, words, value)
        if isinstance(value, types.FunctionType) and value in STATISTICS:
            return of_statistics(value)
        if takes_out(value):
            return kept_in(self, value)
        if value is functools.cached_property:
            return self._property
        if any(value is maker for maker in MAKERS):
            return making(value, self._class_made)
        if sets_warnings(value):
            return warning(self, value)
        match value:
            case types.FunctionType():
                return self._function(value)
            case types.MethodType():
                return types.MethodType(self.rebound(value.__func__), self.rebound(value.__self__))
            case functools.partial():
                parts = [self.rebound(v) for v in value.args]
                named = {k: self.rebound(v) for k, v in value.keywords.items()}
                return functools.partial(self.rebound(value.func), *parts, **named)
            case staticmethod():
                return staticmethod(self.rebound(value.__func__))
            case types.BuiltinFunctionType() | types.MethodWrapperType():
                return self._compiled(value)
            case types.ModuleType():
                return value if _left_alone(value.__name__) else ModuleDoor(self, value)
            case np.ndarray():
                return self._array(value)
            case type():
                made = self._makers.get(id(value), self._plain.get(id(value)))
                return self._type(value) if made is None else made
            case tuple() if not can_view(type(value)):
                return tuple_of(value, self.rebound)
            case frozenset() if type(value) is frozenset:
                return frozenset(map(self.rebound, value))
            case weakref.ReferenceType():
                return self._weak(value)
        if type(value) in KEPT:
            return self._container(value)
        if id(value) in self._plain or id(value) in self._makers:
            return self._plain.get(id(value)) or self._makers[id(value)]
        if isinstance(value, np.vectorize):
            return Vectorized(self, value)
        return self._record(value) if traces(value) else self._other(value)

    def _weak(self, value: weakref.ref[Any]) -> Any:
        """A weak reference to what is inside; what it refers to may be gone in the next call."""
        self.world.lasting = False
        found = value()
        inside = self.rebound(found)
        return value if inside is found else weakref.ref(inside)

    def _compiled(self, value: Any) -> Any:
        """A compiled function, or a method of what its object is inside."""
        known = self._plain.get(id(value)) or self._makers.get(id(value))
        if known is not None:
            return known
        if isinstance(value, types.BuiltinFunctionType) and value in _IN_MATH:
            return python.of_math(value)
        owner = value.__self__
        if owner is None or isinstance(owner, types.ModuleType | type):
            return self._other(value)
        inside = self.rebound(owner)
        return self._other(value) if inside is owner else getattr(inside, value.__name__)

    def _other(self, value: Any) -> Any:
        if any(value is keyed for keyed in KEYED):
            return Keyed(self, value)
        if opaque(value):
            self.world.lasting = False
        module = getattr(value, "__module__", None) or type(value).__module__
        hashable = type(value).__hash__ is not None
        if callable(value) and hashable and str(module).partition(".")[0] == "numpy":
            return Door(self, value)
        if isinstance(value, np.ufunc) or str(module).startswith("scipy."):
            return Door(self, value) if callable(value) or is_distribution(value) else value
        if isinstance(value, functools._lru_cache_wrapper):
            return self._remembering(value)
        if can_view(type(value)):
            known = self.mirrors.is_mirror(type(value)) or self._is_within(type(value))
            return value if known else self.mirrors.view(value)
        if holds(value):
            self.outside.passed.watch(value)
        self._as_they_are.append(value)
        for around in self._arounds:
            around.reach(value)
        return value

    def _record(self, value: Any) -> Any:
        """A transformed function, over what its functions are inside: what they read is read here.

        It may lie in what it holds, as a function in its own rule.
        """
        made = copy.copy(value)
        self._made[id(value)] = (value, made)
        for field in fields(value):
            held = getattr(value, field.name)
            if callable(held) or isinstance(held, tuple):
                object.__setattr__(made, field.name, self.rebound(held))
        return made

    def _remembering(self, cached: Any) -> Callable[..., Any]:
        """A function with a cache of its own: it is asked what it remembers of numbers.

        What it remembers may be cleared unseen, so that it is asked anew in every call. Of traced
        values, which are told apart by identity, it remembers nothing outside of the trace.
        """
        computed = remembering(self.rebound(cached.__wrapped__))

        def call(*args: Any, **kwargs: Any) -> Any:
            if newest_recorder((args, kwargs)) is not None or session_of(cached.__wrapped__):
                return computed(*args, **kwargs)
            self.world.lasting = False
            return self.rebound(cached(*args, **kwargs))

        return functools.wraps(cached)(call)

    def names(self, value: Any) -> Any:
        """A global of an installed library: its functions see the doors, its state is its own."""
        return self.rebound(value) if isinstance(value, _FUNCTIONS) else value

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        """An array from outside: small ones are constants, others are read in every call."""
        if opaque(value):
            self.world.lasting = False
        if not is_plain(value):
            self.outside.passed.watch(value)
            return value
        if value.nbytes > SMALL:
            return self.root.reading(value)
        made = self.root.local(value.copy())
        made.own.frozen = "an array from outside the function"
        return made

    def _container(self, value: Any) -> Any:
        if opaque(value):
            self.world.lasting = False
        return self.outside.container(kept(value, self.rebound, self.outside.refuse))

    def given(self, value: Any) -> Any:
        """An argument, whose containers and objects are not to be changed."""
        if type(value) in KEPT:
            return self.outside.container(kept(value, self.given, self.outside.refuse_argument))
        if isinstance(value, tuple):
            return tuple_of(value, self.given)
        if self.mirrors.is_mirror(type(value)):
            for name, part in vars(value).items():
                object.__setattr__(value, name, self.given(part))
            self.outside.thing(value)
        if isinstance(value, list | dict):
            self.outside.passed.watch(value)
        return value

    # Functions

    def _function(self, value: types.FunctionType) -> Any:
        module = value.__module__ or ""
        if value is importlib.import_module:
            return import_module(self)
        if module.partition(".")[0] in ("numpy", "scipy"):
            return Door(self, value)
        if ours(module) or isinstance(value.__globals__, Globals):
            return value
        return dispatching(value, self.rebound) if dispatches(value) else self._bound(value)

    def _bound(self, value: types.FunctionType) -> types.FunctionType:
        """The same code, with other globals, closure and defaults."""
        space = self.space_of(value.__globals__)
        cells = tuple([types.CellType() for _ in value.__closure__ or ()])
        self.world.asks_identity |= asks_identity(value.__code__)
        if self.asks_which is None and not installed(value.__code__.co_filename):
            self.asks_which = asks_which(value.__code__)
        made = types.FunctionType(value.__code__, space, value.__name__, None, cells)
        self._made[id(value)] = (value, made)
        space.fetch(names_of_classes(value.__code__))
        for name, old, new in zip(
            value.__code__.co_freevars, value.__closure__ or (), cells, strict=True
        ):
            with contextlib.suppress(ValueError):
                held = old.cell_contents
                new.cell_contents = held if name == "__class__" else self.rebound(held)
                self.outside.cell(new, value, name)
        made.__defaults__ = value.__defaults__ and tuple(map(self.rebound, value.__defaults__))
        made.__kwdefaults__ = value.__kwdefaults__ and {
            k: self.rebound(v) for k, v in value.__kwdefaults__.items()
        }
        made.__dict__.update({k: self.rebound(v) for k, v in value.__dict__.items()})
        self.outside.function(made)
        for name in ("__module__", "__qualname__", "__doc__", "__annotations__"):
            setattr(made, name, getattr(value, name))
        return made

    def space_of(self, names: dict[str, Any]) -> Globals:
        """The names of a module, seen through the doors: one space for one module."""
        if id(names) not in self._spaces:
            look = self.names if installed(str(names.get("__file__"))) else self.rebound
            self._spaces[id(names)] = Globals(self, names, look)
        return self._spaces[id(names)]

    def own_code(self, function: Any) -> Callable[..., Any] | None:
        """A library's own Python code for a function, to be traced where the table has none.

        What else is said to be wrapped may be another thing, as what uarray asks of arguments.
        """
        code = getattr(function, "__wrapped__", None) if type(function) in _WRAPPERS else function
        if not isinstance(code, types.FunctionType) or ".random" in (code.__module__ or ""):
            return None
        if code not in self._own:
            door = self._made.get(id(code))
            self._own[code] = self._bound(code)
            if door is not None:
                self._made[id(code)] = door
        return self._own[code]

    # Classes and objects

    def _type(self, value: type) -> Any:
        if value in CLASSES:
            return Door(self, value)
        if has_door(value):
            return self._number(value)
        if not can_view(value) or self.mirrors.knows(value) or self._is_within(value):
            return value
        return self.mirrors.mirror(value)

    def _number(self, kind: type) -> type:
        """The one door of a number type."""
        if kind not in self._numbers:
            self._numbers[kind] = type_door(kind, self._check_text)
            self.mirrors.stands_for(self._numbers[kind], kind)
        return self._numbers[kind]

    def _check_text(self, text: str) -> None:
        """Raises TraceError for the text of a traced value, which must not become a number."""
        if reads_text(self.world, text):
            refuse_text(self, "a number read out")

    def _class_made(self, made: Any) -> Any:
        """A class that the traced function makes: it is what it is, and its methods are bound."""
        self._within[id(made)] = made
        return answering_class(made)

    def _is_within(self, kind: type) -> bool:
        """Whether a class is made in the traced function."""
        return id(kind) in self._within

    def _changing(self) -> None:
        """What is read may be another in the next call, and nothing would tell."""
        self.world.lasting = False

    # What must not have happened

    def refuse_change(self, what: str) -> None:
        """Raises TraceError: something outside was changed."""
        self.outside.refuse(what)

    @contextlib.contextmanager
    def looking_around(self, f: Any) -> Iterator[None]:
        """While a function within the traced one runs: what it reads must be as it was then."""
        around = Around(self.outside.watches)
        for value in (f, *self._as_they_are):
            around.reach(value)
        self._arounds.append(around)
        try:
            yield
            self.outside.check_around(around)
        finally:
            self._arounds.remove(around)

    def check(self) -> None:
        """Raises TraceError if the function has changed something outside of itself."""
        self.outside.check(self._spaces.values(), self._functions())

    def _functions(self) -> Iterator[types.FunctionType]:
        for _, made in list(self._made.values()):
            if isinstance(made, types.FunctionType):
                yield made


def session_of(f: Any) -> Session | None:
    """The session a function, or one it is given as a part, is bound in, if it is."""
    waiting, seen = [f], set[int]()
    while waiting:
        f = waiting.pop()
        if id(f) in seen:
            continue
        seen.add(id(f))
        if isinstance(f, type):
            waiting += [v for v in vars(f).values() if isinstance(v, _METHODS)]
            continue
        if isinstance(f, types.MethodType):
            waiting.append(f.__func__)
        elif isinstance(f, functools.partial):
            waiting += [*f.args, *f.keywords.values(), f.func]
        elif isinstance(f, tuple):
            waiting += f
        elif traces(f):
            waiting += [getattr(f, field.name) for field in fields(f)]
        elif callable(f) and isinstance(type(f).__call__, types.FunctionType):
            waiting.append(type(f).__call__)
        if isinstance(f, _WRAPPING):
            waiting.append(getattr(f, "__wrapped__", None))
        space = getattr(f, "__globals__", None)
        if isinstance(space, Globals) and isinstance(space.session, Session):
            return space.session
    return None


_SEEN_INTO = {
    "numpy", "scipy", "math", "importlib", "sys", "warnings", "dataclasses", "functools",
    *LIBRARIES,
}  # fmt: skip
"""Modules whose names may mean something else inside."""


def _left_alone(module: str) -> bool:
    """Modules whose names mean inside what they mean outside."""
    root = module.partition(".")[0]
    return root not in _SEEN_INTO and ours(module)
