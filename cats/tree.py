"""Containers: tuples, lists, dicts, named tuples and dataclasses, flattened and rebuilt.

A small module of our own: the core then runs wherever NumPy does, and what counts as a leaf
(arrays and floats) or as part of the structure (ints, bools, text, None) is decided here.
"""

from __future__ import annotations

import dataclasses
import operator
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np

from cats.held import beside, dict_of
from cats.ir.errors import CatsError, SpaceError
from cats.ir.spaces import Value


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array or number."""


@dataclass(frozen=True, slots=True)
class Static:
    """A value that is part of the structure: an int, a bool, text, None."""

    kind: type
    value: Any


@dataclass(frozen=True, slots=True)
class Branch:
    """A container: its type, what names its parts, the parts, and what makes those missing.

    beside   the attributes that an object has besides what its keys name: the last parts
    types    those of the keys of a dict, if they are not all text: 1 and 1.0 are equal
    """

    kind: type
    keys: tuple[Any, ...]
    parts: tuple[Tree, ...]
    factory: Any = None
    beside: tuple[str, ...] = ()
    types: tuple[Any, ...] = ()

    def of(self, parts: Iterable[Tree], kind: type | None = None) -> Branch:
        """A container like this one, of other parts, and of another type if one is given."""
        return replace(self, kind=self.kind if kind is None else kind, parts=tuple(parts))

    @property
    def names(self) -> tuple[Any, ...]:
        """What names each part: a key, a place, or an attribute."""
        own = len(self.parts) - len(self.beside)
        return (*(self.keys or range(own)), *self.beside)


Tree = Leaf | Static | Branch

LEAF = Leaf()

PLAINLY = "__plainly__"
"""The attribute of a class of containers that says which class it stands for."""


def is_static(value: Value) -> bool:
    """Whether a value is part of the structure: it cannot vary infinitesimally, nor need it.

    >>> is_static(3), is_static(None), is_static(3.0), is_static(np.arange(3))
    (True, True, False, False)
    """
    return (
        value is None
        or isinstance(value, bool | int | str | bytes | np.integer | np.bool_ | slice | range)
        or value is Ellipsis
        or isinstance(value, type | np.dtype)
        or (callable(value) and not hasattr(value, "recorder"))
    )


Parts = tuple[tuple[Any, ...], Sequence[Value], tuple[str, ...]]
"""Of a container its keys, its parts, and the names of the last of them that are attributes."""


def _parts(value: Value) -> Parts | None:
    """The keys and parts of a container; None for anything else."""
    if isinstance(value, tuple | list | dict):
        return _held(value)
    whole = isinstance(value, type) or hasattr(value, "space")
    if dataclasses.is_dataclass(value) and not whole:
        fields = tuple(f.name for f in dataclasses.fields(value))
        names = beside(value, fields)
        return fields, [getattr(value, n) for n in (*fields, *names)], names
    return None


def _held(value: Value) -> Parts:
    """What a list, a tuple or a dict holds, and an object of a class of the user's besides."""
    kind = type(value)
    if issubclass(kind, dict):
        keys, parts = tuple(dict.keys(value)), list(dict.values(value))
    else:
        base = list if issubclass(kind, list) else tuple
        keys, parts = tuple(getattr(value, "_fields", ())), list(base.__iter__(value))
    if kind in (tuple, list, dict) or hasattr(kind, PLAINLY):
        return keys, parts, ()
    names = beside(value)
    return keys, [*parts, *[getattr(value, n) for n in names]], names


