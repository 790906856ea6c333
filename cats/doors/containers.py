"""Containers from outside a traced function: they may be read, and not changed.

A change would be made once, while the function is traced, and not in later calls. A container of
one of Python's own types is seen through an object of a subclass that refuses.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from cats.held import dict_of
from cats.tree import PLAINLY

Refuse = Callable[[str], None]
"""Raises, saying what was done to a container from outside."""
Inside = Callable[[Any], Any]
"""What a thing from outside is inside."""

_REFUSE = "__refuse__"
"""The slot of a container that holds what refuses; it is empty where no trace watches."""


def _watched(kind: type, name: str) -> Callable[..., Any]:
    plain = getattr(kind, name)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        refuse = getattr(self, _REFUSE, None)
        if refuse is not None:
            refuse(f"{kind.__name__}.{name.strip('_')}")
        return plain(self, *args, **kwargs)

    call.__name__, call.__doc__ = name, plain.__doc__
    return call


def _same(value: Any) -> Any:
    return value


def _kept(kind: type, names: str, shown: str = "") -> type:
    """The subclass that asks before those of its methods that change something."""

    def reduce(self: Any, protocol: Any) -> Any:
        return _same, (_filled(kind, self, _same),)

    methods = {name: _watched(kind, name) for name in names.split() if hasattr(kind, name)}
    known = {"__slots__": (_REFUSE,), PLAINLY: kind, "__reduce_ex__": reduce}
    return type(shown or kind.__name__, (kind,), {**known, **methods})


_LINE = (
    "append extend insert pop remove reverse clear __setitem__ __delitem__ __iadd__ __imul__ sort "
    "appendleft extendleft popleft rotate byteswap frombytes fromfile fromlist fromunicode"
)
_TABLE = (
    "__setitem__ __delitem__ setdefault update pop popitem clear move_to_end subtract "
    "__ior__ __iand__ __iadd__ __isub__"
)
_SET = (
    "add remove discard pop clear update __ior__ __iand__ __ixor__ __isub__ intersection_update "
    "difference_update symmetric_difference_update"
)

KEPT: dict[type, type] = {
    **{kind: _kept(kind, _LINE) for kind in (list, deque, bytearray, array)},
    **{kind: _kept(kind, _TABLE) for kind in (dict, OrderedDict, defaultdict, Counter)},
    set: _kept(set, _SET),
    SimpleNamespace: _kept(SimpleNamespace, "__setattr__ __delattr__", "namespace"),
}
"""Containers that are not to be changed, from outside and as arguments, by their plain types."""

PLAIN = {kept: plain for plain, kept in KEPT.items()}


def kept(value: Any, inside: Inside, refuse: Refuse) -> Any:
    """A container that holds `inside` of what the given one holds, and refuses changes.

    >>> found = kept([1, 2], lambda x: x, lambda what: print("refused:", what))
    >>> found.append(3)
    refused: list.append
    """
    made = _filled(KEPT[type(value)], value, inside)
    object.__setattr__(made, _REFUSE, refuse)
    return made


def _filled(kind: type, value: Any, inside: Inside) -> Any:
    """A container of a type that holds `inside` of what the given one holds."""
    match value:
        case bytearray():
            return kind(value)
        case array():
            return kind(value.typecode, value)
        case deque():
            return kind(map(inside, value), value.maxlen)
        case SimpleNamespace():
            return kind(**{name: inside(v) for name, v in vars(value).items()})
        case dict():
            made = kind(inside(value.default_factory)) if isinstance(value, defaultdict) else kind()
            for key, v in value.items():
                made[inside(key)] = inside(v)
            return made
    return kind(map(inside, value))


def tuple_of(value: tuple[Any, ...], inside: Inside) -> Any:
    """A tuple of the same class that holds `inside` of what the given one holds."""
    parts = map(inside, tuple.__iter__(value))
    if type(value) is tuple:
        return tuple(parts)
    made: Any = tuple.__new__(type(value), parts)
    for name, attribute in (dict_of(value) or {}).items():
        made.__dict__[name] = inside(attribute)
    return made


def contents(value: Any) -> list[Any]:
    """What a container holds, to see whether it changed."""
    match value:
        case bytearray() | array():
            return [bytes(memoryview(value))]
        case SimpleNamespace():
            return [*vars(value), *vars(value).values()]
        case dict():
            made = value.default_factory if isinstance(value, defaultdict) else None
            return [made, *value.keys(), *value.values()]
    return list(value)


def differ(before: Sequence[Any], now: Sequence[Any]) -> bool:
    """Whether containers hold other objects than before; bytes are compared by what they are."""
    pairs = zip(before, now, strict=False)
    return len(before) != len(now) or any(
        a is not b and not (type(a) is type(b) is bytes and a == b) for a, b in pairs
    )
