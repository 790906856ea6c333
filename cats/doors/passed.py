"""Things from outside that a traced function sees as they are: what they held, to put it back.

Nothing can refuse while such a thing is written to: whether it was is seen when the function has
run, and the change is undone.
"""

from __future__ import annotations

import queue
from array import array
from collections import ChainMap, OrderedDict, UserDict, UserList, deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from cats.capture import can_view
from cats.doors.containers import differ
from cats.doors.objects import changed, state_of
from cats.held import is_cached

_BASES = (OrderedDict, dict, list, set, deque, bytearray, array, memoryview, np.ndarray)
"""Types whose methods tell what an object of a class made of them holds."""
_OF_PYTHON = (UserDict, UserList, ChainMap, SimpleNamespace, queue.Queue)
"""Classes of Python's library whose objects hold things in their attributes."""
_NOT_LOADED = frozenset(
    {"argparse.Namespace", "configparser.RawConfigParser", "contextlib._BaseExitStack"}
)
"""Others, that may not have been imported."""


def _base(value: Any) -> Any:
    return next((base for base in _BASES if isinstance(value, base)), None)


def holds(value: Any) -> bool:
    """Whether a thing is a container that can be written to.

    >>> holds(UserList()), holds(np.zeros(3)), holds(2.0)
    (True, True, False)
    """
    return isinstance(value, (*_BASES, *_OF_PYTHON)) or any(
        f"{kind.__module__}.{kind.__qualname__}" in _NOT_LOADED for kind in type(value).__mro__
    )


def parts_of(value: Any) -> list[Any]:
    """What a container holds: objects, or bytes."""
    base = _base(value)
    if base is None:
        return []
    if base is np.ndarray:
        plain = value.view(np.ndarray)
        mask = [np.ma.getmaskarray(value).tobytes()] if isinstance(value, np.ma.MaskedArray) else []
        return [*(plain.flat if plain.dtype.hasobject else [plain.tobytes()]), *mask]
    if base in (bytearray, array, memoryview):
        return [memoryview(value).tobytes()]
    if issubclass(base, dict):
        return [*base.keys(value), *base.values(value)]
    return list(base.__iter__(value))


def _copy(value: Any) -> Any:
    """What puts the contents of a container back; None where nothing could have changed."""
    base = _base(value)
    if base is np.ndarray:
        return value.copy()
    if base is memoryview:
        return None if value.readonly else value.tobytes()
    if base in (bytearray, array):
        return base.__getitem__(value, slice(None))
    if base is not None and issubclass(base, dict):
        return list(base.items(value))
    return parts_of(value)


def _put_back(value: Any, copy: Any) -> None:
    base = _base(value)
    if base is np.ndarray:
        value[...] = copy
    elif base is memoryview:
        value.cast("B")[:] = copy
    elif base in (bytearray, array, list):
        base.__setitem__(value, slice(None), copy)
    elif base is not None:
        base.clear(value)
        for part in copy:
            if issubclass(base, dict):
                base.__setitem__(value, *part)
            else:
                (set.add if base is set else deque.append)(value, part)


def attributes_of(value: Any) -> dict[str, Any]:
    """The attributes of an object, but for what it computes once and keeps."""
    if isinstance(value, np.ndarray):
        return {}
    return {n: v for n, v in state_of(value).items() if not is_cached(type(value), n)}


class Passed:
    """What was passed on, and what it held then."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[Any, list[Any], Any, dict[str, Any]]] = {}

    def watch(self, value: Any) -> None:
        """Remembers what a thing holds, and what that holds."""
        waiting = [value]
        while waiting:
            at = waiting.pop()
            if id(at) not in self._held and (holds(at) or can_view(type(at))):
                parts, attributes = parts_of(at), attributes_of(at)
                self._held[id(at)] = at, parts, _copy(at), attributes
                waiting += [*parts, *attributes.values()]

    def changed(self) -> Iterator[tuple[Any, list[Any]]]:
        """The things that hold something else now, and what they hold."""
        for value, parts, _, attributes in self._held.values():
            now, state = parts_of(value), attributes_of(value)
            if differ(parts, now) or changed(attributes, state):
                yield value, [*now, *state.values()]

    def knows(self, value: Any) -> bool:
        """Whether a thing is watched."""
        return id(value) in self._held

    def undo(self) -> None:
        """Puts back what was changed."""
        for value, parts, copy, attributes in self._held.values():
            if differ(parts, parts_of(value)):
                _put_back(value, copy)
            for name in changed(attributes, attributes_of(value)):
                if name in attributes:
                    object.__setattr__(value, name, attributes[name])
                else:
                    object.__delattr__(value, name)
