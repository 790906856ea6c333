"""A session: a traced function bound to other meanings of the names it uses, for one trace.

The code stays the user's own, so tracebacks do too; what is new are the globals, the closure and
the defaults it looks its names up in. Names are looked up when they are read, and what they mean
is made then: helpers, methods and classes are rebound as the function reaches them. Nothing of
the user's is changed; what the function changes outside of itself is an error.
"""

from __future__ import annotations

import builtins
import contextlib
import dis
import functools
import importlib
import math
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from cats.capture import SMALL, can_view, is_plain, opaque, ours, told_by_modules
from cats.doors import python
from cats.doors.around import Around
from cats.doors.averages import STATISTICS, of_statistics
from cats.doors.code import asks_identity, inner, names_of_classes
from cats.doors.containers import KEPT, PLAIN, contents, differ, kept
from cats.doors.dispatch import dispatches, dispatching
from cats.doors.drawing import Drawings, Source, is_source
from cats.doors.loops import Vectorized, makers
from cats.doors.numpy import CLASSES, KEYED, Door, Keyed, is_distribution
from cats.doors.objects import behind, changed, fill, mirrored, state_of, viewed
from cats.doors.passed import Passed, holds
from cats.doors.refusing import (
    LIBRARIES,
    NUMERAL,
    RAISING,
    RANDOM,
    READ,
    TAKEN_OUT,
    Refusing,
    Written,
    is_file,
    looks_outside,
    makes_errors,
    reason,
    sets_warnings,
    takes_out,
)
from cats.doors.types import has_door, type_door
from cats.ir.errors import TraceError, Where
from cats.ir.wire import STAMPS
from cats.places import users_place
from cats.recorder import Recorder, newest_recorder
from cats.tracked import ONCE, WITHIN, Tracked

_FUNCTIONS = (
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType, np.ufunc, type, type(np.sum),
)  # fmt: skip
"""What a library does its work with: functions, NumPy's of each kind, modules and classes."""

OUTSIDE = "it is outside of the traced function, and the change would not be made in later calls"
_IN_MATH = frozenset(v for v in vars(math).values() if isinstance(v, types.BuiltinFunctionType))
_BUILTINS = vars(builtins)


class Globals(dict[str, Any]):
    """The globals of a rebound function: names of the user's module, seen through the doors."""

    def __init__(
        self, session: Session, original: dict[str, Any], look: Callable[[Any], Any]
    ) -> None:
        super().__init__(__builtins__=session.builtins)
        self.session = session
        self.original = original
        self.look = look
        self.read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self:
            return super().__getitem__(name)
        if name not in self.original:
            raise KeyError(name)
        self.session.reads(self.original, name)
        found = self.read[name] = self.look(self.original[name])
        super().__setitem__(name, found)
        return found

    def fetch(self, names: Iterable[str]) -> None:
        """Reads names beforehand, for code that looks them up in a plain dict."""
        for name in names:
            if name in self.original:
                self[name]

    def whole(self) -> Globals:
        """All names, none of them foreseen."""
        self.session.world.lasting = False
        self.fetch(tuple(self.original))
        return self

    def written(self) -> Iterator[str]:
        """The names that were assigned, in a module of the user's."""
        if self.look == self.session.names:
            return
        for name, value in self.items():
            if not name.startswith("__") and self.read.get(name, self) is not value:
                yield name


class ModuleDoor:
    """A module whose functions are rebound."""

    def __init__(self, session: Session, module: types.ModuleType) -> None:
        self._session = session
        self._module = module

    def __getattr__(self, name: str) -> Any:
        self._session.reads(vars(self._module), name)
        return self._session.rebound(getattr(self._module, name))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """The names of the module, none of them foreseen."""
        return self._session.space_of(vars(self._module)).whole()

    def __dir__(self) -> list[str]:
        return dir(self._module)

    def __repr__(self) -> str:
        return repr(self._module)


