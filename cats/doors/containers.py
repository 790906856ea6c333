"""Lists, dicts and sets from outside a traced function: they may be read, and not changed.

A change would be made once, while the function is traced, and not in later calls.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from cats.tree import PLAINLY

Refuse = Callable[[str], None]
"""Raises, saying what was done to a container from outside."""


def _nobody(what: str) -> None:
    """A container that no trace watches may change."""


def _watched(kind: type, name: str) -> Callable[..., Any]:
    plain = getattr(kind, name)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.refuse(f"{kind.__name__}.{name.strip('_')}")
        return plain(self, *args, **kwargs)

    call.__name__, call.__doc__ = name, plain.__doc__
    return call


def _kept(kind: type, *names: str) -> dict[str, Any]:
    def reduce(self: Any, protocol: Any) -> Any:
        return kind, (kind(self),)

    methods = {name: _watched(kind, name) for name in names}
    known = {"refuse": staticmethod(_nobody), PLAINLY: kind, "__reduce_ex__": reduce}
    return {**known, **methods}


KeptList = type(
    "list",
    (list,),
    _kept(
        list, "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse",
        "__setitem__", "__delitem__", "__iadd__", "__imul__",
    ),
)  # fmt: skip
KeptDict = type(
    "dict",
    (dict,),
    _kept(
        dict, "__setitem__", "__delitem__", "setdefault", "update", "pop", "popitem", "clear",
        "__ior__",
    ),
)  # fmt: skip
KeptOrderedDict = type(
    "OrderedDict",
    (OrderedDict,),
    _kept(
        OrderedDict, "__setitem__", "__delitem__", "setdefault", "update", "pop", "popitem",
        "clear", "__ior__", "move_to_end",
    ),
)  # fmt: skip
KeptSet = type(
    "set",
    (set,),
    _kept(
        set, "add", "remove", "discard", "pop", "clear", "update", "__ior__", "__iand__",
        "__ixor__", "__isub__", "intersection_update", "difference_update",
        "symmetric_difference_update",
    ),
)  # fmt: skip

KEPT: dict[type, type] = {list: KeptList, dict: KeptDict, set: KeptSet}
ARGUMENTS: dict[type, type] = {**KEPT, OrderedDict: KeptOrderedDict}
"""Containers that are not to be changed: from outside, and as arguments."""

PLAIN = {kept: plain for plain, kept in ARGUMENTS.items()}


def kept(value: Any, inside: Callable[[Any], Any], refuse: Refuse) -> Any:
    """A list, dict or set that holds `inside` of what the given one holds, and refuses changes.

    >>> found = kept([1, 2], lambda x: x, lambda what: print("refused:", what))
    >>> found.append(3)
    refused: list.append
    """
    kind = ARGUMENTS[type(value)]
    keyed = isinstance(value, dict)
    parts = {k: inside(v) for k, v in value.items()} if keyed else map(inside, value)
    made = kind(parts)
    made.refuse = refuse
    return made


def contents(value: Any) -> list[Any]:
    """What a container holds, to see whether it changed."""
    return [*value.keys(), *value.values()] if isinstance(value, dict) else list(value)