def flatten(
    value: Value,
    static: Callable[[Value], bool] = is_static,
    aside: Callable[[Value], bool] | None = None,
) -> tuple[list[Value], Tree]:
    """The leaves, left to right, and the structure that puts them back.

    static   whether a value that is no container is part of the structure
    aside    whether one is that lies in an object besides what its class names; if given
    Raises SpaceError for containers that nest too deep, for one that holds itself too.

    >>> flatten({"w": [1.0, 2.0], "n": 3})[0]
    [1.0, 2.0]
    """
    leaves: list[Value] = []
    asked = static, static if aside is None else aside
    return leaves, _flatten(value, leaves, asked, sys.getrecursionlimit() // 4)


Asked = tuple[Callable[[Value], bool], Callable[[Value], bool]]
"""Whether values are part of the structure: those that are named, and those besides."""


def _flatten(value: Value, leaves: list[Value], asked: Asked, room: int) -> Tree:
    """The structure, of so many levels of containers at most: what visits it recurses."""
    found = _parts(value)
    if found is not None:
        if not room:
            raise SpaceError(
                f"containers nest more than {sys.getrecursionlimit() // 4} deep, "
                f"or a {type(value).__name__} holds itself",
                remedy="Pass the values in one list, or in an array.",
            )
        keys, parts, names = found
        kind = getattr(type(value), PLAINLY, type(value))
        factory = value.default_factory if isinstance(value, defaultdict) else None
        own, each = len(parts) - len(names), (asked, (asked[1], asked[1]))
        below = tuple([_flatten(p, leaves, each[i >= own], room - 1) for i, p in enumerate(parts)])
        types = _types(keys) if isinstance(value, dict) else ()
        return Branch(kind, keys, below, factory, names, types)
    if asked[0](value):
        return Static(type(value), value)
    leaves.append(value)
    return LEAF


def _types(keys: tuple[Any, ...]) -> tuple[Any, ...]:
    found = tuple(map(_type, keys))
    return () if all(kind is str for kind in found) else found


def _type(key: Any) -> Any:
    return tuple(map(_type, key)) if type(key) is tuple else type(key)


def unflatten(tree: Tree, leaves: Sequence[Value]) -> Value:
    """The container again, with these leaves.

    >>> unflatten(flatten({"w": [1.0, 2.0], "n": 3})[1], [5.0, 6.0])
    {'w': [5.0, 6.0], 'n': 3}
    """
    return build(tree, iter(leaves), lambda static: static.value)


def build(tree: Tree, leaves: Iterator[Value], static: Callable[[Static], Value]) -> Value:
    """The container with leaves taken in order, and statics as the function says."""
    if isinstance(tree, Leaf):
        return next(leaves)
    if isinstance(tree, Static):
        return static(tree)
    parts = [build(p, leaves, static) for p in tree.parts]
    return assemble(tree, parts)


def assemble(tree: Branch, parts: Sequence[Value]) -> Value:
    """A container of the branch's type from its parts.

    Raises SpaceError if its class does not make it from them.
    """
    if tree.kind is tuple or tree.kind is list:
        return tree.kind(parts)
    if tree.kind is dict:
        return dict(zip(tree.keys, parts, strict=True))
    if issubclass(tree.kind, tuple | list | dict):
        return _made(tree, parts)
    result = object.__new__(tree.kind)
    for name, part in zip((*tree.keys, *tree.beside), parts, strict=True):
        object.__setattr__(result, name, part)
    return result


def _made(tree: Branch, parts: Sequence[Value]) -> Value:
    """What the class makes of its parts, which must be what it then holds, with what is beside."""
    own = len(parts) - len(tree.beside)
    made = _filled(tree, parts[:own])
    held = dict_of(made)
    if held is not None:
        held.clear()
    for name, part in zip(tree.beside, parts[own:], strict=True):
        object.__setattr__(made, name, part)
    return made


def _filled(tree: Branch, parts: Sequence[Value]) -> Value:
    kind: Any = tree.kind
    whole: Any = parts
    if issubclass(kind, dict):
        whole = dict(zip(tree.keys, parts, strict=True))
    try:
        if issubclass(kind, tuple) and tree.keys:
            return kind(*parts)
        made = kind(tree.factory, whole) if issubclass(kind, defaultdict) else kind(whole)
    except Exception as error:
        if isinstance(error, CatsError):
            raise
        raise _unmade(kind, f"{type(error).__name__}: {error}") from error
    if len(made) != len(parts) or (tree.keys and tuple(made) != tree.keys):
        raise _unmade(kind, "it holds other things then")
    return made


def _unmade(kind: type, why: str) -> SpaceError:
    base = next(c for c in (dict, list, tuple) if issubclass(kind, c)).__name__
    return SpaceError(
        f"{kind.__name__} cannot be made again from what it holds ({why})",
        remedy=f"Pass a {base}, or let {kind.__name__} take one as its only argument.",
    )


def count(tree: Tree) -> int:
    """How many leaves the structure has."""
    if isinstance(tree, Branch):
        return sum(map(count, tree.parts))
    return 1 if isinstance(tree, Leaf) else 0


def order(tree: Tree, like: Tree) -> list[int] | None:
    """The numbers of a structure's leaves in the order that another one's keys have.

    None if they differ in more than the order of keys.

    >>> order(flatten({"b": 1.0, "a": 2.0})[1], flatten({"a": 0.0, "b": 0.0})[1])
    [1, 0]
    """
    found: list[int] = []
    return found if _ordered(tree, like, 0, found) else None


def _ordered(tree: Tree, like: Tree, first: int, found: list[int]) -> bool:
    if not isinstance(tree, Branch) or not isinstance(like, Branch):
        if isinstance(tree, Leaf):
            found.append(first)
        return tree == like
    keyed = issubclass(tree.kind, dict) and set(tree.keys) == set(like.keys)
    if tree.kind is not like.kind or not (keyed or tree.keys == like.keys):
        return False
    if len(tree.parts) != len(like.parts) or tree.beside != like.beside:
        return False
    starts = accumulate(map(count, tree.parts), initial=first)
    rows = list(zip(tree.parts, starts, strict=False))
    if keyed:
        by_key = dict(zip(tree.keys, rows, strict=False))
        rows = [*[by_key[k] for k in like.keys], *rows[len(tree.keys) :]]
    pairs = zip(rows, like.parts, strict=True)
    return all(_ordered(part, other, start, found) for (part, start), other in pairs)


def places(tree: Tree) -> list[str]:
    """How each leaf is reached, for messages.

    >>> places(flatten({"w": [1.0, 2.0], "n": 3.0})[1])
    ["['w'][0]", "['w'][1]", "['n']"]
    """
    if not isinstance(tree, Branch):
        return [""] if isinstance(tree, Leaf) else []
    by_key = 0 if tree.keys and not issubclass(tree.kind, dict) else len(tree.names)
    by_key -= len(tree.beside)
    return [
        f"[{name!r}]{below}" if i < by_key else f".{name}{below}"
        for i, (name, part) in enumerate(zip(tree.names, tree.parts, strict=True))
        for below in places(part)
    ]


def of_kinds(tree: Tree, kind: Callable[[type], type]) -> Tree:
    """The structure with other types of containers.

    >>> unflatten(of_kinds(flatten([1.0])[1], lambda kind: tuple), [2.0])
    (2.0,)
    """
    if not isinstance(tree, Branch):
        return tree
    return tree.of([of_kinds(p, kind) for p in tree.parts], kind(tree.kind))


def with_statics(tree: Tree, change: Callable[[Value], Value]) -> Tree:
    """The structure with other values in it, and other keys of its dicts.

    >>> unflatten(with_statics(flatten((3, 1.0))[1], lambda n: n + 1), [2.0])
    (4, 2.0)
    """
    if isinstance(tree, Branch):
        parts = [with_statics(p, change) for p in tree.parts]
        keys = tuple(map(change, tree.keys)) if issubclass(tree.kind, dict) else tree.keys
        same = all(map(operator.is_, (*keys, *parts), (*tree.keys, *tree.parts)))
        return tree if same else replace(tree, keys=keys, parts=tuple(parts))
    if not isinstance(tree, Static):
        return tree
    value = change(tree.value)
    return tree if value is tree.value else Static(tree.kind, value)


def kinds(tree: Tree) -> Iterator[type]:
    """The types of the containers in a structure, from the outermost.

    >>> list(kinds(flatten((3, [1.0]))[1]))
    [<class 'tuple'>, <class 'list'>]
    """
    if isinstance(tree, Branch):
        yield tree.kind
        for part in tree.parts:
            yield from kinds(part)
