"""What a function within a traced one finds around it, and must leave as it is.

It is traced once, taken or not, and however often it runs: what it changed would be changed once.
All that it reaches through closures, defaults, methods, objects and containers is looked at before
and after; what is from outside of the traced function is watched there.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import io
import itertools
import operator
import queue
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from cats.bits import ATOMS
from cats.capture import ours, traces
from cats.doors.containers import differ
from cats.doors.objects import MIRRORED, changed
from cats.doors.passed import attributes_of, holds, parts_of
from cats.tracked import Tracked

_SETTLED = (Tracked, np.generic)
"""What does not change, or says by itself that it does."""
_COMPILED = (types.BuiltinFunctionType, types.MethodWrapperType)
_IN_TURN = (enumerate, filter, map, zip)
"""Iterators that are as far as those they were made of."""
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class State:
    """What a thing holds.

    names   those in the closure of a function that mean something, and what
    left    how much of an iterator is left, or where in a file one reads
    """

    parts: list[Any] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    left: int = 0


class Around:
    """The things that a function reaches, as they are now.

    outside   whether a thing is from outside of the traced function, and watched there
    """

    def __init__(self, outside: Callable[[Any], bool]) -> None:
        self._outside = outside
        self._found: dict[int, tuple[Any, State]] = {}

    def reach(self, value: Any) -> None:
        """A thing the function reads, and all that this holds."""
        waiting = [value]
        while waiting:
            at = waiting.pop()
            if id(at) in self._found or isinstance(at, _SETTLED) or self._outside(at):
                continue
            state = _state(at)
            if state is not None:
                self._found[id(at)] = at, state
                held = (*state.parts, *state.attributes.values(), *state.names.values())
                waiting += [v for v in held if type(v) not in ATOMS]

    def changes(self) -> Iterator[str]:
        """What has changed since, in words."""
        for value, before in self._found.values():
            now = _state(value) or State()
            kind = f"a {type(value).__name__}"
            for name in changed(before.names, now.names):
                yield f"assigning the nonlocal {name}"
            if differ(before.parts, now.parts):
                yield f"changing {kind} from around"
            for name in changed(before.attributes, now.attributes):
                yield f"writing to the attribute {name} of {_named(value) or kind} from around"
            if before.left != now.left or now.left == _UNKNOWN:
                yield f"advancing {kind} from around"


def _named(value: Any) -> str:
    return value.__name__ if isinstance(value, type | types.FunctionType) else ""


def _state(value: Any) -> State | None:
    """What a thing holds; None where there is nothing to look at."""
    match value:
        case types.FunctionType():
            return _of_function(value)
        case types.ModuleType():
            known = sys.modules.get(value.__name__) is value
            return None if known else State(attributes=dict(vars(value)))
        case type():
            return None if _general(value) or MIRRORED in vars(value) else _of_class(value)
        case types.MethodType():
            return State([value.__func__, value.__self__])
        case functools.partial():
            return State([value.func, *value.args, *value.keywords.values()])
        case staticmethod() | classmethod() | functools._lru_cache_wrapper():
            return State([value.__wrapped__])
        case property():
            return State([value.fget, value.fset, value.fdel])
        case functools.cached_property():
            return State([value.func])
        case types.MappingProxyType():
            return State(list(value.values()))
        case tuple() | frozenset():
            return State(list(value), attributes_of(value))
        case BaseException():
            return State([type(value), *value.args], dict(vars(value)))
        case threading.local():
            return State([type(value)], dict(value.__dict__))
        case weakref.ref():
            return State([value()])
        case contextvars.ContextVar():
            return State([value.get(None)])
        case types.CellType():
            return State(names=_meant("cell_contents", value))
        case queue.SimpleQueue():
            return State(left=value.qsize())
        case io.IOBase():
            return State(left=_position(value))
    if isinstance(value, _COMPILED):
        return State([value.__self__])
    if traces(value):
        return State([getattr(value, f.name) for f in fields(value)])
    if not _general(type(value)):
        return State([type(value), *parts_of(value)], attributes_of(value))
    if isinstance(value, Iterator):
        return _of_iterator(value)
    return State(parts_of(value), attributes_of(value)) if holds(value) else None


def _general(kind: type) -> bool:
    """Whether a class is nobody's who traces: Python's, a library's, or one of our own."""
    return ours(str(kind.__module__))


def _of_function(f: types.FunctionType) -> State:
    """A function of Python's library keeps what it likes in its closure."""
    names: dict[str, Any] = {}
    if not ours(str(f.__globals__.get("__name__"))):
        for name, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
            names |= _meant(name, cell)
    defaults = [*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()]
    return State([f.__code__, *defaults], dict(f.__dict__), names)


def _meant(name: str, cell: types.CellType) -> dict[str, Any]:
    """A name, and what it means, if it means something yet."""
    with contextlib.suppress(ValueError):
        return {name: cell.cell_contents}
    return {}


def _of_iterator(value: Iterator[Any]) -> State:
    """How far it is; a generator that runs, or has run, is nothing that can be advanced."""
    match value:
        case types.GeneratorType():
            open_ = value.gi_frame is not None and not value.gi_running
            return State(left=_UNKNOWN if open_ else 0)
        case itertools.count():
            return State(left=hash(repr(value)))
    if isinstance(value, _IN_TURN):
        made: Any = value.__reduce__()
        return State([part for part in made[1] if not isinstance(part, int)])
    return State(left=operator.length_hint(value, _UNKNOWN))


def _of_class(kind: type) -> State:
    """Its bases and special methods are as they are; what else is in its body may be written to."""
    special = {n: v for n, v in vars(kind).items() if n.startswith("__")}
    methods = [v for v in special.values() if isinstance(v, types.FunctionType)]
    rest = {n: v for n, v in vars(kind).items() if n not in special}
    return State([*kind.__bases__, *methods], rest)


def _position(file: Any) -> int:
    """Where in a file one reads, if one reads it."""
    with contextlib.suppress(OSError, ValueError):
        return int(file.tell()) if file.readable() else 0
    return 0