class Session:
    """What one trace, the `root`, has rebound; `recorder` is the innermost one open in it.

    What is read from outside belongs to the root, which is open as long as anything here is used.
    """

    def __init__(self, recorder: Recorder, traced: Any = None) -> None:
        self.recorder = self.root = recorder
        self._traced = traced
        self._told: frozenset[tuple[int, str]] | None = None
        self._made: dict[int, tuple[Any, Any]] = {}
        self._numbers: dict[type, type] = {}
        self._own: dict[types.FunctionType, types.FunctionType] = {}
        self._spaces: dict[int, Globals] = {}
        self._cells: list[tuple[types.CellType, Any, types.FunctionType, str]] = []
        self._kept: list[tuple[Any, list[Any]]] = []
        self._bodies: list[tuple[Any, dict[str, Any]]] = []
        self._passed = Passed()
        self._mirrors: dict[int, type] = {}
        self._originals: dict[int, type] = {id(kept): plain for kept, plain in PLAIN.items()}
        self._filled: list[tuple[type, dict[str, Any]]] = []
        self._outside: dict[int, tuple[Any, dict[str, Any]]] = {}
        doors = {
            **python.doors(self.original, self.rebound),
            "float": self._number(float),
            "memoryview": self._number(memoryview),
            "globals": self._globals,
            "eval": self._evaluator(eval),
            "exec": self._evaluator(exec),
            "open": self._looking(open),
            "input": self._looking(input),
        }
        self.builtins = {**_BUILTINS, **doors, "__import__": self._import}
        self._plain = {id(_BUILTINS[name]): door for name, door in doors.items()}
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
        if value is None or isinstance(value, bool | int | str | bytes | Tracked | Door | Refusing):
            return value
        known = self._made.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        made = self._rebound(value)
        self._made[id(value)] = (value, made)
        return made

    def left(self, value: Any) -> Any:
        """A value in the structure of a result, as it is outside."""
        if value is None or isinstance(value, int | str | bytes | np.generic):
            return value
        return next((old for old, made in self._made.values() if made is value), value)

    def _rebound(self, value: Any) -> Any:
        if is_file(value):
            return Written(self.recorder.refuse, READ, value)
        if looks_outside(value):
            self.world.lasting = False
        if is_source(value):
            source = Source(self, value)
            self._originals[id(source)] = value
            return source
        words = reason(value)
        if words is RANDOM and isinstance(value, types.ModuleType):
            return Drawings(self, value)
        if words is not None:
            return Refusing(self.recorder.refuse, words, value)
        if isinstance(value, types.FunctionType) and value in STATISTICS:
            return of_statistics(value)
        if takes_out(value):
            return self._kept_in(value)
        if sets_warnings(value):
            return self._warning(value)
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
                return self._makers.get(id(value)) or self._type(value)
            case tuple():
                parts = [self.rebound(v) for v in value]
                return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        if type(value) in KEPT:
            return self._container(value)
        if id(value) in self._plain or id(value) in self._makers:
            return self._plain.get(id(value)) or self._makers[id(value)]
        if isinstance(value, np.vectorize):
            return Vectorized(self, value)
        return self._other(value)

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
            return self._object(value)
        if holds(value):
            self._passed.watch(value)
        return value

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
            self._passed.watch(value)
            return value
        if value.nbytes > SMALL:
            return self.root.reading(value)
        made = self.root.local(value.copy())
        made.own.frozen = "an array from outside the function"
        return made

    def _container(self, value: Any) -> Any:
        if opaque(value):
            self.world.lasting = False

        def refuse(what: str) -> None:
            self.refuse(what)

        made = kept(value, self.rebound, refuse)
        self._kept.append((made, contents(made)))
        return made

    def given(self, value: Any) -> Any:
        """An argument, whose containers and objects are not to be changed."""
        if type(value) in KEPT:
            made = kept(value, self.given, self._refuse_argument)
            self._kept.append((made, contents(made)))
            return made
        if isinstance(value, tuple):
            parts = [self.given(v) for v in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        if id(type(value)) in self._originals and not any(type(value) is kept for kept in PLAIN):
            for name, part in vars(value).items():
                object.__setattr__(value, name, self.given(part))
            self._watch(value)
        return value

    def _refuse_argument(self, what: str) -> None:
        raise self.recorder.refused(
            TraceError(
                f"{what}: it is an argument, and the change would not be seen outside of the "
                "traced function",
                where=users_place(),
                remedy="Change a copy of it, and return that.",
            )
        )

    # Functions

    def _function(self, value: types.FunctionType) -> Any:
        module = value.__module__ or ""
        if value is importlib.import_module:
            return self._imported
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
        made = types.FunctionType(value.__code__, space, value.__name__, None, cells)
        self._made[id(value)] = (value, made)
        space.fetch(names_of_classes(value.__code__))
        for name, old, new in zip(
            value.__code__.co_freevars, value.__closure__ or (), cells, strict=True
        ):
            with contextlib.suppress(ValueError):
                held = old.cell_contents
                new.cell_contents = held if name == "__class__" else self.rebound(held)
                self._cells.append((new, new.cell_contents, value, name))
        made.__defaults__ = value.__defaults__ and tuple(map(self.rebound, value.__defaults__))
        made.__kwdefaults__ = value.__kwdefaults__ and {
            k: self.rebound(v) for k, v in value.__kwdefaults__.items()
        }
        made.__dict__.update({k: self.rebound(v) for k, v in value.__dict__.items()})
        self._bodies.append((made, dict(made.__dict__)))
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
        """A library's own Python code for a function, to be traced where the table has none."""
        whole = isinstance(function, types.FunctionType)
        code = function if whole else getattr(function, "__wrapped__", None)
        if not isinstance(code, types.FunctionType) or ".random" in (code.__module__ or ""):
            return None
        if code not in self._own:
            door = self._made.get(id(code))
            self._own[code] = self._bound(code)
            if door is not None:
                self._made[id(code)] = door
        return self._own[code]

    def _evaluator(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """eval or exec, of text in which the names of its surroundings are found."""

        def call(source: Any, space: Any = None, inside: Any = None, /) -> Any:
            frame = sys._getframe(1)
            if isinstance(source, str) and self._holds_text(source):
                self.refuse_text(run.__name__)
            code = compile(source, "<text>", run.__name__) if isinstance(source, str) else source
            if space is None:
                space, inside = frame.f_globals, frame.f_locals
            if isinstance(space, Globals):
                self.world.lasting = False
                space.fetch(name for c in inner(code) for name in c.co_names)
            elif type(space) is dict:
                space.setdefault("__builtins__", self.builtins)
            return run(code, space, inside)

        return call

    def _kept_in(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that takes numbers out, refused on traced ones."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if newest_recorder((args, kwargs)) is not None:
                name = f"{function.__module__.removeprefix('_')}.{function.__name__}"
                self.recorder.refuse(f"{name} of a traced value", *TAKEN_OUT)
            if any(isinstance(a, str) and self._holds_text(a) for a in args):
                self.refuse_text(function.__name__)
            return function(*args, **kwargs)

        return functools.wraps(function)(call)

    def _warning(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that says what becomes of warnings, refused where it makes them errors."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if makes_errors(args, kwargs):
                self.recorder.refuse(*RAISING)
            return function(*args, **kwargs)

        return functools.wraps(function)(call)

    def _globals(self) -> dict[str, Any]:
        """globals(): all names of the module, none of them foreseen."""
        space = sys._getframe(1).f_globals
        return space.whole() if isinstance(space, Globals) else space

    def _looking(self, look: Callable[..., Any]) -> Callable[..., Any]:
        """A builtin that looks at what may be another in the next call."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self.world.lasting = False
            return look(*args, **kwargs)

        return call

    def _holds_text(self, source: str) -> bool:
        """Whether there is the text of a traced number in a source."""
        whole = any(text in source for text in self.world.texts)
        numerals = NUMERAL.findall(source)
        return whole or any(map(self.world.wrote, [*numerals, *(f"-{n}" for n in numerals)]))

    def _check_text(self, text: str) -> None:
        """Raises TraceError for the text of a traced value, which must not become a number."""
        if self.world.wrote(text):
            self.refuse_text("a number read out")

    def refuse_text(self, name: str) -> None:
        """Raises TraceError for what reads a number out of the text of a traced value."""
        self.recorder.refuse(
            f"{name} of the text of a traced value",
            "the number that is read is cut off, and its derivative would be lost",
            "Use the value itself, or np.round.",
        )

    def _imported(self, name: str, package: str | None = None) -> Any:
        return self.rebound(importlib.import_module(name, package))

    def _import(self, name: str, space: Any = None, *args: Any, **kwargs: Any) -> Any:
        original = space.original if isinstance(space, Globals) else space
        return self.rebound(builtins.__import__(name, original, *args, **kwargs))

    # Classes and objects

    def _type(self, value: type) -> Any:
        if value in CLASSES:
            return Door(self, value)
        if has_door(value):
            return self._number(value)
        if not can_view(value) or id(value) in self._originals:
            return value
        return self.mirror(value)

    def _number(self, kind: type) -> type:
        """The one door of a number type."""
        if kind not in self._numbers:
            self._numbers[kind] = type_door(kind, self._check_text)
        return self._numbers[kind]

    def mirror(self, kind: type) -> type:
        """The class with rebound methods."""
        if id(kind) not in self._mirrors:
            made = mirrored(kind, self._watched, self.rebound)
            self._mirrors[id(kind)], self._originals[id(made)] = made, kind
            fill(made, kind, self.rebound, self._changing)
            self._filled.append((made, dict(vars(made))))
        return self._mirrors[id(kind)]

    def _changing(self) -> None:
        """What is read may be another in the next call, and nothing would tell."""
        self.world.lasting = False

    def mirror_of(self, kind: type) -> type:
        """The class with rebound methods, of classes that can have one; else the class itself."""
        return self.mirror(kind) if can_view(kind) else kind

    def original(self, kind: type) -> type:
        """The user's class of a mirrored one, the plain container of one that is watched."""
        return self._originals.get(id(kind), kind)

    def _object(self, value: Any) -> Any:
        return self._watch(viewed(value, self.mirror(type(value))))

    def _watch(self, made: Any) -> Any:
        """An object that is not to be written to."""
        self._outside[id(made)] = made, dict(state_of(made))
        return made

    def _watched(self, value: Any) -> Callable[[str], None] | None:
        return self.refuse if id(value) in self._outside else None

    # What must not have happened

    def refuse(self, what: str, where: Where | None = None) -> None:
        """Raises TraceError: something outside was changed."""
        raise self.recorder.refused(
            TraceError(
                f"{what}: {OUTSIDE}",
                where=where or users_place(),
                remedy="Return the value, or pass what is to be changed as an argument.",
            )
        )

    def check(self, around: Around | None = None) -> None:
        """Raises TraceError if the function has changed something outside of itself.

        around   what a function within the traced one has found around it
        """
        for doing in () if around is None else around.changes():
            raise self.recorder.refused(
                TraceError(f"{doing}: {ONCE}", where=users_place(), remedy=WITHIN)
            )
        for space in self._spaces.values():
            for name in space.written():
                self.refuse(f"assigning the global {name}", self._store("STORE_GLOBAL", name))
        for cell, before, function, name in self._cells:
            if cell.cell_contents is not before:
                place = _stored(function.__code__, "STORE_DEREF", name)
                self.refuse(f"assigning the nonlocal {name}", place)
        for f, before in self._bodies:
            for name in changed(before, f.__dict__):
                self.refuse(
                    f"writing to the attribute {name} of {f.__name__}",
                    self._store("STORE_ATTR", name),
                )
        for made, before in self._outside.values():
            for name in changed(before, state_of(made)):
                if not isinstance(getattr(type(made), name, None), functools.cached_property):
                    self.refuse(f"writing to the attribute {name} of a {type(made).__name__}")
        for thing, now in self._passed.changed():
            doing = "changing" if newest_recorder(now) is None else "keeping a traced value in"
            self.refuse(f"{doing} an object of type {type(thing).__name__} from outside")
        for mirror, body in self._filled:
            if set(changed(body, dict(vars(mirror)))) - {"__slotnames__"}:
                self.refuse(f"changing the class {mirror.__name__}")
        for made, held in self._kept:
            if differ(held, contents(made)):
                self.refuse(f"changing a {type(made).__name__} from outside", None)

    def undo(self) -> None:
        """Puts back what the function has changed outside of itself."""
        self._passed.undo()

    def _store(self, instruction: str, name: str) -> Where | None:
        functions = [
            made for _, made in list(self._made.values()) if isinstance(made, types.FunctionType)
        ]
        places = (_stored(f.__code__, instruction, name) for f in functions)
        return next((p for p in places if p is not None), None)


def users_class(kind: type) -> type:
    """The user's class behind those that traces within each other see in its place.

    >>> users_class(int)
    <class 'int'>
    """
    found: type = behind(kind)
    return PLAIN.get(found, found)


def session_of(f: Any) -> Session | None:
    """The session a function, or one it is given as a part, is bound in, if it is."""
    waiting = [f]
    while waiting:
        f = waiting.pop()
        if isinstance(f, types.MethodType):
            waiting.append(f.__func__)
        elif isinstance(f, functools.partial):
            waiting += [*f.args, f.func]
        space = getattr(f, "__globals__", None)
        if isinstance(space, Globals):
            return space.session
    return None


_INSTALLED = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})


def installed(file: str) -> bool:
    """Whether a file belongs to a library that was installed."""
    return file.startswith(_INSTALLED)


_SEEN_INTO = {"numpy", "scipy", "math", "importlib", "sys", "warnings", *LIBRARIES}
"""Modules whose names may mean something else inside."""


def _left_alone(module: str) -> bool:
    """Modules whose names mean inside what they mean outside."""
    root = module.partition(".")[0]
    return root not in _SEEN_INTO and ours(module)


def remembering(f: Callable[..., Any]) -> Callable[..., Any]:
    """lru_cache on traced values, which are told apart by identity."""
    known: dict[Any, tuple[Any, Any]] = {}

    def call(*args: Any, **kwargs: Any) -> Any:
        parts: Sequence[Any] = (*args, *kwargs.values())
        key = (tuple(_identity(p) for p in parts), tuple(kwargs))
        if key not in known:
            known[key] = parts, f(*args, **kwargs)
        return known[key][1]

    return functools.wraps(f)(call)


def _identity(value: Any) -> Any:
    return ("traced", id(value)) if isinstance(value, Tracked) else (type(value), value)


def _stored(code: types.CodeType, instruction: str, name: str) -> Where | None:
    """Where a code object, or one inside it, assigns a name."""
    for step in dis.get_instructions(code):
        if step.opname == instruction and step.argval == name:
            line = step.positions.lineno if step.positions else None
            return Where(code.co_filename, line or code.co_firstlineno, code.co_name)
    inner = (_stored(c, instruction, name) for c in code.co_consts if isinstance(c, types.CodeType))
    return next((place for place in inner if place is not None), None)
